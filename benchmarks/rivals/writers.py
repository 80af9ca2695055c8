"""What writes indexed PNG files: programs as users call them, and libraries that need an encoder.

Each has a few ways to dither, and what it writes by all of them, for many k, is its front. A
library that has no encoder of its own gets a plain one: no row filtered, libdeflate's level 10.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.lossless import plain
from benchmarks.rivals import crates, node, ours, programs
from benchmarks.rivals.rival import Method, Missing, package

Way = Callable[[Path, int], bytes]

LIMIT = 60.0  # seconds of one file


@dataclass(frozen=True)
class Writer:
    """A way to files, from a PNG and k; it is picklable, and imports what it needs."""

    name: str
    options: str  # as users write them
    version: Callable[[], str]  # may raise Missing
    ways: tuple[Way, ...]
    ours: bool = False
    alpha: bool = True  # whether it takes pictures that are transparent


def by_command(source: Path, k: int, *, command: Callable[[str, str, int], Sequence[str]]) -> bytes:
    """Return what a program writes."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "few.png")
        told = command(str(source), str(target), k)
        subprocess.run(told, check=True, capture_output=True, timeout=LIMIT)
        return target.read_bytes()


def by_method(source: Path, k: int, *, method: Method) -> bytes:
    """Return a plain file of what a library's function makes."""
    with Image.open(source) as image:
        palette, indices = method(np.asarray(image.convert("RGB")), k)
    used, indices = np.unique(indices, return_inverse=True)  # palettes may be padded
    return plain(indices, np.ascontiguousarray(palette[used], np.uint8))


def by_pillow(source: Path, k: int, *, dither: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder, Image.open(source) as image:
        few = image.quantize(k)
        if dither and image.mode == "RGB":  # with a palette alone, and without alpha
            few = image.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
        target = Path(folder, "few.png")
        few.save(target, optimize=True)
        return target.read_bytes()


def kpalette(source: str, target: str, k: int, *, options: str) -> list[str]:
    command = [sys.executable, "-m", "kpalette", "quantize", source, "-k", str(k), "-o", target]
    return [*command, *options.split()]


def sharp(source: str, target: str, k: int, *, dither: float) -> list[str]:
    """sharp takes k for a number of bits, so other k are told by the quality."""
    quality = {8: 10, 16: 100, 32: 30, 64: 60, 128: 80, 256: 100}.get(k, 100)
    options = {"dither": dither, "quality": quality, "effort": 10}
    colors = 16 if k == 16 else 256
    return node.command(source, target, colors, method="sharp", options=options, colors="colours")


def napi(source: str, target: str, k: int, *, speed: int) -> list[str]:
    options = {"speed": speed, "minQuality": 0, "maxQuality": 100}
    return node.command(source, target, k, method="imagequant", options=options, colors="colors")


def commands(
    name: str,
    options: str,
    version: Callable[[], str],
    *each: Callable[[str, str, int], Sequence[str]],
    ours: bool = False,
    alpha: bool = True,
) -> Writer:
    ways = tuple(partial(by_command, command=command) for command in each)
    return Writer(name, options, version, ways, ours=ours, alpha=alpha)


def library(name: str, options: str, crate: str, *, first: int) -> Writer:
    """Return the writer that calls a crate, not dithered and dithered, with its first option."""
    function = f"rival_{crate}"
    methods = [
        partial(crates.run, function=function, options=(first, dithered))
        for dithered in (False, True)
    ]
    ways = tuple(partial(by_method, method=method) for method in methods)
    return Writer(name, options, partial(crates.version, crate), ways, alpha=False)


#: The front of ours that others are compared with.
BASE, SMALLER = "kpalette", "kpalette --smaller"

WRITERS: dict[str, Writer] = {
    writer.name: writer
    for writer in (
        commands(
            BASE,
            "kpalette quantize -k K, and with --dither floyd-steinberg",
            ours.version,
            partial(kpalette, options=""),
            partial(kpalette, options="--dither floyd-steinberg"),
            ours=True,
        ),
        commands(
            SMALLER,
            "kpalette quantize -k K --smaller 1 and 3",
            ours.version,
            *(partial(kpalette, options=f"--smaller {amount}") for amount in (1, 3)),
            ours=True,
        ),
        commands(
            "pngquant",
            "--speed 1 K, and with --nofs and --floyd=0.5",
            programs.pngquant_version,
            *(
                partial(programs.pngquant, options=f"--speed 1 {dither}")
                for dither in ("--nofs", "--floyd=0.5", "--floyd=1")
            ),
        ),
        commands(
            "@napi-rs/image",
            "pngQuantize, imagequant 4 at speed 1, dithered",
            partial(node.version, "@napi-rs/image"),
            partial(napi, speed=1),
        ),
        library(
            "imagequant 4",
            "the crate at speed 1, dithering_level 0 and 1; no encoder of its own",
            "imagequant",
            first=1,
        ),
        library(
            "quantette",
            "the crate's k-means, and with Floyd and Steinberg's; no encoder of its own",
            "quantette",
            first=True,
        ),
        commands(
            "sharp",
            "png({palette: true, colours, quality, effort: 10}), dither 0 and 1",
            partial(node.version, "sharp"),
            *(partial(sharp, dither=dither) for dither in (0, 1)),
        ),
        commands(
            "ImageMagick",
            "-colors K PNG8:, and with +dither",
            programs.image_magick_version,
            *(partial(programs.image_magick, dither=dither) for dither in ("", "+dither")),
        ),
        commands(
            "GraphicsMagick",
            "-colors K PNG8:, and with +dither",
            programs.GRAPHICS_MAGICK,
            *(partial(programs.graphics_magick, dither=dither) for dither in ("", "+dither")),
            alpha=False,  # 1.3.40 ends well, but its files have no palette entry for the background
        ),
        commands(
            "ffmpeg",
            "palettegen, paletteuse=dither=none and sierra2_4a",
            programs.ffmpeg_version,
            *(partial(programs.ffmpeg, dither=dither) for dither in ("none", "sierra2_4a")),
        ),
        Writer(
            "Pillow",
            "quantize(K), and dithered with that palette; save(optimize=True)",
            partial(package, "pillow"),
            tuple(partial(by_pillow, dither=dither) for dither in (False, True)),
        ),
    )
}

__all__ = ["BASE", "LIMIT", "SMALLER", "WRITERS", "Missing", "Writer"]
