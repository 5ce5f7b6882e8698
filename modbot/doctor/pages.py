"""The registered pages: can their tokens be read, and are they being polled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from modbot import store
from modbot.clocks import is_to_come
from modbot.doctor.findings import Finding, Findings, ago, broken, doubtful, well
from modbot.domain import Page
from modbot.errors import BadConfig
from modbot.logs import scrub
from modbot.registry import ends_soon
from modbot.settings import read_secret
from modbot.store import Database
from modbot.tables import PageStateRow

LATE_INTERVALS = 3  # of the longest wait between polls without a success


def pages(
    database: Database, environ: Mapping[str, str], now: datetime, *, max_seconds: float
) -> Findings:
    """One line a page."""
    with database.read() as s:
        known = [(page, store.page_state(s, page.id)) for page in store.pages(s)]
    if not known:
        yield doubtful("pages", "none is registered", "modbot pages add")
    late = timedelta(seconds=LATE_INTERVALS * max_seconds)
    for page, state in known:
        yield _page(page, state, environ, now, late)


def _page(
    page: Page,
    state: PageStateRow,
    environ: Mapping[str, str],
    now: datetime,
    late: timedelta,
) -> Finding:
    name = f"page {page.id}"
    if page.token_ref:
        try:
            read_secret(page.token_ref, environ)
        except BadConfig as error:
            return broken(name, f"no token: {error}", f"modbot pages token {page.id} REF")
    if page.paused:
        return well(name, f"{page.mode}, paused")
    if state.needs_login:
        said = f"the platform refuses its token ({scrub(state.last_error)})"
        return broken(name, said, f"make a new token, then modbot pages check {page.id}")
    if ends_soon(state.token_ends, now):
        said, again = f"its token ends on {state.token_ends}", f"modbot pages token {page.id} REF"
        return doubtful(name, said, f"make the next one, then {again} --ends DAY")
    if state.not_before is not None and is_to_come(state.not_before, now):
        said = f"waits for {ago(state.not_before - now)} more ({scrub(state.last_error)})"
        return doubtful(name, said, "nothing, unless it comes back; see docs/operate.md")
    if state.last_success_at is None:
        return doubtful(name, f"{page.mode}, never polled", "start the service")
    age = now - state.last_success_at
    if age > late:
        said = f"last polled {ago(age)} ago, {state.failures} failures since"
        said += f" ({scrub(state.last_error)})" if state.last_error else ""
        return broken(name, said, f"modbot pages check {page.id}; does the service run?")
    return well(name, f"{page.mode}, polled {ago(age)} ago")
