"""Words and the table rows of their pieces."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.embedded.pieces import (
    MAX_WORD_LETTERS,
    NGRAM_PIECES,
    VECTOR_PIECES,
    split_words,
    word_spans,
)


def test_words_keep_their_order_and_apostrophes() -> None:
    assert split_words("don't you?! 🖕ok") == ["don't", "you", "?!", "🖕", "ok"]


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_no_word_is_empty_or_too_long(text: str) -> None:
    assert all(0 < len(word) <= MAX_WORD_LETTERS for word in split_words(text))


@given(st.text(st.characters(max_codepoint=127), max_size=100))
def test_ascii_is_split_as_it_is_beside_other_letters(text: str) -> None:
    assert split_words(f"{text} ñ") == [*split_words(text), "ñ"]


def test_a_word_has_the_same_rows_in_any_company() -> None:
    rows, counts, _ = VECTOR_PIECES.of_words(["puta", "a", "school"])
    assert counts.tolist() == [4 + 3 + 2 + 1, 1 + 1, 6 + 5 + 4 + 1]
    assert rows[10:12].tolist() == VECTOR_PIECES.of_words(["a"])[0].tolist()
    assert 0 <= rows.min() <= rows.max() < VECTOR_PIECES.buckets


def test_short_pieces_count_where_they_are_asked_for() -> None:
    _, counts, _ = NGRAM_PIECES.of_words(["ok"])
    assert counts.tolist() == [3 + 2 + 1 + 1]


def test_a_pair_of_words_knows_its_order_and_how_far_apart_they_stand() -> None:
    _, _, hashes = NGRAM_PIECES.of_words(["not", "good"])
    one, other = hashes[:1], hashes[1:]
    rows = {
        int(NGRAM_PIECES.of_pairs(one, other, apart=1)[0]),
        int(NGRAM_PIECES.of_pairs(other, one, apart=1)[0]),
        int(NGRAM_PIECES.of_pairs(one, other, apart=2)[0]),
    }
    assert len(rows) == 3
    assert max(rows) < NGRAM_PIECES.buckets


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_spans_are_those_of_the_words_and_no_word_lies_between_two(text: str) -> None:
    words = split_words(text)
    spans = word_spans(text, words)
    assert [text[start:end] for start, end in spans] == words
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    gaps = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert not any(map(split_words, gaps))


def test_a_words_hash_does_not_depend_on_what_pieces_are_taken() -> None:
    words = ["guagua", "bus", "é"]
    assert np.array_equal(VECTOR_PIECES.of_words(words)[2], NGRAM_PIECES.of_words(words)[2])
