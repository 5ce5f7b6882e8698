"""Hides that one call carries out together: recorded one by one, each with its own end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import review
from modbot.audit import verify
from modbot.domain import Verdict
from modbot.enforcement import Limits, carry_out_due
from tests.fakes import ManualClock
from tests.line import ADA, Line, line_on
from tests.platforms.youtube_channel import Channel, youtube_channel

HIDING = "comments.setModerationStatus"


@pytest.fixture
def channel(clock: ManualClock) -> Iterator[Channel]:
    with youtube_channel(clock) as made:
        yield made


@pytest.fixture
def line(tmp_path: Path, channel: Channel, clock: ManualClock) -> Iterator[Line]:
    """The channel in enforce."""
    limits = Limits(hides_per_hour=500, hides_per_day=500)
    adapter = channel.adapter()
    with line_on(tmp_path, adapter, clock, limits=limits) as made:  # type: ignore[arg-type]
        yield made


def states(line: Line) -> list[str]:
    return [action.state for action in line.actions()]


def test_a_burst_of_bad_comments_is_hidden_by_a_call_for_each_fifty(
    line: Line, channel: Channel
) -> None:
    bad = {channel.write(f"BAD {n}") for n in range(120)}
    good = channel.write("nice")
    line.poll()
    assert channel.world.hidden_ids("youtube") == bad and channel.world.is_public(good)
    assert channel.asked()[HIDING] == 3
    assert states(line) == ["confirmed"] * 120
    problems = verify(line.database).problems
    assert {p.table for p in problems} == {"page"}  # put in by the fixture


def test_one_that_is_gone_and_one_that_was_edited_leave_the_others_alone(
    line: Line, channel: Channel
) -> None:
    ids = [channel.write(f"BAD {n}") for n in range(5)]
    channel.answers(503, b"busy", match="/youtube/v3/comments", times=1)
    line.poll()  # judged and stored; the hides find no platform
    assert states(line) == ["requested"] * 5
    channel.world.delete_comment(ids[0])
    channel.world.edit_comment(ids[1], "nice after all")
    channel.clock.advance(60)
    carry_out(line)
    assert states(line) == ["gone", "superseded", "confirmed", "confirmed", "confirmed"]
    assert channel.world.hidden_ids("youtube") == set(ids[2:])


def test_a_persons_word_takes_one_out_of_the_call(line: Line, channel: Channel) -> None:
    ids = [channel.write(f"BAD {n}") for n in range(3)]
    channel.answers(503, b"busy", match="/youtube/v3/comments", times=1)
    line.poll()
    spared = next(d.id for d in line.decisions() if d.hide)
    assert spared is not None
    review.resolve(line.database, spared, Verdict.ALLOW, ADA, "a quote", channel.clock.now())
    channel.clock.advance(60)
    carry_out(line)
    assert channel.world.hidden_ids("youtube") == set(ids[1:])
    assert states(line)[0] == "superseded"


def test_a_call_that_took_effect_unrecorded_is_not_repeated(line: Line, channel: Channel) -> None:
    ids = [channel.write(f"BAD {n}") for n in range(3)]
    channel.answers(503, b"busy", match="/youtube/v3/comments", times=1)
    line.poll()
    channel.adapter().hide_many(ids)  # and then the process died
    channel.asked()
    channel.clock.advance(60)
    carry_out(line)
    assert HIDING not in channel.asked()
    assert states(line) == ["confirmed"] * 3


def test_what_youtube_held_before_us_is_recorded_as_already_so(
    line: Line, channel: Channel
) -> None:
    channel.filtered_by_youtube("BAD and spam", "likelySpam")
    line.poll()
    assert [(a.state, a.answer) for a in line.actions()] == [("confirmed", "already so")]
    assert HIDING not in channel.asked()


def test_hides_go_on_when_the_units_for_polling_are_spent(line: Line, channel: Channel) -> None:
    comment_id = channel.write("BAD")
    channel.answers(503, b"busy", match="/youtube/v3/comments", times=1)
    line.poll()
    channel.spend(channel.budget.left("units", for_reads=True) + 3)  # a minute frees one
    channel.clock.advance(60)
    result = line.poll()
    assert "RateLimited" in result.error and "kept for hides" in result.error
    carry_out(line)
    assert not channel.world.is_public(comment_id)


def test_polling_starts_again_at_midnight_by_itself(line: Line, channel: Channel) -> None:
    channel.spend(channel.budget.left("units"))
    assert line.poll().error
    comment_id = channel.write("BAD")
    channel.clock.advance(24 * 3600)
    assert not line.poll().error
    assert not channel.world.is_public(comment_id)


def carry_out(line: Line) -> int:
    return carry_out_due(
        line.database,
        line.adapter,
        line.page.id,
        now=line.clock.now(),
        limits=line.context.limits,
        alerter=line.context.alerter,
    )
