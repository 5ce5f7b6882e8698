"""From where somebody signs in, as much as helps them to know it again."""

from __future__ import annotations

import ipaddress
from functools import cache

from starlette.requests import Request

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_of(request: Request) -> str:
    """Browser and system, such as "Firefox, Windows"; empty when the browser does not say."""
    agent = request.headers.get("user-agent", "")
    found = [
        next((name for sign, name in known if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name)


def client_address(request: Request) -> str:
    """The address that a request comes from: what a trusted proxy says, else the connection's."""
    peer = request.client.host if request.client else ""
    trusted = _networks(request.app.state.service.config.settings.web.trusted_proxies)
    if not _within(peer, trusted):
        return peer
    passed_on = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for given in reversed(passed_on):  # each proxy adds at the end; the beginning can be invented
        address = given.strip()
        if not _is_address(address):
            return peer
        if not _within(address, trusted):
            return address
    return peer


@cache
def _networks(
    trusted: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(each, strict=False) for each in trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(
    address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in net for net in networks)


def network_of(request: Request) -> str:
    """client_address() without what tells one machine from its neighbours: 203.0.113.x."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return f"{'.'.join(str(address).split('.')[:3])}.x"
    return f"{':'.join(address.exploded.split(':')[:3])}::x"
