"""How an image looks beside another: what shift of colour remains at a distance, where it is worst.

The core sums up what tiles differ by, and its ``looks.hpp`` says how, why so, and how well that
foretells SSIMULACRA2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kpalette import _core

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.histogram import ColorHistogram

#: The side of a tile, in pixels.
TILE = _core.LOOKS_TILE

#: Runs of equal pixels are measured faster than pixels where at most so many start one.
FEW_CHANGES = 0.25

#: What sums of cubes are multiples of.
CUBE_UNIT = 2.0**-50


class Place(NamedTuple):
    """A rectangle of an image, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}×{self.height} at {self.left},{self.top}"


@dataclass(frozen=True)
class TileSum:
    """What changed tiles sum up to over one backdrop.

    Attributes
    ----------
    pixels : int
        Of tiles in which a pixel changed.
    cubes : int
        Sum over these of their pixels times the cubed length of their mean error, in `CUBE_UNIT`.
    most : int
        The largest that a tile adds to `cubes`.
    worst : Place or None
        That tile, the first in reading order.
    """

    pixels: int = 0
    cubes: int = 0
    most: int = 0
    worst: Place | None = None

    def __add__(self, other: TileSum) -> TileSum:
        worse = self if self._rank() >= other._rank() else other
        return TileSum(
            self.pixels + other.pixels, self.cubes + other.cubes, worse.most, worse.worst
        )

    def _rank(self) -> tuple[int, int, int, int]:
        if self.worst is None:
            return -1, 0, 0, 0
        return self.most, 0, -self.worst.top, -self.worst.left

    @property
    def looks(self) -> float:
        """On SSIMULACRA2's scale; 100 where nothing changed."""
        if self.pixels == 0:
            return 100.0
        return _core.looks(self.cubes / self.pixels * CUBE_UNIT)


@dataclass(frozen=True)
class TileErrors:
    """How the tiles of two images differ; what is found of parts adds up with ``+``.

    Parts are whole tiles of 16 by 16 pixels, but for those at the image's right and lower edges.
    Sums are integers, so any order of adding gives the same.

    Attributes
    ----------
    over_black, over_white : TileSum
        Equal without alpha.
    """

    over_black: TileSum = TileSum()
    over_white: TileSum = TileSum()

    def __add__(self, other: TileErrors) -> TileErrors:
        return TileErrors(self.over_black + other.over_black, self.over_white + other.over_white)

    @property
    def looks(self) -> float:
        """On SSIMULACRA2's scale, over the backdrop where that is lower; 100 for equal images."""
        return self._seen().looks

    @property
    def worst(self) -> Place | None:
        """The tile that lowers it most; None for equal images."""
        return self._seen().worst

    def _seen(self) -> TileSum:
        black, white = self.over_black, self.over_white
        return white if white.looks < black.looks else black


class Reference:
    """An image that others of its size are compared with.

    Parameters
    ----------
    pixels : uint8 array (h, w, c) with 3 or 4 channels
        Not to be changed as long as this is used.
    team : Team
        The threads to use.
    origin : tuple of two int, optional
        Row and column of the first pixel, multiples of 16, where this is a part of an image.
    """

    def __init__(
        self, pixels: ByteArray, team: _core.Team, origin: tuple[int, int] = (0, 0)
    ) -> None:
        if origin[0] % TILE or origin[1] % TILE:
            raise ValueError(f"origin: expected multiples of {TILE}, got {origin}")
        self._pixels, self._team, self._origin = pixels, team, origin
        self._found: _core.Runs | None = None

    @cached_property
    def _flat(self) -> ByteArray:
        return self._pixels.reshape(-1, self._pixels.shape[2])

    @cached_property
    def _tiles(self) -> _core.Tiles:
        return _core.Tiles(self._flat, self._pixels.shape[1], self._team)

    def errors(self, pixels: ByteArray) -> TileErrors:
        """Measure how another image, an array of the same shape, differs."""
        return self._sums(self._tiles.errors(pixels.reshape(-1, pixels.shape[2]), self._team))

    def index_errors(self, indices: np.ndarray[Any, Any], colors: ByteArray) -> TileErrors:
        """Measure the same of entries of a palette: (h, w), of colours (k, c)."""
        return self._sums(self._tiles.errors(indices, colors, self._team))

    def label_errors(
        self,
        histogram: ColorHistogram,
        labels: np.ndarray[Any, np.dtype[np.uint16]],
        colors: ByteArray,
    ) -> TileErrors:
        """Measure the same where each colour of a histogram (n) has an entry, by labels (n).

        The histogram is that of the pixels, and the same for all calls.
        """
        if self._is_drawn:
            return self._sums(self._runs(histogram).errors(labels, colors, self._team))
        dtype = np.uint8 if len(colors) <= 256 else np.uint16
        indices = np.empty(self._pixels.shape[:2], dtype)
        _core.remap(self._flat, histogram.colors, labels, indices.reshape(-1), self._team)
        return self.index_errors(indices, colors)

    @cached_property
    def _is_drawn(self) -> bool:
        """Whether neighbours are mostly equal, as in graphics, by some of the rows."""
        rows = self._pixels[::TILE]
        changes = np.count_nonzero((rows[:, 1:] != rows[:, :-1]).any(axis=2))
        return bool(changes < FEW_CHANGES * rows[..., 0].size)

    def _runs(self, histogram: ColorHistogram) -> _core.Runs:
        if self._found is None:
            which = histogram.find(self._flat, self._team).reshape(self._pixels.shape[:2])
            self._found = _core.Runs(which, histogram.colors, self._team)
        return self._found

    def _sums(self, found: Any) -> TileErrors:
        sums = []
        for pixels, high, low, most, top, left, height, width in found:
            place = Place(left + self._origin[1], top + self._origin[0], width, height)
            sums.append(TileSum(pixels, high << 64 | low, most, place if pixels else None))
        return TileErrors(*sums)
