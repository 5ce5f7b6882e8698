"""An alert as it leaves the house: kind, page, time and a link; never a text, an author or a name
out of a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from modbot.alerts.wording import advice, kind_name
from modbot.domain import Page
from modbot.i18n import Language, language
from modbot.settings import Settings
from modbot.store.sendings import Told

LISTED = 10  # alerts in one message; the room has them all
_NAME_CAP = 60  # characters
# Whatever could end a header, call a whole channel (<!channel>, @everyone) or be markup.
_NOT_IN_NAMES = re.compile(r"[^\w .,'&+-]+")
_PLATFORMS = {"x": "X", "youtube": "YouTube", "wordpress": "WordPress"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """A line and a text, plain."""

    title: str
    body: str = field(repr=False)


def plain_name(name: str) -> str:
    """A page's name with letters, digits and the plainest signs only."""
    return " ".join(_NOT_IN_NAMES.sub(" ", name).split())[:_NAME_CAP].strip()


def message(told: Sequence[Told], pages: Mapping[str, Page], settings: Settings) -> Message:
    """One message for alerts that go to the same place, the gravest first."""
    spoken = language(settings.alerts.language)
    lines = _Lines(spoken, pages, settings)
    first = told[0]
    title = " - ".join(part for part in (kind_name(spoken, first.kind), lines.page(first)) if part)
    if len(told) > 1:
        title = spoken.ngettext("%(num)s alert", "%(num)s alerts", len(told)) % {"num": len(told)}
        title += f": {kind_name(spoken, first.kind)}"
    blocks = ["\n".join(lines.of(one)) for one in told[:LISTED]]
    if len(told) > LISTED:
        more = len(told) - LISTED
        blocks.append(spoken.ngettext("and %(num)s more", "and %(num)s more", more) % {"num": more})
    blocks += lines.end(told)
    return Message(title=f"modbot: {title}", body="\n\n".join(blocks))


def test_message(settings: Settings) -> Message:
    """What `modbot alerts test` sends."""
    spoken = language(settings.alerts.language)
    text = spoken.gettext("This is a test of modbot's alerts. Nothing has happened.")
    return Message(title=f"modbot: {kind_name(spoken, 'test')}", body=text)


class _Lines:
    def __init__(self, spoken: Language, pages: Mapping[str, Page], settings: Settings) -> None:
        self._spoken, self._pages = spoken, pages
        self._alerts, self._web = settings.alerts, settings.web

    def page(self, one: Told) -> str:
        """Name and platform; nothing for what is about no registered page."""
        page = self._pages.get(one.page_id)
        if page is None:
            return ""
        platform = _PLATFORMS.get(page.platform, page.platform.capitalize())
        return f"{plain_name(page.name)} ({platform})".strip()

    def of(self, one: Told) -> Iterator[str]:
        """One alert."""
        when = self._spoken.moment(one.opened_at, ZoneInfo(self._web.time_zone))
        yield " - ".join(p for p in (kind_name(self._spoken, one.kind), self.page(one), when) if p)
        if one.step > 1:
            yield self._spoken.gettext("Nobody has acknowledged this so far.")
        if told := advice(self._spoken, one.kind):
            yield told
        if self._web.public_address and one.decision_id:
            yield f"{self._web.public_address}/decisions/{one.decision_id}"

    def end(self, told: Sequence[Told]) -> Iterator[str]:
        """What stands once under all of them."""
        text, _ = self._alerts.reporting_in(self._spoken.code)
        if text and any(one.crisis for one in told):
            yield text
        room = f"{self._web.public_address}/alerts"
        if self._web.public_address:
            yield self._spoken.gettext("Acknowledge it here: %(address)s") % {"address": room}
        else:
            yield self._spoken.gettext("Acknowledge it in the review room, under Alerts.")
