"""Who makes GIFs, and the ladder of each: from its best looks to its fewest bytes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.animations.clips import Clip
from benchmarks.rivals.node import FOLDER
from benchmarks.rivals.rival import Missing

#: The commands, one after the other, that make a GIF of a folder's frames.
Commands = list[list[str]]
Make = Callable[[Clip, Path, Path], Commands]

MODULES = FOLDER / "node_modules"
BARE = "frames.rgba"  # all frames, without a header, for those who read no PNG


@dataclass(frozen=True)
class Encoder:
    """A front is the rungs of its ladder; time and flicker are those of the usual one."""

    name: str
    rungs: dict[str, Make]
    usual: str
    needs: tuple[str, ...] = ()  # programs
    modules: tuple[str, ...] = ()  # packages of npm
    bare: bool = False

    def check(self) -> None:
        """Raise Missing if something is not installed."""
        for program in self.needs:
            if shutil.which(program) is None:
                raise Missing(f"{program} is not installed")
        for module in self.modules:
            if not (MODULES / module).is_dir():
                raise Missing(f"npm install --prefix {FOLDER} {module}")


def ours(clip: Clip, folder: Path, target: Path, **options: Any) -> Commands:
    module = [sys.executable, "-m", "benchmarks.animations.ours"]
    return [[*module, str(folder), str(clip.milliseconds), json.dumps(options), str(target)]]


def gifski(clip: Clip, folder: Path, target: Path, *, program: str, quality: int) -> Commands:
    speed = ["--fps", f"{1000 / clip.milliseconds:g}", "--quality", str(quality)]
    frames = map(str, sorted(folder.glob("*.png")))
    return [[program, "--quiet", *speed, "-o", str(target), *frames]]


def gifski_wasm(clip: Clip, folder: Path, target: Path, *, quality: int) -> Commands:
    script = Path(__file__).with_name("gifski.mjs")
    numbers = map(str, (*clip.size, clip.milliseconds, quality))
    modules = MODULES.resolve()
    return [["node", str(script), str(modules), str(folder / BARE), *numbers, str(target)]]


def ffmpeg(clip: Clip, folder: Path, target: Path, *, k: int, dither: str) -> Commands:
    uses = f"split[a][b];[a]palettegen=max_colors={k}[p];[b][p]paletteuse=dither={dither}"
    source = ["-framerate", f"1000/{clip.milliseconds}", "-i", str(folder / "%04d.png")]
    return [["ffmpeg", "-v", "error", "-y", *source, "-filter_complex", uses, str(target)]]


def gifsicle(clip: Clip, folder: Path, target: Path, *, lossy: int, dither: str) -> Commands:
    """What people do: a GIF by ffmpeg, and then fewer bytes by gifsicle."""
    less = ["gifsicle", "--no-warnings", "-O3", f"--lossy={lossy}", "-b", str(target)]
    return [*ffmpeg(clip, folder, target, k=256, dither=dither), less]


QUALITIES = (100, 90, 70, 50)

#: Ours: how lossy, of how many colours.
LADDER = [(0, 255), (10, 255), (15, 255), (33, 255), (65, 255), (100, 255), (15, 64), (65, 64)]

ENCODERS = [
    Encoder(
        "kpalette",
        {
            f"lossy {lossy}" + f", {k} colours" * (k < 255): partial(
                ours, palette_scope="global", lossy=lossy, k=k
            )
            for lossy, k in LADDER
        },
        "lossy 15",
    ),
    Encoder(
        "gifski 1.7 (npm)",
        {
            str(quality): partial(
                gifski, program=str(MODULES / "gifski/bin/debian/gifski"), quality=quality
            )
            for quality in QUALITIES
        },
        "90",
        modules=("gifski",),
    ),
    Encoder(
        "gifski",
        {str(quality): partial(gifski, program="gifski", quality=quality) for quality in QUALITIES},
        "90",
        ("gifski",),
    ),
    Encoder(
        "gifski-wasm",
        {str(quality): partial(gifski_wasm, quality=quality) for quality in QUALITIES},
        "90",
        ("node",),
        ("gifski-wasm",),
        bare=True,
    ),
    Encoder(
        "ffmpeg",
        {
            f"{dither} {k}": partial(ffmpeg, k=k, dither=dither)
            for dither in ("sierra2_4a", "none")
            for k in (256, 64)
        },
        "sierra2_4a 256",
        ("ffmpeg",),
    ),
    Encoder(
        "ffmpeg, gifsicle",
        {
            f"{dither} {lossy}": partial(gifsicle, lossy=lossy, dither=dither)
            for dither, ladder in (("none", (10, 20, 50, 150)), ("sierra2_4a", (20,)))
            for lossy in ladder
        },
        "none 20",
        ("ffmpeg", "gifsicle"),
    ),
]
OURS = ENCODERS[0].name
