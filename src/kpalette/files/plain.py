"""Photos that are read without NumPy: PNG files by the core, and JPEG files by Pillow.

Whatever is rare, damaged or may be understood in another way is left to :mod:`decoding`: the pixels
here are what they are there.
"""

from __future__ import annotations

from kpalette.files import plain_png
from kpalette.files.bands import pixel_bytes
from kpalette.files.srgb_profile import is_srgb
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JPEG = b"\xff\xd8\xff"
EOI = b"\xff\xd9"
#: Of EXIF.
ORIENTATION, X_RESOLUTION = 0x0112, 0x011A


class Photo(Record):
    """A photo's pixels, and how many of these an inch has.

    Attributes
    ----------
    pixels : bytes-like
        ``height * width * channels`` bytes of 8-bit sRGB, row by row.
    width, height : int
    channels : int
        3, or 4 if some pixel is not opaque.
    dpi : tuple of two floats, or None
    """

    pixels: Any
    width: int
    height: int
    channels: int
    dpi: tuple[float, float] | None


#: So many of a file's first bytes tell whether it may be plain.
START = len(plain_png.SIGNATURE)


def may_be_plain(start: bytes) -> bool:
    """Return whether a file begins as PNG or JPEG files do."""
    return start.startswith((plain_png.SIGNATURE, JPEG))


def read(encoded: bytes, most_pixels: int = plain_png.MOST_PIXELS) -> Photo | None:
    """Return the photo in a file; None for one that is not plain, or larger."""
    if encoded.startswith(JPEG):
        return _jpeg(encoded, most_pixels)
    found = plain_png.read(encoded, most_pixels)
    if found is None:
        return None
    return Photo(found.pixels, found.width, found.height, found.channels, found.dpi)


def _jpeg(encoded: bytes, most_pixels: int) -> Photo | None:
    """Read a JPEG file of grey or RGB, in sRGB, that is upright as it is."""
    if not encoded.endswith(EOI):
        return None
    import io

    from PIL import JpegImagePlugin

    from kpalette.files.remarks import left_out

    try:
        with left_out("") as remarks:
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(encoded))
            profile = image.info.get("icc_profile")
            exif = image.getexif() if "exif" in image.info else {}
            if image.mode not in ("L", "RGB") or "mp" in image.info:
                return None
            if exif.get(ORIENTATION, 1) != 1 or (profile and not is_srgb(profile)):
                return None
            if image.width * image.height > most_pixels:
                return None
            image.load()
            pixels = pixel_bytes(image)
        if remarks.any:
            return None
    except Exception:  # any of a dozen; the long way tells
        return None
    # As metadata has it: where no one says anything Pillow takes 72.
    says = image.info.get("jfif_unit") or X_RESOLUTION in exif
    dpi = image.info.get("dpi") if says else None
    if dpi is not None and not all(0 < value <= plain_png.MAX_DPI for value in dpi):
        dpi = None
    return Photo(pixels, *image.size, 3, dpi)
