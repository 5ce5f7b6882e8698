"""Text that may offend, in a real Chromium: covered, asked for by keyboard, read out only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.web.chromium import NARROW, WIDE, barriers, follow, tab_to, visiting
from tests.web.school import ALLOWED, FakeService, open_school, record, swearing
from tests.web.serving import served
from tests.web.signed_in import signed_in

pytestmark = pytest.mark.browser

TEXT = "what the frick"
LONG = "frick " + "go lancers " * 90
PATHS = ("/log", "/decisions/1")
ASKED = "profanity_en%3Ax"
NAMED = (f"/log?rule={ASKED}", "/undo", f"/undo?kind=rule&subject={ASKED}", f"/rule?id={ASKED}")
BLURRED = "e => getComputedStyle(e).filter.startsWith('blur')"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeService]:
    service = open_school(tmp_path_factory.mktemp("school"))
    texts = [TEXT, LONG]
    record(service, [(text, swearing(text, "frick")) for text in texts])
    record(service, [(f"plain {n}", ALLOWED) for n in range(20)], prefix="p")
    yield service
    service.database.close()


@pytest.fixture(scope="module")
def address(school: FakeService) -> Iterator[str]:
    with served(school) as address:
        yield address


def visit(
    browser: Browser, address: str, school: FakeService, path: str, **options: Any
) -> AbstractContextManager[Page]:
    """A fresh browser on a page."""
    return visiting(browser, address, signed_in(school), path, **options)


def blurred(page: Page) -> list[bool]:
    """Whether each text that may offend is blurred right now."""
    return [each.evaluate(BLURRED) for each in page.locator(".veil").all()]


def heard(page: Page) -> str:
    """What a screen reader is given of the page."""
    return page.locator("main").aria_snapshot()


@pytest.mark.parametrize("path", [*PATHS, *NAMED])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_it_is_blurred_until_the_box_is_ticked_by_keyboard(
    browser: Browser, address: str, school: FakeService, path: str, script: bool
) -> None:
    with visit(browser, address, school, path, java_script_enabled=script) as page:
        assert blurred(page) and all(blurred(page))
        if script:
            tab_to(page, "#reveal")
        else:
            page.locator("#reveal").focus()
        page.keyboard.press("Space")
        assert not any(blurred(page))
        page.keyboard.press("Space")
        assert all(blurred(page))


@pytest.mark.parametrize("path", PATHS)
def test_one_key_shows_it_and_covers_it_again(
    browser: Browser, address: str, school: FakeService, path: str
) -> None:
    with visit(browser, address, school, path) as page:
        assert page.locator("#reveal").get_attribute("aria-keyshortcuts") == "s"
        page.keyboard.press("s")
        assert not any(blurred(page))
        page.keyboard.press("S")
        assert all(blurred(page))
        page.keyboard.press("Control+s")
        assert all(blurred(page))


def test_the_key_is_a_letter_while_somebody_types(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address, school, "/log") as page:
        page.locator("#f-text").press_sequentially("so sad")
        assert page.locator("#f-text").input_value() == "so sad"
        assert all(blurred(page))


def test_whoever_switched_the_keys_off_has_none_here_either(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address, school, "/log") as page:
        page.context.add_cookies([{"name": "modbot-queue", "value": "nokeys", "url": address}])
        page.reload()
        page.keyboard.press("s")
        assert all(blurred(page)) and not page.locator(".reveal-line kbd").is_visible()


@pytest.mark.parametrize("path", PATHS)
def test_a_screen_reader_says_that_it_is_blurred_and_reads_it_when_asked(
    browser: Browser, address: str, school: FakeService, path: str
) -> None:
    with visit(browser, address, school, path) as page:
        assert "frick" not in heard(page).replace("profanity_en", "")
        assert "it is blurred until it is asked for" in heard(page)
        page.keyboard.press("s")
        assert TEXT.split()[-1] in heard(page)
        assert "it is blurred until it is asked for" not in heard(page)


def test_no_tooltip_names_the_rule_and_what_is_blurred_in_a_link_can_be_clicked(
    browser: Browser, address: str, school: FakeService
) -> None:
    pointed_at = """e => { const box = e.getBoundingClientRect(); return document
      .elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).closest('[title]') }"""
    with visit(browser, address, school, "/decisions/1") as page:
        mark = page.locator("blockquote.comment mark").first
        assert mark.get_attribute("title") == "profanity_en:x"
        assert mark.evaluate(pointed_at) is None
        page.keyboard.press("s")
        assert mark.evaluate(pointed_at) is not None
        page.keyboard.press("s")
        with page.expect_navigation():
            page.locator(".reasons a.rule .veil").first.click()
        assert page.url.endswith(f"/log?rule={ASKED}")


@pytest.mark.parametrize(
    ("path", "field"), [(NAMED[0], "#f-rule"), (NAMED[2], "#subject")], ids=["log", "undo"]
)
def test_a_field_that_was_filled_in_by_a_link_shows_its_rule_to_whoever_goes_there(
    browser: Browser, address: str, school: FakeService, path: str, field: str
) -> None:
    seen = "e => getComputedStyle(e).color !== 'rgba(0, 0, 0, 0)'"
    with visit(browser, address, school, path) as page:
        rule = page.locator(field)
        assert rule.input_value() == "profanity_en:x" and not rule.evaluate(seen)
        rule.focus()
        assert rule.evaluate(seen)
        rule.blur()
        assert not rule.evaluate(seen)
        page.keyboard.press("s")
        assert rule.evaluate(seen)


def test_without_script_it_is_announced_and_not_removed(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address, school, "/log", java_script_enabled=False) as page:
        assert "it is blurred until it is asked for" in heard(page) and "frick" in heard(page)


def test_what_was_searched_for_is_found_covered_and_its_link_still_works(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address, school, "/log?q=frick") as page:
        assert page.locator(".log tbody tr").count() == 2
        assert all(blurred(page))
        whole = page.get_by_role("link", name="Whole comment")
        assert not whole.evaluate("e => e.closest('.veil') !== null")
        follow(whole)
        assert page.url.endswith("/decisions/2") and all(blurred(page))


def test_the_box_stays_in_sight_on_a_long_page(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address, school, "/log", viewport=NARROW) as page:
        page.locator(".log tbody tr").last.scroll_into_view_if_needed()
        box = page.locator(".reveal-bar").bounding_box()
        assert box is not None and 0 <= box["y"] < 60


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-US", "light", WIDE), ("es-US", "dark", NARROW)]
)
def test_axe_finds_no_barrier_covered_or_shown(
    browser: Browser,
    address: str,
    school: FakeService,
    locale: str,
    scheme: str,
    width: dict[str, int],
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "viewport": width}
    with visit(browser, address, school, "/log", **options) as page:
        for path in (*PATHS, *NAMED):
            page.goto(address + path)
            assert barriers(page) == [], path
            page.keyboard.press("s")
            assert barriers(page) == [], f"{path} shown"
