"""pngquant's command lines: the same files and the same exit codes, beside it where it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import files_in, gradient, noise, png_header
from kpalette import cli
from kpalette.cli import pngquant
from kpalette.quality import pngquant_looks

OURS = [sys.executable, "-m", "kpalette"]

# A command line, then pngquant's exit code, its new files, and whether it writes to stdout.
CALLS: list[tuple[str, int, set[str], bool]] = [
    ("64 a.png", 0, {"a-fs8.png"}, False),
    ("64 -- a.png", 0, {"a-fs8.png"}, False),
    ("-- 64 a.png", 0, {"a-fs8.png"}, False),
    ("a.png", 0, {"a-fs8.png"}, False),
    ("-v a.png", 0, {"a-fs8.png"}, False),
    ("--strip --speed=10 --verbose 8 a.png", 0, {"a-fs8.png"}, False),
    ("--nofs 64 a.png", 0, {"a-or8.png"}, False),
    ("64 --ordered a.png", 0, {"a-or8.png"}, False),
    ("-s11 a.png", 0, {"a-or8.png"}, False),
    ("-s 1 4 a.png", 0, {"a-fs8.png"}, False),
    ("--floyd a.png", 0, {"a-fs8.png"}, False),
    ("--floyd=0.5 a.png", 0, {"a-fs8.png"}, False),
    ("--transbug a.png", 0, {"a-fs8.png"}, False),
    ("--map few.png a.png", 0, {"a-fs8.png"}, False),
    ("--map b.png a.png", 0, {"a-fs8.png"}, False),
    ("--posterize 4 a.png", 0, {"a-fs8.png"}, False),
    ("--posterize 0 --nofs 16 a.png", 0, {"a-or8.png"}, False),
    ("16 --ext -small.png -- a.png b.png", 0, {"a-small.png", "b-small.png"}, False),
    ("16 a.png b.png", 0, {"a-fs8.png", "b-fs8.png"}, False),
    ("-o x.png 16 a.png", 0, {"x.png"}, False),
    ("--output x.dat 16 a.png", 0, {"x.dat"}, False),
    ("--output - 16 a.png", 0, set(), True),
    ("16 - <a.png", 0, set(), True),
    ("16 <a.png", 0, set(), True),
    ("--quality=0-50 - <a.png", 0, set(), True),
    ("--quality 0-90 16 a.png", 0, {"a-fs8.png"}, False),
    ("-Q 0-10 a.png", 0, {"a-fs8.png"}, False),
    ("--quality=-90 4 a.png", 0, {"a-fs8.png"}, False),
    ("--quality 90 2 a.png", 99, set(), False),
    ("--quality 90- 2 a.png", 99, set(), False),
    ("--quality 100-100 4 a.png", 99, set(), False),
    ("--quality 90-100 4 - <a.png", 99, set(), True),
    ("--quality 90-100 4 -o - a.png", 99, set(), True),
    ("--skip-if-larger 256 --nofs few.png", 98, set(), False),
    ("--skip-if-larger 256 --nofs - <few.png", 98, set(), True),
    ("--skip-if-larger -f --ext .png 2 --nofs a.png", 0, set(), False),
    ("--force --ext .png 16 a.png b.png", 0, set(), False),
    ("--ext .png 16 a.png", 15, set(), False),
    ("16 old.png", 15, set(), False),
    ("-f 16 old.png", 0, set(), False),
    ("-o b.png 16 a.png", 15, set(), False),
    ("16 missing.png", 2, set(), False),
    ("16 missing.png a.png", 2, {"a-fs8.png"}, False),
    ("16 a.png missing.png old.png", 15, {"a-fs8.png"}, False),
    ("-o nowhere/x.png a.png", 16, set(), False),
    ("1 a.png", 4, set(), False),
    ("257 a.png", 4, set(), False),
    ("--speed 12 a.png", 4, set(), False),
    ("--speed 0 a.png", 4, set(), False),
    ("--quality 101 a.png", 4, set(), False),
    ("--quality 80-60 a.png", 4, set(), False),
    ("--quality x a.png", 4, set(), False),
    ("--floyd=2 a.png", 4, set(), False),
    ("--posterize 9 a.png", 4, set(), False),
    ("--bogus a.png", 4, set(), False),
    ("-o x.png --ext y.png a.png", 4, set(), False),
    ("-o x.png a.png b.png", 4, set(), False),
]


@pytest.fixture
def pngs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the files that `CALLS` are about."""
    monkeypatch.chdir(tmp_path)
    pixels = noise(48, 64) // 4 + gradient(48, 64) // 4 * 3
    for name in ("a.png", "b.png", "old.png"):
        Image.fromarray(pixels).save(name)
    kpalette.quantize(noise(16, 16), 4).save("few.png")
    Path("old-fs8.png").write_bytes(b"precious")
    return tmp_path


