"""Two hundred hostile texts in a real Chromium: no dialog, no script, no violation of the CSP, no
element out of them, and no request that leaves the host. And, as this is where time is, every text
in every field of every form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from modbot.people import Role
from tests.web.chromium import REFUSED, Watch, profile, watched
from tests.web.hostile import SHORT
from tests.web.signed_in import signed_in
from tests.web.test_hostile import FORMS, Town, send, town

__all__ = ["town"]
pytestmark = pytest.mark.browser

VIOLATIONS = """window.violations = [];
document.addEventListener('securitypolicyviolation',
  (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));"""
COME_TO_LIFE = """() => [
  ...Array.from(document.querySelectorAll('[zq], zq-element, main script, main style, main img, iframe'),
    (e) => e.outerHTML.slice(0, 100)),
  ...Array.from(document.querySelectorAll('*'))
    .filter((e) => e.getAttributeNames().some((n) => n.startsWith('on') || n === 'style'))
    .map((e) => e.outerHTML.slice(0, 100)),
  ...Array.from(document.links, (a) => a.href).filter((h) => !/^https?:/.test(h)),
  ...window.violations,
]"""  # noqa: E501


@contextmanager
def visit(browser: Browser, town: Town) -> Iterator[tuple[Page, Watch]]:
    """An administrator's browser that also notes what the CSP stopped."""
    address = town.site.address
    token = signed_in(town.district.service, Role.ADMIN, name="Maria Santos")
    context = profile(browser, address, token)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    try:
        yield page, watched(page, address, allowed=REFUSED)
    finally:
        context.close()


def harmless(page: Page, watch: Watch, what: str) -> None:
    assert page.evaluate(COME_TO_LIFE) == [], what
    if not page.url.endswith("/progress"):  # a fragment, without a title
        assert page.title().endswith("modbot"), what
    assert watch.clean(), (what, watch)


def test_no_screen_lets_a_text_act(browser: Browser, town: Town) -> None:
    with visit(browser, town) as (page, watch):
        for path in town.screens():
            page.goto(town.site.address + path, wait_until="domcontentloaded")
            harmless(page, watch, path)


def test_no_text_acts_from_a_field_or_an_address(browser: Browser, town: Town) -> None:
    with visit(browser, town) as (page, watch):
        for text in SHORT:
            typed = text.encode("utf-8", "replace").decode()
            page.goto(f"{town.site.address}/log?q={quote(typed)}")
            harmless(page, watch, text)
        for text in SHORT[::6]:
            typed = text.encode("utf-8", "replace").decode()
            page.goto(f"{town.site.address}/fundraisers/new")
            for field in page.locator("main form input[type=text], main form textarea").all():
                field.fill(typed)
            page.locator("main form button[type=submit]").click()
            page.wait_for_load_state()
            harmless(page, watch, text)


def test_the_queue_swaps_hostile_items_in(browser: Browser, town: Town) -> None:
    with visit(browser, town) as (page, watch):
        page.goto(f"{town.site.address}/queue")
        for _ in range(30):
            before = page.url
            page.keyboard.press("n")
            page.wait_for_function("(was) => location.href !== was", arg=before)
            harmless(page, watch, page.url)


@pytest.mark.parametrize("path", FORMS)
def test_every_text_in_every_field_of_every_form(path: str, town: Town) -> None:
    send(town, path, 1)
