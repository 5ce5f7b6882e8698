"""Routes as the screens write them, before they belong to an app."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import Parameter, Signature
from types import CodeType
from typing import Any, TypeVar, cast

from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_REQUEST = "request"


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """All that FastAPI reads of a route; equal for the same route of every app in the process."""

    path: str
    methods: tuple[str, ...]
    dependencies: tuple[Depends, ...]
    module: str
    code: CodeType
    defaults: tuple[object, ...]


class Routes:
    """Collects routes and hands them to the app. FastAPI reads each one's parameters once a
    process: a router of its own would read them for every app and every router around a route."""

    def __init__(self) -> None:
        self._written: list[tuple[_Plan, Callable[..., Any]]] = []

    def api_route(
        self, path: str, *, methods: list[str], dependencies: list[Depends] | None = None
    ) -> Callable[[Endpoint], Endpoint]:
        """A decorator for what answers there, after the dependencies have let the request pass."""

        def write(endpoint: Endpoint) -> Endpoint:
            plan = _Plan(
                path=path,
                methods=tuple(methods),
                dependencies=tuple(dependencies or ()),
                module=endpoint.__module__,
                code=endpoint.__code__,
                defaults=(
                    *(endpoint.__defaults__ or ()),
                    *(endpoint.__kwdefaults__ or {}).values(),
                ),
            )
            self._written.append((plan, endpoint))
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
        state = app.state
        if (endpoints := getattr(state, "endpoints", None)) is None:
            endpoints = state.endpoints = {}
        for plan, endpoint in self._written:
            every = (*app.router.dependencies, *plan.dependencies)
            plan = replace(plan, dependencies=every)
            endpoints.setdefault(plan, endpoint)
            app.router.routes.append(_READ.route(plan, endpoint))


class _ReadOnce:
    """Routes as FastAPI has read them, a millisecond each. They hold nothing of an app: they ask
    the app that a request came to for its endpoint."""

    def __init__(self) -> None:
        self._routes: dict[_Plan, APIRoute] = {}

    def route(self, plan: _Plan, endpoint: Callable[..., Any]) -> APIRoute:
        """The route of a plan; `endpoint` shows its parameters where the plan is a new one."""
        if (known := self._routes.get(plan)) is None:
            known = self._routes[plan] = APIRoute(
                plan.path,
                _forwarding(plan, endpoint),
                methods=list(plan.methods),
                dependencies=plan.dependencies,
            )
        return known


_READ = _ReadOnce()


def _forwarding(plan: _Plan, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the endpoint's parameters that calls the one of the request's app."""
    signature = inspect.signature(endpoint, eval_str=True)
    name = next((n for n, p in signature.parameters.items() if p.annotation is Request), None)

    def meant(values: dict[str, Any]) -> Any:
        request = values[name] if name else values.pop(_REQUEST)
        return request.app.state.endpoints[plan](**values)

    def forward(**values: Any) -> Any:
        return meant(values)

    async def forward_async(**values: Any) -> Any:
        return await meant(values)

    chosen: Any = forward_async if inspect.iscoroutinefunction(endpoint) else forward
    chosen.__name__ = plan.code.co_name
    chosen.__signature__ = signature if name else _with_request(signature)
    return cast(Callable[..., Any], chosen)


def _with_request(signature: Signature) -> Signature:
    asked = Parameter(_REQUEST, Parameter.KEYWORD_ONLY, annotation=Request)
    return signature.replace(parameters=[*signature.parameters.values(), asked])
