"""Section 5 of docs/quality.md: the model beside other libraries on public data sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from statistics import fmean
from typing import Final

from modbot.evaluation import POSITIVE, LabelRow, Scorer, auc, average_precision
from tests.quality.markdown import NOTHING, figure, table
from tests.quality.rivals import Rival, Run

RowScores = dict[int, float]  # by the row's place in its set

AT_MOST, FEWEST = 500, 50  # rows a set; rows of each class
SEED: Final = 1
OURS: Final = "modbot"
_INTRO = f"""\
Every set with at least {FEWEST} rows of each class, up to {AT_MOST} rows of it (drawn with a
fixed seed, the classes in the proportion that the set has), each text alone without a post.
`toxicity` decides, or `identity_attack` where a set labels hate only. AUC / average precision;
libraries that answer yes or no have one step. † the library was trained on data of this set.
The model's training data holds other rows of most of these sets (docs/model.md); hatecheck_en
and hatecheck_pt are new to it. Where a library was too slow for the time given, the rows that
it scored are in brackets."""


@dataclass(frozen=True, kw_only=True)
class PublicSet:
    """Rows of one set with the label that is measured."""

    name: str
    lang: str
    label: str
    rows: tuple[LabelRow, ...]

    @property
    def positives(self) -> int:
        return sum(map(self.positive, self.rows))

    def positive(self, row: LabelRow) -> bool:
        return row.labels[self.label] >= POSITIVE


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The sets and what everyone scored: for each name, a dict of row scores a set."""

    sets: tuple[PublicSet, ...]
    scores: Mapping[str, Sequence[RowScores]]
    rivals: tuple[Rival, ...]
    failures: Mapping[str, str]


def choose_sets(rows: Sequence[LabelRow]) -> list[PublicSet]:
    """The sets that can be measured, in a fixed order."""
    by_set: dict[str, list[LabelRow]] = defaultdict(list)
    for row in rows:
        by_set[row.set].append(row)
    return [found for name in sorted(by_set) if (found := _drawn(name, by_set[name]))]


def turns(sets: Sequence[PublicSet]) -> list[tuple[int, int]]:
    """(set, row) of every text, a text of each set in turn: who stops early has seen all sets."""
    columns = [[(n, row) for row in range(len(each.rows))] for n, each in enumerate(sets)]
    return [place for line in zip_longest(*columns) for place in line if place is not None]


def compare(
    sets: Sequence[PublicSet], scorer: Scorer, run: Callable[[Sequence[str]], Sequence[Run]]
) -> Comparison:
    """Everyone's scores; `run` gets the texts in turns."""
    order = turns(sets)
    runs = run([sets[n].rows[row].text for n, row in order])
    ours = [
        dict(enumerate(found[each.label] for found in scorer([row.text for row in each.rows])))
        for each in sets
    ]
    scores: dict[str, Sequence[RowScores]] = {OURS: ours}
    for each in runs:
        placed: list[RowScores] = [{} for _ in sets]
        for index, score in each.scores.items():
            n, row = order[index]
            placed[n][row] = score
        scores[each.rival.name] = placed
    return Comparison(
        sets=tuple(sets),
        scores=scores,
        rivals=tuple(each.rival for each in runs),
        failures={each.rival.name: each.failure for each in runs if each.failure},
    )


def public_section(found: Comparison) -> str:
    """The sets, the means, wins and losses."""
    names = [OURS, *(f"{rival.name} {rival.version}" for rival in found.rivals)]
    parts = [
        _INTRO,
        table(["set", "language", "label", "rows", "positive", *names], _set_rows(found)),
        "Means of the sets' AUC and average precision:",
        table(["language", "sets", "number", *names], _mean_rows(found)),
        _duel_part(found),
        *(f"{name} could not be run: {why}" for name, why in found.failures.items()),
    ]
    return "\n\n".join(parts)


def cases_of(
    each: PublicSet, scores: RowScores, only: RowScores | None = None
) -> list[tuple[float, bool]]:
    """Scores with the truth; of `only` these rows where given."""
    return [
        (score, each.positive(each.rows[row]))
        for row, score in scores.items()
        if only is None or row in only
    ]


def _drawn(name: str, rows: Sequence[LabelRow]) -> PublicSet | None:
    classes = {
        label: {row.labels[label] >= POSITIVE for row in rows if label in row.labels}
        for label in ("toxicity", "identity_attack")
    }
    label = "identity_attack" if len(classes["toxicity"]) < 2 else "toxicity"
    known = [row for row in rows if label in row.labels]
    yes, no = ([r for r in known if (r.labels[label] >= POSITIVE) == is_it] for is_it in (1, 0))
    if min(len(yes), len(no)) < FEWEST:
        return None
    wanted = min(AT_MOST, len(known))
    positives = round(wanted * len(yes) / len(known))
    draw = Random(f"{SEED} {name}")
    chosen = [*draw.sample(yes, positives), *draw.sample(no, wanted - positives)]
    draw.shuffle(chosen)
    return PublicSet(name=name, lang=rows[0].lang, label=label, rows=tuple(chosen))


def _set_rows(found: Comparison) -> Iterator[list[object]]:
    for n, each in enumerate(found.sets):
        cells = [_cell(each, found.scores[OURS][n])]
        for rival in found.rivals:
            mark = " †" if rival.knows(each.name) else ""
            cells.append(_cell(each, found.scores[rival.name][n]) + mark)
        yield [each.name, each.lang, each.label, len(each.rows), each.positives, *cells]


def _cell(each: PublicSet, scores: RowScores) -> str:
    cases = cases_of(each, scores)
    if auc(cases) is None:
        return NOTHING
    partly = f" ({len(scores)})" if len(scores) < len(each.rows) else ""
    return f"{figure(auc(cases))} / {figure(average_precision(cases))}{partly}"


def _mean_rows(found: Comparison) -> Iterator[list[object]]:
    known = {n for n, s in enumerate(found.sets) if any(r.knows(s.name) for r in found.rivals)}
    for lang in ("en", "es", "pt"):
        spoken = [n for n, each in enumerate(found.sets) if each.lang == lang]
        unmarked = [n for n in spoken if n not in known]
        for which, places in (("all", spoken), ("without †", unmarked)):
            if places and (which == "all" or len(unmarked) < len(spoken)):
                cells = [_mean(found, name, places) for name in found.scores]
                yield [lang, which, len(places), *cells]


def _mean(found: Comparison, name: str, places: Sequence[int]) -> str:
    cases = [cases_of(found.sets[n], found.scores[name][n]) for n in places]
    means = []
    for measure in (auc, average_precision):
        values = [value for each in cases if (value := measure(each)) is not None]
        means.append(figure(fmean(values) if values else None))
    return " / ".join(means)


def _duel_part(found: Comparison) -> str:
    if not found.rivals:
        return "No other library was asked; `make quality DATA=DIR` installs and asks them."
    says = (
        "Sets on which modbot's AUC is better or worse than the library's, on the rows that the"
        " library scored:"
    )
    return f"{says}\n\n{table(['library', 'better', 'worse', 'equal'], _duels(found))}"


def _duels(found: Comparison) -> Iterator[list[object]]:
    for rival in found.rivals:
        counts = {"better": 0, "worse": 0, "equal": 0}
        for n, each in enumerate(found.sets):
            theirs = found.scores[rival.name][n]
            a, b = auc(cases_of(each, found.scores[OURS][n], theirs)), auc(cases_of(each, theirs))
            if a is not None and b is not None:
                counts["better" if a > b else "worse" if a < b else "equal"] += 1
        yield [f"{rival.name} {rival.version}", *counts.values()]
