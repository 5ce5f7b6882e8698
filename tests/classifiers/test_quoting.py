"""What counts as somebody else's words: quotation marks of every kind, and words of the post."""

from __future__ import annotations

import pytest

from classifiers.quoting import is_quoted, repeated


def _held(text: str, words: str, post: str = "", *, by_marks: bool = False) -> bool:
    start = text.index(words)
    return is_quoted(text, post, start, start + len(words), by_marks=by_marks)


@pytest.mark.parametrize(
    "text",
    ['she said "you fool" to me', "«you fool»", "he wrote ‘you fool’ there", "'you fool', he said"],
)
def test_words_between_marks_are_quoted(text: str) -> None:
    assert _held(text, "you fool")


@pytest.mark.parametrize(
    "text",
    [
        "y'all are you fool's gold",
        "the kids' bus, you fool, and the parents' car",
        "'cause you fool around that's why",
        "don’t you fool me, it’s late",
    ],
)
def test_an_apostrophe_is_no_quotation_mark(text: str) -> None:
    assert not _held(text, "you fool")


def test_five_words_of_the_post_in_a_row_are_its_own() -> None:
    post = "The sign said: all of you are fools, and it hurt."
    assert _held("It said ALL OF YOU are fools?", "are fools", post)
    assert not _held("of you are fools", "are fools", post)
    assert not _held("It said ALL OF YOU are fools?", "are fools", post, by_marks=True)
    assert repeated("anything at all that is said here", "") == ()


def test_a_long_stretch_of_the_post_is_one() -> None:
    post = "one two three four five six seven eight"
    assert repeated(f"so {post}!", post) == ((2, 3 + len(post) + 1),)


@pytest.mark.parametrize("before", ["", "a ", "a b ", "a b c ", "a b c d "])
@pytest.mark.parametrize("first", range(4))
def test_five_words_of_the_post_are_found_wherever_they_stand(before: str, first: int) -> None:
    words = ["straße", "dos", "tres", "four", "five", "six", "seven", "eight"]
    said = " ".join(words[first : first + 5]).upper()
    post = " ".join(words)
    assert repeated(f"{before}{said} z", post) == (
        (max(len(before) - 1, 0), len(before) + len(said) + 1),
    )
    assert repeated(f"{before}{said.rpartition(' ')[0]} z", post) == ()
