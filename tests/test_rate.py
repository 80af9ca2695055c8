"""Smaller files: indices chosen by their bytes as well as by their error."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import deflate
import imagecodecs
import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import BytesNotReached, Palette, _core, files, metrics, quantize, rate

PHOTOS = ("girl", "traffic")


def photo_like(height: int = 96, width: int = 128) -> np.ndarray[Any, Any]:
    """A gradient with a texture on it, and a flat square."""
    grain = np.random.default_rng(1).normal(0, 9, (height, width, 1))
    pixels = np.clip(gradient(height, width) + grain, 0, 255).astype(np.uint8)
    pixels[20:50, 30:70] = 10, 200, 60
    return pixels


def chosen(
    pixels: Any, q: Any, per_bit: float, strength: float, threads: int = 1
) -> tuple[Any, int]:
    """Return the core's indices, and its bits."""
    indices = np.ascontiguousarray(q.indices).copy()
    bits = _core.choose_by_rate(
        pixels.reshape(-1, pixels.shape[2]),
        q.palette.colors,
        indices,
        per_bit=per_bit,
        strength=strength,
        team=_core.Team(threads),
    )
    return indices, bits


def unfiltered(indices: np.ndarray[Any, Any]) -> int:
    """Return the bytes of rows that are not filtered, without zlib's own."""
    rows = np.pad(indices, ((0, 0), (1, 0)))
    return len(deflate.deflate_compress(rows.tobytes(), 12))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("k", [1, 2, 40, 256])
def test_for_nothing_it_is_the_plain_map(channels: int, k: int) -> None:
    pixels = noise(40, 50, channels)
    q = quantize(pixels, k)
    assert np.array_equal(chosen(pixels, q, 0, 0)[0], q.indices)
    assert np.array_equal(quantize(pixels, k, smaller=0).indices, q.indices)


@pytest.mark.parametrize("k", [2, 16, 256])
def test_for_nothing_photos_and_graphics_stay(data: Path, k: int) -> None:
    for name in ("cq100/girl", "graphics/chart", "graphics/logo"):
        pixels = files.as_pixels(data / f"{name}.png")
        q = quantize(pixels, k)
        assert np.array_equal(chosen(pixels, q, 0, 0)[0], q.indices)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("k", [2, 4, 16, 100])
def test_files_hold_the_claimed_pixels_and_indices(channels: int, k: int) -> None:
    pixels = photo_like()
    if channels == 4:
        pixels = np.concatenate([pixels, gradient(96, 128)[..., :1]], axis=2)
    q = quantize(pixels, k, smaller=2)
    for options in ({}, {"quick": True}, {"keep_order": True}):
        encoded = q.encode(**options)
        by_libpng = imagecodecs.png_decode(encoded)
        assert np.array_equal(by_libpng, q.rgba if channels == 4 else q.rgb)
        with Image.open(io.BytesIO(encoded)) as image:
            assert np.array_equal(np.asarray(image.convert("RGBA")), q.rgba)
            if "keep_order" in options:
                assert np.array_equal(np.asarray(image), q.indices)


@pytest.mark.parametrize(("smaller", "diffuses"), [(0.5, False), (1, True), (2, True), (3, True)])
def test_files_are_smaller_and_keep_their_looks(smaller: float, diffuses: bool) -> None:
    pixels = photo_like()
    plain, q = quantize(pixels, 64), quantize(pixels, 64, smaller=smaller)
    assert len(q.encode()) < len(plain.encode())
    mixed = quantize(pixels, 64, dither="floyd-steinberg").palette.hex
    assert set(mixed) != set(plain.palette.hex)
    assert set(q.palette.hex) == set(mixed if diffuses else plain.palette.hex)
    assert np.array_equal(q.palette.counts, np.bincount(q.indices.ravel(), minlength=64))
    assert q.mse == pytest.approx(metrics.compare(pixels, q).mse)
    assert metrics.looks(pixels, q) > metrics.looks(pixels, plain) - 3


def test_more_saves_more() -> None:
    pixels = photo_like()
    for strength in (0, 1):
        sizes = [
            len(quantize(pixels, 256, smaller=smaller, dither_strength=strength).encode())
            for smaller in (0, 1, 2, 3)
        ]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[3] < 0.7 * sizes[0]


def test_no_file_grows() -> None:
    for pixels in (gradient(90, 120), np.repeat(gradient(1, 256), 90, axis=0)):
        for smaller in (0.25, 1):
            plain, q = quantize(pixels, 32), quantize(pixels, 32, smaller=smaller)
            assert len(q.encode()) <= len(plain.encode())


