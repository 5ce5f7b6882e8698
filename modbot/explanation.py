"""A past decision made again, from what was kept of the text, the configuration and the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlmodel import Session

from modbot import store
from modbot.code_version import CodeVersion, judging_code
from modbot.domain import Comment, Decision, Signal, Verdict
from modbot.errors import ModbotError
from modbot.replay import outcome
from modbot.store import Database, InForce, PastDecision

# The last digit of a score depends on the texts that were read in the same batch.
SCORE_TOLERANCE = 0.0002

Judging = Callable[[Sequence[Comment]], Sequence[Decision]]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of what judged: archives of modbot.kept_files."""

    config: bytes
    config_sha256: str  # what the decision says of it
    models: Mapping[str, bytes]  # by classifier name; larger models are known by version alone


@dataclass(frozen=True, kw_only=True)
class PastJudge:
    """Classifiers and policy as they were."""

    judge: Judging
    models: Mapping[str, str]  # classifier name -> version, as they are now


Rebuild = Callable[[Kept, Mapping[str, str]], AbstractContextManager[PastJudge]]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A decision of the bot, and what comes out when it is made again."""

    then: PastDecision
    in_force: InForce  # what judged then
    code: CodeVersion  # what judges now
    models: Mapping[str, str]
    verdict: Verdict
    hide: bool
    reason: str
    differences: tuple[str, ...]  # in words; none: all came out alike

    @property
    def same_code(self) -> bool:
        """Is the code that judges that which judged then?"""
        return self.code == self.in_force.code

    @property
    def other_libraries(self) -> Mapping[str, tuple[str, str]]:
        """Libraries of other versions than then, by name: then and now, "none" where it was not
        there. Empty too where their versions were not noted then."""
        then, now = self.in_force.code.libraries, self.code.libraries
        names = sorted({*then, *now}) if then else ()
        versions = {name: (then.get(name, "none"), now.get(name, "none")) for name in names}
        return {name: (old, new) for name, (old, new) in versions.items() if old != new}

    @property
    def same_models(self) -> bool:
        """Are the models those which judged then?"""
        return dict(self.models) == dict(self.then.models)


def explain(database: Database, decision_id: int, rebuild: Rebuild) -> Explanation:
    """Judges the text of a decision again. Raises UnknownDecision, or ModbotError where it was not
    the bot that decided, or too little was kept."""
    with database.read() as s:
        then, text = store.past_decision(s, decision_id)
        if then.person or text is None or then.decided_at is None:
            raise ModbotError(
                f"decision {decision_id} was not made by judging: a person gave it, or the page"
                " itself wrote the comment"
            )
        force = store.in_force(s, then.config_sha256, decision_id)
        if force is None:
            raise ModbotError(
                f"what judged decision {decision_id} was not kept: configuration"
                f" {then.config_sha256[:12]} was in force before this version of modbot kept them;"
                " `modbot replay` judges its text under a configuration of today"
            )
        kept = _kept(s, force, then)
    with rebuild(kept, then.models) as past:
        (decision,) = past.judge([text.comment])
    verdict, hide = outcome(then, decision)
    return Explanation(
        then=then,
        in_force=force,
        code=judging_code(),
        models=past.models,
        verdict=verdict,
        hide=hide,
        reason=decision.reason,
        differences=tuple(_differences(then, decision, verdict, hide=hide)),
    )


def _kept(session: Session, force: InForce, then: PastDecision) -> Kept:
    config = store.kept_files(session, force.config_name)
    if config is None:
        raise ModbotError(f"configuration {force.config_sha256} is not kept in this record")
    archives = {
        name: store.kept_files(session, store.model_name(name, version))
        for name, version in then.models.items()
    }
    return Kept(
        config=config,
        config_sha256=then.config_sha256,
        models={name: files for name, files in archives.items() if files is not None},
    )


def _differences(
    then: PastDecision, now: Decision, verdict: Verdict, *, hide: bool
) -> Iterator[str]:
    if verdict is not then.verdict:
        yield f"verdict: {then.verdict} then, {verdict} now"
    if hide is not then.hide:
        yield f"hidden: {_yes(then.hide)} then, {_yes(hide)} now"
    categories = tuple(category.value for category in now.categories)
    if categories != then.categories:
        yield f"categories: {_list(then.categories)} then, {_list(categories)} now"
    if now.clause != then.clause:
        yield f"clause: {then.clause or 'none'} then, {now.clause or 'none'} now"
    if dict(now.thresholds) != dict(then.thresholds):
        changed = sorted({*now.thresholds.items()} ^ {*then.thresholds.items()})
        yield f"thresholds: {_list(dict.fromkeys(key for key, _ in changed))} differ"
    yield from _signal_differences(then.signals, now.signals)


def _signal_differences(then: Sequence[Signal], now: Sequence[Signal]) -> Iterator[str]:
    left = list(now)
    for signal in then:
        like = next((other for other in left if _place(other) == _place(signal)), None)
        if like is None:
            yield f"found then, not now: {_named(signal)}"
            continue
        left.remove(like)
        if abs(like.score - signal.score) > SCORE_TOLERANCE:
            yield f"{_named(signal)} then, {like.score:.4f} now"
    for signal in left:
        yield f"found now, not then: {_named(signal)}"


def _place(signal: Signal) -> tuple[object, ...]:
    found = signal.evidence
    return signal.source, signal.category, signal.aspect, found.rule, found.start, found.end


def _named(signal: Signal) -> str:
    return f"{signal.source} {signal.evidence.rule} ({signal.category}) {signal.score:.4f}"


def _list(names: Sequence[str] | dict[str, None]) -> str:
    return ", ".join(names) or "none"


def _yes(hidden: bool) -> str:
    return "yes" if hidden else "no"
