"""From signals to a decision. Pure: the same signals and policy always give the same answer.

Viewpoint never decides: nothing here looks at what a comment stands for, only at breaches that a
rule or a model found in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from modbot.domain import ESCALATES, SPARED, Aspect, Category, Decision, Signal, Verdict

RULES = "rules"  # the source of rule hits; every other source is a model
# Models whose scores are probabilities of the policy's own categories, calibrated on comments of
# their kind. Whatever another model says, a person looks, and nothing more.
CALIBRATED = frozenset({"embedded"})

# Which of two categories with the same verdict is named first.
_RANK = {
    Category.THREAT: 0,
    Category.CRISIS: 1,
    Category.PROFANITY: 2,
    Category.OFFENSIVE: 3,
    Category.PRIVACY: 4,
    Category.SALES: 5,
    Category.PERSONAL_ISSUE: 6,
    Category.OFF_TOPIC: 7,
}
# How little a model's word may do.
_SPARES = {Aspect.AT_OFFICIAL: 1, Aspect.OFFICIAL: 2, Aspect.QUOTED: 3, Aspect.SHORT: 4}
_STRICTNESS = {verdict: strictness for strictness, verdict in enumerate(Verdict)}
_REVIEW_AT_MOST = frozenset({Category.OFF_TOPIC})
_DONE = {
    Verdict.REVIEW: "A person should look",
    Verdict.HIDE: "Hidden",
    Verdict.ESCALATE: "A person must look first",
}


NEVER = 1.0  # as `model_hide`: whatever the score


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Who decided that a switch may stand as it does, and when."""

    by: str
    on: str  # year and month, or the day: 2021-03 or 2021-03-18


