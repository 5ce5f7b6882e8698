"""Admins invite, change and disable people; people look after their own account."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from sqlmodel import select

from modbot.people import Role, passwords
from modbot.people.accounts import by_email
from modbot.people.invitations import first_link
from modbot.people.tokens import form_token
from modbot.people_tables import InvitationRow, PersonRow, SessionRow
from modbot.tables import AuditRow
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import FakeService
from tests.web.signed_in import signed_in

GOOD = "four lamps under a river"
BETTER = "seven kites above the mill"


def fill_in(site: Site, path: str, **fields: str) -> requests.Response:
    """Opens a form as a stranger's browser does, and sends it; redirects are not taken."""
    with requests.Session() as browser:
        browser.get(site.address + path, timeout=60)
        html = browser.get(site.address + "/sign-in", timeout=60).text
        found = re.search(r'name="csrf" value="([^"]+)"', html)
        assert found is not None
        data = {"csrf": found[1], **fields}
        return browser.post(site.address + path, data=data, timeout=60, allow_redirects=False)


def invite(site: Site, email: str, **fields: str) -> str:
    """The path of a new invitation's link."""
    html = site.post("/people/invite", {"email": email, "role": "manager", **fields}).text
    found = re.search(r"(/invited/[\w-]{43})", html)
    assert found is not None, html[-900:]
    return found[1]


def row_of(service: FakeService, email: str) -> PersonRow:
    with service.database.read() as s:
        row = by_email(s, email)
    assert row is not None
    return row


def kinds(service: FakeService) -> list[str]:
    with service.database.read() as s:
        return list(s.exec(select(AuditRow.kind).order_by(AuditRow.seq)))  # type: ignore[arg-type]


def with_cookie(site: Site, answer: requests.Response) -> Site:
    """The pages in the browser that got this answer."""
    found = re.search(r"\bmodbot=([\w-]{43})", answer.headers["set-cookie"])
    assert found is not None
    return Site(address=site.address, service=site.service, token=found[1])


def test_the_first_link_makes_the_first_admin_once(service: FakeService, site: Site) -> None:
    with service.database.write() as s:
        assert first_link(s, service.clock.now()) is None, "there is somebody"


def test_the_first_admin_comes_in_by_a_link_that_works_once(
    service: FakeService, nobody: Site
) -> None:
    with service.database.write() as s:
        old, token = (first_link(s, service.clock.now()) for _ in range(2))
    answers = {"name": "Dana", "email": "Dana@lps.test", "password": GOOD, "again": GOOD}
    assert fill_in(nobody, f"/first/{old}", **answers).status_code == 404
    assert fill_in(nobody, f"/first/{token}", **{**answers, "password": "short"}).status_code == 400
    done = fill_in(nobody, f"/first/{token}", **answers)
    assert (done.status_code, done.headers["location"]) == (303, "/?said=welcome")
    assert row_of(service, "dana@lps.test").role == "admin"
    assert fill_in(nobody, f"/first/{token}", **answers).status_code == 404
    admin = with_cookie(Site(address=nobody.address, service=service, token="x"), done)
    assert admin.get("/people").status_code == 200


@pytest.fixture
def nobody(service: FakeService, bare_address: str) -> Site:
    """The pages before anybody can sign in."""
    return Site(address=bare_address)


def test_a_first_link_ends_after_a_day_or_when_somebody_is_there(
    service: FakeService, nobody: Site
) -> None:
    with service.database.write() as s:
        token = first_link(s, service.clock.now())
    service.clock.advance(24 * 3600)
    assert nobody.get(f"/first/{token}").status_code == 404
    with service.database.write() as s:
        token = first_link(s, service.clock.now())
    signed_in(service)
    answers = {"name": "D", "email": "d@lps.test", "password": GOOD, "again": GOOD}
    assert fill_in(nobody, f"/first/{token}", **answers).status_code == 400
    with service.database.read() as s:
        assert by_email(s, "d@lps.test") is None


