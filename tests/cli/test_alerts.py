"""`modbot alerts`."""

from __future__ import annotations

from datetime import timedelta

from modbot import store
from modbot.store import Database, NewIncident
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY


def open_threat(database: Database) -> None:
    threat = NewIncident(kind="threat", page_id="facebook:1001", decision_id=1, urgent=True)
    with database.write() as s:
        store.open_incidents(s, [threat], SCHOOL_DAY, repeat=timedelta(0))


def test_what_is_open_is_listed_and_acknowledged_once(run: Run, database: Database) -> None:
    open_threat(database)
    (listed,) = run("alerts", "list", "--json").json["alerts"]
    assert (listed["kind"], listed["decision"], listed["acknowledged_by"]) == ("threat", 1, "")
    assert run("alerts", "ack", "1", "--by", "ada").code == 0
    again = run("alerts", "ack", "1", "--by", "bo")
    assert again.code == 2 and "acknowledged before" in again.err
    assert run("alerts", "list", "--json").json["alerts"][0]["acknowledged_by"] == "ada"
    assert run("alerts", "list", "--over", "--json").json["alerts"] == []


def test_without_destinations_there_is_nothing_to_test(run: Run) -> None:
    answer = run("alerts", "test")
    assert answer.code == 2 and "names no destinations" in answer.err
