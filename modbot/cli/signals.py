"""Signals as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modbot.cli.answers import words_and_note
from modbot.domain import Evidence, Signal

COLUMNS = ("source", "category", "score", "rule", "words")


def signal_rows(signals: Iterable[Signal]) -> Iterator[tuple[str, str, float, str, str]]:
    """One row of COLUMNS a signal."""
    for signal in signals:
        evidence = signal.evidence
        yield signal.source, signal.category.value, signal.score, evidence.rule, words_of(evidence)


def words_of(evidence: Evidence) -> str:
    """The words a rule matched, or those that moved a model with their share of its score."""
    if not evidence.shares:
        return words_and_note(evidence)
    return ", ".join(f"{share.text} ({share.share:.0%})" for share in evidence.shares)
