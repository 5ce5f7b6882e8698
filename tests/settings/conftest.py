"""A sound configuration folder, and ways to spoil its files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from modbot.settings.folder import POLICY_FILE, SERVICE_FILE

SHIPPED = Path(__file__).parent.parent.parent / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound configuration with the shipped policy and one small rule file."""
    made = tmp_path / "config"
    (made / "rules").mkdir(parents=True)
    shutil.copy(SHIPPED / SERVICE_FILE, made)
    shutil.copy(SHIPPED / POLICY_FILE, made)
    (made / "rules" / "profanity_en.txt").write_text("# nothing yet\n", "utf-8")
    return made


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def too_large(path: Path) -> None:
    path.write_bytes(b"#" * 1_000_001)


def not_utf8(path: Path) -> None:
    path.write_bytes(b"# one\n# caf\xe9\n")


def folder_instead(path: Path) -> None:
    remove(path)
    path.mkdir()


def pipe_instead(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
