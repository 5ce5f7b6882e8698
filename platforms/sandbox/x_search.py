"""The part of X's search language that moderating replies needs; anything else is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from platforms.sandbox.x_parameters import invalid

LONGEST = 512
_QUERY = re.compile(r"\((?P<any>[^()]+)\)(?P<rest>(?: -?[^ ()]+)*)")
_ASKED = re.compile(r"(conversation_id|to):([0-9A-Za-z_]{1,19})")
_LEFT_OUT = re.compile(r"-(from:|@)([0-9A-Za-z_]{1,15})")


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What of a post the operators look at; names of accounts in lower case, without @."""

    conversation: str
    to: str
    author: str
    names: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """(conversation_id:1 OR to:name) -@name -from:name"""

    conversations: frozenset[str]
    to: frozenset[str]
    not_naming: frozenset[str]
    not_from: frozenset[str]

    @classmethod
    def read(cls, text: str) -> SearchQuery:
        """Raises Refused."""
        match = _QUERY.fullmatch(text)
        asked = [_ASKED.fullmatch(part) for part in match["any"].split(" OR ")] if match else []
        left_out = [_LEFT_OUT.fullmatch(part) for part in match["rest"].split()] if match else []
        if len(text) > LONGEST or not match or not all(asked) or not all(left_out):
            raise invalid("query", [text], "There were errors processing your request")
        found = [(m[1], m[2].casefold()) for m in (*asked, *left_out) if m]

        def named(operator: str) -> frozenset[str]:
            return frozenset(value for name, value in found if name == operator)

        return cls(
            conversations=named("conversation_id"),
            to=named("to"),
            not_naming=named("@"),
            not_from=named("from:"),
        )

    def fits(self, post: Searched) -> bool:
        """Does the search find it?"""
        asked_for = post.conversation in self.conversations or post.to in self.to
        left_out = bool(post.names & self.not_naming) or post.author in self.not_from
        return asked_for and not left_out
