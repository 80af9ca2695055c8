"""A figure that a notebook shows once."""

from __future__ import annotations

from matplotlib.figure import Figure

from kpalette.plots import current_cell


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
