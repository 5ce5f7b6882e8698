"""The stored history, read again: every text with what it stood under, and people's verdicts.

Read in parts by row id, each in a session of its own, so that a running service is never held up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from modbot.domain import Comment, Signal, Verdict
from modbot.errors import UnknownDecision
from modbot.store.id_lists import in_list
from modbot.store.log_queries import signals_of
from modbot.store.said_under import SaidUnder
from modbot.stored_text import original
from modbot.tables import (
    CommentRow,
    DecisionRow,
    VersionRow,
)


@dataclass(frozen=True, kw_only=True)
class PastDecision:
    """A verdict as it was stored."""

    id: int
    version_id: int
    verdict: Verdict
    hide: bool
    categories: tuple[str, ...]
    signals: tuple[Signal, ...]
    degraded: tuple[str, ...]
    reason: str
    person: bool
    clause: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    config_sha256: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PastText:
    """One stored text as it can be judged again, and what became of it.

    Post and parent have the text that they had when this text was seen, fundraisers are those
    approved at that time.
    """

    version_id: int
    comment: Comment
    bot: PastDecision | None  # the bot's latest word on this text
    person: PastDecision | None  # a person's latest word on this text


def count_past(session: Session, *, page: str | None = None, since: datetime | None = None) -> int:
    """How many texts past_texts() would give in all."""
    counted = _chosen(select(func.count()), page, since)
    return session.scalar(counted.select_from(VersionRow).join(CommentRow, _of_comment())) or 0


def past_texts(
    session: Session,
    *,
    after: int = 0,
    limit: int = 500,
    page: str | None = None,
    since: datetime | None = None,
) -> list[PastText]:
    """The next texts by row id after version `after`, those first seen at or after `since`.

    What pages themselves wrote is left out: it was never judged.
    """
    query = _chosen(_texts(), page, since).where(col(VersionRow.id) > after)
    return _past_texts(session, query.order_by(col(VersionRow.id)).limit(limit))


def held_texts(
    session: Session,
    category: str,
    since: datetime,
    *,
    pages: Collection[str] | None = None,
    limit: int = 500,
) -> list[PastText]:
    """The newest texts, decided since a time, that the bot's newest word keeps back in a category:
    hidden or waiting for a person, still there, not answered. Of all pages, or of these."""
    ids = _held_ids(category, since)
    if pages is not None:
        ids = ids.where(in_list(col(DecisionRow.page_id), pages, look_up=False))
    ids = ids.order_by(col(DecisionRow.id).desc()).limit(limit)
    wanted = [number for number in session.scalars(ids) if number is not None]
    query = _texts().where(in_list(col(VersionRow.id), wanted))
    return _past_texts(session, query.order_by(col(VersionRow.id).desc()))


def _held_ids(category: str, since: datetime) -> Select[*tuple[Any, ...]]:
    """The versions of held_texts(). The index by time bounds what is read."""
    d, later = DecisionRow, aliased(DecisionRow)
    newer = (
        select(col(later.id))
        .where(col(later.comment_row) == col(d.comment_row), col(later.id) > col(d.id))
        .exists()
    )
    return (
        select(col(d.version_id))
        .join(CommentRow, col(CommentRow.id) == col(d.comment_row))
        .where(
            col(d.decided_at) >= since,
            col(d.verdict) != Verdict.ALLOW.value,
            cast(col(d.categories), String).contains(f'"{category}"'),
            col(d.actor_kind) == "bot",
            col(CommentRow.gone_at).is_(None),
            ~newer,
        )
    )


def _texts() -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(VersionRow, CommentRow)
    return query.join(CommentRow, _of_comment())


def _past_texts(session: Session, query: Select[*tuple[Any, ...]]) -> list[PastText]:
    rows = session.execute(query).all()
    decisions = _decisions(session, [version.id for version, _ in rows])
    under = SaidUnder(session, [(version, comment) for version, comment in rows])
    return [
        PastText(
            version_id=version.id,
            comment=_comment(
                comment,
                version,
                post_text=under.post_text(comment, version),
                parent_text=under.parent_text(comment, version),
                approved_fundraisers=under.fundraisers(version),
            ),
            bot=decisions.get((version.id, False)),
            person=decisions.get((version.id, True)),
        )
        for version, comment in rows
    ]


def past_decision(session: Session, decision_id: int) -> tuple[PastDecision, PastText | None]:
    """A decision and the text it was made on; None: it is the page's own, which is not judged.

    Raises UnknownDecision."""
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise UnknownDecision(f"no decision {decision_id}")
    found = past_texts(session, after=row.version_id - 1, limit=1)
    text = found[0] if found and found[0].version_id == row.version_id else None
    return _past(row), text


def _comment(comment: CommentRow, version: VersionRow, **surroundings: Any) -> Comment:
    return Comment(
        page_id=comment.page_id,
        platform=comment.platform,
        id=comment.comment_id,
        post_id=comment.post_id,
        text=original(version.text, escaped=version.escaped),
        created_at=comment.created_at,
        parent_id=comment.parent_id,
        author_name=comment.author_name,
        **surroundings,
    )


def _of_comment() -> Any:
    return col(CommentRow.id) == col(VersionRow.comment_row)


def _chosen(query: Any, page: str | None, since: datetime | None) -> Any:
    query = query.where(col(CommentRow.by_page).is_(False))
    if page is not None:
        query = query.where(col(CommentRow.page_id) == page)
    if since is not None:
        query = query.where(col(VersionRow.seen_at) >= since)
    return query


def _decisions(
    session: Session, version_ids: Sequence[int | None]
) -> dict[tuple[int, bool], PastDecision]:
    """The latest by version and by whether a person gave it."""
    known = [version_id for version_id in version_ids if version_id is not None]
    rows = session.scalars(
        select(DecisionRow)
        .where(in_list(col(DecisionRow.version_id), known))
        .order_by(col(DecisionRow.id))
    )
    return {(row.version_id, row.actor_kind == "person"): _past(row) for row in rows}


def _past(row: DecisionRow) -> PastDecision:
    assert row.id is not None
    return PastDecision(
        id=row.id,
        version_id=row.version_id,
        verdict=Verdict(row.verdict),
        hide=bool(row.hide),
        categories=tuple(row.categories),
        signals=signals_of(row.signals),
        degraded=tuple(row.degraded),
        reason=row.reason,
        person=row.actor_kind == "person",
        clause=row.clause,
        thresholds=row.thresholds,
        config_sha256=row.config_sha256,
        models=row.models,
        decided_at=row.decided_at,
    )


def reviewed_texts(
    session: Session, *, after: int = 0, limit: int = 500, since: datetime | None = None
) -> list[tuple[PastDecision, PastDecision | None, str]]:
    """The next texts on which a person gave a verdict, by row id after version `after`: the
    person's latest word, the bot's latest word, the text. `since` is when the person decided."""
    said = select(col(DecisionRow.version_id)).where(
        col(DecisionRow.actor_kind) == "person", col(DecisionRow.version_id) > after
    )
    if since is not None:
        said = said.where(col(DecisionRow.decided_at) >= since)
    ids = session.scalars(said.distinct().order_by(col(DecisionRow.version_id)).limit(limit)).all()
    decisions = _decisions(session, ids)
    rows = session.execute(
        select(col(VersionRow.id), col(VersionRow.text), col(VersionRow.escaped)).where(
            in_list(col(VersionRow.id), list(ids))
        )
    )
    texts = {row[0]: original(row[1], escaped=row[2]) for row in rows}
    return [(decisions[i, True], decisions.get((i, False)), texts[i]) for i in ids]
