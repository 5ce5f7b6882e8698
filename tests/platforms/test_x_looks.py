"""What looking again at known replies may cost, against the stand-in of X and its bill."""

from __future__ import annotations

from pathlib import Path

from tests.platforms.past_district import DAY, HOUR, District, district

REPLIES = 60


def written(town: District, number: int) -> str:
    post = town.world.add_post(town.account, "Welcome back!")
    replies = [town.write(post, f"reply {n}") for n in range(number)]
    town.poll()
    assert len(town.texts()) == number
    return replies[-1]


def test_known_replies_are_looked_at_again_while_half_of_the_days_money_is_left(
    tmp_path: Path,
) -> None:
    with district(tmp_path, "x") as town:
        deleted = written(town, REPLIES)
        town.clock.advance(DAY)
        town.world.delete_comment(deleted)
        town.poll()
        assert town.gone() == 1


def test_a_new_reply_is_read_on_a_day_whose_money_looking_again_would_have_taken(
    tmp_path: Path,
) -> None:
    with district(
        tmp_path, "x", x_cents_a_day=40.0, x_cents_a_month=500.0, x_sweep_cents_a_day=0.0
    ) as town:
        deleted = written(town, REPLIES)
        town.world.delete_comment(deleted)
        for _ in range(3):  # each day X charges for the known ones anew
            town.clock.advance(DAY)
            post = town.world.add_post(town.account, "And another day")
            for number in range(12):
                town.clock.advance(HOUR)
                town.write(post, f"on {town.clock.now():%d} at {number}")
                town.service.poll_page(town.id)
                assert f"on {town.clock.now():%d} at {number}" in town.texts()
        assert town.gone() == 1  # seen in the first half of a day's money


def test_nothing_is_looked_at_again_once_half_of_the_months_money_is_spent(tmp_path: Path) -> None:
    with district(
        tmp_path, "x", x_cents_a_day=60.0, x_cents_a_month=60.0, x_sweep_cents_a_day=0.0
    ) as town:
        deleted = written(town, REPLIES)
        town.clock.advance(DAY)
        town.world.delete_comment(deleted)
        town.poll()
        assert town.gone() == 0
