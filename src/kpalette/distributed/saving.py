"""Writing indices block by block, so that an interrupted run can resume."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.task_spec import DataNode, Task, TaskRef

import kpalette
from kpalette import files
from kpalette.distributed import blocks, diffusing, locks, running, tasks, tiffout
from kpalette.distributed.blocks import DONE, GROUP, BlockWriter, Counts, find_done
from kpalette.distributed.errors import writing
from kpalette.distributed.mapping import Block
from kpalette.distributed.mosaics import Grid
from kpalette.distributed.tasks import Key, Tasks
from kpalette.distributed.windows import PARTS, Windows, squares
from kpalette.files import durable
from kpalette.files.atomic import sync_folder
from kpalette.remap import index_dtype
from kpalette.urls import is_url

if TYPE_CHECKING:
    from kpalette.distributed.quantizing import QuantizedArray

ENDINGS = (".zarr", ".tif", ".tiff")

# The folder of an unfinished result holds its lock, and this record of what it is. All else is in
# a folder whose name tells one record from another: workers of a run whose client was killed go on
# for a while, and must not write into the next run's result.
RECORD = "run.json"
# In there are the group, the marks of its blocks, the states of error diffusion, and at the end
# the file that the result replaces.
CARRIED = "carried"
REPLACED = "replaced"


def save(q: QuantizedArray, path: Any, overwrite: bool, progress: bool) -> None:
    """Write a result: see :meth:`QuantizedArray.save`."""
    target = Path(os.path.abspath(_checked(q, path)))
    _check_new(target, overwrite)
    part = target.with_name(f"{target.name}.part")
    _check_ours(part)
    with locks.locked(part):
        _restore(part, target)
        _check_new(target, overwrite)
        chunks = _regular(q._source.array.chunks[:2])
        work = _prepare(q, chunks, part)
        grid = Grid.of(q._source.name, da.core.normalize_chunks(chunks, q.shape))
        counts = _write_blocks(q, grid, work, progress)
        group = work / GROUP
        if target.suffix.lower() == ".zarr":
            with writing(os.fspath(group)):
                _write_counts(group, counts)
            _put_in_place(group, target, part / REPLACED, overwrite)
        else:
            tiffout.write(group, q.palette, target, overwrite)
        locks.remove(part)


def _put_in_place(group: Path, target: Path, replaced: Path, overwrite: bool) -> None:
    """Rename a finished group to the target, and what was there to `replaced`."""
    with writing(os.fspath(target)):
        if os.path.lexists(target):
            _check_new(target, overwrite)  # another process has made it since
            os.rename(target, replaced)
            sync_folder(replaced.parent)
            sync_folder(target.parent)
        os.rename(group, target)
        sync_folder(target.parent)


def _restore(part: Path, target: Path) -> None:
    """Put back what a run that ended between two renames has taken away."""
    replaced = part / REPLACED
    if not os.path.lexists(replaced):
        return
    if os.path.lexists(target):
        shutil.rmtree(replaced, ignore_errors=True)
        return
    with writing(os.fspath(target)):
        os.rename(replaced, target)
        sync_folder(target.parent)


def _check_new(target: Path, overwrite: bool) -> None:
    """Raise FileExistsError if there is something that must stay."""
    if os.path.lexists(target) and not overwrite:
        raise _exists(target)


def _check_ours(part: Path) -> None:
    """Raise FileExistsError if there is a file or folder that is not an unfinished result."""
    try:
        names = os.listdir(part)
    except FileNotFoundError:
        if not os.path.lexists(part):
            return
        names = [part.name]
    except OSError:
        names = [part.name]
    others = [name for name in names if name != locks.LOCK and not durable.is_temporary(name)]
    if others and RECORD not in names:
        raise _exists(part, "Not an unfinished result")


def _exists(path: Path, what: str | None = None) -> FileExistsError:
    return FileExistsError(errno.EEXIST, what or os.strerror(errno.EEXIST), os.fspath(path))


def _checked(q: QuantizedArray, path: Any) -> str:
    """Return the path as a string; raise ValueError if the result cannot be written there."""
    name = files.checked_path(path)
    if is_url(name):
        raise ValueError(
            f"path: expected a local path, got {name!r}; q.indices.to_zarr(url) writes to URLs"
        )
    ending = os.path.splitext(name)[1].lower()
    if ending not in ENDINGS:
        raise ValueError(
            f"path: expected a name that ends in one of {', '.join(ENDINGS)}, got {name!r}"
        )
    if ending != ".zarr":
        tiffout.check_palette(q.palette)
    return name


def _regular(chunks: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Return the size of blocks: the largest of each axis, as Zarr requires all to be alike."""
    return tuple(map(max, chunks))


