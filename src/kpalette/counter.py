"""Counting in parts: the tiles of a mosaic, the frames of a film, many files."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from kpalette import _core, files
from kpalette.colors import check_total
from kpalette.histogram import ColorHistogram, make_team

if TYPE_CHECKING:
    from kpalette.files import ImageSource

#: The most distinct colours with alpha that are counted: this bounds memory.
MAX_RGBA = 2**25


class ColorCounter:
    """Counts the colours of images, one after another.

    The time to add an image depends on its pixels alone, however many came before. Memory is
    bounded: 16 MB per thread and 128 MB for the 2**24 colours without alpha; colours with alpha are
    limited to 2**25, which take about 1.2 GB. Several threads may add to one counter: they decode
    in parallel, and count in turn.

    Parameters
    ----------
    threads : int, optional
        All cores by default. The result does not depend on it.

    Notes
    -----
    Counts are exact 64-bit integers. Images are converted to 8-bit sRGB first, by the rules of
    :func:`kpalette.quantize`, which are the same for parts and for whole images.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> counter = kpalette.ColorCounter()
    >>> for shade in (0, 255, 0):
    ...     counter.update(np.full((4, 4), shade, np.uint8))
    >>> counter.histogram().counts.tolist()
    [32, 16]
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self._team = make_team(threads)
        self._rgb = _core.Counter()
        self._rgba = PairwiseSum()
        self._n_pixels = 0
        self._lock = threading.Lock()  # a team serves one caller at a time

    def update(self, source: ImageSource | ColorHistogram) -> None:
        """Count another image, or add a histogram.

        Parameters
        ----------
        source : path, binary file object, Pillow image, array or ColorHistogram
            See :func:`kpalette.quantize`.

        Raises
        ------
        OSError, TypeError, ValueError
            As :func:`kpalette.quantize`; earlier counts are kept.
        OverflowError
            If there are more than 2**63 - 1 pixels, or more than 2**25 distinct colours with alpha.
        """
        if isinstance(source, ColorHistogram):
            with self._lock:
                self._add(source)
            return
        pixels = files.as_pixels(source)
        with self._lock:
            if pixels.shape[2] == 4:
                self._add(ColorHistogram.from_pixels(pixels, self._team))
            else:
                flat = pixels.reshape(-1, 3)
                self._grow(len(flat))
                self._rgb.add(flat, self._team)

    def _add(self, source: ColorHistogram) -> None:
        if source.channels == 4:
            self._rgba.add(source, MAX_RGBA)
            self._grow(source.n_pixels)
        else:
            self._grow(source.n_pixels)
            self._rgb.add_counts(source.colors, source.counts)

    def _grow(self, more: int) -> None:
        check_total(np.array([self._n_pixels, more]))
        self._n_pixels += more

    @property
    def n_pixels(self) -> int:
        """The number of counted pixels."""
        return self._n_pixels

    def histogram(self) -> ColorHistogram:
        """Return the histogram of all images so far; more can be added afterwards.

        Returns
        -------
        ColorHistogram
            With three channels if all pixels were opaque, otherwise with four.

        Raises
        ------
        ValueError
            If no image was counted.
        """
        if self._n_pixels == 0:
            raise ValueError("histogram: expected at least one image, got none")
        with self._lock:
            parts = [] if self._rgba.empty else [self._rgba.total()]
            colors, counts = self._rgb.total(self._team)
        if len(counts):
            parts.append(ColorHistogram.from_core(colors, counts))
        return sum(parts[1:], start=parts[0])


class PairwiseSum:
    """Adds histograms in pairs, then pairs of pairs and so on, so that few additions are large."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, ColorHistogram]] = []

    @property
    def empty(self) -> bool:
        """Whether nothing was added."""
        return not self._parts

    def add(self, histogram: ColorHistogram, most: int | None = None) -> None:
        """Add a histogram; raise OverflowError if a sum has more than `most` colours."""
        parts = self._parts.copy()
        rank = 0
        while parts and parts[-1][0] == rank:
            histogram = parts.pop()[1] + histogram
            rank += 1
        if most is not None and len(histogram) > most:
            raise OverflowError(
                f"source: expected at most {most:,} distinct colours with alpha, got more; "
                "lay the images over a colour to count them without alpha"
            )
        self._parts = [*parts, (rank, histogram)]

    def total(self) -> ColorHistogram:
        """Return the sum of one or more histograms."""
        return sum((histogram for _, histogram in self._parts[1:]), start=self._parts[0][1])
