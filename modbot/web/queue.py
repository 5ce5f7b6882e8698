"""The queue: one comment that waits, all that is needed to decide on it, and the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Form
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from modbot import claims, review, store
from modbot.app_steps import removal_steps
from modbot.domain import Verdict
from modbot.errors import ReasonMissing, VerdictRefused
from modbot.i18n import Language
from modbot.people import Person, Right
from modbot.store import Claim, LogEntry
from modbot.web.access import needs, refuse
from modbot.web.entries import entry_for
from modbot.web.filters import read_id
from modbot.web.notices import NOTICES
from modbot.web.queue_answers import LONGEST_NOTE, Answer, read_answer
from modbot.web.queue_item import Item, can_hide, item_of
from modbot.web.queue_sitting import Sitting, claimant, room_of
from modbot.web.rendering import Pages, reader_language
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.veiling import Liked
from modbot.web.wording import Wording

Reader = Annotated[Person, Depends(needs(Right.READ))]
Decider = Annotated[Person, Depends(needs(Right.DECIDE))]
ADVICE = ("decided", "edited", "gone")  # states in which another decision is what matters


def queue_routes(service: WebService, pages: Pages) -> Routes:
    """Opening items and deciding on them."""
    routes = Routes()
    screen = QueueScreen(service, pages)

    @routes.api_route("/queue", methods=["GET", "HEAD"])
    def queue(request: Request, who: Reader) -> Response:
        return screen.first(request, who)

    @routes.api_route("/queue/{number}", methods=["GET", "HEAD"])
    def item(request: Request, who: Reader, number: str) -> Response:
        return screen.item(request, who, screen.entry(number, who))

    @routes.post("/queue/{number}/claim")
    def renew(request: Request, who: Decider, number: str) -> Response:
        entry = screen.entry(number, who)
        return screen.renewed(request, who, entry)

    _verdict_routes(routes, screen)

    @routes.post("/queue-settings", dependencies=[Depends(needs(Right.READ))])
    def settings(
        at: Annotated[str, Form()] = "",
        show: Annotated[str, Form()] = "",
        keys: Annotated[str, Form()] = "",
    ) -> Response:
        place = f"/queue/{at}" if at.isdigit() and at.isascii() and len(at) < 20 else "/queue"
        response = RedirectResponse(place, status_code=303)
        Liked(show=bool(show), keys=bool(keys)).keep(pages.cookies, response)
        return response

    return routes


def _verdict_routes(routes: Routes, screen: QueueScreen) -> None:
    @routes.post("/decisions/{number}/verdict")
    def verdict(
        request: Request,
        who: Decider,
        number: str,
        verdict: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
        by_hand: Annotated[str, Form()] = "",
    ) -> Response:
        entry = screen.entry(number, who)
        answer = read_answer(verdict, reason, note, by_hand)
        return screen.decide(request, who, entry, answer)

    @routes.post("/decisions/{number}/take-back")
    def take_back(request: Request, who: Decider, number: str) -> Response:
        return screen.take_back(request, who, screen.entry(number, who))


class QueueScreen:
    """The pages of the queue over a service."""

    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def entry(self, number: str, who: Person) -> LogEntry:
        """The decision of that number where this person may see it; else 404."""
        with self.service.database.read() as s:
            return entry_for(s, number, who)

    def first(self, request: Request, who: Person) -> Response:
        """To the next free item, or with a page's id to the worst of that page; where there is
        none, the page that says so."""
        only = request.query_params.get("page", "")
        asks = replace(who, pages=frozenset({only})) if only and who.sees(only) else who
        sides = {name: _number(request, name) for name in ("after", "before")}
        if who.may(Right.DECIDE) and _asks_itself(request):
            found = claims.take_next(
                self.service.database,
                claimant(self.service, asks),
                self.service.clock.now(),
                **{name: value for name, value in sides.items() if value},
            )
        else:
            with self.service.database.read() as s:
                found = _first_seen(s, asks, **sides)
        if found is None:
            return self._empty(request, who, of_page=asks is not who)
        said = request.query_params.get("said", "")
        return _to(found, did=_number(request, "did"), said=said if said in NOTICES else "")

    def item(
        self,
        request: Request,
        who: Person,
        entry: LogEntry,
        *,
        status: int = 200,
        answer: Answer | None = None,
        error: str = "",
    ) -> Response:
        """The page of an item; opening it makes it this person's."""
        claim = self._claim(request, who, entry)
        with self.service.database.read() as s:
            shown = self._item(s, request, who, entry, claim)
            newest = store.decision(s, shown.newest) if shown.state in ADVICE else entry
            values = self._around(s, request, who)
        by_hand = "by_hand" in request.query_params or bool(answer and answer.by_hand)
        return self._page(
            request,
            "queue/item.html",
            here=(f"/queue/{entry.id}", {"by_hand": "1"} if by_hand else {}),
            status=status,
            item=shown,
            newest=newest,
            answer=answer,
            error=error,
            by_hand=by_hand,
            steps=removal_steps(entry.permalink, entry.page_id, entry.page_name),
            renew_seconds=int(self.service.config.settings.review.claim_minutes * 20),
            **values,
        )

    def renewed(self, request: Request, who: Person, entry: LogEntry) -> Response:
        """Whether the item is still this person's, for the script of an open page."""
        self._must_decide(request, who, entry)
        now = self.service.clock.now()
        claim = claims.renew(
            self.service.database, entry.comment_row, claimant(self.service, who), now
        )
        with self.service.database.read() as s:
            newest = store.newest_decision_on(s, entry.comment_row)
        spoken = reader_language(request)
        _, said = spoken.gettext, ""
        if claim is None or newest != entry.id:
            said = _("This comment was decided, edited or removed meanwhile.")
        elif claim.person_id != who.id:
            said = _("%(name)s is looking at this comment now.") % {"name": claim.name}
        return JSONResponse({"said": said})

    def decide(self, request: Request, who: Person, entry: LogEntry, answer: Answer) -> Response:
        """Records a verdict and goes on to the next item; says what stands in the way."""
        self._must_decide(request, who, entry)
        able = can_hide(entry, self.service.capabilities(entry.platform))
        by_hand = not able and (answer.by_hand or bool(entry.hidden))
        if answer.verdict is Verdict.HIDE and not able and not by_hand:
            return RedirectResponse(f"/queue/{entry.id}?by_hand=1", status_code=303)
        if len(answer.note) > LONGEST_NOTE:
            return self.item(request, who, entry, status=422, answer=answer, error="long")
        try:
            made = review.resolve(
                self.service.database,
                entry.id,
                answer.verdict,
                who.actor,
                answer.words,
                self.service.clock.now(),
                room=room_of(self.service, who),
                by_hand=by_hand and answer.verdict is Verdict.HIDE,
            )
        except ReasonMissing:
            return self.item(request, who, entry, status=422, answer=answer, error="reason")
        except VerdictRefused as refusal:
            return self._refused(request, who, entry, refusal, answer)
        # What was taken back stands elsewhere in line than before: go on with the worst.
        again = entry.actor_kind == "person" and entry.verdict is Verdict.REVIEW
        return self._onwards(who, None if again else entry.id, did=made.decision_id)

    def take_back(self, request: Request, who: Person, entry: LogEntry) -> Response:
        """Undoes the person's own verdict and opens the comment again."""
        self._must_decide(request, who, entry)
        try:
            made = review.take_back(
                self.service.database,
                entry.id,
                who.actor,
                self.service.clock.now(),
                room=room_of(self.service, who),
            )
        except VerdictRefused as refusal:
            return self._refused(request, who, entry, refusal, None)
        return RedirectResponse(f"/queue/{made.decision_id}?said=taken-back", status_code=303)

    def _onwards(self, who: Person, after: int | None, did: int | None) -> Response:
        found = claims.take_next(
            self.service.database,
            claimant(self.service, who),
            self.service.clock.now(),
            after=after,
        )
        return _to(found, did=did)

    def _must_decide(self, request: Request, who: Person, entry: LogEntry) -> None:
        if not who.may(Right.DECIDE, entry.page_id):
            refuse(request, Right.DECIDE, entry.page_id)

    def _claim(self, request: Request, who: Person, entry: LogEntry) -> Claim | None:
        now = self.service.clock.now()
        asks = request.method == "POST" or _asks_itself(request)
        if asks and who.may(Right.DECIDE, entry.page_id):
            mine = claimant(self.service, who)
            return claims.take(self.service.database, entry.comment_row, mine, now)
        with self.service.database.read() as s:
            return store.claims(s, [entry.comment_row], now).get(entry.comment_row)

    def _item(
        self, s: Session, request: Request, who: Person, entry: LogEntry, claim: Claim | None
    ) -> Item:
        spoken = reader_language(request)
        return item_of(
            s,
            entry,
            who,
            claim,
            policy=self.service.config.policy,
            capabilities=self.service.capabilities(entry.platform),
            spoken=spoken,
            platform_name=_platform_name(entry, spoken),
        )

    def _refused(
        self,
        request: Request,
        who: Person,
        entry: LogEntry,
        refusal: VerdictRefused,
        answer: Answer | None,
    ) -> Response:
        with self.service.database.read() as s:
            shown = self._item(s, request, who, entry, None)
            newest = store.decision(s, shown.newest)
            values = self._around(s, request, who)
        return self._page(
            request,
            "queue/refused.html",
            here=(f"/queue/{entry.id}", {}),
            status=409,
            item=shown,
            newest=newest,
            why=type(refusal).__name__,
            holder=refusal.holder,
            answer=answer,
            **values,
        )

    def _empty(self, request: Request, who: Person, *, of_page: bool) -> Response:
        with self.service.database.read() as s:
            others = store.count_claims(s, who.id, self.service.clock.now())
            values = {"others": others, "of_page": of_page, **self._around(s, request, who)}
        return self._page(request, "queue/empty.html", here=("/queue", {}), **values)

    def _around(self, s: Session, request: Request, who: Person) -> dict[str, Any]:
        sitting = Sitting.of(request, self.service.clock.now())
        spoken = reader_language(request)
        return {
            "sitting": sitting,
            "side": sitting.side(s, who, claimant(self.service, who), spoken),
            "did": sitting.did(s, who, _number(request, "did")),
        }

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        response = self.pages.answer(request, template, **values)
        values["sitting"].remember(self.pages, response)
        return response


