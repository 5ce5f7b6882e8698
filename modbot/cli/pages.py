"""`modbot pages`: the registry of moderated pages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import CommandFailed, answer, print_table
from modbot.cli.backfill import backfill
from modbot.cli.surroundings import (
    ByOption,
    ConfigOption,
    JsonOption,
    load,
    open_database,
    open_service,
    parse_day,
    person,
    registered,
    utc_now,
)
from modbot.domain import Mode
from modbot.errors import RegistrationRefused
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.console import Console

    from modbot.domain import Actor, Page
    from modbot.registry import RegisteredPage
    from modbot.service import Service
    from modbot.store import Database

app = typer.Typer(help="The registered pages.", rich_markup_mode=None)
app.command("backfill")(backfill)

PageArgument = Annotated[
    str, typer.Argument(metavar="PAGE", help="Its id, as pages list shows it.")
]


TokenOption = Annotated[
    str | None, typer.Option(metavar="REF", help="Where its token is: env:NAME or file:PATH.")
]
OwnerOption = Annotated[
    bool | None, typer.Option("--district-owned/--personal", help="Whose page it is.")
]


@app.command("add")
def add(
    ctx: typer.Context,
    platform: Annotated[
        str | None, typer.Option(help="facebook, instagram, x, youtube, ...")
    ] = None,
    external_id: Annotated[str | None, typer.Option("--id", help="Its id there.")] = None,
    name: Annotated[str | None, typer.Option(help="What people call the page.")] = None,
    token: TokenOption = None,
    district_owned: OwnerOption = None,
    handle: Annotated[str, typer.Option(help="Its @name.")] = "",
    url: Annotated[
        str | None, typer.Option(help="Address of the site (wordpress) or feed.")
    ] = None,
    government_use: Annotated[
        str | None,
        typer.Option(help="X: what X answered about government use, and who confirms it."),
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a page that the district owns; it starts in observe."""
    from modbot import registry

    platform = _asked(platform, "--platform", "Platform")
    new = registry.NewPage(
        platform=platform,
        district_owned=_owned(district_owned),
        external_id=_asked(external_id, "--id", "The page's id on the platform"),
        name=_asked(name, "--name", "The page's name"),
        token_ref=_token(platform, token),
        handle=handle,
        base_url=_address(platform, url),
        government_use=_government_use(platform, government_use),
    )
    with open_service(load(ctx, config)) as service:
        page = registry.add_page(
            service.database, new, person(by), utc_now(), platforms=service.platforms
        )
    answer(_fields(page), as_json=as_json, tell=lambda console: _tell_page(console, page))


def _asked(value: str | None, option: str, question: str) -> str:
    """The option's value, or what a person at the terminal says."""
    if value is not None:
        return value
    if not sys.stdin.isatty():
        raise CommandFailed(f"{option} is missing")
    return str(typer.prompt(question, err=True))


def _token(platform: str, token: str | None) -> str:
    from modbot.registry import WITHOUT_TOKEN

    if platform in WITHOUT_TOKEN:
        return token or ""
    return _asked(token, "--token", "Where its token is (env:NAME or file:PATH)")


def _owned(district_owned: bool | None) -> bool:
    """True; raises RegistrationRefused before anything else is asked."""
    from modbot.registry import NOT_THE_DISTRICTS

    if not _confirmed(district_owned):
        raise RegistrationRefused(NOT_THE_DISTRICTS)
    return True


def _confirmed(district_owned: bool | None) -> bool:
    if district_owned is not None:
        return district_owned
    if not sys.stdin.isatty():
        raise CommandFailed(
            "say whether the district owns the page: --district-owned or --personal"
        )
    question = "Does the district own this page (not a person, whatever their office)?"
    return bool(typer.confirm(question, err=True))


def _address(platform: str, url: str | None) -> str:
    asked = {"wordpress": "Address of the site", "feed": "Address of the feed"}.get(platform)
    if url is not None or asked is None or not sys.stdin.isatty():
        return url or ""
    return str(typer.prompt(f"{asked} (https://...)", err=True))


def _government_use(platform: str, text: str | None) -> str:
    if text is not None or platform != "x" or not sys.stdin.isatty():
        return text or ""
    question = (
        "X asks government bodies for an Enterprise plan. What did X answer about this use,"
        " and who confirms it?"
    )
    return str(typer.prompt(question, err=True))


