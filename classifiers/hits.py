"""Rules that matched, and the signals that they become."""

from __future__ import annotations

from dataclasses import dataclass

from classifiers.normalise import Folded
from classifiers.rule_files import PatternRule
from classifiers.word_lists import WordRule
from modbot.domain import Aspect, Category, Evidence, Signal


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched, before context has had its say. Offsets are in the original text."""

    rule: str
    category: Category
    score: float
    start: int
    end: int
    aspect: Aspect | None = Aspect.NONE
    note: str = ""

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the text as written."""
        return self.start, self.end


def word_hit(word: WordRule, folded: Folded, start: int, end: int) -> Hit:
    """A word of a list that stands at text[start:end] of the folded text."""
    first, last = folded.span(start, end)
    return Hit(word.rule, word.category, word.score, first, last)


def pattern_hit(rule: PatternRule, start: int, end: int) -> Hit:
    """A pattern that matches text[start:end] of the text as written."""
    return Hit(rule.rule, rule.category, rule.score, start, end, rule.aspect)


def signal_of(hit: Hit, aspect: Aspect, text: str) -> Signal:
    """The hit with the words that it rests on."""
    return Signal(
        source="rules",
        category=hit.category,
        score=hit.score,
        aspect=aspect,
        evidence=Evidence(
            rule=hit.rule,
            text=text[hit.start : hit.end],
            start=hit.start,
            end=hit.end,
            note=hit.note,
        ),
    )
