"""Which code judges: the version of modbot, a hash over the source files behind a verdict, and the
versions of the libraries that they call."""

from __future__ import annotations

import hashlib
import platform
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable

import modbot

# What turns a comment into a decision. Training and export make weights, they judge nothing.
_OF_MODBOT = ("domain.py", "policy.py", "judging.py")
# Those of which another version can read a text or score it differently.
_LIBRARIES = (
    *("numpy", "google-re2", "ahocorasick-rs", "phonenumbers"),
    *("onnxruntime", "tokenizers"),  # with Detoxify alone
)
_NOT_JUDGING = frozenset({"training", "export", "weights"})


@dataclass(frozen=True, kw_only=True)
class CodeVersion:
    version: str  # of modbot
    sha256: str  # hex, over the names and bytes of the files
    # Name -> version; none where they were not noted. Others do not make it other code.
    libraries: Mapping[str, str] = field(default_factory=dict, compare=False)


@cache
def judging_code() -> CodeVersion:
    """The code of this process."""
    whole = hashlib.sha256()
    for name, data in sorted(_sources()):
        whole.update(name.encode() + b"\x00" + hashlib.sha256(data).digest())
    return CodeVersion(version=modbot.__version__, sha256=whole.hexdigest(), libraries=_libraries())


def _libraries() -> dict[str, str]:
    found = {"Python": platform.python_version(), "Unicode": unicodedata.unidata_version}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


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
