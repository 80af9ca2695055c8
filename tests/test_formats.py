"""What content is, which formats are read, and what is said of all others."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import subprocess
import sys
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, features

import kpalette
from conftest import gradient, saved
from every_kind import GREY, PS, STARTS
from kpalette import Palette, cli, files, image, model
from kpalette.files import ImageReadError, as_pixels, formats

SOURCES = Path(kpalette.__file__).parent


# What content is


@pytest.mark.parametrize("kind", formats.FORMATS, ids=lambda kind: kind.name)
def test_a_format_is_known_by_its_content(kind: formats.Format, tmp_path: Path) -> None:
    if kind.name == "HEIF":
        pytest.skip("nothing here writes it")
    if kind.name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow lacks it")
    data = saved(GREY.convert("RGB"), kind.name).getvalue()
    assert formats.identify(data[: formats.PREFIX]) is kind
    expected = as_pixels(io.BytesIO(data))
    for name in ("photo.eps", "photo.wmf", "photo", "photo.png", f"photo{kind.endings[0]}"):
        path = tmp_path / name
        path.write_bytes(data)
        assert np.array_equal(as_pixels(path), expected)


def test_a_name_says_nothing(tmp_path: Path) -> None:
    for name in ("photo.png", "photo.jpg", "photo.eps", "photo.tif", "photo"):
        path = tmp_path / name
        path.write_bytes(PS)
        with pytest.raises(ImageReadError, match=r"got PostScript .*: convert it to PNG first"):
            as_pixels(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (STARTS["EPS of DOS"], "PostScript"),
        (STARTS["WMF"], "Windows metafile"),
        (STARTS["EMF"], "Windows metafile"),
        (STARTS["PSD"], "Photoshop's PSD: export it as PNG"),
        (STARTS["SVG"], "SVG: convert it to PNG"),
        (b"\xef\xbb\xbf<svg viewBox='0 0 1 1'/>", "SVG: convert it to PNG"),
        (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'>", "SVG: convert it to PNG"),
        (b"%PDF-1.7\n", "PDF: convert it to PNG"),
        (b"\xef\xbb\xbf" + PS, "PostScript"),
        (b"\r\n\n" + PS, "PostScript"),
        (b"\x04" + PS, "PostScript"),
        (b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE = POSTSCRIPT\n" + PS, "PostScript"),
        (b"\x89PNG\n\x1a\n" + bytes(60), "PNG whose line ends were changed on the way: transfer"),
        (b"\x89PNG\r\n\x1a\r\n" + bytes(60), "PNG whose line ends"),
        (b"\x89", "ends within the signature of PNG"),
        (b"\x89PNG\r\n\x1a", "ends within the signature of PNG"),
        (b"\xff\xd8", "ends within the signature of JPEG"),
        (b"RIFF\x9c\x0e\0\0WE", "ends within the signature of WebP"),
        (b"\0\0\0\x0cjP  \r\n", "ends within the signature of JPEG 2000"),
        (b"\0\0\0 ftypav", "ends within the signature of AVIF"),
        (b"\0\0\0", r"starts with \\x00\\x00\\x00"),
        (b"PK\x03\x04", r"starts with PK\\x03\\x04"),
        (STARTS["JXL"], "JPEG XL: convert it to PNG"),
        (b"<html><body>Not found", "a format that kpalette reads, .* starts with <html><b"),
        (b"<?xml version='1.0'?><rss/>", "a format that kpalette reads"),
    ],
)
def test_what_is_no_image_is_told_with_what_to_do(
    data: bytes, words: str, tmp_path: Path, fails: Any
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match=words):
        as_pixels(path)
    assert re.search(words, fails(3, "quantize", path))


@pytest.mark.parametrize("kind", sorted(formats.BY_NAME))
def test_a_damaged_header_names_its_format(kind: str, tmp_path: Path) -> None:
    starts = {
        "HEIF": b"\0\0\0\x18ftypheic" + bytes(12),
        "PPM": b"P5 8 ",
        "QOI": b"qoif\0\0\0",
        "TGA": b"\0\1\2\0\0\1\0\x63" + bytes(4) + b"\1\0\1\0 ",
    }
    data = starts.get(kind) or saved(GREY.convert("RGB"), kind).getvalue()[:12].ljust(24, b"\xff")
    title = formats.BY_NAME[kind].title
    damaged = f"the {title}'s header is damaged: .|the {title} is cut off|the GIF has no frames"
    if kind == "HEIF":
        damaged += "|HEIC: a plug-in reads it"
    if kind == "AVIF":
        damaged += "|AVIF: Pillow 11"
    with pytest.raises(ImageReadError, match=damaged):
        as_pixels(io.BytesIO(data))


def test_endings_are_those_of_the_list(folder: Path, tmp_path: Path) -> None:
    for name in (
        "a.heic",
        "b.webp",
        "c.eps",
        "d.svg",
        "e.pdf",
        "f.psd",
        "g.avif",
        "h.GIF",
        "i.mp4",  # found, as films are; what it is, its content says
    ):
        saved_as = folder / name
        Image.fromarray(gradient(4, 5)).save(saved_as, "PNG")
    assert cli.run(["quantize", "-q", "-r", str(folder), "--out-dir", str(tmp_path / "out")]) == 0
    made = {path.stem for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert made >= {"a", "b", "g", "h", "i"}
    assert not made & {"c", "d", "e", "f"}
    assert all(ending == ending.lower() and ending[0] == "." for ending in formats.ENDINGS)


def test_the_documentation_lists_the_formats() -> None:
    root = Path(__file__).parents[1]
    for name in ("SECURITY.md", "docs/howto/formats.md"):
        page = root.joinpath(name).read_text()
        for kind in formats.FORMATS:
            assert kind.title in page, f"{kind.title} is not in {name}"
        assert "EPS" in page


# The one call


def test_only_one_place_has_pillow_open_a_file() -> None:
    calls = re.compile(r"\bImage\.open\(|\bImageShow\b|\bos\.system\b|\bsubprocess\b|pickle\.load")
    found = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if calls.search(path.read_text())
    }
    # One starts ffmpeg for films, and `Quantized.show` has a viewer started.
    assert found == {"files/ffmpeg.py", "files/formats.py", "quantized.py"}
    (line,) = (
        line
        for line in (SOURCES / "files/formats.py").read_text().splitlines()
        if "Image.open(" in line
    )
    assert "formats=[kind.name]" in line


def test_a_decoder_comes_without_all_others() -> None:
    script = """
