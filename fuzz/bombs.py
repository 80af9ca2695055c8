"""A low bound for files that unfold to many pixels, so that no image takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

#: Above this Pillow warns, and refuses twice as many. A palette of swatches has as many.
MAX_PIXELS = 1 << 18


@contextmanager
def small_images() -> Iterator[None]:
    """Set Pillow's bound."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before
