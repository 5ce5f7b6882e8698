"""Measures judgement on labelled rows: the work behind `modbot evaluate`.

Policy rows (a `comment` with the action a manager would take) give precision and recall; label rows
(a `text` with probabilities) give ranking quality. Nothing is written unless every row is sound.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from modbot.domain import Category, Comment, Decision, Signal, Verdict
from modbot.errors import BadConfig
from modbot.intervals import Share

Judge = Callable[[Sequence[Comment]], Sequence[Decision]]
Scorer = Callable[[Sequence[str]], Sequence[Mapping[str, float]]]
Report = dict[str, Any]

POSITIVE = 0.5  # a label from here on counts as present
_AT_ONCE = 512
_GZIP = b"\x1f\x8b"
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # no rule looks at the age of a comment
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class PolicyRow:
    """A comment under a post, and what a careful manager would do with it."""

    comment: Comment
    action: Verdict
    categories: frozenset[Category]
    lang: str
    evasion: bool = False  # a word is disguised by its spelling
    speech: str = ""  # what kind of protected speech it is or holds: "official_criticism"
    tags: frozenset[str] = frozenset()  # what else is known of it


@dataclass(frozen=True, kw_only=True)
class LabelRow:
    """A text with the labels that are known of it, 0 to 1."""

    text: str
    labels: Mapping[str, float]
    lang: str
    set: str
    functionality: str = ""  # what the row tests, in a set of test cases


def evaluate(
    path: Path, *, judge: Judge, scorer: Scorer, predictions: Path | None = None
) -> Report:
    """The report on a .jsonl or .jsonl.gz file; `predictions` gets one row a row.

    Raises BadConfig with the file and line of the first bad row. Whether an insult to an official
    counts as a hide is the policy that `judge` was made with.
    """
    rows = read_rows(path)
    if predictions is not None and predictions.exists():
        if not predictions.is_file():
            raise BadConfig("not a regular file", file=str(predictions))
        if predictions.samefile(path):
            raise BadConfig("would overwrite the rows that are evaluated", file=str(predictions))
    policy_rows = [row for row in rows if isinstance(row, PolicyRow)]
    label_rows = [row for row in rows if isinstance(row, LabelRow)]
    with _replacing(predictions) as write:
        if policy_rows:
            decisions = _in_parts(judge, [row.comment for row in policy_rows])
            write(map(policy_prediction, policy_rows, decisions))
            return policy_report(policy_rows, decisions)
        scores = _in_parts(scorer, [row.text for row in label_rows])
        write({"line": n, "scores": dict(each)} for n, each in enumerate(scores))
        return label_report(label_rows, scores)


def read_rows(path: Path) -> list[PolicyRow] | list[LabelRow]:
    """All rows of one kind, checked. Raises BadConfig with file and line."""
    policy_rows: list[PolicyRow] = []
    label_rows: list[LabelRow] = []
    seen: set[str] = set()
    for number, line in enumerate(_content(path).splitlines(), 1):
        try:
            row = _parsed(line)
            if "comment" in row:
                policy_rows.append(_policy_row(row, seen))
            else:
                label_rows.append(_label_row(row))
            if policy_rows and label_rows:
                raise ValueError("policy rows and label rows are mixed")
        except ValueError as error:
            raise BadConfig(str(error), file=str(path), line=number) from None
    if not policy_rows and not label_rows:
        raise BadConfig("there are no rows in it", file=str(path))
    return policy_rows or label_rows


def policy_prediction(row: PolicyRow, decision: Decision) -> Report:
    """What was decided on one row, as --predictions writes it."""
    return {
        "id": row.comment.id,
        "action": decision.verdict.value,
        "hide": decision.hide,
        "categories": [category.value for category in decision.categories],
        "signals": [signal_fields(signal) for signal in decision.signals],
    }


def signal_fields(signal: Signal) -> Report:
    """A signal as plain values for JSON."""
    evidence = signal.evidence
    return {
        "source": signal.source,
        "category": signal.category.value,
        "score": signal.score,
        "evidence": {
            "rule": evidence.rule,
            "text": evidence.text,
            "start": evidence.start,
            "end": evidence.end,
            "shares": [
                {"text": s.text, "start": s.start, "end": s.end, "share": s.share}
                for s in evidence.shares
            ],
            **({"note": evidence.note} if evidence.note else {}),
        },
    }


def policy_report(rows: Sequence[PolicyRow], decisions: Sequence[Decision]) -> Report:
    """Precision, recall, F1 and counts by action and category, over all and by language."""
    by_language: dict[str, list[tuple[PolicyRow, Decision]]] = defaultdict(list)
    cases = list(zip(rows, decisions, strict=True))
    for case in cases:
        by_language[case[0].lang].append(case)
    return {
        "kind": "policy",
        **_agreement(cases),
        "by_language": {lang: _agreement(by_language[lang]) for lang in sorted(by_language)},
    }


def label_report(rows: Sequence[LabelRow], scores: Sequence[Mapping[str, float]]) -> Report:
    """AUC and average precision by set and label, and by language and label; null: undefined."""
    by_set: dict[str, dict[str, list[tuple[float, bool]]]] = defaultdict(lambda: defaultdict(list))
    by_language: dict[str, dict[str, list[tuple[float, bool]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    unscored: set[str] = set()
    for row, scored in zip(rows, scores, strict=True):
        for label, value in row.labels.items():
            if label not in scored:
                unscored.add(label)
                continue
            case = (scored[label], value >= POSITIVE)
            by_set[row.set][label].append(case)
            by_language[row.lang][label].append(case)
    return {
        "kind": "labels",
        "rows": len(rows),
        "by_set": _rankings(by_set),
        "by_language": _rankings(by_language),
        "unscored_labels": sorted(unscored),
    }


def auc(cases: Sequence[tuple[float, bool]]) -> float | None:
    """Chance that a positive outscores a negative, a tie counting half. None: one class only."""
    positives = negatives = 0
    area = 0.0
    for hits, misses in _steps(cases):
        area += misses * (positives + hits / 2)
        positives, negatives = positives + hits, negatives + misses
    return area / (positives * negatives) if positives and negatives else None


def average_precision(cases: Sequence[tuple[float, bool]]) -> float | None:
    """Precision at each distinct score, weighed by the recall it adds. None: one class only."""
    total = sum(positive for _, positive in cases)
    if not 0 < total < len(cases):
        return None
    found = seen = 0
    area = 0.0
    for hits, misses in _steps(cases):
        found, seen = found + hits, seen + hits + misses
        area += hits * found / seen
    return area / total


def _steps(cases: Sequence[tuple[float, bool]]) -> Iterator[tuple[int, int]]:
    """Positives and negatives at each distinct score, highest first."""
    counts: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for score, positive in cases:
        counts[score][0 if positive else 1] += 1
    for score in sorted(counts, reverse=True):
        yield counts[score][0], counts[score][1]


def _rankings(groups: Mapping[str, Mapping[str, Sequence[tuple[float, bool]]]]) -> Report:
    return {
        group: {
            label: {
                "rows": len(cases),
                "positives": sum(positive for _, positive in cases),
                "auc": auc(cases),
                "average_precision": average_precision(cases),
            }
            for label, cases in sorted(groups[group].items())
        }
        for group in sorted(groups)
    }


def _agreement(cases: Sequence[tuple[PolicyRow, Decision]]) -> Report:
    expected = [row.action for row, _ in cases]
    given = [decision.verdict for _, decision in cases]
    confusion = {e.value: {g.value: 0 for g in Verdict} for e in Verdict}
    for e, g in zip(expected, given, strict=True):
        confusion[e.value][g.value] += 1
    right = Share(right=sum(map(Verdict.__eq__, expected, given)), of=len(cases))
    return {
        "rows": len(cases),
        "accuracy": right.value,
        "accuracy_interval": right.interval,
        "by_action": {
            verdict.value: _precision_recall(
                [e is verdict for e in expected], [g is verdict for g in given]
            )
            for verdict in Verdict
        },
        "by_category": {
            category.value: _precision_recall(
                [category in row.categories for row, _ in cases],
                [category in decision.categories for _, decision in cases],
            )
            for category in Category
        },
        "confusion": confusion,
    }


def _precision_recall(expected: Sequence[bool], given: Sequence[bool]) -> Report:
    both = sum(e and g for e, g in zip(expected, given, strict=True))
    wanted, found = sum(expected), sum(given)
    return {
        "expected": wanted,
        "predicted": found,
        "correct": both,
        **_with_interval("precision", Share(right=both, of=found)),
        **_with_interval("recall", Share(right=both, of=wanted)),
        "f1": 2 * both / (wanted + found) if wanted + found else None,
    }


def _with_interval(name: str, share: Share) -> Report:
    """The share and its 95 % interval; null and null for one of nothing."""
    return {name: share.value, f"{name}_interval": share.interval if share.of else None}


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (OSError, EOFError, zlib.error) as error:
        raise BadConfig(f"cannot be read: {error}", file=str(path)) from error


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return row


def _policy_row(row: Mapping[str, Any], seen: set[str]) -> PolicyRow:
    identity = _field(row, "id", str)
    if identity in seen:
        raise ValueError(f"id {identity!r} was there before")
    seen.add(identity)
    labels = _strings(row, "labels")
    return PolicyRow(
        comment=Comment(
            page_id="evaluation",
            platform=_field({"platform": "", **row}, "platform", str),
            id=identity,
            post_id=identity,
            text=_field(row, "comment", str),
            created_at=_SOME_TIME,
            post_text=_field(row, "post", str),
            approved_fundraisers=tuple(_strings(row, "approved_fundraisers")),
        ),
        action=Verdict(_one_of("action", _field(row, "action", str), Verdict)),
        categories=frozenset(Category(_one_of("labels", label, Category)) for label in labels),
        lang=_field(row, "lang", str),
        evasion=_field({"evasion": False, **row}, "evasion", bool),
        speech=_field({"speech": "", **row}, "speech", str),
        tags=frozenset(_strings({"tags": [], **row}, "tags")),
    )


def _label_row(row: Mapping[str, Any]) -> LabelRow:
    labels = _field(row, "labels", dict)
    for label, value in labels.items():
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise ValueError(f"labels: {label} is {value!r}, not a number from 0 to 1")
    return LabelRow(
        text=_field(row, "text", str),
        labels=labels,
        lang=_field(row, "lang", str),
        set=_field(row, "set", str),
        functionality=_field({"functionality": "", **row}, "functionality", str),
    )


def _field(row: Mapping[str, Any], key: str, kind: type[_Item]) -> _Item:
    if key not in row:
        raise ValueError(f"{key} is missing")
    value = row[key]
    if not isinstance(value, kind):
        raise ValueError(f"{key} is not {_JSON_NAMES[kind]}")
    return value


_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def _strings(row: Mapping[str, Any], key: str) -> list[str]:
    values = _field(row, key, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} is not a list of strings")
    return values


def _one_of(key: str, value: str, kind: Iterable[str]) -> str:
    known = [str(each) for each in kind]
    if value not in known:
        raise ValueError(f"{key}: {value!r} is none of {', '.join(known)}")
    return value


def _in_parts(
    work: Callable[[Sequence[_Item]], Sequence[_Result]], items: Sequence[_Item]
) -> list[_Result]:
    results: list[_Result] = []
    for start in range(0, len(items), _AT_ONCE):
        results.extend(work(items[start : start + _AT_ONCE]))
    return results


@contextmanager
def _replacing(path: Path | None) -> Iterator[Callable[[Iterable[Report]], None]]:
    """Takes rows for a file that replaces `path` only when all went well."""
    if path is None:
        yield lambda _rows: None
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")

    def write(rows: Iterable[Report]) -> None:
        with _naming(path), partial.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)

    with _naming(path):
        partial.touch()  # better to fail now than after the judging
    try:
        yield write
        with _naming(path):
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns an OSError into a BadConfig about `path`."""
    try:
        yield
    except OSError as error:
        raise BadConfig(f"cannot be written: {error}", file=str(path)) from error
