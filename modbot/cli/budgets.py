"""What is left of a page's rate budget, for `modbot pages list`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from modbot.budget.report import CALLS, EVERY_LANE, WRITES

if TYPE_CHECKING:
    from datetime import datetime

    from modbot.budget import BudgetLine, BudgetReport, BudgetWait


def budget_fields(report: BudgetReport) -> dict[str, Any]:
    """As JSON."""
    return asdict(report)


def budget_text(report: BudgetReport) -> str:
    """One line: waits first, then what is spent of what, and when it begins anew (UTC)."""
    parts = [_wait(one) for one in report.waits] + [_line(one) for one in report.lines]
    if parts and report.pages > 1:
        parts.append(f"shared by {report.pages} pages")
    return "; ".join(parts) or "no limit known"


def _wait(wait: BudgetWait) -> str:
    whom = {EVERY_LANE: "no call", WRITES: "no hide"}.get(wait.lane, f"no call of {wait.lane}")
    return f"{whom} before {_time(wait.until)} ({wait.why})"


def _line(line: BudgetLine) -> str:
    if line.what == CALLS:
        what = "hides" if line.lane == WRITES else f"calls of {line.lane}" if line.lane else "calls"
    else:
        what = f"{line.what} {'this month' if line.monthly else 'today'}"
    if line.spent is None or line.limit is None:
        said = f"{what}: {line.share:.0%} spent"
    else:
        said = f"{what}: {line.spent:,.10g} of {line.limit:,.10g} spent"
    if line.kept_for_hides:
        said += f", the last {line.kept_for_hides:,.10g} for hides"
    return said + (f", until {_time(line.resets_at)}" if line.resets_at else "")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
