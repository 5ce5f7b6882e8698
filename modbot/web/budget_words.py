"""What is left of a page's rate budget, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from modbot.budget import BudgetLine, BudgetReport, BudgetWait
from modbot.budget.report import CALLS, EVERY_LANE, WRITES
from modbot.i18n import Language

Translate = Callable[[str], str]
MONEY = ("cents", "cents of the sweep")


class BudgetWords:
    """Sentences for one language."""

    def __init__(self, spoken: Language):
        _ = spoken.gettext
        self._spoken = spoken
        self._names = _names(_)
        self._of_calls = _of_calls(_)
        self._waits = _waits(_)

    def name(self, line: BudgetLine) -> str:
        """What is limited: "Money today"."""
        if line.what == CALLS:
            return self._of_calls.get(line.lane, line.lane)
        return self._names.get((line.what, line.monthly), line.what)

    def spent(self, line: BudgetLine) -> str:
        """How much of it is spent: "$1.25 of $5.00", or a share where the vendor tells no more."""
        if line.spent is None or line.limit is None:
            return self._spoken.percent(line.share)
        spent, limit = (self._amount(line, value) for value in (line.spent, line.limit))
        return self._spoken.gettext("%(spent)s of %(limit)s") % {"spent": spent, "limit": limit}

    def kept(self, line: BudgetLine) -> str:
        """What of it is kept for hides; empty: nothing."""
        if not line.kept_for_hides:
            return ""
        kept = self._amount(line, line.kept_for_hides)
        return self._spoken.gettext("the last %(amount)s are for hides") % {"amount": kept}

    def wait(self, wait: BudgetWait) -> str:
        """What may not be called now."""
        return self._waits.get(wait.lane, self._waits[""])

    def shared(self, report: BudgetReport) -> str:
        """How many pages draw on it; empty: this one alone."""
        if report.pages < 2:
            return ""
        text = self._spoken.ngettext(
            "shared by %(num)s page", "shared by %(num)s pages", report.pages
        )
        return text % {"num": self._spoken.number(report.pages)}

    def _amount(self, line: BudgetLine, value: float) -> str:
        if line.what in MONEY:
            return self._spoken.money(value)
        return self._spoken.number(round(value))


def _names(_: Translate) -> dict[tuple[str, bool], str]:
    return {
        ("cents", False): _("Money today"),
        ("cents", True): _("Money this month"),
        ("cents of the sweep", False): _("Money for searches today"),
        ("units", False): _("Units today"),
    }


def _of_calls(_: Translate) -> dict[str, str]:
    return {
        EVERY_LANE: _("Calls"),
        WRITES: _("Hides"),
        "mentions": _("Readings of replies"),
        "own posts": _("Readings of own posts"),
        "look-ups": _("Look-ups"),
        "search": _("Searches"),
        "account": _("Token checks"),
    }


def _waits(_: Translate) -> dict[str, str]:
    return {
        EVERY_LANE: _("The platform is not called before"),
        WRITES: _("Hides wait until"),
        "": _("The platform is not called before"),
    }
