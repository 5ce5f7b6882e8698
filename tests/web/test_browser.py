"""The pages in a real Chromium: by keyboard, in both languages, at both widths, under attack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from modbot.domain import Category, Decision, Verdict
from tests.web.chromium import NARROW, WIDE, barriers, follow, profile, tab_to, visiting
from tests.web.school import (
    ALLOWED,
    THRESHOLDS,
    FakeService,
    insult_score,
    open_school,
    record,
    swearing,
)
from tests.web.serving import served
from tests.web.signed_in import signed_in

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=http://evil.example/x onerror=alert(1)>",
    "{{ 7*7 }} ${7*7} %(x)s",
    "abc \u202e fed \u2066 x",
    "nul \x00 and \ud800",
    "\x1b[31mred\x1b[0m",
    "</bdi></blockquote></td><a href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)><style>*{display:none}</style>",
]
AXE = (
    "/log",
    "/log?verdict=hide&q=frick&language=en&from=2026-01-01&rule=rules",
    "/log/days",
    "/decisions/71",
    "/log?category=crisis",
)  # what axe looks at; test_axe.py says whether a screen is missing
TOKENS: dict[str, str] = {}  # address of a served site -> an admin's session there


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeService]:
    """Sixty plain comments, then one of each kind of verdict and every hostile text."""
    service = open_school(tmp_path_factory.mktemp("school"))
    record(service, [(f"plain {n}", ALLOWED) for n in range(60)], prefix="p")
    record(service, [(text, ALLOWED) for text in HOSTILE], author=HOSTILE[0], prefix="h")
    review = Decision(
        verdict=Verdict.REVIEW,
        hide=False,
        categories=(Category.OFFENSIVE,),
        signals=(insult_score(0.9),),
        clause="1.2",
        thresholds=THRESHOLDS,
        degraded=("hide quota spent",),
    )
    threat = Decision(verdict=Verdict.ESCALATE, hide=True, categories=(Category.THREAT,))
    record(service, [("so so", review), ("watch out", threat)], prefix="r")
    record(service, [("what the frick", swearing("what the frick", "frick"))], prefix="s")
    yield service
    service.database.close()


@pytest.fixture(scope="module")
def address(school: FakeService) -> Iterator[str]:
    with served(school) as address:
        TOKENS[address] = signed_in(school)
        yield address


def visit(
    browser: Browser, address: str, path: str = "/log", **options: Any
) -> AbstractContextManager[Page]:
    """An administrator's fresh browser on a page."""
    return visiting(browser, address, TOKENS[address], path, **options)


def comments(page: Page) -> list[str]:
    warning = "The text that follows may offend; it is blurred until it is asked for."
    texts = page.locator(".log .comment").all_inner_texts()
    return [text.removeprefix(warning).strip() for text in texts]


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser, address: str, locale: str, scheme: str, width: dict[str, int]
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "viewport": width}
    with visit(browser, address, **options) as page:
        for path in AXE:
            page.goto(address + path)
            assert barriers(page) == [], path


def test_error_pages_have_no_barrier_either(browser: Browser, address: str) -> None:
    context = profile(browser, address, TOKENS[address], viewport=NARROW)
    page = context.new_page()
    page.goto(address + "/log?before=x")
    assert page.get_by_role("heading", level=1).inner_text() == "This address does not work"
    assert barriers(page) == []
    context.close()


