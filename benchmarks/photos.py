"""Reading pictures, and timing one call."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.rivals import Pixels


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