def test_an_invited_person_chooses_a_password_and_is_in(service: FakeService, site: Site) -> None:
    page = make_page(1).id
    path = invite(site, "Ana@LPS.test", scope="some", pages=page, approver="yes")
    assert site.as_nobody().get(path).status_code == 200, "looking does not use it up"
    answers = {"name": "  Ana   Peña ", "password": GOOD, "again": GOOD, "role": "admin"}
    done = fill_in(site, path, email="other@lps.test", **answers)
    row = row_of(service, "ana@lps.test")
    assert (row.name, row.role, row.pages, row.all_pages) == ("Ana Peña", "manager", [page], False)
    assert row.approver and row.password_hash.startswith("$argon2id$")
    ana = with_cookie(site, done)
    assert ana.get("/me").status_code == 200 and ana.get("/people").status_code == 403
    assert fill_in(site, path, **answers).status_code == 404
    assert GOOD not in str(service.database.path.read_bytes())


def test_an_invitation_ends_by_itself_or_when_it_is_withdrawn(
    service: FakeService, site: Site
) -> None:
    late, withdrawn = invite(site, "late@lps.test"), invite(site, "gone@lps.test")
    with service.database.read() as s:
        wanted = select(InvitationRow).where(InvitationRow.email == "gone@lps.test")
        sha256 = s.exec(wanted).one().token_sha256
    site.post(f"/people/invitations/{sha256}/withdraw")
    assert site.as_nobody().get(withdrawn).status_code == 404
    service.clock.advance(timedelta(days=7).total_seconds())
    assert site.as_nobody().get(late).status_code == 404
    again = invite(site.as_(Role.ADMIN), "late@lps.test")
    assert site.as_nobody().get(again).status_code == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "nonsense"}, "not an e-mail address"),
        ({"email": "a@b.test\r\nBcc: x@y.test"}, "not an e-mail address"),
        ({"email": "demo.admin.0@lps.test"}, "not an e-mail address"),
    ],
)
def test_what_cannot_be_invited_is_told(fields: dict[str, str], said: str, site: Site) -> None:
    answer = site.post("/people/invite", {"role": "viewer", **fields})
    if fields["email"].startswith("demo"):
        assert answer.status_code == 200
        return
    assert answer.status_code == 400 and said in answer.text


@pytest.mark.parametrize(
    "fields",
    [{"role": "owner"}, {"role": ""}, {"role": "viewer", "scope": "some", "pages": "x:999"}],
)
def test_roles_and_pages_that_there_are_not_cannot_be_given(
    fields: dict[str, str], site: Site
) -> None:
    assert site.post("/people/invite", {"email": "a@lps.test", **fields}).status_code == 400


def test_somebody_who_is_there_cannot_be_invited_again(site: Site, service: FakeService) -> None:
    signed_in(service, name="Ana")
    answer = site.post("/people/invite", {"email": "ANA@lps.test", "role": "admin"})
    assert answer.status_code == 400 and "here already" in answer.text


def test_a_change_of_role_signs_the_person_out_everywhere(service: FakeService, site: Site) -> None:
    ana = site.as_(Role.MANAGER, name="Ana")
    number = row_of(service, "ana@lps.test").id
    answer = site.post(f"/people/{number}", {"role": "auditor", "scope": "all"})
    assert answer.headers["location"] == f"/people/{number}?said=changed"
    assert ana.get("/me").status_code == 303
    assert site.as_(Role.MANAGER, name="Ana").get("/people").status_code == 403
    again = site.post(f"/people/{number}", {"role": "auditor", "scope": "all"})
    assert again.headers["location"].endswith("said=unchanged")
    assert kinds(service).count("person.changed") == 1


def test_a_disabled_person_is_out_at_once_and_stays_out(service: FakeService, site: Site) -> None:
    ana = site.as_(Role.MANAGER, name="Ana")
    number = row_of(service, "ana@lps.test").id
    site.post(f"/people/{number}/link")
    site.post(f"/people/{number}/disable")
    assert ana.get("/me").status_code == 303
    with service.database.read() as s:
        assert s.exec(select(InvitationRow)).all() == []
    site.post(f"/people/{number}/enable")
    assert ana.get("/me").status_code == 303, "the old session does not come back"


