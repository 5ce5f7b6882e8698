"""Rows, judges and scorers made by hand, for the tests of docs/quality.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifiers.labels import LABELS, POLICY_LABELS, policy_score
from modbot.domain import Category, Comment, Decision, Evidence, Signal, Verdict
from modbot.evaluation import LabelRow, PolicyRow
from modbot.policy import Policy, decide
from tests.quality.cases import Case, Corpus, read_corpora

_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
ROW: dict[str, Any] = {
    "platform": "x",
    "lang": "en",
    "post": "Bake sale",
    "approved_fundraisers": [],
    "comment": "nice",
    "labels": [],
    "action": "allow",
}


def judge(policy: Policy) -> Any:
    """A rule hit for each category that stands in the comment: "sales ..." is found as sales."""

    def found(comments: Sequence[Comment]) -> list[Decision]:
        return [
            decide(
                [
                    Signal(
                        source="rules", category=category, score=1.0, evidence=Evidence(rule="r")
                    )
                    for category in Category
                    if category.value in comment.text.split()
                ],
                policy,
            )
            for comment in comments
        ]

    return found


def scorer(texts: Sequence[str], posts: Sequence[str] | None = None) -> list[Mapping[str, float]]:
    """0.9 for each label that stands in the text, of either head, and 0.1 for the others."""
    names = {**{label: label for label in LABELS}, **{policy_score(p): p for p in POLICY_LABELS}}
    return [
        {name: 0.9 if label in text.split() else 0.1 for name, label in names.items()}
        for text in texts
    ]


def corpus(folder: Path, policy: Policy, *rows: Mapping[str, Any], name: str = "dev") -> Corpus:
    lines = [json.dumps({**ROW, "id": str(n), **row}) for n, row in enumerate(rows)]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    found = {c.name: c for c in read_corpora(folder, judge(policy), policy, scorer)}
    return found[f"{name}.jsonl"]


def case(
    action: str, *labels: str, found: Verdict = Verdict.ALLOW, hide: bool = False, **more: Any
) -> Case:
    row = PolicyRow(
        comment=Comment(
            page_id="p", platform="x", id="1", post_id="1", text="", created_at=_SOME_TIME
        ),
        action=Verdict(action),
        categories=frozenset(map(Category, labels)),
        lang="en",
    )
    return Case(replace(row, **more), Decision(verdict=found, hide=hide))


def labelled(tmp_path: Path, policy: Policy) -> Corpus:
    """Six sales of which the model sees five, four harmless rows of which it suspects one."""
    sale = {"labels": ["sales"], "action": "hide", "tags": ["insult"]}
    return corpus(
        tmp_path,
        policy,
        *[{**sale, "comment": "sales"}] * 5,
        {**sale, "comment": "x"},
        {"comment": "sales"},
        *[{"comment": "x"}] * 3,
    )


def labels(
    name: str, yes: int, no: int, label: str = "toxicity", lang: str = "en"
) -> list[LabelRow]:
    return [
        LabelRow(
            text=f"{label} {name} {n}" if n < yes else f"{name} {n}",
            labels={label: float(n < yes)},
            lang=lang,
            set=name,
        )
        for n in range(yes + no)
    ]
