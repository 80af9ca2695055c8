"""kpalette.theme: what it looks at, what it holds, and how it fails."""

from __future__ import annotations

import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import films
import kpalette
from conftest import gradient, noise
from kpalette import ColorHistogram, Palette, Theme, _core

RED, BLUE, WHITE = (200, 30, 40), (20, 60, 160), (255, 255, 255)


@pytest.fixture
def picture() -> np.ndarray[Any, Any]:
    """Make a white picture, 60 × 40, with a large red and a small blue field."""
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[5:20, 5:30], pixels[25:31, 40:50] = RED, BLUE
    return pixels


def colors_of(theme: Palette) -> set[tuple[int, ...]]:
    return {tuple(color) for color in theme.colors.tolist()}


def test_a_theme_is_a_palette(picture: Any) -> None:
    theme = kpalette.theme(picture)
    assert isinstance(theme, Palette)
    assert colors_of(theme) == {RED, BLUE, WHITE}
    assert theme.counts.sum() == 40 * 60
    assert type(theme[1:]) is type(theme.sorted("luminance")) is Palette
    assert theme.dominant == theme.hex[0] == theme.roles["dominant"]
    assert theme.background == "#ffffff"
    assert repr(theme).startswith("Theme(3 colours: #")
    assert theme == kpalette.theme(picture, threads=1)
    assert theme == Palette(theme.colors, theme.counts)
    assert theme != Theme(theme.colors, theme.counts)
    assert len(kpalette.theme(noise(30, 30), "auto")) <= 64
    assert len(kpalette.theme(noise(30, 30), 64)) <= 64


def test_roles_are_attributes() -> None:
    roles = {name: f"#0000{i:02x}" for i, name in enumerate(_core.ROLES)}
    theme = Theme(["#000000"], roles=roles)
    for name, color in roles.items():
        assert getattr(theme, name.replace("-", "_")) == color
        assert getattr(Theme(["#000000"]), name.replace("-", "_")) is None


@pytest.mark.parametrize("kind", ["path", "str", "pillow", "file", "array"])
def test_sources(kind: str, picture: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.fromarray(picture).save(path)
    sources: dict[str, Any] = {
        "path": path,
        "str": str(path),
        "pillow": Image.fromarray(picture),
        "file": io.BytesIO(path.read_bytes()),
        "array": picture,
    }
    found = kpalette.theme(sources[kind])
    assert found == kpalette.theme(picture)
    assert found.places is not None


def test_many_images_and_films_have_one_theme(picture: Any, tmp_path: Path) -> None:
    other = gradient(30, 40)
    total = ColorHistogram.from_images([picture, other])
    both = kpalette.theme([picture, other], 4)
    assert both.places is None
    assert both.counts.sum() == total.n_pixels
    assert kpalette.theme((other, picture), 4) == both
    found = kpalette.theme(
        [ColorHistogram.from_image(picture), ColorHistogram.from_image(other)], 4
    )
    assert found == kpalette.theme(total, 4)
    assert {found.background} == {None}  # a histogram has no sides
    with pytest.raises(ValueError, match="source: expected at least one image, got none"):
        kpalette.theme([])


@films.needs_ffmpeg
def test_a_film(tmp_path: Path) -> None:
    film = films.film(tmp_path / "film.mp4")
    theme = kpalette.theme(film, 3)
    assert theme.places is None
    assert theme.counts.sum() == ColorHistogram.from_images([film]).n_pixels


# ---- what is looked at ----


def test_region_in_pixels_and_shares(picture: Any) -> None:
    found = kpalette.theme(picture, region=(0, 0, 30, 20))
    assert colors_of(found) == {RED, WHITE}
    assert found == kpalette.theme(picture, region=(0.0, 0, 0.5, 0.5))
    assert found == kpalette.theme(picture, region=np.array([0, 0, 0.5, 0.5]))
    alone = kpalette.theme(picture[:20, :30])
    assert (found.hex, found.roles) == (alone.hex, alone.roles)
    only = kpalette.theme(picture, region=(42, 26, 3, 3))
    assert only.hex == ["#143ca0"]
    x, y = only.places[0]  # type: ignore[index]
    assert 42 <= x < 45
    assert 26 <= y < 29
    assert len(kpalette.theme(picture, region=(0.999, 0.999, 0.0001, 0.0001))) == 1
    assert kpalette.theme(picture, region=(0.0, 0.0, 1.0, 1.0)) == kpalette.theme(picture)


@pytest.mark.parametrize(
    ("region", "error", "line"),
    [
        ((0, 0, 61, 2), ValueError, "region: expected a part of 60×40 pixels, got 61×2 at 0, 0"),
        ((60, 0, 1, 1), ValueError, "region: expected a part of 60×40 pixels, got 1×1 at 60, 0"),
        ((-1, 0, 2, 2), ValueError, "in pixels, of at least 0, 0, 1 and 1, got (-1, 0, 2, 2)"),
        ((0, 0, 0, 2), ValueError, "got (0, 0, 0, 2)"),
        ((0.5, 0, 0.6, 1), ValueError, "in shares, within 0 to 1, got (0.5, 0.0, 0.6, 1.0)"),
        ((0.5, 0, float("nan"), 1), ValueError, "in shares"),
        ((0, 0, 0.0, 0.5), ValueError, "in shares"),
        ((1, 2, 3), ValueError, "region: expected x, y, width and height, got (1, 2, 3)"),
        ((1, 2, 3, "4"), TypeError, "region: expected x, y, width and height, got"),
        ("1234", TypeError, "region: expected x, y, width and height, got '1234'"),
        (7, TypeError, "region: expected x, y, width and height, got 7"),
    ],
)
def test_regions_that_are_none(region: Any, error: Any, line: str, picture: Any) -> None:
    with pytest.raises(error) as raised:
        kpalette.theme(picture, region=region)
    assert line in str(raised.value)


def test_mask(picture: Any, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), bool)
    mask[:22] = True
    found = kpalette.theme(picture, mask=mask)
    assert colors_of(found) == {RED, WHITE}
    for same in (mask.astype(np.uint8), mask * 0.5, mask.tolist()):
        assert kpalette.theme(picture, mask=same) == found
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert kpalette.theme(picture, mask=tmp_path / "mask.png") == found
    assert kpalette.theme(picture, mask=Image.fromarray(mask)) == found
    cut = kpalette.theme(picture, mask=mask, region=(0, 10, 60, 30))
    assert cut.counts.sum() == 12 * 60
    for bad, line in [
        (mask[:5], "mask: expected 60×40 pixels, got 60×5"),
        (mask & False, "mask: expected a pixel to look at, got none"),
        (np.zeros((40, 60, 3)), "mask: expected an array (h, w) of bool or numbers, got shape"),
        (np.full((40, 60), "x"), "mask: expected an array (h, w)"),
    ]:
        with pytest.raises(ValueError, match=re.escape(line)):
            kpalette.theme(picture, mask=bad)
    with pytest.raises(ValueError, match="mask: expected a pixel to look at, got none in the reg"):
        kpalette.theme(picture, mask=mask, region=(0, 30, 60, 10))


