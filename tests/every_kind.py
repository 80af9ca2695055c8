"""A small file of every format that Pillow or kpalette has heard of."""

from __future__ import annotations

import struct
import warnings

from PIL import Image

from conftest import noise, saved
from kpalette.files import formats

GREY = Image.fromarray(noise(8, 8, 1))


PS = b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


#: The start of what Pillow opens and does not write.
STARTS = {
    "BUFR": b"BUFR" + bytes(60),
    "CUR": b"\0\0\2\0" + saved(GREY, "ICO").getvalue()[4:],
    "DCX": struct.pack("<3I", 0x3ADE68B1, 12, 0) + saved(GREY, "PCX").getvalue(),
    "FITS": b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
    "FLI": struct.pack("<IHHHHHHI", 200, 0xAF12, 1, 8, 8, 8, 3, 70).ljust(200, b"\0"),
    "FTEX": struct.pack("<4sI4I2I", b"FTEX", 6, 8, 8, 1, 1, 0, 40) + bytes(200),
    "GBR": struct.pack(">5I4sI", 29, 2, 8, 8, 1, b"GIMP", 10) + b"\0" + bytes(64),
    "GRIB": b"GRIB\0\0\0\1" + bytes(60),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "IMT": b"width 8\nheight 8\npixel n8\n*\n\x0c" + bytes(64),
    "IPTC": b"\x1c\x03\x14\0\1\1\x1c\x08\x0a\0\0",
    "MCIDAS": b"\0\0\0\0\0\0\0\4" + bytes(300),
    "MPEG": b"\0\0\1\xb3\0\x80\x08" + bytes(60),
    "PCD": bytes(2048) + b"PCD_" + bytes(3000),
    "PIXAR": b"\x80\xe8\0\0" + bytes(2000),
    "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, 8, 8, 8, 1) + bytes(200),
    "SUN": struct.pack(">8I", 0x59A66A95, 8, 8, 8, 64, 1, 0, 0) + bytes(64),
    "WMF": b"\xd7\xcd\xc6\x9a\0\0" + struct.pack("<4hH", 0, 0, 9, 9, 72).ljust(16, b"\0")
    + b"\1\0\x09\0" + bytes(60),
    "XPM": b'/* XPM */\nstatic char *a[] = {\n"1 1 1 1",\n"a c #ff0000",\n"a"\n};\n',
    "XVTHUMB": b"P7 332\n#END_OF_COMMENTS\n8 8 255\n" + bytes(64),
    "EMF": struct.pack("<II8i4s", 1, 88, 0, 0, 9, 9, 0, 0, 99, 99, b" EMF").ljust(88, b"\0"),
    "FPX": OLE + bytes(600),
    "PS": PS,
    "EPS of DOS": struct.pack("<7I", 0xC6D3D0C5, 32, len(PS), 0, 0, 0, 0).ljust(32, b"\0") + PS,
    "SVG": b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "JXL": b"\xff\x0a" + bytes(60),
    "MP4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(60),
}  # fmt: skip


def registered() -> dict[str, bytes]:
    """Make a file of each format that Pillow has heard of."""
    Image.init()
    made = dict(STARTS)
    for kind in sorted({*Image.SAVE, *Image.OPEN} - {"HEIF"}):
        for mode in ("L", "RGB", "P", "1"):
            with warnings.catch_warnings(action="ignore"):  # of formats that Pillow will drop
                try:
                    made[kind] = saved(GREY.convert(mode), kind).getvalue()
                except (KeyError, OSError, ValueError):
                    continue
            break
    assert set(Image.OPEN) - {"HEIF"} | {"PDF"} <= set(made)  # which a plug-in may have brought
    return made


def is_read(kind: str) -> bool:
    return kind in formats.NAMES
