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

_STATEMENT = re.compile(r"\s*(INSERT|UPDATE|DELETE)\s+(?:OR\s+\w+\s+)?(?:INTO|FROM)?\s*\"?(\w+)", re.I)
LIST = "list:"


class _Transaction(threading.local):
    """What the transaction of this thread has written so far."""

    written: tuple[str, ...] = ()


def _arm(point: str) -> None:
    """From now on the process dies at `point`, or lists the points that it meets."""
    transaction, met, lock = _Transaction(), set[str](), threading.Lock()
    listed = Path(point.removeprefix(LIST)) if point.startswith(LIST) else None

    def reach(moment: str, statement: str) -> None:
        here = f"{moment} {statement}"
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)
        with lock:
            if listed is not None and here not in met:
                met.add(here)
                with listed.open("a") as file:
                    file.write(f"{here}\n")

    def named(statement: str) -> str:
        found = _STATEMENT.match(statement)
        return f"{found[1].upper()} {found[2].lower()}" if found else ""

    def before(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if name := named(statement):
            reach("before", name)

    def after(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if name := named(statement):
            if name not in transaction.written:
                transaction.written += (name,)
            reach("after", name)

    def begin(_c: Any) -> None:
        transaction.written = ()

    def commit(_c: Any) -> None:
        for name in transaction.written:
            reach("before commit of", name)

    def committed(_s: Any) -> None:
        for name in transaction.written:
            reach("after commit of", name)
        transaction.written = ()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    event.listen(Engine, "begin", begin)
    event.listen(Engine, "commit", commit)
    event.listen(Session, "after_commit", committed)


if __name__ == "__main__":
    _arm(sys.argv.pop(1))
    sys.exit(main())
