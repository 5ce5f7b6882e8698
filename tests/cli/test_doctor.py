"""`modbot doctor`: what it finds in a real set-up with one thing wrong at a time."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from modbot import registry, store
from modbot.alert_tables import AlertRow, AlertSendingRow
from modbot.registry import NewPage
from modbot.store import Database
from tests.cli.conftest import ADA, Answer, Run
from tests.cli.test_process import running
from tests.mail_server import mail_server

CANARY = "CANARY5e1f0c2d"


def named(answer: Answer, name: str) -> dict[str, str]:
    """The worst finding about something."""
    found = [f for f in answer.json["findings"] if f["name"] == name]
    assert found, f"nothing is said of {name}"
    return max(found, key=lambda f: ["ok", "warning", "failure"].index(f["state"]))


def states(answer: Answer) -> dict[str, str]:
    return {f["name"]: f["state"] for f in answer.json["findings"] if f["state"] != "ok"}


def setting(folder: Path, old: str, new: str) -> None:
    path = folder / "modbot.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The token of `page`, in a private file and in the variable that it names."""
    monkeypatch.setenv("MODBOT_TEST_NOT_SET", CANARY)
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(CANARY)
    return path


@pytest.fixture
def polled(database: Database, page: str, token: Path) -> str:
    """A page that was polled a moment ago."""
    with database.write() as s:
        store.save_page_state(s, page, last_success_at=datetime.now(UTC))
    return page


def test_a_running_service_with_everything_in_place_is_well(
    run: Run, folder: Path, polled: str, database: Database, tmp_path: Path
) -> None:
    run("checkpoint", "keygen", str(tmp_path / "key"))
    (tmp_path / "share").mkdir()
    setting(folder, 'key = ""', f'key = "file:{tmp_path / "key"}"')
    setting(folder, "folders = []", f'folders = ["{tmp_path / "share"}"]')
    registry.pause(database, polled, ADA, datetime.now(UTC))
    run("checkpoint", "make")
    run("backup", str(tmp_path / "copy.db"))
    with running(folder):
        answer = run("doctor", "--json")
    assert states(answer) == {"alerts": "warning"}, "no destination is configured"
    assert (answer.code, answer.json["warnings"], answer.json["failures"]) == (1, 1, 0)
    assert "runs" in named(answer, "service")["said"]
    assert "sample judged" in named(answer, "model")["said"]


def test_every_line_that_is_not_well_says_what_to_do(run: Run, page: str) -> None:
    answer = run("doctor", "--json")
    assert states(answer)
    assert all(f["advice"] for f in answer.json["findings"] if f["state"] != "ok")
    told = run("doctor").out
    assert told.count("->") == len(states(answer)) and "modbot checkpoint keygen" in told


def test_a_broken_configuration_is_a_failure_with_file_line_and_key(run: Run, folder: Path) -> None:
    (folder / "modbot.toml").write_text("[web]\nprot = 1\n", "utf-8")
    answer = run("doctor", "--json")
    assert answer.code == 2
    assert f"{folder / 'modbot.toml'}:2: web.prot" in named(answer, "configuration")["said"]


def test_before_the_first_start_there_is_no_database_and_that_is_a_warning(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "modbot.db").unlink()
    answer = run("doctor", "--json")
    assert (answer.code, named(answer, "database")["state"]) == (1, "warning")


