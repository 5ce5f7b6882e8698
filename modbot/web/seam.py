"""What the pages need of the running service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from modbot.domain import Comment, Decision
from modbot.enforcement import Limits
from modbot.policy import Policy
from modbot.ports import Clock
from modbot.settings import Settings
from modbot.store import Database


class WebConfig(Protocol):
    """The configuration in force."""

    @property
    def settings(self) -> Settings: ...

    @property
    def policy(self) -> Policy: ...


class WebService(Protocol):
    """A modbot.service.Service, or a stand-in with the same things."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def config(self) -> WebConfig: ...

    @property
    def platforms(self) -> frozenset[str]: ...

    @property
    def limits(self) -> Limits: ...

    def judge(self, comments: Sequence[Comment]) -> list[Decision]: ...

    def look_alikes(self, links: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]: ...

    def speaks_of(self, text: str, fundraiser: str) -> bool: ...
