"""Graph's field expansion against a description: `id,comments.limit(50){id,from{id}}`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from platforms.sandbox.description import CallEntry, Description, Rule
from platforms.sandbox.graph_errors import GraphFailure
from platforms.sandbox.graph_fields import Field, parse_fields

Judge = Callable[[Rule, str], Iterator[str]]  # what is wrong with a value, in words


def of_fields(api: Description, nodes: Sequence[str], text: str, judge: Judge) -> list[str]:
    """What is wrong with `text` on the kind of node that it fits best; empty: it fits one whole."""
    try:
        asked = parse_fields(text)
    except GraphFailure as failure:
        return [f"fields cannot be parsed: {failure.message[:80]}"]
    return min((list(_on_node(api, node, asked, judge)) for node in nodes), key=len)


def _on_node(api: Description, node: str, asked: Sequence[Field], judge: Judge) -> Iterator[str]:
    known = api.node[node]
    for one in asked:
        edge = _edge(api, node, one.name)
        if edge is not None:
            yield from _on_edge(api, edge, one, judge)
        elif one.name not in known.fields:
            yield f"{node} has no field {one.name}"
        elif one.params:
            yield f"the field {one.name} of {node} takes no parameters"
        else:
            inside = known.inside.get(one.name, ())
            for inner in one.fields or ():
                if inner.name not in inside:
                    yield f"{one.name} of {node} has no field {inner.name}"


def _on_edge(api: Description, edge: CallEntry, one: Field, judge: Judge) -> Iterator[str]:
    for name, value in one.params.items():
        rule = edge.query.get(name)
        if rule is None or name == "fields":
            yield f"{one.name} takes no parameter {name}"
        else:
            yield from (f"{one.name}.{name} {wrong}" for wrong in judge(rule, value))
    if one.fields is not None:
        yield from _on_node(api, edge.lists, one.fields, judge)


def _edge(api: Description, node: str, name: str) -> CallEntry | None:
    return next((c for c in api.calls if node in c.under and c.edge == name), None)
