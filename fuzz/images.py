"""Image files: each is decoded, reduced and encoded, or raises an error."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, ImageCms

import kpalette
from fuzz.bombs import small_images
from fuzz.checksums import mended_png
from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import ImageReadError, QualityNotReached, files
from kpalette.choices import DITHERS, SPACES
from kpalette.files import decoding, formats, plain_png
from kpalette.files.levels import read_levels
from kpalette.files.truncated import REMARK

OPTIONS = 16  #: Bytes of options before the file.
QUALITIES = [None, {"psnr": 30.0}, {"looks": 60.0}, {"looks": 90.0}]
FAITHFUL = {"png", "webp", "tiff", "bmp"}
#: What Pillow would read and this does not: their starts, of which others may be made.
REFUSED = [
    b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
    b"\xd7\xcd\xc6\x9a\0\0" + bytes(16) + b"\1\0\x09\0" + bytes(60),
    b"8BPS\0\1" + bytes(99),
    b"<?xml version='1.0'?><svg/>",
]


def seeds() -> list[bytes]:
    """Return one small picture in many kinds of files."""
    y, x = np.mgrid[:6, :9]
    rgb = Image.fromarray(np.dstack([x * 28, y * 50, x * y * 6]).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray((x * 31).astype(np.uint8)))
    grey, few = rgb.convert("L"), rgb.quantize(5)
    deep = Image.fromarray((x * y * 1200).astype(np.uint16))
    exif = Image.Exif()
    exif[274], exif[270] = 6, "turned"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    moving: dict[str, Any] = {"save_all": True, "duration": [20, 50, 9]}
    moving["append_images"] = [rgba.rotate(180), rgba.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    drawn: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((image, "PNG", {}) for image in (rgb, rgba, grey, grey.convert("LA"), few, deep)),
        (rgb.convert("1"), "PNG", {}),
        (rgb, "PNG", {"transparency": (0, 0, 0), "icc_profile": srgb, "dpi": (72, 72)}),
        (grey, "PNG", {"transparency": 0, "icc_profile": profile}),
        (few, "PNG", {"transparency": b"\x00\x80", "exif": exif}),
        (rgba, "PNG", moving),
        (rgba, "PNG", moving | {"default_image": True, "disposal": 1, "blend": 1, "loop": 2}),
        (few, "GIF", {"transparency": 1, "comment": b"words"}),
        (rgba, "GIF", moving | {"disposal": 2, "loop": 0}),
        (rgb, "GIF", moving),
        (rgb, "JPEG", {"exif": exif, "comment": "words", "dpi": (300, 300)}),
        (rgb, "JPEG", {"progressive": True, "subsampling": 2, "xmp": b"<x:xmpmeta/>"}),
        (grey, "JPEG", {}),
        (rgb.convert("CMYK"), "JPEG", {}),
        (rgb, "WEBP", {"exif": exif}),
        (rgba, "WEBP", {"lossless": True}),
        (rgba, "WEBP", moving),
        *((image, "TIFF", {}) for image in (rgb, rgba, grey, few, deep, rgb.convert("1"))),
        (rgb, "TIFF", {"compression": "tiff_lzw", "tiffinfo": {274: 8, 270: "words"}}),
        (rgb, "TIFF", {"compression": "tiff_adobe_deflate", "icc_profile": srgb}),
        (rgb.convert("CMYK"), "TIFF", {}),
        (rgb.convert("LAB"), "TIFF", {}),
        (grey.convert("F"), "TIFF", {}),
        (rgb.convert("1"), "TIFF", {"compression": "group4"}),
        *((image, "BMP", {}) for image in (rgb, rgba, few, rgb.convert("1"))),
        *((rgb, kind, {}) for kind in ("PPM", "TGA", "PCX", "ICO", "QOI", "JPEG2000", "AVIF")),
    ]
    found = [_saved(*one) for one in drawn] + _deep_tiffs() + REFUSED
    return [bytes(OPTIONS) + file for file in found]


def _saved(image: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _deep_tiffs() -> list[bytes]:
    """Return TIFFs that only tifffile reads, if it is installed."""
    try:
        import tifffile
    except ImportError:
        return []
    levels = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5) * 999
    found = []
    for array, options in (
        (levels, {"photometric": "rgb", "planarconfig": "separate"}),
        (np.moveaxis(levels, 0, 2), {"photometric": "rgb"}),
        (levels[:2].reshape(4, 5, 2), {"photometric": "minisblack", "extrasamples": [2]}),
        (levels[0], {"photometric": "miniswhite", "byteorder": ">", "bigtiff": True}),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, array, **options)
        found.append(file.getvalue())
    return found


def check(data: bytes) -> None:
    """Read options from the first bytes, and the file from the others."""
    choices = Choices(data)
    options = choices.take(OPTIONS)
    given = choices.rest()
    with small_images():
        for file in dict.fromkeys([given, mended_png(given)]):
            _check_still(Choices(options), file)
            _check_moving(Choices(options), file)


def _check_still(choices: Choices, file: bytes) -> None:
    pixels = metadata = None
    known = formats.identify(file[: formats.PREFIX])
    with allowing(ImageReadError):
        pixels = files.as_pixels(io.BytesIO(file))
    with allowing(ImageReadError), warnings.catch_warnings():
        warnings.filterwarnings("ignore", REMARK)
        part = files.as_pixels(io.BytesIO(file), allow_truncated=True)
        expect(pixels is None or np.array_equal(part, pixels), "whole files are not touched")
    if pixels is None:
        return
    if plain_png.read(file):
        with allowing(), decoding.opened(io.BytesIO(file)) as image:
            expect(np.array_equal(read_levels(image).pixels(), pixels), "pixels are Pillow's")
    expect(known is not None, "only what is on the list is read")
    expect(pixels.dtype == np.uint8 and pixels.shape[2] in (3, 4), "pixels have 8 bits")
    with allowing(ImageReadError):  # the file may be damaged after the pixels
        metadata = files.read_metadata(io.BytesIO(file))
    kind = choices.one_of(sorted(set(files.FORMATS.values())))
    quantized = None
    with allowing(QualityNotReached):
        quantized = kpalette.quantize(pixels, **_options(choices))
    if quantized is None:
        return
    expect(quantized.indices.shape == pixels.shape[:2], "each pixel has an index")
    expect(0 <= quantized.mse <= 4 * 255**2, f"no error is {quantized.mse}")
    encoded = None
    with allowing(_NoRoom), _refusing():
        encoded = quantized.encode(kind, metadata=metadata)
    if encoded is not None and kind in FAITHFUL:
        with allowing():
            _check_same(quantized, files.as_pixels(io.BytesIO(encoded)))


def _options(choices: Choices) -> dict[str, Any]:
    strength = choices.real()
    options = {
        "k": 1 + choices.number(2) % 300,
        "space": choices.one_of(SPACES),
        "effort": choices.one_of(["fast", "balanced"]),
        "dither": choices.one_of([None, *DITHERS]),
        "alpha": choices.one_of(["keep", "flatten:#fff"]),
        "saliency": choices.one_of([False, True]),
        "fixed": choices.one_of([[], ["#ff8800"]]),
        "quality": choices.one_of(QUALITIES),
        "seed": choices.number(),
        "threads": 1 + choices.number() % 4,
    }
    try:
        kpalette.quantize(np.zeros((1, 1), np.uint8), dither_strength=strength)
        expect(0 <= strength <= 1, f"a strength of {strength} is refused")
        options["dither_strength"] = strength
    except ValueError as error:
        expect(not 0 <= strength <= 1 and "dither_strength: expected" in str(error), str(error))
    return options


def _check_same(quantized: kpalette.Quantized, again: files.decoding.ByteArray) -> None:
    ours = quantized.rgba
    theirs = files.with_alpha(again)
    if not np.array_equal(ours, theirs):
        raise AssertionError("expected the file's pixels, got others")


def _check_moving(choices: Choices, file: bytes) -> None:
    animation = None
    kind = choices.one_of(sorted(files.ENCODERS))
    with allowing(ImageReadError):
        files.is_animated(io.BytesIO(file))
        for pixels, duration in files.open_frames(io.BytesIO(file)).walk():
            expect(pixels.shape[2] in (3, 4), "frames are colours")
            expect(isinstance(duration, int) and math.isfinite(duration), "durations are whole")
        scope = choices.one_of(["global", "scene", "frame"])
        animation = kpalette.quantize_animation(
            io.BytesIO(file), 1 + choices.number() % 256, palette_scope=scope, effort="fast"
        )
    if animation is not None:
        with allowing(_NoRoom), _refusing():
            animation.encode(kind)


class _NoRoom(Exception):
    """A format that cannot hold a picture."""


@contextmanager
def _refusing() -> Iterator[None]:
    """Raise `_NoRoom` in place of ValueErrors that say what the format expected."""
    try:
        yield
    except ValueError as error:
        if type(error) is not ValueError or ": expected " not in str(error):
            raise
        raise _NoRoom(str(error)) from error
