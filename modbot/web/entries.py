"""Log entries as the pages show them: text in pieces, reasons in groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from starlette.exceptions import HTTPException

from modbot import store
from modbot.errors import UnknownDecision
from modbot.people import Person, Right
from modbot.store import LogEntry
from modbot.web.filters import BadAddress, read_id
from modbot.web.marking import Piece, excerpt, pieces
from modbot.web.why import Why, counted, spans_of, why_of

LISTED_CHARACTERS = 700  # of a comment, in the log; its own page has all
LISTED_POST_CHARACTERS = 240
LONG_CHARACTERS = 200  # of a comment among others, on a phone


@dataclass(frozen=True, kw_only=True)
class ActionNote:
    kind: str
    state: str
    answer: str  # the platform's, in short


@dataclass(frozen=True, kw_only=True)
class Row(Why):
    """One decision in the log."""

    id: int
    decided_at: datetime
    page_name: str
    platform: str
    author: str
    version: int
    pieces: tuple[Piece, ...]
    cut: bool  # some of the text is left out
    long: bool  # where it stands among others it is scrolled, so the keyboard has to reach it
    post: str
    verdict: str
    hide: bool
    mode: str
    clause: str
    action: ActionNote | None


def entry_for(session: Session, number: str, who: Person) -> LogEntry:
    """The decision of that number where this person sees its page; raises 404, as for one that is
    not there."""
    try:
        entry = store.decision(session, read_id(number))
    except (BadAddress, UnknownDecision):
        raise HTTPException(404) from None
    if not who.may(Right.READ, entry.page_id):
        raise HTTPException(404)
    return entry


def log_row(entry: LogEntry, *, whole: bool = False) -> Row:
    """One decision for the log: long text cut around its first match, and only what counted marked.

    `whole`: nothing is cut, and every match is marked.
    """
    marks = list(spans_of(entry.signals if whole else counted(entry)))
    if whole:
        shown, cut = pieces(entry.text, marks), False
    else:
        shown, cut = excerpt(entry.text, marks, length=LISTED_CHARACTERS)
    post = entry.post_text
    if not whole and len(post) > LISTED_POST_CHARACTERS:
        post = f"{post[:LISTED_POST_CHARACTERS]}…"
    return Row(
        **vars(why_of(entry)),
        id=entry.id,
        decided_at=entry.decided_at,
        page_name=entry.page_name,
        platform=entry.platform,
        author=entry.author_name or "",
        version=entry.version_number,
        pieces=tuple(shown),
        cut=cut,
        long=len(entry.text) > LONG_CHARACTERS,
        post=post,
        verdict=entry.verdict.value,
        hide=entry.hide,
        mode=entry.mode.value,
        clause=entry.clause,
        action=_action(entry),
    )


def _action(entry: LogEntry) -> ActionNote | None:
    if entry.action_kind is None or entry.action_state is None:
        return None
    return ActionNote(
        kind=entry.action_kind.value, state=entry.action_state.value, answer=entry.action_answer
    )
