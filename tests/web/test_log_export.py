"""The log as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from modbot.domain import without_number
from modbot.people import Role
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, record, swearing

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "x\n=HYPERLINK(1)",
    '"=1+1',
    "a,b;c",
    "nul\x00nul \ud800",
]


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeffdecision,")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_filtered_log_is_a_table_newest_first(service: FakeService, site: Site) -> None:
    record(service, [("what the frick", swearing("what the frick", "frick")), ("niño", ALLOWED)])
    answer = site.post("/log.csv", {"category": "profanity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="modbot-log-2026')
    (row,) = rows_of(answer.content.decode())
    assert (row["text"], row["verdict"]) == ("what the frick", "hide")
    assert row["categories"] == "profanity"
    assert (row["signs"], row["platform"], row["actor"]) == (
        "rules profanity_en:x",
        "facebook",
        "modbot",
    )
    both = rows_of(site.post("/log.csv", {"before": "1"}).content.decode())
    assert [row["text"] for row in both] == ["niño", "what the frick"]  # the whole, not a place


def test_a_long_log_is_written_whole_and_each_row_once(service: FakeService, site: Site) -> None:
    record(service, [(f"comment {n}", ALLOWED) for n in range(450)])
    rows = rows_of(site.post("/log.csv", {"q": "comment"}).content.decode())
    assert [row["text"] for row in rows] == [f"comment {n}" for n in range(449, -1, -1)]


@pytest.mark.parametrize("hostile", FORMULAS)
def test_no_cell_is_taken_for_a_formula(hostile: str, service: FakeService, site: Site) -> None:
    record(service, [(hostile, ALLOWED)], author=hostile)
    (row,) = rows_of(site.post("/log.csv").content.decode())
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), row
    assert hostile[1:3].strip() in row["text"]


def test_an_export_is_in_the_record_without_what_was_searched_for(
    service: FakeService, site: Site
) -> None:
    record(service, [("hello", ALLOWED)])
    ana = site.as_(Role.AUDITOR, name="Ana Peña")
    assert ana.post("/log.csv", {"q": "Timmy Smith", "verdict": "hide"}).status_code == 200
    with service.database.read() as session:
        actor, detail = (
            session.connection()
            .exec_driver_sql("SELECT actor, detail FROM audit WHERE kind = 'log.exported'")
            .one()
        )
    assert (
        without_number(actor) == "Ana Peña"
        and '"verdict":"hide"' in detail
        and "Timmy" not in detail
    )


def test_only_those_with_the_right_may_and_only_by_our_form(site: Site) -> None:
    assert site.as_(Role.VIEWER).post("/log.csv").status_code == 403
    assert "/log.csv" not in site.as_(Role.VIEWER).get("/log").text
    assert site.get("/log.csv").status_code == 405
    assert site.post("/log.csv", {"csrf": "x"}).status_code == 403
    assert site.post("/log.csv", {"verdict": "nonsense"}).status_code == 400
