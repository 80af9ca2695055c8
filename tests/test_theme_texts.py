"""What is made of a theme's colours: contrast, names, tones, schemes, CSS, tokens and cards."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

import kpalette
from conftest import noise
from kpalette import Palette, Theme, _core

SVG = "{http://www.w3.org/2000/svg}"
levels = st.tuples(*[st.integers(0, 255)] * 3)
names = levels.map(lambda color: f"#{bytes(color).hex()}")
#: Names of CSS and their hex, which Pillow replaces by levels once it has read one.
CSS = {name: f"#{bytes(ImageColor.getrgb(name)).hex()}" for name in list(ImageColor.colormap)}
#: Accents all over sRGB, greys and corners included.
GRID = [*itertools.product((0, 51, 119, 153, 204, 255), repeat=3), (1, 1, 1), (128, 127, 128)]


def luminance(color: str) -> float:
    """Return the relative luminance of a hex, as WCAG 2.1 defines it."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (level / 255 for level in bytes.fromhex(color[1:]))
    ]
    return float(np.dot(channels, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    darker, lighter = sorted((luminance(a), luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def lightness(color: str) -> float:
    """Return the lightness of a hex in Oklab, 0 to 1."""
    array = np.frombuffer(bytes.fromhex(color[1:]), np.uint8)[None]
    return float(_core.place(array, "oklab")[0, 0]) / _core.steps(3, "oklab")


# ---- contrast ----


@pytest.mark.parametrize(
    ("a", "b", "ratio"),
    [  # of WCAG's own techniques and of its tools
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#949494", "#ffffff", 3.03),
        ("#ff0000", "#ffffff", 4.00),
        ("#0000ff", "#ffffff", 8.59),
        ("#008000", "#ffffff", 5.14),
    ],
)
def test_published_contrasts(a: str, b: str, ratio: float) -> None:
    found = _core.contrast(bytes_of(a), bytes_of(b))
    assert found == pytest.approx(ratio, abs=0.005)
    assert found == _core.contrast(bytes_of(b), bytes_of(a))


def bytes_of(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


@given(names, names)
def test_contrast_is_that_of_the_definition(a: str, b: str) -> None:
    assert _core.contrast(bytes_of(a), bytes_of(b)) == pytest.approx(contrast(a, b), rel=1e-12)


@given(st.lists(names, min_size=1, max_size=8, unique=True))
def test_text_and_pairs_are_read(colors: list[str]) -> None:
    theme = Theme(colors)
    for color, text in zip(theme, theme.text, strict=True):
        assert text in ("#000000", "#ffffff")
        assert contrast(color, text) >= 4.5
    expected = {
        frozenset(pair) for pair in itertools.combinations(colors, 2) if contrast(*pair) >= 4.5
    }
    assert {frozenset(pair) for pair in theme.pairs} == expected
    ratios = [contrast(*pair) for pair in theme.pairs]
    assert ratios == sorted(ratios, reverse=True)


# ---- names ----


def test_every_colour_of_css_has_its_name() -> None:
    for name, color in CSS.items():
        found = Theme([color]).css_names[0]
        assert CSS[found] == color
        assert _core.color_named(name) == [*bytes_of(color)]
    assert Theme(["#00ffff", "#ff00ff", "#808080"]).css_names == ["cyan", "magenta", "gray"]


def test_every_common_name_is_that_of_its_colour() -> None:
    colors = pytest.importorskip("matplotlib.colors").XKCD_COLORS
    known = 0
    for name, color in colors.items():
        common = name.removeprefix("xkcd:")
        found = Theme([color]).names[0]
        is_of_css = common.replace(" ", "") in CSS
        if not is_of_css and _core.color_named(common) == [*bytes.fromhex(color[1:])]:
            assert found == common
            known += 1
    assert 650 < known < 900


@given(names)
def test_names_are_the_nearest(color: str) -> None:
    table = list(dict.fromkeys(CSS.values()))
    steps = _core.steps(3, "oklab")
    bytes_ = np.array([[*bytes_of(name)] for name in [color, *table]], np.uint8)
    place = _core.place(bytes_, "oklab") / steps
    chroma = np.hypot(place[:, 1], place[:, 2])
    distances = ((place[1:] - place[0]) ** 2 * (1, 4, 4)).sum(axis=1)
    if chroma[0] < 0.015:  # what looks grey is called a grey
        distances[chroma[1:] >= (0.0105 if chroma[0] < 0.005 else 0.02)] = np.inf
    elif chroma[0] >= 0.025 and place[0, 0] >= 0.5:  # and what does not is not
        distances[chroma[1:] < 0.0105] = np.inf
    nearest = CSS[Theme([color]).css_names[0]]
    assert distances[table.index(nearest)] == pytest.approx(distances.min(), abs=1e-9)


def test_greys_are_no_pinks_and_pinks_no_greys() -> None:
    greys = Theme([f"#{bytes([level] * 3).hex()}" for level in range(192, 256)][::4])
    assert all("pink" not in name for name in greys.names)
    light = Theme(["#f4f4f4", "#f0f0f0", "#eaeaea"])
    assert light.names == ["pale grey", "pale grey", "light grey"]
    assert Theme(["#e1c7c2"]).names != ["silver"]


# ---- tones and schemes ----


@pytest.mark.parametrize("color", [*GRID[::7], *GRID[-2:]])
def test_tones_go_from_light_to_dark(color: tuple[int, int, int]) -> None:
    tones = Theme([color]).tones()
    assert [*tones] == ["50", *(str(n) for n in range(100, 1000, 100)), "950"]
    found = [lightness(tone) for tone in tones.values()]
    assert found == sorted(found, reverse=True)
    assert found == pytest.approx(
        [0.975, 0.945, 0.89, 0.82, 0.73, 0.64, 0.55, 0.47, 0.39, 0.32, 0.23], abs=0.01
    )
    place = _core.place(np.array([[*bytes_of(tone)] for tone in tones.values()], np.uint8), "oklab")
    own = _core.place(np.array([color], np.uint8), "oklab")[0]
    if np.hypot(*own[1:]) > 0.05 * _core.steps(3, "oklab"):  # of greys, hue means nothing
        turned = np.degrees(np.arctan2(place[:, 2], place[:, 1]) - np.arctan2(own[2], own[1]))
        vivid = np.hypot(*place.T[1:]) > 0.05 * _core.steps(3, "oklab")
        assert np.abs((turned[vivid] + 180) % 360 - 180).max() < 4


def test_tones_of_another_colour() -> None:
    theme = Theme(["#205080", "#c03020"], roles={"accent": "#c03020"})
    assert theme.tones() == theme.tones("#c03020") == Theme(["#c03020"]).tones()
    assert theme.tones("#205080") == Theme(["#205080"]).tones()
    assert theme.tones("white") == Theme(["#ffffff"]).tones()
    with pytest.raises(ValueError, match=r"color: expected colours such as .*'#ff8800', got 'x'"):
        theme.tones("x")


@pytest.mark.parametrize("dark", [False, True])
def test_pairs_of_schemes_are_read_whatever_the_accent(dark: bool) -> None:
    for color in GRID:
        scheme = Theme([color]).scheme(dark=dark)
        for front, back, least in _core.SCHEME_PAIRS:
            assert contrast(scheme[front], scheme[back]) >= least, (color, front, back)
        assert (lightness(scheme["background"]) < lightness(scheme["text"])) == dark
    assert {least for *_, least in _core.SCHEME_PAIRS} == {3, 4.5}


def test_an_accent_that_is_read_stays() -> None:
    assert Theme(["#205080"]).scheme()["primary"] == "#205080"
    assert Theme(["#ffe040"]).scheme(dark=True)["primary"] == "#ffe040"
    assert Theme(["#ffe040"]).scheme()["primary"] != "#ffe040"
    two = Theme(["#ffffff", "#205080"], roles={"accent": "#205080"})
    assert two.scheme() == Theme(["#205080"]).scheme()
    assert np.ptp([*bytes_of(Theme(["#808080"]).scheme()["primary"])]) == 0  # a grey one
    with pytest.raises(TypeError, match="dark: expected True or False, got 1"):
        two.scheme(dark=1)  # type: ignore[arg-type]


# ---- texts ----


@pytest.fixture
def theme() -> Theme:
    counts = np.array([700, 299, 1, 0])
    roles = {"dominant": "#205080", "accent": "#ff8800", "light-vibrant": "#ffaa55"}
    return Theme(["#205080", "#ff8800", "#f8f8f0", "#010203"], counts, roles=roles)


def properties(css: str) -> dict[str, str]:
    return dict(re.findall(r"^ +--([a-z0-9_-]+): (#[0-9a-f]{6});", css, re.MULTILINE))


def test_css(theme: Theme) -> None:
    css = theme.to_css("My album: n°1")
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    found = properties(light)
    for i, (color, text) in enumerate(zip(theme, theme.text, strict=True), 1):
        assert found[f"my-album-n-1-{i}"] == color
        assert found[f"my-album-n-1-on-{i}"] == text
    for role, color in theme.roles.items():
        assert found[f"my-album-n-1-{role}"] == color
    for schemed, text in [(False, light), (True, dark)]:
        for role, color in theme.scheme(dark=schemed).items():
            assert properties(text)[f"my-album-n-1-page-{role}"] == color
    assert len(found) == 4 + 4 + 3 + 9
    assert "30.0 %" not in css
    assert re.findall(r"[\d.]+ %", css) == ["70.0 %", "29.9 %", "0.1 %", "0.0 %"]
    assert css.count("{") == css.count("}") == 3


@pytest.mark.parametrize("title", ["My album: n°1", "on", "7"])
@pytest.mark.parametrize("kind", ["css", "tailwind"])
def test_only_the_themes_colours_are_read_back(
    theme: Theme, kind: str, title: str, tmp_path: Path
) -> None:
    path = tmp_path / "theme.css"
    path.write_text(getattr(theme, f"to_{kind}")(title))
    assert Palette.load(path).hex == Theme.load(path).hex == theme.hex
    path.write_text(":root { --a-1: #123456; --a-on-1: #fff; --b: #000; }")  # no theme's
    assert Palette.load(path).hex == ["#123456", "#ffffff", "#000000"]


def test_names_of_css_are_names(theme: Theme) -> None:
    for name, expected in [("", "theme"), ("--*/x{}", "x"), ("日本", "theme"), ("A_b", "a_b")]:
        assert f"  --{expected}-1: #205080;" in theme.to_css(name)


def test_tailwind(theme: Theme) -> None:
    text = theme.to_tailwind("album")
    assert text.startswith("@theme {\n")
    found = properties(text.split("@media")[0])
    assert all(name.startswith("color-album-") for name in found)
    for step, color in theme.tones().items():
        assert found[f"color-album-accent-{step}"] == color
    css = properties(theme.to_css("album").split("@media")[0])
    assert {f"color-{name}": color for name, color in css.items()}.items() <= found.items()


def test_tokens(theme: Theme) -> None:
    group = json.loads(theme.to_tokens("Album"))["album"]
    assert group.pop("$type") == "color"

    def check(token: dict[str, Any], color: str) -> None:
        value = token["$value"]
        assert value["colorSpace"] == "srgb"
        assert value["hex"] == color
        assert np.rint(np.multiply(value["components"], 255)).tolist() == [*bytes_of(color)]

    for i, color in enumerate(theme, 1):
        check(group[str(i)], color)
        check(group[f"on-{i}"], theme.text[i - 1])
        assert group[str(i)]["$description"].startswith(theme.names[i - 1])
    for role, color in theme.roles.items():
        check(group[role], color)
    for step, color in theme.tones().items():
        check(group["accent-tones"][step], color)
    for name, dark in [("light", False), ("dark", True)]:
        for role, color in theme.scheme(dark=dark).items():
            check(group[name][role], color)
    assert len(group) == 4 + 4 + 3 + 3


# ---- cards ----


def test_card_in_svg(theme: Theme, tmp_path: Path) -> None:
    path = tmp_path / ("a&'card.svg" if os.name == "nt" else "a<&>\"'card.svg")
    theme.card(path, picture=noise(30, 40))
    root = ElementTree.parse(path).getroot()
    assert root.find(f"{SVG}title").text == path.stem  # type: ignore[union-attr]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "title", "g", "rect", "image", "text")
    }
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert [text for text in texts if text and text.startswith("#")] == theme.hex
    assert {*theme.names} <= {*texts}
    uri = next(root.iter(f"{SVG}image")).get("{http://www.w3.org/1999/xlink}href") or ""
    kind, _, data = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (40, 30)
    width, height = (float(root.get(side, "")) for side in ("width", "height"))
    for element in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(element.get(n, "")) for n in ("x", "y", "width", "height"))
        assert min(x, y) > -1e-3
        assert x + wide <= width + 1e-3
        assert y + high <= height + 1e-3


def test_card_in_svg_of_what_is_transparent(theme: Theme, tmp_path: Path) -> None:
    theme.card(tmp_path / "card.svg", picture=noise(30, 40, 4), title="\ud800\x01T\x7f")
    text = (tmp_path / "card.svg").read_text()
    assert "data:image/png;base64," in text
    assert "<title>T</title>" in text


@pytest.mark.parametrize("size", [(30, 40), (2000, 10), (10, 2000), (1, 1), None])
@pytest.mark.parametrize("k", [1, 5, 7, 64])
def test_card_in_png(size: tuple[int, int] | None, k: int, tmp_path: Path) -> None:
    theme = Theme([(i, 3 * i, 255 - i) for i in range(k)])
    theme.card(tmp_path / "card.png", picture=None if size is None else noise(*size))
    card = Image.open(tmp_path / "card.png").convert("RGB")
    assert card.width == 1600
    colors = {color for _, color in card.getcolors(1 << 24)}
    assert {tuple(color) for color in theme.colors.tolist()} <= colors


def test_the_picture_is_on_the_card(theme: Theme, tmp_path: Path) -> None:
    picture = np.full((100, 200, 3), (10, 200, 30), np.uint8)
    theme.card(tmp_path / "card.png", picture=picture)
    card = np.asarray(Image.open(tmp_path / "card.png"))
    assert (card[:800] == (10, 200, 30)).all()
    assert card[800, 0].tolist() == [32, 80, 128]


@pytest.mark.parametrize(
    ("color", "ground"),
    [((20, 60, 160), 255), ((255, 250, 230), 0), ((0, 0, 0), 255), ((255, 255, 255), 0)],
)
def test_a_transparent_picture_is_seen(
    color: tuple[int, int, int], ground: int, tmp_path: Path
) -> None:
    logo = np.zeros((100, 100, 4), np.uint8)
    logo[40:60, 40:60] = *color, 255
    theme = kpalette.theme(logo)
    assert theme.hex == [f"#{bytes(color).hex()}"]
    theme.save(tmp_path / "logo.png")
    card = np.asarray(Image.open(tmp_path / "logo.png"))
    assert (card[:600, :200] == ground).all()
    assert (card[790:810, 790:810] == color).all()
    theme.save(tmp_path / "logo.svg")
    first = next(ElementTree.parse(tmp_path / "logo.svg").getroot().iter(f"{SVG}rect"))
    assert first.get("fill") == f"#{bytes([ground] * 3).hex()}"


def test_names_in_swatches(theme: Theme, tmp_path: Path) -> None:
    for kind, encoding in (("gpl", "utf-8"), ("ase", "utf-16-be")):
        theme.save(tmp_path / f"theme.{kind}")
        data = (tmp_path / f"theme.{kind}").read_bytes()
        assert all(name.encode(encoding) in data for name in theme.names)
        assert Theme.load(tmp_path / f"theme.{kind}").hex == theme.hex
    twice = Theme(["#205080", "#205081"])
    assert len({*twice.names}) == 1
    twice.save(tmp_path / "twice.gpl")
    assert f"\t{twice.names[0]} #205081\n" in (tmp_path / "twice.gpl").read_text()
    with pytest.raises(ValueError, match=r"path: expected a name that ends in one of '\.svg'"):
        theme.save(tmp_path / "theme.txt")
    with pytest.raises(TypeError, match="path: expected a path, got int"):
        theme.save(5)  # type: ignore[arg-type]


def test_card_of_a_file_that_has_gone(photo: Path, tmp_path: Path) -> None:
    theme = kpalette.theme(photo)
    theme.card(tmp_path / "card.svg")
    assert "<image" in (tmp_path / "card.svg").read_text()
    html = theme._repr_html_()
    photo.unlink()
    with pytest.raises(FileNotFoundError):
        theme.card(tmp_path / "card.svg")
    assert len(theme._repr_html_()) < len(html)  # a notebook shows it without
    with pytest.raises(ValueError, match=r"path: expected a name that ends in \.svg or \.png"):
        theme.card(tmp_path / "card.gif")


def test_notebooks_show_the_card() -> None:
    theme = kpalette.theme(noise(40, 60), 3)
    html = theme._repr_html_()
    match = re.fullmatch(
        r'<img alt="Theme: (.*?)" src="data:image/svg\+xml;base64,(.*?)" .*>', html
    )
    assert match is not None
    assert match[1].split(", ") == theme.hex
    svg = base64.b64decode(match[2]).decode()
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
    assert "data:image/jpeg" in svg
