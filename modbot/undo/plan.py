"""What taking a deed back comes to for one comment. Pure.

Of a rule or a model: the comment is judged again without what it said. Where nothing else speaks
against the comment it stands; where something else asks for a person it comes back and waits for
one; where something else would have done the same it stays as it is, unless that is wanted too.

Of a person: the bot's word counts again. A hide that the bot had not asked for is restored; where
the bot had hidden the comment as well, it stays hidden and waits for a person. What a person left
up against the bot's word waits for a person and stays up: nothing is hidden unseen.

What a person decided after the deed stands. What was hidden by somebody else, before modbot asked
for it or without its asking, stays hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from modbot.domain import Verdict
from modbot.store.deeds import Deed, DoerKind, Standing


class Plan(StrEnum):
    """What becomes of a comment."""

    RESTORE = "restore"  # it comes back and stands
    RESTORE_REVIEW = "restore_review"  # it comes back and waits for a person
    ALLOW = "allow"  # it was visible and stands
    REVIEW = "review"  # it stays as it is and waits for a person
    ALREADY = "already"  # somebody has let it stand since
    DECIDED = "decided"  # a person has decided otherwise since
    EDITED = "edited"  # another text stands there now, which was judged by itself
    GONE = "gone"
    OTHERS = "others"  # something else would have done the same
    ELSEWHERE = "elsewhere"  # not modbot hid it
    CANNOT = "cannot"  # the platform cannot restore
    AGREED = "agreed"  # the bot had said the same: nothing is to be taken back


ACTS = (Plan.RESTORE, Plan.RESTORE_REVIEW, Plan.ALLOW, Plan.REVIEW)
CALLS = (Plan.RESTORE, Plan.RESTORE_REVIEW)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a comment is to be like."""

    verdict: Verdict  # ALLOW or REVIEW
    visible: bool = True


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to record; `verdict` None: nothing."""

    plan: Plan
    verdict: Verdict | None = None
    hide: bool = False  # what the decision then says
    restore: bool = False  # ask the platform


def wish_without(deed: Deed, verdict: Verdict, *, hide: bool, others_too: bool) -> Wish | Plan:
    """After a rule or a model. `verdict` and `hide`: what the bot says without it."""
    if others_too or (verdict is Verdict.ALLOW and not hide):
        return Wish(verdict=Verdict.ALLOW)
    if hide or (verdict, hide) == (deed.verdict, deed.hide):
        return Plan.OTHERS
    return Plan.OTHERS if not deed.hide else Wish(verdict=Verdict.REVIEW)


def wish_before(deed: Deed, now: Standing) -> Wish | Plan:
    """After a person: what the bot had said."""
    bot_allowed = now.bot is Verdict.ALLOW
    if deed.verdict is Verdict.ESCALATE and deed.hide:  # handing on left it out of sight
        return Wish(verdict=Verdict.REVIEW, visible=False)
    if deed.hide:
        verdict = Verdict.ALLOW if bot_allowed else Verdict.REVIEW
        return Wish(verdict=verdict, visible=not now.bot_hid)
    if deed.verdict is Verdict.ALLOW:
        agreed = now.bot is None or bot_allowed
        return Plan.AGREED if agreed else Wish(verdict=Verdict.REVIEW)
    return Wish(verdict=Verdict.ALLOW) if bot_allowed else Plan.AGREED


def step(
    kind: DoerKind, deed: Deed, now: Standing, wish: Wish | Plan, *, can_restore: bool
) -> Step:
    """What to do about a comment as things stand."""
    if now.gone:
        return Step(plan=Plan.GONE)
    if now.later is not None:
        back = now.later is Verdict.ALLOW and (deed.hide or not kind.human)
        return Step(plan=Plan.ALREADY if back else Plan.DECIDED)
    if not now.newest_text:
        return Step(plan=Plan.EDITED)
    if isinstance(wish, Plan):
        return Step(plan=wish)
    if not wish.visible:
        return Step(plan=Plan.REVIEW, verdict=wish.verdict, hide=True)
    if (now.hidden and not now.asked_to_hide and not now.restoring) or now.hidden_before:
        return Step(plan=Plan.ELSEWHERE)
    allowed = wish.verdict is Verdict.ALLOW
    if not now.asked_to_hide:
        return Step(plan=Plan.ALLOW if allowed else Plan.REVIEW, verdict=wish.verdict)
    if not can_restore:
        return Step(plan=Plan.CANNOT)
    plan = Plan.RESTORE if allowed else Plan.RESTORE_REVIEW
    return Step(plan=plan, verdict=wish.verdict, restore=True)