def outcome(program: list[str], line: str, folder: Path) -> tuple[int, set[str], bool]:
    """Run a command line; the exit code, which files are new, whether stdout has something."""
    before = files_in(folder)
    arguments, _, stdin = line.partition("<")
    with open(stdin or os.devnull, "rb") as file:
        done = subprocess.run([*program, *arguments.split()], stdin=file, capture_output=True)
    assert b"Traceback" not in done.stderr
    return done.returncode, files_in(folder) - before, bool(done.stdout)


@pytest.mark.parametrize(("line", "code", "new", "out"), CALLS, ids=[call[0] for call in CALLS])
def test_it_does_as_pngquant(line: str, code: int, new: set[str], out: bool, pngs: Path) -> None:
    if out or "<" in line:
        assert outcome(OURS, line, pngs) == (code, new, out)
    else:  # which is quicker
        before = files_in(pngs)
        assert cli.run(line.split()) == code
        assert files_in(pngs) - before == new
    force = "-f" in line or "--force" in line
    assert (Path("old-fs8.png").read_bytes() == b"precious") == (not force or "old" not in line)
    for name in new:
        with Image.open(name) as image:
            assert image.mode == "P"


@pytest.mark.skipif(not shutil.which("pngquant"), reason="no pngquant to compare with")
@pytest.mark.parametrize(("line", "code", "new", "out"), CALLS, ids=[call[0] for call in CALLS])
def test_pngquant_does_so(line: str, code: int, new: set[str], out: bool, pngs: Path) -> None:
    """What is expected of kpalette is what pngquant does."""
    assert outcome(["pngquant"], line, pngs) == (code, new, out)


