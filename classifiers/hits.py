"""Rules that matched, and the signals that they become."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from classifiers.normalise import Folded
from classifiers.quoting import repeated
from classifiers.rule_files import PatternRule
from classifiers.word_lists import STRONG, WordRule
from modbot.domain import Aspect, Category, Comment, Evidence, Signal

_SELLERS_OWN: Final = frozenset({"private:phone", "private:email", "private:address"})
# Accents, hyphens and dots disguise nothing: a B.S. degree, h-o-e in a spelling bee; nor does an @
# for both genders, perr@s. The rest does.
_OPENLY: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0300-\u0303\u0308.'’-]*(?:@s?)?")
# A name or a sentence begins there, and no word goes on: C. Rica, "gracias Mari. Con amor".
_BEGINS: Final = re.compile(r"(?:\. +|\n *)[A-ZÁÉÍÓÚÑ][a-zñáéíóú]")
# What a code follows: room A55, locker 4SS.
_NUMBERED: Final = re.compile(
    r"\b(?:room|rm|locker|aula|sal[oó]n|seat|asiento|code|c[oó]digo|section|row|gate|model)\.? #?"
    r"(?:\w{2,5} (?:or|and|o|y|&) )?$",
    re.IGNORECASE,
)
_IN_A_HOUSE: Final = re.compile(
    r" (?:hall|wing|building|lobby|room|gate|door|corridor|pasillo|edificio)\b", re.IGNORECASE
)
_LONGEST_CODE: Final = 4
_BEFORE_CODE: Final = 22  # characters
_PUBLISHABLE: Final = frozenset({Category.PRIVACY, Category.PROFANITY})


class Hit(NamedTuple):
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


def word_hit(word: WordRule, folded: Folded, start: int, end: int, written: str) -> Hit | None:
    """A word of a list that stands at text[start:end] of the folded text.

    None if it counts only in disguise and is written openly, is of two sentences or a code.
    """
    first, last = folded.span(start, end)
    begins = _BEGINS.findall(written, first, last)
    if len(begins) == 1 or _is_code(written, first, last):
        return None
    if word.in_doubt:
        if not _OPENLY.fullmatch(written, first, last) and written[last : last + 1] != "-":
            word = word.meant()
        elif word.only_disguised:
            return None
    return Hit(word.rule, word.category, word.score, first, last)


def _is_code(written: str, first: int, last: int) -> bool:
    code = written[first:last]
    if len(code) > _LONGEST_CODE or code.isalpha() or not (code.isalnum() and code.isupper()):
        return False
    before = _NUMBERED.search(written, max(first - _BEFORE_CODE, 0), first)
    return before is not None or _IN_A_HOUSE.match(written, last) is not None


def is_swear(word: WordRule) -> bool:
    """Is it looked for under every disguise?"""
    return word.category is Category.PROFANITY and word.score == STRONG and not word.only_disguised


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


def is_sellers_own(hit: Hit, *, sure: bool) -> bool:
    """Where to reach the seller; beside an offer in doubt only what is itself in doubt."""
    if hit.category is not Category.PRIVACY:
        return False
    return hit.score < STRONG or (sure and hit.rule in _SELLERS_OWN)


def is_published(hit: Hit, comment: Comment) -> bool:
    """Are these the district's own words: a number, address or nickname that its post gives, or
    the price of a sale that it announces, said again?"""
    if hit.category is Category.SALES:
        return any(
            first <= hit.start and hit.end <= last
            for first, last in repeated(comment.text, comment.post_text)
        )
    if hit.category not in _PUBLISHABLE:
        return False
    said = comment.text[hit.start : hit.end].strip().casefold()
    post = comment.post_text.casefold()
    if len(said) <= 3 or said not in post:  # as mostly
        return False
    return any(
        not post[at - 1 : at].isalnum() and not post[at + len(said) : at + len(said) + 1].isalnum()
        for at in (match.start() for match in re.finditer(re.escape(said), post))
    )