@dataclass(frozen=True, kw_only=True)
class CategoryPolicy:
    """What may happen to a comment in one category, and on what it rests."""

    category: Category
    review: float  # rule score (0 to 1) from which a person should look
    hide: float  # rule score (0 to 1) from which it is hidden, or escalated where urgent
    may_hide: bool
    urgent: bool  # tell a person at once
    clause: str  # number in the district's policy
    clause_text: str  # what it says, in our words
    model_review: float = 1.0  # model score (0 to 1) above which a person should look
    model_hide: float = NEVER  # model score from which it is hidden without any rule
    # The same two for what is about officials. Without the first a person looks from model_hide on;
    # the second holds where officials_insult = "hide".
    model_review_official: float | None = None
    model_hide_official: float = NEVER
    model_alert: float = 0.0  # model score from which a person is told at once of what escalates
    model_lifts: bool = False  # may a score above model_review turn a rule's review into a hide
    reply: str = ""  # template of an answer to the author

    @cached_property
    def rule_thresholds(self) -> Mapping[str, float]:
        """What a rule's score is compared with, as a decision names it."""
        return {f"{self.category.value}.{name}": getattr(self, name) for name in ("review", "hide")}

    @cached_property
    def model_thresholds(self) -> Mapping[str, float]:
        """The same of a calibrated model's score."""
        names = ["model_review", "model_hide"]
        if self.model_review_official is not None:
            names.append("model_review_official")
        if self.model_hide_official < NEVER:
            names.append("model_hide_official")
        return {f"{self.category.value}.{name}": getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class ReviewRules:
    """What a person's verdict has to come with."""

    reason_required: frozenset[str] = frozenset()  # "escalate", "hide.personal_issue"
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # usual ones by verdict

    def needs_reason(self, verdict: Verdict, categories: Sequence[Category]) -> bool:
        """Must a reason be given for this verdict on a comment in these categories?"""
        asked = {verdict.value, *(f"{verdict.value}.{category.value}" for category in categories)}
        return not self.reason_required.isdisjoint(asked)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The judgement of the district, as loaded from policy.toml."""

    categories: Mapping[Category, CategoryPolicy]
    officials_insult: Literal["hide", "review"] = "review"
    approvals: Mapping[str, Approval] = field(default_factory=dict)  # by the switch's name
    review: ReviewRules = field(default_factory=ReviewRules)
    sha256: str = ""  # of the file it was read from


class _Finding(NamedTuple):
    """What one category alone asks for."""

    category: Category
    verdict: Verdict
    hide: bool
    deciding: Signal | None
    thresholds: Mapping[str, float]
    held: str = ""  # why it was not hidden though the score was high enough


def decide(signals: Sequence[Signal], policy: Policy, *, degraded: Sequence[str] = ()) -> Decision:
    """The verdict for one comment. `degraded` (what broke) makes it a review and stops any hide."""
    if not signals and not degraded:
        return _ALLOWED
    weighed, breaches = _findings(signals, policy)
    thresholds = {key: value for finding in weighed for key, value in finding.thresholds.items()}
    verdict = breaches[0].verdict if breaches else Verdict.ALLOW
    hide = _may_vanish(breaches) and not degraded
    if degraded and _STRICTNESS[verdict] != _STRICTNESS[Verdict.ESCALATE]:
        verdict = Verdict.REVIEW
    return Decision(
        verdict=verdict,
        hide=hide,
        categories=tuple(finding.category for finding in breaches),
        signals=tuple(signals),
        clause=policy.categories[breaches[0].category].clause if breaches else "",
        thresholds=thresholds,
        degraded=tuple(degraded),
        reason=_reason(breaches, verdict, hide=hide, degraded=degraded),
    )


def hidden_by(signals: Sequence[Signal], policy: Policy) -> Signal | None:
    """The signal that hides a comment with these signals: that of its gravest finding that does;
    None where nothing hides it."""
    _, breaches = _findings(signals, policy)
    if not _may_vanish(breaches):
        return None
    hiding = [finding for finding in breaches if finding.hide]
    if _cries(breaches):
        hiding = [finding for finding in hiding if finding.category is Category.THREAT]
    return hiding[0].deciding


def _findings(signals: Sequence[Signal], policy: Policy) -> tuple[list[_Finding], list[_Finding]]:
    """What each category asks for, and of these the breaches, worst first."""
    groups: dict[Category, list[Signal]] = {}
    for signal in signals:
        groups.setdefault(signal.category, []).append(signal)
    weighed = [
        _weigh(group, policy.categories[category], policy)
        for category, group in groups.items()
        if category in policy.categories
    ]
    breaches = sorted(
        (finding for finding in weighed if finding.verdict is not Verdict.ALLOW), key=_worst_first
    )
    return weighed, breaches


def _weigh(signals: Sequence[Signal], rule: CategoryPolicy, policy: Policy) -> _Finding:
    """The verdict of one category: its best rule hit, lifted or seconded by its best model score.

    Spaulding v. Natick and Barron v. Kolenda are why OFFICIAL stops a hide; docs/policy.md.
    """
    thresholds = dict(rule.rule_thresholds)
    hits = [signal for signal in signals if signal.source == RULES]
    hit = _best_hit(hits, rule, policy) if hits else None
    model = other = None
    if len(hits) < len(signals):
        model = _best([signal for signal in signals if signal.source in CALIBRATED])
        other = _best([s for s in signals if s.source not in CALIBRATED and s.source != RULES])
        if model is not None:
            thresholds |= rule.model_thresholds
        if other is not None:
            thresholds[f"{rule.category.value}.model_review"] = rule.model_review
    if hit is None or hit.score < rule.review:
        finding = _by_model(model, rule, policy, thresholds)
        return finding if finding.deciding else _by_other(other, rule, thresholds)
    lifted = rule.model_lifts and model is not None and model.score > rule.model_review
    if lifted and model is not None and model.aspect in _never_lifts(rule):
        lifted = not _held_by_model(model, rule, policy)
    grave = hit.score >= rule.hide or lifted
    held = (_held(hit, policy) or _official_case(hits, rule)) if grave else ""
    strict = grave and not held
    if not grave:  # a hit in doubt does not shadow what the model is certain enough of
        alone = _by_model(model, rule, policy, thresholds)
        if alone.verdict is Verdict.ESCALATE:
            return alone
    return _Finding(
        category=rule.category,
        verdict=_strictest(rule) if strict else Verdict.REVIEW,
        hide=strict and _may_hide(rule),
        deciding=hit,
        held=held,
        thresholds=thresholds,
    )


def _best_hit(hits: Sequence[Signal], rule: CategoryPolicy, policy: Policy) -> Signal:
    """The rule hit that asks for most."""
    best = max(hits, key=lambda signal: (not _held(signal, policy), signal.score))
    # A free hit too weak to count must not shadow a held one that a person should see.
    return best if best.score >= rule.review else max(hits, key=lambda signal: signal.score)


def _by_model(
    model: Signal | None, rule: CategoryPolicy, policy: Policy, thresholds: Mapping[str, float]
) -> _Finding:
    """The verdict where no rule counts. A model's word alone hides nothing that is about officials,
    unless it is nearly certain of an insult and insults to them are to be hidden; but it does tell
    a person of a threat or a cry for help at once."""
    spared = model is not None and model.aspect in SPARED
    if model is None or model.score <= _noticed(model, rule):
        return _Finding(
            category=rule.category,
            verdict=Verdict.ALLOW,
            hide=False,
            deciding=None,
            thresholds=thresholds,
        )
    grave = rule.model_hide < NEVER and model.score >= rule.model_hide
    held = _held_by_model(model, rule, policy) if grave and spared else ""
    hides = grave and not held and _may_hide(rule)
    urgent = rule.category in ESCALATES and (grave or _calls(model, rule))
    verdict = Verdict.ESCALATE if urgent else Verdict.HIDE if hides else Verdict.REVIEW
    return _Finding(
        category=rule.category,
        verdict=verdict,
        hide=hides,
        deciding=model,
        held=held,
        thresholds=thresholds,
    )


def _held_by_model(model: Signal, rule: CategoryPolicy, policy: Policy) -> str:
    """Why a score that would hide another comment may not hide this one; empty: it may."""
    if model.aspect is Aspect.QUOTED:
        return "the words are told as said by somebody else"
    if model.aspect is Aspect.SHORT:
        return "a model's word alone hides no comment of so few words"
    insult = rule.category is Category.OFFENSIVE and policy.officials_insult == "hide"
    if insult and model.aspect is Aspect.AT_OFFICIAL:
        return ""
    threat = rule.category is Category.THREAT and model.aspect is Aspect.AT_OFFICIAL
    if not (insult or threat) or rule.model_hide_official >= NEVER:
        return "a model's word alone hides nothing about officials or the running of the schools"
    if model.score >= rule.model_hide_official:
        return ""
    return "it is about an official or the running of the schools, and the model is not certain"


def _calls(model: Signal, rule: CategoryPolicy) -> bool:
    """May the score call a person at once, though it is not grave? Of few words only a score that
    would tell somebody: "fire drill again" sounds a little like a threat."""
    if model.aspect is Aspect.SHORT:
        return model.score >= rule.model_alert
    return model.aspect not in _never_lifts(rule)


def _never_lifts(rule: CategoryPolicy) -> frozenset[Aspect]:
    """What a model's score has to be about to second no rule and call nobody: criticism of
    officials, quotes, few words. A threat to an official is none of these."""
    return SPARED - {Aspect.AT_OFFICIAL} if rule.category is Category.THREAT else SPARED


def _by_other(
    other: Signal | None, rule: CategoryPolicy, thresholds: Mapping[str, float]
) -> _Finding:
    """The verdict where only a model speaks that is not calibrated: a person looks, if anything."""
    asks = other is not None and other.score > rule.model_review
    return _Finding(
        category=rule.category,
        verdict=Verdict.REVIEW if asks else Verdict.ALLOW,
        hide=False,
        deciding=other if asks else None,
        thresholds=thresholds,
    )


def _best(signals: Sequence[Signal]) -> Signal | None:
    """The highest score. Of equal ones the one that may do least, whatever their order: few
    words, then a quote, then what is about officials."""
    if len(signals) < 2:  # as mostly
        return signals[0] if signals else None
    return max(signals, key=lambda s: (s.score, _SPARES.get(s.aspect, 0), s.source))


def _noticed(model: Signal, rule: CategoryPolicy) -> float:
    """The model score above which a person looks. Opinions on officials are looked at only where
    the model is as sure as it would have to be to hide, or as policy.toml says: a critic is no more
    a case than a fan. Few words tell as much of any other breach than an insult as many do."""
    threatens = rule.category in (Category.THREAT, Category.PERSONAL_ISSUE)
    short = model.aspect is Aspect.SHORT and rule.category is not Category.OFFENSIVE
    if model.aspect not in SPARED or threatens or short:
        return rule.model_review
    own = rule.model_review_official
    return rule.model_hide if own is None else own


def _may_hide(rule: CategoryPolicy) -> bool:
    return rule.may_hide and rule.category not in _REVIEW_AT_MOST


def _strictest(rule: CategoryPolicy) -> Verdict:
    if rule.category in ESCALATES:
        return Verdict.ESCALATE
    if _may_hide(rule):
        return Verdict.HIDE
    return Verdict.REVIEW


def _held(signal: Signal, policy: Policy) -> str:
    """Why this signal may ask for review at most; empty: it may do more."""
    if signal.aspect is Aspect.QUOTED:
        return "the words are quoted"
    if signal.aspect is not Aspect.OFFICIAL:
        return ""
    if signal.category is Category.OFFENSIVE and policy.officials_insult == "hide":
        return ""
    if signal.category in (Category.OFFENSIVE, Category.PERSONAL_ISSUE):
        return "it is about an official or the running of the schools"
    return ""


def _official_case(hits: Sequence[Signal], rule: CategoryPolicy) -> str:
    """A private case that is also about officials stays up: the protected part decides."""
    if rule.category is not Category.PERSONAL_ISSUE:
        return ""
    official = any(hit.aspect is Aspect.OFFICIAL for hit in hits)
    return "it is also about an official or the running of the schools" if official else ""


def _may_vanish(breaches: Sequence[_Finding]) -> bool:
    """A cry for help stays up until a person has looked, unless it is also a threat."""
    hiding = {finding.category for finding in breaches if finding.hide}
    return Category.THREAT in hiding if _cries(breaches) else bool(hiding)


def _cries(breaches: Sequence[_Finding]) -> bool:
    return any(
        finding.category is Category.CRISIS and finding.verdict is Verdict.ESCALATE
        for finding in breaches
    )


def _worst_first(finding: _Finding) -> tuple[int, int]:
    return -_STRICTNESS[finding.verdict], _RANK[finding.category]


def _reason(
    breaches: Sequence[_Finding], verdict: Verdict, *, hide: bool, degraded: Sequence[str]
) -> str:
    """One sentence for a person; names rules and scores, never the comment's words."""
    broken = f" Not hidden by the bot: {', '.join(degraded)}." if degraded else ""
    if not breaches or breaches[0].deciding is None:
        return ("No breach found." if not degraded else "A person should look.") + broken
    worst, deciding = breaches[0], breaches[0].deciding
    done = _DONE[verdict] + (" and it is hidden" if verdict is Verdict.ESCALATE and hide else "")
    what = worst.category.value.replace("_", " ")
    source = "rule" if deciding.source == RULES else f"model {deciding.source}"
    held = f"; not hidden because {worst.held}" if worst.held else ""
    found = f"{source} {deciding.evidence.rule}, score {deciding.score:.2f}"
    return f"{done} for {what}: {found}{held}.{broken}"


_ALLOWED = Decision(verdict=Verdict.ALLOW, hide=False, reason="No breach found.")
