"""The libraries that modbot's model is measured beside, each run in a Python of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SCRIPT: Final = Path(__file__).with_name("rival_scores.py")
_START: Final = 60  # seconds that a rival may take to be imported


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A library by its name on PyPI. `trained_on`: how the names of such sets begin."""

    name: str
    version: str
    trained_on: tuple[str, ...] = ()

    def knows(self, set_name: str) -> bool:
        """Whether the rival was trained on data of this set."""
        return set_name.startswith(self.trained_on) if self.trained_on else False


RIVALS: Final = (  # the versions are those that the Makefile installs
    Rival(name="alt-profanity-check", version="1.9.1", trained_on=("jigsaw", "davidson")),
    Rival(name="better-profanity", version="0.7.0"),
    Rival(name="glin-profanity", version="4.1.0"),
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a rival scored: index of the text to score."""

    rival: Rival
    scores: dict[int, float] = field(default_factory=dict)
    failure: str = ""  # the last line it complained with


def run_rival(rival: Rival, python: Path, texts: Sequence[str], *, seconds: float) -> Run:
    """The scores of the first texts, as many as it manages in that time."""
    command = [str(python), str(_SCRIPT), rival.name, str(seconds)]
    try:
        ran = subprocess.run(
            command,
            input=json.dumps(list(texts)).encode(),
            capture_output=True,
            timeout=_START + 1.2 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:  # one text that it does not come to an end with
        return Run(rival=rival, scores=_read(late.stdout or b""))
    except OSError as error:
        return Run(rival=rival, failure=str(error))
    complaint = ran.stderr.decode(errors="replace").strip().splitlines()
    failure = (complaint or ["it failed"])[-1] if ran.returncode else ""
    return Run(rival=rival, scores=_read(ran.stdout), failure=failure)


def _read(output: bytes) -> dict[int, float]:
    found = {}
    for line in output.decode().splitlines(keepends=True):
        if line.endswith("\n"):  # else it was cut
            index, score = line.split()
            found[int(index)] = float(score)
    return found
