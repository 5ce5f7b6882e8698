"""The queue in a real Chromium: cleared by keyboard alone, and without a barrier."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

from modbot.people import Role
from modbot.tables import ActionRow, DecisionRow
from tests.web.chromium import NARROW, REFUSED, WIDE, barriers, visiting
from tests.web.queue_day import open_queue_day
from tests.web.school import FakeService
from tests.web.serving import served
from tests.web.signed_in import signed_in

pytestmark = pytest.mark.browser

AXE = ("/queue", "/queue/8", "/queue/16?by_hand=1", "/queue/many?rule=offensive:pig")
AXE_LAST = "/queue/many/decided-together"  # stands for where a verdict on many leads


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_queue_day(tmp_path)
    yield service
    service.database.close()


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    with served(service) as address:
        yield address


def visit(
    browser: Browser, address: str, service: FakeService, *, name: str = "Ana Ruiz", **options: Any
) -> AbstractContextManager[Page]:
    """A manager's fresh browser."""
    token = signed_in(service, Role.MANAGER, name=name)
    return visiting(browser, address, token, allowed=REFUSED, patience_ms=8_000, **options)


def press(page: Page, key: str) -> None:
    """One key that leads to another item."""
    with onwards(page):
        page.keyboard.press(key)


@contextmanager
def onwards(page: Page) -> Iterator[None]:
    """What is done inside leads to another item, swapped in or loaded."""
    page.evaluate("() => { window.before = document.querySelector('.queue') }")
    yield
    page.wait_for_function(
        "() => document.readyState === 'complete' && document.querySelector('.queue')"
        " && document.querySelector('.queue') !== window.before"
    )


def heading(page: Page) -> str:
    return page.locator("#comment").inner_text()


def made(service: FakeService) -> list[DecisionRow]:
    with service.database.read() as s:
        query = select(DecisionRow).where(DecisionRow.actor_kind == "person")
        return list(s.exec(query.order_by(col(DecisionRow.id))))


def asked(service: FakeService) -> Counter[str]:
    with service.database.read() as s:
        return Counter(action.kind for action in s.exec(select(ActionRow)))


