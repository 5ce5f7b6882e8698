"""Looks many Graph comments up by their ids."""

from __future__ import annotations

from typing import Any

from modbot.errors import BadAnswer, BadRequest, CommentGone
from platforms.graph import GraphClient
from platforms.graph_items import id_of


def fetch_all(
    client: GraphClient, fields: str, ids: list[str]
) -> dict[str, tuple[dict[str, Any], bytes] | None]:
    """Many comments by id. One that is gone fails a whole call, which is then asked in halves.
    That Graph takes lists of ids is not in its documents: where it does not, one by one."""
    if not ids:
        return {}
    if client.refuses_id_lists:
        return {one: _fetch_one(client, fields, one) for one in ids}
    try:
        answer = client.get_many(ids, fields)
    except BadRequest:
        client.refuses_id_lists = True
        return fetch_all(client, fields, ids)
    except CommentGone:
        if len(ids) == 1:
            return {ids[0]: None}
        middle = len(ids) // 2
        first = fetch_all(client, fields, ids[:middle])
        return first | fetch_all(client, fields, ids[middle:])
    found: dict[str, tuple[dict[str, Any], bytes] | None] = {}
    for one in ids:
        item = next(client.items(answer.text, (one,)), None)
        if item is None and len(ids) > 1:  # left out is not yet gone: only 100/33 says so
            found |= fetch_all(client, fields, [one])
            continue
        if item is None or id_of(item[0]).rpartition("_")[2] != one.rpartition("_")[2]:
            raise BadAnswer("Graph sent something else than the comment asked for")
        found[one] = item
    return found


def _fetch_one(
    client: GraphClient, fields: str, comment_id: str
) -> tuple[dict[str, Any], bytes] | None:
    try:
        answer = client.get(comment_id, fields=fields)
    except CommentGone:
        return None
    return next(client.items(answer.text, ()))
