"""/metrics, for Prometheus: on this machine, or with a token."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modbot.errors import BadConfig
from modbot.settings import read_secret
from modbot.web.figures import Figures
from modbot.web.routes import Routes
from modbot.web.seam import WebService

_log = structlog.get_logger("modbot.web")
# A proxy on this machine that says for whom it asks: not this machine.
_RELAYED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def metrics_routes(service: WebService, environ: Mapping[str, str] = os.environ) -> Routes:
    """/metrics. Without [metrics] token it is there for this machine alone; with one it asks
    everybody for it."""
    routes = Routes()
    figures = Figures(service)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        section = service.config.settings.metrics
        if not section.enabled:
            raise HTTPException(404)
        if section.token:
            if not _shows(request, section.token, environ):
                return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        elif not _from_this_machine(request):
            raise HTTPException(404)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(list(figures.collect())))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes


class _Collected(Collector):
    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return iter(self._found)

    def describe(self) -> list[Metric]:
        return []


def _shows(request: Request, ref: str, environ: Mapping[str, str]) -> bool:
    """Whether the request brings the token, which is read anew each time. Nobody does when it
    cannot be read."""
    try:
        token = read_secret(ref, environ)["token"]
    except (BadConfig, KeyError):
        _log.error("metrics_token_unreadable", ref=ref)
        return False
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(shown.strip().encode(), token.encode())
    return scheme.lower() == "bearer" and same


def _from_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _RELAYED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
