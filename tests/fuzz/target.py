"""What must hold for every text, whatever bytes it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from classifiers.normalise import fold
from classifiers.rules import RuleSet
from modbot.domain import Comment

RULES = Path(__file__).parents[2] / "config" / "rules"
_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Target:
    """What must hold for every text."""

    def __init__(self, rules: RuleSet):
        self._rules = rules

    def __call__(self, data: bytes) -> None:
        """Raises AssertionError for a text that is folded or judged wrongly."""
        text = data.decode("utf-8", "replace").replace("\ufffd", "\ud800")  # lone surrogates too
        folded = fold(text)
        assert fold(folded.text).text == folded.text, "folding twice changes something"
        assert len(folded.starts) == len(folded.ends) == len(folded.text)
        assert all(
            0 <= start <= end <= len(text)
            for start, end in zip(folded.starts, folded.ends, strict=True)
        )
        for signal in self._rules.judge(_comment(text)):
            shown = signal.evidence
            assert text[shown.start : shown.end] == shown.text, "evidence is not what was written"


def _comment(text: str) -> Comment:
    return Comment(
        page_id="p", platform="facebook", id="1", post_id="1", text=text, created_at=_TIME
    )
