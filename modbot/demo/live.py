"""The day at a chosen speed, with the log page open and the hides shown in the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlmodel import Session, col, select

from modbot.clocks import FastClock
from modbot.demo.report import account
from modbot.demo.stage import Stage, day_begins, demo_feed, paced, set_stage
from modbot.people.demo import keep_signed_in, open_demo
from modbot.plain_text import one_line
from modbot.scheduler import polling
from modbot.service import Service
from modbot.settings import Config
from modbot.tables import CommentRow, DecisionRow, PageRow, VersionRow

LOOK_SECONDS = 0.2
POLL_SECONDS = 0.6  # real seconds between polls of a page: what two cores can follow
AFTER_THE_DAY = timedelta(minutes=75)
COLOURS = {"hide": "red", "escalate": "magenta", "review": "yellow"}


def run_live(
    config: Config,
    *,
    speed: float,
    data_dir: Path,
    console: Console,
    serve: Callable[[Service], AbstractContextManager[str]],
    stop: threading.Event,
    stay: bool,
) -> None:
    """Plays the day `speed` times as fast as life until it is over or `stop` is set.

    `serve` keeps the service's web page open and gives its address. With `stay` that lasts after
    the day until `stop` is set, from then on as fast as life: what somebody decides there is
    still carried out.
    """
    feed = demo_feed()
    clock = FastClock(day_begins(feed), speed)
    end = feed[-1].at + AFTER_THE_DAY
    config = paced(config, least_seconds=speed * POLL_SECONDS)
    with (
        set_stage(config, feed, clock, data_dir) as stage,
        serve(stage.service) as address,
    ):
        with stage.service.database.write() as s:
            link = f"{address}demo/{open_demo(s, clock.now())}"
        _welcome(console, link, stage, (end - clock.now()).total_seconds() / speed)
        with polling(stage.service):
            _watch(console, stage, end, stop)
            stays = stay and not stop.is_set()
            if stays:
                _after_the_day(stage, clock)
                _farewell(console, stage, link, stay=True)
            while stays and not stop.wait(LOOK_SECONDS):  # timed, so that a signal is handled
                pass
        if not stays:
            _farewell(console, stage, link, stay=False)


def _welcome(console: Console, link: str, stage: Stage, seconds: float) -> None:
    pages = len(stage.page_ids)
    console.print(
        f"\n[bold]modbot demo[/]: one school day on {pages} pages of a fictional district"
    )
    console.print(
        f"The room: [bold underline]{link}[/]   (signs you in; Ctrl-C ends the demo)",
        soft_wrap=True,
    )
    console.print(f"The day passes in about {max(1, round(seconds / 60))} min.\n")


def _watch(console: Console, stage: Stage, end: datetime, stop: threading.Event) -> None:
    """Prints what is decided, as it is decided, until the day is over."""
    zone = ZoneInfo(stage.service.config.settings.web.time_zone)
    last = 0
    with console.status("") as status:
        while not stop.is_set() and stage.service.clock.now() < end:
            stop.wait(LOOK_SECONDS)
            with stage.service.database.read() as s:
                rows = _newer(s, last)
            for decision, comment, version, page in rows:
                last = max(last, decision.id or 0)
                if decision.verdict != "allow":
                    console.print(_line(decision, comment, version, page, zone), soft_wrap=True)
            now = stage.service.clock.now().astimezone(zone)
            status.update(f"{now:%H:%M} in Lawrence, {sum(stage.world.calls.values())} calls")


def _after_the_day(stage: Stage, clock: FastClock) -> None:
    """As fast as life, or a reader's hour would be three weeks of the room's."""
    with stage.service.database.write() as s:
        clock.slow_down()
        keep_signed_in(s, clock.now())


def _newer(s: Session, last: int) -> list[tuple[DecisionRow, CommentRow, VersionRow, PageRow]]:
    found = s.exec(
        select(DecisionRow, CommentRow, VersionRow, PageRow)
        .join(CommentRow, col(DecisionRow.comment_row) == col(CommentRow.id))
        .join(VersionRow, col(DecisionRow.version_id) == col(VersionRow.id))
        .join(PageRow, col(DecisionRow.page_id) == col(PageRow.id))
        .where(col(DecisionRow.id) > last)
        .order_by(col(DecisionRow.id))
    )
    return [tuple(row) for row in found]  # type: ignore[misc]


def _line(
    decision: DecisionRow,
    comment: CommentRow,
    version: VersionRow,
    page: PageRow,
    zone: ZoneInfo,
) -> Text:
    colour = COLOURS[decision.verdict]
    verdict = decision.verdict.upper() + (
        "+HIDE" if decision.verdict == "escalate" and decision.hide else ""
    )
    text = one_line(version.text)
    line = Text()
    line.append(f"{comment.created_at.astimezone(zone):%H:%M} ", style="dim")
    line.append(f"{verdict:<9}", style=f"bold {colour}")
    line.append(f" {page.platform}/{one_line(page.name)}: ", style="cyan")
    line.append(f"“{text[:110]}{'…' if len(text) > 110 else ''}”")
    line.append(f"  {one_line(decision.reason)}", style="dim")
    for note in decision.degraded:
        line.append(f" [{note}]", style="yellow")
    return line


def _farewell(console: Console, stage: Stage, link: str, *, stay: bool) -> None:
    report = account(stage, seconds=0)
    verdicts, hides = report["decisions"]["by_verdict"], report["hides"]
    table = Table(title="The day in numbers", show_header=False)
    for name, value in (
        ("comments", report["comments"]),
        ("text versions judged", report["versions"]),
        ("left up", verdicts.get("allow", 0)),
        ("for review", verdicts.get("review", 0)),
        ("hidden", verdicts.get("hide", 0)),
        ("escalated to a person", verdicts.get("escalate", 0)),
        ("hides confirmed / on the platforms", f"{hides['confirmed']} / {hides['on_platform']}"),
        (
            "audit chain",
            f"{report['audit']['rows']} rows, {'sound' if report['audit']['ok'] else 'BROKEN'}",
        ),
    ):
        table.add_row(name, str(value))
    console.print(table)
    if stay:
        console.print(
            f"The room stays open at [bold underline]{link}[/]; Ctrl-C ends.", soft_wrap=True
        )
