"""Palettes for spatial dithering: moved to where it shows images, or rows of many, best."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kpalette import _core, files
from kpalette.histogram import ColorCounter
from kpalette.record import replace

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.dither import Dithering
    from kpalette.files import ImageSource
    from kpalette.fit import FitOptions, Fitted, Fitter
    from kpalette.histogram import ColorHistogram

    Place = tuple[int, int, int]  # minus a block's rank, its image's number, and its own

#: The most that a pixel can weigh, so that sums are exact.
MOST_WEIGHT = 2**12
#: So many pixels of many images are kept to move one palette by, as many as of a large one.
MOST_PIXELS = 2**22
#: Rows that errors are diffused in together.
BLOCK = 32
#: Blocks and images are taken in the order of a sequence that is spread evenly over both, that of
#: Roberts (2018): the powers of 1 / 1.3247, the real root of x³ = x + 1, in 2^32nds.
STEPS = 3242174889, 2447445414


def is_movable(fitted: Fitted, options: FitOptions) -> bool:
    """Return whether a palette is one that moves: of 2 to 256 colours, not all exact or fixed.

    Those that are posterized stay, since rounding can undo what moving gains: of six photos, in 32
    colours of two bits less, the sum fell by 3 to 5 % for five, but rose to 4.7 times as much for
    one, whose flat yellow had lain between two entries.
    """
    if options.posterize or fitted.mse == 0:
        return False
    n_fixed = 0 if options.fixed is None else len(options.fixed)
    return max(1, n_fixed) < len(fitted.palette) <= _core.MOST_MIXED


@dataclass(frozen=True, eq=False)
class Mover:
    """Moves palettes to where spatial dithering is best.

    Attributes
    ----------
    parts : sequence of uint8 arrays (h, w, 3 or 4)
        The images, or rows of them. Of large ones the core takes some rows itself.
    importance : float array (h, w), optional
        How much the pixels of the only part matter.
    strength : float
        That of the dithering.
    """

    parts: Sequence[ByteArray]
    importance: np.ndarray[Any, Any] | None
    strength: float

    @classmethod
    def of(
        cls,
        dithering: Dithering,
        parts: Sequence[ByteArray],
        importance: np.ndarray[Any, Any] | None = None,
    ) -> Self | None:
        """Return what moves palettes for a dithering; None if that leaves them as they are."""
        if dithering.name != "spatial" or not dithering.is_on or not parts:
            return None
        return cls(parts, importance, dithering.strength)

    def moved(
        self,
        fitted: Fitted,
        histogram: ColorHistogram,
        options: FitOptions,
        fitter: Fitter,
        team: _core.Team,
    ) -> Fitted:
        """Return a movable palette that was fitted to `histogram`, moved, as `fitter` counts it.

        Colours that are fixed stay.
        """
        colors, parts, importance = fitted.palette.colors, self.parts, self.importance
        if colors.shape[1] == 4:
            parts = [files.with_alpha(part) for part in parts]
        else:  # frames may come with an alpha that is opaque throughout
            parts = [np.ascontiguousarray(part[..., :3]) for part in parts]
        weights = None
        if importance is not None:
            weights = [np.rint(importance * (MOST_WEIGHT / importance.max())).astype(np.uint16)]
        found = _core.spatial_palette(
            list(parts),
            colors,
            histogram.colors,
            histogram.counts,
            fitted.labels,
            weights=weights,
            fixed=options.fixed,
            strength=self.strength,
            team=team,
        )
        return replace(fitter.assign(found, by_frequency=True), n_iter=fitted.n_iter)


@dataclass(frozen=True, eq=False)
class Sampled:
    """Many images: the histogram of all together, and rows of them."""

    histogram: ColorHistogram
    parts: Sequence[ByteArray]

    @classmethod
    def of(
        cls,
        sources: Iterable[ImageSource | files.Frames],
        allow_truncated: bool = False,
        threads: int | None = None,
    ) -> Self:
        """Read images, one after another."""
        counter, sample = ColorCounter(threads=threads), RowSample()
        pictures = (files.walk_pixels(one, allow_truncated=allow_truncated) for one in sources)
        for number, pixels in enumerate(itertools.chain.from_iterable(pictures)):
            counter.update(pixels)
            sample.add(pixels, number)
        if counter.n_pixels == 0:
            raise ValueError("source: expected at least one image, got none")
        return cls(counter.histogram(), sample.parts)


class RowSample:
    """Blocks of rows of many images, of at most `MOST_PIXELS` pixels in all.

    They are spread evenly over the images, in proportion to their pixels, and do not depend on the
    order in which images are added. Several threads may add to one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heap: list[tuple[Place, ByteArray]] = []  # what goes first is at the top
        self._n_pixels = 0
        self._last: Place = (-(2**32), 0, 0)  # from here on nothing is taken any more

    def add(self, pixels: ByteArray, number: int) -> None:
        """Add an image, uint8 (h, w, 3 or 4), by its number among all."""
        height, width = pixels.shape[:2]
        columns = _core.palette_places(BLOCK, width)[1]
        ranks = (np.arange(-(-height // BLOCK)) * STEPS[0] + number * STEPS[1] % 2**32) % 2**32
        with self._lock:
            for block in np.argsort(ranks).tolist():
                place = (-int(ranks[block]), -number, -block)
                if place <= self._last:
                    break
                rows = pixels[block * BLOCK : (block + 1) * BLOCK]
                rows = rows.copy() if len(columns) == width else rows[:, columns]
                heapq.heappush(self._heap, (place, rows))
                self._n_pixels += rows[..., 0].size
                while self._n_pixels > MOST_PIXELS:
                    self._last, gone = heapq.heappop(self._heap)
                    self._n_pixels -= gone[..., 0].size

    @property
    def parts(self) -> list[ByteArray]:
        """The rows, those of one width and number of channels as one image."""
        # Errors are diffused in whole blocks, so that lower ones go to the end.
        blocks = sorted(self._heap, key=lambda one: (len(one[1]) < BLOCK, -one[0][1], -one[0][2]))
        by_shape: dict[tuple[int, ...], list[ByteArray]] = {}
        for _, rows in blocks:
            by_shape.setdefault(rows.shape[1:], []).append(rows)
        return [np.concatenate(some) for _, some in sorted(by_shape.items())]
