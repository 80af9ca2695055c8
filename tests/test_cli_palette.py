"""The command palette: what it lists and writes, and how it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import DAMAGED, noise
from kpalette import Palette, choices, cli, palette_files, sorting

COMMAND = [sys.executable, "-m", "kpalette"]


def test_palette_lists_colours_and_shares(photo: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "-k", "5"]) == 0
    said = capsys.readouterr()
    expected = kpalette.extract_palette(photo, 5)
    for line, name, share in zip(said.out.splitlines(), expected.hex, expected.shares, strict=True):
        assert re.fullmatch(rf"{name}   ?\s?\d+\.\d\d%", line)
        assert float(line.split()[1][:-1]) == pytest.approx(100 * share, abs=0.006)
    assert re.fullmatch(
        rf"{re.escape(str(photo))}: 3,072 pixels, 3,072 colours to 5 in \d+\.\d{{3}} s\n", said.err
    )


def test_palette_of_eight_colours_unless_told(photo: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 8
    assert said.err == ""


def test_palette_of_what_stands_out(photo: Path, tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["palette", str(photo), "--saliency", "--json"]) == 0
    expected = kpalette.extract_palette(photo, saliency=True)
    assert json.loads(capsys.readouterr().out)["colors"] == expected.hex
    saved, film = tmp_path / "a.histogram", tmp_path / "film.raw"
    kpalette.ColorHistogram.from_image(photo).save(saved)
    film.write_bytes(bytes(48))
    for args, line in [
        ([photo, saved], ": expected one photo, got 2"),
        ([saved], ": expected an image, got a histogram"),
        ([film, "--raw", "4x4"], ": expected an image, got a film"),
        ([photo, "--scheduler", "threads"], " does not work for images in tiles"),
    ]:
        assert cli.run(["palette", *map(str, args), "--saliency"]) == 2
        assert f"--saliency{line}" in capsys.readouterr().err


@pytest.mark.parametrize("dither", ["none", *choices.DITHERS])
def test_palette_made_for_dithering(dither: str, photo: Path, tmp_path: Path, capsys: Any) -> None:
    saved = tmp_path / "a.histogram"
    kpalette.ColorHistogram.from_image(photo).save(saved)
    asked = None if dither == "none" else dither
    expected = kpalette.extract_palette(photo, 6, dither=asked).hex
    assert (expected == kpalette.extract_palette(photo, 6).hex) == (asked is None)
    counted = kpalette.extract_palette(kpalette.ColorHistogram.load(saved), 6, dither=asked).hex
    assert (counted == expected) == (dither != "spatial")  # which needs pixels
    for source, colors in ((photo, expected), (saved, counted)):
        args = ["palette", str(source), "-k", "6", "--dither", dither, "--json", "-q"]
        assert cli.run(args) == 0
        assert json.loads(capsys.readouterr().out)["colors"] == colors
    args = ["palette", str(photo), str(saved), "-k", "6", "--dither", dither, "--json", "-q"]
    assert cli.run(args) == 0
    assert json.loads(capsys.readouterr().out)["colors"] == counted


def test_palette_of_several_photos_for_spatial_dithering(
    photo: Path, tmp_path: Path, capsys: Any
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(noise(20, 30, 4)).save(other)
    args = ["palette", str(photo), str(other), "-k", "6", "--dither", "spatial", "--json", "-q"]
    assert cli.run(args) == 0
    expected = kpalette.extract_palette([photo, other], 6, dither="spatial")
    assert json.loads(capsys.readouterr().out)["colors"] == expected.hex


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
    palette, remap = (cli.commands.commands[name] for name in ("palette", "remap"))
    offered = {parameter.name: parameter.type for parameter in palette.params}
    assert list(offered["sort"].choices) == list(sorting.ORDERS)
    assert list(offered["kind"].choices) == list(palette_files.FORMATS)
    helps = {parameter.name: parameter.help for parameter in remap.params[1:]}
    assert re.findall(r"\.([a-z]{3,4})\b", helps["palette_file"]) == list(palette_files.FORMATS)


def test_palette_shows_fields_of_colour_on_a_terminal(
    photo: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("WT_SESSION", "1")  # as Windows Terminal does
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = import_module("kpalette.cli.palette")._list
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
    assert "2 colours, fewer than k = 8: all are kept in " in said.err
    Image.fromarray(np.array([[9]], np.uint8)).save(path)
    assert cli.run(["palette", str(path)]) == 0
    assert ": 1 pixel, 1 colour, fewer than k = 8: it is kept in " in capsys.readouterr().err


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


def test_what_has_no_room_is_told(tmp_path: Path, photo: Path, fails: Any) -> None:
    Image.fromarray(noise(20, 20, 4)).save(tmp_path / "clear.png")
    out = tmp_path / "out.gpl"
    assert "file holds only opaque" in fails(2, "palette", tmp_path / "clear.png", "-o", out)
    many = ["palette", photo, "-k", "300"]
    assert "at most 256 colours, got 300" in fails(2, *many, "-o", tmp_path / "out.act")
    assert "at most 256 colours for compression" in fails(2, *many, "--sort", "compression")
    assert not out.exists()


@pytest.mark.parametrize("kind", ["act", "ase", "png"])
def test_no_bytes_on_a_terminal(
    kind: str, photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert "a terminal cannot show" in fails(2, "palette", photo, "--format", kind)


def test_palette_of_a_folder(photo: Path, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "photos" / "below"
    folder.mkdir(parents=True)
    Image.fromarray(noise(9, 9)).save(folder / "other.png")
    photo.rename(folder.parent / "photo.png")
    assert cli.run(["palette", "-r", str(folder.parent), "-k", "4", "--json", "-q"]) == 0
    read = json.loads(capsys.readouterr().out)
    photos = [folder.parent / "photo.png", folder / "other.png"]
    assert read["photos"] == [str(path) for path in photos]
    total = sum(kpalette.ColorHistogram.from_image(path) for path in photos)
    assert read["colors"] == kpalette.extract_palette(total, 4).hex


def test_palette_with_fixed_colours(photo: Path, capsys: Any, fails: Any) -> None:
    args = ["palette", str(photo), "--fixed", "#ff00ff, 00ffff"]
    assert cli.run([*args, "-q"]) == 0
    assert {"#ff00ff", "#00ffff"} < {line[:7] for line in capsys.readouterr().out.splitlines()}
    assert "--fixed: expected" in fails(2, *args, "-k", "1")


class TestFilms:
    film = np.random.default_rng(0).integers(0, 40, (5, 30, 40, 3), np.uint8)

    def run(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
        return subprocess.run([*COMMAND, "palette", *args], input=stdin, capture_output=True)

    def test_bare_frames_from_a_pipe_or_a_file(self, tmp_path: Path) -> None:
        Image.fromarray(self.film.reshape(150, 40, 3)).save(tmp_path / "all.png")
        expected = self.run(str(tmp_path / "all.png"), "-k", "12").stdout
        assert expected.count(b"#") == 12
        piped = self.run("-", "--raw", "40x30", "-k", "12", stdin=self.film.tobytes())
        assert (piped.returncode, piped.stdout) == (0, expected)
        assert b"6,000 pixels" in piped.stderr
        (tmp_path / "film.rgb").write_bytes(self.film.tobytes())
        filed = self.run(str(tmp_path / "film.rgb"), "--raw", "40X30", "-k", "12")
        assert (filed.returncode, filed.stdout) == (0, expected)

    @pytest.mark.parametrize(
        ("raw", "code", "match"),
        [
            ("40x31", 3, "stdin: frame 4: expected 3720 bytes (40×31, 3 channels), got 3120"),
            ("40", 2, "expected a width and a height such as 1920x1080, got '40'"),
            ("0x30", 2, "expected a width and a height"),
            ("40x", 2, "expected a width and a height"),
            ("٤x3", 2, "expected a width and a height"),
            ("1" * 5000 + "x1", 2, "expected a width and a height"),
            ("99999x99999", 2, "expected frames of at most 268,435,456 pixels"),
        ],
    )
    def test_sizes_that_do_not_fit(self, raw: str, code: int, match: str) -> None:
        done = self.run("-", "--raw", raw, stdin=self.film.tobytes())
        assert (done.returncode, done.stdout) == (code, b"")
        assert match in done.stderr.decode()

    def test_no_frames(self) -> None:
        done = self.run("-", "--raw", "4x3")
        assert done.returncode == 3
        assert b"expected at least one frame" in done.stderr


def test_a_saved_histogram(photo: Path, tmp_path: Path) -> None:
    kpalette.ColorHistogram.from_image(photo).save(tmp_path / "a.histogram")
    expected = subprocess.run([*COMMAND, "palette", str(photo)], capture_output=True).stdout
    done = subprocess.run([*COMMAND, "palette", str(tmp_path / "a.histogram")], capture_output=True)
    assert (done.returncode, done.stdout) == (0, expected)
    (tmp_path / "b.histogram").write_bytes(b"PK nothing")
    done = subprocess.run([*COMMAND, "palette", str(tmp_path / "b.histogram")], capture_output=True)
    assert done.returncode == 3
    assert b"b.histogram: is not a histogram: " in done.stderr


def test_counts_that_are_too_large(tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "large.histogram"
    colors = np.array([[0, 0, 0], [9, 9, 9], [99, 0, 0]], np.uint8)
    kpalette.ColorHistogram(colors, np.array([2**61, 2**61, 5])).save(path)
    assert "more than a fit can sum exactly" in fails(3, "palette", path, "-k", 2)
    assert "expected a sum of at most 2**63 - 1" in fails(3, "palette", path, path)
