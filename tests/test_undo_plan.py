"""What a comment becomes when a person's word on it is taken back."""

from __future__ import annotations

from modbot.domain import Verdict
from modbot.store.deeds import Deed, DoerKind, Standing
from modbot.undo.plan import step, wish_before


def deed(verdict: Verdict, *, hide: bool) -> Deed:
    return Deed(
        decision_id=2,
        comment_row=1,
        page_id="facebook:1",
        verdict=verdict,
        hide=hide,
        category="",
        signals=(),
        thresholds={},
        degraded=(),
    )


HIDDEN_EDIT = Standing(  # hidden, then edited: the bot asked for a person and hid nothing itself
    platform="facebook",
    newest_text=True,
    gone=False,
    hidden=True,
    asked_to_hide=True,
    restoring=False,
    hidden_before=False,
    later=None,
    bot=Verdict.REVIEW,
    bot_hid=False,
)


def test_a_hand_on_that_is_taken_back_shows_nothing_that_was_out_of_sight() -> None:
    handed_on = deed(Verdict.ESCALATE, hide=True)
    wish = wish_before(handed_on, HIDDEN_EDIT)
    found = step(DoerKind.PERSON, handed_on, HIDDEN_EDIT, wish, can_restore=True)
    assert (found.verdict, found.restore) == (Verdict.REVIEW, False)


def test_a_persons_hide_that_is_taken_back_is_shown_again() -> None:
    hid = deed(Verdict.HIDE, hide=True)
    wish = wish_before(hid, HIDDEN_EDIT)
    found = step(DoerKind.PERSON, hid, HIDDEN_EDIT, wish, can_restore=True)
    assert found.restore
