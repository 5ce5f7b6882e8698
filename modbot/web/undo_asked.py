"""What somebody wants to take back, as a form or an address says it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from modbot.people import Person
from modbot.store import DeedChoice, Doer, DoerKind
from modbot.stored_text import shown
from modbot.undo.runs import SUBJECT_CAP
from modbot.web.filters import BadAddress, read_id
from modbot.web.notices import N_

_FIRST_YEAR, _LAST_YEAR = 2000, 2199
# What is wrong with a form, by the field.
PROBLEMS = {
    "subject": N_("Say which rule, model or person."),
    "since": N_("Say from when, as a day and a time."),
    "until": N_("The end must be a day and a time after the beginning; empty means until now."),
    "reason": N_("Say why; the reason is kept with each decision."),
    "changed": N_("The comments are no longer those that were shown. Look at them again."),
    "nothing": N_("Nothing was done there in that time."),
}


class Unclear(ValueError):
    """A field does not say what it should; its name is a key of PROBLEMS."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields as they were typed, so that a form can show them again."""

    kind: str = DoerKind.RULE.value
    subject: str = ""
    since: str = ""  # local time, or an instant with its zone
    until: str = ""  # the same; empty: now
    pages: tuple[str, ...] = ()  # ids; empty: all that the person may see
    others: bool = False

    def query(self, **changes: object) -> str:
        """As it stands in an address, without the question mark."""
        values: list[tuple[str, str]] = [
            (name, str(changes.get(name, getattr(self, name))))
            for name in ("kind", "subject", "since", "until")
        ]
        values += [("page", page_id) for page_id in self.pages]
        if changes.get("others", self.others):
            values.append(("others", "1"))
        # A sign that no address can hold becomes "?": the form then finds nothing by that name.
        return urlencode([pair for pair in values if pair[1]], errors="replace")

    def address(self, **changes: object) -> str:
        """Of the preview."""
        return f"/undo/preview?{self.query(**changes)}"

    def choice(
        self, who: Person, registered: Collection[str], zone: ZoneInfo, now: datetime, through: int
    ) -> DeedChoice:
        """What to look for, on pages that the person may see. Raises Unclear, or BadAddress for
        what no form of ours sends."""
        subject = self.subject.strip()
        if not subject or len(subject) > SUBJECT_CAP or shown(subject) != subject:
            raise Unclear("subject")
        since = _moment(self.since, zone, "since")
        until = _moment(self.until, zone, "until") if self.until.strip() else now
        if until <= since:
            raise Unclear("until" if self.until.strip() else "since")
        return DeedChoice(
            doer=Doer(kind=DoerKind(self.kind), subject=subject),
            since=since,
            until=until,
            pages=_pages(self.pages, who, registered),
            through=through,
        )


def read_asked(
    kind: str, subject: str, since: str, until: str, pages: Sequence[str], others: str
) -> Asked:
    """The fields of a form. Raises BadAddress for what no form of ours sends."""
    if (kind or DoerKind.RULE) not in set(DoerKind):
        raise BadAddress("kind")
    return Asked(
        kind=kind or DoerKind.RULE.value,
        subject=subject,
        since=since[:40],
        until=until[:40],
        pages=tuple(dict.fromkeys(pages)),
        others=others == "1",
    )


def read_through(value: str) -> int:
    """The newest decision of the preview. Raises BadAddress."""
    return read_id(value)


def local_minute(at: datetime, zone: ZoneInfo) -> str:
    """A time as a field of the form holds it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _moment(value: str, zone: ZoneInfo, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(value.strip())
        found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        in_range = _FIRST_YEAR <= found.year <= _LAST_YEAR
        in_range = in_range and abs(found.utcoffset() or timedelta(0)) < timedelta(hours=24)
    except (ValueError, OverflowError):
        raise Unclear(field) from None
    if not in_range:
        raise Unclear(field)
    return found


def _pages(
    chosen: Sequence[str], who: Person, registered: Collection[str]
) -> frozenset[str] | None:
    mine = frozenset(registered) if who.pages is None else who.pages & frozenset(registered)
    if not chosen:
        return None if who.pages is None else mine
    if not mine.issuperset(chosen):
        raise BadAddress("page")
    return frozenset(chosen)
