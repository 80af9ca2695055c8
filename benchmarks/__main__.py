"""Measure speed and error: ``python -m benchmarks --help``.

Methods take turns on each image, so that noise of the machine falls on all of them; times are
medians; errors are computed here, from what each method returns, in the same way for all.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks import alpha as blending
from benchmarks import animations as moving
from benchmarks import gigapixel as giant
from benchmarks import looks as looking
from benchmarks import minima as searching
from benchmarks import processes as running
from benchmarks import rivals
from benchmarks import scale as scaling
from benchmarks import sheet as drawing
from kpalette import _core

SLOW = 1.0  # a method that takes longer, in seconds, is timed once per image


def timed(function: Callable[..., Any], *args: Any, **options: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function(*args, **options)
    return time.perf_counter() - start, result


def load(path: Path) -> rivals.Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def paths_of(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.png"))
    if not paths:
        sys.exit(f"{folder}: expected a folder with .png files")
    return paths


def load_all(folder: Path) -> list[rivals.Pixels]:
    return [load(path) for path in paths_of(folder)]


def mean_squared_error(pixels: rivals.Pixels, result: rivals.Result) -> float:
    palette, indices = result
    error = pixels - palette.astype(np.float64)[indices]
    return float((error**2).sum(axis=2).mean())


def compare(args: argparse.Namespace) -> None:
    """Mean error and time of every method over the images, for each k."""
    images = load_all(args.images)
    for k in args.k:
        rows = run_methods(images, k, args.repeat, args.only)
        print_comparison(rows, k, len(images))


def run_methods(
    images: list[rivals.Pixels], k: int, repeat: int, only: str
) -> dict[str, list[tuple[float, float]]]:
    """Median seconds and mean squared error of each method, image by image."""
    methods = {
        name: m
        for name, m in rivals.METHODS.items()
        if re.search(only, name) or name in rivals.OURS
    }
    missing: dict[str, str] = {}
    for name, method in methods.items():  # a first call imports and warms up
        try:
            method(images[0][:64, :64], 8)
        except (ImportError, FileNotFoundError) as error:
            missing[name] = str(error)
    for name, why in missing.items():
        print(f"{name}: not measured ({why})", file=sys.stderr)
        del methods[name]
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for pixels in images:
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        errors: dict[str, float] = {}
        for turn in range(repeat):
            # In another order each turn: whoever follows a subprocess is slower.
            for name in random.Random(turn).sample([*methods], len(methods)):
                method = methods[name]
                if turn == 0 or seconds[name][0] < SLOW:
                    took, result = timed(method, pixels, k)
                    seconds[name].append(took)
                    errors[name] = mean_squared_error(pixels, result)
        for name in methods:
            rows[name].append((statistics.median(seconds[name]), errors[name]))
    return rows


def print_comparison(rows: dict[str, list[tuple[float, float]]], k: int, n: int) -> None:
    means = {
        name: (statistics.mean(s for s, _ in values), statistics.mean(e for _, e in values))
        for name, values in rows.items()
    }
    print(f"\nk = {k}, {n} images: mean time, mean error, and who of ours beats it in both\n")
    print("| method | ms | MSE | time / fast | time / balanced | MSE / balanced | beaten by |")
    print("|---|--:|--:|--:|--:|--:|---|")
    fast, balanced = (means[name] for name in rivals.OURS)
    for name, (seconds, error) in means.items():
        better = [
            o.split()[1] for o in rivals.OURS if means[o][0] < seconds and means[o][1] < error
        ]
        verdict = ", ".join(better) or ("—" if name in rivals.OURS else "none")
        print(
            f"| {name} | {seconds * 1e3:.1f} | {error:.2f} | {seconds / fast[0]:.1f} "
            f"| {seconds / balanced[0]:.1f} | {error / balanced[1]:.3f} | {verdict} |"
        )


def looks(args: argparse.Namespace) -> None:
    """What the eye sees, bytes of the PNG, and time, dithered and not, for each k."""
    images = load_all(args.images)
    for k in args.k:
        rows = looking.measure(images, k, args.repeat, args.only)
        looking.print_table(rows, k, len(images))


def animations(args: argparse.Namespace) -> None:
    """Bytes, errors and time of animated GIFs made from a photo, against ffmpeg and gifski."""
    moving.measure(args.photo, args.frames, args.only)


def processes(args: argparse.Namespace) -> None:
    """Whole processes, from file to file, against pngquant and sharp, by hyperfine."""
    running.measure(paths_of(args.images), args.photo, args.repeat)


def minima(args: argparse.Namespace) -> None:
    """Error and time of the best effort against restarts and searches, image by image."""
    searching.measure(paths_of(args.images), args.k, args.minutes)


def alpha(args: argparse.Namespace) -> None:
    """Error of a logo and a soft shadow over black, white and magenta."""
    blending.measure(args.k)


def walkthrough(args: argparse.Namespace) -> None:
    """KMeans of the walk-through against plain NumPy: same numbers, ratio of times."""
    samples = load(args.photo).reshape(-1, 3)
    print(f"{args.photo.name}: {len(samples)} samples, random_state={args.seed}\n")
    print("| k | passes | NumPy, s | kpalette, ms | ratio | centres differ by | labels differ |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for k in args.k:
        slow, (centers, labels, passes) = timed(rivals.numpy_kmeans, samples, k, args.seed)
        times = []
        for _ in range(args.repeat):
            model = kpalette.KMeans(k, random_state=args.seed)
            times.append(timed(model.fit, samples)[0])
        if model.iterations != passes:
            sys.exit(f"k = {k}: NumPy made {passes} passes, kpalette {model.iterations}")
        quick = statistics.median(times)
        print(
            f"| {k} | {passes} | {slow:.2f} | {quick * 1e3:.2f} | {slow / quick:.0f} "
            f"| {np.abs(centers - model.cluster_centers_).max():.1g} "
            f"| {(labels != model.labels_).sum()} |"
        )


def estimator(args: argparse.Namespace) -> None:
    """KMeans on rows of floats against scikit-learn's, from the same starting centres."""
    from sklearn.cluster import KMeans

    n, k = 100_000, 64
    print(f"{n} samples around {k} centres, k = {k}, tol = 0, at most 100 passes, medians\n")
    print(
        "| features | dtype | passes | scikit-learn, ms | kpalette, ms | ratio | inertia differs |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|")
    for dim, dtype in itertools.product(args.dims, (np.float64, np.float32)):
        rng = np.random.default_rng(0)
        samples = 3 * rng.normal(size=(k, dim))[rng.integers(0, k, n)] + rng.normal(size=(n, dim))
        samples = samples.astype(dtype)
        start = samples[rng.choice(n, k, replace=False)]
        models = [
            kind(k, init=start, n_init=1, tol=0, max_iter=100) for kind in (KMeans, kpalette.KMeans)
        ]
        seconds: list[list[float]] = [[], []]
        for _ in range(args.repeat):
            for model, times in zip(models, seconds, strict=True):
                times.append(timed(model.fit, samples)[0])
        theirs, ours = models
        slow, quick = (statistics.median(times) for times in seconds)
        differs = ours.inertia_ / theirs.inertia_ - 1
        print(
            f"| {dim} | {samples.dtype} | {theirs.n_iter_} / {ours.n_iter_} | {slow * 1e3:.0f} "
            f"| {quick * 1e3:.0f} | {slow / quick:.2f} | {differs:.0e} |"
        )