def _platform_name(entry: LogEntry, spoken: Language) -> str:
    """What is asked to hide; where nothing can be asked, the page as the district calls it."""
    name = Wording(spoken).platform(entry.platform)
    return entry.page_name if name == entry.platform else name


def _first_seen(s: Session, who: Person, *, after: int, before: int) -> int | None:
    """take_next() for somebody who only looks."""
    spot = store.spot_of(s, after or before)
    level = store.FOR_REVIEWERS if spot is None else spot.level
    found = store.waiting(
        s,
        level=level,
        pages=who.pages,
        after=None if before else spot,
        before=spot if before else None,
        limit=1,
    )
    found = found or store.waiting(s, level=store.FOR_REVIEWERS, pages=who.pages, limit=1)
    found = found or store.waiting(s, level=store.FOR_ADMINISTRATORS, pages=who.pages, limit=1)
    return found[0].decision_id if found else None


def _asks_itself(request: Request) -> bool:
    """Whether the person opened the page, not another site's link or a browser looking ahead:
    only then is an item made theirs."""
    headers = request.headers
    elsewhere = headers.get("sec-fetch-site", "") in ("cross-site", "same-site")
    ahead = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
    return request.method == "GET" and not elsewhere and not ahead


def _number(request: Request, name: str) -> int:
    """A decision's number from the address; 0 where there is none."""
    given = request.query_params.get(name, "")
    return read_id(given) if given else 0


def _to(decision_id: int | None, *, did: int | None, said: str = "") -> Response:
    told = {name: value for name, value in (("did", did), ("said", said)) if value}
    query = f"?{urlencode(told)}" if told else ""
    place = "/queue" if decision_id is None else f"/queue/{decision_id}"
    return RedirectResponse(place + query, status_code=303)
