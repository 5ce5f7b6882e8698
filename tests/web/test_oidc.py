"""Signing in through a provider, against one on loopback that tests make lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc.jwk import RSAKey
from sqlmodel import select

from modbot.domain import Actor
from modbot.people import Role, changes, invitations
from modbot.people.accounts import add_person, by_email
from modbot.people.invitations import Grant
from modbot.tables import AuditRow, IdentityRow, PersonRow, SignInFlowRow
from tests.fakes import ManualClock
from tests.web.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)
from tests.web.school import FakeService, open_school
from tests.web.serving import served

TENANT = "11111111-2222-3333-4444-555555555555"
ADA = Actor(kind="person", name="Ada")
GOOGLE = {"sub": "g-1", "email": "Ana@lps.test", "email_verified": True, "hd": "lps.test"}
ENTRA = {"sub": "e-1", "preferred_username": "ana@lps.test", "tid": TENANT, "email": "x@evil.test"}


@dataclass(kw_only=True)
class Room:
    """The pages, a provider for them, and a browser."""

    service: FakeService
    provider: IdentityProvider
    address: str
    browser: requests.Session

    def sign_in(self, name: str = "google", **query: str) -> requests.Response:
        """There and back; the answer to the return, redirects not followed."""
        back = self.go(name, **query)
        return self.come_back(back)

    def go(self, name: str = "google", **query: str) -> str:
        """The address that the provider sends the browser back to."""
        out = self.browser.get(
            f"{self.address}/oidc/{name}", params=query, allow_redirects=False, timeout=10
        )
        assert out.status_code == 303, out.text[-600:]
        there = requests.get(out.headers["location"], allow_redirects=False, timeout=10)
        return there.headers["location"]

    def come_back(self, address: str) -> requests.Response:
        return self.browser.get(address, allow_redirects=False, timeout=10)

    def signed_in(self) -> bool:
        answer = self.browser.get(f"{self.address}/me", allow_redirects=False, timeout=10)
        return answer.status_code == 200

    def invite(self, email: str = "ana@lps.test", role: Role = Role.MANAGER) -> None:
        now = self.service.clock.now()
        with self.service.database.write() as s:
            grant = Grant(role=role)
            invitations.invite(s, email, grant, by=ADA, now=now, lasts=timedelta(days=7))

    def person(self, email: str = "ana@lps.test") -> PersonRow | None:
        with self.service.database.read() as s:
            return by_email(s, email)

    def reasons(self) -> list[str]:
        """Why sign-ins were refused, oldest first."""
        with self.service.database.read() as s:
            rows = s.exec(select(AuditRow).where(AuditRow.kind == "sign_in.refused"))
            return [row.detail.partition('"why":"')[2].partition('"')[0] for row in rows]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET, "utf-8")
    secret.chmod(0o600)
    common = {"client_id": CLIENT_ID, "client_secret": f"file:{secret}"}
    with identity_provider(ManualClock()) as provider:
        issuer = {**common, "issuer": provider.url}
        providers = [
            {"name": "google", "kind": "google", "domain": "lps.test", **issuer},
            {"name": "entra", "kind": "entra", "tenant": TENANT, **issuer},
            {
                "name": "open",
                "kind": "google",
                "domain": "lps.test",
                "viewers": True,
                **issuer,
            },
        ]
        service = open_school(tmp_path, sign_in={"providers": providers})
        provider.clock = service.clock
        provider.account = dict(GOOGLE)
        with served(service) as address, requests.Session() as browser:
            yield Room(service=service, provider=provider, address=address, browser=browser)
        service.database.close()


def test_whoever_was_invited_comes_in_with_their_role_and_back_to_where_they_were(
    room: Room,
) -> None:
    room.invite()
    answer = room.sign_in(next="/decisions/1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/decisions/1")
    assert room.signed_in()
    person = room.person()
    assert person is not None and person.role == "manager" and person.password_hash == ""
    asked = room.provider.asked[0]
    assert asked["code_challenge_method"] == "S256" and len(asked["state"]) >= 43
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_the_second_time_the_provider_s_number_counts_and_not_the_address(room: Room) -> None:
    room.invite()
    room.sign_in()
    room.provider.account["email"] = "ana.married@lps.test"
    assert room.sign_in().headers["location"] == "/"
    with room.service.database.read() as s:
        (identity,) = s.exec(select(IdentityRow))
        assert (identity.issuer, identity.subject) == (room.provider.url, "g-1")
    room.provider.account.update(sub="g-2", email="ana@lps.test")
    assert room.sign_in().status_code == 403, "another person who was given her old address"
    assert room.reasons() == ["unknown"]


def test_strangers_of_the_domain_are_refused_unless_the_configuration_lets_them_read(
    room: Room,
) -> None:
    answer = room.sign_in()
    assert answer.status_code == 403 and "You are not invited here" in answer.text
    assert room.person() is None and not room.signed_in()
    assert room.sign_in("open").status_code == 303
    person = room.person()
    assert person is not None and person.role == "viewer"


def test_an_address_alone_takes_over_no_account(room: Room) -> None:
    with room.service.database.write() as s:
        add_person(
            s,
            name="Ana",
            email="ana@lps.test",
            role=Role.ADMIN,
            now=room.service.clock.now(),
            by="the tests",
        )
    assert room.sign_in("open").status_code == 403
    with room.service.database.write() as s:
        row = by_email(s, "ana@lps.test")
        assert row is not None
        invitations.password_link(s, row, by=ADA, now=room.service.clock.now())
    assert room.sign_in("open").status_code == 303, "an admin has asked for it"


LIES: list[Any] = [
    pytest.param("google", {"hd": "evil.test"}, "domain", id="another Workspace domain"),
    pytest.param("google", {"hd": None}, "domain", id="a private Google account"),
    pytest.param("google", {"email_verified": False}, "email", id="an address not verified"),
    pytest.param("google", {"email_verified": "true"}, "email", id="verified as a text"),
    pytest.param("google", {"iss": "https://evil.test"}, "issuer", id="another issuer"),
    pytest.param("google", {"iss": None}, "issuer", id="no issuer"),
    pytest.param("google", {"aud": "another-client"}, "audience", id="another audience"),
    pytest.param("google", {"aud": [CLIENT_ID, "b"]}, "audience", id="two audiences, no azp"),
    pytest.param("google", {"azp": "another-client"}, "audience", id="made for another party"),
    pytest.param("google", {"nonce": "another"}, "nonce", id="another nonce"),
    pytest.param("google", {"nonce": None}, "nonce", id="no nonce"),
    pytest.param("google", {"exp": 1_600_000_000}, "expired", id="expired"),
    pytest.param("google", {"exp": None}, "expired", id="no end"),
    pytest.param("google", {"exp": "9999999999"}, "expired", id="an end as a text"),
    pytest.param("google", {"exp": float("1e400")}, "expired", id="an end without end"),
    pytest.param("google", {"iat": 1_600_000_000}, "issued_at", id="made long ago"),
    pytest.param("google", {"nbf": 9_999_999_999}, "issued_at", id="not valid yet"),
    pytest.param("google", {"sub": ""}, "subject", id="nobody"),
    pytest.param("google", {"sub": 7}, "subject", id="a number for a name"),
    pytest.param("entra", {**ENTRA, "tid": "9" * 36}, "tenant", id="another tenant"),
    pytest.param("entra", {**ENTRA, "tid": None}, "tenant", id="no tenant"),
    pytest.param(
        "entra",
        {**ENTRA, "preferred_username": "ana_lps.test#EXT#@other.test", "email": "ana@lps.test"},
        "unknown",
        id="a guest who claims an invited address",
    ),
]


@pytest.mark.parametrize(("provider", "lie", "reason"), LIES)
def test_a_token_that_is_not_exactly_right_lets_nobody_in(
    provider: str, lie: dict[str, Any], reason: str, room: Room
) -> None:
    room.invite()
    room.provider.claims = lie
    answer = room.sign_in(provider)
    assert answer.status_code == 403
    assert room.reasons() == [reason]
    assert not room.signed_in() and room.person() is None


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_the_provider_lets_nobody_in(
    algorithm: str, room: Room
) -> None:
    room.invite()
    room.provider.algorithm = algorithm
    assert room.sign_in().status_code == 403
    assert room.reasons() == ["signature"]


def test_a_token_signed_with_another_key_lets_nobody_in(room: Room) -> None:
    room.invite()
    room.provider.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    assert room.sign_in().status_code == 403
    assert room.reasons() == ["signature"]


def test_a_provider_may_change_its_keys(room: Room) -> None:
    room.invite()
    assert room.sign_in().status_code == 303
    room.provider.key = RSAKey.generate_key(2048, {"kid": "k1"})
    assert room.sign_in().status_code == 303


def test_entra_lets_in_by_the_directory_s_own_name(room: Room) -> None:
    room.invite()
    room.provider.account = dict(ENTRA)
    assert room.sign_in("entra").status_code == 303
    assert room.person("x@evil.test") is None


def test_a_return_works_once(room: Room) -> None:
    room.invite()
    back = room.go()
    assert room.come_back(back).status_code == 303
    room.browser.post(f"{room.address}/sign-out")
    assert room.come_back(back).status_code == 403
    assert room.reasons() == ["state"]


def test_a_return_works_in_the_browser_that_began_it_alone(room: Room) -> None:
    """Else a stranger could sign somebody in as themselves, or pick up somebody's code."""
    room.invite()
    back = room.go()
    assert requests.get(back, allow_redirects=False, timeout=10).status_code == 403
    assert room.come_back(back).status_code == 303, "and the stranger has not used it up"


