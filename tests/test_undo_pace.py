"""How long an undo takes at the platforms' pace."""

from __future__ import annotations

from datetime import timedelta

from modbot.undo.pace import PACES, takes


def test_how_long_it_takes_follows_the_quota() -> None:
    assert takes({}) == timedelta(0)
    assert takes({("facebook:1", "facebook"): 5}) < timedelta(minutes=1)
    alone = takes({("youtube:1", "youtube"): 90})
    both = takes({("youtube:1", "youtube"): 90, ("youtube:2", "youtube"): 90})
    assert alone < timedelta(days=1) <= both < timedelta(days=2)  # one quota for both
    assert set(PACES) == {"facebook", "instagram", "x", "youtube", "wordpress"}
