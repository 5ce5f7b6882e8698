"""Which stored comments an approved fundraiser lets through: those that were kept back as sales and
name it and are left up when they are judged again, but not without any fundraiser."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from modbot import store
from modbot.domain import Category, Comment, Decision, Fundraiser, Verdict
from modbot.store import PastText

LOOK_BACK = timedelta(days=30)
MOST_JUDGED = 500  # comments, the newest first

Judging = Callable[[Sequence[Comment]], Sequence[Decision]]
Naming = Callable[[str, str], bool]  # does a text name a fundraiser?


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One comment that is let through, with what was decided of it before."""

    decision_id: int  # the stored one, which waits for an answer
    version_id: int
    before: Verdict
    hide: bool  # whether it was to be out of sight
    after: Verdict


def held_for_sales(
    session: Session, now: datetime, pages: Collection[str] | None = None
) -> list[PastText]:
    """What an approval may change: comments of the last 30 days that are kept back as sales."""
    return store.held_texts(
        session, Category.SALES.value, now - LOOK_BACK, pages=pages, limit=MOST_JUDGED
    )


def now_allowed(
    judge: Judging,
    speaks_of: Naming,
    held: Sequence[PastText],
    fundraiser: Fundraiser,
    approved: Sequence[Fundraiser],
) -> list[Allowed]:
    """Those of `held` that `fundraiser` lets through. `approved`: all that run now; whether it is
    among them itself does not matter. What two of them let through is named by both."""
    others = tuple(each for each in approved if each != fundraiser)
    named = [text for text in held if speaks_of(text.comment.text, fundraiser.name)]
    through = _left_up(judge, named, (*others, fundraiser))
    anyway = {text.version_id for text in _left_up(judge, through, ())}
    return [_allowed(text) for text in through if text.version_id not in anyway]


def _left_up(
    judge: Judging, texts: Sequence[PastText], approved: tuple[Fundraiser, ...]
) -> list[PastText]:
    comments = [replace(text.comment, approved_fundraisers=approved) for text in texts]
    decisions = judge(comments) if comments else []
    return [
        text
        for text, decision in zip(texts, decisions, strict=True)
        if decision.verdict is Verdict.ALLOW
    ]


def _allowed(text: PastText) -> Allowed:
    assert text.bot is not None
    return Allowed(
        decision_id=text.bot.id,
        version_id=text.version_id,
        before=text.bot.verdict,
        hide=text.bot.hide,
        after=Verdict.ALLOW,
    )
