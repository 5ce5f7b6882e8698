"""Turns comments into decisions: every classifier, then the policy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from modbot.domain import Comment, Decision, Signal
from modbot.measures import Measures
from modbot.policy import Policy, decide
from modbot.ports import Classifier

_log = structlog.get_logger("modbot.judging")


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The classifiers and the policy in force, which together turn comments into decisions."""

    classifiers: tuple[Classifier, ...]
    policy: Policy
    config_sha256: str = ""
    measures: Measures = field(default_factory=Measures, compare=False)

    @property
    def models(self) -> dict[str, str]:
        """Name and version of every classifier, as kept with each decision."""
        return {c.name: c.version for c in self.classifiers}

    def judge(self, comments: Sequence[Comment]) -> list[Decision]:
        """One decision for each comment. A classifier that fails sends its comments to review."""
        began = time.perf_counter()
        decisions = self._judge(comments)
        self.measures.judged(len(comments), time.perf_counter() - began)
        return decisions

    def _judge(self, comments: Sequence[Comment]) -> list[Decision]:
        signals: list[list[Signal]] = [[] for _ in comments]
        degraded: list[list[str]] = [[] for _ in comments]
        for classifier in self.classifiers:
            for i, found in enumerate(_classify(classifier, comments)):
                if found is None:
                    degraded[i].append(f"{classifier.name} failed")
                else:
                    signals[i].extend(found)
        return [
            decide(s, self.policy, degraded=tuple(d))
            for s, d in zip(signals, degraded, strict=True)
        ]


def _classify(classifier: Classifier, comments: Sequence[Comment]) -> list[list[Signal] | None]:
    """Signals for each comment; None where the classifier failed on that one alone."""
    try:
        found = classifier.classify(comments)
        if len(found) == len(comments):
            return list(found)
        problem = f"{len(found)} answers for {len(comments)} comments"
    except Exception as error:  # whatever a classifier raises, its comments go to review
        problem = type(error).__name__
    _log.error("classifier_failed", classifier=classifier.name, error=problem)
    if len(comments) == 1:
        return [None]
    # One odd text must not send a whole batch to review.
    return [_classify(classifier, [comment])[0] for comment in comments]
