"""The description of a rival, and the versions of packages and programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Result = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
Method = Callable[[Pixels, int], Result]

#: What is timed: from pixels to palette and indices; from pixels to a palette, which we then map;
#: or a whole process, from a PNG file to another.
Kind = Literal["array", "palette", "files"]
KINDS: tuple[Kind, ...] = ("array", "palette", "files")


class Missing(Exception):
    """A rival is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Rival:
    """A way to reduce an image.

    `run` takes pixels, uint8 (h, w, 3), and k. It returns a palette (k', 3) of numbers from 0 to
    255 and indices (h, w), or the palette alone, as the kind says. For a program it takes two paths
    and k, and returns the command that makes the second file from the first. It can be pickled, and
    imports what it needs.
    """

    name: str
    kind: Kind
    run: Callable[..., Any]
    options: str  # as users write them
    version: Callable[[], str]  # may raise Missing
    dithered: bool = False
    ours: bool = False
    space: str = "srgb"  # in which kpalette measures distances


def package(name: str, hint: str = "") -> str:
    """Return the installed version of a package from PyPI."""
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        raise Missing(hint or f"pip install {name}") from None


def program(name: str, *arguments: str, hint: str) -> str:
    """Return a program's version, the first line that it prints for `arguments`."""
    if shutil.which(name) is None:
        raise Missing(hint)
    said = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)
    if said.returncode != 0:  # another program of the same name
        raise Missing(hint)
    return (said.stdout or said.stderr).partition("\n")[0].strip()
