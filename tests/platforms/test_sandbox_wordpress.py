"""The stand-in of WordPress, through the adapter; the real site is in test_contract.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modbot.domain import Page
from modbot.errors import AuthExpired, MissingScope
from modbot.ports import Connection
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.wordpress import WordPressAdapter
from tests.fakes import ManualClock


class Blogs:
    """Two sites of one host."""

    def __init__(self, world: World, url: str, clock: ManualClock):
        self.world, self.url, self.clock = world, url, clock
        self.sites = [world.add_page("wordpress", f"Blog {n}") for n in range(2)]
        self.posts = [world.add_post(site, "Snow & ice <today>") for site in self.sites]
        clock.advance(60)

    def adapter(self, site: int = 0, *, token: str = "") -> WordPressAdapter:
        account = self.sites[site]
        token = token or self.world.issue_token(account, token=f"bot:word{site}")
        page = Page(
            id=f"wordpress:{account}",
            platform="wordpress",
            external_id=account,
            name="Blog",
            base_url=f"{self.url}/{account}",
        )
        return WordPressAdapter(page, Connection(secrets={"token": token}, now=self.clock.now))


@pytest.fixture
def blogs(clock: ManualClock) -> Iterator[Blogs]:
    world = World(clock)
    with SandboxServer(world) as server:
        yield Blogs(world, server.url, clock)
        assert not world.deviations


def test_comments_come_as_they_were_written_with_their_post(blogs: Blogs) -> None:
    first = blogs.world.add_comment(blogs.posts[0], "a < b & c")
    reply = blogs.world.add_comment(blogs.posts[0], "no", parent=first)
    blogs.world.add_comment(blogs.posts[1], "on the other site")
    batch = blogs.adapter().fetch_since(None)
    assert [(c.id, c.text, c.parent_id) for c in batch.comments] == [
        (first, "a < b & c", None),
        (reply, "no", first),
    ]
    assert [post.text for post in batch.posts] == ["Snow & ice <today>"]


def test_more_than_a_window_is_read_to_its_end(blogs: Blogs) -> None:
    written = {blogs.world.add_comment(blogs.posts[0], f"number {n}") for n in range(230)}
    assert {c.id for c in blogs.adapter().fetch_since(None).comments} == written


def test_what_is_hidden_is_held_and_comes_back(blogs: Blogs) -> None:
    comment = blogs.world.add_comment(blogs.posts[0], "hm")
    adapter = blogs.adapter()
    adapter.hide(comment)
    assert not blogs.world.is_public(comment)
    assert adapter.fetch_one(comment).hidden  # type: ignore[union-attr]
    adapter.restore(comment)
    assert blogs.world.is_public(comment)


def test_a_deleted_comment_and_one_of_another_site_are_not_there(blogs: Blogs) -> None:
    mine, other = (blogs.world.add_comment(post, "hm") for post in blogs.posts)
    adapter = blogs.adapter()
    adapter.delete(mine)
    assert adapter.fetch_many([mine, other]) == {mine: None, other: None}


def test_what_the_account_itself_writes_is_its_own(blogs: Blogs) -> None:
    blogs.world.add_comment(blogs.posts[0], "thank you", author_id=blogs.sites[0])
    assert [c.by_page for c in blogs.adapter().fetch_since(None).comments] == [True]


def test_a_revoked_password_and_one_of_another_site_are_refused(blogs: Blogs) -> None:
    elsewhere = blogs.world.issue_token(blogs.sites[1], token="bot:elsewhere")
    adapter = blogs.adapter()
    adapter.check()
    blogs.world.expire_token("bot:word0")
    for refused in (adapter, blogs.adapter(token=elsewhere)):
        with pytest.raises(AuthExpired):
            refused.fetch_since(None)


def test_an_account_below_editor_may_not_moderate(blogs: Blogs) -> None:
    author = blogs.world.issue_token(blogs.sites[0], [], token="bot:author")
    with pytest.raises(MissingScope):
        blogs.adapter(token=author).fetch_since(None)
