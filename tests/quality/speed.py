"""Section 7 of docs/quality.md: how fast comments are judged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from tests.benchmarks.bench_judging import (
    BAR,
    BATCHES,
    LONG_CHARACTERS,
    corpus_and_feed,
    judging_speed,
    long_comments,
    shipped_judge,
    stages,
)
from tests.quality.bar_tables import verdict
from tests.quality.markdown import table

_DETOXIFY: Final = "tests.benchmarks.bench_detoxify"
_NEEDED: Final = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")
_LIMIT: Final = 1800  # seconds
_REPEATS: Final = 3
_INTRO = f"""\
Rules, model and policy on one core, in the processor's time, the best of {_REPEATS} repeats
(`tests/benchmarks/bench_judging.py`). The bar is {BAR:,} comments a second on the corpus and
the sandbox's feed in batches of {BATCHES[0]}. Speeds are those of the machine that ran this,
and of how busy it was."""


def speed_section() -> str:
    """Measures and tells; takes about a minute, and more with Detoxify's libraries."""
    judge = shipped_judge()
    comments = list(corpus_and_feed())
    texts = {
        f"corpus and feed ({len(comments)} comments)": comments,
        f"texts of {LONG_CHARACTERS} characters": list(long_comments(comments)),
    }
    speeds = [
        (name, batch, judging_speed(judge, some, batch, _REPEATS))
        for name, some in texts.items()
        for batch in BATCHES
    ]
    spent = stages(judge, comments, _REPEATS)
    return "\n\n".join(
        [
            _INTRO,
            table(["texts", "batch", "comments a second"], ((*t, f"{v:,.0f}") for *t, v in speeds)),
            f"The bar of {BAR:,} is {verdict(speeds[0][2] >= BAR)}.",
            "Where the time goes:",
            table(["part", "microseconds a comment", "share"], _shares(spent)),
            _detoxify(),
        ]
    )


def _shares(spent: dict[str, float]) -> Iterator[list[str]]:
    whole = sum(spent.values())
    for name, microseconds in spent.items():
        yield [name, f"{microseconds:.1f}", f"{100 * microseconds / whole:.0f} %"]


def _detoxify() -> str:
    says = f"Detoxify's larger model by ONNX beside torch (`python -m {_DETOXIFY}`): "
    if not all(map(find_spec, _NEEDED)):
        return f"{says}not measured here, since its libraries are not installed (`make torch`)."
    try:
        ran = subprocess.run(
            [sys.executable, "-m", _DETOXIFY],
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{says}not measured here; it took over {_LIMIT // 60} minutes."
    if not ran.stdout:
        return f"{says}not measured here; it failed."
    return says + "\n\n" + "\n".join(f"    {line}" for line in ran.stdout.splitlines())
