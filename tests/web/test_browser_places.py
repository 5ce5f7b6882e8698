"""The stories of pages and fundraisers in a real Chromium, in both languages, at both widths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from modbot.domain import Mode, Verdict
from modbot.people import Role
from tests.web.chromium import (
    NARROW,
    REFUSED,
    WIDE,
    Watch,
    barriers,
    follow,
    profile,
    tab_to,
    watched,
)
from tests.web.district import District, fill, open_district
from tests.web.serving import served
from tests.web.signed_in import signed_in

pytestmark = pytest.mark.browser

AXE = (
    *("/pages", "/pages?school=Leonard", "/pages/new", "/pages/requests/1"),
    *("/pages/facebook:1001", "/pages/x:guilmette", "/pages/facebook:parthum"),
    *("/pages/facebook:1001/mode?to=enforce", "/fundraisers", "/fundraisers/new"),
    *("/fundraisers/requests/2", "/fundraisers/requests/5", "/fundraisers/1", "/fundraisers/2"),
)
OFFER = "Car wash this saturday for the band, $10, lhs-band.org/wash"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody at a browser of their own; `watch` has what went wrong there."""

    page: Page
    address: str
    watch: Watch

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def barriers(self) -> list[tuple[str, list[str]]]:
        """What axe finds, and whether the screen scrolls sideways."""
        return barriers(self.page)


def visitor(
    browser: Browser, district: District, address: str, role: Role, name: str, **options: object
) -> Visitor:
    token = signed_in(district.service, role, name=name)
    context = profile(browser, address, token, **options)
    page = context.new_page()
    return Visitor(page=page, address=address, watch=watched(page, address, allowed=REFUSED))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[District, str]]:
    """A district with everything in every state; only for reading."""
    with open_district(tmp_path_factory.mktemp("full")) as district:
        fill(district)
        with served(district.service) as address:
            yield district, address


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[District, str]]:
    with open_district(tmp_path) as district, served(district.service) as address:
        yield district, address


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser,
    full: tuple[District, str],
    locale: str,
    scheme: str,
    width: dict[str, int],
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "viewport": width}
    admin = visitor(browser, *full, Role.ADMIN, "Maria Santos", **options)
    for path in AXE:
        admin.go(path)
        assert (path, admin.barriers()) == (path, [])
    for path in ("/pages/new", "/fundraisers/new"):
        follow(admin.go(path).locator("main form button[type=submit]"))
        assert admin.page.locator("[role=alert]").count() == 1
        assert (path, admin.barriers()) == (path, [])
    follow(admin.go("/pages/requests/1").locator("[action$=approve] button"))
    assert admin.barriers() == []
    assert admin.watch.clean(), admin.watch


def test_a_staff_member_registers_a_page_and_lps_media_approves_it(
    browser: Browser, empty: tuple[District, str]
) -> None:
    district, address = empty
    vera = visitor(browser, district, address, Role.VIEWER, "Vera Viewer")
    page = vera.go("/pages")
    page.get_by_role("link", name="Register a page").click()
    page.get_by_label("Platform").select_option("facebook")
    page.get_by_label("What people call the page").fill("Lawrence High School")
    follow(page.get_by_role("button", name="Ask LPS Media to register it"))
    assert page.locator(".fault").count() == 7, "six that are empty, and the owner"
    assert page.get_by_label("What people call the page").input_value() == "Lawrence High School"
    page.get_by_role("alert").get_by_role("link", name="Purpose").click()
    assert page.evaluate("document.activeElement.id") == "f-purpose"
    page.get_by_label("Its web address").fill("facebook.com/lhs.lancers")
    page.get_by_label("School or department").fill("Lawrence High")
    page.get_by_label("Purpose").fill("News of the school")
    page.get_by_label("Who runs the page").fill("J. Marte")
    page.get_by_label("Administrator in charge").fill("V. Caruso")
    page.get_by_label("How to reach them").fill("978-555-0100")
    page.get_by_label("The district owns this page").check()
    page.get_by_role("button", name="Ask LPS Media to register it").click()
    assert "Your request is with LPS Media" in page.get_by_role("status").inner_text()

    maria = visitor(browser, district, address, Role.ADMIN, "Maria Santos")
    page = maria.go("/pages")
    page.get_by_role("link", name="Lawrence High School").click()
    page.get_by_label("The account's id").fill("1001")
    page.get_by_label("Where its token is").fill("file:/etc/passwd")
    page.get_by_role("button", name="Approve and register").click()
    assert page.get_by_label("The account's id").input_value() == "1001"
    page.get_by_label("Where its token is").fill("env:MODBOT_TOKEN_LHS")
    page.get_by_role("button", name="Approve and register").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Lawrence High School"
    assert page.locator(".mode.current h3").inner_text().startswith("Observe")

    assert district.service.poll_page("facebook:1001").error == ""
    assert "Fine" in vera.go("/pages").locator(".places-list").inner_text()
    assert vera.watch.clean() and maria.watch.clean(), (vera.watch, maria.watch)