def test_a_return_to_another_provider_or_too_late_is_refused(room: Room) -> None:
    room.invite()
    assert room.come_back(room.go().replace("/oidc/google/", "/oidc/open/")).status_code == 403
    back = room.go()
    room.service.clock.advance(10 * 60)
    assert room.come_back(back).status_code == 403
    assert room.reasons() == ["state", "state"]


def test_a_return_that_names_another_issuer_is_refused(room: Room) -> None:
    room.invite()
    assert room.come_back(room.go() + "&iss=https://evil.test").status_code == 403
    assert room.reasons() == ["issuer"] and room.provider.token_requests == []


def test_a_broken_off_sign_in_and_a_wrong_code_are_told(room: Room) -> None:
    back = room.go()
    state = back.partition("state=")[2]
    denied = room.come_back(f"{room.address}/oidc/google/return?error=access_denied&state={state}")
    assert denied.status_code == 403 and "broken off" in denied.text
    assert room.come_back(room.go().replace("code=code-", "code=wrong-")).status_code == 403
    assert room.reasons() == ["denied", "code"]


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://evil.test"}, "issuer"),
        ({"token_endpoint": "http://evil.test/token"}, "metadata"),
        ({"jwks_uri": "file:///etc/passwd"}, "metadata"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "metadata"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    metadata: dict[str, str], reason: str, room: Room
) -> None:
    room.provider.metadata = metadata
    address = f"{room.address}/oidc/google"
    assert room.browser.get(address, allow_redirects=False, timeout=10).status_code == 403
    assert room.reasons() == [reason]


