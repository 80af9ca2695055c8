"""How figures are made, shown and saved; matplotlib is imported when the first one is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from kpalette import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SavePath: TypeAlias = "str | os.PathLike[str] | None"


def new_figure(figsize: tuple[float, float], save: SavePath) -> Figure:
    """Make an empty figure: one that pyplot can show, unless it will only be saved."""
    if save is not None:
        from matplotlib.figure import Figure

        return Figure(figsize=figsize, layout="constrained")
    from matplotlib import pyplot

    return pyplot.figure(figsize=figsize, layout="constrained")


def finish(figure: Figure, save: SavePath) -> Figure:
    """Save the figure, or show it where there is a display, and close it."""
    if save is not None:
        with files.replacing(save) as file:
            figure.savefig(file, format=Path(save).suffix.lstrip(".") or "png")
        return figure
    import matplotlib
    from matplotlib import pyplot

    if matplotlib.get_backend().lower() not in ("agg", "cairo", "pdf", "pgf", "ps", "svg"):
        pyplot.show()
    pyplot.close(figure)
    return figure
