"""Measure speed and quality against every other quantizer that is installed.

``python -m benchmarks --images FOLDER...`` runs the open benchmark: bytes at equal looks of the
files that programs write, colours at the same k, time, and animations. All results are measured in
the same way, and where others are better is computed, not chosen. It writes a page, its pictures
and its figures. Each of the other commands measures one thing.
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
from typing import Any

import numpy as np

import kpalette
from benchmarks import alpha as blending
from benchmarks import contest as contests
from benchmarks import dithers, documented, equal_bytes, estimators, photos, pictures
from benchmarks import gigapixel as giant
from benchmarks import memory as holding
from benchmarks import minima as searching
from benchmarks import npm as packaged
from benchmarks import processes as running
from benchmarks import report as reporting
from benchmarks import scale as scaling
from benchmarks import sheet as drawing
from benchmarks import themes as picking
from benchmarks import themes_sheet as showing
from benchmarks import tiles as tiling
from benchmarks.animations import runs as moving
from benchmarks.animations import tables
from benchmarks.photos import load_all, paths_of
from benchmarks.plan import QUICK, Plan
from benchmarks.rivals import ALL
from benchmarks.rivals.writers import WRITERS
from kpalette import _core


def compare(args: argparse.Namespace) -> None:
    """Run the open benchmark; this is the default command."""
    if unknown := set(args.parts or ()) - contests.PARTS.keys():
        sys.exit(f"--parts: expected of {', '.join(contests.PARTS)}, got {', '.join(unknown)}")
    if args.quick:
        drawn = pictures.drawing()[:96, :128]
        opaque = np.full_like(drawn[..., :1], 255)
        shown = [photos.Picture("drawing", "drawings", np.dstack([drawn, opaque]))]
        plan = QUICK
    elif not args.images:
        sys.exit("--images: expected folders of .png, or --quick for a drawing")
    else:
        plan = Plan()
        shown = photos.pictures_of(args.images, plan.most)
    chosen = {
        name: [one for name, one in table.items() if one.ours or re.search(args.only, name)]
        for name, table in (("rivals", ALL), ("writers", WRITERS))
    }
    contest = contests.Contest(
        shown,
        photos.side_by_side(shown) if args.large is None else photos.load(args.large),
        chosen["rivals"],
        chosen["writers"],
        plan,
        args.images or [],
    )
    results = args.out / reporting.RESULTS
    args.out.mkdir(parents=True, exist_ok=True)
    before = read(results) if args.parts and results.exists() else {}
    for document in contests.run(
        contest,
        args.parts or list(contests.PARTS),
        before,
        install=not (args.quick or args.no_install),
    ):
        results.write_text(reporting.to_json(document))
        print(reporting.write(document, args.out))


def report(args: argparse.Namespace) -> None:
    """Write the open benchmark's page again, from its results.json."""
    print(reporting.write(read(args.results), args.results.parent))


