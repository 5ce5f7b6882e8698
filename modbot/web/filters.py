"""What a reader of the log asked for, as the address says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from modbot.domain import Category, Page, Verdict
from modbot.spoken_language import LANGUAGES, UNKNOWN
from modbot.store import Choice, read_query

_HIGHEST_ID = 2**63 - 1
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_LONGEST_NAME = 200  # characters of a person's name, a rule or a search
SPOKEN = (*LANGUAGES, UNKNOWN)
_NO_PAGE: frozenset[str] = frozenset()


class BadAddress(ValueError):
    """The address asks for something that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """A choice of decisions and a place in it; empty means all, from the newest."""

    page: str = ""
    platform: str = ""
    category: str = ""
    verdict: str = ""
    actor: str = ""  # "bot", "person", "person:NAME"
    rule: str = ""  # a classifier, a rule file or a rule
    language: str = ""  # of the comment
    since: str = ""  # a day where the district is, ISO
    until: str = ""  # the last day
    text: str = ""  # as typed
    before: int | None = None  # only decisions older than this one
    after: int | None = None  # only decisions newer than this one

    @property
    def chosen(self) -> bool:
        """Whether anything is left out."""
        return bool(self.choice())

    @property
    def further(self) -> bool:
        """Whether one of the filters is chosen that the form keeps folded."""
        return bool(self.actor or self.rule or self.language or self.platform)

    @property
    def wordless(self) -> bool:
        """Whether what is searched for has neither letter nor digit, so that nothing is found."""
        return bool(self.text) and not read_query(self.text)

    def choice(self, **changes: str | int) -> dict[str, str]:
        """The query of the choice with `changes`, without the place."""
        values = {_NAMES[name]: getattr(self, name) for name in _NAMES}
        values |= {_NAMES.get(name, name): value for name, value in changes.items()}
        return {name: str(value) for name, value in values.items() if value != ""}

    def query(self, **changes: str | int) -> str:
        """choice() as it stands in an address, question mark included."""
        choice = self.choice(**changes)
        return f"?{urlencode(choice)}" if choice else ""

    def address(self, **changes: str | int) -> str:
        return f"/log{self.query(**changes)}"

    def here(self) -> dict[str, str]:
        """The whole query of this page."""
        place = {"before": self.before, "after": self.after}
        return self.choice(**{name: at for name, at in place.items() if at is not None})

    def wanted(self, visible: Sequence[Page], zone: ZoneInfo, *, scoped: bool) -> Choice:
        """What the store is to look for. `scoped`: only the `visible` pages may be seen."""
        pages: frozenset[str] | None = frozenset(page.id for page in visible) if scoped else None
        if self.page or self.platform:
            pages = frozenset(
                page.id
                for page in visible
                if self.page in ("", page.id) and self.platform in ("", page.platform)
            )
        if self.wordless:
            pages = _NO_PAGE
        until = _midnight(self.until, zone, days=1)
        return Choice(
            pages=pages,
            category=self.category or None,
            verdict=self.verdict or None,
            actor=self.actor or None,
            sign=self.rule or None,
            language=self.language or None,
            since=_midnight(self.since, zone),
            until=until,
            phrases=read_query(self.text),
        )


# How the address calls them; `lang` is the reader's own language.
_NAMES = {
    field.name: {"since": "from", "until": "to", "text": "q"}.get(field.name, field.name)
    for field in fields(Filters)
    if field.name not in ("before", "after")
}


def read_filters(params: Mapping[str, str], visible: Sequence[Page]) -> Filters:
    """The filters in a query. Raises BadAddress; parameters that we do not know are ignored."""
    before, after = _place(params, "before"), _place(params, "after")
    if before is not None and after is not None:
        raise BadAddress("before and after")
    return Filters(
        page=_one_of(params, "page", {page.id for page in visible}),
        platform=_one_of(params, "platform", {page.platform for page in visible}),
        category=_one_of(params, "category", list(Category)),
        verdict=_one_of(params, "verdict", list(Verdict)),
        actor=_actor(params.get("actor", "")),
        rule=params.get("rule", "").strip()[:_LONGEST_NAME],
        language=_one_of(params, "language", SPOKEN),
        since=_day(params, "from"),
        until=_day(params, "to"),
        text=params.get("q", "").strip()[:_LONGEST_NAME],
        before=before,
        after=after,
    )


def _one_of(params: Mapping[str, str], name: str, known: Collection[str]) -> str:
    value = params.get(name, "")
    if value and value not in known:
        raise BadAddress(name)
    return value


def _actor(value: str) -> str:
    if value in ("", "bot", "person"):
        return value
    if not value.startswith("person:") or len(value) > _LONGEST_NAME:
        raise BadAddress("actor")
    return value


def _day(params: Mapping[str, str], name: str) -> str:
    value = params.get(name, "")
    if not value:
        return ""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise BadAddress(name) from None
    if not (_FIRST_YEAR <= day.year <= _LAST_YEAR and day.isoformat() == value):
        raise BadAddress(name)
    return value


def _midnight(day: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    if not day:
        return None
    return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), zone)


def _place(params: Mapping[str, str], name: str) -> int | None:
    value = params.get(name, "")
    return read_id(value) if value else None


def read_id(value: str) -> int:
    """A row's number. Raises BadAddress for all but 1 to 2^63-1 in plain digits."""
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and int(value) > 0):
        raise BadAddress("number")
    if int(value) > _HIGHEST_ID:
        raise BadAddress("number")
    return int(value)