@pytest.mark.parametrize("smaller", [1, 3])
def test_flat_areas_and_fixed_colours_are_exact(smaller: int) -> None:
    pixels = photo_like()
    q = quantize(pixels, 16, fixed=["#0ac83c"], smaller=smaller)
    assert (q.rgb[20:50, 30:70] == (10, 200, 60)).all()
    few = np.repeat(np.repeat(noise(8, 8), 9, axis=0), 9, axis=1)
    assert np.array_equal(quantize(few, 64, smaller=smaller).rgb, few)


def test_a_grey_photo_is_smaller_though_all_its_colours_are_kept() -> None:
    levels = photo_like()[..., 1]
    levels[60:64, :40] = 77
    pixels = np.repeat(levels[..., None], 3, axis=2)
    plain, q = quantize(pixels), quantize(pixels, smaller=1)
    assert plain.mse == 0
    assert len(q.encode()) < 0.8 * len(plain.encode())
    assert metrics.looks(pixels, q) > 80
    flat = np.s_[20:50, 30:70], np.s_[60:64, :40]
    assert all((q.rgb[part] == pixels[part]).all() for part in flat)


def test_opaque_pixels_stay_opaque() -> None:
    alpha = np.full((96, 128, 1), 255, np.uint8)
    alpha[:, 90:] = gradient(96, 38)[..., :1]
    alpha[:, 120:] = 0
    pixels = np.concatenate([photo_like(), alpha], axis=2)
    plain, q = quantize(pixels, 40), quantize(pixels, 40, smaller=3)
    assert not np.array_equal(plain.indices, q.indices)
    assert (q.rgba[..., 3][alpha[..., 0] == 255] == 255).all()
    assert (q.rgba[..., 3][alpha[..., 0] == 0] == 0).all()
    assert len(q.encode()) < len(plain.encode())


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (300, 1), (7, 3), (5000, 2), (2, 5000), (100_000, 1), (1, 100_000)]
)
@pytest.mark.parametrize("k", [1, 2, 5, 256])
def test_any_shape(shape: tuple[int, int], k: int) -> None:
    for pixels in (noise(*shape), noise(*shape, 4), np.full((*shape, 3), 7, np.uint8)):
        q = quantize(pixels, k, smaller=2)
        assert q.indices.shape == shape
        assert q.indices.max() < len(q.palette)
        with Image.open(io.BytesIO(q.encode())) as image:
            assert np.array_equal(np.asarray(image.convert("RGBA")), q.rgba)
        with Image.open(io.BytesIO(q.encode(keep_order=True))) as image:
            assert np.array_equal(np.asarray(image), q.indices)


def test_threads_do_not_matter() -> None:
    pixels = np.tile(photo_like(), (4, 9, 1))  # several bands
    one = quantize(pixels, 99, smaller=2, threads=1)
    assert np.array_equal(quantize(pixels, 99, smaller=2, threads=3).indices, one.indices)


def test_it_diffuses_errors_unless_told_otherwise() -> None:
    pixels = photo_like()

    mixed = quantize(pixels, 200, smaller=3)
    for options in ({"dither": "floyd-steinberg"}, {"dither_strength": 1}):
        assert np.array_equal(quantize(pixels, 200, smaller=3, **options).indices, mixed.indices)
    half, none = (quantize(pixels, 200, smaller=3, dither_strength=s) for s in (0.5, 0))
    assert metrics.looks(pixels, mixed) > metrics.looks(pixels, half) > metrics.looks(pixels, none)


def test_remap() -> None:
    pixels = photo_like()
    palette = kpalette.extract_palette(pixels, 50, dither="floyd-steinberg")
    q = palette.remap(pixels, smaller=2)
    assert len(q.encode()) < len(palette.remap(pixels).encode())
    assert q.palette.colors.tolist() == palette.colors.tolist()
    assert np.array_equal(q.indices, quantize(pixels, 50, smaller=2).indices)


