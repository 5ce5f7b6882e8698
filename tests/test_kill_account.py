"""What the campaigns' account takes for a fault, and what it does not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from platforms.sandbox.world import World
from tests.campaigns.kill_account import Key, Stored, account
from tests.fakes import ManualClock


@dataclass(kw_only=True)
class Town:
    """A page in the world, and what a service would have stored of it."""

    world: World
    post: str
    versions: dict[tuple[str, str, str], int] = field(default_factory=dict)
    hides: dict[Key, tuple[str, ...]] = field(default_factory=dict)

    def write(self, text: str, *, judged: int | None = 1, hide: str = "") -> str:
        """A comment; how often its text was judged (None: it is not stored), how its hide ended."""
        comment = self.world.add_comment(self.post, text)
        if judged is not None:
            self.store(comment, text, judged)
        if hide:
            self.hides["facebook", comment] = (hide,)
        return comment

    def store(self, comment: str, text: str, judged: int = 1) -> None:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.versions["facebook", comment, sha256] = judged

    def faults(self) -> Mapping[str, Any]:
        """Every figure of the account that must be nought and is not."""
        stored = Stored(
            versions=self.versions, hides=self.hides, allowed=frozenset(), integrity="ok"
        )
        beside = ("comments", "versions", "hidden", "hides", "hide_calls", "integrity")
        told = account(self.world, stored)
        return {name: found for name, found in told.items() if found and name not in beside}


@pytest.fixture
def town(clock: ManualClock) -> Town:
    world = World(clock)
    return Town(world=world, post=world.add_post(world.add_page("facebook", "School"), "News"))


def test_what_was_stored_judged_and_hidden_once_is_in_order(town: Town) -> None:
    town.write("thanks")
    town.world.set_hidden(town.write("a curse", hide="confirmed"), True)
    assert town.faults() == {}


def test_a_comment_that_was_never_stored_is_lost(town: Town) -> None:
    town.write("thanks", judged=None)
    assert town.faults() == {"lost": 1, "never_stored": 1}


def test_an_edit_that_was_not_seen_is_lost_but_its_comment_is_known(town: Town) -> None:
    town.world.edit_comment(town.write("thanks"), "a curse")
    assert town.faults() == {"lost": 1}


def test_a_comment_that_was_deleted_before_anybody_saw_it_is_not_lost(town: Town) -> None:
    town.world.delete_comment(town.write("thanks", judged=None))
    assert town.faults() == {}


def test_a_comment_that_was_deleted_after_its_hide_is_explained_by_its_record(town: Town) -> None:
    """The two that an earlier account called unexplained: hidden, confirmed, then deleted."""
    comment = town.write("a curse", hide="confirmed")
    town.world.set_hidden(comment, True)
    town.world.delete_comment(comment)
    assert town.faults() == {}


def test_a_comment_that_was_deleted_between_the_hide_and_its_record_is_told_as_gone(
    town: Town,
) -> None:
    comment = town.write("a curse", hide="gone")
    town.world.set_hidden(comment, True)
    town.world.delete_comment(comment)
    assert town.faults() == {}


def test_a_hide_without_its_record_is_a_fault(town: Town) -> None:
    town.world.set_hidden(town.write("a curse", hide="requested"), True)
    assert town.faults() == {"hidden_without_record": 1}


def test_a_record_of_a_hide_that_never_was_is_a_fault(town: Town) -> None:
    town.write("a curse", hide="confirmed")
    assert town.faults() == {"recorded_but_not_hidden": 1}


def test_a_text_that_was_judged_twice_or_not_at_all_is_a_fault(town: Town) -> None:
    town.write("thanks", judged=2)
    town.write("thank you", judged=0)
    assert town.faults() == {"judged_twice": 1, "lost": 1, "unjudged": 1}


def test_a_second_hide_of_what_is_hidden_is_a_double_effect(town: Town) -> None:
    comment = town.write("a curse", hide="confirmed")
    for hidden in (True, False, True):
        town.world.set_hidden(comment, hidden)
    assert town.faults()["double_effects"] == 2