def test_the_last_admin_can_be_neither_disabled_nor_demoted(
    service: FakeService, site: Site
) -> None:
    number = row_of(service, f"{site.admin.lower().replace(' ', '.')}@lps.test").id
    assert "last administrator" in site.post(f"/people/{number}/disable").text
    assert site.post(f"/people/{number}", {"role": "viewer", "scope": "all"}).status_code == 400
    other = site.as_(Role.ADMIN, name="Dana")
    assert site.post(f"/people/{number}", {"role": "viewer", "scope": "all"}).status_code == 303
    dana = row_of(service, "dana@lps.test").id
    assert other.post(f"/people/{dana}/disable").status_code == 400, "a disabled or former admin"


def test_an_admin_ends_somebodys_sessions(service: FakeService, site: Site) -> None:
    ana = site.as_(Role.MANAGER, name="Ana")
    site.post(f"/people/{row_of(service, 'ana@lps.test').id}/end-sessions")
    assert ana.get("/me").status_code == 303


def test_a_link_for_a_new_password_ends_what_was(service: FakeService, site: Site) -> None:
    path = invite(site, "ana@lps.test")
    ana = with_cookie(site, fill_in(site, path, name="Ana", password=GOOD, again=GOOD))
    number = row_of(service, "ana@lps.test").id
    html = site.post(f"/people/{number}/link").text
    new = re.search(r"(/invited/[\w-]{43})", html)[1]  # type: ignore[index]
    done = fill_in(site, new, password=BETTER, again=BETTER)
    assert done.status_code == 303 and ana.get("/me").status_code == 303
    assert passwords.matches(row_of(service, "ana@lps.test").password_hash, BETTER)


@pytest.mark.parametrize(
    "path", ["/people/0", "/people/99", "/people/x", "/people/9999999999999999999"]
)
def test_nobody_has_such_a_number(path: str, site: Site) -> None:
    assert site.get(path).status_code == 404
    assert site.post(f"{path}/disable").status_code == 404


def test_people_choose_language_and_colors(service: FakeService, site: Site) -> None:
    ana = site.as_(Role.VIEWER, name="Ana")
    answer = ana.post("/me", {"language": "es", "theme": "dark"})
    assert "modbot_language=es" in answer.headers["set-cookie"]
    html = ana.get("/me").text
    assert '<html lang="es" data-theme="dark">' in html
    assert ana.post("/me", {"language": "xx", "theme": "dark"}).status_code == 400
    assert ana.post("/me", {"language": "", "theme": '"><script>'}).status_code == 400
    ana.post("/me", {"theme": "light"})
    assert '<html lang="en" data-theme="light">' in ana.get("/me").text


def test_a_shared_browser_speaks_the_language_of_whoever_signs_in(
    service: FakeService, site: Site, ana: Site
) -> None:
    ana.post("/me", {"language": "es", "theme": "auto"})
    with requests.Session() as browser:
        browser.get(f"{site.address}/sign-in?lang=en", timeout=60)  # as somebody else left it
        html = browser.get(f"{site.address}/sign-in", timeout=60).text
        token = re.search(r'name="csrf" value="([^"]+)"', html)
        assert token is not None and '<html lang="en">' in html
        fields = {"csrf": token[1], "email": "ana@lps.test", "password": GOOD}
        inside = browser.post(f"{site.address}/sign-in", fields, timeout=60)
    assert '<html lang="es">' in inside.text


@pytest.fixture
def ana(service: FakeService, site: Site) -> Site:
    """Somebody with a password, signed in in two browsers."""
    path = invite(site, "ana@lps.test")
    return with_cookie(site, fill_in(site, path, name="Ana", password=GOOD, again=GOOD))


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    service: FakeService, site: Site, ana: Site
) -> None:
    other = site.as_(Role.MANAGER, name="Ana")
    new = {"password": BETTER, "again": BETTER}
    wrong = ana.post("/me/password", {"present": "wrong", **new})
    assert wrong.status_code == 400 and "present password is not right" in wrong.text
    differing = ana.post("/me/password", {"present": GOOD, "password": BETTER, "again": GOOD})
    assert "not the same" in differing.text
    assert ana.post("/me/password", {"present": GOOD, **new}).status_code == 303
    assert ana.get("/me").status_code == 200 and other.get("/me").status_code == 303
    assert passwords.matches(row_of(service, "ana@lps.test").password_hash, BETTER)


