"""What the pages need of the running service."""

from __future__ import annotations

from typing import Protocol

from modbot.measures import Measures
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
    """A modbot.service.Service, or a stand-in with the same four things."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def config(self) -> WebConfig: ...

    @property
    def measures(self) -> Measures: ...
