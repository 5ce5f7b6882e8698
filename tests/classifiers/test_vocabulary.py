"""The words of the weights: which of them a service knows from its start."""

from __future__ import annotations

from classifiers.training.vocabulary import common_rows

VOCABULARY = ("bus", "late", "never", "the")
COMMENTS = [("bus", "late"), ("the", "bus"), ("the", "xyzzyx"), ("xyzzyx",) * 9]


def test_the_words_that_are_written_most_are_named_in_the_order_of_the_vocabulary() -> None:
    assert common_rows(COMMENTS, VOCABULARY, most=2) == [1, 4]


def test_words_that_nobody_writes_or_that_are_not_in_the_vocabulary_are_not_named() -> None:
    assert common_rows(COMMENTS, VOCABULARY, most=9) == [1, 2, 4]
