"""Pages that share a credential, polled by the whole service with the vendors' own clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import platforms
from modbot import store
from modbot.alerts import Alert, Alerter
from modbot.budget import BudgetReport
from modbot.judging import Judge
from modbot.service import Service
from modbot.store import Database
from modbot.tables import PageRow
from platforms.sandbox.faults import Fault
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi
from platforms.sandbox.youtube import YouTubeApi
from tests.fakes import ManualClock
from tests.line import MarkClassifier, make_policy
from tests.platforms.blog import Blog
from tests.platforms.loopback import LoopbackServer
from tests.running import config_on

MINUTE, HOUR = 60.0, 3600.0
JSON = {"Content-Type": "application/json; charset=UTF-8"}


class Town:
    """Accounts on the stand-ins, and the service that moderates them."""

    def __init__(self, folder: Path, clock: ManualClock, server: SandboxServer, x: XApi):
        self.folder, self.clock, self.server, self.x = folder, clock, server, x
        self.world = server.world
        self.environ: dict[str, str] = {}
        self.alerts: list[Alert] = []
        self.service = self._made()

    def _made(self) -> Service:
        return Service(
            config_on(self.folder),
            Database.open(f"sqlite:///{self.folder / 'modbot.db'}"),
            Judge(classifiers=(MarkClassifier(),), policy=make_policy(), config_sha256="c" * 64),
            clock=self.clock,
            environ=self.environ,
            alerter=Alerter((self.alerts.append,)),
            adapters=platforms.ADAPTERS,
        )

    def restart(self) -> None:
        """As after kill -9: nothing is closed or given back."""
        self.service = self._made()

    def add(self, platform: str, name: str, *, url: str = "", **secrets: str) -> str:
        """Opens and registers an account; gives the page's id."""
        account = name
        if not url:
            account = self.world.add_page(platform, name, handle=name.replace(" ", ""))
            secrets.setdefault("token", self.world.issue_token(account))
        page_id = f"{platform}:{account}"
        self.environ[f"T{len(self.environ)}"] = json.dumps(secrets)
        row = PageRow(
            id=page_id,
            platform=platform,
            external_id=account,
            name=name,
            handle=name.replace(" ", ""),
            base_url=url or self.server.url,
            token_ref=f"env:T{len(self.environ) - 1}" if secrets else "",
            mode="enforce",
            registered_by="ada",
            registered_at=self.clock.now(),
        )
        with self.service.database.write() as s:
            s.add(row)
        return page_id

    def post(self, page_id: str, text: str = "Snow day") -> str:
        return self.world.add_post(page_id.partition(":")[2], text)

    def asked(self) -> list[str]:
        """Calls since the last time, each with its method."""
        asked = [f"{call.method} {call.path}" for call in self.world.call_log]
        self.world.call_log.clear()
        return asked

    def refuses(self, platform: str, error: Mapping[str, object], **more: object) -> None:
        body = json.dumps({"error": {"message": "no", "type": "OAuthException", **error}}).encode()
        self.world.faults.push(
            Fault(kind="status", platform=platform, status=400, body=body, **more)  # type: ignore[arg-type]
        )

    def budget(self, page_id: str) -> BudgetReport:
        with self.service.database.read() as s:
            return store.budget_report(s, page_id, self.clock.now())


@pytest.fixture
def town(tmp_path: Path, clock: ManualClock) -> Iterator[Town]:
    world = World(clock)
    x, youtube = XApi(world), YouTubeApi(world)
    from platforms.sandbox.graph import GraphApi

    with SandboxServer(world, [GraphApi(world), x, youtube]) as server:
        town = Town(tmp_path, clock, server, x)
        try:
            yield town
        finally:
            town.service.close()


@contextmanager
def two_feeds(town: Town) -> Iterator[tuple[Blog, list[str], list[int]]]:
    """Two blogs of one host, and a count of what it was asked."""
    blog, asked = Blog(town.clock), [0]
    blog.write("hi")

    def answer(call: object) -> object:
        asked[0] += 1
        return blog.answer(call)  # type: ignore[arg-type]

    with LoopbackServer(answer) as server:  # type: ignore[arg-type]
        pages = [town.add("feed", name, url=f"{server.url}/{name}") for name in ("one", "two")]
        yield blog, pages, asked


