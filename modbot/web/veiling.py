"""Which texts are blurred until somebody asks for them, and who has asked for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from modbot.domain import Category
from modbot.web.cookies import Cookies

_VEILED = frozenset({Category.PROFANITY, Category.OFFENSIVE, Category.THREAT})
_WORD_LISTS = ("profanity", "insults", "slurs")  # how the files of config/rules begin
# Such a rule in a sentence that modbot wrote for the record, which ends its name by one of these.
_IN_A_SENTENCE = re.compile(
    rf"(?<=\brule )((?:{'|'.join(_WORD_LISTS)})[^\s:]*:)(.+?)"
    r"(?=, score \d|, [a-z]| since \d{4}-| would have hidden |\.(?: |$)|$)"
)
_LIKED = "modbot-queue"  # a cookie that does not tell who somebody is


def may_offend(categories: Iterable[Category]) -> bool:
    """Whether a text that was found to be in these categories is blurred at first."""
    return not _VEILED.isdisjoint(categories)


def spells_out(rule: str) -> bool:
    """Whether a rule's name is the very word that it is about, as those of the word lists are."""
    return rule.startswith(_WORD_LISTS)


def apart(sentence: str) -> list[tuple[str, bool]]:
    """A sentence that modbot wrote for the record in pieces, and whether each is such a word."""
    found, at = list[tuple[str, bool]](), 0
    for rule in _IN_A_SENTENCE.finditer(sentence):
        found += [(sentence[at : rule.start(2)], False), (rule[2], True)]
        at = rule.end()
    return [*found, (sentence[at:], False)]


@dataclass(frozen=True, kw_only=True)
class Liked:
    """How somebody likes to work in this browser."""

    show: bool  # text that may offend at once, without a blur
    keys: bool  # one key a command

    @classmethod
    def of(cls, request: Request) -> Liked:
        """As the cookie says; without one, blurred and with keys."""
        liked = request.cookies.get(_LIKED, "").split(".")
        return cls(show="show" in liked, keys="nokeys" not in liked)

    def keep(self, cookies: Cookies, response: Response) -> None:
        """Keeps it for the next pages."""
        liked = [*(["show"] if self.show else []), *([] if self.keys else ["nokeys"])]
        cookies.set(response, _LIKED, ".".join(liked) or "as-it-comes")
