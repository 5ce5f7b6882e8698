from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.raw_items import raw_items

BODY = """{ "data" : [ {"id":"1","comments":{"data":[ {"id" :"11", "message":"caf\\u00e9 \\ud83d"},
 {"message":"x","id":"12"} ]}}, {"id":"2"}, 7, null ],"paging":{}}"""


def found(text: str, *path: str) -> list[tuple[object, bytes]]:
    return list(raw_items(text, path))


def test_items_come_as_the_vendor_wrote_them():
    items = found(BODY, "data", "*", "comments", "data", "*")

    assert [raw for _, raw in items] == [
        b'{"id" :"11", "message":"caf\\u00e9 \\ud83d"}',
        b'{"message":"x","id":"12"}',
    ]
    assert items[0][0] == {"id": "11", "message": "café \ud83d"}


def test_an_empty_path_is_the_whole_object():
    assert [raw for _, raw in found(f"  {BODY} ")] == [BODY.encode()]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(("absent", "*"), id="key absent"),
        pytest.param(("paging", "*"), id="object where a list was expected"),
        pytest.param(("data", "comments"), id="list where an object was expected"),
        pytest.param(("data", "*", "id", "*"), id="text where a list was expected"),
    ],
)
def test_what_is_not_there_gives_nothing(path: tuple[str, ...]):
    assert found(BODY, *path) == []


def test_values_that_are_no_objects_are_left_out():
    assert [item for item, _ in found(BODY, "data", "*")] == [
        json.loads(BODY)["data"][0],
        {"id": "2"},
    ]


@pytest.mark.parametrize("end", range(0, len(BODY) - 1, 7))
def test_a_truncated_text_never_ends_in_another_error(end: int):
    with contextlib.suppress(ValueError):
        found(BODY[:end], "data", "*", "comments", "data", "*")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(items=st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4))
def test_every_object_of_a_list_is_found_with_its_own_text(items: list[dict[str, object]]):
    for indent in (None, 2):
        text = json.dumps({"a": "b", "data": items, "z": [1]}, indent=indent)
        seen = found(text, "data", "*")
        assert [item for item, _ in seen] == items
        assert [json.loads(raw) for _, raw in seen] == items
