"""Writing indices block by block, so that a run that was broken off can go on."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from dask._task_spec import Task, TaskRef
from dask.base import tokenize

import kpalette
from kpalette import files
from kpalette.distributed import running, tasks, tiffout
from kpalette.distributed.errors import writing
from kpalette.distributed.mapping import map_tiles
from kpalette.distributed.mosaics import tile_name
from kpalette.distributed.tasks import Key

if TYPE_CHECKING:
    from kpalette.distributed.quantizing import QuantizedArray

ENDINGS = (".zarr", ".tif", ".tiff")

# What lies in the folder of an unfinished result: what it is to be, the group, a file for each
# block that is written, what bands of error diffusion hand on, and perhaps what the result
# replaces.
RECORD = "run.json"
GROUP = "group.zarr"
DONE = "done"
CARRIED = "carried"
REPLACED = "replaced"


def save(q: QuantizedArray, path: Any, overwrite: bool, progress: bool) -> None:
    """Write a result: see :meth:`QuantizedArray.save`."""
    target = Path(os.path.abspath(_checked(q, path)))
    if os.path.lexists(target) and not overwrite:
        raise _exists(target)
    indices = _regular(q.indices)
    part = target.with_name(f"{target.name}.part")
    group = part / GROUP
    _prepare(q, indices, part)
    if q._mapper.dither == "floyd-steinberg":  # which can go on only from where it was
        folder = os.fspath(part / CARRIED)
        indices = _regular(map_tiles(q._source, q._colors, q._mapper, folder))
    _write_blocks(q, indices, part, progress)
    if target.suffix.lower() == ".zarr":
        _put_in_place(group, target, part / REPLACED, overwrite)
    else:
        tiffout.write(group, q.palette, target, overwrite)
    shutil.rmtree(part)


def _put_in_place(group: Path, target: Path, replaced: Path, overwrite: bool) -> None:
    """Rename a finished group."""
    if os.path.lexists(target):
        if not overwrite:  # it has come in the meantime
            raise _exists(target)
        shutil.rmtree(replaced, ignore_errors=True)  # of a run that ended in between
        with writing(os.fspath(target)):
            os.rename(target, replaced)
    with writing(os.fspath(target)):
        os.rename(group, target)


def _exists(path: Path, what: str | None = None) -> FileExistsError:
    return FileExistsError(errno.EEXIST, what or os.strerror(errno.EEXIST), os.fspath(path))


def _checked(q: QuantizedArray, path: Any) -> str:
    """Give the path as a string, if a result can be written to one of that name."""
    name = files.checked_path(path)
    if "://" in name:
        raise ValueError(
            f"path: expected a local one, got {name!r}; q.indices.to_zarr(url) writes to URLs"
        )
    ending = os.path.splitext(name)[1].lower()
    if ending not in ENDINGS:
        raise ValueError(f"path: expected a name in {', '.join(ENDINGS)}, got {name!r}")
    if ending != ".zarr":
        tiffout.check_palette(q.palette)
    return name


def _regular(indices: Any) -> Any:
    """Cut indices into blocks of one size, but for the last ones, as Zarr needs them."""
    sizes = [max(axis) for axis in indices.chunks]
    if all(set(axis[:-1]) <= {size} for axis, size in zip(indices.chunks, sizes, strict=True)):
        return indices
    return indices.rechunk(sizes)


def _prepare(q: QuantizedArray, indices: Any, part: Path) -> None:
    """Make the folder of the result, or take that of the same one.

    Raises
    ------
    FileExistsError
        If it is somebody else's.
    OutputError
        If it cannot be made.
    """
    import zarr

    colors = q.palette.colors
    record = json.dumps(
        {
            "kpalette": kpalette.__version__,
            "source": q._source.fingerprint,
            "mapper": asdict(q._mapper),
            "palette": hashlib.sha256(colors.tobytes() + q.palette.counts.tobytes()).hexdigest(),
            "chunks": indices.chunksize,
        }
    )
    if part.is_dir() and not os.listdir(part):  # somebody was stopped just then
        part.rmdir()
    if os.path.lexists(part):
        try:
            there = (part / RECORD).read_text()
        except OSError:
            raise _exists(part, "Not an unfinished result") from None
        if there == record and (part / GROUP).exists():
            return
        shutil.rmtree(part)
    with writing(os.fspath(part)):
        part.mkdir()
        # First, so that whatever else is there is known to be ours.
        (part / RECORD).write_text(record)
        (part / DONE).mkdir()
        (part / CARRIED).mkdir()
        attributes = {
            "kpalette": kpalette.__version__,
            "k": len(colors),
            "space": q._mapper.space,
            "dither": q._mapper.dither,
            "mse": q.mse,
        }
        making = part / f"new-{GROUP}"
        group = zarr.create_group(making, attributes=attributes)
        group.create_array("palette", data=colors)
        group.create_array("counts", data=q.palette.counts)
        group.create_array(
            "indices",
            shape=indices.shape,
            dtype=indices.dtype,
            chunks=indices.chunksize,
        )
        os.rename(making, part / GROUP)


def _write_blocks(q: QuantizedArray, indices: Any, part: Path, progress: bool) -> None:
    """Compute and write the blocks that are not there yet."""
    done = {tuple(map(int, name.split("-"))) for name in os.listdir(part / DONE)}
    token = f"write-{tokenize(indices.name, part)}"
    results: dict[Key, Any] = {}
    names: dict[Key, str] = {}
    for (i, j), (rows, columns) in _regions(indices.chunks).items():
        if (i, j) not in done:
            key = (token, i, j)
            writer = BlockWriter(os.fspath(part), (i, j), rows, columns)
            results[key] = Task(key, writer.write, TaskRef((indices.name, i, j)))
            names[key] = tile_name(q._source.name, (i, j), rows, columns)
    if results:
        unfinished = tasks.needing(indices, results, names)
        running.run(tasks.merged(unfinished, _nothing), q._scheduler, names, progress)


def _regions(chunks: Any) -> dict[tuple[int, int], tuple[tuple[int, int], tuple[int, int]]]:
    """Give the rows and columns of each block."""
    rows, columns = (np.cumsum((0, *sizes)).tolist() for sizes in chunks)
    return {
        (i, j): ((rows[i], rows[i + 1]), (columns[j], columns[j + 1]))
        for i in range(len(rows) - 1)
        for j in range(len(columns) - 1)
    }


@dataclass(frozen=True)
class BlockWriter:
    """Write a block of indices to its place, and then that it is there."""

    part: str
    place: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]

    def write(self, block: Any) -> None:
        """Write a block of the region's shape."""
        import zarr

        array = os.path.join(self.part, GROUP, "indices")
        with writing(array):
            indices = zarr.open_array(array, mode="r+")
            # A reader may take what is not there for lost.
            indices = indices.with_config({"write_empty_chunks": True})
            indices[slice(*self.rows), slice(*self.columns)] = block
        mark = os.path.join(self.part, DONE, "-".join(map(str, self.place)))
        with writing(mark), open(mark, "wb"):
            pass


def _nothing(results: list[Any]) -> None:
    """Take that blocks are written, of which nothing more need be known."""
