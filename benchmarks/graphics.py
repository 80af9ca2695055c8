"""Files as pngquant writes them, beside pngquant's: its options, given to both programs.

Each picture is reduced with the same arguments. What is compared is what the files show.
"""

from __future__ import annotations

import io
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.looks import ssimulacra2
from benchmarks.photos import over
from benchmarks.rivals import Pixels
from kpalette import files

#: What both are asked for, and what our program alone is, by what the table says.
ASKED: dict[str, tuple[list[str], list[str]]] = {
    "65-80": (["--quality", "65-80"], []),
    "90-100": (["--quality", "90-100"], []),
    "default": ([], []),
    "undithered": ([], ["--nofs"]),
    "smaller 1": ([], ["--smaller", "1"]),
    "smaller 2": ([], ["--smaller", "2"]),
}
#: Below what its quality asks for, a program writes nothing.
REFUSED = 99
PROGRAMS = {"kpalette": [sys.executable, "-m", "kpalette"], "pngquant": ["pngquant"]}


class Written(NamedTuple):
    """A program's file: its colours, its bytes, and SSIMULACRA2 over the worse backdrop."""

    colors: int
    size: int
    seen: float


class Pair(NamedTuple):
    """What both made of a picture; None where one refused."""

    picture: Path
    ours: Written | None
    theirs: Written | None

    def is_won(self) -> bool | None:
        """Return whether ours is neither larger nor worse; None where one refused."""
        if self.ours is None or self.theirs is None:
            return None
        return self.ours.size <= self.theirs.size and self.ours.seen >= self.theirs.seen


def chosen(folder: Path, most: int, side: int) -> list[Path]:
    """Return a folder's PNG files, and those in it, that have sides of at least so many pixels.

    Of more than `most` they are every n-th in the order of their names.
    """
    large = []
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as image:
            if min(image.size) >= side:
                large.append(path)
    if not large:
        sys.exit(f"{folder}: expected .png files of at least {side} pixels a side")
    return large[:: max(1, len(large) // most)][:most]


def seen(before: Pixels, after: Pixels) -> float:
    """Return SSIMULACRA2 of (h, w, 4): the lower of those over black and over white."""
    levels = (0, 255) if (before[..., 3] < 255).any() else (0,)
    return min(ssimulacra2(over(before, level), over(after, level)) for level in levels)


def written(program: str, options: Sequence[str], path: Path, pixels: Pixels) -> Written | None:
    """Run a program on a picture and measure its file; None if it refused."""
    command = [*PROGRAMS[program], *options, "-o", "-", "--", str(path)]
    ran = subprocess.run(command, capture_output=True)
    if ran.returncode == REFUSED:
        return None
    if ran.returncode:
        sys.exit(f"{' '.join(command)}: {ran.stderr.decode(errors='replace').strip()}")
    after = files.with_alpha(files.as_pixels(io.BytesIO(ran.stdout)))
    colors = len(np.unique(after.reshape(-1, 4), axis=0))
    return Written(colors, len(ran.stdout), seen(pixels, after))


def compared(
    paths: Iterable[Path], options: Sequence[str], more: Sequence[str] = ()
) -> Iterator[Pair]:
    """Reduce pictures with both programs; ours gets more options."""
    for path in paths:
        pixels = files.with_alpha(files.as_pixels(path))
        ours = written("kpalette", [*options, *more], path, pixels)
        yield Pair(path, ours, written("pngquant", options, path, pixels))


def grey(paths: Sequence[Path]) -> None:
    """Print how large grey pictures are beside their grey originals, by our program alone."""
    sizes = []
    for path in paths:
        with Image.open(path) as image:
            original = io.BytesIO()
            image.convert("L").save(original, "PNG", optimize=True)
        command = [*PROGRAMS["kpalette"], "-o", "-", "-"]
        ran = subprocess.run(command, input=original.getvalue(), capture_output=True, check=True)
        sizes.append((len(original.getvalue()), len(ran.stdout)))
    before, after = map(sum, zip(*sizes, strict=True))
    larger = sum(ours > original for original, ours in sizes)
    print(f"grey: {before:,} bytes become {after:,} ({after / before - 1:+.1%}), {larger} larger")


def measure(folders: Sequence[Path], most: int, side: int) -> None:
    """Print a table of each folder's pictures, and of all for each setting.

    Of more than 20, only those that our program alone refuses.
    """
    if shutil.which("pngquant") is None:
        sys.exit("expected pngquant to be installed")
    for folder in folders:
        paths = chosen(folder, most, side)
        print(f"\n{folder}: {len(paths)} pictures\n")
        print("| quality | picture | colours | pngquant's | bytes | pngquant's | ratio | ", end="")
        print(f"SSIMULACRA2 | pngquant's | won |\n|---|---|{'--:|' * 8}")
        for name, (options, more) in ASKED.items():
            pairs = []
            for pair in compared(paths, options, more):
                pairs.append(pair)
                refused_alone = pair.ours is None and pair.theirs is not None
                if len(paths) <= 20 or refused_alone:
                    print(row(name, pair), flush=True)
            print(summary(name, pairs), flush=True)
        grey(paths)


def row(name: str, pair: Pair) -> str:
    """Format one picture's line of the table."""
    ours, theirs = pair.ours, pair.theirs
    cells = [name, pair.picture.stem]
    cells += [str(one.colors) if one else "refused" for one in (ours, theirs)]
    cells += [f"{one.size:,}" if one else "" for one in (ours, theirs)]
    cells += [f"{ours.size / theirs.size:.2f}" if ours and theirs else ""]
    cells += [f"{one.seen:.1f}" if one else "" for one in (ours, theirs)]
    won = pair.is_won()
    return f"| {' | '.join([*cells, '' if won is None else 'yes' if won else 'no'])} |"


def summary(name: str, pairs: Sequence[Pair]) -> str:
    """Format what all pictures come to: means of those that both wrote."""
    both = [(pair.ours, pair.theirs) for pair in pairs if pair.ours and pair.theirs]
    refused = sum(pair.ours is None for pair in pairs)
    refused_by_pngquant = sum(pair.theirs is None for pair in pairs)
    cells = [name, f"all; refused {refused}, pngquant {refused_by_pngquant}"]
    if both:
        for get in (lambda one: one.colors, lambda one: one.size, lambda one: one.seen):
            means = [f"{statistics.mean(map(get, ones)):,.1f}" for ones in zip(*both, strict=True)]
            cells += means
        ratio = statistics.geometric_mean(ours.size / theirs.size for ours, theirs in both)
        cells.insert(6, f"{ratio:.3f}")
        won = sum(bool(pair.is_won()) for pair in pairs)
        smaller = sum(ours.size <= theirs.size for ours, theirs in both)
        better = sum(ours.seen >= theirs.seen for ours, theirs in both)
        cells.append(f"{won} of {len(both)}; {smaller} not larger, {better} not worse")
    return f"| {' | '.join(cells)} |"
