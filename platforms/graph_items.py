"""Reads typed values out of decoded Graph items. A value of another type raises BadAnswer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from modbot.errors import BadAnswer

Item = Mapping[str, Any]


def text_of(item: Item, name: str) -> str | None:
    """None when absent."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, value)
    return value


def id_of(item: Item) -> str:
    value = text_of(item, "id")
    if not value:
        raise BadAnswer("Graph sent an item without an id")
    return value


def flag_of(item: Item, name: str) -> bool | None:
    """None when absent."""
    value = item.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value)
    return value


def count_of(item: Item, name: str) -> int:
    """0 when absent."""
    value = item.get(name, 0)
    if not isinstance(value, int):
        raise _wrong(name, value)
    return value


def time_of(item: Item, name: str) -> datetime:
    value = text_of(item, name)
    try:
        at = datetime.fromisoformat(value or "")
    except ValueError:
        raise BadAnswer(f"Graph sent no time as {name}") from None
    if at.tzinfo is None:
        raise BadAnswer(f"Graph sent a time without a zone as {name}")
    try:
        return at.astimezone(UTC)
    except OverflowError:  # in UTC it lies outside the years 1 to 9999
        raise BadAnswer(f"Graph sent an impossible time as {name}") from None


def object_of(item: Item, name: str) -> Item:
    """Empty when absent."""
    value = item.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, value)
    return value


def list_of(item: Item, name: str) -> list[Any]:
    """The objects of a list that must be there."""
    value = item.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong(name, value)
    return value


def next_cursor(listing: Item) -> str | None:
    """Where the next page of a listing begins; None: this was the last."""
    paging = object_of(listing, "paging")
    if text_of(paging, "next") is None:
        return None
    return text_of(object_of(paging, "cursors"), "after")


def _wrong(name: str, value: object) -> BadAnswer:
    return BadAnswer(f"Graph sent {type(value).__name__} as {name}")
