"""One verdict on many comments, of a rule or an author, which are seen before it is sent."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import review, store
from modbot.domain import Verdict
from modbot.errors import ReasonMissing
from modbot.people import Person, Right
from modbot.people.tokens import form_token
from modbot.review import KEPT_UP_ONE_BY_ONE, ManyDone
from modbot.store import LogEntry
from modbot.stored_text import shown
from modbot.web.access import needs, visit
from modbot.web.entries import Row, entry_for, log_row
from modbot.web.filters import read_id
from modbot.web.queue_answers import LONGEST_NOTE, Answer, read_answer
from modbot.web.queue_item import can_hide
from modbot.web.queue_sitting import Sitting, claimant, room_of
from modbot.web.rendering import Pages, reader_language
from modbot.web.routes import Routes
from modbot.web.seam import WebService

AT_ONCE = 100  # comments that one form decides
EXAMPLES = 10  # that are shown whole
LONGEST_RULE = 300  # characters of an id
Decider = Annotated[Person, Depends(needs(Right.DECIDE))]


@dataclass(frozen=True, kw_only=True)
class Many:
    """The comments of one choice and what a verdict on all of them would do."""

    rule: str
    author: str
    author_of: int
    ids: tuple[int, ...]
    capped: bool  # there are more than one form takes
    examples: tuple[Row, ...]
    others: tuple[Row, ...]
    by_page: tuple[tuple[str, int], ...]
    by_category: tuple[tuple[str, int], ...]
    hidden: tuple[tuple[str, int], ...]  # platform, how many it would be asked to hide
    by_hand: int  # no program can hide these: left out of a hide
    kept_up_one_by_one: int  # possible threats and cries for help: left out of a leave-up
    signature: str


def queue_many_routes(service: WebService, pages: Pages) -> Routes:
    """Seeing what would be decided together, and deciding it."""
    routes = Routes()

    @routes.api_route("/queue/many", methods=["GET", "HEAD"])
    def preview(request: Request, who: Decider) -> Response:
        many = _chosen(service, request, who)
        return many_page(service, pages, request, who, "queue/many.html", many=many, answer=None)

    @routes.post("/queue/many")
    def decide(
        request: Request,
        who: Decider,
        verdict: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
        ids: Annotated[str, Form()] = "",
        signature: Annotated[str, Form()] = "",
    ) -> Response:
        if not hmac.compare_digest(signature.encode(), _signed(request, ids).encode()):
            raise HTTPException(400)  # not what the form showed
        answer = read_answer(verdict, reason, note, "")
        if answer.verdict is Verdict.ESCALATE:
            raise HTTPException(400)
        entries = _seen(service, who, [read_id(each) for each in ids.split(",")])
        return _decide(service, pages, request, who, entries, answer)

    return routes


def _chosen(service: WebService, request: Request, who: Person) -> Many:
    """The choice of an address, as it waits now."""
    rule = shown(request.query_params.get("rule", "")[:LONGEST_RULE])
    given = request.query_params.get("author_of", "")
    if bool(rule) == bool(given):
        raise HTTPException(400)
    author_of = read_id(given) if given else 0
    levels = claimant(service, who).levels
    with service.database.read() as s:
        author, row = "", 0
        if given:
            about = entry_for(s, given, who)
            author, row = about.author_name or "", about.comment_row
            found = store.waiting_by_author(s, row, levels, who.pages, AT_ONCE + 1)
        else:
            found = store.waiting_by_rule(s, rule, levels, who.pages, AT_ONCE + 1)
        entries = store.decisions(s, found[:AT_ONCE])
    return _many(
        service,
        request,
        entries,
        rule=rule,
        author=author,
        author_of=author_of,
        capped=len(found) > AT_ONCE,
    )


def _many(service: WebService, request: Request, entries: Sequence[LogEntry], **about: Any) -> Many:
    listed = [log_row(entry) for entry in entries]
    able = [e for e in entries if can_hide(e, service.capabilities(e.platform))]
    ids = tuple(entry.id for entry in entries)
    return Many(
        ids=ids,
        examples=tuple(listed[:EXAMPLES]),
        others=tuple(listed[EXAMPLES:]),
        by_page=tuple(Counter(e.page_name for e in entries).most_common()),
        by_category=tuple(
            Counter(e.categories[0].value if e.categories else "" for e in entries).most_common()
        ),
        hidden=tuple(Counter(e.platform for e in able).most_common()),
        by_hand=len(entries) - len(able),
        kept_up_one_by_one=sum(bool(KEPT_UP_ONE_BY_ONE & set(e.categories)) for e in entries),
        signature=_signed(request, ",".join(map(str, ids))),
        **about,
    )


def _signed(request: Request, ids: str) -> str:
    """That this person was shown these and no others."""
    return form_token(f"{visit(request).cookie}:{ids}")


def _seen(service: WebService, who: Person, ids: Sequence[int]) -> list[LogEntry]:
    with service.database.read() as s:
        entries = store.decisions(s, ids[:AT_ONCE])
    return [entry for entry in entries if who.may(Right.DECIDE, entry.page_id)]


def _decide(
    service: WebService,
    pages: Pages,
    request: Request,
    who: Person,
    entries: Sequence[LogEntry],
    answer: Answer,
) -> Response:
    if answer.verdict is Verdict.HIDE:
        left = [e for e in entries if can_hide(e, service.capabilities(e.platform))]
    else:
        left = [e for e in entries if not KEPT_UP_ONE_BY_ONE & set(e.categories)]
    result, error = _resolve(service, who, left, answer)
    if result is None:
        many = _many(service, request, entries, rule="", author="", author_of=0, capped=False)
        return many_page(
            *(service, pages, request, who, "queue/many.html"),
            status=422,
            many=many,
            answer=answer,
            error=error,
        )
    refused = Counter(type(refusal).__name__ for refusal in result.refused.values())
    held = refused.pop("HeldByAnother", 0)
    out = {"said": len(entries) - len(left), "held": held, "changed": sum(refused.values())}
    if result.done:
        told = urlencode({name: number for name, number in out.items() if number})
        return RedirectResponse(f"/queue/many/{result.bulk}?{told}".rstrip("?"), 303)
    return many_page(
        *(service, pages, request, who, "queue/many_done.html"),
        verdict=answer.verdict.value,
        done=0,
        bulk="",  # nothing is known by a name
        left_out=out,
    )


def _resolve(
    service: WebService, who: Person, entries: Sequence[LogEntry], answer: Answer
) -> tuple[ManyDone | None, str]:
    """What was done; or nothing, and what is wrong with the form."""
    if len(answer.note) > LONGEST_NOTE:
        return None, "long"
    try:
        done = review.resolve_many(
            service.database,
            [entry.id for entry in entries],
            answer.verdict,
            who.actor,
            answer.words,
            service.clock.now(),
            room=room_of(service, who),
        )
    except ReasonMissing:
        return None, "reason"
    return done, ""


def many_page(
    service: WebService,
    pages: Pages,
    request: Request,
    who: Person,
    template: str,
    *,
    path: str = "/queue/many",
    status: int = 200,
    **values: Any,
) -> Response:
    """A page in the frame of the queue, about many comments."""
    sitting = Sitting.of(request, service.clock.now())
    with service.database.read() as s:
        side = sitting.side(s, who, claimant(service, who), reader_language(request))
    query = {
        name: request.query_params[name]
        for name in ("rule", "author_of", "said", "held", "changed")
        if name in request.query_params
    }
    return pages.answer(
        request,
        template,
        status=status,
        here=(path, query),
        sitting=sitting,
        side=side,
        did=None,
        reasons=service.config.policy.review.reasons,
        **{"error": "", **values},
    )
