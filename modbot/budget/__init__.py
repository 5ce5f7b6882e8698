"""One rate budget for each credential: what is left, for what, and until when nothing goes."""

from modbot.budget.allowance import Allowance, Receipt
from modbot.budget.budgets import Budgets
from modbot.budget.gauge import Block, Gauge
from modbot.budget.ledger import Ledger, MemoryLedger
from modbot.budget.page_budget import PageBudget
from modbot.budget.rate_budget import EVERY_LANE, READS, WRITES, RateBudget
from modbot.budget.report import BudgetLine, BudgetReport, BudgetWait, report

__all__ = [
    "EVERY_LANE",
    "READS",
    "WRITES",
    "Allowance",
    "Block",
    "BudgetLine",
    "BudgetReport",
    "BudgetWait",
    "Budgets",
    "Gauge",
    "Ledger",
    "MemoryLedger",
    "PageBudget",
    "RateBudget",
    "Receipt",
    "report",
]
