"""Which axes of a stored array are rows, columns and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Axes:
    """Where rows, columns and perhaps colours are among the axes; the others have length 1."""

    n: int
    rows: int
    columns: int
    colors: int | None

    @classmethod
    def of(cls, names: Sequence[str], shape: Sequence[int], where: str) -> Self:
        """Find them by name: Y, X, and C or S; lower case will do.

        Raises
        ------
        ValueError
            If there are none, or others longer than 1, which are named.
        """
        named = [name.upper() for name in names]
        lengths = ", ".join(f"{name}={size}" for name, size in zip(named, shape, strict=True))
        if named.count("Y") != 1 or named.count("X") != 1:
            raise ValueError(f"source: expected axes Y and X in {where}, got {lengths}")
        long = [axis for axis, size in enumerate(shape) if size != 1 and named[axis] not in "YX"]
        if others := [named[axis] for axis in long if named[axis] not in "CS"]:
            raise ValueError(
                f"source: expected one image in {where}, so that only the axes Y, X and C or S are "
                f"longer than 1, got {', '.join(others)} too, in {lengths}"
            )
        if len(long) > 1 or (long and shape[long[0]] not in (3, 4)):
            raise ValueError(f"source: expected 1, 3 or 4 channels in {where}, got {lengths}")
        return cls(len(named), named.index("Y"), named.index("X"), long[0] if long else None)

    @classmethod
    def unnamed(cls, shape: Sequence[int]) -> Self:
        """Take them in the order (h, w) or (h, w, c), whatever their length."""
        return cls(len(shape), 0, 1, 2 if len(shape) > 2 else None)

    def image_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Give the shape (h, w) or (h, w, c) of the image in an array of a shape."""
        axes = [self.rows, self.columns, *([] if self.colors is None else [self.colors])]
        return tuple(int(shape[axis]) for axis in axes)

    def take(self, array: Any, rows: slice, columns: slice) -> Array:
        """Read a part of the image from an array: (rows, columns) or (rows, columns, c)."""
        index: list[Any] = [0] * self.n
        index[self.rows], index[self.columns] = rows, columns
        kept = [self.rows, self.columns]
        if self.colors is not None:
            index[self.colors] = slice(None)
            kept.append(self.colors)
        part = np.asarray(array[tuple(index)])
        ranks = np.argsort(np.argsort(kept))  # the order in which they are left
        return part.transpose(ranks)
