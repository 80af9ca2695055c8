"""Colours as their files declare them become sRGB, whatever chunk, box or profile says so."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from conftest import chunk, noise, raw_png, saved
from kpalette import palette_files
from kpalette.files import ImageReadError, as_pixels, rgb_spaces, tone_mapping
from kpalette.files.code_points import CodePoints
from kpalette.files.icc import profile_of
from kpalette.files.rgb_spaces import CURVES, PRIMARIES, SRGB, Curve, RGBSpace
from profiles import D50_FROM_P3, D50_FROM_SRGB, icc_profile, srgb_from_linear

ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
NO_TRIANGLE = (31270, 32900, 30000, 30000, 40000, 40000, 50000, 50000)
SRGB_ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png(pixels: np.ndarray[Any, Any], *chunks: bytes) -> io.BytesIO:
    """Write 8-bit RGB, or grey."""
    rows = np.pad(pixels.reshape(len(pixels), -1), ((0, 0), (1, 0))).tobytes()
    kind = 2 if pixels.ndim == 3 else 0
    return io.BytesIO(raw_png(pixels.shape[1], len(pixels), 8, kind, rows, *chunks))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(*values: int) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def cicp(*values: int) -> bytes:
    return chunk(b"cICP", bytes(values))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def by_littlecms(pixels: np.ndarray[Any, Any], profile: bytes) -> np.ndarray[Any, Any]:
    """Convert by LittleCMS."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.HIGHRESPRECALC,
    )
    return np.asarray(transform.apply(Image.fromarray(pixels))).astype(int)


# Curves and primaries


@pytest.mark.parametrize("primaries", PRIMARIES)
def test_primaries_are_those_of_a_reference(primaries: int) -> None:
    """LittleCMS converts by its own profile of the same primaries, and a gamma of 1.8."""
    values = [Fraction(value, 100_000) for value in PRIMARIES[primaries]]
    if 0 in values:
        pytest.skip("of XYZ, whose blue has no luminance, LittleCMS makes no profile")
    matrix = np.array(rgb_spaces.to_xyz_d50(PRIMARIES[primaries]), float)
    white = np.array([0.9642, 1.0, 0.8249])
    assert np.abs(matrix.sum(axis=1) - white).max() < 1e-9
    pixels = noise(48, 48)
    found = RGBSpace(PRIMARIES[primaries], Curve(1.8)).to_srgb(pixels).astype(int)
    assert np.abs(found - by_littlecms(pixels, icc_profile(b"RGB ", 1.8, matrix))).max() <= 1


def test_known_matrices() -> None:
    p3 = np.array(rgb_spaces.to_xyz_d50(PRIMARIES[12]), float)
    srgb = np.array(rgb_spaces.to_xyz_d50(SRGB), float)
    assert np.abs(p3 - D50_FROM_P3).max() < 2e-4
    assert np.abs(srgb - D50_FROM_SRGB).max() < 2e-4
    identity = rgb_spaces.between(ADOBE, ADOBE)
    assert identity == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("transfer", CURVES)
def test_made_profiles_say_the_same(transfer: int) -> None:
    """What the tables give is what LittleCMS makes of the profile that is written for them."""
    pixels = noise(48, 48)
    space = RGBSpace(PRIMARIES[12], CURVES[transfer])
    if transfer == 17:  # its white is above 1, which a profile of 16 bits clips before the matrix
        pixels //= 2
    found = space.to_srgb(pixels).astype(int)
    assert np.abs(found - by_littlecms(pixels, profile_of(space))).max() <= 1


@pytest.mark.parametrize("gamma", [0.25, 1.0, 1.8, 2.2, 2.6, 4.0])
def test_gamma_is_a_power(gamma: float) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    found = RGBSpace(SRGB, Curve(gamma)).to_srgb(ramp)
    assert np.abs(found - srgb_from_linear((ramp / 255) ** gamma)).max() <= 0.6


