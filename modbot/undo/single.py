"""Taking back the newest word on one comment."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from modbot import review, store
from modbot.domain import Actor, Verdict
from modbot.errors import DecidedSince, EditedSince, HeldByAnother, NotThere, UndoRefused
from modbot.review import Room
from modbot.store import Database, Deed, Doer, DoerKind, LogEntry, Recorded
from modbot.undo.plan import Plan, Step, step, wish_before
from modbot.undo.preview import Rights


def take_back_one(
    database: Database,
    decision_id: int,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    room: Room,
    rights: Rights,
) -> Recorded:
    """Takes back the newest decision on a comment. The bot's: the comment stands, and comes back
    where it was hidden. A person's: the bot's word counts again, as in a run (modbot/undo/plan.py).

    Raises VerdictRefused, UnknownDecision, or UndoRefused where there is nothing to take back.
    """
    with database.read() as s:
        entry = store.decision(s, decision_id)
    if entry.actor_kind == "bot":
        if entry.verdict is Verdict.ALLOW:
            raise UndoRefused("the bot let it stand: there is nothing to take back")
        return review.resolve(database, decision_id, Verdict.ALLOW, actor, reason, now, room=room)
    with database.write() as s:
        return _persons(s, entry, actor, reason, now, room=room, rights=rights)


def _persons(
    s: Session,
    entry: LogEntry,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    room: Room,
    rights: Rights,
) -> Recorded:
    newest = store.newest_decision_on(s, entry.comment_row)
    if newest != entry.id:
        raise DecidedSince(f"decision {newest} came after decision {entry.id}", newest=newest)
    held = store.claims(s, [entry.comment_row], now).get(entry.comment_row)
    if held is not None and held.person_id != room.person_id:
        raise HeldByAnother(holder=held.name)
    review.refuse_what_was_handed_on(entry, room)
    doer = Doer(kind=DoerKind.PERSON, subject=entry.actor)
    deeds = list(store.deeds_of(s, doer, [entry.id]))
    found = _step(s, deeds[0], rights) if deeds else None
    if found is None or found.verdict is None:
        plan = found.plan if found else Plan.AGREED
        if plan is Plan.GONE:
            raise NotThere
        if plan is Plan.EDITED:
            raise EditedSince
        raise UndoRefused(f"there is nothing to take back: {plan}")
    return review.put_right(
        *(s, entry.id, found.verdict, actor, reason, now),
        hide=found.hide,
        restore=found.restore,
    )


def _step(s: Session, deed: Deed, rights: Rights) -> Step:
    now = store.standings(s, [deed.decision_id])[deed.decision_id]
    wish = wish_before(deed, now)
    can = rights.can_restore(now.platform)
    return step(DoerKind.PERSON, deed, now, wish, can_restore=can)
