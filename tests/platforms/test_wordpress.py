"""The adapter on a real WordPress: what strangers write, the public sees and site staff change."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modbot.domain import Page
from modbot.errors import AuthExpired, CommentGone, MissingScope
from modbot.ports import Connection
from platforms.wordpress import WordPressAdapter
from tests.platforms.wordpress_site import WordPressSite

pytestmark = pytest.mark.servers
_numbers = itertools.count(1)


def _adapter(site: WordPressSite, secrets: Mapping[str, str] | None = None) -> WordPressAdapter:
    page = Page(
        id="wordpress:blog",
        platform="wordpress",
        external_id="blog",
        name="District blog",
        base_url=site.url,
    )
    connection = Connection(secrets=secrets or site.secrets, now=lambda: datetime.now(UTC))
    return WordPressAdapter(page, connection)


@pytest.fixture
def adapter(wordpress: WordPressSite) -> WordPressAdapter:
    return _adapter(wordpress)


@pytest.fixture
def post_id(wordpress: WordPressSite) -> int:
    """A post of the test's own."""
    number = next(_numbers)
    post: dict[str, Any] = wordpress.add_post(f"Post {number}", f"<p>About number {number}</p>")
    return int(post["id"])


@pytest.fixture
def new_york(wordpress: WordPressSite) -> Iterator[None]:
    wordpress.rest("POST", "settings", timezone="America/New_York")
    yield
    wordpress.rest("POST", "settings", timezone="UTC")


