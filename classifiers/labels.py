"""What a toxicity model scores, and what its scores mean in the policy's categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modbot.domain import Category, Evidence, Signal

LABELS = ("toxicity", "obscene", "sexual", "threat", "insult", "identity_attack")
# What the embedded model's second head scores: the policy's categories and protected speech.
CRITICISM = "official_criticism"
POLICY_LABELS = (*(category.value for category in Category), CRITICISM)


def policy_score(label: str) -> str:
    """The name of a policy label's score: both heads have a label "threat"."""
    return f"policy.{label}"


CATEGORIES: Mapping[str, Category] = {
    "obscene": Category.PROFANITY,
    "sexual": Category.OFFENSIVE,
    "threat": Category.THREAT,
    "insult": Category.OFFENSIVE,
    "identity_attack": Category.OFFENSIVE,
}
FLOOR = 0.5  # probabilities below say nothing worth a manager's time
_SAY_WHAT = ("obscene", "sexual", "insult", "identity_attack")


def category_of(label: str, scores: Mapping[str, float]) -> Category:
    """Toxicity says how bad, not what: it counts for the likeliest of the labels that say that."""
    if label == "toxicity":
        label = max(_SAY_WHAT, key=lambda name: scores.get(name, 0.0))
    return CATEGORIES[label]


def label_signals(source: str, scores: Mapping[str, float], *, floor: float) -> Iterator[Signal]:
    """One signal a label that reaches the floor; evidence.rule names the label."""
    for label, score in scores.items():
        if score >= floor:
            yield Signal(
                source=source,
                category=category_of(label, scores),
                score=round(score, 4),
                evidence=Evidence(rule=label),
            )