@pytest.mark.parametrize(
    "options",
    [
        {"smaller": 1},
        {"quality": {"looks": 60}, "smaller": 2},
        {"max_bytes": 6000},
        {"max_bytes": 6000, "dither_strength": 0},
    ],
)
def test_nothing_is_mapped_or_compressed_twice(
    options: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compressed: list[bytes] = []
    chosen: list[tuple[object, ...]] = []
    write, choose = _core.png, rate.choose

    def compress(indices: Any, colors: Any, **how: Any) -> Any:
        if how["effort"] != "quick":
            compressed.append(indices.tobytes() + colors.tobytes())
        return write(indices, colors, **how)

    def chosen_for(how: Any, pixels: Any, colors: Any, indices: Any, team: Any) -> None:
        chosen.append((how, colors.tobytes()))
        choose(how, pixels, colors, indices, team)

    monkeypatch.setattr(_core, "png", compress)
    monkeypatch.setattr(rate, "choose", chosen_for)
    q = quantize(photo_like(), **options)
    q.save(tmp_path / "few.png", metadata=files.Metadata(dpi=(300, 300)))
    assert len(q.encode()) + 21 == (tmp_path / "few.png").stat().st_size
    assert len(set(compressed)) == len(compressed) > 0
    assert len(set(chosen)) == len(chosen) > 0


def test_errors() -> None:
    pixels = noise(9, 9)
    with pytest.raises(TypeError, match=r"smaller: expected a number, got '2'"):
        quantize(pixels, 9, smaller="2")
    for smaller in (-1, 3.5, float("nan")):
        with pytest.raises(ValueError, match=f"smaller: expected 0 to 3, got {smaller}"):
            quantize(pixels, 9, smaller=smaller)
    with pytest.raises(ValueError, match="smaller: expected dither None or 'floyd-steinberg'"):
        quantize(pixels, 9, smaller=1, dither="bayer")
    with pytest.raises(ValueError, match="smaller: expected at most 256 colours, got 300"):
        quantize(pixels, 300, smaller=1)
    many = Palette(np.unique(noise(40, 40).reshape(-1, 3), axis=0)[:999])
    with pytest.raises(ValueError, match="smaller: expected at most 256 colours, got 999"):
        many.remap(pixels, smaller=1)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("strength", [0.0, 0.7])
def test_the_model_s_bits_are_about_deflate_s(data: Path, name: str, strength: float) -> None:
    pixels = files.as_pixels(data / "cq100" / f"{name}.png")
    q = quantize(pixels, 256)
    for per_bit in _core.PER_BIT[1:4]:
        indices, bits = chosen(pixels, q, per_bit, strength)
        assert bits / 8 == pytest.approx(unfiltered(indices), rel=0.05)


# ---- at most so many bytes ----


@pytest.mark.parametrize("share", [0.8, 0.5, 0.2, 0.05])
def test_max_bytes_are_met(share: float) -> None:
    pixels = photo_like()
    whole = len(quantize(pixels).encode())
    most = round(share * whole)
    q = quantize(pixels, max_bytes=most)
    assert len(q.encode()) <= most
    if share > 0.1:  # where steps from one number of colours to the next are small
        assert len(q.encode()) > 0.75 * most
    assert len(q.palette) > 1


def test_between_half_and_too_many_colours() -> None:
    """Four do not fit, two leave much over."""
    pixels = photo_like(192, 256)
    few = [len(quantize(pixels, k, smaller=3).encode()) for k in (2, 3)]
    q = quantize(pixels, max_bytes=few[1])
    assert few[0] < 0.9 * few[1]
    assert 0.8 * few[1] < len(q.encode()) <= few[1]
    assert len(q.palette) > 2


def test_max_bytes_diffuse_where_the_plain_file_is_smaller() -> None:
    """A level alone would not diffuse at first; what fits and is diffused looks better."""
    pixels = gradient(120, 160)
    plain = len(quantize(pixels, 64).encode())
    q = quantize(pixels, 64, max_bytes=plain - 1)
    undiffused = quantize(pixels, 64, max_bytes=plain - 1, dither_strength=0)
    assert metrics.looks(pixels, q) > metrics.looks(pixels, undiffused) + 3


def test_what_has_few_bytes_stays() -> None:
    pixels = photo_like()
    for options in ({}, {"dither": "blue-noise"}, {"smaller": 1}):
        q = quantize(pixels, 30, **options)
        same = quantize(pixels, 30, max_bytes=len(q.encode()), **options)
        assert np.array_equal(same.indices, q.indices)


def test_ordered_dithers_get_fewer_colours() -> None:
    pixels = photo_like()
    whole = quantize(pixels, dither="bayer")
    most = len(whole.encode()) // 2
    q = quantize(pixels, dither="bayer", max_bytes=most)
    assert 0.5 * most < len(q.encode()) <= most
    again = quantize(pixels, len(q.palette), dither="bayer")
    assert np.array_equal(again.indices, q.indices)


@pytest.mark.parametrize("dither", [None, "bayer"])
def test_max_bytes_that_cannot_be_met(dither: Any) -> None:
    with pytest.raises(BytesNotReached, match=r"at most 40, reached \d+ with 3 colours") as caught:
        quantize(photo_like(), fixed=["#f00", "#ff0", "#00f"], max_bytes=40, dither=dither)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.max_bytes, error.k) == (40, 3)
    assert error.reached == caught.value.reached > 40


