"""Which side is up: what EXIF says. XMP, where Pillow looks as well, turns nothing."""

from __future__ import annotations

from contextlib import suppress

from PIL import ExifTags, Image

_ORIENTATION = ExifTags.Base.Orientation
_XMP = ("xmp", "XML:com.adobe.xmp")

#: What makes an image upright, by its orientation (Exif 2.32, 4.6.4).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; 1 if it says none, or is too damaged to tell."""
    with suppress(Exception):  # Pillow's parser raises any of a dozen
        found = image.getexif().get(_ORIENTATION, 1)
        if found in _TURNS and not _is_of_xmp(image):
            return int(found)
    return 1


def upright(image: Image.Image) -> Image.Image:
    """Return an image as it is to be looked at; itself, if it is upright as it is."""
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def forget_xmp(image: Image.Image) -> None:
    """Keep Pillow from turning a TIFF by its XMP, as it does while the pixels are loaded."""
    with suppress(Exception):
        if _is_of_xmp(image):
            del image.getexif()[_ORIENTATION]


def _is_of_xmp(image: Image.Image) -> bool:
    """Return whether an orientation that Pillow gives can only come from XMP."""
    if not any(key in image.info for key in _XMP):
        return False
    written = Image.Exif()
    written.load(image.info.get("exif") or b"")
    tags = getattr(image, "tag_v2", {})
    raw = "Raw profile type exif" in image.info  # text in a PNG, which Pillow reads before XMP
    return not (_ORIENTATION in written or _ORIENTATION in tags or raw)
