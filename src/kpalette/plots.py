"""How figures are made, shown and saved; matplotlib is imported when the first one is."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from kpalette import files, notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SavePath: TypeAlias = "str | os.PathLike[str] | None"

#: Backends that only write files.
WITHOUT_DISPLAY = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def new_figure(figsize: tuple[float, float], save: SavePath) -> Figure:
    """Make an empty figure: one that pyplot can show, unless it will only be saved."""
    if save is not None:
        from matplotlib.figure import Figure

        return Figure(figsize=figsize, layout="constrained")
    from matplotlib import pyplot

    from kpalette.cellfigure import CellFigure

    return pyplot.figure(figsize=figsize, layout="constrained", FigureClass=CellFigure)


def finish(figure: Figure, save: SavePath) -> Figure:
    """Save the figure, or show it where there is a display, and close it.

    A window that does not block stays open: closed by us, it would be gone before it is seen.
    """
    if save is not None:
        with files.replacing(save) as file:
            figure.savefig(file, format=Path(save).suffix.lstrip(".") or "png")
        return figure
    import matplotlib
    from matplotlib import pyplot

    stays_open = False
    try:
        if (cell := current_cell()) is not None:
            # Not pyplot.show(), which shows and closes what the cell itself has begun to draw.
            sys.modules["IPython"].display.display(figure)
            figure.shown_in = cell  # type: ignore[attr-defined]
        elif not _is_inline() and matplotlib.get_backend().lower() not in WITHOUT_DISPLAY:
            pyplot.show()
            stays_open = matplotlib.is_interactive()
    finally:
        if not stays_open:
            pyplot.close(figure)
    return figure


def encode(draw: Callable[[Figure], None], kind: str, figsize: tuple[float, float]) -> bytes:
    """Draw into a figure and encode it as a ``"png"``, ``"svg"`` or ``"pdf"`` file.

    The same drawing gives the same bytes.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    encoded = io.BytesIO()
    with rc_context({"svg.hashsalt": "kpalette"}):
        figure = Figure(figsize=figsize, layout="constrained")
        draw(figure)
        figure.savefig(encoded, format=kind, metadata=dated.get(kind), transparent=False)
    return encoded.getvalue()


def current_cell() -> int | None:
    """Give the number of the notebook cell that runs, if figures appear below it as pictures."""
    shell = notebook.shell()
    return int(shell.execution_count) if shell and _is_inline() else None


def _is_inline() -> bool:
    """Say whether the backend sends pictures to a cell, which a script inherits from one."""
    matplotlib: Any = sys.modules.get("matplotlib")
    return bool(matplotlib) and "inline" in matplotlib.get_backend().lower()
