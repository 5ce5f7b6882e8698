"""A pipeline on a page in memory: a real database, a classifier that reads marked words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session, select

from modbot.alerts import Alert, Alerter
from modbot.domain import Actor, Category, Comment, Evidence, Mode, Page, Signal
from modbot.enforcement import Limits
from modbot.judging import Judge
from modbot.pipeline import PollContext, PollResult, poll_page
from modbot.policy import CategoryPolicy, Policy
from modbot.store import Database
from modbot.tables import ActionRow, AuditRow, CommentRow, DecisionRow, PageRow, VersionRow
from tests.databases import new_database
from tests.fakes import FakeAdapter, ManualClock

ADA = Actor(kind="person", name="Ada")
MARKS = {
    "BAD": (Category.PROFANITY, 0.95),
    "RUDE": (Category.OFFENSIVE, 0.75),
    "KILL": (Category.THREAT, 0.95),
    "HELPME": (Category.CRISIS, 0.95),
}
NEVER_HIDE = (Category.CRISIS, Category.OFF_TOPIC)


class MarkClassifier:
    """Flags comments that hold one of MARKS; raises on BOOM."""

    name = "rules"
    version = "marks-1"

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        return [self._signals(c.text) for c in comments]

    def _signals(self, text: str) -> list[Signal]:
        if "BOOM" in text:
            raise RuntimeError("this text breaks the classifier")
        return [
            Signal(
                source="rules",
                category=category,
                score=score,
                evidence=Evidence(rule=mark, text=mark, start=text.index(mark)),
            )
            for mark, (category, score) in MARKS.items()
            if mark in text
        ]


def make_policy() -> Policy:
    return Policy(
        categories={
            c: CategoryPolicy(
                category=c,
                review=0.7,
                hide=0.9,
                may_hide=c not in NEVER_HIDE,
                urgent=c in (Category.THREAT, Category.CRISIS),
                clause=f"clause {c}",
                clause_text="",
            )
            for c in Category
        }
    )


class Line:
    """Everything between a fake page and a real database, and what a test wants to see of it."""

    def __init__(
        self, database: Database, adapter: FakeAdapter, clock: ManualClock, limits: Limits
    ):
        self.database = database
        self.adapter = adapter
        self.clock = clock
        self.alerts: list[Alert] = []
        self.context = PollContext(
            database=database,
            adapter=adapter,
            judge=Judge(
                classifiers=(MarkClassifier(),), policy=make_policy(), config_sha256="c" * 64
            ),
            clock=clock,
            limits=limits,
            alerter=Alerter((self.alerts.append,)),
        )

    @property
    def page(self) -> Page:
        return self.adapter.page

    def poll(self, **changes: object) -> PollResult:
        self.context = replace(self.context, **changes)  # type: ignore[arg-type]
        return poll_page(self.context, self.page.id)

    def decisions(self) -> list[DecisionRow]:
        return self._all(DecisionRow)

    def actions(self) -> list[ActionRow]:
        return self._all(ActionRow)

    def comments(self) -> list[CommentRow]:
        return self._all(CommentRow)

    def versions(self) -> list[VersionRow]:
        return self._all(VersionRow)

    def audit(self) -> list[AuditRow]:
        return self._all(AuditRow)

    def set_page(self, **fields: object) -> None:
        with self.database.write() as s:
            row = s.get_one(PageRow, self.page.id)
            for name, value in fields.items():
                setattr(row, name, value)

    def _all(self, table):  # type: ignore[no-untyped-def]
        with self.database.read() as s:
            rows = list(s.exec(select(table).order_by(*table.__table__.primary_key)))
            s.expunge_all()
            return rows


def register(s: Session, page: Page, clock: ManualClock) -> None:
    s.add(
        PageRow(
            id=page.id,
            platform=page.platform,
            external_id=page.external_id,
            name=page.name,
            token_ref=page.token_ref,
            mode=page.mode.value,
            registered_by="Ada",
            registered_at=clock.now(),
        )
    )


@contextmanager
def line_on(
    folder: Path,
    adapter: FakeAdapter,
    clock: ManualClock,
    *,
    mode: Mode = Mode.ENFORCE,
    limits: Limits | None = None,
) -> Iterator[Line]:
    """A line whose page is registered in `mode`."""
    database = new_database(folder / "line.db")
    try:
        with database.write() as s:
            register(s, replace(adapter.page, mode=mode), clock)
        yield Line(database, adapter, clock, limits or Limits())
    finally:
        database.close()
