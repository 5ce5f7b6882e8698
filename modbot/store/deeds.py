"""What a rule, a model version or a person did: decisions found again, and how things stand now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from modbot.dialects import holds_text, listed_text
from modbot.domain import BOT, Signal, Verdict, looks_from, without_number
from modbot.store.actions import ALREADY_SO
from modbot.store.decisions import keys_of_bulk
from modbot.store.id_lists import in_list
from modbot.store.log_queries import signals_of
from modbot.stored_text import shown
from modbot.tables import DecisionRow, LogNameRow

RULES = "rules"  # the source of a signal that is no model's
CHUNK_ROWS = 500


class DoerKind(StrEnum):
    """Who or what did it."""

    RULE = "rule"
    MODEL = "model"
    PERSON = "person"
    BULK = "bulk"  # what a person decided with one form

    @property
    def human(self) -> bool:
        """Whether a person did it."""
        return self in (DoerKind.PERSON, DoerKind.BULK)


@dataclass(frozen=True, kw_only=True)
class Doer:
    """Whose deeds are looked for. The subject of a model is its name, and its version after a
    space; without one every version counts. That of a person is what the record calls them, that
    of a bulk what its decisions are known by (ManyDone.bulk)."""

    kind: DoerKind
    subject: str

    def said(self, signal: Signal) -> bool:
        """Whether this signal is the rule's or the model's."""
        if self.kind is DoerKind.RULE:
            return signal.source == RULES and signal.evidence.rule == self.subject
        return self.kind is DoerKind.MODEL and signal.source == self.model[0] != RULES

    @property
    def model(self) -> tuple[str, str]:
        """Name and version."""
        name, _, version = self.subject.partition(" ")
        return name, version.strip()


@dataclass(frozen=True, kw_only=True)
class DeedChoice:
    """Deeds of one doer from `since` up to, but not at, `until`."""

    doer: Doer
    since: datetime
    until: datetime
    pages: frozenset[str] | None = None  # None: on every page
    through: int = 2**63 - 1  # no later decision than this one


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One decision of the doer's, with what it takes to judge the text again."""

    decision_id: int
    comment_row: int
    page_id: str
    verdict: Verdict
    hide: bool
    category: str  # the worst; empty: none
    signals: tuple[Signal, ...]
    thresholds: Mapping[str, float]
    degraded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BulkDecision:
    """One of the decisions that somebody made with one form."""

    id: int
    page_id: str
    verdict: Verdict
    actor: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How things stand with the comment of a deed."""

    platform: str
    newest_text: bool  # the deed is about the text that is there now
    gone: bool
    hidden: bool | None
    asked_to_hide: bool  # the newest hide or restore that is open or done is a hide
    restoring: bool  # it is a restore that the platform has not answered
    hidden_before: bool  # that hide found it hidden already, and not by an earlier hide of ours
    later: Verdict | None  # what a person decided after it
    bot: Verdict | None  # what the bot had said of that text before it
    bot_hid: bool


def newest_decision(session: Session) -> int:
    """The id of the newest decision; 0 while there is none."""
    return session.scalar(select(func.max(col(DecisionRow.id)))) or 0


def namesakes(session: Session, recorded: str, pages: Collection[str] | None = None) -> list[str]:
    """Whom else the record knows by this name, with another number or none; where `pages` are
    given, who decided on one of them."""
    name = without_number(recorded)
    known = session.scalars(select(col(LogNameRow.name)).where(col(LogNameRow.kind) == "actor"))
    people = (each.removeprefix("person:") for each in known if each.startswith("person:"))
    found = sorted(each for each in people if without_number(each) == name and each != recorded)
    return [each for each in found if pages is None or _decided_on(session, each, pages)]


def _decided_on(session: Session, recorded: str, pages: Collection[str]) -> bool:
    query = select(col(DecisionRow.id)).where(
        *_sign(Doer(kind=DoerKind.PERSON, subject=recorded)),
        in_list(col(DecisionRow.page_id), pages, look_up=False),
    )
    return session.scalar(query.limit(1)) is not None


def deeds(session: Session, choice: DeedChoice) -> Iterator[Deed]:
    """The newest deed on each comment, by the id of the comment."""
    row = DecisionRow
    query = _deeds().where(
        col(row.decided_at) >= choice.since,
        col(row.decided_at) < choice.until,
        col(row.id) <= choice.through,
        *_sign(choice.doer),
    )
    if choice.pages is not None:
        query = query.where(in_list(col(row.page_id), choice.pages, look_up=False))
    newest: dict[int, int] = {}
    for found in session.execute(query.execution_options(yield_per=CHUNK_ROWS)):
        if _is_deed(found, choice.doer):
            newest[found.comment_row] = max(found.id, newest.get(found.comment_row, 0))
    ids = [newest[comment_row] for comment_row in sorted(newest)]
    yield from deeds_of(session, choice.doer, ids)


def deeds_of(session: Session, doer: Doer, decision_ids: Sequence[int]) -> Iterator[Deed]:
    """Deeds by their ids, in that order; an id that is no deed of the doer's is left out."""
    for start in range(0, len(decision_ids), CHUNK_ROWS):
        some = decision_ids[start : start + CHUNK_ROWS]
        rows = session.execute(_deeds().where(in_list(col(DecisionRow.id), some)))
        found = {row.id: _deed(row, doer) for row in rows}
        yield from (deed for each in some if (deed := found.get(each)) is not None)


