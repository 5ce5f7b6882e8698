"""What the forms of the queue send."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException

from modbot.domain import Verdict

LONGEST_NOTE = 1000  # characters
_LONGEST_REASON = 200  # as policy.toml has it
_GIVEN = (Verdict.HIDE, Verdict.ALLOW, Verdict.ESCALATE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A person's verdict as sent: with a usual reason, a note in their own words, or both."""

    verdict: Verdict
    reason: str
    note: str
    by_hand: bool  # they have removed it in the app

    @property
    def words(self) -> str:
        """Why, as it is kept with the decision."""
        return ": ".join(part for part in (self.reason, self.note.strip()) if part)


def read_answer(verdict: str, reason: str, note: str, by_hand: str) -> Answer:
    """The answer of a form; 400 for a verdict that cannot be given."""
    if verdict not in _GIVEN:
        raise HTTPException(400)
    return Answer(
        verdict=Verdict(verdict),
        reason=reason.strip()[:_LONGEST_REASON],
        note=note,
        by_hand=bool(by_hand),
    )
