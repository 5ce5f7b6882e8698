"""Requests that schemathesis makes up from what the routes say of themselves: no server error."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from modbot.domain import Verdict
from modbot.people.tokens import form_token
from modbot.web import create_app
from modbot.web.cookies import cookies_for
from tests.fakes import make_page
from tests.web.school import ALLOWED, FakeService, open_school, record, swearing
from tests.web.serving import served
from tests.web.signed_in import Site, signed_in
from tests.web.test_hostile import FORMS, IN_ADDRESSES, NOTHING, route_of

pytestmark = pytest.mark.campaigns

EXAMPLES = 8
NOT_READY = "GET /readyz"  # its 503 says that no scheduler runs here
FORM = "application/x-www-form-urlencoded"

# What the screens look for in an address, beside what is in test_hostile.py.
IN_ADDRESS: Mapping[str, Sequence[str]] = {
    "/decisions/{number}": ("v", "d", "a", "said"),
    "/queue/{number}": ("by_hand", "did", "said", "lang"),
    "/queue/many/{bulk}": ("held", "decided", "edited", "gone"),
    "/pages": ("school", "platform", "lang"),
    "/pages/{page_id}": ("said", "lang"),
    "/oidc/{name}": ("next",),
}
AS_ROUTE = {
    "/undo/1": "/undo/{number}",
    "/oidc/x/": "/oidc/{name}/",
    "facebook:hostile1": "{page_id}",
}
# Values with which a request comes further than the first look at it.
PAGES = (make_page(1).id, make_page(2, platform="x").id)
RIGHT: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("number", "decision", "after", "before", "through", "did", "ids"), ("1", "2")),
    **dict.fromkeys(("since", "until"), ("2026-09-09T00:00", "2026-09-10T00:00")),
    **dict.fromkeys(("from", "starts"), ("2026-09-01",)),
    **dict.fromkeys(("to", "ends"), ("2026-09-30", "enforce")),
    **dict.fromkeys(("page_id", "page", "pages"), PAGES),
    **dict.fromkeys(("rule", "id", "subject"), ("profanity_en:x",)),
    "verdict": ("hide", "allow", "escalate"),
    "kind": ("rule", "model", "person", "bulk"),
    "role": ("admin", "manager", "viewer", "auditor"),
    "scope": ("all", "some"),
    "change": ("pause", "resume", "stop"),
    "platform": ("facebook", "x", "manual"),
    "receipt": ("restored", "waiting"),
    "token_ref": ("env:NOT_THERE",),
    "email": ("someone@lps.test",),
}


def field(name: str) -> dict[str, Any]:
    """A text; now and then one that fits."""
    text: dict[str, Any] = {"type": "string"}
    return {"anyOf": [text, {"enum": list(RIGHT[name])}]} if name in RIGHT else text


def fields_of_addresses() -> dict[str, set[str]]:
    """By route."""
    found = {path: set(names) for path, names in IN_ADDRESS.items()}
    for path, names in IN_ADDRESSES:
        for here, there in AS_ROUTE.items():
            path = path.replace(here, there)
        found.setdefault(path, set()).update(names)
    return found


def fields_of_forms() -> dict[str, set[str]]:
    """By route, those without a field too."""
    return {
        route_of(path).replace(":path", ""): set(names) - set(NOTHING)
        for path, names in FORMS.items()
    }


def fill_in(described: dict[str, Any]) -> None:
    """Says of each route what its addresses and forms hold: the screens read most of it by
    themselves, so that FastAPI does not know of it."""
    addresses, forms = fields_of_addresses(), fields_of_forms()
    bodies = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            given = route.setdefault("parameters", [])
            for each in given:
                each["schema"] = field(each["name"])
            if method == "get":
                given += [
                    {"name": name, "in": "query", "schema": field(name)}
                    for name in sorted(addresses.get(path, ()))
                ]
            elif method == "post":
                known = route.get("requestBody", {}).get("content", {}).get(FORM, {})
                name = known.get("schema", {}).get("$ref", "").rpartition("/")[2]
                names = forms.get(path, set()) | set(bodies.get(name, {}).get("properties", ()))
                if names:
                    route["requestBody"] = {"required": True, "content": {FORM: form_of(names)}}


def form_of(names: set[str]) -> dict[str, Any]:
    """A form with all these fields."""
    properties = {name: field(name) for name in sorted(names)}
    required = sorted(names)
    return {"schema": {"type": "object", "properties": properties, "required": required}}


@cache
def operations() -> dict[str, Any]:
    """Every route as schemathesis sees it, by method and path."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # GET and HEAD share a function
        service = open_school(Path(folder))
        try:
            described = create_app(service, demo=True).openapi()
        finally:
            service.database.close()
    fill_in(described)
    schema = schemathesis.openapi.from_dict(described)
    found = [each.ok() for each in schema.get_all_operations()]
    return {f"{o.method.upper()} {o.path}": o for o in found if o.method != "head"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served room with two decisions in it, one of which waits for a person."""
    service = open_school(tmp_path_factory.mktemp("any"))
    asked = swearing("a frick", "frick", verdict=Verdict.REVIEW, hide=False)
    record(service, [("Go Lancers!", ALLOWED), ("a frick", asked)])
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


def test_every_field_of_an_address_and_a_form_is_filled() -> None:
    described = operations()
    for path, names in fields_of_addresses().items():
        query = described[f"GET {path}"].definition.raw["parameters"]
        assert names <= {each["name"] for each in query if each["in"] == "query"}, path
    for path, names in fields_of_forms().items():
        raw = described[f"POST {path}"].definition.raw
        if names:
            assert names <= set(raw["requestBody"]["content"][FORM]["schema"]["required"]), path


@pytest.mark.parametrize("who", ["signed in", "nobody"])
@pytest.mark.parametrize("name", sorted(operations().keys() - {NOT_READY}))
def test_no_request_is_a_server_error(name: str, who: str, room: Site) -> None:
    assert isinstance(room.service, FakeService)
    operation = operations()[name]
    cookie = cookies_for(room.service.config.settings.web).session

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        headers = {"origin": room.address, "sec-fetch-site": "same-origin"}
        if who == "signed in":
            assert room.service is not None
            token = signed_in(room.service)  # anew: a request may end the session
            headers |= {"cookie": f"{cookie}={token}", "x-csrf-token": form_token(token)}
        answer = case.call(
            base_url=room.address, headers=headers, allow_redirects=False, timeout=60
        )
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.status_code}"

    ask()
