"""What a page without an API shows: what is to be removed in the app, what came of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modbot import manual
from modbot.app_steps import removal_steps
from modbot.domain import Page
from modbot.manual import Taken
from modbot.people import Person, Right
from modbot.store import LogEntry
from modbot.web.marking import Piece, excerpt
from modbot.web.seam import WebService
from modbot.web.veiling import may_offend
from modbot.web.why import Why, why_of

MOST_ROWS = 2_000  # of a list that is brought here: somebody waits for the answer
_TASKS_SHOWN = 50
_CHARACTERS = 400


@dataclass(frozen=True, kw_only=True)
class Task:
    """A comment that a person has to remove in the app."""

    decision: int
    pieces: list[Piece]  # of its text, or of the beginning
    cut: bool
    author: str
    post: str
    at: datetime
    url: str  # of the comment, where somebody wrote it down
    why: Why
    veiled: bool  # blurred until somebody asks for it
    steps: tuple[str, ...]  # to be translated


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """All that the screen says of work by hand."""

    tasks: tuple[Task, ...]
    more: bool  # there are further ones
    taken: Taken | None  # what came of the list that was just brought
    brings: bool  # the reader may bring lists
    most_rows: int = MOST_ROWS


def brings(who: Person, page: Page) -> bool:
    """Whoever decides on a page without an API brings what people saw there."""
    return page.platform == manual.PLATFORM and who.may(Right.DECIDE, page.id)


def by_hand(service: WebService, who: Person, page: Page, taken: Taken | None) -> ByHand | None:
    """None: modbot reads the page itself."""
    if page.platform != manual.PLATFORM:
        return None
    found = manual.tasks(service.database, page.id, limit=_TASKS_SHOWN + 1)
    return ByHand(
        tasks=tuple(_task(entry) for entry in found[:_TASKS_SHOWN]),
        more=len(found) > _TASKS_SHOWN,
        taken=taken,
        brings=brings(who, page),
    )


def _task(entry: LogEntry) -> Task:
    pieces, cut = excerpt(entry.text, (), length=_CHARACTERS)
    return Task(
        decision=entry.id,
        pieces=pieces,
        cut=cut,
        author=entry.author_name or "",
        post=entry.post_text[:_CHARACTERS],
        at=entry.created_at,
        url=entry.permalink or "",
        why=why_of(entry),
        veiled=may_offend(entry.categories),
        steps=removal_steps(entry.permalink, entry.page_id, entry.page_name),
    )
