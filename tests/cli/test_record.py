"""`modbot decisions`, `verify` and `export`."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from modbot import store
from modbot.audit.chain import chain_hash
from modbot.domain import ActionKind, Verdict
from modbot.store import Database
from tests.cli.conftest import Run


def test_decisions_are_listed_with_all_that_explains_them(run: Run, hidden: int) -> None:
    answer = run("decisions", "list", "--json", "--verdict", "hide", "--limit", "1")
    (listed,) = answer.json["decisions"]
    assert (listed["id"], listed["verdict"], listed["hide"]) == (hidden, "hide", True)
    assert listed["text"] == "this is shit \\ud800"
    assert listed["signals"][0]["evidence"]["rule"] == "profanity_en:shit"
    assert answer.json["older"] == hidden
    assert run("decisions", "list", "--json", "--category", "sales").json["decisions"] == []
    assert "profanity" in run("decisions", "list").out


def test_one_decision_is_shown_with_its_texts_and_audit_rows(run: Run, hidden: int) -> None:
    shown = run("decisions", "show", str(hidden), "--json").json
    assert shown["thresholds"] == {"profanity.hide": 0.9} and shown["models"] == {"rules": "v1"}
    assert [v["number"] for v in shown["versions"]] == [1]
    kinds = [link["kind"] for link in shown["audit"]]
    assert kinds == ["comment.seen", "decision.made", "action.requested"]
    told = run("decisions", "show", str(hidden)).out
    assert "Hidden for profanity." in told and "c" * 64 in told


def test_undo_records_a_person_s_verdict_and_asks_for_the_comment_back(
    run: Run, hidden: int, database: Database
) -> None:
    answer = run("decisions", "undo", str(hidden), "--by", "ada", "--reason", "a quote", "--json")
    assert (answer.code, answer.json["restores"]) == (0, True)
    with database.read() as s:
        entry = store.decision(s, answer.json["decision"])
    assert (entry.verdict, entry.actor_kind, entry.actor) == (Verdict.ALLOW, "person", "ada")
    assert (entry.reason, entry.action_kind) == ("a quote", ActionKind.RESTORE)


def test_undo_takes_a_reason_that_is_no_text(run: Run, hidden: int) -> None:
    strange = ("--by", "a\udcff", "--reason", "\udcff")
    assert run("decisions", "undo", str(hidden), *strange, "--json").code == 0


def test_verify_tells_a_sound_record_and_its_head(run: Run, hidden: int) -> None:
    answer = run("verify", "--json")
    assert (answer.code, answer.json["ok"], answer.json["problems"]) == (0, True, [])
    assert list(answer.json) == ["ok", "rows", "head", "problems"]
    head = answer.json["head"]
    assert set(head) == {"seq", "hash"} and head["seq"] == answer.json["rows"]
    assert "checkpoint" in answer.err
    checkpoint = f"{head['seq']}:{head['hash']}"
    assert checkpoint in run("verify").out
    assert run("verify", "--checkpoint", checkpoint).code == 0
    assert run("verify", "--checkpoint", f"{head['seq']}:{'0' * 64}").code == 1


@pytest.fixture
def key(run: Run, folder: Path, tmp_path: Path) -> str:
    """A signing key that the configuration names, and a share; its fingerprint."""
    made = run("checkpoint", "keygen", str(tmp_path / "key"), "--json")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "share").mkdir()
    service = folder / "modbot.toml"
    text = service.read_text("utf-8").replace('key = ""', f'key = "file:{tmp_path / "key"}"')
    text = text.replace("folders = []", f'folders = ["{tmp_path / "share"}"]')
    service.write_text(text, "utf-8")
    return str(made.json["fingerprint"])


def test_keygen_never_writes_over_a_key(run: Run, key: str, tmp_path: Path) -> None:
    again = run("checkpoint", "keygen", str(tmp_path / "key"))
    assert (again.code, "exists already" in again.err) == (2, True)
    assert (tmp_path / "key").read_text() not in again.out


def test_a_checkpoint_is_made_on_demand_and_verified_against(
    run: Run, hidden: int, key: str, tmp_path: Path
) -> None:
    made = run("checkpoint", "make", "--json")
    assert (made.code, made.json["seq"], made.json["fingerprint"]) == (0, 5, key)
    assert [d["error"] for d in made.json["deliveries"]] == [""]
    assert run("checkpoint", "make").code == 0
    share = str(tmp_path / "share")
    answer = run("verify", "--against", share)
    assert answer.code == 0 and f"Signed by {key}" in answer.err
    assert run("verify", "--against", made.json["file"], "--fingerprint", key).code == 0
    other = run("verify", "--against", share, "--fingerprint", "0" * 64)
    assert other.code == 2 and "the key was exchanged" in other.err


def test_a_checkpoint_that_does_not_get_there_is_an_exit_code(
    run: Run, hidden: int, key: str, tmp_path: Path
) -> None:
    (tmp_path / "share").rmdir()
    made = run("checkpoint", "make")
    assert made.code == 1 and "is the share mounted?" in made.out


def recompute(path: Path, change: str) -> None:
    """What somebody with the file in hand can do: change a row, then every hash after it."""
    with sqlite3.connect(path) as raw:
        triggers = raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (name,) in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(change)
        prev = "0" * 64
        for row in raw.execute("SELECT * FROM audit ORDER BY seq").fetchall():
            chained = (*row[:8], prev)
            prev = chain_hash(chained)
            update = "UPDATE audit SET prev = ?, hash = ? WHERE seq = ?"
            raw.execute(update, (chained[-1], prev, row[0]))
    raw.close()


def test_a_chain_computed_anew_shows_against_checkpoints_and_between_which(
    run: Run, hidden: int, key: str, tmp_path: Path, database: Database
) -> None:
    run("checkpoint", "make")
    run("checkpoint", "make")
    database.close()
    recompute(database.path, "UPDATE audit SET actor = 'Eve' WHERE seq = 6")
    assert run("verify").code == 0
    answer = run("verify", "--against", str(tmp_path / "share"), "--json")
    assert answer.code == 1
    (problem,) = answer.json["problems"]
    assert (problem["seq"], problem["kind"]) == (7, "checkpoint")
    assert "from row 6 to row 7" in answer.err


def test_a_cut_end_shows_against_a_checkpoint_and_where(
    run: Run, hidden: int, key: str, tmp_path: Path, database: Database
) -> None:
    run("checkpoint", "make")
    run("checkpoint", "make")
    database.close()
    recompute(database.path, "DELETE FROM audit WHERE seq > 5")
    with sqlite3.connect(database.path) as raw:
        raw.execute("UPDATE sqlite_sequence SET seq = 5")
    raw.close()
    assert run("verify").code == 0
    answer = run("verify", "--against", str(tmp_path / "share"), "--json")
    assert [(p["id"], p["kind"]) for p in answer.json["problems"]] == [("6", "cut")]
    assert "those from 6 on are missing" in answer.err


def test_verify_tells_a_record_that_was_tampered_with(
    run: Run, hidden: int, database: Database
) -> None:
    database.close()
    with sqlite3.connect(database.path) as raw:
        triggers = raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
        for (name,) in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE decision SET verdict = 'allow'")
    raw.close()
    answer = run("verify", "--json")
    assert (answer.code, answer.json["ok"]) == (1, False)
    (problem,) = answer.json["problems"]
    assert set(problem) == {"seq", "table", "id", "kind"}
    assert (problem["table"], problem["id"]) == ("decision", str(hidden))
    assert "NOT as it was written" in run("verify").out


def test_verify_says_that_a_damaged_file_cannot_be_read(
    run: Run, hidden: int, database: Database
) -> None:
    database.close()
    damaged = bytearray(database.path.read_bytes())
    damaged[4096:] = b"\xa5" * (len(damaged) - 4096)
    database.path.write_bytes(damaged)
    answer = run("verify", "--json")
    assert answer.code == 2
    assert str(database.path) in answer.json["error"]


def test_export_writes_a_private_file_whole(run: Run, hidden: int, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    answer = run("export", str(out), "--json")
    assert answer.json == {"file": str(out), "format": "jsonl", "what": "comments", "rows": 1}
    (row,) = [json.loads(line) for line in out.read_text("ascii").splitlines()]
    assert row["versions"][0]["text"] == "this is shit \ud800"
    assert out.stat().st_mode & 0o077 == 0
    again = run("export", str(out))
    assert (again.code, "exists already" in again.err) == (2, True)
    assert not [p for p in tmp_path.iterdir() if "partial" in p.name]


def test_export_keeps_to_a_page_and_days(run: Run, hidden: int, tmp_path: Path) -> None:
    cases = [
        (["--page", "facebook:1001", "--since", "2026-09-09", "--until", "2026-09-10"], 1),
        (["--since", "2026-09-10"], 0),
        (["--until", "2026-09-09"], 0),
    ]
    for number, (options, rows) in enumerate(cases):
        answer = run("export", str(tmp_path / f"{number}"), "--json", *options)
        assert answer.json["rows"] == rows


def test_the_record_is_exported_with_the_program_that_checks_it(
    run: Run, hidden: int, key: str, tmp_path: Path
) -> None:
    made = run("checkpoint", "make", "--json").json
    out = tmp_path / "record.jsonl"
    answer = run("export", str(out), "--what", "record", "--json")
    assert answer.code == 0 and answer.json["verifier"] == str(tmp_path / "modbot_verify.py")
    checker = [sys.executable, "-I", answer.json["verifier"], str(out), made["file"]]
    done = subprocess.run([*checker, "--fingerprint", key], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    out.write_text(out.read_text("ascii").replace('"verdict": "hide"', '"verdict": "allow"'))
    assert subprocess.run(checker, capture_output=True, check=False).returncode == 1
    assert run("export", "-", "--what", "record", "--format", "csv").code == 2


def test_who_asks_for_a_part_is_told_how_it_is_checked(
    run: Run, hidden: int, tmp_path: Path
) -> None:
    for name, options in {
        "page": ("--what", "record", "--page", "facebook:1001"),
        "log": ("--what", "audit"),
    }.items():
        assert "CHECKPOINT --part" in run("export", str(tmp_path / name), *options).out
    assert "--part" not in run("export", str(tmp_path / "whole"), "--what", "record").out


def test_export_writes_the_audit_log_as_a_table(run: Run, hidden: int) -> None:
    answer = run("export", "-", "--what", "audit", "--format", "csv")
    lines = answer.out.splitlines()
    assert lines[0].startswith("seq,at,kind,actor")
    assert "page.added" in lines[1] and len(lines) == 6


def test_show_tells_what_would_have_changed_the_verdict(run: Run, hidden: int) -> None:
    changes = run("decisions", "show", str(hidden), "--json").json["would_change"]
    assert "Without profanity_en:shit: allow (left up)." in [c["sentence"] for c in changes]
    assert "Without profanity_en:shit: allow (left up)." in run("decisions", "show", "1").out
    run("decisions", "undo", str(hidden), "--by", "ada")
    assert run("decisions", "show", "2", "--json").json["would_change"] == []


def test_show_says_when_other_switches_were_set_then(run: Run, hidden: int, folder: Path) -> None:
    policy = folder / "policy.toml"
    text = policy.read_text("utf-8").replace("may_hide = true", "may_hide = false")
    policy.write_text(text, "utf-8")
    assert run("decisions", "show", str(hidden), "--json").json["would_change"] is None
    assert "other switches" in run("decisions", "show", str(hidden)).out
