"""The configuration folder: modbot.toml, policy.toml and the rule files, read in one look."""

from __future__ import annotations

import hashlib
import importlib.resources
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import modbot
from modbot.errors import BadConfig
from modbot.policy import Policy
from modbot.settings.policy_file import read_policy
from modbot.settings.sections import Settings
from modbot.settings.toml_file import decode, parse, read_bytes
from modbot.settings.toml_lines import KeyLines

SERVICE_FILE = "modbot.toml"
POLICY_FILE = "policy.toml"
RULE_SUFFIXES = frozenset({".txt", ".toml"})
RULE_FILES_CAP = 500


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that a configuration folder says, checked."""

    folder: Path
    settings: Settings
    policy: Policy
    rules_dir: Path
    sha256: str  # over the names and bytes of all files
    files: Mapping[str, bytes] = field(repr=False)  # by their names in the folder


def choose_folder(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The folder named, else the one in MODBOT_CONFIG, else the one that came with modbot."""
    named = (os.environ if environ is None else environ).get("MODBOT_CONFIG", "")
    chosen = folder or (Path(named) if named else packaged_folder())
    if not chosen.is_dir():
        raise BadConfig("is not a folder", file=str(chosen))
    return chosen


def packaged_folder() -> Path:
    """The default configuration: package data of an installed modbot, or the checkout's own."""
    installed = Path(str(importlib.resources.files(modbot))) / "default_config"
    return installed if installed.is_dir() else Path(modbot.__file__).parent.parent / "config"


def load_config(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Reads and checks a configuration folder. Raises BadConfig with file, line and key."""
    chosen = choose_folder(folder, environ)
    return parse_files(chosen, read_files(chosen))


def read_files(folder: Path) -> dict[Path, bytes]:
    """The bytes of every file that counts, by path. Raises BadConfig."""
    service, policy = folder / SERVICE_FILE, folder / POLICY_FILE
    files = {service: read_bytes(service), policy: read_bytes(policy)}
    rules = folder / parse(files[service], service, Settings).rules.folder
    for path in _rule_files(rules):
        files[path] = read_bytes(path)
    return files


def parse_files(folder: Path, files: Mapping[Path, bytes]) -> Config:
    """What the bytes of read_files() say. Raises BadConfig."""
    settings = parse(files[folder / SERVICE_FILE], folder / SERVICE_FILE, Settings)
    rules_dir = folder / settings.rules.folder
    for path, data in files.items():
        decode(data, path)
    return Config(
        folder=folder,
        settings=settings,
        policy=read_policy(files[folder / POLICY_FILE], folder / POLICY_FILE),
        rules_dir=rules_dir,
        sha256=digest(folder, files),
        files={path.relative_to(folder).as_posix(): data for path, data in files.items()},
    )


def policy_lines(folder: Path) -> Callable[[str], str]:
    """Where a key of a folder's policy.toml stands, as file:line; "offensive.hide" is a key."""
    path = folder / POLICY_FILE
    lines = KeyLines(decode(read_bytes(path), path))

    def place(key: str) -> str:
        return f"{path}:{lines.line(('categories', *key.split('.'))) or 1}"

    return place


def _rule_files(rules: Path) -> list[Path]:
    try:
        found = sorted(
            p for p in rules.iterdir() if p.suffix in RULE_SUFFIXES and not p.name.startswith(".")
        )
    except OSError as error:
        raise BadConfig(f"cannot be read ({error.strerror})", file=str(rules)) from None
    if not found:
        raise BadConfig("holds no rule files (.txt or .toml)", file=str(rules))
    if len(found) > RULE_FILES_CAP:
        raise BadConfig(f"holds more than {RULE_FILES_CAP} rule files", file=str(rules))
    return found


def digest(folder: Path, files: Mapping[Path, bytes]) -> str:
    """SHA-256 (hex) over the names and bytes of a configuration's files."""
    whole = hashlib.sha256()
    for path in sorted(files):
        name = os.fsencode(path.relative_to(folder).as_posix())
        whole.update(name + b"\x00" + hashlib.sha256(files[path]).digest())
    return whole.hexdigest()


def init_config(destination: Path) -> list[Path]:
    """Copies the default configuration to a new or empty folder; the files written.

    Raises BadConfig rather than write over anything.
    """
    try:
        if destination.exists() and any(destination.iterdir()):
            raise BadConfig("is not empty; nothing was written", file=str(destination))
        shutil.copytree(packaged_folder(), destination, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise BadConfig(f"cannot be written ({reason})", file=str(destination)) from None
    return sorted(p for p in destination.rglob("*") if p.is_file())
