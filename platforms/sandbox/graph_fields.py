"""Field expansion: `id,comments.order(chronological).limit(5){id,from{name}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from platforms.sandbox.graph_errors import GraphFailure

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_ARGUMENT = re.compile(r"\(([^()]*)\)")
DEPTH_LIMIT = 5


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field asked for, with the parameters and fields of its edge."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] | None = None


def parse_fields(text: str) -> tuple[Field, ...]:
    """Raises GraphFailure (2500), as the vendor does for what it cannot parse."""
    fields, at = _fields(text, 0, 1)
    if at != len(text):
        raise _syntax(text, at)
    return fields


def _fields(text: str, at: int, depth: int) -> tuple[tuple[Field, ...], int]:
    if depth > DEPTH_LIMIT:
        raise _syntax(text, at)
    found: list[Field] = []
    while True:
        one, at = _field(text, at, depth)
        found.append(one)
        if text[at : at + 1] != ",":
            return tuple(found), at
        at += 1


def _field(text: str, at: int, depth: int) -> tuple[Field, int]:
    name, at = _name(text, at)
    params: dict[str, str] = {}
    while text[at : at + 1] == ".":
        param, at = _name(text, at + 1)
        argument = _ARGUMENT.match(text, at)
        if argument is None:
            raise _syntax(text, at)
        params[param], at = argument[1], argument.end()
    inner = None
    if text[at : at + 1] == "{":
        inner, at = _fields(text, at + 1, depth + 1)
        if text[at : at + 1] != "}":
            raise _syntax(text, at)
        at += 1
    return Field(name=name, params=params, fields=inner), at


def _name(text: str, at: int) -> tuple[str, int]:
    found = _NAME.match(text, at)
    if found is None:
        raise _syntax(text, at)
    return found[0], found.end()


def _syntax(text: str, at: int) -> GraphFailure:
    found = text[at : at + 1]
    return GraphFailure(2500, f'Syntax error "Unexpected {found!r}." at character {at}: {text}')