def _deeds() -> Select[Any]:
    d = DecisionRow
    columns = (d.id, d.comment_row, d.page_id, d.verdict, d.hide, d.categories, d.signals)
    more = (d.thresholds, d.degraded, d.models, d.actor_kind, d.actor, d.key, d.decided_at)
    return select(*columns, *more)  # type: ignore[call-overload, no-any-return]


def decided_together(session: Session, bulk: str) -> list[BulkDecision]:
    """The decisions of a bulk, in order; none where there is no such bulk."""
    query = _deeds().where(*_sign(Doer(kind=DoerKind.BULK, subject=bulk)))
    return [
        BulkDecision(
            id=row.id,
            page_id=row.page_id,
            verdict=Verdict(row.verdict),
            actor=row.actor,
            decided_at=row.decided_at,
        )
        for row in session.execute(query.order_by(col(DecisionRow.id)))
    ]


def _sign(doer: Doer) -> tuple[Any, ...]:
    """Conditions that every deed fulfils; _deed() says for sure."""
    row = DecisionRow
    if doer.kind is DoerKind.PERSON:
        return (col(row.actor_kind) != BOT.kind, col(row.actor) == shown(doer.subject))
    if doer.kind is DoerKind.BULK:
        first, after = keys_of_bulk(doer.subject)
        return (col(row.key) >= first, col(row.key) < after)
    by_bot = (col(row.actor_kind) == BOT.kind, col(row.verdict) != Verdict.ALLOW.value)
    if doer.kind is DoerKind.RULE:
        sign = f'"rule":{json.dumps(doer.subject)}'
        return (*by_bot, holds_text(col(row.signals), sign))
    sign = f'"source":{json.dumps(doer.model[0])}'
    return (*by_bot, holds_text(col(row.signals), sign))


def _deed(row: Any, doer: Doer) -> Deed | None:
    if not _is_deed(row, doer):
        return None
    return Deed(
        decision_id=row.id,
        comment_row=row.comment_row,
        page_id=row.page_id,
        verdict=Verdict(row.verdict),
        hide=bool(row.hide),
        category=row.categories[0] if row.categories else "",
        signals=() if doer.kind.human else signals_of(row.signals),
        thresholds=row.thresholds,
        degraded=tuple(row.degraded),
    )


def _is_deed(row: Any, doer: Doer) -> bool:
    """Whether a decision row is the doer's; looks at the signals as they are stored."""
    person = row.actor_kind != BOT.kind
    if doer.kind is DoerKind.PERSON:
        return bool(person and row.actor == shown(doer.subject))
    if doer.kind is DoerKind.BULK:
        first, after = keys_of_bulk(doer.subject)
        return bool(first <= row.key < after)
    if person or row.verdict == Verdict.ALLOW:
        return False
    if doer.kind is DoerKind.RULE:
        return any(
            signal["rule"] == doer.subject and signal["source"] == RULES and _counts(signal, row)
            for signal in row.signals
        )
    name, version = doer.model
    if name == RULES or (version and row.models.get(name) != version):
        return False
    return any(signal["source"] == name and _counts(signal, row) for signal in row.signals)


def _counts(signal: Mapping[str, Any], row: Any) -> bool:
    """Whether a stored signal reached the limit that was compared then."""
    category, score = signal["category"], signal["score"]
    if category not in row.categories:
        return False
    model = signal["source"] != RULES
    key = looks_from(category, signal["source"], signal["aspect"], row.thresholds)
    limit = row.thresholds.get(key)
    return limit is None or bool(score > limit if model else score >= limit)