def test_a_fundraiser_is_approved_and_its_comments_stand(
    browser: Browser, empty: tuple[District, str]
) -> None:
    district, address = empty
    adapter = district.add_page("1001")
    adapter.add(OFFER)
    district.poll(adapter)
    assert adapter.hidden_ids() == {"c1"}

    page = visitor(browser, district, address, Role.VIEWER, "Vera Viewer").go("/fundraisers")
    page.get_by_role("link", name="Ask for a fundraiser").click()
    page.get_by_label("Name").fill("Band car wash")
    page.get_by_label("Purpose").fill("New uniforms")
    page.get_by_label("School or department").fill("Lawrence High")
    page.get_by_label("Who benefits").fill("LHS marching band")
    page.get_by_label("First day").fill("2026-09-01")
    page.get_by_label("Last day").fill("2026-09-30")
    page.get_by_label("Links").fill("lhs-band.org/wash")
    page.get_by_role("button", name="Ask for approval").click()

    maria = visitor(browser, district, address, Role.ADMIN, "Maria Santos")
    page = maria.go("/fundraisers")
    page.get_by_role("link", name="Band car wash").click()
    assert OFFER in page.locator(".let-through").inner_text()
    page.get_by_label("You approve it as").select_option("superintendent")
    page.get_by_role("button", name="Approve", exact=True).click()
    assert "Maria Santos #2, Superintendent" in page.locator(".facts").inner_text()

    adapter.add(f"{OFFER} bring friends")
    district.poll(adapter)
    assert district.newest_decision(adapter.page).verdict is Verdict.ALLOW
    page.get_by_role("button", name="Leave these up").click()
    assert "These comments stay up" in page.get_by_role("status").inner_text()
    district.poll(adapter)
    assert adapter.hidden_ids() == set()
    assert maria.watch.clean(), maria.watch


def test_a_mode_is_changed_by_keyboard_alone(browser: Browser, empty: tuple[District, str]) -> None:
    district, address = empty
    district.add_page("1001", mode=Mode.OBSERVE)
    maria = visitor(browser, district, address, Role.ADMIN, "Maria Santos")
    page = maria.go("/pages/facebook:1001")
    tab_to(page, 'a[href$="to=assist"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "#f-reason")
    page.keyboard.type("Three weeks were read")
    tab_to(page, "main form button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".mode.current h3").inner_text().startswith("Assist")
    assert "Observe → Assist · Three weeks were read" in page.locator(".grid").inner_text()


def test_the_room_works_without_script(browser: Browser, full: tuple[District, str]) -> None:
    maria = visitor(browser, *full, Role.ADMIN, "Maria Santos", java_script_enabled=False)
    page = maria.go("/pages")
    page.select_option("#f-school", "Leonard")
    follow(page.get_by_role("button", name="Filter"))
    assert page.locator(".places-list tbody tr").count() == 1
    assert re.search(r"school=Leonard", page.url)


@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
def test_on_a_page_without_an_api_a_file_is_brought_and_its_comment_removed(
    empty: tuple[District, str], browser: Browser, width: dict[str, int], locale: str
) -> None:
    district, address = empty
    made = district.add_page("snapchat-lps", "LPS Snapchat", platform="manual", mode=Mode.OBSERVE)
    maria = visitor(
        browser, district, address, Role.ADMIN, "Maria Santos", viewport=width, locale=locale
    )
    page = maria.go(f"/pages/{made.page.id}")
    assert maria.barriers() == []
    for content in (b"text\nhi\nol\xe9\n", b"text\nyou stupid bitch\ngo team\n"):
        file = {"name": "seen.csv", "mimeType": "text/csv", "buffer": content}
        page.set_input_files("input[name=file]", file)  # type: ignore[arg-type]
        follow(page.locator("form[enctype] button"))
        assert maria.barriers() == []
        assert bool(page.locator(".faults").count()) == (b"\xe9" in content)
    page.locator("details summary").first.click()
    follow(page.locator("button[value=removed]"))
    assert page.locator("button[value=removed]").count() == 0
    assert maria.watch.clean(), maria.watch
