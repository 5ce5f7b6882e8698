"""Brakes in force as the screens show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel import Session

from modbot import brake
from modbot.alert_tables import BrakeRow
from modbot.store import brakes
from modbot.store.incidents import open_subjects
from modbot.web.place_rights import page_address


@dataclass(frozen=True, kw_only=True)
class Braked:
    """A rule or model version that may only ask for review on a page."""

    row: BrakeRow
    page_name: str
    rule: str  # the rule's id; empty: a model
    sign: str  # what the log's filter calls it
    alert: int | None  # the open alert about it

    @property
    def page_at(self) -> str:
        """The address of the page's screen."""
        return page_address(self.row.page_id)

    @property
    def decided(self) -> str:
        """Where the log shows what it found on that page."""
        return f"/log?{urlencode({'page': self.row.page_id, 'rule': self.sign})}"


def braked(s: Session, pages: Iterable[str] | None) -> list[Braked]:
    """The brakes in force on these pages (None: everywhere), oldest first."""
    pulled = brakes.brakes_on(s, pages=pages)
    alerts = open_subjects(s, brake.KIND) if pulled else {}
    return [_braked(row, name, alerts.get((row.page_id, row.key))) for row, name in pulled]


def _braked(row: BrakeRow, page_name: str, alert: int | None) -> Braked:
    kind, _, name = row.key.partition(" ")
    is_rule = kind == "rule"
    sign = name if is_rule else name.partition(" ")[0]
    return Braked(
        row=row, page_name=page_name, rule=name if is_rule else "", sign=sign, alert=alert
    )
