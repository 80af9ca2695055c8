"""Which axes of a stored array are rows, columns and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Axes:
    """The positions of the row, column and colour axes; all other axes have length 1."""

    n: int
    rows: int
    columns: int
    colors: int | None

    @classmethod
    def of(cls, names: Sequence[str], shape: Sequence[int], where: str) -> Self:
        """Find the axes by name: Y, X, and C or S, in either case.

        Raises
        ------
        ValueError
            If Y or X is missing, or another axis is longer than 1; the message names it.
        """
        named = [name.upper() for name in names]
        lengths = ", ".join(f"{name}={size}" for name, size in zip(named, shape, strict=True))
        if named.count("Y") != 1 or named.count("X") != 1:
            raise ValueError(f"source: expected axes Y and X in {where}, got {lengths}")
        long = [axis for axis, size in enumerate(shape) if size != 1 and named[axis] not in "YX"]
        if others := [named[axis] for axis in long if named[axis] not in "CS"]:
            raise ValueError(
                f"source: expected one image in {where}, with only the axes Y, X and C or S longer "
                f"than 1, got also {', '.join(others)}, in {lengths}"
            )
        if len(long) > 1 or (long and shape[long[0]] not in (3, 4)):
            raise ValueError(f"source: expected 1, 3 or 4 channels in {where}, got {lengths}")
        return cls(len(named), named.index("Y"), named.index("X"), long[0] if long else None)

    @classmethod
    def unnamed(cls, shape: Sequence[int]) -> Self:
        """Take the axes in the order (h, w) or (h, w, c), whatever their lengths."""
        return cls(len(shape), 0, 1, 2 if len(shape) > 2 else None)

    def image_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape (h, w) or (h, w, c) of the image in an array of the given shape."""
        axes = [self.rows, self.columns, *([] if self.colors is None else [self.colors])]
        return tuple(int(shape[axis]) for axis in axes)

    def take(self, array: Any, rows: slice, columns: slice) -> Array:
        """Read a region of the image from an array: (rows, columns) or (rows, columns, c)."""
        index: list[Any] = [0] * self.n
        index[self.rows], index[self.columns] = rows, columns
        kept = [self.rows, self.columns]
        if self.colors is not None:
            index[self.colors] = slice(None)
            kept.append(self.colors)
        part = np.asarray(array[tuple(index)])
        ranks = np.argsort(np.argsort(kept))  # the remaining axes stand in their stored order
        return part.transpose(ranks)
