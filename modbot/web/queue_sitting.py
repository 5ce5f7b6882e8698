"""One sitting at the queue: since when, and what was just done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from modbot import store
from modbot.claims import Claimant
from modbot.domain import Verdict
from modbot.errors import UnknownDecision
from modbot.i18n import Language
from modbot.people import Person, Right, Role
from modbot.review import Room
from modbot.store import LogEntry
from modbot.web.queue_side import Side, side_of
from modbot.web.rendering import Pages
from modbot.web.seam import WebService

LONGEST_SITTING = timedelta(hours=4)
_BEGUN = "modbot-sitting"  # a cookie that does not tell who somebody is


def claimant(service: WebService, who: Person) -> Claimant:
    """The person as whoever works through the queue."""
    return Claimant(
        person_id=who.id,
        name=who.name,
        pages=who.pages,
        administrator=who.role is Role.ADMIN,
        minutes=service.config.settings.review.claim_minutes,
    )


def room_of(service: WebService, who: Person) -> Room:
    """What a verdict of this person has to come with."""
    return Room(
        person_id=who.id,
        administrator=who.role is Role.ADMIN,
        rules=service.config.policy.review,
    )


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """What the pages remember in cookies of their own."""

    since: datetime
    now: datetime

    @classmethod
    def of(cls, request: Request, now: datetime) -> Sitting:
        """The sitting that a request belongs to; a new one where the last is long over."""
        try:
            since = datetime.fromisoformat(request.cookies.get(_BEGUN, ""))
            live = timedelta(0) <= now - since < LONGEST_SITTING
        except (ValueError, TypeError):
            live = False
        return cls(since=since if live else now, now=now)

    def remember(self, pages: Pages, response: Response) -> None:
        """Keeps when the sitting began, until the browser is closed."""
        pages.cookies.set(response, _BEGUN, self.since.isoformat())

    def side(self, s: Session, who: Person, mine: Claimant, spoken: Language) -> Side:
        """What waits for this person, and how much they did in this sitting."""
        return side_of(s, who, mine.levels, self.now, self.since, spoken)

    def did(self, s: Session, who: Person, decision_id: int) -> LogEntry | None:
        """The person's own last verdict, where an address names it and it stands."""
        if not decision_id:
            return None
        try:
            entry = store.decision(s, decision_id)
        except UnknownDecision:
            return None
        theirs = (entry.actor_kind, entry.actor) == ("person", who.actor.name)
        stands = store.newest_decision_on(s, entry.comment_row) == entry.id
        if not (theirs and stands and who.may(Right.DECIDE, entry.page_id)):
            return None
        return None if entry.verdict is Verdict.REVIEW else entry
