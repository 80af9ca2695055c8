"""Who makes GIFs, and the ladder of each: from its best looks to its fewest bytes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.animations.clips import Clip
from benchmarks.rivals import crates, ours, programs
from benchmarks.rivals.rival import package

#: The commands, one after the other, that make a GIF of a folder's frames.
Commands = list[list[str]]
Make = Callable[[Clip, Path, Path], Commands]

pillow_version = partial(package, "pillow")


@dataclass(frozen=True)
class Encoder:
    """A front is the rungs of its ladder; time and flicker are those of the usual one."""

    name: str
    rungs: dict[str, Make]
    usual: str
    version: Callable[[], str]  # may raise Missing


def by_python(clip: Clip, folder: Path, target: Path, *, method: str, **options: Any) -> Commands:
    module = [sys.executable, "-m", "benchmarks.animations.by_python", method]
    return [[*module, str(folder), str(clip.milliseconds), json.dumps(options), str(target)]]


def gifski(clip: Clip, folder: Path, target: Path, *, options: str) -> Commands:
    speed = ["--fps", f"{1000 / clip.milliseconds:g}"]
    frames = map(str, sorted(folder.glob("*.png")))
    program = crates.program("gifski")
    return [[program, "--quiet", *speed, *options.split(), "-o", str(target), *frames]]


def ffmpeg(clip: Clip, folder: Path, target: Path, *, k: int, uses: str) -> Commands:
    graph = f"split[a][b];[a]palettegen=max_colors={k}[p];[b][p]paletteuse={uses}"
    source = ["-framerate", f"1000/{clip.milliseconds}", "-i", str(folder / "%04d.png")]
    return [["ffmpeg", "-v", "error", "-y", *source, "-filter_complex", graph, str(target)]]


def gifsicle(clip: Clip, folder: Path, target: Path, *, lossy: int, uses: str) -> Commands:
    """What people do: a GIF by ffmpeg, and then fewer bytes by gifsicle."""
    less = ["gifsicle", "--no-warnings", "-O3", f"--lossy={lossy}", "-b", str(target)]
    return [*ffmpeg(clip, folder, target, k=256, uses=uses), less]


def image_magick(clip: Clip, folder: Path, target: Path, *, options: str) -> Commands:
    # Of frames that replace each other, so that transparent parts are; it finds what is smaller.
    source = ["-delay", f"{clip.milliseconds}x1000", "-loop", "0", "-dispose", "Background"]
    frames = map(str, sorted(folder.glob("*.png")))
    return [[programs.magick(), *source, *frames, *options.split(), str(target)]]


SIERRA, BAYER = "dither=sierra2_4a", "dither=bayer:bayer_scale=5:diff_mode=rectangle"

#: Ours: how lossy, of how many colours.
LADDER = [
    *((lossy, 255) for lossy in (0, 10, 15, 33, 65, 100)),
    *((100, k) for k in (128, 64, 32)),
]

ENCODERS = [
    Encoder(
        "kpalette",
        {
            f"lossy {lossy}" + f", {k} colours" * (k < 255): partial(
                by_python, method="kpalette", palette_scope="global", lossy=lossy, k=k
            )
            for lossy, k in LADDER
        },
        "lossy 15",
        ours.version,
    ),
    Encoder(
        "gifski",
        {
            f"quality {options}": partial(gifski, options=f"--quality {options}")
            for options in ("100 --extra", "100", "90", "90 --motion-quality 50", "70", "50")
        },
        "quality 90",
        partial(crates.program_version, "gifski"),
    ),
    Encoder(
        "ffmpeg",
        {
            "sierra2_4a": partial(ffmpeg, k=256, uses=SIERRA),
            "sierra2_4a, 64 colours": partial(ffmpeg, k=64, uses=SIERRA),
            "bayer 5": partial(ffmpeg, k=256, uses=BAYER),
            "none": partial(ffmpeg, k=256, uses="dither=none"),
            "none, 64 colours": partial(ffmpeg, k=64, uses="dither=none"),
        },
        "sierra2_4a",
        programs.ffmpeg_version,
    ),
    Encoder(
        "ffmpeg, gifsicle",
        {
            f"none, lossy {lossy}": partial(gifsicle, lossy=lossy, uses="dither=none")
            for lossy in (10, 20, 50, 150)
        }
        | {"sierra2_4a, lossy 20": partial(gifsicle, lossy=20, uses=SIERRA)},
        "none, lossy 20",
        programs.gifsicle_version,
    ),
    Encoder(
        "ImageMagick",
        {
            "optimize": partial(image_magick, options="-layers optimize"),
            "not dithered": partial(image_magick, options="+dither -layers optimize"),
            "not dithered, 64 colours": partial(
                image_magick, options="+dither -colors 64 -layers optimize"
            ),
            "one palette": partial(image_magick, options="+dither +map -layers optimize"),
            "fuzz 3 %": partial(
                image_magick,
                options="+dither -layers OptimizeFrame -fuzz 3% -layers OptimizeTransparency",
            ),
        },
        "optimize",
        programs.image_magick_version,
    ),
    Encoder(
        "Pillow",
        {
            "save": partial(by_python, method="pillow"),
            "quantize 256": partial(by_python, method="pillow", k=256),
            "quantize 64": partial(by_python, method="pillow", k=64),
        },
        "save",
        pillow_version,
    ),
]
OURS = ENCODERS[0].name
