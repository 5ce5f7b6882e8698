"""`modbot decisions`: the log, one decision with what explains it, and undoing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer, print_table
from modbot.cli.changes import change_fields, tell_changes
from modbot.cli.signals import COLUMNS, signal_rows
from modbot.cli.surroundings import (
    ByOption,
    ConfigOption,
    JsonOption,
    load,
    open_database,
    person,
    registered,
    utc_now,
)
from modbot.domain import Category, Verdict
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.counterfactual import Change
    from modbot.store import LogEntry, LoggedAudit, LoggedVersion

LARGEST_ID = 2**63 - 1

app = typer.Typer(help="The decision log.", rich_markup_mode=None)

IdArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="As decisions list shows it.")
]


@app.command("list")
def list_(
    ctx: typer.Context,
    page: Annotated[str | None, typer.Option(help="Only this page.")] = None,
    category: Annotated[Category | None, typer.Option(help="Only this category.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="Only this verdict.")] = None,
    before: Annotated[
        int | None, typer.Option(metavar="ID", min=1, max=LARGEST_ID, help="Only older ones.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List decisions, newest first."""
    from modbot import store

    with open_database(load(ctx, config)) as database, database.read() as s:
        if page is not None:
            page = registered(s, page).id
        choice = store.Choice(
            pages=frozenset([page]) if page else None,
            category=category.value if category else None,
            verdict=verdict.value if verdict else None,
        )
        found = store.decision_log(s, choice, before=before, limit=limit)

    older = found[-1].id if len(found) == limit else None
    payload = {"decisions": [_fields(e) for e in found], "older": older}
    answer(payload, as_json=as_json, tell=lambda console: _tell_log(console, found))


def _tell_log(console: Console, entries: Sequence[LogEntry]) -> None:
    columns = ("id", "time (UTC)", "page", "verdict", "categories", "text")
    rows = (
        (e.id, e.decided_at, e.page_id, _verdict(e), _names(e), _short(e.text)) for e in entries
    )
    print_table(console, "Decisions", columns, rows)


@app.command("show")
def show(
    ctx: typer.Context,
    decision: IdArgument,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one decision with all that explains it."""
    from modbot import store
    from modbot.counterfactual import stored_changes

    found = load(ctx, config)
    with open_database(found) as database, database.read() as s:
        entry = store.decision(s, decision)
        versions = store.versions_of(s, entry.comment_row)
        links = store.audit_of(s, decision)
    judged = entry.actor_kind == "bot"
    changes = stored_changes(entry, found.policy) if judged else ()
    payload = _fields(entry) | {
        "would_change": change_fields(changes),
        "versions": [asdict(v) for v in versions],
        "audit": [asdict(link) for link in links],
    }
    answer(payload, as_json=as_json, tell=lambda c: _tell(c, entry, changes, versions, links))


@app.command("undo")
def undo(
    ctx: typer.Context,
    decision: IdArgument,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the record.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a comment stand after all; where it was hidden, it comes back."""
    from modbot import review
    from modbot.stored_text import shown

    with open_database(load(ctx, config)) as database:
        made = review.resolve(
            database, decision, Verdict.ALLOW, person(by), shown(reason), utc_now()
        )
    asked = made.action_id is not None

    def tell(console: Console) -> None:
        then = "the running service restores it" if asked else "nothing was hidden"
        console.print(f"Decision {made.decision_id} recorded; {then}.")

    payload = {"decision": made.decision_id, "action": made.action_id, "restores": asked}
    answer(payload, as_json=as_json, tell=tell)


def _fields(entry: LogEntry) -> dict[str, Any]:
    return asdict(entry)


def _verdict(entry: LogEntry) -> str:
    return entry.verdict.value + (" + hide" if entry.hide and entry.verdict != "hide" else "")


def _names(entry: LogEntry) -> str:
    return ", ".join(category.value for category in entry.categories)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _tell(
    console: Console,
    entry: LogEntry,
    changes: Sequence[Change] | None,
    versions: list[LoggedVersion],
    links: list[LoggedAudit],
) -> None:
    _tell_facts(console, entry)
    print_table(
        console,
        "Signals",
        COLUMNS,
        signal_rows(entry.signals),
    )
    tell_changes(console, changes)
    texts = ((v.number, v.seen_at, v.text) for v in versions)
    print_table(console, "Texts", ("version", "seen (UTC)", "text"), texts)
    audit_rows = ((link.seq, link.at, link.kind, link.actor) for link in links)
    print_table(console, "Audit", ("row", "time (UTC)", "kind", "by"), audit_rows)


def _tell_facts(console: Console, entry: LogEntry) -> None:
    action = f"{entry.action_kind} {entry.action_state}" if entry.action_kind else "none"
    facts = {
        "verdict": _verdict(entry),
        "why": entry.reason,
        "clause": entry.clause,
        "degraded": "; ".join(entry.degraded),
        "by": entry.actor,
        "when": f"{entry.decided_at:%Y-%m-%d %H:%M:%S} UTC",
        "page": f"{entry.page_id} ({entry.page_name}), {entry.mode.value}",
        "comment": f"{entry.comment_id}, version {entry.version_number} of {entry.newest_number}",
        "text": entry.text,
        "under": entry.post_text,
        "action": action,
        "models": ", ".join(f"{name} {version}" for name, version in entry.models.items()),
        "thresholds": ", ".join(f"{name} {value}" for name, value in entry.thresholds.items()),
        "configuration": entry.config_sha256,
    }
    for name, value in facts.items():
        if value:
            console.print(f"{name + ':':<15}{one_line(value)}", soft_wrap=True)
