"""Adapters with one slip in their source, to show that the request check finds it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

PLATFORMS = Path(__file__).parents[2] / "platforms"


def broken_adapter(module: str, right: str, wrong: str, name: str) -> Any:
    """The class `name` of platforms/`module`.py, in which `right` reads `wrong`."""
    source = (PLATFORMS / f"{module}.py").read_text("utf-8")
    assert source.count(right) == 1, f"{right!r} is not once in {module}.py"
    spec = importlib.util.spec_from_loader(f"broken_{module}", loader=None)
    assert spec is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[made.__name__] = made  # dataclasses look their module up
    exec(compile(source.replace(right, wrong), f"broken {module}.py", "exec"), made.__dict__)
    return getattr(made, name)
