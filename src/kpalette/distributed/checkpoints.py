"""A folder of partial histograms, from which a run that was broken off goes on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Self

from kpalette import files
from kpalette.distributed.errors import CheckpointError, writing
from kpalette.histogram import FORMAT_VERSION, ColorHistogram

#: The file that says of which source the partial histograms are.
RECORD = "source.json"
ENDING = ".histogram"


@dataclass(frozen=True)
class Checkpoint:
    """A folder that client and workers share.

    Attributes
    ----------
    folder : str
        An absolute path.
    """

    folder: str

    @classmethod
    def open(cls, folder: Any, source: dict[str, Any], alpha: str, missing: str) -> Self:
        """Make a folder, or go on with one of the same source.

        Raises
        ------
        CheckpointError
            If it is of another source, or holds other things.
        OSError
            If it cannot be made or read.
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
        """Give the file for the partial histogram of a tile."""
        return os.path.join(self.folder, name + ENDING)

    def finished(self) -> set[str]:
        """List the tiles whose partial histograms are there."""
        return {
            name.removesuffix(ENDING) for name in os.listdir(self.folder) if name.endswith(ENDING)
        }


def save(histogram: ColorHistogram, path: str) -> None:
    """Write a partial histogram, whole or not at all."""
    with writing(path):
        histogram.save(path)


@dataclass(frozen=True)
class Damaged:
    """Partial histograms that cannot be read, by their paths; they have to be made again."""

    paths: tuple[str, ...]


def load(path: str) -> ColorHistogram | Damaged:
    """Read a partial histogram, or say that it is damaged."""
    try:
        return ColorHistogram.load(path)
    except (OSError, ValueError):
        return Damaged((path,))


def _check_same(there: Any, here: dict[str, Any], path: str) -> None:
    if there == here:
        return
    if not isinstance(there, dict):
        raise CheckpointError(f"checkpoint: {path!r} has another {RECORD} than this writes")
    differences = "; ".join(
        _difference(name, there.get(name), here.get(name))
        for name in {**there, **here}
        if there.get(name) != here.get(name)
    )
    raise CheckpointError(
        f"checkpoint: expected partial histograms of this source in {path!r}, got those of "
        f"another, or as it was before: {differences}"
    )


def _difference(name: str, there: Any, here: Any) -> str:
    texts = json.dumps(there), json.dumps(here)
    if max(map(len, texts)) > 60:  # all photos, say
        return f"another {name}"
    return f"{name}: {texts[0]}, not {texts[1]}"
