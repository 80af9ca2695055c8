"""The commands palette, remap and compare: what they write, what they say, and how they fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import DAMAGED, files_in, gradient, noise, png_header
from kpalette import Palette, cli, metrics, palette_files, sorting

COMMAND = [sys.executable, "-m", "kpalette"]


@pytest.fixture
def brand(tmp_path: Path) -> Path:
    """Write a palette file of four colours."""
    path = tmp_path / "brand.gpl"
    Palette(np.array([[0, 0, 0], [255, 0, 0], [0, 255, 90], [255, 255, 90]], np.uint8)).save(path)
    return path


# palette


def test_palette_lists_colours_and_shares(photo: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "-k", "5"]) == 0
    said = capsys.readouterr()
    expected = kpalette.extract_palette(photo, 5)
    for line, name, share in zip(said.out.splitlines(), expected.hex, expected.shares, strict=True):
        assert re.fullmatch(rf"{name}   ?\s?\d+\.\d\d%", line)
        assert float(line.split()[1][:-1]) == pytest.approx(100 * share, abs=0.006)
    assert re.fullmatch(rf"{photo}: 3,072 pixels, 3,072 colors to 5 in \d+\.\d{{3}} s\n", said.err)


def test_palette_of_eight_colours_unless_told(photo: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 8
    assert said.err == ""


def test_palette_of_several_photos_is_that_of_their_sum(
    photo: Path, tmp_path: Path, capsys: Any
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(noise(20, 30, 4)).save(other)
    assert cli.run(["palette", str(photo), str(other), "-k", "6", "--json"]) == 0
    said = capsys.readouterr()
    total = sum(kpalette.ColorHistogram.from_image(path) for path in (photo, other))
    expected = kpalette.extract_palette(total, 6)
    assert json.loads(said.out) == {
        "photos": [str(photo), str(other)],
        "n_pixels": 48 * 64 + 600,
        "n_distinct": len(total),
        "colors": expected.hex,
        "counts": expected.counts.tolist(),
        "shares": expected.shares.tolist(),
    }
    assert said.err.startswith("2 photos: 3,672 pixels, ")


@pytest.mark.parametrize("kind", palette_files.FORMATS)
def test_palette_writes_any_format(kind: str, photo: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / f"my.{kind}"
    assert cli.run(["palette", str(photo), "-k", "5", "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f" s; palette in {out}\n")
    expected = kpalette.extract_palette(photo, 5)
    assert out.read_bytes() == palette_files.encode(expected, kind, "my")
    # --format decides over the suffix, and stdout has the same but for the title.
    other = tmp_path / "palette.data"
    args = ["palette", str(photo), "-k", "5", "--quiet", "--format", kind]
    assert cli.run([*args, "-o", str(other)]) == 0
    assert other.read_bytes() == palette_files.encode(expected, kind, "palette")
    for more in ([], ["-o", "-"]):
        done = subprocess.run([*COMMAND, *args, *more], capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == palette_files.encode(expected, kind, "photo")


def test_palette_from_stdin(photo: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "palette", "-", "--format", "css"],
        input=photo.read_bytes(),
        capture_output=True,
    )
    assert done.returncode == 0
    assert b"--stdin-8: #" in done.stdout
    assert done.stderr.startswith(b"stdin: ")


@pytest.mark.parametrize("sort", sorting.ORDERS)
def test_palette_in_order(sort: str, photo: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "--sort", sort]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == kpalette.extract_palette(photo, 8).sorted(sort).hex


def test_palette_offers_what_the_library_has() -> None:
    offered = {parameter.name: parameter.type for parameter in cli.palette.params}
    assert list(offered["sort"].choices) == list(sorting.ORDERS)
    assert list(offered["kind"].choices) == list(palette_files.FORMATS)
    helps = {parameter.name: parameter.help for parameter in cli.remap.params[1:]}
    assert re.findall(r"\.([a-z]{3,4})\b", helps["palette_file"]) == list(palette_files.FORMATS)


def test_palette_shows_fields_of_colour_on_a_terminal(
    photo: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = cli.palette.callback.__globals__["_list"]
    one = Palette(np.array([[1, 20, 255]], np.uint8))
    assert "\x1b" not in plain(one)
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert plain(one).startswith("\x1b[48;2;1;20;255m ")
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert "\x1b" not in plain(one)


def test_palette_of_fewer_colours(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "flag.png"
    Image.fromarray(np.array([[0, 9]], np.uint8)).save(path)
    assert cli.run(["palette", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out == "#000000   50.00%\n#090909   50.00%\n"
    assert "2 colors, fewer than k = 8: all are kept in " in said.err


def test_no_palette_if_a_photo_cannot_be_read(photo: Path, tmp_path: Path, capsys: Any) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(DAMAGED["text"][0])
    missing, out = tmp_path / "missing.png", tmp_path / "out.gpl"
    photos = [str(path) for path in (bad, photo, missing)]
    assert cli.run(["palette", *photos, "-o", str(out)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [str(bad), str(missing)]
    assert not out.exists()


def test_palette_replaces_only_if_forced(photo: Path, brand: Path, fails: Any) -> None:
    before = brand.read_bytes()
    assert f"{brand} exists; -f replaces it" in fails(15, "palette", photo, "-o", brand)
    assert brand.read_bytes() == before
    assert cli.run(["palette", str(photo), "-f", "-o", str(brand)]) == 0
    assert len(Palette.load(brand)) == 8


def test_palette_that_cannot_be_written(photo: Path, brand: Path, fails: Any) -> None:
    assert "cannot be written: there is no directory" in fails(
        16, "palette", photo, "-o", brand.parent / "missing" / "out.gpl"
    )


# remap


def test_remap_writes_pngs_of_the_palettes_colours(
    photo: Path, brand: Path, tmp_path: Path, capsys: Any
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(gradient(8, 9)).save(other)
    assert cli.run(["remap", str(photo), str(other), "--palette", str(brand)]) == 0
    lines = capsys.readouterr().err.splitlines()
    expected = Palette.load(brand)
    for path, line in zip((photo, other), lines, strict=True):
        out = path.with_name(f"{path.stem}-brand.png")
        assert png_header(out) == (2, 3, 4)
        remapped = expected.remap(path)
        used = (remapped.palette.counts > 0).sum()
        assert f" colors to {used} of 4 in 0." in line
        assert f"MSE {remapped.mse:.2f}, PSNR {remapped.psnr:.2f} dB; " in line
        assert line.endswith(f" to {out.stat().st_size:,} bytes in {out}")
        with Image.open(out) as image:
            assert np.array_equal(image.convert("RGB"), remapped.rgb)


def test_remap_streams_and_directories(photo: Path, brand: Path, tmp_path: Path) -> None:
    args = ["remap", "--palette", str(brand), "--quiet"]
    assert cli.run([*args, str(photo), "-o", f"{tmp_path}/new/"]) == 0
    done = subprocess.run([*COMMAND, *args, "-"], input=photo.read_bytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (tmp_path / "new" / "photo-brand.png").read_bytes()


def test_remap_never_writes_over_its_palette(photo: Path, brand: Path, fails: Any) -> None:
    folder = photo.parent / "out"
    folder.mkdir()
    (folder / "photo-brand.png").symlink_to(brand)
    before = brand.read_bytes()
    args = ["remap", photo, "--palette", brand, "-o", f"{folder}/"]
    assert "exists; -f replaces it" in fails(15, *args)
    assert "is one of the inputs; only a picture that -o names replaces it" in fails(
        15, *args, "-f"
    )
    assert brand.read_bytes() == before


def test_remap_with_palettes_that_cannot_be_read(photo: Path, tmp_path: Path, fails: Any) -> None:
    bad = tmp_path / "bad.ase"
    bad.write_bytes(b"GIMP Palette")
    assert f"{bad}: expected b'ASEF' at the start" in fails(3, "remap", photo, "--palette", bad)
    assert "missing.gpl: cannot be read: No such file" in fails(
        3, "remap", photo, "--palette", tmp_path / "missing.gpl"
    )
    (tmp_path / "many.hex").write_text("\n".join(f"{i:06x}" for i in range(1000)))
    assert "many.hex: expected at most 256 colors, got 1,000" in fails(
        3, "remap", photo, "--palette", tmp_path / "many.hex"
    )
    assert files_in(tmp_path) == {"photo.png", "bad.ase", "many.hex"}


def test_one_bad_photo_does_not_stop_remap(photo: Path, brand: Path, capsys: Any) -> None:
    missing = photo.with_name("missing.png")
    assert cli.run(["remap", str(missing), str(photo), "--palette", str(brand)]) == 3
    assert photo.with_name("photo-brand.png").exists()
    assert cli.run(["remap", str(missing), str(photo), "--palette", str(brand)]) == 1


# compare


@pytest.fixture
def pair(photo: Path) -> tuple[Path, Path]:
    """Write a photo, and the same in few colours."""
    few = photo.with_name("few.png")
    kpalette.quantize(photo, 6).save(few)
    return photo, few


def test_compare_prints_a_table(pair: tuple[Path, Path], capsys: Any) -> None:
    assert cli.run(["compare", *map(str, pair)]) == 0
    assert capsys.readouterr() == (metrics.compare(*pair).table() + "\n", "")


def test_compare_prints_json(pair: tuple[Path, Path], capsys: Any) -> None:
    a, b = map(str, pair)
    for one, other in ((a, b), (a, a)):
        assert cli.run(["compare", one, other, "--json"]) == 0
        said = capsys.readouterr().out
        read = json.loads(said, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert read == {"a": one, "b": other, **metrics.compare(one, other).to_dict()}


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_compare_draws_a_map(kind: str, pair: tuple[Path, Path], capsys: Any) -> None:
    out = pair[0].with_name(f"errors.{kind}")
    assert cli.run(["compare", *map(str, pair), "-o", str(out)]) == 0
    assert capsys.readouterr().err == f"errors in {out}\n"
    first = out.read_bytes()
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind])
    assert cli.run(["compare", *map(str, pair), "-o", str(out), "-f", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert out.read_bytes() == first


def test_compare_with_stdin(pair: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [*COMMAND, "compare", "-", str(pair[1])], input=pair[0].read_bytes(), capture_output=True
    )
    assert done.stdout.decode() == metrics.compare(*pair).table() + "\n"


def test_compare_that_cannot_read_or_write(
    pair: tuple[Path, Path], fails: Any, capsys: Any
) -> None:
    photo, few = pair
    missing = photo.with_name("missing.png")
    assert f"{missing}: cannot be read: No such file" in fails(3, "compare", photo, missing)
    assert cli.run(["compare", str(missing), str(missing)]) == 3
    assert capsys.readouterr().err.count("\n") == 2
    few.write_bytes(few.read_bytes()[:99])
    assert f"{few}: the image is damaged" in fails(3, "compare", photo, few)
    out = photo.with_name("errors.png")
    out.write_bytes(b"precious")
    assert "errors.png exists" in fails(15, "compare", photo, photo, "-o", out)
    assert out.read_bytes() == b"precious"
    assert "cannot be written" in fails(
        16, "compare", photo, photo, "-o", photo.parent / "missing" / "errors.png"
    )


def test_compare_of_other_sizes(photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = photo.with_name("small.png")
    Image.fromarray(gradient(8, 9)).save(small)
    line = fails(2, "compare", photo, small)
    assert "expected two images of the same size, got 64×48 and 9×8" in line
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    assert "ssim: needs scikit-image" in fails(2, "compare", photo, photo, "--ssim")


# Wrong command lines


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["palette"], "Missing argument 'PHOTO...'"),
        (["palette", "a", "-k", "65537"], "from 1 to 65536, got '65537'"),
        (["palette", "a", "-o", "brand.txt"], "one of '.act', '.ase', '.css', "),
        (["palette", "a", "-o", "brand"], "got 'brand'"),
        (["palette", "a", "--format", "aco"], "'aco' is not one of 'act', "),
        (["palette", "a", "--sort", "size"], "'size' is not one of 'share', "),
        (["palette", "a", "--json", "--format", "gpl"], "on stdout, got both"),
        (["palette", "a", "--json", "-o", "-"], "on stdout, got both"),
        (["palette", "a", "-"], "'-' (stdin) to be the only photo"),
        (["remap", "a"], "Missing option '--palette'"),
        (["remap", "a", "--palette", "b.txt"], "--palette: expected a name that ends in one of"),
        (["remap", "a", "--palette", "b.gpl", "-o", "c.jpg"], "a name that ends in '.png'"),
        (["remap", "a", "b", "--palette", "b.gpl", "-o", "-"], "a directory for 2 photos"),
        (["compare", "a"], "Missing argument 'B'"),
        (["compare", "-", "-"], "at most one '-' (stdin), got two"),
        (["compare", "a", "b", "-o", "c.jpg"], "ends in '.png', '.svg' or '.pdf', got 'c.jpg'"),
    ],
)  # fmt: skip
def test_wrong_command_lines(
    args: list[str], message: str, fails: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in fails(2, *args)
    assert files_in(tmp_path) == set()


def test_what_has_no_room_is_told(tmp_path: Path, photo: Path, fails: Any) -> None:
    Image.fromarray(noise(20, 20, 4)).save(tmp_path / "clear.png")
    out = tmp_path / "out.gpl"
    assert "file holds no alpha" in fails(2, "palette", tmp_path / "clear.png", "-o", out)
    many = ["palette", photo, "-k", "300"]
    assert "at most 256 colors, got 300" in fails(2, *many, "-o", tmp_path / "out.act")
    assert "at most 256 colors for compression" in fails(2, *many, "--sort", "compression")
    assert not out.exists()


@pytest.mark.parametrize("kind", ["act", "ase", "png"])
def test_no_bytes_on_a_terminal(
    kind: str, photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert "not a terminal" in fails(2, "palette", photo, "--format", kind)
