"""`modbot alerts`: what is open, acknowledging it, and whether messages arrive."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import CommandFailed, answer, print_table
from modbot.cli.surroundings import (
    ByOption,
    ConfigOption,
    JsonOption,
    load,
    open_database,
    person,
    utc_now,
)

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.alert_tables import AlertRow, AlertSendingRow

app = typer.Typer(help="Alerts, and where they go.", no_args_is_help=True)
LIMIT = 1_000
AT_ONCE = 8  # destinations tried at the same time


@app.command("test")
def send_test(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Send a test message to every destination, and say how each took it.

    Exit 1 when one did not.
    """
    from modbot.alerts.message import test_message
    from modbot.alerts.post import Post

    settings = load(ctx, config).settings
    names = sorted(settings.alerts.destinations)
    if not names:
        raise CommandFailed("modbot.toml names no destinations; see [alerts] in docs/operate.md")
    post, what = Post(os.environ), test_message(settings)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        errors = list(pool.map(lambda name: post.send(settings.alerts, name, what), names))
    payload = {
        "ok": not any(errors),
        "destinations": [
            {"name": name, "error": error} for name, error in zip(names, errors, strict=True)
        ],
    }

    def tell(console: Console) -> None:
        rows = [(name, error or "taken") for name, error in zip(names, errors, strict=True)]
        print_table(console, "Destinations", ("destination", "outcome"), rows)

    answer(payload, as_json=as_json, tell=tell)
    if any(errors):
        raise typer.Exit(1)


@app.command("list")
def list_alerts(
    ctx: typer.Context,
    over: Annotated[bool, typer.Option("--over", help="Those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT)] = 50,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is open, worst first, and who was told."""
    from modbot import store

    found = load(ctx, config)
    with open_database(found) as database, database.read() as s:
        if over:
            rows = store.past_list(s, pages=None, before=None, limit=limit)
        else:
            rows = store.open_list(s, pages=None, limit=limit)
        sent = store.sendings_of(s, [row.id for row in rows if row.id is not None])
    listed = [_fields(row, sent.get(row.id or 0, [])) for row in rows]

    def tell(console: Console) -> None:
        columns = ("id", "kind", "page", "decision", "opened", "acknowledged by", "told")
        keys = ("id", "kind", "page", "decision", "opened_at", "acknowledged_by")
        lines = [(*(one[key] for key in keys), _told(one["told"])) for one in listed]
        print_table(console, "Alerts", columns, lines)

    answer({"alerts": listed}, as_json=as_json, tell=tell)


def _fields(row: AlertRow, sent: list[AlertSendingRow]) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "page": row.page_id,
        "subject": row.subject,
        "decision": row.decision_id or None,
        "detail": row.detail,
        "urgent": row.urgent,
        "opened_at": row.opened_at,
        "acknowledged_by": row.acknowledged_by,
        "acknowledged_at": row.acknowledged_at,
        "over_at": row.over_at,
        "told": [
            {
                "destination": one.destination,
                "step": one.step,
                "state": one.state,
                "attempts": one.attempts,
                "sent_at": one.sent_at,
                "error": one.error,
            }
            for one in sent
        ],
    }


def _told(sent: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['destination']} {one['error'] or one['state']}" for one in sent)


@app.command("ack")
def acknowledge(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)],
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alert: nobody else is told of it."""
    from modbot import store

    found, who = load(ctx, config), person(by)
    if not who.name.strip():
        raise CommandFailed("the name of the person who does this is missing (--by)")
    with open_database(found) as database, database.write() as s:
        done = store.acknowledge(s, number, who.name, utc_now())
    if not done:
        raise CommandFailed(f"alert {number} is not open, or was acknowledged before")
    payload = {"id": number, "acknowledged_by": who.name}
    answer(payload, as_json=as_json, tell=lambda console: console.print(f"Alert {number}: done"))
