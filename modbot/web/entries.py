"""Log entries as the pages show them: text in pieces, reasons in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from starlette.exceptions import HTTPException

from modbot import store
from modbot.domain import Aspect, Category, Share, Signal
from modbot.errors import UnknownDecision
from modbot.people import Person, Right
from modbot.pipeline import OWN_WORDS
from modbot.policy import RULES
from modbot.store import LogEntry
from modbot.web.filters import BadAddress, read_id
from modbot.web.marking import Piece, Span, excerpt, pieces

LISTED_CHARACTERS = 700  # of a comment, in the log; its own page has all
LISTED_POST_CHARACTERS = 240
REASONS_A_CATEGORY = 2  # in the log
_HELD = frozenset({Aspect.OFFICIAL, Aspect.QUOTED})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One signal, and whether it reached the limit that makes it count."""

    source: str  # "rules" or the model's name
    category: str
    rule: str  # rule id or model label
    words: str  # the matched words as the person wrote them
    shares: tuple[Share, ...]  # words that moved a model's score, with their part in it
    note: str  # what else the rule has to say about them
    score: float  # 0 to 1
    limit: float | None  # from which it counts; None: it was not compared
    counts: bool
    aspect: str
    held: bool  # its aspect kept it from hiding the comment


@dataclass(frozen=True, kw_only=True)
class ReasonGroup:
    """What counted in one category."""

    category: str
    shown: tuple[Reason, ...]
    more: int  # how many others counted


@dataclass(frozen=True, kw_only=True)
class ActionNote:
    kind: str
    state: str
    answer: str  # the platform's, in short


@dataclass(frozen=True, kw_only=True)
class Row:
    """One decision in the log."""

    id: int
    decided_at: datetime
    page_name: str
    platform: str
    author: str
    version: int
    pieces: tuple[Piece, ...]
    cut: bool  # some of the text is left out
    post: str
    verdict: str
    hide: bool
    mode: str
    own: bool  # the page itself wrote it, so it was not judged
    person: bool  # a person decided, not the bot
    actor: str
    reason: str
    reasons: tuple[ReasonGroup, ...]
    weak: bool  # something was found that did not count
    degraded: tuple[str, ...]
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
    found = reasons(entry)
    marks = list(_spans(entry.signals if whole else _counted(entry)))
    if whole:
        shown, cut = pieces(entry.text, marks), False
    else:
        shown, cut = excerpt(entry.text, marks, length=LISTED_CHARACTERS)
    post = entry.post_text
    if not whole and len(post) > LISTED_POST_CHARACTERS:
        post = f"{post[:LISTED_POST_CHARACTERS]}…"
    return Row(
        id=entry.id,
        decided_at=entry.decided_at,
        page_name=entry.page_name,
        platform=entry.platform,
        author=entry.author_name or "",
        version=entry.version_number,
        pieces=tuple(shown),
        cut=cut,
        post=post,
        verdict=entry.verdict.value,
        hide=entry.hide,
        mode=entry.mode.value,
        own=entry.reason == OWN_WORDS.reason,
        person=entry.actor_kind == "person",
        actor=entry.actor,
        reason=entry.reason,
        reasons=_grouped(found, entry),
        weak=bool(found),
        degraded=entry.degraded,
        clause=entry.clause,
        action=_action(entry),
    )


def _action(entry: LogEntry) -> ActionNote | None:
    if entry.action_kind is None or entry.action_state is None:
        return None
    return ActionNote(
        kind=entry.action_kind.value, state=entry.action_state.value, answer=entry.action_answer
    )


def reasons(entry: LogEntry) -> list[Reason]:
    """Every signal of a decision: those that counted first, in the decision's own order."""
    order = {category: place for place, category in enumerate(entry.categories)}
    found = [_reason(signal, entry) for signal in entry.signals]

    def place(reason: Reason) -> tuple[bool, int, bool, float]:
        rank = order.get(Category(reason.category), len(order))
        return not reason.counts, rank, reason.source != RULES, -reason.score

    return sorted(found, key=place)


def _reason(signal: Signal, entry: LogEntry) -> Reason:
    model = signal.source != RULES
    limit = entry.thresholds.get(f"{signal.category}.{'model_review' if model else 'review'}")
    # policy.decide(): a rule counts from its limit on, a model only above it.
    reached = limit is not None and (signal.score > limit if model else signal.score >= limit)
    return Reason(
        source=signal.source,
        category=signal.category.value,
        rule=signal.evidence.rule,
        words=signal.evidence.text,
        shares=signal.evidence.shares,
        note=signal.evidence.note,
        score=signal.score,
        limit=limit,
        counts=reached and signal.category in entry.categories,
        aspect=signal.aspect.value,
        held=signal.aspect in _HELD and not entry.hide,
    )


def _grouped(found: Iterable[Reason], entry: LogEntry) -> tuple[ReasonGroup, ...]:
    groups: dict[str, dict[tuple[str, str, str], Reason]] = {c: {} for c in entry.categories}
    for reason in found:
        if reason.counts:
            key = (reason.source, reason.rule, reason.words.casefold())
            groups[reason.category].setdefault(key, reason)
    return tuple(
        ReasonGroup(
            category=category,
            shown=tuple(counted.values())[:REASONS_A_CATEGORY],
            more=max(0, len(counted) - REASONS_A_CATEGORY),
        )
        for category, counted in groups.items()
    )


def _counted(entry: LogEntry) -> list[Signal]:
    return [signal for signal in entry.signals if _reason(signal, entry).counts]


def _spans(signals: Iterable[Signal]) -> Iterator[Span]:
    for signal in signals:
        evidence = signal.evidence
        yield Span(start=evidence.start, end=evidence.end, rule=evidence.rule)
