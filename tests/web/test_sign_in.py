"""Guessing, fixing, forging and redirecting: what is tried on a sign-in, and what comes of it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlmodel import select

from modbot.people import Role, passwords
from modbot.people.accounts import add_person
from modbot.people.demo import open_demo
from modbot.people.tokens import token_sha256
from modbot.people_tables import AttemptRow, PersonRow, SessionRow
from modbot.tables import AuditRow
from modbot.web.sign_in import own_path
from tests.web.conftest import Site
from tests.web.school import FakeService, open_school
from tests.web.serving import CHEAP, served
from tests.web.signed_in import signed_in

PASSWORD = "a parent writes to us daily"
HASHED = CHEAP.hash_password(PASSWORD)


def add_ana(service: FakeService) -> None:
    with service.database.write() as s:
        add_person(
            s,
            name="Ana Peña",
            email="ana@lps.test",
            role=Role.MANAGER,
            now=service.clock.now(),
            by="the tests",
            password_hash=HASHED,
        )


@pytest.fixture
def door(service: FakeService, bare_address: str) -> Door:
    add_ana(service)
    return Door(service, bare_address)


class Door:
    """The sign-in form as browsers fill it in."""

    def __init__(self, service: FakeService, address: str):
        self.service, self.address = service, address

    def knock(
        self,
        email: str = "ana@lps.test",
        password: str = PASSWORD,
        *,
        headers: dict[str, str] | None = None,
        planted: str = "",
        **fields: str,
    ) -> requests.Response:
        """One try in a browser of its own; redirects are not taken."""
        with requests.Session() as browser:
            if planted:
                browser.cookies.set("modbot", planted)
            browser.headers.update({"accept-language": "en", **(headers or {})})
            html = browser.get(f"{self.address}/sign-in", timeout=60).text
            token = re.search(r'name="csrf" value="([^"]+)"', html)
            assert token is not None
            data = {"csrf": token[1], "email": email, "password": password, **fields}
            address = f"{self.address}/sign-in"
            return browser.post(address, data=data, timeout=60, allow_redirects=False)

    def kinds(self) -> list[str]:
        with self.service.database.read() as s:
            return [row.kind for row in s.exec(select(AuditRow)) if row.kind.startswith("sign_in")]


def session_of(answer: requests.Response) -> str:
    found = re.search(r"\bmodbot=([\w-]{43})", answer.headers.get("set-cookie", ""))
    return found[1] if found else ""


def test_guessing_slows_down_and_stops_after_ten_tries(door: Door, service: FakeService) -> None:
    waits = []
    for _ in range(10):
        answer = door.knock(password="wrong")
        while answer.status_code == 429:
            wait = int(answer.headers["retry-after"])
            waits.append(wait)
            service.clock.advance(wait)
            answer = door.knock(password="wrong")
        assert answer.status_code == 400
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    right = door.knock()
    assert right.status_code == 429 and "Please wait" in right.text
    service.clock.advance(int(right.headers["retry-after"]))
    assert door.knock().status_code in (303, 429)
    service.clock.advance(15 * 60)
    assert session_of(door.knock())


def test_the_count_outlives_a_restart(door: Door, service: FakeService) -> None:
    for _ in range(3):
        door.knock(password="wrong")
    with served(service) as again:
        assert Door(service, again).knock().status_code == 429


def test_an_unknown_account_is_slowed_down_alike(door: Door) -> None:
    statuses = [door.knock(email="eve@lps.test").status_code for _ in range(4)]
    assert statuses == [400, 400, 400, 429]


def test_a_stranger_elsewhere_cannot_lock_somebody_out(tmp_path: Path) -> None:
    service = open_school(tmp_path, web={"trusted_proxies": ["127.0.0.1"]})
    add_ana(service)
    with served(service) as address:
        door = Door(service, address)
        stranger = {"x-forwarded-for": "203.0.113.9"}
        for _ in range(4):
            last = door.knock(password="wrong", headers=stranger)
        assert last.status_code == 429
        assert session_of(door.knock(headers={"x-forwarded-for": "198.51.100.7"}))
    service.database.close()


def test_one_address_tries_a_hundred_accounts_an_hour_and_no_more(
    door: Door, service: FakeService
) -> None:
    with service.database.write() as s:
        from modbot.people.throttle import take_attempt

        tried = [
            take_attempt(s, address="127.0.0.1", account=f"{n}@x.test", now=service.clock.now())
            for n in range(101)
        ]
    assert [t.allowed for t in tried] == [True] * 100 + [False]
    assert door.knock().status_code == 429
    service.clock.advance(3600)
    assert session_of(door.knock())


def test_tries_are_forgotten_and_hold_no_address_in_the_clear(
    door: Door, service: FakeService
) -> None:
    door.knock(password="wrong")
    with service.database.read() as s:
        kept = [row.key for row in s.exec(select(AttemptRow))]
    assert len(kept) == 2 and all(re.fullmatch("[0-9a-f]{64}", key) for key in kept)
    service.clock.advance(3600)
    door.knock()
    with service.database.read() as s:
        assert len(s.exec(select(AttemptRow)).all()) == 1, "the address's own"


def test_forged_proxy_headers_of_a_stranger_are_not_believed(door: Door) -> None:
    for n in range(4):
        answer = door.knock(password="wrong", headers={"x-forwarded-for": f"203.0.113.{n}"})
    assert answer.status_code == 429


def test_the_beginning_of_a_forwarded_list_is_not_believed(tmp_path: Path) -> None:
    service = open_school(tmp_path, web={"trusted_proxies": ["127.0.0.0/8"]})
    add_ana(service)
    with served(service) as address:
        for n in range(4):
            passed_on = {"x-forwarded-for": f"10.9.9.{n}, 203.0.113.9, 127.0.0.1"}
            answer = Door(service, address).knock(password="wrong", headers=passed_on)
        assert answer.status_code == 429
    service.database.close()


@pytest.fixture
def slow_door(service: FakeService) -> Iterator[Door]:
    """A door whose passwords are hashed as in a district."""
    with served(service, hashing=passwords.HASHING) as address:
        yield Door(service, address)


def test_a_refusal_takes_as_long_for_nobody_as_for_somebody(slow_door: Door) -> None:
    """The hash is what takes long; without one for nobody the ratio would be beyond ten."""

    def seconds(email: str) -> float:
        began = time.perf_counter()
        slow_door.knock(email=email, password="wrong")
        return time.perf_counter() - began

    hashed = passwords.hash_password(PASSWORD)
    for n in range(3):
        with slow_door.service.database.write() as s:
            add_person(
                s,
                name=f"N{n}",
                email=f"n{n}@lps.test",
                role=Role.VIEWER,
                now=slow_door.service.clock.now(),
                by="x",
                password_hash=hashed,
            )
    known = statistics.median(seconds(f"n{n}@lps.test") for n in range(3))
    unknown = statistics.median(seconds(f"u{n}@lps.test") for n in range(3))
    assert 0.4 < unknown / known < 2.5


def test_a_disabled_person_is_refused_like_an_unknown_one(door: Door, service: FakeService) -> None:
    with service.database.write() as s:
        s.exec(select(PersonRow)).one().disabled_at = service.clock.now()
    answer = door.knock()
    assert answer.status_code == 400 and "address or the password" in answer.text
    assert not session_of(answer)


def test_every_sign_in_and_refusal_is_in_the_record(door: Door) -> None:
    door.knock(password="wrong")
    door.knock(email="eve@lps.test")
    site = Site(address=door.address, service=door.service, token=session_of(door.knock()))
    site.post("/sign-out")
    assert door.kinds() == ["sign_in.refused", "sign_in.refused", "sign_in.done", "sign_in.ended"]
    with door.service.database.read() as s:
        told = " ".join(row.detail + row.actor for row in s.exec(select(AuditRow)))
    assert "eve@" not in told and PASSWORD not in told and "127.0.0.1" not in told


def test_a_run_of_refused_tries_is_one_line_of_the_record(door: Door) -> None:
    for _ in range(8):
        door.knock(password="wrong")
    assert door.kinds() == ["sign_in.refused"] * 3 + ["sign_in.throttled"]


def test_a_planted_session_id_is_not_taken_over(door: Door, service: FakeService) -> None:
    """Session fixation: whoever plants a cookie must not be signed in by somebody's sign-in."""
    planted = "A" * 43
    answer = door.knock(planted=planted)
    assert session_of(answer) not in ("", planted)
    with service.database.read() as s:
        rows = s.exec(select(SessionRow)).all()
    assert token_sha256(planted) not in [row.id_sha256 for row in rows]


