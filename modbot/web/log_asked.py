"""What a request wants of the log, as far as the person may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from modbot import store
from modbot.domain import Page
from modbot.people import Person, Right
from modbot.store import LogColumns, LogSearch
from modbot.web.filters import Filters, read_filters
from modbot.web.rendering import Pages
from modbot.web.seam import WebService


@dataclass(frozen=True, kw_only=True)
class LogRoom:
    """What every route of the log works with."""

    service: WebService
    pages: Pages
    columns: LogColumns


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filters, the registered pages in the person's care, and the search in them alone."""

    filters: Filters
    visible: Sequence[Page]
    search: LogSearch


def ask(session: Session, params: Mapping[str, str], who: Person, room: LogRoom) -> Asked:
    """Reads a query. Raises BadAddress, for a page in somebody else's care as for an unknown."""
    visible = [page for page in store.pages(session) if who.may(Right.READ, page.id)]
    filters = read_filters(params, visible)
    wanted = filters.wanted(visible, room.pages.zone(), scoped=who.pages is not None)
    search = LogSearch(session, room.columns, wanted)
    return Asked(filters=filters, visible=visible, search=search)