def test_the_first_tab_offers_to_skip_to_the_content(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        assert tab_to(page, ".skip") == 1
        assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_log_is_filtered_by_keyboard_alone(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        tab_to(page, "#f-category")
        page.keyboard.type("Prof")
        tab_to(page, "#f-verdict")
        page.keyboard.type("Hid")
        tab_to(page, ".filters button")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "category=profanity&verdict=hide" in page.url
        assert comments(page) == ["what the frick"]
        assert page.locator(".log mark").inner_text() == "frick"
        tab_to(page, ".clear")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert len(comments(page)) == 25


def test_the_focus_can_be_seen_on_everything_that_takes_it(browser: Browser, address: str) -> None:
    with visit(browser, address, "/log?verdict=hide") as page:
        for _ in range(25):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", page.evaluate("document.activeElement.outerHTML")


def test_pages_are_turned_by_keyboard(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        newest = comments(page)
        for _ in range(2):
            tab_to(page, 'a[rel="next"]')
            with page.expect_navigation():
                page.keyboard.press("Enter")
        assert comments(page)[-1] == "plain 0"
        assert not set(comments(page)) & set(newest)
        for _ in range(2):
            tab_to(page, 'a[rel="prev"]')
            with page.expect_navigation():
                page.keyboard.press("Enter")
        assert comments(page) == newest


def test_words_are_searched_by_keyboard_and_the_search_is_left_out_again(
    browser: Browser, address: str
) -> None:
    with visit(browser, address) as page:
        tab_to(page, "#f-text")
        page.keyboard.type("FRICK")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert comments(page) == ["what the frick"]
        assert page.locator(".matching").inner_text() == "1 decision"
        tab_to(page, ".chip")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert len(comments(page)) == 25


def test_the_language_is_switched_and_kept(browser: Browser, address: str) -> None:
    with visit(browser, address, "/log?verdict=hide") as page:
        follow(page.get_by_role("link", name="Español"))
        assert page.locator("html").get_attribute("lang") == "es"
        assert page.get_by_role("heading", level=1).inner_text() == "Decisiones"
        assert "verdict=hide" in page.url
        follow(page.locator(".log .moment").first)
        assert page.locator("html").get_attribute("lang") == "es"
        assert page.get_by_text("Registro de auditoría").is_visible()


@pytest.mark.parametrize("path", ["/log?verdict=allow", "/decisions/61", "/decisions/68"])
def test_hostile_text_does_nothing(browser: Browser, address: str, path: str) -> None:
    with visit(browser, address, path) as page:
        assert "modbot" in page.title()
        assert page.locator("main img, main style, main script").count() == 0
        assert page.get_by_text("<script>document.title='owned'</script>").count() > 0


def test_every_hostile_text_is_readable_in_the_log(browser: Browser, address: str) -> None:
    with visit(browser, address, "/log?verdict=allow") as page:
        shown = comments(page)[: len(HOSTILE)][::-1]
        assert shown[:3] == HOSTILE[:3]
        assert shown[3] == "abc U+202E fed U+2066 x"
        assert shown[4] == r"nul \u0000 and \ud800"
        assert shown[5] == "U+001B[31mredU+001B[0m"
        assert shown[6:] == HOSTILE[6:]


def test_the_table_stays_a_table_for_screen_readers_on_a_phone(
    browser: Browser, address: str
) -> None:
    with visit(browser, address, "/log?verdict=hide", viewport=NARROW) as page:
        table = page.get_by_role("table", name="Decisions, newest first")
        assert table.get_by_role("columnheader").count() == 3
        assert table.get_by_role("rowheader").count() == 1
        assert table.get_by_role("cell").count() == 2


def test_it_works_without_script(browser: Browser, address: str) -> None:
    with visit(browser, address, java_script_enabled=False) as page:
        page.select_option("#f-verdict", "hide")
        follow(page.get_by_role("button", name="Filter"))
        assert page.locator(".log tbody tr").count() == 1


def test_a_reader_who_waits_is_told_of_new_decisions(
    browser: Browser, address: str, school: FakeService
) -> None:
    with visit(browser, address) as page:
        page.clock.install()
        page.goto(address + "/log?verdict=escalate")
        page.clock.fast_forward(16_000)
        assert page.locator("#fresh").inner_text() == ""
        again = Decision(verdict=Verdict.ESCALATE, hide=True, categories=(Category.THREAT,))
        record(school, [("watch out again", again)], prefix="w")
        page.clock.fast_forward(16_000)
        link = page.get_by_role("link", name="Show 1 new decision")
        link.wait_for(timeout=5000)
        follow(link)
        assert comments(page)[0] == "watch out again"
