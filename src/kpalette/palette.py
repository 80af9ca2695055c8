"""Palettes: what a fit ends with, and what an image is mapped onto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import notebook
from kpalette.colors import checked_colors, checked_counts, frozen

if TYPE_CHECKING:
    from kpalette.colors import ByteArray, CountArray
    from kpalette.files import ImageSource
    from kpalette.pipeline import Quantized

MAX_COLORS = 65_536


@dataclass(frozen=True, eq=False, repr=False)
class Palette:
    """A list of distinct 8-bit sRGB colours, with the number of pixels that each stands for.

    Parameters
    ----------
    colors : uint8 array (k, 3) or (k, 4)
        R, G, B and perhaps alpha; 1 to 65,536 distinct colours.
    counts : integer array (k,), optional
        Pixels of each colour, at least 0; zeros by default.

    Raises
    ------
    TypeError
        If an array has another dtype.
    ValueError
        If an array has another shape, a colour repeats, or a count is negative.
    OverflowError
        If the counts add up to more than 2**63 - 1.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import Palette
    >>> Palette(np.array([[255, 127, 0], [0, 0, 0]], np.uint8)).hex
    ['#ff7f00', '#000000']
    """

    colors: ByteArray
    counts: CountArray

    def __init__(self, colors: ByteArray, counts: np.ndarray[Any, Any] | None = None) -> None:
        colors = checked_colors(colors).copy()
        if not 1 <= len(colors) <= MAX_COLORS:
            raise ValueError(f"colors: expected 1 to {MAX_COLORS} colors, got {len(colors)}")
        values, repeats = np.unique(colors, axis=0, return_counts=True)
        if len(values) < len(colors):
            twice = values[repeats.argmax()].tolist()
            raise ValueError(f"colors: expected distinct colors, got {twice} more than once")
        if counts is None:
            counts = np.zeros(len(colors), np.int64)
        object.__setattr__(self, "colors", frozen(colors))
        object.__setattr__(self, "counts", frozen(checked_counts(counts, len(colors)).copy()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.colors, self.counts))

    @property
    def shares(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """float64 array (k,): the part of all pixels that each colour stands for, 0 to 1."""
        total = self.counts.sum()
        return self.counts / total if total else np.zeros(len(self))

    @property
    def hex(self) -> list[str]:
        """The colours as ``#rrggbb``, or ``#rrggbbaa`` where there is alpha."""
        return [f"#{color.tobytes().hex()}" for color in self.colors]

    def remap(self, source: ImageSource, *, threads: int | None = None) -> Quantized:
        """Map an image onto this palette: each pixel to the nearest colour.

        Parameters
        ----------
        source : path, binary file object, Pillow image or array
            See :func:`kpalette.quantize`.
        threads : int, optional
            All cores by default. The result does not depend on it.

        Returns
        -------
        Quantized
            With this palette's colours in their order, counted anew; its ``n_iter`` is 0.

        Raises
        ------
        OSError, TypeError, ValueError
            As :func:`kpalette.quantize`.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import Palette
        >>> two = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
        >>> two.remap(np.array([[10, 200]], np.uint8)).indices.tolist()
        [[0, 1]]
        """
        from kpalette.pipeline import remap  # which makes palettes, so it cannot come first

        return remap(source, self, threads=threads)

    def __len__(self) -> int:
        """How many colours there are."""
        return len(self.colors)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Palette):
            return NotImplemented
        return np.array_equal(self.colors, other.colors) and np.array_equal(
            self.counts, other.counts
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        some = ", ".join(self.hex[:8])
        return f"Palette({len(self)} colors: {some}{', …' if len(self) > 8 else ''})"

    def _repr_html_(self) -> str:
        """Show swatches with their names and shares, where it is a notebook cell's value."""
        return notebook.swatches(self.hex, self.shares.tolist() if self.counts.any() else ())
