"""No screen reads a whole table of the record: what takes a millisecond here would take seconds on
a million comments. What waits is short: that may be counted whole. (PostgreSQL plans by what is in
a table, so that this is SQLite's alone.)"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event

from modbot.people import Role
from modbot.settings.sections import WebSection
from modbot.web import first_answers
from modbot.web.cookies import cookies_for
from modbot.web.rendering import Pages
from tests.web.school import FakeService, record, swearing
from tests.web.signed_in import Site

pytestmark = pytest.mark.sqlite
GROWING = ("comment", "version", "decision", "action", "audit", "post")
SCREENS = (
    *("/queue", "/queue/1", "/queue/2?did=1", "/log", "/log?q=frick", "/log?category=profanity"),
    *("/log?verdict=hide&language=es", "/log/days", "/newest?after=1", "/decisions/1"),
    *("/queue/many?author_of=1", "/queue/many?rule=profanity_en:frick", "/pages", "/alerts"),
    *("/undo", "/fundraisers", "/people", "/me"),
)


@pytest.fixture
def told(service: FakeService) -> FakeService:
    texts = [f"frick number {n}" for n in range(12)]
    record(service, [(text, swearing(text, "frick")) for text in texts], author="Ana")
    return service


@contextmanager
def plans(service: FakeService) -> Iterator[list[tuple[str, str]]]:
    """Each step of SQLite's plan of each statement that reads, with the statement."""
    found: list[tuple[str, str]] = []

    def asked(
        connection: Connection, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH", "DELETE")):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            found.extend((str(row[3]), statement) for row in raw.fetchall())

    engines = [service.database._reader, service.database._writer]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", asked)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", asked)


def whole_tables(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (step, statement)
        for step, statement in found
        if step.startswith("SCAN ")
        and step.split()[1] in GROWING
        and "LIMIT" not in statement  # the first rows of an order that an index has
    ]


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("scoped", [False, True], ids=["all pages", "some pages"])
def test_no_screen_reads_a_whole_table(
    path: str, scoped: bool, told: FakeService, site: Site
) -> None:
    who = site.as_(Role.MANAGER, pages=["facebook:1001"]) if scoped else site
    with plans(told) as found:
        assert who.get(path).status_code in (200, 303, 403)
    assert found
    assert whole_tables(found) == []


class Counted(Pages):
    """The pages; `ready` are the templates that were made ready."""

    def __init__(self) -> None:
        super().__init__(zone=lambda: ZoneInfo("UTC"), cookies=cookies_for(WebSection()))
        self.ready: set[str] = set()

    def compile(self, template: str) -> None:
        super().compile(template)
        self.ready.add(template)


def test_a_fresh_process_makes_every_page_ready_without_a_reader(told: FakeService) -> None:
    pages = Counted()
    with plans(told) as found:
        first_answers.prepare(told, pages, threading.Event())
    assert pages.ready == set(pages.templates())
    assert {"queue/item.html", "decision/record.html", "log/list.html"} <= pages.ready
    assert any("FROM waiting" in statement for _, statement in found)


def test_a_stopping_process_makes_nothing_ready_any_more(told: FakeService) -> None:
    pages, over = Counted(), threading.Event()
    over.set()
    first_answers.prepare(told, pages, over)
    assert pages.ready == set()
