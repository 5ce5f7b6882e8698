"""Sign-in, people and one's own account in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from modbot.domain import Actor
from modbot.people import Role, invitations, passwords
from modbot.people.accounts import add_person
from modbot.people.invitations import Grant
from tests.web.chromium import NARROW, WIDE, barriers, follow, profile, tab_to
from tests.web.school import FakeService, open_school
from tests.web.serving import served

pytestmark = pytest.mark.browser

PASSWORD = "four lamps under a river"
AXE_OUTSIDE = ("/sign-in", "/invited/used", "/first/used")
AXE_INSIDE = ("/people?said=uninvited", "/people/2", "/me", "/nowhere")
AXE = (*AXE_OUTSIDE, *AXE_INSIDE)
EMAIL = "dana@lps.test"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeService]:
    service = open_school(tmp_path_factory.mktemp("people"))
    now = service.clock.now()
    with service.database.write() as s:
        add_person(
            s,
            name="Dana Whitfield",
            email=EMAIL,
            role=Role.ADMIN,
            now=now,
            by="the tests",
            password_hash=passwords.hash_password(PASSWORD),
        )
        add_person(
            s,
            name="Ana",
            email="ana@lps.test",
            role=Role.MANAGER,
            now=now,
            by="x",
            pages=["x:1002"],
        )
    yield service
    service.database.close()


@pytest.fixture(scope="module")
def address(school: FakeService) -> Iterator[str]:
    with served(school) as address:
        yield address


@pytest.fixture
def link(school: FakeService) -> str:
    """The path of an invitation."""
    now, by = school.clock.now(), Actor(kind="person", name="Dana Whitfield")
    with school.database.write() as s:
        grant = Grant(role=Role.MANAGER)
        token = invitations.invite(
            s, "new@lps.test", grant, by=by, now=now, lasts=timedelta(days=7)
        )
    return f"/invited/{token}"


def sign_in(page: Page, address: str) -> None:
    """By keyboard alone, as a person does it."""
    page.goto(f"{address}/people")
    assert page.url.endswith("/sign-in?next=%2Fpeople")
    tab_to(page, "#f-email")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == f"{address}/people"


def test_somebody_signs_in_invites_and_signs_out(browser: Browser, address: str) -> None:
    context = profile(browser, address)
    page = context.new_page()
    sign_in(page, address)
    page.get_by_label("E-mail address").fill("later@lps.test")
    page.get_by_label("Auditor").check()
    page.get_by_role("button", name="Make the link").click()
    invited = page.get_by_label("Link").input_value()
    assert invited.startswith(f"{address}/invited/")
    stranger = profile(browser, address).new_page()
    stranger.goto(invited)
    stranger.get_by_label("Your name, as the record shows it").fill("Lee Later")
    stranger.get_by_label("New password").fill(PASSWORD)
    stranger.get_by_label("The same again").fill(PASSWORD)
    follow(stranger.get_by_role("button", name="Save and sign in"))
    assert stranger.get_by_role("status").inner_text() == "Welcome. You are signed in."
    assert stranger.get_by_role("link", name="People").count() == 0
    stranger.context.close()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("status").inner_text() == "You are signed out."
    page.goto(f"{address}/people")
    assert "/sign-in" in page.url
    context.close()


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser, address: str, link: str, locale: str, scheme: str, width: dict[str, int]
) -> None:
    context = profile(browser, address, viewport=width, color_scheme=scheme, locale=locale)
    page = context.new_page()
    for path in (*AXE_OUTSIDE, link):
        look(page, address + path)
    sign_in(page, address)
    for path in AXE_INSIDE:
        look(page, address + path)
    context.close()


def test_the_link_for_the_first_admin_has_no_barrier(browser: Browser, tmp_path: Path) -> None:
    service = open_school(tmp_path)
    with service.database.write() as s:
        token = invitations.first_link(s, service.clock.now())
    with served(service) as address:
        page = browser.new_page(viewport=NARROW)
        look(page, f"{address}/first/{token}")
        assert page.get_by_label("E-mail address").is_visible()
        page.close()
    service.database.close()


def look(page: Page, address: str) -> None:
    page.goto(address)
    assert barriers(page) == [], address


def test_a_chosen_theme_counts_before_the_devices(browser: Browser, address: str) -> None:
    context = profile(browser, address, color_scheme="light")
    page = context.new_page()
    sign_in(page, address)
    page.goto(f"{address}/me")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Dark").check()
    follow(page.get_by_role("button", name="Save"))
    assert page.evaluate(ground) != light
    assert barriers(page) == []
    page.get_by_label("As the device wants it").check()
    follow(page.get_by_role("button", name="Save"))
    assert page.evaluate(ground) == light
    context.close()


def test_a_form_on_another_site_signs_nobody_out(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    """Another port of this machine: even the same site is another origin."""
    context = profile(browser, address)
    page = context.new_page()
    sign_in(page, address)

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            form = f'<form method="post" action="{address}/sign-out"><button>Win</button></form>'
            self.wfile.write(form.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Evil)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
    page.get_by_role("button", name="Win").click()
    assert page.get_by_role("heading", level=1).inner_text() == "This is not for your account"
    page.goto(f"{address}/people")
    assert page.url == f"{address}/people"
    server.shutdown()
    server.server_close()
    context.close()
