"""Reading a page's past: back-fills, nightly sweeps and outages, against the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from modbot import store
from modbot.domain import Comment, CommentBatch, Missed, Mode, Signal
from modbot.pipeline import PollResult, look_again, store_batch
from modbot.ports import PlatformAdapter
from modbot.room_tables import WaitingRow
from modbot.service import Service, build_service
from modbot.store import backfills
from modbot.tables import ActionRow
from platforms.graph_listing import MOST_POSTS
from platforms.sandbox.faults import Fault, Request
from tests.platforms.past_district import DAY, HOUR, PLATFORMS, THREAT, District, district
from tests.running import config_on


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_back_fill_judges_the_past_and_hides_nothing(tmp_path: Path, platform: str) -> None:
    with district(tmp_path, platform) as town:
        post = town.world.add_post(town.account, "Welcome back!")
        town.write(post, "you stupid bitch, fuck you")
        town.write(post, THREAT)
        town.clock.advance(10 * DAY)
        fresh = town.write(post, "what the fuck")
        town.backfill(days=20)
        assert sorted(town.texts()) == sorted(["you stupid bitch, fuck you", THREAT])
        with town.service.database.read() as s:
            assert s.exec(select(ActionRow)).all() == []
            assert store.page(s, town.id).mode is Mode.ENFORCE
            assert store.page_state(s, town.id).cursor is None  # the polls begin on their own
            assert len(s.exec(select(WaitingRow)).all()) >= 1  # the threat waits, as in observe
        assert town.world.is_public(fresh)
        assert town.alerts == []
        assert town.audited("backfill.asked") == town.audited("backfill.done") == 1
        town.poll()
        assert not town.world.is_public(fresh)  # what is young is the polls', in the page's mode


@pytest.mark.parametrize("platform", ["facebook", "instagram", "youtube", "wordpress"])
def test_the_nightly_sweep_finds_old_edits_and_deletions(tmp_path: Path, platform: str) -> None:
    with district(tmp_path, platform) as town:
        post = town.world.add_post(town.account, "Welcome back!")
        edited, deleted = town.write(post, "nice"), town.write(post, "so so")
        town.service.poll_page(town.id)
        town.clock.advance(5 * DAY)
        town.write(post, "so long")  # what is known reaches to here now
        town.service.poll_page(town.id)
        town.world.edit_comment(edited, "you stupid bitch, fuck you")
        town.world.delete_comment(deleted)
        town.clock.advance(3700)
        town.service.poll_page(town.id)
        if platform != "wordpress":  # whose every poll shows the newest hundred, whatever their age
            assert town.gone() == 0
        if platform == "facebook":  # the others list the newest ones whatever their age
            assert len(town.texts()) == 3
        town.night()
        assert town.texts()[3:] == ["you stupid bitch, fuck you"]
        assert (town.gone(), town.audited("comment.gone")) == (1, 1)
        town.service.poll_page(town.id)
        assert not town.world.is_public(edited)  # an edit is judged by the page's own mode


def test_the_sweep_finds_a_reply_under_a_thread_that_no_poll_sees_any_more(tmp_path: Path) -> None:
    with district(tmp_path, "youtube") as town:
        video = town.world.add_post(town.account, "Spring concert")
        old = town.write(video, "the oldest thread")
        for n in range(8):  # more than a thread shows
            town.write(video, f"reply {n}", parent=old)
        town.clock.advance(20 * DAY)
        for n in range(120):  # push it out of the newest hundred
            town.write(video, f"nice {n}")
            town.clock.advance(60)
        town.poll()
        town.night()
        town.clock.advance(HOUR)
        bad = town.write(video, "you stupid bitch, fuck you", parent=old)
        town.poll()
        assert town.world.is_public(bad)
        town.night()
        town.poll()
        assert not town.world.is_public(bad)


def test_a_quiet_night_asks_only_for_threads_whose_number_of_replies_changed(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "youtube") as town:
        video = town.world.add_post(town.account, "Spring concert")
        for n in range(4):
            thread = town.write(video, f"thread {n}")
            for reply in range(8):
                town.write(video, f"reply {n} {reply}", parent=thread)
        town.clock.advance(20 * DAY)
        town.poll()
        costs = []
        for _ in range(3):
            before = town.world.calls["youtube"]
            town.night()
            costs.append(town.world.calls["youtube"] - before)
        assert costs[1] == costs[2] == costs[0] - 4


def test_a_comment_looked_up_by_id_stays_under_the_post_that_it_was_listed_under(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "facebook") as town:
        made = town.world.add_post(town.account, "The concert on video")
        video = town.world.post(made)
        assert video is not None
        video.edge = "videos"
        comment = town.write(made, "nice")
        town.poll()
        town.world.edit_comment(comment, "edited")
        with town.service.database.read() as s:
            page = store.page(s, town.id)
        judged = Recording()
        context = town.service.context(page)
        judge = replace(context.judge, classifiers=(judged,))
        adapter = TellsAnotherPost(context.adapter)
        context = replace(context, judge=judge, adapter=adapter)
        look_again(context, page, [comment], PollResult(page_id=page.id))
        assert [(c.post_id, c.post_text) for c in judged.seen] == [(made, "The concert on video")]


def test_on_x_the_sweep_looks_known_replies_up_by_id(tmp_path: Path) -> None:
    with district(tmp_path, "x") as town:
        post = town.world.add_post(town.account, "Welcome back!")
        deleted = town.write(post, "so so")
        for n in range(30):
            town.write(post, f"nice {n}")
        town.service.poll_page(town.id)
        town.clock.advance(3 * DAY)
        town.world.delete_comment(deleted)
        town.night()
        assert town.gone() == 1


@pytest.mark.campaigns
def test_a_back_fill_goes_on_in_another_process_where_it_stood(tmp_path: Path) -> None:
    with district(tmp_path, "facebook") as town:
        post = town.world.add_post(town.account, "Welcome back!")
        for n in range(3000):
            town.write(post, f"nice {n}")
            town.clock.advance(60)
        town.clock.advance(3 * DAY)
        town.ask(30)
        first = town.service.read_past(town.id, 0)
        assert first is not None and not first.ended_at and 0 < first.kept < 3000
        with build_again(town) as other:
            while (last := other.read_past(town.id, 60)) is not None and not last.ended_at:
                pass
        assert len(town.texts()) == len(set(town.texts())) == 3000


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_back_fill_reads_posts_until_they_are_older_than_its_days(
    tmp_path: Path, platform: str
) -> None:
    with district(tmp_path, platform) as town:
        written = []
        for n in range(450):
            post = town.world.add_post(town.account, f"news {n}")
            if n % 50 == 0:
                written.append(f"nice {n}")
                town.write(post, written[-1])
            town.clock.advance(DAY / 5)
        town.clock.advance(3 * DAY)
        town.backfill(days=365)
        assert sorted(town.texts()) == sorted(written)


def test_a_back_fill_says_how_many_posts_it_has_read_when_there_are_too_many(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "facebook") as town:
        for n in range(450):
            town.world.add_post(town.account, f"news {n}")
            town.clock.advance(DAY / 5)
        town.ask(365)
        with town.service.database.read() as s:
            row = backfills.running_backfill(s, town.id)
            assert row is not None and row.id is not None
            page = store.page(s, town.id)
        first = town.service._looking_back(page, row.since).adapter.fetch_since(None)
        far = json.loads(first.cursor) | {"posts_read": MOST_POSTS - 100}
        with town.service.database.write() as s:
            backfills.note_backfill(s, row.id, cursor=json.dumps(far))
        last = town.service.read_past(town.id, 60)
        assert last is not None and last.ended_at
        assert last.last_error == f"only the newest {MOST_POSTS + 100:,} posts were read"


def goes_on(request: Request) -> bool:
    """Does it read a list of posts on from where it was left?"""
    return "after" in request.query and request.path.endswith(("published_posts", "media"))


def no_longer_valid() -> Fault:
    body = b'{"error":{"message":"Invalid cursor","type":"OAuthException","code":100}}'
    return Fault(
        kind="status",
        match=goes_on,
        status=400,
        headers={"content-type": "application/json"},
        body=body,
    )


def past_of_posts(town: District) -> list[str]:
    """450 posts, of which one fetch reads 200; every tenth has a comment."""
    written = []
    for n in range(450):
        post = town.world.add_post(town.account, f"news {n}")
        if n % 10 == 0:
            written.append(f"nice {n}")
            town.write(post, written[-1])
        town.clock.advance(DAY / 5)
    town.clock.advance(3 * DAY)
    return written


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_back_fill_begins_again_where_the_list_of_posts_no_longer_goes_on(
    tmp_path: Path, platform: str
) -> None:
    with district(tmp_path, platform) as town:
        written = past_of_posts(town)
        town.ask(365)
        first = town.service.read_past(town.id, 0)
        assert first is not None and not first.ended_at and 0 < first.kept < len(written)
        town.world.faults.push(no_longer_valid())
        while (last := town.service.read_past(town.id, 60)) is not None and not last.ended_at:
            pass
        assert last is not None and last.last_error == ""
        assert sorted(town.texts()) == sorted(written)


def test_a_list_of_posts_that_never_goes_on_ends_the_back_fill_and_is_told(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "facebook") as town:
        past_of_posts(town)
        town.ask(365)
        for _ in range(2):
            town.service.read_past(town.id, 0)
            town.world.faults.push(no_longer_valid())
        ended = town.service.read_past(town.id, 0)
        assert ended is not None and ended.ended_at is not None
        assert ended.last_error == "only the newest 200 posts were read"


@pytest.mark.campaigns
def test_a_back_fill_of_a_channel_begins_again_where_its_threads_no_longer_go_on(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "youtube") as town:
        video = town.world.add_post(town.account, "Spring concert")
        written = [f"nice {n}" for n in range(2500)]
        for text in written:
            town.write(video, text)
            town.clock.advance(60)
        town.clock.advance(3 * DAY)
        town.ask(30)
        first = town.service.read_past(town.id, 0)
        assert first is not None and not first.ended_at and 0 < first.kept < len(written)
        body = b'{"error":{"code":400,"errors":[{"reason":"invalidPageToken"}]}}'
        headers = {"content-type": "application/json"}
        town.world.faults.push(
            Fault(
                kind="status",
                match=lambda request: "pageToken" in request.query,
                status=400,
                headers=headers,
                body=body,
            )
        )
        while (last := town.service.read_past(town.id, 60)) is not None and not last.ended_at:
            pass
        assert last is not None and last.last_error == ""
        assert sorted(town.texts()) == sorted(written)


class TellsAnotherPost:
    """Looks up as Facebook does where a comment's id does not begin with its video's."""

    def __init__(self, adapter: PlatformAdapter) -> None:
        self.page, self.capabilities = adapter.page, adapter.capabilities
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        found = self._adapter.fetch_many(comment_ids)
        return {one: c and replace(c, post_id="another") for one, c in found.items()}


class Recording:
    """A classifier that keeps what it is asked of."""

    name, version = "recording", "1"

    def __init__(self) -> None:
        self.seen: list[Comment] = []

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        self.seen += comments
        return [[] for _ in comments]


@contextmanager
def build_again(town: District) -> Iterator[Service]:
    folder = Path(town.service.config.settings.database.path).parent
    environ = {"TOKEN": town.service._environ["TOKEN"]}
    service = build_service(config_on(folder), clock=town.clock, environ=environ, sinks=())
    try:
        yield service
    finally:
        service.close()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_after_six_hours_of_outage_nothing_is_missing(tmp_path: Path, platform: str) -> None:
    with district(tmp_path, platform) as town:
        post = town.world.add_post(town.account, "Welcome back!")
        deleted = town.write(post, "before")
        assert town.service.poll_page(town.id).error == ""
        town.world.faults.push(Fault(kind="html", platform=platform, status=503, times=10_000))
        for quarter in range(24):
            town.clock.advance(900)
            last = town.write(post, f"meanwhile {quarter}")
            result = town.service.poll_page(town.id)
            assert result.error or result.skipped
        town.world.delete_comment(deleted)
        if platform != "x":  # where replies cannot be edited
            town.world.edit_comment(last, "meanwhile edited")
        town.world.faults.clear()
        for _ in range(4):
            town.clock.advance(1800)
            town.service.poll_page(town.id)
        seen = town.texts()
        assert len(seen) == len(set(seen)) == 25
        assert (town.gone(), town.audited("comment.gone")) == (1, 1)


def test_a_sweep_that_the_outage_stops_goes_on_after_it(tmp_path: Path) -> None:
    with district(tmp_path, "facebook") as town:
        post = town.world.add_post(town.account, "Welcome back!")
        deleted = town.write(post, "before")
        town.service.poll_page(town.id)
        town.clock.advance(3 * DAY)
        town.world.delete_comment(deleted)
        town.world.faults.push(Fault(kind="html", platform="facebook", status=503, times=10_000))
        for _ in range(12):
            town.clock.advance(7200)
            town.service.poll_page(town.id)
        assert town.gone() == 0
        town.world.faults.clear()
        town.clock.advance(DAY)
        town.poll()
        assert town.gone() == 1


def test_what_is_counted_and_not_shown_is_told_without_texts(tmp_path: Path) -> None:
    with district(tmp_path, "instagram") as town:
        post = town.world.add_post(town.account, "Welcome back!")
        with town.service.database.read() as s:
            page = store.page(s, town.id)
        batch = CommentBatch(comments=(), cursor="2", missed=(Missed(post_id=post, count=3),))
        for _ in range(2):
            context = town.service.context(page)
            store_batch(context, page, batch, PollResult(page_id=page.id), keep_cursor=True)
        assert [(a.kind, a.page_id, a.subject) for a in town.alerts] == [
            ("comments_missed", page.id, post)
        ]
        assert "3 comments" in town.alerts[0].detail
