"""Secrets that must never be seen again: one in every place that names one, a service at work with
them, and a look through all that it and the commands leave behind. And words of people, which are
for the record and the room alone."""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from modbot import registry
from modbot.checkpoints import new_key
from modbot.clocks import SystemClock
from modbot.domain import Actor, Mode
from modbot.people import Role, invitations
from modbot.people.invitations import Grant
from modbot.settings import init_config
from modbot.store import Database
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi
from tests.browsing import SESSION, as_a_stranger, come_in, look_around
from tests.web.identity_provider import CLIENT_ID, IdentityProvider, identity_provider

pytestmark = pytest.mark.campaigns

PROGRAM = [sys.executable, "-c", "from modbot.cli import main; main()"]
PATIENCE_SECONDS = 240.0
STAFF = Actor(kind="person", name="Ada")
EMAIL = "ana@lps.test"

MODBOT_TOML = """
[database]
url = "sqlite:///{folder}/modbot.db"
[web]
port = 0
[polling]
min_seconds = 1
max_seconds = 1
[classifier]
name = "embedded"
[checkpoints]
key = "file:{folder}/key"
git_remotes = ["{folder}/no-such-remote.git"]
mail_to = ["a@example.org"]
mail_from = "b@example.org"
smtp_host = "127.0.0.1"
smtp_port = 1
smtp_login = "file:{folder}/smtp"
[alerts]
destinations = {{ duty = "env:CANARY_ALERT" }}
on_call = [{{ after_minutes = 0, to = ["duty"] }}]
[metrics]
token = "env:CANARY_METRICS"
[log]
level = "debug"
[[sign_in.providers]]
name = "district"
kind = "google"
client_id = "{client_id}"
client_secret = "file:{folder}/oidc"
issuer = "{issuer}"
domain = "lps.test"
"""


def canary(name: str) -> str:
    return f"CaNaRy{name}{os.urandom(12).hex()}"


@dataclass
class Planted:
    """The secrets and where the service is that has them."""

    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)  # what it is for -> the secret itself
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    left: dict[str, bytes] = field(default_factory=dict)  # what was left behind, by its name
    said: dict[str, str] = field(default_factory=dict)  # words of people, by what they stand in

    def secret(self, name: str, value: str = "") -> str:
        self.secrets[name] = value or canary(name)
        return self.secrets[name]

    def words(self, name: str) -> str:
        return self.said.setdefault(name, canary(name))

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.touch(0o600)
        path.write_text(content)
        return f"file:{path}"

    def variable(self, name: str, value: str) -> str:
        self.environ[name] = value
        return f"env:{name}"


def plant(world: World, folder: Path) -> tuple[Planted, list[tuple[str, str, str]]]:
    """A secret for every reference, good ones and refused ones; the pages as (platform, id,
    reference)."""
    planted = Planted(folder)
    world.app_secret = planted.secret("appsecret")
    world.requires_proof = True
    pages = []
    for number, platform in enumerate(("facebook", "x")):
        page = world.add_page(platform, f"School {number}")
        token = world.issue_token(page, token=planted.secret(f"{platform}good"))
        post = world.add_post(page, f"News {planted.words('post')}")
        for n, text in enumerate(("what a fucking shame", "voy a matar a ese maestro mañana")):
            written = f"{text} {planted.words('comment')} {n}"
            world.add_comment(post, written, author_name=planted.words("author"))
        if platform == "facebook":
            said = json.dumps({"token": token, "app_secret": world.app_secret})
            pages.append((platform, page, planted.file("facebook", said)))
        else:
            pages.append((platform, page, planted.variable("CANARY_X", token)))
    refused = world.add_page("facebook", "Refused")
    bad = planted.secret("facebookrefused")
    pages.append(("facebook", refused, planted.variable("CANARY_REFUSED", bad)))
    login = {"user": "editor", "app_password": planted.secret("wordpress")}
    pages.append(("wordpress", "1", planted.file("wordpress", json.dumps(login))))
    names = ("client_id", "client_secret", "refresh_token")
    google = {name: planted.secret(f"youtube{n}") for n, name in enumerate(names)}
    pages.append(("youtube", "UC1", planted.file("youtube", json.dumps(google))))
    planted.file("key", planted.secret("checkpoint", new_key()))
    planted.file("smtp", json.dumps({"user": "u", "password": planted.secret("smtp")}))
    planted.file("oidc", planted.secret("oidc"))
    planted.variable("CANARY_METRICS", planted.secret("metrics"))
    mailbox = f"mailtos://duty:{planted.secret('alert')}@mail.invalid?to=duty@example.org"
    planted.variable("CANARY_ALERT", mailbox)
    return planted, pages


