"""One decision, and the whole life of its comment: all that explains it and vouches for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated

from fastapi import Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import store, undo
from modbot.counterfactual import Change, stored_changes
from modbot.domain import Category, Verdict
from modbot.errors import (
    HeldByAnother,
    NotYours,
    ReasonMissing,
    UndoRefused,
    VerdictRefused,
)
from modbot.people import Person, Right, Role
from modbot.policy import Policy
from modbot.store import LogEntry, Waiting
from modbot.stored_text import shown
from modbot.undo.runs import REASON_CAP
from modbot.web.access import needs, refuse
from modbot.web.entries import entry_for, log_row
from modbot.web.filters import BadAddress
from modbot.web.life import Life, life_of
from modbot.web.queue_sitting import room_of
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.undo import rights_of
from modbot.web.veiling import may_offend
from modbot.web.why import reasons

LONGEST_RULE = 300  # characters of an id
LONGEST_PATTERN = 2000
_PIECES = ("v", "d", "a")  # which piece of a long life the address asks for
Reader = Annotated[Person, Depends(needs(Right.READ))]
Decider = Annotated[Person, Depends(needs(Right.DECIDE))]


def record_routes(service: WebService, pages: Pages) -> Routes:
    """The page of one decision, its undo, and where a rule is written."""
    routes, desk = Routes(), RecordDesk(service, pages)

    @routes.api_route("/decisions/{number}", methods=["GET", "HEAD"])
    def record(request: Request, number: str, who: Reader) -> Response:
        return desk.page(request, number, who)

    @routes.post("/decisions/{number}/undo")
    def take_back(
        request: Request, number: str, who: Decider, reason: Annotated[str, Form()] = ""
    ) -> Response:
        return desk.undo(request, number, who, reason)

    @routes.api_route("/rule", methods=["GET", "HEAD"])
    def rule(request: Request, who: Reader) -> Response:
        return desk.rule(request, who)

    return routes


class RecordDesk:
    """The pages of decisions for one service."""

    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def page(self, request: Request, number: str, who: Person) -> Response:
        """All about a decision."""
        query = {name: v for name in _PIECES if (v := request.query_params.get(name, ""))}
        policy = self.service.config.policy
        with self.service.database.read() as session:
            entry = entry_for(session, number, who)
            life = life_of(session, entry, who, query)
            asked = store.asked_to_hide(session, entry.comment_row)
            found = store.waiting_comment(session, entry.comment_row)
        return self.pages.answer(
            request,
            "decision/record.html",
            here=(f"/decisions/{entry.id}", query),
            entry=entry,
            hidden_there=bool(entry.hidden) and not asked,
            row=(row := log_row(entry, whole=True)),
            veils=row.veiled or life.veils,
            reasons=reasons(entry),
            changes=_changes(policy, entry),
            clause_text=_clause_text(policy, entry),
            life=life,
            query=query,
            can_undo=who.may(Right.DECIDE, entry.page_id) and _can_undo(entry, life),
            decides=_decides(who, entry, found),
            reason_cap=REASON_CAP,
        )

    def undo(self, request: Request, number: str, who: Person, reason: str) -> Response:
        """Takes back the newest word on the comment."""
        with self.service.database.read() as session:
            entry = entry_for(session, number, who)
        if not who.may(Right.DECIDE, entry.page_id):
            refuse(request, Right.DECIDE, entry.page_id)
        try:
            made = undo.take_back_one(
                *(self.service.database, entry.id, who.actor),
                shown(reason.strip()[:REASON_CAP]),
                self.service.clock.now(),
                room=room_of(self.service, who),
                rights=rights_of(self.service),
            )
        except NotYours:
            refuse(request, Right.DECIDE, entry.page_id)
            raise
        except (VerdictRefused, UndoRefused) as refusal:
            return _to(entry.id, _notice(refusal))
        with self.service.database.read() as session:
            after = store.decision(session, made.decision_id or entry.id)
        return _to(after.id, "undone" if after.verdict is Verdict.ALLOW else "undone-review")

    def rule(self, request: Request, who: Person) -> Response:
        """Where a rule is written, and what it asks for."""
        name = request.query_params.get("id", "")
        if not name.strip() or len(name) > LONGEST_RULE:
            raise BadAddress("id")
        entries = [
            {
                "file": PurePath(entry.file).name,
                "line": entry.line,
                "category": entry.category.value,
                "veiled": may_offend([entry.category]),
                "score": entry.score,
                "asks_for": [_cut(pattern) for pattern in entry.asks_for],
            }
            for entry in self.service.rule_entries(name)
        ]
        return self.pages.answer(
            request,
            "decision/rule.html",
            here=("/rule", {"id": name}),
            name=name,
            entries=entries,
            may_undo=who.may(Right.UNDO_MANY),
        )


def _to(decision_id: int, said: str) -> Response:
    return RedirectResponse(f"/decisions/{decision_id}?said={said}", status_code=303)


def _notice(refusal: VerdictRefused | UndoRefused) -> str:
    known: Mapping[type[Exception], str] = {
        ReasonMissing: "undo-reason",
        HeldByAnother: "undo-held",
        UndoRefused: "undo-nothing",
    }
    return known.get(type(refusal), "undo-newer")


def _decides(who: Person, entry: LogEntry, found: Waiting | None) -> bool:
    """Whether it waits for this person in the queue, with this decision."""
    if found is None or found.decision_id != entry.id or not who.may(Right.DECIDE, entry.page_id):
        return False
    return found.level == store.FOR_REVIEWERS or who.role is Role.ADMIN


def _can_undo(entry: LogEntry, life: Life) -> bool:
    newest = life.around.newest == entry.id and entry.version_number == entry.newest_number
    silent = entry.actor_kind == "bot" and entry.verdict is Verdict.ALLOW
    return newest and not silent and entry.gone_at is None


def _cut(pattern: str) -> str:
    return pattern if len(pattern) <= LONGEST_PATTERN else f"{pattern[:LONGEST_PATTERN]}…"


def _changes(policy: Policy, entry: LogEntry) -> tuple[Change, ...] | None:
    """None: nothing can be said, today's policy has other switches. A person needs no threshold."""
    return () if entry.actor_kind == "person" else stored_changes(entry, policy)


def _clause_text(policy: Policy, entry: LogEntry) -> str:
    """What the clause says, where today's policy still has it under that number."""
    for category in entry.categories or tuple[Category, ...]():
        rule = policy.categories.get(category)
        if rule is not None and rule.clause == entry.clause:
            return rule.clause_text
    return ""
