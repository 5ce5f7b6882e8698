"""The alerts in a real Chromium: a crisis is raised, read with the district's own text on the duty
to report, and acknowledged by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from modbot.alerts import Alert
from modbot.people import Role
from tests.web.alerted import ONE, alerts, send, service
from tests.web.chromium import NARROW, WIDE, barriers, tab_to, visiting
from tests.web.school import FakeService
from tests.web.signed_in import signed_in

__all__ = ["service"]
pytestmark = pytest.mark.browser

AXE = ("/alerts", "/alerts?said=acknowledged", "/alerts?before=3", "/pages/facebook:1001")
DUTY = {
    "en-US": "You are a mandated reporter: call the child line at once.",
    "es-US": "La ley le obliga a denunciar: llame a la línea en una hora.",
}


@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_a_crisis_is_read_and_acknowledged_by_keyboard(
    browser: Browser, bare_address: str, service: FakeService, locale: str
) -> None:
    token = signed_in(service, Role.MANAGER, name="Ana Ruiz")
    with visiting(browser, bare_address, token, "/queue", locale=locale) as page:
        banner = page.locator(".urgent-banner")
        before = int("".join(filter(str.isdigit, banner.inner_text())))
        send(service, Alert(kind="crisis", page_id=ONE, decision_id=2))
        page.reload()
        assert str(before + 1) in banner.inner_text()
        tab_to(page, ".urgent-banner")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert DUTY[locale] in page.locator(".reporting").first.inner_text()
        crisis = page.locator(".alert.urgent", has=page.locator(".reporting"))
        alert = crisis.filter(has=page.locator('a[href="/decisions/2"]'))
        alert.locator("button").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.get_by_role("status").is_visible()
        assert str(before) in banner.inner_text()
        assert "Ana Ruiz" in page.locator("main").inner_text()
    newest = max(alerts(service).values(), key=lambda row: row.id or 0)
    assert newest.acknowledged_by.startswith("Ana Ruiz")


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360px", "1440px"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_axe_finds_no_barrier(
    browser: Browser,
    bare_address: str,
    service: FakeService,
    locale: str,
    scheme: str,
    width: dict[str, int],
) -> None:
    options: dict[str, Any] = {"locale": locale, "color_scheme": scheme, "viewport": width}
    token = signed_in(service, Role.ADMIN, name="Maria Santos")
    with visiting(browser, bare_address, token, **options) as page:
        for path in AXE:
            page.goto(bare_address + path)
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert (path, barriers(page)) == (path, [])
