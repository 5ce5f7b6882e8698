"""Judges the stored history under another configuration and tells what would come out differently.

Reads in parts and keeps counts and a few examples only, so memory does not grow with the history;
writes nothing and calls no platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from modbot import store
from modbot.domain import ActionKind, Comment, Decision, Signal, Verdict
from modbot.enforcement import EDITED_AFTER_HIDE
from modbot.spoken_language import guess_language
from modbot.store import Database, PastDecision, PastText

AT_ONCE = 256
MOST_GUARDED = 1000  # listed; more are counted
_WORDS_SHOWN = 5

Judging = Callable[[Sequence[Comment]], Sequence[Decision]]


class Shift(StrEnum):
    """What became of a text. Several may be true of one."""

    HIDDEN = "newly_hidden"
    SHOWN = "newly_shown"
    REVIEWED = "newly_reviewed"
    ESCALATED = "newly_escalated"
    ALLOWED = "newly_allowed"
    CHANGED = "changed_verdict"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One text that came out differently; it names words and reasons, not the whole text."""

    comment_id: str  # the vendor's
    page_id: str
    decision_id: int  # the bot's stored one
    language: str
    words: tuple[str, ...]  # that the deciding signals mark
    old_verdict: Verdict
    old_hide: bool
    old_reason: str
    new_verdict: Verdict
    new_hide: bool
    new_reason: str


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many texts shifted in one way."""

    total: int = 0
    by_category: Counter[str] = field(default_factory=Counter)
    by_page: Counter[str] = field(default_factory=Counter)
    by_language: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Report:
    """What a replay found."""

    judged: int = 0
    never_judged: int = 0  # no decision of the bot is stored for them
    withheld: int = 0  # a hide was withheld then (quota, platform) and is taken as withheld again
    failed: int = 0  # a classifier failed on them now
    unchanged: int = 0
    by_language: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)  # old, new
    shifts: dict[Shift, Counts] = field(default_factory=lambda: {s: Counts() for s in Shift})
    examples: dict[Shift, list[Example]] = field(default_factory=lambda: {s: [] for s in Shift})
    guarded: list[Example] = field(default_factory=list)  # newly hidden, left up by a reviewer
    guarded_total: int = 0
    still_hidden: int = 0  # hidden then and now, though a reviewer brought it back


def replay(
    database: Database,
    judge: Judging,
    *,
    page: str | None = None,
    since: datetime | None = None,
    examples: int = 5,
    progress: Callable[[int], None] = lambda _number: None,
) -> Report:
    """What `judge` makes of every stored text, against what the bot decided then.

    `progress` is told how many texts are done after each part.
    """
    report = Report()
    after = 0
    while True:
        with database.read() as s:
            texts = store.past_texts(s, after=after, limit=AT_ONCE, page=page, since=since)
        if not texts:
            return report
        after = texts[-1].version_id
        decisions = judge([text.comment for text in texts])
        for text, decision in zip(texts, decisions, strict=True):
            _compare(report, text, decision, examples)
        progress(len(texts))


def _compare(report: Report, text: PastText, new: Decision, examples: int) -> None:
    report.judged += 1
    report.failed += any(_classifier_failed(what) for what in new.degraded)
    language = guess_language(text.comment.text)
    report.by_language[language] += 1
    old = text.bot
    if old is None:
        report.never_judged += 1
        return
    verdict, hide = new.verdict, new.hide
    if _was_withheld(old):
        verdict, hide = _as_withheld(old, verdict, hide=hide)
        report.withheld += hide is not new.hide
    report.verdicts[old.verdict.value, verdict.value] += 1
    found = _shifts(old, verdict, hide=hide)
    left_up = text.person is not None and text.person.verdict is Verdict.ALLOW
    report.still_hidden += left_up and old.hide and hide
    if not found:
        report.unchanged += 1
        return
    example = _example(text, old, new, verdict, hide=hide, language=language)
    categories = [c.value for c in new.categories] or list(old.categories)
    for shift in found:
        _count(report, shift, example, categories)
        if len(report.examples[shift]) < examples:
            report.examples[shift].append(example)
    if left_up and Shift.HIDDEN in found:
        report.guarded_total += 1
        if len(report.guarded) < MOST_GUARDED:
            report.guarded.append(example)


def _count(report: Report, shift: Shift, example: Example, categories: Sequence[str]) -> None:
    counts = report.shifts[shift]
    counts.by_category.update(categories)
    counts.by_page[example.page_id] += 1
    counts.by_language[example.language] += 1
    report.shifts[shift] = Counts(
        total=counts.total + 1,
        by_category=counts.by_category,
        by_page=counts.by_page,
        by_language=counts.by_language,
    )


def _classifier_failed(what: str) -> bool:
    """The same form as "hide failed", which is an action's."""
    name, _, state = what.rpartition(" ")
    return state == "failed" and name not in set(ActionKind)


def _was_withheld(old: PastDecision) -> bool:
    """Did something else than the judgement keep the bot from hiding it?"""
    return any(not _classifier_failed(what) for what in old.degraded)


def _as_withheld(old: PastDecision, verdict: Verdict, *, hide: bool) -> tuple[Verdict, bool]:
    """The new outcome with the trouble of that time, which no configuration would have spared."""
    if hide and verdict is Verdict.HIDE:
        verdict = Verdict.REVIEW
    if verdict is Verdict.ALLOW and EDITED_AFTER_HIDE in old.degraded:
        verdict = Verdict.REVIEW
    return verdict, False


def _shifts(old: PastDecision, verdict: Verdict, *, hide: bool) -> tuple[Shift, ...]:
    changed = verdict is not old.verdict
    true = {
        Shift.HIDDEN: hide and not old.hide,
        Shift.SHOWN: old.hide and not hide,
        Shift.REVIEWED: changed and verdict is Verdict.REVIEW,
        Shift.ESCALATED: changed and verdict is Verdict.ESCALATE,
        Shift.ALLOWED: changed and verdict is Verdict.ALLOW,
        Shift.CHANGED: changed,
    }
    return tuple(shift for shift, so in true.items() if so)


def _example(
    text: PastText,
    old: PastDecision,
    new: Decision,
    verdict: Verdict,
    *,
    hide: bool,
    language: str,
) -> Example:
    return Example(
        comment_id=text.comment.id,
        page_id=text.comment.page_id,
        decision_id=old.id,
        language=language,
        words=_words(new.signals if new.categories else old.signals),
        old_verdict=old.verdict,
        old_hide=old.hide,
        old_reason=old.reason,
        new_verdict=verdict,
        new_hide=hide,
        new_reason=new.reason,
    )


def _words(signals: Sequence[Signal]) -> tuple[str, ...]:
    marked = (s.evidence.text for s in sorted(signals, key=lambda s: -s.score))
    return tuple(dict.fromkeys(word for word in marked if word))[:_WORDS_SHOWN]
