"""Budgets outlive the process here: counts that are taken from ahead, and each one's standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
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


def keep_budget(database: Database, page_id: str, budget: PageBudget) -> None:
    """After a page was called: what its budget knows by now, and whose it is. Mostly no write."""
    budget.of.keep()
    whose = {"budget_key": budget.of.key, "budget_scope": budget.scope}
    with database.read() as s:
        state = page_state(s, page_id)
        known = {name: getattr(state, name) for name in whose}
    if known != whose:
        with database.write() as s:
            save_page_state(s, page_id, **whose)


def states_sharing(session: Session, budget_key: str) -> list[PageStateRow]:
    """Where polling of each page stands that shares a budget and is not paused."""
    if not budget_key:
        return []
    states = (
        select(PageStateRow)
        .join(PageRow, col(PageRow.id) == col(PageStateRow.page_id))
        .where(col(PageStateRow.budget_key) == budget_key, ~col(PageRow.paused))
    )
    return list(session.scalars(states))


def budget_report(session: Session, page_id: str, now: datetime) -> BudgetReport:
    """What is left of the budget that a page draws on; empty while nothing is known of it."""
    state = page_state(session, page_id)
    row = session.get(BudgetRow, state.budget_key) if state.budget_key else None
    if row is None:
        return BudgetReport()
    sharing = len(states_sharing(session, state.budget_key))
    return replace(report(row.standing, state.budget_scope, now), pages=max(1, sharing))
