"""The queue goes from item to item without a reload, and says what was done."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route

from tests.web.school import FakeService
from tests.web.test_browser_queue import (
    address,
    heading,
    made,
    onwards,
    press,
    pytestmark,
    service,
    visit,
)

__all__ = ["address", "pytestmark", "service"]


def opened(page: Page, address: str, path: str = "/queue/8") -> None:
    """An item, in a document that can be told from any that is loaded later."""
    page.goto(address + path)
    page.evaluate("() => { window.sameDocument = true }")


def same_document(page: Page) -> bool:
    return bool(page.evaluate("() => window.sameDocument === true"))


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.id || document.activeElement.tagName"))


def test_a_verdict_swaps_the_next_item_in(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        opened(page, address)
        press(page, "h")
        assert same_document(page)
        assert len(made(service)) == 1
        assert "/queue/" in page.url and "did=" in page.url and not page.url.endswith("/queue/8")
        assert focused(page) == "comment"
        spoken = page.locator("#spoken")
        assert spoken.get_attribute("role") == "status"
        assert spoken.inner_text().startswith("Hide You hid the comment by")
        assert page.get_by_role("status").filter(has_text="You hid").count() == 1
        number = page.url.partition("?")[0].rpartition("/")[2]
        assert (
            page.locator(".languages a")
            .last.get_attribute("href")
            .startswith(  # type: ignore[union-attr]
                f"/queue/{number}?"
            )
        )


def test_a_claim_is_swapped_with_the_item(
    browser: Browser, address: str, service: FakeService
) -> None:
    with (
        visit(browser, address, service) as ana,
        visit(browser, address, service, name="Ben Lee") as ben,
    ):
        opened(ana, address, "/queue")
        press(ana, "n")
        assert same_document(ana)
        here = ana.url
        ben.goto(here)
        assert "Ana Ruiz is looking at this comment" in ben.locator(".state").inner_text()


def test_a_question_for_the_reason_takes_the_focus_and_leaves_the_address(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        opened(page, address, "/queue/5")
        here = page.url
        press(page, "e")
        assert same_document(page) and page.url == here
        assert page.evaluate("() => document.activeElement.name") == "reason"
        assert page.get_by_role("alert").is_visible()
        press(page, "Escape")
        assert heading(page)


def test_back_leads_to_the_item_before(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        opened(page, address)
        press(page, "n")
        page.go_back()
        page.wait_for_url(address + "/queue/8")
        page.wait_for_function("() => !window.sameDocument && document.querySelector('#comment')")
        page.go_forward()
        page.wait_for_function("() => !location.pathname.endsWith('/8')")


def test_who_was_signed_out_meanwhile_comes_to_the_sign_in(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        opened(page, address)
        page.context.clear_cookies()
        page.keyboard.press("n")
        page.wait_for_url("**/sign-in?next=*")
        assert not same_document(page)
    assert made(service) == []


def test_a_verdict_that_did_not_arrive_is_sent_again_as_without_script(
    browser: Browser, address: str, service: FakeService
) -> None:
    failed = []

    def fail_once(route: Route) -> None:
        failed.append(route.request.url)
        if len(failed) == 1:
            route.fulfill(status=200, body="<p>the proxy speaks")
        else:
            route.continue_()

    with visit(browser, address, service) as page:
        opened(page, address)
        page.route("**/verdict", fail_once)
        with page.expect_navigation():
            page.keyboard.press("h")
        assert len(failed) == 2
        assert "You hid the comment" in page.locator(".did").inner_text()
    assert [d.verdict for d in made(service)] == ["hide"]


def test_another_theme_takes_the_whole_page(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        opened(page, address)
        page.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
        with onwards(page):
            page.keyboard.press("n")
        page.wait_for_load_state()
        assert not same_document(page)
