"""A person's verdict: it replaces the bot's, and goes to the platform as an action too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlmodel import Session

from modbot import store
from modbot.domain import ActionKind, ActionState, Actor, Category, Verdict
from modbot.errors import (
    DecidedSince,
    EditedSince,
    HeldByAnother,
    ModbotError,
    NotThere,
    NotYours,
    ReasonMissing,
    VerdictRefused,
)
from modbot.policy import ReviewRules
from modbot.store import Database, LogEntry, Recorded
from modbot.store.decisions import bulk_key
from modbot.stored_text import shown

KEPT_UP_ONE_BY_ONE = frozenset({Category.THREAT, Category.CRISIS})
TAKEN_BACK = "Taken back."
BY_HAND = "removed by hand"
AT_ONCE = 20  # verdicts of many that are stored together


@dataclass(frozen=True, kw_only=True)
class Room:
    """Who gives a verdict in the review room, and what it has to come with there."""

    person_id: int
    administrator: bool
    rules: ReviewRules = field(default_factory=ReviewRules)


@dataclass(frozen=True, kw_only=True)
class ManyDone:
    """What became of verdicts given together, by the decision that was answered."""

    bulk: str  # what those decisions are known by together
    done: dict[int, Recorded]
    refused: dict[int, VerdictRefused]


def resolve(
    database: Database,
    decision_id: int,
    verdict: Verdict,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    room: Room | None = None,
    by_hand: bool = False,
) -> Recorded:
    """Records a person's verdict on the comment of a decision. HIDE asks the platform to hide it;
    ALLOW asks it to restore it where it was asked to hide. The running service carries it out.

    `by_hand`: the person has removed it in the app, so that the hide is done already.
    In a `room` the decision must be the comment's newest, the comment must be there and nobody
    else's right now, one that was handed on takes an administrator, and the policy's rules on
    reasons hold; whatever is not as it should be is raised as a VerdictRefused.

    Raises ModbotError when no person is named, EditedSince when the comment was edited since,
    UnknownDecision when there is no such decision.
    """
    _refuse_nobody(actor)
    with database.write() as s:
        entry = store.decision(s, decision_id)
        return _answer(s, entry, verdict, actor, reason, now, room=room, by_hand=by_hand)


def resolve_many(
    database: Database,
    decision_ids: Sequence[int],
    verdict: Verdict,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    room: Room,
) -> ManyDone:
    """One verdict on many comments, a decision each. What is refused is left as it is; a possible
    threat or cry for help is never left up like this.

    Stored in parts, so that polls and other people are not held up; each part is all or nothing.
    Raises ReasonMissing, and then nothing was recorded.
    """
    _refuse_nobody(actor)
    ids = list(dict.fromkeys(decision_ids))
    with database.read() as s:
        entries = store.decisions(s, ids)
    if not reason.strip() and any(
        room.rules.needs_reason(verdict, entry.categories) for entry in entries
    ):
        raise ReasonMissing()
    result = ManyDone(bulk=uuid4().hex, done={}, refused={})
    for start in range(0, len(ids), AT_ONCE):
        with database.write() as s:
            for entry in store.decisions(s, ids[start : start + AT_ONCE]):
                try:
                    result.done[entry.id] = _answer(
                        *(s, entry, verdict, actor, reason, now), room=room, bulk=result.bulk
                    )
                except VerdictRefused as refusal:
                    result.refused[entry.id] = refusal
    return result


def take_back(
    database: Database, decision_id: int, actor: Actor, now: datetime, *, room: Room
) -> Recorded:
    """Undoes a person's own verdict: what the platform shows becomes what it was before, and the
    comment waits again. A new decision; nothing is deleted.

    Raises NotYours, DecidedSince, EditedSince, HeldByAnother, NotThere or UnknownDecision.
    """
    _refuse_nobody(actor)
    with database.write() as s:
        entry = store.decision(s, decision_id)
        if (entry.actor_kind, entry.actor) != ("person", shown(actor.name)):
            raise NotYours(f"decision {decision_id} is not {actor.name}'s")
        _refuse_old_text(s, entry)
        _refuse_what_is_settled(s, entry)
        _refuse_what_another_holds(s, entry, room, now)
        if entry.verdict is Verdict.REVIEW:
            raise DecidedSince("this verdict was taken back already", newest=entry.id)
        hide, action = _as_before(s, entry)
        handed_on = store.handed_on_before(s, entry.id)
        return store.record_person_decision(
            s,
            decision_id=decision_id,
            verdict=Verdict.ESCALATE if handed_on else Verdict.REVIEW,
            hide=hide,
            actor=actor.name,
            reason=TAKEN_BACK,
            action=action,
            now=now,
            takes_back=True,
        )


def put_right(
    s: Session,
    decision_id: int,
    verdict: Verdict,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    hide: bool = False,
    restore: bool = False,
    key: str = "",
) -> Recorded:
    """A verdict that takes back what a decision did, in the caller's transaction. Whoever calls
    has looked how things stand: nothing is refused here but a verdict without a name.

    `hide`: the comment stays out of sight; `restore`: the platform is asked to show it. With a
    `key` the same verdict cannot be recorded twice.
    """
    _refuse_nobody(actor)
    made = store.record_person_decision(
        s,
        decision_id=decision_id,
        verdict=verdict,
        hide=hide,
        actor=actor.name,
        reason=reason,
        action=ActionKind.RESTORE if restore else None,
        now=now,
        key=key,
    )
    if verdict is Verdict.ALLOW:
        store.end_incidents_of_comment(s, made.comment_row, now)
    store.release(s, [made.comment_row])
    return made


def _answer(
    s: Session,
    entry: LogEntry,
    verdict: Verdict,
    actor: Actor,
    reason: str,
    now: datetime,
    *,
    room: Room | None,
    by_hand: bool = False,
    bulk: str = "",
) -> Recorded:
    _refuse_old_text(s, entry)
    if room is not None:
        _refuse_what_is_settled(s, entry)
        _refuse_what_another_holds(s, entry, room, now)
        refuse_what_was_handed_on(entry, room)
        if bulk and verdict is Verdict.ALLOW and KEPT_UP_ONE_BY_ONE & set(entry.categories):
            raise NotYours("a possible threat or cry for help is left up one at a time")
        if not reason.strip() and room.rules.needs_reason(verdict, entry.categories):
            raise ReasonMissing()
    store.end_incidents_of_comment(s, entry.comment_row, now)
    made = store.record_person_decision(
        s,
        decision_id=entry.id,
        verdict=verdict,
        hide=_wish(s, entry, verdict),
        actor=actor.name,
        reason=reason,
        action=_action(s, entry, verdict),
        now=now,
        key=bulk_key(bulk, entry.id) if bulk else "",
    )
    if by_hand and made.action_id is not None:
        answer = f"{BY_HAND}: {actor.name}"
        store.finish_action(s, made.action_id, ActionState.CONFIRMED, answer, now)
    store.release(s, [entry.comment_row])
    return made


def _wish(s: Session, entry: LogEntry, verdict: Verdict) -> bool:
    """Should it be out of sight? Whoever hands it on leaves that as it is: else a hide that is on
    its way would be dropped as no longer wished for."""
    if verdict is Verdict.ESCALATE:
        return store.asked_to_hide(s, entry.comment_row)
    return verdict is Verdict.HIDE


def _action(s: Session, entry: LogEntry, verdict: Verdict) -> ActionKind | None:
    if verdict is Verdict.HIDE:
        return ActionKind.HIDE
    # A hide that is still open may be on its way, so it is answered by a restore as well.
    if verdict is Verdict.ALLOW and (entry.hidden or store.asked_to_hide(s, entry.comment_row)):
        return ActionKind.RESTORE
    return None


def _as_before(s: Session, entry: LogEntry) -> tuple[bool, ActionKind | None]:
    """Whether it was out of sight before a person's verdict, and what brings that back."""
    if entry.action_kind is ActionKind.RESTORE:
        return True, ActionKind.HIDE
    if entry.action_kind is ActionKind.HIDE and entry.action_answer.startswith(BY_HAND):
        return True, None  # no program can bring back what somebody removed in an app
    if entry.action_kind is ActionKind.HIDE:
        before = store.wished_hidden_before(s, entry.comment_row, entry.id)
        before = before or entry.action_answer == store.ALREADY_SO
        return before, None if before else ActionKind.RESTORE
    return entry.hide, None


