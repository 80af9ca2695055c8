"""Blocks of an unfinished result: each with a mark that says that it is whole.

A chunk is on the disk before its mark, which holds its checksum. So what a power cut has emptied
or torn is found when the run resumes, and done again.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kpalette import files
from kpalette.distributed.errors import writing
from kpalette.distributed.mosaics import Grid
from kpalette.distributed.tasks import in_waves
from kpalette.files import durable
from kpalette.files.atomic import sync_folder

#: In the folder of an unfinished result: the group, and the marks of its blocks.
GROUP = "group.zarr"
DONE = "done"
#: The end of a mark: size and CRC-32 of the chunk, and the CRC-32 of the mark before.
END = struct.Struct("<QII")
#: Threads that check marks.
READERS = 8
#: Bytes of a chunk that are read at a time.
PIECE = 1 << 20

Counts = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class BlockWriter:
    """Writes a block of indices, and then its mark.

    Attributes
    ----------
    work : str
        The folder with the group and the marks.
    place : tuple of int
        The block's row and column among all blocks.
    rows, columns : tuple of int
        Where the block begins and ends.
    k : int
        The number of palette entries.
    """

    work: str
    place: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]
    k: int

    def write(self, block: Any) -> Counts:
        """Write a block of indices (rows, columns); return the count of each entry."""
        import zarr

        array = os.path.join(self.work, GROUP, "indices")
        with writing(array):
            indices = zarr.open_array(array, mode="r+")
            # Zarr omits chunks of zeros by default; readers may take them for lost.
            indices = indices.with_config({"write_empty_chunks": True})
            indices[slice(*self.rows), slice(*self.columns)] = block
            chunk = os.path.join(array, indices.metadata.encode_chunk_key(self.place))
            durable.sync_file(chunk)
            folder = chunk
            while folder != array:
                folder = os.path.dirname(folder)
                sync_folder(folder)
            facts = _facts(chunk)
        counts = np.bincount(block.ravel(), minlength=self.k)
        body = counts.astype("<i8").tobytes() + END.pack(*facts, 0)[:-4]
        mark = self._mark()
        with writing(mark), files.replacing(mark) as file:
            file.write(body + struct.pack("<I", zlib.crc32(body)))
        return counts

    def counts(self, encode: Any) -> Counts | None:
        """Return the count of each entry if mark and chunk are whole, otherwise None.

        Parameters
        ----------
        encode : function
            Returns the name of a chunk from its place, as Zarr does.
        """
        try:
            data = Path(self._mark()).read_bytes()
            size, checksum, whole = END.unpack(data[8 * self.k :])
            chunk = os.path.join(self.work, GROUP, "indices", encode(self.place))
            if zlib.crc32(data[:-4]) != whole or _facts(chunk) != (size, checksum):
                return None
        except (OSError, struct.error):
            return None
        return np.frombuffer(data, "<i8", self.k).astype(np.int64)

    def _mark(self) -> str:
        return os.path.join(self.work, DONE, "-".join(map(str, self.place)))


def _facts(path: str) -> tuple[int, int]:
    """Return a file's size and CRC-32."""
    size = checksum = 0
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            size += len(piece)
            checksum = zlib.crc32(piece, checksum)
    return size, checksum


def sweep(work: Path) -> None:
    """Delete temporary files, of kpalette and of Zarr, that a kill has left."""
    for folder, _, names in os.walk(work):
        for name in names:
            if durable.is_temporary(name) or name.endswith(".partial"):
                with suppress(OSError):
                    os.unlink(os.path.join(folder, name))


def find_done(work: Path, grid: Grid, k: int) -> tuple[np.ndarray[Any, Any], Counts]:
    """Return which blocks are done, bool (rows, columns), and the sum of their counts."""
    import zarr

    done = np.zeros((len(grid.rows.starts), len(grid.columns.starts)), bool)
    total = np.zeros(k, np.int64)
    encode = zarr.open_array(work / GROUP / "indices", mode="r").metadata.encode_chunk_key
    with ThreadPoolExecutor(READERS) as pool, os.scandir(work / DONE) as marks:
        for wave in in_waves(_places(marks, done.shape)):
            writers = [BlockWriter(str(work), place, *grid.spans(place), k) for place in wave]
            found = pool.map(lambda writer: writer.counts(encode), writers)
            for place, counts in zip(wave, found, strict=True):
                if counts is not None:
                    done[place] = True
                    total += counts
    return done, total


def _places(marks: Iterator[Any], shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the places of marks."""
    for mark in marks:
        try:
            i, j = map(int, mark.name.split("-"))
        except ValueError:
            continue
        if 0 <= i < shape[0] and 0 <= j < shape[1]:
            yield i, j
