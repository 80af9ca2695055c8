"""Which format of animations takes how many bytes, and how it looks.

Lossy WebP and AVIF are made of the source's frames by Pillow, as kpalette does not write them.
"GIF by Pillow" is what Matplotlib's own writer makes of a plot.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks import looks
from benchmarks.animations import drawings, films
from benchmarks.markdown import Document, table
from benchmarks.rivals import Pixels
from kpalette import demo, files

MILLISECONDS = 40
PLOT = "plot"
EVERY = 6  # SSIMULACRA2 is measured on one of this many frames


def plot(n: int) -> Iterator[Pixels]:
    """Draw a travelling wave and its samples, as scientists do."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(ylim=(-1.2, 1.2), title="A travelling wave", xlabel="x", ylabel="y")
    x = np.linspace(0, 10, 400)
    (line,) = axes.plot(x, np.sin(x))
    dots = axes.scatter(x[::20], np.cos(x[::20]), c=x[::20], cmap="viridis")
    for i in range(n):
        line.set_ydata(np.sin(x + i / 10))
        dots.set_offsets(np.c_[x[::20], np.cos(x[::20] + i / 10)])
        canvas.draw()
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def ours(frames: list[Pixels], target: Path, **options: Any) -> None:
    made_for = "gif" if target.suffix == ".gif" else "png"
    pairs = [(frame, MILLISECONDS) for frame in frames]
    how = {"palette_scope": "global", "smaller_in": made_for, **options}
    kpalette.quantize_animation(pairs, **how).save(target)


def pillows(frames: list[Pixels], target: Path, **options: Any) -> None:
    first, *others = map(Image.fromarray, frames)
    how = {"save_all": True, "append_images": others, "duration": MILLISECONDS, "loop": 0}
    first.save(target, **how, **options)


SCENES: dict[str, Callable[[int, Pixels], Iterator[Pixels]]] = {
    "pan": lambda n, photo: films.pan((320, 214), n, photo),
    "head": lambda n, photo: films.filmed(films.head, (320, 240), n, photo, grain=1.2),
    "cartoon": lambda n, photo: drawings.cartoon((320, 240), n),
    PLOT: lambda n, photo: plot(n),
}
METHODS: dict[str, tuple[str, Callable[[list[Pixels], Path], None]]] = {
    "GIF": (".gif", ours),
    "GIF, smaller 1": (".gif", partial(ours, smaller=1)),
    "APNG": (".png", ours),
    "APNG, smaller 1": (".png", partial(ours, smaller=1)),
    "WebP": (".webp", ours),
    "WebP, smaller 1": (".webp", partial(ours, smaller=1)),
    "GIF by Pillow": (".gif", pillows),
    "lossy WebP by Pillow, quality 75": (".webp", partial(pillows, quality=75)),
    "AVIF by Pillow, quality 75": (".avif", partial(pillows, quality=75)),
}


def score(frames: list[Pixels], target: Path) -> float:
    """Return the mean SSIMULACRA2 of some frames."""
    shown: list[Pixels] = []
    for pixels, duration in files.open_frames(target).walk():
        shown += [pixels[..., :3]] * round(duration / MILLISECONDS)  # equal frames may be merged
    pairs = list(zip(frames, shown, strict=True))[::EVERY]
    return statistics.mean(looks.measured("SSIMULACRA2", *pair) or 0 for pair in pairs)


def measure(n: int) -> Document:
    """Return bytes and mean SSIMULACRA2 by scene and by method, of scenes of so many frames."""
    photo = np.asarray(demo.load_photo().rgb_matrix)
    rows = []
    for scene, draw in SCENES.items():
        frames = list(draw(n, photo))
        for name, (suffix, write) in METHODS.items():
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder, f"film{suffix}")
                write(frames, target)
                found = {"bytes": target.stat().st_size, "ssimulacra2": score(frames, target)}
            rows.append({"scene": scene, "method": name, **found})
            print(f"{scene}, {name}", file=sys.stderr)
    return {"frames": n, "rows": rows}


def lines(document: Document) -> list[str]:
    """Format kilobytes and SSIMULACRA2 of each method, by scene."""
    scenes = list(dict.fromkeys(row["scene"] for row in document["rows"]))
    cells: dict[str, list[str]] = {}
    for row in document["rows"]:
        shown = f"{row['bytes'] / 1e3:.0f}, {row['ssimulacra2']:.1f}"
        cells.setdefault(row["method"], []).append(shown)
    return table(["kB, SSIMULACRA2", *scenes], ([name, *shown] for name, shown in cells.items()))


def plot_lines(document: Document) -> list[str]:
    """Format those of the plot's GIF, beside that of Matplotlib's own writer."""
    found = {row["method"]: row for row in document["rows"] if row["scene"] == PLOT}
    writers = {"**`MovieWriter`**": found["GIF"], "`PillowWriter`": found["GIF by Pillow"]}
    rows = (
        [name, f"{row['bytes'] / 1e3:.0f}", f"{row['ssimulacra2']:.1f}"]
        for name, row in writers.items()
    )
    return table(["", "kB", "SSIMULACRA2"], rows)
