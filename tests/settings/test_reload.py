"""Hot reload: a changed configuration comes whole and checked, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modbot.errors import BadConfig
from modbot.settings import Config, ConfigWatcher, load_config
from modbot.settings.folder import POLICY_FILE, SERVICE_FILE
from tests.settings.conftest import folder_instead, not_utf8, remove


def no_sleep(_seconds: float) -> None: ...


@pytest.fixture
def config(folder: Path) -> Config:
    return load_config(folder)


@pytest.fixture
def watcher(config: Config) -> ConfigWatcher:
    return ConfigWatcher(config, sleep=no_sleep)


def test_nothing_is_told_while_the_files_stay_the_same(
    watcher: ConfigWatcher, folder: Path
) -> None:
    assert watcher.reload() is None
    (folder / SERVICE_FILE).write_bytes((folder / SERVICE_FILE).read_bytes())
    assert watcher.reload() is None


@pytest.mark.parametrize("name", [SERVICE_FILE, POLICY_FILE, "rules/profanity_en.txt"])
def test_a_change_of_any_file_is_told_once(
    watcher: ConfigWatcher, config: Config, folder: Path, name: str
) -> None:
    with (folder / name).open("a") as file:
        file.write("# more\n")
    new = watcher.reload()
    assert isinstance(new, Config) and new.sha256 != config.sha256
    assert watcher.reload() is None


def test_a_broken_file_is_told_once_with_file_line_and_key(
    watcher: ConfigWatcher, folder: Path
) -> None:
    (folder / SERVICE_FILE).write_text("[web]\nprot = 1\n", "utf-8")
    error = watcher.reload()
    assert isinstance(error, BadConfig)
    assert (error.file, error.line, error.key) == (str(folder / SERVICE_FILE), 2, "web.prot")
    assert watcher.reload() is None


@pytest.mark.parametrize("spoil", [remove, not_utf8, folder_instead])
def test_mending_a_broken_file_is_told_even_when_it_is_as_before(
    watcher: ConfigWatcher, config: Config, folder: Path, spoil: Callable[[Path], None]
) -> None:
    before = (folder / POLICY_FILE).read_bytes()
    spoil(folder / POLICY_FILE)
    assert isinstance(watcher.reload(), BadConfig)
    if (folder / POLICY_FILE).is_dir():
        (folder / POLICY_FILE).rmdir()
    (folder / POLICY_FILE).write_bytes(before)
    again = watcher.reload()
    assert isinstance(again, Config) and again.sha256 == config.sha256


def test_a_half_written_file_is_waited_for(config: Config, folder: Path) -> None:
    """The first half of the shipped file would be sound: it must not come into force."""
    whole = "[web]\nport = 1\n[log]\nlevel = 'error'\n"
    half = whole[: whole.index("[log]")]
    (folder / SERVICE_FILE).write_text(half, "utf-8")

    def the_writer_goes_on(_seconds: float) -> None:
        (folder / SERVICE_FILE).write_text(whole, "utf-8")

    new = ConfigWatcher(config, sleep=the_writer_goes_on).reload()
    assert isinstance(new, Config) and new.settings.log.level == "error"


def test_a_file_that_never_settles_is_refused_and_taken_up_later(
    config: Config, folder: Path
) -> None:
    writing = iter(range(11))

    def the_writer_goes_on(_seconds: float) -> None:
        if (n := next(writing, None)) is not None:
            (folder / SERVICE_FILE).write_text(f"# {n}\n", "utf-8")

    (folder / SERVICE_FILE).write_text("# begun\n", "utf-8")
    watcher = ConfigWatcher(config, sleep=the_writer_goes_on)
    refused = watcher.reload()
    assert isinstance(refused, BadConfig) and "still being written" in str(refused)
    assert isinstance(watcher.reload(), Config)
