"""The checks themselves: each rule alone, then the whole judgement with its thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from modbot.domain import Category, Comment, Decision, looks_from
from modbot.fairness.texts import Examples, Pair, folded
from modbot.policy import RULES, Policy

_Item = TypeVar("_Item")
_AT_ONCE = 256
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # no rule looks at the age of a comment
_ESCAPE = re.compile(r"\\(?:[pP]\{\w+\}|.)")
_MODEL_KEYS = (".model_review", ".model_review_official")
_WORD = re.compile(r"[^\W\d_]{3,}")
# A person decides about off-topic comments and the bot never hides them, so rules may know national
# politics there; pairs of the kind "nation" see to it that they know both sides.
_MAY_NAME_POLITICS = Category.OFF_TOPIC
# Beside a side that is taken these are breaches like anywhere else, whatever a rule exempts.
_BESIDE = ("This is bullshit.", "You are an idiot.", "Eres un pendejo.")


class WrittenRule(Protocol):
    """A rule and where it is written; classifiers.rule_book has them."""

    @property
    def rule(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int | None: ...
    @property
    def category(self) -> Category: ...
    @property
    def score(self) -> float: ...
    @property
    def asks_for(self) -> tuple[str, ...]: ...


class RuleBook(Protocol):
    """All rules, and what each finds alone."""

    @property
    def rules(self) -> Sequence[WrittenRule]: ...

    def alone(self, comment: Comment) -> Iterator[tuple[str, str]]:
        """Rules that would find something if each were the only one, with the words."""
        ...


class Kind(StrEnum):
    """What is wrong with a rule or threshold."""

    VIEWPOINT = "viewpoint"  # it treats two sides unequally
    ISSUE = "public_issue"  # it finds something in opinions on a public question or on officials
    TRAP = "substring_trap"  # it finds something in an innocent word or name
    NAMED = "names"  # it names a person, a party, a candidate or a public issue


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault, at one rule or threshold, with the example that shows it."""

    kind: Kind
    place: str  # file:line
    what: str  # rule id or key of policy.toml
    message: str
    one: str = ""  # the example, or one side of the pair
    other: str = ""
    example: str = ""  # file:line of the pair
    more: int = 0  # further examples of the same fault
    refused: bool = True  # False: a model sends it to a person, and nothing is hidden by that


@dataclass(kw_only=True)
class Report:
    """All that was found, and how much was tried."""

    rules: int = 0
    pairs: int = 0
    innocent: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> list[Finding]:
        """What may not stand; the others are to know of."""
        return [finding for finding in self.findings if finding.refused]


Judging = Callable[[Sequence[Comment]], Sequence[Decision]]
KeyPlace = Callable[[str], str]  # "offensive.model_review" -> file:line of policy.toml


def check_rules(
    book: RuleBook, judge: Judging, policy: Policy, examples: Examples, key_place: KeyPlace
) -> Report:
    """Tries every rule and every threshold on every example.

    A rule too weak to count (below its category's `review`) does nothing and is let be.
    """
    check = _Check(book, policy, key_place)
    check.names(examples)
    for pair in examples.pairs:
        check.alone(pair)
    for word in examples.innocent:
        check.innocent_alone(word)
    for pairs in _parts(examples.pairs):
        for beside in ("", *_BESIDE):
            sides = [
                _comment(f"{s} {beside}".strip(), p.post) for p in pairs for s in (p.one, p.other)
            ]
            decisions = judge(sides)
            for pair, one, other in zip(pairs, decisions[::2], decisions[1::2], strict=True):
                check.judged(pair, one, other)
    for words in _parts(examples.innocent):
        for word, decision in zip(words, judge([_comment(w) for w in words]), strict=True):
            check.innocent_judged(word, decision)
    return Report(
        rules=len(book.rules),
        pairs=len(examples.pairs),
        innocent=len(examples.innocent),
        findings=check.findings(),
    )