def test_a_damaged_database_is_a_failure(run: Run, database: Database) -> None:
    database.close()
    data = bytearray(database.path.read_bytes())
    for number in range(3, len(data) // 4096):
        data[number * 4096 : number * 4096 + 64] = b"\xff" * 64
    database.path.write_bytes(bytes(data))
    answer = run("doctor", "--json")
    assert (answer.code, named(answer, "database")["state"]) == (2, "failure")
    assert "modbot restore" in named(answer, "database")["advice"]


def test_a_database_of_a_newer_modbot_is_a_failure(run: Run, database: Database) -> None:
    database.close()
    with closing(sqlite3.connect(database.path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    answer = run("doctor", "--json")
    assert (answer.code, named(answer, "database")["state"]) == (2, "failure")
    assert "revision 9999" in named(answer, "database")["said"]


def test_a_database_that_others_can_read_is_a_failure(run: Run, database: Database) -> None:
    database.path.chmod(0o644)
    found = named(run("doctor", "--json"), "database file")
    assert (found["state"], found["advice"]) == ("failure", f"chmod 600 {database.path}")


def test_a_service_that_holds_the_data_and_gives_no_sign_of_life_is_a_failure(
    run: Run, database: Database
) -> None:
    with database.write() as s:
        old = datetime.now(UTC) - timedelta(minutes=10)
        store.tick(s, old, config_sha256="a", config_error="policy.toml:3: unknown key")
    with store.lock_data(database.path):
        answer = run("doctor", "--json")
    assert (
        f"process {os.getpid()} gave no sign of life for 10 min" in named(answer, "service")["said"]
    )
    assert "policy.toml:3" in named(answer, "configuration in force")["said"]
    assert answer.code == 2


def test_nobody_who_looks_keeps_a_service_from_starting(run: Run, database: Database) -> None:
    run("doctor")
    with store.lock_data(database.path):
        pass


def test_a_clock_behind_the_log_is_a_failure(run: Run, database: Database, page: str) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=3)
    registry.pause(database, page, ADA, ahead)
    found = named(run("doctor", "--json"), "clock")
    assert (found["state"], "behind the newest row" in found["said"]) == ("failure", True)


def test_a_page_without_its_token_is_a_failure(run: Run, page: str) -> None:
    found = named(run("doctor", "--json"), f"page {page}")
    assert found["state"] == "failure" and "MODBOT_TEST_NOT_SET" in found["said"]


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        ({"needs_login": True, "last_error": "AuthExpired: x"}, "failure", "refuses its token"),
        ({"last_success_at": datetime(2026, 1, 1, tzinfo=UTC)}, "failure", "days ago"),
        ({"not_before": datetime.now(UTC) + timedelta(hours=1)}, "warning", "waits for"),
        ({"token_ends": "2020-01-01"}, "warning", "its token ends on 2020-01-01"),
        ({"last_success_at": None}, "warning", "never polled"),
        ({}, "ok", "enforce, polled"),
    ],
)
def test_a_page_is_as_its_polling_stands(
    run: Run, polled: str, database: Database, fields: dict[str, object], state: str, said: str
) -> None:
    with database.write() as s:
        store.save_page_state(s, polled, **fields)
    found = named(run("doctor", "--json"), f"page {polled}")
    assert (found["state"], said in found["said"]) == (state, True), found


def test_a_token_file_that_others_can_read_is_named_and_not_shown(
    run: Run, polled: str, database: Database, token: Path
) -> None:
    registry.set_token_ref(database, polled, f"file:{token}", ADA, datetime.now(UTC))
    token.chmod(0o644)
    answer = run("doctor", "--json")
    assert str(token) in named(answer, "secrets")["said"]
    assert named(answer, "secrets")["state"] == "failure"
    assert CANARY not in answer.out + answer.err + run("doctor").out


def test_a_secret_of_any_section_that_is_not_there_is_named_by_its_key(
    run: Run, folder: Path, database: Database
) -> None:
    setting(folder, 'smtp_login = ""', 'smtp_login = "env:MODBOT_TEST_NO_SUCH"')
    found = named(run("doctor", "--json"), "secrets")
    assert found["state"] == "failure"
    assert "checkpoints.smtp_login: env:MODBOT_TEST_NO_SUCH" in found["said"]


def test_old_and_undelivered_checkpoints_are_failures(
    run: Run, folder: Path, database: Database, tmp_path: Path
) -> None:
    run("checkpoint", "keygen", str(tmp_path / "key"))
    setting(folder, 'key = ""', f'key = "file:{tmp_path / "key"}"')
    assert "stay on this machine" in named(run("doctor", "--json"), "checkpoints")["said"]
    setting(folder, "folders = []", f'folders = ["{tmp_path / "no share"}"]')
    assert "none was made" in named(run("doctor", "--json"), "checkpoints")["said"]
    run("checkpoint", "make")
    found = named(run("doctor", "--json"), "checkpoints")
    assert found["state"] == "failure" and "no share" in found["said"]