def set_up(planted: Planted, pages: list[tuple[str, str, str]], base_url: str, issuer: str) -> None:
    init_config(planted.folder / "config")
    settings = MODBOT_TOML.format(folder=planted.folder, client_id=CLIENT_ID, issuer=issuer)
    (planted.folder / "config" / "modbot.toml").write_text(settings)
    with closing(Database.open(f"sqlite:///{planted.folder / 'modbot.db'}")) as database:
        for platform, external_id, ref in pages:
            new = registry.NewPage(
                platform=platform,
                external_id=external_id,
                name=f"{platform} {external_id}",
                token_ref=ref,
                district_owned=True,
                base_url=base_url,
                government_use="a stand-in on this machine" if platform == "x" else "",
            )
            now = SystemClock().now()
            page = registry.add_page(database, new, STAFF, now, platforms={p for p, _, _ in pages})
            registry.set_mode(database, page.id, Mode.ENFORCE, STAFF, now)
        with database.write() as s:
            admin, now, lasts = Grant(role=Role.ADMIN), SystemClock().now(), timedelta(days=1)
            link = invitations.invite(s, EMAIL, admin, by=STAFF, now=now, lasts=lasts)
        planted.secret("invitation", link)


def start(planted: Planted, log: Path) -> subprocess.Popen[bytes]:
    """`modbot run` where the system would keep a copy of a crashed program's memory."""
    (planted.folder / "crash").mkdir(exist_ok=True)
    with log.open("wb") as file:
        return subprocess.Popen(
            [*PROGRAM, "run", "--config", str(planted.folder / "config")],
            env=planted.environ,
            stdout=file,
            stderr=file,
            cwd=planted.folder / "crash",
            preexec_fn=_allow_dumps,
        )


def _allow_dumps() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def address_in(log: Path) -> str:
    return str(_wait(lambda: re.search(r'"address": "(http[^"]+?)/?"', log.read_text())))


@contextmanager
def serving(planted: Planted) -> Iterator[str]:
    """The service, its log going to a file; the address of its pages."""
    log = planted.folder / "service.log"
    process = start(planted, log)
    try:
        yield address_in(log)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        planted.left["log of the service"] = log.read_bytes()


def crash(planted: Planted) -> None:
    """The service ends as by a fault in a library; what lies about after it."""
    log = planted.folder / "crashed.log"
    process = start(planted, log)
    address_in(log)
    process.send_signal(signal.SIGABRT)
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGABRT
    planted.left["log of the crash"] = log.read_bytes()
    for path in (planted.folder / "crash").rglob("*"):
        planted.left[f"crash {path.name}"] = path.read_bytes()


