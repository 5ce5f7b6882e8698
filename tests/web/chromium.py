"""A real Chromium for the browser tests and the pictures: how it is started, who comes in with it,
and what none of its pages may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.prerequisites import need, program

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
# What the console says of every 404, 409 and 422; no fault of the page.
REFUSED = "Failed to load resource: the server responded with a status of"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser while the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), headless=True, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file; each test brings a profile of its own."""
    need("chromium")
    with chromium() as browser:
        yield browser


@dataclass(kw_only=True)
class Watch:
    """What a visit must not show."""

    origin: str
    foreign: list[str] = field(default_factory=list)  # addresses that leave the host
    complaints: list[str] = field(default_factory=list)

    def clean(self) -> bool:
        return not self.foreign and not self.complaints


def watched(page: Page, origin: str, *, allowed: str = "") -> Watch:
    """Notes every request that leaves `origin`, every complaint of the console but those with the
    words `allowed`, every dialog."""
    watch = Watch(origin=origin)

    def noted_request(url: str) -> None:
        if not url.startswith(origin):
            watch.foreign.append(url)

    def noted_console(kind: str, text: str) -> None:
        if kind in ("error", "warning") and not (allowed and allowed in text):
            watch.complaints.append(text)

    page.on("request", lambda request: noted_request(request.url))
    page.on("console", lambda message: noted_console(message.type, message.text))
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (watch.complaints.append(dialog.message), dialog.dismiss()))
    return watch


def profile(browser: Browser, address: str, token: str = "", **options: Any) -> BrowserContext:
    """A fresh profile, wide and in English unless `options` say otherwise; with a session's token
    somebody is signed in there."""
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-US", **options})
    if token:
        context.add_cookies([{"name": "modbot", "value": token, "url": address}])
    return context


@contextmanager
def visiting(
    browser: Browser,
    address: str,
    token: str,
    path: str = "",
    *,
    allowed: str = "",
    patience_ms: int = 30_000,
    **options: Any,
) -> Iterator[Page]:
    """Somebody's fresh browser, on a page if a path is given; at the end nothing may have gone
    wrong or left this host, but what the console says with the words `allowed`."""
    context = profile(browser, address, token, **options)
    page = context.new_page()
    page.set_default_timeout(patience_ms)
    watch = watched(page, address, allowed=allowed)
    try:
        if path:
            page.goto(address + path)
        yield page
        assert watch.clean(), watch
    finally:
        context.close()


def follow(lead: Locator) -> None:
    """Clicks what leads to another page, and waits until that page has loaded: a click alone
    returns when it has begun, and what is counted then may not be there yet."""
    with lead.page.expect_navigation():
        lead.click()


def barriers(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds of WCAG 2.1 A and AA, and whether the screen scrolls sideways."""
    found = Axe().run(page, options=WCAG).response["violations"]
    told = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
    root = "document.scrollingElement"
    sideways = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    return told + ([("scrolls sideways", [str(sideways)])] if sideways else [])


def tab_to(page: Page, selector: str, *, most: int = 200) -> int:
    """Presses Tab until `selector` has the focus; how often."""
    for presses in range(1, most + 1):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return presses
    raise AssertionError(f"{selector} cannot be reached by Tab")
