"""`modbot evaluate`: how well the rules and models do on labelled rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import CommandFailed, answer, print_table
from modbot.cli.surroundings import ConfigOption, JsonOption, load

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.judging import Judge
    from modbot.settings import Config

Scorer = Callable[[Sequence[str]], Sequence[Mapping[str, float]]]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE[.gz]", help="Rows as JSON lines.")],
    predictions: Annotated[
        Path | None, typer.Option(metavar="OUT.jsonl", help="Write one answer a row here.")
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(metavar="NAME", help="In place of the configured classifier.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure judgement on labelled rows.

    Insults to officials count as hides here, whatever the policy file says.
    """
    from modbot import evaluation
    from modbot.service import build_judge

    judge = build_judge(_measured(load(ctx, config), classifier))
    report = evaluation.evaluate(
        file, judge=judge.judge, scorer=_scorer(judge), predictions=predictions
    )
    answer(report, as_json=as_json, tell=lambda console: _tell(console, report))


def _measured(config: Config, classifier: str | None) -> Config:
    policy = replace(config.policy, officials_insult="hide")
    settings = config.settings
    if classifier is not None:
        named = settings.classifier.model_copy(update={"name": classifier})
        settings = settings.model_copy(update={"classifier": named})
    return replace(config, policy=policy, settings=settings)


def _scorer(judge: Judge) -> Scorer:
    """Label probabilities of the first classifier that gives any."""
    for classifier in judge.classifiers:
        scores: Scorer | None = getattr(classifier, "scores", None)
        if scores is not None:
            return scores
    return _no_scores


def _no_scores(_texts: Sequence[str]) -> Sequence[Mapping[str, float]]:
    raise CommandFailed("no classifier that is in use gives label probabilities")


def _tell(console: Console, report: dict[str, Any]) -> None:
    if report["kind"] == "labels":
        print_table(
            console,
            f"{report['rows']} rows",
            ("set", "label", "rows", "positives", "AUC", "average precision"),
            (
                (group, label, r["rows"], r["positives"], r["auc"], r["average_precision"])
                for group, labels in report["by_set"].items()
                for label, r in labels.items()
            ),
        )
        return
    parts = [("all", report), *report["by_language"].items()]
    for title, part in parts:
        print_table(
            console,
            f"{title}: {part['rows']} rows, {part['accuracy']:.1%}"
            f" ({_between(part['accuracy_interval'])}) given the right action",
            ("what", "expected", "given", "precision", "95 %", "recall", "95 %", "F1"),
            (
                (
                    name,
                    r["expected"],
                    r["predicted"],
                    *_rate(r, "precision"),
                    *_rate(r, "recall"),
                    r["f1"],
                )
                for table in ("by_action", "by_category")
                for name, r in part[table].items()
            ),
        )


def _rate(part: dict[str, Any], name: str) -> tuple[float | None, str | None]:
    """A share and its interval, as two cells."""
    interval = part[f"{name}_interval"]
    return part[name], interval and _between(interval)


def _between(interval: tuple[float, float]) -> str:
    return "{:.1%} to {:.1%}".format(*interval)
