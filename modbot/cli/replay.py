"""`modbot replay`: the stored history under a changed configuration, before it is in force."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer, complain, print_table
from modbot.cli.drawing import draw_bars
from modbot.cli.record import open_record
from modbot.cli.surroundings import ConfigOption, JsonOption, load, parse_day, registered

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.replay import Example, Report
    from modbot.settings import Config
    from modbot.settings.sections import DatabaseSection

_TITLES = {
    "newly_hidden": "Newly hidden",
    "newly_shown": "Newly shown",
    "newly_reviewed": "Newly for a person to look at",
    "newly_escalated": "Newly for a person at once",
    "newly_allowed": "Newly without a breach",
    "changed_verdict": "Changed verdict",
}
_COLUMNS = ("comment", "page", "language", "words", "then", "now", "reason then", "reason now")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("replay")(replay)


def replay(
    ctx: typer.Context,
    config: ConfigOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="First seen on or after this day.")
    ] = None,
    page: Annotated[str | None, typer.Option(help="Only this page.")] = None,
    examples: Annotated[int, typer.Option(min=0, max=1000, help="How many of each kind.")] = 5,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 1 if what a reviewer left up would be newly hidden."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge the stored history under the configuration in --config; nothing is changed.

    The database is that of the configuration in force (before the command, or MODBOT_CONFIG),
    else that of the folder given.
    """
    changed = load(ctx, config)
    report = _replayed(_database_of(ctx, changed), changed, parse_day(since), page, examples)
    if report.failed:
        complain(f"a classifier failed on {report.failed} texts; they count as for a person")
    answer(_payload(changed, report), as_json=as_json, tell=lambda console: _tell(console, report))
    if strict and report.guarded_total:
        raise typer.Exit(1)


def _replayed(
    database: DatabaseSection,
    changed: Config,
    since: datetime | None,
    page: str | None,
    examples: int,
) -> Report:
    from modbot import replay as work
    from modbot import store
    from modbot.service import build_judge

    judge = build_judge(changed)
    with open_record(database) as opened:
        with opened.read() as s:
            chosen = None if page is None else registered(s, page).id
            total = store.count_past(s, page=chosen, since=since)
        with _progress(total) as advance:
            return work.replay(
                opened,
                judge.judge,
                page=chosen,
                since=since,
                examples=examples,
                progress=advance,
            )


def _database_of(ctx: typer.Context, changed: Config) -> DatabaseSection:
    """A changed folder is mostly a copy elsewhere: the history is where the service has it."""
    in_force = ctx.find_root().obj or os.environ.get("MODBOT_CONFIG")
    found = load(ctx, None) if in_force else changed
    return found.settings.database


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while somebody watches, else nothing."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (TextColumn("Judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task("", total=total)
        yield lambda number: bars.advance(task, number)


def _payload(config: Config, report: Report) -> dict[str, Any]:
    return {
        "config_sha256": config.sha256,
        "judged": report.judged,
        "unchanged": report.unchanged,
        "never_judged": report.never_judged,
        "withheld": report.withheld,
        "failed": report.failed,
        "by_language": dict(report.by_language),
        "verdicts": [
            {"then": old, "now": new, "texts": number}
            for (old, new), number in sorted(report.verdicts.items())
        ],
        **{
            shift.value: {
                "total": counts.total,
                "by_category": dict(counts.by_category),
                "by_page": dict(counts.by_page),
                "by_language": dict(counts.by_language),
                "examples": [asdict(example) for example in report.examples[shift]],
            }
            for shift, counts in report.shifts.items()
        },
        "hidden_against_a_reviewer": {
            "total": report.guarded_total,
            "texts": [asdict(example) for example in report.guarded],
        },
        "still_hidden_against_a_reviewer": report.still_hidden,
    }


def _tell(console: Console, report: Report) -> None:
    console.print(
        f"{report.judged} texts judged anew; {report.unchanged} come out as they were decided."
    )
    for number, what in (
        (report.never_judged, "never had a decision and are not compared"),
        (report.withheld, "would be hidden but for a quota or platform that withheld it then too"),
        (report.still_hidden, "stay hidden by the rules though a reviewer had brought them back"),
    ):
        if number:
            console.print(f"{number} {what}.")
    shifts = {_TITLES[shift.value]: counts.total for shift, counts in report.shifts.items()}
    draw_bars(console, "Texts", shifts)
    moved = {f"{old} → {new}": n for (old, new), n in report.verdicts.items() if old != new}
    draw_bars(console, "Verdicts", moved)
    for shift, counts in report.shifts.items():
        if counts.total and shift.value != "changed_verdict":  # told above, as then → now
            title = _TITLES[shift.value]
            draw_bars(console, f"{title}, by category", counts.by_category)
            draw_bars(console, f"{title}, by page", counts.by_page)
            draw_bars(console, f"{title}, by language", counts.by_language)
            if report.examples[shift]:
                _tell_examples(console, f"{title}: examples", report.examples[shift])
    if report.guarded_total:
        title = f"NEWLY HIDDEN THOUGH A REVIEWER HAD LEFT IT UP: {report.guarded_total}"
        _tell_examples(console, title, report.guarded)
    else:
        console.print("Nothing that a reviewer had left up would be newly hidden.")


def _tell_examples(console: Console, title: str, examples: Sequence[Example]) -> None:
    rows = (
        (
            e.comment_id,
            e.page_id,
            e.language,
            ", ".join(e.words),
            _outcome(e.old_verdict, hide=e.old_hide),
            _outcome(e.new_verdict, hide=e.new_hide),
            e.old_reason,
            e.new_reason,
        )
        for e in examples
    )
    print_table(console, title, _COLUMNS, rows)


def _outcome(verdict: str, *, hide: bool) -> str:
    return f"{verdict} + hide" if hide and verdict != "hide" else str(verdict)
