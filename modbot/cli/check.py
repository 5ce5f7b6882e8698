"""`modbot check`: how one text would be judged. Nothing is stored and no platform is called."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer, print_table
from modbot.cli.changes import tell_changes
from modbot.cli.signals import COLUMNS, signal_rows
from modbot.cli.surroundings import ConfigOption, JsonOption, load, utc_now

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.domain import Decision
    from modbot.policy import Policy


def register(app: typer.Typer) -> None:
    """Adds the command."""
    # A comment may well begin with a dash.
    app.command("check", context_settings={"ignore_unknown_options": True})(check)


def check(
    ctx: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The comment; - reads it from stdin.")
    ],
    post: Annotated[str, typer.Option(help="Text of the post that it stands under.")] = "",
    parent: Annotated[str, typer.Option(help="Text of the comment that it answers.")] = "",
    fundraiser: Annotated[
        list[str] | None, typer.Option(help="An approved fundraiser; may be given again.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how a comment would be judged, and why."""
    from modbot.domain import Comment
    from modbot.service import build_judge

    comment = Comment(
        page_id="check",
        platform="check",
        id="check",
        post_id="check",
        text=_from_stdin() if text == "-" else text,
        created_at=utc_now(),
        post_text=post,
        parent_text=parent,
        approved_fundraisers=tuple(fundraiser or ()),
    )
    found = load(ctx, config)
    (decision,) = build_judge(found).judge([comment])
    answer(
        _payload(decision),
        as_json=as_json,
        tell=lambda console: _tell(console, decision, found.policy),
    )


def _from_stdin() -> str:
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").removesuffix("\r")


def _payload(decision: Decision) -> dict[str, Any]:
    from modbot.evaluation import signal_fields

    return {
        "verdict": decision.verdict.value,
        "hide": decision.hide,
        "categories": [category.value for category in decision.categories],
        "signals": [signal_fields(signal) for signal in decision.signals],
        "clause": decision.clause,
        "thresholds": dict(decision.thresholds),
        "degraded": list(decision.degraded),
    }


def _tell(console: Console, decision: Decision, policy: Policy) -> None:
    from modbot.counterfactual import stored_changes

    hidden = " (hidden)" if decision.hide else ""
    console.print(f"{decision.verdict.value.upper()}{hidden}: {decision.reason}")
    if decision.clause:
        console.print(f"Rests on: {decision.clause}")
    print_table(
        console,
        "Signals",
        COLUMNS,
        signal_rows(decision.signals),
    )
    tell_changes(console, stored_changes(decision, policy))
