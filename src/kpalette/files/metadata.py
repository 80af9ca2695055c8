"""What a file says besides its pixels, and how much of that is still true afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from PIL import ExifTags, Image

from kpalette.files.decoding import ImageSource, opened
from kpalette.files.orientation import orientation
from kpalette.files.plain_png import MAX_DPI

_TAG, _IFD = ExifTags.Base, ExifTags.IFD

#: What EXIF says about the picture. All else is about the pixels as they were stored: their
#: orientation, where they are in the file, a thumbnail.
_TEXTS = {
    _TAG.ImageDescription, _TAG.Make, _TAG.Model, _TAG.Software, _TAG.DateTime, _TAG.Artist,
    _TAG.HostComputer, _TAG.Copyright,
}  # fmt: skip
_KEPT = _TEXTS | {
    _TAG.Rating, _TAG.XPTitle, _TAG.XPComment, _TAG.XPAuthor, _TAG.XPKeywords, _TAG.XPSubject
}  # fmt: skip

#: The size as stored, pointers, and makers' notes, which are full of offsets into the old file.
_EXIF_DROPPED = {
    _TAG.ExifImageWidth, _TAG.ExifImageHeight, _TAG.MakerNote, _TAG.ExifInteroperabilityOffset,
}  # fmt: skip

_XMP_KEY = "XML:com.adobe.xmp"
#: Nothing is tried twice: XMP is padded with spaces, and may be of any size.
_XMP_ORIENTATION = re.compile(
    rb"""(?<!\s)\s*tiff:Orientation\s*=\s*(?:"[^"]*"|'[^']*')"""
    rb"""|<tiff:Orientation\b[^<>]*>[^<]*</tiff:Orientation\s*>"""
)

_DESCRIPTIONS = ("Description", "Comment", "comment")


@dataclass(frozen=True)
class Metadata:
    """What an image file says besides its pixels.

    Of `exif` and `xmp`, what is only true of the pixels as they were stored is removed on
    construction: pixels are upright by now, and must not be turned again.

    Attributes
    ----------
    exif : bytes or None
        A TIFF header and what follows, without ``Exif`` before it. Without orientation, size,
        resolution, thumbnail and maker's notes; its colour space is sRGB. None where it is damaged.
    xmp : bytes or None
        XML in UTF-8, without orientation.
    dpi : tuple of two floats, or None
        Pixels per inch, across and down.
    text : mapping of str to str
        PNG's keywords of 1 to 79 Latin-1 characters, and texts. The comment of other formats is
        ``"Comment"``.

    Notes
    -----
    PNG holds all of it. WebP holds `exif` and `xmp`; TIFF `xmp`, `dpi`, of `exif` what describes
    the picture (but neither exposure nor place), and of `text` the description or comment; GIF that
    alone; BMP `dpi`.

    Raises
    ------
    TypeError, ValueError
        If an attribute is of another kind, or out of range.

    Examples
    --------
    >>> from kpalette.files import Metadata
    >>> Metadata(dpi=(300, 300), text={"Author": "Ada"}).dpi
    (300.0, 300.0)
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check, and remove what is no longer true."""
        for name in ("exif", "xmp"):
            value = getattr(self, name)
            if not isinstance(value, (bytes, type(None))):
                raise TypeError(f"{name}: expected bytes or None, got {type(value).__name__}")
        object.__setattr__(self, "exif", _upright_exif(self.exif) if self.exif else None)
        if self.xmp:
            object.__setattr__(self, "xmp", _XMP_ORIENTATION.sub(b"", self.xmp))
        if self.dpi is not None:
            across, down = map(float, self.dpi)
            if not _is_density(across) or not _is_density(down):
                raise ValueError(
                    f"dpi: expected above 0 and at most {MAX_DPI:,}, got {across:g}, {down:g}"
                )
            object.__setattr__(self, "dpi", (across, down))
        for key, value in self.text.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise TypeError(f"text: expected strings, got {key!r}: {value!r}")
            if "\0" in value:
                raise ValueError(f"text: expected no null characters, got {value!r}")
            if not _is_keyword(key):
                raise ValueError(f"text: expected keys of 1 to 79 Latin-1 characters, got {key!r}")
        object.__setattr__(self, "text", MappingProxyType(dict(self.text)))

    @property
    def description(self) -> str | None:
        """The text for formats with room for one."""
        return next((self.text[key] for key in _DESCRIPTIONS if key in self.text), None)

    @property
    def about(self) -> dict[int, str]:
        """The texts of `exif` that a TIFF holds, by their tags there."""
        found = Image.Exif()
        found.load(self.exif or b"")
        return {
            tag: value.replace("\0", "")
            for tag, value in found.items()
            if tag in _TEXTS and isinstance(value, str)
        }


