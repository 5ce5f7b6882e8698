"""Routes as the screens write them, before they belong to an app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Routes:
    """Collects routes and hands them to the app, which reads each one's parameters once. Of routers
    within routers it would read them anew for every router around a route."""

    def __init__(self) -> None:
        self._written: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def api_route(
        self, path: str, *, methods: list[str], **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        """A decorator for what answers there; `options` are those of FastAPI.add_api_route()."""

        def write(endpoint: Endpoint) -> Endpoint:
            self._written.append((path, endpoint, {"methods": methods, **options}))
            return endpoint

        return write

    def get(self, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """api_route() for GET alone."""
        return self.api_route(path, methods=["GET"], **options)

    def post(self, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """api_route() for POST."""
        return self.api_route(path, methods=["POST"], **options)

    def include(self, others: Routes) -> None:
        """Takes over what others wrote."""
        self._written += others._written

    def add_to(self, app: FastAPI) -> None:
        """Gives them to the app, in order and with the app's own dependencies."""
        for path, endpoint, options in self._written:
            app.add_api_route(path, endpoint, **options)
