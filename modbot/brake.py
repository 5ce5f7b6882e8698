"""A rule or a model version that hides too much of a page drops to asking for review there.

It counts by what decided: the rule, or the model with its version, of the gravest finding that
hides. A comment that also breaks another rule is still hidden, and counts against that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlmodel import Session

from modbot.alert_tables import BrakeRow
from modbot.alerts import Alert
from modbot.domain import Capability, Comment, Decision, Mode, Page, Signal
from modbot.enforcement import withheld
from modbot.judging import Judge
from modbot.policy import RULES, hidden_by
from modbot.store import brakes, end_incidents
from modbot.store.brakes import Count

KIND = "brake"  # of the alert
MARK = "brake: "  # begins what stands in Decision.degraded
LIFTED_BY = "modbot"


@dataclass(frozen=True, kw_only=True)
class BrakeLimits:
    """How much of a page one rule or model version may hide."""

    share: float = 0.5  # of the comments within the window; 1: all
    min_comments: int = 20  # fewer are not looked at
    window: timedelta = timedelta(hours=1)

    def exceeded(self, hides: int, comments: int) -> bool:
        """Whether so many hides of so many comments are too many."""
        return comments >= self.min_comments and hides > self.share * comments


def key_of(signal: Signal, models: Mapping[str, str]) -> str:
    """What a signal counts under: "rule ID", or "model NAME VERSION"."""
    if signal.source == RULES:
        return f"rule {signal.evidence.rule}"[:200]
    return f"model {signal.source} {models.get(signal.source, '')}".strip()[:200]


class Brakes:
    """The brakes of one page while a batch of its comments is planned, oldest comment first."""

    def __init__(
        self,
        session: Session,
        page: Page,
        limits: BrakeLimits,
        *,
        judge: Judge,
        now: datetime,
    ) -> None:
        self._session, self._page, self._limits = session, page, limits
        self._policy, self._models, self._now = judge.policy, judge.models, now
        self._comments = 0  # of this batch
        self._hides: Counter[str] = Counter()  # of this batch, by key
        self._pulled_now: list[BrakeRow] = []
        self._pulled = self._lifted()

    @cached_property
    def _before(self) -> dict[str, Count]:
        """What was hidden before this batch; asked for by the first comment that is to be."""
        return brakes.counts(self._session, self._page.id, self._now, self._limits.window)

    def _lifted(self) -> set[str]:
        """The keys that are held back, once those brakes are released that would not have been
        pulled under today's limits."""
        held = set()
        for row in brakes.pulled(self._session, self._page.id):
            if self._limits.exceeded(row.hides, row.comments):
                held.add(row.key)
            else:
                release(self._session, row, LIFTED_BY, "the limits were changed", self._now)
        return held

    def hold(
        self, decision: Decision, comment: Comment, capabilities: frozenset[Capability]
    ) -> Decision:
        """The decision on the next comment as the brakes allow it: a hide that only a braked rule
        or model asks for becomes a review that says so."""
        if comment.by_page:
            return decision
        self._comments += 1
        can_hide = Capability.HIDE in capabilities and comment.can_hide
        if not decision.hide or not can_hide or self._page.mode is not Mode.ENFORCE:
            return decision
        signals, stopped = list(decision.signals), list[str]()
        while (deciding := hidden_by(signals, self._policy)) is not None:
            key = key_of(deciding, self._models)
            if not self._brakes(key):
                self._hides[key] += 1
                return decision
            stopped.append(key)
            signals = [s for s in signals if key_of(s, self._models) != key]
        return withheld(decision, *(f"{MARK}{key}" for key in stopped)) if stopped else decision

    def _brakes(self, key: str) -> bool:
        """Whether this key may not hide the comment in hand; pulls its brake where it must."""
        if key in self._pulled:
            return True
        before = self._before.get(key, self._before[brakes.ALL])
        hides = before.hides + self._hides[key] + 1
        comments = before.comments + self._comments
        if not self._limits.exceeded(hides, comments):
            return False
        self._pulled.add(key)
        self._pulled_now.append(
            BrakeRow(
                page_id=self._page.id,
                key=key,
                pulled_at=self._now,
                hides=hides,
                comments=comments,
                share=self._limits.share,
                window_minutes=self._limits.window / timedelta(minutes=1),
            )
        )
        return True

    def save(self) -> list[Alert]:
        """Stores what this batch counted and which brakes it pulled; what to tell people."""
        for row in self._pulled_now:
            brakes.pull(self._session, row)
        if self._comments:
            numbers = {brakes.ALL: self._comments, **self._hides}
            brakes.count_batch(
                self._session, self._page.id, numbers, self._now, self._limits.window
            )
        return [
            Alert(
                kind=KIND,
                page_id=row.page_id,
                subject=row.key,
                detail=f"{row.key} would have hidden {row.hides} of {row.comments} comments",
            )
            for row in self._pulled_now
        ]


def release(session: Session, row: BrakeRow, who: str, reason: str, now: datetime) -> bool:
    """Lets a rule or model hide again on that page, and ends its alert; False when that was done
    before."""
    if not brakes.release(session, row, who, reason, now):
        return False
    end_incidents(session, KIND, row.page_id, now, subject=row.key)
    return True
