"""What is known of a text beside its words: read once, and only where a score asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from classifiers.announced_prices import only_repeats_prices
from classifiers.embedded.pieces import word_spans
from classifiers.fundraisers import (
    gives_a_way_to_pay,
    is_named,
    only_offers_goods_of,
    speaks_of,
    speaks_of_own,
    words,
)
from classifiers.links import links_in
from classifiers.normalise import Folded
from modbot.domain import Category, Comment, Fundraiser

Cleared = Callable[[str], Iterable[tuple[int, int, frozenset[Category]]]]  # from, to, of what
Spans = Sequence[tuple[int, int]]

SURE_OF_SALE = 0.94  # from here on an offer counts although it names an approved fundraiser
UNSURE_OF_SALE = 0.4  # below, an approved fundraiser's own post explains what sounds like an offer
_ENOUGH = 0.4  # of what speaks for a category: so much in cleared words clears the whole
_PUBLIC_BODIES = (".gov", ".k12.ma.us", ".edu")


class Reading:
    """One comment. `words` are those of its folded text; `cleared` says where a text is innocent
    of what (names, idioms), `passes_on` whether it is about something bought and passed on."""

    def __init__(
        self,
        comment: Comment,
        folded: Folded,
        words: Sequence[str],
        cleared: Cleared,
        passes_on: Callable[[str], bool],
    ) -> None:
        self.comment = comment
        self.folded = folded
        self._words = words
        self._find_cleared = cleared
        self._passes_on = passes_on

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
    def _running(self) -> list[Fundraiser]:
        at = self.comment.created_at
        return [each for each in self.comment.fundraisers if each.runs_at(at)]

    @cached_property
    def _names_approved(self) -> bool:
        said = words(self.folded.text) if self._running else frozenset()
        return any(is_named(said, fundraiser.name) for fundraiser in self._running)

    @cached_property
    def _repeats_prices(self) -> bool:
        return only_repeats_prices(self.comment.text, self.folded.text, self.comment.post_text)

    @cached_property
    def _answers_its_post(self) -> bool:
        post = self.comment.post_text
        return (
            any(speaks_of(post, fundraiser.name) for fundraiser in self._running)
            and not speaks_of_own(self.folded.text)
            and not gives_a_way_to_pay(self.comment.text)
        )

    def _offers_approved_goods(self, post: str) -> bool:
        return only_offers_goods_of(self._running, self.comment.text, self.folded.text, post)

    def is_no_offer(self, score: float) -> bool:
        """Are there better grounds than the score? A link to a public body sells nothing, nor does
        who repeats the post's prices, or tells of an approved sale and of nothing else. What else
        names an approved fundraiser the rules judge, as what somebody bought and passes on."""
        if self._sells_nothing or self._repeats_prices or self._offers_approved_goods(""):
            return True
        if score < SURE_OF_SALE and (
            self._names_approved or self._offers_approved_goods(self.comment.post_text)
        ):
            return True
        if score < UNSURE_OF_SALE and self._answers_its_post:
            return True
        return bool(self._running) and self._passes_on(self.comment.text)

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
