"""/livez and /readyz."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from modbot import store
from modbot.scheduler import TICK_SECONDS
from modbot.store import Database
from modbot.web.probes import STALE_TICK_SECONDS, readiness
from tests.web.conftest import Site
from tests.web.school import FakeService


@pytest.fixture
def ticking(service: FakeService) -> FakeService:
    with service.database.write() as session:
        store.tick(session, service.clock.now(), config_sha256="a", config_error="")
    return service


def test_a_process_that_answers_is_alive(site: Site) -> None:
    assert site.get("/livez").json() == {"status": "alive"}


def test_a_service_that_ticks_is_ready(ticking: FakeService, site: Site) -> None:
    answer = site.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "reasons": [], "config_error": ""}


def test_it_is_not_ready_before_the_scheduler_started(site: Site) -> None:
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the scheduler has not started"]


def test_it_is_not_ready_when_three_ticks_are_missing(ticking: FakeService, site: Site) -> None:
    assert STALE_TICK_SECONDS == 3 * TICK_SECONDS
    ticking.clock.advance(STALE_TICK_SECONDS)
    assert site.get("/readyz").status_code == 200
    ticking.clock.advance(1)
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the scheduler gave no sign of life for 16 s"]


def test_a_fast_clock_is_allowed_for(ticking: FakeService, site: Site) -> None:
    ticking.clock.speed = 500.0
    ticking.clock.advance(500 * STALE_TICK_SECONDS)
    assert site.get("/readyz").status_code == 200


def test_a_refused_configuration_is_shown_and_is_no_failure(
    ticking: FakeService, site: Site
) -> None:
    with ticking.database.write() as session:
        store.tick(
            session,
            ticking.clock.now(),
            config_sha256="a",
            config_error="policy.toml:3: unknown key",
        )
    answer = site.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["config_error"] == "policy.toml:3: unknown key"


@pytest.mark.sqlite
def test_it_is_not_ready_on_another_schema(ticking: FakeService, site: Site) -> None:
    with ticking.database.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = 'other'"))
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert "another version of modbot" in answer.json()["reasons"][0]


@pytest.mark.sqlite
def test_it_is_not_ready_when_the_disk_is_full(ticking: FakeService) -> None:
    now = ticking.clock.now()
    reasons, _ = readiness(ticking.database, now=now, speed=1, room_bytes=10**18)
    assert "the disk is full" in reasons[0]


@pytest.fixture
def blocked(ticking: FakeService) -> Iterator[None]:
    """Another process holds the database for writing."""
    other = Database.open(f"sqlite:///{ticking.database.path}")
    with other.write():
        yield
    other.close()


@pytest.mark.sqlite
def test_it_is_not_ready_while_nothing_can_be_written(site: Site, blocked: None) -> None:
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the database cannot be written (StoreUnreadable)"]
    assert site.get("/log").status_code == 200, "reading goes on"


def test_a_probe_does_not_stand_in_the_line_of_those_who_write(
    ticking: FakeService, site: Site
) -> None:
    inside, release = threading.Event(), threading.Event()

    def hold() -> None:
        with ticking.database.write():
            inside.set()
            release.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    began = time.monotonic()
    try:
        assert site.get("/readyz").status_code == 503
    finally:
        waited = time.monotonic() - began
        release.set()
        holder.join()
    assert waited < ticking.database.turn_seconds / 2
