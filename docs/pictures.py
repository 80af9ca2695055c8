"""Make the documentation's pictures: `python docs/pictures.py` writes docs/pictures/.

The photo is matplotlib's, in the public domain; all else is drawn.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import kpalette
from kpalette import demo, image, metrics, model

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

HERE = Path(__file__).parent / "pictures"
GAP, LINE = 8, 22
PHOTO = demo.load_photo().rgb_matrix
SMALL = np.asarray(Image.fromarray(PHOTO).resize((256, 300), Image.Resampling.LANCZOS))
BLUE, ORANGE, GREY = "#3a7ebf", "#d9772b", "#a0a0a0"


def save(picture: Image.Image, path: Path, *, lossless: bool = False) -> None:
    picture.save(path, lossless=lossless, quality=100 if lossless else 84, method=6)


def save_figure(figure: Figure, path: Path) -> None:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight")
    save(Image.open(file).convert("RGB"), path)


def side_by_side(panels: Sequence[tuple[str, Pixels]], zoom: int = 1) -> Image.Image:
    """Put pictures in a row, each below its title, every pixel as it is."""
    shown = [Image.fromarray(pixels.repeat(zoom, 0).repeat(zoom, 1)) for _, pixels in panels]
    size = sum(each.width + GAP for each in shown) - GAP, LINE + shown[0].height
    row = Image.new("RGB", size, "white")
    draw, font, x = ImageDraw.Draw(row), ImageFont.load_default(14), 0
    for (title, _), each in zip(panels, shown, strict=True):
        draw.text((x, 1), title, "black", font)
        row.paste(each, (x, LINE))
        x += each.width + GAP
    return row


def few_colors(path: Path) -> None:
    panels = [("original", SMALL)]
    panels += [(f"{k} colours", kpalette.quantize(SMALL, k).rgb) for k in (32, 16, 8, 4)]
    save(side_by_side(panels), path)


def cloud(path: Path) -> None:
    palette = kpalette.extract_palette(PHOTO, 16)
    image.plot_rgb_vector(PHOTO.reshape(-1, 3), figsize=(7, 6), centers=palette.colors, save=path)


def counting(path: Path) -> None:
    """Pixels, and how many of them the most frequent colours make up."""
    histogram = kpalette.ColorHistogram.from_image(PHOTO)
    counts = np.sort(histogram.counts)[::-1]
    figure = Figure(figsize=(7, 3.2))
    axes = figure.subplots()
    axes.plot(np.arange(1, len(counts) + 1), 100 * np.cumsum(counts) / counts.sum(), color=BLUE)
    axes.set(
        xlabel="distinct colours, the most frequent first",
        ylabel="% of the pixels",
        ylim=(0, 101),
        xlim=(0, len(counts)),
        title=f"{histogram.n_pixels:,} pixels have {len(counts):,} colours",
    )
    axes.grid(alpha=0.3)
    save_figure(figure, path)


def pruning(path: Path) -> None:
    """A box of colours, and which centres could be nearest to some point of it."""
    random = np.random.default_rng(5)
    centers = random.uniform(0.03, 0.97, (64, 2))
    low, high = np.array([0.42, 0.46]), np.array([0.56, 0.60])
    points = random.uniform(low, high, (64, 2))
    nearest = np.argmin(((centers - (low + high) / 2) ** 2).sum(axis=1))
    towards = centers - centers[nearest]
    corners = np.where(towards > 0, high, low)
    kept = ((centers - corners) ** 2).sum(1) < ((centers[nearest] - corners) ** 2).sum(1)
    kept[nearest] = True
    figure = Figure(figsize=(6, 4.6))
    axes = figure.subplots()
    axes.add_patch(Rectangle(low, *(high - low), facecolor="#eef3fa", edgecolor=BLUE))
    axes.scatter(*points.T, s=5, color=BLUE, label="64 colours of a box")
    axes.scatter(
        *centers[~kept].T, s=45, facecolor="none", edgecolor=GREY, label="centres that cannot win"
    )
    axes.scatter(*centers[kept].T, s=55, color=ORANGE, label="centres to compare with")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False)
    save_figure(figure, path)


def minima(path: Path) -> None:
    """Where k-means ends from many random starts, and where kpalette does."""
    pixels = PHOTO.reshape(-1, 3)
    found = [
        model.KMeans(n_clusters=16, tol=0, max_iter=1000, random_state=start).fit(pixels).inertia_
        for start in range(60)
    ]
    figure = Figure(figsize=(7, 3.2))
    axes = figure.subplots()
    axes.hist(np.array(found) / len(pixels), bins=24, color=GREY, label="k-means, 60 random starts")
    for effort, color in (("balanced", BLUE), ("best", ORANGE)):
        mse = kpalette.sweep(PHOTO, [16], space="srgb", effort=effort).cost[0] / len(pixels)
        axes.axvline(mse, color=color, linewidth=2, label=f'kpalette, effort="{effort}"')
    axes.set(xlabel="mean squared error, k = 16", ylabel="starts that end there")
    axes.legend(frameon=False)
    save_figure(figure, path)


def spaces(path: Path) -> None:
    face = slice(60, 300), slice(150, 390)
    panels = [("original", PHOTO[face])]
    for space in ("srgb", "oklab"):
        few = kpalette.quantize(PHOTO, 16, space=space)
        seen = metrics.compare(PHOTO, few).delta_e
        panels.append((f"{space}: MSE {few.mse:.0f}, CIEDE2000 {seen:.2f}", few.rgb[face]))
    save(side_by_side(panels), path)


def dithering(path: Path) -> None:
    panels = []
    for dither in (None, "spatial", "floyd-steinberg", "blue-noise", "bayer"):
        few = kpalette.quantize(PHOTO, 8, dither=dither)
        panels.append((dither or "not dithered", few.rgb[100:250, 185:335]))
    save(side_by_side(panels, 2), path, lossless=True)


def elbow(path: Path) -> None:
    save(Image.open(io.BytesIO(kpalette.sweep(PHOTO).chart("png"))).convert("RGB"), path)


def k_metrics(path: Path) -> None:
    ks = range(4, 65, 4)
    costs, seconds = model.record_k_metrics(image.Image(PHOTO), ks, random_state=44, n_init=5)
    model.plot_k_metrics(ks, costs, seconds, save=path)


def errors(path: Path) -> None:
    few = kpalette.quantize(PHOTO, 16)
    metrics.plot_error_map(metrics.error_map(PHOTO, few), title="16 colours", save=path)


def glowing() -> Pixels:
    """Draw a disc with a soft edge and a shadow, on nothing."""
    size = 220, 150
    layers = []
    for color, corners, blur in (
        ("black", (70, 45, 170, 135), 10),
        ("#e4572e", (60, 20, 150, 110), 1),
    ):
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).ellipse(corners, fill=170 if color == "black" else 255)
        layer = Image.new("RGBA", size, color)
        layer.putalpha(mask.filter(ImageFilter.GaussianBlur(blur)))
        layers.append(layer)
    return np.asarray(Image.alpha_composite(*layers))


def alpha(path: Path) -> None:
    before = glowing()
    after = kpalette.quantize(before, 16).rgba

    def over(pixels: Pixels, ground: str) -> Pixels:
        below = Image.new("RGBA", pixels.shape[1::-1], ground)
        return np.asarray(Image.alpha_composite(below, Image.fromarray(pixels)).convert("RGB"))

    panels = [
        (f"{name}, over {ground}", over(pixels, ground))
        for ground in ("white", "teal")
        for name, pixels in (("original", before), ("16 colours", after))
    ]
    save(side_by_side(panels), path)


def brand(path: Path) -> None:
    fixed = ["#ff8800", "#1a1a1a"]
    panels = [("original", SMALL), ("8 colours", kpalette.quantize(SMALL, 8).rgb)]
    panels.append((f"with {' and '.join(fixed)}", kpalette.quantize(SMALL, 8, fixed=fixed).rgb))
    save(side_by_side(panels), path)


def chart() -> Pixels:
    """Draw curves in four colours, whose soft edges have many more."""
    figure = Figure(figsize=(2.4, 1.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    x = np.linspace(0, 10, 200)
    for i in range(4):
        axes.plot(x, np.sin(x + i) / (1 + i))
    axes.set_title("Four waves", fontsize=9)
    axes.tick_params(labelsize=7)
    file = io.BytesIO()
    figure.savefig(file)
    return np.asarray(Image.open(file).convert("RGB"))


def graphics(path: Path) -> None:
    pixels = chart()
    panels = [("original", pixels)]
    for k, dither in ((16, None), (6, None), (6, "floyd-steinberg")):
        few = kpalette.quantize(pixels, k, dither=dither)
        size = f"{len(few.encode()):,} bytes"
        panels.append((f"{k} colours{', dithered' if dither else ''}, {size}", few.rgb))
    panels = [(title, each[:110, :170]) for title, each in panels]
    save(side_by_side(panels, 2), path, lossless=True)


def meadow() -> Pixels:
    """Draw a field below the sky, with three poppies: 1 pixel of 340 is red."""
    random = np.random.default_rng(3)
    height, width = 220, 300
    down = np.linspace(0, 1, height)[:, None, None]

    def gradient(above: Sequence[int], below: Sequence[int], end: float) -> Any:
        part = np.minimum(1, down / end)
        return np.array(above) * (1 - part) + np.array(below) * part

    sky = gradient((60, 110, 200), (226, 234, 240), 0.45)
    grass = gradient((190, 196, 110), (22, 50, 28), 1) + random.normal(0, 12, (height, width, 1))
    across = np.arange(width)
    hills = 90 + 14 * np.sin(across / 46) + 6 * np.sin(across / 17 + 1)
    pixels = np.where((np.arange(height)[:, None] > hills)[..., None], grass, sky)
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    for x, y, radius in ((88, 168, 5), (205, 150, 4), (248, 124, 3)):
        corners = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(picture).ellipse(corners, "#d8262c")
    return np.asarray(picture)


def vivid(path: Path) -> None:
    """Poppies on a field: k-means alone spends no colour on them."""
    pixels = meadow()
    alone = kpalette.KMeans(8, n_init=10, random_state=0).fit(pixels.reshape(-1, 3))
    plain = alone.cluster_centers_.round().astype(np.uint8)[alone.labels_].reshape(pixels.shape)
    panels = [("original", pixels), ("8 colours, k-means alone", plain)]
    panels.append(("8 colours, kpalette", kpalette.quantize(pixels, 8).rgb))
    save(side_by_side(panels), path)


def history(random_state: int) -> list[model.Step]:
    kmeans = model.KMeans(8, random_state=random_state, history=True)
    return kmeans.fit(PHOTO.reshape(-1, 3)).history_


def steps(path: Path) -> None:
    drawn = path.with_suffix(".png")
    save_figure(image.plot_steps(image.Image(PHOTO), history(44), save=drawn), path)
    drawn.unlink()


def starts(path: Path) -> None:
    """A bad start above a good one: where they begin, after five passes, and where they end."""
    rows = []
    for random_state in (6, 34):
        walk, drawn = history(random_state), path.with_suffix(".png")
        shown = [0, 5, len(walk) - 1]
        image.plot_steps(image.Image(PHOTO), walk, shown, (8.4, 4.6), save=drawn)
        rows.append(Image.open(drawn).convert("RGB"))
        drawn.unlink()
    both = Image.new("RGB", (rows[0].width, 2 * rows[0].height), "white")
    for number, row in enumerate(rows):
        both.paste(row, (0, number * row.height))
    save(both, path)


#: What draws each picture.
PICTURES = {
    "alpha": alpha,
    "brand": brand,
    "cloud": cloud,
    "counting": counting,
    "dithering": dithering,
    "elbow": elbow,
    "errors": errors,
    "few-colors": few_colors,
    "graphics": graphics,
    "k-metrics": k_metrics,
    "minima": minima,
    "pruning": pruning,
    "spaces": spaces,
    "starts": starts,
    "steps": steps,
    "vivid": vivid,
}


def main(out: Path = HERE) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        draw(out / f"{name}.webp")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
