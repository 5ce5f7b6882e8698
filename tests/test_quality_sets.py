"""Public sets and other libraries in docs/quality.md, on rows made by hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from modbot.evaluation import LabelRow
from tests.quality import rival_scores
from tests.quality.hatecheck import functionalities
from tests.quality.public_sets import AT_MOST, choose_sets, compare, public_section, turns
from tests.quality.rivals import RIVALS, Run, run_rival
from tests.quality_rows import labels, scorer

ROOT = Path(__file__).parents[1]


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


def test_without_other_libraries_the_sets_are_measured_alone() -> None:
    page = public_section(compare(choose_sets(labels("other", 60, 60)), scorer, lambda _: []))
    assert "| other | en | toxicity | 120 | 60 | 1.000 / 1.000 |" in page
    assert "No other library was asked" in page


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