def test_a_manager_clears_twenty_items_by_keyboard_alone(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        page.goto(f"{address}/queue")
        assert heading(page) == "Threat"
        page.keyboard.press("s")  # to read it
        assert page.locator("#reveal").is_checked()
        press(page, "h")
        assert "You hid the comment by Rick D." in page.locator(".did").inner_text()
        assert heading(page) == "Crisis"
        press(page, "e")  # the administrators should know why
        assert page.get_by_role("alert").inner_text().startswith("The policy asks for a reason")
        page.keyboard.press("Space")  # the first usual reason has the focus
        press(page, "Enter")
        assert heading(page) == "Privacy"
        press(page, "h")
        press(page, "n")  # an insult that has to wait a moment
        press(page, "p")
        for verdict in ("h", "l", "h", "h", "h"):  # an undo among them
            assert heading(page) == "Offensive"
            press(page, verdict)
            if verdict == "l":
                press(page, "u")
                assert "Taken back" in page.locator(".notice").inner_text()
                press(page, "h")
        clear_the_rest(page)
        assert "Nothing waits for you" in page.locator("main").inner_text()
    check_the_record(service)


def clear_the_rest(page: Page) -> None:
    """Hides what is rude or sold, removes by hand what has to be, leaves up what is opinion."""
    for _ in range(20):
        if page.locator("#comment").count() == 0:
            return
        name = heading(page)
        if page.locator("a.decide.hide").count():
            press(page, "h")
            assert page.evaluate("document.activeElement.innerText") == "I have removed it"
            press(page, "Enter")
        elif name in ("Personal issue", "Off topic"):
            press(page, "l")
        else:
            press(page, "h")


def check_the_record(service: FakeService) -> None:
    found = made(service)
    standing = {d.comment_row: d for d in found}
    assert len(standing) == 20
    verdicts = Counter(d.verdict for d in standing.values())
    assert verdicts == {"hide": 14, "allow": 5, "escalate": 1}
    assert {d.actor for d in found} == {"Ana Ruiz #1"}
    assert sum(":back:" in d.key for d in found) == 1
    assert len(found) == 22  # twenty, one taken back, and the taking back
    handed_on = next(d for d in standing.values() if d.verdict == "escalate")
    assert handed_on.reason == "A child may be in danger"
    assert asked(service) == {"hide": 14}
    with service.database.read() as s:
        by_hand = s.exec(select(ActionRow).where(ActionRow.state == "confirmed")).one()
        assert by_hand.answer == "removed by hand: Ana Ruiz #1"


def test_keys_do_nothing_while_somebody_types(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        page.goto(f"{address}/queue/8")
        here = page.url
        page.locator("#note").evaluate("e => e.closest('details').open = true")
        page.locator("#note").focus()
        page.keyboard.type("hlenjpku? s")
        page.keyboard.press("Enter")  # nor does Enter decide
        assert page.locator("#note").input_value() == "hlenjpku? s"
        page.locator("#reason").focus()
        page.keyboard.press("h")
        page.keyboard.press("Escape")
        for keys in ("Control+h", "Alt+l", "Meta+e"):
            page.keyboard.press(keys)
        assert page.url == here
        assert made(service) == []
        press(page, "h")
        assert made(service)[0].reason.endswith("hlenjpku? s")


def test_a_key_held_down_decides_one_item(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        page.goto(f"{address}/queue/8")
        with onwards(page):
            page.evaluate(
                """() => { for (let n = 0; n < 9; n++) document.dispatchEvent(
                  new KeyboardEvent('keydown', {key: 'h', repeat: n > 4, bubbles: true})) }"""
            )
        assert len(made(service)) == 1


def test_keys_can_be_switched_off(browser: Browser, address: str, service: FakeService) -> None:
    with visit(browser, address, service) as page:
        page.goto(f"{address}/queue/8")
        page.keyboard.press("?")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("h")
        page.keyboard.press("Escape")
        assert not page.locator("dialog").is_visible()
        page.locator(".queue-side summary").click()
        page.get_by_label("One key for each command").uncheck()
        with onwards(page):
            page.get_by_role("button", name="Keep").click()
        page.keyboard.press("h")
        assert page.locator("[aria-keyshortcuts]").count() == 0
        assert page.locator("kbd:visible").count() == 0
        assert made(service) == []


def blurred(page: Page) -> bool:
    """Whether any part of the comment is."""
    parts = page.locator(".this .comment, .this .comment *").all()
    return any("blur" in part.evaluate("it => getComputedStyle(it).filter") for part in parts)


def test_offensive_text_is_blurred_until_it_is_asked_for(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        page.goto(f"{address}/queue/8")
        text = page.locator(".this .comment .veil")
        assert blurred(page)
        assert text.get_attribute("aria-hidden") == "true"
        page.get_by_label("Show text that may offend").check()
        assert not blurred(page)
        assert text.get_attribute("aria-hidden") is None
        page.goto(f"{address}/queue/19")  # a sale offends nobody
        assert not blurred(page)
        page.locator(".queue-side summary").click()
        page.get_by_label("Show all text at once").check()
        with onwards(page):
            page.get_by_role("button", name="Keep").click()
        page.goto(f"{address}/queue/8")
        assert not blurred(page)


def test_it_all_works_without_script(browser: Browser, address: str, service: FakeService) -> None:
    with visit(browser, address, service, java_script_enabled=False) as page:
        page.goto(f"{address}/queue")
        assert page.locator("kbd:visible").count() == 0  # no keys are promised
        page.get_by_label("Show text that may offend").check()
        page.get_by_role("button", name="Hide").click()
        assert "You hid the comment" in page.locator(".did").inner_text()
        page.get_by_role("button", name="Undo").click()
        assert "Taken back" in page.locator(".notice").inner_text()
        page.get_by_role("link", name="Next", exact=False).last.click()
        assert heading(page) == "Crisis"
        page.get_by_role("button", name="Escalate").click()
        page.get_by_label("A child may be in danger").check()
        page.get_by_role("button", name="Hand it on with this note").click()
    assert [d.verdict for d in made(service)] == ["hide", "review", "escalate"]


def test_two_browsers_never_decide_on_one_item(
    browser: Browser, address: str, service: FakeService
) -> None:
    with (
        visit(browser, address, service) as ana,
        visit(browser, address, service, name="Ben Lee") as ben,
    ):
        ana.goto(f"{address}/queue")
        ben.goto(f"{address}/queue")
        assert (heading(ana), heading(ben)) == ("Threat", "Crisis")
        ben.goto(ana.url)
        assert "Ana Ruiz is looking at this comment" in ben.locator(".state").inner_text()
        ben.keyboard.press("h")
        assert made(service) == []
        press(ana, "h")
        press(ben, "n")
        assert ana.url.partition("?")[0] != ben.url.partition("?")[0]


def test_an_open_item_is_kept_by_its_page(
    browser: Browser, address: str, service: FakeService
) -> None:
    with visit(browser, address, service) as page:
        page.clock.install()
        page.goto(f"{address}/queue")
        for _ in range(4):
            service.clock.advance(120)
            page.keyboard.press("Shift")
            with page.expect_response(re.compile("/claim$")) as answered:
                page.clock.fast_forward(101_000)
            assert answered.value.json() == {"said": ""}
        service.clock.advance(301)
        with visit(browser, address, service, name="Ben Lee") as ben:
            ben.goto(f"{address}/queue")
            assert heading(ben) == "Threat"
        page.keyboard.press("Shift")
        with page.expect_response(re.compile("/claim$")):
            page.clock.fast_forward(101_000)
        page.locator(".told", has_text="Ben Lee is looking at this comment now.").wait_for()


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser,
    address: str,
    service: FakeService,
    locale: str,
    scheme: str,
    width: dict[str, int],
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "viewport": width}
    with visit(browser, address, service, **options) as page:
        for where in AXE:
            page.goto(address + where)
            no_barrier(page, where)
        page.keyboard.press("?")
        no_barrier(page, "keys")
        page.goto(f"{address}/queue/17")
        press(page, "h")
        no_barrier(page, "a reason is asked for")
        press(page, "Escape")
        press(page, "l")
        no_barrier(page, "after a verdict")
        page.goto(f"{address}/queue/many?rule=offensive:pig")
        page.get_by_role("button").filter(has=page.locator('[href="#i-hide"]')).click()
        page.wait_for_url(re.compile(r"/queue/many/\w"))
        no_barrier(page, "after a verdict on many")


def no_barrier(page: Page, where: str) -> None:
    assert barriers(page) == [], where
