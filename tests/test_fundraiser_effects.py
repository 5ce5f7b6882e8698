"""Which held comments a fundraiser lets through."""

from __future__ import annotations

from collections.abc import Sequence

from modbot.domain import Category, Comment, Decision, Fundraiser, Verdict
from modbot.fundraiser_effects import now_allowed
from modbot.store import PastDecision, PastText
from tests.fakes import make_comment

WASH, CANDY = Fundraiser(name="wash"), Fundraiser(name="candy")


def judge(comments: Sequence[Comment]) -> list[Decision]:
    """Leaves up what is fine anyway, and what an approved fundraiser is named in."""

    def left_up(comment: Comment) -> bool:
        return "fine" in comment.text or any(f.name in comment.text for f in comment.fundraisers)

    return [
        Decision(verdict=Verdict.ALLOW if left_up(comment) else Verdict.HIDE, hide=False)
        for comment in comments
    ]


def names(text: str, fundraiser: str) -> bool:
    return fundraiser in text


def held(*texts: str) -> list[PastText]:
    return [
        PastText(
            version_id=number,
            comment=make_comment(text),
            bot=PastDecision(
                id=100 + number,
                version_id=number,
                verdict=Verdict.HIDE,
                hide=True,
                categories=(Category.SALES.value,),
                signals=(),
                degraded=(),
                reason="",
                person=False,
            ),
            person=None,
        )
        for number, text in enumerate(texts)
    ]


def allowed(texts: list[PastText], fundraiser: Fundraiser, *approved: Fundraiser) -> list[int]:
    return [each.version_id for each in now_allowed(judge, names, texts, fundraiser, approved)]


def test_what_names_it_is_let_through_before_and_after_it_is_approved() -> None:
    texts = held("the wash", "old phones", "candy")
    assert allowed(texts, WASH) == allowed(texts, WASH, WASH) == [0]
    (found,) = now_allowed(judge, names, texts, WASH, ())
    assert (found.decision_id, found.before, found.hide, found.after) == (
        100,
        "hide",
        True,
        "allow",
    )


def test_what_would_be_left_up_without_any_fundraiser_is_not_its_doing() -> None:
    assert allowed(held("the wash is fine", "wash"), WASH, CANDY) == [1]


def test_what_two_let_through_is_told_by_both_and_no_third() -> None:
    texts = held("wash and candy")
    assert allowed(texts, WASH, WASH, CANDY) == allowed(texts, CANDY, WASH, CANDY) == [0]
    assert allowed(texts, Fundraiser(name="cake"), WASH, CANDY) == []


def test_nothing_held_is_nothing_let_through() -> None:
    assert allowed([], WASH, CANDY) == []