import io, sys
from kpalette.files import as_pixels
for data in map(bytes.fromhex, sys.argv[1:]):
    as_pixels(io.BytesIO(data))
print(*sorted(name for name in sys.modules if name.endswith("ImagePlugin")))
"""
    data = [saved(GREY, kind).getvalue().hex() for kind in ("TGA", "WEBP")]
    done = subprocess.run([sys.executable, "-c", script, *data], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert {"PIL.TgaImagePlugin", "PIL.WebPImagePlugin"} < loaded
    assert not loaded & {"PIL.EpsImagePlugin", "PIL.WmfImagePlugin", "PIL.PsdImagePlugin"}


@pytest.mark.parametrize("kind", ["EPS", "WMF", "GRIB", "BUFR", "HDF5", "PSD", "ICNS", "FLI"])
def test_pillow_images_that_are_not_loaded_are_refused(
    kind: str, everything: dict[str, bytes]
) -> None:
    with Image.open(io.BytesIO(everything[kind])) as image:
        assert image.format == kind
        for read in (as_pixels, files.read_metadata, files.is_animated, kpalette.quantize):
            if read is files.is_animated:
                continue
            with pytest.raises(ImageReadError, match=f"got {kind} that is not loaded yet"):
                read(image)


def test_pillow_images_that_are_loaded_are_taken(everything: dict[str, bytes]) -> None:
    for kind in ("SGI", "DDS", "XBM", "MSP"):
        with Image.open(io.BytesIO(everything[kind])) as image:
            with pytest.raises(ImageReadError, match="not loaded yet"):
                as_pixels(image)
            image.load()
            assert as_pixels(image).shape[:2] == (8, 8)
            assert np.array_equal(as_pixels(image.copy()), as_pixels(image))
    with Image.open(saved(GREY)) as image:
        assert as_pixels(image).shape == (8, 8, 3)


def test_an_image_given_as_an_array_is_not_loaded_by_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import EpsImagePlugin

    started: list[str] = []
    load = EpsImagePlugin.EpsImageFile.load
    monkeypatch.setattr(
        EpsImagePlugin.EpsImageFile, "load", lambda *args, **_: started.append("gs") or load(*args)
    )
    page = saved(GREY.convert("RGB"), "EPS").getvalue()
    rows = np.arange(9.0).reshape(3, 3)
    fitted = kpalette.KMeans(2).fit(rows)

    def eps() -> Any:
        return Image.open(io.BytesIO(page), formats=["EPS"])

    calls: list[Callable[[], Any]] = [
        lambda: kpalette.quantize(GREY, 2, weights=eps()),
        lambda: kpalette.KMeans(2).fit(eps()),
        lambda: kpalette.KMeans(2).fit([eps()]),
        lambda: fitted.predict(eps()),
        lambda: fitted.transform(eps()),
        lambda: fitted.score(eps()),
        lambda: kpalette.KMeans(2).fit(rows, sample_weight=eps()),
        lambda: kpalette.KMeans(2, init=eps()).fit(rows),
        lambda: Palette(eps()),
        lambda: Palette(np.zeros((1, 3), np.uint8), eps()),
        lambda: kpalette.metrics.delta_e_2000(eps(), rows),
        lambda: kpalette.metrics.delta_e_2000(rows, eps()),
        lambda: image.plot_rgb_vector(eps()),
        lambda: image.plot_rgb_vector(rows, centers=eps()),
        lambda: image.rgb_vector_to_image(eps(), (8, 8)),
        lambda: image.Image(eps()),
        lambda: model.clusters_cost(eps(), rows, [0, 0, 0]),
        lambda: kpalette.ColorHistogram(eps(), [1]),
    ]
    for number, call in enumerate(calls):
        with pytest.raises((ImageReadError, TypeError), match="not loaded yet"):
            call()
        assert started == [], f"call {number}"
    assert image.Image(GREY.convert("RGB")).shape == (8, 8, 3)  # which is loaded


def test_an_image_that_is_too_large_says_what_to_do() -> None:
    with pytest.raises(ImageReadError, match=r"at most 178,956,970 .* 10,000,000,000; kpalette"):
        as_pixels(io.BytesIO(b"P6 100000 100000 255\n"))


# HEIC, and libraries that are not there


def test_heic_names_its_plug_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: Any
) -> None:
    for name in ("pillow_heif", "pi_heif"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99))
    assert "pip install 'kpalette[heif]'" in fails(3, "palette", path)


class Pretended(ImageFile.ImageFile):
    format = "HEIF"

    def _open(self) -> None:
        self._mode, self._size = "L", (2, 1)
        self.tile = [ImageFile._Tile("raw", (0, 0, 2, 1), 24, ("L", 0, 1))]


def test_heic_is_read_by_its_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = types.ModuleType("pillow_heif")
    plugin.register_heif_opener = lambda: Image.register_open("HEIF", Pretended)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", [*Image.ID])
    Image.OPEN.pop("HEIF", None)
    data = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes([7, 9])
    assert as_pixels(io.BytesIO(data))[..., 0].tolist() == [[7, 9]]


def test_a_pillow_without_avif_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "AVIF", raising=False)
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    with pytest.raises(ImageReadError, match=r"AVIF: Pillow 11\.3 or later reads it"):
        as_pixels(io.BytesIO(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(99)))


# Damage of any kind is one error


def big_offset() -> bytes:
    return b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(99)


def damaged_tiffs() -> list[bytes]:
    found = [big_offset(), b"II*\0\xff\xff\xff\xff", b"MM\0+\0\x08\0\0" + b"\x7f" * 9]
    rng = np.random.default_rng(0)
    good = [saved(GREY, "TIFF").getvalue(), saved(GREY, "TIFF", compression="tiff_lzw").getvalue()]
    for _ in range(40):
        bad = bytearray(good[rng.integers(2)])
        start = int.from_bytes(bad[4:8], "little")
        for _ in range(3):
            bad[rng.integers(start, len(bad)) if rng.random() < 0.8 else 5] = rng.integers(256)
        found.append(bytes(bad))
    return found


def test_a_damaged_tiff_is_no_internal_error(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "photo.tif"
    codes = set()
    for data in damaged_tiffs():
        path.write_bytes(data)
        for source in (path, io.BytesIO(data)):
            for read in (as_pixels, files.is_animated, files.read_metadata, kpalette.quantize):
                with contextlib.suppress(ImageReadError):
                    read(source)
        for args in (["palette"], ["palette", "--scheduler", "threads"], ["sweep", "-k", "2"]):
            codes.add(cli.run([args[0], str(path), *args[1:]]))
        said = capsys.readouterr().err
        assert "internal error" not in said
        assert "Traceback" not in said
    assert codes == {0, 3}


@pytest.mark.parametrize("ending", [".ftc", ".ftu", ".png"])
def test_a_texture_is_no_internal_error(ending: str, tmp_path: Path, fails: Any) -> None:
    path = tmp_path / f"photo{ending}"
    path.write_bytes(STARTS["FTEX"])
    assert "a file that starts with FTEX" in fails(3, "quantize", path)
    for read in (as_pixels, files.is_animated, files.open_frames, files.read_metadata):
        with pytest.raises(ImageReadError):
            read(path)


@pytest.mark.parametrize(
    "raised",
    [
        OSError("broken"), ValueError("broken"), SyntaxError("broken"), struct.error("broken"),
        IndexError("broken"), KeyError("broken"), EOFError("broken"), OverflowError("broken"),
        ZeroDivisionError("broken"), RecursionError("broken"), AttributeError("broken"),
        TypeError("broken"), UnicodeDecodeError("ascii", b"\xff", 0, 1, "broken"),
        zlib.error("broken"), OSError(22, "broken"), AssertionError("broken"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("when", ["opened", "loaded"])
def test_whatever_a_decoder_raises_is_one_error(
    raised: Exception, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import BmpImagePlugin

    def fail(*_: Any) -> None:
        raise raised

    name = "_open" if when == "opened" else "load"
    monkeypatch.setattr(BmpImagePlugin.BmpImageFile, name, fail)
    for read in (as_pixels, files.read_metadata, lambda file: [*files.open_frames(file).walk()]):
        with pytest.raises(ImageReadError, match="damaged"):
            read(saved(GREY, "BMP"))


def test_what_the_system_raises_is_not_taken_for_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import BmpImagePlugin

    for raised in (OSError(5, "Input/output error"), MemoryError()):

        def fail(*_: Any, raised: Any = raised) -> None:
            raise raised

        for name in ("load", "_open"):
            file = saved(GREY, "BMP")
            with monkeypatch.context() as patch:
                patch.setattr(BmpImagePlugin.BmpImageFile, name, fail)
                with pytest.raises(type(raised)) as caught:
                    as_pixels(file)
            assert not isinstance(caught.value, ImageReadError)
