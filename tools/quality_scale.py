"""Measure pngquant's scale of qualities: the table `PNGQUANT_LEAST` of kpalette/quality.py.

For each quality, libimagequant reduces square parts of photos without dithering. Printed are the
medians of how they look, of the mean CIEDE2000 and of the PSNR over the parts that needed fewer
than 256 colours; in the others, the quality was not the limit. Small parts need few colours, so
that high qualities are reached. The twelve photos of the CQ100 benchmark that the README measures
give 144 parts.

    python -m tools.quality_scale PHOTO...        # needs kpalette[bench]
"""

from __future__ import annotations

import statistics
import sys

import libimagequant
import numpy as np
from PIL import Image

from kpalette import metrics

SIDES = (48, 96, 160)
PLACES = ((0, 0), (0.5, 0.5), (0.25, 0.75), (0.8, 0.2))
QUALITIES = (0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)


def reduced(image: Image.Image, quality: int) -> np.ndarray | None:
    """Return an opaque image as libimagequant reduces it; None if it used all 256 colours."""
    options = libimagequant.Attr()
    options.min_quality, options.max_quality = 0, quality
    source = options.create_rgba(image.convert("RGBA").tobytes(), image.width, image.height, 0)
    result = source.quantize(options)
    result.dithering_level = 0.0
    indices = np.frombuffer(bytes(result.remap_image(source)), np.uint8)
    palette = np.array([(color.r, color.g, color.b) for color in result.get_palette()], np.uint8)
    if len(palette) == 256:
        return None
    return palette[indices.reshape(image.height, image.width)]


def parts(path: str) -> list[Image.Image]:
    """Cut squares out of a photo."""
    photo = Image.open(path).convert("RGB")
    corners = [
        (int(x * (photo.width - side)), int(y * (photo.height - side)), side)
        for side in SIDES
        for x, y in PLACES
    ]
    return [photo.crop((x, y, x + side, y + side)) for x, y, side in corners]


def main(paths: list[str]) -> None:
    """Print the table."""
    images = [part for path in paths for part in parts(path)]
    print("quality  parts  looks  ΔE2000  PSNR, dB")
    for quality in QUALITIES:
        pairs = [(image, reduced(image, quality)) for image in images]
        found = [metrics.compare(image, few) for image, few in pairs if few is not None]
        if found:
            delta_e = statistics.median(one.delta_e for one in found)
            looks = statistics.median(one.looks or 0 for one in found)
            psnr = statistics.median(one.psnr for one in found)
            print(
                f"{quality:7}  {len(found):5}  {looks:5.1f}  {delta_e:6.3f}  {psnr:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
