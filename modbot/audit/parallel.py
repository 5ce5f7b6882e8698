"""Other processes that walk parts of the log for proven(): one for each core."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from modbot.audit.proof import Helpers, Walk, walk_part

Opener = Callable[[], AbstractContextManager[Any]]  # a database, as verify() takes it


@contextmanager
def helping(open_database: Opener, processes: int) -> Iterator[Helpers | None]:
    """Helpers while the block lasts; None where there is one core, or no fork.

    To be entered before this process opens the database or starts a thread: SQLite's locks do not
    survive a fork. A row that is written while they walk is a doubt and costs a second look.
    """
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield None
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:

        def walk_parts(parts: Sequence[tuple[int, int]]) -> list[Walk | None]:
            return pool.starmap(_walk, [(open_database, *part) for part in parts], chunksize=1)

        yield walk_parts


def _walk(open_database: Opener, after: int, last: int) -> Walk | None:
    with open_database() as database, database.read() as session:
        return walk_part(session.connection().connection, after, last)
