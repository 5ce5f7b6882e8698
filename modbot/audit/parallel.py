"""Other processes that walk parts of the log for proven(): one for each core."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
    helper = _Helper(open_database)
    with multiprocessing.get_context("fork").Pool(processes, helper.begin) as pool:

        def walk_parts(parts: Sequence[tuple[int, int]]) -> Iterable[Walk | None]:
            return pool.imap(_walk, parts)

        yield walk_parts


class _Helper:
    """What one of the processes has: the database, opened once, for opening it costs as much as a
    thousand rows. Closed by the end of the process."""

    here: _Helper  # of this process

    def __init__(self, open_database: Opener) -> None:
        self._open_database = open_database
        self._opened: Any = None
        self._open = ExitStack()

    def begin(self) -> None:
        """Opens nothing: a process that fails here would be started again without end."""
        _Helper.here = self

    def walk(self, after: int, last: int) -> Walk | None:
        if self._opened is None:
            self._opened = self._open.enter_context(self._open_database())
        with self._opened.read() as session:
            return walk_part(session.connection().connection, after, last)


def _walk(part: tuple[int, int]) -> Walk | None:
    return _Helper.here.walk(*part)
