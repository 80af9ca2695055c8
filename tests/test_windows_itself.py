"""The command line on Windows, or what Wine gives of it: see `make windows-test`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import cli
from kpalette.cli import room
from kpalette.files import ffmpeg, replacing
from kpalette.files.png_rows import PngRows

pytestmark = pytest.mark.skipif(os.name != "nt", reason="for Windows")


def run(folder: Path, *words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "kpalette", *words]
    return subprocess.run(command, capture_output=True, cwd=folder, **options)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(gradient(60, 80)).save(path)
    return path


def test_a_photo_in_few_colors(photo: Path) -> None:
    ended = run(photo.parent, "quantize", "photo.png", "-k", "8", "-o", "few.png")
    assert ended.returncode == 0, ended.stderr
    few = Image.open(photo.with_name("few.png"))
    assert len(few.getcolors()) == 8
    assert sorted(path.name for path in photo.parent.iterdir()) == ["few.png", "photo.png"]


def test_its_times_are_kept(photo: Path) -> None:
    os.utime(photo, ns=(10**18, 10**18))
    assert run(photo.parent, "quantize", "photo.png", "--preserve", "-o", "few.png").returncode == 0
    assert photo.with_name("few.png").stat().st_mtime_ns == 10**18


def test_a_folder_by_a_backslash(photo: Path) -> None:
    assert run(photo.parent, "quantize", "photo.png", "-o", "out\\").returncode == 0
    assert [path.suffix for path in (photo.parent / "out").iterdir()] == [".png"]


def test_a_file_is_replaced_only_if_that_is_asked_for(photo: Path) -> None:
    words = ("quantize", "photo.png", "-o", "few.png")
    assert run(photo.parent, *words).returncode == 0
    ended = run(photo.parent, *words)
    assert (ended.returncode, ended.stderr.count(b"-f replaces it")) == (15, 1)
    assert run(photo.parent, *words, "-f").returncode == 0


def test_a_file_that_is_open_is_not_replaced(photo: Path) -> None:
    before = photo.read_bytes()
    with open(photo, "rb"):
        words = ("quantize", "photo.png", "-o", "photo.png", "-f", "--even-if-larger")
        ended = run(photo.parent, *words)
    assert ended.returncode == 16, ended.stderr
    assert b"photo.png cannot be written: " in ended.stderr
    assert photo.read_bytes() == before
    assert [*photo.parent.iterdir()] == [photo]


def test_one_that_is_open_for_a_moment_is(photo: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    holder = f"import time; f = open({str(path)!r}); print(flush=True); time.sleep(0.4)"
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with replacing(path) as file:
            file.write(b"new")
    assert path.read_bytes() == b"new"


#: Of devices, with characters that no name has, and with ends that Windows takes away.
NAMES = ["con.png", "NUL.png", "aux.tar.png", "COM1.gif", "LPT¹.gif", "aux/photo.png", "16:9.png"]
NAMES += [
    "a?.png",
    "a*.png",
    "a|b.png",
    "<a>.png",
    "a\tb.png",
    'a"b.png',
    "out./a.png",
    "out /a.png",
]


@pytest.fixture
def told(photo: Path, capfd: Any, monkeypatch: Any) -> Callable[..., str]:
    """Run a command that must fail with a code, and leave nothing; return what it says."""

    def run(code: int, *words: str) -> str:
        before = sorted(photo.parent.rglob("*"))
        monkeypatch.chdir(photo.parent)
        found = cli.run(words)
        said: str = capfd.readouterr().err
        assert (found, said.count("\n")) == (code, 1), said
        assert sorted(photo.parent.rglob("*")) == before
        return said

    return run


@pytest.mark.parametrize("name", NAMES)
def test_names_that_cannot_be(told: Any, name: str) -> None:
    assert "cannot be written: " in told(16, "quantize", "photo.png", "-o", name)


@pytest.mark.parametrize(
    "words",
    [
        ("quantize", "photo.png", "--out-dir", "con"),
        ("quantize", "photo.png", "--ext", ":16.png"),
        ("quantize", "photo.png", "--memory-limit", "1GB", "-o", "aux.tif"),
        ("palette", "photo.png", "-o", "prn.hex"),
        ("theme", "photo.png", "-o", "a?.svg"),
        ("theme", "photo.png", "--strip", "com1.png"),
    ],
)
def test_other_outputs(told: Any, words: Sequence[str]) -> None:
    assert "Windows" in told(16, *words)


@pytest.mark.parametrize(
    "name", ["con", "aux.png", "nul.gif", "16:9.png", 'photo.png" -k', "photo.png."]
)
@pytest.mark.parametrize("command", ["quantize", "palette", "theme", "compare photo.png"])
def test_photos_that_cannot_be(told: Any, command: str, name: str) -> None:
    assert "cannot be read: " in told(3, *command.split(), name)


def test_no_photo_at_all(told: Any) -> None:
    assert "nul: " in told(3, "quantize", "nul")


@pytest.mark.parametrize("folder", ["Q:\\", "Q:\\out", "\\\\no-server\\no-share\\out"])
def test_drives_that_are_not_there(told: Any, folder: str) -> None:
    assert "cannot be made" in told(16, "quantize", "photo.png", "--out-dir", folder)
    name = f"{folder}\\few.png"
    assert "there is no directory" in told(16, "quantize", "photo.png", "-o", name)


def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file(
    told: Any, photo: Path
) -> None:
    photo.with_name("photo-256.png").mkdir()
    assert "it is a directory" in told(16, "quantize", "photo.png", "-f")
    assert "is not a directory" in told(16, "quantize", "photo.png", "--out-dir", "photo.png\\out")


def test_a_read_only_file_is_replaced_or_stays(photo: Path) -> None:
    few = photo.with_name("few.png")
    few.write_bytes(b"old")
    few.chmod(0o444)
    ended = run(photo.parent, "quantize", "photo.png", "-o", "few.png", "-f")
    if ended.returncode:  # as versions of Windows differ, and Wine
        assert (ended.returncode, few.read_bytes()) == (16, b"old")
    assert sorted(path.name for path in photo.parent.iterdir()) == ["few.png", "photo.png"]
    few.chmod(0o666)


def test_paths_by_their_long_form(photo: Path) -> None:
    long = f"\\\\?\\{photo.parent}"
    ended = run(photo.parent, "quantize", f"{long}\\photo.png", "-o", f"{long}\\few.png")
    assert ended.returncode == 0, ended.stderr
    ended = run(photo.parent, "quantize", f"{long}\\*.png", "--out-dir", f"{long}\\out")
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in (photo.parent / "out").iterdir()) == [
        "few.png",
        "photo.png",
    ]
    ended = run(photo.parent, "quantize", f"{long}\\none.png")
    assert ended.returncode == 3
    assert b"No such file" in ended.stderr


def test_a_tree_by_backslashes(photo: Path) -> None:
    deep = photo.parent / "photos" / "a" / "b"
    deep.mkdir(parents=True)
    photo.rename(deep / "photo.png")
    (deep.parent / "photo.PNG").write_bytes((deep / "photo.png").read_bytes())
    ended = run(photo.parent, "quantize", "-r", "photos\\", "--out-dir", "out\\", "-k", "4")
    assert ended.returncode == 0, ended.stderr
    found = (photo.parent / "out").rglob("*.png")
    names = sorted(path.relative_to(photo.parent / "out").as_posix() for path in found)
    assert names == ["a/b/photo.png", "a/photo.png"]


def test_a_tree_that_linux_has_left(photo: Path) -> None:
    tree = photo.parent / "tree"
    tree.mkdir()
    photo.rename(tree / "good.png")
    for name in ("aux.png", "con.png", "nul.tar.png"):
        with open(f"\\\\?\\{tree}\\{name}", "wb") as file:  # a path that is taken as it is
            file.write((tree / "good.png").read_bytes())
    ended = run(photo.parent, "quantize", "-r", "tree", "--out-dir", "out", "-k", "4")
    assert ended.returncode == 3, ended.stderr
    assert ended.stderr.count(b"cannot be read: Windows keeps the name") == 3
    assert [path.name for path in (photo.parent / "out").iterdir()] == ["good.png"]
    ended = run(photo.parent, "quantize", "tree\\*.png", "--out-dir", "more", "-k", "4")
    assert ended.returncode in (0, 3), ended.stderr  # a device may be taken for no file at all
    assert [path.name for path in (photo.parent / "more").iterdir()] == ["good.png"]


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGBREAK", 129)])
def test_a_signal_is_heard_while_photos_are_done(photo: Path, number: str, code: int) -> None:
    photo.with_name("other.png").write_bytes(photo.read_bytes())
    script = f"""
