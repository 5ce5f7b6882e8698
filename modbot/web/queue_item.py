"""One item of the queue as its page shows it, and what each button there would do."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from modbot import store
from modbot.counterfactual import Change, stored_changes
from modbot.domain import Capability, Page, Verdict
from modbot.enforcement import CANNOT_HIDE
from modbot.i18n import Language
from modbot.people import Person, Right, Role
from modbot.policy import Policy, ReviewRules
from modbot.store import Claim, Earlier, LogEntry, Thread, Waiting
from modbot.web.beside import Beside, beside
from modbot.web.entries import Row, log_row
from modbot.web.veiling import may_offend

_KEYS = {Verdict.HIDE: "h", Verdict.ALLOW: "l", Verdict.ESCALATE: "e"}


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What was said around it, each part oldest first."""

    parent: Beside | None
    before: tuple[Beside, ...]
    after: tuple[Beside, ...]
    replies: tuple[Beside, ...]


@dataclass(frozen=True, kw_only=True)
class Button:
    """One way to decide."""

    verdict: str
    key: str
    effect: str  # what it would do, in the reader's language
    needs_reason: bool
    reasons: tuple[str, ...]
    by_hand: bool = False  # no program can do it: the button leads to how a person does


@dataclass(frozen=True, kw_only=True)
class Item:
    """All that somebody needs to decide on one comment."""

    entry: LogEntry
    row: Row  # of the bot's latest word on it
    page: Page
    state: str  # "open", "held", "handed_on", "read_only", "decided", "edited", "gone", "settled"
    newest: int  # the decision that stands on the comment
    held_by: str
    handed_on_by: str
    note: str  # of whoever handed it on
    veiled: bool
    hidden_there: bool  # not at modbot's word: held by the platform, or hidden in its app
    talk: Talk
    earlier: Earlier | None
    earlier_latest: tuple[Beside, ...]
    changes: tuple[Change, ...] | None
    clause_text: str
    buttons: tuple[Button, ...]
    rules: tuple[str, ...]  # what else may be gone through by: ids of rules that counted


def item_of(
    s: Session,
    entry: LogEntry,
    who: Person,
    claim: Claim | None,
    *,
    policy: Policy,
    capabilities: frozenset[Capability],
    spoken: Language,
    platform_name: str,
) -> Item:
    """The item of a decision as this person may see it. `claim`: who holds it now."""
    found = store.waiting_comment(s, entry.comment_row)
    newest = store.newest_decision_on(s, entry.comment_row) or entry.id
    around = store.surroundings(s, entry.comment_row, who.pages)
    earlier = around.earlier
    page, judged = store.page(s, entry.page_id), _judged(s, entry)
    row = log_row(judged, whole=True)
    handed_on = found is not None and found.level == store.FOR_ADMINISTRATORS
    asked = store.asked_to_hide(s, entry.comment_row)
    effects = Effects(spoken, platform_name, entry, page, capabilities, hidden=asked)
    return Item(
        entry=entry,
        row=row,
        page=page,
        state=_state(entry, newest, found, who, claim),
        newest=newest,
        held_by=claim.name if claim is not None and claim.person_id != who.id else "",
        handed_on_by=entry.actor if handed_on else "",
        note=entry.reason if handed_on else "",
        hidden_there=bool(entry.hidden) and not asked,
        veiled=may_offend(entry.categories),
        talk=_talk(around.thread),
        earlier=earlier,
        earlier_latest=beside(*earlier.latest) if earlier else (),
        changes=stored_changes(judged, policy) if judged.actor_kind == "bot" else (),
        clause_text=clause_text(policy, entry),
        buttons=_buttons(effects, policy.review, entry, handed_on=handed_on),
        rules=_rules(row),
    )


def _buttons(
    effects: Effects, rules: ReviewRules, entry: LogEntry, *, handed_on: bool
) -> tuple[Button, ...]:
    given = (Verdict.HIDE, Verdict.ALLOW) if handed_on else tuple(_KEYS)
    return tuple(_button(verdict, effects, rules, entry) for verdict in given)