def test_max_bytes_errors() -> None:
    pixels = noise(9, 9)
    for wrong in ("50k", 2.5, True):
        with pytest.raises(TypeError, match="max_bytes: expected an integer"):
            quantize(pixels, max_bytes=wrong)
    with pytest.raises(ValueError, match="max_bytes: expected at least 1, got 0"):
        quantize(pixels, max_bytes=0)
    with pytest.raises(ValueError, match="max_bytes and quality exclude each other"):
        quantize(pixels, max_bytes=999, quality={"looks": 50})
    with pytest.raises(ValueError, match="max_bytes and keep_profile exclude each other"):
        quantize(pixels, max_bytes=999, keep_profile=True)
    with pytest.raises(ValueError, match="max_bytes: expected at most 256 colours, got 300"):
        quantize(pixels, 300, max_bytes=999)


# ---- a quality, and smaller ----


@pytest.mark.parametrize("quality", [{"looks": 50}, {"looks": 65}, {"psnr": 27}])
def test_a_quality_is_reached_in_fewer_bytes(quality: dict[str, float]) -> None:
    pixels = photo_like()
    ((name, wanted),) = quality.items()
    plain = quantize(pixels, quality=quality)
    q = quantize(pixels, quality=quality, smaller=3)
    assert getattr(metrics.compare(pixels, q), name) >= wanted
    if name == "looks":
        assert len(q.encode()) < len(plain.encode())


def test_a_quality_that_only_the_plain_file_reaches() -> None:
    pixels = photo_like()
    best = quantize(pixels).psnr
    q = quantize(pixels, quality={"psnr": best - 1e-6}, smaller=3)
    assert q.psnr >= best - 1e-6
    with pytest.raises(kpalette.QualityNotReached):
        quantize(pixels, quality={"psnr": best + 1}, smaller=3)


class TestGif:
    """Stills whose bytes are saved in a GIF."""

    pixels = np.clip(gradient(60, 80) + noise(60, 80) // 16.0, 0, 255).astype(np.uint8)

    def test_files_show_the_pixels(self) -> None:
        q = kpalette.quantize(self.pixels, 40, smaller=2, smaller_in="gif")
        for options in ({}, {"optimize": True}):
            file = io.BytesIO(q.encode("gif", **options))
            assert np.array_equal(Image.open(file).convert("RGB"), q.rgb)
        error = ((self.pixels.astype(float) - q.rgb) ** 2).sum(axis=2).mean()
        assert q.mse == pytest.approx(error)

    def test_what_was_changed_is_written_anew(self) -> None:
        q = kpalette.quantize(self.pixels, 40, smaller=2, smaller_in="gif")
        q.indices[:20] = 0
        assert np.array_equal(Image.open(io.BytesIO(q.encode("gif"))).convert("RGB"), q.rgb)

    def test_more_is_smaller(self) -> None:
        sizes = [
            len(kpalette.quantize(self.pixels, 64, smaller=n, smaller_in="gif").encode("gif"))
            for n in (0, 1, 2, 3)
        ]
        assert sizes == sorted(sizes, reverse=True)

    @pytest.mark.parametrize("k", [1, 2])
    def test_few_colors(self, k: int) -> None:
        q = kpalette.quantize(self.pixels, k, smaller=3, smaller_in="gif")
        assert np.array_equal(Image.open(io.BytesIO(q.encode("gif"))).convert("RGB"), q.rgb)

    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"dither": "floyd-steinberg"}, "smaller_in='gif': expected no dither"),
            ({"smaller_in": "webp"}, "smaller_in: expected one of png, gif, got 'webp'"),
        ],
    )
    def test_bad_input(self, options, match: str) -> None:
        with pytest.raises(ValueError, match=match):
            kpalette.quantize(self.pixels, 4, **({"smaller": 1, "smaller_in": "gif"} | options))
