"""Measure how well looks foretell SSIMULACRA2, and fit their scale: `kFall`, `kRise` in the core.

Each image, or its middle where it is large, is reduced to 4 to 256 colours, plain and dithered.
Printed are the rank correlation of the tiles' error with SSIMULACRA2 where that is from 30 to 95,
the deviation of SSIMULACRA2 from the scale as it is, and the scale that fits best; then where
SSIMULACRA2 comes out at a target: the worst image, the tenth of a hundred and the median.

    python -m tools.looks_scale IMAGE...        # needs kpalette[bench]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.looks import ssimulacra2
from benchmarks.markdown import Document, table
from PIL import Image
from scipy.optimize import curve_fit
from scipy.stats import spearmanr

import kpalette
from kpalette.looks import CUBE_UNIT, Reference
from kpalette.threads import make_team

SIDE = 416
COLORS = (4, 8, 16, 32, 64, 128, 256)
TARGETS = (60, 70, 80, 90)
DITHERS = (None, "floyd-steinberg")
CHOSEN = (25.0, 750.0)


class Measured(NamedTuple):
    """An image in few colours."""

    error: float
    looks: float
    ssimulacra2: float


def scale(error: np.ndarray, fall: float, rise: float) -> np.ndarray:
    """Return the looks of errors."""
    return 100 - fall * np.log1p(rise * error)


def middle(path: Path) -> np.ndarray:
    """Read an image, laid over white, or its middle."""
    image = Image.open(path).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    left, top = (max(0, (side - SIDE) // 2) for side in image.size)
    return np.array(
        image.crop((left, top, min(image.width, left + SIDE), min(image.height, top + SIDE)))
    )


def measured(pixels: np.ndarray, dither: str | None) -> list[Measured]:
    """Reduce an image to each number of colours that it does not have anyway."""
    reference = Reference(pixels, make_team(None))
    rows = []
    for k in COLORS:
        q = kpalette.quantize(pixels, k, dither=dither)
        if q.mse == 0:
            break
        found = reference.index_errors(q.indices, q.palette.colors)
        sums = found.over_black
        error = (sums.cubes / sums.pixels * CUBE_UNIT) ** (1 / 3)
        rows.append(Measured(error, found.looks, ssimulacra2(pixels, q.rgb)))
    return rows


def measure(paths: Sequence[Path]) -> Document:
    """Return by dither what the module says, of the images of these files."""
    found = []
    for dither in DITHERS:
        images = [measured(middle(path), dither) for path in paths]
        error, looks, seen = np.array([row for rows in images for row in rows]).T
        among = (seen >= 30) & (seen <= 95)
        error, looks, wanted = error[among], looks[among], seen[among]
        best, _ = curve_fit(scale, error, wanted, p0=CHOSEN)
        reached = {}
        for target in TARGETS:
            at = []
            for rows in images:
                steps = sorted((row.looks, row.ssimulacra2) for row in rows)
                if steps and steps[0][0] <= target <= steps[-1][0]:
                    at.append(np.interp(target, *zip(*steps, strict=True)))
            if at:
                reached[str(target)] = [*map(float, np.quantile(at, (0, 0.1, 0.5)))]
        left = wanted - looks
        found.append(
            {
                "dither": dither,
                "results": len(error),
                "rank correlation": float(-spearmanr(error, wanted)[0]),
                "mean apart": float(np.mean(left)),
                "deviation": float(np.std(left)),
                "best scale": [*map(float, best)],
                "reached": reached,
            }
        )
    return {"images": len(paths), "rows": found}


def lines(document: Document) -> list[str]:
    """Format the correlation, the deviation, and what targets reach: worst, tenth, median."""
    targets = [*map(str, TARGETS)]
    rows = []
    for row in document["rows"]:
        apart = f"{row['mean apart']:+.1f} ± {row['deviation']:.1f}".replace("-", "−")
        cells = [row["dither"] or "none", f"{row['rank correlation']:.2f}", apart]
        for target in targets:
            reached = row["reached"].get(target)
            cells.append(", ".join(f"{one:.0f}" for one in reached) if reached else "–")
        rows.append(cells)
    head = ["dither", "rank correlation", "SSIMULACRA2 − looks"]
    return table([*head, *(f"looks {target}" for target in targets)], rows)


def main(paths: list[str]) -> None:
    """Print the table, and the scales that fit best."""
    document = measure([*map(Path, paths)])
    print("\n".join(lines(document)))
    for row in document["rows"]:
        fall, rise = row["best scale"]
        print(f"{row['dither']}: best scale 100 - {fall:.1f} ln(1 + {rise:.0f} error)")


if __name__ == "__main__":
    main(sys.argv[1:])
