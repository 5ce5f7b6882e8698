"""A person's verdict: it replaces the bot's, and goes to the platform as an action too."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from modbot import store
from modbot.domain import ActionKind, Actor, Verdict
from modbot.errors import ModbotError
from modbot.store import Database, LogEntry, Recorded


def resolve(
    database: Database,
    decision_id: int,
    verdict: Verdict,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Recorded:
    """Records a person's verdict on the comment of a decision. HIDE asks the platform to hide it;
    ALLOW asks it to restore it where it was asked to hide. The running service carries it out.

    Raises ModbotError when no person is named or the comment was edited since, UnknownDecision
    when there is no such decision.
    """
    if actor.kind != "person" or not actor.name.strip():
        raise ModbotError("a verdict needs the name of the person who gives it")
    with database.write() as s:
        entry = store.decision(s, decision_id)
        _refuse_old_text(s, entry)
        action = ActionKind.HIDE if verdict is Verdict.HIDE else None
        # A hide that is still open may be on its way, so it is answered by a restore as well.
        if verdict is Verdict.ALLOW and (entry.hidden or store.asked_to_hide(s, entry.comment_row)):
            action = ActionKind.RESTORE
        store.end_incidents_of_comment(s, entry.comment_row, now)
        return store.record_person_decision(
            s,
            decision_id=decision_id,
            verdict=verdict,
            hide=verdict is Verdict.HIDE,
            actor=actor.name,
            reason=reason,
            action=action,
            now=now,
        )


def _refuse_old_text(s: Session, entry: LogEntry) -> None:
    """An action on an old text would be dropped later, when nobody looks."""
    if entry.version_number == entry.newest_number:
        return
    history = store.history(s, entry.comment_row)
    newest = next(e.id for e in history if e.version_number == entry.newest_number)
    raise ModbotError(
        f"the comment was edited since decision {entry.id}: look at its newest text and answer"
        f" decision {newest}"
    )
