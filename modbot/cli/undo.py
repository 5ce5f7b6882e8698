"""`modbot undo`: taking back together what a rule, a model or a person did."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
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
    registered,
    utc_now,
)

if TYPE_CHECKING:
    from rich.console import Console
    from sqlmodel import Session

    from modbot.settings import Config
    from modbot.store import DeedChoice
    from modbot.undo import Preview, Rights

LARGEST_ID = 2**63 - 1

app = typer.Typer(
    help="Take back together what a rule, a model or a person did.", rich_markup_mode=None
)

RuleOption = Annotated[str | None, typer.Option(metavar="ID", help="What this rule did.")]
ModelOption = Annotated[
    str | None, typer.Option(metavar="'NAME VERSION'", help="What this model did.")
]
PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="NAME", help="What this person did.")
]
SinceOption = Annotated[
    str, typer.Option(metavar="TIME", help="Such as 2026-09-08 or 2026-09-08T07:30, local time.")
]
UntilOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Up to this time; else up to now.")
]
PageOption = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Only on this page; may be given again.")
]
OthersOption = Annotated[
    bool, typer.Option("--others", help="Also where something else would have hidden it.")
]


@app.command("preview")
def preview(
    ctx: typer.Context,
    since: SinceOption,
    rule: RuleOption = None,
    model: ModelOption = None,
    of_person: PersonOption = None,
    until: UntilOption = None,
    page: PageOption = None,
    others: OthersOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what taking it back would do; changes nothing."""
    from modbot import store, undo

    loaded = load(ctx, config)
    with open_database(loaded) as database, database.read() as s:
        choice = _choice(s, loaded, _doer(rule, model, of_person), since, until, page)
        seen = undo.look(s, choice, _rights(loaded), others_too=others)
        namesakes = store.namesakes(s, of_person) if of_person else []
    payload = {
        "comments": len(seen.items),
        "plans": _counts(seen.plans),
        "by_page": {name: _counts(plans) for name, plans in seen.by("page_id").items()},
        "by_category": {name: _counts(plans) for name, plans in seen.by("category").items()},
        "by_platform": {name: _counts(plans) for name, plans in seen.by("platform").items()},
        "examples": {plan.value: list(seen.examples(plan)) for plan in seen.plans},
        "seconds": seen.takes.total_seconds(),
        "dollars": round(seen.dollars, 2),
        "through": choice.through,
        "until": choice.until.isoformat(),
        "set_sha256": seen.set_sha256,
        "others_of_this_name": namesakes,
    }
    answer(payload, as_json=as_json, tell=lambda console: _tell_preview(console, seen, namesakes))


