"""Colour histograms: an image, or many counted in parts, as distinct colours with counts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kpalette import _core, files
from kpalette.colors import check_total, checked_colors, checked_counts, frozen
from kpalette.threads import make_team
from kpalette.words import plural

if TYPE_CHECKING:
    from kpalette.colors import ByteArray, CountArray
    from kpalette.files import ImageSource

#: The most distinct colours with alpha that are counted: this bounds memory.
MAX_RGBA = 2**25


@dataclass(frozen=True, eq=False, repr=False)
class ColorHistogram:
    """Distinct colours and how many pixels have each.

    k-means on pixels equals k-means on their distinct colours, weighted by these counts. Counts add
    up exactly, in any order. So the histogram of a folder, an animation or a mosaic is the sum of
    its parts' histograms.

    Parameters
    ----------
    colors : uint8 array (n, 3) or (n, 4)
        R, G, B and optionally alpha, in 8-bit sRGB, in any order. The counts of repeated colours
        are added.
    counts : integer array (n,)
        Pixels of each colour, at least 0. Colours with a count of 0 are omitted.

    Attributes
    ----------
    colors : uint8 array (n, 3) or (n, 4)
        Distinct, in Morton order, so that neighbours are similar.
    counts : int64 array (n,)
        Each at least 1.

    Raises
    ------
    TypeError
        If an array has another dtype.
    ValueError
        If an array has another shape, a count is negative, or no count is positive.
    OverflowError
        If the sum of the counts is more than 2**63 - 1.

    Notes
    -----
    Colours with an alpha of 0 look the same: they are counted as one, (0, 0, 0, 0).

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import ColorHistogram
    >>> tile = np.zeros((2, 3, 3), np.uint8)
    >>> tile[0, 0] = 255
    >>> histogram = ColorHistogram.from_image(tile)
    >>> histogram.colors.tolist(), histogram.counts.tolist()
    ([[0, 0, 0], [255, 255, 255]], [5, 1])
    >>> (histogram + histogram).counts.tolist()
    [10, 2]
    """

    colors: ByteArray
    counts: CountArray

    def __post_init__(self) -> None:
        colors = checked_colors(self.colors)
        self._set(*_core.collect(colors, checked_counts(self.counts, len(colors))))
        if len(self) == 0:
            raise ValueError("counts: expected at least one colour with a positive count, got none")

    @classmethod
    def from_image(
        cls,
        source: ImageSource | files.Frames,
        *,
        allow_truncated: bool = False,
        threads: int | None = None,
    ) -> ColorHistogram:
        """Count the colours of an image.

        Parameters
        ----------
        source : path, file object, Pillow image or array
            See :func:`kpalette.quantize`. Of a film, or of what :func:`kpalette.clip` returns, all
            frames are counted; of an animated GIF, PNG or WebP by itself, the first.
        allow_truncated : bool, default False
            See :func:`kpalette.quantize`.
        threads : int, optional
            All cores by default. The result does not depend on it.

        Returns
        -------
        ColorHistogram
            With three channels if all pixels are opaque, otherwise with four.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import ColorHistogram
        >>> len(ColorHistogram.from_image(np.eye(4, dtype=np.uint8)))
        2
        """
        if isinstance(source, files.Frames) or files.is_film(source):
            return cls.from_images([source], threads=threads)
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        return cls.from_pixels(pixels, make_team(threads))

    @classmethod
    def from_images(
        cls,
        sources: Iterable[ImageSource | files.Frames | ColorHistogram],
        *,
        threads: int | None = None,
    ) -> ColorHistogram:
        """Count the colours of many images: the tiles of one, the frames of a film, files.

        An iterator is consumed one image at a time, so that memory holds only one.

        Parameters
        ----------
        sources : iterable
            Sources that :meth:`from_image` takes, or histograms. An array (n, h, w, 3 or 4) is n
            images.
        threads : int, optional
            All cores by default. The result does not depend on it.

        Returns
        -------
        ColorHistogram
            The sum of all. It is made by :class:`kpalette.ColorCounter`, whose limits apply.

        Raises
        ------
        TypeError
            If `sources` is one image rather than many.
        ValueError
            If there is no image.
        OSError, OverflowError
            As :meth:`kpalette.ColorCounter.update`.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import ColorHistogram
        >>> frames = (np.full((2, 2), shade, np.uint8) for shade in (0, 255, 0))
        >>> ColorHistogram.from_images(frames).counts.tolist()
        [8, 4]
        """
        if isinstance(sources, (str, bytes, os.PathLike)) or not isinstance(sources, Iterable):
            raise TypeError(f"sources: expected images, got {type(sources).__name__}")
        if isinstance(sources, np.ndarray) and sources.ndim < 4:
            raise TypeError(
                "sources: expected images, or an array of shape (n, h, w, 3) or (n, h, w, 4), "
                f"got an array of shape {sources.shape}"
            )
        counter = ColorCounter(threads=threads)
        for source in sources:
            counter.update(source)
        if counter.n_pixels == 0:
            raise ValueError("sources: expected at least one image, got none")
        return counter.histogram()

    @classmethod
    def from_pixels(cls, pixels: ByteArray, team: _core.Team) -> Self:
        """Count uint8 pixels (..., 3 or 4) that :func:`kpalette.files.as_pixels` has checked."""
        colors, counts = _core.count_colors(pixels.reshape(-1, pixels.shape[-1]), team)
        return cls.from_core(np.asarray(colors), np.frombuffer(counts, np.int64))

    @classmethod
    def from_core(cls, colors: ByteArray, counts: CountArray) -> Self:
        """Wrap arrays from the core, which need no checks."""
        histogram = cls.__new__(cls)
        histogram._set(colors, counts)
        return histogram

    def _set(self, colors: ByteArray, counts: CountArray) -> None:
        object.__setattr__(self, "colors", frozen(colors))
        object.__setattr__(self, "counts", frozen(counts))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).from_core, (self.colors, self.counts))

    @property
    def channels(self) -> int:
        """The number of channels: 3, or 4 with alpha."""
        return int(self.colors.shape[1])

    @property
    def n_pixels(self) -> int:
        """The number of counted pixels."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        """Return the number of distinct colours."""
        return len(self.counts)

    def __repr__(self) -> str:
        kind = "RGB" if self.channels == 3 else "RGBA"
        k, n = len(self), self.n_pixels
        return f"ColorHistogram({k} {kind} {plural(k, 'colour')}, {n} {plural(n, 'pixel')})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ColorHistogram):
            return NotImplemented
        return np.array_equal(self.colors, other.colors) and np.array_equal(
            self.counts, other.counts
        )

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: object) -> ColorHistogram:
        """Return the histogram of the pixels of both."""
        if not isinstance(other, ColorHistogram):
            return NotImplemented
        a, b = self, other
        if a.channels != b.channels:
            a, b = a.with_alpha(), b.with_alpha()
        total = self.from_core(*_core.merge(a.colors, a.counts, b.colors, b.counts))
        check_total(total.counts)
        return total

    def __radd__(self, other: object) -> ColorHistogram:
        """Return the histogram itself for ``0 + histogram``, with which ``sum`` starts."""
        return self if other == 0 else NotImplemented

    def find(self, pixels: ByteArray, team: _core.Team) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Return the index of each pixel's colour, for uint8 pixels (n, channels).

        The histogram must hold all their colours.
        """
        which = np.empty(len(pixels), np.int32)
        _core.remap(pixels, self.colors, np.arange(len(self), dtype=np.int32), which, team)
        return which

    def with_alpha(self) -> ColorHistogram:
        """Return the same colours with four channels, opaque if they have three."""
        if self.channels == 4:
            return self
        return ColorHistogram(files.with_alpha(self.colors), self.counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the histogram to a compressed NumPy archive, atomically.

        A colour takes one or two bytes: its distance along the Morton curve from the colour before,
        and its count.

        Parameters
        ----------
        path : path
            A file of any name. An existing file is replaced.

        Raises
        ------
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import numpy as np, pathlib, tempfile
        >>> from kpalette import ColorHistogram
        >>> histogram = ColorHistogram.from_image(np.eye(4, dtype=np.uint8))
        >>> path = pathlib.Path(tempfile.mkdtemp(), "eye.histogram")
        >>> histogram.save(path)
        >>> ColorHistogram.load(path) == histogram
        True
        """
        from kpalette import histogram_files  # with zipfile, which a small run does without

        histogram_files.write(self.colors, self.counts, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a histogram that :meth:`save` wrote.

        Parameters
        ----------
        path : path

        Returns
        -------
        ColorHistogram

        Raises
        ------
        OSError
            If the file cannot be opened.
        ValueError
            If the file is not a histogram, damaged, or of another version.
        """
        from kpalette import histogram_files

        with histogram_files.opened(path) as archive:
            return cls(*histogram_files.read(archive))


@dataclass(frozen=True, eq=False)
class Counted:
    """An image's pixels, uint8 (h, w, 3 or 4), with the histogram of their colours."""

    pixels: ByteArray
    histogram: ColorHistogram

    @property
    def flat(self) -> ByteArray:
        """The pixels as uint8 (h w, 3 or 4)."""
        return self.pixels.reshape(-1, self.pixels.shape[2])

    @property
    def colors(self) -> ByteArray:
        """The histogram's colours."""
        return self.histogram.colors

    @classmethod
    def of(cls, pixels: ByteArray, team: _core.Team) -> Self:
        """Count the colours of pixels that :func:`kpalette.files.as_pixels` has checked."""
        return cls(pixels, ColorHistogram.from_pixels(pixels, team))


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
        import threading

        self._team = make_team(threads)
        self._rgb = _core.Counter()
        self._rgba = PairwiseSum()
        self._n_pixels = 0
        self._lock = threading.Lock()  # a team serves one caller at a time

    def update(self, source: ImageSource | files.Frames | ColorHistogram) -> None:
        """Count another image, the frames of a film or a clip, or add a histogram.

        Parameters
        ----------
        source : path, binary file object, Pillow image, array or ColorHistogram
            See :func:`kpalette.quantize` and :meth:`ColorHistogram.from_image`.

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
        for pixels in files.walk_pixels(source):
            self._count(pixels)

    def _count(self, pixels: ByteArray) -> None:
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