def test_ignored_colours(picture: Any) -> None:
    expected = kpalette.theme(picture, ignore="#ffffff")
    assert colors_of(expected) == {RED, BLUE}
    for same in ("white", "White", [255, 255, 255], ["white", "#00ff00"], "#fff", ("#ffffffff",)):
        assert kpalette.theme(picture, ignore=same) == expected
    framed = np.full((80, 80, 3), 254, np.uint8)  # which looks like white
    framed[20:60, 10:70] = picture
    assert kpalette.theme(framed, ignore="white").hex == expected.hex
    for bad, line in [
        ("whitte", "ignore: expected colours such as 'white' or '#ff8800', got 'whitte'"),
        ("\udcff", r"ignore: expected colours such as 'white' or '#ff8800', got '\udcff'"),
        ((1, 2, 300), "ignore: expected 0 to 255, got 300"),
    ]:
        with pytest.raises(ValueError, match=re.escape(line)):
            kpalette.theme(picture, ignore=bad)
    with pytest.raises(TypeError, match="ignore: expected"):
        kpalette.theme(picture, ignore=5)  # type: ignore[arg-type]


def test_nothing_to_look_at(picture: Any) -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    line = "source: expected a pixel to look at, got none: all of it is more transparent than not"
    with pytest.raises(ValueError, match=f"{line}$"):
        kpalette.theme(clear)
    with pytest.raises(ValueError, match=f"{line}, or ignored"):
        kpalette.theme(picture, ignore=[RED, BLUE, WHITE])
    half = np.dstack([picture, np.where(np.arange(60) < 30, 127, 128) * np.ones((40, 1))])
    assert colors_of(kpalette.theme(half.astype(np.uint8))) == {BLUE, WHITE}
    for what in ({"region": (0, 0, 1, 1)}, {"mask": np.ones((40, 60), bool)}):
        (name,) = what
        with pytest.raises(ValueError, match=f"{name}: expected an image, whose pixels have place"):
            kpalette.theme(ColorHistogram.from_image(picture), **what)  # type: ignore[arg-type]


@pytest.mark.parametrize("colors", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 6, 64, "auto"])
def test_few_colours_and_greys(colors: int, k: Any) -> None:
    shades = np.array([[0, 0, 0], [90, 90, 90], [255, 255, 255]], np.uint8)[:colors]
    theme = kpalette.theme(shades[np.arange(60) % colors].reshape(6, 10, 3), k)
    assert 1 <= len(theme) <= colors
    assert colors_of(theme) <= {tuple(shade) for shade in shades.tolist()}
    assert theme.vibrant is None
    assert theme.scheme()["text"] != theme.scheme()["background"]