def throughput(args: argparse.Namespace) -> None:
    """Megapixels per second, and peak memory beyond the array's, for one large photo."""
    pixels = load(args.photo)
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    print(f"{args.photo.name}: {megapixels:.1f} megapixels\n")
    print("| effort | k | ms | megapixels / s | peak memory / array |")
    print("|---|--:|--:|--:|--:|")
    for effort in ("fast", "balanced"):
        for k in args.k:
            kpalette.quantize(pixels, k, effort=effort)
            runs = [
                timed(kpalette.quantize, pixels, k, effort=effort)[0] for _ in range(args.repeat)
            ]
            seconds = statistics.median(runs)
            print(
                f"| {effort} | {k} | {seconds * 1e3:.1f} | {megapixels / seconds:.0f} "
                f"| {scaling.peak_memory(pixels, k, effort=effort) / pixels.nbytes:.2f} |"
            )


def scale(args: argparse.Namespace) -> None:
    """Time and memory of dithering 24 megapixels, a mosaic of the images."""
    scaling.measure(load_all(args.images), args.k, args.repeat)


def gigapixel(args: argparse.Namespace) -> None:
    """Images of any size, made of the photos: time against pixels, Dask workers, other k-means."""
    folder, k = str(args.images.resolve()), args.k[0]
    if args.what == "linear":
        giant.linear(folder, [int(1e6 * size) for size in args.megapixels], k, args.repeat)
        return
    if args.what == "fits":
        numbers = [100_000, 500_000, 1_500_000, 4_000_000, 1 << 24]
        giant.fits(folder, numbers, [16, 64, 256, 1024], args.repeat)
        return
    from benchmarks import clusters

    pixels = int(1e6 * args.megapixels[-1])
    if args.what == "workers":
        clusters.speed(folder, pixels, k, args.workers, args.repeat)
    elif args.what == "killed":
        clusters.killed(folder, pixels, k)
    else:
        clusters.compare(folder, pixels, k, args.passes)


