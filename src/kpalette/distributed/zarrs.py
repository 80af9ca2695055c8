"""Zarr arrays and groups as mosaics."""

from __future__ import annotations

import asyncio
import copy
import errno
import itertools
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kpalette.distributed.axes import Axes
from kpalette.distributed.errors import naming_package
from kpalette.distributed.mosaics import Mosaic, check_shape, of_reader
from kpalette.extras import MissingPackageError
from kpalette.files.errors import is_of_system
from kpalette.urls import is_url

#: Concurrent requests whether a chunk exists.
QUESTIONS = 64
#: Files that mark a folder as a Zarr array or group.
MARKS = ("zarr.json", ".zarray", ".zgroup")


def is_zarr(path: str) -> bool:
    """Return whether a path or URL is that of a Zarr array or group, or within one."""
    name = path.rstrip("/" + os.sep).lower()
    if name.endswith(".zarr") or (is_url(path) and ".zarr/" in path.lower()):
        return True
    return any(os.path.isfile(os.path.join(path, mark)) for mark in MARKS)


@dataclass(frozen=True)
class ZarrReader:
    """Reads regions of a Zarr array."""

    array: Any
    axes: Axes

    def read(self, rows: slice, columns: slice) -> np.ndarray[Any, Any]:
        """Read rows and columns of the image."""
        return self.axes.take(self.array, rows, columns)


def open_path(path: str, chunks: Any, missing: str) -> Mosaic:
    """Open an array, or the image in a group, from a path or URL.

    Raises
    ------
    FileNotFoundError
        If the path does not exist.
    ValueError
        If there is no image, or chunks are missing.
    """
    import zarr

    if not is_url(path) and not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    try:
        with naming_package(path):
            found = zarr.open(path, mode="r")
    except FileNotFoundError:
        raise ValueError(
            f"source: expected a Zarr array or group in {path!r}, got neither"
        ) from None
    except MissingPackageError:
        raise
    except Exception as error:  # of Zarr's parsers, any of a dozen
        if is_of_system(error):
            raise
        raise ValueError(
            f"source: the Zarr array or group in {path!r} is damaged: {error}"
        ) from error
    if isinstance(found, zarr.Group):
        return open_group(found, chunks, missing, path)
    return open_array(found, chunks, missing, path)


def open_group(group: Any, chunks: Any, missing: str, name: str | None = None) -> Mosaic:
    """Open the image of a group: the first that OME-Zarr names, or the only array."""
    name = name or str(group.store_path)
    attributes = dict(group.attrs)
    multiscales = attributes.get("ome", attributes).get("multiscales")
    if multiscales:
        try:
            first = multiscales[0]
            array = group[first["datasets"][0]["path"]]
            # OME-Zarr: before version 0.4 axes were plain names, and before 0.3 always these.
            axes = first.get("axes", list("tczyx"))
            names = [axis if isinstance(axis, str) else axis["name"] for axis in axes]
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(
                f"source: expected the multiscales of {name} to name an array, got {multiscales!r}"
            ) from error
        return open_array(array, chunks, missing, f"{name}/{array.basename}", names)
    arrays = dict(group.arrays())
    if len(arrays) != 1:
        found = ", ".join(sorted(arrays)) or "none"
        raise ValueError(f"source: expected one array in the Zarr group {name}, got {found}")
    ((inner, array),) = arrays.items()
    return open_array(array, chunks, missing, f"{name}/{inner}")


def open_array(
    array: Any, chunks: Any, missing: str, name: str | None = None, names: Any = None
) -> Mosaic:
    """Open an array; `names` are those of its axes, if it has any."""
    name = name or str(array.store_path)
    axes = Axes.unnamed(array.shape) if names is None else Axes.of(names, array.shape, name)
    shape = axes.image_shape(array.shape) if names is not None else array.shape
    check_shape(shape, array.dtype)
    if missing == "error":
        _check_complete(array, name)
    stored = array.shards or array.chunks
    unit = stored[axes.rows], stored[axes.columns]
    fingerprint = {"zarr": name, **_age(str(array.store_path))}
    reader = ZarrReader(array, axes)
    return of_reader(reader.read, shape, array.dtype, chunks, unit, name, fingerprint)


def _age(path: str) -> dict[str, Any]:
    """Return when the metadata of a local array was written."""
    folder = path.removeprefix("file://")
    for mark in MARKS:
        try:
            return {"mtime": os.stat(os.path.join(folder, mark)).st_mtime_ns}
        except OSError:
            continue
    return {}


def _check_complete(array: Any, name: str) -> None:
    """Raise ValueError if chunks are missing.

    Zarr reads its fill value for them, whether they were lost or omitted because they hold
    nothing else.
    """
    sizes = array.shards or array.chunks
    counts = [-(-side // size) for side, size in zip(array.shape, sizes, strict=True)]
    prefix = f"{array.path}/" if array.path else ""
    keys = (
        prefix + array.metadata.encode_chunk_key(place)
        for place in itertools.product(*map(range, counts))
    )
    n_absent, first = _count_absent(array.store, prefix, keys)
    if n_absent:
        raise ValueError(
            f"source: expected {math.prod(counts)} chunks in {name}, but {n_absent} are missing, "
            f"first {first}; missing='fill' reads them as {array.fill_value}, the fill value"
        )


def _count_absent(store: Any, prefix: str, keys: Iterator[str]) -> tuple[int, str]:
    """Return how many keys a store does not have, and the first of them."""
    import fsspec.asyn
    from zarr.storage import FsspecStore, LocalStore

    if type(store) is LocalStore:  # nothing is kept of a million chunks
        missing = (key for key in keys if not (store.root / key).exists())
        first = next(missing, "")
        return bool(first) + sum(1 for _ in missing), first
    # Zarr's public interface does not run a coroutine in its own loop; fsspec's does, in another,
    # to which a file system cannot take its connections: there it is made anew.
    is_bound = isinstance(store, FsspecStore)

    async def ask() -> list[str]:
        return await _absent(copy.deepcopy(store) if is_bound else store, prefix, list(keys))

    absent = fsspec.asyn.sync(fsspec.asyn.get_loop(), ask)
    return len(absent), absent[0] if absent else ""


async def _absent(store: Any, prefix: str, keys: list[str]) -> list[str]:
    """Return the keys that a store does not have."""
    listed = set()
    if store.supports_listing:
        listed = {key async for key in store.list_prefix(prefix)}
    if listed:
        return [key for key in keys if key not in listed]
    # Some stores, such as those on the web, return an empty list because they cannot list.
    turn = asyncio.Semaphore(QUESTIONS)

    async def exists(key: str) -> bool:
        async with turn:
            return bool(await store.exists(key))

    found = await asyncio.gather(*map(exists, keys))
    return [key for key, there in zip(keys, found, strict=True) if not there]
