"""The best entries of palettes that have more than an indexed file holds."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise, saved
from kpalette import ColorHistogram, Palette, cli
from kpalette.fit import Fitter
from kpalette.subset import best_entries
from kpalette.threads import make_team
from reference import nearest

SPACES = kpalette.choices.SPACES


def chosen(pixels: np.ndarray[Any, Any], colors: np.ndarray[Any, Any], k: int, space: Any) -> Any:
    histogram = ColorHistogram.from_image(pixels)
    return best_entries(histogram, colors, k, space, make_team(1))


def cost(pixels: np.ndarray[Any, Any], colors: np.ndarray[Any, Any], space: Any) -> float:
    histogram = ColorHistogram.from_image(pixels)
    return Fitter(histogram, space, make_team(1)).assign(np.ascontiguousarray(colors)).cost


@pytest.mark.parametrize("space", SPACES)
def test_hardly_worse_than_the_best_of_all_choices(space: Any) -> None:
    ratios = []
    for seed in range(6):
        pixels, colors = noise(12, 12, seed=seed), noise(1, 12, seed=seed + 9)[0]
        for k in (1, 2, 4, 8, 11):
            every = [cost(pixels, colors[list(few)], space) for few in combinations(range(12), k)]
            found = chosen(pixels, colors, k, space)
            assert len(found) == k
            ratios.append(cost(pixels, colors[found], space) / min(every))
    assert np.mean(ratios) < 1.06
    assert max(ratios) < 1.3


@pytest.mark.parametrize("channels", [3, 4])
def test_what_fits_is_the_same_as_with_all(channels: int) -> None:
    """Entries that no pixel is nearest to go first."""
    pixels = noise(10, 12, channels)
    colors = noise(1, 3000, channels, seed=1)[0]
    palette = Palette(np.unique(colors, axis=0))
    every, few = palette.remap(pixels), palette.remap(pixels, k=256)
    assert np.array_equal(few.rgba, every.rgba)
    assert few.mse == every.mse
    assert few.indices.dtype == np.uint8
    assert np.array_equal(few.palette.colors, every.palette.colors[every.palette.counts > 0])


def test_in_their_order_and_each_pixel_to_the_nearest() -> None:
    pixels = gradient(60, 70)
    palette = Palette(np.unique(noise(1, 900)[0], axis=0)[::-1])
    found = palette.remap(pixels, k=40, space="srgb")
    place = [palette.hex.index(name) for name in found.palette.hex]
    assert place == sorted(place)
    assert len(place) == 40
    expected = nearest(pixels.reshape(-1, 3), found.palette.colors)
    assert np.array_equal(found.indices.ravel(), expected)
    assert found.palette.counts.tolist() == np.bincount(expected, minlength=40).tolist()


def test_enough_are_all() -> None:
    palette = Palette(noise(1, 30)[0])
    few = palette.remap(gradient(9, 9), k=30)
    assert few.palette == palette.remap(gradient(9, 9)).palette
    assert len(few.palette) == 30


def test_dithered_and_with_transparent_entries() -> None:
    colors = noise(1, 400, 4)[0]
    colors[:5, 3] = 0  # all look the same
    pixels = noise(30, 40, 4, seed=2)
    pixels[:9, :, 3] = 0
    for dither in (None, "floyd-steinberg", "blue-noise"):
        found = Palette(colors).remap(pixels, k=20, dither=dither)
        assert len(found.palette) == 20
        assert (found.rgba[:9, :, 3] == 0).all()


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (0, ValueError, "k: expected 1 to 65536, got 0"),
        (1.5, TypeError, "k: expected an integer, got 1.5"),
        ("9", TypeError, "k: expected an integer, got '9'"),
    ],
)
def test_bad_k(k: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Palette(noise(1, 3)[0]).remap(noise(4, 4), k=k)


# On the command line


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write palettes of more colours than an indexed file holds, a photo and an animation."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many.hex").write_text(
        "\n".join(f"{i * 251 % (1 << 24):06x}" for i in range(65_536))
    )
    Image.fromarray(noise(20, 30, seed=5)).save("many.png")  # 600 colours
    Image.fromarray(noise(40, 50)).save("a.png")
    frames = [Image.fromarray(noise(20, 20, seed=i)).quantize(200) for i in range(3)]
    frames[0].save("b.gif", save_all=True, append_images=frames[1:])
    return tmp_path


@pytest.mark.parametrize("file", ["many.hex", "many.png"])
@pytest.mark.parametrize(
    "command", [["remap", "--palette"], ["quantize", "--map"], ["--nofs", "--map"]]
)
def test_of_a_file_each_photo_takes_its_best(command: list[str], file: str, many: Path) -> None:
    assert cli.run([*command, file, "--ext", "-x.png", "a.png", "b.gif"]) == 0
    expected = Palette.load(file).remap("a.png", k=256)
    with Image.open("a-x.png") as image:
        assert image.mode == "P"
        assert np.array_equal(image.convert("RGB"), expected.rgb)
    names = set(Palette.load(file).hex)
    with Image.open("b-x.png") as image:
        assert (image.mode, image.n_frames) == ("P", 3)
        for i in range(3):
            image.seek(i)
            shown = kpalette.Palette(
                np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
            )
            assert set(shown.hex) <= names


def test_too_many_or_none(many: Path, fails: Any) -> None:
    for name, text, message in (
        ("none.hex", "", "the file is empty"),
        ("none.gpl", "GIMP Palette\n", "expected at least one colour, got none"),
        ("huge.hex", "\n".join(f"{i:06x}" for i in range(100_000)), "65,536 colours, got 100,000"),
    ):
        Path(name).write_text(text)
        assert message in fails(3, "remap", "a.png", "--palette", name)
        assert message in fails(3, "quantize", "a.png", "--map", name)
    line = fails(3, "quantize", "a.png", "--map", "many.png", "-o", "x.zarr")
    assert "expected at most 256 colours for an image in tiles, got 600" in line


def test_pictures_are_palettes_of_their_colours() -> None:
    pixels = noise(30, 40)
    file = saved(Image.fromarray(pixels)).getvalue()
    found = kpalette.palette_files.decode(file, "png").colors
    expected = dict.fromkeys(map(tuple, pixels.reshape(-1, 3).tolist()))
    assert [tuple(color) for color in found.tolist()] == list(expected)
