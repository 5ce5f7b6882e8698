"""How well the rules do on labelled cases, alone and with the model, and on cases for tests.

Alone, rules need not find every insult, threat or cry for help: the model does. But what they hide
or escalate on their own word must be right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from classifiers.rules import RulesClassifier
from modbot.domain import Category, Comment, Decision, Verdict
from modbot.policy import Policy, decide
from modbot.service import build_judge
from modbot.settings import load_config

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus" / "dev.jsonl"
CASES = ROOT / "tests" / "classifiers" / "rules_cases.txt"
CRITICISM = ROOT / "tests" / "classifiers" / "criticism.txt"
ACTIONS = ("allow", "review", "hide", "escalate")
FOR_THE_MODEL = (Category.OFFENSIVE, Category.THREAT, Category.CRISIS)  # most of it


@pytest.fixture(scope="module")
def rules() -> RulesClassifier:
    return RulesClassifier.load(ROOT / "config" / "rules")


@pytest.fixture(scope="module")
def policy() -> Policy:
    # As the corpus is labelled.
    return replace(load_config(ROOT / "config").policy, officials_insult="hide")


def comment(text: str, post: str, approved: tuple[str, ...] = ()) -> Comment:
    return Comment(
        page_id="facebook:1",
        platform="facebook",
        id="1",
        post_id="1",
        text=text,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        post_text=post,
        approved_fundraisers=approved,
    )


def labelled() -> tuple[list[dict[str, Any]], list[Comment]]:
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return rows, [
        comment(row["comment"], row["post"], tuple(row["approved_fundraisers"])) for row in rows
    ]


def whole_line(
    comments: Sequence[Comment], *, officials_insult: Literal["hide", "review"]
) -> list[Decision]:
    """Rules, model and shipped policy together, as `modbot evaluate` runs them."""
    config = load_config(ROOT / "config")
    policy = replace(config.policy, officials_insult=officials_insult)
    return build_judge(replace(config, policy=policy)).judge(comments)


@pytest.fixture(scope="module")
def judged(rules: RulesClassifier, policy: Policy) -> list[tuple[dict[str, object], Decision]]:
    rows, comments = labelled()
    return [
        (row, decide(signals, policy))
        for row, signals in zip(rows, rules.classify(comments), strict=True)
    ]


def test_nothing_that_should_stay_is_hidden(
    judged: list[tuple[dict[str, object], Decision]],
) -> None:
    assert [
        row["id"] for row, decision in judged if row["action"] == "allow" and decision.hide
    ] == []


def test_a_cry_for_help_stays_up_and_a_threat_does_not(
    judged: list[tuple[dict[str, object], Decision]],
) -> None:
    for row, decision in judged:
        if row["action"] == "escalate" == decision.verdict:
            assert decision.hide == ("threat" in row["labels"]), row["id"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("action", "precision", "recall"),
    [
        ("allow", 0.82, 0.99),  # half the personal cases and many offers are for the model
        ("review", 0.75, 0.45),
        ("hide", 0.98, 0.86),
        ("escalate", 0.98, 0.75),
    ],
)
def test_each_action_keeps_its_floor(
    judged: list[tuple[dict[str, object], Decision]],
    action: str,
    precision: float,
    recall: float,
) -> None:
    wanted = Counter(row["action"] for row, _ in judged)
    given = Counter(decision.verdict.value for _, decision in judged)
    right = sum(row["action"] == action == decision.verdict for row, decision in judged)
    assert right / given[action] >= precision
    assert right / wanted[action] >= recall


@pytest.mark.parametrize("language", ["en", "es", "pt", "mixed"])
def test_no_language_lags_behind(
    judged: list[tuple[dict[str, object], Decision]], language: str
) -> None:
    rows = [(row, decision) for row, decision in judged if row["lang"] == language]
    right = sum(row["action"] == decision.verdict for row, decision in rows)
    assert right / len(rows) >= 0.84


@pytest.mark.parametrize("category", list(Category))
def test_each_category_keeps_its_floor(
    judged: list[tuple[dict[str, object], Decision]], category: Category
) -> None:
    wanted = {row["id"] for row, _ in judged if category.value in row["labels"]}  # type: ignore[operator]
    found = {row["id"] for row, decision in judged if category in decision.categories}
    assert len(wanted & found) / len(found) >= (0.95 if category in FOR_THE_MODEL else 0.85)
    floors = {Category.PERSONAL_ISSUE: 0.45, Category.SALES: 0.88}
    floor = 0.75 if category in FOR_THE_MODEL else 0.92
    assert len(wanted & found) / len(wanted) >= floors.get(category, floor)


def cases() -> list[tuple[str, str, str]]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    return [
        (verdict, post, text)
        for verdict, post, text in (line.split("|", 2) for line in lines if line[:1] != "#")
    ]


# What rules alone must reach; the rest is for the model. What stays, what is urgent and what has a
# rule of its own (hide!) is exact.
@pytest.mark.parametrize(
    ("wanted", "share"),
    [("allow", 1.0), ("escalate", 1.0), ("hide", 0.88), ("hide!", 1.0), ("review", 0.7)],
)
def test_the_written_cases_get_the_verdict_a_careful_manager_would_give(
    rules: RulesClassifier, policy: Policy, wanted: str, share: float
) -> None:
    rows = [(post, text) for verdict, post, text in cases() if verdict in (wanted, f"{wanted}!")]
    signals = rules.classify([comment(text, post) for post, text in rows])
    wrong = [
        (text, decision.verdict.value)
        for (_, text), decision in zip(rows, (decide(s, policy) for s in signals), strict=True)
        if decision.verdict != wanted.removesuffix("!")
    ]
    assert 1 - len(wrong) / len(rows) >= share, wrong
    if not wanted.startswith("hide"):
        assert [text for text, verdict in wrong if verdict == "hide"] == []


def test_the_whole_line_keeps_its_floors() -> None:
    rows, comments = labelled()
    decisions = whole_line(comments, officials_insult="hide")
    pairs = list(zip(rows, decisions, strict=True))
    hidden_but_fine = [row["id"] for row, d in pairs if d.hide and row["action"] == "allow"]
    urgent_and_missed = [
        row["id"]
        for row, d in pairs
        if row["action"] == "escalate" and d.verdict is not Verdict.ESCALATE
    ]
    assert hidden_but_fine == []
    assert len(urgent_and_missed) <= 1
    assert sum(row["action"] == d.verdict for row, d in pairs) / len(pairs) >= 0.85
    hidden = [row["action"] in ("hide", "escalate") for row, d in pairs if d.hide]
    assert sum(hidden) / len(hidden) >= 0.98


@pytest.mark.parametrize(
    "text",
    [
        "coger el bus a las siete",
        "voy a coger el tren",
        "coge el bus 5 y te bajas frente a la escuela",
        "hay que coger el tren temprano mañana",
        "vamos a coger clases de inglés",
        "van a coger el salón 12",
        "hay que coger turno",
        "Pinga is Pingu's sister",
        "o teto pinga na sala quando chove",
    ],
)
def test_neither_rules_nor_model_take_an_innocent_sense_for_another(text: str) -> None:
    (decision,) = whole_line([comment(text, "")], officials_insult="review")
    assert decision.verdict is Verdict.ALLOW


def test_an_innocent_sense_clears_nothing_beside_it() -> None:
    (decision,) = whole_line(
        [comment("voy a coger la guagua y te voy a matar", "")], officials_insult="review"
    )
    assert decision.verdict is Verdict.ESCALATE and decision.hide


@pytest.mark.parametrize("officials_insult", ["hide", "review"])
def test_criticism_is_never_hidden(officials_insult: Literal["hide", "review"]) -> None:
    lines = CRITICISM.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("|", 1) for line in lines if not line.startswith("#")]
    decisions = whole_line(
        [comment(text, post) for post, text in pairs], officials_insult=officials_insult
    )
    stopped = [text for (_, text), d in zip(pairs, decisions, strict=True) if d.hide]
    escalated = [
        text for (_, text), d in zip(pairs, decisions, strict=True) if d.verdict is Verdict.ESCALATE
    ]
    assert len(pairs) >= 60
    assert (stopped, escalated) == ([], [])
    assert sum(d.verdict is Verdict.ALLOW for d in decisions) / len(pairs) >= 0.95


HARMLESS = """
Coach is built like a tank and sings like an angel
Con esa voz va a llegar lejos, tremenda cantante
Con esa cara de felicidad lo dice todo
Esa barriga de embarazada, felicidades maestra!
El gordo de Navidad lo ganó la clase
Fuerza bruta no, técnica
Take the boat back at 4 from Thompson Island
She couldn't even speak English last year and now she is valedictorian
EBT kids eat free at the Y
These dorks built a robot
Los boricuas hicieron la mejor bulla
Ugliest sweater wins a prize
Los de Guatemala llegaron con marimba
Our chess players are multiplying like rabbits!
Kids can't tie their shoes in K, it's normal
The camp has more beds than kids
Mr. Potato Head, cara de papa jaja
"""


def test_what_the_model_alone_might_take_for_contempt_stays_up() -> None:
    texts = HARMLESS.strip().splitlines()
    decisions = whole_line([comment(text, "") for text in texts], officials_insult="hide")
    assert [text for text, d in zip(texts, decisions, strict=True) if d.hide] == []
