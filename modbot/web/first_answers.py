"""What a fresh process would do for its first readers, done before they come.

Templates are compiled and statements put together when they are first used: half a second of the
first page and of the first look at a comment.
"""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import DBAPIError

from modbot import store
from modbot.errors import StoreUnreadable, UnknownDecision
from modbot.i18n import language
from modbot.people import Person, Role
from modbot.web.life import life_of
from modbot.web.queue_item import item_of
from modbot.web.queue_side import side_of
from modbot.web.rendering import Pages
from modbot.web.seam import WebService

_log = structlog.get_logger("modbot.web")
_NOBODY = Person(id=0, name="", email="", role=Role.ADMIN, pages=None)


def prepare(service: WebService, pages: Pages, over: threading.Event) -> None:
    """Compiles the templates and asks once what the queue and a comment's page ask; ends early
    when `over` is set. Where that fails the first reader waits, as before."""
    for template in pages.templates():
        if over.is_set():
            return
        pages.compile(template)
    try:
        _ask_once(service)
    except (DBAPIError, StoreUnreadable, UnknownDecision) as error:
        _log.warning("not_prepared", error=type(error).__name__)


def _ask_once(service: WebService) -> None:
    now, spoken = service.clock.now(), language("en")
    levels = (store.FOR_ADMINISTRATORS, store.FOR_REVIEWERS)
    with service.database.read() as s:
        side = side_of(s, _NOBODY, levels, now, now, spoken)
        number = side.lines[0].decision_id if side.lines else store.newest_decision(s)
        if not number:
            return
        entry = store.decision(s, number)
        life_of(s, entry, _NOBODY, {})
        item_of(
            s,
            entry,
            _NOBODY,
            None,
            policy=service.config.policy,
            capabilities=service.capabilities(entry.platform),
            spoken=spoken,
            platform_name=entry.page_name,
        )