def _talk(thread: Thread) -> Talk:
    return Talk(
        parent=beside(thread.parent)[0] if thread.parent else None,
        before=beside(*thread.before),
        after=beside(*thread.after),
        replies=beside(*thread.replies),
    )


def _judged(s: Session, entry: LogEntry) -> LogEntry:
    """The bot's latest word on the text: what explains it, also where a person spoke since."""
    if entry.actor_kind == "bot":
        return entry
    history = store.history(s, entry.comment_row)
    same_text = (e for e in history if e.version_id == entry.version_id and e.actor_kind == "bot")
    return next(same_text, entry)


def _rules(row: Row) -> tuple[str, ...]:
    found = (reason.rule for group in row.reasons for reason in group.shown)
    return tuple(dict.fromkeys(found))[:3]


def _state(
    entry: LogEntry, newest: int, found: Waiting | None, who: Person, claim: Claim | None
) -> str:
    if entry.gone_at is not None:
        return "gone"
    if entry.version_number != entry.newest_number:
        return "edited"
    if newest != entry.id:
        return "decided"
    if found is None:
        return "settled"
    if not who.may(Right.DECIDE, entry.page_id):
        return "read_only"
    if claim is not None and claim.person_id != who.id:
        return "held"
    if found.level == store.FOR_ADMINISTRATORS and who.role is not Role.ADMIN:
        return "handed_on"
    return "open"


def clause_text(policy: Policy, entry: LogEntry) -> str:
    """What the clause says, where today's policy still has it under that number."""
    for category in entry.categories:
        rule = policy.categories.get(category)
        if rule is not None and rule.clause == entry.clause:
            return rule.clause_text
    return ""


def can_hide(entry: LogEntry, capabilities: frozenset[Capability]) -> bool:
    """Whether a program can put this comment out of sight."""
    return Capability.HIDE in capabilities and CANNOT_HIDE not in entry.degraded


def _button(verdict: Verdict, effects: Effects, rules: ReviewRules, entry: LogEntry) -> Button:
    return Button(
        verdict=verdict.value,
        key=_KEYS[verdict],
        effect=effects.of(verdict),
        needs_reason=rules.needs_reason(verdict, entry.categories),
        reasons=rules.reasons.get(verdict.value, ()),
        by_hand=verdict is Verdict.HIDE and effects.by_hand,
    )


class Effects:
    """What a verdict would do on the comment's platform, in one sentence each."""

    def __init__(
        self,
        spoken: Language,
        platform: str,
        entry: LogEntry,
        page: Page,
        capabilities: frozenset[Capability],
        *,
        hidden: bool,
    ):
        self._ = spoken.gettext
        self.platform, self.page = platform, page
        self.hidden = hidden or bool(entry.hidden)
        self.by_hand = not can_hide(entry, capabilities) and not self.hidden
        self.can_restore = Capability.RESTORE in capabilities

    def of(self, verdict: Verdict) -> str:
        """The sentence, in the reader's language."""
        _ = self._
        if verdict is Verdict.ESCALATE:
            who = _("An administrator decides.")
            kept = _("It stays hidden meanwhile.") if self.hidden else _("It stays up meanwhile.")
            return f"{who} {kept}"
        said = self._hide() if verdict is Verdict.HIDE else self._allow()
        if self.page.paused and not self.by_hand:
            later = _("The page is paused, so that happens when it goes on.")
            return f"{said} {later}"
        return said

    def _hide(self) -> str:
        _ = self._
        if self.by_hand:
            return _("%(platform)s lets no program hide it: a person removes it in the app.") % {
                "platform": self.platform
            }
        if self.hidden:
            return _("It stays hidden.")
        return _("%(platform)s is asked to hide it. It can be brought back.") % {
            "platform": self.platform
        }

    def _allow(self) -> str:
        _ = self._
        if not self.hidden:
            return _("It stays up; nothing is asked of %(platform)s.") % {"platform": self.platform}
        if not self.can_restore:
            return _("%(platform)s cannot bring it back: it stays out of sight.") % {
                "platform": self.platform
            }
        return _("%(platform)s is asked to show it again.") % {"platform": self.platform}