def _refuse_nobody(actor: Actor) -> None:
    if actor.kind != "person" or not actor.name.strip():
        raise ModbotError("a verdict needs the name of the person who gives it")


def _refuse_old_text(s: Session, entry: LogEntry) -> None:
    """An action on an old text would be dropped later, when nobody looks."""
    if entry.version_number == entry.newest_number:
        return
    history = store.history(s, entry.comment_row)
    newest = next((e.id for e in history if e.version_number == entry.newest_number), None)
    raise EditedSince(
        f"the comment was edited since decision {entry.id}: look at its newest text and answer"
        f" decision {newest}",
        newest=newest,
    )


def _refuse_what_is_settled(s: Session, entry: LogEntry) -> None:
    if entry.gone_at is not None:
        raise NotThere()
    newest = store.newest_decision_on(s, entry.comment_row)
    if newest != entry.id:
        raise DecidedSince(f"decision {newest} came after decision {entry.id}", newest=newest)


def _refuse_what_another_holds(s: Session, entry: LogEntry, room: Room, now: datetime) -> None:
    held = store.claims(s, [entry.comment_row], now).get(entry.comment_row)
    if held is not None and held.person_id != room.person_id:
        raise HeldByAnother(holder=held.name)


def refuse_what_was_handed_on(entry: LogEntry, room: Room) -> None:
    """Raises NotYours where only administrators may decide."""
    handed_on = entry.verdict is Verdict.ESCALATE and entry.actor_kind == "person"
    if handed_on and not room.administrator:
        raise NotYours("it was handed on to the administrators")
