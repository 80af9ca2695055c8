"""Write the golden files: the library's results for small images, in tests/golden/*.json.

The images come from an integer formula, which playground/tests/images.ts repeats; the SHA-256 of
their pixels shows whether both are the same. Indices are stored as their SHA-256 only.

    python -m tools.golden              # rewrite the files, after an intended change
    python -m tools.golden --photo DIR  # the same for the photo of `kpalette demo`, and its pixels
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import kpalette
from kpalette import demo, files, metrics, theme_cards
from kpalette.choices import DITHERS, SPACES

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"

PALETTE = ["#101820", "#f2aa4c", "#ffffff", "#7a1f3d", "#2e8b57"]


def noise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return a pseudo-random level from 0 to 255 for each pixel, computed modulo 2**32."""
    n = x * np.uint32(73856093) ^ y * np.uint32(19349663)
    n = (n ^ n >> np.uint32(13)) * np.uint32(1274126177)
    return n >> np.uint32(24)


def make_image(name: str) -> np.ndarray:
    """Make uint8 pixels (height, width, 4).

    - "hills": smooth ramps with a little noise, and one vivid spot that plain k-means merges
    - "tiles": 24 colours
    - "glass": the hills with alphas from opaque to wholly transparent
    - "wall": the tiles, eight times as large
    """
    if name == "wall":
        return make_image("tiles").repeat(8, axis=0).repeat(8, axis=1)
    width, height = 112, 80
    y, x = np.mgrid[:height, :width].astype(np.uint32)
    grain = noise(x, y) // 32
    red = x * 160 // width + grain
    green = y * 120 // height + 60 + grain
    blue = (x + y) * 90 // (width + height) + 40 + noise(y, x) // 32
    alpha = np.full_like(x, 255)
    spot = (x - 90) ** 2 + (y - 20) ** 2 < 9  # differences wrap, and their squares are right again
    red, green, blue = (
        np.where(spot, level, channel) for level, channel in ((250, red), (20, green), (60, blue))
    )
    if name == "tiles":
        tile = (x // 16 + 7 * (y // 16)) % 24
        red, green, blue = tile * 37 % 256, tile * 91 % 256, tile * 151 % 256
    elif name == "glass":
        alpha = np.where(x < 40, 255, np.where(x > 96, 0, (97 - x) * 255 // 57))
    return np.stack([red, green, blue, alpha], axis=2).astype(np.uint8)


#: Pictures for themes: the ground's colours on the left and on the right, the most that grain adds,
#: and discs: colour, x, y and radius.
SCENES = json.loads((GOLDEN / "scenes.json").read_text())


def make_scene(name: str) -> np.ndarray:
    """Draw one of the scenes: uint8 pixels (64, 96, 4)."""
    scene = SCENES[name]
    y, x = np.mgrid[:64, :96]
    left, right = (np.array(levels(color)) for color in scene["ground"])
    ground = left + (right - left) * x[..., None] // 95
    grain = noise(x.astype(np.uint32), y.astype(np.uint32)) * np.uint32(scene["grain"]) // 256
    ground[..., :3] = np.minimum(255, ground[..., :3] + grain[..., None])
    for color, across, down, radius in scene["discs"]:
        ground[(x - across) ** 2 + (y - down) ** 2 < radius**2] = levels(color)
    return ground.astype(np.uint8)


def levels(color: str) -> list[int]:
    """Return RGBA of a colour that is written as #rrggbb or #rrggbbaa."""
    return [*bytes.fromhex(color[1:].ljust(8, "f"))]


SMALL = ("hills", "tiles", "glass")
IMAGES = {name: make_image(name) for name in (*SMALL, "wall")}
PICTURES = {**IMAGES, **{name: make_scene(name) for name in SCENES}}


def digest(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def quantize_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of `quantize`: the library's arguments, and the name of an image."""
    for image in SMALL:
        for space in SPACES:
            for k in (2, 16, 64):
                yield {"image": image, "k": k, "space": space}
    for effort in ("fast", "best"):
        for image in ("hills", "glass"):
            yield {"image": image, "k": 12, "effort": effort, "seed": 3}
    for image in ("hills", "glass"):
        yield {"image": image, "k": 12, "saliency": True}
    yield {"image": "hills", "k": 8, "saliency": True, "fixed": ["#ff880080"], "dither": "bayer"}
    for image in ("hills", "glass"):
        yield {"image": image, "k": 7, "saliency": True, "dither": "spatial"}
    yield {"image": "hills", "k": 1}
    yield {"image": "hills", "k": 256}
    yield {"image": "tiles", "k": 24}
    yield {"image": "wall", "k": 24}
    yield {"image": "tiles", "k": 26, "fixed": ["#123456", "#000"]}
    yield {"image": "hills", "k": 8, "fixed": ["#ff8800", "#fff"]}
    yield {"image": "hills", "k": 8, "fixed": ["#ff880080"]}
    yield {"image": "glass", "k": 8, "fixed": ["#00ff00"], "effort": "best"}
    for dither in DITHERS:
        for image in ("hills", "glass"):
            yield {"image": image, "k": 6, "dither": dither}
        yield {"image": "hills", "k": 9, "dither": dither, "dither_strength": 0.5, "space": "lab"}
    for image in SMALL:
        for smaller in (1, 2.5):
            yield {"image": image, "k": 20, "smaller": smaller}
    yield {"image": "hills", "k": 9, "smaller": 3, "dither_strength": 0.5, "effort": "fast"}
    yield {"image": "glass", "k": 9, "smaller": 3, "saliency": True, "fixed": ["#ff8800"]}
    yield {"image": "hills", "k": 16, "smaller": 2, "dither_strength": 0}


def remap_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of `remap`, with palettes in hexadecimal."""
    for image in SMALL:
        for space in SPACES:
            yield {"image": image, "palette": PALETTE, "space": space}
    yield {"image": "hills", "palette": [*PALETTE, "#00000000"]}
    for dither in DITHERS:
        yield {"image": "glass", "palette": PALETTE, "dither": dither}
    yield {"image": "hills", "palette": PALETTE, "smaller": 2}
    yield {"image": "hills", "palette": ["#000000", "#606060", "#a0a0a0", "#ffffff"]}


#: Milliseconds of the frames of a clip: without rounding, with it, for no time, and for a long one.
DURATIONS = (40, 75, 75, 0, 700_000, 33)


def make_clip(name: str) -> list[tuple[np.ndarray, int]]:
    """Make frames in which an image's upper part moves to the right; the third is as the second.

    Pixels are opaque or wholly transparent.
    """
    image, frames = IMAGES[name].copy(), []
    image[..., 3] = np.where(image[..., 3] < 128, 0, 255)
    for shift, duration in zip((0, 5, 5, 6, 9, 40), DURATIONS, strict=True):
        frame = image.copy()
        frame[10:50] = np.roll(image[10:50], shift, axis=1)
        frames.append((frame, duration))
    return frames


def animate_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of animations with one palette for all frames."""
    for image in SMALL:
        for k in (3, 40, 255, 256):
            yield {"image": image, "k": k}
        for smaller in (1, 2.5):
            yield {"image": image, "k": 40, "smaller": smaller}
    for dither in ("bayer", "blue-noise", "floyd-steinberg"):
        yield {"image": "hills", "k": 6, "dither": dither}
    yield {"image": "hills", "k": 9, "space": "lab", "effort": "fast", "fixed": ["#ff8800"]}


def theme_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of `theme`; of a clip, all frames count."""
    for image in PICTURES:
        yield {"image": image, "k": 6}
    for image in ("hills", "daisy", "logo", "greys", "umbrellas"):
        yield {"image": image, "k": "auto"}
        yield {"image": image, "k": 1}
    for image in ("logo", "two", "daisy"):
        yield {"image": image, "k": 5, "ignore": ["#ffffff"]}
    yield {"image": "umbrellas", "k": 12, "ignore": ["#d7263d", "#2e933c"]}
    yield {"image": "hills", "k": 64}
    for clip in SMALL:
        yield {"clip": clip, "k": 6}


def sweep_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of `sweep`."""
    for space in SPACES:
        yield {"image": "hills", "ks": [2, 3, 8, 40], "space": space}
    yield {"image": "tiles", "ks": [1, 4, 23, 24, 30]}
    yield {"image": "glass", "ks": [5, 6, 50], "effort": "fast"}


def quantize(image: np.ndarray, **options: Any) -> dict[str, Any]:
    """Quantize an image, and describe the result."""
    quick = options.get("effort") == "fast"
    return described(image, kpalette.quantize(image, **options), quick)


def remap(image: np.ndarray, palette: list[str], **options: Any) -> dict[str, Any]:
    """Map an image to given colours, and describe the result."""
    channels = max(len(name) for name in palette) // 2
    colors = [bytes.fromhex(name[1:].ljust(2 * channels, "f")) for name in palette]
    given = kpalette.Palette(np.array([list(color) for color in colors], np.uint8))
    return described(image, given.remap(image, **options))


def described(image: np.ndarray, q: kpalette.Quantized, quick: bool = False) -> dict[str, Any]:
    """Describe a quantized image, and its PNG file."""
    found = metrics.compare(image, q)
    return {
        "palette": q.palette.hex,
        "counts": q.palette.counts.tolist(),
        "indices": digest(q.indices.astype(np.uint8)),
        "mse": q.mse,
        "passes": q.n_iter,
        "delta_e": round(found.delta_e, 9),
        "looks": round(found.looks, 9),
        "worst": found.worst and list(found.worst),
        "png": hashlib.sha256(q.encode(quick=quick)).hexdigest(),
        "gif": None if is_soft(q.palette) else hashlib.sha256(q.encode("gif")).hexdigest(),
    }


def is_soft(palette: kpalette.Palette) -> bool:
    """Return whether a colour is half-transparent."""
    return bool((palette.colors[:, 3:] % 255).any())


def animate(image: str, k: int, **options: Any) -> dict[str, Any]:
    """Reduce a clip of an image, and describe the result, and its GIF file."""
    clip = kpalette.quantize_animation(make_clip(image), k, palette_scope="global", **options)
    indices = np.concatenate([frame.indices for frame in clip.frames])
    return {
        "palette": clip.palettes[0].hex,
        "counts": clip.palettes[0].counts.tolist(),
        "indices": digest(indices),
        "mse": clip.mse,
        "gif": hashlib.sha256(clip.encode("gif")).hexdigest(),
    }


def sweep(image: np.ndarray, ks: list[int], **options: Any) -> list[dict[str, Any]]:
    """Fit each k, and describe the results."""
    points = kpalette.sweep(kpalette.ColorHistogram.from_image(image), ks, **options)
    return [{"k": point.k, "cost": point.cost, "mse": point.mse} for point in points]


def theme(picture: Any, k: int | str, **options: Any) -> dict[str, Any]:
    """Make a theme, and describe it, and what is written of it."""
    found = kpalette.theme(picture, k, **options)
    texts = (found.to_css(), found.to_tailwind(), found.to_tokens())
    return {
        **found.to_dict(),
        "texts": [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        "card": hashlib.sha256(theme_cards.encode(found, "svg", None, "A & B")).hexdigest(),
    }


#: The function that makes each file's results.
FILES = {
    "quantize": (quantize_cases, quantize),
    "remap": (remap_cases, remap),
    "sweep": (sweep_cases, sweep),
    "animate": (animate_cases, animate),
    "theme": (theme_cases, theme),
}


def outcome(name: str, case: dict[str, Any]) -> Any:
    """Run a case of a file, and describe the result."""
    options = dict(case)
    if name == "animate":
        return animate(**options)
    if "clip" in case:
        return theme([frame for frame, _ in make_clip(options.pop("clip"))], **options)
    if name == "theme":
        return theme(PICTURES[options.pop("image")], **options)
    return FILES[name][1](IMAGES[options.pop("image")], **options)


def photo_cases() -> Iterator[dict[str, Any]]:
    """Yield the cases of a photo."""
    for k in (4, 16, 64, 256):
        yield {"k": k}
    yield {"k": 32, "space": "srgb", "effort": "best"}
    for dither in DITHERS:
        yield {"k": 16, "dither": dither}
    yield {"k": 200, "smaller": 2}
    yield {"k": 24, "smaller": 0.4, "effort": "fast"}


def write_photo(directory: Path) -> None:
    """Write a photo's pixels, RGBA, its results, and its theme of six colours."""
    pixels = demo.load_photo().rgb_matrix
    files.with_alpha(pixels).tofile(directory / "photo.rgba")
    height, width = pixels.shape[:2]
    cases = [{"case": case, "gives": quantize(pixels, **case)} for case in photo_cases()]
    told = {"height": height, "width": width, "cases": cases, "theme": theme(pixels, 6)}
    (directory / "photo.json").write_text(json.dumps(told))


def write() -> None:
    """Write all files."""
    GOLDEN.mkdir(exist_ok=True)
    images = {
        name: {"height": image.shape[0], "width": image.shape[1], "sha256": digest(image)}
        for name, image in PICTURES.items()
    }
    (GOLDEN / "images.json").write_text(json.dumps(images, indent=1) + "\n")
    for name, (cases, _) in FILES.items():
        lines = [json.dumps({"case": case, "gives": outcome(name, case)}) for case in cases()]
        (GOLDEN / f"{name}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--photo"] and len(sys.argv) == 3:
        write_photo(Path(sys.argv[2]))
    elif len(sys.argv) == 1:
        write()
    else:
        sys.exit(__doc__)
