"""Section 6 of docs/quality.md: HateCheck's functional tests, one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.labels import policy_score
from modbot.evaluation import POSITIVE, LabelRow, Scorer, auc
from modbot.intervals import Share
from tests.quality.markdown import figure, rate, table

SETS: Final = ("hatecheck_en", "hatecheck_es", "hatecheck_pt")
TOTAL: Final = "all"
_WORSE: Final = tuple(map(policy_score, ("offensive", "threat")))
_INTRO = """\
HateCheck (P. Röttger and others, ACL 2021) and its Spanish and Portuguese sisters (WOAH 2022)
test one ability a row; names that end in `_nh` are not hateful. Right is the label `toxicity`,
which also counts abuse of persons and of groups that are not protected. Accuracy at 0.5, of the
model's `toxicity` and of the higher of `offensive` and `threat`; AUC of both where a line has
two classes."""


@dataclass(frozen=True, kw_only=True)
class Functionality:
    """One ability in one language."""

    name: str
    positives: int
    by_toxicity: Share
    by_offensive: Share
    auc_toxicity: float | None
    auc_offensive: float | None


def functionalities(rows: Sequence[LabelRow], scorer: Scorer) -> list[Functionality]:
    """One result a functionality, and the total first."""
    scores = scorer([row.text for row in rows])
    found: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    for row, each in zip(rows, scores, strict=True):
        worse = max(each[label] for label in _WORSE)
        case = (each["toxicity"], worse, row.labels["toxicity"] >= POSITIVE)
        found[TOTAL].append(case)
        found[row.functionality].append(case)
    names = sorted(found, key=lambda name: (name != TOTAL, name))
    return [_functionality(name, found[name]) for name in names]


def hatecheck_section(rows: Sequence[LabelRow], scorer: Scorer) -> str:
    """A table a language."""
    parts = [_INTRO]
    columns = [
        "functionality",
        "rows",
        "toxic",
        "right by toxicity",
        "right by offensive or threat",
    ]
    for name in SETS:
        chosen = [row for row in rows if row.set == name and "toxicity" in row.labels]
        if chosen:
            lines = _lines(functionalities(chosen, scorer))
            told = table([*columns, "AUC toxicity", "AUC offensive or threat"], lines)
            parts.append(f"### {name}: {len(chosen):,} rows\n\n{told}")
    return "\n\n".join(parts) if len(parts) > 1 else "The data hold none of " + ", ".join(SETS)


def _lines(found: Sequence[Functionality]) -> Iterator[list[object]]:
    for each in found:
        yield [
            each.name,
            each.by_toxicity.of,
            each.positives,
            rate(each.by_toxicity),
            rate(each.by_offensive),
            figure(each.auc_toxicity),
            figure(each.auc_offensive),
        ]


def _functionality(name: str, cases: Sequence[tuple[float, float, bool]]) -> Functionality:
    by_toxicity = [(score, truth) for score, _, truth in cases]
    by_offensive = [(score, truth) for _, score, truth in cases]
    return Functionality(
        name=name,
        positives=sum(truth for _, truth in by_toxicity),
        by_toxicity=_accuracy(by_toxicity),
        by_offensive=_accuracy(by_offensive),
        auc_toxicity=auc(by_toxicity),
        auc_offensive=auc(by_offensive),
    )


def _accuracy(cases: Sequence[tuple[float, bool]]) -> Share:
    right = sum((score >= POSITIVE) == truth for score, truth in cases)
    return Share(right=right, of=len(cases))
