"""`modbot lint`: whether the configuration keeps to what no rule may do."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import answer
from modbot.cli.drawing import draw_bars
from modbot.cli.surroundings import ConfigOption, JsonOption, load
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.fairness import Finding, Report

app = typer.Typer(help="Checks of the configuration.", rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `rules` a command of its own while it is the only one."""


@app.command("rules")
def rules(
    ctx: typer.Context,
    config: ConfigOption = None,
    examples: Annotated[int, typer.Option(min=1, max=10_000, help="How many faults to show.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Refuse rules and thresholds that take sides, trap innocent words or name somebody.

    Exit 0: none does, 1: some do, each named with file and line.
    """
    from modbot import fairness
    from modbot.service import build_judge, build_rule_book
    from modbot.settings import policy_lines

    found = load(ctx, config)
    report = fairness.check_rules(
        build_rule_book(found),
        build_judge(found).judge,
        found.policy,
        fairness.load_examples(found.folder),
        policy_lines(found.folder),
    )
    payload = {
        "ok": not report.refused,
        "rules": report.rules,
        "pairs": report.pairs,
        "innocent_words": report.innocent,
        "findings": [asdict(finding) for finding in report.findings],
    }
    answer(payload, as_json=as_json, tell=lambda console: _tell(console, report, examples))
    if report.refused:
        raise typer.Exit(1)


def _tell(console: Console, report: Report, examples: int) -> None:
    for finding in report.findings[:examples]:
        for line in _lines(finding):
            console.print(line, soft_wrap=True)
    console.print(
        f"{report.rules} rules and every threshold tried on {report.pairs} pairs and"
        f" {report.innocent} innocent words: "
        + (f"{len(report.refused)} refused." if report.refused else "none refused.")
    )
    if report.refused:
        draw_bars(console, "Refused", Counter(f.kind.value for f in report.refused))


def _lines(finding: Finding) -> list[str]:
    more = f" (and {finding.more} more)" if finding.more else ""
    to_know = "" if finding.refused else "to know, not refused: "
    lines = [
        f"{to_know}{one_line(finding.place)}: {one_line(finding.what)}: {finding.kind.value}:"
        f" {one_line(finding.message)}{more}"
    ]
    if finding.other:
        lines.append(f"    {one_line(finding.one)}  <>  {one_line(finding.other)}")
    elif finding.one:
        lines.append(f"    {one_line(finding.one)}")
    return lines
