"""Which formats are read: an allow-list, told by content, and the only call of Pillow's `open`.

Pillow reads some fifty formats, whatever a file's name says. Some decoders start another program
(Ghostscript for EPS), some are stubs that run what others have registered, and many have hardly
a user. A file from a stranger chooses its decoder, so only these can be chosen.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import PIL
from PIL import Image, ImageFile

from kpalette.files.claims import check_size
from kpalette.files.containers import CONTAINERS, OTHERS
from kpalette.files.errors import HeaderError, ImageReadError, TooLargeError, is_of_system, plainly

#: So many of a file's first bytes tell what it is.
PREFIX = 256


@dataclass(frozen=True)
class Format:
    """A format that is read.

    Attributes
    ----------
    name : str
        Pillow's.
    title : str
        What people call it.
    start : pattern of bytes
        What the first `PREFIX` bytes match.
    endings : tuple of str
        By which files are found in folders.
    modules : tuple of str
        Those whose import makes Pillow read it; the first that is installed is taken.
    safe : str
        Why files from strangers may be given to its decoder. All run within this process, open no
        other file, and allocate by the size in the header, which is checked before.
    without : str
        What to do where no module is installed, or Pillow was built without the library.
    """

    name: str
    title: str
    start: re.Pattern[bytes]
    endings: tuple[str, ...]
    modules: tuple[str, ...]
    safe: str
    without: str = ""


def _format(
    name: str,
    start: bytes,
    endings: str,
    module: str,
    safe: str,
    *,
    title: str = "",
    without: str = "",
) -> Format:
    modules = tuple(f"PIL.{module}" if module[0].isupper() else module for module in module.split())
    pattern = re.compile(start, re.DOTALL)
    return Format(name, title or name, pattern, tuple(endings.split()), modules, safe, without)


_BUILT_WITHOUT = "this Pillow was built without it: pip install --upgrade pillow"
_OWN_DECODER = "Pillow's own decoder in C, of a run of bytes per row"

#: In the order in which they are tried: the last have next to no signature.
FORMATS = (
    _format(
        "PNG", rb"\x89PNG\r\n\x1a\n", ".png .apng", "PngImagePlugin",
        "rows are inflated by libdeflate no further than the header's size, and read by the core; "
        "what is rare or damaged, by Pillow and zlib",
    ),
    _format(
        "JPEG", rb"\xff\xd8\xff", ".jpg .jpeg .jpe .jfif", "JpegImagePlugin",
        "decoded by libjpeg-turbo; of an MPO, the first picture",
    ),
    _format("GIF", rb"GIF8[79]a", ".gif", "GifImagePlugin", "Pillow's own decoder in C"),
    _format(
        "WEBP", rb"RIFF.{4}WEBP", ".webp", "WebPImagePlugin",
        "decoded by libwebp", title="WebP", without=_BUILT_WITHOUT,
    ),
    _format(
        "AVIF", rb".{4}ftyp(?:.{4}){0,12}?avi[fs]", ".avif .avifs", "AvifImagePlugin",
        "decoded by libavif, where the installed Pillow has it",
        without="Pillow 11.3 or later reads it: pip install --upgrade pillow",
    ),
    _format(
        "HEIF", rb".{4}ftyp(?:.{4}){0,12}?(?:hei[cmsx]|hev[cmsx]|mif1|msf1)",
        ".heic .heics .heif .heifs .hif", "pillow_heif pi_heif",
        "decoded by libheif, where the plug-in is installed", title="HEIC",
        without="a plug-in reads it: pip install 'kpalette[heif]'",
    ),
    _format(
        "TIFF", rb"II[*+]\0|MM\0[*+]|II\0\*|MM\*\0", ".tif .tiff", "TiffImagePlugin",
        "decoded by libtiff, or what Pillow does not read by tifffile: from this file alone",
    ),
    _format("BMP", rb"BM", ".bmp", "BmpImagePlugin", _OWN_DECODER),
    _format(
        "ICO", rb"\0\0\x01\0", ".ico", "IcoImagePlugin",
        "the largest picture, which is a PNG or a BMP, by that decoder",
    ),
    _format(
        "PPM", rb"P[1-6][\s#]", ".ppm .pgm .pbm .pnm", "PpmImagePlugin",
        "Pillow's own decoder, in Python and C"),
    _format(
        "QOI", rb"qoif", ".qoi", "QoiImagePlugin", "Pillow's own decoder, in Python",
    ),
    _format(
        "JPEG2000", rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        ".jp2 .j2k .j2c .jpc .jpf .jpx", "Jpeg2KImagePlugin",
        "decoded by OpenJPEG", title="JPEG 2000", without=_BUILT_WITHOUT,
    ),
    _format(
        "PCX", rb"\x0a[\0\x02\x03\x05]\x01[\x01\2\4\x08]", ".pcx", "PcxImagePlugin", _OWN_DECODER,
    ),
    _format(
        # Whether it has a palette, a kind, five bytes on the palette, the corner, width and
        # height, which are not 0, and bits per pixel.
        "TGA",
        rb".[\0\x01][\x01\x02\x03\x09\x0a\x0b].{9}(?!\0\0)..(?!\0\0)..[\x01\x08\x10\x18\x20]",
        ".tga .icb .vda .vst", "TgaImagePlugin", _OWN_DECODER,
    ),
)  # fmt: skip

BY_NAME = {kind.name: kind for kind in FORMATS}
#: What the names of such files end in, in lower case.
ENDINGS = frozenset(ending for kind in FORMATS for ending in kind.endings)
#: What Pillow calls the images of these formats: an MPO is a JPEG with others behind it.
NAMES = frozenset({*BY_NAME, "MPO"})

#: What people take for images and this does not: its start, its name, and what to do.
ADVICE = tuple(
    (re.compile(start, re.DOTALL), title, advice)
    for start, title, advice in (
        (
            # Behind what printers and text editors put before it.
            rb"(?:\xef\xbb\xbf|[\s\x04]|\x1b%-12345X|@PJL[^\n]*\n)*%!PS|\xc5\xd0\xd3\xc6",
            "PostScript (EPS), which is a program",
            "convert it to PNG first, with Ghostscript or Inkscape where you trust it",
        ),
        (
            rb"[\x89\x09]PNG(?:\n|\r)", "a PNG whose line ends were changed on the way",
            "transfer it again, as binary data",
        ),
        (rb"%PDF", "PDF", "convert it to PNG first, as with pdftoppm -png"),
        (
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*|<!--.*|<!DOCTYPE\s+)?<?svg\b", "SVG",
            "convert it to PNG first, as with rsvg-convert or Inkscape",
        ),
        (rb"8BPS", "Photoshop's PSD", "export it as PNG first, from the program that wrote it"),
        (
            rb"\xd7\xcd\xc6\x9a\0\0|\x01\0\x09\0\0\x03|\x01\0\0\0.{36} EMF",
            "a Windows metafile (WMF or EMF)",
            "convert it to PNG first, as with Inkscape or LibreOffice",
        ),
        (
            rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL",
            "convert it to PNG first, as with djxl",
        ),
        (
            b"|".join(CONTAINERS.values()), "a film",
            "kpalette quantize, remap, palette and theme read films, and of Python's functions "
            "quantize_animation, extract_palette and theme",
        ),
        *(
            (start, f"a film in {title}, which is not read",
             "convert it to Matroska first, as with ffmpeg -i FILM -c copy film.mkv")
            for title, start in OTHERS.items()
        ),
    )
)  # fmt: skip

#: How files begin, of which so little may be there that they are not known by it.
SIGNATURES = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff",
    "GIF": b"GIF89a",
    "WEBP": b"RIFF    WEBP",
    "JPEG2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "AVIF": b"\0\0\0 ftypavif",
}


def identify(prefix: bytes) -> Format | None:
    """Return the format of a file by its first `PREFIX` bytes; None if it is not read."""
    return next((kind for kind in FORMATS if kind.start.match(prefix)), None)


def prefix_of(source: Any) -> bytes:
    """Return the first bytes of a file, by its path or of a seekable file object."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return file.read(PREFIX)
    source.seek(0)
    prefix: bytes = source.read(PREFIX)
    return prefix


