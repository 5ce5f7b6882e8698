"""`modbot fundraisers`: the sales that the district approved."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

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
from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.registry import ApprovedFundraiser

RoleOption = Annotated[str, typer.Option(help="The role of whoever approved it.")]
LinkOption = Annotated[
    list[str] | None,
    typer.Option(help="Where it is sold or paid; may be given again. Other links are hidden."),
]
AccountOption = Annotated[
    list[str] | None,
    typer.Option(help="Payment handle, phone or e-mail of the sale; may be given again."),
]
StartsOption = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="First day, in the district's time.")
]
EndsOption = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day, in the district's time.")
]

app = typer.Typer(help="The approved fundraisers.", rich_markup_mode=None)


@app.command("add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people write it.")],
    approved_by: Annotated[
        str,
        typer.Option(help="The superintendent, school leader or designee who approved it."),
    ],
    role: RoleOption = "",
    details: Annotated[str, typer.Option(help="What else people should know.")] = "",
    link: LinkOption = None,
    account: AccountOption = None,
    starts: StartsOption = None,
    ends: EndsOption = None,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record an approval; comments about this sale are let through."""
    from modbot import registry

    found = load(ctx, config)
    zone = found.settings.web.time_zone
    with open_database(found) as database:
        fundraiser = registry.add_fundraiser(
            database,
            name=name,
            approved_by=approved_by,
            actor=person(by),
            now=utc_now(),
            approver_role=role,
            details=details,
            links=link or (),
            accounts=account or (),
            starts_at=_midnight("--starts", starts, zone) if starts else None,
            ends_at=_midnight("--ends", ends, zone, days=1) if ends else None,
        )
    _answer_one(fundraiser, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the approved fundraisers."""
    from modbot import registry

    with open_database(load(ctx, config)) as database:
        found = registry.list_fundraisers(database, None if ended else utc_now())

    def tell(console: Console) -> None:
        print_table(
            console,
            "Approved fundraisers",
            ("number", "name", "links and accounts", "approved by", "starts (UTC)", "ends (UTC)"),
            ((f.id, f.name, _goes_to(f), _approver(f), f.starts_at, f.ends_at) for f in found),
        )

    answer({"fundraisers": [asdict(f) for f in found]}, as_json=as_json, tell=tell)


@app.command("end")
def end(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As fundraisers list shows it.")],
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an approval now."""
    from modbot import registry

    with open_database(load(ctx, config)) as database:
        fundraiser = registry.end_fundraiser(database, number, person(by), utc_now())
    _answer_one(fundraiser, as_json=as_json)


def _goes_to(fundraiser: ApprovedFundraiser) -> str:
    return ", ".join((*fundraiser.links, *fundraiser.accounts))


def _approver(fundraiser: ApprovedFundraiser) -> str:
    role = f" ({fundraiser.approver_role})" if fundraiser.approver_role else ""
    return fundraiser.approved_by + role


def _answer_one(fundraiser: ApprovedFundraiser, *, as_json: bool) -> None:
    ends = f"until {fundraiser.ends_at:%Y-%m-%d %H:%M} UTC" if fundraiser.ends_at else "no end"

    def tell(console: Console) -> None:
        said = one_line(f"{fundraiser.id}: {fundraiser.name} ({ends})")
        console.print(said, soft_wrap=True)

    answer(asdict(fundraiser), as_json=as_json, tell=tell)


def _midnight(option: str, day: str, time_zone: str, *, days: int = 0) -> datetime:
    """The beginning of a day, or of one `days` later, in UTC."""
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=ZoneInfo(time_zone))
        return (midnight + timedelta(days=days)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandFailed(f"{option} must be a date such as 2026-12-18") from None
