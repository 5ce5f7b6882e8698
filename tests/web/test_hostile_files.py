"""Hostile texts in what leaves the house: exports as JSON lines, and mails over SMTP.

Each mail is sent by a process of its own, so the fast run sends a few texts, others each day;
`make test-campaigns` sends all of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from typing import cast

import pytest

from modbot.alerts.message import message
from modbot.alerts.post import Post
from modbot.domain import Decision, Verdict
from modbot.export import export
from modbot.settings import Settings
from modbot.store import Database
from modbot.store.sendings import Told
from tests.fakes import SCHOOL_DAY, make_page
from tests.mail_server import MailServer, mail_server
from tests.records import judged, open_database, record
from tests.web.hostile import HOSTILE, PRODUCT

SENT_A_DAY = 3
HEADERS = {
    *("content-type", "content-transfer-encoding", "mime-version", "subject", "from", "to"),
    *("reply-to", "date", "message-id", "x-application", "user-agent", "x-mailer"),
}
EVERY = range(len(HOSTILE))


def of_today() -> list[int]:
    """The numbers of the texts whose turn it is."""
    first = datetime.now(UTC).toordinal() * SENT_A_DAY
    return [(first + n) % len(HOSTILE) for n in range(SENT_A_DAY)]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Every text as a comment, with others as its author and as the reason of its decision."""
    database = open_database(tmp_path_factory.mktemp("hostile"))
    for number, text in enumerate(HOSTILE):
        other = HOSTILE[(number + 37) % len(HOSTILE)]
        decision = Decision(verdict=Verdict.REVIEW, hide=False, reason=other[:200])
        record(database, judged(f"c{number}", text, decision, author_name=other))
    yield database
    database.close()


def test_json_lines_hold_each_text_exactly_and_one_line_each(database: Database) -> None:
    out = io.StringIO()
    assert export(database, out) == len(HOSTILE)
    lines = out.getvalue().split("\n")
    assert lines.pop() == "" and len(lines) == len(HOSTILE)
    told = {(row := json.loads(line))["comment_id"]: row for line in lines}
    for number, text in enumerate(HOSTILE):
        assert told[f"c{number}"]["versions"][0]["text"] == text


def test_no_line_holds_what_a_terminal_or_an_editor_acts_on(database: Database) -> None:
    """Control characters, bidi overrides and separators of lines are written as escapes."""
    for what in ("comments", "audit", "record"):
        out = io.StringIO()
        export(database, out, what=what)
        assert set(out.getvalue()) <= {"\n", *map(chr, range(0x20, 0x7F))}, what


def test_a_third_party_s_verifier_reads_a_record_of_them(
    database: Database, tmp_path: Path
) -> None:
    path, verifier = tmp_path / "record.jsonl", tmp_path / "modbot_verify.py"
    with path.open("w", encoding="utf-8") as out:
        export(database, out, what="record")
    verifier.write_bytes(files("modbot").joinpath("modbot_verify.py").read_bytes())
    done = subprocess.run(
        [sys.executable, str(verifier), str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def mailed(text: str, mails: MailServer) -> EmailMessage:
    """The mail of an alert at a page of that name, whose rule and subject are it too."""
    settings = Settings.model_validate(
        {
            "web": {"public_address": "https://modbot.lps.example"},
            "alerts": {
                "destinations": {"lead": "env:LEAD"},
                "local_hosts": ["127.0.0.1", "localhost"],
                "mandated_reporting_en": "Call 1-800-792-5200.",
            },
        }
    )
    told = Told(
        alert_id=5,
        sending_id=9,
        step=1,
        attempts=1,
        kind="crisis",
        page_id="facebook:1001",
        subject=text,
        decision_id=17,
        urgent=True,
        opened_at=SCHOOL_DAY,
        crisis=True,
    )
    page = replace(make_page(), name=text)
    what = message([told], {"facebook:1001": page}, settings)
    place = f"mailto://localhost:{mails.port}?mode=insecure&from=a@b.example&to=b@c.example"
    mails.mails.clear()
    assert Post({"LEAD": place}).send(settings.alerts, "lead", what) == ""
    (sent,) = mails.mails
    return cast(EmailMessage, message_from_bytes(sent, policy=policy.default))


def holds_nothing_but_an_alert(mail: EmailMessage) -> None:
    """One plain text to the one address, no header or link that a text brought along."""
    assert {name.lower() for name in mail} <= HEADERS
    assert len({name.lower() for name in mail}) == len(mail.keys())  # none of them twice
    assert "b@c.example" in mail["to"] and "evil" not in f"{mail['to']}{mail['reply-to']}"
    assert mail["subject"].startswith("modbot: Crisis")
    for part in mail.walk():
        assert part.get_content_type() in ("text/plain", "multipart/alternative")
        assert part.get_filename() is None
        if not part.is_multipart():
            said = str(part.get_content())
            assert said.count("://") == said.count("https://modbot.lps.example/") == 2
            assert PRODUCT not in said
            assert not set(said) & set("<>@[]*`|!=\x00\x1b\u202e\u2066\u2028"), said


@pytest.mark.parametrize("number", of_today())
def test_no_name_of_a_page_acts_in_a_mail(number: int, mails: MailServer) -> None:
    holds_nothing_but_an_alert(mailed(HOSTILE[number], mails))


@pytest.mark.campaigns
@pytest.mark.parametrize("number", EVERY)
def test_no_name_of_a_page_acts_in_any_mail(number: int, mails: MailServer) -> None:
    holds_nothing_but_an_alert(mailed(HOSTILE[number], mails))
