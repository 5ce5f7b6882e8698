"""What each role may do, on every route of the app; a route that is not in the table fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel
from starlette.routing import BaseRoute, Mount

from modbot import store
from modbot.domain import Verdict, without_number
from modbot.people import Role
from modbot.web import create_app
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, open_school, record, swearing
from tests.web.serving import served

EVERYONE = frozenset(Role)
ADMINS = frozenset({Role.ADMIN})
DECIDING = frozenset({Role.MANAGER, Role.ADMIN})
OPEN = None  # answers without a sign-in
READING = frozenset({"GET", "HEAD"})

# Who is let in. Others who are signed in get 403, others 303 to the sign-in.
ROUTES: dict[tuple[str, str], frozenset[Role] | None] = {
    ("GET", "/"): EVERYONE,
    ("GET", "/log"): EVERYONE,
    ("GET", "/log/days"): EVERYONE,
    ("POST", "/log.csv"): frozenset({Role.MANAGER, Role.ADMIN, Role.AUDITOR}),
    ("GET", "/newest"): EVERYONE,
    ("GET", "/decisions/{number}"): EVERYONE,
    ("GET", "/rule"): EVERYONE,
    ("POST", "/decisions/{number}/undo"): DECIDING,
    ("POST", "/decisions/{number}/verdict"): DECIDING,
    ("POST", "/decisions/{number}/take-back"): DECIDING,
    ("GET", "/queue"): EVERYONE,
    ("GET", "/queue/{number}"): EVERYONE,
    ("POST", "/queue/{number}/claim"): DECIDING,
    ("POST", "/queue-settings"): EVERYONE,
    ("GET", "/queue/many"): DECIDING,
    ("POST", "/queue/many"): DECIDING,
    ("GET", "/queue/many/{bulk}"): DECIDING,
    ("POST", "/queue/many/{bulk}/undo"): DECIDING,
    ("GET", "/undo"): DECIDING,
    ("GET", "/undo/preview"): DECIDING,
    ("POST", "/undo"): DECIDING,
    ("GET", "/undo/{number}"): EVERYONE,
    ("GET", "/undo/{number}/progress"): EVERYONE,
    ("POST", "/undo/{number}/receipts.csv"): frozenset({Role.MANAGER, Role.ADMIN, Role.AUDITOR}),
    ("POST", "/undo/{number}/{change}"): DECIDING,
    ("GET", "/alerts"): EVERYONE,
    ("POST", "/alerts/{number}/acknowledge"): DECIDING,
    ("POST", "/alerts/brakes/{number}/release"): DECIDING,
    ("GET", "/livez"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): OPEN,  # to this machine, or for its own token
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-in"): OPEN,
    ("POST", "/sign-out"): EVERYONE,
    ("GET", "/oidc/{name}"): OPEN,
    ("GET", "/oidc/{name}/return"): OPEN,
    ("GET", "/first/{token}"): OPEN,
    ("POST", "/first/{token}"): OPEN,
    ("GET", "/invited/{token}"): OPEN,
    ("POST", "/invited/{token}"): OPEN,
    ("GET", "/demo/{token}"): OPEN,
    ("GET", "/pages"): EVERYONE,
    ("GET", "/pages/new"): EVERYONE,
    ("POST", "/pages/new"): EVERYONE,
    ("GET", "/pages/requests/{number}"): EVERYONE,
    ("POST", "/pages/requests/{number}/approve"): ADMINS,
    ("POST", "/pages/requests/{number}/refuse"): ADMINS,
    ("GET", "/pages/{page_id:path}"): EVERYONE,
    ("GET", "/pages/{page_id:path}/mode"): ADMINS,
    ("POST", "/pages/{page_id:path}/mode"): ADMINS,
    ("POST", "/pages/{page_id:path}/past"): ADMINS,
    ("POST", "/pages/{page_id:path}/past/stop"): ADMINS,
    ("POST", "/pages/{page_id:path}/pause"): DECIDING,
    ("POST", "/pages/{page_id:path}/resume"): DECIDING,
    ("POST", "/pages/{page_id:path}/seen"): DECIDING,
    ("POST", "/pages/{page_id:path}/removed"): DECIDING,
    ("POST", "/pages/{page_id:path}/token"): ADMINS,
    ("GET", "/fundraisers"): EVERYONE,
    ("GET", "/fundraisers/new"): EVERYONE,
    ("POST", "/fundraisers/new"): EVERYONE,
    ("GET", "/fundraisers/requests/{number}"): EVERYONE,
    ("POST", "/fundraisers/requests/{number}/approve"): ADMINS,
    ("POST", "/fundraisers/requests/{number}/refuse"): ADMINS,
    ("GET", "/fundraisers/{number}"): EVERYONE,
    ("POST", "/fundraisers/{number}/end"): ADMINS,
    ("POST", "/fundraisers/{number}/leave-up"): DECIDING,
    ("GET", "/people"): ADMINS,
    ("POST", "/people/invite"): ADMINS,
    ("POST", "/people/invitations/{sha256}/withdraw"): ADMINS,
    ("GET", "/people/{number}"): ADMINS,
    ("POST", "/people/{number}"): ADMINS,
    ("POST", "/people/{number}/link"): ADMINS,
    ("POST", "/people/{number}/disable"): ADMINS,
    ("POST", "/people/{number}/enable"): ADMINS,
    ("POST", "/people/{number}/end-sessions"): ADMINS,
    ("GET", "/me"): EVERYONE,
    ("POST", "/me"): EVERYONE,
    ("POST", "/me/password"): EVERYONE,
    ("POST", "/me/sessions/{sha256}/end"): EVERYONE,
    ("POST", "/me/sessions/end-others"): EVERYONE,
}
# Tables that a GET may write to: whose turn an item is, a random state for ten minutes and its end,
# the session that a provider or the demo's own link begins. Of a session each request may note
# when it was seen, and a refusal goes into the audit.
WRITTEN_BY_GET: dict[str, frozenset[str]] = {
    "/queue": frozenset({"claim"}),
    "/queue/{number}": frozenset({"claim"}),
    "/oidc/{name}": frozenset({"sign_in_flow", "audit"}),
    "/oidc/{name}/return": frozenset({"sign_in_flow", "session", "identity", "audit"}),
    "/demo/{token}": frozenset({"session", "audit"}),
}
SEEN = ("session", "seen_at")
MUST_WRITE = {"/queue", "/queue/{number}"}  # here, where no provider is and the link is wrong


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and path of every route; HEAD goes with GET."""
    for route in routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
        else:
            for method in getattr(route, "methods", ()):
                if method != "HEAD":
                    yield method, route.path  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    service = open_school(tmp_path_factory.mktemp("roles"))
    record(service, [("hello", ALLOWED)])
    with service.database.write() as s:
        store.tick(s, service.clock.now(), config_sha256="a", config_error="")
    with served(service, demo=True) as address:
        yield Site(address=address, service=service)
    service.database.close()


