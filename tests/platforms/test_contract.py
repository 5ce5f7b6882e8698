"""What every adapter promises, whatever its platform: see modbot.ports.PlatformAdapter."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from modbot.domain import Capability, Comment, CommentBatch
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import PlatformAdapter
from tests.platforms.contract import SPOILT, Driver, Version, poll, versions
from tests.platforms.nonsense import NONSENSE

READS = ("check", "fetch_since", "fetch_one", "fetch_many")


def _missing(known: Iterable[Comment], batch: CommentBatch) -> set[str]:
    """Known comments that the batch promises and does not hold."""
    shown = {c.id for c in batch.comments}
    return {
        c.id
        for c in known
        if c.id not in shown
        and any(p.post_id in (None, c.post_id) and c.created_at >= p.since for p in batch.covered)
    }


def _calls(adapter: PlatformAdapter, comment_id: str) -> dict[str, Callable[[], object]]:
    """Every call that the adapter says it can make."""
    calls: dict[str, Callable[[], object]] = {
        "check": adapter.check,
        "fetch_since": lambda: adapter.fetch_since(None),
        "fetch_one": lambda: adapter.fetch_one(comment_id),
        "fetch_many": lambda: adapter.fetch_many([comment_id]),
        "hide": lambda: adapter.hide(comment_id),
        "restore": lambda: adapter.restore(comment_id),
    }
    return {n: c for n, c in calls.items() if n in READS or n in adapter.capabilities}


def test_a_working_token_passes_the_check(driver: Driver) -> None:
    driver.adapter().check()


@pytest.mark.needs(Capability.LISTS)
def test_a_comment_arrives_whole(driver: Driver) -> None:
    first = driver.comment("¿A qué hora es?")
    reply = driver.comment("A las seis", parent=first)
    comments, _, batches = poll(driver, None)
    by_id = {c.id: c for c in comments}
    assert by_id.keys() == {first, reply}
    assert by_id[first].parent_id is None
    threads = Capability.THREADS in driver.adapter().capabilities
    assert by_id[reply].parent_id == (first if threads else None)
    adapter = driver.adapter()
    for comment in comments:
        assert comment.page_id == adapter.page.id and comment.platform == driver.platform
        assert comment.created_at.utcoffset() is not None
        assert not comment.by_page
        assert comment.can_hide is (Capability.HIDE in adapter.capabilities)
        assert comment.raw.startswith(driver.raw_begins)
        assert comment.hidden is (False if Capability.READ_HIDDEN in adapter.capabilities else None)
    posts = {post.id: post.text for batch in batches for post in batch.posts}
    assert "Open house" in posts[by_id[first].post_id]


@pytest.mark.needs(Capability.LISTS)
def test_nothing_is_lost_over_bursts_and_quiet_polls(driver: Driver) -> None:
    sent: set[Version] = set()
    arrived: set[Version] = set()
    cursor: str | None = None
    known: list[Comment] = []
    for burst in (1, 0, driver.burst, 3, 0):
        texts = [f"burst {burst}, comment {n}" for n in range(burst)]
        sent |= {(driver.comment(text), text) for text in texts}
        comments, cursor, batches = poll(driver, cursor)
        known += comments
        arrived |= versions(comments)
        assert arrived == sent
        assert all(not _missing(known, batch) for batch in batches), "a promise not kept"


@pytest.mark.needs(Capability.LISTS)
def test_comments_written_while_a_poll_is_paging_are_not_lost(driver: Driver) -> None:
    sent = {driver.comment(f"before {n}") for n in range(105)}
    driver.at_each_call(lambda: sent.add(driver.comment(f"meanwhile {len(sent)}")))
    first, cursor, _ = poll(driver, None)
    second, cursor, _ = poll(driver, cursor)
    driver.mend()
    third, _, _ = poll(driver, cursor)
    assert {c.id for c in (*first, *second, *third)} == sent


@pytest.mark.needs(Capability.LISTS)
def test_comments_deleted_while_a_poll_is_paging_take_no_others_along(driver: Driver) -> None:
    ids = [driver.comment(f"comment {n}") for n in range(115)]
    doomed = iter(ids[-40:])
    removed: set[str] = set()

    def remove_some() -> None:
        for comment_id in (next(doomed, None) for _ in range(15)):
            if comment_id is not None:
                driver.remove(comment_id)
                removed.add(comment_id)

    driver.at_each_call(remove_some)
    first, cursor, _ = poll(driver, None)
    driver.mend()
    second, _, _ = poll(driver, cursor)
    assert {c.id for c in (*first, *second)} >= set(ids) - removed


@pytest.mark.needs(Capability.LISTS)
def test_a_batch_that_was_not_stored_comes_again(driver: Driver) -> None:
    driver.comment("stored")
    _, cursor, _ = poll(driver, None)
    sent = {driver.comment(f"not stored {n}") for n in range(3)}
    once, _, _ = poll(driver, cursor)
    again, _, _ = poll(driver, cursor)
    assert {c.id for c in once} >= sent and {c.id for c in again} >= sent


@pytest.mark.needs(Capability.LISTS)
@pytest.mark.parametrize("cursor", ["", "7", "null", "[]", "{}", '{"v":99}', "\x00", "{" * 5000])
def test_a_cursor_that_makes_no_sense_starts_anew(driver: Driver, cursor: str) -> None:
    comment_id = driver.comment("still found")
    comments, following, _ = poll(driver, cursor)
    assert comment_id in {c.id for c in comments}
    assert driver.adapter().fetch_since(following).cursor


@pytest.mark.needs(Capability.LISTS)
def test_an_edit_is_seen(driver: Driver) -> None:
    old_id = driver.comment("first words")
    driver.wait(hours=2)
    driver.comment("another comment")
    _, cursor, _ = poll(driver, None)
    driver.wait(hours=30)
    new_id = driver.edit(old_id, "other words")
    comments, _, _ = poll(driver, cursor)
    assert (new_id, "other words") in versions(comments)
    now = driver.adapter().fetch_many([old_id, new_id])
    assert (found := now[new_id]) is not None and found.text == "other words"
    if new_id != old_id:  # the platform edits by deleting and writing anew
        assert Capability.EDITS not in driver.adapter().capabilities
        assert now[old_id] is None


@pytest.mark.needs(Capability.LISTS, Capability.LOOKS_UP)
def test_a_deletion_is_noticed_and_nothing_else_is(driver: Driver) -> None:
    ids = [driver.comment(f"comment {n}") for n in range(5)]
    driver.wait(hours=2)
    bystander = driver.comment("long after")
    known, cursor, _ = poll(driver, None)
    driver.wait(hours=30)
    driver.remove(ids[2])
    _, _, batches = poll(driver, cursor)
    adapter = driver.adapter()
    if Capability.LISTS_EDITS in adapter.capabilities:
        assert _missing(known, batches[-1]) == {ids[2]}
    found = adapter.fetch_many([*ids, bystander])
    assert {id_ for id_, comment in found.items() if comment is None} == {ids[2]}
    assert adapter.fetch_one(ids[2]) is None


@pytest.mark.needs(Capability.LOOKS_UP)
def test_many_are_read_back_at_once_and_the_gone_are_told_apart(driver: Driver) -> None:
    ids = [driver.comment(f"comment {n}") for n in range(104)]
    for gone in ids[::20]:
        driver.remove(gone)
    found = driver.adapter().fetch_many(ids)
    assert list(found) == ids or found.keys() == set(ids)
    assert {id_ for id_, comment in found.items() if comment is None} == set(ids[::20])
    assert driver.adapter().fetch_many([]) == {}


@pytest.mark.needs(Capability.HIDE, Capability.RESTORE)
def test_hiding_takes_a_comment_out_of_sight_and_restoring_brings_it_back(driver: Driver) -> None:
    text = "words that are to vanish"
    comment_id = driver.comment(text)
    driver.comment("a bystander")
    known, cursor, _ = poll(driver, None)
    adapter = driver.adapter()
    for act, public in ((adapter.hide, False), (adapter.restore, True)):
        for _ in range(2):  # every write may be repeated
            act(comment_id)
            assert driver.is_public(comment_id, text) is public
        comment = driver.adapter().fetch_one(comment_id)
        assert comment is not None and comment.text == text
        if Capability.READ_HIDDEN in adapter.capabilities:
            assert comment.hidden is not public
            listed = {c.id: c for c in poll(driver, cursor)[0]}[comment_id]
            assert listed.hidden is not public and listed.text == text
    assert not _missing(known, driver.adapter().fetch_since(cursor))


@pytest.mark.needs(Capability.LISTS, Capability.HIDE)
def test_a_reply_under_a_hidden_comment_still_arrives(driver: Driver) -> None:
    parent = driver.comment("to be hidden")
    _, cursor, _ = poll(driver, None)
    driver.adapter().hide(parent)
    reply = driver.comment("below it", parent=parent)
    assert reply in {c.id for c in poll(driver, cursor)[0]}


@pytest.mark.needs(Capability.LISTS, Capability.SIGNS_IN)
def test_the_pages_own_words_are_marked(driver: Driver) -> None:
    own = driver.own_comment("Doors open at six.")
    stranger = driver.comment("Thank you")
    by_page = {c.id: c.by_page for c in poll(driver, None)[0]}
    assert by_page == {own: True, stranger: False}


@pytest.mark.needs(Capability.HIDE, Capability.RESTORE)
def test_a_comment_that_is_gone_cannot_be_hidden_or_restored(driver: Driver) -> None:
    comment_id = driver.comment("short-lived")
    driver.remove(comment_id)
    adapter = driver.adapter()
    for act in (adapter.hide, adapter.restore):
        with pytest.raises(CommentGone):
            act(comment_id)


def test_deleting_removes_where_the_platform_lets_us(driver: Driver) -> None:
    text = "a person decided that this goes"
    comment_id = driver.comment(text)
    driver.comment("a bystander")
    adapter = driver.adapter()
    if Capability.DELETE not in adapter.capabilities:
        with pytest.raises(Unsupported):
            adapter.delete(comment_id)
        assert driver.is_public(comment_id, text)
        return
    for _ in range(2):
        adapter.delete(comment_id)
        assert not driver.is_public(comment_id, text)
    left = adapter.fetch_one(comment_id)
    assert left is None or left.hidden


@pytest.mark.needs(Capability.SIGNS_IN)
def test_an_expired_token_is_named_by_every_call(driver: Driver) -> None:
    comment_id = driver.comment("still there")
    adapter = driver.adapter()
    _, cursor, _ = poll(driver, None)
    driver.expire_token()
    for name, call in _calls(adapter, comment_id).items():
        with pytest.raises(AuthExpired):
            call()
            pytest.fail(f"{name} works without a token")
    with pytest.raises(AuthExpired):
        adapter.fetch_since(cursor)


@pytest.mark.needs(Capability.SIGNS_IN, Capability.HIDE)
def test_a_token_without_rights_is_named_by_check_andpoll(driver: Driver) -> None:
    comment_id = driver.comment("still there")
    adapter = driver.blind_adapter()
    for call in (adapter.check, lambda: adapter.fetch_since(None)):
        with pytest.raises(MissingScope):
            call()
    with pytest.raises(MissingScope):
        adapter.hide(comment_id)


@pytest.mark.needs(Capability.SIGNS_IN, Capability.HIDE, Capability.RESTORE)
def test_a_token_that_may_only_read_is_named_by_the_first_hide(driver: Driver) -> None:
    text = "stays in sight"
    comment_id = driver.comment(text)
    adapter = driver.read_only_adapter()
    with pytest.raises(MissingScope):
        adapter.hide(comment_id)
    assert driver.is_public(comment_id, text)
    driver.adapter().hide(comment_id)
    with pytest.raises(MissingScope):
        adapter.restore(comment_id)
    assert not driver.is_public(comment_id, text)


@pytest.mark.needs(Capability.LISTS)
def test_a_rate_limit_says_how_long_to_wait(driver: Driver) -> None:
    comment_id = driver.comment("still there")
    adapter = driver.adapter()
    calls = _calls(adapter, comment_id)
    for call in calls.values():
        call()
    longest_seconds = driver.limit_rate()
    for name, call in calls.items():
        with pytest.raises(RateLimited) as caught:
            call()
            pytest.fail(f"{name} is not limited")
        assert 0 < caught.value.retry_after_seconds <= longest_seconds
        assert not caught.value.permanent


@pytest.mark.needs(Capability.LISTS)
@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_answer_is_an_error_that_passes_and_loses_nothing(
    driver: Driver, kind: str
) -> None:
    text = "still there"
    comment_id = driver.comment(text)
    _, cursor, _ = poll(driver, None)
    later = driver.comment("written meanwhile")
    adapter = driver.adapter()
    expected = Unreachable if kind in ("reset", "server_error") else BadAnswer
    driver.spoil(kind)
    for name, call in _calls(adapter, comment_id).items():
        with pytest.raises(PlatformError) as caught:
            call()
            pytest.fail(f"{name} takes {kind} for an answer")
        assert isinstance(caught.value, expected), (name, type(caught.value))
        assert not caught.value.permanent
    with pytest.raises(expected):
        adapter.fetch_since(cursor)
    driver.mend()
    if Capability.RESTORE in adapter.capabilities:
        adapter.restore(comment_id)
    assert {c.id for c in poll(driver, cursor)[0]} >= {later}
    assert driver.is_public(comment_id, text)


@pytest.mark.needs(Capability.LISTS)
@pytest.mark.parametrize(
    ("status", "body"), [pytest.param(s, b, id=f"{s} {b[:40]!r}") for s, b in NONSENSE]
)
def test_no_nonsense_brings_an_adapter_down_or_moves_it_on(
    driver: Driver, status: int, body: bytes
) -> None:
    comment_id = driver.comment("still there")
    _, cursor, _ = poll(driver, None)
    later = driver.comment("written meanwhile")
    adapter = driver.adapter()
    driver.answer_with(status, body)
    for name, call in _calls(adapter, comment_id).items():
        try:
            call()
        except PlatformError:
            continue
        # An empty listing may pass for one, and then for a working token.
        assert name in ("check", "fetch_since") and status == 200, f"{name} takes it for an answer"
    try:
        following = adapter.fetch_since(cursor).cursor
    except PlatformError:
        following = cursor
    driver.mend()
    assert later in {c.id for c in poll(driver, following)[0]}


@pytest.mark.needs(Capability.LISTS)
def test_hostile_texts_come_through_as_sent(driver: Driver) -> None:
    texts = driver.hostile_texts()
    sent = {driver.comment(text): name for name, text in texts.items()}
    comments, _, _ = poll(driver, None)
    assert {c.id for c in comments} == sent.keys()
    many = driver.adapter().fetch_many(list(sent))
    for comment in comments:
        name = sent[comment.id]
        assert comment.text == texts[name], name
        again = many[comment.id]
        assert again is not None and again.text_sha256 == comment.text_sha256
