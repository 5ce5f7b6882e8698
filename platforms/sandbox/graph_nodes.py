"""Nodes, fields and edges: what the two Graph platforms have in common."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from platforms.sandbox.graph_errors import GraphFailure, bad_parameter, not_permitted
from platforms.sandbox.graph_fields import Field, parse_fields
from platforms.sandbox.records import Token
from platforms.sandbox.world import World

GRAPH_URL = "https://graph.facebook.com/v26.0"
PAGING_PARAMS = ("limit", "after", "before", "fields")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the world and the token that was shown."""

    world: World
    token: Token

    def needs(self, scope: str, code: int = 10) -> None:
        """Fails as the vendor does when the token lacks the scope."""
        if scope not in self.token.scopes:
            raise not_permitted(code, scope)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A list that hangs on a node. `items` gives it sorted; `descending` by creation."""

    target: Callable[[], NodeType]
    items: Callable[[Caller, Any, Mapping[str, str]], Sequence[Any]]
    descending: Callable[[Mapping[str, str]], bool]
    params: frozenset[str] = frozenset()
    summary: Callable[[Caller, Any, Mapping[str, str]], Json] | None = None
    ascending: Callable[[Caller], bool] | None = None  # where the world may turn the order round
    default_limit: int = 25
    max_limit: int = 100


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """A kind of node and its fields; those in `empty` exist but hold nothing here."""

    name: str
    default: tuple[str, ...]
    values: Mapping[str, Callable[[Any], Any]]
    looked_up: Mapping[str, Callable[[Caller, Any], Any]] = field(default_factory=dict)
    constant: Mapping[str, Any] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    edges: Mapping[str, Edge] = field(default_factory=dict)
    nested: Mapping[str, frozenset[str]] = field(default_factory=dict)  # fields inside a field


def render(caller: Caller, kind: NodeType, node: Any, fields: tuple[Field, ...] | None) -> Json:
    """The node as JSON: `id` always, fields without a value not at all."""
    asked = fields or tuple(Field(name=name) for name in kind.default)
    shown: Json = {}
    for one in asked:
        if one.name in kind.edges:
            found = list_edge(caller, kind.edges[one.name], node, one.params, one.fields, one.name)
            if found["data"] or "summary" in found:
                shown[one.name] = found
            continue
        value = _value(caller, kind, node, one)
        if value is not None:
            shown[one.name] = value
    return {**shown, "id": node.id}


def _value(caller: Caller, kind: NodeType, node: Any, one: Field) -> Any:
    if one.params:
        raise bad_parameter(f"field {one.name} takes no parameters")
    if one.name in kind.values:
        value = kind.values[one.name](node)
    elif one.name in kind.looked_up:
        value = kind.looked_up[one.name](caller, node)
    elif one.name in kind.constant or one.name in kind.empty:
        value = kind.constant.get(one.name)
    else:
        raise bad_parameter(
            f"Tried accessing nonexisting field ({one.name}) on node type ({kind.name})"
        )
    return value if one.fields is None else _part(kind, one, value)


def _part(kind: NodeType, one: Field, value: Any) -> Any:
    known = kind.nested.get(one.name, frozenset())
    for inner in one.fields or ():
        if inner.name not in known:
            raise bad_parameter(f"Tried accessing nonexisting field ({inner.name}) on {one.name}")
    wanted = {"id", *(inner.name for inner in one.fields or ())}
    return value and {key: inner for key, inner in value.items() if key in wanted}


def list_edge(
    caller: Caller,
    edge: Edge,
    node: Any,
    params: Mapping[str, str],
    fields: tuple[Field, ...] | None,
    name: str,
) -> Json:
    """One page of an edge, with the vendor's paging."""
    for param in params:
        if param not in edge.params and param not in PAGING_PARAMS:
            raise bad_parameter(f"Unknown parameter {param} on edge {name}")
    if "fields" in params:
        fields = parse_fields(params["fields"])
    limit = _limit(params.get("limit"), edge)
    items = edge.items(caller, node, params)
    descending = edge.descending(params) and not (edge.ascending and edge.ascending(caller))
    if "after" in params:
        items = [item for item in items if _follows(item, _position(params["after"]), descending)]
    if "before" in params:
        items = [
            item for item in items if _follows(item, _position(params["before"]), not descending)
        ]
        items = items[-limit:]
    page = items[:limit]
    found: Json = {"data": [render(caller, edge.target(), item, fields) for item in page]}
    if page:
        found["paging"] = _paging(caller, node, name, params, page, more=len(items) > limit)
    if params.get("summary") == "true" and edge.summary:
        found["summary"] = edge.summary(caller, node, params)
    return found


def _limit(text: str | None, edge: Edge) -> int:
    if text is None:
        return edge.default_limit
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise bad_parameter("param limit must be a positive integer")
    if int(text) > edge.max_limit:
        raise bad_parameter(f"param limit must not exceed {edge.max_limit}")
    return int(text)


def _paging(
    caller: Caller,
    node: Any,
    name: str,
    params: Mapping[str, str],
    page: Sequence[Any],
    *,
    more: bool,
) -> Json:
    after = _cursor(page[-1])
    paging: Json = {"cursors": {"before": _cursor(page[0]), "after": after}}
    if more:
        kept = {key: value for key, value in params.items() if key not in ("after", "before")}
        query = urlencode({"access_token": caller.token.token, **kept, "after": after})
        paging["next"] = f"{GRAPH_URL}/{node.id}/{name}?{query}"
    return paging


def _cursor(item: Any) -> str:
    place = f"{item.created_at.timestamp()}|{item.id}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        stamp, _, item_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        return datetime.fromtimestamp(float(stamp), UTC), item_id
    except ValueError:
        raise GraphFailure(100, "(#100) Invalid cursors values") from None


def _follows(item: Any, place: tuple[datetime, str], descending: bool) -> bool:
    own = (item.created_at, item.id)
    return own < place if descending else own > place


def newest_first(_params: Mapping[str, str]) -> bool:
    """The order of edges that know only one."""
    return True


def graph_time(at: datetime) -> str:
    """As Meta writes times: whole seconds, "+0000"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def parse_since(text: str) -> datetime:
    """A UNIX time, the only form the sandbox takes."""
    if not (text.isascii() and text.isdigit()):
        raise bad_parameter("param since must be a UNIX timestamp")
    return datetime.fromtimestamp(int(text), UTC)


def checked_enum(
    params: Mapping[str, str], name: str, values: tuple[str, ...], default: str
) -> str:
    value = params.get(name, default)
    if value not in values:
        raise bad_parameter(f"param {name} must be one of {{{', '.join(values)}}}")
    return value


def parse_bool(params: Mapping[str, str], name: str) -> bool:
    value = params[name]
    if value not in ("true", "false", "1", "0"):
        raise bad_parameter(f"param {name} must be a boolean")
    return value in ("true", "1")
