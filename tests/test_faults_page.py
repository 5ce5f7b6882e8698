"""docs/faults.md: each fault is shown by something that there is."""

from __future__ import annotations

import re
from pathlib import Path

from tests.campaigns.fault_points import MET_ONCE, unexpected

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/faults.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)[1:]
BESIDE = ("", "tests/platforms", "tests/campaigns")  # where a name without a folder is looked for
NOT_BY_PROGRAM = {"read-only disk": "tried by hand"}
VENDORS_CONNECTIONS = {"tests/test_vendor_faults.py", "tests/platforms/test_transport.py"}


def shown_by(row: tuple[str, str, str]) -> list[str]:
    return re.findall(r"`([^`]+)`", row[2])


def test_every_fault_names_what_shows_it() -> None:
    assert len(ROWS) > 30
    assert {fault: how for fault, _, how in ROWS if not shown_by((fault, "", how))} == (
        NOT_BY_PROGRAM
    )


def test_what_shows_a_fault_is_a_test_a_campaign_or_a_target_of_make() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    unknown = [
        name
        for row in ROWS
        for name in shown_by(row)
        if name.removeprefix("make ") not in targets
        and not any((ROOT / folder / name).exists() for folder in (*BESIDE, "tests"))
    ]
    assert unknown == []


def test_make_faults_runs_what_kills_the_program_and_what_breaks_its_connections() -> None:
    recipe = re.search(r"^faults:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    run = set(re.findall(r"tests\.campaigns\.(\w+)", recipe[1]))
    assert run == {"fault_points", "fault_campaign", "kill_campaign", "backfill_kills"}
    tests = set(re.findall(r"tests/[\w/]+\.py", recipe[1]))
    assert tests == VENDORS_CONNECTIONS
    shown = [
        name for fault, _, how in ROWS if "reset" in fault for name in shown_by((fault, "", how))
    ]
    assert tests <= set(shown), "the row of broken connections names them"


def test_a_point_that_is_not_met_again_is_one_that_the_page_knows_of() -> None:
    moments = ("before", "after", "before commit of", "after commit of")
    known = [f"{moment} {MET_ONCE}" for moment in moments]
    assert f"The first {len(known)} points (`{MET_ONCE}`" in PAGE
    assert unexpected(known) == []
    assert unexpected([*known, "after INSERT decision"]) == ["after INSERT decision"]
