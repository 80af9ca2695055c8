"""Where pictures go: names, formats, folders, and what is never replaced."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import files_in, gradient, png_header, tree
from kpalette import cli
from kpalette.cli import loading

COMMAND = [sys.executable, "-m", "kpalette"]

#: Small smooth photos, as most here, are larger in few colours.
LARGER = "--even-if-larger"


# Where it goes


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("pattern", ["", "/**/*.*"])
def test_the_tree_is_kept(inside: bool, pattern: str, folder: Path) -> None:
    (folder / "notes.txt").unlink()
    out = folder / "out" if inside else folder.parent / "out"
    command = ["quantize", "-r", f"{folder}{pattern}", "--out-dir", str(out), "-k", "4", "-q"]
    assert cli.run(command) == 0
    pictures = {"a.png", "b.png", "sub/c.png", "sub/deep/d e.png"}
    assert tree(out) == pictures
    # What was written is not taken for photos in the next run, nor in the same.
    before = {name: (out / name).stat().st_mtime_ns for name in pictures}
    assert cli.run([*command, "--skip-existing"]) == 0
    assert cli.run(command) == 15
    assert before == {name: (out / name).stat().st_mtime_ns for name in pictures}
    assert tree(out) == pictures


def test_pictures_beside_photos_are_not_photos_of_the_next_run(folder: Path) -> None:
    command = ["quantize", "-r", str(folder), "-k", "4", "-q", "--skip-existing"]
    before = tree(folder)
    assert cli.run(command) == 0
    after = tree(folder)
    assert after - before == {"a-4.png", "b-4.png", "sub/c-4.png", "sub/deep/d e-4.png"}
    assert cli.run(command) == 0
    assert tree(folder) == after


def test_two_photos_of_one_picture(folder: Path, capsys: Any) -> None:
    shutil.copy(folder / "b.png", folder / "b.gif")
    out = folder.parent / "out"
    assert cli.run(["quantize", "-r", str(folder), "--out-dir", str(out)]) == 0
    names = {"a.png", "b.png", "b-png.png", "sub/c.png", "sub/deep/d e.png"}
    assert tree(out) == names
    again = folder.parent / "again"
    other = shutil.copytree(folder, folder.parent / "other", symlinks=True)
    assert cli.run(["quantize", "-r", str(folder), str(other), "--out-dir", str(again)]) == 15
    assert "another --out-dir keeps them apart" in capsys.readouterr().err


def test_results_are_replaced_where_forced(folder: Path) -> None:
    for _ in range(2):
        assert cli.run(["quantize", "-r", str(folder), "-k", "4", "-f", "-q"]) == 0
        results = {name for name in tree(folder) if "-4" in name}
        assert len(results) == 4
        assert not any("-4-4" in name for name in results)


def test_photos_that_are_no_results_are_not_replaced(folder: Path) -> None:
    original = folder / "b.jpg"
    Image.open(folder / "b.png").convert("RGB").save(original)
    before = original.read_bytes()
    assert (
        cli.run(["quantize", "-r", str(folder), "-k", "4", "-f", "-q", "--ext", ".png", LARGER])
        == 0
    )
    assert original.read_bytes() == before
    assert png_header(folder / "b.png") == png_header(folder / "b-jpg.png") == (2, 3, 4)


def test_an_ending_in_capitals_is_the_same(photo: Path) -> None:
    capitals = photo.with_name("PHOTO.PNG")
    shutil.copy(photo, capitals)
    assert cli.run(["quantize", str(capitals), "-k", "4", "-f", "--ext", ".png", LARGER]) == 0
    assert png_header(capitals) == (2, 3, 4)
    assert not photo.with_name("PHOTO.png").exists()


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["--ext", "-small.png"], "photo-small.png"),
        (["--ext", ".gif"], "photo.gif"),
        (["--format", "webp", "-k", "9"], "photo-9.webp"),
        (["--format", "tiff", "--out-dir", "x/y"], "x/y/photo.tiff"),
        (["--out-dir", "x", "--ext", "_.bmp"], "x/photo_.bmp"),
        (["-o", "x/"], "x/photo-256.png"),
        (["-o", "x.gif"], "x.gif"),
        (["-o", "odd.name", "--format", "GIF"], "odd.name"),
    ],
)
def test_names_and_formats(
    args: list[str], name: str, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    assert cli.run(["quantize", "photo.png", *args]) == 0
    assert tree(photo.parent) == {"photo.png", name}
    kinds = {"name": "GIF"}
    with Image.open(name) as image:
        ending = name.rpartition(".")[2]
        assert image.format == kinds.get(ending, ending.upper())


def test_in_place(photo: Path, fails: Any) -> None:
    before = photo.read_bytes()
    assert "exists; -f replaces it" in fails(15, "quantize", photo, "--ext", ".png")
    assert photo.read_bytes() == before
    os.utime(photo, ns=(10**18, 10**18 + 7))
    args = ["quantize", str(photo), "--ext", ".png", "-f", "--preserve", "-k", "4", LARGER]
    assert cli.run(args) == 0
    assert png_header(photo) == (2, 3, 4)
    assert photo.stat().st_mtime_ns == 10**18 + 7
    assert files_in(photo.parent) == {"photo.png"}


def test_another_photo_is_never_replaced(photo: Path, fails: Any) -> None:
    other = photo.with_name("photo-x.png")
    shutil.copy(photo, other)
    before = other.read_bytes()
    args = ["quantize", photo, other, "--ext", "-x.png", "-f", "-q"]
    assert "is one of the photos" in fails(15, *args)
    assert other.read_bytes() == before


def test_a_dry_run_writes_nothing(folder: Path, capsys: Any) -> None:
    before, out = tree(folder), folder / "new" / "out"
    args = ["quantize", "-r", str(folder), "missing.png", "--out-dir", str(out), "--dry-run"]
    assert cli.run(args) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{folder}/b.png: would be written to {out}/b.png\n" in said.err
    assert "kpalette: missing.png: cannot be read: No such file" in said.err
    assert tree(folder) == before
    assert not out.parent.exists()
    assert cli.run([*args, "--shared-palette"]) == 3
    assert tree(folder) == before


def test_a_dry_run_decodes_nothing_as_its_help_says(folder: Path, capsys: Any) -> None:
    (folder / "empty.png").touch()
    args = ["quantize", str(folder / "empty.png")]
    assert cli.run([*args, "--dry-run"]) == 0
    assert cli.run(args) == 3
    capsys.readouterr()
    assert cli.run(["quantize", "--help-all"]) == 0
    assert "Photos are not decoded" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a", "-o", "b.png", "--ext", "-c.png"], "-o and --ext exclude each other"),
        (["a", "-o", "b.png", "--out-dir", "c"], "-o and --out-dir exclude each other"),
        (["a", "-o", "b/", "--out-dir", "c"], "-o and --out-dir exclude each other"),
        (["*.png", "-o", "b.png"], "-o: expected a directory for folders and patterns"),
        (["a", "--out-dir", ""], "--out-dir: expected the name of a directory"),
        (["a", "--ext", "-c.jpg"], "--ext: expected an ending such as '-small.png'"),
        (["a", "--ext", "/c.png"], "--ext: expected an ending such as '-small.png'"),
        (["a", "--format", "jpeg"], "'jpeg' is not one of 'png', 'apng', 'gif'"),
        (["a", "-j", "0"], "from 1 to 256, got '0'"),
        (["a", "-o", "-", "--json"], "--json and the picture would both go to stdout"),
        (["-", "--json"], "--json and the picture would both go to stdout"),
    ],
)
def test_wrong_command_lines(
    args: list[str], message: str, fails: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in fails(2, "quantize", *args)
    assert files_in(tmp_path) == set()


def test_several_photos_into_a_directory(tmp_path: Path, photo: Path) -> None:
    other = tmp_path / "other.jpg"
    Image.fromarray(gradient(16, 16)).save(other)
    for out in (f"{tmp_path}/new/below/", str(tmp_path / "new")):
        assert cli.run(["quantize", str(photo), str(other), "-k", "4", "-o", out]) == 0
        assert {"photo-4.png", "other-4.png"} <= files_in(Path(out))


def test_existing_files_are_kept_unless_forced(photo: Path, fails: Any, capsys: Any) -> None:
    out = photo.with_name("photo-4.png")
    out.write_bytes(b"precious")
    assert "photo-4.png exists; -f replaces it" in fails(15, "quantize", photo, "-k", "4")
    assert "photo-4.png exists" in fails(15, "quantize", photo, "-k", "4", "-o", out)
    assert out.read_bytes() == b"precious"
    assert cli.run(["quantize", str(photo), "-k", "4", "-f"]) == 0
    assert png_header(out) == (2, 3, 4)


def test_an_existing_file_is_found_before_the_work(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo.with_name("photo-4.png").touch()
    monkeypatch.setattr(loading, "read", lambda _: pytest.fail("work was done"))
    fails(15, "quantize", photo, "-k", "4")


def test_the_input_is_replaced_only_if_forced_and_named(photo: Path, fails: Any) -> None:
    before = photo.read_bytes()
    fails(15, "quantize", photo, "-o", photo)
    # photo.png would become photo-4.png, which is an input as well.
    second = photo.with_name("photo-4.png")
    second.write_bytes(before)
    assert cli.run(["quantize", str(photo), str(second), "-k", "4", "-f"]) == 15
    assert photo.read_bytes() == second.read_bytes() == before
    assert png_header(photo.with_name("photo-4-4.png")) == (2, 3, 4)
    assert cli.run(["quantize", str(photo), "-k", "4", "-f", "-o", str(photo), LARGER]) == 0
    assert png_header(photo) == (2, 3, 4)


def test_places_that_cannot_be_written(photo: Path, fails: Any) -> None:
    (photo.parent / "file").touch()
    before = files_in(photo.parent)
    for out in ("missing/out.png", "file/out.png", "x" * 300 + ".png"):
        line = fails(16, "quantize", photo, "-o", photo.parent / out)
        assert f"{out} cannot be written: " in line
    assert "file/new/ cannot be made: " in fails(
        16, "quantize", photo, "-o", f"{photo.parent}/file/new/"
    )
    assert files_in(photo.parent) == before


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="/dev/fd is needed")
def test_nothing_is_written_beside_a_pipe(photo: Path, tmp_path: Path, fails: Any) -> None:
    reading, writing = os.pipe()
    os.write(writing, photo.read_bytes())
    os.close(writing)
    pipe = f"/dev/fd/{reading}"
    line = f"{pipe}: no file can be written beside it; give -o FILE; see"
    assert line in fails(2, "quantize", pipe)
    assert line in fails(4, "4", pipe)
    assert line in fails(2, "quantize", pipe, "--ext", ".png", "-f")
    assert cli.run(["quantize", pipe, "-q", "--out-dir", str(tmp_path / "few")]) == 0
    assert (tmp_path / "few" / f"{reading}.png").exists()
    os.close(reading)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do anything")
def test_read_only_directory(photo: Path, fails: Any) -> None:
    photo.parent.chmod(0o500)
    assert "cannot be written: Permission denied" in fails(16, "quantize", photo)
    photo.parent.chmod(0o700)


def test_full_disk(photo: Path, fails: Any) -> None:
    if Path("/dev/full").exists():
        assert "/dev/full cannot be written: No space left" in fails(
            16, "quantize", photo, "-o", "/dev/full"
        )
    # A file that may not grow past 100 bytes stops a write half-way, as a full disk does.
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # noqa: E731
    out = photo.with_name("out.png")
    out.write_bytes(b"precious")
    done = subprocess.run(
        [*COMMAND, "quantize", str(photo), "-f", "-o", str(out)],
        stderr=subprocess.PIPE,
        preexec_fn=limit,
    )
    assert done.returncode == 16
    assert f"{out} cannot be written: File too large" in done.stderr.decode()
    assert out.read_bytes() == b"precious"
    assert files_in(photo.parent) == {"photo.png", "out.png"}


def test_several_at_once_write_one_file(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    Image.fromarray(gradient(64, 64)).save(photo)
    command = [*COMMAND, "quantize", str(photo), "-k", "4", "-o", str(tmp_path / "b.png")]
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(4)]
    assert sorted(process.wait() for process in running) == [0, 15, 15, 15]
