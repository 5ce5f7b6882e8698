"""The filtered log as a table for a spreadsheet, written row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from modbot import store
from modbot.export import spreadsheet_lines
from modbot.people import Person, Right
from modbot.people.accounts import note
from modbot.store import Choice, LogEntry, LogSearch
from modbot.stored_rows import iso_time
from modbot.web.access import needs
from modbot.web.filters import Filters
from modbot.web.log_asked import LogRoom, ask
from modbot.web.routes import Routes

CHUNK_ROWS = 200  # a session each, so that a long download holds up no writer's checkpoint
FIELDS = (
    *("decision", "decided_at", "page_id", "page", "platform", "comment_id", "permalink"),
    *("author_name", "created_at", "version", "text", "verdict", "hide", "categories", "signs"),
    *("clause", "reason", "degraded", "actor_kind", "actor", "mode", "action", "action_state"),
    "action_answer",
)


def log_export_routes(room: LogRoom) -> Routes:
    """POST /log.csv with the filters of the log as fields."""
    routes = Routes()

    @routes.post("/log.csv")
    async def export(
        request: Request, who: Annotated[Person, Depends(needs(Right.EXPORT))]
    ) -> StreamingResponse:
        form = {name: str(value) for name, value in (await request.form()).items()}
        return await run_in_threadpool(_answer, room, who, form)

    return routes


def _answer(room: LogRoom, who: Person, form: Mapping[str, str]) -> StreamingResponse:
    service = room.service
    with service.database.read() as session:
        asked = ask(session, form, who, room)
        newest = asked.search.newest_first(1)
    now = service.clock.now()
    with service.database.write() as session:
        note(session, "log.exported", who.actor.name, now, person=who.id, **_told(asked.filters))
    day = now.astimezone(room.pages.zone()).date().isoformat()
    return StreamingResponse(
        _lines(room, asked.search.choice, newest[0] if newest else 0),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="modbot-log-{day}.csv"'},
    )


def _told(filters: Filters) -> dict[str, str]:
    """The filters for the audit row. What was searched for may be a child's name: not that."""
    chosen = filters.choice()
    if "q" in chosen:
        chosen["q"] = "searched"
    return chosen


def _lines(room: LogRoom, choice: Choice, newest: int) -> Iterator[bytes]:
    """The table down from decision `newest`; what comes in meanwhile is not in it."""
    yield b"\xef\xbb\xbf" + spreadsheet_lines([FIELDS])  # the mark by which spreadsheets know UTF-8
    before = newest + 1
    while before > 1:
        with room.service.database.read() as session:
            search = LogSearch(session, room.columns, choice)
            entries = store.entries(session, search.newest_first(CHUNK_ROWS, before=before))
        if not entries:
            return
        yield spreadsheet_lines(_row(entry) for entry in entries)
        before = entries[-1].id


def _row(entry: LogEntry) -> tuple[object, ...]:
    signs = dict.fromkeys(f"{s.source} {s.evidence.rule}" for s in entry.signals)
    return (
        *(entry.id, iso_time(entry.decided_at), entry.page_id, entry.page_name, entry.platform),
        *(entry.comment_id, entry.permalink, entry.author_name, iso_time(entry.created_at)),
        *(entry.version_number, entry.text, entry.verdict.value, int(entry.hide)),
        *(" ".join(entry.categories), "; ".join(signs), entry.clause, entry.reason),
        *("; ".join(entry.degraded), entry.actor_kind, entry.actor, entry.mode.value),
        *(entry.action_kind, entry.action_state, entry.action_answer),
    )
