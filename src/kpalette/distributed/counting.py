"""Counting: one histogram per tile, and the sum of all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from dask.base import tokenize
from dask.task_spec import Task, TaskRef

from kpalette import files
from kpalette.checks import check_flag
from kpalette.colors import ByteArray
from kpalette.distributed import checkpoints, photos, running, tasks
from kpalette.distributed.checkpoints import Checkpoint, Damaged
from kpalette.distributed.mosaics import Mosaic
from kpalette.distributed.photos import Photos
from kpalette.distributed.runs import Images, Part, Run
from kpalette.distributed.sources import open_source
from kpalette.distributed.tasks import Key, Tasks
from kpalette.distributed.totals import Total
from kpalette.histogram import ColorHistogram, PairwiseSum


def histogram(
    source: Any,
    *,
    alpha: str = "keep",
    chunks: Any = None,
    missing: str = "error",
    checkpoint: str | os.PathLike[str] | None = None,
    scheduler: Any = None,
    progress: bool = False,
) -> ColorHistogram:
    """Count the colours of an image in tiles, or of a collection of photos.

    The result equals :meth:`kpalette.ColorHistogram.from_image` of the whole image exactly, for any
    tiles, in any order and on any number of workers. :func:`kpalette.extract_palette` takes it.

    Parameters
    ----------
    source : array, group, path, URL, or a collection of these
        One image:

        - a ``dask.array``, a NumPy or Zarr array (h, w), (h, w, 3) or (h, w, 4) of dtype uint8,
          bool, uint16 (0 to 65535) or float (0 to 1);
        - a Zarr group, or a path or URL of one that ends in ``.zarr``: the first array that
          OME-Zarr's ``multiscales`` names, or else the only array;
        - a path of a TIFF or OME-TIFF, tiled or stripped: the first series in full resolution.
          Colour profile and orientation are ignored;
        - a path or URL of any image that :func:`kpalette.quantize` takes.

        A collection of photos of any sizes and formats: an iterable of paths and URLs that
        ``fsspec`` opens; a folder, searched recursively, or a pattern such as
        ``"s3://bucket/**/*.jpg"``; a ``dask.bag`` of paths, URLs or arrays.
    alpha : str, default "keep"
        ``"keep"`` keeps transparency; ``"flatten:#ffffff"`` lays the image over that colour.
    chunks : int, tuple or str, optional
        The size of tiles, as Dask takes it: pixels, or bytes as in ``"64MiB"``. By default the
        chunks of a ``dask.array``, and about 16 megapixels for all others. A size that is not given
        in pixels is aligned with the stored chunks.
    missing : {"error", "fill"}
        What to do if a Zarr array or a TIFF lacks chunks: raise an error, or use its fill value.
    checkpoint : path, optional
        A folder that the client and all workers share. The histogram of each task's tiles is
        written there, and a run with the same source reads it instead of them. Arrays in memory are
        compared by value, a ``dask.array`` by name, and files by size and modification time. For
        Zarr, only the metadata's time is compared: changed chunks go unnoticed.
    scheduler : str or Client, optional
        ``"threads"``, ``"processes"`` or ``"synchronous"`` on this machine, the address of a Dask
        scheduler such as ``"tcp://localhost:8786"``, or a ``distributed.Client``. By default Dask's
        own choice: an active ``Client``, the configured scheduler, or threads.
    progress : bool, default False
        Whether to show Dask's own bar on stderr.

    Returns
    -------
    ColorHistogram
        With three channels if all pixels are opaque, otherwise with four.

    Raises
    ------
    CheckpointError
        If the checkpoint belongs to another source; a ``ValueError``.
    LockedError
        If another run counts into the checkpoint; an ``OSError``.
    OSError
        If a path does not exist, or a checkpoint cannot be written (an `OutputError`, which names
        the file).
    SchedulerLostError
        If no scheduler answers at the address, the connection is lost, or a cluster has no worker
        for 5 minutes (`NoWorkersError`; a `WaitingWarning` says so at once); a ``RuntimeError``.
    TileError
        If a tile or photo cannot be read, has values out of range, or kills its workers; a
        ``RuntimeError`` that names the tile or photo.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, or there is nothing to count.

    Notes
    -----
    One task with one thread reads and counts a tile; or up to eight, one after another, if there
    are many. It holds a tile and a table of 2**24 colours. Threads of this process add to one
    table; other processes exchange distinct colours with their counts, 11 bytes each, eight
    histograms at a time. Tasks are submitted in waves of 4,096 tiles: the client's memory does not
    grow with their number.

    Examples
    --------
    >>> import dask.array as da
    >>> import kpalette
    >>> from kpalette import distributed
    >>> mosaic = da.zeros((5000, 4000, 3), dtype="uint8", chunks=(1000, 1000, 3))
    >>> histogram = distributed.histogram(mosaic)
    >>> histogram.n_pixels, histogram.colors.tolist()
    (20000000, [[0, 0, 0]])
    >>> kpalette.extract_palette(histogram, 8).hex
    ['#000000']
    """
    running.check_scheduler(scheduler)
    check_flag("progress", progress)
    files.apply_alpha(np.zeros((1, 1, 3), np.uint8), alpha)  # checks alpha
    found = open_source(source, chunks, missing)
    return histogram_of(found, alpha, missing, checkpoint, scheduler, progress)


def histogram_of(
    source: Mosaic | Photos | Any,
    alpha: str,
    missing: str,
    checkpoint: Any,
    scheduler: Any,
    progress: bool,
) -> ColorHistogram:
    """Count the colours of a source that :func:`open_source` opened."""
    if checkpoint is None:
        return _total(source, Counter(alpha, None), scheduler, progress)
    with Checkpoint.open(checkpoint, _fingerprint(source), alpha, missing) as partials:
        return _total(source, Counter(alpha, partials), scheduler, progress)


def _total(source: Any, counter: Counter, scheduler: Any, progress: bool) -> ColorHistogram:
    """Count all tiles or photos; those again whose partial histograms are damaged."""
    while True:
        waves = _counting(source, counter)
        if running.is_in_threads(scheduler):
            together = Total()
            fold = partial(_add_to, together, counter) if counter.checkpoint else together.add_all
            running.run(waves, _nothing, scheduler, progress, fold=fold)
            total = together.result()
        else:
            total = running.run(waves, _add, scheduler, progress, fold=counter.count_all)
        if not isinstance(total, Damaged):
            break
        for path in total.paths:
            os.unlink(path)
    if total is None:
        raise ValueError("source: expected at least one image, got an empty bag")
    found: ColorHistogram = total
    return found


@dataclass(frozen=True)
class Counter:
    """Counts the pixels of tiles, and writes the histograms to the checkpoint, if there is one."""

    alpha: str
    checkpoint: Checkpoint | None

    def of_block(self, block: Any, number: int) -> Images:
        """Take a block of an array."""
        return self._images(number, [files.tile_pixels(np.asarray(block))])

    def of_photo(self, path: str, number: int) -> Images:
        """Read a photo."""
        return self._images(number, [photos.read(path)])

    def of_partition(self, items: Any, number: int) -> Images:
        """Read the photos of a bag's partition."""
        return self._images(number, map(photos.read, items))

    def _images(self, number: int, images: Iterable[ByteArray]) -> Images:
        return Images(number, (files.apply_alpha(pixels, self.alpha) for pixels in images))

    def counted(self, parts: Iterable[Part]) -> Iterator[ColorHistogram | Damaged]:
        """Yield histograms of tiles or photos, which come one by one.

        Those that follow each other are counted together, and are one file of the checkpoint.
        """
        run = Run(0)
        for part in parts:
            if not isinstance(part, Images):
                yield part
                continue
            if run.is_full or (self.checkpoint and part.number != run.after):
                yield from self._ended(run)
                run = Run(part.number)
            run.count(part)
        yield from self._ended(run)

    def _ended(self, run: Run) -> Iterator[ColorHistogram]:
        """Yield the histogram of a run that has images, once the checkpoint, if any, has it."""
        histogram = run.total()
        if histogram is not None:
            if self.checkpoint is not None:
                path = self.checkpoint.path(run.first, run.after - run.first)
                checkpoints.save(histogram, path)
            yield histogram

    def count_all(self, parts: Iterable[Part]) -> ColorHistogram | Damaged | None:
        """Return the histogram of tiles or photos as they come; None if there are none."""
        return _add(self.counted(parts))


