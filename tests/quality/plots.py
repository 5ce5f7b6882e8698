"""The pictures of docs/quality.md: SVG, the same bytes for the same figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.quality import calibration, curves
from tests.quality.calibration import ALL, Reliability
from tests.quality.curves import Curve

_COLUMNS = 3
_SIDE = 2.6  # inches a panel
_STYLE: Any = {
    "svg.hashsalt": "modbot",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.titlesize": 9,
    "figure.facecolor": "white",
}
_COLOURS = {"en": "#0b5fa5", "es": "#c2510c", ALL: "#444444"}


def plots_can_be_made() -> bool:
    """Whether matplotlib is there; `make quality` installs it."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def draw_reliability(found: Sequence[Reliability], folder: Path) -> None:
    """A panel a label: as measured in full lines, reweighted in dashed ones."""
    labels = list(dict.fromkeys(each.label for each in found))
    with _panels(labels, folder / calibration.PICTURE) as panels:
        for label, panel in zip(labels, panels, strict=True):
            panel.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
            shown = [each for each in found if each.label == label]
            spoken = [each for each in shown if each.language != ALL] or shown
            for each in spoken:
                colour, name = _COLOURS[each.language], each.language
                panel.plot(each.given, each.true, "o-", color=colour, markersize=3, label=name)
                panel.plot(
                    each.given_reweighted,
                    each.true_reweighted,
                    "--",
                    color=colour,
                    linewidth=0.9,
                    label=f"{name}, reweighted",
                )
            panel.set(xlabel="probability given", ylabel="share that came true")


def draw_curves(found: Sequence[Curve], folder: Path) -> None:
    """A panel a category, with the thresholds in force as upright lines."""
    names = [curve.category.value for curve in found]
    with _panels(names, folder / curves.PICTURE) as panels:
        for curve, panel in zip(found, panels, strict=True):
            thresholds = [point.threshold for point in curve.points]
            for name, colour in (("precision", "#0b5fa5"), ("recall", "#c2510c")):
                values = [getattr(point, name).value for point in curve.points]
                plain = [math.nan if value is None else value for value in values]
                panel.plot(thresholds, plain, color=colour, label=name)
            for key, point in curve.in_force.items():
                style = "-" if key == "model_hide" else ":"
                panel.axvline(point.threshold, color="#444444", linestyle=style, label=key)
            panel.set(xlabel="threshold", ylabel="share")


@contextmanager
def _panels(titles: Sequence[str], path: Path) -> Iterator[list[Any]]:
    """Titled square panels from 0 to 1, which are written to `path` at the end."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        rows = math.ceil(len(titles) / _COLUMNS)
        figure = Figure(figsize=(_COLUMNS * _SIDE, rows * _SIDE), layout="constrained")
        panels = list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)
        for panel in panels[len(titles) :]:
            panel.set_visible(False)
        for title, panel in zip(titles, panels, strict=False):
            panel.set_title(title)
            panel.set(xlim=(0, 1), ylim=(0, 1.02))
        yield panels[: len(titles)]
        lines = {line.get_label(): line for panel in panels for line in panel.get_lines()}
        named = {name: line for name, line in lines.items() if not name.startswith("_")}
        figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=4)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
