"""Pictures to measure on, and timing one call."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.rivals import Pixels


@dataclass(frozen=True)
class Picture:
    """A picture of the open benchmark, and the folder that it is from."""

    name: str
    group: str
    rgba: Pixels

    @property
    def opaque(self) -> bool:
        return bool((self.rgba[..., 3] == 255).all())

    @cached_property
    def pixels(self) -> Pixels:
        """The picture over white, (h, w, 3), for methods that take no alpha."""
        return over(self.rgba, 255)

    def save(self, path: Path) -> None:
        """Write a PNG, without alpha where nothing is transparent."""
        Image.fromarray(self.pixels if self.opaque else self.rgba).save(path)


def pictures_of(folders: Iterable[Path], most: float) -> list[Picture]:
    """Read all PNG files of folders; of larger pictures, the middle of `most` pixels."""
    found = [(folder.absolute().name, path) for folder in folders for path in paths_of(folder)]
    twice = Counter(path.stem for _, path in found)
    pictures = []
    for group, path in found:
        with Image.open(path) as image:
            rgba = middle(np.asarray(image.convert("RGBA")), most)
        name = path.stem if twice[path.stem] == 1 else f"{group}/{path.stem}"
        pictures.append(Picture(name, group, rgba))
    return pictures


def middle(pixels: Pixels, most: float) -> Pixels:
    """Crop a picture to at most so many pixels."""
    height, width = pixels.shape[:2]
    factor = min(1.0, (most / (height * width)) ** 0.5)
    h, w = int(height * factor), int(width * factor)
    top, left = (height - h) // 2, (width - w) // 2
    return np.ascontiguousarray(pixels[top : top + h, left : left + w])


def side_by_side(pictures: Sequence[Picture]) -> Pixels:
    """Join the pictures of the first folder in a row, cropped to the least height."""
    found = [picture.pixels for picture in pictures if picture.group == pictures[0].group]
    height = min(map(len, found))
    return np.concatenate([pixels[:height] for pixels in found], axis=1)


def over(rgba: Pixels, level: int) -> Pixels:
    """Lay (h, w, 4) over a grey level."""
    alpha = rgba[..., 3:].astype(np.float64) / 255
    laid: Pixels = np.rint(rgba[..., :3] * alpha + level * (1 - alpha)).astype(np.uint8)
    return laid


def load(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def paths_of(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.png"))
    if not paths:
        sys.exit(f"{folder}: expected a folder with .png files")
    return paths


def load_all(folder: Path) -> list[Pixels]:
    return [load(path) for path in paths_of(folder)]


def timed(function: Callable[..., Any], *args: Any, **options: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function(*args, **options)
    return time.perf_counter() - start, result