@contextmanager
def watching_processes(planted: Planted) -> Iterator[set[bytes]]:
    """The command line of every process that is met, which any user of the machine can read."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    seen.add(path.read_bytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
        planted.left["process list"] = b"\n".join(seen)


def _wait(look: object) -> object:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := look():  # type: ignore[operator]
            return found[1] if isinstance(found, re.Match) else found
        time.sleep(0.3)
    raise AssertionError("it does not come about")


def at_work(planted: Planted, world: World) -> bool:
    """Whether good tokens hid something and refused ones were refused, on each platform."""
    hidden = {c.platform for c in world.all_comments() if c.hidden}
    with closing(sqlite3.connect(planted.folder / "modbot.db")) as connection:
        query = "SELECT count(*) FROM page_state WHERE failures > 0"
        (failing,) = connection.execute(query).fetchone()
    return hidden == {"facebook", "x"} and failing >= 3


def browse(planted: Planted, address: str) -> None:
    """What people see who are signed in, and what a stranger gets."""
    browser = come_in(address)
    planted.secret("session", browser.cookies[SESSION])
    planted.left.update(look_around(browser, address, planted.folder / "modbot.db"))
    planted.left.update(as_a_stranger(address, planted.secrets["metrics"]))
    assert b"modbot_decisions_total" in planted.left["page metrics with token"]


def command(planted: Planted, *arguments: str) -> None:
    done = subprocess.run(
        [*PROGRAM, "--config", str(planted.folder / "config"), *arguments],
        env=planted.environ,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    name = " ".join(arguments)
    assert done.returncode in (0, 1, 2), done.stderr
    planted.left[f"modbot {name}"] = done.stdout + done.stderr


def type_commands(planted: Planted) -> None:
    out = planted.folder / "out"
    out.mkdir()
    with closing(sqlite3.connect(planted.folder / "modbot.db")) as connection:
        pages = [page for (page,) in connection.execute("SELECT id FROM page")]
    for page in pages:
        command(planted, "pages", "check", page)
    for words in (
        *("doctor", "doctor --json", "pages list", "config show --json", "checkpoint make"),
        *("decisions list", "decisions show 1", "verify", f"backup {out}/copy.db --with-config"),
        *(f"export {out}/c.jsonl", f"export {out}/c.csv --format csv"),
        *(f"export {out}/r.jsonl --what record", f"export {out}/a.jsonl --what audit"),
    ):
        command(planted, *words.split())
    kept = ("out", "checkpoints")
    files = [p for name in kept for p in (planted.folder / name).rglob("*") if p.is_file()]
    assert len(files) >= 7
    for path in (*files, *planted.folder.glob("modbot.db*")):
        planted.left[f"file {path.name}"] = path.read_bytes()


def vendors_answers(database: Path) -> bytes:
    """What the platforms sent, which the database holds compressed."""
    with closing(sqlite3.connect(database)) as connection:
        return b"\n".join(
            zlib.decompress(raw) for (raw,) in connection.execute("SELECT raw FROM version")
        )


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider(SystemClock()) as provider:
        provider.account = {"sub": "1", "email": EMAIL, "email_verified": True, "hd": "lps.test"}
        yield provider


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Planted:
    world = World(SystemClock())
    made, pages = plant(world, tmp_path_factory.mktemp("canary"))
    provider.client_secret = made.secrets["oidc"]
    with SandboxServer(world, apis=[GraphApi(world), XApi(world)]) as server:
        set_up(made, pages, server.url, provider.url)
        with watching_processes(made) as processes, serving(made) as address:
            _wait(lambda: at_work(made, world))
            _wait(lambda: any(b"outbound.py" in line for line in processes.copy()))
            browse(made, address)
            type_commands(made)
        crash(made)
    made.left["vendors' answers"] = vendors_answers(made.folder / "modbot.db")
    return made


def disguises(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, quoted, in base64 at any offset, backwards in case."""
    data = secret.encode()
    found = {data, quote(secret).encode(), data.lower(), data.upper(), data.hex().encode()}
    for offset in range(3):  # base64 of something that holds it: the whole groups inside
        coded = base64.b64encode(b"x" * offset + data)
        found.add(coded[4 if offset else 0 : len(coded) // 4 * 4 - 4])
    return found


def test_every_secret_was_in_use(planted: Planted, provider: IdentityProvider) -> None:
    assert len(planted.secrets) == 15
    assert len(provider.token_requests) == 1, "the provider takes nobody without its secret"
    assert b"outbound.py" in planted.left["process list"], "an alert was sent"
    told = planted.left["modbot doctor"].decode()
    assert "no token" not in told and "each readable by modbot alone" in told
    assert b'"event": "poll_failed"' in planted.left["log of the service"]
    assert b'"event": "request_failed"' in planted.left["log of the service"]
    assert any(name.startswith("file checkpoint-") for name in planted.left), "one was signed"


def test_a_secret_would_be_found(planted: Planted) -> None:
    secret = planted.secrets["smtp"]
    assert any(d in (planted.folder / "smtp").read_bytes() for d in disguises(secret))
    login = base64.b64encode(f"u:{secret}".encode())
    assert any(d in login for d in disguises(secret))


def test_no_secret_is_in_anything_that_was_left_behind(planted: Planted) -> None:
    found = [
        f"{name} in {place}"
        for name, secret in planted.secrets.items()
        for place, data in planted.left.items()
        if any(disguise in data for disguise in disguises(secret))
    ]
    assert found == []
    screens = [name for name in planted.left if name.startswith(("screen ", "error page "))]
    assert len(screens) >= 18 and len(planted.left) >= 50
    shown = b"".join(planted.left[name] for name in screens)
    assert all(words.encode() in shown for words in planted.said.values()), "of the signed in"


def test_no_words_of_people_are_in_logs_metrics_and_health(planted: Planted) -> None:
    kept = planted.left["vendors' answers"]
    assert all(words.encode() in kept for name, words in planted.said.items() if name != "post")
    log = planted.left["log of the service"]
    assert b'"event": "alert"' in log and b'"kind": "threat"' in log
    public = [
        name
        for name in planted.left
        if name.startswith(("log", "modbot doctor", "modbot pages", "modbot verify"))
        or name in ("page metrics with token", "page /livez", "page /readyz")
    ]
    assert len(public) >= 9
    found = [
        f"{what} in {place}"
        for place in public
        for what, words in planted.said.items()
        if any(disguise in planted.left[place] for disguise in disguises(words))
    ]
    assert found == []
