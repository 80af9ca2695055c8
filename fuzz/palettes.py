"""Palette files of all formats: each is read or raises an error, and can be written again."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np

from fuzz.bombs import small_images
from fuzz.checksums import mended_png
from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import Palette, PaletteReadError, palette_files

KINDS = sorted(palette_files.FORMATS)


def seeds() -> list[bytes]:
    """Return palettes in all formats, and variants that only other programs write."""
    colors = np.array([[255, 128, 0], [0, 0, 0], [1, 2, 3], [255, 255, 255]], np.uint8)
    opaque = Palette(colors, np.array([4, 0, 2, 1]))
    clear = Palette(np.column_stack([colors, np.array([255, 255, 0, 255], np.uint8)]))
    found = []
    for number, kind in enumerate(KINDS):
        for palette in (opaque, clear):
            if palette is opaque or palette_files.FORMATS[kind].alpha:
                found.append((number, palette_files.encode(palette, kind, "seed")))
    riff = b"RIFF" + struct.pack("<I", 24) + b"PAL data" + struct.pack("<IHH", 12, 0x300, 2)
    gray = struct.pack(">HIH4sfH", 1, 12, 0, b"Gray", 0.5, 2)
    others = {
        "act": bytes(768),
        "ase": b"ASEF" + struct.pack(">HHI", 1, 0, 1) + gray,
        "css": b"/* a */ p { --a:#FFF; --b-2: #12345678; --c: 1px }",
        "gpl": b"GIMP Palette\nName: a\nChannels: RGBA\n# b\n  1 2 3 4\tc\n255 255 255 255 d\n",
        "hex": b"\xef\xbb\xbf#ff8800\r\n00000080\n\n123456",
        "json": b'["#f80", "123456", "#12345678"]',
        "pal": riff + bytes(range(8)),
    }
    found += [(KINDS.index(kind), data) for kind, data in others.items()]
    return [bytes([number]) + data for number, data in found]


def check(data: bytes) -> None:
    """Read a file of the format that the first byte selects."""
    choices = Choices(data)
    kind = choices.one_of(KINDS)
    given = choices.rest()
    with tempfile.TemporaryDirectory() as folder, small_images():
        path = Path(folder, f"some.{kind}")
        for content in dict.fromkeys([given, mended_png(given)]):
            path.write_bytes(content)
            palette = None
            with allowing(PaletteReadError):
                palette = Palette.load(path)
            if palette is not None:
                with allowing():
                    _check_round_trip(palette, Path(folder))


def _check_round_trip(palette: Palette, folder: Path) -> None:
    expect(len(palette.hex) == len(palette) >= 1, "a palette has colours")
    for kind, form in palette_files.FORMATS.items():
        path = folder / f"again.{kind}"
        path.unlink(missing_ok=True)  # of the file as it was before its check sums were mended
        try:
            palette.save(path)
        except ValueError as error:
            roomy = form.alpha and kind != "act" and len(palette) <= form.most
            expect(not roomy and "holds" in str(error), f".{kind} has no room: {error}")
            expect(not path.exists(), "what cannot be written leaves no file")
            continue
        again = Palette.load(path)
        ours, theirs = (
            np.column_stack([p.colors, np.full(len(p), 255, np.uint8)])[:, :4]
            for p in (palette, again)
        )
        expect(np.array_equal(ours, theirs), f".{kind} gives back the colours")
        if kind == "json":
            expect(again == palette, ".json gives back all")
