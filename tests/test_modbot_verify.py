"""The verifier that a third party runs: one file, no modbot, on an export and a checkpoint."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from modbot import modbot_verify, registry
from modbot.audit import head
from modbot.checkpoints import SigningKey, new_key, parse, sign
from modbot.domain import Actor
from modbot.errors import CheckpointRefused
from modbot.export import Filters, export, verifier
from modbot.modbot_verify import signed_by
from modbot.store import Database
from tests.records import NOON, PAGE, add_page, fill, judged, open_database, record

ADA = Actor(kind="person", name="ada")
KEY = SigningKey(bytes.fromhex(new_key()))

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
        "46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
        "d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
        "6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
        "bbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
        "0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=["1", "2", "3", "SHA(abc)"])
def test_the_vectors_of_rfc_8032_are_verified(vector: tuple[str, ...]) -> None:
    secret, public, message, signature = map(bytes.fromhex, vector)
    assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
    assert signed_by(public, message, signature)
    assert not signed_by(public, message + b"x", signature)
    for octet in (0, 31, 32, 63):
        broken = bytearray(signature)
        broken[octet] ^= 1
        assert not signed_by(public, message, bytes(broken))


def test_signatures_of_another_library_are_verified_and_what_it_refuses_is_not() -> None:
    rng = random.Random(3)
    for size in (0, 1, 33, 500):
        private, message = Ed25519PrivateKey.generate(), rng.randbytes(size)
        public, signature = private.public_key().public_bytes_raw(), private.sign(message)
        assert signed_by(public, message, signature)
        beyond = int.from_bytes(signature[32:], "little") + modbot_verify.L
        malleated = signature[:32] + beyond.to_bytes(32, "little")
        assert not signed_by(public, message, malleated)
        assert not signed_by(b"\xff" * 32, message, signature)
        assert not signed_by(public[:31], message, signature)
        assert not signed_by(
            Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature
        )


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(verifier())
    imported = {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
    }
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


@dataclass(frozen=True)
class Exported:
    """An export, a checkpoint of its day, and the verifier, in a folder of their own."""

    folder: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "modbot_verify.py", *arguments],
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).decode()

    def rewrite(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        path = self.folder / "record.jsonl"
        rows = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        change(rows)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "ascii")


@pytest.fixture
def exported(database: Database, tmp_path: Path) -> Exported:
    folder = tmp_path / "for the court"
    folder.mkdir()
    write(database, folder / "record.jsonl")
    with database.read() as s:
        kept = sign(KEY, head(s), {"comment": 11}, NOON)
    (folder / "checkpoint.json").write_bytes(kept.to_bytes())
    (folder / "modbot_verify.py").write_text(verifier(), "utf-8")
    return Exported(folder)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    fill(database)
    for links in ((), ("https://example.org/candles",)):
        registry.add_fundraiser(
            database, name="Candles", approved_by="Dr. Lee", links=links, actor=ADA, now=NOON
        )
    record(database, judged("ñ", "\ud800 \x00 \\u0000 ñ 😀", author_name="José \x7f"))
    yield database
    database.close()


def write(database: Database, path: Path, **options: Any) -> None:
    with path.open("w", encoding="ascii") as out:
        export(database, out, **{"what": "record", **options})


def test_an_export_as_it_was_written_is_sound(exported: Exported) -> None:
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 0 and "sound: 4" in said and "missing" not in said and "PART" not in said
    assert KEY.fingerprint in said
    assert exported.run("record.jsonl", "checkpoint.json", "--fingerprint", KEY.fingerprint)[0] == 0
    assert "computed anew" in exported.run("record.jsonl")[1]


def tables(rows: list[dict[str, Any]], table: str) -> list[dict[str, Any]]:
    found = [row for row in rows if row["table"] == table]
    assert found
    return found


CHANGES: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str]] = {
    "a text": (lambda rows: tables(rows, "version")[2].update(text="x"), "version 3: its text"),
    "bytes": (lambda rows: tables(rows, "version")[2].update(raw_base64="eA=="), "version 3: the"),
    "a verdict": (lambda rows: tables(rows, "decision")[0].update(verdict="allow"), "decision 1"),
    "visibility": (lambda rows: tables(rows, "comment")[0].update(hidden=0), "comment 1"),
    "an author": (lambda rows: tables(rows, "comment")[6].update(author_name="Eve"), "comment 7"),
    "a post": (lambda rows: tables(rows, "post")[0].update(text="x"), "post facebook:1 post1"),
    "an end": (lambda rows: tables(rows, "action")[0].update(state="failed"), "action 1"),
    "an audit row": (lambda rows: tables(rows, "audit")[4].update(actor="Eve"), "audit row 5"),
    "a cut audit row": (lambda rows: rows.remove(tables(rows, "audit")[4]), "audit row 6"),
    "a missing row": (lambda rows: rows.remove(tables(rows, "decision")[1]), "decision 2: audit"),
    "a fundraiser": (lambda rows: tables(rows, "fundraiser")[1].update(links="[]"), "fundraiser 2"),
    "a second row": (lambda rows: rows.append(tables(rows, "post")[0]), "is there twice"),
    "a strange row": (
        lambda rows: rows.append({**tables(rows, "post")[0], "post_id": "x"}),
        "nothing in the log vouches",
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_each_change_of_the_export_is_named(
    exported: Exported, change: tuple[Callable[[list[dict[str, Any]]], Any], str]
) -> None:
    exported.rewrite(lambda rows: change[0](rows))
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 1 and change[1] in said
    assert "NOT as it was written" in said


def test_a_missing_row_is_found_whatever_the_file_says_of_itself(exported: Exported) -> None:
    """The first line, for which nothing vouches, may say anything or be gone."""
    exported.rewrite(lambda rows: rows.remove(tables(rows, "decision")[1]))
    for first in ({"whole": []}, {}, {"whole": ["version"]}, {"whole": None}):
        exported.rewrite(lambda rows, first=first: tables(rows, "export")[0].update(first))
        assert exported.run("record.jsonl", "checkpoint.json")[0] == 1
    exported.rewrite(lambda rows: rows.remove(tables(rows, "export")[0]))
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 1 and "decision 2: audit row" in said and "it is missing" in said


def test_a_missing_comment_that_nothing_befell_is_found(exported: Exported) -> None:
    """The log names it by its first version alone."""
    untouched = "José \x7f"
    exported.rewrite(
        lambda rows: rows.remove(
            next(row for row in tables(rows, "comment") if row["author_name"] == untouched)
        )
    )
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 1 and "PROBLEM comment" in said and "it is missing" in said


def forge(rows: list[dict[str, Any]]) -> None:
    """Another actor in row 5, and the chain computed anew after it."""
    prev = ""
    for row in tables(rows, "audit"):
        if row["seq"] == 5:
            row["actor"] = "Eve"
        row["prev"] = prev or row["prev"]
        prev = row["hash"] = modbot_verify.hash_of([row[name] for name in modbot_verify.CHAINED])


def test_a_chain_computed_anew_or_cut_shows_against_the_checkpoint(exported: Exported) -> None:
    exported.rewrite(forge)
    assert exported.run("record.jsonl")[0] == 0
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 1 and "computed anew up to here" in said


def test_an_end_that_was_cut_off_shows_against_the_checkpoint(exported: Exported) -> None:
    exported.rewrite(lambda rows: rows.remove(tables(rows, "audit")[-1]))
    assert "it was cut off" in exported.run("record.jsonl", "checkpoint.json")[1]


def test_a_forged_checkpoint_and_files_that_are_none_are_refused(exported: Exported) -> None:
    for broken, data in (
        ("seq.json", ('"seq": ', '"seq": 1')),
        ("key.json", (KEY.public_key, "0" * 64)),
    ):
        text = (exported.folder / "checkpoint.json").read_text("ascii").replace(*data)
        (exported.folder / broken).write_text(text, "ascii")
        code, said = exported.run("record.jsonl", broken)
        assert code == 2 and f"{broken}: is not a checkpoint as it was signed" in said
    assert exported.run("record.jsonl", "absent.json")[0] == 2
    other = exported.run("record.jsonl", "checkpoint.json", "--fingerprint", "0" * 64)
    assert other[0] == 2 and "signed by another key" in other[1]
    (exported.folder / "record.jsonl").write_text('{"table": "audit"}\n')
    code, said = exported.run("record.jsonl")
    assert code == 2 and "record.jsonl:1: cannot be read" in said


def test_another_key_cannot_pass_for_the_published_one(exported: Exported) -> None:
    """Eve signs with her own key and writes the district's fingerprint into it."""
    eve = Ed25519PrivateKey.generate()
    fields = json.loads((exported.folder / "checkpoint.json").read_text("ascii"))
    del fields["signature"]
    fields["public_key"] = eve.public_key().public_bytes_raw().hex()
    message = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")
    forged = json.dumps({**fields, "signature": eve.sign(message).hex()})
    (exported.folder / "forged.json").write_text(forged, "ascii")
    code, said = exported.run("record.jsonl", "forged.json", "--fingerprint", KEY.fingerprint)
    assert code == 2 and "is not a checkpoint as it was signed" in said
    with pytest.raises(CheckpointRefused, match="is not as it was signed"):
        parse(forged.encode(), "forged.json")


def test_the_log_alone_and_the_record_of_one_page_can_be_checked(
    database: Database, exported: Exported
) -> None:
    write(database, exported.folder / "audit.jsonl", what="audit")
    assert exported.run("audit.jsonl", "checkpoint.json", "--part")[0] == 0
    code, said = exported.run("audit.jsonl", "checkpoint.json")
    assert code == 1 and "decision 1: audit row" in said and "give --part" in said
    add_page(database, "x:2")
    record(database, judged("elsewhere"), page_id="x:2")
    write(database, exported.folder / "page.jsonl", filters=Filters(page_id=PAGE))
    assert exported.run("page.jsonl", "checkpoint.json")[0] == 1
    code, said = exported.run("page.jsonl", "--part", "checkpoint.json")
    assert code == 0 and "note: 1 rows of version are not in this file" in said
    assert "a PART, sound in what is there" in said and "\nsound" not in said
    shutil.copy(exported.folder / "page.jsonl", exported.folder / "record.jsonl")
    assert "elsewhere" not in [
        json.loads(line).get("comment_id")
        for line in (exported.folder / "page.jsonl").read_text("ascii").splitlines()
    ]
