"""Pixels of Pillow images, some rows at a time: as a whole, its copies take three times as long."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from PIL import Image

#: Bytes of a band, of 4 for each pixel: so many stay near the processor.
BAND = 1 << 17


def pixel_bytes(image: Image.Image, alpha: Image.Image | None = None) -> bytearray:
    """Return the pixels of a loaded image: ``height * width * 3`` bytes, or 4 with an alpha."""
    width, height = image.size
    stride = width * (3 if alpha is None else 4)
    pixels = bytearray(height * stride)
    rows = max(1, BAND // (4 * width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        band = image.crop((0, top, width, bottom))
        if band.mode != "RGB":
            band = band.convert("RGB")
        if alpha is not None:
            band.putalpha(alpha.crop((0, top, width, bottom)))
        pixels[top * stride : bottom * stride] = band.tobytes()
    return pixels