_STANDINGS = """
    SELECT d.id, c.platform, v.number = c.versions, c.gone_at IS NOT NULL, c.hidden,
        (SELECT a.kind || ' ' || a.state || ' ' || a.answer FROM action a WHERE a.comment_row = c.id
            AND a.kind IN ('hide', 'restore') AND a.state IN ('requested', 'confirmed')
            ORDER BY a.id DESC LIMIT 1),
        EXISTS (SELECT 1 FROM action h WHERE h.comment_row = c.id AND h.kind = 'hide'
            AND h.state = 'confirmed' AND h.answer <> :already
            AND h.id > coalesce((SELECT max(r.id) FROM action r WHERE r.comment_row = c.id
                AND r.kind = 'restore' AND r.state = 'confirmed'), 0)),
        (SELECT p.verdict FROM decision p WHERE p.comment_row = c.id AND p.id > d.id
            AND p.actor_kind <> 'bot' ORDER BY p.id DESC LIMIT 1),
        (SELECT b.verdict || ' ' || CAST(b.hide AS INTEGER) FROM decision b
            WHERE b.version_id = d.version_id AND b.id < d.id AND b.actor_kind = 'bot'
            ORDER BY b.id DESC LIMIT 1)
    FROM decision d JOIN comment c ON c.id = d.comment_row JOIN version v ON v.id = d.version_id
    WHERE """


def standings(session: Session, decision_ids: Sequence[int]) -> dict[int, Standing]:
    """How things stand with the comments of these decisions, by decision."""
    found: dict[int, Standing] = {}
    for start in range(0, len(decision_ids), CHUNK_ROWS):
        ids = list(decision_ids[start : start + CHUNK_ROWS])
        query = listed_text(session.connection(), _STANDINGS, "d.id")
        for row in session.connection().execute(query, {"listed": ids, "already": ALREADY_SO}):
            found[row[0]] = _standing(row)
    return found


def _standing(row: Any) -> Standing:
    _id, platform, newest_text, gone, hidden, asked, ours, later, bot = row
    kind, state, answer = (*(asked or "").split(" ", 2), "", "")[:3]
    said, _, hid = (bot or "").partition(" ")
    return Standing(
        platform=platform,
        newest_text=bool(newest_text),
        gone=bool(gone),
        hidden=None if hidden is None else bool(hidden),
        asked_to_hide=kind == "hide",
        restoring=kind == "restore" and state == "requested",
        hidden_before=kind == "hide" and answer == ALREADY_SO and not ours,
        later=Verdict(later) if later else None,
        bot=Verdict(said) if said else None,
        bot_hid=hid == "1",
    )


def doers_lately(
    session: Session, pages: Iterable[str] | None, *, looked_at: int = 2000
) -> dict[Doer, int]:
    """Whose deeds are among the newest `looked_at` decisions, with how many hides or reviews (of a
    person: decisions); the busiest first."""
    query = _deeds().order_by(col(DecisionRow.id).desc()).limit(looked_at)
    query = query.where(
        or_(
            col(DecisionRow.verdict) != Verdict.ALLOW.value, col(DecisionRow.actor_kind) != BOT.kind
        )
    )
    if pages is not None:
        query = query.where(in_list(col(DecisionRow.page_id), pages, look_up=False))
    counted: dict[Doer, int] = {}
    for row in session.execute(query):
        for doer in _doers(row):
            if _is_deed(row, doer):
                counted[doer] = counted.get(doer, 0) + 1
    return dict(sorted(counted.items(), key=lambda pair: -pair[1]))


def _doers(row: Any) -> set[Doer]:
    if row.actor_kind != BOT.kind:
        return {Doer(kind=DoerKind.PERSON, subject=row.actor)}
    found = set()
    for signal in row.signals:
        if signal["source"] == RULES:
            found.add(Doer(kind=DoerKind.RULE, subject=signal["rule"]))
        else:
            name = signal["source"]
            subject = f"{name} {row.models.get(name, '')}".strip()
            found.add(Doer(kind=DoerKind.MODEL, subject=subject))
    return found


def without(deed: Deed, doer: Doer) -> Deed:
    """The deed as if the rule or model had said nothing."""
    return replace(deed, signals=tuple(s for s in deed.signals if not doer.said(s)))
