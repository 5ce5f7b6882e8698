"""Pages without an API: what people saw is judged and recorded, what is to go is a task for them.

A task is a comment on such a page whose newest decision wants it out of sight, until a person
confirms that it was removed in the app.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from modbot import audit, store
from modbot.app_steps import removal_steps
from modbot.domain import ActionKind, ActionState, Actor, Comment, CommentBatch, Page, Post, Verdict
from modbot.enforcement import CANNOT_HIDE
from modbot.errors import ModbotError
from modbot.pipeline import PollContext, PollResult, store_batch
from modbot.seen_list import Seen, digest_of, ids_of, moment_of
from modbot.store import Database, LogEntry
from modbot.stored_text import shown

PLATFORM = "manual"
UNNAMED_POST = "posts that were not named"
HIDE_FAILED = "hide failed"  # a person asked for it elsewhere, and no program can
ROWS_AT_ONCE = 500  # in a transaction, so that polls and other people are not held up
MOST_TASKS = 10_000


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a list: how many comments were new, and known already."""

    new: int
    known: int


def take_in(
    context: PollContext,
    page: Page,
    seen: Sequence[Seen],
    actor: Actor,
    zone: tzinfo,
    *,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Taken:
    """Judges and stores what somebody saw. Known rows change nothing, so that a list which a crash
    cut off is brought once more. Raises ModbotError for a page that modbot reads itself."""
    _require_manual(page)
    now = context.clock.now()
    detail = {"page": page.id, "rows": len(seen), "sha256": digest_of(seen)}
    with context.database.write() as s:
        entry = audit.Entry(kind="list.brought", actor=actor.name, detail=detail)
        audit.append(s, [entry], now)
    comments, posts = [], {}
    for comment_id, one in zip(ids_of(seen, zone), seen, strict=True):
        at = moment_of(one, zone) or now
        post = Post(id=_post_id(one), text=one.post, created_at=at)
        posts[post.id] = post
        comments.append(_comment(page, one, comment_id, post.id, at))
    comments.sort(key=lambda c: (c.created_at, c.id))
    result = PollResult(page_id=page.id)
    for start in range(0, len(comments), rows_at_once):
        part = tuple(comments[start : start + rows_at_once])
        above = tuple(posts[one] for one in dict.fromkeys(c.post_id for c in part))
        batch = CommentBatch(comments=part, cursor="", posts=above)
        store_batch(context, page, batch, result, keep_cursor=False)
    return Taken(new=result.new, known=len(comments) - result.new)


def tasks(
    database: Database, page_id: str | None = None, *, limit: int = MOST_TASKS
) -> list[LogEntry]:
    """The comments that a person has to remove in an app, oldest decision first."""
    with database.read() as s:
        pages = [p.id for p in store.pages(s) if p.platform == PLATFORM]
        wanted = [one for one in pages if page_id in (None, one)]
        return store.for_people_to_remove(s, wanted, (CANNOT_HIDE, HIDE_FAILED), limit)


def confirm_removed(
    database: Database, decision_id: int, actor: Actor, reason: str, now: datetime
) -> LogEntry:
    """Records that a person removed the comment of a decision in the app: their decision, and the
    hide as done by hand. Raises UnknownDecision; ModbotError when it is not on such a page."""
    if actor.kind != "person" or not actor.name.strip():
        raise ModbotError("this needs the name of the person who removed it (--by)")
    with database.write() as s:
        entry = store.decision(s, decision_id)
        if entry.platform != PLATFORM:
            raise ModbotError(
                f"decision {decision_id} is on {entry.page_id}, where modbot hides by itself; only"
                " removals on manual pages are confirmed by hand"
            )
        if entry.hidden or entry.gone_at is not None:
            raise ModbotError(f"the comment of decision {decision_id} is recorded as removed")
        made = store.record_person_decision(
            s,
            decision_id=decision_id,
            verdict=Verdict.HIDE,
            hide=True,
            actor=actor.name,
            reason=reason or "Removed in the app.",
            action=ActionKind.HIDE,
            now=now,
        )
        assert made.action_id is not None and made.decision_id is not None
        answer = f"removed by hand: {actor.name}"
        store.finish_action(s, made.action_id, ActionState.CONFIRMED, answer, now)
        return store.decision(s, made.decision_id)


def guidance(entry: LogEntry) -> tuple[str, ...]:
    """What to do about a task, step by step, in English."""
    steps = removal_steps(entry.permalink, entry.page_id, entry.page_name)
    return (*steps, f"Confirm: modbot manual done {entry.id}")


def _require_manual(page: Page) -> None:
    if page.platform != PLATFORM:
        raise ModbotError(
            f"{page.id} is read by modbot itself; only pages of the platform `manual` take lists"
        )


def _post_id(one: Seen) -> str:
    return hashlib.sha256((one.post or UNNAMED_POST).encode("utf-8", "replace")).hexdigest()[:32]


def _comment(page: Page, one: Seen, comment_id: str, post_id: str, at: datetime) -> Comment:
    return Comment(
        page_id=page.id,
        platform=page.platform,
        id=comment_id,
        post_id=post_id,
        text=one.text,
        created_at=at,
        author_name=shown(one.author) or None,
        can_hide=False,
        permalink=one.url or None,
        raw=one.raw,
    )
