"""Budgets outlive the process here: counts that are taken from ahead, and each one's standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, select, text
from sqlmodel import Session, col

from modbot.budget import BudgetReport, PageBudget, report
from modbot.store.database import Database
from modbot.store.pages import page_state, save_page_state
from modbot.tables import BudgetCountRow, BudgetRow, PageRow, PageStateRow

_TAKEN = text(
    "INSERT INTO budget_count (key, counter, amount) VALUES (:key, :counter, :amount) "
    "ON CONFLICT (key, counter) DO UPDATE SET amount = budget_count.amount + excluded.amount "
    "RETURNING amount"
)


class Quiet(Protocol):
    """What of a page's state tells how often it has to be polled."""

    @property
    def page_id(self) -> str: ...

    @property
    def newest_post_at(self) -> datetime | None: ...

    @property
    def newest_comment_at(self) -> datetime | None: ...


class StoreLedger:
    """modbot.budget.Ledger in the database, because a budget is a credential's and not a page's:
    a cursor, which is one page's, could not carry it to the others."""

    def __init__(self, database: Database):
        self._database = database

    def take(self, key: str, counter: str, amount: int) -> int:
        """One statement, so that of two processes neither loses what the other took."""
        if amount == 0:
            with self._database.read() as s:
                row = s.get(BudgetCountRow, (key, counter))
                return row.amount if row is not None else 0
        values = {"key": key, "counter": counter, "amount": amount}
        with self._database.write() as s:
            return int(s.connection().execute(_TAKEN, values).scalar_one())

    def standing(self, key: str) -> Mapping[str, Any]:
        """Empty for a credential that was never used."""
        with self._database.read() as s:
            row = s.get(BudgetRow, key)
            return row.standing if row is not None else {}

    def keep(self, key: str, standing: Mapping[str, Any]) -> None:
        """The newest word stands."""
        with self._database.write() as s:
            row = s.get(BudgetRow, key) or BudgetRow(key=key)
            row.standing = dict(standing)
            s.add(row)


def keep_budget(
    database: Database, page_id: str, budget: PageBudget, state: PageStateRow | None = None
) -> None:
    """After a page was called: what its budget knows by now, and whose it is. Mostly no write.
    `state`: of the page, where it was read just now; it is kept up to date."""
    budget.of.keep()
    whose = {"budget_key": budget.of.key, "budget_scope": budget.scope}
    if state is None:
        with database.read() as s:
            state = page_state(s, page_id)
    if any(getattr(state, name) != value for name, value in whose.items()):
        with database.write() as s:
            save_page_state(s, page_id, **whose)
        for name, value in whose.items():
            setattr(state, name, value)


def states_sharing(session: Session, budget_key: str) -> Sequence[Quiet]:
    """How quiet each page is that shares a budget and is not paused."""
    if not budget_key:
        return []
    return session.execute(_sharing(), {"key": budget_key}).all()


@cache
def _sharing() -> Select[Any]:
    state = PageStateRow
    columns: list[Any] = [state.page_id, state.newest_post_at, state.newest_comment_at]
    return (
        select(*columns)
        .join(PageRow, col(PageRow.id) == col(state.page_id))
        .where(col(state.budget_key) == bindparam("key"), ~col(PageRow.paused))
    )


def budget_report(session: Session, page_id: str, now: datetime) -> BudgetReport:
    """What is left of the budget that a page draws on; empty while nothing is known of it."""
    state = page_state(session, page_id)
    row = session.get(BudgetRow, state.budget_key) if state.budget_key else None
    if row is None:
        return BudgetReport()
    sharing = len(states_sharing(session, state.budget_key))
    return replace(report(row.standing, state.budget_scope, now), pages=max(1, sharing))
