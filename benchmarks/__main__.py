"""Measure speed and quality against every other quantizer that is installed.

``python -m benchmarks --images FOLDER`` runs the open benchmark: each method on each picture, in
memory or as a whole process. All results are measured in the same way, and which method is faster
and better is computed, not chosen. It writes a page, its pictures and its figures. Each of the
other commands measures one thing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import kpalette
from benchmarks import alpha as blending
from benchmarks import contest, dithers, equal_bytes, estimators, pictures, short_table
from benchmarks import gigapixel as giant
from benchmarks import graphics as drawn
from benchmarks import looks as looking
from benchmarks import lossless as packing
from benchmarks import memory as holding
from benchmarks import minima as searching
from benchmarks import npm as packaged
from benchmarks import processes as running
from benchmarks import rate as saving
from benchmarks import report as reporting
from benchmarks import scale as scaling
from benchmarks import sheet as drawing
from benchmarks import themes as picking
from benchmarks import themes_sheet as showing
from benchmarks import tiles as tiling
from benchmarks.animations import runs as moving
from benchmarks.animations import tables
from benchmarks.photos import load, load_all, paths_of
from benchmarks.rivals import ALL, Pixels
from kpalette import _core


def compare(args: argparse.Namespace) -> None:
    """Run the open benchmark; this is the default command."""
    if args.quick:
        photos = {"drawing": pictures.drawing()[:96, :128]}
        plan = contest.QUICK
    elif args.images is None:
        sys.exit("--images: expected a folder of .png, or --quick for a drawing")
    else:
        photos = {path.stem: load(path) for path in paths_of(args.images)}
        plan = contest.Plan(
            ks=tuple(sorted(args.k)), repeat=args.repeat, limit=args.limit, looks=args.looks
        )
    large = side_by_side([*photos.values()]) if args.large is None else load(args.large)
    document = contest.run(
        photos,
        large,
        plan,
        install=not (args.quick or args.no_install),
        only=[rival for name, rival in ALL.items() if rival.ours or re.search(args.only, name)],
    )
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / reporting.RESULTS).write_text(reporting.to_json(document))
    print(reporting.write(document, args.out))


def side_by_side(photos: list[Pixels]) -> Pixels:
    """Join photos in a row, cropped to the least height."""
    height = min(len(photo) for photo in photos)
    return np.concatenate([photo[:height] for photo in photos], axis=1)


def report(args: argparse.Namespace) -> None:
    """Write the open benchmark's page again, from its results.json, and print its short table."""
    try:
        document = json.loads(args.results.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{args.results}: expected what the open benchmark wrote: {error}")
    found = document.get("format") if isinstance(document, dict) else None
    if found != contest.FORMAT:
        sys.exit(f"{args.results}: expected format {contest.FORMAT}, got {found}")
    print(reporting.write(document, args.results.parent))
    print("\n".join(short_table.lines(document)))


def looks(args: argparse.Namespace) -> None:
    """Measure perceptual metrics, bytes of the PNG and time for each k, dithered and not."""
    images = load_all(args.images)
    for line in looking.left_out():
        print(line)
    for k in args.k:
        rows = looking.measure(images, k, args.repeat, args.only)
        looking.print_table(rows, k, len(images))


def lossless(args: argparse.Namespace) -> None:
    """Bytes of PNG files of the same pixels: against plainer files, oxipng's and pngquant's."""
    packing.measure(paths_of(args.images), args.k, args.oxipng)


def graphics(args: argparse.Namespace) -> None:
    """Compare colours, bytes and SSIMULACRA2 of files with pngquant's, by its own options."""
    drawn.measure(args.folders, args.most, args.side)


def rate(args: argparse.Namespace) -> None:
    """Bytes at equal looks of files made smaller, against pngquant's and plainer ones."""
    saving.measure(paths_of(args.images), args.k)


def animations(args: argparse.Namespace) -> None:
    """GIFs of films and drawings: bytes at equal looks, flicker, time, memory, beside others'."""
    plan = moving.Plan(
        args.images,
        args.clips,
        tuple(args.purpose),
        args.only,
        args.frames,
        args.repeat,
        args.out / "results.csv",
    )
    tables.show(moving.measure(plan))


def processes(args: argparse.Namespace) -> None:
    """Time whole processes, from file to file, against pngquant and sharp, with hyperfine."""
    running.measure(paths_of(args.images), args.photo, args.repeat)


def npm(args: argparse.Namespace) -> None:
    """Measure the package for npm beside image-q, gifenc and others, in Node."""
    document = packaged.measure(paths_of(args.images), args.k, args.repeat)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(reporting.to_json(document))
    print("\n".join(packaged.lines(document)))
    if args.page:
        packaged.rewrite(args.page, document)


def minima(args: argparse.Namespace) -> None:
    """Measure error and time of the best effort against restarts and local searches, by image."""
    searching.measure(paths_of(args.images), args.k, args.minutes)


def alpha(args: argparse.Namespace) -> None:
    """Measure the error of a logo and a soft shadow over black, white and magenta."""
    blending.measure(args.k)


def walkthrough(args: argparse.Namespace) -> None:
    """Compare the walk-through's KMeans with plain NumPy: same numbers, ratio of times."""
    estimators.walkthrough(args.photo, args.k, args.seed, args.repeat)


def estimator(args: argparse.Namespace) -> None:
    """KMeans on rows of numbers against scikit-learn, scikit-learn-intelex, faiss and OpenCV."""
    if "table" in args.what:
        for dtype in args.dtypes.split(","):
            kind = np.dtype(dtype).type
            estimators.table(args.dims, args.k, args.rows, kind, args.repeat, args.clock)
    if "sparse" in args.what:
        estimators.sparse(args.rows, args.repeat, args.clock)
    if "defaults" in args.what:
        estimators.defaults(args.seeds)
    if "memory" in args.what:
        estimators.memory(args.most)


def throughput(args: argparse.Namespace) -> None:
    """Measure megapixels per second, and peak memory beyond the array's, for one large photo."""
    scaling.throughput(args.photo, args.k, args.repeat)


def scale(args: argparse.Namespace) -> None:
    """Measure time and memory of dithering 24 megapixels, a mosaic of the images."""
    scaling.measure(load_all(args.images), args.k, args.repeat)


def gigapixel(args: argparse.Namespace) -> None:
    """Measure images of any size, made of photos: time by pixels, Dask workers, other k-means."""
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


def tiles(args: argparse.Namespace) -> None:
    """Measure the client's memory and time for very many tiles, by Dask's workers, and fsync."""
    if "graphs" in args.what:
        tiling.graphs(args.tiles)
    if "runs" in args.what:
        tiling.runs(args.tiles, args.workers)
    if "fsync" in args.what:
        tiling.fsync(args.folder, args.files, args.repeat)


def memory(args: argparse.Namespace) -> None:
    """Peak memory of whole processes: bytes a pixel by kinds of files, and of runs in tiles."""
    holding.measure(args.side, args.only, args.tiles)


def sheet(args: argparse.Namespace) -> None:
    """Draw results of hard cases beside libimagequant's."""
    drawing.make(args.out)


def themes(args: argparse.Namespace) -> None:
    """Measure palettes for people: real colours, hues, distances, time; draw a sheet of them."""
    picking.measure(args.folders, args.repeat)
    if args.out is not None:
        showing.make(args.out)


def dithered(args: argparse.Namespace) -> None:
    """Draw a photo in eight colours, dithered by kpalette and other programs, and measure it."""
    dithers.make(args.out)


def same_bytes(args: argparse.Namespace) -> None:
    """Draw a photo and a drawing beside pngquant's in files of equal bytes, and measure them."""
    equal_bytes.make(args.out)


def imports(args: argparse.Namespace) -> None:
    """Measure the time to import the package, against its dependencies."""
    running.imports(args.repeat)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


#: Each command with its default for -k, if it has that option.
COMMANDS = {
    "compare": (compare, "16,64,256"),
    "report": (report, None),
    "looks": (looks, "16,64,256"),
    "lossless": (lossless, "2,4,8,16,64,256"),
    "graphics": (graphics, None),
    "rate": (rate, "32,64,128,256"),
    "animations": (animations, None),
    "processes": (processes, None),
    "npm": (npm, "16,256"),
    "minima": (minima, "16,64,256"),
    "alpha": (alpha, "16,64"),
    "walkthrough": (walkthrough, "8,16,32"),
    "estimator": (estimator, "8,64,256,1024"),
    "throughput": (throughput, "16,256"),
    "scale": (scale, "16,256"),
    "gigapixel": (gigapixel, "64"),
    "tiles": (tiles, None),
    "memory": (memory, None),
    "sheet": (sheet, None),
    "themes": (themes, None),
    "dithers": (dithered, None),
    "bytes": (same_bytes, None),
    "imports": (imports, None),
}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="'python -m benchmarks compare --help' says what the open benchmark can be told.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, ks) in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.set_defaults(function=function)
        add = command.add_argument
        if name not in (
            "report",
            "minima",
            "alpha",
            "memory",
            "sheet",
            "dithers",
            "bytes",
            "lossless",
            "graphics",
            "rate",
        ):
            add("--repeat", type=int, default=5, help="runs of each, at most (default 5)")
        if ks is not None:
            add("-k", "--k", type=numbers, default=numbers(ks), help=f"colours (default {ks})")
        if name in (
            "compare",
            "looks",
            "lossless",
            "rate",
            "processes",
            "npm",
            "minima",
            "scale",
            "gigapixel",
            "animations",
        ):
            optional = name in ("compare", "animations")
            add("--images", type=Path, required=not optional, help="a folder of .png")
        if name in ("compare", "looks", "animations"):
            add("--only", default="", help="methods whose name has this regex")
        if name in ("walkthrough", "throughput", "processes"):
            add("--photo", type=Path, required=True)
    choices = commands.choices
    add = choices["compare"].add_argument
    add("--large", type=Path, help="a photo to shrink and repeat (default: the images in a row)")
    add("--limit", type=float, default=15, help="seconds until a run is stopped (default 15)")
    looked = "images that SSIMULACRA2 and ΔE2000, which are slow, are measured on (default 2)"
    add("--looks", type=int, default=2, help=looked)
    add("--out", type=Path, default=Path("build/benchmarks"), help="default build/benchmarks")
    add("--no-install", action="store_true", help="fetch no packages for Node into build/bench")
    add("--quick", action="store_true", help="a few seconds on a drawing, to see that all works")
    add = choices["npm"].add_argument
    out = Path("build/benchmarks/npm.json")
    add("--out", type=Path, default=out, help=f"a file for all figures (default {out})")
    add("--page", type=Path, help="a page that shows the table, to rewrite")
    choices["npm"].set_defaults(repeat=7)
    choices["lossless"].add_argument("--oxipng", action="store_true", help="oxipng -o 4 as well")
    add = choices["graphics"].add_argument
    add("folders", type=Path, nargs="+", help="with .png files, also in folders in them")
    add("--most", type=int, default=100, help="of a folder, every n-th of its files (default 100)")
    add("--side", type=int, default=1, help="pixels to a side, at least (default 1)")
    add = choices["themes"].add_argument
    add("folders", type=Path, nargs="*", help="of .png files")
    add("--out", type=Path, help="a folder for themes.webp, which twenty pictures are in")
    add = choices["memory"].add_argument
    add("--side", type=int, default=5000, help="pixels to a side (default 5000)")
    add("--only", default="", help="cases whose words have this regex, such as 'webp'")
    add("--tiles", type=numbers, default=[1000, 10_000], help="default 1000,10000")
    choices["report"].add_argument("results", type=Path, help="a results.json")
    minutes = "for each k, begin no image after so many (default 20)"
    choices["minima"].add_argument("--minutes", type=float, default=20, help=minutes)
    add = choices["gigapixel"].add_argument
    whats = ["linear", "fits", "workers", "killed", "rivals"]
    add("--what", choices=whats, default="linear", help="default linear")
    sizes = [10, 30, 100, 300, 1000, 2000]
    add("--megapixels", type=numbers, default=sizes, help="of the images")
    add("--workers", type=numbers, default=[1, 2], help="default 1,2")
    add("--passes", type=int, default=10, help="of dask_ml (default 10)")
    add = choices["tiles"].add_argument
    whats = ["graphs", "runs", "fsync"]
    add("--what", choices=whats, nargs="+", default=whats, help="default all; graphs are not run")
    add("--tiles", type=numbers, default=[10_000, 100_000], help="default 10000,100000")
    add("--workers", type=numbers, default=[1, 2, 4], help="default 1,2,4")
    add("--files", type=int, default=1000, help="that are synced (default 1000)")
    add("--folder", type=Path, default=Path("build"), help="for them (default build)")
    for name in ("sheet", "dithers", "bytes"):
        choices[name].add_argument("--out", type=Path, default=Path("docs"), help="default docs")
    add = choices["estimator"].add_argument
    parts = ["table", "sparse", "defaults", "memory"]
    add("--what", choices=parts, nargs="+", default=parts, help="default all")
    add("--dims", type=numbers, default=[2, 3, 8, 16, 32, 64, 128], help="features")
    add("--rows", type=int, default=50_000, help="samples of the table (default 50000)")
    add("--dtypes", default="float32,float64", help="default float32,float64")
    add(
        "--clock", choices=list(estimators.CLOCKS), default="wall", help="cpu: the processor's time"
    )
    add("--seeds", type=int, default=100, help="fits of each data set (default 100)")
    add("--most", type=int, default=1_000_000, help="samples whose memory is measured")
    add = choices["animations"].add_argument
    add("--clips", default="", help="clips whose name has this regex")
    purposes = ["dev", "test", "long"]
    told = "dev: clips to tune with; test (default): to report; long: time and memory"
    add("--purpose", choices=purposes, nargs="+", default=["test"], help=told)
    add("--frames", type=int, default=1000, help="the first frames of each, at most")
    add("--out", type=Path, default=Path("build/animations"), help="default build/animations")
    seed = "random_state (default 44)"
    choices["walkthrough"].add_argument("--seed", type=int, default=44, help=seed)
    return parser


def main(arguments: Iterable[str] | None = None) -> None:
    told = list(sys.argv[1:] if arguments is None else arguments)
    if told and told[0].startswith("-") and told[0] not in ("-h", "--help"):
        told.insert(0, "compare")
    args = make_parser().parse_args(told or ["--help"])
    print(
        f"kpalette {kpalette.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {_core.isa()}"
    )
    args.function(args)


if __name__ == "__main__":
    main()