def test_signing_in_again_gives_a_new_id_and_the_database_holds_hashes(
    door: Door, service: FakeService
) -> None:
    first, second = session_of(door.knock()), session_of(door.knock())
    assert first != second and len(first) == 43
    kept = service.database.path.read_bytes()
    wal = Path(f"{service.database.path}-wal")
    kept += wal.read_bytes() if wal.exists() else b""
    assert first.encode() not in kept and second.encode() not in kept


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        " //evil.test",
        "/\t/evil.test",
        "/x\r\nset-cookie: modbot=planted",
        "/\u2028/evil.test",
        "evil.test",
        "/é",
    ],
)
def test_no_address_leads_a_sign_in_to_another_site(wanted: str, door: Door) -> None:
    answer = door.knock(next=wanted)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert own_path(wanted) == "/"


def test_a_sign_in_leads_back_to_a_path_of_ours(door: Door) -> None:
    assert door.knock(next="/decisions/1?lang=es").headers["location"] == "/decisions/1?lang=es"


def test_somebody_cannot_be_signed_in_by_another_sites_form(door: Door) -> None:
    data = {"email": "ana@lps.test", "password": PASSWORD}
    bare = requests.post(f"{door.address}/sign-in", data=data, timeout=60, allow_redirects=False)
    assert bare.status_code == 403
    crossing = door.knock(headers={"origin": "https://evil.test"})
    assert crossing.status_code == 403 and not session_of(crossing)


