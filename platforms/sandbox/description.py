"""The compact descriptions of the vendors' APIs in apis/*.toml, loaded and checked for slips.

A file says where the API lives, how the token is shown, and each call: method, path, what may stand
in query, form or JSON body, and which values. A call that no entry describes is a deviation.
`[house]` names what the vendor would take and we never send, `name` or `"name=value"`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

PLACES = ("query", "form", "json")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one parameter may be."""

    pattern: str = ""
    enum: tuple[str, ...] | str = ()  # a text names a list in [enum]
    low: int | None = None
    high: int | None = None
    longest: int | None = None  # characters
    boolean: bool = False  # JSON's true or false
    list: Rule | None = None  # separated by commas
    most: int | None = None  # entries of a list, over all repetitions
    repeated: bool = False  # may stand in an address more than once
    required: bool = False
    fields: tuple[str, ...] = ()  # Graph: a field expansion on one of these nodes


@dataclass(frozen=True, kw_only=True)
class CallEntry:
    """One call of an API."""

    name: str
    method: str
    path: str = ""
    query: Mapping[str, Rule] = field(default_factory=dict)
    form: Mapping[str, Rule] = field(default_factory=dict)
    json: Mapping[str, Rule] = field(default_factory=dict)
    under: tuple[str, ...] = ()  # Graph: the nodes that have this edge ...
    lists: str = ""  # ... and what kind of node it lists
    at_least_one: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    below: tuple[tuple[str, str], ...] = ()  # the first number is below the second
    never: tuple[Mapping[str, Any], ...] = ()  # given (name or name=value), with | unless
    no_token: bool = False
    any_path: bool = False
    any_query: bool = False
    either: bool = False  # Graph takes the parameters of `form` in the address as well

    @property
    def edge(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Node:
    """Graph: a kind of object, its fields and what stands inside them."""

    fields: tuple[str, ...]
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Description:
    """One vendor's API."""

    platform: str
    hosts: tuple[str, ...] = ()  # empty: the page's own address
    prefix: str = ""
    anywhere: bool = False  # the prefix may stand behind a folder
    schemes: tuple[str, ...] = ()  # of the Authorization header
    no_token: bool = False
    headers: tuple[str, ...] = ()  # that must be there, in lower case
    header: Mapping[str, Rule] = field(default_factory=dict)  # if any: no other is sent
    house: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    any: Mapping[str, Rule] = field(default_factory=dict)  # in the query of every call
    ids: Mapping[str, str] = field(default_factory=dict)  # patterns of {names} in paths
    enum: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    node: Mapping[str, Node] = field(default_factory=dict)
    calls: tuple[CallEntry, ...] = ()

    def inner_path(self, path: str) -> str | None:
        """The path below the prefix; None when it is not below it."""
        at = path.find(self.prefix)
        rest = path[at + len(self.prefix) :]
        if at < 0 or (at > 0 and not self.anywhere) or rest[:1] not in ("", "/"):
            return None
        return rest or "/"

    def matching(self, inner: str) -> list[CallEntry]:
        """The calls of a path below the prefix, of any method."""
        return [c for c in self.calls if c.any_path or self._pattern(c.path).fullmatch(inner)]

    def _pattern(self, path: str) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", path)
        named = [f"(?:{self.ids[p]})" if n % 2 else re.escape(p) for n, p in enumerate(parts)]
        return re.compile("".join(named))


@cache
def described(platform: str) -> Description | None:
    """The description of a platform's API. None: there is none. Raises ValueError for a slip."""
    place = files("platforms.sandbox.apis").joinpath(f"{platform}.toml")
    if not platform.isidentifier() or not place.is_file():
        return None
    return read_description(platform, place.read_text("utf-8"))


def read_description(platform: str, text: str) -> Description:
    """Raises ValueError, naming the key, for a word that means nothing here."""
    table = tomllib.loads(text)
    calls = tuple(_call(entry) for entry in table.pop("call", []))
    nodes = {name: Node(**_known(Node, entry)) for name, entry in table.pop("node", {}).items()}
    rules = {
        part: {name: _rule(entry) for name, entry in table.pop(part, {}).items()}
        for part in ("any", "header")
    }
    known = _known(Description, table)
    return Description(**{**known, **rules, "platform": platform}, calls=calls, node=nodes)


def _call(entry: Mapping[str, Any]) -> CallEntry:
    rules = {p: {n: _rule(r) for n, r in entry.get(p, {}).items()} for p in PLACES}
    return CallEntry(**{**_known(CallEntry, entry), **rules})


def _rule(entry: Mapping[str, Any]) -> Rule:
    inner = {"list": _rule(entry["list"])} if "list" in entry else {}
    return Rule(**{**_known(Rule, entry), **inner})


def _known(kind: type[Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    if unknown := sorted(entry.keys() - names):
        raise ValueError(f"a description says {unknown[0]!r}, which means nothing")
    return {name: _frozen(value) for name, value in entry.items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    if isinstance(value, dict):
        return {name: _frozen(one) for name, one in value.items()}
    return value
