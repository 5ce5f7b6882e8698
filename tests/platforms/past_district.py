"""A page on a stand-in whose past is read, and a service that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from modbot import catching_up, registry, store
from modbot.alerts import Alert
from modbot.audit import verify
from modbot.domain import Mode
from modbot.service import Service, build_service
from modbot.tables import AuditRow, CommentRow, VersionRow
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.databases import put_empty
from tests.fakes import ManualClock
from tests.line import ADA
from tests.running import config_on

DAY = 24 * 3600.0
HOUR = 3600.0
NIGHT = 30 * 3600.0  # from the fakes' school day past the next night's window
THREAT = "I will kill you tomorrow at the school"
PLATFORMS = ("facebook", "instagram", "x", "youtube", "wordpress")


@dataclass(kw_only=True)
class District:
    """A page on a stand-in, and a service that reads it."""

    clock: ManualClock
    world: World
    service: Service
    account: str
    alerts: list[Alert]
    id: str = ""

    def register(self) -> None:
        platform = self.account_platform
        new = registry.NewPage(
            platform=platform,
            external_id=self.account,
            name="School",
            token_ref="env:TOKEN",
            district_owned=True,
            handle="school" if platform in ("x", "instagram") else "",
            base_url=f"{self.url}/{self.account}" if platform == "wordpress" else self.url,
            government_use="asked and answered" if platform == "x" else "",
        )
        database, now = self.service.database, self.clock.now()
        page = registry.add_page(database, new, ADA, now, platforms=self.service.platforms)
        registry.set_mode(database, page.id, Mode.ENFORCE, ADA, now)
        self.id = page.id

    url: str = ""
    account_platform: str = ""

    def write(self, post: str, text: str, **more: object) -> str:
        return self.world.add_comment(post, text, **more)  # type: ignore[arg-type]

    def texts(self) -> list[str]:
        with self.service.database.read() as s:
            return list(s.exec(select(VersionRow.text).order_by(VersionRow.id)))

    def gone(self) -> int:
        with self.service.database.read() as s:
            return sum(row.gone_at is not None for row in s.exec(select(CommentRow)))

    def audited(self, kind: str) -> int:
        with self.service.database.read() as s:
            return len(s.exec(select(AuditRow).where(AuditRow.kind == kind)).all())

    def backfill(self, days: int) -> None:
        self.ask(days)
        while (read := self.service.read_past(self.id, 60)) is not None:
            assert read.last_error == ""

    def ask(self, days: int) -> None:
        """For a back-fill, which then goes on with the polls."""
        with self.service.database.read() as s:
            page = store.page(s, self.id)
        database, now = self.service.database, self.clock.now()
        catching_up.ask(database, page, days=days, by="Ada", now=now, watch_hours=48)

    def night(self) -> None:
        self.clock.advance(NIGHT)
        self.poll()

    def poll(self) -> None:
        assert self.service.poll_page(self.id).error == ""


def _secrets(platform: str, world: World, account: str) -> str:
    if platform == "wordpress":
        return world.issue_token(account, token="bot:aaaa bbbb cccc")
    token = world.issue_token(account)
    if platform != "youtube":
        return token
    client = {"client_id": "77-modbot.apps.googleusercontent.com", "client_secret": "word"}
    return json.dumps({**client, "refresh_token": token})


@contextmanager
def district(folder: Path, platform: str, **budget: float) -> Iterator[District]:
    """`budget`: other caps than the shipped ones."""
    clock, environ, alerts = ManualClock(), dict[str, str](), list[Alert]()
    world = World(clock)
    account = world.add_page(platform, "school")
    put_empty(folder / "modbot.db")
    with SandboxServer(world) as server:
        environ["TOKEN"] = _secrets(platform, world, account)
        service = build_service(
            config_on(folder, **budget), clock=clock, environ=environ, sinks=(alerts.append,)
        )
        try:
            found = District(
                clock=clock, world=world, service=service, account=account, alerts=alerts
            )
            found.url, found.account_platform = server.url, platform
            found.register()
            yield found
            assert verify(service.database).ok
            assert world.deviations == []
        finally:
            service.close()
