from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from itertools import pairwise
from typing import Any

import pytest

from modbot import registry
from modbot.domain import Actor
from modbot.errors import BadConfig
from modbot.export import Filters, export, spreadsheet_safe
from modbot.store import Database
from tests.records import ALLOW, HIDE, NOON, add_page, fill, judged, later, record


def lines(database: Database, **options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    written = export(database, out, **options)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(found) == written
    return found


def table(database: Database, **options: Any) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    written = export(database, out, format="csv", **options)
    found = list(csv.DictReader(io.StringIO(out.getvalue(), newline=""), strict=True))
    assert len(found) == written
    return found


HOSTILE = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1", "＋1", "－1", "＠x"),
    *('say "hi", ok', "two\r\nlines", "a\x00b", "\ud800 alone", "‮txt", "x" * 100_000),
    *("\\u0000 as typed", "\\u0000 and \x00", "''", "😀 ñ"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_json_lines_hold_every_text_exactly(database: Database, text: str) -> None:
    record(database, judged("c1", text))

    (line,) = lines(database)

    assert line["versions"][0]["text"] == text
    assert b64decode(line["versions"][0]["raw_base64"]) == b'{"id": "c1"}'


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_cell_of_a_table_starts_like_a_formula(database: Database, text: str) -> None:
    record(database, judged("c1", text, author_name=text))

    (row,) = table(database)

    for cell in (row["text"], row["author_name"]):
        assert cell[:1] not in tuple("=+-@\t\x00\r\n＝＋－＠")
        assert "\x00" not in cell
        cell.encode("utf-8")


def test_a_table_is_quoted_as_rfc_4180_says(database: Database) -> None:
    record(database, judged("c1", 'say "hi", ok'))
    out = io.StringIO(newline="")

    export(database, out, format="csv")

    assert out.getvalue().endswith("\r\n")
    assert ',"say ""hi"", ok",' in out.getvalue()


@pytest.mark.parametrize("value", [None, 3, "plain", "1-2", " =1", "a=b"])
def test_harmless_cells_stay_as_they_are(value: object) -> None:
    assert spreadsheet_safe(value) == value


def test_a_line_holds_versions_decisions_and_actions(database: Database) -> None:
    fill(database)

    found = {line["comment_id"]: line for line in lines(database)}

    assert len(found) == 11
    assert [v["number"] for v in found["a1"]["versions"]] == [1, 2]
    assert [d["version_id"] for d in found["a1"]["decisions"]] == [
        v["id"] for v in found["a1"]["versions"]
    ]
    undone = found["h0"]
    assert [(d["verdict"], d["actor"]) for d in undone["decisions"]] == [
        ("hide", "modbot"),
        ("allow", "Ada"),
    ]
    assert [(a["kind"], a["state"]) for a in undone["actions"]] == [
        ("hide", "confirmed"),
        ("restore", "requested"),
    ]
    assert found["a0"]["gone_at"] is not None
    assert found["own"]["decisions"] == []


def test_a_table_has_a_row_for_each_decision_and_each_undecided_version(
    database: Database,
) -> None:
    fill(database)

    rows = table(database)

    assert [r["verdict"] for r in rows if r["comment_id"] == "h0"] == ["hide", "allow"]
    assert [r["action_state"] for r in rows if r["comment_id"] == "h0"] == [
        "confirmed",
        "requested",
    ]
    assert [r["version"] for r in rows if r["comment_id"] == "a1"] == ["1", "2"]
    assert [r["verdict"] for r in rows if r["comment_id"] == "own"] == [""]


def test_filters_choose_by_page_and_time(database: Database) -> None:
    add_page(database, "x:2")
    record(database, judged("old"), judged("new", created_at=later(60)))
    record(database, judged("there", decision=HIDE), page_id="x:2")

    def ids(filters: Filters) -> list[str]:
        return [line["comment_id"] for line in lines(database, filters=filters)]

    assert ids(Filters(page_id="x:2")) == ["there"]
    assert ids(Filters(since=later(60))) == ["new"]
    assert ids(Filters(until=later(60))) == ["old", "there"]
    assert ids(Filters(page_id="facebook:1", since=NOON, until=later(1))) == ["old"]


def test_more_comments_than_a_chunk_are_all_written_once(database: Database) -> None:
    record(database, *(judged(f"c{n}", decision=ALLOW) for n in range(450)))

    assert [line["comment_id"] for line in lines(database)] == [f"c{n}" for n in range(450)]


def test_the_audit_log_is_written_whole_and_in_order(database: Database) -> None:
    fill(database)

    found = lines(database, what="audit")

    assert [line["seq"] for line in found] == list(range(1, len(found) + 1))
    assert all(b["prev"] == a["hash"] for a, b in pairwise(found))
    assert [row["seq"] for row in table(database, what="audit")] == [
        str(line["seq"]) for line in found
    ]


def test_approved_fundraisers_are_written_with_where_their_money_goes(database: Database) -> None:
    registry.add_fundraiser(
        database,
        name="Band candy",
        approved_by="Dr. Lee",
        actor=Actor(kind="person", name="ada"),
        now=NOON,
        links=["lhs-band.org", "fund.example/lhs"],
        accounts=["=cmd"],
    )
    (line,) = lines(database, what="fundraisers")
    assert (line["name"], line["links"]) == ("Band candy", ["lhs-band.org", "fund.example/lhs"])
    (row,) = table(database, what="fundraisers")
    assert (row["links"], row["accounts"]) == ("lhs-band.org fund.example/lhs", "'=cmd")


@pytest.mark.parametrize("options", [{"format": "xlsx"}, {"what": "passwords"}])
def test_an_unknown_choice_is_refused(database: Database, options: dict[str, str]) -> None:
    with pytest.raises(BadConfig):
        export(database, io.StringIO(), **options)  # type: ignore[arg-type]
