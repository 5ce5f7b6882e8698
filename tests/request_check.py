"""Makes every test fail that lets an adapter send what its vendor's API does not take.

The hooks and the fixture here are those of tests/conftest.py. Under pytest-xdist each worker hands
its count to the main process, which prints one line for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from platforms.transport import VendorTransport
from tests.platforms.recorder import RECORDER, summary

_CHECKED, _FOUND = "requests_checked", "request_deviations"
_of_workers: Counter[str] = Counter()
_found: list[str] = []


@pytest.fixture(autouse=True, scope="session")
def _requests_recorded() -> Iterator[None]:
    VendorTransport.watchers.append(RECORDER)
    yield
    VendorTransport.watchers.remove(RECORDER)


@pytest.fixture(autouse=True)
def _requests_as_described(_requests_recorded: None) -> Iterator[None]:
    RECORDER.deviations.clear()
    yield
    deviating = sorted({str(one) for one in RECORDER.deviations})
    _found.extend(deviating)
    RECORDER.deviations.clear()
    if deviating:
        pytest.fail("requests that the vendor's API does not take:\n" + "\n".join(deviating))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_CHECKED], output[_FOUND] = dict(RECORDER.checked), list(_found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """xdist: a worker has ended."""
    output = getattr(node, "workeroutput", {})
    _of_workers.update(output.get(_CHECKED, {}))
    _found.extend(output.get(_FOUND, []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    checked = RECORDER.checked + _of_workers
    if checked:
        terminalreporter.write_line(summary(checked, len(_found)))
