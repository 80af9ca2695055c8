"""Pictures that stay in the colour space of their file, with its profile."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import kpalette
from conftest import chunk, gradient, noise, raw_png, saved
from kpalette import cli, files, metrics
from profiles import D50_FROM_P3, D50_FROM_SRGB, icc_profile

P3 = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
DITHERS = (None, "floyd-steinberg", "blue-noise", "bayer", "spatial")


def photo(seed: int = 0) -> np.ndarray[Any, Any]:
    """Make a picture of soft colours, with a vivid corner that is out of sRGB."""
    pixels = gradient(40, 48) // 2 + noise(40, 48, seed=seed) // 8 + np.uint8(40)
    pixels[:9, :9] = noise(9, 9, seed=seed) // 16 + np.array([240, 0, 0], np.uint8)
    return pixels


def in_p3(pixels: np.ndarray[Any, Any], kind: str = "PNG", **options: Any) -> io.BytesIO:
    return saved(Image.fromarray(pixels), kind, icc_profile=P3, **options)


@pytest.mark.parametrize("kind", ["png", "webp", "tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_few_colours_stay_as_they_are_stored(kind: str, channels: int) -> None:
    """Also those beyond sRGB that would be one there."""
    colors = noise(1, 12, channels)[0]
    colors[:4, :3] = [[255, 0, 0], [254, 0, 0], [253, 0, 0], [0, 255, 0]]
    colors[4:, 3:] = 255
    pixels = colors[noise(9, 9, 1) % 12]
    found = kpalette.quantize(in_p3(pixels), 16, keep_profile=True)
    assert (found.mse, found.n_distinct) == (0, len(found.palette))
    assert np.array_equal(found.rgba[..., :channels], pixels)
    with Image.open(io.BytesIO(found.encode(kind))) as image:
        assert image.info["icc_profile"] == P3
        mode = "RGBA" if channels == 4 else "RGB"
        assert np.array_equal(np.asarray(image.convert(mode)), pixels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_the_profile_is_copied(kind: str) -> None:
    found = kpalette.quantize(in_p3(photo(), kind), 16, keep_profile=True)
    assert found.profile == P3
    for k in (16, 300):  # indexed, and true colour
        picture = kpalette.quantize(in_p3(photo(), kind), k, keep_profile=True)
        with Image.open(io.BytesIO(picture.encode())) as image:
            assert image.info["icc_profile"] == P3
            assert "srgb" not in image.info
            assert np.array_equal(np.asarray(image.convert("RGB")), picture.rgb)


@pytest.mark.parametrize(
    "tags",
    [
        [chunk(b"cICP", b"\x0c\x0d\0\1")],
        [chunk(b"gAMA", struct.pack(">I", 100_000))],
        [
            chunk(b"gAMA", struct.pack(">I", 45_455)),
            chunk(
                b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
            ),
        ],
    ],
    ids=["Display P3", "linear", "Adobe RGB"],
)
def test_what_chunks_declare_becomes_a_profile(tags: list[bytes]) -> None:
    pixels = noise(8, 8) // 64 * 64
    rows = np.pad(pixels.reshape(8, -1), ((0, 0), (1, 0))).tobytes()
    file = io.BytesIO(raw_png(8, 8, 8, 2, rows, *tags))
    found = kpalette.quantize(file, 64, keep_profile=True)
    assert np.array_equal(found.rgb, pixels)
    again = files.as_pixels(io.BytesIO(found.encode("tiff"))).astype(int)
    assert np.abs(again - files.as_pixels(file)).max() <= 1


@pytest.mark.parametrize("dither", DITHERS)
@pytest.mark.parametrize("space", ["oklab", "srgb"])
def test_the_error_is_that_of_what_is_seen(dither: str | None, space: str) -> None:
    file = in_p3(photo())
    found = kpalette.quantize(file, 12, dither=dither, space=space, keep_profile=True)
    seen = metrics.compare(file, io.BytesIO(found.encode()))
    assert found.mse == pytest.approx(seen.mse)
    assert metrics.compare(file, found) == seen
    plain = kpalette.quantize(file, 12, dither=dither, space=space)
    # Entries that are made for mixing lie further out, where sRGB clips more.
    assert found.mse <= (1.1 if dither is None else 1.4) * plain.mse + 1
    assert len(found.palette) == 12


def test_vivid_colours_stay_vivid() -> None:
    found = kpalette.quantize(in_p3(photo()), 8, keep_profile=True)
    corner = found.rgb[:9, :9].reshape(-1, 3).astype(int)
    assert corner[:, 0].min() > 240  # sRGB's red has 234 here
    assert np.abs(corner - photo()[:9, :9].reshape(-1, 3).mean(axis=0)).max() < 12


def test_inside_of_srgb_it_is_the_same_picture() -> None:
    pixels = gradient(32, 32) // 4 + np.uint8(90)
    found = kpalette.quantize(in_p3(pixels), 16, keep_profile=True)
    plain = kpalette.quantize(in_p3(pixels), 16)
    shown = files.as_pixels(found.to_pil()).astype(int)
    assert np.abs(shown - plain.rgb).max() <= 2


def test_a_colour_that_most_pixels_have_is_kept_to_the_level() -> None:
    pixels = photo()
    pixels[20:] = (251, 7, 3)
    found = kpalette.quantize(in_p3(pixels), 4, keep_profile=True)
    assert [251, 7, 3] in found.palette.colors.tolist()


@pytest.mark.parametrize("alpha", ["keep", "flatten:#0080ff"])
def test_alpha(alpha: str) -> None:
    rgba = np.dstack([photo(), np.repeat(noise(40, 1, 1) // 86 * 86, 48, axis=1)])
    rgba[20:, :, 3] = 0
    found = kpalette.quantize(in_p3(rgba), 16, alpha=alpha, keep_profile=True)
    plain = kpalette.quantize(in_p3(rgba), 16, alpha=alpha)
    assert found.rgba.shape == plain.rgba.shape
    assert np.array_equal(found.palette.colors.shape[1:], plain.palette.colors.shape[1:])
    assert found.mse <= 1.2 * plain.mse + 2
    if alpha == "keep":
        assert not found.rgba[20:].any()
    else:  # what lies below is the colour that was asked for, in sRGB
        below = files.as_pixels(found.to_pil())[20:]
        assert np.abs(below.astype(int) - (0, 128, 255)).max() <= 2


def test_fixed_colours_are_srgb() -> None:
    found = kpalette.quantize(in_p3(photo()), 8, fixed=["#336699"], keep_profile=True)
    shown = metrics.compare(found.to_pil(), found).mse
    assert shown == 0
    colors = files.as_pixels(Image.fromarray(found.palette.colors[None]).copy())
    transform = files.read_stored(in_p3(found.palette.colors[None]))[0][0].astype(int)
    assert np.abs(transform - (0x33, 0x66, 0x99)).max(axis=1).min() <= 2
    assert len(colors[0]) == 8


def test_what_is_srgb_has_nothing_to_keep() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for source in (
        photo(),
        Image.fromarray(photo()),
        saved(Image.fromarray(photo())),
        saved(Image.fromarray(photo()), icc_profile=srgb),
    ):
        found = kpalette.quantize(source, 16, keep_profile=True)
        assert found.profile is None
        assert found.encode() == kpalette.quantize(source, 16).encode()


@pytest.mark.parametrize("what", ["grey", "PQ"])
def test_what_no_rgb_profile_tells_becomes_srgb(what: str) -> None:
    if what == "grey":
        grey = icc_profile(b"GRAY", 1.0, D50_FROM_SRGB)
        file = saved(Image.fromarray(noise(9, 9, 1)), icc_profile=grey)
    else:
        rows = np.pad(noise(9, 9).reshape(9, -1), ((0, 0), (1, 0))).tobytes()
        file = io.BytesIO(raw_png(9, 9, 8, 2, rows, chunk(b"cICP", b"\x09\x10\0\1")))
    found = kpalette.quantize(file, 16, keep_profile=True)
    assert found.profile is None
    assert np.array_equal(found.rgb, kpalette.quantize(file, 16).rgb)


def test_grey_with_an_rgb_profile() -> None:
    grey = noise(9, 9, 1) // 32 * 32
    found = kpalette.quantize(in_p3(grey), 16, keep_profile=True)
    expected = np.repeat(grey[..., None], 3, axis=2)
    assert np.array_equal(found.rgb, expected)
    for options in ({}, {"quick": True}, {"keep_order": True}):
        with Image.open(io.BytesIO(found.encode(**options))) as image:
            assert (image.mode, image.info["icc_profile"]) == ("P", P3)
            assert np.array_equal(image.convert("RGB"), expected)


def test_colours_that_are_one_in_the_space_become_one_entry() -> None:
    """Light as it is has few levels for the darks: many of sRGB are one there."""
    linear = icc_profile(b"RGB ", 1.0, D50_FROM_SRGB)
    dark = saved(Image.fromarray(noise(24, 24) // 100), icc_profile=linear)
    fixed = [f"#{level:02x}0000" for level in range(5)]
    found = kpalette.quantize(dark, 8, fixed=fixed, keep_profile=True)
    assert len(found.palette) < 8
    assert found.palette.counts.sum() == 24 * 24
    assert np.array_equal(np.bincount(found.indices.ravel()), found.palette.counts)


def test_sorted_and_pillow_keep_it() -> None:
    found = kpalette.quantize(in_p3(photo()), 16, keep_profile=True)
    by_hue = found.sorted("hue")
    assert by_hue.profile == P3
    assert np.array_equal(by_hue.rgb, found.rgb)
    assert found.to_pil().info["icc_profile"] == P3
    assert found.report().losses
    assert metrics.compare(found, found.to_pil()).mse == 0


@pytest.mark.parametrize("kind", ["gif", "bmp"])
def test_formats_without_room_refuse(kind: str) -> None:
    found = kpalette.quantize(in_p3(photo()), 4, keep_profile=True)
    with pytest.raises(ValueError, match=f"{kind}: expected colours in sRGB, .* png, webp, tiff"):
        found.encode(kind)


def test_it_is_a_flag() -> None:
    with pytest.raises(TypeError, match="keep_profile: expected True or False, got 1"):
        kpalette.quantize(photo(), 4, keep_profile=1)  # type: ignore[arg-type]


# The command line


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.jpg"
    path.write_bytes(in_p3(photo(), "JPEG").getvalue())
    return path


def test_the_option(wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "few.png"
    assert cli.run(["quantize", str(wide), "-k", "8", "--keep-profile", "-o", str(out)]) == 0
    assert out.read_bytes() == kpalette.quantize(wide, 8, keep_profile=True).encode()
    assert cli.run(["quantize", str(wide), "-k", "8", "-o", str(out), "-f"]) == 0
    with Image.open(out) as image:
        assert "icc_profile" not in image.info
    target = ["--psnr", "20", "--keep-profile", "-o", str(tmp_path / "good.webp")]
    assert cli.run(["quantize", str(wide), *target]) == 0
    with Image.open(tmp_path / "good.webp") as image:
        assert image.info["icc_profile"] == P3


def test_the_option_where_there_is_no_room(wide: Path, tmp_path: Path, fails: Any) -> None:
    out = tmp_path / "few.gif"
    said = fails(16, "quantize", wide, "-k", "8", "--keep-profile", "-o", out)
    assert "gif: expected colours in sRGB" in said
    assert not out.exists()
    assert "--keep-profile" in fails(2, "quantize", wide, "--shared-palette", "--keep-profile")


def test_an_animation_is_refused(tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "moving.gif"
    frames = [Image.fromarray(noise(9, 9, 1)) for _ in range(2)]
    frames[1].putpixel((0, 0), 7)
    frames[0].save(path, save_all=True, append_images=frames[1:])
    said = fails(2, "quantize", path, "-k", "8", "--keep-profile")
    assert (
        "--keep-profile does not work for animations; --first-frame takes the first frame" in said
    )