@pytest.mark.parametrize(
    ("k", "error", "line"),
    [
        (0, ValueError, "k: expected 1 to 64, got 0"),
        (65, ValueError, "k: expected 1 to 64, got 65"),
        ("all", ValueError, "k: expected 1 to 64 or 'auto', got 'all'"),
        (2.5, TypeError, "k: expected an integer, got 2.5"),
        (True, TypeError, "k: expected an integer, got True"),
    ],
)
def test_wrong_k(k: Any, error: Any, line: str, picture: Any) -> None:
    with pytest.raises(error, match=line):
        kpalette.theme(picture, k)


# ---- what it holds ----


def test_places_and_masks(picture: Any) -> None:
    theme = kpalette.theme(picture)
    assert theme.places is not None
    assert theme.places.dtype == np.int32
    assert not theme.places.flags.writeable
    for (x, y), color in zip(theme.places, theme.colors, strict=True):
        assert (picture[y, x] == color).all()
    masks = [theme.mask(picture, i) for i in range(len(theme))]
    assert (np.sum(masks, axis=0) == 1).all()
    assert [mask.sum() for mask in masks] == theme.counts.tolist()
    assert (theme.mask(picture, "#C81E28") == (picture == RED).all(axis=2)).all()
    assert (theme.mask(picture, -1) == masks[-1]).all()
    clear = np.dstack([picture, np.zeros((40, 60), np.uint8)])
    assert not theme.mask(clear, 0).any()
    for entry, line in [(3, "expected 0 to 2, got 3"), ("#000000", "one of #"), ("x", "got 'x'")]:
        with pytest.raises(ValueError, match=f"entry: .*{line}"):
            theme.mask(picture, entry)
    with pytest.raises(TypeError):
        theme.mask(picture, 1.5)  # type: ignore[arg-type]


def test_pickling_and_files(picture: Any, tmp_path: Path) -> None:
    theme = kpalette.theme(picture)
    copy = pickle.loads(pickle.dumps(theme))
    assert type(copy) is Theme
    assert (copy, copy.roles) == (theme, theme.roles)
    assert len(pickle.dumps(theme)) < 1000  # without the picture
    path = tmp_path / "theme.json"
    theme.save(path)
    assert Theme.load(path) == theme
    assert Palette.load(path) == Palette(theme.colors, theme.counts)
    theme.save(tmp_path / "theme.gpl")
    assert Theme.load(tmp_path / "theme.gpl").hex == theme.hex
    for content, line in [
        ('{"colors": ["#000"], "roles": {"best": "#000"}}', "roles: expected some of dominant, "),
        ('{"colors": ["#000"], "roles": 5}', "roles: expected a dict of names and colours, got 5"),
        ('{"colors": ["#000"], "places": [1]}', "places: expected shape (1, 2), got (1,)"),
        ('{"colors": ["#0008"]}', "colors: expected opaque colours, got some with alpha"),
    ]:
        path.write_text(content)
        with pytest.raises(kpalette.PaletteReadError) as raised:
            Theme.load(path)
        assert line in str(raised.value)
    path.write_text('["#123456"]')
    assert Theme.load(path) == Theme(["#123456"])


def test_wrong_themes() -> None:
    with pytest.raises(ValueError, match="colors: expected at most 64 colours, got 65"):
        Theme([(i, i, i) for i in range(65)])
    with pytest.raises(ValueError, match=r"roles: expected colours such as .*'#ff8800', got 'rad'"):
        Theme(["#000"], roles={"accent": "rad"})


def test_figures(picture: Any) -> None:
    pytest.importorskip("matplotlib")
    theme = kpalette.theme(picture)
    assert [entry["color"] for entry in theme.to_cycle()] == theme.hex
    assert theme.to_matplotlib().N == 3
    colors = theme.to_colormap()(np.arange(256), bytes=True)[:, :3]
    lightness = _core.place(np.ascontiguousarray(colors), "oklab")[:, 0]
    even = np.linspace(lightness[0], lightness[-1], 256)  # but for rounding, and for clipping
    assert np.abs(lightness - even).max() < 0.01 * _core.steps(3, "oklab")
    assert colors[-1].tolist() == [*WHITE]
    assert Theme(["#205080"]).to_colormap()([0, 255], bytes=True)[:, 0].tolist() == [32, 32]


def test_an_array_may_change_afterwards(picture: Any, tmp_path: Path) -> None:
    theme = kpalette.theme(picture)
    theme.card(tmp_path / "a.png")
    picture[:] = 0
    theme.card(tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_places_in_large_pictures() -> None:
    pixels = np.full((800, 1100, 3), 255, np.uint8)
    pixels[401:403, 601:603] = RED  # between the rows and columns that are looked at first
    pixels[100:300, 500:800] = BLUE
    colors = np.array([WHITE, RED, BLUE, (0, 255, 0)], np.uint8)
    mask = np.ones((800, 1100), bool)
    mask[:200] = False
    for alpha in (pixels, np.dstack([pixels, np.full((800, 1100), 255, np.uint8)])):
        places = _core.theme_places(alpha, mask, colors, _core.Team(2))
        assert places[3].tolist() == [-1, -1]
        for (x, y), color in zip(places[:3], colors, strict=False):
            assert (pixels[y, x] == color).all()
            assert mask[y, x]
        assert 500 < places[2, 0] < 790
