"""Strangers' text in pieces: matches marked, unseen characters shown, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.web.marking import Piece, Span, excerpt, pieces, visible


def spans(*places: tuple[int | None, int | None]) -> list[Span]:
    return [Span(start=start, end=end, rule=f"r{i}") for i, (start, end) in enumerate(places)]


def marked(found: list[Piece]) -> list[str]:
    return [piece.text for piece in found if piece.marked]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([(4, 8)], ["darn"], id="one word"),
        pytest.param([(0, 3), (4, 8)], ["oh,", "darn"], id="two words"),
        pytest.param([(4, 6), (5, 8)], ["darn"], id="overlapping spans are one mark"),
        pytest.param([(4, 8), (4, 8)], ["darn"], id="the same span twice is one mark"),
        pytest.param([(4, 8), (5, 6)], ["darn"], id="a span inside another"),
        pytest.param([(None, None)], [], id="no place"),
        pytest.param([(6, 4)], [], id="end before start"),
        pytest.param([(-3, 2)], [], id="before the text"),
        pytest.param([(4, 99)], [], id="beyond the text"),
        pytest.param([(3, 3)], [], id="nothing matched"),
    ],
)
def test_it_marks_what_a_signal_found(
    places: list[tuple[int | None, int | None]], expected: list[str]
) -> None:
    assert marked(pieces("oh, darn it", spans(*places))) == expected


def test_an_overlap_names_every_rule_that_matched_there() -> None:
    found = pieces("oh, darn it", spans((4, 6), (5, 8)))
    assert [piece.rules for piece in found if piece.marked] == [("r0", "r1")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\u202eb", "a⟨U+202E⟩b", id="right-to-left override"),
        pytest.param("a\u200bb", "a⟨U+200B⟩b", id="zero-width space"),
        pytest.param("a\x1b[31m", "a⟨U+001B⟩[31m", id="terminal escape"),
        pytest.param("a\x00b", "a⟨U+0000⟩b", id="NUL"),
        pytest.param("a\ud800b", "a⟨U+D800⟩b", id="lone surrogate"),
        pytest.param("a\xadb", "a⟨U+00AD⟩b", id="soft hyphen"),
        pytest.param("a\U000e0041", "a⟨U+E0041⟩", id="tag character"),
        pytest.param("line\nnext\ttab", "line\nnext\ttab", id="line feed and tab stay"),
        pytest.param("👩\u200d👧", "👩\u200d👧", id="a joiner inside an emoji stays"),
        pytest.param("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥", id="a joiner after a colour mark stays"),
        pytest.param("a\u200db", "a⟨U+200D⟩b", id="a joiner between letters"),
        pytest.param("¿Cómo está, señora?", "¿Cómo está, señora?", id="Spanish"),
    ],
)
def test_unseen_characters_are_shown_by_number(text: str, shown: str) -> None:
    assert visible(text) == shown
    found = pieces(text, [])
    assert "".join(f"⟨{p.unseen}⟩" if p.unseen else p.text for p in found) == shown


@given(
    st.text(st.characters(), max_size=60),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6),
)
def test_the_pieces_joined_are_the_text(text: str, places: list[tuple[int, int]]) -> None:
    found = pieces(text, spans(*places))
    assert "".join(piece.text for piece in found) == text
    assert all(piece.text for piece in found)


def test_a_long_text_is_cut_around_its_first_match() -> None:
    text = "x" * 5000 + " darn " + "y" * 5000
    found, cut = excerpt(text, spans((5001, 5005)), length=700)
    assert cut
    assert marked(found) == ["darn"]
    assert found[0].text == "… " and found[-1].text == " …"
    assert sum(len(piece.text) for piece in found) == 700 + 4


def test_a_match_that_runs_over_the_cut_is_marked_as_far_as_it_is_shown() -> None:
    found, _ = excerpt("x" * 1000, spans((100, 1000)), length=700)
    assert len(marked(found)[0]) == 600


def test_a_short_text_is_not_cut() -> None:
    assert excerpt("short", [], length=700) == ([Piece(text="short")], False)