def test_no_page_of_a_host_is_read_before_its_retry_after_ends_not_even_after_a_crash(
    town: Town,
) -> None:
    with two_feeds(town) as (blog, (one, two), asked):
        blog.says(429, Retry_After="600")
        town.service.poll_page(one)
        assert asked == [1]
        for _ in range(9):
            town.service.poll_page(one)
            town.service.poll_page(two)
            town.clock.advance(MINUTE)
            town.restart()
        assert asked == [1], "0 calls before the wait ends"
        assert "no call before" in _said(town, two)
        town.clock.advance(MINUTE)
        blog.spoilt = lambda reply: reply
        assert [town.service.poll_page(page).new for page in (one, two)] == [1, 1]


def test_a_page_that_a_host_wants_left_alone_for_ten_days_is_read_on_the_tenth_and_told_at_once(
    town: Town,
) -> None:
    with two_feeds(town) as (blog, (one, two), asked):
        blog.says(429, Retry_After=f"{10 * 24 * HOUR:.0f}")
        town.service.poll_page(one)
        assert [alert.kind for alert in town.alerts] == ["poll_late"]
        assert "not read before 2026-09-19 12:01 UTC" in town.alerts[0].detail
        over = town.clock.now() + timedelta(days=10)
        while (left := (over - town.clock.now()).total_seconds()) > 0:
            for page in (one, two):
                town.service.poll_page(page)
                assert 10 * HOUR < town.service.next_poll_seconds(page) <= 26 * HOUR
            town.restart()
            town.clock.advance(min(left, 25 * HOUR))
        assert asked == [1]
        blog.spoilt = lambda reply: reply
        assert [town.service.poll_page(page).new for page in (one, two)] == [1, 1]


def test_a_hide_waits_as_long_as_a_vendor_asks_and_is_then_done(town: Town) -> None:
    page = town.add("x", "One")
    post = town.post(page)
    town.service.poll_page(page)
    bad = town.world.add_comment(post, "BAD word")
    town.clock.advance(MINUTE)
    too_many = Fault(
        kind="status",
        platform="x",
        match=lambda request: request.method == "PUT",
        status=429,
        headers={**JSON, "Retry-After": f"{72 * HOUR:.0f}"},
        times=99,
    )
    town.world.faults.push(too_many)
    assert town.service.poll_page(page).hides_requested == 1
    town.asked()
    tried = 0
    for _ in range(71):
        town.clock.advance(HOUR)
        tried += town.service.carry_out_due()
        town.service.poll_page(page)
    assert town.asked() == [], "0 calls before the wait ends"
    assert tried <= 3, "nor is it tried in vain each time"
    town.world.faults.clear()
    town.clock.advance(HOUR)
    town.service.carry_out_due()
    assert not town.world.is_public(bad)


def test_a_throttled_app_is_left_alone_by_all_its_pages_a_throttled_page_by_itself(
    town: Town,
) -> None:
    secret = town.world.app_secret
    one, two = (town.add("facebook", name, app_secret=secret) for name in ("One", "Two"))
    alone = town.add("facebook", "Of another app")
    headers = {
        **JSON,
        "X-App-Usage": '{"call_count": 100, "estimated_time_to_regain_access": 20}',
    }
    town.refuses("facebook", {"code": 4}, headers=headers)
    assert "RateLimited" in town.service.poll_page(one).error
    town.asked()
    town.restart()
    town.service.poll_page(two)
    assert town.asked() == []
    assert not town.service.poll_page(alone).error
    town.clock.advance(20 * MINUTE)
    town.asked()
    town.refuses("facebook", {"code": 80001}, headers=JSON)
    assert "RateLimited" in town.service.poll_page(one).error
    assert not town.service.poll_page(two).error, "the app's other pages have calls of their own"


