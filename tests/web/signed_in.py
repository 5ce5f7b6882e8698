"""Requests of somebody who is signed in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import requests

from modbot.people import Role, sessions
from modbot.people.accounts import add_person, by_email
from modbot.people.tokens import form_token
from modbot.web.cookies import cookies_for
from modbot.web.seam import WebService

_numbers = itertools.count(1)
Files = Mapping[str, tuple[str, bytes] | tuple[str, bytes, str]]  # field: name, content, type


def signed_in(
    service: WebService,
    role: Role = Role.ADMIN,
    *,
    pages: Iterable[str] | None = None,
    name: str = "",
    approver: bool = False,
) -> str:
    """Adds a person with a live session; the value of their cookie. With a name that is there
    already, that person gets a further session."""
    name = name or f"Demo {role.value} {next(_numbers)}"
    email = f"{name.lower().replace(' ', '.')}@lps.test"
    now = service.clock.now()
    with service.database.write() as s:
        row = by_email(s, email) or add_person(
            s,
            name=name,
            email=email,
            role=role,
            pages=pages,
            approver=approver,
            now=now,
            by="the tests",
        )
        return sessions.begin(s, row, now, how="password")


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages as a browser without script sees them; signed in as an admin where `service` is
    given, else as nobody."""

    address: str
    service: WebService | None = None
    token: str = ""
    admin: str = ""  # the name of the default person, who signs in again when time has passed

    def __post_init__(self) -> None:
        if self.service is not None and not self.token:
            object.__setattr__(self, "admin", f"Demo admin {next(_numbers)}")
            object.__setattr__(self, "token", signed_in(self.service, name=self.admin))

    def as_(self, role: Role, *, pages: Iterable[str] | None = None, name: str = "") -> Site:
        """The same pages, signed in as somebody new with this role."""
        assert self.service is not None, "Site(service=...) knows where people are stored"
        token = signed_in(self.service, role, pages=pages, name=name)
        return replace(self, token=token, admin="")

    def as_nobody(self) -> Site:
        """The same pages for somebody who is not signed in."""
        return Site(address=self.address)

    def get(self, path: str, **headers: str) -> requests.Response:
        """One answer, in English unless another language is asked for; redirects are not taken."""
        answer = self._send("GET", path, headers)
        if self.admin and answer.headers.get("location", "").startswith("/sign-in"):
            assert self.service is not None
            object.__setattr__(self, "token", signed_in(self.service, name=self.admin))
            answer = self._send("GET", path, headers)
        return answer

    def post(
        self,
        path: str,
        data: Mapping[str, object] | None = None,
        files: Files | None = None,
        **headers: str,
    ) -> requests.Response:
        """What a form sends, with the token of our forms; `files` as requests takes them."""
        token = {"csrf": form_token(self.token)} if self.token else {}
        return self._send("POST", path, headers, {**token, **(data or {})}, files)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: Mapping[str, object] | None = None,
        files: Files | None = None,
    ) -> requests.Response:
        sent = {"accept-language": "en", **headers}
        if self.token and self.service is not None:
            name = cookies_for(self.service.config.settings.web).session
            mine = f"{name}={self.token}"
            sent["cookie"] = f"{mine}; {sent['cookie']}" if "cookie" in sent else mine
        return requests.request(
            method,
            self.address + path,
            headers=sent,
            data=data,
            files=files,
            timeout=60,
            allow_redirects=False,
        )
