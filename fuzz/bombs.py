"""A low limit on an image's pixels, so that no decompression bomb takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

#: Pillow warns above this, and raises above twice as many. Swatches of a palette have as many.
MAX_PIXELS = 1 << 18


@contextmanager
def small_images() -> Iterator[None]:
    """Set Pillow's limit."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before
