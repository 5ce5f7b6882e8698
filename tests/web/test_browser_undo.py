"""Undo and the life of a comment in a real Chromium, on a service with the platforms' stand-ins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

from modbot.people import Role
from modbot.tables import CommentRow, DecisionRow, VersionRow
from tests.web.chromium import NARROW, WIDE, barriers, follow, tab_to, visiting
from tests.web.serving import served
from tests.web.signed_in import signed_in
from tests.web.undo_town import RULE, Town, open_town

pytestmark = pytest.mark.browser
AXE = (
    *("/undo", f"/undo/preview?kind=rule&subject={RULE}&since=2020-01-01T00:00", "/undo/1"),
    *("/decisions/5", f"/rule?id={RULE}"),
)

CHEERS = 24
SOON_MS = 90_000  # the service works in steps of five seconds


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(tmp_path_factory.mktemp("town"), cheers=CHEERS) as town:
        until = time.monotonic() + 30
        while time.monotonic() < until and not (town.settled() and town.hidden == CHEERS):
            time.sleep(0.2)
        assert town.hidden == CHEERS
        yield town


@pytest.fixture(scope="module")
def address(town: Town) -> Iterator[str]:
    with served(town.service) as address:
        yield address


def visit(
    browser: Browser, address: str, town: Town, path: str, **options: Any
) -> AbstractContextManager[Page]:
    """A manager's fresh browser on a page."""
    token = signed_in(town.service, Role.MANAGER, name="Ana Ruiz")
    return visiting(browser, address, token, path, patience_ms=60_000, **options)


@pytest.fixture(scope="module")
def run(browser: Browser, address: str, town: Town) -> str:
    """The path of a run that has ended: a manager took a rule's day back, page by page."""
    with visit(browser, address, town, "/undo") as page:
        follow(page.get_by_role("link", name=RULE).first)
        assert page.get_by_role("heading", level=1).inner_text() == f"What the rule {RULE} did"
        assert page.get_by_text("What would become of 24 comments").is_visible()
        # An author changes a text while the manager reads: that one is looked at anew.
        town.world.edit_comment(town.editable, "I changed my mind about the game")
        page.wait_for_timeout(3000)
        page.get_by_label("Why?").fill("The rule took the team's name for a swear word.")
        page.get_by_role("button", name="Take back 24 decisions").click()
        assert page.get_by_role("status").first.inner_text().startswith("The run has begun")
        page.get_by_text("24 of 24 comments have their receipt").first.wait_for(timeout=SOON_MS)
        page.locator(".undo-state.done").wait_for(timeout=SOON_MS)
        return urlsplit(page.url).path


def test_a_manager_undoes_a_rules_day(browser: Browser, address: str, town: Town, run: str) -> None:
    with visit(browser, address, town, run) as page:
        counts = page.locator(".undo-receipts a").all_inner_texts()
        assert [text.split()[0] for text in counts] == ["23", "1"]
        assert page.locator(".undo-items li").count() == CHEERS
        told = page.locator(".undo-items .receipt strong").all_inner_texts()
        assert told.count("Restored, confirmed by the platform") == 23
        assert told.count("Edited since") == 1
    assert town.hidden == 1  # the edited one waits for a person


@pytest.mark.usefixtures("run")
def test_it_is_paused_and_taken_up_by_keyboard_and_without_script(
    browser: Browser, address: str, town: Town
) -> None:
    for number in range(6):
        town.world.add_comment(town.posts[0], f"a lancer again, {number}", author_id="late")
    until = time.monotonic() + 20
    while town.hidden < 7 and time.monotonic() < until:
        time.sleep(0.2)
    with visit(browser, address, town, "/undo", java_script_enabled=False) as page:
        page.get_by_label("Its id or name").fill(RULE)
        page.get_by_label("Its id or name").press("Enter")
        page.get_by_label("Why?").fill("again")
        page.get_by_role("button", name="Take back 6 decisions").click()
        page.get_by_role("button", name="Pause").press("Enter")
        assert page.get_by_role("status").first.inner_text().startswith("The run is paused")
        page.get_by_role("button", name="Go on").press("Enter")
        until = time.monotonic() + 40
        while page.locator(".undo-state.done").count() == 0 and time.monotonic() < until:
            page.wait_for_timeout(1000)
            page.reload()
        assert "Restored, confirmed by the platform" in page.content()
    assert town.hidden == 1


def test_one_comments_hide_is_taken_back_on_its_page(
    browser: Browser, address: str, town: Town
) -> None:
    comment = town.world.add_comment(town.posts[0], "One lancer more", author_id="one")

    def hidden() -> bool:
        found = town.world.comment(comment)
        assert found is not None
        return found.hidden

    wait_until(hidden)
    others = town.hidden - 1
    number = newest_decision(town, comment)
    with visit(browser, address, town, f"/decisions/{number}") as page:
        assert tab_to(page, ".life-undo summary") > 1
        page.keyboard.press("Enter")
        page.get_by_label("Why?").fill("The team's name.")
        page.get_by_role("button", name="Take this back").press("Enter")
        assert page.get_by_role("status").first.inner_text().startswith("Taken back.")
        wait_until(lambda: not hidden())
        after = newest_decision(town, comment)
        assert after > number and page.url.partition("?")[0] == f"{address}/decisions/{after}"
        wait_until(town.settled)
        page.reload()
        steps = page.locator(".timeline li").all_inner_texts()
        assert sorted(f"Decision {number}" in step for step in steps) == [False, True]
        assert "Ana Ruiz" in steps[0] and "The team's name." in steps[0]
        asked = page.locator("#actions ~ .scroll tbody th").all_inner_texts()
        assert sorted(asked) == ["Hidden on the platform", "Visible again on the platform"]
        assert page.locator(".life-undo").count() == 1  # the manager's word can be taken back too
    assert (hidden(), town.hidden) == (False, others)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser,
    address: str,
    town: Town,
    locale: str,
    scheme: str,
    width: dict[str, int],
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "viewport": width}
    edited = f"/decisions/{newest_edited(town)}"
    with visit(browser, address, town, "/undo", **options) as page:
        for path in (*AXE, edited):
            page.goto(address + path)
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert barriers(page) == [], path


def wait_until(so: Callable[[], bool]) -> None:
    """Until the service and the platform have come that far."""
    until = time.monotonic() + SOON_MS / 1000
    while not so():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.2)


def newest_decision(town: Town, comment: str) -> int:
    """What stands on a comment, by the platform's id of it."""
    with town.service.database.read() as s:
        found = s.exec(
            select(DecisionRow.id)
            .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
            .where(col(CommentRow.comment_id) == comment)
            .order_by(col(DecisionRow.id).desc())
        ).first()
    assert found is not None
    return found


def newest_edited(town: Town) -> int:
    """A decision on the comment that was edited."""
    with town.service.database.read() as s:
        found = s.exec(
            select(DecisionRow.id)
            .join(VersionRow, col(VersionRow.id) == col(DecisionRow.version_id))
            .order_by(col(VersionRow.number).desc(), col(DecisionRow.id).desc())
        ).first()
    assert found is not None
    return found
