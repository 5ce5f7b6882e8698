"""Whose turn it is to write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from modbot.store.turns import Turns

SOON_SECONDS = 10.0


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def held_by_another(turns: Turns) -> Callable[[], None]:
    """Another thread has the turn until what comes back is called."""
    has, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        assert turns.acquire(timeout=SOON_SECONDS)
        has.set()
        may_end.wait(SOON_SECONDS)
        turns.release()

    thread = in_a_thread(hold)
    assert has.wait(SOON_SECONDS)

    def end() -> None:
        may_end.set()
        thread.join(SOON_SECONDS)

    return end


def waits(turns: Turns, order: list[str], name: str) -> threading.Thread:
    """A thread that waits for its turn, and says in `order` when it had it."""
    asked = len(turns._waiting)

    def work() -> None:
        if turns.acquire(timeout=SOON_SECONDS):
            order.append(name)
            turns.release()

    thread = in_a_thread(work)
    until = time.monotonic() + SOON_SECONDS
    while len(turns._waiting) == asked and time.monotonic() < until:
        time.sleep(0.001)
    return thread


def test_one_thread_at_a_time_has_the_turn() -> None:
    turns, busy, most = Turns(patience_seconds=0.01), [0], [0]

    def work() -> None:
        for _ in range(200):
            assert turns.acquire(timeout=SOON_SECONDS)
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            time.sleep(0)
            busy[0] -= 1
            turns.release()

    threads = [in_a_thread(work) for _ in range(8)]
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert (most[0], busy[0]) == (1, 0)


def test_nobody_passes_a_thread_that_has_lost_its_patience() -> None:
    turns, order = Turns(patience_seconds=0.0), list[str]()
    assert turns.acquire(timeout=1)
    thread = waits(turns, order, "who waited")
    turns.release()
    assert turns.acquire(timeout=SOON_SECONDS)
    order.append("who asked again")
    turns.release()
    thread.join(SOON_SECONDS)
    assert order == ["who waited", "who asked again"]


def test_a_free_turn_goes_to_whoever_asks_while_nobody_has_waited_long() -> None:
    turns, order = Turns(patience_seconds=60.0), list[str]()
    assert turns.acquire(timeout=1)
    thread = waits(turns, order, "who waited")
    with turns._mutex:  # nobody who is woken gets on before the next line
        turns._owner, turns._depth = None, 0
    assert turns.acquire(timeout=0)
    order.append("who asked again")
    turns.release()
    thread.join(SOON_SECONDS)
    assert order == ["who asked again", "who waited"]


def test_who_waits_longest_is_next() -> None:
    turns, order = Turns(patience_seconds=0.0), list[str]()
    end = held_by_another(turns)
    threads = [waits(turns, order, name) for name in ("first", "second", "third")]
    end()
    for thread in threads:
        thread.join(SOON_SECONDS)
    assert order == ["first", "second", "third"]


def test_who_gives_up_holds_up_nobody() -> None:
    turns, order = Turns(patience_seconds=0.0), list[str]()
    end = held_by_another(turns)
    assert not turns.acquire(timeout=0.01)
    thread = waits(turns, order, "the next one")
    end()
    thread.join(SOON_SECONDS)
    assert order == ["the next one"]
    assert turns.acquire(timeout=0)
    turns.release()


def test_a_thread_takes_its_turn_again_within_it() -> None:
    turns = Turns()
    assert turns.acquire(timeout=0) and turns.acquire(timeout=0)
    turns.release()
    other = list[bool]()
    in_a_thread(lambda: other.append(turns.acquire(timeout=0))).join(SOON_SECONDS)
    assert other == [False]
    turns.release()
    end = held_by_another(turns)
    end()


def test_who_has_no_turn_cannot_end_it() -> None:
    turns = Turns()
    end = held_by_another(turns)
    with pytest.raises(RuntimeError, match="not this thread's turn"):
        turns.release()
    end()
