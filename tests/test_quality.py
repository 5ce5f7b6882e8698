"""The bars of docs/quality.md, and the page, on corpora made by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from modbot.domain import Aspect, Category, Evidence, Signal, Verdict
from modbot.policy import Policy, decide
from modbot.settings import load_config
from tests.quality.bar_tables import bars_section, missed_bars
from tests.quality.bars import BARS, language_gap
from tests.quality.cases import Case, read_corpora
from tests.quality.page import Section, Stamp, rendered
from tests.quality_rows import ROW, case, corpus

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_config(ROOT / "config").policy


ALLOW, REVIEW, HIDE, ESCALATE = Verdict
CRITICISM = {"speech": "official_criticism"}
# Each bar by its place, the cases, and what of how many counts.
MEASURED = [
    pytest.param(
        0,
        [
            case("allow", found=HIDE, hide=True),
            case("allow"),
            case("allow", found=REVIEW),
            case("hide", "sales", found=HIDE, hide=True),
        ],
        (1, 3),
        id="harmless and hidden",
    ),
    pytest.param(
        1,
        [
            case("allow", found=REVIEW),
            case("allow", found=ESCALATE, hide=True),
            case("allow", found=HIDE, hide=True),
            case("allow"),
            case("review", "off_topic", found=REVIEW),
        ],
        (2, 4),
        id="harmless and before a person",
    ),
    pytest.param(
        2,
        [
            case("hide", "sales", found=HIDE, hide=True),
            case("hide", "sales", found=REVIEW),
            case("escalate", "threat", found=ESCALATE, hide=True),
            case("escalate", "crisis", found=ESCALATE),
            case("review", "personal_issue"),
        ],
        (2, 3),
        id="a threat is to hide, a cry for help is not",
    ),
    pytest.param(
        3,
        [
            case("hide", "sales", found=REVIEW),
            case("hide", "sales"),
            case("escalate", "threat", found=HIDE, hide=True),
        ],
        (2, 3),
        id="hidden or before a person",
    ),
    pytest.param(
        4,
        [
            case("hide", "sales", found=HIDE, hide=True),
            case("escalate", "threat", found=ESCALATE, hide=True),
            case("escalate", "crisis", found=HIDE, hide=True),
            case("review", "profanity", found=HIDE, hide=True),
            case("allow", found=REVIEW),
        ],
        (2, 4),
        id="precision of hides",
    ),
    pytest.param(
        5,
        [
            case("escalate", "threat", found=HIDE, hide=True),
            case("escalate", "crisis", found=ESCALATE),
            case("hide", "sales", found=ESCALATE),
        ],
        (1, 2),
        id="urgent",
    ),
    pytest.param(
        6,
        [
            case("hide", "profanity", found=HIDE, hide=True, evasion=True),
            case("hide", "profanity", tags=frozenset({"evasion"})),
            case("review", "profanity", evasion=True),
            case("hide", "sales", evasion=True),
            case("hide", "profanity"),
        ],
        (1, 2),
        id="disguised profanity",
    ),
    pytest.param(
        7,
        [
            case("review", "personal_issue", found=REVIEW),
            case("hide", "personal_issue", "privacy", found=HIDE, hide=True),
            case("review", "personal_issue"),
        ],
        (2, 3),
        id="personal issues",
    ),
    pytest.param(
        8,
        [
            case("hide", "sales", found=HIDE, hide=True),
            case("hide", "sales", found=REVIEW),
            case("review", "sales", found=REVIEW),
        ],
        (1, 2),
        id="sales",
    ),
    pytest.param(
        9,
        [
            case("allow", found=HIDE, hide=True, **CRITICISM),
            case("allow", tags=frozenset({"official_criticism"})),
            case("hide", "profanity", found=HIDE, hide=True, **CRITICISM),
            case("allow", found=HIDE, hide=True),
        ],
        (1, 2),
        id="criticism",
    ),
]


def test_every_bar_is_tried() -> None:
    assert [param.values[0] for param in MEASURED] == list(range(len(BARS)))


@pytest.mark.parametrize(("place", "cases", "counts"), MEASURED)
def test_a_bar_counts_what_it_says(place: int, cases: list[Case], counts: tuple[int, int]) -> None:
    share = BARS[place].measure(cases)
    assert (share.right, share.of) == counts


def test_a_bar_is_met_at_its_own_value_and_open_without_rows() -> None:
    at_most, at_least = BARS[0], BARS[2]
    hides = [case("allow", found=HIDE, hide=True), *[case("allow")] * 99]
    assert at_most.met(at_most.measure(hides)) is True
    assert at_most.met(at_most.measure(hides[:-1])) is False
    found = [*[case("hide", "sales", found=HIDE, hide=True)] * 9, case("hide", "sales")]
    assert at_least.met(at_least.measure(found)) is True
    assert at_least.met(at_least.measure(found[1:])) is False
    assert at_least.met(at_least.measure([])) is None


def by_language(es: tuple[int, int], en: tuple[int, int]) -> list[Case]:
    return [
        case("hide", "sales", hide=n < right, lang=lang)
        for lang, (right, of) in {"es": es, "en": en}.items()
        for n in range(of)
    ]


def test_spanish_may_fall_three_points_short_of_english() -> None:
    gap = language_gap(by_language((97, 100), (100, 100)))
    assert gap is not None and gap.met
    behind = language_gap(by_language((96, 100), (100, 100)))
    assert behind is not None and not behind.met
    assert language_gap(by_language((0, 0), (1, 1))) is None


def test_the_interval_of_the_gap_is_newcombes() -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 873, table II, (a) by method 10."""
    gap = language_gap(by_language((56, 70), (48, 80)))
    assert gap is not None
    assert gap.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_missed_bar_is_printed_as_missed_and_a_met_one_as_met(
    tmp_path: Path, policy: Policy
) -> None:
    found = corpus(
        tmp_path,
        policy,
        {"comment": "sales here", "labels": ["sales"], "action": "hide"},
        {"comment": "profanity here"},
        {"comment": "hello"},
    )
    page = bars_section([found])
    assert "| harmless: hidden | ≤ 1 % | 50.0 % (1 of 2; 9.5–90.5) **MISSED** |" in page
    assert "| sales: hidden | ≥ 90 % | 100.0 % (1 of 1; 20.7–100.0) met |" in page
    assert "| criticism of officials without a breach to hide: hidden | ≤ 0 % | no rows |" in page
    assert 'harmless: hidden (officials_insult "hide")' in missed_bars(found)
    assert not any(name.startswith("sales") for name in missed_bars(found))


