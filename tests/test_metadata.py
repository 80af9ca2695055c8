"""What of metadata survives, where, and what must not."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

import kpalette
from conftest import gradient, noise, saved
from kpalette import cli
from kpalette.files import Metadata, as_pixels, encode, read_dpi, read_metadata

TAG, IFD = ExifTags.Base, ExifTags.IFD
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description tiff:Orientation=\"6\" "
    b"dc:creator='Ada'><tiff:Orientation>6</tiff:Orientation></rdf:Description></rdf:RDF>"
    b"</x:xmpmeta>"
)


def exif(orientation: int = 6) -> Image.Exif:
    made = Image.Exif()
    made[TAG.Orientation] = orientation
    made[TAG.Artist] = "Ada"
    made[TAG.XResolution] = 10.0
    made[IFD.Exif] = {
        TAG.ExposureTime: 0.5,
        TAG.ColorSpace: 65535,
        TAG.ExifImageWidth: 40,
        TAG.MakerNote: b"offsets",
    }
    made[IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    return made


def photo(kind: str, orientation: int = 6, **options: Any) -> io.BytesIO:
    options = {"exif": exif(orientation).tobytes(), **options}
    return saved(Image.fromarray(gradient(20, 40)), kind, **options)


def metadata_of(data: bytes) -> Metadata:
    return read_metadata(io.BytesIO(data))


SMALL = np.array([[0, 1, 2]]), noise(3, 3, 1)
FULL = Metadata(
    exif=exif().tobytes(),
    xmp=XMP,
    dpi=(300, 150),
    text={"Author": "Ada", "Comment": "über ﬁ", "Description": "a sea"},
)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("kind", ["png", "webp", "tiff"])
def test_a_turned_photo_becomes_an_upright_picture(
    source: str, kind: str, orientation: int
) -> None:
    file = photo(source, orientation)
    q = kpalette.quantize(file, 30)
    upright = (40, 20) if orientation >= 5 else (20, 40)
    assert q.indices.shape == upright
    data = q.encode(kind, metadata=read_metadata(file))
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[TAG.Artist] == "Ada"
        assert TAG.Orientation not in image.getexif()
        turned = ImageOps.exif_transpose(image)
        assert np.array_equal(turned.convert("RGB"), q.rgb)
    assert np.array_equal(as_pixels(io.BytesIO(data)), q.rgb)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_is_what_stays_true(source: str) -> None:
    file = photo(source)
    found = Image.Exif()
    found.load(read_metadata(file).exif or b"")
    assert dict(found) == {
        TAG.Artist: "Ada",
        IFD.Exif: found[IFD.Exif],
        IFD.GPSInfo: found[IFD.GPSInfo],
    }
    assert found.get_ifd(IFD.Exif) == {TAG.ExposureTime: 0.5, TAG.ColorSpace: 1}
    assert found.get_ifd(IFD.GPSInfo) == {ExifTags.GPS.GPSLatitudeRef: "N"}


def test_thumbnails_are_dropped() -> None:
    """By Pillow's writing none can be made, so by hand: a second directory after the first."""
    small = saved(Image.new("RGB", (4, 4), "red"), "JPEG").getvalue()
    tiff = bytearray(exif().tobytes().removeprefix(b"Exif\0\0"))
    order: Any = {b"II*\0": "little", b"MM\0*": "big"}[bytes(tiff[:4])]
    count = int.from_bytes(tiff[8:10], order)
    link = 10 + 12 * count
    start = len(tiff)
    tiff[link : link + 4] = start.to_bytes(4, order)
    entries = [(0x0112, 4, 6), (0x0201, 4, start + 42), (0x0202, 4, len(small))]
    tiff += (3).to_bytes(2, order)
    for tag, kind, value in entries:
        tiff += tag.to_bytes(2, order) + kind.to_bytes(2, order) + (1).to_bytes(4, order)
        tiff += value.to_bytes(4, order)
    tiff += bytes(4) + small
    read = Image.Exif()
    read.load(bytes(tiff))
    assert read.get_ifd(IFD.IFD1)[0x0202] == len(small)
    kept = Metadata(exif=bytes(tiff)).exif
    assert kept is not None
    assert small[:20] not in kept
    read.load(kept)
    assert read.get_ifd(IFD.IFD1) == {}
    assert read[TAG.Artist] == "Ada"


@pytest.mark.parametrize("k", [3, 300])
def test_png_holds_everything(k: int) -> None:
    indices = np.arange(k).reshape(1, k)
    found = metadata_of(encode(indices, noise(k, 3, 1), "png", metadata=FULL))
    assert found.dpi == pytest.approx(FULL.dpi, abs=0.02)  # in whole pixels per metre
    assert (found.exif, found.xmp, found.text) == (FULL.exif, FULL.xmp, FULL.text)


def test_optimizing_a_png_keeps_everything() -> None:
    pytest.importorskip("oxipng")
    plain, small = (encode(*SMALL, "png", optimize=o, metadata=FULL) for o in (False, True))
    assert metadata_of(small) == metadata_of(plain)


