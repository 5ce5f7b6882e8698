"""Compares the value of a parameter with what a description says it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from platforms.sandbox.description import Description, Rule
from platforms.sandbox.expansions import of_fields

CHARACTERS_SHOWN = 40


def wrong_values(api: Description, rule: Rule, values: Sequence[Any]) -> Iterator[str]:
    """What is wrong with the values of one name, each as the end of a sentence."""
    entries = 0
    for value in values:
        if rule.boolean:
            if not isinstance(value, bool):
                yield f"is {_shown(value)}, not true or false"
        elif not isinstance(value, str) or not value:
            yield "is empty" if value == "" else f"is {_shown(value)}, no text"
        elif rule.fields:
            yield from (f"ask wrongly: {w}" for w in _fields(api, rule, value))
        elif rule.list is not None:
            listed = value.split(",")
            entries += len(listed)
            for one in listed:
                yield from wrong_values(api, rule.list, [one])
        else:
            yield from _wrong_text(api, rule, value)
    if rule.most is not None and entries > rule.most:
        yield f"has {entries} entries; {rule.most} is the most"


def _fields(api: Description, rule: Rule, text: str) -> list[str]:
    def judge(inner: Rule, value: str) -> Iterator[str]:
        return wrong_values(api, inner, [value])

    return of_fields(api, rule.fields, text, judge)


def _wrong_text(api: Description, rule: Rule, value: str) -> Iterator[str]:
    if rule.pattern and not re.fullmatch(rule.pattern, value, re.DOTALL):
        yield f"is {_shown(value)}, which is not of the form {rule.pattern}"
    choices = api.enum[rule.enum] if isinstance(rule.enum, str) else rule.enum
    if choices and value not in choices:
        yield f"is {_shown(value)}, which is none of {', '.join(choices)}"
    if rule.longest is not None and len(value) > rule.longest:
        yield f"has {len(value)} characters; {rule.longest} is the most"
    if rule.low is not None or rule.high is not None:
        low, high = rule.low or 0, rule.high
        if not (value.isascii() and value.isdecimal()):
            yield f"is {_shown(value)}, no number"
        elif int(value) < low or (high is not None and int(value) > high):
            yield f"is {value}; from {low} to {'any number' if high is None else high} is allowed"


def _shown(value: object) -> str:
    return repr(value)[:CHARACTERS_SHOWN]
