"""`modbot db`: the tables of a database on a PostgreSQL server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import CommandFailed, answer
from modbot.cli.surroundings import ConfigOption, JsonOption, load

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="The tables of a PostgreSQL database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """With one command it would take none by name."""


@app.command()
def upgrade(
    ctx: typer.Context,
    owner: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="Who owns the tables; else the service's own role."),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Where the owner's password is: env:NAME or file:PATH."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the tables or bring them up to date, while no service runs, and give the service's role
    its rights."""
    from modbot import migrations
    from modbot.store.configured import server_address
    from modbot.store.postgres import hold_postgres
    from modbot.store.postgres import upgrade as bring_up_to_date

    section = load(ctx, config).settings.database
    if not section.on_server:
        raise CommandFailed("a SQLite file is brought up to date by whatever opens it")
    if owner is not None and password is None:
        password = ""
    as_owner = server_address(section, os.environ, role=owner, password=password)
    role = server_address(section, {}, password="").username or ""
    with hold_postgres(as_owner):
        before = bring_up_to_date(as_owner, role)
    payload = {"before": before, "revision": migrations.HEAD, "role": role, "owner": owner or role}

    def tell(console: Console) -> None:
        console.print(f"At revision {migrations.HEAD}, before: {before or 'no tables'}.")
        if payload["owner"] == role:
            console.print("The service owns its tables and could drop their guards: use --owner.")

    answer(payload, as_json=as_json, tell=tell)