def test_the_table_names_every_route_and_no_other(room: Site) -> None:
    assert room.service is not None
    known = set(routes_of(create_app(room.service, demo=True).routes))
    assert known == set(ROUTES)


def address_of(path: str) -> str:
    for name, value in (
        ("number", "1"),
        ("name", "x"),
        ("token", "x"),
        ("sha256", "x"),
        ("bulk", "x"),
        ("change", "pause"),
    ):
        path = path.replace(f"{{{name}}}", value)
    path = path.replace("{page_id:path}", make_page(1).id)
    assert "{" not in path, "give the new parameter a value"
    return path


def ask(site: Site, method: str, path: str) -> int:
    to = address_of(path)
    answer = site.get(to) if method == "GET" else site.post(to, {"role": "admin"})
    assert answer.status_code < 500
    sent_away = answer.headers.get("location", "").startswith("/sign-in?next")
    return 303 if sent_away else answer.status_code


# Each ends the session or changes the account that asks, so everyone is somebody new.
CASES = [
    pytest.param(*case, id=f"{case[0][0]} {case[0][1]} {case[1].value}")
    for case in itertools.product(ROUTES, Role)
]


@pytest.mark.parametrize(("route", "role"), CASES)
def test_each_role_reaches_what_the_table_says_and_nothing_else(
    route: tuple[str, str], role: Role, room: Site
) -> None:
    method, path = route
    allowed = ROUTES[route]
    status = ask(room.as_(role), method, path)
    assert (status == 403) == (allowed is not OPEN and role not in allowed)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_whoever_is_not_signed_in_reaches_what_is_open_and_nothing_else(
    route: tuple[str, str], room: Site
) -> None:
    method, path = route
    nobody = room.as_nobody()
    to = address_of(path)
    answer = nobody.get(to) if method == "GET" else nobody.post(to)
    sent_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    assert sent_away == (ROUTES[route] is not OPEN)


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
def test_every_change_needs_the_token_of_our_forms(path: str, room: Site) -> None:
    admin = room.as_(Role.ADMIN)
    for sent in ({"csrf": ""}, {"csrf": "0" * 64}):
        assert admin.post(address_of(path), sent).status_code == 403
    assert admin.post(address_of(path), **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert admin.post(address_of(path), **{"sec-fetch-site": "same-site"}).status_code == 403
    assert admin.post(address_of(path), origin="https://evil.test").status_code == 403
    assert admin.get("/me").status_code == 200, "nothing was ended by them"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A room that is only read in; one comment waits there."""
    service = open_school(tmp_path_factory.mktemp("library"))
    record(service, [("a frick", swearing("a frick", "frick", verdict=Verdict.REVIEW, hide=False))])
    with served(service, demo=True) as address:
        yield Site(address=address, service=service)
    service.database.close()


def stored(site: Site) -> dict[str, list[str]]:
    """Every row of every table, but for when a session was seen."""
    assert site.service is not None
    with site.service.database.read() as s:
        return {
            table.name: sorted(
                str(row)
                for row in s.connection().execute(
                    select(*(c for c in table.columns if (table.name, c.name) != SEEN))
                )
            )
            for table in SQLModel.metadata.sorted_tables
        }


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET"])
def test_reading_changes_nothing(path: str, library: Site) -> None:
    assert isinstance(library.service, FakeService)
    admin = library.as_(Role.ADMIN)
    library.service.clock.advance(
        600
    )  # what was claimed is free, and the session's sign of life old
    before = stored(library)
    admin.get(address_of(path))
    after = stored(library)
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= WRITTEN_BY_GET.get(path, frozenset())
    assert bool(changed) == (path in MUST_WRITE)


def test_a_refusal_is_in_the_record(service: FakeService, site: Site) -> None:
    site.as_(Role.VIEWER, name="Vic").get("/people/1")
    with service.database.read() as s:
        found = s.connection().exec_driver_sql(
            "SELECT actor, detail FROM audit WHERE kind = 'access.refused'"
        )
        ((actor, detail),) = found.all()
    assert without_number(actor) == "Vic"
    assert '"right":"people"' in detail and '"route":"GET /people/{number}"' in detail


def test_a_manager_of_one_page_sees_no_decision_of_another(
    service: FakeService, site: Site
) -> None:
    record(service, [("mine", ALLOWED)])
    record(service, [("theirs", ALLOWED)], page=make_page(2, platform="x"), prefix="t")
    manager = site.as_(Role.MANAGER, pages={make_page(1).id})
    assert manager.get("/decisions/1").status_code == 200
    assert manager.get("/decisions/2").status_code == 404
    assert manager.get("/decisions/3").status_code == 404, "as one that is not there"
