"""One decision, with all that explains it and all that vouches for it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import store
from modbot.counterfactual import Change, stored_changes
from modbot.domain import Category
from modbot.errors import UnknownDecision
from modbot.people import Right
from modbot.policy import Policy
from modbot.store import LogEntry
from modbot.web.access import person
from modbot.web.entries import log_row, reasons
from modbot.web.filters import BadAddress, read_id
from modbot.web.marking import pieces
from modbot.web.rendering import Pages
from modbot.web.seam import WebService


def record_routes(service: WebService, pages: Pages) -> APIRouter:
    """The page of one decision."""
    routes = APIRouter()

    @routes.api_route("/decisions/{number}", methods=["GET", "HEAD"])
    def record(request: Request, number: str) -> HTMLResponse:
        try:
            with service.database.read() as session:
                entry = store.decision(session, read_id(number))
                if not person(request).may(Right.READ, entry.page_id):
                    raise HTTPException(404)  # as one that is not there
                versions = store.versions_of(session, entry.comment_row)
                decisions = store.history(session, entry.comment_row)
                audit = store.audit_of(session, entry.id)
        except (BadAddress, UnknownDecision):
            raise HTTPException(404) from None
        return pages.answer(
            request,
            "decision/record.html",
            here=(f"/decisions/{entry.id}", {}),
            entry=entry,
            row=log_row(entry, whole=True),
            reasons=reasons(entry),
            changes=_changes(service.config.policy, entry),
            clause_text=_clause_text(service.config.policy, entry),
            versions=[(version, pieces(version.text, [])) for version in versions],
            decisions=decisions,
            audit=audit,
        )

    return routes


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
