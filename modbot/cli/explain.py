"""`modbot explain`: a past decision made again from what was kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer
from modbot.cli.record import open_record
from modbot.cli.surroundings import ConfigOption, JsonOption, load

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.explanation import Explanation

LARGEST_ID = 2**63 - 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain")(explain)


def explain(
    ctx: typer.Context,
    decision: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="As decisions list shows it.")
    ],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge the text of a past decision again, with the configuration and models of that time.

    Exits with 1 where something comes out differently.
    """
    from modbot import explanation
    from modbot.large_files import folder_beside
    from modbot.past_judge import past_judge

    found = load(ctx, config)
    rebuild = partial(
        past_judge,
        models_folder=found.settings.models_folder,
        large_folder=folder_beside(found.settings.database.path),
    )
    with open_record(found.settings.database) as database:
        explained = explanation.explain(database, decision, rebuild)
    answer(_payload(explained), as_json=as_json, tell=lambda console: _tell(console, explained))
    if explained.differences:
        raise typer.Exit(1)


def _payload(explained: Explanation) -> dict[str, Any]:
    then, force = explained.then, explained.in_force
    return {
        "decision": then.id,
        "decided_at": then.decided_at,
        "equal": not explained.differences,
        "differences": list(explained.differences),
        "then": {"verdict": then.verdict.value, "hide": then.hide, "reason": then.reason},
        "now": {
            "verdict": explained.verdict.value,
            "hide": explained.hide,
            "reason": explained.reason,
        },
        "configuration": force.config_sha256,
        "in_force_since": force.since,
        "models": {"then": dict(then.models), "now": dict(explained.models)},
        "code": {
            "then": {"version": force.code.version, "sha256": force.code.sha256},
            "now": {"version": explained.code.version, "sha256": explained.code.sha256},
            "same": explained.same_code,
        },
        "libraries": {
            "then": dict(force.code.libraries),
            "now": dict(explained.code.libraries),
            "other": sorted(explained.other_libraries),
        },
    }


def _tell(console: Console, explained: Explanation) -> None:
    then, force = explained.then, explained.in_force

    def line(name: str, value: str) -> None:
        console.print(f"{name + ':':<15}{value}", soft_wrap=True)

    line("decision", f"{then.id}, {then.decided_at:%Y-%m-%d %H:%M:%S} UTC")
    line("verdict then", f"{then.verdict.value}{' (hidden)' if then.hide else ''}: {then.reason}")
    hidden = " (hidden)" if explained.hide else ""
    line("verdict now", f"{explained.verdict.value}{hidden}: {explained.reason}")
    line("configuration", f"{force.config_sha256}, in force from {force.since:%Y-%m-%d %H:%M} UTC")
    line("models", ", ".join(f"{name} {version}" for name, version in then.models.items()))
    line("code", f"modbot {force.code.version}, {force.code.sha256[:16]}")
    if not explained.same_models:
        told = ", ".join(f"{name} {version}" for name, version in explained.models.items())
        line("models now", f"{told}: not those of then")
    if not explained.same_code:
        line("code now", f"modbot {explained.code.version}, {explained.code.sha256[:16]}: changed")
    if explained.other_libraries:
        told = ", ".join(
            f"{n} {now} (then {old})" for n, (old, now) in explained.other_libraries.items()
        )
        line("libraries now", f"{told}: these may make a difference")
    if not explained.differences:
        console.print("Equal: the same verdict, categories, clause, thresholds and signals.")
    for difference in explained.differences:
        console.print(f"Different: {difference}", soft_wrap=True)
