"""A person's verdict: it replaces the bot's, and goes to the platform as an action too."""

from __future__ import annotations

from datetime import datetime

from modbot import store
from modbot.domain import ActionKind, Actor, Verdict
from modbot.errors import ModbotError
from modbot.store import Database, Recorded


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
        if entry.version_number != entry.newest_number:  # the platform would refuse the action
            newest = next(
                e.id
                for e in store.history(s, entry.comment_row)
                if e.version_number == entry.newest_number
            )
            raise ModbotError(
                f"the comment was edited since decision {decision_id}: look at its text of today"
                f" and answer decision {newest}"
            )
        action = ActionKind.HIDE if verdict is Verdict.HIDE else None
        # A hide that is still open may be on its way, so it is answered by a restore as well.
        if verdict is Verdict.ALLOW and (entry.hidden or store.asked_to_hide(s, entry.comment_row)):
            action = ActionKind.RESTORE
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
