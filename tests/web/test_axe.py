"""Every screen is one that axe looks at, in both languages, both themes and at both widths."""

from __future__ import annotations

from starlette.routing import compile_path

from tests.web import (
    test_browser,
    test_browser_alerts,
    test_browser_people,
    test_browser_places,
    test_browser_queue,
    test_browser_undo,
)
from tests.web.test_roles import ROUTES

LOOKED_AT = (
    *(test_browser.AXE, test_browser_alerts.AXE, test_browser_people.AXE),
    *(test_browser_places.AXE, test_browser_queue.AXE, test_browser_undo.AXE),
    (test_browser_queue.AXE_LAST,),
)
# What answers a GET and is no screen: it sends elsewhere, or is not for people.
NO_SCREEN = {
    *("/", "/newest", "/livez", "/readyz", "/metrics", "/undo/{number}/progress"),
    *("/oidc/{name}", "/oidc/{name}/return", "/demo/{token}"),
}


def screen_of(address: str) -> str:
    """The route that answers an address: of those that could, the one with the most said."""
    path = address.partition("?")[0]
    could = [route for route in ROUTES if route[0] == "GET" and _matches(route[1], path)]
    return max((route[1] for route in could), key=lambda r: (-r.count("{"), len(r)), default="")


def _matches(route: str, path: str) -> bool:
    return compile_path(route)[0].match(path) is not None


def test_axe_looks_at_every_screen() -> None:
    looked_at = {screen_of(address) for addresses in LOOKED_AT for address in addresses}
    screens = {path for method, path in ROUTES if method == "GET"} - NO_SCREEN
    assert screens - looked_at == set()
