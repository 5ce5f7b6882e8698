"""The fakes keep the promises of the seams that they stand in for."""

from __future__ import annotations

import socket

import pytest

from modbot.domain import Capability
from modbot.errors import CommentGone, Unreachable, Unsupported
from modbot.ports import Clock, PlatformAdapter
from tests.conftest import BeyondLoopback
from tests.fakes import EVERYTHING, FakeAdapter, ManualClock


def test_the_fakes_fit_the_seams(adapter: FakeAdapter, clock: ManualClock) -> None:
    platform: PlatformAdapter = adapter
    time: Clock = clock
    assert platform.page is adapter.page
    assert time.now() == clock.now()


def test_a_burst_comes_in_batches_and_then_with_coverage(adapter: FakeAdapter) -> None:
    adapter.batch_size = 2
    ids = [adapter.add(f"text {n}").id for n in range(5)]
    seen: list[str] = []
    batch = adapter.fetch_since(None)
    while batch.more:
        assert not batch.covered
        seen += [c.id for c in batch.comments]
        batch = adapter.fetch_since(batch.cursor)
    assert seen == ids[:4]
    assert [c.id for c in batch.comments] == ids
    assert batch.covered


def test_an_edit_comes_again_and_a_removed_comment_does_not(adapter: FakeAdapter) -> None:
    kept, gone = adapter.add("kept"), adapter.add("gone")
    cursor = adapter.fetch_since(None).cursor
    adapter.edit(kept.id, "kept, better")
    adapter.remove(gone.id)
    assert [c.text for c in adapter.fetch_since(cursor).comments] == ["kept, better"]
    assert adapter.fetch_many([kept.id, gone.id])[gone.id] is None


def test_only_a_change_of_visibility_is_an_effect(adapter: FakeAdapter) -> None:
    comment = adapter.add("text")
    adapter.hide(comment.id)
    adapter.hide(comment.id)
    adapter.restore(comment.id)
    assert adapter.effects == [(comment.id, True), (comment.id, False)]


def test_a_planned_failure_comes_once_before_or_after_the_work(adapter: FakeAdapter) -> None:
    comment = adapter.add("text")
    adapter.fail_next("hide", Unreachable())
    adapter.fail_next("hide", Unreachable(), after=True)
    with pytest.raises(Unreachable):
        adapter.hide(comment.id)
    assert adapter.hidden_ids() == set()
    with pytest.raises(Unreachable):
        adapter.hide(comment.id)
    assert adapter.hidden_ids() == {comment.id}


def test_what_a_platform_cannot_do_is_refused() -> None:
    adapter = FakeAdapter(capabilities=EVERYTHING - {Capability.HIDE, Capability.READ_HIDDEN})
    comment = adapter.add("text")
    with pytest.raises(Unsupported):
        adapter.hide(comment.id)
    with pytest.raises(CommentGone):
        adapter.delete("unknown")
    fetched = adapter.fetch_one(comment.id)
    assert fetched is not None and fetched.hidden is None


def test_no_test_reaches_another_machine() -> None:
    with pytest.raises(BeyondLoopback):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(BeyondLoopback):
        socket.getaddrinfo("graph.facebook.com", 443)