def read_metadata(source: ImageSource, *, allow_truncated: bool = False) -> Metadata:
    """Read what an image file says besides its pixels, as far as Pillow tells.

    Colour profiles are left out: what :func:`kpalette.quantize` works on is sRGB.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        An array says nothing, nor does a file with metadata so damaged that they cannot be read.
    allow_truncated : bool, default False
        As :func:`kpalette.quantize`.

    Raises
    ------
    OSError, ImageReadError, TypeError
        As :func:`kpalette.quantize`.

    Examples
    --------
    >>> import io
    >>> import PIL.Image
    >>> from kpalette import files
    >>> photo = io.BytesIO()
    >>> PIL.Image.new("RGB", (4, 2)).save(photo, "JPEG", dpi=(300, 300), comment="by the sea")
    >>> found = files.read_metadata(photo)
    >>> found.dpi, dict(found.text)
    ((300.0, 300.0), {'Comment': 'by the sea'})
    """
    if isinstance(source, np.ndarray):
        return Metadata()
    with opened(source, allow_truncated=allow_truncated) as image:
        try:
            # Before loading, which turns the pixels of a TIFF and removes its orientation.
            exif = image.getexif()
            turned = orientation(image) in (5, 6, 7, 8)
            encoded = exif.tobytes() if len(exif) else None
        except Exception:  # any of a dozen, of what is damaged
            turned, encoded = False, image.info.get("exif")
        image.load()  # texts may come after the pixels
        info = image.info
        xmp = info.get("xmp", info.get(_XMP_KEY))
        dpi = _dpi(image)
        return Metadata(
            exif=encoded,
            xmp=xmp.encode() if isinstance(xmp, str) else xmp,
            dpi=dpi[::-1] if dpi and turned else dpi,
            text=_texts(image),
        )


def read_dpi(source: ImageSource) -> tuple[float, float] | None:
    """Read how many pixels an inch has, across and down, without decoding the pixels.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array
        As for :func:`read_metadata`.

    Returns
    -------
    tuple of two floats, or None
        Of the upright picture. None where the source says nothing, as an array does.

    Raises
    ------
    OSError, ImageReadError, TypeError
        As :func:`kpalette.quantize`.

    Examples
    --------
    >>> import io
    >>> import PIL.Image
    >>> from kpalette import files
    >>> photo = io.BytesIO()
    >>> PIL.Image.new("RGB", (4, 2)).save(photo, "JPEG", dpi=(300, 300))
    >>> files.read_dpi(photo)
    (300.0, 300.0)
    """
    if isinstance(source, np.ndarray):
        return None
    with opened(source) as image:
        dpi = _dpi(image)
    if dpi is None or dpi[0] == dpi[1]:
        return dpi
    return read_metadata(source).dpi  # which turns it with the pixels


def _upright_exif(exif: bytes) -> bytes | None:
    """Keep what is true of upright sRGB pixels; None if there is nothing, or it is damaged."""
    try:
        found, kept = Image.Exif(), Image.Exif()
        found.load(exif)
        for tag in _KEPT & set(found):
            kept[tag] = found[tag]
        photo = {
            tag: value
            for tag, value in found.get_ifd(_IFD.Exif).items()
            if tag not in _EXIF_DROPPED
        }
        if photo:
            if _TAG.ColorSpace in photo:
                photo[_TAG.ColorSpace] = 1  # sRGB
            kept[_IFD.Exif] = photo
        if place := found.get_ifd(_IFD.GPSInfo):
            kept[_IFD.GPSInfo] = place
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else None
    except Exception:  # Pillow's parser raises any of a dozen
        return None


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    if image.format in ("JPEG", "MPO", "TIFF") and not image.info.get("jfif_unit"):
        with suppress(Exception):  # any of a dozen, of what is damaged
            if _TAG.XResolution not in image.getexif():
                return None  # where Pillow takes 72, or 1
    try:
        across, down = map(float, image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if _is_density(across) and _is_density(down) else None


def _is_density(dpi: float) -> bool:
    return 0 < dpi <= MAX_DPI


def _texts(image: Image.Image) -> dict[str, str]:
    texts = {
        key: str(value).replace("\0", "")
        for key, value in getattr(image, "text", {}).items()
        if key != _XMP_KEY and not key.startswith("Raw profile type ") and _is_keyword(key)
    }
    comment = image.info.get("comment")
    if isinstance(comment, bytes):
        comment = comment.decode("utf-8", "replace")
    if isinstance(comment, str) and comment:
        texts.setdefault("Comment", comment.replace("\0", ""))
    return texts


def _is_keyword(key: str) -> bool:
    """Return whether PNG takes it for a key (third edition, 11.3.3.1)."""
    return 1 <= len(key) <= 79 and all(" " <= c <= "~" or "\xa1" <= c <= "\xff" for c in key)