@pytest.mark.parametrize(
    "token", ["", "x", "é", "A" * 5000, "%00", "' OR 1=1", "../../etc/passwd", "modbot"]
)
def test_a_forged_session_is_nobody(token: str, door: Door) -> None:
    answer = requests.get(
        f"{door.address}/me",
        headers={"cookie": f"modbot={token}".encode()},
        timeout=60,
        allow_redirects=False,
    )
    assert answer.status_code == 303


def test_a_form_is_no_larger_than_a_megabyte(door: Door) -> None:
    assert door.knock(password="x" * 1_100_000).status_code == 413


def test_a_very_long_password_is_refused_without_hashing_all_of_it(door: Door) -> None:
    assert door.knock(password="x" * 500_000).status_code == 400


@pytest.fixture
def over_tls(tmp_path: Path) -> Iterator[Door]:
    service = open_school(tmp_path, web={"public_address": "https://modbot.lps.test"})
    add_ana(service)
    with served(service) as address:
        yield Door(service, address)
    service.database.close()


def test_over_tls_cookies_are_secure_and_of_this_host_alone(over_tls: Door) -> None:
    headers = {"host": "modbot.lps.test"}
    form = requests.get(f"{over_tls.address}/sign-in", headers=headers, timeout=60)
    visit = form.headers["set-cookie"]
    assert visit.startswith("__Host-modbot-visit=") and "Secure" in visit and "Domain" not in visit
    token = re.search(r'name="csrf" value="([^"]+)"', form.text)[1]  # type: ignore[index]
    answer = requests.post(
        f"{over_tls.address}/sign-in",
        data={"csrf": token, "email": "ana@lps.test", "password": PASSWORD},
        headers={**headers, "cookie": visit.split(";")[0], "origin": "https://modbot.lps.test"},
        timeout=60,
        allow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert re.search(r"__Host-modbot=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", cookie)
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_over_plain_http_nothing_promises_tls(door: Door) -> None:
    answer = door.knock()
    assert "strict-transport-security" not in answer.headers
    assert "Secure" not in answer.headers["set-cookie"]


def test_where_passwords_are_off_none_is_taken(tmp_path: Path) -> None:
    provider: dict[str, Any] = {
        "name": "google",
        "kind": "google",
        "domain": "lps.test",
        "client_id": "x",
        "client_secret": "env:X",
    }
    service = open_school(tmp_path, sign_in={"passwords": False, "providers": [provider]})
    add_ana(service)
    with served(service) as address:
        html = requests.get(f"{address}/sign-in", timeout=60).text
        assert "Sign in with Google" in html and 'type="password"' not in html
        site = Site(address=address, service=service)
        data = {"email": "ana@lps.test", "password": PASSWORD}
        assert site.post("/sign-in", data).status_code == 403
    service.database.close()


def test_the_demos_link_signs_in_as_a_manager_on_the_demo_alone(tmp_path: Path) -> None:
    service = open_school(tmp_path)
    with service.database.write() as s:
        token = open_demo(s, service.clock.now())
    with served(service, demo=True) as address:
        nobody = Site(address=address)
        assert nobody.get("/demo/wrong").status_code == 404
        session = session_of(nobody.get(f"/demo/{token}"))
        manager = Site(address=address, service=service, token=session)
        assert manager.get("/log").status_code == 200 and manager.get("/people").status_code == 403
        assert session_of(nobody.get(f"/demo/{token}")), "it may be opened again"
    with served(service) as address:
        assert Site(address=address).get(f"/demo/{token}").status_code == 404
    service.database.close()


def test_an_invitation_is_no_demo_link(tmp_path: Path) -> None:
    service = open_school(tmp_path)
    with served(service, demo=True) as address:
        session = signed_in(service, name="Ana")
        assert Site(address=address).get(f"/demo/{session}").status_code == 404
    service.database.close()
