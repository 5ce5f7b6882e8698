"""The service: how often a page is due, hot reload, tokens, and what is due beyond the polls."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import store
from modbot.audit import verify
from modbot.checkpoints import new_key, read_all
from modbot.domain import ActionKind
from modbot.errors import AuthExpired, MissingScope, Unreachable
from modbot.poll_interval import interval_by_age
from modbot.settings import Config, load_config
from modbot.settings.sections import CheckpointsSection, PollingSection
from modbot.tables import ActionRow, AuditRow, PageRow, PageStateRow
from tests.fakes import FakeAdapter, ManualClock, make_comment, make_page
from tests.running import Running, config_on, running_service

PAGE = make_page(1).id
HOUR = 3600.0
SWEARS = "what the fuck is this"


@pytest.fixture
def running(tmp_path: Path, clock: ManualClock) -> Iterator[Running]:
    with running_service(tmp_path, clock) as running:
        yield running


def state(running: Running, **fields: object) -> None:
    with running.service.database.write() as s:
        store.save_page_state(s, PAGE, **fields)


def audited(running: Running, prefix: str) -> list[str]:
    with running.service.database.read() as s:
        kinds = s.exec(select(AuditRow.kind).order_by(AuditRow.seq))  # type: ignore[arg-type]
        return [kind for kind in kinds if kind.startswith(prefix)]


def actions(running: Running) -> dict[str, str]:
    """State of each action, by page."""
    with running.service.database.read() as s:
        return {row.page_id: row.state for row in s.exec(select(ActionRow))}


# Checkpoints


def test_a_running_service_makes_a_checkpoint_a_day_and_brings_it_away(
    tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / "share").mkdir()
    config = config_on(tmp_path)
    section = CheckpointsSection(key="env:KEY", folders=(str(tmp_path / "share"),))
    settings = config.settings.model_copy(update={"checkpoints": section})
    environ = {"TOKEN": "t", "KEY": new_key()}
    config = replace(config, settings=settings)
    with running_service(tmp_path, clock, config=config, environ=environ) as running:
        for _ in range(2):
            running.service.keep_checkpoints()
            clock.advance(24 * HOUR)
        assert audited(running, "checkpoint") == ["checkpoint.made", "checkpoint.delivered"] * 2
        assert verify(
            running.service.database, [one.head for one in read_all(tmp_path / "share")]
        ).ok


# How often


def test_a_page_with_a_fresh_post_is_due_soonest_and_a_quiet_one_latest(running: Running) -> None:
    running.add_page(1)
    polling = running.service.config.settings.polling
    state(running, newest_post_at=running.clock.now())
    assert running.service.next_poll_seconds(PAGE) == polling.min_seconds
    waits = []
    for _ in range(4):
        running.clock.advance(8 * HOUR)
        waits.append(running.service.next_poll_seconds(PAGE))
    assert waits == sorted(waits) and waits[0] > polling.min_seconds
    assert waits[-2:] == [polling.max_seconds, polling.max_seconds]


def test_for_an_hour_after_the_newest_comment_a_page_is_due_as_soon_as_may_be(
    running: Running,
) -> None:
    running.add_page(1)
    polling = running.service.config.settings.polling
    state(running, newest_comment_at=running.clock.now())
    running.clock.advance(HOUR - 1)
    assert running.service.next_poll_seconds(PAGE) == polling.min_seconds
    running.clock.advance(60)
    assert running.service.next_poll_seconds(PAGE) > polling.min_seconds


def test_youtubes_quiet_pages_are_polled_less_often_since_each_poll_costs(
    clock: ManualClock,
) -> None:
    polling, now = PollingSection(), clock.now()
    waits = {
        p: interval_by_age(polling, PageStateRow(page_id=f"{p}:1"), now) for p in ("x", "youtube")
    }
    assert waits == {"x": polling.max_seconds, "youtube": polling.max_seconds_youtube}


def test_a_file_that_sets_only_the_shortest_wait_may_set_it_above_the_default_of_the_longest(
    clock: ManualClock,
) -> None:
    polling = PollingSection(min_seconds=300)
    state = PageStateRow(page_id="x:1")
    assert interval_by_age(polling, state, clock.now()) == 300


def test_a_page_where_nothing_was_ever_seen_is_as_quiet_as_it_gets(running: Running) -> None:
    running.add_page(1)
    polling = running.service.config.settings.polling
    assert running.service.next_poll_seconds(PAGE) == polling.max_seconds


def test_a_new_comment_under_an_old_post_makes_the_page_due_soon_again(running: Running) -> None:
    running.add_page(1)
    state(running, newest_post_at=running.clock.now())
    running.clock.advance(24 * HOUR)
    state(running, newest_comment_at=running.clock.now())
    polling = running.service.config.settings.polling
    assert running.service.next_poll_seconds(PAGE) == polling.min_seconds


@pytest.mark.parametrize(
    ("usage", "slower"),
    [(None, 1.0), (0.0, 1.0), (0.5, 1.0), (0.75, 3.5), (1.0, 6.0)],
)
def test_a_page_is_due_less_often_as_the_rate_budget_runs_low(
    running: Running, usage: float | None, slower: float
) -> None:
    running.add_page(1)
    state(running, newest_post_at=running.clock.now(), usage=usage)
    least = running.service.config.settings.polling.min_seconds
    assert running.service.next_poll_seconds(PAGE) == pytest.approx(least * slower)


def test_a_page_that_must_wait_is_due_when_the_wait_is_over(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.fail_next("fetch_since", AuthExpired("190"))
    running.service.poll_page(PAGE)
    assert running.service.next_poll_seconds(PAGE) == 15 * 60


# Tokens


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text("old")
    return path


def poll_after(running: Running, seconds: float) -> str:
    running.clock.advance(seconds)
    return running.service.poll_page(PAGE).error


@pytest.mark.parametrize("refusal", [AuthExpired("190"), MissingScope("10")], ids=repr)
def test_a_token_that_was_refused_is_read_again(
    running: Running, token_file: Path, refusal: Exception
) -> None:
    adapter = running.add_page(1, token_ref=f"file:{token_file}")
    assert poll_after(running, 0) == ""
    token_file.write_text("new")
    assert poll_after(running, 60) == ""  # the old one still works
    adapter.fail_next("fetch_since", refusal)
    assert poll_after(running, 60) != ""
    assert poll_after(running, HOUR) == ""
    assert running.platform.tokens == ["old", "new"]


def test_a_token_that_may_read_but_not_hide_is_told_once_and_read_again(
    running: Running, token_file: Path
) -> None:
    adapter = running.add_page(1, token_ref=f"file:{token_file}")
    adapter.add(SWEARS)
    adapter.fail_next("hide", MissingScope("200"), times=3)
    for _ in range(5):
        running.service.poll_page(PAGE)
        running.clock.advance(400)
    with running.service.database.read() as s:
        assert store.page_state(s, PAGE).needs_login  # though the last poll went well
    assert [alert.kind for alert in running.alerts] == ["needs_login"]
    token_file.write_text("new")
    running.clock.advance(HOUR)
    running.service.carry_out_due()  # the third refusal
    running.clock.advance(HOUR)
    running.service.carry_out_due()
    assert running.platform.tokens[-1] == "new"
    assert actions(running) == {PAGE: "confirmed"}
    running.service.poll_page(PAGE)
    with running.service.database.read() as s:
        assert not store.page_state(s, PAGE).needs_login
    adapter.add("and " + SWEARS)
    adapter.fail_next("hide", MissingScope("200"))
    running.service.poll_page(PAGE)
    assert [alert.kind for alert in running.alerts] == ["needs_login"] * 2


def test_a_token_that_cannot_be_read_marks_the_page_and_calls_nobody(
    running: Running, tmp_path: Path
) -> None:
    adapter = running.add_page(1, token_ref=f"file:{tmp_path / 'nowhere'}")
    result = running.service.poll_page(PAGE)
    assert "nowhere" in result.error and adapter.calls == []
    with running.service.database.read() as s:
        found = store.page_state(s, PAGE)
        assert found.needs_login and found.failures == 1
    assert [alert.kind for alert in running.alerts] == ["needs_login"]


def test_a_page_that_is_registered_otherwise_gets_a_new_adapter(running: Running) -> None:
    running.add_page(1)
    running.service.poll_page(PAGE)
    running.service.poll_page(PAGE)
    with running.service.database.write() as s:
        s.get_one(PageRow, PAGE).name = "Another name"  # the account is the same
    running.service.poll_page(PAGE)
    assert len(running.platform.tokens) == 1
    with running.service.database.write() as s:
        s.get_one(PageRow, PAGE).handle = "other"
    running.service.poll_page(PAGE)
    assert len(running.platform.tokens) == 2


# What is due


def page_with_open_hide(running: Running, number: int) -> FakeAdapter:
    adapter = running.add_page(number)
    adapter.add(SWEARS)
    adapter.fail_next("fetch_one", Unreachable())
    running.service.poll_page(adapter.page.id)
    return adapter


def test_what_is_due_is_carried_out_on_every_page_but_paused_ones(running: Running) -> None:
    adapters = [page_with_open_hide(running, number) for number in (1, 2)]
    assert running.service.carry_out_due() == 0  # not yet
    with running.service.database.write() as s:
        s.get_one(PageRow, PAGE).paused = True
    running.clock.advance(HOUR)
    assert running.service.carry_out_due() == 1
    assert actions(running) == {PAGE: "requested", adapters[1].page.id: "confirmed"}
    assert adapters[0].effects == []


def test_many_open_actions_of_a_paused_page_do_not_hold_up_another(running: Running) -> None:
    adapter = running.add_page(1)
    with running.service.database.write() as s:
        hides = [
            store.Judged(
                comment=make_comment(SWEARS, page=adapter.page, id=f"c{n}"),
                decision=replace(
                    running.service.judge([make_comment(SWEARS)])[0], reason=f"number {n}"
                ),
                action=ActionKind.HIDE,
            )
            for n in range(250)
        ]
        store.record_judged(s, adapter.page, hides, running.clock.now())
        s.get_one(PageRow, PAGE).paused = True
    other = page_with_open_hide(running, 2)
    running.clock.advance(HOUR)
    assert running.service.carry_out_due() == 1
    assert actions(running)[other.page.id] == "confirmed"


# Hot reload


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The shipped configuration in a folder of its own, with one small rule file."""
    folder = tmp_path / "config"
    shipped = config_on(tmp_path)
    (folder / "rules").mkdir(parents=True)
    for name in ("modbot.toml", "policy.toml"):
        shutil.copy(shipped.folder / name, folder)
    (folder / "rules" / "words.txt").write_text("category: profanity\n[strong]\ndrat\n", "utf-8")
    return replace(load_config(folder), settings=shipped.settings)


