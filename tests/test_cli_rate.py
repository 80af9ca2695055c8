"""--smaller and --max-bytes on the command line."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import files_in, gradient, noise
from kpalette import cli, rate
from kpalette.cli.exits import Stopped


@pytest.fixture
def grainy(tmp_path: Path) -> Path:
    path = tmp_path / "grainy.png"
    pixels = np.clip(gradient(80, 100) + noise(80, 100) // 16.0, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (["--smaller", "2"], {"smaller": 2}),
        (["--smaller", "1.5"], {"smaller": 1.5}),
        (["--smaller", "2", "--dither", "floyd-steinberg"], {"smaller": 2}),
        (["--smaller", "2", "--dither-strength", ".3"], {"smaller": 2, "dither_strength": 0.3}),
        (["--smaller", "2", "--dither", "none"], {"smaller": 2, "dither_strength": 0}),
        (["--smaller", "2", "--nofs"], {"smaller": 2, "dither_strength": 0}),
        (["--smaller", "2", "--floyd=.3"], {"smaller": 2, "dither_strength": 0.3}),
        (["--smaller", "0"], {}),
    ],
)
def test_smaller_is_the_library_s(args: Any, options: Any, grainy: Path) -> None:
    out = grainy.with_name("out.png")
    assert cli.run(["quantize", str(grainy), "-k", "40", "-q", "-o", str(out), *args]) == 0
    assert out.read_bytes() == kpalette.quantize(grainy, 40, **options).encode()


@pytest.mark.parametrize(("more", "name"), [([], "fs8"), (["--nofs"], "or8")])
def test_smaller_in_pngquant_s_words(more: list[str], name: str, grainy: Path) -> None:
    assert cli.run(["--smaller", "2", *more, "40", str(grainy)]) == 0
    strength = 0 if more else 1
    q = kpalette.quantize(grainy, 40, smaller=2, dither_strength=strength)
    assert grainy.with_name(f"grainy-{name}.png").read_bytes() == q.encode()


@pytest.mark.parametrize("dither", [[], ["--dither", "floyd-steinberg"], ["--dither", "none"]])
def test_smaller_gif_files(dither: list[str], grainy: Path, brand: Path) -> None:
    out = grainy.with_name("out.gif")
    options = {"smaller": 2, "smaller_in": "gif"}
    wanted = kpalette.quantize(grainy, 40, **options).encode("gif")
    assert len(wanted) < 0.92 * len(kpalette.quantize(grainy, 40).encode("gif"))
    for place in (["-o", str(out)], ["--format", "gif", "-o", str(out)]):
        args = ["-k", "40", "--smaller", "2", *dither, *place, "-fq"]
        assert cli.run(["quantize", str(grainy), *args]) == 0
        assert out.read_bytes() == wanted
    args = ["--palette", str(brand), "--smaller", "2", *dither, "-fqo", str(out)]
    assert cli.run(["remap", str(grainy), *args]) == 0
    palette = kpalette.Palette.load(brand)
    assert out.read_bytes() == palette.remap(grainy, **options).encode("gif")


def test_no_quick_file_grows(grainy: Path) -> None:
    out = grainy.with_name("out.png")
    sizes = []
    for smaller in ("0", "1", "3"):
        args = ["-k", "16", "--effort", "fast", "--smaller", smaller, "-fqo", str(out)]
        assert cli.run(["quantize", str(grainy), *args]) == 0
        sizes.append(out.stat().st_size)
    assert max(sizes) == sizes[0]


def test_smaller_by_some_of_many_colours(grainy: Path) -> None:
    many = grainy.with_name("many.png")
    Image.fromarray(noise(30, 30)).save(many)
    out = grainy.with_name("out.png")
    args = ["--palette", str(many), "--smaller", "2", "-o", str(out)]
    assert cli.run(["remap", str(grainy), *args]) == 0
    expected = kpalette.Palette.load(many).remap(grainy, k=256, smaller=2)
    assert out.read_bytes() == expected.encode()


def test_smaller_for_a_palette(grainy: Path, brand: Path) -> None:
    palette = kpalette.Palette.load(brand)
    wanted = palette.remap(grainy, smaller=3).encode()
    out = grainy.with_name("out.png")
    for command in (["remap", "--palette", brand], ["quantize", "--map", brand]):
        args = [*command, grainy, "--smaller", "3", "-o", out, "--force"]
        assert cli.run([str(arg) for arg in args]) == 0
        assert out.read_bytes() == wanted


def test_max_bytes(grainy: Path) -> None:
    assert cli.run(["quantize", str(grainy), "--max-bytes", "2.5k"]) == 0
    written = grainy.with_name("grainy-max-2500.png").read_bytes()
    assert len(written) <= 2500
    assert written == kpalette.quantize(grainy, max_bytes=2500).encode()


def test_max_bytes_that_cannot_be_met(grainy: Path, capsys: Any) -> None:
    assert cli.run(["quantize", str(grainy), "--max-bytes", "50"]) == 99
    said = f"{grainy}: skipped: expected at most 50 bytes, reached 89 with 1 colour\n"
    assert capsys.readouterr() == ("", said)
    assert cli.run(["quantize", str(grainy), "--max-bytes", "1"]) == 99
    assert "skipped: expected at most 1 byte, reached 89 with 1 colour" in capsys.readouterr().err
    assert files_in(grainy.parent) == {"grainy.png"}


def test_an_interrupted_search_leaves_nothing(
    grainy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    choose, calls = rate.choose, iter(range(4))

    def interrupted(*args: Any) -> None:
        if next(calls) == 3:
            raise Stopped(signal.SIGINT)
        choose(*args)

    monkeypatch.setattr(rate, "choose", interrupted)
    assert cli.run(["quantize", str(grainy), "--max-bytes", "2.5k"]) == 130
    assert capsys.readouterr() == ("", "kpalette: interrupted\n")
    assert files_in(grainy.parent) == {"grainy.png"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--smaller", "4"], "expected a number from 0 to 3, got '4'"),
        (["--smaller", "nan"], "expected a number from 0 to 3, got 'nan'"),
        (["--smaller", "1", "--dither", "bayer"], "--smaller and --dither bayer exclude"),
        (["--max-bytes", "many"], "expected a size such as 50k or 1.5MB, got 'many'"),
        (["--max-bytes", "0"], "expected at least 1 byte"),
        (["--max-bytes", "9k", "--looks", "50"], "--looks and --max-bytes exclude"),
        (["--max-bytes", "9k", "--keep-order"], "--max-bytes and --keep-order exclude"),
        (["--max-bytes", "9k", "--keep-metadata"], "and --keep-metadata exclude"),
        (["--max-bytes", "9k", "--keep-profile"], "and --keep-profile exclude"),
        (["--max-bytes", "9k", "--effort", "fast"], "and --effort fast exclude"),
        (["--max-bytes", "9k", "--format", "gif"], "and --format gif exclude"),
        (["--max-bytes", "9k", "--shared-palette"], "--shared-palette and --max-bytes exclude"),
    ],
)
def test_wrong_command_lines(args: list[str], message: str, grainy: Path, fails: Any) -> None:
    assert message in fails(2, "quantize", grainy, *args)


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    path = tmp_path / "moving.gif"
    frames = [Image.fromarray(noise(8, 8, seed=seed)) for seed in (1, 2)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])
    return path


@pytest.mark.parametrize("command", ["quantize", "remap"])
@pytest.mark.parametrize("dither", [[], ["--dither", "floyd-steinberg"]])
def test_smaller_animations(
    command: str, dither: list[str], moving: Path, grainy: Path, brand: Path
) -> None:
    options = ["--palette", str(brand)] if command == "remap" else ["-k", "16"]
    folder = moving.with_name("all")
    both = [command, str(moving), str(grainy), *options, *dither, "--smaller", "2"]
    assert cli.run([*both, "--out-dir", str(folder)]) == 0
    how: dict[str, Any] = {"smaller": 2}
    k = 16
    if command == "remap":
        how |= {"fixed": kpalette.Palette.load(brand), "palette_scope": "global"}
        k = len(how["fixed"])
    made = kpalette.quantize_animation(moving, k, **how)
    assert (folder / "moving.gif").read_bytes() == made.encode("gif")
    assert files_in(folder) == {"moving.gif", "grainy.png"}
