"""/metrics over HTTP, read as Prometheus reads it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from modbot import audit, store
from modbot.cli.web_server import serving
from modbot.domain import ActionKind, ActionState
from modbot.errors import AuthExpired
from modbot.service import Service
from modbot.store import Database
from tests.fakes import ManualClock, make_page
from tests.records import finish
from tests.running import Running, running_service
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, open_school, record, swearing
from tests.web.serving import served

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
FACEBOOK, X = make_page(1), make_page(2, platform="x")


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(site: Site) -> Samples:
    answer = site.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def test_decisions_are_counted_by_platform_verdict_category_and_actor(
    service: FakeService, site: Site
) -> None:
    bad = ("what the frick", swearing("what the frick", "frick"))
    record(service, [bad, ("thanks", ALLOWED)])
    record(service, [("thanks", ALLOWED)], page=X, prefix="x")
    hides = {"platform": "facebook", "verdict": "hide", "category": "profanity", "actor": "bot"}
    allows = {"platform": "facebook", "verdict": "allow", "category": "none", "actor": "bot"}
    found = scraped(site)
    assert value(found, "modbot_decisions_total", **hides) == 1
    assert value(found, "modbot_decisions_total", **allows) == 1
    assert value(found, "modbot_comments_judged_total", platform="facebook") == 2
    assert value(found, "modbot_comments_judged_total", platform="x") == 1


def test_a_second_look_counts_what_is_new_and_nothing_twice(
    service: FakeService, site: Site
) -> None:
    record(service, [("thanks", ALLOWED)])
    scraped(site)
    assert value(scraped(site), "modbot_comments_judged_total", platform="facebook") == 1
    (done,) = record(service, [("thank you", ALLOWED)], prefix="later")
    assert value(scraped(site), "modbot_comments_judged_total", platform="facebook") == 2
    with service.database.write() as s:
        store.record_person_decision(
            s,
            decision_id=done.decision_id or 0,
            verdict=ALLOWED.verdict,
            hide=False,
            actor="Ada",
            reason="fine",
            action=None,
            now=service.clock.now(),
        )
    found = scraped(site)
    assert value(found, "modbot_comments_judged_total", platform="facebook") == 2
    person = {"platform": "facebook", "verdict": "allow", "category": "none", "actor": "person"}
    assert value(found, "modbot_decisions_total", **person) == 1


def test_actions_are_counted_by_how_they_stand_and_the_longest_wait_is_told(
    service: FakeService, site: Site
) -> None:
    bad = ("what the frick", swearing("what the frick", "frick"))
    first, second = record(service, [bad, bad], action=ActionKind.HIDE)
    found = scraped(site)
    hides = {"platform": "facebook", "kind": "hide"}
    assert value(found, "modbot_actions", state="requested", **hides) == 2
    assert value(found, "modbot_actions_open") == 2
    assert (
        value(found, "modbot_oldest_open_action_timestamp_seconds")
        == service.clock.now().timestamp()
    )
    with service.database.write() as s:
        finish(s, first.action_id, ActionState.CONFIRMED)
        finish(s, second.action_id, ActionState.FAILED)
    found = scraped(site)
    assert value(found, "modbot_actions", state="confirmed", **hides) == 1
    assert value(found, "modbot_actions", state="failed", **hides) == 1
    assert value(found, "modbot_actions_open") == 0
    assert value(found, "modbot_oldest_open_action_timestamp_seconds") == 0


def test_each_page_tells_when_it_was_last_read_and_what_is_in_the_way(
    service: FakeService, site: Site
) -> None:
    at = service.clock.now() - timedelta(minutes=5)
    with service.database.write() as s:
        store.save_page_state(
            s, FACEBOOK.id, last_success_at=at, failures=3, needs_login=True, usage=0.25
        )
        store.save_page_state(s, FACEBOOK.id, token_ends="2026-12-24")
    found = scraped(site)
    facebook = {"page": FACEBOOK.id, "platform": "facebook"}
    name = "modbot_page_last_poll_success_timestamp_seconds"
    assert value(found, name, **facebook) == at.timestamp()
    assert value(found, "modbot_page_failures", **facebook) == 3
    assert value(found, "modbot_page_needs_login", **facebook) == 1
    assert value(found, "modbot_page_rate_usage_ratio", **facebook) == 0.25
    ends = value(found, "modbot_page_token_ends_timestamp_seconds", **facebook)
    assert datetime.fromtimestamp(ends, UTC) == datetime(2026, 12, 24, tzinfo=UTC)
    never = {"page": X.id, "platform": "x"}
    assert value(found, name, **never) == 0
    assert not [key for key in found if "token_ends" in key[0] and ("platform", "x") in key[1]]
    assert ("modbot_page_rate_usage_ratio", tuple(sorted(never.items()))) not in found
    assert value(found, "modbot_polling_max_seconds") == 240


@pytest.mark.sqlite
def test_the_state_of_service_database_checkpoints_and_backups_is_told(
    service: FakeService, site: Site
) -> None:
    now = service.clock.now()
    found = scraped(site)
    for name in ("scheduler_last_tick", "checkpoint_last", "backup_last"):
        assert value(found, f"modbot_{name}_timestamp_seconds") == 0
    made = audit.Entry(kind="checkpoint.made", actor="modbot", row_table="checkpoint", row_id="1")
    failed = audit.Entry(
        kind="checkpoint.failed",
        actor="modbot",
        row_table="checkpoint",
        row_id="1",
        detail={"to": "/mnt/share", "error": "not mounted"},
    )
    with service.database.write() as s:
        store.tick(s, now, config_sha256="a", config_error="policy.toml:3: unknown key")
        head = audit.append(s, [made, failed], now)
        saved = store.backup_entry(file="/mnt/b/copy.db", head=head, actor="Ada")
        head = audit.append(s, [saved], now)
    found = scraped(site)
    for name in ("scheduler_last_tick", "checkpoint_last", "backup_last"):
        assert value(found, f"modbot_{name}_timestamp_seconds") == now.timestamp()
    assert value(found, "modbot_checkpoint_undelivered") == 1
    assert value(found, "modbot_config_error") == 1
    assert value(found, "modbot_audit_rows") == head.seq
    assert value(found, "modbot_database_bytes", file="database") > 100_000
    assert value(found, "modbot_disk_free_bytes") > 0
    (build,) = [labels for name, labels in found if name == "modbot_build_info"]
    assert {name for name, _ in build} == {"version", "python", "sqlite", "revision"}


@pytest.fixture
def working(tmp_path: Path, clock: ManualClock) -> Iterator[tuple[Running, Site]]:
    """A whole service and its pages."""
    with (
        running_service(tmp_path, clock) as running,
        served(running.service) as address,
    ):
        yield running, Site(address=address)


def test_polls_and_judging_are_timed_and_failures_counted_by_kind(
    working: tuple[Running, Site],
) -> None:
    running, site = working
    good, bad = running.add_page(1), running.add_page(2)
    for text in ("thanks", "see you there"):
        good.add(text)
    bad.fail_next("fetch_since", AuthExpired("no"))
    running.add_page(3, token_ref="env:NOT_SET")
    for adapter in (good, bad):
        running.service.poll_page(adapter.page.id)
    running.service.poll_page("facebook:1003")
    found = scraped(site)
    assert value(found, "modbot_poll_seconds_count", platform="facebook") == 3
    assert value(found, "modbot_poll_seconds_bucket", platform="facebook", le="+Inf") == 3
    failed = {"platform": "facebook", "kind": "AuthExpired"}
    assert value(found, "modbot_poll_failures_total", **failed) == 2
    assert value(found, "modbot_judging_comments_total") == 2
    assert value(found, "modbot_judging_seconds_count") >= 1
    assert value(found, "modbot_judging_seconds_sum") > 0


def test_calls_to_platforms_are_counted_by_status_and_the_codes_stay_few(
    working: tuple[Running, Site],
) -> None:
    running, site = working
    running.service.poll_page(running.add_page(1).page.id)
    (connection,) = running.platform.connections
    assert connection.answered is not None
    for status in (200, 200, 429, 0, -1, 299, 298, 999, 70000):
        connection.answered("x", status)
    found = scraped(site)
    counted = {
        dict(labels)["code"]: number
        for (name, labels), number in found.items()
        if name == "modbot_api_requests_total"
    }
    assert counted == {"200": 2, "429": 1, "none": 3, "2xx": 2, "9xx": 1}


@pytest.mark.sqlite
def test_what_another_process_polled_is_read_from_the_database(
    working: tuple[Running, Site], tmp_path: Path
) -> None:
    running, _ = working
    running.add_page(1).add("thanks")
    running.service.poll_page(FACEBOOK.id)
    other = FakeService(
        database=Database.open(f"sqlite:///{running.service.database.path}", read_only=True),
        config=running.service.config,  # type: ignore[arg-type]
    )
    with served(other) as address:
        found = scraped(Site(address=address))
    other.database.close()
    assert value(found, "modbot_comments_judged_total", platform="facebook") == 1
    page = {"page": FACEBOOK.id, "platform": "facebook"}
    at = running.clock.now().timestamp()
    assert value(found, "modbot_page_last_poll_success_timestamp_seconds", **page) == at
    assert value(found, "modbot_judging_comments_total") == 0, "that it cannot know"


def test_no_label_holds_a_text_a_name_or_a_token(service: FakeService, site: Site) -> None:
    canary = "CANARY frick"
    said = (canary, swearing(canary, "frick"))
    record(service, [said], author="CANARY Parent", action=ActionKind.HIDE)
    with service.database.write() as s:
        store.save_page_state(s, FACEBOOK.id, last_error="AuthExpired: CANARY")
    text = site.get("/metrics").text
    assert "CANARY" not in text and "School" not in text
    names = {label for _, labels in samples(text) for label, _ in labels}
    assert names == {
        *("platform", "verdict", "category", "actor", "kind", "state", "page", "file", "le"),
        *("version", "python", "sqlite", "revision"),
    }


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
def test_a_proxy_on_this_machine_does_not_hand_it_on(site: Site, header: str) -> None:
    assert site.get("/metrics").status_code == 200
    assert site.get("/metrics", **{header: "127.0.0.1"}).status_code == 404


ASK_FROM_OUTSIDE = """
import socket, sys, urllib.error, urllib.request
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.connect(("192.0.2.1", 9))  # sends nothing
    own = asking.getsockname()[0]
