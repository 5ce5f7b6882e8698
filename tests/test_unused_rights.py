"""The right to hide is used on quiet pages too, by asking for what a comment shows already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import col, select

from modbot import registry, store
from modbot.domain import Mode
from modbot.tables import AuditRow, PageStateRow
from platforms.sandbox.faults import Fault, Request
from platforms.sandbox.world import SCOPES
from tests.line import ADA
from tests.platforms.past_district import DAY, HOUR, District, district

LASTS = 90  # days, as Meta is quoted
META = ("facebook", "instagram")


@contextmanager
def quiet_page(folder: Path, platform: str) -> Iterator[District]:
    """One in enforce, on which everything is harmless."""
    with district(folder, platform) as town:
        town.write(town.world.add_post(town.account, "Welcome back!"), "how nice")
        town.poll()
        yield town


def days_go_by(town: District, days: int) -> None:
    """The page is read every ten days, and on the last."""
    while days:
        some = min(days, 10)
        days -= some
        town.clock.advance(some * DAY)
        assert town.service.poll_page(town.id).error == ""


def is_write(request: Request) -> bool:
    return request.method == "POST"


def writes(town: District) -> int:
    return sum(call.method == "POST" for call in town.world.call_log)


def told(town: District) -> list[tuple[str, dict[str, object]]]:
    with town.service.database.read() as s:
        rows = s.exec(select(AuditRow).where(col(AuditRow.kind).startswith("page.write")))
        return [(row.kind.rpartition("_")[2], json.loads(row.detail)) for row in rows]


def state(town: District) -> PageStateRow:
    with town.service.database.read() as s:
        return store.page_state(s, town.id)


def alerts(town: District) -> list[str]:
    return [alert.kind for alert in town.alerts]


def set_mode(town: District, mode: Mode) -> None:
    registry.set_mode(town.service.database, town.id, mode, ADA, town.clock.now())


@pytest.mark.parametrize("platform", META)
def test_on_a_quiet_page_it_is_used_once_a_month_and_nothing_changes(
    tmp_path: Path, platform: str
) -> None:
    with quiet_page(tmp_path, platform) as town:
        days_go_by(town, 29)
        assert writes(town) == 0
        days_go_by(town, 2)
        assert writes(town) == 1
        days_go_by(town, LASTS)
        assert writes(town) == 4
        assert town.world.effects == []
        assert [kind for kind, _ in told(town)] == ["tried", "confirmed"] * 4
        assert told(town)[0][1]["hidden"] is False
        assert state(town).needs_login is False and alerts(town) == []


def test_it_is_on_record_before_the_platform_is_asked(tmp_path: Path) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        days_go_by(town, 29)
        town.world.faults.push(Fault(kind="reset", match=is_write))
        days_go_by(town, 1)
        assert [kind for kind, _ in told(town)] == ["tried"]
        days_go_by(town, 1)
        assert [kind for kind, _ in told(town)] == ["tried", "tried", "confirmed"]


def test_a_page_on_which_something_is_hidden_needs_none_of_it(tmp_path: Path) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        days_go_by(town, 20)
        town.write(town.world.add_post(town.account, "Game day"), "what the fuck")
        town.poll()
        days_go_by(town, 29)
        assert (writes(town), told(town)) == (1, [])
        days_go_by(town, 2)
        assert (writes(town), len(told(town))) == (2, 2)


def test_in_observe_nothing_is_written_and_it_is_made_up_for_when_that_ends(
    tmp_path: Path,
) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        set_mode(town, Mode.OBSERVE)
        days_go_by(town, LASTS)
        assert writes(town) == 0
        set_mode(town, Mode.ASSIST)
        town.clock.advance(HOUR)
        town.poll()
        assert writes(town) == 1


def test_a_right_that_is_gone_is_told_before_a_hide_needs_it_and_ends_by_itself(
    tmp_path: Path,
) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        days_go_by(town, 29)
        reads = [one for one in SCOPES["facebook"] if one != "pages_manage_engagement"]
        environ = town.service._environ
        environ["TOKEN"] = town.world.issue_token(town.account, reads)  # type: ignore[index]
        town.service._adapters.forget(town.id)
        for _ in range(5):
            days_go_by(town, 1)
        assert state(town).needs_login and "MissingScope" in state(town).last_error
        assert alerts(town) == ["needs_login"]
        assert 2 <= sum(kind == "refused" for kind, _ in told(town)) <= 5  # once a day
        environ["TOKEN"] = town.world.issue_token(town.account)  # type: ignore[index]
        days_go_by(town, 2)
        assert not state(town).needs_login and state(town).writes_not_before is None
        assert told(town)[-1][0] == "confirmed"


def test_a_vendor_that_refuses_a_repeat_has_looked_at_the_right(tmp_path: Path) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        days_go_by(town, 29)
        said = b'{"error":{"message":"it is so already","type":"OAuthException","code":100}}'
        headers = {"content-type": "application/json"}
        town.world.faults.push(
            Fault(kind="status", match=is_write, status=400, headers=headers, body=said)
        )
        days_go_by(town, 5)
        assert [kind for kind, _ in told(town)] == ["tried", "confirmed"]
        assert "100" in str(told(town)[1][1]["answer"])
        assert not state(town).needs_login


def test_where_nobody_has_written_anything_nothing_is_asked(tmp_path: Path) -> None:
    with district(tmp_path, "facebook") as town:
        town.poll()
        days_go_by(town, LASTS)
        assert (writes(town), told(town)) == (0, [])


def test_a_restart_asks_for_nothing_anew(tmp_path: Path) -> None:
    with quiet_page(tmp_path, "facebook") as town:
        days_go_by(town, 31)
        town.service._rights._next.clear()
        days_go_by(town, 20)
        assert writes(town) == 1