import _thread, signal, sys, time
from kpalette import cli
from kpalette.cli import jobs
def work(job, do):
    _thread.interrupt_main(signal.{number})  # as the system's own thread does
    time.sleep(60)
jobs.attempt = work
sys.argv[1:] = ["quantize", "photo.png", "other.png", "-k", "8", "-j", "1", "--out-dir", "out"]
cli.main()
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=photo.parent, timeout=50)
    assert ended.returncode == code


def test_a_pipe_that_is_closed(photo: Path) -> None:
    command = [sys.executable, "-m", "kpalette", "quantize", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(photo.read_bytes())
    process.stdin.close()
    assert process.wait(60) == 141


@pytest.mark.parametrize("name", ["ffmpeg.exe", "ffmpeg.bat"])
def test_no_program_of_the_current_folder_is_started(
    photo: Path, name: str, monkeypatch: Any
) -> None:
    photo.with_name(name).write_bytes(b"MZ")
    monkeypatch.chdir(photo.parent)
    monkeypatch.setenv("PATH", f".;;{os.environ['PATH']}")
    assert ffmpeg.program() is None


def test_targets_that_differ_by_case(photo: Path) -> None:
    for name in ("x", "y"):
        photo.with_name(name).mkdir()
    Image.fromarray(noise(9, 9)).save(photo.with_name("x") / "A.png")
    Image.fromarray(noise(8, 8)).save(photo.with_name("y") / "a.png")
    ended = run(photo.parent, "quantize", "x/A.png", "y/a.png", "--out-dir", "out")
    assert ended.returncode == 2
    assert b"would both be written" in ended.stderr


def test_pipes_carry_bytes(photo: Path) -> None:
    ended = run(photo.parent, "quantize", "-", "-k", "8", input=photo.read_bytes())
    assert ended.returncode == 0, ended.stderr
    assert len(Image.open(io.BytesIO(ended.stdout)).getcolors()) == 8


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_signs_that_the_console_lacks(photo: Path, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = run(photo.parent, "compare", "photo.png", "photo.png", env=environment)
    assert ended.returncode == 0, ended.stderr
    assert b"dE2000" in ended.stdout


def test_what_a_kill_left_is_removed_later(tmp_path: Path) -> None:
    part = tmp_path / ".out.bin.kpalette-part"
    part.write_bytes(b"half")
    with replacing(tmp_path / "out.bin") as file:
        file.write(b"new")
    assert part.exists()
    with pytest.MonkeyPatch.context() as patch:
        late = time.time() + 100
        patch.setattr(time, "time", lambda: late)
        with replacing(tmp_path / "out.bin") as file:
            file.write(b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["out.bin"]


def test_rows_of_a_png(tmp_path: Path) -> None:
    pixels = noise(200, 300)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    rows = PngRows(str(tmp_path / "a.png"), 64)
    assert np.array_equal(rows.read(slice(70, 150), slice(0, 300)), pixels[70:150])


def test_the_memory_of_the_machine() -> None:
    assert 1 << 28 < room.budget() < 1 << 50


def test_threads_give_the_same() -> None:
    pixels = noise(300, 300)
    one, three = (kpalette.quantize(pixels, 32, threads=threads) for threads in (1, 3))
    assert np.array_equal(one.indices, three.indices)
