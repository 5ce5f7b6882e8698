"""What past texts stood under when they were judged: post, parent comment, approved fundraisers.

Told by the order of the log, not by times: a clock may have been set back in between.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from modbot.audit.evidence import post_row_id
from modbot.domain import Fundraiser
from modbot.store.id_lists import in_list
from modbot.store.pages import fundraiser_of
from modbot.stored_text import original
from modbot.tables import AuditRow, CommentRow, FundraiserRow, PostRow, PostTextRow, VersionRow

_Texts = list[tuple[PostTextRow, datetime]]  # of a post, oldest first, with the post's time
_LATER = 1 << 62  # than every row of the log


class SaidUnder:
    """Of these texts, which are read from the database together."""

    def __init__(self, session: Session, rows: Sequence[tuple[VersionRow, CommentRow]]) -> None:
        comments = [comment for _, comment in rows]
        self._posts, self._parents = _posts(session, comments), _parents(session, comments)
        self._told_of_posts = _places(session, "post", self._posts)
        self._told = _places(session, "version", [str(version.id) for version, _ in rows])
        sales = session.scalars(select(FundraiserRow).order_by(col(FundraiserRow.id)))
        self._sales = list(sales)
        self._told_of_sales = _places(session, "fundraiser", [str(row.id) for row in self._sales])

    def post_text(self, comment: CommentRow, version: VersionRow) -> str:
        """The post's text when this one was seen; empty where the post was not known yet."""
        row_id = post_row_id(comment.page_id, comment.post_id)
        texts, told = self._posts.get(row_id, []), self._told_of_posts.get(row_id, [])
        if not texts:
            return ""
        before = bisect_left(told, self._place(version))
        first, created_at = texts[0]
        # Texts of before revision 0010 were not kept: the first one here stands for them.
        if not before and first.seen_at != created_at:
            return ""
        kept, _ = texts[max(0, len(texts) - 1 - (len(told) - before))]
        return kept.text

    def parent_text(self, comment: CommentRow, version: VersionRow) -> str:
        """The parent's text when this one was seen; empty where it was not known yet. Of those
        that were stored together each was known to the others."""
        texts = self._parents.get((comment.page_id, comment.parent_id), [])
        known = [t for t in texts if _number(t) < _number(version) or t.seen_at == version.seen_at]
        return original(known[-1].text, escaped=known[-1].escaped) if known else ""

    def fundraisers(self, version: VersionRow) -> tuple[Fundraiser, ...]:
        """Those approved at that time, as store.approved_fundraisers() gave them."""
        place = self._place(version)
        known = [
            fundraiser_of(row)
            for row in self._sales
            if self._told_of_sales.get(str(row.id), [_LATER])[0] < place
        ]
        return tuple(sale for sale in known if sale.runs_at(version.seen_at))

    def _place(self, version: VersionRow) -> int:
        return self._told.get(str(version.id), [_LATER])[0]


def _number(version: VersionRow) -> int:
    return version.id or 0


def _places(session: Session, table: str, row_ids: Iterable[str]) -> Mapping[str, list[int]]:
    """The numbers of the log's rows about each of these rows of a table, rising."""
    a = AuditRow
    query = select(col(a.row_id), col(a.seq)).where(
        col(a.row_table) == table, in_list(col(a.row_id), list(row_ids))
    )
    found: dict[str, list[int]] = {}
    for row_id, seq in session.execute(query.order_by(col(a.seq))):
        found.setdefault(row_id, []).append(seq)
    return found


def _posts(session: Session, comments: Sequence[CommentRow]) -> Mapping[str, _Texts]:
    """Every text of the comments' posts, oldest first, by the log's name of the post."""
    t, p = PostTextRow, PostRow
    query = (
        select(t, col(p.created_at))
        .join(p, (col(p.page_id) == col(t.page_id)) & (col(p.post_id) == col(t.post_id)))
        .where(
            in_list(col(t.page_id), {c.page_id for c in comments}),
            in_list(col(t.post_id), {c.post_id for c in comments}),
        )
    )
    found: dict[str, _Texts] = {}
    for row, created_at in session.execute(query.order_by(col(t.id))):
        found.setdefault(post_row_id(row.page_id, row.post_id), []).append((row, created_at))
    return found


def _parents(
    session: Session, comments: Iterable[CommentRow]
) -> Mapping[tuple[str, str | None], list[VersionRow]]:
    """Every text of the comments that these answer, oldest first, by page and vendor's id."""
    wanted = {c.parent_id for c in comments if c.parent_id is not None}
    if not wanted:
        return {}
    rows = session.execute(
        select(col(CommentRow.page_id), col(CommentRow.comment_id), VersionRow)
        .join(VersionRow, col(CommentRow.id) == col(VersionRow.comment_row))
        .where(
            in_list(col(CommentRow.comment_id), wanted),
            in_list(col(CommentRow.page_id), {c.page_id for c in comments}),
        )
        .order_by(col(VersionRow.id))
    )
    found: dict[tuple[str, str | None], list[VersionRow]] = {}
    for page_id, comment_id, version in rows:
        found.setdefault((page_id, comment_id), []).append(version)
    return found