def sheet(args: argparse.Namespace) -> None:
    """Draw hard cases beside libimagequant's, to look at."""
    drawing.make(args.out)


def imports(args: argparse.Namespace) -> None:
    """Time to import the package, against what it cannot do without."""
    statements = [
        "pass",
        "import numpy, PIL.Image",
        "import kpalette",  # which brings the rest when it is asked for
        "from kpalette import quantize",
    ]
    seconds: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(args.repeat):
        for statement in statements:
            command = [sys.executable, "-c", statement]
            seconds[statement].append(timed(subprocess.run, command, check=True)[0])
    print("| statement | ms | ratio to NumPy and Pillow |")
    print("|---|--:|--:|")
    base = statistics.median(seconds[statements[1]])
    for statement in statements:
        median = statistics.median(seconds[statement])
        print(f"| `{statement}` | {median * 1e3:.0f} | {median / base:.2f} |")


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, ks in (
        ("compare", compare, "16,64,256"),
        ("looks", looks, "16,64,256"),
        ("animations", animations, None),
        ("processes", processes, None),
        ("minima", minima, "16,64,256"),
        ("alpha", alpha, "16,64"),
        ("walkthrough", walkthrough, "8,16,32"),
        ("estimator", estimator, None),
        ("throughput", throughput, "16,256"),
        ("scale", scale, "16,256"),
        ("gigapixel", gigapixel, "64"),
        ("sheet", sheet, None),
        ("imports", imports, None),
    ):
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function)
        if name not in ("minima", "alpha", "sheet"):
            command.add_argument("--repeat", type=int, default=5, help="runs of each (default 5)")
        if ks is not None:
            command.add_argument("-k", type=numbers, default=numbers(ks), help=f"default {ks}")
        if name in ("compare", "looks", "processes", "minima", "scale", "gigapixel"):
            command.add_argument("--images", type=Path, required=True, help="a folder of .png")
        if name == "minima":
            minutes = "for each k, begin no image after so many (default 20)"
            command.add_argument("--minutes", type=float, default=20, help=minutes)
        if name in ("compare", "looks", "animations"):
            command.add_argument("--only", default="", help="methods whose name has this regex")
        if name == "gigapixel":
            whats = ["linear", "fits", "workers", "killed", "rivals"]
            command.add_argument("--what", choices=whats, default="linear", help="default linear")
            sizes = [10, 30, 100, 300, 1000, 2000]
            command.add_argument("--megapixels", type=numbers, default=sizes, help="of the images")
            command.add_argument("--workers", type=numbers, default=[1, 2], help="default 1,2")
            command.add_argument("--passes", type=int, default=10, help="of dask_ml (default 10)")
        if name == "sheet":
            command.add_argument("--out", type=Path, default=Path("docs"), help="default docs")
        if name == "estimator":
            command.add_argument("--dims", type=numbers, default=[2, 3, 4, 8, 16, 64])
        if name in ("walkthrough", "throughput", "animations", "processes"):
            command.add_argument("--photo", type=Path, required=True)
        if name == "animations":
            command.add_argument("--frames", type=int, default=120, help="default 120")
        if name == "walkthrough":
            command.add_argument("--seed", type=int, default=44, help="random_state (default 44)")
    args = parser.parse_args(arguments and list(arguments))
    print(
        f"kpalette {kpalette.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {_core.isa()}"
    )
    args.function(args)


if __name__ == "__main__":
    main()
