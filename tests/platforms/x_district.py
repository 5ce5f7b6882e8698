"""One X account on the X stand-in, and what a test does with it."""

from __future__ import annotations

import json

from modbot.domain import Comment, Page
from modbot.ports import Connection
from platforms.sandbox.faults import Fault
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.x import XApi
from platforms.x import XAdapter
from tests.fakes import ManualClock

CANARY = "CANARYtoken0123456789"


class District:
    """One X account in a sandbox, and an adapter on it."""

    def __init__(self, clock: ManualClock, server: SandboxServer, api: XApi):
        self.clock, self.server, self.api = clock, server, api
        self.world = server.world
        self.account = self.world.add_page("x", "Lawrence Public Schools", handle="LPS")
        self.post = self.world.add_post(self.account, "No school on Monday")
        self.page = Page(
            id=f"x:{self.account}",
            platform="x",
            external_id=self.account,
            name="LPS",
            handle="LPS",
            base_url=server.url,
        )
        self.token = self.world.issue_token(self.account, token=CANARY)

    def adapter(self, **secrets: str) -> XAdapter:
        connection = Connection(
            secrets=secrets or {"token": self.token},
            now=self.clock.now,
            timeout_seconds=2,
            deadline_seconds=3,
        )
        return XAdapter(self.page, connection)

    def reply(self, text: str = "why not Tuesday", **more: str) -> str:
        self.clock.advance(5)
        return self.world.add_comment(self.post, text, **more)  # type: ignore[arg-type]

    def answers(self, body: object, *, status: int = 200, times: int = 1) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.world.faults.push(
            Fault(kind="status", platform="x", status=status, body=text, times=times)
        )

    def paths(self) -> list[str]:
        """What was asked since the last time."""
        asked = [f"{call.method} {call.path}" for call in self.world.call_log]
        self.world.call_log.clear()
        return asked


def read_all(adapter: XAdapter, cursor: str | None = None) -> tuple[list[Comment], str]:
    comments, more = [], True
    while more:
        batch = adapter.fetch_since(cursor)
        comments += batch.comments
        cursor, more = batch.cursor, batch.more
    assert cursor is not None
    return comments, cursor
