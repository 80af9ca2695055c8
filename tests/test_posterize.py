"""Palettes whose levels have fewer bits."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import ColorHistogram, cli, extract_palette, quantize, quantize_animation
from kpalette.posterize import posterized


def levels(bits: int) -> list[int]:
    """List those that hardware makes of 8 - bits, by repeating the first."""
    kept = 8 - bits
    shown = [f"{level:0{kept}b}" * 3 for level in range(1 << kept)]
    return [int(pattern[:8], 2) for pattern in shown]


@pytest.mark.parametrize("bits", range(5))
def test_every_level_becomes_the_nearest(bits: int) -> None:
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 3)
    expected = [min(levels(bits), key=lambda kept: abs(kept - level)) for level in range(256)]
    assert posterized(every, bits)[:, 0].tolist() == expected
    assert np.array_equal(posterized(posterized(every, bits), bits), posterized(every, bits))


def test_of_what_becomes_transparent_nothing_is_left() -> None:
    assert posterized(np.array([[200, 9, 9, 8]], np.uint8), 4).tolist() == [[0, 0, 0, 0]]
    assert posterized(np.array([[200, 9, 9, 250]], np.uint8), 4).tolist() == [[204, 17, 17, 255]]


@pytest.mark.parametrize("bits", range(1, 5))
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dither", [None, "floyd-steinberg"])
def test_all_that_is_shown_has_such_levels(bits: int, channels: int, dither: Any) -> None:
    pixels = noise(40, 50, channels)
    for k in (3, 60, 256):
        found = quantize(pixels, k, posterize=bits, dither=dither)
        assert np.isin(found.palette.colors, levels(bits)).all()
        assert 0 < len(found.palette) <= k
        assert found.palette.counts.sum() == 2000
        assert found.mse == pytest.approx(kpalette.metrics.compare(pixels, found).mse)


def test_pixels_get_the_nearest_entry() -> None:
    pixels = gradient(40, 50)
    found = quantize(pixels, 30, posterize=4)
    again = found.palette.remap(pixels)
    assert np.array_equal(again.indices, found.indices)
    assert (again.palette, again.mse) == (found.palette, found.mse)


def test_what_has_such_levels_comes_back() -> None:
    pixels = posterized(noise(1, 50)[0], 4)[noise(30, 40, 1) % 50]
    assert quantize(pixels, 64, posterize=4).is_exact
    assert not quantize(pixels + np.uint8(1), 64, posterize=4).is_exact


def test_nothing_is_as_without() -> None:
    pixels = gradient(40, 50)
    assert quantize(pixels, 9, posterize=0).palette == quantize(pixels, 9).palette


def test_entries_are_not_wasted() -> None:
    """Fitting without regard to the levels would have some entries fall together."""
    pixels = gradient(100, 100) // 4
    plain = posterized(quantize(pixels, 64).palette.colors, 4)
    rough = kpalette.Palette(np.unique(plain, axis=0)).remap(pixels)
    found = quantize(pixels, 64, posterize=4)
    possible = len(np.unique(posterized(pixels.reshape(-1, 3), 4), axis=0))
    assert len(rough.palette) < len(found.palette) == min(64, possible)
    assert found.mse <= rough.mse


def test_fixed_colours_stay_what_they_are() -> None:
    found = quantize(gradient(40, 50), 8, posterize=4, fixed=["#010203", "#fefefe"])
    assert {"#010203", "#fefefe"} < set(found.palette.hex)
    others = [
        color for color in found.palette.colors if color.tolist() not in ([1, 2, 3], [254] * 3)
    ]
    assert len(others) == 6
    assert np.isin(others, levels(4)).all()


def test_with_weights_and_targets() -> None:
    pixels = gradient(60, 80)
    weights = np.linspace(0, 1, 80)[None].repeat(60, axis=0)
    found = quantize(pixels, 20, posterize=3, weights=weights)
    assert np.isin(found.palette.colors, levels(3)).all()
    found = quantize(pixels, posterize=3, quality={"psnr": 26})
    assert found.psnr >= 26
    assert len(found.palette) < 256
    with pytest.raises(kpalette.QualityNotReached, match="expected psnr 40, reached 32"):
        quantize(pixels, posterize=4, quality={"psnr": 40})


def test_of_palettes_and_animations() -> None:
    pixels = gradient(40, 50)
    expected = quantize(pixels, 12, posterize=4).palette
    assert extract_palette(pixels, 12, posterize=4) == expected
    assert extract_palette(ColorHistogram.from_image(pixels), 12, posterize=4) == expected
    moving = quantize_animation([(pixels, 40), (255 - pixels, 40)], 12, posterize=4)
    for palette in moving.palettes:
        assert np.isin(palette.colors, levels(4)).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"posterize": 5}, ValueError, "posterize: expected 0 to 4, got 5"),
        ({"posterize": -1}, ValueError, "posterize: expected 0 to 4, got -1"),
        ({"posterize": 2.0}, TypeError, "posterize: expected an integer, got 2.0"),
        ({"posterize": True}, TypeError, "posterize: expected an integer, got True"),
        (
            {"posterize": 1, "keep_profile": True},
            ValueError,
            "posterize and keep_profile exclude",
        ),
    ],
)
def test_bad_ones(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        quantize(noise(4, 4), 2, **options)
    if "keep_profile" not in options:
        with pytest.raises(error, match=message):
            extract_palette(noise(4, 4), 2, **options)
        with pytest.raises(error, match=message):
            quantize_animation([(noise(4, 4), 40)], 2, **options)


# On the command line


def shown(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA")).reshape(-1, 4)


def test_the_command(tmp_path: Path, fails: Any) -> None:
    photo = tmp_path / "a.png"
    Image.fromarray(noise(30, 40, 4)).save(photo)
    assert cli.run(["quantize", str(photo), "-k", "20", "--posterize", "3", "-q"]) == 0
    expected = quantize(photo, 20, posterize=3)
    assert np.array_equal(shown(tmp_path / "a-20.png"), expected.rgba.reshape(-1, 4))
    frames = [Image.fromarray(noise(20, 20, seed=i)) for i in range(2)]
    frames[0].save(tmp_path / "b.gif", save_all=True, append_images=frames[1:])
    both = [
        "quantize",
        str(photo),
        str(tmp_path / "b.gif"),
        "--out-dir",
        str(tmp_path / "out"),
        "-q",
    ]
    assert cli.run([*both, "--posterize", "4", "--shared-palette", "--alpha", "flatten:#fff"]) == 0
    for name in ("a.png", "b.gif"):
        assert np.isin(shown(tmp_path / "out" / name), levels(4)).all()
    (tmp_path / "p.hex").write_text("000000\nffffff\n")
    assert "--map and --posterize exclude each other" in fails(
        2, "quantize", photo, "--posterize", "2", "--map", tmp_path / "p.hex"
    )
    assert "--posterize and --keep-profile exclude each other" in fails(
        2, "quantize", photo, "--posterize", "2", "--keep-profile"
    )
    assert "from 0 to 4, got '5'" in fails(2, "quantize", photo, "--posterize", "5")
    assert "--posterize does not work for images in tiles" in fails(
        2, "quantize", photo, "--posterize", "2", "-o", tmp_path / "x.zarr"
    )


@pytest.mark.skipif(not shutil.which("pngquant"), reason="no pngquant to compare with")
@pytest.mark.parametrize("bits", range(1, 5))
def test_levels_are_pngquants(bits: int, tmp_path: Path) -> None:
    Image.fromarray(noise(30, 40)).save(tmp_path / "a.png")
    command = ["pngquant", "--posterize", str(bits), "--ext", "-theirs.png", tmp_path / "a.png"]
    subprocess.run(command, check=True)
    assert np.isin(shown(tmp_path / "a-theirs.png"), levels(bits)).all()
    assert cli.run(["--posterize", str(bits), str(tmp_path / "a.png")]) == 0
    assert np.isin(shown(tmp_path / "a-fs8.png"), levels(bits)).all()