def _counting(source: Mosaic | Photos | Any, counter: Counter) -> Iterator[Tasks]:
    """Yield tasks for each tile or photo: they read it, or a file of the checkpoint."""
    token = f"count-{tokenize(_identity(source), counter)}"
    func: Callable[..., Any]
    parts: Iterable[tuple[str, Any]]  # of each result: its name, its pixels
    if isinstance(source, Photos):
        array, func = None, counter.of_photo
        n, parts = len(source.paths), zip(source.paths, source.paths, strict=True)
    elif isinstance(source, Mosaic):
        array, func, grid = source.array, counter.of_block, source.grid
        n, parts = len(grid), ((grid.name(at), source.block(at)) for at in grid.places())
    else:
        array, func, n = source, counter.of_partition, source.npartitions
        keys = enumerate(source.__dask_keys__())
        parts = ((f"bag, partition {i}", TaskRef(key)) for i, key in keys)
    held = counter.checkpoint.held(n) if counter.checkpoint else bytes(n)
    for wave in tasks.in_waves(_not_covered(parts, held)):
        results: dict[Key, Any] = {}
        names: dict[Key, str] = {}
        for number, where, pixels in wave:
            key: Key = (token, number)
            if counter.checkpoint and held[number]:
                key = (f"load-{token}", number)
                path = counter.checkpoint.path(number, held[number])
                results[key] = Task(key, checkpoints.load, path)
            else:
                results[key] = Task(key, func, pixels, number)
            names[key] = where
        yield tasks.needing(array, results, names)


