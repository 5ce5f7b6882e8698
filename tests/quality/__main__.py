"""Measures modbot's quality and writes docs/quality.md: `python -m tests.quality`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from classifiers import embedded_beside
from classifiers.embedded import EmbeddedClassifier
from classifiers.rules import RulesClassifier
from modbot.evaluation import LabelRow, read_rows
from modbot.judging import Judge
from modbot.settings import load_config
from tests.benchmarks.bench_judging import ROOT, one_core
from tests.quality.bar_tables import bars_section, missed_bars
from tests.quality.calibration import calibration_section, reliabilities
from tests.quality.cases import Corpus, held_out, read_corpora
from tests.quality.curves import curves, curves_section
from tests.quality.hatecheck import hatecheck_section
from tests.quality.identity import identity_section
from tests.quality.page import NO_DATA, Section, Stamp, rendered, revision
from tests.quality.plots import draw_curves, draw_reliability, plots_can_be_made
from tests.quality.public_sets import choose_sets, compare, public_section
from tests.quality.rivals import RIVALS, Run, run_rival
from tests.quality.speed import speed_section

_NO_MODEL = "Not measured: the rules alone were asked, which give no probabilities."
_NO_SPEED = "Not measured: only rules and weights as they ship are."


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The command line."""

    corpora: Path
    data: Path | None
    rivals: Path | None
    rival_seconds: float
    rules_only: bool
    weights: Path | None
    speed: bool
    out: Path


def main() -> int:
    """Writes the page; says which bars are missed."""
    one_core("tests.quality")
    chosen = _choices()
    rules = RulesClassifier.load(load_config(ROOT / "config").rules_dir)
    model = None if chosen.rules_only else embedded_beside(rules, chosen.weights)
    judge = _judge(rules, model)
    stamp = Stamp(
        command=_command(),
        day=datetime.now(UTC).date(),
        revision=revision(ROOT),
        models=", ".join(f"{name} {version[:32]}" for name, version in judge.models.items()),
    )
    corpora = read_corpora(
        chosen.corpora, judge.judge, judge.policy, model.scores if model else None
    )
    sections = [
        Section(title="Bars", body=bars_section(corpora)),
        Section(
            title="Comments that name a group",
            body=identity_section(corpora, judge.policy.officials_insult),
        ),
        *_model_sections(corpora, judge, chosen, asked=model is not None),
        *_public_sections(model, chosen),
        Section(title="Speed", body=speed_section() if chosen.speed else _NO_SPEED),
    ]
    chosen.out.write_text(rendered(sections, stamp), "utf-8")
    _tell(corpora, chosen.out)
    return 0


def _choices() -> Choices:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--corpora", type=Path, default=ROOT / "tests" / "corpus", metavar="DIR")
    parser.add_argument("--data", type=Path, metavar="DIR", help="holds dev.jsonl.gz")
    parser.add_argument("--rivals", type=Path, metavar="PYTHON", help="that has the libraries")
    parser.add_argument("--rival-seconds", type=float, default=420, help="that each one may take")
    parser.add_argument("--rules-only", action="store_true", help="leave the model out")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="in place of the shipped ones")
    parser.add_argument("--no-speed", dest="speed", action="store_false")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "quality.md", metavar="FILE")
    found = Choices(**vars(parser.parse_args()))
    return replace(found, speed=found.speed and not found.rules_only and found.weights is None)


def _judge(rules: RulesClassifier, model: EmbeddedClassifier | None) -> Judge:
    config = load_config(ROOT / "config")
    return Judge(classifiers=(rules, model) if model else (rules,), policy=config.policy)


def _model_sections(
    corpora: Sequence[Corpus], judge: Judge, chosen: Choices, *, asked: bool
) -> list[Section]:
    titles = "Calibration", "Precision and recall against the threshold"
    if not asked:
        return [Section(title=title, body=_NO_MODEL) for title in titles]
    measured = held_out(corpora) or list(corpora)
    where = ", ".join(corpus.name for corpus in measured)
    bins, lines = reliabilities(measured), curves(measured, judge.policy)
    drawn = plots_can_be_made()
    if drawn:
        folder = chosen.out.parent / "pictures"
        draw_reliability(bins, folder)
        draw_curves(lines, folder)
    return [
        Section(title=titles[0], body=calibration_section(bins, where, drawn=drawn)),
        Section(title=titles[1], body=curves_section(lines, where, drawn=drawn)),
    ]


def _public_sections(model: EmbeddedClassifier | None, chosen: Choices) -> list[Section]:
    titles = "Public data sets, beside other libraries", "HateCheck"
    if model is None or chosen.data is None:
        body = _NO_MODEL if model is None else NO_DATA
        return [Section(title=title, body=body) for title in titles]
    rows = [row for row in read_rows(chosen.data / "dev.jsonl.gz") if isinstance(row, LabelRow)]

    def run(texts: Sequence[str]) -> list[Run]:
        python = chosen.rivals
        if python is None:
            return []
        return [run_rival(each, python, texts, seconds=chosen.rival_seconds) for each in RIVALS]

    compared = compare(choose_sets(rows), model.scores, run)
    return [
        Section(title=titles[0], body=public_section(compared)),
        Section(title=titles[1], body=hatecheck_section(rows, model.scores)),
    ]


def _command() -> str:
    """As it was typed, but for folders, which say something of the machine only."""
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    return " ".join(["python -m tests.quality", *words])


def _tell(corpora: Sequence[Corpus], out: Path) -> None:
    for corpus in corpora:
        missed = missed_bars(corpus)
        sys.stdout.write(f"{corpus.name}: {len(missed)} bars missed\n")
        sys.stdout.writelines(f"  MISSED {name}\n" for name in missed)
    sys.stdout.write(f"written: {out}\n")


if __name__ == "__main__":
    sys.exit(main())
