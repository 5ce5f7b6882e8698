"""Takes the documents' pictures of the alerts and the people, and of four screens on a phone.

Run: python -m tests.web.picture_room [--folder docs/pictures] [--scheme dark] [--locale es-US]
"""

from __future__ import annotations

import argparse
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlmodel import select

from modbot.domain import Actor
from modbot.people import Role, invitations
from modbot.people.accounts import add_person
from modbot.people.invitations import Grant
from modbot.tables import PageRow
from tests.fakes import make_page
from tests.web import alerted, district, queue_day
from tests.web.chromium import chromium, profile
from tests.web.school import FakeService
from tests.web.serving import served
from tests.web.signed_in import signed_in

DESK, PHONE = {"width": 1200, "height": 1000}, {"width": 360, "height": 740}
MANY = "/queue/many?rule=sales"
NAMES = ("Lawrence High School", "Lawrence Public Schools on X")
STAFF = (
    ("Ana Ruiz", Role.MANAGER, None),
    ("Luis Ortega", Role.MANAGER, ["facebook:1001"]),
    ("Grace Kim", Role.AUDITOR, None),
    ("Dr. Lee", Role.VIEWER, None),
    ("Tom Riley", Role.MANAGER, ["x:1002"]),
)


def named(service: FakeService) -> FakeService:
    """The same with pages that are called as a district calls them, and its staff."""
    now, by = service.clock.now(), Actor(kind="person", name="Maria Santos")
    with service.database.write() as s:
        for page, name in zip(s.exec(select(PageRow)).all(), NAMES, strict=False):
            page.name = name
        for name, role, pages in STAFF:
            email = f"{name.lower().replace(' ', '.').replace('..', '.')}@lps.test"
            add_person(s, name=name, email=email, role=role, pages=pages, now=now, by=by.name)
        grant = Grant(role=Role.MANAGER, pages=(make_page(1).id,))
        invitations.invite(
            s, "dana.whitfield@lps.test", grant, by=by, now=now, lasts=timedelta(days=7)
        )
    for name in ("Ana Ruiz", "Grace Kim"):
        signed_in(service, name=name)
    return service


class Camera:
    """Opens screens of a service in a browser that shows it in one way."""

    def __init__(self, browser: Browser, folder: Path, options: Mapping[str, str]):
        self.browser, self.folder, self.options = browser, folder, options

    @contextmanager
    def at(self, service: FakeService, size: dict[str, int]) -> Iterator[tuple[Page, str]]:
        """A page of somebody who is signed in, and the address of the service."""
        with served(service) as address:
            touched = size is PHONE
            token = signed_in(service, name="Maria Santos")
            options = {"viewport": size, "has_touch": touched, "is_mobile": touched, **self.options}
            context = profile(self.browser, address, token, **options)
            yield context.new_page(), address
            context.close()

    def phones(self, screens: list[bytes]) -> None:
        """phone.png: the screens side by side."""
        shown = "".join(
            f'<img src="data:image/png;base64,{b64encode(each).decode()}">' for each in screens
        )
        page = self.browser.new_page(viewport={"width": 1568, "height": 788})
        style = (
            "body{margin:24px;display:flex;gap:24px;background:#8792a3}"
            "img{width:360px;height:740px;border-radius:16px}"
        )
        page.set_content(f"<style>{style}</style>{shown}")
        page.screenshot(path=self.folder / "phone.png")
        page.close()


def take(camera: Camera, folder: Path) -> None:
    screens: list[bytes] = []
    (folder / "a").mkdir()
    service = named(alerted.filled(folder / "a"))
    with camera.at(service, DESK) as (page, address):
        for name in ("alerts", "people"):
            page.goto(f"{address}/{name}")
            page.screenshot(path=camera.folder / f"{name}.png")
    with camera.at(service, PHONE) as (page, address):
        page.goto(f"{address}/alerts")
        screens.append(page.screenshot())
    service.database.close()
    (folder / "q").mkdir()
    service = named(queue_day.open_queue_day(folder / "q"))
    with camera.at(service, PHONE) as (page, address):
        for path in ("/queue/18", "/log"):
            page.goto(address + path)
            screens.append(page.screenshot())
    with camera.at(service, DESK) as (page, address):
        page.goto(f"{address}{MANY}")
        page.screenshot(path=camera.folder / "bulk.png")
    service.database.close()
    (folder / "d").mkdir()
    with district.open_district(folder / "d") as place:
        district.fill(place)
        with camera.at(place.service, PHONE) as (page, address):  # type: ignore[arg-type]
            page.goto(f"{address}/pages")
            screens.append(page.screenshot())
    camera.phones([screens[1], screens[2], screens[0], screens[3]])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=Path("docs/pictures"))
    arguments.add_argument("--scheme", choices=["light", "dark"], default="light")
    arguments.add_argument("--locale", default="en-US")
    chosen = arguments.parse_args()
    options = {"color_scheme": chosen.scheme, "locale": chosen.locale}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        take(Camera(browser, chosen.folder, options), Path(folder))


if __name__ == "__main__":
    main()