def test_what_other_formats_hold() -> None:
    held = {
        kind: metadata_of(encode(*SMALL, kind, metadata=FULL))
        for kind in ("webp", "tiff", "gif", "bmp")
    }
    assert held["webp"] == Metadata(exif=FULL.exif, xmp=FULL.xmp)
    assert held["tiff"].xmp == FULL.xmp
    assert held["tiff"].dpi == FULL.dpi
    assert held["gif"] == Metadata(text={"Comment": "a sea"})
    assert held["bmp"].dpi == pytest.approx(FULL.dpi, abs=0.02)
    found = Image.Exif()
    found.load(held["tiff"].exif or b"")
    assert dict(found) == {TAG.Artist: "Ada", TAG.ImageDescription: "a sea"}
    with Image.open(io.BytesIO(encode(*SMALL, "tiff", metadata=FULL))) as image:
        assert image.getexif()[TAG.ImageDescription] == "a sea"


@pytest.mark.parametrize("kind", ["png", "webp", "tiff", "gif", "bmp"])
def test_nothing_is_written_unless_told(kind: str) -> None:
    plain = encode(*SMALL, kind)
    assert plain == encode(*SMALL, kind, metadata=Metadata())
    found = metadata_of(plain)
    assert (found.exif, found.xmp, dict(found.text)) == (None, None, {})
    for word in (b"Ada", b"Software", b"Pillow"):
        assert word not in plain
    pixels = as_pixels(io.BytesIO(encode(*SMALL, kind, metadata=FULL)))
    assert np.array_equal(pixels, as_pixels(io.BytesIO(plain)))


def test_a_turned_photos_resolution_turns_along() -> None:
    assert read_metadata(photo("PNG", 1, dpi=(200, 100))).dpi == pytest.approx((200, 100), abs=0.1)
    assert read_metadata(photo("PNG", 6, dpi=(200, 100))).dpi == pytest.approx((100, 200), abs=0.1)


def test_comments() -> None:
    pixels = Image.fromarray(gradient(8, 8))
    for kind in ("JPEG", "GIF"):
        found = read_metadata(saved(pixels, kind, comment="schön".encode()))
        assert dict(found.text) == {"Comment": "schön"}


def test_xmp_of_every_format() -> None:
    pixels = Image.fromarray(gradient(8, 8))
    for kind, options in (("JPEG", {"xmp": XMP}), ("WEBP", {"xmp": XMP})):
        assert read_metadata(saved(pixels, kind, **options)).xmp == FULL.xmp
    assert FULL.xmp is not None
    assert b"Orientation" not in FULL.xmp
    assert b"dc:creator='Ada'>" in FULL.xmp


@pytest.mark.parametrize(
    ("xmp", "expected"),
    [
        (b" " * 400_000, b" " * 400_000),
        (b"<tiff:Orientation " * 40_000, b"<tiff:Orientation " * 40_000),
        (b"a \n tiff:Orientation = '6'  b", b"a  b"),
        (b"tiff:Orientation='6' tiff:Orientation='3'", b""),
        (b"a<tiff:Orientation rdf:x='1'> 6 </tiff:Orientation >b", b"ab"),
    ],
)
def test_orientation_is_found_at_once_in_xmp_of_any_size(xmp: bytes, expected: bytes) -> None:
    assert Metadata(xmp=xmp).xmp == expected


def test_orientation_in_xmp_alone() -> None:
    """Pillow goes by it where EXIF is silent; browsers do not, nor do the pixels."""
    file = saved(Image.fromarray(gradient(20, 40)), "JPEG", xmp=XMP, dpi=(72, 144))
    q = kpalette.quantize(file, 30)
    assert q.indices.shape == (20, 40)
    assert read_metadata(file).dpi == (72, 144)
    data = q.encode("webp", metadata=read_metadata(file))
    with Image.open(io.BytesIO(data)) as image:
        assert ImageOps.exif_transpose(image).size == (40, 20)


def test_profiles_are_not_kept() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = photo("JPEG", icc_profile=profile)
    for kind in ("png", "webp", "tiff"):
        data = kpalette.quantize(file, 8).encode(kind, metadata=read_metadata(file))
        with Image.open(io.BytesIO(data)) as image:
            assert "icc_profile" not in image.info


def test_damaged_exif_says_nothing() -> None:
    for bad in (b"Exif\0\0II*\0\xff\xff\xff\x7f??", b"Exif\0\0neither II nor MM"):
        file = saved(Image.fromarray(gradient(8, 8)), "JPEG", exif=bad)
        assert read_metadata(file).exif is None


