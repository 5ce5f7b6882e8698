"""A simulated morning on five platforms, in which calls fail in every way, loses nothing; and what
counts the losses would notice each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modbot.clocks import SteppedClock
from modbot.pipeline import PollResult
from platforms.sandbox.deviations import Deviation
from platforms.sandbox.faults import Request
from platforms.sandbox.world import World
from tests.campaigns.week import MONDAY, MOST_CALLS, NOUGHT, figures, is_sound, play
from tests.campaigns.week_account import BARS_SECONDS, Witness, account, asked_for_later
from tests.campaigns.week_district import CANARY, PLATFORMS, District, district
from tests.campaigns.week_public import Act, Habits, Public, Said, Texts, written
from tests.campaigns.week_troubles import lost_place, named

pytestmark = pytest.mark.campaigns
HOURS = 1.5
POSTS_A_DAY = 40.0
FAULTS = 0.1
SEED = 3
HOWS = ("deleted", "hidden", "edited")


@dataclass
class Morning:
    """The town after its morning, and the account of it."""

    town: District
    witness: Witness
    result: dict[str, Any]

    def again(self) -> dict[str, Any]:
        return account(self.town, self.witness)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("week")
    with district(folder, pages=len(PLATFORMS), faults=FAULTS, seed=SEED) as town:
        witness = Witness(district=town)
        play(town, witness, days=HOURS / 24, seed=SEED, habits=Habits(posts_a_day=POSTS_A_DAY))
        result = account(town, witness) | figures(town, witness)
        yield Morning(town, witness, result | {"platforms": PLATFORMS, "faults": FAULTS})


def test_nothing_is_lost_judged_twice_called_early_or_shown(morning: Morning) -> None:
    result = morning.result
    assert {name: result[name] for name in NOUGHT if result[name]} == {}
    assert result["comments"] > 20 and result["hidden"] > 0


def test_every_platform_was_called_and_calls_failed_in_several_ways(morning: Morning) -> None:
    troubles = morning.town.troubles
    assert set(troubles.by_platform) == set(PLATFORMS)
    assert len(troubles.made) >= 5
    assert 0 < sum(troubles.made.values()) < troubles.calls / 5
    assert sum(morning.witness.failed_polls.values()) > 0


def test_a_week_that_took_too_many_calls_is_not_sound(morning: Morning) -> None:
    good = morning.result | {"calls": MOST_CALLS}
    assert is_sound(good)
    assert not is_sound(good | {"calls": MOST_CALLS + 1})
    assert not is_sound(good, most_calls=MOST_CALLS - 1)
    assert not is_sound(good | {"hidden": 0})


def test_a_run_in_which_a_platform_hides_late_or_nothing_is_not_sound_by_its_bars(
    morning: Morning,
) -> None:
    in_time = {p: {"p95": bar, "hides": 200} for p, bar in BARS_SECONDS.items()}
    good = morning.result | {"calls": 1, "latency_seconds": in_time}
    assert is_sound(good, bars=True)
    assert is_sound(good, bars=True, least_hides=200)
    assert not is_sound(good, bars=True, least_hides=201)
    late = good | {
        "latency_seconds": in_time | {"x": {"p95": BARS_SECONDS["x"] + 0.1, "hides": 200}}
    }
    assert not is_sound(late, bars=True) and is_sound(late)
    assert not is_sound(good | {"latency_seconds": {"x": {"p95": 1, "hides": 9}}}, bars=True)


def test_a_run_that_took_more_of_youtubes_units_than_a_day_has_is_not_sound(
    morning: Morning,
) -> None:
    """A run of six hours may take a quarter of a day's, else a whole day of them would not fit."""
    good = morning.result | {
        "hours": 6.0,
        "youtube_units_allowed": 10_000,
        "youtube_units_a_day": {"2026-09-14": 2500},
    }
    assert is_sound(good)
    assert not is_sound(good | {"youtube_units_a_day": {"2026-09-14": 2501}})
    assert not is_sound(good | {"youtube_over_quota": 1})
    two_days = good | {"hours": 48.0}
    assert is_sound(two_days | {"youtube_units_a_day": {"1": 10_000, "2": 10_000}})
    assert not is_sound(two_days | {"youtube_units_a_day": {"1": 10_001, "2": 9}})


def test_all_channels_of_a_run_share_the_units_that_it_names(tmp_path: Path) -> None:
    with district(tmp_path, pages=2, faults=0, seed=SEED, platforms=("youtube",), units=40) as town:
        play(town, witness := Witness(district=town), days=0.02, seed=SEED)
        spent = sum(town.youtube.units.values())
    assert 0 < spent <= 40 and town.youtube.over_quota == 0
    assert witness.polls > 0 and town.units_a_day == 40


