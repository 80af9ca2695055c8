"""Palettes as sequences of colours: what they are made of, and what others take them for."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import kpalette
from conftest import gradient
from kpalette import Palette

NAMES = ["#ff7f00", "#000000", "#ffffff", "#102030"]
LEVELS = [[255, 127, 0], [0, 0, 0], [255, 255, 255], [16, 32, 48]]


def test_colours_have_names() -> None:
    named = Palette(["red", "Dusty Blue", "#fff", (0, 128, 255)])
    assert named.hex == ["#ff0000", "#5a86ad", "#ffffff", "#0080ff"]
    assert Palette("bad").hex == ["#bbaadd"]  # what is hex as well is no name


@pytest.mark.parametrize(
    "colors",
    [
        NAMES,
        tuple(NAMES),
        [name.upper() for name in NAMES],
        [name[1:] for name in NAMES],
        ["#ff7f00", "#000", "#fff", (16, 32, 48)],
        LEVELS,
        [tuple(levels) for levels in LEVELS],
        [np.array(levels, np.int16) for levels in LEVELS],
        Palette(LEVELS),
        *(np.array(LEVELS, dtype) for dtype in "hilqBHILQ"),
        np.array(LEVELS, ">u2"),
        np.asfortranarray(np.array(LEVELS, np.uint8)),
    ],
    ids=str,
)
def test_made_of_whatever_holds_colours(colors: Any) -> None:
    palette = Palette(colors)
    assert palette.colors.dtype == np.uint8
    assert palette.colors.tolist() == LEVELS
    assert palette == Palette(np.array(LEVELS, np.uint8))


def test_one_colour_is_a_palette() -> None:
    for color in ("#f00", "ff0000", (255, 0, 0), np.array([255, 0, 0])):
        assert Palette(color).hex == ["#ff0000"]


def test_others_become_opaque_beside_one_with_alpha() -> None:
    assert Palette(["#f00", "#00ff0080", (1, 2, 3)]).hex == ["#ff0000ff", "#00ff0080", "#010203ff"]


@pytest.mark.parametrize(
    ("colors", "error", "match"),
    [
        ([], ValueError, "expected 1 to 65536 colours, got 0"),
        (None, TypeError, "expected a sequence of colours, got None"),
        (5, TypeError, "expected a sequence of colours, got 5"),
        (b"#f00", TypeError, "expected a sequence of colours, got b'#f00'"),
        (np.array(5), TypeError, r"expected a sequence of colours, got array\(5\)"),
        ([1, 2], TypeError, "expected colours such as '#ff8800', got 1"),
        ("rad", ValueError, "expected colours such as 'white' or '#ff8800', got 'rad'"),
        ("brand.gpl", ValueError, "got 'brand.gpl'; Palette.load reads a file"),
        (["#f00", "#F00"], ValueError, "expected distinct colours, got #ff0000 more than once"),
        ([(1, 2)], ValueError, r"expected colours of 3 or 4 levels, got \(1, 2\)"),
        ([(1, 2, 256)], ValueError, "expected 0 to 255, got 256"),
        ([(1, 2, 0.5)], TypeError, "expected an integer, got 0.5"),
        (np.array([[1, 2, 256]]), ValueError, "expected levels from 0 to 255, got 1 to 256"),
        (np.array([[-1, 2, 3]]), ValueError, "expected levels from 0 to 255, got -1 to 3"),
        (
            np.array([[0.5, 1, 0]]),
            TypeError,
            r"got dtype float64; for levels from 0 to 1, \(255 \* array\)",
        ),
        (np.array([[9.5, 1, 0]]), TypeError, "whole numbers from 0 to 255, got dtype float64$"),
        (np.array([[True] * 3]), TypeError, "got dtype bool$"),
        (np.zeros((2, 5), np.uint8), ValueError, "expected colours of 3 or 4 levels"),
    ],
    ids=str,
)
def test_what_holds_no_colours_is_refused(colors: Any, error: type, match: str) -> None:
    with pytest.raises(error, match=f"^colors: .*{match}"):
        Palette(colors)


def test_is_a_sequence_of_names() -> None:
    palette = Palette(LEVELS, np.array([4, 3, 2, 1]))
    assert isinstance(palette, Sequence)
    assert list(palette) == palette.hex == [palette[i] for i in range(4)] == NAMES
    assert [*reversed(palette)] == NAMES[::-1]
    assert (palette[-1], palette[np.int64(1)]) == (NAMES[-1], NAMES[1])
    assert "#000000" in palette
    assert palette.index("#ffffff") == 2
    with pytest.raises(IndexError):
        palette[4]
    with pytest.raises(TypeError):
        palette["#ffffff"]  # type: ignore[call-overload]


def test_a_slice_is_a_palette_with_its_counts() -> None:
    palette = Palette(LEVELS, np.array([4, 3, 2, 1]))
    assert palette[1:3] == Palette(LEVELS[1:3], np.array([3, 2]))
    assert palette[::-1] == Palette(LEVELS[::-1], np.array([1, 2, 3, 4]))
    assert palette[:] == palette == pickle.loads(pickle.dumps(palette))
    with pytest.raises(ValueError, match="expected 1 to 65536 colours, got 0"):
        palette[4:]


def test_a_palette_equals_only_palettes() -> None:
    counted = Palette(LEVELS, np.arange(len(LEVELS)))
    for other in (counted.hex, tuple(counted), counted.colors.tolist(), None):
        assert counted != other
        assert other != counted
    # What is equal to the same is equal, which a list of names would break.
    assert counted != Palette(LEVELS)
    assert counted.hex == Palette(LEVELS).hex


def test_as_an_array() -> None:
    palette = Palette(LEVELS)
    assert np.asarray(palette).dtype == np.uint8
    assert np.array_equal(np.asarray(palette), palette.colors)
    assert np.array_equal(np.asarray(palette, np.float64), np.array(LEVELS, np.float64))
    assert np.array(palette).flags.writeable
    assert not palette.colors.flags.writeable


def test_matplotlib_takes_it_for_a_list_of_colours() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    palette = Palette(LEVELS)
    expected = matplotlib.colors.to_rgba_array(NAMES)
    assert np.array_equal(matplotlib.colors.to_rgba_array(palette), expected)
    axes = Figure().subplots()
    bars = axes.bar(range(4), 1, color=palette)
    assert [bar.get_facecolor() for bar in bars] == [tuple(color) for color in expected]
    points = axes.scatter(range(4), range(4), c=palette)
    assert np.array_equal(points.get_facecolors(), expected)
    wedges, *_ = axes.pie([1, 1, 1, 1], colors=palette)
    assert [wedge.get_facecolor() for wedge in wedges] == [tuple(color) for color in expected]
    assert matplotlib.cycler(color=palette).by_key()["color"] == NAMES


def test_as_a_colormap() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    for names in (NAMES, ["#ff7f0080", "#00000000"]):
        colormap = Palette(names).to_matplotlib()
        assert isinstance(colormap, matplotlib.colors.ListedColormap)
        assert len(names) == colormap.N
        assert colormap(range(len(names)), bytes=True).tolist() == [
            [*bytes.fromhex((name[1:] + "ff")[:8])] for name in names
        ]


@pytest.mark.parametrize("fixed", ["#f00", "f00", (255, 0, 0), np.array([255, 0, 0])], ids=str)
def test_one_colour_may_be_fixed(fixed: Any) -> None:
    pixels = gradient(20, 30)
    expected = kpalette.quantize(pixels, 4, fixed=["#ff0000"])
    assert "#ff0000" in expected.palette
    assert kpalette.quantize(pixels, 4, fixed=fixed).palette == expected.palette
    assert kpalette.extract_palette(pixels, 4, fixed=fixed) == expected.palette


def test_a_palette_may_be_fixed() -> None:
    pixels, brand = gradient(20, 30), Palette(["#f00", "#00ff00"])
    assert set(brand) < set(kpalette.quantize(pixels, 4, fixed=brand).palette)
    assert set(brand) < set(kpalette.quantize(pixels, 4, fixed=brand.colors).palette)