def test_a_model_that_does_not_load_is_a_failure(run: Run, folder: Path) -> None:
    setting(folder, 'name = "auto"', 'name = "detoxify"')
    assert named(run("doctor", "--json"), "model")["state"] == "failure"


def mailed(folder: Path, tmp_path: Path, run: Run, port: int) -> None:
    """Checkpoints go by mail, to a server that asks for a login."""
    run("checkpoint", "keygen", str(tmp_path / "key"))
    login = tmp_path / "login"
    login.touch(0o600)
    login.write_text(json.dumps({"user": "modbot", "password": CANARY}))
    for old, new in (
        ('key = ""', f'key = "file:{tmp_path / "key"}"'),
        ("mail_to = []", 'mail_to = ["clerk@lps.example"]'),
        ('mail_from = ""', 'mail_from = "modbot@lps.example"'),
        ('smtp_host = ""', 'smtp_host = "127.0.0.1"'),
        ("smtp_port = 587", f"smtp_port = {port}"),
        ('smtp_security = "starttls"', 'smtp_security = "none"'),
        ('smtp_login = ""', f'smtp_login = "file:{login}"'),
    ):
        setting(folder, old, new)


def test_the_mail_server_is_asked_to_let_modbot_in_and_no_mail_is_sent(
    run: Run, folder: Path, database: Database, tmp_path: Path
) -> None:
    with mail_server(login=("modbot", CANARY)) as server:
        mailed(folder, tmp_path, run, server.port)
        assert "--online" in named(run("doctor", "--json"), "mail")["said"]
        assert server.said == []
        found = named(run("doctor", "--json", "--online"), "mail")
        assert (found["state"], server.mails) == ("ok", [])
        assert any(line.startswith(b"AUTH") for line in server.said)
        server.login = ("modbot", "another")
        refused = run("doctor", "--json", "--online")
        assert named(refused, "mail")["state"] == "failure"
        assert "535" in named(refused, "mail")["said"] and CANARY not in refused.out
    found = named(run("doctor", "--json", "--online"), "mail")
    assert found["state"] == "failure" and "ConnectionRefused" in found["said"]


def test_alerts_that_do_not_get_to_somebody_are_a_failure(
    run: Run, folder: Path, database: Database, page: str
) -> None:
    setting(folder, "destinations = {}", 'destinations = { lead = "env:MODBOT_TEST_NOT_SET" }')
    assert named(run("doctor", "--json"), "alerts")["state"] == "ok"
    now = datetime.now(UTC)
    with database.write() as s:
        alert = AlertRow(kind="needs_login", page_id=page, opened_at=now)
        s.add(alert)
        s.flush()
        told = {"alert_id": alert.id, "step": 1, "destination": "lead", "next_try_at": now}
        s.add(AlertSendingRow(**told, error="it did not take the message (550)"))
    found = named(run("doctor", "--json"), "alerts")
    assert found["state"] == "failure" and "lead: it did not take" in found["said"]


@pytest.fixture
def vendor() -> Iterator[tuple[str, list[float]]]:
    """A platform whose clock is off by so many seconds, and its address."""
    off = [0.0]

    class Answering(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            theirs = datetime.now(UTC) - timedelta(seconds=off[0])
            self.send_header("Date", format_datetime(theirs, usegmt=True))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", off
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_clock_is_held_against_the_platforms_when_asked_to(
    run: Run, database: Database, vendor: tuple[str, list[float]]
) -> None:
    address, off = vendor
    new = NewPage(
        platform="wordpress",
        external_id="1",
        name="A blog",
        token_ref="env:X",
        district_owned=True,
        base_url=address,
    )
    registry.add_page(database, new, ADA, datetime.now(UTC), platforms=["wordpress"])
    name = f"clock of {address}"
    assert named(run("doctor", "--json", "--online"), name)["state"] == "ok"
    off[0] = 60
    found = named(run("doctor", "--json", "--online"), name)
    assert found["state"] == "warning" and "ahead" in found["said"]
    off[0] = -600
    found = named(run("doctor", "--json", "--online"), name)
    assert found["state"] == "failure" and "behind" in found["said"]


@pytest.mark.usefixtures("no_sockets")
def test_without_being_asked_it_calls_nobody(run: Run, page: str) -> None:
    assert run("doctor").code == 2