def test_damage_raises_nothing_else() -> None:
    rng = np.random.default_rng(1)
    outcomes = set()
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        good = photo(kind).getvalue()
        for _ in range(60):
            bad = np.frombuffer(good, np.uint8).copy()
            bad[rng.integers(0, min(len(bad), 300), 3)] = rng.integers(0, 256, 3)
            try:
                found = metadata_of(bad.tobytes())
                encode(*SMALL, "png", metadata=found)
                encode(*SMALL, "tiff", metadata=found)
                outcomes.add("read")
            except kpalette.files.ImageReadError:
                outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_sources() -> None:
    assert read_metadata(noise(4, 4)) == Metadata()
    file = photo("PNG")
    with Image.open(file) as image:
        assert read_metadata(image) == read_metadata(file)
    with pytest.raises(TypeError, match="expected a path"):
        read_metadata(None)  # type: ignore[arg-type]
    with pytest.raises(kpalette.files.ImageReadError, match="empty"):
        read_metadata(io.BytesIO())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dpi": (0, 1)}, ValueError, "dpi: expected above 0 and at most 1,000,000, got 0, 1"),
        ({"dpi": (1, float("nan"))}, ValueError, "dpi: expected above 0"),
        ({"exif": "x"}, TypeError, "exif: expected bytes or None, got str"),
        ({"xmp": 3}, TypeError, "xmp: expected bytes or None, got int"),
        ({"text": {"": "x"}}, ValueError, "keys of 1 to 79 Latin-1 characters, got ''"),
        ({"text": {"a\n": "x"}}, ValueError, "keys of 1 to 79"),
        ({"text": {"a" * 80: "x"}}, ValueError, "keys of 1 to 79"),
        ({"text": {"a": "x\0"}}, ValueError, "no null characters"),
        ({"text": {"a": 3}}, TypeError, "expected strings, got 'a': 3"),
    ],
)
def test_bad_metadata(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Metadata(**options)
    with pytest.raises(TypeError, match="metadata: expected a Metadata, got dict"):
        encode(*SMALL, "png", metadata={})  # type: ignore[arg-type]


# Density alone


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
@pytest.mark.parametrize("command", [["quantize", "-k", "9"], ["64"]], ids=["own", "pngquant"])
def test_density_is_kept_by_default(
    source: str, kind: str, command: list[str], tmp_path: Path
) -> None:
    path, out = tmp_path / "photo", tmp_path / f"out.{kind}"
    made = Image.fromarray(gradient(20, 40))
    made.save(path, source, dpi=(300, 300), comment="by the sea")
    args = [*command, str(path), "-o", str(out), "--force"]
    if command == ["64"] and kind != "png":
        pytest.skip("pngquant's command lines write PNG")
    assert cli.run(args) == 0
    found = read_metadata(out)
    assert found.dpi == pytest.approx((300, 300), abs=0.02)
    assert (found.exif if kind == "png" else None, dict(found.text)) == (None, {})
    plain = out.read_bytes()
    assert cli.run([*args, "--strip"]) == 0
    assert read_metadata(out).dpi != found.dpi
    assert len(out.read_bytes()) <= len(plain)
    assert cli.run([*args, "--keep-metadata"]) == 0
    assert read_metadata(out).dpi == found.dpi


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_density_turns_with_the_pixels(source: str, orientation: int) -> None:
    file = photo(source, orientation, dpi=(200, 100))
    expected = (100, 200) if orientation >= 5 else (200, 100)
    assert read_dpi(file) == pytest.approx(expected, abs=0.02)
    assert read_dpi(file) == read_metadata(file).dpi


def test_what_says_nothing_has_no_density() -> None:
    made = Image.fromarray(gradient(8, 8))
    for kind in ("PNG", "JPEG", "TIFF", "WEBP", "GIF"):
        assert read_dpi(saved(made, kind)) is None, kind
    about = Image.Exif()
    about[TAG.Artist] = "Ada"
    assert read_dpi(saved(made, "JPEG", exif=about)) is None  # where Pillow says 72
    about[TAG.XResolution], about[TAG.YResolution], about[TAG.ResolutionUnit] = 96.0, 96.0, 2
    assert read_dpi(saved(made, "JPEG", exif=about)) == (96, 96)
    assert read_dpi(noise(4, 4)) is None


def test_density_is_read_without_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    file = photo("PNG", 1, dpi=(200, 200))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: pytest.fail("decoded"))
    assert read_dpi(file) == pytest.approx((200, 200), abs=0.02)


def test_density_of_animations(tmp_path: Path) -> None:
    frames = [Image.fromarray(noise(20, 20, seed=i)) for i in range(3)]
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "dpi": (300, 150)}
    frames[0].save(tmp_path / "a.png", **options)
    for name in ("b.png", "b.apng", "b.gif", "b.webp"):
        out = tmp_path / name
        for strip in ([], ["--strip"]):
            args = ["quantize", str(tmp_path / "a.png"), "-k", "9", "-fo", str(out), *strip]
            assert cli.run(args) == 0
            held = name.endswith("png") and not strip
            assert (read_dpi(out) or (0, 0)) == pytest.approx(
                (300, 150) if held else (0, 0), abs=0.02
            )
            assert kpalette.files.is_animated(out)
