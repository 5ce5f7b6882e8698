"""Section 4 of docs/quality.md: precision and recall of the model against its threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.labels import policy_score
from modbot.domain import Category
from modbot.intervals import Share
from modbot.policy import NEVER, Policy
from tests.quality.cases import Corpus, to_hide
from tests.quality.markdown import picture, rate, table

GRID: Final = tuple(n / 200 for n in range(2, 200))
TOLD: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
PICTURE: Final = "quality-thresholds.svg"
_INTRO = """\
The model alone, on {where}, for the categories that the policy lets the bot hide. A comment is
rightly picked when it carries the category and is to be hidden; what a person should judge
counts as wrong, so of a threshold that only sends to review the precision is better than it
looks. Thresholds in force are those of `config/policy.toml`; 1.0, which means never, is not
drawn."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one threshold picks out."""

    threshold: float
    precision: Share
    recall: Share


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Precision and recall of a category over the thresholds."""

    category: Category
    points: tuple[Point, ...]  # at GRID
    told: tuple[Point, ...]  # at TOLD
    in_force: Mapping[str, Point]  # by the key of policy.toml


def curves(corpora: Sequence[Corpus], policy: Policy) -> list[Curve]:
    """One a category that may be hidden and that the rows hold."""
    found = []
    for category, rule in policy.categories.items():
        cases = list(_scored(corpora, category))
        if not rule.may_hide or not any(right for _, right in cases):
            continue
        keys = {"model_review": rule.model_review, "model_hide": rule.model_hide}
        found.append(
            Curve(
                category=category,
                points=tuple(_point(cases, threshold) for threshold in GRID),
                told=tuple(_point(cases, threshold) for threshold in TOLD),
                in_force={k: _point(cases, v) for k, v in keys.items() if v < NEVER},
            )
        )
    return found


def curves_section(found: Sequence[Curve], where: str, *, drawn: bool) -> str:
    """The picture and a table."""
    says = "Precision and recall of each category against the model's threshold"
    parts = [_INTRO.format(where=where), *([picture(PICTURE, says)] if drawn else [])]
    columns = ["category", "threshold", "precision", "recall"]
    return "\n\n".join([*parts, table(columns, _rows(found))])


def _rows(found: Sequence[Curve]) -> Iterator[list[str]]:
    for curve in found:
        named = [(f"{p.threshold:g} ({key})", p) for key, p in curve.in_force.items()]
        points = [(f"{point.threshold:g}", point) for point in curve.told]
        for name, point in [*points, *named]:
            yield [curve.category.value, name, rate(point.precision), rate(point.recall)]


def _scored(corpora: Sequence[Corpus], category: Category) -> Iterator[tuple[float, bool]]:
    for corpus in corpora:
        for row, scores in zip(corpus.rows, corpus.scores, strict=True):
            yield scores[policy_score(category.value)], category in row.categories and to_hide(row)


def _point(cases: Sequence[tuple[float, bool]], threshold: float) -> Point:
    picked = [right for score, right in cases if score >= threshold]
    return Point(
        threshold=threshold,
        precision=Share(right=sum(picked), of=len(picked)),
        recall=Share(right=sum(picked), of=sum(right for _, right in cases)),
    )
