"""Where a signed-in person can go."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from modbot.people import Person, Right
from modbot.web.notices import N_

# Path, name, right. Shown when the room has the path and the person the right.
_PLACES = (
    ("/queue", N_("Queue"), Right.READ),
    ("/log", N_("Log"), Right.READ),
    ("/pages", N_("Pages"), Right.READ),
    ("/fundraisers", N_("Fundraisers"), Right.READ),
    ("/alerts", N_("Alerts"), Right.READ),
    ("/undo", N_("Undo"), Right.UNDO_MANY),
    ("/people", N_("People"), Right.PEOPLE),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the navigation."""

    path: str
    name: str  # to be translated
    current: bool


def paths_of(routes: list[BaseRoute]) -> frozenset[str]:
    """The paths that an app answers."""
    return frozenset(getattr(route, "path", "") for route in routes)


def places(request: Request, who: Person | None) -> list[Place]:
    """The navigation of the person who sends a request."""
    if who is None:
        return []
    state = request.app.state
    if (known := getattr(state, "paths", None)) is None:
        known = state.paths = paths_of(request.app.routes)
    at = request.url.path
    return [
        Place(path=path, name=name, current=at == path or at.startswith(f"{path}/"))
        for path, name, right in _PLACES
        if path in known and who.may(right)
    ]


def first_place(request: Request, who: Person) -> str:
    """Where somebody begins: the queue for those who decide, else the log."""
    shown = [place.path for place in places(request, who)]
    return "/queue" if "/queue" in shown and who.may(Right.DECIDE) else "/log"
