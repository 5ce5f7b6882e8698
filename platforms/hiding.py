"""Hides many comments where each is a call of its own, but looking and reading back is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from modbot.domain import Comment
from modbot.errors import (
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    Unsupported,
)

HIDES_A_CALL = 25  # between the look before and the reading back
REFUSALS_IN_A_ROW = 3
OF_ONE_COMMENT = (CommentGone, Unsupported, BadRequest, BadAnswer, MissingScope)


def hide_each(
    comment_ids: Sequence[str], hide_one: Callable[[str], object]
) -> dict[str, PlatformError | None]:
    """What became of each call; None: no error. What concerns all (rate limit, token, outage) ends
    it, and stands for those not tried. So do refusals in a row: the token may not hide at all."""
    outcome: dict[str, PlatformError | None] = {}
    refusals = 0
    for number, one in enumerate(comment_ids):
        try:
            hide_one(one)
            outcome[one], refusals = None, 0
            continue
        except PlatformError as error:
            outcome[one] = failed = error
        refusals += isinstance(failed, MissingScope)
        if not isinstance(failed, OF_ONE_COMMENT) or refusals >= REFUSALS_IN_A_ROW:
            return outcome | dict.fromkeys(comment_ids[number + 1 :], failed)
    return outcome


def hide_and_read_back(
    comment_ids: Sequence[str],
    hide_one: Callable[[str], object],
    fetch_many: Callable[[Sequence[str]], Mapping[str, Comment | None]],
) -> dict[str, PlatformError | None]:
    """hide_each(), and then what the platform shows: a success that hid nothing is none, and a
    refusal of what is hidden already is no failure."""
    outcome = hide_each(comment_ids, hide_one)
    asked = [one for one, e in outcome.items() if e is None or isinstance(e, OF_ONE_COMMENT)]
    try:
        shown = fetch_many(asked)
    except PlatformError as error:
        return {one: before or error for one, before in outcome.items()}
    return outcome | {one: _ended(shown[one], outcome[one]) for one in asked}


def _ended(state: Comment | None, refusal: PlatformError | None) -> PlatformError | None:
    if state is None:
        return CommentGone("the comment went away while it was being hidden")
    if state.hidden:
        return None
    if not state.can_hide:
        return Unsupported("the platform does not let the page hide this comment")
    return refusal or BadAnswer("the platform confirmed, but the comment is as it was")
