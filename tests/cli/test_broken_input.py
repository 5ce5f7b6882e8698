"""Broken input ends with exit 2 and one clear line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from modbot.cli.app import _explained
from modbot.store import Database
from tests.cli.conftest import Run

PAGE = ["pages", "add", "--platform", "facebook", "--id", "1", "--name", "n"]
BROKEN = [
    pytest.param(["frobnicate"], "No such command", id="unknown command"),
    pytest.param(["pages", "lst"], "No such command", id="unknown command of a group"),
    pytest.param(["pages"], "Missing command", id="no command"),
    pytest.param(["check"], "Missing argument 'TEXT'", id="check without a text"),
    pytest.param(["check", "a", "b"], "unexpected extra argument", id="two texts"),
    pytest.param(["pages", "list", "--jsn"], "No such option", id="unknown option"),
    pytest.param(["pages", "mode", "facebook:1001", "full"], "'observe'", id="unknown mode"),
    pytest.param(["pages", "mode", "facebook:9", "observe"], "no page", id="mode of no page"),
    pytest.param(["pages", "pause", "x\udcff"], "no page", id="page id that is no text"),
    pytest.param(["pages", "check", "facebook:9"], "no page", id="check of no page"),
    pytest.param(["pages", "token", "facebook:9", "EAABcanary"], "env:NAME", id="bare token"),
    pytest.param(["pages", "add"], "--platform is missing", id="add without anything"),
    pytest.param([*PAGE, "--token", "env:T"], "--district-owned or", id="nobody's page"),
    pytest.param([*PAGE, "--token", "env:T", "--personal"], "personal page", id="personal page"),
    pytest.param(
        [*PAGE, "--token", "EAABcanary", "--district-owned"], "env:NAME", id="token for its name"
    ),
    pytest.param(
        [*PAGE, "--platform", "x", "--token", "env:T", "--district-owned"],
        "Enterprise",
        id="X without the vendor's answer",
    ),
    pytest.param(["poll", "facebook:9"], "no page", id="poll of no page"),
    pytest.param(["fundraisers", "end", "7"], "no fundraiser", id="unknown fundraiser"),
    pytest.param(
        ["fundraisers", "add", "x", "--approved-by", "Lee", "--ends", "2026-13-01"],
        "must be a date",
        id="no such day",
    ),
    pytest.param(
        ["fundraisers", "add", "x", "--approved-by", "Lee", "--ends", "9999-12-31"],
        "must be a date",
        id="the last day of all",
    ),
    pytest.param(["fundraisers", "add", "x", "--approved-by", " "], "who approved", id="nobody"),
    pytest.param(
        ["fundraisers", "add", "x", "--approved-by", "Lee", "--starts", "soon"],
        "--starts must be a date",
        id="no first day",
    ),
    pytest.param(
        ["fundraisers", "add", "x", "--approved-by", "Lee", "--link", "the page"],
        "is no link",
        id="a link that is none",
    ),
    pytest.param(["decisions", "show", "5"], "no decision 5", id="unknown decision"),
    pytest.param(["decisions", "show", "0"], "greater than or equal to 1", id="decision 0"),
    pytest.param(["decisions", "show", "9" * 30], "less than or equal", id="decision too large"),
    pytest.param(["decisions", "undo", "5"], "no decision 5", id="undo of nothing"),
    pytest.param(["decisions", "list", "--page", "x\udcff"], "no page", id="log of no page"),
    pytest.param(["decisions", "list", "--verdict", "HIDDEN"], "'hide'", id="unknown verdict"),
    pytest.param(["decisions", "list", "--limit", "0"], "greater than or equal", id="no limit"),
    pytest.param(["export", "/nowhere/x"], "/nowhere/x cannot be written", id="export nowhere"),
    pytest.param(["export", "/", "--json"], "exists already", id="export over a folder"),
    pytest.param(["export", "-", "--json"], "needs a file", id="two answers in one place"),
    pytest.param(["export", "o", "--format", "xls"], "'jsonl'", id="unknown format"),
    pytest.param(["export", "o", "--since", "May"], "a day must be", id="no such first day"),
    pytest.param(["export", "o", "--page", "facebook:9"], "no page", id="export of no page"),
    pytest.param(["evaluate", "/nowhere"], "/nowhere", id="rows that are not there"),
    pytest.param(["evaluate", __file__], f"{__file__}:1:", id="rows that are not JSON"),
    pytest.param(["evaluate", "/nowhere", "--classifier", "gpt"], "'gpt'", id="unknown classifier"),
    pytest.param(["verify", "/nowhere.db"], "/nowhere.db", id="no such database"),
    pytest.param(["verify", __file__], __file__, id="not a database"),
    pytest.param(["verify", "--checkpoint", "5"], "SEQ:HASH", id="half a checkpoint"),
    pytest.param(["demo", "--json"], "--json goes with --once", id="live demo as JSON"),
    pytest.param(["demo", "--speed", "nan"], "", id="no speed"),
    pytest.param(["config", "init", "/etc"], "not empty", id="init over a folder"),
    pytest.param(["config", "init", "/proc/x"], "cannot be written", id="init nowhere"),
]


@pytest.mark.parametrize(("arguments", "says"), BROKEN)
def test_broken_input_ends_with_exit_2_and_one_clear_line(
    run: Run, database: Database, arguments: list[str], says: str
) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert says in answer.err
    assert answer.err.startswith("modbot: ") and answer.err.count("\n") == 1
    assert "canary" not in answer.err
    if "--json" in arguments:
        assert answer.json == {"error": answer.err[len("modbot: ") : -1]}
    else:
        assert answer.out == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["check", "x"], 2, id="check"),
        pytest.param(["pages", "list"], 2, id="pages"),
        pytest.param(["config", "check"], 2, id="config check"),
        pytest.param(["web"], 2, id="web"),
        pytest.param(["run"], 78, id="run: a supervisor need not try again"),
    ],
)
def test_a_broken_configuration_is_named_with_file_line_and_key(
    run: Run, folder: Path, arguments: list[str], code: int
) -> None:
    (folder / "modbot.toml").write_text("[web]\nprot = 1\n", "utf-8")
    answer = run(*arguments)
    where = folder / "modbot.toml"
    assert answer.err == f"modbot: {where}:2: web.prot: unknown key; did you mean port?\n"
    assert (answer.code, answer.out) == (code, "")


@pytest.mark.parametrize(("command", "code"), [("check x", 2), ("config check", 2), ("run", 78)])
def test_a_broken_rule_file_is_named(run: Run, folder: Path, command: str, code: int) -> None:
    (folder / "rules" / "zz.toml").write_text("[[[", "utf-8")
    answer = run(*command.split())
    assert answer.code == code
    assert "rules/zz.toml" in answer.err and answer.err.count("\n") == 1


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run("web", "--port", str(port))
    assert answer.code == 2
    assert f"cannot listen on http://127.0.0.1:{port}/" in answer.err


def test_an_unexpected_error_gives_its_class_and_no_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message, code = _explained(KeyError("what somebody wrote"))
    assert (code, "KeyError" in message) == (70, True)
    assert "somebody" not in message + "".join(capsys.readouterr())


def test_hostile_names_stay_on_the_line_and_do_not_act(run: Run) -> None:
    answer = run("verify", "/nowhere/a\nb\u202e\x1b[31m", "--json")
    assert answer.code == 2
    assert answer.err.endswith("\n") and answer.err[:-1].isprintable()
    assert answer.json["error"].isprintable()
