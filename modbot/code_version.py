"""Which code judges: the version of modbot and a hash over the source files behind a verdict."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import modbot

# What turns a comment into a decision. Training and export make weights, they judge nothing.
_OF_MODBOT = ("domain.py", "policy.py", "judging.py")
_NOT_JUDGING = frozenset({"training", "export", "weights"})


@dataclass(frozen=True, kw_only=True)
class CodeVersion:
    version: str  # of modbot
    sha256: str  # hex, over the names and bytes of the files


@cache
def judging_code() -> CodeVersion:
    """The code of this process."""
    whole = hashlib.sha256()
    for name, data in sorted(_sources()):
        whole.update(name.encode() + b"\x00" + hashlib.sha256(data).digest())
    return CodeVersion(version=modbot.__version__, sha256=whole.hexdigest())


def _sources() -> list[tuple[str, bytes]]:
    found = [(name, (files("modbot") / name).read_bytes()) for name in _OF_MODBOT]
    _walk(files("classifiers"), "classifiers", found)
    return found


def _walk(folder: Traversable, path: str, found: list[tuple[str, bytes]]) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            if each.name not in _NOT_JUDGING:
                _walk(each, f"{path}/{each.name}", found)
        elif each.name.endswith(".py"):
            found.append((f"{path}/{each.name}", each.read_bytes()))
