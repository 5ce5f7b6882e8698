"""A run is begun, paused, taken up again, stopped and ended; each with its audit row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from modbot import audit, store
from modbot.domain import Actor
from modbot.errors import UndoRefused
from modbot.room_tables import UndoRunRow
from modbot.store import Database, DeedChoice, NewItem
from modbot.stored_text import shown
from modbot.undo.preview import Preview, Rights, look
from modbot.undo.receipts import STOPPED

RUNNING, PAUSED, DONE = "running", "paused", "done"
MAY_FOLLOW = {RUNNING: (PAUSED, STOPPED), PAUSED: (RUNNING, STOPPED)}
_KINDS = {PAUSED: "undo.paused", RUNNING: "undo.resumed", STOPPED: "undo.stopped"}
REASON_CAP, SUBJECT_CAP = 500, 300  # characters


class PreviewChanged(UndoRefused):
    """What was agreed to is not what this choice brings."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run as somebody asked for it after they had looked at what it would do."""

    choice: DeedChoice
    others_too: bool
    reason: str
    set_sha256: str  # of the preview that was agreed to; empty: of whatever there is


def start(database: Database, request: Request, rights: Rights, actor: Actor, now: datetime) -> int:
    """Begins a run with exactly the comments of the preview; the id of the run. The running service
    carries it out.

    The same request while its run is not over gives that run. Raises PreviewChanged, or UndoRefused
    where no person or reason is named or nothing was found.
    """
    _refuse(request, actor)
    with database.read() as s:
        preview = look(s, request.choice, rights, others_too=request.others_too)
    if request.set_sha256 and preview.set_sha256 != request.set_sha256:
        raise PreviewChanged("the comments are not those of the preview: look again")
    if not preview.items:
        raise UndoRefused("nothing was done there in that time")
    with database.write() as s:
        row = _row(request, preview, actor, now)
        if (going := _going_on(s, row)) is not None:
            return going
        s.add(row)
        s.flush()
        assert row.id is not None
        items = (
            NewItem(
                comment_row=item.comment_row,
                decision_id=item.decision_id,
                page_id=item.page_id,
                calls=item.calls,
            )
            for item in preview.items
        )
        store.add_items(s, row.id, items)
        _note(s, "undo.started", row, actor, now, comments=len(preview.items), **_told(row))
        return row.id


def _refuse(request: Request, actor: Actor) -> None:
    if actor.kind != "person" or not actor.name.strip():
        raise UndoRefused("an undo needs the name of the person who asks for it")
    if not request.reason.strip():
        raise UndoRefused("an undo of many needs a reason")
    if len(request.reason) > REASON_CAP:
        raise UndoRefused(f"the reason is longer than {REASON_CAP} characters")
    choice, subject = request.choice, request.choice.doer.subject
    if not subject.strip() or len(subject) > SUBJECT_CAP or shown(subject) != subject:
        raise UndoRefused("nobody is named whose decisions are to be taken back")
    if choice.since >= choice.until:
        raise UndoRefused("the time ends before it begins")


def _row(request: Request, preview: Preview, actor: Actor, now: datetime) -> UndoRunRow:
    choice = request.choice
    return UndoRunRow(
        kind=choice.doer.kind.value,
        subject=shown(choice.doer.subject),
        since=choice.since,
        until=choice.until,
        through=choice.through,
        pages=sorted(preview.by("page_id")),
        others_too=request.others_too,
        reason=shown(request.reason.strip()),
        set_sha256=preview.set_sha256,
        made_by=shown(actor.name),
        made_at=now,
    )


def _going_on(s: Session, row: UndoRunRow) -> int | None:
    """The run of the same comments that is not over: a form may be sent twice."""
    same = select(UndoRunRow).where(
        UndoRunRow.set_sha256 == row.set_sha256,
        UndoRunRow.kind == row.kind,
        UndoRunRow.subject == row.subject,
        UndoRunRow.others_too == row.others_too,
    )
    return next((run.id for run in s.exec(same) if run.state in MAY_FOLLOW), None)


def _told(row: UndoRunRow) -> dict[str, object]:
    return {
        "of": row.kind,
        "subject": row.subject,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "pages": row.pages,
        "others_too": row.others_too,
        "set_sha256": row.set_sha256,
    }


def change_state(database: Database, run_id: int, state: str, actor: Actor, now: datetime) -> bool:
    """Pauses (PAUSED), takes up again (RUNNING) or ends (STOPPED) a run; False where it is not in
    a state that this can follow. What was asked of a platform already goes its way.

    Raises UnknownRun, or UndoRefused where no person is named.
    """
    if actor.kind != "person" or not actor.name.strip():
        raise UndoRefused("a run is paused or stopped by a person with a name")
    with database.write() as s:
        row = store.undo_run(s, run_id)
        if state not in MAY_FOLLOW.get(row.state, ()):
            return False
        row.state = state
        if state == STOPPED:
            row.ended_at = now
            for item in store.all_items_left(s, run_id):
                item.outcome, item.ended_at = STOPPED, now
        s.flush()
        _note(s, _KINDS[state], row, actor, now)
        return True


def end(s: Session, row: UndoRunRow, now: datetime, **counts: int) -> None:
    """Notes that nothing of a run is open any more."""
    row.state, row.ended_at = DONE, now
    s.flush()
    _note(s, "undo.done", row, Actor(kind="bot", name="modbot"), now, **counts)


def _note(
    s: Session, kind: str, row: UndoRunRow, actor: Actor, now: datetime, **detail: object
) -> None:
    about = {"run": row.id, **detail}
    audit.append(s, [audit.Entry(kind=kind, actor=shown(actor.name), detail=about)], now)