@app.command("run")
def run(
    ctx: typer.Context,
    since: SinceOption,
    reason: Annotated[str, typer.Option(help="Why; it is kept with each decision.")],
    rule: RuleOption = None,
    model: ModelOption = None,
    of_person: PersonOption = None,
    until: UntilOption = None,
    page: PageOption = None,
    others: OthersOption = False,
    through: Annotated[
        int | None,
        typer.Option(metavar="ID", min=1, max=LARGEST_ID, help="As the preview gave it."),
    ] = None,
    agreed: Annotated[
        str, typer.Option(metavar="SHA256", help="The set that the preview gave; else any.")
    ] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a run; the running service carries it out at the platforms' pace."""
    from modbot import store, undo

    loaded = load(ctx, config)
    with open_database(loaded) as database:
        with database.read() as s:
            choice = _choice(
                *(s, loaded, _doer(rule, model, of_person), since, until, page), through=through
            )
        request = undo.Request(choice=choice, others_too=others, reason=reason, set_sha256=agreed)
        run_id = undo.start(database, request, _rights(loaded), person(by), utc_now())
        with database.read() as s:
            comments = store.count_items(s, run_id).total()
    said = f"Run {run_id} has begun: {comments} comments. See `modbot undo status {run_id}`."
    answer(
        {"run": run_id, "comments": comments},
        as_json=as_json,
        tell=lambda console: console.print(said, soft_wrap=True),
    )


@app.command("status")
def status(
    ctx: typer.Context,
    run_id: Annotated[
        int | None, typer.Argument(metavar="RUN", min=1, max=LARGEST_ID, help="Else all runs.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far runs are, and how many comments have which receipt."""
    from modbot import store
    from modbot.undo.receipts import totals

    with open_database(load(ctx, config)) as database, database.read() as s:
        runs = store.undo_runs(s) if run_id is None else [store.undo_run(s, run_id)]
        told = []
        for row in runs:
            whole: Counter[Any] = Counter()
            for counted in totals(s, row.id or 0).values():
                whole.update(counted)
            told.append(
                {
                    "run": row.id,
                    "state": row.state,
                    "of": row.kind,
                    "subject": row.subject,
                    "since": row.since.isoformat(),
                    "until": row.until.isoformat(),
                    "by": row.made_by,
                    "reason": row.reason,
                    "receipts": _counts(whole),
                }
            )
    answer({"runs": told}, as_json=as_json, tell=lambda console: _tell_runs(console, told))


@app.command("stop")
def stop(
    ctx: typer.Context,
    run_id: Annotated[int, typer.Argument(metavar="RUN", min=1, max=LARGEST_ID)],
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop a run for good; what it has taken back stays taken back."""
    from modbot import undo
    from modbot.undo.receipts import STOPPED

    with open_database(load(ctx, config)) as database:
        done = undo.change_state(database, run_id, STOPPED, person(by), utc_now())
    if not done:
        raise CommandFailed(f"run {run_id} is over already")
    answer(
        {"run": run_id, "state": STOPPED},
        as_json=as_json,
        tell=lambda console: console.print(f"Run {run_id} is stopped."),
    )


def _doer(rule: str | None, model: str | None, of_person: str | None) -> tuple[str, str]:
    named = [
        (kind, subject)
        for kind, subject in (("rule", rule), ("model", model), ("person", of_person))
        if subject is not None
    ]
    if len(named) != 1 or not named[0][1].strip():
        raise CommandFailed("give one of --rule, --model and --person")
    return named[0]


def _choice(
    s: Session,
    config: Config,
    named: tuple[str, str],
    since: str,
    until: str | None,
    pages: list[str] | None,
    *,
    through: int | None = None,
) -> DeedChoice:
    from modbot import store

    zone = ZoneInfo(config.settings.web.time_zone)
    kind, subject = named
    return store.DeedChoice(
        doer=store.Doer(kind=store.DoerKind(kind), subject=subject),
        since=_moment(since, zone),
        until=_moment(until, zone) if until else utc_now(),
        pages=frozenset(registered(s, each).id for each in pages) if pages else None,
        through=max(1, store.newest_decision(s)) if through is None else through,
    )


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandFailed("a time must be written like 2026-09-08T07:30") from None


def _rights(config: Config) -> Rights:
    from modbot.service import capabilities_of
    from modbot.undo import Rights

    return Rights(policy=config.policy, capabilities=capabilities_of)


def _counts(counted: Counter[Any]) -> dict[str, int]:
    return {str(name): number for name, number in sorted(counted.items())}


def _tell_preview(console: Console, seen: Preview, namesakes: list[str]) -> None:
    if namesakes:
        others = ", ".join(namesakes)
        console.print(f"Not of others who bear this name: {others}", markup=False, soft_wrap=True)
    rows = (
        (plan.value, number, ", ".join(map(str, seen.examples(plan))))
        for plan, number in seen.plans.most_common()
    )
    print_table(console, "What would happen", ("what", "comments", "such as decision"), rows)
    by_page = ((name, plans.total()) for name, plans in seen.by("page_id").items())
    print_table(console, "By page", ("page", "comments"), by_page)
    minutes = max(1, round(seen.takes.total_seconds() / 60))
    if seen.restores:
        console.print(f"It takes about {minutes} min at the platforms' pace.")
    console.print(
        f"To begin: the same with `modbot undo run --through {seen.choice.through}"
        f" --until {seen.choice.until.isoformat()} --agreed {seen.set_sha256} --reason ...`",
        soft_wrap=True,
    )


def _tell_runs(console: Console, runs: list[dict[str, Any]]) -> None:
    rows = (
        (
            *(run["run"], run["state"], f"{run['of']} {run['subject']}", run["by"]),
            ", ".join(f"{name} {number}" for name, number in run["receipts"].items()),
        )
        for run in runs
    )
    print_table(console, "Undo runs", ("run", "state", "of", "by", "receipts"), rows)
