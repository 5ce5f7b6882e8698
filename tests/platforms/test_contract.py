"""What every adapter promises, whatever its platform: see modbot.ports.PlatformAdapter."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack

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
from tests.platforms.contract import SPOILT, Driver, SandboxDriver, WordPressDriver

PLATFORMS = [
    "facebook",
    "instagram",
    "x",
    pytest.param("wordpress", marks=pytest.mark.servers),
]
Version = tuple[str, str]  # comment id and text: what is stored once and judged once


@pytest.fixture(params=PLATFORMS)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with ExitStack() as stack:
        if request.param == "wordpress":
            yield WordPressDriver(request.getfixturevalue("wordpress"), stack)
        else:
            yield SandboxDriver(request.param, stack)


def _poll(driver: Driver, cursor: str | None) -> tuple[list[Comment], str, list[CommentBatch]]:
    """All there is since the cursor, by a new adapter for each call, and the next cursor."""
    batches = [driver.adapter().fetch_since(cursor)]
    while batches[-1].more:
        assert len(batches) < 50, "a poll that does not come to an end"
        batches.append(driver.adapter().fetch_since(batches[-1].cursor))
    for batch in batches:
        ids = [c.id for c in batch.comments]
        assert len(ids) == len(set(ids)), "one comment twice in a batch"
        times = [c.created_at for c in batch.comments]
        assert times == sorted(times), "not oldest first"
    found = [c for batch in batches for c in batch.comments if driver.mine(c)]
    return found, batches[-1].cursor, batches


def _versions(comments: Iterable[Comment]) -> set[Version]:
    return {(c.id, c.text) for c in comments}


def _missing(known: Iterable[Comment], batch: CommentBatch) -> set[str]:
    """Known comments that the batch promises and does not hold."""
    shown = {c.id for c in batch.comments}
    return {
        c.id
        for c in known
        if c.id not in shown
        and any(p.post_id in (None, c.post_id) and c.created_at >= p.since for p in batch.covered)
    }


def _below(comment_id: str, replies: Mapping[str, list[str]]) -> list[str]:
    """The comment and all under it."""
    below = [one for reply in replies.get(comment_id, []) for one in _below(reply, replies)]
    return [comment_id, *below]


def _calls(adapter: PlatformAdapter, comment_id: str) -> dict[str, Callable[[], object]]:
    return {
        "check": adapter.check,
        "fetch_since": lambda: adapter.fetch_since(None),
        "fetch_one": lambda: adapter.fetch_one(comment_id),
        "fetch_many": lambda: adapter.fetch_many([comment_id]),
        "hide": lambda: adapter.hide(comment_id),
        "restore": lambda: adapter.restore(comment_id),
    }


def test_a_working_token_passes_the_check(driver: Driver) -> None:
    driver.adapter().check()


def test_a_comment_arrives_whole(driver: Driver) -> None:
    first = driver.comment("¿A qué hora es?")
    reply = driver.comment("A las seis", parent=first)
    comments, _, batches = _poll(driver, None)
    by_id = {c.id: c for c in comments}
    assert by_id.keys() == {first, reply}
    assert by_id[first].parent_id is None
    assert by_id[reply].parent_id == first
    adapter = driver.adapter()
    for comment in comments:
        assert comment.page_id == adapter.page.id and comment.platform == driver.platform
        assert comment.created_at.utcoffset() is not None
        assert not comment.by_page and comment.can_hide
        assert comment.raw.startswith(b"{")
        assert comment.hidden is (False if Capability.READ_HIDDEN in adapter.capabilities else None)
    posts = {post.id: post.text for batch in batches for post in batch.posts}
    assert "Open house" in posts[by_id[first].post_id]


def test_nothing_is_lost_over_bursts_and_quiet_polls(driver: Driver) -> None:
    sent: set[Version] = set()
    arrived: set[Version] = set()
    cursor: str | None = None
    known: list[Comment] = []
    for burst in (1, 0, 110, 3, 0):
        texts = [f"burst {burst}, comment {n}" for n in range(burst)]
        sent |= {(driver.comment(text), text) for text in texts}
        comments, cursor, batches = _poll(driver, cursor)
        known += comments
        arrived |= _versions(comments)
        assert arrived == sent
        assert all(not _missing(known, batch) for batch in batches), "a promise not kept"


def test_comments_written_while_a_poll_is_paging_are_not_lost(driver: Driver) -> None:
    sent = {driver.comment(f"before {n}") for n in range(105)}
    driver.at_each_call(lambda: sent.add(driver.comment(f"meanwhile {len(sent)}")))
    first, cursor, _ = _poll(driver, None)
    second, cursor, _ = _poll(driver, cursor)
    driver.mend()
    third, _, _ = _poll(driver, cursor)
    assert {c.id for c in (*first, *second, *third)} == sent


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
    first, cursor, _ = _poll(driver, None)
    driver.mend()
    second, _, _ = _poll(driver, cursor)
    assert {c.id for c in (*first, *second)} >= set(ids) - removed


def test_a_batch_that_was_not_stored_comes_again(driver: Driver) -> None:
    driver.comment("stored")
    _, cursor, _ = _poll(driver, None)
    sent = {driver.comment(f"not stored {n}") for n in range(3)}
    once, _, _ = _poll(driver, cursor)
    again, _, _ = _poll(driver, cursor)
    assert {c.id for c in once} >= sent and {c.id for c in again} >= sent


@pytest.mark.parametrize("cursor", ["", "7", "null", "[]", "{}", '{"v":99}', "\x00", "{" * 5000])
def test_a_cursor_that_makes_no_sense_starts_anew(driver: Driver, cursor: str) -> None:
    comment_id = driver.comment("still found")
    comments, following, _ = _poll(driver, cursor)
    assert comment_id in {c.id for c in comments}
    assert driver.adapter().fetch_since(following).cursor


def test_an_edit_is_seen(driver: Driver) -> None:
    old_id = driver.comment("first words")
    driver.comment("another comment")
    _, cursor, _ = _poll(driver, None)
    new_id = driver.edit(old_id, "other words")
    comments, _, _ = _poll(driver, cursor)
    assert (new_id, "other words") in _versions(comments)
    now = driver.adapter().fetch_many([old_id, new_id])
    assert (found := now[new_id]) is not None and found.text == "other words"
    if new_id != old_id:  # the platform edits by deleting and writing anew
        assert Capability.EDITS not in driver.adapter().capabilities
        assert now[old_id] is None


def test_a_deletion_is_noticed_and_nothing_else_is(driver: Driver) -> None:
    ids = [driver.comment(f"comment {n}") for n in range(5)]
    known, cursor, _ = _poll(driver, None)
    driver.remove(ids[2])
    _, _, batches = _poll(driver, cursor)
    adapter = driver.adapter()
    if Capability.LISTS_EDITS in adapter.capabilities:
        assert _missing(known, batches[-1]) == {ids[2]}
    found = adapter.fetch_many(ids)
    assert {id_ for id_, comment in found.items() if comment is None} == {ids[2]}
    assert adapter.fetch_one(ids[2]) is None


def test_many_are_read_back_at_once_and_the_gone_are_told_apart(driver: Driver) -> None:
    ids = [driver.comment(f"comment {n}") for n in range(104)]
    for gone in ids[::20]:
        driver.remove(gone)
    found = driver.adapter().fetch_many(ids)
    assert list(found) == ids or found.keys() == set(ids)
    assert {id_ for id_, comment in found.items() if comment is None} == set(ids[::20])
    assert driver.adapter().fetch_many([]) == {}


def test_hiding_takes_a_comment_out_of_sight_and_restoring_brings_it_back(driver: Driver) -> None:
    text = "words that are to vanish"
    comment_id = driver.comment(text)
    driver.comment("a bystander")
    known, cursor, _ = _poll(driver, None)
    adapter = driver.adapter()
    for act, public in ((adapter.hide, False), (adapter.restore, True)):
        for _ in range(2):  # every write may be repeated
            act(comment_id)
            assert driver.is_public(comment_id, text) is public
        comment = driver.adapter().fetch_one(comment_id)
        assert comment is not None and comment.text == text
        if Capability.READ_HIDDEN in adapter.capabilities:
            assert comment.hidden is not public
            listed = {c.id: c for c in _poll(driver, cursor)[0]}[comment_id]
            assert listed.hidden is not public and listed.text == text
    assert not _missing(known, driver.adapter().fetch_since(cursor))


def test_a_reply_under_a_hidden_comment_still_arrives(driver: Driver) -> None:
    parent = driver.comment("to be hidden")
    _, cursor, _ = _poll(driver, None)
    driver.adapter().hide(parent)
    reply = driver.comment("below it", parent=parent)
    assert reply in {c.id for c in _poll(driver, cursor)[0]}


def test_the_pages_own_words_are_marked(driver: Driver) -> None:
    own = driver.own_comment("Doors open at six.")
    stranger = driver.comment("Thank you")
    by_page = {c.id: c.by_page for c in _poll(driver, None)[0]}
    assert by_page == {own: True, stranger: False}


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


def test_an_expired_token_is_named_by_every_call(driver: Driver) -> None:
    comment_id = driver.comment("still there")
    adapter = driver.adapter()
    _, cursor, _ = _poll(driver, None)
    driver.expire_token()
    for name, call in _calls(adapter, comment_id).items():
        with pytest.raises(AuthExpired):
            call()
            pytest.fail(f"{name} works without a token")
    with pytest.raises(AuthExpired):
        adapter.fetch_since(cursor)


def test_a_token_without_rights_is_named_by_check_and_poll(driver: Driver) -> None:
    comment_id = driver.comment("still there")
    adapter = driver.blind_adapter()
    for call in (adapter.check, lambda: adapter.fetch_since(None)):
        with pytest.raises(MissingScope):
            call()
    with pytest.raises(MissingScope):
        adapter.hide(comment_id)


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


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_answer_is_an_error_that_passes_and_loses_nothing(
    driver: Driver, kind: str
) -> None:
    text = "still there"
    comment_id = driver.comment(text)
    _, cursor, _ = _poll(driver, None)
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
    adapter.restore(comment_id)
    assert {c.id for c in _poll(driver, cursor)[0]} >= {later}
    assert driver.is_public(comment_id, text)


NONSENSE = [
    (200, b"null"),
    (200, b"7"),
    (200, b'"yes"'),
    (200, b"{}"),
    (200, b'{"data":null}'),
    (200, b'{"data":[null]}'),
    (200, b'{"data":[[]]}'),
    (200, b'{"data":[{}]}'),
    (200, b'{"data":[{"id":7}]}'),
    (200, b'{"data":{"id":{}}}'),
    (200, b'{"id":"7"}'),
    (200, b'{"id":7,"status":true,"is_hidden":"yes","hidden":1}'),
    (200, b'{"success":true}'),
    (200, b'{"error":{"code":"190"}}'),
    (200, b'{"errors":[7]}'),
    (200, b'[{"id":"7"}]'),
    (200, b'{"data":' * 50_000),
    (200, b'{"data":' + b"9" * 5000 + b"}"),
    (200, b"\xff\xfe"),
    (204, b""),
    (400, b'{"error":7}'),
    (400, b'{"error":{"code":null,"message":[]}}'),
    (400, b'{"errors":"no"}'),
    (400, b'{"detail":7,"errors":[7]}'),
    (401, b"null"),
    (403, b'"no"'),
    (404, b"[]"),
    (418, b"{}"),
    (429, b"[7]"),
    (500, b"{"),
    (503, b'{"code":7}'),
]


@pytest.mark.parametrize(
    ("status", "body"), [pytest.param(s, b, id=f"{s} {b[:40]!r}") for s, b in NONSENSE]
)
def test_no_nonsense_brings_an_adapter_down_or_moves_it_on(
    driver: Driver, status: int, body: bytes
) -> None:
    comment_id = driver.comment("still there")
    _, cursor, _ = _poll(driver, None)
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
    assert later in {c.id for c in _poll(driver, following)[0]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_every_poll_of_a_random_day_all_that_is_there_was_seen(
    driver: Driver, seed: int
) -> None:
    chance = random.Random(seed)
    there: dict[str, str] = {}
    replies: dict[str, list[str]] = {}
    hidden: set[str] = set()
    arrived: set[Version] = set()
    cursor: str | None = None
    edits = Capability.EDITS in driver.adapter().capabilities
    for step in range(60):
        some = chance.choice(sorted(there)) if there else ""
        match chance.choice(["comment"] * 5 + ["edit", "remove", "hide", "restore"] + ["poll"] * 4):
            case "comment" if len(there) < 40:
                parent = some if chance.random() < 0.3 else None
                new = driver.comment(f"step {step}", parent=parent)
                there[new] = f"step {step}"
                replies.setdefault(parent or "", []).append(new)
            case "edit" if some and edits:
                driver.edit(some, there[some] + "!")
                there[some] += "!"
            case "remove" if some:
                driver.remove(some)
                for gone in _below(some, replies) if driver.replies_go_along else [some]:
                    there.pop(gone, None)
            case "hide" if some:
                driver.adapter().hide(some)
                hidden.add(some)
            case "restore" if some:
                driver.adapter().restore(some)
                hidden.discard(some)
            case "poll":
                if chance.random() < 0.3:
                    driver.spoil(chance.choice(SPOILT))
                    with pytest.raises(PlatformError):
                        driver.adapter().fetch_since(cursor)
                    driver.mend()
                comments, cursor, _ = _poll(driver, cursor)
                arrived |= _versions(comments)
                assert there.items() <= arrived
                if Capability.READ_HIDDEN in driver.adapter().capabilities:
                    assert {c.id for c in comments if c.hidden} <= hidden
                    assert {c.id for c in comments if not c.hidden}.isdisjoint(hidden)


def test_hostile_texts_come_through_as_sent(driver: Driver) -> None:
    texts = driver.hostile_texts()
    sent = {driver.comment(text): name for name, text in texts.items()}
    comments, _, _ = _poll(driver, None)
    assert {c.id for c in comments} == sent.keys()
    many = driver.adapter().fetch_many(list(sent))
    for comment in comments:
        name = sent[comment.id]
        assert comment.text == texts[name], name
        again = many[comment.id]
        assert again is not None and again.text_sha256 == comment.text_sha256
