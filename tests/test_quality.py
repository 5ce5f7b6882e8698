"""What docs/quality.md says, on corpora made by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modbot.domain import Category, Comment, Decision, Evidence, Signal, Verdict
from modbot.evaluation import LabelRow, PolicyRow
from modbot.policy import Policy, decide
from modbot.settings import load_config
from tests.quality import rival_scores
from tests.quality.bar_tables import bars_section, missed_bars
from tests.quality.bars import BARS, language_gap
from tests.quality.calibration import calibration_section, expected_error, reliabilities
from tests.quality.cases import Case, Corpus, read_corpora
from tests.quality.curves import curves, curves_section
from tests.quality.hatecheck import functionalities
from tests.quality.identity import GROUPS, NO_GROUP, by_group, identity_section, mentions
from tests.quality.page import Section, Stamp, rendered
from tests.quality.plots import draw_curves, draw_reliability
from tests.quality.public_sets import AT_MOST, choose_sets, compare, public_section, turns
from tests.quality.rivals import RIVALS, Run, run_rival

ROOT = Path(__file__).parents[1]
ROW: dict[str, Any] = {
    "platform": "x",
    "lang": "en",
    "post": "Bake sale",
    "approved_fundraisers": [],
    "comment": "nice",
    "labels": [],
    "action": "allow",
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_config(ROOT / "config").policy


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
    """0.9 for each category that stands in the text, 0.1 for the others."""
    names = (*(c.value for c in Category), "official_criticism", "toxicity", "identity_attack")
    others = ("obscene", "sexual", "insult")
    return [
        {name: 0.9 if name in text.split() else 0.1 for name in (*names, *others)} for text in texts
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
        comment=Comment.__new__(Comment),
        action=Verdict(action),
        categories=frozenset(map(Category, labels)),
        lang="en",
    )
    return Case(replace(row, **more), Decision(verdict=found, hide=hide))


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
        aspect=list(type(Signal.__dataclass_fields__["aspect"].default))[1],
    )
    (tmp_path / "dev.jsonl").write_text(json.dumps({**ROW, "id": "1"}), "utf-8")
    (found,) = read_corpora(tmp_path, lambda _: [decide([signal], policy)], policy, None)
    assert [found.decisions[mode][0].verdict for mode in ("hide", "review")] == [HIDE, REVIEW]
    assert found.scores == ()


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Proud GAY parent here", "gay, lesbian, bisexual"),
        ("mi hija es autista y feliz", "disabled, autistic"),
        ("¡Arriba las niñas!", "women, girls"),
        ("os brasileiros da escola", "Brazilian, Portuguese"),
        ("black kids deserve this too", "Black"),
        ("orgullo dominicano", "Dominican"),
        ("Ramadán mubarak to all Muslims", "Muslim"),
    ],
)
def test_a_group_is_found_in_all_three_languages(text: str, group: str) -> None:
    assert group in mentions(text)


@pytest.mark.parametrize(
    "text", ["the black shirts for Friday", "gayle is the best", "un pan blanco"]
)
def test_a_colour_or_a_name_is_no_group(text: str) -> None:
    assert mentions(text) == frozenset()


def test_groups_stand_beside_the_comments_that_name_none(tmp_path: Path, policy: Policy) -> None:
    found = corpus(
        tmp_path,
        policy,
        {"comment": "a gay dad offensive"},
        {"comment": "a gay dad"},
        {"comment": "a dad"},
        {"comment": "gay offensive", "labels": ["offensive"], "action": "hide"},
    )
    results = {result.group: result for result in by_group([found], "review")}
    gay, none = results["gay, lesbian, bisexual"], results[NO_GROUP]
    assert (gay.hidden.right, gay.hidden.of, gay.offensive) == (1, 2, pytest.approx(0.5))
    assert (none.hidden.right, none.hidden.of, none.offensive) == (0, 1, pytest.approx(0.1))
    assert len(GROUPS) >= 16
    assert "| gay, lesbian, bisexual | 2 | 50.0 %" in identity_section([found], "review")


def test_the_calibration_error_is_the_mean_distance_weighed_by_the_rows() -> None:
    scores, truth = np.array([0.25, 0.25, 0.95, 0.95]), np.array([0.0, 1.0, 1.0, 1.0])
    error, given, true = expected_error(scores, truth, np.ones(4))
    assert error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)
    assert (given[2], true[2], given[9], true[9]) == pytest.approx((0.25, 0.5, 0.95, 1.0))
    assert np.isnan(given[0]) and np.isnan(true[0])
    # The harmless row alone counts: 0.25 was said and nothing came true.
    assert expected_error(scores, truth, np.array([1.0, 0, 0, 0]))[0] == pytest.approx(0.25)


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


def test_probabilities_are_compared_with_labels_as_measured_and_reweighted(
    tmp_path: Path, policy: Policy
) -> None:
    measured = reliabilities([labelled(tmp_path, policy)])
    found = {(each.label, each.language): each for each in measured}
    sales = found["sales", "en"]
    assert (sales.rows, sales.positives, sales.counts[1], sales.counts[9]) == (10, 6, 4, 6)
    assert sales.error == pytest.approx(0.4 * (0.25 - 0.1) + 0.6 * (0.9 - 5 / 6))
    # 54 harmless rows to the 6 others: each of the four counts 13.5.
    assert sales.true_reweighted[9] == pytest.approx(5 / 18.5)
    assert ("insult", "all") in found and ("sales", "es") not in found
    page = calibration_section(measured, "dev.jsonl", drawn=False)
    assert "| sales | en | 10 | 6 | 0.100 |" in page


def test_a_curve_tells_precision_and_recall_at_the_thresholds_in_force(
    tmp_path: Path, policy: Policy
) -> None:
    changed = replace(policy.categories[Category.SALES], model_review=0.5, model_hide=0.95)
    policy = replace(policy, categories={**policy.categories, Category.SALES: changed})
    (sales,) = curves([labelled(tmp_path, policy)], policy)
    assert sales.category is Category.SALES
    review, hide = sales.in_force["model_review"], sales.in_force["model_hide"]
    assert (review.precision.right, review.precision.of) == (5, 6)
    assert (review.recall.right, review.recall.of) == (5, 6)
    assert (hide.precision.of, hide.recall.right) == (0, 0)
    page = curves_section([sales], "dev.jsonl", drawn=False)
    assert "| sales | 0.5 (model_review) | 83.3 % (5 of 6;" in page


def test_pictures_have_the_same_bytes_again(tmp_path: Path, policy: Policy) -> None:
    pytest.importorskip("matplotlib", reason="make quality installs it")
    rows = labelled(tmp_path / "corpus", policy)
    for folder in (tmp_path / "a", tmp_path / "b"):
        draw_reliability(reliabilities([rows]), folder)
        draw_curves(curves([rows], policy), folder)
    for name in ("quality-calibration.svg", "quality-thresholds.svg"):
        one = (tmp_path / "a" / name).read_bytes()
        assert one == (tmp_path / "b" / name).read_bytes()
        assert b"<dc:date>" not in one


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


def test_a_set_is_measured_where_it_has_both_classes_and_drawn_in_their_proportion() -> None:
    hate = [
        replace(r, labels={**r.labels, "toxicity": 1.0})
        for r in labels("hate", 60, 60, "identity_attack")
    ]
    rows = [*labels("large", 300, 900), *labels("few", 49, 400), *hate, *labels("one", 90, 0)]
    large, only_hate = sorted(choose_sets(rows), key=lambda each: each.name == "hate")
    assert (large.name, len(large.rows), large.positives) == ("large", AT_MOST, 125)
    assert (only_hate.label, len(only_hate.rows), only_hate.positives) == (
        "identity_attack",
        120,
        60,
    )
    assert choose_sets(rows) == choose_sets(rows)


def test_a_slow_rival_has_seen_some_of_every_set() -> None:
    sets = choose_sets([*labels("a", 50, 50), *labels("b", 60, 60)])
    order = turns(sets)
    assert order[:3] == [(0, 0), (1, 0), (0, 1)]
    assert len(set(order)) == len(order) == 220


def test_sets_are_compared_with_marks_means_and_duels() -> None:
    rows = [*labels("jigsaw", 60, 60), *labels("other", 60, 60), *labels("es", 60, 60, lang="es")]
    alt, slow, broken = RIVALS

    def run(texts: Sequence[str]) -> list[Run]:
        backwards = {n: float("toxicity" not in text) for n, text in enumerate(texts)}
        return [
            Run(rival=alt, scores=backwards),
            Run(rival=slow, scores=dict.fromkeys(range(30), 0.0)),
            Run(rival=broken, failure="ImportError: no"),
        ]

    page = public_section(compare(choose_sets(rows), scorer, run))
    assert "| jigsaw | en | toxicity | 120 | 60 | 1.000 / 1.000 | 0.000 / 0.500 † | 0.500" in page
    assert "| other | en | toxicity | 120 | 60 | 1.000 / 1.000 | 0.000 / 0.500 | 0.500" in page
    assert "(10) | – |" in page
    assert "| en | without † | 1 |" in page and "| es | all | 1 |" in page
    assert "| alt-profanity-check 1.9.1 | 3 | 0 | 0 |" in page
    assert "glin-profanity could not be run: ImportError: no" in page


def test_the_makefile_installs_the_rivals_that_the_page_names() -> None:
    line = re.search(r"^RIVAL_LIBRARIES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line is not None
    assert line[1].split() == [f"{rival.name}=={rival.version}" for rival in RIVALS]
    assert list(rival_scores.RIVALS) == [rival.name for rival in RIVALS]


def stand_in(folder: Path, code: str) -> Path:
    """A Python that runs `code` whatever it is asked."""
    script = folder / "python"
    script.write_text(f"#!{sys.executable}\nimport sys, json, time\n{code}\n", "utf-8")
    script.chmod(0o755)
    return script


def test_a_rivals_scores_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    python = stand_in(tmp_path, "print('0 1.0'); print('1 0.25'); print('2 0.', end='')")
    run = run_rival(RIVALS[0], python, ["a", "b", "c"], seconds=10)
    assert (run.scores, run.failure) == ({0: 1.0, 1: 0.25}, "")


def test_a_rival_that_is_not_there_is_named_with_the_reason(tmp_path: Path) -> None:
    assert "No such file" in run_rival(RIVALS[0], tmp_path / "none", [], seconds=1).failure
    python = stand_in(tmp_path, "sys.exit('ModuleNotFoundError: profanity_check')")
    assert run_rival(RIVALS[0], python, [], seconds=1).failure.startswith("ModuleNotFoundError")


def test_hatecheck_is_right_where_the_score_is_on_the_side_of_the_label() -> None:
    def row(text: str, toxic: float, functionality: str) -> LabelRow:
        return LabelRow(
            text=text,
            labels={"toxicity": toxic},
            lang="en",
            set="hatecheck_en",
            functionality=functionality,
        )

    rows = [
        row("toxicity offensive", 1, "slur_h"),
        row("threat", 1, "slur_h"),
        row("toxicity", 0, "slur_nh"),
        row("x", 0, "slur_nh"),
    ]
    total, slur, reclaimed = functionalities(rows, scorer)
    assert (total.name, total.by_toxicity.right, total.by_offensive.right) == ("all", 2, 4)
    assert (total.auc_toxicity, total.auc_offensive) == (0.5, 1.0)
    assert (slur.by_toxicity.right, slur.by_offensive.right, slur.auc_toxicity) == (1, 2, None)
    assert (reclaimed.by_toxicity.right, reclaimed.positives) == (1, 0)


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
