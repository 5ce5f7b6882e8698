"""The verifier that a third party runs: one file, no modbot, on an export and a checkpoint."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from modbot import modbot_verify, registry, store
from modbot.audit import head
from modbot.checkpoints import SigningKey, new_key, parse, sign
from modbot.code_version import CodeVersion
from modbot.domain import Actor, Post
from modbot.errors import CheckpointRefused
from modbot.export import Filters, export, verifier
from modbot.kept_files import packed
from modbot.settings.folder import digest
from modbot.store import Database
from tests.records import NOON, PAGE, add_page, fill, judged, later, open_database, record

ADA = Actor(kind="person", name="ada")
KEY = SigningKey(bytes.fromhex(new_key()))

FILES = {
    "modbot.toml": b'[checkpoints]\nkey = "file:/etc/modbot/checkpoint.key"',
    "policy.toml": b"[categories]",
    "rules/a.txt": b"category: profanity",
    "rules-old/a.txt": b"none",
}


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
    with database.write() as s:
        for archive in (FILES, {**FILES, "rules/a.txt": b"other"}):
            name = digest(Path(), {Path(file): data for file, data in archive.items()})
            store.keep(s, store.config_name(name), packed(archive), NOON)
            code = CodeVersion(version="1", sha256="c" * 64)
            store.note_in_force(s, name, {"rules": "1", "embedded": "2"}, code, NOON)
        store.keep(s, store.model_name("embedded", "2"), packed({"weights.npz": b"large"}), NOON)
        for text in ("Bus \x00 ñ", "Bus"):
            store.record_posts(s, PAGE, [Post(id="post1", text=text, created_at=NOON)], later(9))
    yield database
    database.close()


def write(database: Database, path: Path, **options: Any) -> None:
    with path.open("w", encoding="ascii") as out:
        export(database, out, **{"what": "record", **options})


def test_an_export_as_it_was_written_is_sound(exported: Exported) -> None:
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 0 and "sound: 5" in said and "missing" not in said and "PART" not in said
    assert KEY.fingerprint in said
    assert exported.run("record.jsonl", "checkpoint.json", "--fingerprint", KEY.fingerprint)[0] == 0
    assert "computed anew" in exported.run("record.jsonl")[1]


def test_an_export_tells_nobody_where_tokens_are(exported: Exported) -> None:
    """The service's own file is there by its hash alone, as are models, which are large."""
    told = (exported.folder / "record.jsonl").read_text("ascii")
    kept = [row for row in map(json.loads, told.splitlines()) if row.get("table") == "kept"]
    assert [sorted(row.get("files_base64", ())) for row in kept] == [
        *[["policy.toml", "rules-old/a.txt", "rules/a.txt"]] * 2,
        [],
    ]
    assert set(kept[0]["hashes"]) == set(FILES)
    for data in (FILES["modbot.toml"], b"checkpoint.key"):
        assert data.decode() not in told and b64encode(data).decode()[4:-4] not in told


def test_an_export_of_an_older_modbot_is_checked_as_a_part(exported: Exported) -> None:
    """It has no texts of posts and nothing of what judged."""
    exported.rewrite(
        lambda rows: rows.__setitem__(
            slice(None), [r for r in rows if r["table"] not in ("post_text", "kept", "in_force")]
        )
    )
    code, said = exported.run("record.jsonl", "checkpoint.json", "--part")
    assert code == 0 and "a PART, sound in what is there" in said
    assert "note: 3 rows of post_text are not in this file" in said
    code, said = exported.run("record.jsonl", "checkpoint.json")
    assert code == 1 and "of an older modbot? Then give --part" in said


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
    "a post's text": (
        lambda rows: tables(rows, "post_text")[1].update(text="x"),
        "PROBLEM post_text",
    ),
    "a text's time": (
        lambda rows: tables(rows, "post_text")[1].update(
            seen_at=tables(rows, "post")[0]["created_at"]
        ),
        "PROBLEM post_text",
    ),
    "a text's place": (
        lambda rows: tables(rows, "post_text")[1].update(told_by=1),
        "post_text 1: nothing in the log vouches for it",
    ),
    "a missing text": (
        lambda rows: rows.remove(tables(rows, "post_text")[0]),
        "it is missing",
    ),
    "a note": (lambda rows: tables(rows, "in_force")[1].update(code_version="2"), "in_force 2: is"),
    "a missing note": (lambda rows: rows.remove(tables(rows, "in_force")[0]), "in_force 1: audit"),
    "a model": (
        lambda rows: tables(rows, "kept")[-1].update(files_sha256="0" * 64),
        "kept embedded 2: is not what",
    ),
    "a missing configuration": (lambda rows: rows.remove(tables(rows, "kept")[0]), "it is missing"),
    "a rule": (
        lambda rows: tables(rows, "kept")[0]["files_base64"].update({"rules/a.txt": "eA=="}),
        "its rules/a.txt was changed",
    ),
    "a missing rule": (
        lambda rows: tables(rows, "kept")[0]["files_base64"].pop("rules/a.txt"),
        "its rules/a.txt is missing",
    ),
    "a rule's hash": (
        lambda rows: tables(rows, "kept")[0]["hashes"].update({"modbot.toml": "00"}),
        "these are not the files that have this name",
    ),
    "a rule more": (
        lambda rows: tables(rows, "kept")[0]["files_base64"].update(x="eA=="),
        "these are not the files that have this name",
    ),
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


def append_to_log(rows: list[dict[str, Any]], **fields: Any) -> None:
    """An audit row after the last one, as whoever can write there makes it."""
    last = tables(rows, "audit")[-1]
    row = {**last, **fields, "seq": last["seq"] + 1, "prev": last["hash"]}
    row["hash"] = modbot_verify.hash_of([row[name] for name in modbot_verify.CHAINED])
    rows.insert(rows.index(last) + 1, row)


def vouch_for_a_note(rows: list[dict[str, Any]]) -> None:
    note = tables(rows, "in_force")[0]
    note["code_version"] = "forged"
    sha256 = modbot_verify.hash_of(
        ["in_force", *(note[name] for name in modbot_verify.EVIDENCE["in_force"].split())]
    )
    append_to_log(rows, kind="x", row_table="in_force", row_id="1", row_sha256=sha256, detail="{}")


def vouch_for_a_model(rows: list[dict[str, Any]]) -> None:
    kept = tables(rows, "kept")[-1]
    kept["sha256"] = kept["files_sha256"] = "0" * 64
    detail = json.dumps({"name": kept["name"], "sha256": "0" * 64})
    told = {"row_table": "", "row_id": "", "row_sha256": "", "at": kept["kept_at"]}
    append_to_log(rows, kind="judgement.kept", detail=detail, **told)


@pytest.mark.parametrize("forged", [vouch_for_a_note, vouch_for_a_model])
def test_what_judged_is_vouched_for_once(
    exported: Exported, forged: Callable[[list[dict[str, Any]]], None]
) -> None:
    """Whoever can append to the log cannot vouch there for what did not judge."""
    exported.rewrite(forged)
    code, said = exported.run("record.jsonl")
    assert code == 1 and "NOT as it was written" in said


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
