"""The demo day comes out even: every comment, edit and deletion of the feed is in the record."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.campaigns


@pytest.fixture(scope="module")
def account() -> dict[str, Any]:
    """The demo as a user runs it: one process, one JSON object on standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "modbot", "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "failed" not in done.stderr, done.stderr[-2000:]  # such as a search that X refuses
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_every_comment_edit_and_deletion_is_accounted_for(account: dict[str, Any]) -> None:
    assert (account["comments"], account["edits"], account["deletions"]) == (300, 9, 8)
    assert account["edits_as_new"] == 1  # X cannot edit a reply
    assert account["versions"] == 309


def test_nothing_is_lost_and_nothing_judged_twice(account: dict[str, Any]) -> None:
    assert (account["lost"], account["judged_twice"]) == (0, 0)
    assert sum(account["decisions"]["by_verdict"].values()) == account["versions"]


def test_the_platforms_hide_what_the_log_says(account: dict[str, Any]) -> None:
    hides = account["hides"]
    assert hides["on_platform"] == hides["confirmed"] > 0
    assert hides["requested"] >= hides["confirmed"]


def test_the_chain_is_sound_and_every_platform_was_called(account: dict[str, Any]) -> None:
    assert account["audit"]["ok"] and account["audit"]["rows"] > 2 * account["versions"]
    assert set(account["api_calls"]) == {"facebook", "instagram", "x"}


def test_every_request_is_one_that_the_vendor_takes(account: dict[str, Any]) -> None:
    assert account["requests"]["deviations"] == []
    assert account["requests"]["checked"] == sum(account["api_calls"].values())
