"""The one transparent colour of a grey or RGB PNG, which is told in levels as they are stored.

Pillow compares it with levels after they were scaled to 8 bits: of 2 or 4 bits, another grey is
transparent then or none, and of 16 bits all colours are that differ in their lower eight alone.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

#: By how much Pillow multiplies grey levels, by the names that it has for what is stored.
_SCALES = {"L;2": 85, "L;4": 17}


def as_stored(image: Image.Image) -> Image.Image:
    """Return an image, opened but not yet loaded, whose transparency will be right once it is.

    That is the same image, unless it is RGB of 16 bits. What is loaded already is as Pillow
    understood it: how its levels were stored is no longer known.
    """
    key = image.info.get("transparency")
    if not isinstance(image, PngImageFile) or key is None or not image.tile or image.tell():
        return image
    kind = image.tile[0].args
    if kind in _SCALES:
        image.info["transparency"] = key % (255 // _SCALES[kind] + 1) * _SCALES[kind]
    elif kind in ("L", "RGB"):  # the lower bits alone count (third edition, 11.3.1.1)
        image.info["transparency"] = tuple(k % 256 for k in key) if kind == "RGB" else key % 256
    elif kind == "RGB;16B":
        return _of_16_bits(image, key)
    return image


def _of_16_bits(image: PngImageFile, key: tuple[int, ...]) -> Image.Image:
    """Load a PNG twice, for the upper and for the lower eight bits, and make what is clear so."""
    assert image.fp is not None
    before = image.fp.tell()
    image.fp.seek(0)
    data = image.fp.read()
    image.fp.seek(before)
    upper, lower = (PngImageFile(io.BytesIO(data)) for _ in range(2))
    # The other byte first, of what has the upper one first.
    lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
    levels = np.asarray(upper).astype(np.uint16) << 8 | np.asarray(lower)
    clear = (levels == key).all(axis=-1)
    upper.putalpha(Image.fromarray(np.where(clear, 0, 255).astype(np.uint8)))
    return upper
