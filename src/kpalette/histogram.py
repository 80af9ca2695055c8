"""Colour histograms: an image, or many, as distinct colours with counts."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kpalette import _core, files
from kpalette.colors import check_total, checked_colors, checked_counts, frozen

if TYPE_CHECKING:
    import zipfile

    from kpalette.colors import ByteArray, CountArray
    from kpalette.files import ImageSource

FORMAT_VERSION = 2
MAX_THREADS = 256


def make_team(threads: int | None) -> _core.Team:
    """Return a team of `threads` threads, by default as many as the process may use."""
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        threads = min(threads or os.cpu_count() or 1, MAX_THREADS)
    elif isinstance(threads, bool) or not isinstance(threads, (int, np.integer)):
        raise TypeError(f"threads: expected an integer or None, got {threads!r}")
    elif not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads: expected 1 to {MAX_THREADS}, got {threads}")
    return _core.Team(int(threads))


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
        cls, source: ImageSource, *, allow_truncated: bool = False, threads: int | None = None
    ) -> Self:
        """Count the colours of an image.

        Parameters
        ----------
        source : path, file object, Pillow image or array
            See :func:`kpalette.quantize`.
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
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        return cls.from_pixels(pixels, make_team(threads))

    @classmethod
    def from_images(
        cls, sources: Iterable[ImageSource | ColorHistogram], *, threads: int | None = None
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
        from kpalette.counter import ColorCounter

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
        return cls.from_core(*_core.count_colors(pixels.reshape(-1, pixels.shape[-1]), team))

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
        return f"ColorHistogram({len(self)} {kind} colours, {self.n_pixels} pixels)"

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
        steps = np.diff(_core.to_codes(self.colors), prepend=np.uint32(0))
        import zipfile

        parts = {
            "version": np.array(FORMAT_VERSION),
            "channels": np.array(self.channels),
            "steps": _to_planes(steps),
            "counts": _to_planes(self.counts),
        }
        # Like np.savez_compressed, but at a level that takes a quarter of the time.
        options: Any = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
        with files.replacing(path) as file, zipfile.ZipFile(file, "w", **options) as archive:
            for name, part in parts.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, part, allow_pickle=False)

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
        import zipfile

        with open(files.checked_path(path), "rb") as file:
            try:
                if file.read(2) != b"PK":
                    raise ValueError("expected a NumPy archive")
                with zipfile.ZipFile(file) as archive:
                    return cls._from_archive(archive)
            except MemoryError:
                raise
            except Exception as error:
                # Damaged files raise any of a dozen exceptions of zipfile, zlib and NumPy.
                raise ValueError(f"{os.fspath(path)!r} is not a histogram: {error}") from error

    @classmethod
    def _from_archive(cls, archive: zipfile.ZipFile) -> Self:
        version = int(_member(archive, "version"))
        if version != FORMAT_VERSION:
            raise ValueError(
                f"expected format version {FORMAT_VERSION}, which this kpalette reads, "
                f"got {version}"
            )
        channels = int(_member(archive, "channels"))
        if channels not in (3, 4):
            raise ValueError(f"expected 3 or 4 channels, got {channels}")
        most = 2 ** (8 * channels)  # colours
        steps = _from_planes(_member(archive, "steps", 4 * most), 4)
        codes = np.cumsum(steps, dtype=np.uint64)
        counts = _from_planes(_member(archive, "counts", 8 * most), 8).view(np.int64)
        if codes.max(initial=0) >= most:
            raise ValueError("expected colours of 8 bits per channel")
        return cls(_core.from_codes(codes.astype(np.uint32), channels), counts)


def _member(archive: zipfile.ZipFile, name: str, most: int = 8) -> np.ndarray[Any, Any]:
    """Read an array of at most `most` bytes.

    NumPy's own reader allocates as much memory as the header asks for.
    """
    with archive.open(f"{name}.npy") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about headers that other programs wrote
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{name}: expected an array in format 1.0 of NumPy")
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or size > most:
            raise ValueError(f"{name}: expected at most {most} bytes, got {shape} of {dtype}")
        data = file.read(size + 1)  # up to the end, so that zipfile compares the checksum
        if len(data) != size:
            raise ValueError(f"{name}: expected {size} bytes, got {len(data)} or more")
    return np.ndarray(shape, dtype, data, order="F" if by_columns else "C")


def _to_planes(values: np.ndarray[Any, Any]) -> ByteArray:
    """Return the lowest bytes of all values, then the next ones: that compresses better."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return little.view(np.uint8).reshape(len(values), -1).T


def _from_planes(planes: ByteArray, size: int) -> np.ndarray[Any, Any]:
    """Return the values, of `size` bytes each, from their planes of bytes."""
    if planes.dtype != np.uint8 or planes.ndim != 2 or len(planes) != size:
        raise ValueError(f"expected uint8 planes ({size}, n), got {planes.dtype} {planes.shape}")
    return np.ascontiguousarray(planes.T).view(f"<u{size}").reshape(-1)
