"""`modbot pages backfill`: reads what was said on a page before it was registered."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import CommandFailed, answer, complain
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
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from modbot.catching_up import Backfill
    from modbot.domain import Page
    from modbot.settings import Config
    from modbot.store import Database

_GOES_SECONDS = 1.0  # between two looks at how far it is


def backfill(
    ctx: typer.Context,
    page: Annotated[str, typer.Argument(metavar="PAGE", help="Its id, as pages list shows it.")],
    days: Annotated[
        int | None, typer.Option(help="How far back; without it one that was begun goes on.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="End the one that runs.")] = False,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a page's past: judged and kept as in observe, nothing is hidden and nobody alerted."""
    found = load(ctx, config)
    with open_database(found) as database:
        known = _asked(found, database, page, days, by, stop=stop)
    last = known if known.ended_at else _read(found, known, as_json=as_json)
    answer(_fields(last), as_json=as_json, tell=lambda console: _tell(console, last))


def _asked(
    config: Config,
    database: Database,
    page_id: str,
    days: int | None,
    by: str | None,
    *,
    stop: bool,
) -> Backfill:
    from modbot import catching_up

    with database.read() as s:
        page = registered(s, page_id)
    who, now = person(by), utc_now()
    catching_up.refuse_where_nothing_is_read(page)
    if page.paused and not stop:
        raise CommandFailed(f"{page.id} is paused, so nothing is read: modbot pages resume first")
    if stop and not catching_up.stop(database, page.id, by=who.name, now=now):
        raise CommandFailed(f"no back-fill runs on {page.id}")
    if days is not None and not stop:
        return _new(config, database, page, days, who.name)
    known = catching_up.backfill_of(database, page.id)
    if known is None or (known.ended_at and not stop):
        raise CommandFailed("say how many days to read: --days 30")
    return known


def _new(config: Config, database: Database, page: Page, days: int, by: str) -> Backfill:
    from modbot import catching_up

    watch_hours = config.settings.polling.watch_hours
    try:
        return catching_up.ask(
            database, page, days=days, by=by, now=utc_now(), watch_hours=watch_hours
        )
    except ValueError as error:
        raise CommandFailed(f"--{error}") from None


def _read(config: Config, known: Backfill, *, as_json: bool) -> Backfill:
    """Reads it here, or watches the service that does."""
    from modbot import store
    from modbot.errors import AlreadyRunning

    with ExitStack() as open_things, _bar(as_json=as_json) as show:
        show(known)
        try:
            open_things.enter_context(store.lock_data(config.settings.database.path))
        except AlreadyRunning:
            return _watch(config, known, show)
        service = open_things.enter_context(open_service(config))

        def go_on() -> Backfill | None:
            return service.read_past(known.page_id, _GOES_SECONDS)

        return _until_it_ends(known, go_on, show)


def _watch(config: Config, known: Backfill, show: Callable[[Backfill], None]) -> Backfill:
    from modbot import catching_up

    complain("`modbot run` reads it, after each poll of the page; Ctrl-C leaves it to that")
    with open_database(config) as database:

        def look() -> Backfill | None:
            time.sleep(_GOES_SECONDS)
            return catching_up.backfill_of(database, known.page_id)

        return _until_it_ends(known, look, show)


def _until_it_ends(
    known: Backfill, go_on: Callable[[], Backfill | None], show: Callable[[Backfill], None]
) -> Backfill:
    """The last that is known of it: it has ended, waits for its platform, or Ctrl-C was pressed."""
    last = known
    try:
        while (now := go_on()) is not None:
            last = now
            show(now)
            if now.ended_at or now.not_before:
                break
    except KeyboardInterrupt:  # what was read is kept, and it goes on from there
        pass
    return last


@contextmanager
def _bar(*, as_json: bool) -> Iterator[Callable[[Backfill], None]]:
    """A bar on standard error while somebody watches, else nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    quiet = as_json or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        task = bars.add_task("Reading", total=1.0)

        def show(now: Backfill) -> None:
            bars.update(task, completed=now.share, description=f"{now.kept:,} comments")

        yield show


def _fields(known: Backfill) -> dict[str, Any]:
    return {
        "page": known.page_id,
        "state": known.state.value,
        "since": known.since,
        "until": known.until,
        "share": round(known.share, 4),
        "kept": known.kept,
        "new": known.new,
        "not_before": known.not_before,
        "error": known.last_error,
    }


def _tell(console: Console, known: Backfill) -> None:
    said = (
        f"{known.page_id}: {known.state.value}, {known.kept:,} comments are kept of those"
        f" since {known.since:%Y-%m-%d}, {known.new:,} of them were not known before"
    )
    if not known.ended_at:
        said += "; it goes on while `modbot run` runs, or when this command is given again"
    if known.ended_at and known.last_error:
        said += f"; {known.last_error}"
    if known.not_before is not None:
        said += f"; no call before {known.not_before:%Y-%m-%d %H:%M} UTC ({known.last_error})"
    console.print(one_line(said), soft_wrap=True)
