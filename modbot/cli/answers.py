"""How commands answer: one JSON object, or text and tables for people, on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.domain import Evidence

EXIT_BAD_INPUT = 2
EXIT_ALREADY_RUNNING = 75  # EX_TEMPFAIL: a supervisor may try again
EXIT_BAD_CONFIG = 78  # EX_CONFIG: trying again is of no use


class CommandFailed(Exception):
    """Ends the command with one line on standard error."""

    def __init__(self, message: str, *, exit_code: int = EXIT_BAD_INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def answer(payload: dict[str, Any], *, as_json: bool, tell: Callable[[Console], None]) -> None:
    """Prints the payload as one JSON object, or lets `tell` say it to a person."""
    if as_json:
        print_json(payload)
        return
    from rich.console import Console

    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    tell(Console(markup=False, highlight=False, emoji=False))
    sys.stdout.flush()  # a reader that has gone is noticed here, not at exit


def print_json(payload: dict[str, Any]) -> None:
    """One JSON object on a line of its own, in ASCII: lone surrogates leave as escapes."""
    sys.stdout.write(json.dumps(payload, default=_plain, allow_nan=False) + "\n")
    sys.stdout.flush()


def complain(message: str) -> None:
    """One line on standard error."""
    sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stderr.write(f"modbot: {one_line(message)}\n")
    sys.stderr.flush()


def print_table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """A table whose cells cannot act on the terminal; `title` stands for it when it is empty."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    if table.row_count:
        console.print(table)
    else:
        console.print(f"{title}: none")


def words_and_note(evidence: Evidence) -> str:
    """The words that a rule rests on, and what it has to say about them."""
    return f"{evidence.text} ({evidence.note})" if evidence.note else evidence.text


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    return one_line(str(value))


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} in an answer")
