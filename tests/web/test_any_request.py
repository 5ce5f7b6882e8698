"""Requests that schemathesis makes up from what the routes say of themselves: no server error."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from modbot.people.tokens import form_token
from modbot.web import create_app
from modbot.web.cookies import cookies_for
from tests.web.school import ALLOWED, FakeService, open_school, record
from tests.web.serving import served
from tests.web.signed_in import Site, signed_in

EXAMPLES = 8
NOT_READY = "GET /readyz"  # its 503 says that no scheduler runs here


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
    schema = schemathesis.openapi.from_dict(described)
    found = [each.ok() for each in schema.get_all_operations()]
    return {f"{o.method.upper()} {o.path}": o for o in found if o.method != "head"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served room with a decision in it."""
    service = open_school(tmp_path_factory.mktemp("any"))
    record(service, [("Go Lancers!", ALLOWED)])
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


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
