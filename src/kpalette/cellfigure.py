"""A figure that a notebook shows once."""

from __future__ import annotations

from matplotlib.figure import Figure

from kpalette.plots import current_cell


class CellFigure(Figure):
    """A figure that is not shown again as the value of the cell that has shown it.

    In any later cell it is a value like others.
    """

    #: The number of the cell that has shown it.
    shown_in: int | None = None

    def _ipython_display_(self) -> None:
        """Show nothing in that cell; elsewhere, leave it to what IPython has for figures."""
        if self.shown_in is None or self.shown_in != current_cell():
            raise NotImplementedError  # by which IPython asks the next in line
