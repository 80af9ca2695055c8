"""Few colours are kept under a target, where the file is then no larger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import noise, saved
from kpalette import cli, quantize
from kpalette.quality import pngquant_looks

TARGETS = [{"psnr": 15}, {"psnr": 25}, {"looks": 20}, {"looks": 60}, {"looks": 90}]
DITHERS = (None, "floyd-steinberg", "bayer")


def drawn(n: int, channels: int = 3, seed: int = 0) -> np.ndarray[Any, Any]:
    """Make a picture of n colours in rectangles."""
    colors = np.unique(noise(1, 2 * n, channels, seed)[0], axis=0)[:n]
    areas = np.arange(n)[:, None].repeat(24, axis=1)
    return colors[areas.repeat(96 // n + 1, axis=0)].repeat(3, axis=1)


PICTURES = {
    "flat": drawn(12),
    "flat, some transparent": drawn(9, 4),
    "grey noise": np.dstack([noise(60, 60, 1)] * 3),
    "coloured noise": noise(1, 40)[0][noise(60, 60, 1) % 40],
}


@pytest.mark.parametrize("effort", ["fast", "balanced"])
@pytest.mark.parametrize("dither", DITHERS)
@pytest.mark.parametrize("name", PICTURES)
def test_kept_where_the_file_is_no_larger(name: str, dither: Any, effort: Any) -> None:
    pixels = PICTURES[name]
    quick = effort == "fast"
    every = quantize(pixels, 256, effort=effort, dither=dither)
    assert every.is_exact
    for quality in TARGETS:
        found = quantize(pixels, quality=quality, effort=effort, dither=dither)
        if not found.is_exact:
            assert len(found.encode(quick=quick)) < len(every.encode(quick=quick))
            assert len(found.palette) < len(every.palette)
        else:
            assert np.array_equal(found.rgba, every.rgba)


def test_both_come() -> None:
    """Dithering flat colours makes larger files, fewer levels of noise make smaller ones."""
    quality = {"looks": 20}
    flat = quantize(PICTURES["flat"], quality=quality, dither="floyd-steinberg")
    assert (flat.is_exact, len(flat.palette), flat.psnr) == (True, 12, np.inf)
    noisy = quantize(PICTURES["grey noise"], quality=quality)
    assert (noisy.is_exact, noisy.n_distinct) == (False, 256)
    assert len(noisy.palette) < 64


def test_not_where_there_is_no_room() -> None:
    pixels = PICTURES["flat"]
    quality, dither = {"psnr": 16}, "floyd-steinberg"
    assert quantize(pixels, 12, quality=quality, dither=dither).is_exact
    few = quantize(pixels, 11, quality=quality, dither=dither)
    assert (few.is_exact, len(few.palette) <= 11) == (False, True)
    fixed = quantize(pixels, 12, quality=quality, dither=dither, fixed=["#010203"])
    assert (fixed.is_exact, "#010203" in fixed.palette.hex) == (False, True)


def test_colours_without_weight_are_not() -> None:
    pixels = PICTURES["flat"]
    weights = (pixels != pixels[0, 0]).any(axis=2)
    found = quantize(pixels, quality={"psnr": 16}, dither="floyd-steinberg", weights=weights)
    assert not found.is_exact
    assert pixels[0, 0].tolist() not in found.palette.colors.tolist()


def test_in_a_profile(tmp_path: Path) -> None:
    from test_keep_profile import P3

    file = saved(Image.fromarray(PICTURES["flat"]), icc_profile=P3)
    options: dict[str, Any] = {"quality": {"looks": 20}, "dither": "floyd-steinberg"}
    found = quantize(file, keep_profile=True, **options)
    assert (found.is_exact, found.profile) == (True, P3)
    assert np.array_equal(found.rgb, PICTURES["flat"])


@pytest.mark.parametrize("args", [["--quality", "0-10"], ["--looks", "20"], ["--psnr", "20"]])
@pytest.mark.parametrize("dither", ["none", "floyd-steinberg"])
def test_the_command_does_as_the_library(args: list[str], dither: str, tmp_path: Path) -> None:
    photo, out = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(PICTURES["flat"]).save(photo)
    assert cli.run(["quantize", str(photo), *args, "--dither", dither, "-qo", str(out)]) == 0
    name, value = args[0][2:], args[1]
    quality = {name: float(value)} if name != "quality" else {"looks": pngquant_looks(0, 10)[1]}
    expected = quantize(photo, quality=quality, dither=None if dither == "none" else dither)
    assert out.read_bytes() == expected.encode()


def test_nothing_is_dithered_that_is_exact(tmp_path: Path) -> None:
    Image.fromarray(PICTURES["flat"]).save(tmp_path / "a.png")
    for args in (["a.png"], ["--quality", "60-80", "-f", "a.png"], ["12", "-f", "a.png"]):
        assert cli.run([*args[:-1], str(tmp_path / args[-1])]) == 0
        shown = np.asarray(Image.open(tmp_path / "a-fs8.png").convert("RGB"))
        assert np.array_equal(shown, PICTURES["flat"])


@pytest.mark.parametrize("ending", ["gif", "webp", "apng"])
def test_animations(ending: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.gif"
    pixels = PICTURES["flat"]
    frames = [Image.fromarray(np.roll(pixels, 5 * i, axis=0)) for i in range(4)]
    frames[0].save(clip, save_all=True, append_images=frames[1:], duration=50)
    out = tmp_path / f"out.{ending}"
    args = ["quantize", str(clip), "--looks", "20", "--dither", "floyd-steinberg", "-qo", str(out)]
    assert cli.run(args) == 0
    shown = [found for found, _ in kpalette.files.open_frames(out).walk()]
    for frame, expected in zip(shown, frames, strict=True):
        assert np.array_equal(frame[..., :3], expected)
