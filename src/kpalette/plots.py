"""Making, showing and saving figures; Matplotlib is imported with the first one."""

from __future__ import annotations

import io
import os
import re
import sys
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from kpalette import files, notebook
from kpalette.extras import required

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SavePath: TypeAlias = "str | os.PathLike[str] | None"

#: Backends that only write files.
WITHOUT_DISPLAY = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def new_figure(figsize: tuple[float, float], save: SavePath) -> Figure:
    """Return an empty figure; pyplot can show it, unless it will only be saved."""
    require_matplotlib()
    if save is not None:
        from matplotlib.figure import Figure

        return Figure(figsize=figsize, layout="constrained")
    from matplotlib import pyplot

    return pyplot.figure(figsize=figsize, layout="constrained", FigureClass=_cell_figure())


@cache
def _cell_figure() -> type[Figure]:
    """Return the class of figures that a notebook shows once."""
    from matplotlib.figure import Figure

    class CellFigure(Figure):
        """A figure that is not shown a second time as the value of the cell that has shown it.

        In later cells it is shown like any figure.
        """

        #: The number of the cell that has shown the figure.
        shown_in: int | None = None

        def _ipython_display_(self) -> None:
            """Show nothing in that cell; in others, leave the figure to IPython."""
            if self.shown_in is None or self.shown_in != current_cell():
                raise NotImplementedError  # IPython then tries its next formatter

    return CellFigure


def finish(figure: Figure, save: SavePath) -> Figure:
    """Save the figure, or show it if there is a display, and close it.

    A window that does not block stays open: closing it would hide it at once.
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
            # Not pyplot.show(): it would also show and close figures that the cell is drawing.
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
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    encoded = io.BytesIO()
    with rc_context({"svg.hashsalt": "kpalette"}):
        figure = Figure(figsize=figsize, layout="constrained")
        draw(figure)
        figure.savefig(encoded, format=kind, metadata=dated.get(kind), transparent=False)
    return encoded.getvalue()


def set_title(axes: Axes, title: str, letters: int | None = None) -> None:
    """Write a title above axes: as mathematics between dollars if it parses, otherwise as text.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    title : str
        Such as ``"Feature vectors $X$"``, or a file's name. ``$$X$$`` is the same as ``$X$``, as
        in Markdown. Characters that cannot be printed are shown as U+FFFD.
    letters : int, optional
        The longest line, in characters; longer text is wrapped, except with mathematics.
    """
    text = "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in title
    )
    for candidate in (text, re.sub(r"\$\$([^$]+)\$\$", r"$\1$", text)):
        if _is_mathematics(candidate):
            axes.set_title(candidate, usetex=False)
            return
    wrapped = text if letters is None else textwrap.fill(text, letters)
    axes.set_title(wrapped, parse_math=False, usetex=False)


def _is_mathematics(text: str) -> bool:
    """Return whether Matplotlib typesets a part of the text; it parses each line by itself."""
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    lines = [line for line in text.split("\n") if is_math_text(line)]
    try:
        for line in lines:
            MathTextParser("path").parse(line)
    except ValueError:
        return False
    return bool(lines)


def draw_centers(axes: Any, centers: Any, size: float = 110) -> None:
    """Draw cluster centres (k, 3), from 0 to 255, in their colours, over what 3-D axes hold."""
    axes.computed_zorder = False  # centres are drawn last, even behind points
    # A white ring within a black one is visible on any background.
    for area, ring, zorder in ((1.36 * size, "black", 10), (size, "white", 11)):
        axes.scatter(
            *centers.T,
            c=centers / 255,
            s=area,
            edgecolors=ring,
            depthshade=False,
            zorder=zorder,
        )


def draw_cube(axes: Any, ticks: tuple[int, ...] = (0, 64, 128, 192, 255)) -> None:
    """Make 3-D axes those of the whole cube of colours, so that plots can be compared."""
    axes.set(xlabel="R", ylabel="G", zlabel="B", xlim=(0, 255), ylim=(0, 255), zlim=(0, 255))
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticks(ticks)
        axis.set_pane_color((0.87, 0.87, 0.87))  # white points would be invisible on white
    axes.set_box_aspect((1, 1, 1))


def require_matplotlib() -> None:
    """Raise MissingPackageError if figures cannot be drawn."""
    required("matplotlib", "figures")


def current_cell() -> int | None:
    """Return the number of the running notebook cell; None if its figures are not inline."""
    shell = notebook.shell()
    return int(shell.execution_count) if shell and _is_inline() else None


def _is_inline() -> bool:
    """Return whether the backend is inline; a script started by a cell inherits that."""
    matplotlib: Any = sys.modules.get("matplotlib")
    return bool(matplotlib) and "inline" in matplotlib.get_backend().lower()
