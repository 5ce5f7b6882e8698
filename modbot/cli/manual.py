"""`modbot manual`: comments on platforms without an API, brought and removed by people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from modbot.cli.answers import CommandFailed, answer
from modbot.cli.surroundings import (
    ByOption,
    ConfigOption,
    JsonOption,
    load,
    open_database,
    open_service,
    person,
    registered,
    utc_now,
)
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.seen_list import Seen, Terms
    from modbot.store import LogEntry

TASKS_TOLD = 20  # after a list was brought

app = typer.Typer(help="Pages without an API: Snapchat, Myspace, ...", rich_markup_mode=None)

PageArgument = Annotated[
    str, typer.Argument(metavar="PAGE", help="Its id, as pages list shows it.")
]


@app.command("add")
def add(
    ctx: typer.Context,
    page: PageArgument,
    text: Annotated[str | None, typer.Option(help="One comment, word for word.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Many: columns text, author, post, url, time; -: input."),
    ] = None,
    author: Annotated[str, typer.Option(help="Who wrote it.")] = "",
    post: Annotated[str, typer.Option(help="What it stands under.")] = "",
    url: Annotated[str, typer.Option(help="Its address.")] = "",
    time: Annotated[str, typer.Option(metavar="TIME", help="When: 2026-09-09 14:30.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge and record comments that somebody saw; tells which to remove in the app."""
    from modbot import manual, seen_list

    who = person(by)
    if (text is None) == (csv is None):
        raise CommandFailed("give either --text or --csv")
    found = load(ctx, config)
    zone = ZoneInfo(found.settings.web.time_zone)
    one = seen_list.Seen(text=text or "", author=author, post=post, url=url, time=time)
    terms = seen_list.Terms(zone=zone, now=utc_now(), file=str(csv or ""))
    seen = _listed(csv, one, terms) if csv else [seen_list.checked(one, terms)]
    with open_service(found) as service:
        with service.database.read() as s:
            registered_page = registered(s, page)
        taken = service.take_in(registered_page, seen, who, zone)
        to_remove = manual.tasks(service.database, page)

    def tell(console: Console) -> None:
        known = f", {taken.known} were known already" if taken.known else ""
        console.print(f"{taken.new} new{known}; {len(to_remove)} to remove in the app.")
        _tell_some_tasks(console, to_remove)

    payload = {"new": taken.new, "known": taken.known, "tasks": [_fields(t) for t in to_remove]}
    answer(payload, as_json=as_json, tell=tell)


@app.command("tasks")
def tasks(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what a person has to remove in an app."""
    from modbot import manual

    with open_database(load(ctx, config)) as database:
        found = manual.tasks(database)

    def tell(console: Console) -> None:
        if not found:
            console.print("Nothing is to be removed.")
        _tell_tasks(console, found)

    answer({"tasks": [_fields(t) for t in found]}, as_json=as_json, tell=tell)


@app.command("done")
def done(
    ctx: typer.Context,
    decision: Annotated[int, typer.Argument(metavar="DECISION", min=1, max=2**63 - 1)],
    reason: Annotated[str, typer.Option(help="What was done; it is kept with the record.")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm that the comment of a decision was removed in the app."""
    from modbot import manual
    from modbot.stored_text import shown

    with open_database(load(ctx, config)) as database:
        made = manual.confirm_removed(database, decision, person(by), shown(reason), utc_now())

    def tell(console: Console) -> None:
        console.print(f"Decision {made.id} recorded: removed in the app.")

    answer({"decision": made.id, "answers": decision}, as_json=as_json, tell=tell)


def _listed(file: Path, one: Seen, terms: Terms) -> list[Seen]:
    from modbot import seen_list

    if one != seen_list.Seen(text=""):
        raise CommandFailed("author, post, url and time are columns of the file")
    return seen_list.read_seen_list(_content(file), terms)


def _content(file: Path) -> bytes:
    """At most a little more than may be read; the reader says so."""
    from modbot.seen_list import MOST_BYTES

    if str(file) == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _tell_some_tasks(console: Console, found: list[LogEntry]) -> None:
    _tell_tasks(console, found[:TASKS_TOLD])
    if len(found) > TASKS_TOLD:
        console.print(f"The others: modbot manual tasks ({len(found) - TASKS_TOLD} more)")


def _tell_tasks(console: Console, found: list[LogEntry]) -> None:
    from modbot.manual import guidance

    for entry in found:
        under = f", under {entry.post_text}" if entry.post_text else ""
        author = entry.author_name or "somebody"
        console.print()
        line = one_line(
            f"Decision {entry.id}: {author} on {entry.page_name}{under}: {entry.text[:300]}"
        )
        console.print(line, soft_wrap=True)
        console.print(f"  Why: {one_line(entry.reason)}", soft_wrap=True)
        for number, step in enumerate(guidance(entry), start=1):
            console.print(f"  {number}. {step}", soft_wrap=True)


def _fields(entry: LogEntry) -> dict[str, Any]:
    from modbot.manual import guidance

    return {
        "decision": entry.id,
        "page": entry.page_id,
        "author": entry.author_name,
        "text": entry.text,
        "post": entry.post_text,
        "url": entry.permalink,
        "categories": [c.value for c in entry.categories],
        "reason": entry.reason,
        "guidance": list(guidance(entry)),
    }
