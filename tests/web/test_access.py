"""Who gets in: the sign-in, what follows from roles, and forms that are not ours."""

from __future__ import annotations

import re

import pytest
import requests

from modbot.people import Role
from modbot.people.accounts import add_person
from modbot.people.tokens import form_token
from tests.web.conftest import Site
from tests.web.school import FakeService
from tests.web.serving import CHEAP

PASSWORD = "a parent writes to us daily"


@pytest.fixture
def ana(service: FakeService) -> str:
    """A manager with a password; her address."""
    with service.database.write() as s:
        add_person(
            s,
            name="Ana Peña",
            email="Ana@LPS.test",
            role=Role.MANAGER,
            now=service.clock.now(),
            by="the tests",
            password_hash=CHEAP.hash_password(PASSWORD),
        )
    return "ana@lps.test"


def sign_in(site: Site, email: str, password: str, **fields: str) -> requests.Response:
    """Fills in the form as a browser does, without following where it leads."""
    with requests.Session() as browser:
        html = browser.get(site.address + "/sign-in", timeout=60).text
        found = re.search(r'name="csrf" value="([^"]+)"', html)
        assert found is not None
        return browser.post(
            site.address + "/sign-in",
            data={"csrf": found[1], "email": email, "password": password, **fields},
            timeout=60,
            allow_redirects=False,
        )


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_back(site: Site, ana: str) -> None:
    nobody = site.as_nobody()
    assert nobody.get("/").headers["location"] == "/sign-in"
    answer = nobody.get("/decisions/1?lang=es")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fdecisions%2F1%3Flang%3Des"
    done = sign_in(site, ana, PASSWORD, next="/decisions/1?lang=es")
    assert (done.status_code, done.headers["location"]) == (303, "/decisions/1?lang=es")


def test_a_path_that_is_not_there_tells_a_stranger_nothing(site: Site) -> None:
    for path in ("/nowhere", "/people/1", "/static", "/sign-in/x", "//static/app.css"):
        assert site.as_nobody().get(path).status_code == 303


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(site: Site, ana: str) -> None:
    wrong, unknown = sign_in(site, ana, "nope"), sign_in(site, "eve@lps.test", PASSWORD)
    assert wrong.status_code == unknown.status_code == 400
    for answer in (wrong, unknown):
        assert "The address or the password is not right." in answer.text
        assert "modbot=" not in answer.headers.get("set-cookie", "").replace("modbot-visit=", "")


def test_a_form_without_our_token_changes_nothing(site: Site) -> None:
    assert site.post("/sign-out", {"csrf": ""}).status_code == 403
    assert site.post("/sign-out", {"csrf": form_token("another")}).status_code == 403
    assert site.get("/log").status_code == 200


@pytest.mark.parametrize(
    "header",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}],
    ids=["fetch metadata", "origin"],
)
def test_a_form_of_another_site_changes_nothing(site: Site, header: dict[str, str]) -> None:
    assert site.post("/sign-out", **header).status_code == 403
    assert site.get("/log").status_code == 200


def test_signing_out_ends_the_session(site: Site) -> None:
    assert site.as_(Role.VIEWER).post("/sign-out").status_code == 303
    left = site.as_(Role.VIEWER)
    left.post("/sign-out")
    assert left.get("/log").status_code == 303


def test_a_session_ends_after_half_an_hour_of_nothing_and_after_twelve_hours(
    service: FakeService, site: Site
) -> None:
    viewer = site.as_(Role.VIEWER)
    for _ in range(23):
        service.clock.advance(29 * 60)
        assert viewer.get("/log").status_code == 200
    service.clock.advance(55 * 60)
    assert viewer.get("/log").status_code == 303
    busy = site.as_(Role.VIEWER)
    for _ in range(12 * 3):
        service.clock.advance(20 * 60)
        last = busy.get("/log").status_code
    assert last == 303
