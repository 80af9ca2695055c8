"""Every way to reduce an image that is compared, one short adapter each.

An adapter takes pixels, uint8 (h, w, 3), and k; it returns a palette, uint8 or float (k', 3), and
indices (h, w). libimagequant and Pillow take alpha, too: (h, w, 4) gives (k', 4). A rival that is
not installed raises ImportError or FileNotFoundError when it is first called, which the table
reports.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Result = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
Method = Callable[[Pixels, int], Result]


def ours(pixels: Pixels, k: int, *, effort: str) -> Result:
    result = kpalette.quantize(pixels, k, space="srgb", effort=effort)
    return result.palette.colors, result.indices


def scikit_learn(pixels: Pixels, k: int) -> Result:
    """Centres are not rounded to 8 bits, which favours it a little."""
    from sklearn.cluster import KMeans

    model = KMeans(k, n_init=1, random_state=0).fit(pixels.reshape(-1, 3).astype(np.float64))
    return model.cluster_centers_, model.labels_.reshape(pixels.shape[:2])


def libimagequant(pixels: Pixels, k: int, *, speed: int, dithering: float = 0) -> Result:
    import libimagequant as liq

    height, width, channels = pixels.shape
    attributes = liq.Attr()
    attributes.max_colors = k
    attributes.speed = speed
    rgba = np.dstack([pixels, np.full((height, width), 255, np.uint8)])[..., :4]
    image = attributes.create_rgba(rgba.tobytes(), width, height, 0)
    result = image.quantize(attributes)
    result.dithering_level = dithering
    indices = np.frombuffer(result.remap_image(image), np.uint8).reshape(height, width)
    # After remapping, which moves the palette.
    palette = np.array([(c.r, c.g, c.b, c.a) for c in result.get_palette()], np.uint8)
    return palette[:, :channels], indices


def pillow(pixels: Pixels, k: int, *, method: Image.Quantize) -> Result:
    image = Image.fromarray(pixels).quantize(k, method=method, dither=Image.Dither.NONE)
    channels = pixels.shape[2]
    palette = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)[:, :channels]
    return palette, np.asarray(image)


def image_magick(pixels: Pixels, k: int) -> Result:
    """With what starting a process and two uncompressed files in memory cost."""
    program = shutil.which("magick") or shutil.which("convert-im6.q16") or shutil.which("convert")
    if program is None:
        raise FileNotFoundError("ImageMagick")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        source, target = f"{folder}/a.ppm", f"{folder}/b.ppm"
        Image.fromarray(pixels).save(source)
        command = [program, source, "+dither", "-colors", str(k), target]
        subprocess.run(command, check=True, capture_output=True)
        mapped = np.asarray(Image.open(target).convert("RGB"))
    codes = mapped.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    values, indices = np.unique(codes, return_inverse=True)
    palette = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1)
    return palette.astype(np.uint8), indices.reshape(pixels.shape[:2])


def of_indexed(image: Image.Image) -> Result:
    """Palette and indices of an indexed PNG, whose palette may be one of grey."""
    if image.mode != "P":
        image = image.convert("RGB").quantize(256)
    return np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3), np.asarray(image)


def node(
    pixels: Pixels, k: int, repeat: int, *, method: str, options: dict[str, float], colors: str
) -> tuple[list[float], Result]:
    """Seconds as measured within Node, which start with a PNG's bytes and end with another's.

    Where modules are is told by NODE_PATH.
    """
    program = shutil.which("node")
    if program is None:
        raise FileNotFoundError("Node.js is not installed")
    script = Path(__file__).with_name("quantize.cjs")
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/a.png", f"{folder}/b.png"
        Image.fromarray(pixels).save(source)
        told = json.dumps({colors: k, **options})
        command = [program, script, str(repeat), method, told, source, target]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            raise ImportError(ran.stderr.strip())
        with Image.open(target) as image:
            return [float(line) / 1e3 for line in ran.stdout.split()], of_indexed(image)


OURS: dict[str, Method] = {
    "kpalette fast": partial(ours, effort="fast"),
    "kpalette balanced": partial(ours, effort="balanced"),
}

RIVALS: dict[str, Method] = {
    "scikit-learn KMeans, n_init=1": scikit_learn,
    **{f"libimagequant, speed {n}": partial(libimagequant, speed=n) for n in range(1, 11)},
    "Pillow MEDIANCUT": partial(pillow, method=Image.Quantize.MEDIANCUT),
    "Pillow MAXCOVERAGE": partial(pillow, method=Image.Quantize.MAXCOVERAGE),
    "Pillow FASTOCTREE": partial(pillow, method=Image.Quantize.FASTOCTREE),
    "ImageMagick -colors": image_magick,
}

METHODS = OURS | RIVALS


def numpy_kmeans(samples: Pixels, k: int, seed: int) -> tuple[Any, Any, int]:
    """The walk-through's k-means as one would write it with NumPy: centres, labels, passes."""
    centers = np.random.default_rng(seed).choice(samples, size=k, replace=False).astype(float)
    passes, change = 0, np.inf
    while passes < 100 and change >= 1e-2:
        passes += 1
        distances = np.stack([((samples - c) ** 2).sum(axis=1) for c in centers], axis=1)
        labels = distances.argmin(axis=1)
        moved = np.array([samples[labels == j].mean(axis=0) for j in range(k)])
        change = np.linalg.norm(moved - centers)
        centers = moved
    return centers, labels, passes
