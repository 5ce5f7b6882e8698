"""From a page to its judged comments: fetch, judge, store, and only then act."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from modbot import store
from modbot.alerts import Alert, Alerter, Noted, alerts_of, over_with
from modbot.brake import BrakeLimits, Brakes
from modbot.clocks import is_to_come
from modbot.domain import (
    Capability,
    Comment,
    CommentBatch,
    Decision,
    Page,
    Post,
    Verdict,
)
from modbot.enforcement import (
    EDITED_AFTER_HIDE,
    QUOTA_SPENT,
    Limits,
    carry_out_due,
    plan,
    platform_errors_only,
)
from modbot.errors import PlatformError
from modbot.judging import Judge
from modbot.poll_notes import note_failure, note_success
from modbot.ports import Clock, PaysForLooks, PlatformAdapter
from modbot.store import Database, Judged, Known, Recorded
from modbot.store.comments import posts_above
from modbot.tables import PageStateRow

FETCHES_A_POLL = 20  # a burst longer than this goes on with the next poll
READING_SECONDS = 120.0  # nor does a slow platform hold a poll for longer, of real time
RECHECK_LIMIT = 100
OWN_WORDS = Decision(verdict=Verdict.ALLOW, hide=False, reason="Written by the page itself.")


@dataclass(frozen=True, kw_only=True)
class PollContext:
    """All that polling one page needs."""

    database: Database
    adapter: PlatformAdapter
    judge: Judge
    clock: Clock
    limits: Limits
    alerter: Alerter
    watch_hours: float = 48.0
    recheck_minutes: float = 60.0
    brake: BrakeLimits | None = None  # None: no rule is held back
    stopping: threading.Event = field(default_factory=threading.Event)  # end as soon as may be


@dataclass(kw_only=True)
class PollResult:
    """What one poll did; `error` is empty when it went well."""

    page_id: str
    seen: int = 0
    new: int = 0
    edited: int = 0
    gone: int = 0
    hides_requested: int = 0
    actions_tried: int = 0
    error: str = ""
    skipped: str = ""
    state: PageStateRow | None = None  # the page's, as the poll left it; None: read it anew


def poll_page(
    context: PollContext, page_id: str, read: tuple[Page, PageStateRow] | None = None
) -> PollResult:
    """Fetches, judges, stores and acts for one page. Platform failures end in the result and the
    page's state; failures of the store are raised, and then nothing was hidden. `read`: what the
    store says of the page, where it was read just now."""
    result = PollResult(page_id=page_id)
    page, state = read or page_and_state(context.database, page_id)
    if page.paused:
        result.skipped = "paused"
        return result
    if is_to_come(state.not_before, context.clock.now()):
        result.skipped = "waiting"
        return result
    try:
        last = _read(context, page, state, result)
    except PlatformError as error:
        note_failure(context.database, context.alerter, page_id, error, context.clock.now())
        result.error = f"{type(error).__name__}: {error}"
        return result
    state = note_success(
        context.database,
        context.alerter,
        page_id,
        last,
        context.clock.now(),
        writes_refused=state.writes_not_before is not None,
    )
    result.actions_tried = carry_out_due(
        context.database,
        context.adapter,
        page_id,
        now=context.clock.now(),
        limits=context.limits,
        alerter=context.alerter,
        stopping=context.stopping,
    )
    if not result.actions_tried:  # one that was refused is noted there too
        result.state = state
    return result


def page_and_state(database: Database, page_id: str) -> tuple[Page, PageStateRow]:
    """A page, and where polling it stands. Raises UnknownPage."""
    with database.read() as s:
        return store.page(s, page_id), store.page_state(s, page_id)


def _read(
    context: PollContext, page: Page, state: PageStateRow, result: PollResult
) -> CommentBatch:
    """Stores all that is new since the cursor and looks for what is gone; the last batch."""
    cursor = state.cursor
    seen: set[str] = set()
    batches: list[CommentBatch] = []
    end = time.monotonic() + READING_SECONDS
    for _ in range(FETCHES_A_POLL):
        with platform_errors_only():
            batch = context.adapter.fetch_since(cursor)
        store_batch(context, page, batch, result, keep_cursor=batch.cursor != cursor)
        cursor = batch.cursor
        seen |= {c.id for c in batch.comments}
        batches.append(batch)
        if not batch.more or time.monotonic() > end or context.stopping.is_set():
            break
    _find_gone(context, page, batches, seen, state.rechecked_at, result)
    return batches[-1]


def store_batch(
    context: PollContext,
    page: Page,
    batch: CommentBatch,
    result: PollResult,
    *,
    keep_cursor: bool,
) -> None:
    """Judges what is new or edited and stores all of it, with the cursor, in one transaction.

    A batch that says nothing new writes nothing.
    """
    comments = list({c.id: c for c in batch.comments}.values())
    result.seen += len(comments)
    with context.database.read() as s:
        known = store.known(s, page.id, [c.id for c in comments])
        fresh = [c for c in comments if _is_fresh(c, known.get(c.id))]
        fresh = _with_context(s, context, page, fresh, batch.posts)
        texts = store.post_texts(s, page.id, [p.id for p in batch.posts])
    posts = [p for p in batch.posts if texts.get(p.id) != p.text]
    moved = [c for c in comments if _shows_otherwise(c, known.get(c.id))]
    if not (fresh or posts or moved or keep_cursor):
        return
    decisions = _decisions(context.judge, fresh)
    now = context.clock.now()
    with context.database.write() as s:
        store.record_posts(s, page.id, posts, now)
        items, pulled = _plan_all(s, context, page, fresh, known, decisions, now)
        recorded = store.record_judged(s, page, items, now)
        missed = _missed(page, batch) if keep_cursor else []
        noted = _note_alerts(s, context, page, items, recorded, [*pulled, *missed])
        for comment in moved:
            store.mark_hidden_state(s, page.id, comment.id, bool(comment.hidden), now)
        if keep_cursor:
            store.save_page_state(s, page.id, cursor=batch.cursor)
    edited = sum(1 for c in fresh if c.id in known)
    result.edited += edited
    result.new += len(fresh) - edited
    result.hides_requested += sum(1 for item in items if item.action is not None)
    context.alerter.tell(noted)


def _note_alerts(
    s: Session,
    context: PollContext,
    page: Page,
    items: Sequence[Judged],
    recorded: Sequence[Recorded],
    pulled: Sequence[Alert],
) -> Noted:
    """In the transaction of the decisions: a crash loses no threat that was stored."""
    ids = [r.decision_id for r in recorded]
    alerts = alerts_of(page.id, context.judge.policy, items, ids, quota_spent=QUOTA_SPENT)
    return context.alerter.note(s, [*alerts, *pulled], over=over_with(page.id, items))


def _missed(page: Page, batch: CommentBatch) -> list[Alert]:
    """What a platform counts and shows by no call has to be looked at in its own app."""
    return [
        Alert(
            kind="comments_missed",
            page_id=page.id,
            subject=one.post_id,
            detail=f"{one.count} comments under post {one.post_id} are counted and not shown",
        )
        for one in batch.missed
    ]


def _decisions(judge: Judge, comments: Sequence[Comment]) -> dict[str, Decision]:
    """By comment id. What the page itself wrote is kept and left up, not judged."""
    decisions = {c.id: OWN_WORDS for c in comments if c.by_page}
    strangers = [c for c in comments if not c.by_page]
    if strangers:
        decisions.update(zip((c.id for c in strangers), judge.judge(strangers), strict=True))
    return decisions


def _shows_otherwise(comment: Comment, known: Known | None) -> bool:
    """Did somebody hide or restore it on the platform itself?"""
    return known is not None and comment.hidden is not None and comment.hidden != known.hidden


def _is_fresh(comment: Comment, known: Known | None) -> bool:
    return known is None or known.gone or known.text_sha256 != comment.text_sha256


def _with_context(
    s: Session,
    context: PollContext,
    page: Page,
    comments: list[Comment],
    posts: Sequence[Post],
) -> list[Comment]:
    """The comments with what they were said under: post, parent comment, approved fundraisers."""
    if not comments:
        return []
    post_texts = dict(store.post_texts(s, page.id, {c.post_id for c in comments}))
    post_texts.update({p.id: p.text for p in posts})
    parents = {c.parent_id for c in comments if c.parent_id is not None}
    parent_texts = dict(store.comment_texts(s, page.id, parents))
    parent_texts.update({c.id: c.text for c in comments})
    fundraisers = store.approved_fundraisers(s, context.clock.now())
    return [
        replace(
            c,
            post_text=post_texts.get(c.post_id, ""),
            parent_text=parent_texts.get(c.parent_id or "", ""),
            approved_fundraisers=fundraisers,
        )
        for c in comments
    ]


def _plan_all(
    s: Session,
    context: PollContext,
    page: Page,
    fresh: Sequence[Comment],
    known: Mapping[str, Known],
    decisions: Mapping[str, Decision],
    now: datetime,
) -> tuple[list[Judged], list[Alert]]:
    """What is to be stored of each comment, and which brakes were pulled; spends the hide quota."""
    left = _hides_left(s, context.limits, page, now)
    brakes = context.brake and Brakes(s, page, context.brake, judge=context.judge, now=now)
    items = []
    for comment in fresh:
        before, missed_hide = known.get(comment.id), None
        if before is not None and before.text_sha256 == comment.text_sha256:  # it was gone
            missed_hide = store.missed_hide(s, before.comment_row)
            if missed_hide is None:
                decision = decisions[comment.id]  # as before: only its state will be noted
                items.append(Judged(comment=comment, known=before, decision=decision))
                continue
        decision, able = decisions[comment.id], context.adapter.capabilities
        decision = brakes.hold(decision, comment, able) if brakes else decision
        decision, action = plan(decision, comment, page, able, left)
        left -= action is not None
        if before is not None and not decision.hide and _stays_hidden(s, comment, before):
            decision = _back_to_a_person(decision)
        items.append(
            Judged(
                comment=comment,
                known=before,
                decision=decision,
                action=action,
                mode=page.mode,
                models=context.judge.models,
                config_sha256=context.judge.config_sha256,
                missed_hide=missed_hide,
            )
        )
    return items, brakes.save() if brakes else []


def _hides_left(s: Session, limits: Limits, page: Page, now: datetime) -> int:
    hour, day = timedelta(hours=1), timedelta(days=1)
    return min(
        limits.hides_per_hour - store.hides_requested_within(s, page.id, now, hour),
        limits.hides_per_day - store.hides_requested_within(s, page.id, now, day),
    )


def _stays_hidden(s: Session, comment: Comment, known: Known) -> bool:
    """Was an earlier text hidden at our word? Asked, not confirmed: a crash may lie between."""
    return comment.hidden is not False and store.asked_to_hide(s, known.comment_row)


def _back_to_a_person(decision: Decision) -> Decision:
    """An edit made a hidden comment harmless: a person decides whether it comes back."""
    verdict = Verdict.REVIEW if decision.verdict is Verdict.ALLOW else decision.verdict
    return replace(
        decision,
        verdict=verdict,
        degraded=(*decision.degraded, EDITED_AFTER_HIDE),
        reason=decision.reason or "The text was edited after it was hidden.",
    )


def _find_gone(
    context: PollContext,
    page: Page,
    batches: Sequence[CommentBatch],
    seen: set[str],
    rechecked_at: datetime | None,
    result: PollResult,
) -> None:
    """Looks again at comments that a listing should have shown, or that no listing can show."""
    now = context.clock.now()
    covered = [c for batch in batches for c in batch.covered]
    lists_edits = Capability.LISTS_EDITS in context.adapter.capabilities
    # Later than now: the clock was set back.
    wait = timedelta(minutes=context.recheck_minutes)
    due = rechecked_at is None or not rechecked_at <= now < rechecked_at + wait
    with context.database.read() as s:
        ids = store.missing(s, page.id, covered, seen) if covered else []
        if not lists_edits and due:
            since = now - timedelta(hours=context.watch_hours)
            ids = store.recheck_ids(s, page.id, since, RECHECK_LIMIT)
    look_again(context, page, ids, result)
    if not lists_edits and due:
        with context.database.write() as s:
            store.save_page_state(s, page.id, rechecked_at=now)


def look_again(
    context: PollContext, page: Page, comment_ids: Sequence[str], result: PollResult
) -> None:
    """Asks for comments by id: notes those that are gone, judges those that were edited. Where
    that costs money only as many, from the first on, as leave enough for new comments."""
    if isinstance(context.adapter, PaysForLooks):
        comment_ids = comment_ids[: context.adapter.looks_left()]
    with platform_errors_only():
        found = context.adapter.fetch_many(comment_ids) if comment_ids else {}
    now = context.clock.now()
    for comment_id, comment in found.items():
        if comment is None:
            with context.database.write() as s:
                result.gone += store.mark_gone(s, page.id, comment_id, now)
    if shown := [c for c in found.values() if c is not None]:
        there = _where_known(context, page, shown)
        again = CommentBatch(comments=there, cursor="")
        store_batch(context, page, again, result, keep_cursor=False)


def _where_known(
    context: PollContext, page: Page, comments: Sequence[Comment]
) -> tuple[Comment, ...]:
    """Under the post that they were listed under, which a look-up by id may not tell."""
    with context.database.read() as s:
        posts = posts_above(s, page.id, [c.id for c in comments])
    return tuple(replace(c, post_id=posts.get(c.id) or c.post_id) for c in comments)
