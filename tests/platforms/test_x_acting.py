"""The X adapter looks again, hides and restores, and knows what its tokens may do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modbot.domain import Capability
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    Unsupported,
)
from platforms.x import XAdapter
from tests.platforms.x_district import District

# Looking again


def test_deleted_replies_are_none_and_edited_ones_have_a_new_id(district: District) -> None:
    kept, gone, edited = district.reply("a"), district.reply("b"), district.reply("c")
    district.world.delete_comment(gone)
    new = district.world.edit_comment(edited, "d")
    found = district.adapter().fetch_many([kept, gone, edited, new])
    assert {i: c.text if c else None for i, c in found.items()} == {
        kept: "a",
        gone: None,
        edited: None,
        new: "d",
    }
    assert district.adapter().fetch_one(gone) is None


def test_many_are_looked_up_a_hundred_at_a_time(district: District) -> None:
    ids = [district.reply(str(n)) for n in range(101)]
    found = district.adapter().fetch_many([*ids, *ids])
    assert district.paths() == ["GET /2/tweets", "GET /2/tweets"]
    assert [c.text for c in found.values() if c] == [str(n) for n in range(101)]


def test_nothing_is_looked_up_for_nothing(district: District) -> None:
    assert district.adapter().fetch_many([]) == {}
    assert district.paths() == []


def test_a_reply_that_x_could_not_load_is_not_taken_for_deleted(district: District) -> None:
    problem = {
        "resource_id": "5",
        "resource_type": "tweet",
        "title": "Unavailable",
        "detail": "later",
        "type": "https://api.x.com/2/problems/resource-unavailable",
    }
    district.answers({"errors": [problem]})
    with pytest.raises(BadAnswer):
        district.adapter().fetch_one("5")
    district.answers({})
    with pytest.raises(BadAnswer):
        district.adapter().fetch_one("5")


# Acting


def test_hide_and_restore_reach_the_platform_and_may_be_repeated(district: District) -> None:
    reply, adapter = district.reply(), district.adapter()
    adapter.hide(reply)
    adapter.hide(reply)
    assert district.world.hidden_ids() == {reply}
    adapter.restore(reply)
    adapter.restore(reply)
    assert [e.hidden for e in district.world.effects] == [True, False]


def test_a_deleted_reply_cannot_be_hidden(district: District) -> None:
    reply = district.reply()
    district.world.delete_comment(reply)
    with pytest.raises(CommentGone):
        district.adapter().hide(reply)


def test_a_refused_hide_of_a_reply_that_is_gone_is_no_missing_scope(district: District) -> None:
    reply = district.reply()
    district.world.delete_comment(reply)
    district.answers({"title": "Forbidden", "type": "about:blank"}, status=403)
    with pytest.raises(CommentGone):
        district.adapter().hide(reply)


def test_a_reply_in_anothers_conversation_is_unsupported_not_a_missing_scope(
    district: District,
) -> None:
    other = district.world.add_page("x", "Some Newspaper")
    theirs = district.world.add_comment(district.world.add_post(other, "hm"), "@LPS")
    with pytest.raises(Unsupported):
        district.adapter().hide(theirs)


def test_a_token_without_the_moderate_scope_is_named_so(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, scopes=["tweet.read", "users.read"])
    with pytest.raises(MissingScope):
        district.adapter(token=token).hide(reply)
    assert district.world.effects == []


def test_an_app_only_token_may_not_hide(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, kind="app")
    with pytest.raises(MissingScope):
        district.adapter(token=token).hide(reply)


def test_an_unconfirmed_hide_is_no_success(district: District) -> None:
    reply = district.reply()
    for body in ({"data": {"hidden": False}}, {"data": {}}, {"data": {"hidden": "true"}}, {}):
        district.answers(body)
        with pytest.raises(BadAnswer):
            district.adapter().hide(reply)


def test_deleting_is_unsupported(district: District) -> None:
    with pytest.raises(Unsupported):
        district.adapter().delete(district.reply())
    assert Capability.DELETE not in XAdapter.capabilities


@pytest.mark.parametrize("comment_id", ["../users/me", "1/hidden", "", "１２３", "1" * 20])
def test_an_id_that_is_none_of_xs_never_becomes_an_address(
    district: District, comment_id: str
) -> None:
    adapter = district.adapter()
    for call in (adapter.hide, adapter.restore, adapter.fetch_one):
        with pytest.raises(BadRequest):
            call(comment_id)
    assert district.paths() == []


# Access


def test_oauth1_keys_read_and_hide(district: District) -> None:
    reply = district.reply()
    token = district.world.issue_token(district.account, kind="oauth1")
    adapter = district.adapter(
        consumer_key="ck", consumer_secret="cs", access_token=token, access_token_secret="ts"
    )
    adapter.check()
    assert [c.id for c in adapter.fetch_since(None).comments] == [reply]
    adapter.hide(reply)
    assert district.world.hidden_ids() == {reply}


def test_check_finds_read_only_keys_before_the_first_hide(district: District) -> None:
    token = district.world.issue_token(
        district.account, scopes=["tweet.read", "users.read"], kind="oauth1"
    )
    adapter = district.adapter(
        consumer_key="ck", consumer_secret="cs", access_token=token, access_token_secret="ts"
    )
    with pytest.raises(MissingScope, match="write"):
        adapter.check()


def test_check_passes_on_a_good_token_and_refuses_another_accounts(district: District) -> None:
    district.adapter().check()
    other = district.world.add_page("x", "Some Newspaper")
    with pytest.raises(MissingScope, match=other):
        district.adapter(token=district.world.issue_token(other)).check()


def test_missing_secrets_are_named(district: District) -> None:
    with pytest.raises(AuthExpired, match="consumer_key"):
        district.adapter(consumer_key="only one of four")


def test_an_account_that_x_does_not_know_is_no_quiet_page(district: District) -> None:
    district.page = replace(district.page, external_id="12345")
    with pytest.raises(BadRequest):
        district.adapter().fetch_since(None)
