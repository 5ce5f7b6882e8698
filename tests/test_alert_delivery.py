"""Alerts as they leave the house: to real servers on this machine, and to bad ones."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from modbot.alert_tables import AlertSendingRow
from modbot.alerts import Alert
from modbot.alerts.message import Message, message, plain_name
from modbot.alerts.post import TOO_SLOW, Post
from modbot.domain import Page
from modbot.settings import Settings
from modbot.settings.sections import AlertsSection
from modbot.store.sendings import Told
from tests.certificate import make_certificate
from tests.fakes import SCHOOL_DAY, ManualClock, make_page
from tests.hook_server import HookServer, hook_server
from tests.mail_server import MailServer, mail_server
from tests.running import Running, config_on, running_service

TEXT = Message(title="modbot: Threat", body="Look now.\n\nhttps://modbot.lps.example/alerts")
LOCAL = ("127.0.0.1", "localhost")
SECRET = "s3cr3tk3y0fth3w3bh00k"


def send(url: str, *, local: tuple[str, ...] = LOCAL, seconds: float = 15.0) -> str:
    section = AlertsSection.model_validate(
        {
            "destinations": {"lead": "env:LEAD"},
            "local_hosts": local,
            "deadline_seconds": seconds,
        }
    )
    return Post({"LEAD": url}).send(section, "lead", TEXT)


@pytest.fixture
def hooks() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The certificate, which the sending process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    return certificate


def test_a_webhook_takes_a_message(hooks: HookServer) -> None:
    assert send(f"json://127.0.0.1:{hooks.port}/hook") == ""
    assert len(hooks.taken) == 1 and b"Look now" in hooks.taken[0]


def test_a_mail_arrives(mails: MailServer) -> None:
    address = f"mailto://localhost:{mails.port}?mode=insecure&from=a@lps.example&to=b@lps.example"
    assert send(address) == ""
    assert b"Subject: modbot: Threat" in mails.mails[0]


def test_a_mail_goes_out_over_tls_and_after_a_login(trusted: Path) -> None:
    with mail_server(certificate=trusted, login=("modbot", SECRET)) as server:
        place = f"localhost:{server.port}?mode=starttls&from=a@lps.example&to=b@lps.example"
        assert send(f"mailtos://modbot:{SECRET}@{place}", local=LOCAL) == ""
        assert len(server.mails) == 1
        assert [line.split()[0].upper() for line in server.said] == [b"EHLO", b"STARTTLS"]
        assert send(f"mailtos://modbot:wrong@{place}").startswith("it did not take the message")


def test_a_mail_server_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    with mail_server(certificate=certificate, login=("modbot", SECRET)) as server:
        place = f"localhost:{server.port}?mode=starttls&from=a@lps.example&to=b@lps.example"
        assert send(f"mailtos://modbot:{SECRET}@{place}") != ""
        assert server.mails == []


def test_teams_takes_a_card_over_tls(trusted: Path) -> None:
    with hook_server(certificate=trusted) as server:
        assert send(f"workflows://127.0.0.1:{server.port}/{'a' * 32}/{SECRET}") == ""
        assert b"AdaptiveCard" in server.taken[0] and b"Look now" in server.taken[0]


def test_a_web_server_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    with hook_server(certificate=certificate) as server:
        assert send(f"jsons://127.0.0.1:{server.port}/") != ""
        assert server.taken == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        pytest.param("json://127.0.0.1:{port}/", "without TLS", id="http"),
        pytest.param("jsons://127.0.0.1:{port}/", "inside the network", id="loopback"),
        pytest.param("jsons://localhost:{port}/", "inside the network", id="a name of it"),
        pytest.param("jsons://10.1.2.3/", "inside the network", id="private"),
        pytest.param("jsons://[::1]:{port}/", "inside the network", id="version 6"),
        pytest.param("jsons://[::ffff:127.0.0.1]:{port}/", "understands", id="mapped"),
        pytest.param("jsons://169.254.169.254/", "inside the network", id="metadata"),
        pytest.param("jsons://2130706433:{port}/", "inside the network", id="a number"),
        pytest.param("jsons://1.1.1.1/?verify=no", "certificate", id="unchecked"),
        pytest.param(
            "mailto://localhost:{port}?from=a@b.example&to=b@c.example&mode=insecure",
            "inside",
            id="mail",
        ),
        pytest.param("syslog://", "not allowed", id="syslog"),
        pytest.param("rsyslog://127.0.0.1", "not allowed", id="remote syslog"),
        pytest.param("no such thing", "understands", id="nonsense"),
    ],
)
def test_it_stays_out_of_the_network_and_never_speaks_in_the_clear(
    hooks: HookServer, url: str, why: str
) -> None:
    assert why in send(url.format(port=hooks.port), local=())
    assert hooks.taken == []


def test_a_local_mail_server_gets_nothing_in_the_clear_unless_it_is_named(
    mails: MailServer,
) -> None:
    address = f"mailto://localhost:{mails.port}?mode=insecure&from=a@b.example&to=b@c.example"
    assert "inside the network" in send(address, local=("mail.lps.example",))
    assert mails.mails == [] and mails.said == []


def test_a_redirect_to_another_place_is_not_followed(hooks: HookServer) -> None:
    url = f"json://127.0.0.1:{hooks.port}/elsewhere?redirect=yes"
    assert "without TLS" in send(url, local=("127.0.0.1",))


@pytest.mark.parametrize("path", ["hangs", "drips"])
def test_a_destination_that_hangs_is_left_at_its_deadline(hooks: HookServer, path: str) -> None:
    began = time.monotonic()
    assert send(f"json://127.0.0.1:{hooks.port}/{path}?rto=90&cto=90", seconds=3.0) == TOO_SLOW
    assert time.monotonic() - began < 30  # the rest is the start of a process


def test_what_went_wrong_never_holds_the_address(hooks: HookServer) -> None:
    for url in (
        f"json://user:{SECRET}@127.0.0.1:{hooks.port}/fails/{SECRET}",
        f"json://127.0.0.1:1/{SECRET}",
        f"jsons://{SECRET}.invalid/",
        f"mailtos://a:{SECRET}@localhost:1?to=b@c.example&from=a@b.example",
        f"{SECRET}://x",
    ):
        error = send(url)
        assert error and SECRET not in error and "://" not in error
    assert send(f"json://127.0.0.1:{hooks.port}/fails").endswith("(503)")


def test_a_secret_that_cannot_be_read_is_told_by_its_reference() -> None:
    section = AlertsSection.model_validate({"destinations": {"lead": "env:NOT_SET"}})
    assert "env:NOT_SET" in Post({}).send(section, "lead", TEXT)
    assert "no longer" in Post({}).send(section, "other", TEXT)


# the whole way

CANARIES = ("CANARYTEXT", "CANARYAUTHOR", "CANARYRULE", "CANARYDETAIL")


def told(**fields: object) -> Told:
    values: dict[str, object] = {
        "alert_id": 5,
        "sending_id": 9,
        "step": 1,
        "attempts": 1,
        "kind": "threat",
        "page_id": "facebook:1001",
        "subject": "rule CANARYRULE",
        "decision_id": 17,
        "urgent": True,
        "opened_at": SCHOOL_DAY,
        "crisis": fields.get("kind") == "crisis",
    }
    return Told(**{**values, **fields})  # type: ignore[arg-type]


def settings_with(**alerts: object) -> Settings:
    return Settings.model_validate(
        {"web": {"public_address": "https://modbot.lps.example"}, "alerts": alerts}
    )


def pages_named(name: str) -> Mapping[str, Page]:
    return {"facebook:1001": replace(make_page(), name=name)}


def test_a_message_says_kind_page_time_and_place() -> None:
    what = message([told()], pages_named("Lawrence High"), settings_with())
    assert what.title == "modbot: Threat - Lawrence High (Facebook)"
    assert (
        what.body.splitlines()[0] == "Threat - Lawrence High (Facebook) - Sep 9, 2026, 8:00\u202fAM"
    )
    assert "https://modbot.lps.example/decisions/17" in what.body
    assert what.body.endswith("https://modbot.lps.example/alerts")
    assert "CANARYRULE" not in what.body


def test_a_message_speaks_the_language_of_the_district() -> None:
    what = message([told(step=2)], pages_named("LHS"), settings_with(language="es"))
    assert what.title == "modbot: Amenaza - LHS (Facebook)"
    assert "Nadie la ha confirmado hasta ahora." in what.body


def test_an_alert_of_a_crisis_holds_the_district_s_own_text() -> None:
    texts = settings_with(mandated_reporting_en="Call 1-800-792-5200.", language="en")
    what = message([told(kind="crisis")], pages_named("LHS"), texts)
    assert "Call 1-800-792-5200." in what.body
    assert "Call" not in message([told()], pages_named("LHS"), texts).body
    many = [told(alert_id=n) for n in range(30)] + [told(kind="crisis")]
    assert message(many, pages_named("LHS"), texts).body.count("Call 1-800-792-5200.") == 1
    other = settings_with(mandated_reporting_en="Call 1-800-792-5200.", language="es")
    assert "Call 1-800-792-5200." in message([told(kind="crisis")], pages_named("LHS"), other).body


def test_many_alerts_make_one_short_message() -> None:
    what = message([told(alert_id=n) for n in range(1_000)], pages_named("LHS"), settings_with())
    assert what.title == "modbot: 1000 alerts: Threat"
    assert "and 990 more" in what.body and len(what.body) < 3_000


@pytest.mark.parametrize(
    "name",
    [
        "LHS\r\nBcc: all@evil.example",
        "LHS\n.\nQUIT",
        "<!channel> @everyone <script>x</script>",
        "[click](https://evil.example) *b* `c`",
        "\u202egnp.exe\u2028next \x00\x1b[31m",
        "=cmd|' /C calc'!A0",
        "a" * 5_000,
    ],
)
def test_a_hostile_page_name_ends_no_header_and_calls_nobody(name: str, mails: MailServer) -> None:
    plain = plain_name(name)
    assert len(plain) <= 60 and not set(plain) & set("\r\n<>@[]()*`|!=:\x00\x1b\u202e\u2028")
    what = message([told()], pages_named(name), settings_with())
    section = AlertsSection.model_validate(
        {"destinations": {"lead": "env:LEAD"}, "local_hosts": LOCAL}
    )
    address = f"mailto://localhost:{mails.port}?mode=insecure&from=a@b.example&to=b@c.example"
    assert Post({"LEAD": address}).send(section, "lead", what) == ""
    head = mails.mails[0].partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc" not in head and head.count(b"\nto:") == 1


@pytest.fixture
def house(
    tmp_path: Path, hooks: HookServer, mails: MailServer, trusted: Path
) -> Iterator[tuple[Running, HookServer]]:
    """A service that sends by mail, to a webhook, to Teams, and to some that fail or hang."""
    with hook_server(certificate=trusted) as secured:
        environ = {
            "TOKEN": "t",
            "MAIL": f"mailto://localhost:{mails.port}?mode=insecure&from=a@b.example&to=b@c.example",
            "HOOK": f"json://127.0.0.1:{hooks.port}/{SECRET}",
            "TEAMS": f"workflows://127.0.0.1:{secured.port}/{'a' * 32}/{SECRET}",
            "FAILS": f"json://127.0.0.1:{hooks.port}/fails/{SECRET}",
            "HANGS": f"json://127.0.0.1:{hooks.port}/hangs/{SECRET}?rto=90",
        }
        names = [name.lower() for name in environ if name != "TOKEN"]
        alerts = {
            "destinations": {name: f"env:{name.upper()}" for name in names},
            "on_call": [{"after_minutes": 0, "to": names}],
            "others": ["hook"],
            "local_hosts": LOCAL,
            "deadline_seconds": 8.0,
            "mandated_reporting_en": "You are a mandated reporter.",
        }
        config = config_on(tmp_path)
        section = AlertsSection.model_validate(alerts)
        config = replace(config, settings=config.settings.model_copy(update={"alerts": section}))
        with running_service(
            tmp_path, ManualClock(), config=config, environ=environ, keeps_alerts=True
        ) as running:
            running.secured = secured
            yield running, hooks


def states(running: Running) -> dict[str, tuple[str, str]]:
    with running.service.database.read() as s:
        rows = s.exec(select(AlertSendingRow)).all()
    return {row.destination: (row.state, row.error) for row in rows}


@pytest.mark.campaigns
def test_nothing_of_a_comment_leaves_the_house_by_any_channel(
    house: tuple[Running, HookServer],
    mails: MailServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    running, hooks = house
    page = running.add_page(1)
    for said in ("i will kill you CANARYTEXT tomorrow", "CANARYTEXT: i want to kill myself"):
        page.put_back(replace(page.add(said), author_name="CANARYAUTHOR Jane Doe"))
    running.service.poll_page(page.page.id)
    login = Alert(kind="needs_login", page_id=page.page.id, detail="CANARYDETAIL")
    running.service.alerter.send(login)
    crisis = Alert(kind="crisis", page_id=page.page.id, decision_id=2, detail="CANARYDETAIL")
    running.service.alerter.send(crisis)
    running.service.send_alerts()
    running.service.sender.wait()
    everything = b"".join([*mails.mails, *hooks.taken, *running.secured.taken])
    assert len(mails.mails) == len(running.secured.taken) == 1 and len(hooks.taken) >= 1
    for channel in (mails.mails[0], hooks.taken[0], running.secured.taken[0]):
        assert b"School 1" in channel and b"mandated" in channel
    for canary in (*CANARIES, "Jane", "kill", "tomorrow"):
        assert canary.encode() not in everything
    logged = caplog.text + "".join(capsys.readouterr())
    assert "alert_sent" in logged and SECRET not in logged and "CANARY" not in logged


@pytest.mark.campaigns
def test_a_destination_that_hangs_or_fails_holds_up_nobody(
    house: tuple[Running, HookServer],
) -> None:
    running, hooks = house
    page = running.add_page(1)
    running.service.alerter.send(Alert(kind="threat", page_id=page.page.id, decision_id=1))
    began = time.monotonic()
    running.service.send_alerts()
    assert time.monotonic() - began < 2.0
    assert running.service.poll_page(page.page.id).error == ""
    running.service.sender.wait()
    found = states(running)
    assert found["hook"][0] == found["mail"][0] == found["teams"][0] == "sent"
    assert found["fails"] == ("waiting", "it did not take the message (503)")
    assert found["hangs"] == ("waiting", TOO_SLOW)
    running.service.send_alerts()  # at once again: nothing is sent twice
    running.service.sender.wait()
    assert len([t for t in hooks.taken if b"/fails" not in t]) == 1


def test_what_is_not_urgent_comes_together_and_not_too_often(
    house: tuple[Running, HookServer],
) -> None:
    running, hooks = house
    for minute in range(12):
        running.service.alerter.send(Alert(kind="poll_late", page_id=f"facebook:{minute}"))
        running.service.send_alerts()
        running.service.sender.wait()
        running.clock.advance(60)
    assert len(hooks.taken) == 2
    assert b"10 alerts" in hooks.taken[1]


def test_alerts_wait_while_a_destination_is_down_and_come_in_one_message(
    house: tuple[Running, HookServer],
) -> None:
    running, hooks = house
    hooks.down = True
    for n in range(300):
        running.service.alerter.send(Alert(kind="poll_late", page_id=f"facebook:{n}"))
    for _ in range(3):
        running.service.send_alerts()
        running.service.sender.wait()
        running.clock.advance(1801)
    hooks.down = False
    running.service.send_alerts()
    running.service.sender.wait()
    assert len(hooks.taken) == 1 and b"300 alerts" in hooks.taken[0]