class _Check:
    """Gathers what is found, one finding for each kind and rule."""

    def __init__(self, book: RuleBook, policy: Policy, key_place: KeyPlace) -> None:
        self._book, self._policy, self._key_place = book, policy, key_place
        self._by_id: dict[str, WrittenRule] = {}
        for rule in book.rules:
            self._by_id.setdefault(rule.rule, rule)
        self._active = {rule.rule for rule in book.rules if self._counts(rule)}
        self._found: dict[tuple[Kind, str, bool], list[Finding]] = {}

    def findings(self) -> list[Finding]:
        """The first of each kind and place, with how many more there are."""
        first = [
            Finding(**{**vars(found[0]), "more": len(found) - 1}) for found in self._found.values()
        ]
        return sorted(first, key=lambda f: (not f.refused, f.place, f.kind, f.what))

    def _counts(self, rule: WrittenRule) -> bool:
        category = self._policy.categories.get(rule.category)
        return category is not None and rule.score >= category.review

    def _add(
        self,
        kind: Kind,
        what: str,
        place: str,
        message: str,
        pair: Pair | str = "",
        *,
        refused: bool = True,
    ) -> None:
        one, other, example = pair, "", ""
        if isinstance(pair, Pair):
            one, other, example = pair.one, pair.other, pair.place
        self._found.setdefault((kind, what, refused), []).append(
            Finding(
                kind=kind,
                place=place,
                what=what,
                message=message,
                one=str(one),
                other=other,
                example=example,
                refused=refused,
            )
        )

    def _of_rule(self, kind: Kind, rule: str, message: str, pair: Pair | str) -> None:
        written = self._by_id[rule]
        self._add(kind, rule, f"{written.file}:{written.line}", message, pair)

    def names(self, examples: Examples) -> None:
        """What each rule's own words name."""
        for rule in self._book.rules:
            named = dict(_named(rule.asks_for, examples.never_named))
            if rule.category is _MAY_NAME_POLITICS:
                named = {w: what for w, what in named.items() if what != "party or candidate"}
            for word, what in named.items():
                self._of_rule(Kind.NAMED, rule.rule, f"names a {what}: {word}", word)
        for name, what in examples.never_named.items():
            self._finds_name(name, what)

    def _finds_name(self, name: str, what: str) -> None:
        """What each rule finds in a name, however its pattern spells it."""
        calls = (name, name.title(), f"Mr. {name.title()}", f"Mrs. {name.title()}")
        found = {rule: said for call in calls for rule, said in self._alone(call).items()}
        for rule, said in found.items():
            politics = self._by_id[rule].category is _MAY_NAME_POLITICS
            if not (politics and what == "party or candidate"):
                self._of_rule(Kind.NAMED, rule, f"finds {said!r}, which is a {what}", name)

    def _alone(self, text: str, post: str = "") -> dict[str, str]:
        found = self._book.alone(_comment(text, post))
        return {rule: words for rule, words in found if rule in self._active}

    def alone(self, pair: Pair) -> None:
        """Each rule on both sides of a pair."""
        one, other = self._alone(pair.one, pair.post), self._alone(pair.other, pair.post)
        for found, opposite in ((one, other), (other, one)):
            effects = {self._effect(rule) for rule in opposite}
            for rule, said in found.items():
                if self._effect(rule) not in effects:
                    message = f"finds {said!r} in one side and nothing like it in the other"
                    self._of_rule(Kind.VIEWPOINT, rule, message, pair)
                elif found is one and pair.silent_for(self._by_id[rule].category):
                    message = f"finds {said!r} in an opinion on a public question"
                    self._of_rule(Kind.ISSUE, rule, message, pair)

    def _effect(self, rule: str) -> tuple[Category, float]:
        """What a rule does: another word for the other side with the same effect is fair."""
        written = self._by_id[rule]
        return written.category, written.score

    def innocent_alone(self, word: str) -> None:
        """Each rule on one innocent word."""
        for rule, said in self._alone(word).items():
            self._of_rule(Kind.TRAP, rule, f"finds {said!r} in an innocent word", word)

    def judged(self, pair: Pair, one: Decision, other: Decision) -> None:
        """The whole judgement on both sides of a pair."""
        if _outcome(one) == _outcome(other):
            return
        worse = one if one.categories else other
        message = f"{_words(one)} for one side, {_words(other)} for the other"
        what, place = self._to_blame(worse)
        shown = not one.hide and not other.hide
        refused = not (shown and what.endswith(_MODEL_KEYS))
        self._add(Kind.VIEWPOINT, what, place, message, pair, refused=refused)

    def innocent_judged(self, word: str, decision: Decision) -> None:
        """The whole judgement on one innocent word."""
        if decision.categories:
            what, place = self._to_blame(decision)
            message = f"{_words(decision)} for an innocent word"
            refused = decision.hide or not what.endswith(_MODEL_KEYS)
            self._add(Kind.TRAP, what, place, message, word, refused=refused)

    def _to_blame(self, decision: Decision) -> tuple[str, str]:
        """The rule or threshold that decided, and where it is written."""
        if not decision.categories:
            return "judgement", self._key_place("")
        category = decision.categories[0]
        signals = [s for s in decision.signals if s.category is category]
        best = max(signals, key=lambda s: (s.source == RULES, s.score))
        rule = self._by_id.get(best.evidence.rule)
        if best.source == RULES and rule is not None and rule.rule in self._active:
            return rule.rule, f"{rule.file}:{rule.line}"
        key = looks_from(category, best.source, best.aspect, decision.thresholds)
        return key, self._key_place(key)


def _named(patterns: Iterable[str], never: dict[str, str]) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        words = [_stem(word) for word in _WORD.findall(folded(_ESCAPE.sub(" ", pattern)))]
        text = f" {' '.join(words)} "
        for name, what in never.items():
            if f" {' '.join(_stem(part) for part in name.split())} " in text:
                yield name, what


def _stem(word: str) -> str:
    return word.rstrip("s")


def _outcome(decision: Decision) -> tuple[object, ...]:
    return decision.verdict, decision.hide


def _words(decision: Decision) -> str:
    named = ", ".join(category.value for category in decision.categories)
    hidden = " + hide" if decision.hide and decision.verdict.value != "hide" else ""
    return decision.verdict.value + hidden + (f" ({named})" if named else "")


def _comment(text: str, post: str = "") -> Comment:
    return Comment(
        page_id="lint",
        platform="",
        id="lint",
        post_id="lint",
        text=text,
        created_at=_SOME_TIME,
        post_text=post,
    )


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
