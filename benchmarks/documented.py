"""What the documentation shows of benchmarks: results, and the tables and sentences made of them.

``python -m benchmarks docs`` measures the results and keeps them in ``docs/benchmarks``, a file for
each; those of the open benchmark are ``results.json``, which ``make bench`` measures.
``python -m benchmarks pages`` writes what is made of them into the pages, between lines
``<!-- measured: NAME -->`` and ``<!-- end -->``. Tests compare pages and results.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tools import looks_scale

from benchmarks import (
    alpha,
    contest,
    dithers,
    equal_bytes,
    estimators,
    formats,
    gigapixel,
    headline,
    memory,
    minima,
    report,
    scale,
    short_table,
    themes,
    themes_sheet,
    tiles,
    weaknesses,
)
from benchmarks.animations import tables
from benchmarks.markdown import Document
from benchmarks.photos import load_all, paths_of
from kpalette import demo

PAGES = Path("docs")
FIGURES = PAGES / "benchmarks"
DIGITS = 4  # that figures are kept with
MARKED = re.compile(r"(<!-- measured: (?P<name>[a-z-]+) -->\n?)(.*?)(?=<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Sources:
    """What is measured on: folders of photos and of graphics, and where pictures are drawn."""

    photos: Path
    graphics: Path
    out: Path = PAGES


def themes_with_sheet(folders: list[Path], out: Path) -> Document:
    themes_sheet.make(out)
    return themes.measure(folders, 2)


#: How each result is measured: with a plan that ends in at most four minutes.
RESULTS: dict[str, Callable[[Sources], Document]] = {
    "alpha": lambda of: alpha.measure([16, 64]),
    "bytes": lambda of: equal_bytes.make(of.out),
    "dithers": lambda of: dithers.make(of.out),
    "estimator": lambda of: estimators.on_one_thread([3, 16, 128], [8, 64, 256], 20_000, 3),
    "fits": lambda of: gigapixel.fits(
        str(of.photos.resolve()), [100_000, 1_500_000, 1 << 24], [16, 64, 256, 1024], 3
    ),
    "formats": lambda of: formats.measure(24),
    "graphs": lambda of: tiles.graphs([10_000, 100_000]),
    "large": lambda of: scale.measure(load_all(of.photos), [16, 256], 3),
    "linear": lambda of: gigapixel.linear(str(of.photos.resolve()), [10, 100, 1000], 64, 3),
    "looks-scale": lambda of: looks_scale.measure(paths_of(of.photos) + paths_of(of.graphics)),
    "memory": lambda of: memory.measure(5000, ""),
    "minima": lambda of: minima.measure(paths_of(of.photos), [16, 64], 2),
    "themes": lambda of: themes_with_sheet([of.photos, of.graphics], of.out),
    "walkthrough": lambda of: estimators.walkthrough(
        np.asarray(demo.load_photo().rgb_matrix).reshape(-1, 3), [8, 16], 44, 5
    ),
}

#: What `make bench` measures.
OPEN = Path(report.RESULTS).stem

#: By name, the result that a part of a page is made of, and how its lines are.
PARTS: dict[str, tuple[str, Callable[[Document], list[str]]]] = {
    "alpha": ("alpha", alpha.lines),
    "animations": (OPEN, lambda found: tables.summary(found["animations"])),
    "bytes": ("bytes", equal_bytes.lines),
    "dithers": ("dithers", dithers.lines),
    "estimator": ("estimator", estimators.ratios_lines),
    "films-beside-gifski": (OPEN, lambda found: [tables.fewer(found["animations"])]),
    "fits": ("fits", gigapixel.fits_lines),
    "formats": ("formats", formats.lines),
    "graphs": ("graphs", tiles.lines),
    "headline": (OPEN, headline.short),
    "large": ("large", scale.lines),
    "linear": ("linear", gigapixel.linear_lines),
    "long-animations": (OPEN, lambda found: tables.of_long(found["animations"])),
    "looks-scale": ("looks-scale", looks_scale.lines),
    "memory": ("memory", memory.lines),
    "minima": ("minima", minima.lines),
    "minima-sentence": ("minima", minima.sentence),
    "plot-writers": ("formats", formats.plot_lines),
    "readme": (OPEN, short_table.combined),
    "themes": ("themes", themes.lines),
    "times": (OPEN, short_table.lines),
    "trillion": ("linear", gigapixel.trillion),
    "walkthrough": ("walkthrough", estimators.walkthrough_lines),
    "weaknesses": (OPEN, weaknesses.in_the_mean),
}


def measure(names: Iterable[str], of: Sources, folder: Path = FIGURES) -> None:
    """Measure results of these names, and write each into a file of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        start = time.perf_counter()
        found = RESULTS[name](of)
        document = {"machine": contest.machine(), **shortened(found)}
        (folder / f"{name}.json").write_text(report.to_json(document))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def shortened(value: Any) -> Any:
    """Return the same with all floats rounded to a few digits."""
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def rewritten(text: str, folder: Path = FIGURES) -> str:
    """Return a page with all its parts as the results have them."""
    return MARKED.sub(partial(_part, folder), text)


def _part(folder: Path, match: re.Match[str]) -> str:
    result, lines = PARTS[match["name"]]
    document = json.loads((folder / f"{result}.json").read_text())
    made = lines(document)
    return match[1] + (
        "".join(f"{line}\n" for line in made) if "\n" in match[1] else " ".join(made)
    )


def write_pages(folder: Path = PAGES) -> None:
    """Write all parts into README.md and the pages of a folder."""
    for page in (folder.parent / "README.md", *sorted(folder.rglob("*.md"))):
        text = page.read_text()
        if (new := rewritten(text)) != text:
            page.write_text(new)
            print(page)
