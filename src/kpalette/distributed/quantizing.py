"""Quantization of an image in tiles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dask.array as da
import numpy as np

from kpalette import files
from kpalette.checks import check_flag, check_options, checked_k, checked_seed
from kpalette.choices import Dither, Effort, Space
from kpalette.color_lists import checked_fixed
from kpalette.colors import ByteArray, Colors
from kpalette.distributed import mapping, running
from kpalette.distributed.around import SPATIAL, palette_rows
from kpalette.distributed.counting import histogram_of
from kpalette.distributed.diffusing import FLOYD, band_chunks
from kpalette.distributed.mapping import Mapper
from kpalette.distributed.mosaics import Mosaic
from kpalette.distributed.sources import open_image
from kpalette.dither import Dithering
from kpalette.fit import FitOptions, Fitted, Fitter, psnr
from kpalette.histogram import ColorHistogram
from kpalette.looks import TileErrors
from kpalette.palette import Palette
from kpalette.record import replace
from kpalette.spatial import Mover, is_movable
from kpalette.threads import make_team
from kpalette.words import plural


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedArray:
    """An image in few colours, whose pixels are computed lazily.

    Attributes
    ----------
    palette : Palette
        Most frequent colour first. The counts are of the nearest entries, before dithering.
    mse : float or None
        Mean over pixels of the squared error, summed over R, G and B, in 8-bit sRGB, before
        dithering. None if the palette was given, because then nothing was counted.
    n_iter : int
        Iterations of k-means.
    n_distinct : int or None
        Distinct colours of the source; None if the palette was given.
    """

    palette: Palette
    mse: float | None
    n_iter: int
    n_distinct: int | None
    _mapper: Mapper
    _source: Mosaic
    _colors: ByteArray
    _scheduler: Any

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self._source.array.shape[:2]
        return int(height), int(width)

    @cached_property
    def indices(self) -> Any:
        """dask.array (h, w) of uint8 or uint16: each pixel's entry, with the source's chunks.

        Its graph has the tasks of all blocks; :meth:`save` makes those of a wave at a time.
        """
        return mapping.map_tiles(self._source, self._colors, self._mapper)

    @property
    def psnr(self) -> float | None:
        """Peak signal-to-noise ratio in decibels; infinite if the result is lossless."""
        return None if self.mse is None else psnr(self.mse)

    @property
    def rgb(self) -> Any:
        """dask.array (h, w, 3) of uint8. Alpha, if any, is in :attr:`rgba`."""
        return self._shown(self.palette.colors[:, :3])

    @property
    def rgba(self) -> Any:
        """dask.array (h, w, 4) of uint8."""
        return self._shown(files.with_alpha(self.palette.colors))

    def _shown(self, colors: ByteArray) -> Any:
        channels = colors.shape[1]
        return self.indices.map_blocks(
            _show,
            colors=np.ascontiguousarray(colors),
            new_axis=2,
            chunks=(*self.indices.chunks, (channels,)),
            dtype=np.uint8,
            meta=np.empty((0, 0, 0), np.uint8),
        )

    def tile_errors(self, *, progress: bool = False) -> TileErrors:
        """Return how the picture looks, dithered or not, and where it looks worst.

        Reads the source, and computes the indices, once more. For any tiles, this is what
        :func:`kpalette.metrics.looks` says of the whole.

        Parameters
        ----------
        progress : bool
            Whether to show Dask's own bar on stderr.

        Returns
        -------
        kpalette.looks.TileErrors

        Raises
        ------
        SchedulerLostError, TileError
            As :func:`quantize`.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import distributed
        >>> photo = np.arange(1024, dtype=np.uint16).reshape(32, 32) * 64
        >>> found = distributed.quantize(photo, 4, chunks=16).tile_errors()
        >>> round(found.looks), str(found.worst)
        (48, '16×16 at 16,16')
        """
        from kpalette.distributed import comparing

        check_flag("progress", progress)
        how = (self._mapper, self._scheduler, progress)
        return comparing.tile_errors(self._source, self._colors, *how)

    def save(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, progress: bool = False
    ) -> None:
        """Write the indexed image as a Zarr group or a TIFF, without holding it in memory.

        Workers write finished blocks to ``path.part``, a folder that they share with the client. At
        the end it becomes `path`, atomically. After a failure it stays, and the next `save` with
        the same source, palette and options computes only the blocks that are missing, or that a
        power cut has damaged. One call at a time writes to a path.

        Parameters
        ----------
        path : path
            A local path. The suffix selects the format:

            - ``.zarr``: a group of ``indices`` (h, w), one chunk per block; ``palette`` (k, 3) or
              (k, 4), uint8; and ``counts`` (k,), int64, of the indices. Attributes hold
              ``kpalette``'s version, ``k``, ``space``, ``dither`` and, undithered, ``mse``.
            - ``.tif`` or ``.tiff``: a tiled BigTIFF with a palette, compressed by deflate. The
              client writes it from the finished blocks.
        overwrite : bool
            Whether to replace an existing file or folder.
        progress : bool
            Whether to show Dask's own bar on stderr.

        Raises
        ------
        FileExistsError
            If `path` exists, or ``path.part`` exists and is not an unfinished result.
        LockedError
            If another call, here or anywhere, writes to the path now. An ``OSError``.
        OutputError
            If a file cannot be written; it names the file. An ``OSError``.
        SchedulerLostError, TileError
            As :func:`quantize`.
        ValueError
            If the suffix is another, `path` is a URL, or the palette has more than 256 colours or
            alpha, which a TIFF cannot hold.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> import zarr
        >>> from kpalette import distributed
        >>> q = distributed.quantize(np.array([[9, 200, 200]], np.uint8), 2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "few.zarr")
        ...     q.save(path)
        ...     zarr.open_group(path, mode="r")["indices"][:].tolist()
        [[1, 0, 0]]
        """
        from kpalette.distributed import saving

        check_flag("overwrite", overwrite)
        check_flag("progress", progress)
        saving.save(self, path, overwrite, progress)

    def __repr__(self) -> str:
        height, width = self.shape
        before = "" if self.n_distinct is None else f"{self.n_distinct} to "
        error = "" if self.mse is None else f", MSE {self.mse:.4g}"
        k = len(self.palette)
        return f"QuantizedArray({width}×{height}, {before}{k} {plural(k, 'colour')}{error})"


def quantize(
    source: Any,
    k: int = 256,
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    fixed: Colors | None = None,
    alpha: str = "keep",
    dither: Dither | None = None,
    dither_strength: float = 1.0,
    seed: int = 0,
    chunks: Any = None,
    missing: str = "error",
    checkpoint: str | os.PathLike[str] | None = None,
    scheduler: Any = None,
    progress: bool = False,
    palette: Palette | None = None,
) -> QuantizedArray:
    """Reduce an image in tiles to its k best colours.

    This call counts all pixels; they are mapped when the result's indices are computed or saved.
    For any tiles, palette and indices equal bit for bit those of :func:`kpalette.quantize` with the
    same arguments and the whole image as one array.

    Parameters
    ----------
    source : array, group, path or URL
        One image: see :func:`histogram`. Image files other than TIFF are one tile, read at once.
    k, space, effort, fixed, alpha, dither_strength, seed
        See :func:`kpalette.quantize`.
    dither : str, optional
        See :func:`kpalette.quantize`. With ``"floyd-steinberg"`` each row depends on the row above.
        So adjacent blocks are mapped as one band, and bands one after another: more workers are no
        faster. With ``"spatial"`` each block is mapped with a margin of 43 pixels; and to move the
        palette this call reads some tiles again, at most all of them.
    chunks, missing, checkpoint, scheduler, progress
        See :func:`histogram`. :meth:`QuantizedArray.save` uses the same scheduler.
    palette : Palette, optional
        The palette to map the image to, instead of fitting one. Then `k`, `effort`, `seed` and
        `checkpoint` are not used, and nothing is counted. If the source has an alpha channel that
        is kept, each pixel is mapped as :meth:`kpalette.Palette.remap` does in images with alpha.

    Returns
    -------
    QuantizedArray

    Raises
    ------
    CheckpointError, OSError, SchedulerLostError, TileError
        As :func:`histogram`.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, or the source is a collection.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> import kpalette
    >>> from kpalette import distributed
    >>> photo = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> q = distributed.quantize(da.from_array(photo, chunks=5), 4)
    >>> q
    QuantizedArray(16×16, 256 to 4 colours, MSE 1050)
    >>> q.indices.numblocks
    (4, 4)
    >>> whole = kpalette.quantize(photo, 4)
    >>> bool((q.indices == whole.indices).all())
    True
    """
    k, seed = checked_k(k), checked_seed(seed)
    check_options(space, effort)
    dithering = Dithering(dither, dither_strength, space)
    fixed_colors = checked_fixed(fixed, k, alpha)
    files.apply_alpha(np.zeros((1, 1, 3), np.uint8), alpha)  # checks alpha
    running.check_scheduler(scheduler)
    check_flag("progress", progress)
    if palette is not None:
        if not isinstance(palette, Palette):
            raise TypeError(f"palette: expected a Palette or None, got {type(palette).__name__}")
        if len(fixed_colors):
            raise ValueError(
                f"fixed: expected no colours with a given palette, got {len(fixed_colors)}"
            )
    mosaic = open_image(source, chunks, missing)
    by_size = chunks is None or isinstance(chunks, str)
    if dither == FLOYD and by_size and not isinstance(source, da.Array):
        mosaic = open_image(source, band_chunks(mosaic), missing)
    if palette is not None:
        colors = palette.colors
        if mosaic.array.shape[2:] == (4,) and not alpha.startswith("flatten"):
            colors = files.with_alpha(colors)
        mapper = Mapper(alpha, dithering, False)
        return QuantizedArray(palette, None, 0, None, mapper, mosaic, colors, scheduler)
    histogram = histogram_of(mosaic, alpha, missing, checkpoint, scheduler, progress)
    if fixed_colors.shape[1] == 4 or histogram.channels == 4:
        fixed_colors, histogram = files.with_alpha(fixed_colors), histogram.with_alpha()
    options = FitOptions(effort, seed, fixed_colors, mixing=dithering.is_on)
    team = make_team(None)
    fitter = Fitter(histogram, space, team)
    fitted = fitter.fit(k, options)
    if dithering.name == SPATIAL and dithering.is_on and is_movable(fitted, options):
        where = (fitted.palette.colors.shape[1], scheduler, progress)
        rows = palette_rows(mosaic, Mapper(alpha, dithering, False), *where)
        mover = Mover([rows], None, dithering.strength)
        fitted = mover.moved(fitted, histogram, options, fitter, team)
    mapper = _mapper(fitted, histogram, alpha, dithering)
    return QuantizedArray(
        fitted.palette,
        fitted.mse,
        fitted.n_iter,
        len(histogram),
        mapper,
        mosaic,
        fitted.palette.colors,
        scheduler,
    )


def _mapper(
    fitted: Fitted,
    histogram: ColorHistogram,
    alpha: str,
    dithering: Dithering,
) -> Mapper:
    """Return a mapper of tiles that equals :func:`kpalette.quantize` of the whole image."""
    # If every colour has its own entry, look it up rather than compare distances: two almost
    # transparent colours can share one point of the space.
    is_few = len(histogram) <= len(fitted)  # or they cannot be equal, and many take memory
    exact = is_few and np.array_equal(fitted.palette.colors[fitted.labels], histogram.colors)
    return Mapper(alpha, dithering if fitted.mse > 0 else replace(dithering, name=None), exact)


def _show(indices: np.ndarray[Any, Any], colors: ByteArray) -> ByteArray:
    return np.take(colors, indices, axis=0)
