"""Decisions that follow an earlier one: a person's word, or the bot's after a failed action."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import Session, col

from modbot.audit import Entry, append, evidence_sha256
from modbot.domain import BOT, ActionKind, Actor, Verdict
from modbot.errors import UnknownDecision
from modbot.store.log_lines import new_line, write_lines
from modbot.store.record import Recorded, action_values
from modbot.store.waiting import refresh_waiting
from modbot.stored_rows import stored_form
from modbot.stored_text import shown
from modbot.tables import (
    ActionRow,
    CommentRow,
    DecisionRow,
    PageRow,
    VersionRow,
)

BACK = ":back:"  # in the key of a decision that takes another back
UNDO = "undo:"  # begins the key of a decision that an undo run makes, after "person:"
_BULK = "bulk:"  # begins the key of a decision that was made together with others


def bulk_key(bulk: str, decision_id: int) -> str:
    """What record_person_decision() takes as the key of an answer in a bulk."""
    return f"{_BULK}{bulk}:{decision_id}"


def keys_of_bulk(bulk: str) -> tuple[str, str]:
    """The stored keys of a bulk's decisions are at or after the first and before the second."""
    begin = f"person:{_BULK}{bulk}"
    return f"{begin}:", f"{begin};"  # ; follows :


def record_person_decision(
    session: Session,
    *,
    decision_id: int,
    verdict: Verdict,
    hide: bool,
    actor: str,
    reason: str,
    action: ActionKind | None,
    now: datetime,
    takes_back: bool = False,
    key: str = "",
) -> Recorded:
    """A person's answer to a decision, about the same text, with the action it asks for.

    It keeps the categories of the answered decision. Raises UnknownDecision.
    `takes_back`: it undoes that decision, which its key then says. `key`: what it is known by
    instead of a random one, so that it cannot be recorded twice.
    """
    answered = _decision(session, decision_id)
    changes: dict[str, Any] = {
        "key": f"person:{key or uuid4()}" + (f"{BACK}{decision_id}" if takes_back else ""),
        "verdict": verdict.value,
        "hide": hide,
        "degraded": [],
        "reason": shown(reason),
        "mode": session.get_one(PageRow, answered.page_id).mode,
        "config_sha256": "",  # no configuration decided this
    }
    person = Actor(kind="person", name=shown(actor))
    return _record(session, answered, changes, person, action, now)


def record_followup(
    session: Session,
    *,
    action_id: int,
    degraded: str,
    reason: str,
    now: datetime,
) -> Recorded:
    """The bot's new decision after its action failed: a person has to look. Made once an action.

    It stays urgent: an ESCALATE is not lowered.
    """
    action = session.get_one(ActionRow, action_id)
    failed = _decision(session, action.decision_id)
    key = f"bot:{failed.version_id}:failed:{action_id}"
    made = session.scalar(select(col(DecisionRow.id)).where(col(DecisionRow.key) == key))
    if made is not None:
        return Recorded(
            comment_row=failed.comment_row,
            version_id=failed.version_id,
            decision_id=made,
            new=False,
        )
    urgent = failed.verdict == Verdict.ESCALATE
    changes = {
        "key": key,
        "verdict": (Verdict.ESCALATE if urgent else Verdict.REVIEW).value,
        "hide": False,
        "degraded": [*failed.degraded, degraded],
        "reason": shown(reason),
    }
    return _record(session, failed, changes, BOT, None, now)


def _decision(session: Session, decision_id: int) -> DecisionRow:
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise UnknownDecision(f"no decision {decision_id} is stored")
    return row


def _record(
    session: Session,
    answered: DecisionRow,
    changes: Mapping[str, Any],
    actor: Actor,
    action: ActionKind | None,
    now: datetime,
) -> Recorded:
    values = {**answered.model_dump(exclude={"id"}), **changes}
    row = DecisionRow(**{**values, "actor_kind": actor.kind, "actor": actor.name})
    row.decided_at = now
    session.add(row)
    session.flush()
    version = session.get_one(VersionRow, row.version_id)
    stored = {name: stored_form(value) for name, value in row.model_dump().items()}
    line = new_line(stored, version.text, escaped=version.escaped)
    write_lines(session.connection(), [line])
    detail = {"verdict": row.verdict, "hide": row.hide, "answers": answered.id}
    entries = [_entry("decision.made", actor, row, detail)]
    wanted = _action(session, row, action, now) if action is not None else None
    if wanted is not None:
        entries.append(_entry("action.requested", actor, wanted, {"kind": wanted.kind}))
    append(session, entries, now)
    refresh_waiting(session, row.comment_row)
    return Recorded(
        comment_row=row.comment_row,
        version_id=row.version_id,
        decision_id=row.id,
        action_id=wanted.id if wanted is not None else None,
    )


def _action(session: Session, row: DecisionRow, kind: ActionKind, now: datetime) -> ActionRow:
    assert row.id is not None
    wanted = ActionRow(
        **action_values(
            kind=kind,
            comment_id=session.get_one(CommentRow, row.comment_row).comment_id,
            page_id=row.page_id,
            number=session.get_one(VersionRow, row.version_id).number,
            decision_id=row.id,
            version_id=row.version_id,
            comment_row=row.comment_row,
            now=now,
        )
    )
    session.add(wanted)
    session.flush()
    return wanted


def _entry(
    kind: str, actor: Actor, row: DecisionRow | ActionRow, detail: Mapping[str, object]
) -> Entry:
    return Entry(
        kind=kind,
        actor=actor.name,
        row_table=str(row.__tablename__),
        row_id=str(row.id),
        row_sha256=evidence_sha256(row),
        detail=detail,
    )
