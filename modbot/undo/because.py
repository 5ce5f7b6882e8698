"""The reason that each decision of a run bears: written for the record, and read back, so that a
screen can say it in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from modbot.room_tables import UndoRunRow
from modbot.store import DoerKind

_MINUTE = "%Y-%m-%d %H:%M"
_TOGETHER = "what was decided together at"
_WRITTEN = re.compile(
    rf"Undo of (?:(?P<kind>rule|model|person) (?P<subject>.+?) since|{_TOGETHER}) "
    r"(?P<since>\d{4}-\d\d-\d\d \d\d:\d\d) UTC: (?P<why>.+)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Because:
    """What a reason says of the run that a decision belongs to."""

    kind: str  # of what is taken back: rule, model, person, bulk
    subject: str  # its id or name; of a bulk, none
    since: datetime
    why: str  # the person's own words


def because(run: UndoRunRow) -> str:
    """The reason as it is recorded."""
    since = f"{run.since.strftime(_MINUTE)} UTC"
    if run.kind == DoerKind.BULK:
        return f"Undo of {_TOGETHER} {since}: {run.reason}"
    return f"Undo of {run.kind} {run.subject} since {since}: {run.reason}"


def read_because(reason: str) -> Because | None:
    """What such a reason says; None for any other."""
    found = _WRITTEN.fullmatch(reason)
    if found is None:
        return None
    try:
        since = datetime.strptime(found["since"], _MINUTE).replace(tzinfo=UTC)
    except ValueError:
        return None
    kind = found["kind"] or DoerKind.BULK.value
    return Because(kind=kind, subject=found["subject"] or "", since=since, why=found["why"])
