"""What is known of a text beside its words: read once, and only where a score asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from classifiers.embedded.pieces import word_spans
from classifiers.fundraisers import is_named, words
from classifiers.links import links_in
from classifiers.normalise import Folded
from modbot.domain import Category, Comment

Cleared = Callable[[str], Iterable[tuple[int, int, frozenset[Category]]]]  # from, to, of what
Spans = Sequence[tuple[int, int]]

SURE_OF_SALE = 0.94  # from here on an offer counts although it names an approved fundraiser
_ENOUGH = 0.4  # of what speaks for a category: so much in cleared words clears the whole
_PUBLIC_BODIES = (".gov", ".k12.ma.us", ".edu")
_PRICE = re.compile(
    r"\$ ?(\d+)|\b(\d+) ?(?:\$|(?:dollars?|bucks|dolares|dólares|pesos|reais)\b)", re.I
)
_OWNER = re.compile(r"\b(?:i|my|mine|yo|mi|mis|tengo|vendo|eu|meu|vendemos|we)\b", re.I)


class Reading:
    """One comment. `words` are those of its folded text; `cleared` says where a text is innocent
    of what (names, idioms)."""

    def __init__(
        self, comment: Comment, folded: Folded, words: Sequence[str], cleared: Cleared
    ) -> None:
        self.comment = comment
        self.folded = folded
        self._words = words
        self._find_cleared = cleared

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where each word stands in the folded text."""
        return word_spans(self.folded.text, self._words)

    @cached_property
    def _innocent(self) -> list[tuple[int, int, frozenset[Category]]]:
        return list(self._find_cleared(self.comment.text))

    @cached_property
    def _sells_nothing(self) -> bool:
        """Do all links lead to public bodies, and is there one?"""
        hosts = [link.host for link in links_in(self.comment.text)]
        return bool(hosts) and all(host.endswith(_PUBLIC_BODIES) for host in hosts)

    @cached_property
    def _names_approved(self) -> bool:
        at = self.comment.created_at
        running = [each for each in self.comment.fundraisers if each.runs_at(at)]
        said = words(self.folded.text) if running else frozenset()
        return any(is_named(said, fundraiser.name) for fundraiser in running)

    @cached_property
    def _repeats_prices(self) -> bool:
        """Are all its prices those of its post, and does it speak of nothing of the writer's?"""
        text, post = self.comment.text, self.comment.post_text
        said = _prices(text)
        return said != set() and said <= _prices(post) and not _OWNER.search(text)

    def is_no_offer(self, score: float) -> bool:
        """Are there better grounds than the score? An approved fundraiser is for the rules to
        judge, a link to a public body sells nothing, and who repeats the post's prices answers a
        question about it."""
        if self._sells_nothing:
            return True
        return score < SURE_OF_SALE and (self._names_approved or self._repeats_prices)

    def is_innocent(self, category: Category, parts: Sequence[float], spans: Spans) -> bool:
        """Does enough of what speaks for the category stand in words that are cleared of it?"""
        clear = [(start, end) for start, end, of in self._innocent if category in of]
        if not clear:
            return False
        total = inside = 0.0
        for part, span in zip(parts, spans, strict=True):
            start, end = self.folded.span(*span)
            total += max(part, 0.0)
            if any(start < last and first < end for first, last in clear):
                inside += max(part, 0.0)
        return inside >= _ENOUGH * total


def _prices(text: str) -> set[str]:
    return {before or after for before, after in _PRICE.findall(text)}
