"""Whole processes, from file to file, against pngquant and sharp.

Times are hyperfine's. Programs that are not installed are skipped.
"""

from __future__ import annotations

import io
import json
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import looks, photos
from benchmarks.rivals import Pixels
from kpalette import metrics

KPALETTE = str(Path(sys.executable).with_name("kpalette"))
N_CROPS, CROP = 200, (384, 256)

#: Commands that reduce a photo to 256 colours; {} is the photo, and the result goes to stdout.
METHODS = {
    "kpalette": f"{KPALETTE} quantize {{}} -o -",
    "kpalette --space srgb": f"{KPALETTE} quantize {{}} --space srgb -o -",
    "pngquant --nofs": "pngquant --nofs -o - 256 {}",
    "kpalette --dither floyd-steinberg": (
        f"{KPALETTE} quantize {{}} --dither floyd-steinberg -o -"
    ),
    "kpalette --space srgb --dither floyd-steinberg": (
        f"{KPALETTE} quantize {{}} --space srgb --dither floyd-steinberg -o -"
    ),
    "pngquant": "pngquant -o - 256 {}",
}


def measure(paths: Sequence[Path], photo: Path, repeat: int) -> None:
    """Print a table for each task."""
    if shutil.which("hyperfine") is None:
        print("hyperfine is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = [folder / f"{path.stem}.png" for path in paths]
        for path, copy in zip(paths, small, strict=True):
            with Image.open(path) as image:
                image.convert("RGB").save(copy)
        large = folder / "large.png"
        with Image.open(photo) as image:
            image.convert("RGB").save(large)
        methods = {
            name: command
            for name, command in METHODS.items()
            if shutil.which(command.split()[0]) is not None
        }
        _one_photo(methods, small, repeat)
        _one_photo(methods, [large], max(2, repeat // 3))
        _many(small, folder, max(2, repeat // 3))
        print("\n| start | ms | ratio |\n|---|--:|--:|")
        start = [f"{sys.executable} -c pass", f"{KPALETTE} --help"]
        bare, ours = timed(start, 3 * repeat)
        print(f"| `python -c pass` | {bare * 1e3:.0f} | 1 |")
        print(f"| `kpalette --help` | {ours * 1e3:.0f} | {ours / bare:.1f} |")


def _one_photo(methods: dict[str, str], paths: Sequence[Path], repeat: int) -> None:
    """Time on the first photo; bytes and quality are means over all."""
    with Image.open(paths[0]) as image:
        size = f"{image.width}×{image.height}"
    times = timed([command.format(paths[0]) for command in methods.values()], repeat)
    print(f"\n{size}, 256 colours; quality and bytes are means of {len(paths)}\n")
    print(f"| command | ms | {' | '.join(looks.METRICS)} | MSE | kB |")
    print(f"|---|--:|{'--:|' * len(looks.METRICS)}--:|--:|")
    for (name, command), seconds in zip(methods.items(), times, strict=True):
        rows = []
        for path in paths:
            encoded = subprocess.run(
                shlex.split(command.format(path)), capture_output=True, check=True
            ).stdout
            rows.append(_quality(path, encoded, small=len(paths) > 1))
        shown = [
            "–" if None in column else f"{np.mean(column):.4g}"
            for column in zip(*rows, strict=True)
        ]
        print(f"| {name} | {seconds * 1e3:.0f} | {' | '.join(shown)} |")


def _quality(path: Path, encoded: bytes, small: bool) -> list[float | None]:
    pixels, shown = (
        np.asarray(Image.open(file).convert("RGB")) for file in (path, io.BytesIO(encoded))
    )
    seen = [looks.measured(metric, pixels, shown) if small else None for metric in looks.METRICS]
    return [*seen, metrics.compare(pixels, shown).mse, len(encoded) / 1e3]


def _many(paths: Sequence[Path], folder: Path, repeat: int) -> None:
    """Time a folder of crops."""
    crops = folder / "crops"
    crops.mkdir()
    random = np.random.default_rng(0)
    pictures = [np.asarray(Image.open(path)) for path in paths]
    for i in range(N_CROPS):
        Image.fromarray(_crop(pictures[i % len(pictures)], random)).save(crops / f"{i:03}.png")
    out = folder / "out"
    tasks = {"kpalette -r --out-dir": f"{KPALETTE} quantize -r {crops} --out-dir {out} -q -f"}
    if shutil.which("pngquant"):
        tasks["xargs -P2 pngquant --nofs"] = (
            f"sh -c 'ls {crops}/*.png | xargs -P2 -n1 pngquant --nofs --force --ext -x.png 256; "
            f"rm {crops}/*-x.png'"
        )
    script = Path(__file__).with_name("folder.cjs")
    sharp = f"node {script} {crops} {out}"
    if (
        shutil.which("node")
        and not subprocess.run(
            ["node", "-e", "require('sharp')"], capture_output=True, check=False
        ).returncode
    ):
        out.mkdir(exist_ok=True)
        tasks["sharp, two at once"] = sharp
    print(f"\n{N_CROPS} photos of {CROP[0]}×{CROP[1]}, 256 colours\n")
    print("| command | s | photos / s |\n|---|--:|--:|")
    for task, seconds in zip(tasks, timed(list(tasks.values()), repeat), strict=True):
        print(f"| {task} | {seconds:.2f} | {N_CROPS / seconds:.0f} |")


def _crop(pixels: Pixels, random: np.random.Generator) -> Pixels:
    width, height = CROP
    top = random.integers(pixels.shape[0] - height + 1)
    left = random.integers(pixels.shape[1] - width + 1)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def timed(commands: Sequence[str], repeat: int) -> list[float]:
    """Return the median seconds of each command, run by hyperfine."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        hyperfine = ["hyperfine", "-N", "--style", "none", "--warmup", "1", "--runs", str(repeat)]
        subprocess.run(
            [*hyperfine, "--export-json", report.name, *commands], capture_output=True, check=True
        )
        results = json.loads(report.read())["results"]
    return [statistics.median(result["times"]) for result in results]


def imports(repeat: int) -> None:
    """Measure the time to import the package, against its dependencies."""
    statements = [
        "pass",
        "import numpy, PIL.Image",
        "import kpalette",  # imports the rest on first use
        "from kpalette import quantize",
    ]
    seconds: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(repeat):
        for statement in statements:
            command = [sys.executable, "-c", statement]
            seconds[statement].append(photos.timed(subprocess.run, command, check=True)[0])
    print("| statement | ms | ratio to NumPy and Pillow |")
    print("|---|--:|--:|")
    base = statistics.median(seconds[statements[1]])
    for statement in statements:
        median = statistics.median(seconds[statement])
        print(f"| `{statement}` | {median * 1e3:.0f} | {median / base:.2f} |")
