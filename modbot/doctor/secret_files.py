"""Whether every secret that is named can be read, and by modbot alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modbot.doctor.findings import Findings, broken, well
from modbot.errors import BadConfig
from modbot.settings import Config, read_secret

_REFERENCE = re.compile(r"(env|file):[^\x00-\x1f]+")


def secrets(config: Config, token_refs: Sequence[str], environ: Mapping[str, str]) -> Findings:
    """One line a reference that is not well, else one for all. No value is ever shown."""
    named = dict(_references(config.settings.model_dump(mode="json")))
    refs = {**{ref: "a page" for ref in token_refs if ref}, **{r: key for key, r in named.items()}}
    faults = 0
    for ref, key in sorted(refs.items()):
        try:
            read_secret(ref, environ)
        except BadConfig as error:
            faults += 1
            advice = "chmod 600, owned by modbot's user; or name where it is"
            yield broken("secrets", f"{key}: {str(error).removeprefix('token_ref: ')}", advice)
    if os.stat(config.folder).st_mode & 0o002:
        faults += 1
        advice = f"chmod o-w {config.folder}"
        yield broken("configuration folder", "anybody may change it, and so what is hidden", advice)
    if not faults:
        yield well("secrets", f"{len(refs)} named, each readable by modbot alone")


def _references(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each reference in the settings, whatever section has it, by its key."""
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        yield key, value
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _references(below, f"{key}.{name}".strip("."))
    elif isinstance(value, list):
        for number, below in enumerate(value, 1):
            yield from _references(below, f"{key}[{number}]")