call = urllib.request.Request(f"http://{own}:{sys.argv[1]}/metrics", headers={"host": "localhost"})
try:
    print(own, urllib.request.urlopen(call, timeout=10).status)
except urllib.error.HTTPError as error:
    print(own, error.code)
"""


def test_without_a_token_another_machine_is_told_that_there_is_nothing(
    service: FakeService,
) -> None:
    with serving(cast(Service, service), host="0.0.0.0", port=0) as address:
        port = address.rstrip("/").rpartition(":")[2]
        asked = subprocess.run(
            [sys.executable, "-c", ASK_FROM_OUTSIDE, port], capture_output=True, text=True
        )
    if asked.returncode or asked.stdout.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    assert asked.stdout.split()[1] == "404"


def service_with(folder: Path, **metrics: object) -> FakeService:
    service = open_school(folder)
    section = service.config.settings.metrics.model_copy(update=metrics)
    settings = service.config.settings.model_copy(update={"metrics": section})
    object.__setattr__(service.config, "settings", settings)
    return service


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MODBOT_TEST_METRICS", "s3cret-token")
    return "s3cret-token"


def test_with_a_token_everybody_has_to_bring_it(tmp_path: Path, token: str) -> None:
    service = service_with(tmp_path, token="env:MODBOT_TEST_METRICS")
    with served(service) as address:
        site = Site(address=address)
        for shown in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {token}"}):
            refused = site.get("/metrics", **shown)
            assert (refused.status_code, refused.text) == (401, "")
            assert refused.headers["www-authenticate"] == "Bearer"
        relayed = {"authorization": f"Bearer {token}", "x-forwarded-for": "10.0.0.9"}
        assert site.get("/metrics", **relayed).status_code == 200
    service.database.close()


def test_a_token_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    service = service_with(tmp_path, token="env:MODBOT_TEST_NO_SUCH")
    with served(service) as address:
        answer = Site(address=address).get("/metrics", authorization="Bearer ")
        assert answer.status_code == 401
    service.database.close()


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    service = service_with(tmp_path, enabled=False)
    with served(service) as address:
        assert Site(address=address).get("/metrics").status_code == 404
    service.database.close()
