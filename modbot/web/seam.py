"""What the pages need of the running service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from modbot.domain import Actor, Capability, Category, Comment, Decision, Page
from modbot.enforcement import Limits
from modbot.manual import Taken
from modbot.measures import Measures
from modbot.policy import Policy
from modbot.ports import Clock
from modbot.seen_list import Seen
from modbot.settings import Settings
from modbot.store import Database


class WebConfig(Protocol):
    """The configuration in force."""

    @property
    def settings(self) -> Settings: ...

    @property
    def policy(self) -> Policy: ...


class RuleEntry(Protocol):
    """Where a rule is written, and what it asks for."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int | None: ...

    @property
    def category(self) -> Category: ...

    @property
    def score(self) -> float: ...

    @property
    def asks_for(self) -> tuple[str, ...]: ...


class WebService(Protocol):
    """A modbot.service.Service, or a stand-in with the same things."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def config(self) -> WebConfig: ...

    def capabilities(self, platform: str) -> frozenset[Capability]:
        """What modbot can do on a platform."""

    @property
    def platforms(self) -> frozenset[str]: ...

    @property
    def limits(self) -> Limits: ...

    def judge(self, comments: Sequence[Comment]) -> list[Decision]: ...

    def look_alikes(self, links: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]: ...

    def rule_entries(self, rule: str) -> Sequence[RuleEntry]:
        """Where a rule is written; empty: nowhere."""

    def speaks_of(self, text: str, fundraiser: str) -> bool: ...

    def take_in(self, page: Page, seen: Sequence[Seen], actor: Actor, zone: tzinfo) -> Taken:
        """Judges and stores what people saw on a page without an API."""

    @property
    def measures(self) -> Measures: ...
