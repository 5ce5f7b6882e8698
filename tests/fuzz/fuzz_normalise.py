"""Feeds random bytes to fold() and the rules for a bounded time: `make fuzz` (SECONDS=60).

Needs atheris (`pip install -e .[fuzz]`, Linux only); without it nothing is run, and it fails.
It starts from the comments of tests/corpus and follows what makes the classifiers take new paths.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"


def main() -> int:
    """0 when nothing was found, 1 without atheris, which itself ends the process at a find."""
    try:
        import atheris
    except ImportError:
        needed = "atheris is not installed (pip install -e '.[fuzz]'; Linux only)"
        print(f"fuzz: nothing was tried, {needed}", file=sys.stderr)
        return 1
    with atheris.instrument_imports(include=["classifiers"]):  # only what is imported here
        from classifiers.rules import RuleSet
        from tests.fuzz.target import RULES, Target
    with tempfile.TemporaryDirectory() as seeds:
        write_seeds(Path(seeds))
        atheris.Setup([*sys.argv, seeds], Target(RuleSet.load(RULES)))
        atheris.Fuzz()
    return 0


def write_seeds(folder: Path) -> None:
    """A file for each comment that a fuzzer may start from."""
    for path in sorted(CORPUS.glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            text = json.loads(line)["comment"]
            (folder / f"{path.stem}-{number}").write_bytes(text.encode("utf-8", "replace"))


if __name__ == "__main__":
    sys.exit(main())
