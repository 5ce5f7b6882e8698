"""What a poll leaves in its page's state, and whom it tells: how it went, when to call again."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from modbot import store
from modbot.alerts import Alert, Alerter
from modbot.budget.rate_budget import OWN_REFUSAL
from modbot.domain import CommentBatch
from modbot.enforcement import NEEDS_LOGIN, SPENT, WAITS_FOR_A_PERSON, incident, wait_seconds
from modbot.errors import PlatformError, RateLimited
from modbot.registry import ends_soon
from modbot.store import Database
from modbot.tables import PageStateRow

_log = structlog.get_logger("modbot.pipeline")

LATE_AFTER_FAILURES = 5
LONG_SECONDS = 3600.0  # who is asked to wait for so long is late after the first failure
TOKEN_ENDS = "token_ends"  # the kind of alert


def note_success(
    database: Database,
    alerter: Alerter,
    page_id: str,
    batch: CommentBatch,
    now: datetime,
    *,
    writes_refused: bool,
) -> PageStateRow:
    """The page's state from then on. A token that may read is not yet one that may hide: a refused
    write stays told until one goes through (carry_out)."""
    newest_post = max((p.created_at for p in batch.posts), default=None)
    newest_comment = max((c.created_at for c in batch.comments), default=None)
    fields: dict[str, object] = {
        "last_poll_at": now,
        "last_success_at": now,
        "failures": 0,
        "not_before": None,
        "usage": batch.usage,
    }
    if not writes_refused:
        fields |= {"needs_login": False, "last_error": ""}
    if newest_post is not None:
        fields["newest_post_at"] = newest_post
    if newest_comment is not None:
        fields["newest_comment_at"] = newest_comment
    with database.write() as s:
        state = store.save_page_state(s, page_id, **fields)
    over = ("poll_late",) if writes_refused else ("poll_late", *WAITS_FOR_A_PERSON)
    for kind in over:
        alerter.over(kind, page_id)
    _tell_of_the_end(alerter, page_id, state.token_ends, now)
    return state


def _tell_of_the_end(alerter: Alerter, page_id: str, token_ends: str, now: datetime) -> None:
    """While a token that is about to end still works, somebody can make the next one in time."""
    if ends_soon(token_ends, now):
        detail = f"the token ends on {token_ends}"
        alerter.send(Alert(kind=TOKEN_ENDS, page_id=page_id, subject=token_ends, detail=detail))
    else:
        alerter.over(TOKEN_ENDS, page_id)


def note_failure(
    database: Database,
    alerter: Alerter,
    page_id: str,
    error: PlatformError,
    now: datetime,
) -> None:
    """Puts the page's next call off as the error asks, and tells a person where one is needed."""
    with database.write() as s:
        failures = store.page_state(s, page_id).failures + 1  # in a row
        waits_long = isinstance(error, RateLimited) and error.retry_after_seconds >= LONG_SECONDS
        late = waits_long or failures >= LATE_AFTER_FAILURES
        kind = incident(error) or (_why_late(error) if late else "")
        # Hides go on where only reads must wait; the adapter refuses reads without a call.
        reads_only = isinstance(error, RateLimited) and error.reads_only
        wait = timedelta(seconds=wait_seconds(error, failures))
        said = _said(error, now)
        store.save_page_state(
            s,
            page_id,
            last_poll_at=now,
            failures=failures,
            not_before=None if reads_only else now + wait,
            needs_login=kind == NEEDS_LOGIN,
            last_error=f"{type(error).__name__}: {said}"[:300],
        )
    _log.warning("poll_failed", page=page_id, error=type(error).__name__, code=error.code)
    if kind:
        alerter.send(Alert(kind=kind, page_id=page_id, detail=said))


def _said(error: PlatformError, now: datetime) -> str:
    """What a person reads of it; with the end of a long wait, which not every vendor's words name.
    What the budget refused says so by itself."""
    said = str(error)[:300]
    if not isinstance(error, RateLimited) or error.retry_after_seconds < LONG_SECONDS:
        return said
    if error.spent or error.code == OWN_REFUSAL:
        return said
    end = now + timedelta(seconds=error.retry_after_seconds)
    return f"{said[:260]}; not read before {end:%Y-%m-%d %H:%M} UTC"


def _why_late(error: PlatformError) -> str:
    """The kind of alert of a page that is not read for long; what is spent asks for other help
    than a platform that is down."""
    return SPENT if isinstance(error, RateLimited) and error.spent else "poll_late"
