"""`modbot people`: who may sign in, from the server's own command line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import CommandFailed, answer, print_table
from modbot.cli.first_person import link_base
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

if TYPE_CHECKING:
    from rich.console import Console
    from sqlmodel import Session

    from modbot.people_tables import PersonRow

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")]

app = typer.Typer(help="Who may sign in.", no_args_is_help=True)


@app.command("list")
def list_people(
    ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Everybody who may sign in, and what each may do."""
    from modbot.people import lists
    from modbot.people.sessions import Lifetimes

    with open_database(load(ctx, config)) as database, database.read() as s:
        found = lists.accounts(s, utc_now(), Lifetimes())
    rows = [
        {
            "email": a.person.email,
            "name": a.person.name,
            "in_the_record": a.person.actor.name,
            "role": a.person.role,
            "pages": "all" if a.person.pages is None else sorted(a.person.pages),
            "approver": a.person.approver,
            "password": a.password,
            "disabled": a.disabled_at is not None,
            "seen": a.seen_at,
        }
        for a in found
    ]

    def tell(console: Console) -> None:
        print_table(console, "People", list(rows[0]) if rows else [], [r.values() for r in rows])  # type: ignore[misc]

    answer({"people": rows}, as_json=as_json, tell=tell)


@app.command()
def invite(
    ctx: typer.Context,
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="viewer, manager, admin or auditor.")] = "manager",
    page: Annotated[
        list[str] | None, typer.Option(help="Only this page; may be given again. Else all.")
    ] = None,
    approver: Annotated[bool, typer.Option(help="May approve fundraisers.")] = False,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a link that lets somebody in once."""
    from modbot.people import Role
    from modbot.people.invitations import Grant
    from modbot.people.invitations import invite as make

    if role not in set(Role):
        raise CommandFailed(f"unknown role; one of {', '.join(Role)}")
    found = load(ctx, config)
    lasts = timedelta(days=found.settings.sign_in.invitation_days)
    with open_database(found) as database, database.write() as s:
        pages = frozenset(registered(s, each).id for each in page) if page else None
        grant = Grant(role=Role(role), pages=pages, approver=approver)
        now = utc_now()
        token = make(s, email, grant, by=person(by), now=now, lasts=lasts)
    _answer_link(f"{link_base(found)}/invited/{token}", now + lasts, as_json=as_json)


@app.command()
def link(
    ctx: typer.Context,
    email: EmailArgument,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a link with which somebody sets a new password; also when nobody else can get in."""
    from modbot.people.invitations import PASSWORD_HOURS, password_link

    found = load(ctx, config)
    with open_database(found) as database, database.write() as s:
        now = utc_now()
        token = password_link(s, _known(s, email), by=person(by), now=now)
    ends = now + timedelta(hours=PASSWORD_HOURS)
    _answer_link(f"{link_base(found)}/invited/{token}", ends, as_json=as_json)


@app.command()
def disable(
    ctx: typer.Context,
    email: EmailArgument,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign somebody out everywhere and let them in no more."""
    from modbot.people import changes

    with open_database(load(ctx, config)) as database, database.write() as s:
        row = _known(s, email)
        changes.disable(s, row, by=person(by), now=utc_now())
    answer(
        {"disabled": row.email},
        as_json=as_json,
        tell=lambda console: console.print(f"{row.email} is disabled and signed out."),
    )


def _known(s: Session, email: str) -> PersonRow:
    from modbot.people.accounts import by_email

    row = by_email(s, email)
    if row is None:
        raise CommandFailed("nobody has this address; see `modbot people list`")
    return row


def _answer_link(address: str, ends_at: datetime, *, as_json: bool) -> None:
    def tell(console: Console) -> None:
        console.print("Works once. Send it to this person only:")
        console.print(address, soft_wrap=True)

    answer({"link": address, "ends_at": ends_at}, as_json=as_json, tell=tell)