def _prepare(q: QuantizedArray, chunks: tuple[int, ...], part: Path) -> Path:
    """Return the folder to work in: of an unfinished result like this one, or a new one.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    colors = q.palette.colors
    record = json.dumps(
        {
            "kpalette": kpalette.__version__,
            "source": q._source.fingerprint,
            "mapper": {**vars(q._mapper), "dithering": q._mapper.dithering.as_dict()},
            "palette": hashlib.sha256(colors.tobytes() + q.palette.counts.tobytes()).hexdigest(),
            "chunks": chunks,
        }
    )
    work = part / hashlib.sha256(record.encode()).hexdigest()[:16]
    if (work / GROUP).is_dir() and _read(part / RECORD) == record:
        blocks.sweep(work)
        return work
    locks.clear(part)
    making = part / "new"
    with writing(os.fspath(part)):
        # Written first: it marks the folder as ours.
        with files.replacing(part / RECORD) as file:
            file.write(record.encode())
        sync_folder(part.parent)
        making.mkdir()
        (making / DONE).mkdir()
        (making / CARRIED).mkdir()
        _create_group(making / GROUP, q, chunks)
        durable.sync_tree(making)
        os.rename(making, work)
        sync_folder(part)
    return work


def _create_group(path: Path, q: QuantizedArray, chunks: tuple[int, ...]) -> None:
    """Write a group that has no indices yet, and no counts.

    Zarr would write in several threads. Where one fails, the others go on after the error is
    raised and the lock is free, and so into the next run's group. So Zarr makes it in memory.
    """
    import zarr

    colors = q.palette.colors
    attributes = {
        "kpalette": kpalette.__version__,
        "k": len(colors),
        "space": q._mapper.dithering.space,
        "dither": q._mapper.dithering.name,
        "mse": None if q._mapper.dithering.name else q.mse,
    }
    made: dict[str, Any] = {}
    group = zarr.create_group(zarr.storage.MemoryStore(made), attributes=attributes)
    group.create_array("palette", data=colors)
    counts = np.zeros(len(colors), np.int64)
    group.create_array("counts", data=counts, chunks=counts.shape)  # later, one thread writes it
    group.create_array("indices", shape=q.shape, dtype=index_dtype(len(colors)), chunks=chunks)
    for name, data in made.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.to_bytes())


def _read(path: Path) -> str | None:
    """Return a file's text; None if it is none."""
    try:
        return path.read_text()
    except (OSError, ValueError):
        return None


def _write_blocks(q: QuantizedArray, grid: Grid, work: Path, progress: bool) -> Counts:
    """Compute and write the missing blocks; return the count of each entry in all blocks."""
    done, counts = find_done(work, grid, len(q.palette))
    writers = Writers(q, grid, os.fspath(work), done)
    if not q._mapper.is_diffusing:
        if not done.all():
            counts = counts + running.run(writers.waves(), _sum, q._scheduler, progress)
        return counts
    folder = os.fspath(work / CARRIED)
    diffusing.drop_damaged(folder)
    which = diffusing.to_map(done, folder)
    for some in tasks.in_waves(which, len(grid.columns.starts)):
        wave = [writers.of_bands(some, folder)]
        counts = counts + running.run(wave, _sum, q._scheduler, progress, in_order=True)
    return counts


class Writers:
    """Makes tasks that write the blocks which are not done."""

    def __init__(
        self, q: QuantizedArray, grid: Grid, work: str, done: np.ndarray[Any, Any]
    ) -> None:
        self._mapper, self._mosaic = q._mapper, q._source
        self._grid, self._work, self._done, self._k = grid, work, done, len(q.palette)
        self._token = tokenize(q._source.array.name, q._colors, q._mapper, work)
        self._palette = f"palette-{self._token}"
        # As a task of its own, it is sent to each worker once.
        self._sent: dict[Key, Any] = {self._palette: DataNode(self._palette, q._colors)}

    def waves(self) -> Iterator[Tasks]:
        """Yield tasks for blocks that depend on what is around them, at most."""
        if self._mapper.reach == (0, 0, 0):
            places, size = self._grid.places(), 1
        else:
            places, size = squares(self._grid), PARTS
        for wave in tasks.in_waves((at for at in places if not self._done[at]), size):
            windows = Windows(self._mosaic)
            results: dict[Key, Any] = {}
            for place in wave:
                block = Block.of(self._mapper, self._grid, place)
                pixels = windows.pixels(*block.window)
                found = Task(None, block.indices, pixels, TaskRef(self._palette))
                results |= self._write(place, found)
            yield self._needing(windows, results)

    def of_bands(self, which: list[int], folder: str) -> Tasks:
        """Return tasks for bands, whose states are saved in a folder."""
        windows = Windows(self._mosaic)
        results: dict[Key, Any] = {}
        how: Any = (windows, self._grid, TaskRef(self._palette), self._mapper, which)
        for i, band in diffusing.bands(*how, folder=folder):
            for j in np.flatnonzero(~self._done[i]).tolist():
                found = Task(None, diffusing.cut, band, *self._grid.columns.span(j))
                results |= self._write((i, j), found)
            if self._done[i].all():  # it is mapped for the one below
                key = (f"write-{self._token}", i, 0)
                results[key] = Task(key, _nothing, band, self._k)
        return self._needing(windows, results)

    def _write(self, place: tuple[int, int], indices: Any) -> dict[Key, Any]:
        key = (f"write-{self._token}", *place)
        writer = BlockWriter(self._work, place, *self._grid.spans(place), self._k)
        return {key: Task(key, writer.write, indices)}

    def _needing(self, windows: Windows, results: dict[Key, Any]) -> Tasks:
        names = {key: self._grid.name(key[1:]) for key in results}  # type: ignore[arg-type]
        return tasks.needing(self._mosaic.array, {**self._sent, **windows.tasks, **results}, names)


def _nothing(_: Any, k: int) -> Counts:
    return np.zeros(k, np.int64)


def _write_counts(group: Path, counts: Counts) -> None:
    """Write the count of each entry."""
    import zarr

    zarr.open_array(group / "counts", mode="r+")[:] = counts
    durable.sync_tree(group / "counts")


def _sum(parts: list[Counts]) -> Counts:
    total: Counts = np.sum(parts, axis=0, dtype=np.int64)
    return total
