"""Many photos: what is found, where it goes, what is told of it, and what stops it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import PATIENCE, files_in, gradient, noise, png_header, tree
from kpalette import cli, still
from kpalette.cli import inputs, jobs, plan

COMMAND = [sys.executable, "-m", "kpalette"]


FOUND = ["a.JPG", "b.png", "sub/c.tif", "sub/deep/d e.png"]

# What is found


def test_a_folder_needs_to_be_asked_for(folder: Path, fails: Any) -> None:
    assert "it is a directory; -r takes the images in it" in fails(3, "quantize", folder)


def test_images_of_a_folder_are_found_in_order(folder: Path) -> None:
    found = inputs.gather([str(folder)], True, None)
    assert [source.below for source in found] == FOUND
    assert [source.path for source in found] == [str(folder / name) for name in FOUND]


def test_each_photo_is_found_once(folder: Path) -> None:
    names = [str(folder / "b.png"), str(folder), str(folder / "sub"), str(folder / "*.png")]
    found = [source.path for source in inputs.gather(names, True, None)]
    assert sorted(found) == sorted(str(folder / name) for name in FOUND)
    assert found[0] == names[0]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.png", ["b.png"]),
        ("**/*.png", ["b.png", "sub/deep/d e.png"]),
        ("**", FOUND),
        ("*", ["a.JPG", "b.png"]),
        ("*.txt", ["notes.txt"]),
        ("[ab].*", ["a.JPG", "b.png"]),
        ("sub/?.tif", ["sub/c.tif"]),
        (".hidden/*", [".hidden/x.png"]),
    ],
)
def test_patterns(
    pattern: str, names: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = inputs.gather([f"{folder}/{pattern}"], False, None)
    assert [source.path for source in found] == [str(folder / name) for name in names]
    monkeypatch.chdir(folder)
    assert [source.path for source in inputs.gather([pattern], False, None)] == names


def test_a_file_called_like_a_pattern_is_that_file(folder: Path) -> None:
    odd = folder / "[b].png"
    shutil.copy(folder / "b.png", odd)
    assert [source.path for source in inputs.gather([str(odd)], False, None)] == [str(odd)]


def test_a_pattern_of_nothing(folder: Path, fails: Any) -> None:
    assert "no file matches the pattern" in fails(3, "quantize", folder / "*.webp")


#: From Python 3.13 on, two stars in a name are as one.
STARS = [] if sys.version_info >= (3, 13) else ["a**", "**b.png"]


@pytest.mark.parametrize("pattern", [*STARS, f"{'x' * 300}/*.png"])
def test_a_pattern_that_is_none_is_told(pattern: str, folder: Path, fails: Any) -> None:
    line = fails(3, "quantize", folder / pattern)
    assert "no file matches the pattern" in line or "cannot be read: " in line


def test_folders_that_cannot_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    plain = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("sub/deep"):
            raise PermissionError(13, "Permission denied", path)
        return plain(path)

    monkeypatch.setattr(os, "scandir", scandir)
    out = folder.parent / "out"
    assert cli.run(["quantize", "-r", str(folder), "--out-dir", str(out)]) == 3
    assert f"kpalette: {folder}/sub/deep: cannot be read: Permission" in capsys.readouterr().err
    monkeypatch.undo()
    assert tree(out) == {"a.png", "b.png", "sub/c.png"}


def test_what_may_not_be_read_fails_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    locked = folder / "locked"
    locked.mkdir()
    access, scandir = os.access, os.scandir

    def readable(path: Any, *rest: Any) -> bool:
        return str(path) != str(locked) and access(path, *rest)

    def refused(path: Any) -> Any:
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "access", readable)
    monkeypatch.setattr(os, "scandir", refused)
    assert cli.run(["quantize", "-r", str(locked), str(folder / "b.png"), "-k", "4"]) == 3
    assert f"kpalette: {locked}: cannot be read: Permission" in capsys.readouterr().err
    assert "b-4.png" in files_in(folder)
    for command in (["palette", "-r"], ["sweep"], ["compare", str(folder / "b.png")]):
        assert cli.run([*command, str(locked)]) == 3
        assert f"kpalette: {locked}: cannot be read: " in capsys.readouterr().err


# What is told


def test_json_lines(folder: Path, capsys: Any) -> None:
    (folder / "bad.png").write_text("just words")
    out = folder.parent / "out"
    args = ["quantize", "-r", str(folder), "-k", "4", "--out-dir", str(out), "--json", "-q"]
    assert cli.run([*args, "--jobs", "3"]) == 3
    read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ["a.JPG", "b.png", "bad.png", "sub/c.tif", "sub/deep/d e.png"]
    assert [report["input"] for report in read] == [str(folder / name) for name in names]
    bad = read.pop(2)
    assert (bad["code"], bad["skipped"]) == (3, False)
    assert bad["error"].startswith("expected an image of a format")
    for report in read:
        quantized = kpalette.quantize(report["input"], 4)
        assert report["output"].startswith(f"{out}/")
        assert (report["code"], report["error"], report["skipped"]) == (0, None, False)
        assert (report["height"], report["width"]) == quantized.indices.shape
        assert (report["mse"], report["psnr"]) == (quantized.mse, quantized.psnr)
        assert (report["k"], report["n_distinct"]) == (4, quantized.n_distinct)
        assert report["bytes_in"] == os.path.getsize(report["input"])
        assert report["bytes_out"] == os.path.getsize(report["output"])
    assert cli.run([*args, "--skip-existing"]) == 3
    read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(report["code"], report["skipped"]) for report in read] == [
        (3, False) if report["input"].endswith("bad.png") else (0, True) for report in read
    ]


def test_json_of_a_lossless_picture(photo: Path, capsys: Any) -> None:
    Image.fromarray(np.array([[1, 2]], np.uint8)).save(photo)
    assert cli.run(["quantize", str(photo), "--json", "-q"]) == 0
    read = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert (read["mse"], read["psnr"]) == (0, None)
    assert cli.run(["quantize", str(photo), "-f"]) == 0
    assert "s; lossless; " in capsys.readouterr().err


def test_json_of_names_that_are_not_unicode(tmp_path: Path, capsys: Any) -> None:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")
    try:
        Image.fromarray(gradient(4, 4)).save(os.fsdecode(raw))
    except OSError:
        pytest.skip("the file system takes no such name")
    assert cli.run(["quantize", os.fsdecode(raw), "--json", "-q"]) == 0
    out = capsys.readouterr().out
    out.encode()
    read = json.loads(out)
    assert read["input"] == f"{tmp_path}/caf\ufffd.png"
    assert bytes.fromhex(read["input_hex"]) == raw
    read["input"].encode()  # which lone surrogates could not


def test_names_that_are_not_unicode_are_told_as_their_bytes(tmp_path: Path, fails: Any) -> None:
    missing = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9\n\xc3\xa9.png"))
    line = fails(3, "quantize", missing)
    assert line.startswith(f"kpalette: {tmp_path}/caf\\xe9\\né.png: cannot be read: ")
    quoted = fails(2, "quantize", "a.png", "b.png", "-o", os.fsdecode(b"caf\xe9.png"))
    assert "got 'caf\\xe9.png'" in quoted


def test_results_come_in_order_whatever_the_jobs(tmp_path: Path, capsys: Any) -> None:
    sizes = [60, 4, 40, 4, 80, 4, 4, 20]
    photos = [tmp_path / f"{i}.png" for i in range(len(sizes))]
    for path, size in zip(photos, sizes, strict=True):
        Image.fromarray(noise(size, size)).save(path)
    told = []
    for n in (1, 4):
        out = tmp_path / str(n)
        args = ["quantize", *map(str, photos), "-k", "9", "--out-dir", str(out), "-j", str(n)]
        assert cli.run(args) == 0
        lines = capsys.readouterr().err.splitlines()
        told.append([line.split(": ")[0] for line in lines[:-1]])
        assert lines[-1].startswith("8 of 8 photos; ")
    assert told[0] == told[1] == [str(path) for path in photos]
    for path in photos:
        assert (tmp_path / "1" / path.name).read_bytes() == (
            tmp_path / "4" / path.name
        ).read_bytes()


def test_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert jobs.share_out(1, None, None) == (1, 8)
    assert jobs.share_out(100, None, None) == (8, 1)
    assert jobs.share_out(3, None, None) == (3, 2)
    assert jobs.share_out(100, None, 4) == (2, 4)
    assert jobs.share_out(100, 2, None) == (2, 4)
    assert jobs.share_out(100, 20, 3) == (20, 3)


def test_a_terminal_shows_how_far_it_is(folder: Path, capsys: Any, monkeypatch: Any) -> None:
    args = ["quantize", "-r", str(folder), "-k", "4", "-f", "--out-dir", str(folder.parent / "o")]
    assert cli.run(args) == 0
    assert "\r" not in capsys.readouterr().err
    monkeypatch.setattr(os, "isatty", lambda number: number == 2)
    assert cli.run(args) == 0
    said = capsys.readouterr()
    assert "photos: 0 of 4" in said.err
    assert said.out == ""
    assert "\x1b[3" not in said.err  # no colours
    assert cli.run([*args, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_skip_if_larger(photo: Path, fails: Any, capsys: Any) -> None:
    small = photo.with_name("small.png")
    kpalette.quantize(photo, 2).save(small)
    args = ["quantize", small, "-k", "256", "--skip-if-larger", "--quiet"]
    assert "small.png: skipped: " in fails(98, *args)
    assert cli.run([str(arg) for arg in (*args, "--skips-ok")]) == 0
    assert capsys.readouterr() == ("", "")
    assert files_in(photo.parent) == {"photo.png", "small.png"}
    # A failure counts for more than what was skipped.
    assert cli.run([*map(str, args), str(photo.with_name("missing.png"))]) == 3


# One palette


def test_a_shared_palette_is_that_of_the_sum(folder: Path, capsys: Any) -> None:
    (folder / "bad.png").write_text("just words")
    Image.fromarray(noise(8, 8, 4)).save(folder / "clear.png")
    out = folder.parent / "out"
    args = ["quantize", "-r", str(folder), "-k", "6", "--out-dir", str(out), "--shared-palette"]
    assert cli.run([*args, "--fixed", "#123456", "--space", "lab", "-j", "3"]) == 3
    assert capsys.readouterr().err.count("bad.png: expected an image of") == 1
    photos = [folder / name for name in [*FOUND, "clear.png"]]
    total = sum(kpalette.ColorHistogram.from_image(path) for path in photos)
    palette = kpalette.extract_palette(total, 6, fixed=["#123456"], space="lab")
    for path in photos:
        with Image.open((out / path.relative_to(folder)).with_suffix(".png")) as image:
            expected = palette.remap(path, space="lab")
            assert np.array_equal(np.asarray(image.convert("RGBA")), expected.rgba)
    assert tree(out) == {"a.png", "b.png", "clear.png", "sub/c.png", "sub/deep/d e.png"}


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_shared_palette_is_moved_by_all_photos(folder: Path, jobs: str, capsys: Any) -> None:
    out = folder.parent / "out"
    args = ["quantize", "-r", str(folder), "-k", "6", "--out-dir", str(out), "--shared-palette"]
    dither = ["--dither", "spatial", "--dither-strength", "0.5"]
    assert cli.run([*args, *dither, "-j", jobs]) == 0
    how: dict[str, Any] = {"dither": "spatial", "dither_strength": 0.5}
    photos = [folder / name for name in FOUND]
    palette = kpalette.extract_palette(photos, 6, **how)
    assert palette.hex != kpalette.extract_palette(photos, 6, dither="bayer").hex
    for path in photos:
        with Image.open((out / path.relative_to(folder)).with_suffix(".png")) as image:
            expected = palette.remap(path, **how)
            assert np.array_equal(np.asarray(image.convert("RGBA")), expected.rgba)


@pytest.mark.parametrize("args", [["--psnr", "30"], ["--saliency"], ["--weights", "w.png"]])
def test_a_shared_palette_sees_no_pixels(args: list[str], photo: Path, fails: Any) -> None:
    line = fails(2, "quantize", photo, "--shared-palette", *args)
    assert f"--shared-palette and {args[0]} exclude each other" in line


def test_a_shared_palette_needs_what_can_be_read_twice(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = ["quantize", "--shared-palette", "-q"]
    assert "--shared-palette reads photos twice" in fails(2, *args, "-")
    twice = ["--fixed", "#000000,#000000"]
    assert "--fixed: expected distinct" in fails(2, *args, photo, *twice)


# What goes wrong on the way


def test_a_photo_that_changes_is_not_replaced(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(way: Any) -> Any:
        plain = way.quantize

        def quantize(*args: Any, **options: Any) -> Any:
            with photo.open("ab") as file:
                file.write(b"more")
            return plain(*args, **options)

        return quantize

    args = ["quantize", photo, "--ext", ".png", "-f", "-k", "4"]
    for way, more in ((kpalette.pipeline, ["--saliency"]), (still, [])):
        monkeypatch.setattr(way, "quantize", slow(way))
        assert "the file changed while it was reduced" in fails(3, *args, *more)
        assert photo.read_bytes().endswith(b"more")


def test_photos_that_vanish_fail_alone(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    plain = plan.plan

    def late(*args: Any) -> Any:
        made = plain(*args)
        (folder / "b.png").unlink()
        return made

    monkeypatch.setattr("kpalette.cli.batch.plan", late)
    out = folder.parent / "out"
    assert cli.run(["quantize", "-r", str(folder), "--out-dir", str(out)]) == 3
    assert f"{folder}/b.png: cannot be read: No such file" in capsys.readouterr().err
    assert tree(out) == {"a.png", "sub/c.png", "sub/deep/d e.png"}


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, "kpalette: interrupted\n"),
        (signal.SIGTERM, 143, "kpalette: terminated\n"),
        (signal.SIGHUP, 129, ""),
    ],
)
def test_a_signal_leaves_nothing_half_written(
    number: int, code: int, said: str, tmp_path: Path
) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("ignored here, and so by what is started here, as under nohup")
    source, out = tmp_path / "photo.png", tmp_path / "out"
    Image.fromarray(noise(150, 150)).save(source)
    for i in range(400):
        (tmp_path / f"{i}.png").symlink_to(source)
    args = ["quantize", "-q", "-r", str(tmp_path), "-k", "32", "--out-dir", str(out), "-j", "4"]
    process = subprocess.Popen([*COMMAND, *args], stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE
    while not (out.is_dir() and any(out.glob("*.png"))):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stderr.decode()) == (code, said)
    written = files_in(out)
    assert 0 < len(written) < 400
    for name in written:
        assert not name.startswith(".")
        with Image.open(out / name) as image:
            image.load()


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    for i in range(40):
        Image.fromarray(noise(60, 60, seed=i)).save(tmp_path / f"{i}.png")
    out = tmp_path / "out"
    args = ["quantize", "-r", str(tmp_path), "--json", "-q", "--out-dir", str(out), "-j", "3"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, *args], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""
    assert not [name for name in files_in(out) if name.startswith(".")]


def test_two_at_once_in_one_folder(folder: Path) -> None:
    out = folder.parent / "out"
    args = [*COMMAND, "quantize", "-q", "-r", str(folder), "--out-dir", str(out), "-k", "4"]
    running = [subprocess.Popen([*args, "--skip-existing"]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert tree(out) == {"a.png", "b.png", "sub/c.png", "sub/deep/d e.png"}
    for name in tree(out):
        assert png_header(out / name)[2] == 4


@pytest.mark.parametrize("command", ["quantize", "palette", "remap --palette brand.hex"])
def test_folder_without_images_is_an_error(
    command: str, tmp_path: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brand.hex").write_text("ff8800\n")
    (tmp_path / "notes" / "below").mkdir(parents=True)
    (tmp_path / "notes" / "a.txt").write_text("no image")
    line = fails(3, *command.split(), "-r", "notes")
    assert line == "kpalette: notes: cannot be read: it is a directory without images\n"


@pytest.mark.parametrize("missing", ["oxipng", "zopfli"])
def test_without_what_optimizes_nothing_is_begun(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any
) -> None:
    pytest.importorskip("oxipng")
    monkeypatch.setitem(sys.modules, missing, None)
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(noise(8, 8)).save(tmp_path / name)
    args = ["quantize", tmp_path / "a.jpg", tmp_path / "b.jpg", "--optimize"]
    said = fails(2, *args, "--out-dir", tmp_path / "out")
    assert said.count(f"--optimize: {missing} is not installed") == 1
    assert not (tmp_path / "out").exists()
    assert cli.run([*map(str, args), "--format", "webp"]) == 0