def open_image(source: Any) -> Image.Image:
    """Open a file with the one decoder that its content is for. Pixels are not decoded yet.

    Parameters
    ----------
    source : path or seekable binary file object

    Raises
    ------
    OSError
        If the file cannot be opened.
    HeaderError
        If its header is damaged, or not understood.
    TruncatedError
        If a large PNG or TIFF claims more pixels than its bytes can hold.
    TooLargeError
        If there are more pixels than twice ``PIL.Image.MAX_IMAGE_PIXELS``.
    ImageReadError
        If its format is none of `FORMATS`, or Pillow lacks the library for it.
    """
    prefix = prefix_of(source)
    kind = identify(prefix)
    if kind is None:
        raise ImageReadError(_refusal(prefix))
    _plug_in(kind)
    check_size(source, prefix)
    try:
        return Image.open(source, formats=[kind.name])
    except PIL.UnidentifiedImageError:
        raise HeaderError(_damage(source, kind)) from None
    except Image.DecompressionBombError as error:
        raise too_large(error) from None
    except Exception as error:
        if is_of_system(error):
            raise
        raise HeaderError(_damaged(kind, error)) from error


#: What else there is for what is too large. The command line has other words for both.
IN_TILES = "kpalette[distributed] reads a TIFF in tiles, and most PNG files"
LIMIT = "PIL.Image.MAX_IMAGE_PIXELS is half of the limit"