def test_whoever_is_disabled_cannot_come_in_by_the_provider(room: Room) -> None:
    room.invite()
    room.sign_in()
    with room.service.database.write() as s:
        row = by_email(s, "ana@lps.test")
        assert row is not None
        changes.disable(s, row, by=ADA, now=room.service.clock.now())
    assert not room.signed_in()
    assert room.sign_in().status_code == 403
    assert room.reasons() == ["disabled"]


def test_no_way_leads_to_another_site(room: Room) -> None:
    room.invite()
    for wanted in ("//evil.test/", "https://evil.test", "/\\evil.test", "javascript:alert(1)"):
        assert room.sign_in(next=wanted).headers["location"] == "/"


def test_an_unknown_provider_is_not_found(room: Room) -> None:
    assert room.browser.get(f"{room.address}/oidc/nobody", timeout=10).status_code == 404
    assert room.browser.get(f"{room.address}/oidc/nobody/return", timeout=10).status_code == 404


def test_neither_secret_nor_token_is_stored_or_shown(room: Room) -> None:
    room.invite()
    answer = room.sign_in()
    kept = room.service.database.path.read_bytes()
    for name in ("", "-wal"):
        file = Path(f"{room.service.database.path}{name}")
        kept += file.read_bytes() if file.exists() else b""
    cookie = room.browser.cookies["modbot"]
    for secret in (CLIENT_SECRET, cookie, room.provider.asked[0]["state"]):
        assert secret.encode() not in kept
    assert CLIENT_SECRET not in answer.text
    with room.service.database.read() as s:
        assert s.exec(select(SignInFlowRow)).all() == []