def test_a_run_in_which_fewer_calls_fail_than_were_asked_to_is_not_sound(morning: Morning) -> None:
    assert is_sound(morning.result), "one call in ten failed"
    assert not is_sound(morning.result | {"failed_share": FAULTS / 2 - 0.001})
    assert is_sound(morning.result | {"failed_share": 0.0, "faults": 0.0})


def asked(path: str, method: str = "GET", **query: str) -> Request:
    return Request(method=method, path=path, query={k: [v] for k, v in query.items()}, headers={})


@pytest.mark.parametrize(
    ("platform", "cursor"),
    [("facebook", "after"), ("youtube", "pageToken"), ("x", "pagination_token")],
)
def test_only_a_call_that_pages_on_loses_its_place(platform: str, cursor: str) -> None:
    fault = lost_place(platform, asked("/2/users/7/mentions", **{cursor: "zz"}))
    assert fault is not None and fault.status == 400 and fault.body
    assert lost_place(platform, asked("/2/users/7/mentions")) is None


def test_a_comment_that_is_looked_up_or_hidden_is_named_and_one_that_is_paged_by_is_not() -> None:
    assert {"7", "8"} <= set(named(asked("/v26.0/", ids="7,8")))
    assert "7" in named(asked("/v26.0/7")) and "7" in named(asked("/2/tweets/7/hidden", "PUT"))
    assert "7" not in named(asked("/v26.0/7/replies"))


def test_a_reply_is_judged_as_it_was_meant_under_whatever_the_comment_above_it_says() -> None:
    """Who answers somebody who spoke of the board may mean the board."""
    world = World(SteppedClock(MONDAY))
    for number in range(3):
        world.add_page("facebook", f"School {number}")

    def hidden(said: Sequence[Said]) -> list[bool]:
        return [
            t.startswith("rude") or (t.startswith("bad") and "board" not in a) for t, _, a in said
        ]

    habits = Habits(posts_a_day=40)
    texts = Texts(bad=("rude", "bad"), good=("the board", "fine"), hidden=hidden)
    acts = written(world, texts, start=MONDAY, days=2, chance=random.Random(1), habits=habits)
    said = {one.number: one.text for one in acts if one.kind == "comment"}
    bad = [one for one in acts if one.kind == "comment" and one.text.startswith(("bad", "rude"))]
    answers = [one for one in bad if one.parent and "board" in said.get(one.parent, "")]
    assert len(answers) > 5 and all(one.text.startswith("rude") for one in answers)
    assert any(one.text.startswith("bad") for one in bad)


@pytest.mark.parametrize("how", ["deleted", "hidden", "edited"])
def test_others_are_quicker_than_the_hide_and_the_world_knows(how: str) -> None:
    world = World(SteppedClock(MONDAY))
    public = Public(world, Texts(bad=("bad",), good=("good",)))
    page = world.add_page("facebook", "A school")
    public.do(Act(at=MONDAY, kind="post", number=1, page=page, text="hi"))
    public.do(Act(at=MONDAY, kind="comment", number=2, page=page, text="bad 7", under=1))
    (comment,) = world.all_comments()
    chance = random.Random(next(n for n in range(99) if random.Random(n).choice(HOWS) == how))
    assert public.overtake(comment, chance) == how
    assert (comment.deleted_at is not None) is (how == "deleted")
    assert comment.hidden is (how == "hidden")
    assert public.is_bad(comment.text) is (how != "edited")


# What counts the losses


def a_comment_nobody_read(town: District, _: Witness) -> None:
    post = town.world.posts(town.world.pages("x")[0].id)[0]
    town.world.add_comment(post.id, "nobody reads this")


def a_comment_deleted_unread_after_a_poll(town: District, witness: Witness) -> None:
    page = town.world.pages("facebook")[0]
    long_ago = MONDAY - timedelta(hours=1)
    made = town.world.add_comment(town.world.posts(page.id)[0].id, "gone", at=long_ago)
    assert witness.read_at[page.id], "no poll went well"
    town.world.delete_comment(made)


def an_edit_nobody_read(town: District, _: Witness) -> None:
    there = next(c for c in town.world.all_comments("wordpress") if c.deleted_at is None)
    town.world.edit_comment(there.id, "edited after the last poll")


