"""Stores a judged batch: comments, versions, decisions, requested actions and their audit rows."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Table, bindparam, func, select, update
from sqlmodel import Session, SQLModel

from modbot.audit import Entry, append
from modbot.audit.evidence import hash_stored
from modbot.domain import BOT, ActionKind, Comment, Decision, Page, Signal, Verdict
from modbot.store.comments import Known, known, sync_state
from modbot.store.log_lines import NewLine, found_name, write_lines
from modbot.store.waiting import replace_waiting, waiting_row
from modbot.stored_rows import StoredRow, canonical, insert_stored, iso_time, stored_form
from modbot.stored_text import shown, storable
from modbot.tables import (
    ActionRow,
    CommentRow,
    DecisionRow,
    VersionRow,
)

_TABLES = tuple(
    SQLModel.metadata.tables[str(row.__tablename__)]
    for row in (CommentRow, VersionRow, DecisionRow, ActionRow)
)
_COMMENT, _VERSION, _DECISION, _ACTION = _TABLES
_LAST_IDS = select(*(select(func.max(t.c.id)).scalar_subquery() for t in _TABLES))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One comment as fetched, and what follows from it."""

    comment: Comment
    known: Known | None = None  # what was stored when it was judged; None: looked up again
    decision: Decision | None = None  # None: stored and not judged
    action: ActionKind | None = None
    mode: str = "observe"  # the page's, when it was judged
    models: Mapping[str, str] = field(default_factory=dict)  # classifier name -> version
    config_sha256: str = ""
    missed_hide: int | None = None  # the hide that found it gone; now it is back and judged again


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Where it was stored. Without `new` the text was known and only its state was noted."""

    comment_row: int
    version_id: int
    decision_id: int | None = None
    action_id: int | None = None
    new: bool = True


def record_judged(
    session: Session, page: Page, items: Sequence[Judged], now: datetime
) -> list[Recorded]:
    """Stores each text once, in order, with its decision and action; one answer an item.

    A text equal to the comment's newest version is not stored again. A `known` that is out of
    date fails on the version index, and with it the transaction.
    """
    unsure = [item.comment.id for item in items if item.known is None]
    stored = known(session, page.id, unsure) if unsure else {}
    stored.update({item.comment.id: item.known for item in items if item.known is not None})
    batch = _Batch(session, page, now, stored)
    recorded = [batch.add(item) for item in items]
    batch.insert()
    for item, where in zip(items, recorded, strict=True):
        before = stored.get(item.comment.id)
        if before is not None and _state_changed(before, item.comment):
            sync_state(session, where.comment_row, item.comment.hidden, now)
    return recorded


def _state_changed(before: Known, comment: Comment) -> bool:
    return before.gone or (comment.hidden is not None and comment.hidden != before.hidden)


class _Batch:
    """The rows of one record_judged(). Ids are given out here: the writer is alone."""

    def __init__(
        self, session: Session, page: Page, now: datetime, stored: Mapping[str, Known]
    ) -> None:
        self.session, self.page, self.now = session, page, now
        self.stamp = iso_time(now)
        self.newest = {
            comment_id: (k.comment_row, k.version_id, k.number, k.text_sha256)
            for comment_id, k in stored.items()
        }
        newest = session.execute(_LAST_IDS).one()
        self.last_id = {t: n or 0 for t, n in zip(_TABLES, newest, strict=True)}
        self.rows: dict[Table, list[StoredRow]] = {t: [] for t in _TABLES}
        self.lines: list[NewLine] = []
        self.waiting: dict[int, StoredRow] = {}  # by comment row
        self.touched: set[int] = set()  # comments of before that were edited or judged again
        self.edited: dict[int, int] = {}  # comment row -> number of its newest version
        self.entries: list[Entry] = []

    def add(self, item: Judged) -> Recorded:
        comment = item.comment
        text_sha256 = comment.text_sha256
        row, version_id, number, newest_sha256 = self.newest.get(comment.id, (0, 0, 0, ""))
        if number and newest_sha256 == text_sha256:
            if item.missed_hide is not None and item.decision is not None:
                return self._judge(item, item.decision, row, version_id, new=False)
            return Recorded(comment_row=row, version_id=version_id, new=False)
        number += 1
        comment_sha256 = ""
        if number == 1:
            row, comment_sha256 = self._add_comment(comment)
        else:
            self.edited[row] = number
            self._no_longer_waits(row)
        version_id = self._add_version(comment, row, number, text_sha256, comment_sha256)
        self.newest[comment.id] = (row, version_id, number, text_sha256)
        if item.decision is None:
            return Recorded(comment_row=row, version_id=version_id)
        return self._judge(item, item.decision, row, version_id)

    def _judge(
        self, item: Judged, decision: Decision, row: int, version_id: int, *, new: bool = True
    ) -> Recorded:
        if not new:
            self._no_longer_waits(row)
        decision_id = self._add_decision(item, decision, row, version_id)
        action_id = None
        if item.action is not None:
            action_id = self._add_action(item, item.action, row, version_id, decision_id)
        return Recorded(
            comment_row=row,
            version_id=version_id,
            decision_id=decision_id,
            action_id=action_id,
            new=new,
        )

    def insert(self) -> None:
        for table, rows in self.rows.items():
            insert_stored(self.session, table, rows)
        write_lines(self.session.connection(), self.lines)
        replace_waiting(self.session, list(self.waiting.values()), instead_of=sorted(self.touched))
        if self.edited:
            self.session.execute(
                update(_COMMENT)
                .where(_COMMENT.c.id == bindparam("edited_row"))
                .values(versions=bindparam("newest_number")),
                [{"edited_row": r, "newest_number": n} for r, n in self.edited.items()],
            )
        append(self.session, self.entries, self.now)

    def _no_longer_waits(self, row: int) -> None:
        self.touched.add(row)
        self.waiting.pop(row, None)

    def _place(self, table: Table, values: StoredRow) -> int:
        self.last_id[table] += 1
        values["id"] = self.last_id[table]
        self.rows[table].append(values)
        return self.last_id[table]

    def _vouch(
        self, kind: str, table: str, values: StoredRow, detail: Mapping[str, object]
    ) -> None:
        sha256 = hash_stored(table, values)
        self.entries.append(
            Entry(
                kind=kind,
                actor=BOT.name,
                row_table=table,
                row_id=str(values["id"]),
                row_sha256=sha256,
                detail=detail,
            )
        )

    def _add_comment(self, comment: Comment) -> tuple[int, str]:
        values: StoredRow = {
            "page_id": self.page.id,
            "platform": comment.platform,
            "comment_id": shown(comment.id),
            "post_id": shown(comment.post_id),
            "parent_id": _shown(comment.parent_id),
            "author_id": _shown(comment.author_id),
            "author_name": _shown(comment.author_name),
            "permalink": _shown(comment.permalink),
            "created_at": iso_time(comment.created_at),
            "first_seen_at": self.stamp,
            "gone_at": None,
            "hidden": None if comment.hidden is None else int(comment.hidden),
            "versions": 1,
            "by_page": int(comment.by_page),
        }
        row = self._place(_COMMENT, values)
        return row, hash_stored("comment", values)

    def _add_version(
        self, comment: Comment, row: int, number: int, text_sha256: str, comment_sha256: str
    ) -> int:
        text, escaped = storable(comment.text)
        raw_sha256 = hashlib.sha256(comment.raw).hexdigest()
        values: StoredRow = {
            "comment_row": row,
            "number": number,
            "text": text,
            "escaped": int(escaped),
            "text_sha256": text_sha256,
            "raw": zlib.compress(comment.raw, 1),
            "raw_sha256": raw_sha256,
            "seen_at": self.stamp,
        }
        version_id = self._place(_VERSION, values)
        detail: dict[str, object] = {
            "page": self.page.id,
            "comment": comment.id,
            "version": number,
            "raw_sha256": raw_sha256,
        }
        if number == 1:
            detail["comment_sha256"] = comment_sha256
        kind = "comment.seen" if number == 1 else "comment.edited"
        self._vouch(kind, "version", values, detail)
        return version_id

    def _add_decision(self, item: Judged, decision: Decision, row: int, version_id: int) -> int:
        categories = [category.value for category in decision.categories]
        again = "" if item.missed_hide is None else f":after:{item.missed_hide}"
        values: StoredRow = {
            "key": f"bot:{version_id}{again}",
            "version_id": version_id,
            "comment_row": row,
            "page_id": self.page.id,
            "verdict": decision.verdict.value,
            "hide": int(decision.hide),
            "categories": canonical(categories),
            "signals": canonical([signal_json(signal) for signal in decision.signals]),
            "clause": decision.clause,
            "thresholds": _thresholds_json(tuple(decision.thresholds.items())),
            "degraded": canonical(decision.degraded),
            "reason": shown(decision.reason),
            "mode": item.mode,
            "models": _models_json(tuple(item.models.items())),
            "config_sha256": item.config_sha256,
            "actor_kind": BOT.kind,
            "actor": BOT.name,
            "decided_at": self.stamp,
        }
        decision_id = self._place(_DECISION, values)
        self.lines.append(
            NewLine(
                decision=values,
                text=shown(item.comment.text),
                original=item.comment.text,
                found=found_name(
                    categories, ((s.source, s.evidence.rule) for s in decision.signals)
                ),
            )
        )
        if decision.verdict is not Verdict.ALLOW and (waits := waiting_row(values)):
            self.waiting[row] = waits
        detail = {"verdict": values["verdict"], "hide": decision.hide}
        self._vouch("decision.made", "decision", values, detail)
        return decision_id

    def _add_action(
        self, item: Judged, kind: ActionKind, row: int, version_id: int, decision_id: int
    ) -> int:
        number = self.newest[item.comment.id][2]
        values = action_values(
            kind=kind,
            comment_id=shown(item.comment.id),
            page_id=self.page.id,
            number=number,
            decision_id=decision_id,
            version_id=version_id,
            comment_row=row,
            now=self.now,
        )
        values = {name: stored_form(value) for name, value in values.items()}
        action_id = self._place(_ACTION, values)
        self._vouch("action.requested", "action", values, {"kind": kind.value})
        return action_id


@lru_cache(maxsize=1024)  # a policy has few, and each decision names them
def _thresholds_json(thresholds: tuple[tuple[str, float], ...]) -> str:
    return canonical({name: float(value) for name, value in thresholds})


@lru_cache(maxsize=16)
def _models_json(models: tuple[tuple[str, str], ...]) -> str:
    return canonical(dict(models))


def _shown(text: str | None) -> str | None:
    return None if text is None else shown(text)


def signal_json(signal: Signal) -> dict[str, object]:
    """A signal as the decision row keeps it; offsets are those in the text as sent."""
    evidence = signal.evidence
    shares = [[s.start, s.end, float(s.share), s.text] for s in evidence.shares]
    return {
        "source": signal.source,
        "category": signal.category.value,
        "score": float(signal.score),
        "rule": evidence.rule,
        "text": evidence.text,
        "start": evidence.start,
        "end": evidence.end,
        **({"note": shown(evidence.note)} if evidence.note else {}),
        "aspect": signal.aspect.value,
        **({"shares": shares} if shares else {}),
    }


def action_values(
    *,
    kind: ActionKind,
    comment_id: str,
    page_id: str,
    number: int,
    decision_id: int,
    version_id: int,
    comment_row: int,
    now: datetime,
) -> StoredRow:
    """A newly requested action, all but its id. The key is what makes it happen once."""
    return {
        "key": f"{kind.value}:{page_id}:{comment_id}:{number}:{decision_id}",
        "decision_id": decision_id,
        "version_id": version_id,
        "comment_row": comment_row,
        "page_id": page_id,
        "kind": kind.value,
        "state": "requested",
        "attempts": 0,
        "requested_at": now,
        "next_try_at": now,
        "finished_at": None,
        "answer": "",
    }
