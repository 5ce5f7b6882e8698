"""Short ways to a database with a page, comments and decisions in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from modbot.audit import Entry, append, evidence_sha256
from modbot.domain import (
    ActionKind,
    ActionState,
    Category,
    Comment,
    Decision,
    Evidence,
    Page,
    Post,
    Signal,
    Verdict,
)
from modbot.store import (
    Database,
    Judged,
    Recorded,
    finish_action,
    mark_gone,
    page,
    record_judged,
    record_person_decision,
    record_posts,
)
from modbot.tables import AuditRow, PageRow
from tests.databases import new_database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = "facebook:1"
ALLOW = Decision(verdict=Verdict.ALLOW, hide=False, thresholds={"profanity.hide": 0.9})
HIDE = Decision(
    verdict=Verdict.HIDE,
    hide=True,
    categories=(Category.PROFANITY,),
    signals=(
        Signal(
            source="rules",
            category=Category.PROFANITY,
            score=1.0,
            evidence=Evidence(rule="profanity_en:damn", text="damn", start=4, end=8),
        ),
    ),
    clause="2.1",
    reason="A word of the list.",
)


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def open_database(folder: Path) -> Database:
    """A new database with one page, registered as the registry does it."""
    database = new_database(folder / "modbot.db")
    add_page(database, PAGE)
    return database


def add_page(database: Database, page_id: str) -> Page:
    platform, external_id = page_id.split(":")
    row = PageRow(
        id=page_id,
        platform=platform,
        external_id=external_id,
        name=f"Page {external_id}",
        mode="enforce",
        registered_at=NOON,
    )
    with database.write() as session:
        session.add(row)
        session.flush()
        entry = Entry(
            kind="page.added",
            actor="Ada",
            row_table="page",
            row_id=page_id,
            row_sha256=evidence_sha256(row),
        )
        append(session, [entry], NOON)
        return page(session, page_id)


def comment(comment_id: str, text: str = "the damn bus", **fields: Any) -> Comment:
    known: dict[str, Any] = {
        "page_id": PAGE,
        "platform": "facebook",
        "id": comment_id,
        "post_id": "post1",
        "text": text,
        "author_name": "Ana",
        "created_at": NOON,
        "raw": json.dumps({"id": comment_id}).encode(),
    }
    return Comment(**{**known, **fields})


def judged(
    comment_id: str, text: str = "the damn bus", decision: Decision | None = ALLOW, **fields: Any
) -> Judged:
    action = ActionKind.HIDE if decision is not None and decision.hide else None
    return Judged(comment=comment(comment_id, text, **fields), decision=decision, action=action)


def record(
    database: Database, *items: Judged, page_id: str = PAGE, now: datetime = NOON
) -> list[Recorded]:
    with database.write() as session:
        return record_judged(session, page(session, page_id), items, now)


def fill(database: Database) -> None:
    """Everything that leaves a trace: edits, hides with every end, an undo, a comment gone."""
    hidden = [judged(f"h{n}", decision=HIDE) for n in range(5)]
    plain = [judged(f"a{n}", f"text {n} \x00 ñ") for n in range(5)]
    recorded = record(database, *hidden, *plain, judged("own", decision=None, by_page=True))
    record(database, judged("a1", "an edited text"), now=later(5))
    with database.write() as session:
        record_posts(session, PAGE, [Post(id="post1", text="Bus", created_at=NOON)], NOON)
        ends = (
            *(ActionState.CONFIRMED, ActionState.GONE, ActionState.SUPERSEDED),
            ActionState.FAILED,
        )
        for state, done in zip(ends, recorded, strict=False):
            assert done.action_id is not None
            finish_action(session, done.action_id, state, "done", later(1))
        undo(session, recorded[0], now=later(2))
        mark_gone(session, PAGE, "a0", later(3))


def undo(session: Session, recorded: Recorded, now: datetime) -> Recorded:
    assert recorded.decision_id is not None
    return record_person_decision(
        session,
        decision_id=recorded.decision_id,
        verdict=Verdict.ALLOW,
        hide=False,
        actor="Ada",
        reason="Criticism, not abuse.",
        action=ActionKind.RESTORE,
        now=now,
    )


def finish(
    session: Session, action_id: int | None, state: ActionState, now: datetime = NOON
) -> bool:
    assert action_id is not None
    return finish_action(session, action_id, state, "done", now)


def kinds(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)))  # type: ignore[arg-type]
