"""Section 3 of docs/quality.md: whether a probability of 0.8 comes true eight times in ten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import CRITICISM, LABELS, POLICY_LABELS, policy_score
from classifiers.training.calibration import HARMLESS_SHARE, realistic_weights
from classifiers.training.written import WrittenComment
from modbot.domain import Verdict
from modbot.evaluation import PolicyRow
from tests.quality.cases import Corpus
from tests.quality.markdown import NOTHING, figure, picture, table

Numbers = NDArray[np.float64]
BINS: Final = 10
ALL: Final = "all"
SHOWN: Final = (ALL, "en", "es")
FEWEST: Final = 5  # positives, to say anything of a label in a language
_POLICY: Final = {policy_score(label): label for label in POLICY_LABELS}  # by their scores
PICTURE: Final = "quality-calibration.svg"
_INTRO = f"""\
Probabilities of the model alone on {{where}}. ECE is the expected calibration error: the mean
distance between the probability given and the share that came true, over {BINS} bins of equal
width, by the rows in each. The corpora hold far more breaches than a school page does, so each
figure stands twice: as measured, and with the harmless rows weighted until they are {
    100 * HARMLESS_SHARE:.0f} %. Labels of toxicity (from the rows' tags; quotations left out) are
measured where the rows have tags. Labels with fewer than {FEWEST} positives in a language are
left out."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Probabilities of one label in one language against what came true, bin by bin."""

    label: str  # as the model names its score
    language: str
    rows: int
    positives: int
    counts: tuple[int, ...]  # rows a bin
    given: tuple[float, ...]  # mean probability a bin, nan where it is empty
    true: tuple[float, ...]  # share that came true
    error: float  # ECE
    true_reweighted: tuple[float, ...]
    given_reweighted: tuple[float, ...]
    error_reweighted: float


def expected_error(
    scores: Numbers, truth: Numbers, weights: Numbers
) -> tuple[float, Numbers, Numbers]:
    """ECE, and the mean score and share that came true of each bin (nan: an empty one)."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    mass, score_mass, true_mass = (
        np.bincount(bins, weights=weights * values, minlength=BINS)
        for values in (np.ones_like(scores), scores, truth)
    )
    with np.errstate(invalid="ignore"):
        given, true = score_mass / mass, true_mass / mass
    error = float(np.abs(score_mass - true_mass).sum() / mass.sum())
    return error, given, true


def reliabilities(corpora: Sequence[Corpus]) -> list[Reliability]:
    """Every label and language that can be measured."""
    pairs = [pair for c in corpora for pair in zip(c.rows, c.scores, strict=True)]
    labels = [*_POLICY, *(LABELS if any(row.tags for row, _ in pairs) else ())]
    found = []
    for label in labels:
        known = [(row, s[label]) for row, s in pairs if not (_by_tag(label) and _quoted(row))]
        for language in SHOWN:
            chosen = [(row, s) for row, s in known if language in (ALL, row.lang)]
            truth = [_truth(row, label) for row, _ in chosen]
            if sum(truth) >= FEWEST:
                found.append(_reliability(label, language, chosen, truth))
    return found


def calibration_section(found: Sequence[Reliability], where: str, *, drawn: bool) -> str:
    """Errors, the picture, and the bins."""
    errors = table(
        ["label", "language", "rows", "positive", "ECE as measured", "ECE reweighted"],
        (
            (r.label, r.language, r.rows, r.positives, figure(r.error), figure(r.error_reweighted))
            for r in found
        ),
    )
    ends = [f"{n / BINS:.1f}–{(n + 1) / BINS:.1f}" for n in range(BINS)]
    bins = [
        f"Share that came true where the model gave this probability, {how}:\n\n"
        + table(["label", "language", *ends], rows)
        for how, rows in (
            ("as measured (rows in brackets)", _measured_rows(found)),
            ("reweighted", _reweighted_rows(found)),
        )
    ]
    says = "Reliability of each label: probability given against the share that came true"
    pictures = [picture(PICTURE, says)] if drawn else []
    return "\n\n".join([_INTRO.format(where=where), errors, *pictures, *bins])


def _measured_rows(found: Sequence[Reliability]) -> Iterator[list[str]]:
    for each in found:
        cells = (
            f"{true:.2f} ({count})" if count else NOTHING
            for true, count in zip(each.true, each.counts, strict=True)
        )
        yield [each.label, each.language, *cells]


def _reweighted_rows(found: Sequence[Reliability]) -> Iterator[list[str]]:
    for each in found:
        cells = (NOTHING if np.isnan(true) else f"{true:.2f}" for true in each.true_reweighted)
        yield [each.label, each.language, *cells]


def _reliability(
    label: str,
    language: str,
    chosen: Sequence[tuple[PolicyRow, float]],
    truth: Sequence[bool],
) -> Reliability:
    scores = np.array([score for _, score in chosen])
    true = np.array(truth, dtype=float)
    harmless = np.array([row.action is Verdict.ALLOW for row, _ in chosen])
    plain = expected_error(scores, true, np.ones_like(scores))
    weighted = expected_error(scores, true, realistic_weights(harmless))
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    return Reliability(
        label=label,
        language=language,
        rows=len(chosen),
        positives=sum(truth),
        counts=tuple(np.bincount(bins, minlength=BINS).tolist()),
        given=tuple(plain[1].tolist()),
        true=tuple(plain[2].tolist()),
        error=plain[0],
        given_reweighted=tuple(weighted[1].tolist()),
        true_reweighted=tuple(weighted[2].tolist()),
        error_reweighted=weighted[0],
    )


def _by_tag(label: str) -> bool:
    return label not in _POLICY


def _quoted(row: PolicyRow) -> bool:
    return "quoted" in row.tags


def _truth(row: PolicyRow, label: str) -> bool:
    asked = _POLICY.get(label)
    if asked == CRITICISM:
        return CRITICISM in row.tags or row.speech == CRITICISM
    breaches = frozenset(category.value for category in row.categories)
    if asked is not None:
        return asked in breaches
    comment = WrittenComment(
        text=row.comment.text,
        post=row.comment.post_text,
        lang=row.lang,
        action=row.action.value,
        breaches=breaches,
        tags=row.tags,
    )
    return comment.label_targets[LABELS.index(label)] >= 0.5