def _not_covered(
    parts: Iterable[tuple[str, Any]], held: Sequence[int]
) -> Iterator[tuple[int, str, Any]]:
    """Yield tiles with their numbers, but for those that are in the file of one before."""
    after = 0
    for number, (where, pixels) in enumerate(parts):
        if number >= after:
            after = number + max(1, held[number])
            yield number, where, pixels


def _identity(source: Mosaic | Photos | Any) -> Any:
    """Return what distinguishes the source from others in Dask's task keys."""
    if isinstance(source, Photos):
        return source.paths
    return source.array.name if isinstance(source, Mosaic) else source.name


def _fingerprint(source: Mosaic | Photos | Any) -> dict[str, Any]:
    if isinstance(source, Mosaic):
        return source.fingerprint
    if isinstance(source, Photos):
        return source.fingerprint()
    return {"bag": source.name, "partitions": source.npartitions}


def _add(parts: Iterable[ColorHistogram | Damaged | None]) -> ColorHistogram | Damaged | None:
    """Add histograms in the order in which they come."""
    total = PairwiseSum()
    damaged: list[str] = []
    for part in parts:
        if isinstance(part, Damaged):
            damaged += part.paths
        elif part is not None:
            total.add(part)
    if damaged:
        return Damaged(tuple(damaged))
    return None if total.empty else total.total()


def _add_to(total: Total, counter: Counter, parts: Iterable[Part]) -> None:
    """Add what is in the checkpoint."""
    total.add_all(counter.counted(parts))


def _nothing(_: list[None]) -> None:
    """Merge nothing, where the results are added up already."""