@pytest.fixture
def reloading(tmp_path: Path, clock: ManualClock, config: Config) -> Iterator[Running]:
    with running_service(tmp_path, clock, config=config) as running:
        yield running


def verdict(running: Running, text: str) -> str:
    return running.service.judge([make_comment(text)])[0].verdict.value


def test_an_unchanged_configuration_is_left_alone(reloading: Running) -> None:
    reloading.service.reload()
    assert audited(reloading, "config.") == []


def test_a_changed_rule_is_in_force_and_on_record_after_a_reload(
    reloading: Running, config: Config
) -> None:
    assert verdict(reloading, "poppycock") == "allow"
    (config.rules_dir / "words.txt").write_text("category: profanity\n[strong]\npoppycock\n")
    reloading.service.reload()
    assert verdict(reloading, "poppycock") == "hide"
    assert audited(reloading, "config.") == ["config.loaded"]
    assert reloading.service.config.sha256 != config.sha256


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("modbot.toml", "[web]\nprot = 1\n", "modbot.toml:2: web.prot", id="key"),
        pytest.param("policy.toml", "categories = 7\n", "policy.toml", id="policy"),
        pytest.param("rules/words.txt", "drat\n", "words.txt:1", id="rule"),
    ],
)
def test_a_broken_configuration_leaves_the_old_in_force_and_is_on_record_once(
    reloading: Running, config: Config, name: str, content: str, told: str
) -> None:
    sound = (config.folder / name).read_text("utf-8")
    (config.folder / name).write_text(content, "utf-8")
    for _ in range(3):
        reloading.service.reload()
        reloading.service.tick()
    assert reloading.service.config is config
    assert verdict(reloading, SWEARS) == "hide"
    assert audited(reloading, "config.") == ["config.refused"]
    with reloading.service.database.read() as s:
        assert told in store.service_row(s).config_error
    (config.folder / name).write_text(sound, "utf-8")
    reloading.service.reload()
    reloading.service.tick()
    assert audited(reloading, "config.") == ["config.refused", "config.loaded"]
    with reloading.service.database.read() as s:
        assert store.service_row(s).config_error == ""
