"""PNG files that say nothing of their colours, or sRGB: read by the core, without Pillow or NumPy.

Those are nearly all. Whatever is rare, damaged, or might be understood in another way, is left to
Pillow: other colour spaces, animations, pictures that EXIF may turn, files without an end.
"""

from __future__ import annotations

from deflate import DeflateError, crc32, zlib_decompress

from kpalette import _core
from kpalette.files.srgb_profile import is_srgb
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The pixels that Pillow decodes at most, unless it is told otherwise.
MOST_PIXELS = 178_956_970
#: Deflate makes at most so many bytes of one: its longest match, of two bits.
MOST_PER_BYTE = 1032
#: Texts of more bytes are rare, and it is for Pillow to say what it takes of them.
MOST_TEXT = 1 << 20
#: Profiles of more bytes say more than sRGB.
MOST_PROFILE = 1 << 16

#: Chunks of which there is one at most, by the bytes that they hold; None for any number.
_SIZES = {
    b"IHDR": 13, b"PLTE": None, b"tRNS": None, b"iCCP": None, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32,
    b"pHYs": 9,
}  # fmt: skip
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
#: Chunks that change what is seen, or that make it move.
_NOT_PLAIN = (b"cICP", b"eXIf", b"acTL", b"fcTL", b"fdAT")
#: Texts that Pillow does not tell from what other chunks say, by their names.
_NOT_TEXTS = frozenset(
    (
        b"Raw profile type exif", b"aspect", b"bbox", b"chromaticity", b"cicp", b"dpi", b"exif",
        b"gamma", b"icc_profile", b"interlace", b"nclx", b"nclx_profile", b"srgb", b"transparency",
        b"xmp",
    )
)  # fmt: skip
#: What gAMA and cHRM say of sRGB, in 100,000ths: what undoes its curve, about; its white and its
#: primaries.
_GAMMA = (45455).to_bytes(4, "big")
_PRIMARIES = b"".join(
    number.to_bytes(4, "big") for number in (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
)
_INCH = 0.0254  # in metres
_INDEXED = 3
_ANCILLARY = 0x20
#: More than that deflate's package does not count.
_MOST_BYTES = (1 << 32) - 1
#: All formats have room for so many pixels an inch.
MAX_DPI = 1_000_000


class Plain(Record):
    """A picture: its pixels, and how many of them an inch has.

    Attributes
    ----------
    pixels : bytearray
        ``height * width * channels`` bytes of 8-bit sRGB, row by row.
    width, height : int
    channels : int
        3, or 4 if some pixel is not opaque.
    dpi : tuple of two floats, or None
        Across and down, each above 0 and at most `MAX_DPI`.
    """

    pixels: bytearray
    width: int
    height: int
    channels: int
    dpi: tuple[float, float] | None


def read(encoded: bytes, most_pixels: int = MOST_PIXELS) -> Plain | None:
    """Return the picture in a PNG file; None if it is no PNG, or one that is left to Pillow.

    The pixels are those of :func:`kpalette.files.as_pixels`. Memory is taken for no more of them
    than the file's size allows, whatever its header says.

    Parameters
    ----------
    encoded : bytes
        The file.
    most_pixels : int
        Larger pictures are left to Pillow, too.

    Examples
    --------
    >>> import io
    >>> import PIL.Image
    >>> from kpalette.files import plain_png
    >>> file = io.BytesIO()
    >>> PIL.Image.new("L", (2, 1), 9).save(file, "PNG")
    >>> found = plain_png.read(file.getvalue())
    >>> found.width, found.height, found.channels, list(found.pixels)
    (2, 1, 3, [9, 9, 9, 9, 9, 9])
    """
    found = layout(encoded)
    if found is None or found.width * found.height > most_pixels:
        return None
    form = found.form
    if form.size > _MOST_BYTES:
        return None
    view = memoryview(encoded)
    parts = [view[start:end] for start, end in found.parts]
    try:
        rows = zlib_decompress(parts[0] if len(parts) == 1 else b"".join(parts), form.size)
    except DeflateError:
        return None
    made = _core.read_png(form, rows) if len(rows) == form.size else None
    if made is None:
        return None
    return Plain(made[0], found.width, found.height, made[1], found.dpi)


class Layout(Record):
    """What a plain file says of its pixels, and where they are.

    Attributes
    ----------
    width, height : int
    form : PngFormat
        Its rows have no more bytes than the file's size allows, whatever its header says.
    parts : list of (start, end)
        Of the file, the bytes that are compressed.
    dpi : tuple of two floats, or None
    """

    width: int
    height: int
    form: _core.PngFormat
    parts: list[tuple[int, int]]
    dpi: tuple[float, float] | None


def layout(encoded: bytes | mmap) -> Layout | None:
    """Return where the pixels of a PNG file are; None if it is no PNG, or left to Pillow."""
    found = _chunks(encoded)
    if found is None:
        return None
    held, parts = found
    header = held[b"IHDR"]
    width, height = _number(header, 0), _number(header, 4)
    depth, color, compression, filters, interlaced = header[8:]
    if compression or filters or interlaced > 1 or not _is_srgb(held):
        return None
    palette = held.get(b"PLTE", b"") if color == _INDEXED else b""
    transparency = held.get(b"tRNS", b"")
    form = _core.PngFormat(width, height, depth, color, bool(interlaced), palette, transparency)
    size = sum(end - start for start, end in parts)
    if not form.is_valid or form.size > MOST_PER_BYTE * size:
        return None
    return Layout(width, height, form, parts, _dpi(held.get(b"pHYs")))


def _chunks(
    encoded: bytes | mmap,
) -> tuple[dict[bytes, bytes], list[tuple[int, int]]] | None:
    """Return what the chunks of a plain file hold that count, and where its compressed rows are."""
    if encoded[: len(SIGNATURE)] != SIGNATURE:
        return None
    held: dict[bytes, bytes] = {}
    parts: list[tuple[int, int]] = []
    at, size, text = len(SIGNATURE), len(encoded), 0
    is_behind = False  # the pixels
    while at + 12 <= size:
        length = _number(encoded, at)
        kind = encoded[at + 4 : at + 8]
        start, at = at + 8, at + 12 + length
        if at > size or (kind != b"IHDR") != (b"IHDR" in held):
            return None
        if kind == b"IDAT":
            if is_behind:
                return None
            parts.append((start, at - 4))
            continue
        is_behind = bool(parts)
        if kind == b"IEND":
            return (held, parts) if parts and not length else None
        # Behind the pixels no one asks for it.
        is_right = is_behind or crc32(encoded[start - 4 : at - 4]) == _number(encoded, at - 4)
        if kind in _SIZES:
            expected = _SIZES[kind]
            if is_behind or kind in held or (expected is not None and length != expected):
                return None
            held[kind] = encoded[start : at - 4]
        elif kind in _TEXTS:
            text += length
            if text > MOST_TEXT or not _is_text(kind, encoded[start : at - 4]):
                return None
        elif kind in _NOT_PLAIN or not kind.isalpha() or not kind[0] & _ANCILLARY:
            return None
        if not is_right:
            return None
    return None


def _number(encoded: bytes | mmap, at: int) -> int:
    return int.from_bytes(encoded[at : at + 4], "big")


def _is_srgb(held: dict[bytes, bytes]) -> bool:
    """Return whether the chunks say that colours are sRGB, or nothing; the first of them counts."""
    if b"iCCP" in held:
        return _is_srgb_profile(held[b"iCCP"])
    if b"sRGB" in held or b"gAMA" not in held:  # primaries alone count for nothing
        return True
    return held[b"gAMA"] == _GAMMA and held.get(b"cHRM", _PRIMARIES) == _PRIMARIES


def _is_srgb_profile(chunk: bytes) -> bool:
    _, _, rest = chunk.partition(b"\0")
    try:
        return rest[:1] == b"\0" and is_srgb(bytes(zlib_decompress(rest[1:], MOST_PROFILE)))
    except DeflateError:
        return False


def _is_text(kind: bytes, chunk: bytes) -> bool:
    """Return whether a text is but a text, that Pillow reads."""
    name, _, rest = chunk.partition(b"\0")
    return name not in _NOT_TEXTS and not (kind == b"zTXt" and rest[:1] > b"\0")


def _dpi(chunk: bytes | None) -> tuple[float, float] | None:
    """Return what a pHYs chunk says: pixels per inch."""
    if chunk is None or chunk[8] != 1:  # per metre
        return None
    across, down = (_number(chunk, at) * _INCH for at in (0, 4))
    return (across, down) if 0 < across <= MAX_DPI and 0 < down <= MAX_DPI else None