def test_test_files_stand_alone_and_together(tmp_path: Path, policy: Policy) -> None:
    names = ("dev", "test_a", "test_b")
    files = [corpus(tmp_path, policy, {}, {}, name=name) for name in names]
    titles = re.findall("^### (.*)$", bars_section(files), re.MULTILINE)
    assert titles == [
        "dev.jsonl: 2 rows",
        "test_a.jsonl: 2 rows",
        "test_b.jsonl: 2 rows",
        "All test files together: 4 rows",
    ]
    assert "There is no test file yet" in bars_section(files[:1])


def test_an_insult_to_an_official_is_a_hide_or_a_review(tmp_path: Path, policy: Policy) -> None:
    signal = Signal(
        source="rules",
        category=Category.OFFENSIVE,
        score=1.0,
        evidence=Evidence(rule="r"),
        aspect=Aspect.OFFICIAL,
    )
    (tmp_path / "dev.jsonl").write_text(json.dumps({**ROW, "id": "1"}), "utf-8")
    (found,) = read_corpora(tmp_path, lambda _: [decide([signal], policy)], policy, None)
    assert [found.decisions[mode][0].verdict for mode in ("hide", "review")] == [HIDE, REVIEW]
    assert found.scores == ()


def test_the_page_says_how_when_and_on_what_it_was_measured() -> None:
    stamp = Stamp(
        command="python -m tests.quality", day=date(2026, 1, 2), revision="abc", models="rules 1"
    )
    page = rendered([Section(title="Bars", body="one"), Section(title="Speed", body="two")], stamp)
    assert (
        "Measured on 2026-01-02 at revision abc by `python -m tests.quality`, with rules 1" in page
    )
    assert page.index("## 1. Bars\n\none") < page.index("## 2. Speed\n\ntwo")


def test_a_page_is_written_from_a_tiny_corpus(tmp_path: Path) -> None:
    rows = [
        {**ROW, "id": "1", "comment": "what the fuck", "labels": ["profanity"], "action": "hide"},
        {**ROW, "id": "2", "comment": "have a good day", "labels": ["sales"], "action": "hide"},
        {**ROW, "id": "3", "comment": "see you at the game"},
    ]
    (tmp_path / "test_a.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    out = tmp_path / "quality.md"
    command = [sys.executable, "-m", "tests.quality", "--corpora", str(tmp_path), "--rules-only"]
    ran = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    page = out.read_text("utf-8")
    assert "| to hide: hidden | ≥ 90 % | 50.0 % (1 of 2; 9.5–90.5) **MISSED** |" in page
    assert "  MISSED sales: hidden (officials_insult" in ran.stdout
    assert str(tmp_path) not in page
    titles = re.findall(r"^## \d\. (.*)$", page, re.MULTILINE)
    assert len(titles) == 7
