"""Compares a request with the description of the vendor's API: what deviates, in words.

Everything that an adapter sends in a test or to a stand-in goes through here. A deviation names the
request, without its query, in which a token may stand, and the rule that it breaks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from platforms.sandbox.description import CallEntry, Description, Rule, described
from platforms.sandbox.faults import Request
from platforms.sandbox.values import wrong_values

FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """What a request has that the API does not take, or we do not send (`house`)."""

    platform: str
    request: str  # "GET /v26.0/1/comments"
    rule: str
    kind: str  # path | method | parameter | value | missing | body | token | host
    house: bool = False

    def __str__(self) -> str:
        return f"{self.platform}: {self.request}: {self.rule}"


def refused(found: Sequence[Deviation]) -> str:
    """The rule for which a vendor would refuse the call; "" when there is none. Whether a token is
    shown as it should be is for the stand-in itself to say."""
    return next((d.rule for d in found if not d.house and d.kind != "token"), "")


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A rule that is broken."""

    kind: str
    rule: str
    house: bool = False


def deviations(platform: str, request: Request, host: str = "") -> list[Deviation]:
    """All that is wrong with a request; empty when the API takes it. `host`: "" is not checked."""
    api = described(platform)
    found = [Broken(kind="path", rule="this API is not described")]
    if api is not None:
        found = list(_broken(api, request, host))
    line = f"{request.method} {request.path}"
    return [
        Deviation(platform=platform, request=line, rule=b.rule, kind=b.kind, house=b.house)
        for b in found
    ]


def _broken(api: Description, request: Request, host: str) -> Iterator[Broken]:
    if host and api.hosts and host not in api.hosts:
        yield Broken(kind="host", rule=f"{host} is none of {', '.join(api.hosts)}")
    inner = api.inner_path(request.path)
    matching = api.matching(inner) if inner is not None else []
    if not matching:
        yield Broken(kind="path", rule="no call has this path")
        return
    calls = [call for call in matching if call.method == request.method]
    if not calls:
        methods = ", ".join(sorted({call.method for call in matching}))
        yield Broken(kind="method", rule=f"this path takes {methods}, not {request.method}")
        return
    yield from min((list(_of_call(api, call, request)) for call in calls), key=len)


def _of_call(api: Description, call: CallEntry, request: Request) -> Iterator[Broken]:
    yield from _of_headers(api, call, request)
    query = {name: list(values) for name, values in request.query.items()}
    form, body = _form(request), _json(request)
    if call.either:
        yield from _of_values(api, "call", {**api.any, **call.form}, {**query, **form})
    elif not call.any_query:
        yield from _of_values(api, "query", {**api.any, **call.query}, query)
    yield from _of_body(api, call, request, form, body)
    given: dict[str, Any] = {n: v[0] for n, v in {**query, **form}.items()} | (body or {})
    if not call.any_query:
        yield from _of_company(call, given)
    yield from _of_house(api, {"query": query, "form": form, "header": request.headers})


def _of_headers(api: Description, call: CallEntry, request: Request) -> Iterator[Broken]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if api.no_token or call.no_token:
        if scheme:
            yield Broken(kind="token", rule="a token goes where none belongs")
    elif not scheme:
        yield Broken(kind="token", rule="no token in the Authorization header")
    elif scheme not in api.schemes or not value:
        yield Broken(kind="token", rule=f"Authorization is not {' or '.join(api.schemes)} TOKEN")
    for name in api.headers:
        if not request.headers.get(name):
            yield Broken(kind="missing", rule=f"the header {name} is missing")
    if api.header:
        given = {
            name: [value] for name, value in request.headers.items() if name != "authorization"
        }
        yield from _of_values(api, "header", api.header, given)


def _of_values(
    api: Description, place: str, rules: Mapping[str, Rule], given: Mapping[str, list[Any]]
) -> Iterator[Broken]:
    for name, values in given.items():
        rule = rules.get(name)
        if rule is None:
            yield Broken(kind="parameter", rule=f"{name} is no parameter of the {place}")
            continue
        if len(values) > 1 and not rule.repeated:
            yield Broken(kind="parameter", rule=f"{name} is given {len(values)} times")
        for wrong in wrong_values(api, rule, values):
            yield Broken(kind="value", rule=f"{name} {wrong}")
    for name, rule in rules.items():
        if rule.required and not any(v != "" for v in given.get(name, [])):
            yield Broken(kind="missing", rule=f"{name} is missing from the {place}")


def _form(request: Request) -> dict[str, list[str]]:
    if not request.headers.get("content-type", "").startswith(FORM_TYPE):
        return {}
    return parse_qs(request.body.decode("latin-1"), keep_blank_values=True)


def _json(request: Request) -> dict[str, Any] | None:
    if "json" not in request.headers.get("content-type", ""):
        return None
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _of_body(
    api: Description,
    call: CallEntry,
    request: Request,
    form: dict[str, list[str]],
    body: dict[str, Any] | None,
) -> Iterator[Broken]:
    if request.body and not (call.form or call.json):
        yield Broken(kind="body", rule=f"{call.name}: takes no body")
    elif request.body and call.form and not form:
        yield Broken(kind="body", rule=f"{call.name}: the body is no form")
    elif call.json and body is None:
        yield Broken(kind="body", rule=f"{call.name}: the body is no JSON object")
    elif not call.either:
        yield from _of_values(api, "form", call.form, form)
        yield from _of_values(api, "json", call.json, {n: [v] for n, v in (body or {}).items()})


def _of_company(call: CallEntry, given: Mapping[str, Any]) -> Iterator[Broken]:
    """Which parameters need, or exclude, each other."""
    if call.at_least_one and not given.keys() & set(call.at_least_one):
        yield Broken(kind="missing", rule=f"needs one of {', '.join(call.at_least_one)}")
    if call.exactly_one and len(given.keys() & set(call.exactly_one)) != 1:
        yield Broken(kind="parameter", rule=f"needs just one of {', '.join(call.exactly_one)}")
    for low, high in call.below:
        numbers = [str(given.get(name, "")) for name in (low, high)]
        if all(n.isdecimal() for n in numbers) and int(numbers[0]) >= int(numbers[1]):
            yield Broken(kind="value", rule=f"{low} is not below {high}")
    for one in call.never:
        if not _holds(one["given"], given):
            continue
        for name in one.get("with", ()):
            if name in given:
                yield Broken(kind="parameter", rule=f"{name} does not go with {one['given']}")
        if "unless" in one and not _holds(one["unless"], given):
            yield Broken(kind="parameter", rule=f"{one['given']} only with {one['unless']}")


def _holds(condition: str, given: Mapping[str, Any]) -> bool:
    """Is `name` given, or with `name=value` given as that?"""
    name, equals, value = condition.partition("=")
    return name in given and (not equals or given[name] == value)


def _of_house(api: Description, given: Mapping[str, Mapping[str, Any]]) -> Iterator[Broken]:
    for place, names in api.house.items():
        for name, why in names.items():
            wanted, equals, value = name.partition("=")
            if wanted in given[place] and (not equals or value in given[place][wanted]):
                rule = f"{name} in the {place}: {why}"
                yield Broken(kind="token" if "token" in name else "house", rule=rule, house=True)
