"""The languages of the interface: which one a reader wants, its texts, dates and numbers."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent

DOMAIN = "modbot"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "es": "Español"}  # the first is spoken where nothing else fits
_FORMATS = {"en": "en_US", "es": "es_US"}  # dates and numbers as people write them here
_LONGEST_HEADER = 1000  # characters of Accept-Language that are looked at


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language of the interface."""

    code: str
    name: str
    texts: gettext.NullTranslations

    def gettext(self, message: str) -> str:
        return self.texts.gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.texts.ngettext(singular, plural, count)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """Day and time as read in `zone`: Oct 24, 2025, 6:21 AM."""
        local = at.astimezone(zone)
        day = _medium_day(local.date(), self.code)
        return f"{day}, {_minute(local.hour, local.minute, self.code)}"

    def day(self, at: datetime, zone: ZoneInfo) -> str:
        """The day in `zone`, in full: October 24, 2025."""
        return format_date(at.astimezone(zone).date(), "long", locale=_FORMATS[self.code])

    def span(self, length: timedelta) -> str:
        """About how long: 3 hours, 2 days; nothing where it is negative."""
        length, locale = max(length, timedelta(0)), _FORMATS[self.code]
        return format_timedelta(length, granularity="minute", locale=locale)

    def short_day(self, at: datetime | str, zone: ZoneInfo) -> str:
        """A time's day in `zone`, or an ISO day: Oct 24, 2025."""
        day = date.fromisoformat(at) if isinstance(at, str) else at.astimezone(zone).date()
        return _medium_day(day, self.code)

    def number(self, value: int) -> str:
        return _whole(value, self.code)

    def decimal(self, value: float) -> str:
        """A number with up to three decimals: 0.926."""
        return format_decimal(value, "0.###", locale=_FORMATS[self.code])

    def money(self, cents: float) -> str:
        """US cents as dollars: $1.25."""
        return format_currency(cents / 100, "USD", locale=_FORMATS[self.code])

    def percent(self, share: float) -> str:
        """A share of 0 to 1 in whole per cent; never rounded up to 100."""
        shown = min(share, 0.99) if share < 1 else 1.0
        return _percent(round(shown, 2), self.code)


@lru_cache(maxsize=2048)  # Babel takes long, and a page of the log has a hundred
def _medium_day(day: date, code: str) -> str:
    return format_date(day, "medium", locale=_FORMATS[code])


@lru_cache(maxsize=4096)
def _whole(value: int, code: str) -> str:
    return format_decimal(value, locale=_FORMATS[code])


@cache  # at most 101 a language
def _percent(share: float, code: str) -> str:
    return format_percent(share, "#,##0%", locale=_FORMATS[code])


@cache  # at most 1,440 a language
def _minute(hour: int, minute: int, code: str) -> str:
    return format_time(time(hour, minute), "short", locale=_FORMATS[code])


@cache
def language(code: str) -> Language:
    """Raises KeyError for a language that modbot does not speak."""
    name = LANGUAGES[code]
    texts: gettext.NullTranslations = gettext.NullTranslations()
    if code != "en":
        texts = gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[code])
    return Language(code=code, name=name, texts=texts)


def choose(*, asked: str | None, remembered: str | None, accepted: str | None) -> str:
    """The code of the reader's language: asked for, remembered, or the browser's best."""
    for wish in (asked, remembered):
        if wish in LANGUAGES:
            return wish
    for tag in _by_preference(accepted or ""):
        code = tag.split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return next(iter(LANGUAGES))


def _by_preference(header: str) -> Iterator[str]:
    """The tags of an Accept-Language header (RFC 9110), best first; nonsense is left out."""
    wishes = []
    for position, part in enumerate(header[:_LONGEST_HEADER].split(",")):
        tag, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag and 0 < weight <= 1:
            wishes.append((-weight, position, tag.strip()))
    return (tag for _, _, tag in sorted(wishes))
