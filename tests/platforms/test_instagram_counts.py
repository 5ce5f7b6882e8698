"""What Instagram counts and does not show: looked for as far as it lets one, and then told."""

from __future__ import annotations

import pytest

from modbot.domain import Comment, CommentBatch, Missed
from modbot.errors import MissingScope
from platforms.sandbox.world import World
from tests.platforms.graph_sandbox import GraphSandbox, ids


class Account:
    """The account, its medium, and what a test does with them."""

    def __init__(self, sandbox: GraphSandbox):
        self.sandbox, self.world = sandbox, sandbox.world
        self.media = self.world.add_post("ig", "Senior night")
        self.adapter = sandbox.instagram()
        self.cursor: str | None = None
        self.wait(60)

    def wait(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)

    def write(self, text: str = "hi", *, parent: str | None = None, by: str = "u0") -> str:
        self.wait(2)
        return self.world.add_comment(self.media, text, parent=parent, author_id=by)

    def poll(self) -> CommentBatch:
        """One fetch, by a new adapter as after a restart."""
        self.wait(60)
        batch = self.sandbox.instagram().fetch_since(self.cursor)
        self.cursor = batch.cursor
        return batch

    def settle(self) -> dict[str, Comment]:
        """Polls until there is no more; all that came, by id."""
        found: dict[str, Comment] = {}
        for _ in range(50):
            batch = self.poll()
            found |= {c.id: c for c in batch.comments}
            if not batch.more:
                return found
        raise AssertionError("polling does not come to an end")

    def calls(self) -> int:
        """What one more poll costs."""
        return self.sandbox.calls_of("instagram", self.poll)


@pytest.fixture
def account(sandbox: GraphSandbox) -> Account:
    return Account(sandbox)


def test_a_burst_past_the_window_is_caught_up_where_cursors_lead_on(account: Account) -> None:
    account.write()
    account.settle()
    made = {account.write(f"comment {n}") for n in range(130)}
    batch = account.poll()
    assert made <= {c.id for c in batch.comments}
    assert batch.missed == account.poll().missed == ()


def test_a_flood_that_takes_two_polls_to_read_is_no_loss(account: Account) -> None:
    account.write()
    account.settle()
    made = {account.write(f"comment {n}") for n in range(1200)}
    batches = [account.poll()]
    assert batches[0].more
    while batches[-1].more:
        batches.append(account.poll())
    batches += [account.poll(), account.poll()]
    assert made <= {c.id for batch in batches for c in batch.comments}
    assert not any(batch.missed for batch in batches)


def test_a_burst_past_the_window_is_told_where_no_cursor_leads_on(account: Account) -> None:
    account.world.instagram.window_only = True
    account.write()
    account.settle()
    made = [account.write(f"comment {n}") for n in range(130)]
    batch = account.poll()
    assert ids(batch) == made[-50:]
    assert batch.missed == (Missed(post_id=account.media, count=80),)
    assert account.poll().missed == (), "it is told once"


def test_while_a_burst_runs_past_a_window_that_ends_it_is_polled_again_at_once(
    account: Account,
) -> None:
    account.world.instagram.window_only = True
    for n in range(60):
        account.write(f"before {n}")
    account.settle()
    for n in range(24):
        account.write(f"slow {n}")
    assert not account.poll().more
    for n in range(30):
        account.write(f"fast {n}")
    assert account.poll().more
    assert not account.poll().more


def test_a_reply_under_a_comment_beyond_the_window_is_found_by_the_count(account: Account) -> None:
    old = account.write("the first comment")
    for n in range(120):
        account.write(f"comment {n}")
    account.settle()
    assert account.calls() == 1
    reply = account.write("late reply", parent=old)
    batch = account.poll()
    assert reply in ids(batch)
    assert batch.missed == account.poll().missed == ()
    assert account.calls() == 1, "and then it is quiet again"


def test_a_reply_under_a_comment_older_than_the_watch_window_is_found_at_the_second_try(
    account: Account,
) -> None:
    old = account.write("the first comment")
    account.wait(60 * 3600)
    for n in range(160):
        account.write(f"comment {n}")
    account.wait(60 * 3600)
    for n in range(60):
        account.write(f"later comment {n}")
    account.settle()
    reply = account.write("very late reply", parent=old)
    batches = [account.poll(), account.poll()]
    assert reply in {c.id for batch in batches for c in batch.comments}
    assert [batch.missed for batch in batches] == [(), ()]


