"""`modbot`, that kills itself with SIGKILL at one point of its work with the database.

Nothing of the product is changed: SQLAlchemy tells its listeners of every statement and commit.
A point is a moment ("before", "after", "before commit of", "after commit of") and a statement
("INSERT decision"); the first time it is met is the last that the process does.

    python -m tests.campaigns.mortal_service "after INSERT decision" run --config DIR

With "list:FILE" in place of a point nothing dies, and every point that is met is written there.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session

from modbot.cli import main

_STATEMENT = re.compile(
    r"\s*(INSERT|UPDATE|DELETE)\s+(?:OR\s+\w+\s+)?(?:INTO|FROM)?\s*\"?(\w+)", re.I
)
LIST = "list:"


class _Transaction(threading.local):
    """What the transaction of this thread has written so far."""

    written: tuple[str, ...] = ()


class Points:
    """Told by SQLAlchemy of all that is done; ends the process at one point, or lists them all."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._listed = Path(wanted.removeprefix(LIST)) if wanted.startswith(LIST) else None
        self._met: set[str] = set()
        self._lock = threading.Lock()
        self._transaction = _Transaction()

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "begin", self._begin)
        event.listen(Engine, "commit", self._commit)
        event.listen(Session, "after_commit", self._committed)

    def _reach(self, moment: str, statement: str) -> None:
        here = f"{moment} {statement}"
        if here == self._wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        with self._lock:
            if self._listed is not None and here not in self._met:
                self._met.add(here)
                with self._listed.open("a") as file:
                    file.write(f"{here}\n")

    def _before(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if name := _named(statement):
            self._reach("before", name)

    def _after(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if name := _named(statement):
            if name not in self._transaction.written:
                self._transaction.written += (name,)
            self._reach("after", name)

    def _begin(self, _connection: Any) -> None:
        self._transaction.written = ()

    def _commit(self, _connection: Any) -> None:
        for name in self._transaction.written:
            self._reach("before commit of", name)

    def _committed(self, _session: Any) -> None:
        for name in self._transaction.written:
            self._reach("after commit of", name)
        self._transaction.written = ()


def _named(statement: str) -> str:
    found = _STATEMENT.match(statement)
    return f"{found[1].upper()} {found[2].lower()}" if found else ""


if __name__ == "__main__":
    Points(sys.argv.pop(1)).listen()
    sys.exit(main())
