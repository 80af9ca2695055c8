"""Animations: which format takes how many bytes, and how it looks.

    python -m benchmarks.moving_formats PHOTO [FRAMES]

Lossy WebP and AVIF are made of the source's frames by Pillow, as kpalette does not write them.
"GIF by Pillow" is what Matplotlib's own writer makes of a plot.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks import looks
from benchmarks.animations import MILLISECONDS, SCENES
from benchmarks.rivals import Pixels
from kpalette import files

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


def main(photo: str, n: str = "24") -> None:
    """Print a table for each scene, of so many frames."""
    with Image.open(photo) as image:
        original = image.convert("RGB")
    scenes = {name: partial(draw, original, int(n)) for name, draw in SCENES.items()} | {
        "plot": partial(plot, int(n))
    }
    for scene, draw in scenes.items():
        frames = [np.asarray(frame) for frame in draw()]
        height, width = frames[0].shape[:2]
        print(f"\n{scene}: {n} frames of {width}×{height}\n")
        print("| | kB | SSIMULACRA2 | s |")
        print("|---|--:|--:|--:|")
        for name, (suffix, write) in METHODS.items():
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder, f"film{suffix}")
                start = time.perf_counter()
                write(frames, target)
                seconds = time.perf_counter() - start
                size = target.stat().st_size / 1e3
                print(f"| {name} | {size:.0f} | {score(frames, target):.1f} | {seconds:.1f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
