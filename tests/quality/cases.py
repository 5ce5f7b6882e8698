"""The labelled corpora with what modbot decided on each row, and what its model scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from modbot.domain import Category, Decision, Verdict
from modbot.evaluation import Judge, PolicyRow, read_rows
from modbot.policy import Policy, decide

Mode = Literal["hide", "review"]
Scores = Mapping[str, float]
Scorer = Callable[[Sequence[str], Sequence[str]], Sequence[Scores]]  # of texts under their posts

MODES: tuple[Mode, ...] = ("hide", "review")  # of policy.toml's officials_insult
# At hand when rules and thresholds were made; the other files are for tests only.
SEEN = (
    *("dev.jsonl", "tuning.jsonl", "tuning_disguises.jsonl"),
    *("tuning_harmless.jsonl", "tuning_residents.jsonl"),
)
LANGUAGES = ("en", "es", "pt", "mixed")
_AT_ONCE = 512


class Case(NamedTuple):
    """A labelled row and the decision on it."""

    row: PolicyRow
    decision: Decision


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A file of labelled rows, judged."""

    name: str
    rows: tuple[PolicyRow, ...]
    decisions: Mapping[Mode, tuple[Decision, ...]]
    scores: tuple[Scores, ...] = ()  # of the model, one a row; empty where none was asked

    def cases(self, mode: Mode) -> list[Case]:
        return list(map(Case, self.rows, self.decisions[mode]))


def read_corpora(folder: Path, judge: Judge, policy: Policy, scorer: Scorer | None) -> list[Corpus]:
    """Every .jsonl file of the folder, SEEN first. `judge` must have come to its decisions by
    `policy`; only officials_insult is changed. Raises BadConfig on a bad row."""
    files = sorted(folder.glob("*.jsonl"), key=lambda path: (path.name not in SEEN, path.name))
    return [_judged(path, judge, policy, scorer) for path in files]


def joined(corpora: Sequence[Corpus], name: str) -> Corpus:
    """Several corpora as one."""
    return Corpus(
        name=name,
        rows=tuple(row for corpus in corpora for row in corpus.rows),
        decisions={
            mode: tuple(each for corpus in corpora for each in corpus.decisions[mode])
            for mode in MODES
        },
        scores=tuple(each for corpus in corpora for each in corpus.scores),
    )


def held_out(corpora: Sequence[Corpus]) -> list[Corpus]:
    """The test files: all but those that rules and thresholds were made with."""
    return [corpus for corpus in corpora if corpus.name not in SEEN]


def to_hide(row: PolicyRow) -> bool:
    """Whether the row should not stay visible: a hide, or a threat."""
    return row.action is Verdict.HIDE or Category.THREAT in row.categories


def _judged(path: Path, judge: Judge, policy: Policy, scorer: Scorer | None) -> Corpus:
    rows = tuple(row for row in read_rows(path) if isinstance(row, PolicyRow))
    decided = [each for part in _parts(rows) for each in judge([row.comment for row in part])]
    scores: list[Scores] = []
    for part in _parts(rows) if scorer else ():
        texts, posts = zip(*((r.comment.text, r.comment.post_text) for r in part), strict=True)
        scores.extend(scorer(texts, posts) if scorer else ())
    return Corpus(
        name=path.name,
        rows=rows,
        decisions={mode: tuple(_again(decided, policy, mode)) for mode in MODES},
        scores=tuple(scores),
    )


def _again(decided: Iterable[Decision], policy: Policy, mode: Mode) -> Iterator[Decision]:
    """The same signals under the policy with officials_insult as `mode` says."""
    changed = replace(policy, officials_insult=mode)
    for decision in decided:
        yield decide(decision.signals, changed, degraded=decision.degraded)


def _parts(rows: Sequence[PolicyRow]) -> Iterator[Sequence[PolicyRow]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
