"""Checkpoints: a folder of partial histograms from which an interrupted run resumes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Self

from kpalette import files
from kpalette.distributed.errors import CheckpointError, writing
from kpalette.histogram import ColorHistogram
from kpalette.histogram_files import FORMAT_VERSION

#: The file that describes the source of the partial histograms.
RECORD = "source.json"
ENDING = ".histogram"


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
    def open(cls, folder: Any, source: dict[str, Any], alpha: str, missing: str) -> Self:
        """Create a checkpoint folder, or reuse one of the same source.

        Raises
        ------
        CheckpointError
            If the folder belongs to another source, or holds other files.
        OSError
            If the folder cannot be created or read.
        """
        path = os.path.abspath(files.checked_path(folder))
        record = {"version": FORMAT_VERSION, "alpha": alpha, "missing": missing, **source}
        with writing(path):
            os.makedirs(path, exist_ok=True)
        name = os.path.join(path, RECORD)
        try:
            with open(name, "rb") as file:
                there = json.load(file)
        except FileNotFoundError:
            if some := sorted(os.listdir(path))[:1]:
                raise CheckpointError(
                    f"checkpoint: expected an empty folder, or one with a {RECORD}, got one with "
                    f"{some[0]!r} in {path!r}"
                ) from None
            with writing(name), files.replacing(name) as file:
                file.write(json.dumps(record).encode())
            return cls(path)
        except ValueError as error:
            raise CheckpointError(f"checkpoint: {name!r} is damaged: {error}") from error
        _check_same(there, json.loads(json.dumps(record)), path)
        return cls(path)

    def path(self, name: str) -> str:
        """Return the path of a tile's partial histogram."""
        return os.path.join(self.folder, name + ENDING)

    def finished(self) -> set[str]:
        """Return the names of the tiles whose partial histograms exist."""
        return {
            name.removesuffix(ENDING) for name in os.listdir(self.folder) if name.endswith(ENDING)
        }


def save(histogram: ColorHistogram, path: str) -> None:
    """Write a partial histogram atomically."""
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


def _check_same(there: Any, here: dict[str, Any], path: str) -> None:
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
