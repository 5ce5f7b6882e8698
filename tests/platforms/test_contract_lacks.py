"""What an adapter promises that declares less than the others: it says so, and pretends nothing.

Else a capability that is not declared would only take tests of the contract away.
"""

from __future__ import annotations

import pytest

from modbot.domain import Capability
from modbot.errors import Unsupported
from platforms import ADAPTERS, capabilities
from tests.platforms.contract import Driver
from tests.platforms.recorder import RECORDER


def test_every_adapter_is_in_the_suite(driver: Driver) -> None:
    """One case each: an adapter without a driver does not get through this."""
    assert driver.platform in ADAPTERS
    assert driver.adapter().capabilities == capabilities(driver.platform)


@pytest.mark.lacks(Capability.HIDE, Capability.RESTORE)
def test_what_can_hide_nothing_says_so_and_leaves_it_in_sight(driver: Driver) -> None:
    text = "stays in sight"
    comment_id = driver.comment(text)
    adapter = driver.adapter()
    for act in (adapter.hide, adapter.restore):
        with pytest.raises(Unsupported):
            act(comment_id)
    assert driver.is_public(comment_id, text)


@pytest.mark.lacks(Capability.LOOKS_UP)
def test_what_can_look_nothing_up_never_calls_a_comment_gone(driver: Driver) -> None:
    adapter = driver.adapter()
    there, gone = driver.comment("there"), driver.comment("gone")
    driver.remove(gone)
    found = adapter.fetch_many([there, gone, "never-seen"])
    assert set(found) <= {there} and None not in found.values()
    assert adapter.fetch_many([]) == {}
    for unknown in (gone, "never-seen"):
        with pytest.raises(Unsupported):
            adapter.fetch_one(unknown)


@pytest.mark.lacks(Capability.SIGNS_IN)
def test_what_signs_in_nowhere_needs_no_secret(driver: Driver) -> None:
    """Its requests, if any, show no token: their description says that none belongs there."""
    adapter = driver.adapter()
    driver.comment("hello")
    adapter.check()
    assert not any(c.by_page for c in adapter.fetch_since(None).comments)


@pytest.mark.lacks(Capability.LISTS)
@pytest.mark.parametrize("cursor", [None, "", "by hand", "{" * 5000])
def test_what_lists_nothing_brings_nothing_and_calls_nobody(
    driver: Driver, cursor: str | None
) -> None:
    called = RECORDER.checked.total()
    driver.comment("seen by people alone")
    batch = driver.adapter().fetch_since(cursor)
    assert (batch.comments, batch.posts, batch.more, batch.missed) == ((), (), False, ())
    assert driver.adapter().fetch_since(batch.cursor).cursor == batch.cursor
    driver.adapter().check()
    assert RECORDER.checked.total() == called