def a_second_decision(town: District, _: Witness) -> None:
    with town.service.database.write() as s:
        connection = s.connection()
        columns = [row[1] for row in connection.exec_driver_sql("pragma table_info(decision)")]
        names = ", ".join(columns)
        values = ", ".join(
            "(select max(id) + 1 from decision)"
            if name == "id"
            else f"{name} || ':again'"
            if name == "key"
            else name
            for name in columns
        )
        connection.exec_driver_sql(
            f"insert into decision ({names}) select {values} from decision"
            " where actor_kind = 'bot' order by id limit 1"
        )


def a_call_before_the_time(town: District, witness: Witness) -> None:
    page_id = next(p for p in town.page_ids if p.startswith("youtube"))
    town.troubles.silence("youtube project", 600)  # and the service is not told
    witness.polled(page_id, town.service.poll_page(page_id), 0.0)


def a_token_in_the_log(town: District, _: Witness) -> None:
    with town.log.open("a") as log:
        log.write(f"Authorization: Bearer {CANARY}0001\n")


def a_hide_undone_by_the_platform(town: District, _: Witness) -> None:
    bad = next(
        c
        for c in town.world.all_comments()
        if c.hidden and c.deleted_at is None and town.public.is_bad(c.text)
    )
    town.world.set_hidden(bad.id, False)


def a_harmless_comment_hidden(town: District, _: Witness) -> None:
    texts = town.public.texts  # one that was bad before an edit may stay hidden
    good = next(
        c
        for c in town.world.all_comments()
        if not c.hidden and not any(map(town.public.is_bad, texts.get(c.id, ())))
    )
    town.world.set_hidden(good.id, True)


def a_comment_hidden_again(town: District, _: Witness) -> None:
    hidden = next(c for c in town.world.all_comments() if c.hidden)
    town.world.set_hidden(hidden.id, False)
    town.world.set_hidden(hidden.id, True)


def an_action_left_open(town: District, _: Witness) -> None:
    with town.service.database.write() as s:
        s.connection().exec_driver_sql("drop trigger action_final")
        s.connection().exec_driver_sql(
            "update action set state = 'requested' where id = (select max(id) from action)"
        )


def an_undescribed_request(town: District, _: Witness) -> None:
    found = Deviation(platform="x", request="GET /", rule="this path is unknown", kind="path")
    town.world.checked([found])


BROKEN: dict[Callable[[District, Witness], None], str] = {
    a_comment_nobody_read: "lost",
    a_comment_deleted_unread_after_a_poll: "lost",
    an_edit_nobody_read: "lost",
    a_call_before_the_time: "early_calls",
    a_token_in_the_log: "tokens_seen",
    a_hide_undone_by_the_platform: "not_hidden",
    a_harmless_comment_hidden: "hidden_wrongly",
    a_comment_hidden_again: "hidden_twice",
    an_undescribed_request: "deviations",
    a_second_decision: "judged_twice",
    an_action_left_open: "left_open",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_account_notices(morning: Morning, broken: Callable[..., None]) -> None:
    def size(result: dict[str, Any]) -> int:
        found = result[BROKEN[broken]]
        return found if isinstance(found, int) else len(found)

    before = size(morning.again())
    broken(morning.town, morning.witness)
    assert size(morning.again()) > before


def test_the_account_notices_a_changed_record(morning: Morning) -> None:
    assert morning.again()["refused_by_the_chain"], "decisions were added and actions changed"


@pytest.mark.parametrize(
    ("platform", "later", "ends", "expected"),
    [
        ("x", None, 3, True),
        ("x", 30, 3, True),
        ("x", 60, 3, False),
        ("x", None, 4.1, False),
        ("facebook", None, 3, False),
    ],
)
def test_only_xs_own_replies_may_wait_for_strangers_or_for_the_sweep(
    platform: str, later: float | None, ends: float, expected: bool
) -> None:
    """`later`: minutes after the page's own reply in which a stranger writes; `ends`: hours."""
    world = World(SteppedClock(MONDAY))
    page = world.add_page(platform, "A school")
    post = world.add_post(page, "hi")
    own = world.add_comment(post, "thanks", author_id=page, at=MONDAY)
    if later is not None:
        world.add_comment(post, "hm", at=MONDAY + timedelta(minutes=later))
    now = MONDAY + timedelta(hours=ends)
    comment = world.ever(own)
    assert asked_for_later(comment, world.all_comments(), now=now) is expected


def test_a_poll_that_failed_has_read_nothing(morning: Morning) -> None:
    witness = Witness(district=morning.town)
    witness.polled("x:1", PollResult(page_id="x:1", error="Unreachable: x"), 0.0)
    witness.polled("x:1", PollResult(page_id="x:1", skipped="waiting"), 0.0)
    assert witness.read_at["1"] == [] and witness.failed_polls == {"Unreachable": 1}
