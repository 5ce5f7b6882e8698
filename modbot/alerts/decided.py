"""What people have to know at once of a batch of decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from modbot.alerts.alerter import Alert
from modbot.domain import ESCALATES, Decision, Verdict
from modbot.policy import CALIBRATED, RULES, CategoryPolicy, Policy
from modbot.store import Judged

HIDE_QUOTA, CLASSIFIER_FAILED = "hide_quota", "classifier_failed"
FAILED = " failed"  # ends what the judge says of a classifier in Decision.degraded


def alerts_of(
    page_id: str,
    policy: Policy,
    items: Sequence[Judged],
    decision_ids: Sequence[int | None],
    *,
    quota_spent: str,
) -> list[Alert]:
    """The alerts of newly stored decisions; `quota_spent` is what degraded says of that."""
    alerts = []
    for item, decision_id in zip(items, decision_ids, strict=True):
        if item.decision is None or decision_id is None:  # nothing new was stored
            continue
        if kind := urgent_category(policy, item.decision):
            alerts.append(
                Alert(kind=kind, page_id=page_id, decision_id=decision_id, detail="look now")
            )
        if quota_spent in item.decision.degraded:
            alerts.append(Alert(kind=HIDE_QUOTA, page_id=page_id, detail="hides wait for review"))
        if failed_classifiers(item.decision):
            detail = "comments go to review; the log names the place"
            alerts.append(Alert(kind=CLASSIFIER_FAILED, page_id=page_id, detail=detail))
    return alerts


def over_with(page_id: str, items: Sequence[Judged]) -> list[tuple[str, str]]:
    """Kinds and pages of incidents that these decisions show to be over."""
    over = []
    if any(item.action is not None for item in items):
        over.append((HIDE_QUOTA, page_id))
    judged = [item.decision for item in items if item.models and item.decision is not None]
    if judged and not any(failed_classifiers(decision) for decision in judged):
        over.append((CLASSIFIER_FAILED, page_id))
    return over


def failed_classifiers(decision: Decision) -> list[str]:
    """Names of the classifiers that could not judge the comment."""
    return [what.removesuffix(FAILED) for what in decision.degraded if what.endswith(FAILED)]


def urgent_category(policy: Policy, decision: Decision) -> str:
    """The category of which a person has to know at once: one that escalates and is sure enough,
    or one of a hidden comment that policy.toml calls urgent; empty: none, it waits in the queue."""
    rules = [policy.categories[category] for category in decision.categories]
    escalates = decision.verdict is Verdict.ESCALATE
    if escalates:
        sure = (r for r in rules if r.category in ESCALATES and _sure_enough(r, decision))
        told = next(sure, None)
        if told is not None or not decision.hide:
            return told.category.value if told else ""
    elif decision.verdict is not Verdict.HIDE:
        return ""
    # An unsure threat beside it must not silence what is hidden and urgent.
    urgent = (r for r in rules if r.urgent and not (escalates and r.category in ESCALATES))
    return next((r.category.value for r in urgent), "")


def _sure_enough(rule: CategoryPolicy, decision: Decision) -> bool:
    """Does a rule say so, or a model with a score of at least `model_alert`?"""
    least = {RULES: rule.review} | dict.fromkeys(CALIBRATED, rule.model_alert)
    return any(
        signal.category is rule.category and signal.score >= least.get(signal.source, math.inf)
        for signal in decision.signals
    )
