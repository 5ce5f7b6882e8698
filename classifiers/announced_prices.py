"""Prices that the post itself announces, said again: who repeats them answers a question.

What is sold for such a price may be something else all the same: a scam costs what one likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from classifiers.fundraisers import gives_a_way_to_pay, speaks_of_own, words
from classifiers.hits import Hit
from classifiers.normalise import fold

_PRICE: Final = re.compile(
    r"\$ ?(\d+(?:\.\d\d)?)"
    r"|\b(\d+(?:\.\d\d)?) ?(?:\$|(?:d[oó]lar(?:e?s)?|dollars?|bucks?|pesos?|pesitos|reais)\b)",
    re.IGNORECASE,
)
# Nobody says so who only answers: a seller does.
_URGES: Final = re.compile(
    r"\b(?:(?:order|sign up|join|book|buy|apply) (?:now|today)"
    r"|(?:ordenen|pidan|compren|inscr\w+) (?:ya|hoy)|limited spots|cupos limitados"
    r"|win|winners?|guaranteed|garantizad[oa]s?|invest|inviert\w+)\b"
)


def only_repeats_prices(text: str, folded: str, post: str) -> bool:
    """Are all prices of the text those of its post, and is there one, with no way to pay or to
    write to somebody, nothing of the writer's own and nothing that urges to buy?"""
    said = _prices(text)
    if not said or not said <= _prices(post):
        return False
    urges = _URGES.search(folded) is not None
    return not urges and not speaks_of_own(folded) and not gives_a_way_to_pay(text)


def things_named(offers: Iterable[Hit], text: str) -> frozenset[str]:
    """The words that hits on an offer stand on, but for prices."""
    named = [_PRICE.sub("", text[hit.start : hit.end]) for hit in offers]
    return frozenset[str]().union(*(words(fold(name).text) for name in named))


def are_announced(things: frozenset[str], post: str) -> bool:
    """Are any things named, and does the post speak of all of them?"""
    return bool(things) and things <= words(fold(post).text)


def _prices(text: str) -> set[str]:
    """The sums of a text, however they are written: "$2", "2 bucks", "2.00 dólares"."""
    return {(before or after).removesuffix(".00") for before, after in _PRICE.findall(text)}
