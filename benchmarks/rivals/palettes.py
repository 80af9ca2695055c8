"""Colour quantizers for Python: Pillow's, and libimagequant, which pngquant uses.

Both take alpha too: pixels (h, w, 4) give a palette (k', 4).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image, features

from benchmarks.rivals.rival import Missing, Pixels, Result, Rival, package


def pillow(pixels: Pixels, k: int, *, method: Image.Quantize, kmeans: int = 0) -> Result:
    image = Image.fromarray(pixels).quantize(k, method, kmeans, dither=Image.Dither.NONE)
    channels = pixels.shape[2]
    palette = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)[:, :channels]
    return palette, np.asarray(image)


def pillow_version(method: Image.Quantize) -> str:
    if method == Image.Quantize.LIBIMAGEQUANT and not features.check("libimagequant"):
        raise Missing("a Pillow built with libimagequant")
    return package("pillow")


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
    # After remapping, which changes the palette.
    palette = np.array([(c.r, c.g, c.b, c.a) for c in result.get_palette()], np.uint8)
    return palette[:, :channels], indices


RIVALS = [
    *(
        Rival(
            f"Pillow {method.name}",
            "array",
            partial(pillow, method=method),
            f"quantize(k, {method.name}, dither=NONE)",
            partial(pillow_version, method),
        )
        for method in Image.Quantize
    ),
    Rival(
        "Pillow MEDIANCUT, kmeans",
        "array",
        partial(pillow, method=Image.Quantize.MEDIANCUT, kmeans=10),
        "quantize(k, MEDIANCUT, kmeans=10, dither=NONE)",
        partial(pillow_version, Image.Quantize.MEDIANCUT),
    ),
    *(
        Rival(
            f"libimagequant, speed {speed}{', dithered' if dithered else ''}",
            "array",
            partial(libimagequant, speed=speed, dithering=int(dithered)),
            f"speed={speed}, dithering_level={int(dithered)}",
            partial(package, "libimagequant"),
            dithered=dithered,
        )
        for speed, dithered in ((1, False), (4, False), (10, False), (1, True), (4, True))
    ),
]
