"""Rust crates: imagequant 4, quantette and rscolorq behind C functions, and programs.

Programs are what package managers have of them, so they are not built for this processor alone.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.rivals import rival
from benchmarks.rivals.rival import Missing, Pixels, Result, Rival

SOURCE = Path(__file__).parents[1] / "crates"
FOLDER = Path("build/bench/crates").resolve()  # of the repository
LIBRARY = FOLDER / "release" / "librivals.so"
PROGRAMS = {"gifski": "1.34.0", "pngquant": "3.0.3"}


def install() -> None:
    """Build the library for this processor, and programs; minutes the first time."""
    if shutil.which("cargo") is None:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The lock file stays out of the sources: versions are pinned in Cargo.toml.
    for name in ("Cargo.toml", "src/lib.rs"):
        target = FOLDER / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != (SOURCE / name).read_bytes():
            shutil.copyfile(SOURCE / name, target)
    native = {**os.environ, "RUSTFLAGS": "-C target-cpu=native"}
    if not LIBRARY.exists():
        print("building crates with cargo: minutes, once", file=sys.stderr)
    _cargo("build", "--release", env=native)
    for name, wanted in PROGRAMS.items():
        if program(name) == name:
            print(f"building {name} {wanted} with cargo: minutes, once", file=sys.stderr)
            _cargo("install", "--locked", "--root", str(FOLDER), f"{name}@{wanted}")


def _cargo(*arguments: str, env: Mapping[str, str] = os.environ) -> None:
    """Run cargo; one line says why it fails."""
    ran = subprocess.run(
        ["cargo", "--quiet", *arguments],
        cwd=FOLDER / "source",
        env={**env, "CARGO_TARGET_DIR": str(FOLDER)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        said = ran.stderr.strip().partition("\n")[0]
        print(f"cargo {' '.join(arguments)}: {said}", file=sys.stderr)


def program(name: str) -> str:
    """Return the path of a program that was built here, or its name, for one that is installed."""
    built = FOLDER / "bin" / name
    return str(built) if built.exists() else name


def program_version(name: str) -> str:
    return rival.program(program(name), "--version", hint=f"cargo install {name}")


def version(name: str) -> str:
    if not LIBRARY.exists():
        raise Missing("cargo, for Rust 1.90 or later")
    pinned = re.search(rf'^{name} = .*"=([0-9.]+)"', (SOURCE / "Cargo.toml").read_text(), re.M)
    assert pinned is not None
    return f"{name} {pinned[1]}"


class Job(ctypes.Structure):
    """What a function of the library is given, and where its result goes."""

    _fields_ = (
        ("pixels", ctypes.c_void_p),
        ("width", ctypes.c_size_t),
        ("height", ctypes.c_size_t),
        ("k", ctypes.c_size_t),
        ("palette", ctypes.c_void_p),
        ("indices", ctypes.c_void_p),
    )


def run(pixels: Pixels, k: int, *, function: str, options: tuple[int, ...] = ()) -> Result:
    """Call a function of the library with its options, whole numbers or truths."""
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    palette = np.empty((k, 3), np.uint8)
    indices = np.empty((height, width), np.uint8)
    kinds = {bool: ctypes.c_bool, int: ctypes.c_int32}
    job = Job(pixels.ctypes.data, width, height, k, palette.ctypes.data, indices.ctypes.data)
    found = ctypes.CDLL(str(LIBRARY))[function](
        ctypes.byref(job), *(kinds[type(option)](option) for option in options)
    )
    if found < 0:
        raise ValueError(f"{function} refuses k = {k}")
    return palette[:found], indices


def imagequant(speed: int, dithered: bool) -> Rival:
    return Rival(
        f"imagequant 4 crate, speed {speed}{', dithered' if dithered else ''}",
        "array",
        partial(run, function="rival_imagequant", options=(speed, dithered)),
        f"set_speed({speed}), set_dithering_level({int(dithered)})",
        partial(version, "imagequant"),
        dithered=dithered,
    )


def quantette(method: str, dithered: bool) -> Rival:
    return Rival(
        f"quantette {method}{', dithered' if dithered else ''}",
        "array",
        partial(run, function="rival_quantette", options=(method == "k-means", dithered)),
        f"Pipeline, {method}, parallel, ditherer: {'FloydSteinberg' if dithered else 'None'}",
        partial(version, "quantette"),
        dithered=dithered,
    )


RIVALS = [
    *(imagequant(speed, False) for speed in (1, 4, 10)),
    imagequant(4, True),
    *(quantette(method, dithered) for method in ("Wu", "k-means") for dithered in (False, True)),
    Rival(
        "rscolorq",
        "array",
        partial(run, function="rival_rscolorq"),
        "filter size 3, dithering_level_auto, seed 0",
        partial(version, "rscolorq"),
        dithered=True,
    ),
]
