"""kill -9 on a service whose record is on PostgreSQL, and two services at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres_server as servers
from tests.campaigns.kill_campaign import run_campaign

pytestmark = pytest.mark.postgres
KILLINGS, COMMENTS = 6, 120


def test_a_service_that_is_killed_at_any_line_loses_nothing_and_repeats_nothing(
    tmp_path: Path,
) -> None:
    section = servers.configured(tmp_path / "named", servers.own_url()).settings.database
    result = run_campaign(
        tmp_path / "run", kills=KILLINGS, comments=COMMENTS, seed=3, server=section
    )
    assert result["comments"] == COMMENTS and result["hidden"] > 0
    for name in ("lost", "judged_twice", "unjudged", "double_effects", "unrecorded_writes"):
        assert result[name] == 0, name
    assert (result["hidden_without_record"], result["recorded_but_not_hidden"]) == (0, 0)
    assert result["audit"]["ok"] and result["exit_code"] == 0


def test_a_second_service_on_the_same_database_does_not_start(tmp_path: Path) -> None:
    url = servers.own_url()
    modbot = str(Path(sys.executable).with_name("modbot"))

    def start(folder: str) -> subprocess.Popen[str]:
        config = servers.configured(tmp_path / folder, url).folder
        command = [modbot, "run", "--config", str(config)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    first = start("one machine")
    try:
        assert first.stderr is not None
        for line in first.stderr:
            if '"started"' in line:
                break
        second = start("another machine")  # with a lock file of its own
        _, said = second.communicate(timeout=60)
        assert second.returncode == 75 and "another instance" in said
        assert first.poll() is None
    finally:
        first.terminate()
        first.communicate(timeout=60)