@given(st.lists(st.integers(0, 2**32 - 1), min_size=8, max_size=8), st.integers(0, 2**32 - 1))
def test_any_numbers_give_pixels(values: list[int], gamma: int) -> None:
    found = as_pixels(png(noise(2, 3), gama(gamma), chrm(*values)))
    assert found.shape == (2, 3, 3)


# What a PNG declares


@pytest.mark.parametrize(
    ("chunks", "space"),
    [
        ([gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([gama(55_556)], RGBSpace(SRGB, Curve(1.8))),
        ([gama(50_000), chrm(*SRGB)], RGBSpace(SRGB, Curve(2.0))),
        ([gama(45_455), chrm(*ADOBE)], RGBSpace(ADOBE, Curve(2.2))),
        ([cicp(12, 13, 0, 1)], RGBSpace(PRIMARIES[12], CURVES[13])),
        ([cicp(9, 14, 0, 1)], RGBSpace(PRIMARIES[9], Curve(2.4))),
        ([iccp(SRGB_ICC), cicp(12, 13, 0, 1)], RGBSpace(PRIMARIES[12], CURVES[13])),
        ([chunk(b"sRGB", b"\0"), cicp(12, 13, 0, 1)], RGBSpace(PRIMARIES[12], CURVES[13])),
        # What is damaged or unknown counts for nothing.
        ([iccp(b"no profile"), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([cicp(2, 2, 0, 1), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([cicp(12, 2, 0, 1), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([cicp(12, 13, 1, 1), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([cicp(12, 13, 0, 0), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
        ([cicp(12, 13, 0), gama(100_000)], RGBSpace(SRGB, Curve(1.0))),
    ],
)
def test_png_chunks(chunks: list[bytes], space: RGBSpace) -> None:
    pixels = noise(16, 16)
    assert np.array_equal(as_pixels(png(pixels, *chunks)), space.to_srgb(pixels))
    assert np.abs(space.to_srgb(pixels).astype(int) - pixels).max() > 5


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [gama(45_455)],
        [gama(45_455), chrm(*SRGB)],
        [gama(43_183)],
        [gama(47_727)],
        [chrm(*ADOBE)],
        [chunk(b"sRGB", b"\0"), gama(100_000), chrm(*ADOBE)],
        [iccp(SRGB_ICC), gama(100_000)],
        [cicp(1, 13, 0, 1), gama(100_000)],
        [gama(0)],
        [gama(100_000), chrm(*[0] * 8)],
        [gama(100_000), chrm(*NO_TRIANGLE)],
    ],
)
def test_png_chunks_that_change_nothing(chunks: list[bytes]) -> None:
    pixels = noise(16, 16)
    assert np.array_equal(as_pixels(png(pixels, *chunks)), pixels)


def test_an_icc_profile_comes_before_gamma() -> None:
    pixels = noise(16, 16)
    profile = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
    by_profile = as_pixels(png(pixels, iccp(profile)))
    assert np.array_equal(as_pixels(png(pixels, gama(100_000), iccp(profile))), by_profile)


def test_tagged_grey_palettes_and_alpha() -> None:
    space = RGBSpace(SRGB, Curve(1.0))
    grey = noise(9, 9, 1)
    found = as_pixels(png(grey, gama(100_000)))
    assert np.array_equal(found, np.repeat(space.to_srgb(grey)[..., None], 3, axis=2))
    palette = chunk(b"PLTE", bytes([10, 20, 30, 250, 128, 0]))
    clear = chunk(b"tRNS", b"\x07")
    indexed = raw_png(2, 1, 8, 3, b"\0\0\1", gama(100_000), palette, clear)
    colors = space.to_srgb(np.array([[[10, 20, 30], [250, 128, 0]]], np.uint8))
    assert np.array_equal(as_pixels(io.BytesIO(indexed))[..., :3], colors)
    assert as_pixels(io.BytesIO(indexed))[..., 3].tolist() == [[7, 255]]


def test_grey_follows_its_curve_whatever_the_primaries() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    found = as_pixels(png(ramp, gama(60_000), chrm(*ADOBE)))
    assert np.array_equal(found, as_pixels(png(ramp, gama(60_000))))
    rgb = np.repeat(ramp[..., None], 3, axis=2)
    assert np.abs(RGBSpace(ADOBE, Curve(1 / 0.6)).to_srgb(rgb).astype(int) - found).max() <= 1


@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_tagged_sixteen_bits_lose_the_lower_eight_first(kind: int, channels: int) -> None:
    """As in browsers; in linear light 12 levels would lie between that and the other order."""
    levels = np.random.default_rng(0).integers(0, 2**16, (8, 9, channels), dtype=np.uint16)
    if kind in (4, 6):
        levels[..., -1] = 65535
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    found = as_pixels(io.BytesIO(raw_png(9, 8, 16, kind, rows, gama(100_000))))
    upper = (levels >> 8).astype(np.uint8)[..., : 3 if kind in (2, 6) else 1]
    assert np.array_equal(
        found, np.broadcast_to(RGBSpace(SRGB, Curve(1.0)).to_srgb(upper), (8, 9, 3))
    )


def test_a_pillow_image_says_the_same_as_its_file() -> None:
    for tag in (gama(100_000), cicp(9, 16, 0, 1), cicp(12, 13, 0, 1)):
        file = png(noise(9, 9), tag)
        with Image.open(file) as image:
            first = as_pixels(image)
            assert np.array_equal(first, as_pixels(file))
            assert np.array_equal(first, as_pixels(image))  # which is loaded by now


# What an AVIF declares


def avif(pixels: np.ndarray[Any, Any], primaries: int, transfer: int, **options: Any) -> io.BytesIO:
    pytest.importorskip("PIL._avif")
    file = saved(Image.fromarray(pixels), "AVIF", quality=100, subsampling="4:4:4", **options)
    data = bytearray(file.getvalue())
    at = data.index(b"nclx") + 4
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return io.BytesIO(data)


@pytest.mark.parametrize(
    ("points", "space"),
    [
        ((12, 13), RGBSpace(PRIMARIES[12], CURVES[13])),
        ((12, 1), RGBSpace(PRIMARIES[12], CURVES[13])),
        ((12, 2), RGBSpace(PRIMARIES[12], CURVES[13])),
        ((1, 8), RGBSpace(SRGB, Curve(1.0))),
        ((9, 4), RGBSpace(PRIMARIES[9], Curve(2.2))),
    ],
)
def test_avif_code_points(points: tuple[int, int], space: RGBSpace) -> None:
    pixels = noise(16, 16) // 64 * 64
    stored = as_pixels(avif(pixels, 1, 13))
    assert np.array_equal(as_pixels(avif(pixels, *points)), space.to_srgb(stored))


@pytest.mark.parametrize("points", [(1, 13), (1, 1), (2, 2), (1, 6), (0, 99), (5000, 14)])
def test_avif_code_points_that_change_nothing(points: tuple[int, int]) -> None:
    pixels = noise(16, 16) // 64 * 64
    assert np.array_equal(as_pixels(avif(pixels, *points)), as_pixels(avif(pixels, 1, 13)))


def test_an_icc_profile_in_avif_comes_first() -> None:
    pytest.importorskip("PIL._avif")
    profile = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
    pixels = np.full((16, 16, 3), (200, 30, 30), np.uint8)
    file = saved(Image.fromarray(pixels), "AVIF", quality=100, icc_profile=profile)
    found = as_pixels(file).astype(int)
    assert np.abs(found - by_littlecms(pixels, profile)).max() <= 3
    assert np.abs(found - pixels).max() > 10


def test_code_points_that_a_plug_in_tells() -> None:
    image = Image.fromarray(noise(9, 9))
    image.info["nclx_profile"] = {"color_primaries": 12, "transfer_characteristics": 1}
    expect_p3 = RGBSpace(PRIMARIES[12], CURVES[13]).to_srgb(noise(9, 9))
    assert np.array_equal(as_pixels(image), expect_p3)


def test_copies_and_parts_of_a_pillow_image_are_tagged_as_it_is() -> None:
    for file in (png(noise(9, 9), cicp(12, 13, 0, 1)), avif(noise(9, 9), 12, 1)):
        with Image.open(file) as image:
            whole = as_pixels(image)
            assert np.array_equal(as_pixels(image.copy()), whole)
            assert np.array_equal(as_pixels(image.crop((2, 3, 7, 8))), whole[3:8, 2:7])


def test_damaged_boxes_are_ignored() -> None:
    """Any byte around the code points may be another; pixels or a documented error come of it."""
    good = avif(np.full((8, 8, 3), (200, 30, 30), np.uint8), 12, 13).getvalue()
    start, end = good.index(b"meta"), good.index(b"mdat")
    rng = np.random.default_rng(0)
    for _ in range(200):
        bad = bytearray(good)
        bad[rng.integers(start, end)] = rng.integers(256)
        with suppress(ImageReadError):
            as_pixels(io.BytesIO(bad))


# High dynamic range


def bt_2100(levels: np.ndarray[Any, Any], transfer: int) -> np.ndarray[Any, Any]:
    """Return light in BT.2020's primaries, pixel by pixel; 1 is 203 cd/m²."""
    x = levels / 255
    if transfer == 16:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = x ** (1 / m2)
        return 10_000 / 203 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(x <= 0.5, x**2 / 3, (np.exp((x - c) / a) + b) / 12)
    luminance = scene @ [0.2627, 0.6780, 0.0593]
    return 1000 / 203 * scene * luminance[..., None] ** 0.2


def shown(light: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Tone-map by points of the Bézier curve that the module tells of."""
    t = np.linspace(0, 1, 200_001)
    points = np.array([(1, 0.5), (1.65, 0.825), (1000 / 203, 1)])
    weights = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    along, up = points.T @ weights
    largest = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    mapped = np.where(largest < 1, largest / 2, np.interp(largest, along, up))
    matrix = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    return srgb_from_linear(light * mapped / largest @ np.array(matrix).T)  # BT.2087


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range(transfer: int) -> None:
    pixels = noise(32, 32)
    found = as_pixels(png(pixels, cicp(9, transfer, 0, 1)))
    assert np.abs(found - shown(bt_2100(pixels, transfer))).max() <= 2


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_tone_mapping_is_monotone_and_keeps_greys(transfer: int, primaries: int) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    found = as_pixels(png(ramp, cicp(primaries, transfer, 0, 1)))
    assert (np.diff(found[0, :, 0].astype(int)) >= 0).all()
    assert (found[0, 0] == 0).all()
    assert (found[0, -1] == 255).all()
    rgb = as_pixels(png(np.repeat(ramp[..., None], 3, axis=2), cicp(primaries, transfer, 0, 1)))
    assert np.array_equal(rgb, found)


def test_reference_white_of_pq() -> None:
    """203 cd/m² is level 148 (BT.2408); half of the light is sRGB's 188."""
    found = tone_mapping.to_srgb(np.array([[148]], np.uint8), CodePoints(9, 16))
    assert abs(int(found[0, 0]) - 188) <= 1


# ICC profiles


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_wide_gamut_profile(kind: str) -> None:
    stored = noise(24, 24)
    profile = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
    options = {"lossless": True} if kind == "WEBP" else {}
    file = saved(Image.fromarray(stored), kind, icc_profile=profile, **options)
    xyz = ((stored / 255) ** 2.19922) @ D50_FROM_P3.T  # 2.2 in the profile's 8.8 bits
    expected = srgb_from_linear(xyz @ np.linalg.inv(D50_FROM_SRGB).T)
    pixels = as_pixels(file)
    assert np.abs(pixels - expected).max() <= 2
    assert np.abs(pixels.astype(int) - stored).max() > 20


def test_profile_and_alpha() -> None:
    stored = noise(8, 8, 4)
    profile = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
    pixels = as_pixels(saved(Image.fromarray(stored), icc_profile=profile))
    opaque = as_pixels(saved(Image.fromarray(stored).convert("RGB"), icc_profile=profile))
    assert np.array_equal(pixels[..., 3], stored[..., 3])
    assert np.array_equal(pixels[..., :3], opaque)


def test_profile_and_palette() -> None:
    profile = icc_profile(b"RGB ", 2.2, D50_FROM_P3)
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette(bytes([255, 0, 0, 0, 128, 0]))
    pixels = as_pixels(saved(image, icc_profile=profile, transparency=0))
    rgb = as_pixels(saved(image.convert("RGB"), icc_profile=profile))
    assert np.array_equal(pixels[..., :3], rgb)
    assert pixels[..., 3].tolist() == [[0, 255]]


@pytest.mark.parametrize("gamma", [1.0, 1.75])
@pytest.mark.parametrize("transparent", [False, True])
def test_grey_profile(transparent: bool, gamma: float) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    profile = icc_profile(b"GRAY", gamma, D50_FROM_SRGB)
    options = {"transparency": 5} if transparent else {}
    pixels = as_pixels(saved(Image.fromarray(ramp), icc_profile=profile, **options))
    grey = srgb_from_linear((ramp / 255) ** gamma)[..., None]
    assert np.abs(pixels[..., :3] - grey).max() <= 0.6
    assert np.abs(pixels[0, :, 0].astype(int) - ramp[0]).max() > 10
    if transparent:
        assert np.flatnonzero(pixels[0, :, 3] == 0).tolist() == [5]


def test_grey_image_with_an_rgb_profile() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    profile = icc_profile(b"RGB ", 1.0, D50_FROM_SRGB)
    pixels = as_pixels(saved(Image.fromarray(ramp), icc_profile=profile))
    assert np.abs(pixels - srgb_from_linear(ramp / 255)[..., None]).max() <= 2


def test_an_srgb_profile_changes_nothing_whatever_its_name() -> None:
    pixels = noise(32, 32)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in (b"sRGB", b"c201"):
        renamed = profile.replace("sRGB".encode("utf-16-be"), name.decode().encode("utf-16-be"))
        file = saved(Image.fromarray(pixels), icc_profile=renamed)
        assert np.array_equal(as_pixels(file), pixels)


def test_the_name_srgb_alone_does_not_make_a_profile_srgb() -> None:
    profile = icc_profile(b"RGB ", 1.0, D50_FROM_SRGB).replace(b"Test\0", b"sRGB\0")
    pixels = as_pixels(saved(Image.new("RGB", (2, 2), (55, 55, 55)), icc_profile=profile))
    assert np.abs(pixels - srgb_from_linear(np.array(55 / 255))).max() <= 2


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        icc_profile(b"RGB ", 2.2, D50_FROM_P3)[:300],
        icc_profile(b"GRAY", 1.0, D50_FROM_SRGB),
        icc_profile(b"CMYK", 1.0, D50_FROM_SRGB),
    ],
    ids=["no profile", "truncated", "grey", "cmyk"],
)
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes) -> None:
    pixels = noise(4, 4)
    file = saved(Image.fromarray(pixels), icc_profile=profile)
    assert np.array_equal(as_pixels(file), pixels)


# Palettes


@pytest.mark.parametrize("tag", [gama(100_000), cicp(12, 13, 0, 1), iccp(SRGB_ICC)])
def test_a_palette_read_from_a_png_is_srgb(tag: bytes) -> None:
    """Also the entries that no pixel has; turning the picture changes none."""
    colors = noise(1, 5)[0]
    exif = Image.Exif()
    exif[274] = 6
    turn = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    data = raw_png(2, 1, 8, 3, b"\0\0\3", tag, turn, chunk(b"PLTE", colors.tobytes()))
    space = {b"gAMA": RGBSpace(SRGB, Curve(1.0)), b"cICP": RGBSpace(PRIMARIES[12], CURVES[13])}
    known = space.get(tag[4:8])
    wanted = colors if known is None else known.to_srgb(colors[None])[0]
    assert np.array_equal(palette_files.decode(data, "png").colors, wanted)