def read(results: Path) -> dict[str, Any]:
    try:
        document = json.loads(results.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{results}: expected what the open benchmark wrote: {error}")
    found = document.get("format") if isinstance(document, dict) else None
    if found != contests.FORMAT:
        sys.exit(f"{results}: expected format {contests.FORMAT}, got {found}")
    return dict(document)


def animations(args: argparse.Namespace) -> None:
    """Films and drawings as GIFs: bytes at equal looks, flicker, time, memory, beside others'."""
    plan = moving.Plan(args.clips, tuple(args.purpose), args.only, args.frames, args.repeat)
    document = moving.measure([args.images] if args.images else [], plan)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(reporting.to_json(document))
    print("\n".join(tables.lines(document)))


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
    show(searching.lines(searching.measure(paths_of(args.images), args.k, args.minutes)))


def alpha(args: argparse.Namespace) -> None:
    """Measure the error of a logo and a soft shadow over black, white and magenta."""
    show(blending.lines(blending.measure(args.k)))


def walkthrough(args: argparse.Namespace) -> None:
    """Compare the walk-through's KMeans with plain NumPy: same numbers, ratio of times."""
    samples = photos.load(args.photo).reshape(-1, 3)
    found = estimators.walkthrough(samples, args.k, args.seed, args.repeat)
    show(estimators.walkthrough_lines(found))


def estimator(args: argparse.Namespace) -> None:
    """KMeans on rows of numbers against scikit-learn, scikit-learn-intelex, faiss and OpenCV."""
    if "table" in args.what:
        found = estimators.ratios(
            args.dims, args.k, args.rows, args.dtypes.split(","), args.repeat, args.clock
        )
        show(estimators.ratios_lines(found))
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
    show(scaling.lines(scaling.measure(load_all(args.images), args.k, args.repeat)))


def gigapixel(args: argparse.Namespace) -> None:
    """Measure images of any size, made of photos: time by pixels, Dask workers, other k-means."""
    folder, k = str(args.images.resolve()), args.k[0]
    if args.what == "linear":
        sizes = [int(1e6 * size) for size in args.megapixels]
        show(giant.linear_lines(giant.linear(folder, sizes, k, args.repeat)))
        return
    if args.what == "fits":
        numbers = [100_000, 500_000, 1_500_000, 4_000_000, 1 << 24]
        show(giant.fits_lines(giant.fits(folder, numbers, [16, 64, 256, 1024], args.repeat)))
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
        show(tiling.lines(tiling.graphs(args.tiles)))
    if "runs" in args.what:
        tiling.runs(args.tiles, args.workers)
    if "fsync" in args.what:
        tiling.fsync(args.folder, args.files, args.repeat)


def memory(args: argparse.Namespace) -> None:
    """Peak memory of whole processes: bytes a pixel, by kinds of files."""
    show(holding.lines(holding.measure(args.side, args.only)))


def sheet(args: argparse.Namespace) -> None:
    """Draw results of hard cases beside libimagequant's."""
    drawing.make(args.out)


def themes(args: argparse.Namespace) -> None:
    """Measure palettes for people: real colours, hues, distances, time; draw a sheet of them."""
    show(picking.lines(picking.measure(args.folders, args.repeat)))
    if args.out is not None:
        showing.make(args.out)


def dithered(args: argparse.Namespace) -> None:
    """Draw a photo in eight colours, dithered by kpalette and other programs, and measure it."""
    show(dithers.lines(dithers.make(args.out)))


def same_bytes(args: argparse.Namespace) -> None:
    """Draw a photo and a drawing beside pngquant's in files of equal bytes, and measure them."""
    show(equal_bytes.lines(equal_bytes.make(args.out)))


def imports(args: argparse.Namespace) -> None:
    """Measure the time to import the package, against its dependencies."""
    running.imports(args.repeat)


def docs(args: argparse.Namespace) -> None:
    """Measure all that the documentation shows, in a quarter of an hour, and write its pages."""
    names = args.names or documented.RESULTS
    documented.measure(names, documented.Sources(args.images, args.graphics))
    pages(args)


def pages(args: argparse.Namespace) -> None:
    """Write tables and sentences into the documentation's pages, from the committed results."""
    documented.write_pages()


def show(lines: list[str]) -> None:
    print("\n".join(lines))


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


#: Each command with its default for -k, if it has that option.
COMMANDS = {
    "compare": (compare, None),
    "report": (report, None),
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
    "docs": (docs, None),
    "pages": (pages, None),
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
            "animations",
            "compare",
            "report",
            "minima",
            "alpha",
            "memory",
            "sheet",
            "dithers",
            "bytes",
            "docs",
            "pages",
        ):
            add("--repeat", type=int, default=5, help="runs of each, at most (default 5)")
        if ks is not None:
            add("-k", "--k", type=numbers, default=numbers(ks), help=f"colours (default {ks})")
        if name in (
            "processes",
            "npm",
            "minima",
            "scale",
            "gigapixel",
            "animations",
            "docs",
        ):
            add("--images", type=Path, required=name != "animations", help="a folder of .png")
        if name in ("compare", "animations"):
            add("--only", default="", help="methods whose name has this regex")
        if name in ("walkthrough", "throughput", "processes"):
            add("--photo", type=Path, required=True)
    choices = commands.choices
    add = choices["compare"].add_argument
    add("--images", type=Path, nargs="+", help="folders of .png: photos, and graphics")
    parts = list(contests.PARTS)
    told = "measure these alone, and keep what --out has of others (default: all, anew)"
    add("--parts", type=lambda text: text.split(","), help=f"{told}: {','.join(parts)}")
    add("--large", type=Path, help="a photo to shrink and repeat (default: the first folder's)")
    add("--out", type=Path, default=Path("build/benchmarks"), help="default build/benchmarks")
    add("--no-install", action="store_true", help="fetch no packages for Node into build/bench")
    add("--quick", action="store_true", help="a few seconds on a drawing, to see that all works")
    add = choices["docs"].add_argument
    add("names", nargs="*", choices=[*documented.RESULTS, []], help="results (default all)")
    add("--graphics", type=Path, required=True, help="a folder of .png, for themes")
    add = choices["npm"].add_argument
    out = Path("build/benchmarks/npm.json")
    add("--out", type=Path, default=out, help=f"a file for all figures (default {out})")
    add("--page", type=Path, help="a page that shows the table, to rewrite")
    choices["npm"].set_defaults(repeat=7)
    add = choices["themes"].add_argument
    add("folders", type=Path, nargs="*", help="of .png files")
    add("--out", type=Path, help="a folder for themes.webp, which twenty pictures are in")
    add = choices["memory"].add_argument
    add("--side", type=int, default=5000, help="pixels to a side (default 5000)")
    add("--only", default="", help="cases whose words have this regex, such as 'webp'")
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
    usual = moving.USUAL
    told = "dev: clips to tune with; test and long (default): to report; long: time and memory"
    purposes = ["dev", "test", "long"]
    add("--purpose", choices=purposes, nargs="+", default=usual.purposes, help=told)
    told = f"the first frames of each clip (default {usual.most}), unless it is long"
    add("--frames", type=int, default=usual.most, help=told)
    add("--repeat", type=int, default=usual.repeat, help=f"timed runs (default {usual.repeat})")
    out = Path("build/benchmarks/animations.json")
    add("--out", type=Path, default=out, help=f"a file for all figures (default {out})")
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