def test_a_thief_of_a_session_cannot_try_passwords_through(ana: Site) -> None:
    new = {"password": BETTER, "again": BETTER}
    for _ in range(5):
        ana.post("/me/password", {"present": "wrong", **new})
    assert ana.post("/me/password", {"present": GOOD, **new}).status_code == 400


def test_people_see_their_sessions_and_end_them(
    service: FakeService, site: Site, ana: Site
) -> None:
    second, third = (site.as_(Role.MANAGER, name="Ana") for _ in range(2))
    html = ana.get("/me").text
    assert html.count("Sign out there") == 2 and html.count("This browser") == 1
    first = re.search(r"/me/sessions/(\w{64})/end", html)[1]  # type: ignore[index]
    assert ana.post(f"/me/sessions/{first}/end").status_code == 303
    assert [second.get("/me").status_code, third.get("/me").status_code].count(303) == 1
    ana.post("/me/sessions/end-others")
    assert second.get("/me").status_code == third.get("/me").status_code == 303
    assert ana.get("/me").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(
    service: FakeService, site: Site, ana: Site
) -> None:
    with service.database.read() as s:
        wanted = select(SessionRow).where(
            SessionRow.person_id == row_of(service, "ana@lps.test").id
        )
        sha256 = s.exec(wanted).one().id_sha256
    assert site.as_(Role.VIEWER).post(f"/me/sessions/{sha256}/end").status_code == 404
    assert ana.get("/me").status_code == 200


def test_every_change_is_in_the_record_without_a_secret(
    service: FakeService, site: Site, ana: Site
) -> None:
    number = row_of(service, "ana@lps.test").id
    site.post(f"/people/{number}", {"role": "viewer", "scope": "all"})
    site.post(f"/people/{number}/disable")
    assert {
        "person.invited",
        "person.added",
        "sign_in.done",
        "person.changed",
        "person.disabled",
    } <= set(kinds(service))
    with service.database.read() as s:
        told = " ".join(row.detail for row in s.exec(select(AuditRow)))
        hashes = [row.id_sha256 for row in s.exec(select(SessionRow))]
    for secret in (GOOD, ana.token, form_token(ana.token), "$argon2", *hashes):
        assert secret not in told


def test_a_name_from_outside_acts_on_no_page(service: FakeService, site: Site) -> None:
    path = invite(site, "eve@lps.test")
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    assert fill_in(site, path, name="a\u202eb", password=GOOD, again=GOOD).status_code == 400
    assert fill_in(site, path, name=hostile, password=GOOD, again=GOOD).status_code == 303
    number = row_of(service, "eve@lps.test").id
    for where in ("/people", f"/people/{number}"):
        html = site.get(where).text
        assert "&lt;script&gt;alert(1)" in html and "<script>alert" not in html


def test_a_link_that_is_used_twice_at_once_makes_one_person(
    service: FakeService, site: Site
) -> None:
    path = invite(site, "ana@lps.test")
    with ThreadPoolExecutor(4) as pool:
        tries = [
            pool.submit(fill_in, site, path, name=f"Ana {n}", password=GOOD, again=GOOD)
            for n in range(4)
        ]
    assert sorted(t.result().status_code for t in tries)[0] == 303
    assert kinds(service).count("sign_in.done") == 2, "the admin's and one more"


def test_no_field_of_a_form_raises_a_role(service: FakeService, site: Site, ana: Site) -> None:
    more = {"role": "admin", "approver": "yes", "scope": "all", "all_pages": "1", "id": "1"}
    ana.post("/me", {"language": "es", "theme": "dark", **more})
    ana.post("/me/password", {"present": GOOD, "password": BETTER, "again": BETTER, **more})
    row = row_of(service, "ana@lps.test")
    assert (row.role, row.approver) == ("manager", False)
    assert ana.post(f"/people/{row.id}", more).status_code == 403


def test_signing_in_over_a_session_ends_it(service: FakeService, site: Site) -> None:
    before = site.as_(Role.VIEWER, name="Vic")
    path = invite(site, "ana@lps.test")
    answers = {"name": "Ana", "password": GOOD, "again": GOOD}
    assert before.post(path, answers).status_code == 303
    assert before.get("/me").status_code == 303
