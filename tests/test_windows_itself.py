"""The command line on Windows, or what Wine gives of it: see `make windows-test`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette.cli import room
from kpalette.files import replacing
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


@pytest.mark.parametrize("name", ["con.png", "aux.tar.png", "16:9.png", "LPT1.gif"])
def test_names_that_cannot_be(photo: Path, name: str) -> None:
    ended = run(photo.parent, "quantize", "photo.png", "-o", name)
    assert ended.returncode == 16
    assert b"Windows" in ended.stderr
    assert [*photo.parent.iterdir()] == [photo]


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
