"""The command theme: what it lists and writes, and how it fails."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import films
import kpalette
from conftest import files_in, noise
from kpalette import Palette, Theme, cli
from kpalette.cli.theme import FORMATS
from kpalette.theme_counting import Look
from kpalette.theme_strips import MOMENTS, StripCounter
from kpalette.threads import make_team

#: Of the six colours that are asked for, if nothing else is.
FEW = ", fewer than k = 6: no others look different enough"


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    """Write a white picture, 60 × 40, with a large red and a small blue field."""
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[5:20, 5:30], pixels[25:31, 40:50] = (200, 30, 40), (20, 60, 160)
    path = tmp_path / "poster.png"
    Image.fromarray(pixels).save(path)
    return path


def test_theme_lists_colours_names_and_roles(poster: Path, capsys: Any) -> None:
    assert cli.run(["theme", str(poster)]) == 0
    said = capsys.readouterr()
    theme = kpalette.theme(poster)
    lines = said.out.splitlines()
    for line, color, share, name in zip(lines, theme, theme.shares, theme.names, strict=False):
        roles = ", ".join(role for role, other in theme.roles.items() if other == color)
        assert re.split(r"  +", line) == [color, f"{share:.2%}", name, *filter(None, [roles])]
    assert len(lines) == len(theme)
    assert said.err == f"{poster}: 2,400 pixels, a theme of 3 colours{FEW}\n"
    assert cli.run(["theme", str(poster), "-q", "-k", "1"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith(kpalette.theme(poster, 1).hex[0])


def test_roles_of_colours_that_are_not_listed(tmp_path: Path, capsys: Any) -> None:
    Image.fromarray(noise(40, 60)).save(tmp_path / "noise.png")
    assert cli.run(["theme", str(tmp_path / "noise.png"), "-k", "2", "-q"]) == 0
    listed, roles = capsys.readouterr().out.split("\n\nRoles of other colours:\n")
    theme = kpalette.theme(tmp_path / "noise.png", 2)
    assert [line[:7] for line in listed.splitlines()] == theme.hex
    assert {line[:7] for line in roles.splitlines()} == {*theme.roles.values()} - {*theme}


def test_theme_on_a_terminal(poster: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("WT_SESSION", "1")  # as Windows Terminal does
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli.run(["theme", str(poster), "--ignore", "white", "-k", "1"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("\x1b[48;2;200;30;40m\x1b[38;2;255;255;255m  Aa  \x1b[0m  #c81e28  ")
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli.run(["theme", str(poster)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_theme_as_json(poster: Path, capsys: Any) -> None:
    args = ["theme", str(poster), "--json", "-k", "auto", "--region", "0,0,50%,0.5"]
    assert cli.run(args) == 0
    found = json.loads(capsys.readouterr().out)
    theme = kpalette.theme(poster, "auto", region=(0, 0, 0.5, 0.5))
    assert found == {"photos": [str(poster)], "n_pixels": 600, **theme.to_dict()}
    assert [*theme.to_dict()] == [
        *("colors", "counts", "shares", "names", "css_names", "text", "roles", "pairs", "places")
    ]


def test_what_is_looked_at(poster: Path, tmp_path: Path, capsys: Any) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[:22] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for args, options in [
        (["--mask", str(tmp_path / "mask.png")], {"mask": mask}),
        (["--ignore", "white"], {"ignore": "white"}),
        (["--ignore", "white,#c81e28"], {"ignore": ["white", (200, 30, 40)]}),
        (["--ignore", "c81e28", "--ignore", "Dusty Blue"], {"ignore": ["#c81e28", "dustyblue"]}),
        (["--region", "40, 25, 10, 6"], {"region": (40, 25, 10, 6)}),
    ]:
        assert cli.run(["theme", str(poster), "--json", *args]) == 0
        found = json.loads(capsys.readouterr().out)
        theme = kpalette.theme(poster, **options)  # type: ignore[arg-type]
        assert found.items() >= theme.to_dict().items()


@pytest.mark.parametrize("kind", FORMATS)
def test_theme_writes_any_format(
    kind: str, poster: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    (tmp_path / "api").mkdir()
    name = {"tailwind": "out.data", "tokens": "out.tokens.json"}.get(kind, f"out.{kind}")
    out = tmp_path / name
    args = ["theme", str(poster), "-o", str(out)]
    args += ["--format", kind] if out.suffix == ".data" else []
    assert cli.run(args) == 0
    said = capsysbinary.readouterr()
    assert said.out == b""
    assert said.err.decode().endswith(f"a theme of 3 colours{FEW}; theme in {out}\n")
    theme, content = kpalette.theme(poster), out.read_bytes()
    if kind != "tailwind":
        ending = "tokens.json" if kind == "tokens" else kind
        theme.save(tmp_path / "api" / f"out.{ending}")  # which writes the same file
        assert (tmp_path / "api" / f"out.{ending}").read_bytes() == content
    texts = {"css": theme.to_css, "tailwind": theme.to_tailwind, "tokens": theme.to_tokens}
    if kind in texts:
        assert content.decode() == texts[kind]("out")
    elif kind == "json":
        assert Theme.load(out) == theme
    elif kind == "svg":
        assert b"<image " in content
    elif kind == "png":
        with Image.open(out) as card:
            assert card.width == 1600
    else:
        assert Palette.load(out).hex == theme.hex
    if kind not in ("svg", "png", "act", "ase"):
        saved = os.dup(1)
        with open(tmp_path / "stdout", "wb") as file:
            os.dup2(file.fileno(), 1)
        try:
            assert cli.run(["theme", str(poster), "-q", "--format", kind]) == 0
        finally:
            os.dup2(saved, 1)
            os.close(saved)
        said = (tmp_path / "stdout").read_bytes()
        assert said.replace(b"poster", b"out") == content


def test_several_photos_have_one_theme(
    poster: Path, photo: Path, tmp_path: Path, capsys: Any
) -> None:
    assert cli.run(["theme", str(poster), str(photo), "--json"]) == 0
    said = capsys.readouterr()
    expected = kpalette.theme([poster, photo])
    assert json.loads(said.out).items() >= expected.to_dict().items()
    assert said.err == "2 photos: 5,472 pixels, a theme of 6 colours\n"
    saved = tmp_path / "a.histogram"
    total = sum(kpalette.ColorHistogram.from_image(path) for path in (poster, photo))
    total.save(saved)
    assert cli.run(["theme", str(saved), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["colors"] == kpalette.theme(total).hex


def test_names_of_themes(poster: Path, photo: Path, tmp_path: Path, capfd: Any) -> None:
    both, out = [str(poster), str(photo)], tmp_path / "out.css"
    for args, name in [
        ([*both, "--format", "css"], "--theme-1: "),
        ([str(photo), "--format", "css"], "--photo-1: "),
        ([*both, "--format", "tailwind", "--name", "My cover"], "--color-my-cover-1: "),
        ([*both, "-o", str(out), "--name", "My cover"], "--my-cover-1: "),
    ]:
        assert cli.run(["theme", *args, "-q"]) == 0
        text = capfd.readouterr().out or out.read_text()
        assert name in text


def test_all_frames_of_an_animation_count(tmp_path: Path, capsys: Any) -> None:
    colors = [(200, 30, 40), (20, 60, 160), (250, 240, 0)]
    frames = [Image.new("RGB", (8, 8), color) for color in colors]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    theme = kpalette.theme(frames)
    assert sorted(map(tuple, theme.colors.tolist())) == sorted(colors)
    assert kpalette.theme(path) == theme
    with path.open("rb") as file:
        assert kpalette.theme(file) == theme
    with Image.open(path) as image:
        image.seek(1)
        assert kpalette.theme(image).hex == ["#143ca0"]
    assert cli.run(["theme", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out).items() >= theme.to_dict().items()
    assert said.err == f"{path}: 192 pixels, a theme of 3 colours{FEW}\n"


def test_the_first_frame_alone_is_a_picture(tmp_path: Path, capsys: Any) -> None:
    first, second = (Image.new("RGB", (8, 8), color) for color in ("#c81e28", "#143ca0"))
    path = tmp_path / "a.gif"
    first.save(path, save_all=True, append_images=[second])
    assert cli.run(["theme", str(path), "--first-frame", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out).items() >= kpalette.theme(first).to_dict().items()
    assert said.err == f"{path}: 64 pixels, a theme of 1 colour{FEW}\n"


@films.needs_ffmpeg
def test_the_first_frame_of_a_film_is_a_picture(tmp_path: Path, capsys: Any) -> None:
    film = films.film(tmp_path / "film.mp4")
    assert cli.run(["theme", str(film), "--first-frame", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["places"] is not None


def test_cards_of_several_show_the_first(poster: Path, photo: Path, tmp_path: Path) -> None:
    several, card = tmp_path / "several.png", tmp_path / "card.png"
    assert cli.run(["theme", str(poster), str(photo), "-q", "-o", str(several)]) == 0
    theme = kpalette.theme([poster, photo])
    theme.save(card)
    assert card.read_bytes() == several.read_bytes()
    shown = np.asarray(Image.open(card))
    theme.card(card, picture=poster)
    assert (shown == np.asarray(Image.open(card))).all()


def test_a_theme_of_each(poster: Path, photo: Path, tmp_path: Path, capsys: Any) -> None:
    both = [str(poster), str(photo)]
    assert cli.run(["theme", *both, "--each"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith(f"{poster}:\n{kpalette.theme(poster).hex[0]}")
    assert f"\n{photo}:\n{kpalette.theme(photo).hex[0]}" in said.out
    assert cli.run(["theme", *both, "--each", "--json"]) == 0
    for line, path in zip(capsys.readouterr().out.splitlines(), (poster, photo), strict=True):
        assert json.loads(line).items() >= kpalette.theme(path).to_dict().items()
    out = tmp_path / "out"
    args = ["--each", "--format", "tokens", "-o", f"{out}/"]
    assert cli.run(["theme", *both, *args]) == 0
    assert files_in(out) == {"poster.tokens.json", "photo.tokens.json"}
    assert json.loads((out / "poster.tokens.json").read_text())["poster"]["1"]
    assert cli.run(["theme", *both, *args]) == 15
    (tmp_path / "x").mkdir()
    Image.fromarray(noise(9, 9)).save(tmp_path / "x" / "photo.png")
    assert cli.run(["theme", str(photo), str(tmp_path / "x" / "photo.png"), *args, "-f"]) == 2
    assert "would be written twice" in capsys.readouterr().err


def test_one_that_fails_of_each(poster: Path, tmp_path: Path, capsys: Any) -> None:
    clear = tmp_path / "clear.png"
    Image.fromarray(np.zeros((4, 4, 4), np.uint8)).save(clear)
    assert cli.run(["theme", str(clear), str(poster), "no.png", "--each", "--json"]) == 3
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err.splitlines() == [
        f"kpalette: {clear}: there is no pixel to look at: all are more transparent than not",
        "kpalette: no.png: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("code", "args", "line"),
    [
        (2, ["-k", "65"], "'-k': expected a whole number from 1 to 64 or 'auto', got '65'"),
        (2, ["-k", "²"], "got '²'"),
        (2, ["-o", "x.txt"], "-o: expected a name that ends in one of '.svg', '.png', '.css', "),
        (2, ["--format", "aco"], "'aco' is not one of 'svg', 'png', 'css', 'tailwind', 'tokens'"),
        (2, ["--region", "1,2,3"], "expected X,Y,W,H in pixels, or in shares such as 0,0,0.5,50%"),
        (2, ["--region", "a,2,3,4"], "got 'a,2,3,4'"),
        (2, ["--region", "0,0,61,4"], "--region: expected a part of 60×40 pixels, got 61×4 at 0,"),
        (2, ["--region", "0.5,0,0.6,1"], "--region: expected x, y, width and height in shares"),
        (2, ["--mask", "black.png"], "--mask: expected a pixel to look at, got none"),
        (2, ["--mask", "small.png"], "--mask: expected 60×40 pixels, got 4×4"),
        (3, ["--mask", "no.png"], "no.png: cannot be read: No such file or directory"),
        (2, ["--ignore", "whitte"], "expected colours such as 'white' or '#ff8800', got 'whitte'"),
        (3, ["--ignore", "white,#c81e28,#143ca0"], "there is no pixel to look at: all are more tr"),
        (2, ["--json", "--format", "css"], "--json and the file would both go to stdout"),
        (2, ["--each", "--strip", "s.png"], "--each and --strip exclude each other; give one"),
        (2, ["--first-frame", "--strip", "s.png"], "--first-frame and --strip exclude each other"),
        (2, ["--strip", "s.gif"], "--strip: expected a name that ends in '.png', got 's.gif'"),
        (2, ["--each", "-o", "x/"], "--each and -o need --format"),
        (
            2,
            ["--each", "-o", "x", "--format", "css"],
            "-o: OUT is a directory with --each, such",
        ),
        (
            2,
            ["--each", "-o", "photo-t.css"],
            "OUT is a directory with --each, such as 'x/', got",
        ),
        (2, ["--name", "cover"], "--name needs -o OUT or --format FORMAT"),
        (2, ["--mask", "dark.png"], "--mask: expected 60×40 pixels, got 4×4"),
        (2, ["--each", "--format", "png"], "--each and --format png need -o DIR/"),
        (2, ["-"], "stdin (-) must be the only photo"),
        (15, ["-o", "black.png"], "black.png exists; -f replaces it"),
    ],
)
def test_wrong_command_lines(
    code: int, args: list[str], line: str, poster: Path, fails: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(poster.parent)
    Image.new("L", (60, 40)).save("black.png")
    Image.new("L", (4, 4), 255).save("small.png")
    Image.new("L", (4, 4)).save("dark.png")
    assert line in fails(code, "theme", "poster.png", *args)


# ---- strips ----


@films.needs_ffmpeg
def test_strip_of_a_film(tmp_path: Path, capsys: Any) -> None:
    film, strip = films.film(tmp_path / "film.mp4"), tmp_path / "strip.png"
    assert cli.run(["theme", str(film), "--strip", str(strip), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out).items() >= kpalette.theme(film).to_dict().items()
    assert said.err.endswith(f"; strip in {strip}\n")
    with Image.open(strip) as picture:
        assert picture.size == (1200, 200)
    assert cli.run(["theme", str(film), "--strip", str(strip)]) == 15


def test_strip_of_an_animation_and_of_photos(tmp_path: Path, capsys: Any) -> None:
    red, blue = Image.new("RGB", (8, 8), (200, 30, 40)), Image.new("RGB", (8, 8), (20, 60, 160))
    red.save(tmp_path / "a.gif", save_all=True, append_images=[blue])
    red.save(tmp_path / "a.png")
    blue.save(tmp_path / "b.png")
    for names in (["a.gif"], ["a.png", "b.png"]):
        strip = tmp_path / "strip.png"
        photos = [str(tmp_path / name) for name in names]
        assert cli.run(["theme", *photos, "--strip", str(strip), "-f", "-q"]) == 0
        pixels = np.asarray(Image.open(strip))
        assert (pixels[:, :600] == (200, 30, 40)).all()
        assert (pixels[:, 600:] == (20, 60, 160)).all()
    assert capsys.readouterr().err == ""
    saved = tmp_path / "a.histogram"
    kpalette.ColorHistogram.from_image(red).save(saved)
    assert cli.run(["theme", str(saved), "--strip", str(strip), "-f"]) == 2
    assert "--strip: expected pictures, got a histogram" in capsys.readouterr().err


@pytest.mark.parametrize("frames", [1, 7, MOMENTS, MOMENTS + 1, 2 * MOMENTS + 1, 5 * MOMENTS])
def test_strip_of_any_length(frames: int) -> None:
    counter = StripCounter(Look.of(None, None, ()), make_team(1))
    for i in range(frames):
        color = (255, 0, 0) if i < frames / 2 else (0, 0, 255)
        counter.add(np.full((4, 4, 3), color, np.uint8))
    strip = counter.draw()
    share = (strip[0] == (255, 0, 0)).all(axis=1).mean()
    middle = (frames + 1) // 2 / frames
    assert share == pytest.approx(middle, abs=0.01)
    mixed = (strip != strip[:1]).any(axis=(0, 2)).sum()  # a moment that has both
    assert mixed <= 1200 / MOMENTS


def test_columns_show_shares_and_lightness() -> None:
    counter = StripCounter(Look.of(None, None, "white"), make_team(1))
    frame = np.zeros((100, 4, 3), np.uint8)
    frame[:25] = 250, 240, 0
    counter.add(frame)
    counter.add(np.full((4, 4, 3), 255, np.uint8))  # of which all is ignored
    strip = counter.draw()
    assert (strip[:50, :600] == (250, 240, 0)).all()
    assert not strip[50:, :600].any()
    assert not strip[:, 600:].any()
