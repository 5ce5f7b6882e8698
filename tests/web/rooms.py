"""The screens of pages and fundraisers over a whole district, for tests that send forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import requests
from sqlmodel import select

from modbot import audit
from modbot.people import Role
from modbot.tables import AuditRow
from tests.web.district import District, open_district
from tests.web.serving import served
from tests.web.signed_in import Site, signed_in

PAGE_FORM = {
    "platform": "facebook",
    "name": "Lawrence High School",
    "address": "https://www.facebook.com/lhs.lancers",
    "school": "Lawrence High",
    "purpose": "News of the school, for families",
    "manager": "J. Marte",
    "administrator": "V. Caruso, principal",
    "contact": "978-555-0100",
    "district_owned": "yes",
}
SALE_FORM = {
    "name": "Band car wash",
    "purpose": "New uniforms",
    "school": "Lawrence High",
    "beneficiary": "LHS marching band",
    "starts": "2026-09-01",
    "ends": "2026-09-30",
    "links": "lhs-band.org/wash\n\n",
    "accounts": "@lhs-band",
}
APPROVAL = {"external_id": "1001", "token_ref": "env:MODBOT_TOKEN_LHS"}


class Room:
    """The screens of a district, with people who may do different things."""

    def __init__(self, district: District, address: str):
        self.district = district
        self.admin = Site(address=address, service=district.service)
        self.viewer = self.admin.as_(Role.VIEWER, name="Vera Viewer")

    def approver(self) -> Site:
        """A principal: reads, and approves fundraisers."""
        token = signed_in(self.district.service, Role.VIEWER, name="Pia Principal", approver=True)
        return replace(self.admin, token=token, admin="")

    def audited(self) -> list[str]:
        """The kinds of audit rows about pages, fundraisers and requests."""
        with self.district.database.read() as s:
            rows = s.scalars(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]
        told = ("page.", "registration.", "fundraiser", "access.")
        return [row.kind for row in rows if row.kind.startswith(told)]

    def sound(self) -> bool:
        return audit.verify(self.district.database).ok


@contextmanager
def open_room(folder: Path) -> Iterator[Room]:
    with open_district(folder) as district, served(district.service) as address:
        yield Room(district, address)


def faults(answer: requests.Response) -> dict[str, str]:
    """What a form says is wrong, by the id of the field."""
    found = re.findall(r'id="w-(\w+)">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return {name: unescape(text).strip() for name, text in found}


def text_of(answer: requests.Response) -> str:
    """The text of a page, without tags."""
    return untagged(answer.text)


def untagged(html: str) -> str:
    """The text of some markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def went_to(answer: requests.Response) -> str:
    """Where an answer sends the browser."""
    assert answer.status_code == 303, (answer.status_code, text_of(answer)[:600])
    return answer.headers["location"]