def test_a_strangers_comment_is_polled_hidden_from_the_public_and_brought_back(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    before = adapter.fetch_since(None)
    comment_id = wordpress.comment_by_form(post_id, "you are dumb & <b>st</b>upid")
    assert "you are dumb & stupid" in wordpress.public_text(post_id)

    batch = adapter.fetch_since(before.cursor)
    comment = batch.comments[-1]
    assert (comment.id, comment.post_id, comment.text) == (
        comment_id,
        str(post_id),
        "you are dumb & stupid",
    )
    assert (comment.hidden, comment.by_page, comment.author_name) == (False, False, "Kid")
    assert b"you are dumb &amp; <b>st<\\/b>upid" in comment.raw
    assert any(p.id == str(post_id) and "About number" in p.text for p in batch.posts)

    adapter.hide(comment_id)
    assert "you are dumb" not in wordpress.public_text(post_id)
    hidden = adapter.fetch_one(comment_id)
    assert hidden is not None and hidden.hidden and hidden.text_sha256 == comment.text_sha256

    adapter.restore(comment_id)
    assert "you are dumb & stupid" in wordpress.public_text(post_id)


def test_hiding_and_restoring_twice_is_the_same_as_once(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    comment_id = wordpress.comment_by_form(post_id, "twice")
    for act, hidden in ((adapter.hide, True), (adapter.restore, False)):
        for _ in range(2):
            act(comment_id)
            comment = adapter.fetch_one(comment_id)
            assert comment is not None and comment.hidden is hidden


def test_hiding_leaves_what_the_site_knows_of_the_writer(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    comment_id = wordpress.comment_by_form(post_id, "whose words are these")
    wordpress.rest("POST", f"comments/{comment_id}", author_ip="192.0.2.7", author_user_agent="Elm")
    adapter.hide(comment_id)
    adapter.restore(comment_id)
    kept = wordpress.rest("GET", f"comments/{comment_id}?context=edit")
    assert (kept["author_ip"], kept["author_user_agent"]) == ("192.0.2.7", "Elm")


def test_an_edited_comment_comes_again_with_its_new_text(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    comment_id = wordpress.comment_by_form(post_id, "first words")
    batch = adapter.fetch_since(None)
    wordpress.edit(comment_id, "other words")
    again = adapter.fetch_since(batch.cursor)
    assert [c.text for c in again.comments if c.id == comment_id] == ["other words"]


def test_a_comment_deleted_between_reading_and_hiding_is_gone(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    kept = wordpress.comment_by_form(post_id, "stays")
    comment_id = wordpress.comment_by_form(post_id, "short-lived")
    listed = adapter.fetch_since(None)
    wordpress.remove(comment_id)
    with pytest.raises(CommentGone):
        adapter.hide(comment_id)
    assert adapter.fetch_one(comment_id) is None
    found = adapter.fetch_many([kept, comment_id, "no number"])
    assert found[comment_id] is None and found["no number"] is None
    assert found[kept] is not None
    again = adapter.fetch_since(listed.cursor)
    assert comment_id not in {c.id for c in again.comments}
    assert again.covered[0].since <= next(c for c in listed.comments if c.id == kept).created_at


def test_spam_and_trash_are_hidden_not_gone(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    spam = wordpress.comment_by_form(post_id, "cheap pills")
    trashed = wordpress.comment_by_form(post_id, "a person wants this away")
    wordpress.rest("POST", f"comments/{spam}", status="spam")
    adapter.delete(trashed)
    adapter.delete(trashed)
    for comment_id, status in ((spam, "spam"), (trashed, "trash")):
        comment = adapter.fetch_many([comment_id])[comment_id]
        assert comment is not None and comment.hidden
        adapter.hide(comment_id)
        assert wordpress.rest("GET", f"comments/{comment_id}?context=edit")["status"] == status
        adapter.restore(comment_id)
    assert "cheap pills" in wordpress.public_text(post_id)


def test_a_revoked_password_is_an_error_and_not_a_quiet_page(
    wordpress: WordPressSite, post_id: int
) -> None:
    secrets, where = wordpress.account("leaver", "editor")
    adapter = _adapter(wordpress, secrets)
    comment_id = wordpress.comment_by_form(post_id, "still there")
    cursor = adapter.fetch_since(None).cursor
    wordpress.rest("DELETE", where)
    for call in (
        adapter.check,
        lambda: adapter.fetch_since(cursor),
        lambda: adapter.fetch_one(comment_id),
        lambda: adapter.fetch_many([comment_id]),
        lambda: adapter.hide(comment_id),
        lambda: adapter.delete(comment_id),
    ):
        with pytest.raises(AuthExpired):
            call()


def test_an_editor_can_do_the_job(wordpress: WordPressSite, post_id: int) -> None:
    secrets, _ = wordpress.account("editor", "editor")
    token = {"token": f"{secrets['user']}:{secrets['app_password']}\n"}
    adapter = _adapter(wordpress, token)
    adapter.check()
    comment_id = wordpress.comment_by_form(post_id, "an editor hides this")
    assert comment_id in {c.id for c in adapter.fetch_since(None).comments}
    adapter.hide(comment_id)
    assert "an editor hides this" not in wordpress.public_text(post_id)


@pytest.mark.parametrize("role", ["author", "contributor"])
def test_a_lesser_role_lacks_the_scope(wordpress: WordPressSite, post_id: int, role: str) -> None:
    secrets, _ = wordpress.account(role, role)
    adapter = _adapter(wordpress, secrets)
    comment_id = wordpress.comment_by_form(post_id, f"no {role} may hide this")
    with pytest.raises(MissingScope):
        adapter.check()
    with pytest.raises(MissingScope):
        adapter.fetch_since(None)
    with pytest.raises(MissingScope):
        adapter.hide(comment_id)


def test_a_site_on_new_york_time_loses_nothing(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int, new_york: None
) -> None:
    before = adapter.fetch_since(None)
    comment_id = wordpress.comment_by_form(post_id, "good morning from Lawrence")
    comment = adapter.fetch_since(before.cursor).comments[-1]
    assert comment.id == comment_id
    assert abs((comment.created_at - datetime.now(UTC)).total_seconds()) < 60


def test_250_comments_in_a_burst_arrive_once_each_and_then_a_poll_is_one_call(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    cursor = adapter.fetch_since(None).cursor
    sent = [wordpress.comment(post_id, f"burst {n}", author=f"U{n}") for n in range(250)]
    batch = adapter.fetch_since(cursor)
    arrived = [c.id for c in batch.comments if c.post_id == str(post_id)]
    assert arrived == sent
    assert batch.covered[0].since <= batch.comments[0].created_at + timedelta(seconds=1)

    calls = wordpress.calls()
    quiet = adapter.fetch_since(batch.cursor)
    assert wordpress.calls() - calls == 1
    assert [c.id for c in quiet.comments] == sent[-100:]


def test_a_new_adapter_goes_on_from_the_stored_cursor(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    cursor = adapter.fetch_since(None).cursor
    sent = [wordpress.comment(post_id, f"while away {n}", author=f"V{n}") for n in range(120)]
    arrived = {c.id for c in _adapter(wordpress).fetch_since(cursor).comments}
    assert arrived >= set(sent)


def test_a_reply_under_a_hidden_parent_is_still_polled(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    parent = wordpress.comment_by_form(post_id, "hidden parent")
    adapter.hide(parent)
    reply = wordpress.comment(post_id, "reply below", author="Friend", parent=int(parent))
    comment = next(c for c in adapter.fetch_since(None).comments if c.id == reply)
    assert (comment.parent_id, comment.hidden) == (parent, False)


def test_only_the_accounts_own_words_are_the_pages(
    wordpress: WordPressSite, adapter: WordPressAdapter, post_id: int
) -> None:
    own = wordpress.rest("POST", "comments", post=post_id, content="Please keep it civil.")
    secrets, _ = wordpress.account("student", "subscriber")
    student = WordPressSite(url=wordpress.url, access_log=wordpress.access_log, **secrets)
    theirs = student.rest("POST", "comments", post=post_id, content="I have an account too")
    comments = {c.id: c for c in adapter.fetch_since(None).comments}
    assert comments[str(own["id"])].by_page
    assert not comments[str(theirs["id"])].by_page


def test_no_log_holds_the_password(
    wordpress: WordPressSite, post_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = _adapter(wordpress)
    adapter.check()
    adapter.hide(wordpress.comment_by_form(post_id, "words that no log may hold"))
    assert "wp-json" in caplog.text
    for secret in (wordpress.app_password, "Basic ", "words that no log may hold"):
        assert secret not in caplog.text
