"""Writing indices block by block, so that an interrupted run can resume."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from dask._task_spec import Task, TaskRef
from dask.base import tokenize

import kpalette
from kpalette import files
from kpalette.distributed import running, tasks, tiffout
from kpalette.distributed.diffusing import FLOYD
from kpalette.distributed.errors import writing
from kpalette.distributed.mapping import map_tiles
from kpalette.distributed.mosaics import tile_name
from kpalette.distributed.tasks import Key

if TYPE_CHECKING:
    from kpalette.distributed.quantizing import QuantizedArray

ENDINGS = (".zarr", ".tif", ".tiff")

# The folder of an unfinished result holds: its description, the group, the counts of the entries in
# each written block, the states of error diffusion, and at the end the file that it replaces.
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
    if q._mapper.dithering.name == FLOYD:  # resumes only from a band's saved state
        folder = os.fspath(part / CARRIED)
        indices = _regular(map_tiles(q._source, q._colors, q._mapper, folder))
    _write_blocks(q, indices, part, progress)
    if target.suffix.lower() == ".zarr":
        with writing(os.fspath(group)):
            _write_counts(group, part / DONE)
        _put_in_place(group, target, part / REPLACED, overwrite)
    else:
        tiffout.write(group, q.palette, target, overwrite)
    shutil.rmtree(part, ignore_errors=True)


def _put_in_place(group: Path, target: Path, replaced: Path, overwrite: bool) -> None:
    """Rename a finished group to the target."""
    if os.path.lexists(target):
        if not overwrite:  # another process has made it since
            raise _exists(target)
        shutil.rmtree(replaced, ignore_errors=True)  # left by an interrupted run
        with writing(os.fspath(target)):
            os.rename(target, replaced)
    with writing(os.fspath(target)):
        os.rename(group, target)


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


def _prepare(q: QuantizedArray, indices: Any, part: Path) -> None:
    """Create the folder of an unfinished result, or reuse one of the same result.

    Raises
    ------
    FileExistsError
        If there is a file or folder that is not an unfinished result.
    OutputError
        If the folder cannot be created.
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
    if part.is_dir() and not os.listdir(part):  # left by a run stopped right after mkdir
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
        # Written first: it marks the folder as ours.
        (part / RECORD).write_text(record)
        (part / DONE).mkdir()
        (part / CARRIED).mkdir()
        attributes = {
            "kpalette": kpalette.__version__,
            "k": len(colors),
            "space": q._mapper.dithering.space,
            "dither": q._mapper.dithering.name,
            "mse": None if q._mapper.dithering.name else q.mse,
        }
        making = part / f"new-{GROUP}"
        group = zarr.create_group(making, attributes=attributes)
        group.create_array("palette", data=colors)
        group.create_array("counts", data=np.zeros(len(colors), np.int64))
        group.create_array(
            "indices",
            shape=indices.shape,
            dtype=indices.dtype,
            chunks=indices.chunksize,
        )
        os.rename(making, part / GROUP)


def _write_blocks(q: QuantizedArray, indices: Any, part: Path, progress: bool) -> None:
    """Compute and write the missing blocks."""
    marks = [name for name in os.listdir(part / DONE) if not name.startswith(".")]
    done = {tuple(map(int, name.split("-"))) for name in marks}
    token = f"write-{tokenize(indices.name, part)}"
    results: dict[Key, Any] = {}
    names: dict[Key, str] = {}
    for (i, j), (rows, columns) in _regions(indices.chunks).items():
        if (i, j) not in done:
            key = (token, i, j)
            writer = BlockWriter(os.fspath(part), (i, j), rows, columns, len(q.palette))
            results[key] = Task(key, writer.write, TaskRef((indices.name, i, j)))
            names[key] = tile_name(q._source.name, (i, j), rows, columns)
    if results:
        unfinished = tasks.needing(indices, results, names)
        in_order = q._mapper.dithering.name == FLOYD
        merged = tasks.merged(unfinished, _nothing)
        running.run(merged, q._scheduler, names, progress, in_order=in_order)


def _write_counts(group: Path, done: Path) -> None:
    """Write the sum over all blocks of each entry's count."""
    import zarr

    counts = zarr.open_array(group / "counts", mode="r+")
    counts[:] = sum(np.fromfile(mark, np.int64) for mark in done.glob("[0-9]*"))


def _regions(chunks: Any) -> dict[tuple[int, int], tuple[tuple[int, int], tuple[int, int]]]:
    """Return the rows and columns of each block."""
    rows, columns = (np.cumsum((0, *sizes)).tolist() for sizes in chunks)
    return {
        (i, j): ((rows[i], rows[i + 1]), (columns[j], columns[j + 1]))
        for i in range(len(rows) - 1)
        for j in range(len(columns) - 1)
    }


@dataclass(frozen=True)
class BlockWriter:
    """Writes a block of indices, and then a mark that it is complete."""

    part: str
    place: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]
    k: int

    def write(self, block: Any) -> None:
        """Write a block of indices (rows, columns)."""
        import zarr

        array = os.path.join(self.part, GROUP, "indices")
        with writing(array):
            indices = zarr.open_array(array, mode="r+")
            # Zarr omits chunks of zeros by default; readers may take them for lost.
            indices = indices.with_config({"write_empty_chunks": True})
            indices[slice(*self.rows), slice(*self.columns)] = block
        mark = os.path.join(self.part, DONE, "-".join(map(str, self.place)))
        with writing(mark), files.replacing(mark) as file:
            file.write(np.bincount(block.ravel(), minlength=self.k).tobytes())


def _nothing(results: list[Any]) -> None:
    """Merge the results of writing, which are None."""
