"""The program as a process: its start, its end, its signals and its streams."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.campaigns

PROGRAM = [sys.executable, "-c", "from modbot.cli import main; main()"]
PATIENCE_SECONDS = 60
COMMANDS = {
    *("demo", "run", "web", "poll", "check", "evaluate", "pages", "decisions", "export"),
    *("verify", "config", "fundraisers", "model", "people"),
}
HEAVY = ("sqlmodel", "sqlalchemy", "fastapi", "numpy", "apscheduler", "tweepy", "rich.table")


def modbot(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments], input=stdin, capture_output=True, timeout=PATIENCE_SECONDS
    )


def test_help_starts_without_the_heavy_parts_and_names_every_command() -> None:
    script = (
        "import sys; from modbot.cli.app import app\n"
        "app(args=['--help'], prog_name='modbot', standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "[]\n"
    assert {line.split()[0] for line in done.stdout.splitlines() if line.strip()} >= COMMANDS


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param(b"x\x00\xff\xed\xa0\x80 \xe2\x80\xae y\n", id="NUL, no UTF-8, bidi"),
        pytest.param("gracias maestra 🙂 ".encode() * 5_000, id="100 kB"),
    ],
)
def test_check_reads_any_bytes_from_standard_input(folder: Path, comment: bytes) -> None:
    done = modbot("check", "-", "--json", "--config", str(folder), stdin=comment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["verdict"] in ("allow", "review")


def test_the_configuration_can_be_named_by_the_environment(folder: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "config", "show", "--json"],
        capture_output=True,
        env={**os.environ, "MODBOT_CONFIG": str(folder)},
    )
    assert json.loads(done.stdout)["folder"] == str(folder)


def test_a_reader_that_goes_away_is_no_crash(folder: Path, hidden: int) -> None:
    command = [*PROGRAM, "export", "-", "--config", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_SECONDS) == 1


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service and the address of its web page."""
    with subprocess.Popen(
        [*PROGRAM, "run", "--config", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            next_event(process, "started")
            address = next_event(process, "serving")["address"]
            yield process, address
        finally:
            process.kill()


def next_event(process: subprocess.Popen[str], name: str) -> dict[str, str]:
    """The next event of that name in the log of a running service."""
    assert process.stderr is not None
    for line in process.stderr:
        event: dict[str, str] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"it ended without {name}")


def test_run_serves_refuses_a_second_outlives_a_broken_configuration_and_ends_cleanly(
    folder: Path, page: str
) -> None:
    with running(folder) as (process, address):
        with urllib.request.urlopen(f"{address}livez", timeout=10) as answer:
            assert answer.status == 200
        second = modbot("run", "--config", str(folder))
        assert second.returncode == 75
        assert b"another instance" in second.stderr and second.stderr.count(b"\n") == 1
        (folder / "modbot.toml").write_text("[web]\nprot = 1\n", "utf-8")
        refused = next_event(process, "config_refused")
        assert f"{folder / 'modbot.toml'}:2: web.prot" in refused["error"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert re.search(rf"\n{re.escape(address)}first/[\w-]{{43}}\n$", out)
        assert '"event": "stopped"' in err and "Traceback" not in err


def test_at_its_start_it_tells_of_secrets_that_others_can_read_or_that_are_not_there(
    folder: Path, tmp_path: Path
) -> None:
    open_to_all = tmp_path / "duty"
    open_to_all.write_text("json://relay.lps.example/SECRET", "utf-8")
    open_to_all.chmod(0o644)
    toml = (folder / "modbot.toml").read_text("utf-8")
    for key, found in (
        ("destinations = {} ", f'destinations = {{ duty = "file:{open_to_all}" }} '),
        ('\nkey = "" ', '\nkey = "env:NO_SUCH_KEY" '),
    ):
        assert toml.count(key) == 1
        toml = toml.replace(key, found)
    (folder / "modbot.toml").write_text(toml, "utf-8")
    with running(folder) as (process, _):
        told = [next_event(process, "secret_not_usable") for _ in range(2)]
    assert "checkpoints.key: env:NO_SUCH_KEY is not set" in told[0]["trouble"]
    assert "can be read by other users" in told[1]["trouble"] and "chmod" in told[1]["todo"]
    assert "SECRET" not in json.dumps(told)


@pytest.mark.parametrize("runs_modbot", [False, True])
def test_a_crash_leaves_no_copy_of_memory(tmp_path: Path, runs_modbot: bool) -> None:
    """The first shows that the system would have made one."""
    modbot = "import contextlib; from modbot.cli import main\n"
    modbot += "with contextlib.suppress(SystemExit): main(['--version'])\n"
    unlimited = "import os, resource as r\n"
    unlimited += "r.setrlimit(r.RLIMIT_CORE, (r.getrlimit(r.RLIMIT_CORE)[1],) * 2)\n"
    program = unlimited + (modbot if runs_modbot else "") + "os.abort()"
    child = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -os.WTERMSIG(status)
    assert child.returncode == -signal.SIGABRT
    if not runs_modbot and not os.WCOREDUMP(status):
        pytest.skip("this system copies no memory")
    assert os.WCOREDUMP(status) is not runs_modbot
    assert not runs_modbot or list(tmp_path.iterdir()) == []
