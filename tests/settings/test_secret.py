"""Secrets: read where the registry says, never printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modbot.errors import BadConfig
from modbot.settings import Secrets, check_reference, read_secret

CANARY = "canary-of-a-token"


def private(path: Path, content: bytes, mode: int = 0o600) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return f"file:{path}"


def refused(ref: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(BadConfig) as caught:
        read_secret(ref, environ or {})
    message = str(caught.value)
    assert CANARY not in message and message.isprintable()
    assert caught.value.__cause__ is None
    return message


def test_a_bare_value_is_the_token(tmp_path: Path) -> None:
    assert read_secret("env:FB", {"FB": CANARY}) == {"token": CANARY}
    ref = private(tmp_path / "t", f"  {CANARY}\n".encode())
    assert read_secret(ref, {}) == {"token": CANARY}


def test_a_json_object_gives_each_of_its_strings(tmp_path: Path) -> None:
    ref = private(tmp_path / "t", b'{"token": "a", "app_secret": "b c"}\n')
    assert dict(read_secret(ref, {})) == {"token": "a", "app_secret": "b c"}


def test_printing_secrets_shows_their_names_alone() -> None:
    secrets = read_secret("env:FB", {"FB": f'{{"token": "{CANARY}", "app_secret": "{CANARY}"}}'})
    assert isinstance(secrets, Secrets)
    assert repr(secrets) == str(secrets) == f"{secrets}" == "Secrets(app_secret, token)"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n", "empty", id="blank"),
        pytest.param(f'{{"token": "{CANARY}"', "not JSON", id="truncated JSON"),
        pytest.param("{" * 100_000, "not JSON", id="deep JSON"),
        pytest.param("{}", "object of strings", id="empty object"),
        pytest.param(f'{{"token": ["{CANARY}"]}}', "object of strings", id="not a string"),
        pytest.param('{"token": ""}', "object of strings", id="empty string"),
        pytest.param(f"{CANARY}\nX-Header: 1", "line breaks", id="break in a token"),
        pytest.param(f'{{"token": "{CANARY}\\r\\nX: 1"}}', "line breaks", id="break in JSON"),
        pytest.param(f"{CANARY}\udcff", "control characters", id="not text"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_and_not_repeated(value: str, says: str) -> None:
    message = refused("env:FB", {"FB": value})
    assert says in message and "env:FB" in message


def test_a_variable_that_is_not_set_is_named() -> None:
    assert "env:FB_TOKEN is not set" in refused("env:FB_TOKEN")


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    missing = f"file:{tmp_path / 'nowhere'}"
    assert "cannot be read" in refused(missing) and missing in refused(missing)
    assert "is not a file" in refused(f"file:{tmp_path}")
    assert "UTF-8" in refused(private(tmp_path / "b", b"\xff\xfe" + CANARY.encode()))
    assert "64 kB" in refused(private(tmp_path / "l", CANARY.encode() * 10_000))
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is not a file" in refused(f"file:{tmp_path / 'pipe'}")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux's")
def test_a_file_whose_disk_fails_is_named() -> None:
    assert "cannot be read (Input/output error)" in refused("file:/proc/self/mem")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620, 0o601])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    ref = private(tmp_path / "t", CANARY.encode(), mode)
    assert "chmod 600" in refused(ref)
    (tmp_path / "t").chmod(0o400)
    assert read_secret(ref, {}) == {"token": CANARY}


@pytest.mark.parametrize(
    "ref",
    [
        pytest.param(CANARY, id="the token itself"),
        pytest.param(f"env:{CANARY}", id="the token after env:"),
        pytest.param("env:" + "A" * 180, id="a long token after env:"),
        pytest.param(f"token:{CANARY}", id="unknown kind"),
        pytest.param("env:", id="no name"),
        pytest.param("file:", id="no path"),
        pytest.param("file:/a\nb", id="break in a path"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_token_given_in_place_of_its_name_is_refused_and_not_repeated(ref: str) -> None:
    with pytest.raises(BadConfig, match="env:NAME or file:PATH") as caught:
        check_reference(ref)
    assert CANARY not in str(caught.value) and "AAAA" not in str(caught.value)
    refused(ref, {CANARY: CANARY, ref: CANARY})


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which systemd shows secrets to this service."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="such a file is root's")
def test_a_credential_that_systemd_shows_by_an_access_list_is_read(credentials: Path) -> None:
    assert read_secret(private(credentials / "t", CANARY.encode(), 0o440), {})["token"] == CANARY
    for mode in (0o444, 0o460, 0o450):
        (credentials / "t").chmod(mode)
        assert "chmod 600" in refused(f"file:{credentials / 't'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_is_no_credential_of_systemd_s_has_to_be_private(credentials: Path) -> None:
    private(credentials / "t", CANARY.encode(), 0o440)
    os.chown(credentials / "t", 0, 1000)
    assert "chmod 600" in refused(f"file:{credentials / 't'}")
    (credentials / "below").mkdir()
    assert "chmod 600" in refused(private(credentials / "below" / "t", CANARY.encode(), 0o440))
