"""Random days on every adapter: people write, edit and delete, answers fail, nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from modbot.domain import Capability
from modbot.errors import PlatformError
from tests.platforms.contract import SPOILT, Driver, Version, poll, versions

pytestmark = pytest.mark.campaigns

STEPS = 60  # at most 0.7 hours each: all stay in the 48 hours that are watched for edits
MOST_COMMENTS = 40  # Instagram shows the newest 50 of a post with their edits
CHANCES = {"comment": 5, "poll": 4, "edit": 1, "remove": 1, "hide": 1, "restore": 1}


class RandomDay:
    """A page's truth, changed at random, and what polling has brought of it."""

    def __init__(self, driver: Driver, seed: int):
        self.driver = driver
        self.chance = random.Random(seed)
        self.capabilities = driver.adapter().capabilities
        self.there: dict[str, str] = {}
        self.replies: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self.arrived: set[Version] = set()
        self.cursor: str | None = None

    def step(self) -> None:
        self.driver.wait(hours=self.chance.random() * 0.7)
        act = self.chance.choices(list(CHANCES), list(CHANCES.values()))[0]
        if act in ("hide", "restore") and act not in self.capabilities:
            return
        if act in ("comment", "poll"):
            getattr(self, act)()
        elif self.there:
            getattr(self, act)(self.chance.choice(sorted(self.there)))

    def comment(self) -> None:
        if len(self.there) >= MOST_COMMENTS:
            return
        reply = self.there and self.chance.random() < 0.3
        parent = self.chance.choice(sorted(self.there)) if reply else None
        text = f"words {self.chance.random()}"
        comment_id = self.driver.comment(text, parent=parent)
        self.there[comment_id] = text
        self.replies.setdefault(parent or "", []).append(comment_id)

    def edit(self, comment_id: str) -> None:
        if Capability.EDITS in self.capabilities:
            self.there[comment_id] += "!"
            self.driver.edit(comment_id, self.there[comment_id])

    def remove(self, comment_id: str) -> None:
        self.driver.remove(comment_id)
        gone = _below(comment_id, self.replies) if self.driver.replies_go_along else [comment_id]
        for one in gone:
            self.there.pop(one, None)

    def hide(self, comment_id: str) -> None:
        self.driver.adapter().hide(comment_id)
        self.hidden.add(comment_id)

    def restore(self, comment_id: str) -> None:
        self.driver.adapter().restore(comment_id)
        self.hidden.discard(comment_id)

    def poll(self) -> None:
        """Sometimes in vain; otherwise all that is there has been seen, as it is."""
        if self.chance.random() < 0.3:
            self.driver.spoil(self.chance.choice(SPOILT))
            with pytest.raises(PlatformError):
                self.driver.adapter().fetch_since(self.cursor)
            self.driver.mend()
        comments, self.cursor, _ = poll(self.driver, self.cursor)
        self.arrived |= versions(comments)
        assert self.there.items() <= self.arrived
        if Capability.READ_HIDDEN in self.capabilities:
            assert {c.id: c.hidden for c in comments} == {
                c.id: c.id in self.hidden for c in comments
            }


def _below(comment_id: str, replies: Mapping[str, list[str]]) -> list[str]:
    """The comment and all under it."""
    below = [one for reply in replies.get(comment_id, []) for one in _below(reply, replies)]
    return [comment_id, *below]


@pytest.mark.needs(Capability.LISTS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_every_poll_of_a_random_day_all_that_is_there_was_seen(
    driver: Driver, seed: int
) -> None:
    day = RandomDay(driver, seed)
    for _ in range(STEPS):
        day.step()
    day.poll()