def test_writes_stop_for_hours_at_code_368_and_reads_go_on(town: Town) -> None:
    page = town.add("facebook", "One")
    post = town.post(page)
    bad = [town.world.add_comment(post, f"BAD {n}") for n in range(3)]
    town.clock.advance(MINUTE)
    blocked = Fault(
        kind="status",
        platform="facebook",
        match=lambda request: request.method == "POST",
        status=400,
        body=b'{"error": {"message": "blocked", "type": "OAuthException", "code": 368}}',
        headers=JSON,
        times=99,
    )
    town.world.faults.push(blocked)
    town.service.poll_page(page)
    assert sum(call.startswith("POST") for call in town.asked()) == 1, "not one for each hide"
    town.restart()
    for _ in range(5):
        town.clock.advance(HOUR)
        new = town.world.add_comment(post, "BAD again")
        town.clock.advance(MINUTE)
        assert town.service.poll_page(page).new == 1
        town.service.carry_out_due()
        bad.append(new)
    assert not any(call.startswith("POST") for call in town.asked())
    assert [alert.kind for alert in town.alerts].count("writes_blocked") == 1
    town.world.faults.clear()
    town.clock.advance(HOUR)
    for _ in range(3):
        town.service.poll_page(page)
        town.service.carry_out_due()
    assert all(not town.world.is_public(one) for one in bad)


PROJECT = {"client_id": "77-a.apps.googleusercontent.com", "client_secret": "s"}


def channels(town: Town, count: int, **more: str) -> list[str]:
    made = []
    for number in range(count):
        account = town.world.add_page("youtube", f"Channel {number}")
        token = town.world.issue_token(account)
        row = town.add(
            "youtube", account, url=town.server.url, **PROJECT, refresh_token=token, **more
        )
        made.append(row)
    return made


def test_channels_of_a_project_stop_reading_together_and_go_on_hiding(town: Town) -> None:
    one, two = channels(town, 2, units_a_day="400")
    video = town.world.add_post(one.partition(":")[2], "Concert")
    town.service.poll_page(one)
    (project,) = town.service.budgets.all()
    project.admit(costs={"units": project.left("units", for_reads=True) - 2})
    assert [bool(town.service.poll_page(page).error) for page in (two, one)] == [False, True]
    (line,) = town.budget(two).lines
    assert line.limit == 400
    assert 175 < line.kept_for_hides < 180, "200 at midnight, 100 at the next; it is five"
    assert town.budget(two).pages == 2
    town.asked()
    town.restart()
    town.world.add_comment(video, "BAD")
    assert "kept for hides" in town.service.poll_page(two).error, "known after a crash"
    assert town.asked() == []
    told = {(alert.kind, alert.page_id) for alert in town.alerts}
    assert told == {("quota_spent", one), ("quota_spent", two)}
    town.clock.advance(24 * HOUR)
    assert town.service.poll_page(one).hides_requested == 1


def test_pages_are_due_less_often_the_more_of_them_share_a_budget(town: Town) -> None:
    few = channels(town, 1, units_a_day="2000")
    town.service.poll_page(few[0])
    alone = town.service.next_poll_seconds(few[0])
    more = channels(town, 9, units_a_day="2000")
    for page in more:
        town.service.poll_page(page)
    town.clock.advance(5)  # who shares a budget is looked up anew
    assert town.service.next_poll_seconds(few[0]) > 2 * alone


def test_the_money_of_an_app_is_one_for_all_its_accounts_and_told(town: Town) -> None:
    one, two = (town.add("x", name, client_id="app") for name in ("One", "Two"))
    posts = [town.post(page) for page in (one, two)]
    for number in range(20):
        town.clock.advance(5)
        town.world.add_comment(posts[number % 2], f"reply {number}")
    for page in (one, two):
        town.service.poll_page(page)
    billed = sum(town.x.bill.cents.values())
    for page in (one, two):
        lines = {(line.what, line.monthly): line for line in town.budget(page).lines}
        assert lines["cents", False].spent == billed
        assert lines["cents", True].spent == billed
        assert (lines["cents", False].limit, lines["cents", False].kept_for_hides) == (500, 100)
    town.restart()
    town.clock.advance(MINUTE)
    town.service.poll_page(one)
    (day,) = [li for li in town.budget(one).lines if li.what == "cents" and not li.monthly]
    assert day.spent is not None and day.spent >= billed, "a crash forgets no cent"


def _said(town: Town, page_id: str) -> str:
    from modbot.cli.budgets import budget_text

    town.service.poll_page(page_id)
    return budget_text(town.budget(page_id))
