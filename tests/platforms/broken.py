"""Adapters with one slip in their source, to show that the request check finds it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PLATFORMS = Path(__file__).parents[2] / "platforms"


def broken_adapter(module: str, right: str, wrong: str, name: str) -> Any:
    """The class `name` of platforms/`module`.py, in which, or in one of whose own parts
    (`module`_*.py), `right` reads `wrong`."""
    sources = {p.stem: p.read_text("utf-8") for p in PLATFORMS.glob(f"{module}*.py")}
    found = [part for part, source in sources.items() if right in source]
    assert len(found) == 1 and sources[found[0]].count(right) == 1, f"{right!r}: in {found}"
    (part,) = found
    if part == module:
        return getattr(_made(module, sources[module].replace(right, wrong)), name)
    _made(part, sources[part].replace(right, wrong))
    whole = sources[module].replace(f"from platforms.{part} import", f"from broken_{part} import")
    assert whole != sources[module], f"{module}.py takes nothing from {part}.py"
    return getattr(_made(module, whole), name)


def _made(module: str, source: str) -> ModuleType:
    spec = importlib.util.spec_from_loader(f"broken_{module}", loader=None)
    assert spec is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[made.__name__] = made  # dataclasses look their module up
    exec(compile(source, f"broken {module}.py", "exec"), made.__dict__)
    return made