@app.command("list")
def list_(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the registered pages, where their polling stands and what is left of their budgets."""
    from modbot import registry, store
    from modbot.cli.budgets import budget_fields, budget_text

    with open_database(load(ctx, config)) as database:
        found = registry.list_pages(database)
        with database.read() as s:
            budgets = {r.page.id: store.budget_report(s, r.page.id, utc_now()) for r in found}

    def tell(console: Console) -> None:
        print_table(
            console,
            "Pages",
            ("page", "name", "mode", "token", "last read (UTC)", "state", "budget"),
            (
                (
                    r.page.id,
                    r.page.name,
                    r.page.mode.value,
                    r.page.token_ref,
                    r.last_success_at,
                    _state(r),
                    budget_text(budgets[r.page.id]),
                )
                for r in found
            ),
        )

    pages = [
        _fields(r.page) | _state_fields(r) | {"budget": budget_fields(budgets[r.page.id])}
        for r in found
    ]
    answer({"pages": pages}, as_json=as_json, tell=tell)


@app.command("check")
def check(
    ctx: typer.Context,
    page: Annotated[
        str | None, typer.Argument(metavar="[PAGE]", help="One page; else all of them.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the platforms whether the tokens can do the job.

    Exit 1 when one cannot.
    """
    from modbot import store

    with open_service(load(ctx, config)) as service:
        with service.database.read() as s:
            chosen = store.pages(s) if page is None else [registered(s, page)]
        results = [(p, _problem(service, p)) for p in chosen]

    def tell(console: Console) -> None:
        rows = ((p.id, p.name, problem or "ok") for p, problem in results)
        print_table(console, "Pages", ("page", "name", "answer"), rows)

    payload = {
        "ok": not any(problem for _, problem in results),
        "pages": [{"id": p.id, "ok": not problem, "error": problem} for p, problem in results],
    }
    answer(payload, as_json=as_json, tell=tell)
    if not payload["ok"]:
        raise typer.Exit(1)


def _problem(service: Service, page: Page) -> str:
    """What the platform says against the page's token; empty: nothing."""
    from modbot.errors import ModbotError

    try:
        service.adapter(page).check()
    except ModbotError as error:
        return f"{type(error).__name__}: {error}"
    return ""


@app.command("mode")
def mode(
    ctx: typer.Context,
    page: PageArgument,
    mode: Annotated[Mode, typer.Argument(help="How far the service may go.")],
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set how far the service may go on a page."""
    from modbot import registry

    def change(database: Database, actor: Actor, now: datetime) -> Page:
        return registry.set_mode(database, page, mode, actor, now)

    _changed(ctx, config, by, change, as_json=as_json)


@app.command("pause")
def pause(
    ctx: typer.Context,
    page: PageArgument,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop reading a page and acting on it."""
    from modbot import registry

    def change(database: Database, actor: Actor, now: datetime) -> Page:
        return registry.pause(database, page, actor, now)

    _changed(ctx, config, by, change, as_json=as_json)


@app.command("resume")
def resume(
    ctx: typer.Context,
    page: PageArgument,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a paused page."""
    from modbot import registry

    def change(database: Database, actor: Actor, now: datetime) -> Page:
        return registry.resume(database, page, actor, now)

    _changed(ctx, config, by, change, as_json=as_json)


@app.command("token")
def token(
    ctx: typer.Context,
    page: PageArgument,
    ref: Annotated[str, typer.Argument(metavar="REF", help="env:NAME or file:PATH.")],
    ends: Annotated[
        str | None, typer.Option(metavar="DAY", help="Its last day, such as 2026-12-31.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name another variable or file for a page's token, and when it ends."""
    from modbot import registry

    day = parse_day(ends)

    def change(database: Database, actor: Actor, now: datetime) -> Page:
        return registry.set_token_ref(
            database, page, ref, actor, now, ends=day.date() if day else None
        )

    _changed(ctx, config, by, change, as_json=as_json)


def _changed(
    ctx: typer.Context,
    config: ConfigOption,
    by: str | None,
    change: Callable[[Database, Actor, datetime], Page],
    *,
    as_json: bool,
) -> None:
    with open_database(load(ctx, config)) as database:
        page = change(database, person(by), utc_now())
    answer(_fields(page), as_json=as_json, tell=lambda console: _tell_page(console, page))


def _fields(page: Page) -> dict[str, Any]:
    return {
        "id": page.id,
        "platform": page.platform,
        "name": page.name,
        "mode": page.mode.value,
        "paused": page.paused,
        "handle": page.handle,
        "base_url": page.base_url,
        "token_ref": page.token_ref,
    }


def _state_fields(registered: RegisteredPage) -> dict[str, Any]:
    return {
        "last_success_at": registered.last_success_at,
        "not_before": registered.not_before,
        "failures": registered.failures,
        "needs_login": registered.needs_login,
        "token_ends": registered.token_ends,
        "last_error": registered.last_error,
    }


def _state(registered: RegisteredPage) -> str:
    if registered.page.paused:
        return "paused"
    if registered.needs_login:
        return f"needs a new token: {registered.last_error}"
    if registered.failures:
        return f"failing ({registered.failures} in a row): {registered.last_error}"
    if registered.token_ends and registered.last_success_at:
        return f"ok, its token ends on {registered.token_ends}"
    return "ok" if registered.last_success_at else "not read yet"


def _tell_page(console: Console, page: Page) -> None:
    paused = ", paused" if page.paused else ""
    said = one_line(f"{page.id} ({page.name}): {page.mode.value}{paused}")
    console.print(said, soft_wrap=True)