def test_what_is_refused_passes_through_stdout(pngs: Path) -> None:
    """As from pngquant, so that a pipe never ends in an empty file."""
    photo = Path("few.png").read_bytes()
    done = subprocess.run(
        [*OURS, "--skip-if-larger", "--nofs", "-"], input=photo, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (98, photo, b"")
    done = subprocess.run(
        [*OURS, "quantize", "--skip-if-larger", "-"], input=photo, capture_output=True
    )
    assert (done.returncode, done.stdout) == (98, b"")


def test_it_says_nothing_unless_asked(pngs: Path, capsys: Any) -> None:
    assert cli.run(["16", "a.png"]) == 0
    assert capsys.readouterr() == ("", "")
    assert cli.run(["16", "b.png", "-v"]) == 0
    assert capsys.readouterr().err.startswith("b.png: 64×48, ")
    assert cli.run(["-f", "--quality", "100-100", "4", "few.png", "a.png"]) == 99
    assert capsys.readouterr() == ("", "")


def test_it_speaks_of_what_pngquant_does_not_read(pngs: Path, capsys: Any) -> None:
    Image.open("a.png").save("a.jpg")
    assert cli.run(["16", "a.jpg"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("a.jpg: 64×48, ")
    assert "in a-fs8.png" in said.err
    assert cli.run(["16", "-f", "-q", "a.jpg"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("photo", ["a.jpg", "a.png"])
def test_the_number_may_come_last(photo: str, pngs: Path) -> None:
    Image.open("a.png").save("a.jpg")
    assert cli.run([photo, "16", "-q"]) == 0
    with Image.open("a-fs8.png") as image:
        assert len(image.getpalette()) == 3 * 16
    shutil.copy("b.png", "8")  # a photo that is called so
    assert cli.run([photo, "8", "--force", "-q"]) == 0
    with Image.open("a-fs8.png") as image:
        assert len(image.getpalette()) == 3 * 256
    assert Path("8-fs8.png").exists()


def test_pictures_are_those_of_the_library(pngs: Path) -> None:
    for args, name, options in (
        (["16", "a.png"], "a-fs8.png", {"dither": "floyd-steinberg"}),
        (["16", "--nofs", "a.png"], "a-or8.png", {}),
        (["16", "--floyd=0.25", "b.png"], "b-fs8.png",
         {"dither": "floyd-steinberg", "dither_strength": 0.25}),
        (["16", "-s10", "--nofs", "b.png"], "b-or8.png", {"effort": "fast"}),
    ):  # fmt: skip
        assert cli.run(args) == 0
        expected = kpalette.quantize(args[-1], 16, **options)
        assert np.array_equal(np.asarray(Image.open(name).convert("RGB")), expected.rgb)


def test_words_work_in_quantize(pngs: Path, fails: Any) -> None:
    assert cli.run(["quantize", "16", "a.png", "--floyd", "--speed", "2", "-q"]) == 0
    expected = kpalette.quantize("a.png", 16, dither="floyd-steinberg", effort="best")
    assert np.array_equal(np.asarray(Image.open("a-16.png").convert("RGB")), expected.rgb)
    assert "given twice, 16 and -k 8" in fails(2, "quantize", "16", "a.png", "-k", "8")
    assert "--dither and --nofs exclude each other" in fails(
        2, "quantize", "a.png", "--nofs", "--dither", "bayer"
    )
    assert cli.run(["quantize", "a.png", "8", "-q"]) == 0
    assert png_header(Path("a-8.png"))[2] == 8
    assert "number of colours: expected 2 to 256, got 300" in fails(2, "quantize", "a.png", "300")
    assert "9: cannot be read" in fails(3, "quantize", "8", "9", "-q")
    shutil.copy("a.png", "32")
    assert cli.run(["quantize", "32", "-q"]) == 0  # a file that is called so
    assert png_header(Path("32-256.png"))[2] == 256


def test_a_mistyped_command_is_no_file(fails: Any) -> None:
    assert "No such command 'quantise'" in fails(2, "quantise")
    assert "No such command 'quantise'" in fails(2, "quantise", "a.png")


# The scale of quality


def test_quality_is_read_as_by_pngquant() -> None:
    read = pngquant.quality_range
    assert read("60-80") == (60, 80)
    assert read("90") == (81, 90)
    assert read("65-") == (65, 100)
    assert read("-65") == (0, 65)
    assert read("0") == (0, 0)


def test_a_range_that_is_turned_round_is_told(fails: Any) -> None:
    line = "expected MIN-MAX with MIN at most MAX, got '80-60'"
    assert line in fails(4, "--quality", "80-60", "a.png")
    assert "numbers from 0 to 100, got '800-60'" in fails(4, "--quality", "800-60", "a.png")


def test_quality_takes_the_fewest_colours(data: Path, tmp_path: Path, capsys: Any) -> None:
    photo, out = data / "cq100" / "pencils.png", tmp_path / "x.png"
    args = ["quantize", str(photo), "-f", "-q", "-o", str(out)]
    assert cli.run([*args, "--quality", "0-40"]) == 0
    k = png_header(out)[2]
    expected = kpalette.quantize(photo, quality={"looks": pngquant_looks(0, 40)[1]})
    assert k == len(expected.palette) < 256
    # Too few for the most that is asked for, but not for the least: all that are allowed.
    before = kpalette.metrics.looks(photo, kpalette.quantize(photo, k - 5))
    worst, best = pngquant_looks(30, 40)
    assert worst < before < best
    assert cli.run([*args, "--quality", "30-40", "-k", str(k - 5)]) == 0
    assert png_header(out)[2] == k - 5
    out.unlink()
    assert cli.run([*args, "--quality", "80-90", "-k", str(k - 5)]) == 99
    assert f"expected looks 78, reached {before:.4g} with {k - 5}" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("flag", ["psnr", "looks"])
@pytest.mark.parametrize("dither", [None, "floyd-steinberg"])
def test_targets_are_the_librarys(flag: str, dither: str | None, photo: Path, fails: Any) -> None:
    wanted = {"psnr": 30, "looks": 60}[flag]
    args = ["quantize", photo, f"--{flag}", str(wanted), "--dither", dither or "none", "-q"]
    assert cli.run([str(arg) for arg in args]) == 0
    out = photo.with_name(f"{photo.stem}-{flag}-{wanted}.png")
    expected = kpalette.quantize(photo, quality={flag: wanted}, dither=dither)
    assert png_header(out)[2] == len(expected.palette) < 256
    assert getattr(kpalette.metrics.compare(photo, out), flag) >= wanted
    out.unlink()
    assert f"skipped: expected {flag} {wanted}, reached " in fails(99, *args, "-k", "4")
    assert not out.exists()


@pytest.mark.parametrize("flag", ["--psnr", "--looks"])
@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "x"])
def test_bad_targets(flag: str, bad: str, fails: Any) -> None:
    assert f"'{flag}': expected a number above 0" in fails(2, "quantize", "a", flag, bad)


def test_looks_are_at_most_100(fails: Any) -> None:
    assert "above 0 and at most 100, got '100.1'" in fails(2, "quantize", "a", "--looks", "100.1")


@pytest.mark.parametrize("flag", ["--delta-e", "--delta-e-p95"])
def test_means_over_pixels_are_no_targets(flag: str, fails: Any) -> None:
    said = fails(2, "quantize", "a", flag, "2")
    assert "use --looks, as in --looks 75" in said
    assert said.count("\n") == 1
    assert "use --looks" in fails(4, flag, "2", "a.png")


def test_one_target_at_a_time(photo: Path, fails: Any) -> None:
    assert "--psnr and --quality exclude each other" in fails(
        2, "quantize", photo, "--psnr", "30", "--quality", "50"
    )


def test_a_second_run_goes_on_as_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(30, 30)).save("photo.png")
    arguments = ["64", "--nofs", "--ext", "-small.png", "--force", "--"]
    for _ in range(2):
        assert cli.run([*arguments, *sorted(path.name for path in tmp_path.iterdir())]) == 0
    with Image.open("photo-small.png") as image:
        assert len(image.getpalette()) == 3 * 64
    assert (tmp_path / "photo-small-small.png").exists()  # as from pngquant
