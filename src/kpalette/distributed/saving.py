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

import numpy as np
from dask.base import tokenize
from dask.task_spec import DataNode, Task, TaskRef

import kpalette
from kpalette import files
from kpalette.distributed import blocks, diffusing, locks, running, tasks, tiffout
from kpalette.distributed.blocks import DONE, GROUP, BlockWriter, Counts, find_done
from kpalette.distributed.diffusing import FLOYD
from kpalette.distributed.errors import writing
from kpalette.distributed.mapping import map_tiles
from kpalette.distributed.mosaics import Grid
from kpalette.distributed.tasks import Key, Tasks
from kpalette.files import durable
from kpalette.files.atomic import sync_folder

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
        indices = _regular(q.indices)
        work = _prepare(q, indices, part)
        if q._mapper.dithering.name == FLOYD:  # resumes only from a band's saved state
            diffusing.drop_damaged(os.fspath(work / CARRIED))
            indices = _regular(map_tiles(q._source, q._colors, q._mapper, str(work / CARRIED)))
        counts = _write_blocks(q, indices, work, progress)
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
    if "://" in name:
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


def _regular(indices: Any) -> Any:
    """Rechunk indices to blocks of one size, except the last, as Zarr requires."""
    sizes = [max(axis) for axis in indices.chunks]
    if all(set(axis[:-1]) <= {size} for axis, size in zip(indices.chunks, sizes, strict=True)):
        return indices
    return indices.rechunk(sizes)


def _prepare(q: QuantizedArray, indices: Any, part: Path) -> Path:
    """Return the folder to work in: of an unfinished result like this one, or a new one.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    import zarr

    colors = q.palette.colors
    record = json.dumps(
        {
            "kpalette": kpalette.__version__,
            "source": q._source.fingerprint,
            "mapper": {**vars(q._mapper), "dithering": q._mapper.dithering.as_dict()},
            "palette": hashlib.sha256(colors.tobytes() + q.palette.counts.tobytes()).hexdigest(),
            "chunks": indices.chunksize,
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
        attributes = {
            "kpalette": kpalette.__version__,
            "k": len(colors),
            "space": q._mapper.dithering.space,
            "dither": q._mapper.dithering.name,
            "mse": None if q._mapper.dithering.name else q.mse,
        }
        group = zarr.create_group(making / GROUP, attributes=attributes)
        group.create_array("palette", data=colors)
        group.create_array("counts", data=np.zeros(len(colors), np.int64))
        group.create_array(
            "indices",
            shape=indices.shape,
            dtype=indices.dtype,
            chunks=indices.chunksize,
        )
        durable.sync_tree(making)
        os.rename(making, work)
        sync_folder(part)
    return work


def _read(path: Path) -> str | None:
    """Return a file's text; None if it is none."""
    try:
        return path.read_text()
    except (OSError, ValueError):
        return None


def _write_blocks(q: QuantizedArray, indices: Any, work: Path, progress: bool) -> Counts:
    """Compute and write the missing blocks; return the count of each entry in all blocks."""
    grid = Grid.of(q._source.name, indices.chunks)
    k = len(q.palette)
    done, counts = find_done(work, grid, k)
    if done.all():
        return counts
    # The blocks of bands are one wave: they wait for each other.
    in_order = q._mapper.dithering.name == FLOYD
    waves = _writing(q, indices, work, grid, done)
    written: Counts = running.run(waves, _sum, q._scheduler, progress, in_order=in_order)
    return counts + written


def _writing(
    q: QuantizedArray, indices: Any, work: Path, grid: Grid, done: np.ndarray[Any, Any]
) -> Iterator[Tasks]:
    """Yield tasks that write the blocks that are not done."""
    token = tokenize(indices.name, work)
    missing = (place for place in grid.places() if not done[place])
    alone = q._mapper.needs_tile_alone and indices is q.indices
    palette = f"palette-{token}"
    in_order = q._mapper.dithering.name == FLOYD
    for wave in [list(missing)] if in_order else tasks.in_waves(missing):
        results: dict[Key, Any] = {}
        names: dict[Key, str] = {}
        for place in wave:
            key = (f"write-{token}", *place)
            rows, columns = grid.spans(place)
            where = grid.name(place)
            block: Any = TaskRef((indices.name, *place))
            if alone:  # without Dask's array, whose graph is of all blocks
                tile, start = q._source.block(place), (rows[0], columns[0])
                colors = TaskRef(palette)
                block = Task(None, q._mapper.map_tile, tile, colors, where, start)
            writer = BlockWriter(os.fspath(work), place, rows, columns, len(q.palette))
            results[key] = Task(key, writer.write, block)
            names[key] = where
        if alone:  # as a task of its own, which is sent to each worker once
            results[palette] = DataNode(palette, q._colors)
        yield tasks.needing(q._source.array if alone else indices, results, names)


def _write_counts(group: Path, counts: Counts) -> None:
    """Write the count of each entry."""
    import zarr

    zarr.open_array(group / "counts", mode="r+")[:] = counts
    durable.sync_tree(group / "counts")


def _sum(parts: list[Counts]) -> Counts:
    total: Counts = np.sum(parts, axis=0, dtype=np.int64)
    return total
