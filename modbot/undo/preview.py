"""What a run would do, comment by comment, before anybody starts it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from modbot import store
from modbot.counterfactual import stored_case
from modbot.domain import ActionKind, Capability, Verdict
from modbot.enforcement import CANNOT_HIDE, QUOTA_SPENT
from modbot.policy import Policy, decide
from modbot.store.deeds import Deed, DeedChoice, Doer, without
from modbot.undo.pace import dollars, takes
from modbot.undo.plan import ACTS, CALLS, Plan, Step, step, wish_before, wish_without

EXAMPLES = 5  # of each plan
_CHUNK = 500
# What was withheld because of the very hide that is taken back.
_WITHHELD = {QUOTA_SPENT, CANNOT_HIDE, *(f"{kind} failed" for kind in ActionKind)}


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What is possible, and by which policy a text is judged again."""

    policy: Policy
    capabilities: Callable[[str], frozenset[Capability]]  # by platform

    def can_restore(self, platform: str) -> bool:
        """Whether modbot can make a hidden comment visible there."""
        return Capability.RESTORE in self.capabilities(platform)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One comment of a preview."""

    decision_id: int  # whose effect is taken back
    comment_row: int
    page_id: str
    platform: str
    category: str
    step: Step

    @property
    def plan(self) -> Plan:
        return self.step.plan

    @property
    def calls(self) -> bool:
        """Whether the platform has to be asked."""
        return self.plan in CALLS


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Everything that a choice brings, as things stand."""

    choice: DeedChoice
    items: tuple[Planned, ...]
    set_sha256: str

    @property
    def plans(self) -> Counter[Plan]:
        return Counter(item.plan for item in self.items)

    @property
    def acts(self) -> int:
        """How many comments something is recorded of."""
        return sum(self.plans[plan] for plan in ACTS)

    def by(self, name: str) -> dict[str, Counter[Plan]]:
        """The plans by "page_id", "category" or "platform", the fullest first."""
        counted: dict[str, Counter[Plan]] = {}
        for item in self.items:
            counted.setdefault(getattr(item, name), Counter())[item.plan] += 1
        return dict(sorted(counted.items(), key=lambda pair: (-pair[1].total(), pair[0])))

    def examples(self, plan: Plan) -> tuple[int, ...]:
        """Some decisions of a plan."""
        return tuple(i.decision_id for i in self.items if i.plan is plan)[:EXAMPLES]

    @property
    def restores(self) -> Mapping[tuple[str, str], int]:
        """How many comments come back, by page and platform."""
        return Counter((i.page_id, i.platform) for i in self.items if i.calls)

    @property
    def takes(self) -> timedelta:
        """How long it takes at the platforms' pace where nothing else goes on."""
        return takes(self.restores)

    @property
    def dollars(self) -> float:
        return dollars(self.restores)


def look(
    session: Session, choice: DeedChoice, rights: Rights, *, others_too: bool = False
) -> Preview:
    """What taking back a choice of deeds comes to. The set of comments is the same at every look
    at the same choice with a `through`: decisions are never changed."""
    items = tuple(
        planned(session, choice.doer, store.deeds(session, choice), rights, others_too=others_too)
    )
    return Preview(choice=choice, items=items, set_sha256=set_sha256(i.decision_id for i in items))


def set_sha256(decision_ids: Iterable[int]) -> str:
    """What says that two looks found the same deeds."""
    return hashlib.sha256(",".join(map(str, decision_ids)).encode()).hexdigest()


def planned(
    session: Session, doer: Doer, deeds: Iterable[Deed], rights: Rights, *, others_too: bool
) -> Iterator[Planned]:
    """Each deed with what is to be done about it."""
    some: list[Deed] = []
    for deed in deeds:
        some.append(deed)
        if len(some) == _CHUNK:
            yield from _planned(session, doer, some, rights, others_too=others_too)
            some = []
    yield from _planned(session, doer, some, rights, others_too=others_too)


def _planned(
    session: Session, doer: Doer, deeds: Sequence[Deed], rights: Rights, *, others_too: bool
) -> Iterator[Planned]:
    now = store.standings(session, [deed.decision_id for deed in deeds])
    for deed in deeds:
        standing = now[deed.decision_id]
        if doer.kind.human:
            wish = wish_before(deed, standing)
        else:
            verdict, hide = judged_without(deed, doer, rights.policy)
            wish = wish_without(deed, verdict, hide=hide, others_too=others_too)
        yield Planned(
            decision_id=deed.decision_id,
            comment_row=deed.comment_row,
            page_id=deed.page_id,
            platform=standing.platform,
            category=deed.category,
            step=step(
                *(doer.kind, deed, standing, wish),
                can_restore=rights.can_restore(standing.platform),
            ),
        )


def judged_without(deed: Deed, doer: Doer, policy: Policy) -> tuple[Verdict, bool]:
    """What the bot says where the rule or model says nothing: by the thresholds of then and the
    switches of today."""
    case = stored_case(without(deed, doer), policy)
    broken = tuple(what for what in deed.degraded if what not in _WITHHELD)
    decided = decide(case.signals, case.policy, degraded=broken)
    return decided.verdict, decided.hide
