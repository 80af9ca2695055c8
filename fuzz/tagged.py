"""Colours as files declare them: PNG chunks and AVIF boxes of any content; and kept profiles."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

import kpalette
from fuzz.bombs import small_images
from fuzz.checksums import PNG
from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import ImageReadError, files

WIDTH, HEIGHT = 4, 3
#: Kinds of pixels by PNG's numbers, with their bits per level and levels per pixel.
KINDS = [(2, 8, 3), (0, 1, 1), (0, 2, 1), (0, 4, 1), (0, 8, 1), (0, 16, 1), (2, 16, 3), (4, 8, 2)]
KINDS += [(4, 16, 2), (6, 8, 4), (6, 16, 4)]
CHUNKS = [b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"tRNS"]
IS_AVIF = 255


def seeds() -> list[bytes]:
    """Declare a few spaces in each kind of pixels, and in AVIF."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    primaries = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    gamma, chroma = struct.pack(">I", 55_556), struct.pack(">8I", *primaries)
    declared = [
        [b"", b"", b"", gamma, chroma],
        [b"", b"", b"\0", gamma],
        [b"", b"name\0\0" + zlib.compress(srgb), b"", gamma],
        [b"\x0c\x0d\0\1"],
        [b"\x09\x10\0\1"],
        [b"\x09\x12\0\1", b"", b"", gamma],
    ]
    found = []
    for number, (_, _, channels) in enumerate(KINDS):
        clear = struct.pack(f">{channels}H", *range(1, channels + 1))
        for contents in declared:
            every = [*[*contents, b"", b"", b"", b"", b""][:5], clear]
            parts = b"".join(struct.pack("<H", len(part)) + part for part in every)
            found.append(bytes([number]) + parts + bytes(range(96)))
    if _avif():
        edits = [(0, 0), (_avif().index(b"nclx") + 5, 12), (_avif().index(b"ipma") + 4, 1)]
        found += [bytes([IS_AVIF]) + struct.pack("<HB", *edit) for edit in edits]
    return found


def check(data: bytes) -> None:
    """Read the file that the bytes tell of, and keep its colours as they are stored."""
    choices = Choices(data)
    kind = choices.number()
    file = _edited(choices) if kind == IS_AVIF and _avif() else _png(kind, choices)
    with small_images(), allowing(ImageReadError):
        pixels = files.as_pixels(io.BytesIO(file))
        again, stored = files.read_stored(io.BytesIO(file))
        expect(np.array_equal(pixels, again), "pixels are the same, read in either way")
        kept = kpalette.quantize(io.BytesIO(file), 16, keep_profile=True)
        expect((kept.profile is None) == (stored is None), "what is stored has a profile")
        if stored is None:
            return
        if len(pixels) * len(pixels[0]) <= 16:
            wanted = files.with_alpha(stored.pixels)
            wanted = np.where(wanted[..., 3:] == 0, 0, wanted)
            expect(np.array_equal(kept.rgba, wanted), "few colours stay as they are stored")
        with Image.open(io.BytesIO(kept.encode())) as image:
            expect(image.info["icc_profile"] == kept.profile, "the profile comes along")


def _png(number: int, choices: Choices) -> bytes:
    kind, depth, channels = KINDS[number % len(KINDS)]
    chunks = [(b"IHDR", struct.pack(">2I5B", WIDTH, HEIGHT, depth, kind, 0, 0, 0))]
    chunks += [(name, part) for name in CHUNKS if (part := choices.part())]
    size = -(-WIDTH * depth * channels // 8)
    rows = b"".join(b"\0" + choices.take(size).ljust(size, b"\0") for _ in range(HEIGHT))
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in chunks
    )


def _edited(choices: Choices) -> bytes:
    """Put other bytes into an AVIF."""
    file = bytearray(_avif())
    while edit := choices.take(3):
        place, value = struct.unpack("<HB", edit.ljust(3, b"\0"))
        file[place % len(file)] = value
    return bytes(file)


def _avif() -> bytes:
    """Write a small picture; nothing where Pillow lacks AVIF."""
    if not _AVIF and "AVIF" in Image.registered_extensions().values():
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        file = io.BytesIO()
        pixels = np.dstack([x * 60, y * 90, x * y * 20]).astype(np.uint8)
        Image.fromarray(pixels).save(file, "AVIF", quality=100)
        _AVIF.append(file.getvalue())
    return _AVIF[0] if _AVIF else b""


_AVIF: list[bytes] = []