@pytest.mark.parametrize("oldest_first", [False, True])
def test_replies_in_a_long_thread_are_read_whichever_end_is_shown_first(
    account: Account, oldest_first: bool
) -> None:
    account.world.instagram.replies_oldest_first = oldest_first
    top = account.write("top")
    made = {account.write(f"reply {n}", parent=top) for n in range(120)}
    assert account.settle().keys() == {top, *made}
    account.wait(900)
    assert account.calls() == 1, "a long thread costs nothing while it is quiet"
    reply = account.write("one more", parent=top)
    assert reply in ids(account.poll())
    assert account.poll().missed == ()


def test_people_whom_the_account_restricts_are_told_once_and_stop_nothing(
    account: Account,
) -> None:
    account.write("fine")
    account.settle()
    blocked = account.write("unseen", by="u7")
    account.world.instagram.restricted.add(account.world.ever(blocked).author_id)
    seen = account.write("seen")
    first, second, third = account.poll(), account.poll(), account.poll()
    assert seen in ids(first)
    assert (first.missed, third.missed) == ((), ())
    assert second.missed == (Missed(post_id=account.media, count=1),)


def test_a_count_that_lags_behind_the_list_or_runs_ahead_of_it_is_no_loss(
    account: Account,
) -> None:
    account.write()
    account.settle()
    ways = account.world.instagram
    ways.uncounted.add(account.write("listed, counted later"))
    polls = [account.poll()]
    ways.uncounted.clear()
    polls += [account.poll(), account.poll()]
    late = account.write("counted, listed later", by="u7")
    ways.restricted.add(account.world.ever(late).author_id)
    polls.append(account.poll())
    ways.restricted.clear()
    polls += [account.poll(), account.poll()]
    assert [batch.missed for batch in polls] == [()] * 6
    assert late in ids(polls[4])


def test_deletions_make_no_alarm(account: Account) -> None:
    made = [account.write(f"comment {n}") for n in range(20)]
    account.settle()
    for comment_id in made[::3]:
        account.world.delete_comment(comment_id)
    assert account.poll().missed == account.poll().missed == ()


def test_a_medium_that_shows_nothing_of_what_it_counts_is_told(account: Account) -> None:
    account.write("seen")
    other = account.world.add_post("ig", "Restricted only")
    hidden = account.world.add_comment(other, "unseen", author_id="u7")
    account.world.instagram.restricted.add(account.world.ever(hidden).author_id)
    assert account.poll().missed == (Missed(post_id=other, count=1),)
    assert account.poll().missed == ()


def test_an_app_in_development_that_is_shown_nothing_raises_the_alarm(account: Account) -> None:
    account.world.instagram.in_development = True
    account.write()
    with pytest.raises(MissingScope, match="counts 1 comments but shows none"):
        account.adapter.fetch_since(None)
    account.world.instagram.in_development = False
    cursor = account.adapter.fetch_since(None).cursor
    account.world.instagram.in_development = True
    assert account.adapter.fetch_since(cursor).comments == (), "a count may lag by one poll"
    with pytest.raises(MissingScope, match="shows none"):
        account.adapter.fetch_since(cursor)


def test_a_quiet_poll_changes_nothing_in_the_cursor(account: Account) -> None:
    account.write()
    account.settle()
    before = account.cursor
    account.poll()
    assert account.cursor == before


def test_an_account_without_a_handle_knows_its_own_comments(
    sandbox: GraphSandbox, world: World
) -> None:
    """`from` may name the author in another way than the account's id; `user` is only there for
    the account's own."""
    world.instagram.scoped_authors = True
    media = world.add_post("ig", "hi")
    own = world.add_comment(media, "thanks", author_id="ig")
    world.ever(own).author_name = "another.name"
    batch = sandbox.instagram().fetch_since(None)
    assert [(c.by_page, c.can_hide) for c in batch.comments] == [(True, False)]


def test_ids_are_asked_one_by_one_where_graph_takes_no_lists_of_them(
    sandbox: GraphSandbox, world: World
) -> None:
    world.refuses_id_lists = True
    made = [world.add_comment(world.add_post("ig", "hi"), f"comment {n}") for n in range(3)]
    world.delete_comment(made[1])
    found = sandbox.instagram().fetch_many(made)
    assert {one: comment is not None for one, comment in found.items()} == {
        made[0]: True,
        made[1]: False,
        made[2]: True,
    }
