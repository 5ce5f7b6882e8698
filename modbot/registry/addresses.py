"""Web addresses that people give: what may be called, and what may be shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from modbot.registry.problems import Problem

ADDRESS_CAP = 1_000  # characters
_OWN_NETWORK = ("localhost", ".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")


def address_problems(field: str, address: str, *, may_ask: bool) -> Iterator[Problem]:
    """https only, so that tokens travel encrypted; plain http to this machine alone. Only where it
    `may_ask` an address may hold a ? with a query."""
    url = _split(address)
    if url is None:
        yield _problem(field, "no_address", "the address is not a web address")
    elif url.scheme not in ("http", "https") or not url.hostname or not address.isprintable():
        yield _problem(field, "not_https", "the address must begin with https://")
    elif url.username is not None or url.password is not None:
        yield _problem(field, "with_user", "the address must not hold a user or password")
    elif (url.query and not may_ask) or url.fragment:
        yield _problem(field, "with_query", "the address must not hold ? or #")
    elif url.scheme == "http" and not _is_loopback(url.hostname):
        says = "the address must begin with https:// (http:// would show tokens)"
        yield _problem(field, "not_https", says)


def public_address_problems(field: str, address: str, *, may_ask: bool) -> Iterator[Problem]:
    """address_problems(), and hosts that only this machine or its network can reach."""
    faults = list(address_problems(field, address, may_ask=may_ask))
    if not faults and any(sign.isspace() or sign == "\\" for sign in address):
        faults.append(_problem(field, "no_address", "the address is not a web address"))
    yield from faults
    if faults:
        return
    url = _split(address)
    assert url is not None and url.hostname is not None
    if url.scheme != "https" or not _is_public(url.hostname):
        says = "the address must be a public one that begins with https://"
        yield _problem(field, "not_public", says)


def _problem(field: str, why: str, says: str) -> Problem:
    return Problem(field=field, why=why, says=says)


def _split(address: str) -> SplitResult | None:
    try:
        url = urlsplit(address)
        _ = url.hostname, url.port
    except ValueError:
        return None
    return url


def _is_public(host: str) -> bool:
    """A name with a dot that is not of the own network. A number is no name, however written, and
    letters outside ASCII may be read as others."""
    name = host.rstrip(".").lower()
    last = name.rpartition(".")[2]
    if not name.isascii() or "." not in name or name.endswith(_OWN_NETWORK):
        return False
    return last[:1].isalpha()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
