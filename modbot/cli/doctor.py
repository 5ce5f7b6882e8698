"""`modbot doctor`: is all that modbot needs there and in order."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import answer
from modbot.cli.surroundings import ConfigOption, JsonOption, utc_now
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.doctor import Finding

MARKS = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "failure": ("FAIL", "bold red")}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor)


def doctor(
    ctx: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the platforms for the time, and the mail server.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at set-up, clock, disk, database, tokens, model, mail and checkpoints on one screen.

    Changes nothing and sends nothing. Exit 0: all well, 1: warnings, 2: something does not work.
    """
    from modbot import logs
    from modbot.doctor import examine

    logs.configure(level="error", format="console")
    folder = config or ctx.find_root().obj
    findings = list(examine(folder, os.environ, utc_now(), online=online))
    states = [finding.state.value for finding in findings]
    payload = {
        "ok": set(states) == {"ok"},
        "warnings": states.count("warning"),
        "failures": states.count("failure"),
        "findings": [asdict(finding) for finding in findings],
    }
    answer(payload, as_json=as_json, tell=lambda console: _tell(console, findings))
    if not payload["ok"]:
        raise typer.Exit(2 if "failure" in states else 1)


def _tell(console: Console, findings: list[Finding]) -> None:
    from rich.text import Text

    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark, colour = MARKS[finding.state.value]
        line = Text(f"{mark:<5}", style=colour)
        line.append(f"{one_line(finding.name):<{width}}  ", style="bold")
        line.append(one_line(finding.said))
        console.print(line, soft_wrap=True)
        if finding.advice:
            console.print(
                Text(f"{'':<5}{'':<{width}}  -> {one_line(finding.advice)}"), soft_wrap=True
            )