def too_large(error: Exception) -> TooLargeError:
    """Return an error for Pillow's, that there are more pixels than are decoded at once."""
    found = re.search(r"\((\d+) pixels\)", str(error))
    got = f"{int(found[1]):,}" if found else "more"
    most = f"{2 * Image.MAX_IMAGE_PIXELS:,}" if Image.MAX_IMAGE_PIXELS else "fewer"
    return TooLargeError(
        f"expected at most {most} pixels in one piece, got {got}; {IN_TILES}; {LIMIT}"
    )


def check_lazy(image: Image.Image) -> None:
    """Refuse a Pillow image that is not loaded yet, and would be by a decoder not listed here."""
    if not isinstance(image, ImageFile.ImageFile) or image.format in NAMES:
        return
    # An empty tile list alone also has what loads itself, as the stubs do.
    core = getattr(image, "_im", None) or image.__dict__.get("im")
    if image.tile or core is None or isinstance(image, ImageFile.StubImageFile):
        raise ImageReadError(
            "expected a Pillow image of a format that kpalette reads, or a loaded one, got "
            f"{image.format or type(image).__name__} that is not loaded yet; its load() does so, "
            "if you trust the file"
        )


def _plug_in(kind: Format) -> None:
    """Make Pillow know a format, without importing all that it has."""
    for module in kind.modules:
        if kind.name in Image.OPEN:
            return
        try:
            found = import_module(module)
        except ImportError:
            continue
        if hasattr(found, "register_heif_opener"):
            found.register_heif_opener()
    if kind.name not in Image.OPEN:
        raise ImageReadError(f"{kind.title}: {kind.without or _BUILT_WITHOUT}")


def _damage(source: Any, kind: Format) -> str:
    """Return what is wrong with a file that begins like a format, but is refused by its decoder."""
    factory, accept = Image.OPEN[kind.name]
    prefix = prefix_of(source)
    if accept and isinstance(accept(prefix), str):  # which says that there is no library
        return f"{kind.title}: {kind.without}"
    reason: Exception | None = None
    try:
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as file:
                factory(file, "")
        else:
            source.seek(0)
            factory(source, "")
    except Exception as error:  # any of a dozen
        reason = error
    return _damaged(kind, reason)


def _damaged(kind: Format, reason: Exception | None) -> str:
    """Return the message that a header is damaged, with the reason, if Pillow names one."""
    why = plainly(reason) if reason else ""
    ends = re.search(r"requires a buffer|index out of range|no more images", why)
    if ends and kind.name == "GIF":
        return "the GIF has no frames"
    if ends:
        why = "the file ends within it"
    elif why in ("", "not identified by this driver"):
        why = "it describes no image"
    return f"the {kind.title}'s header is damaged: {why}"


def _refusal(prefix: bytes) -> str:
    if not prefix:
        return "the file is empty"
    for name, begin in SIGNATURES.items():
        rest = begin[len(prefix) :]
        # What any four bytes can be is no sign of it.
        told = prefix[4:] if name == "AVIF" else prefix
        if rest and told.strip(b"\0") and BY_NAME[name].start.match(prefix + rest):
            return f"the file ends within the signature of {BY_NAME[name].title}"
    for start, title, advice in ADVICE:
        if start.match(prefix):
            return f"expected an image of pixels, got {title}: {advice}"
    return (
        "expected an image of a format that kpalette reads, got a file that starts with "
        f"{repr(prefix[:8])[2:-1]}"
    )
