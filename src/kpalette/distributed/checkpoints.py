"""Checkpoints: a folder of partial histograms from which an interrupted run resumes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from kpalette import files
from kpalette.distributed import locks
from kpalette.distributed.errors import CheckpointError, writing
from kpalette.files import durable
from kpalette.files.atomic import sync_folder
from kpalette.histogram import ColorHistogram
from kpalette.histogram_files import FORMAT_VERSION

#: The file that describes the source of the partial histograms.
RECORD = "source.json"
ENDING = ".histogram"
#: The name of a partial histogram: the first of its tiles, and how many they are.
NAME = re.compile(r"(\d+)\+([1-9]\d?)" + re.escape(ENDING))


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder that client and workers share.

    Attributes
    ----------
    folder : str
        An absolute path.
    """

    folder: str

    @classmethod
    @contextmanager
    def open(cls, folder: Any, source: dict[str, Any], alpha: str, missing: str) -> Iterator[Self]:
        """Create a checkpoint folder, or reuse one of the same source, and lock it for the block.

        Raises
        ------
        CheckpointError
            If the folder belongs to another source, or holds other files.
        LockedError
            If another run counts into the folder.
        OSError
            If the folder cannot be created or read.
        """
        path = os.path.abspath(files.checked_path(folder))
        record = {"version": FORMAT_VERSION, "alpha": alpha, "missing": missing, **source}
        with writing(path):
            os.makedirs(path, exist_ok=True)
        _check_ours(path)
        with locks.locked(path):
            durable.sweep(path)
            _check_same(path, json.loads(json.dumps(record)))
            yield cls(path)

    def path(self, first: int, n_tiles: int) -> str:
        """Return the path of the partial histogram of tiles that follow each other."""
        return os.path.join(self.folder, f"{first}+{n_tiles}{ENDING}")

    def held(self, n_tiles: int) -> bytearray:
        """Return for each tile how many tiles the largest file holds that begins with it.

        Runs with other numbers of threads leave files of other tiles, which may overlap.
        """
        held = bytearray(n_tiles)
        with os.scandir(self.folder) as items:
            for item in items:
                found = NAME.fullmatch(item.name)
                first, size = map(int, found.groups()) if found else (0, 0)
                if size and first + size <= n_tiles:
                    held[first] = max(held[first], size)
        return held


def save(histogram: ColorHistogram, path: str) -> None:
    """Write a partial histogram: atomically, and so that it stays after a power cut."""
    with writing(path):
        histogram.save(path)


@dataclass(frozen=True)
class Damaged:
    """Paths of partial histograms that cannot be read and must be counted again."""

    paths: tuple[str, ...]


def load(path: str) -> ColorHistogram | Damaged:
    """Read a partial histogram; return `Damaged` if that fails."""
    try:
        return ColorHistogram.load(path)
    except (OSError, ValueError):
        return Damaged((path,))


def _check_ours(path: str) -> None:
    """Raise CheckpointError if a folder holds files, and none that says what of."""
    names = os.listdir(path)
    others = [name for name in names if name != locks.LOCK and not durable.is_temporary(name)]
    if others and RECORD not in names:
        raise CheckpointError(
            f"checkpoint: expected an empty folder, or one with a {RECORD}, got one with "
            f"{min(others)!r} in {path!r}"
        )


def _check_same(path: str, here: dict[str, Any]) -> None:
    """Write what the source is, or raise CheckpointError if it was another."""
    name = os.path.join(path, RECORD)
    try:
        with open(name, "rb") as file:
            there = json.load(file)
    except FileNotFoundError:
        with writing(name):
            with files.replacing(name) as file:
                file.write(json.dumps(here).encode())
            sync_folder(os.path.dirname(path))
        return
    except ValueError as error:
        raise CheckpointError(f"checkpoint: {name!r} is damaged: {error}") from error
    if there == here:
        return
    if not isinstance(there, dict):
        raise CheckpointError(
            f"checkpoint: expected an object in {RECORD} of {path!r}, got {type(there).__name__}"
        )
    differences = "; ".join(
        _difference(name, there.get(name), here.get(name))
        for name in {**there, **here}
        if there.get(name) != here.get(name)
    )
    raise CheckpointError(
        f"checkpoint: expected partial histograms of this source in {path!r}, got those of another "
        f"source, or of this one before it changed: {differences}"
    )


def _difference(name: str, there: Any, here: Any) -> str:
    texts = json.dumps(there), json.dumps(here)
    if max(map(len, texts)) > 60:  # such as a list of all photos
        return f"another {name}"
    return f"{name}: {texts[0]}, not {texts[1]}"
