"""Windows lacks parts of Python that POSIX has: here they are taken away, or its rules are tried.

`make windows-test` runs the same command line under Wine.
"""

from __future__ import annotations

import errno
import io
import ntpath
import os
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import noise
from kpalette.cli import exits, inputs, loading, mistaken, plan, reading, streams, tiled
from kpalette.files import atomic, ffmpeg, replacing
from kpalette.files.png_rows import PngRows
from kpalette.files.windows_names import DEVICES, why_refused, why_too_long

#: What Python for Windows has not, of modules and of `os`.
MODULES = ("fcntl", "grp", "posix_ipc", "pwd", "resource", "termios")
NAMES = ("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchmod", "fchown")
NAMES += ("fork", "getegid", "geteuid", "getgid", "getuid", "getxattr", "listxattr", "mkfifo")
NAMES += ("pread", "pwrite", "removexattr", "sched_getaffinity", "setxattr", "sysconf")

#: Takes them away, once all else is imported, and tries every module, and then command lines.
SCRIPT = f"""
import _signal, importlib, os, pkgutil, signal, subprocess, sys
import click, dask.array, matplotlib.pyplot, numpy, PIL.Image, sklearn.cluster, tifffile, zarr

for module in {MODULES}:
    sys.modules[module] = None
for name in {NAMES}:
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGPIPE"):
    delattr(_signal, name)
os.supports_fd = set()

import kpalette
for found in pkgutil.walk_packages(kpalette.__path__, "kpalette."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)

from kpalette import cli
from kpalette.cli import room
room._windows_memory = lambda: 1 << 34
for line in sys.argv[1:]:
    code = cli.run(line.split())
    assert code == 0, (line, code)
assert "fcntl" not in filter(sys.modules.get, sys.modules)
"""


def test_all_works_without_what_windows_lacks(tmp_path: Path) -> None:
    Image.fromarray(noise(40, 60)).save(tmp_path / "a.png")
    Image.fromarray(noise(30, 20)).save(tmp_path / "b.png")
    lines = (
        "quantize a.png -k 8 -o few.png",
        "quantize a.png -k 4 -o few.png -f --keep-metadata",
        "quantize a.png b.png -k 8 --out-dir out --preserve",
        "palette a.png -k 4 -o few.hex",
        "remap b.png --palette few.hex -o mapped.png",
        "compare a.png few.png",
    )
    subprocess.run([sys.executable, "-c", SCRIPT, *lines], check=True, cwd=tmp_path)
    expected = ["a.png", "b.png", "few.png", "mapped.png", "out/a.png", "out/b.png"]
    found = tmp_path.rglob("*.png")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in found) == expected
    times = [os.stat(tmp_path / name).st_mtime_ns for name in ("a.png", "out/a.png")]
    assert times[0] == times[1]
    assert not list(tmp_path.rglob(".*"))


@pytest.fixture
def without_locks(monkeypatch: Any) -> None:
    """Do as where there is no fcntl, and where an open file can be neither renamed nor removed."""

    def is_open(path: str) -> bool:
        there = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")]
        return os.path.realpath(path) in there

    def refusing(real: Any) -> Any:
        def changed(path: str, *rest: Any, **named: Any) -> Any:
            if is_open(path):
                raise PermissionError(errno.EACCES, "it is open", path)
            return real(path, *rest, **named)

        return changed

    monkeypatch.setattr(atomic, "fcntl", None)
    monkeypatch.setattr(os, "unlink", refusing(os.unlink))
    monkeypatch.setattr(os, "replace", refusing(os.replace))


@pytest.mark.usefixtures("without_locks")
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks Linux which files are open")
class TestReplacing:
    def test_a_new_file_and_one_that_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "out.bin"
        for content in (b"old", b"new"):
            with replacing(path) as file:
                file.write(content)
            assert [*tmp_path.iterdir()] == [path]
            assert path.read_bytes() == content

    def test_a_failure_leaves_nothing(self, tmp_path: Path) -> None:
        def fail() -> None:
            with replacing(tmp_path / "out.bin") as file:
                file.write(bytes(9))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert [*tmp_path.iterdir()] == []

    def test_it_waits_for_another_program(self, tmp_path: Path, monkeypatch: Any) -> None:
        path = tmp_path / "out.bin"
        path.write_bytes(b"old")
        plain, tries = os.replace, []

        def busy(*names: str) -> None:
            tries.append(names)
            if len(tries) < 3:
                raise PermissionError(errno.EACCES, "another has it", names[0])
            plain(*names)

        monkeypatch.setattr(os, "replace", busy)
        with replacing(path) as file:
            file.write(b"new")
        assert path.read_bytes() == b"new"
        assert len(tries) == 3

    def test_a_file_that_stays_open_is_told_of(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(atomic, "_WAITS", (0.0,))
        path = tmp_path / "out.bin"
        path.write_bytes(b"old")

        def busy(*names: str) -> None:
            raise PermissionError(errno.EACCES, "another has it", names[0])

        monkeypatch.setattr(os, "replace", busy)
        with pytest.raises(PermissionError) as caught, replacing(path) as file:
            file.write(b"new")
        assert caught.value.filename == str(path)
        assert path.read_bytes() == b"old"
        assert [*tmp_path.iterdir()] == [path]

    def test_what_a_kill_left_is_removed_if_it_is_old_and_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "out.bin"
        part = tmp_path / ".out.bin.kpalette-part"
        part.write_bytes(b"half")
        with replacing(path) as file:
            file.write(b"new")
        assert part.read_bytes() == b"half"  # it may be about to be renamed
        atomic._sweep_on_windows(str(part))
        assert part.exists()
        late = time.time() + 100
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time", lambda: late)
            with open(part, "rb"):
                atomic.sweep(str(part))
                assert part.exists()
            atomic.sweep(str(part))
        assert [*tmp_path.iterdir()] == [path]

    @pytest.mark.parametrize("name", ["con.png", "a:b.png", "what?.png"])
    def test_names_that_windows_refuses(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(OSError, match="Windows") as caught, replacing(tmp_path / name):
            pass
        assert caught.value.errno == errno.EINVAL
        assert [*tmp_path.iterdir()] == []

    def test_a_read_only_file_is_not_waited_for(self, tmp_path: Path, monkeypatch: Any) -> None:
        path = tmp_path / "out.bin"
        path.write_bytes(b"old")
        tries = []

        def refuse(*names: str) -> None:
            tries.append(names)
            raise PermissionError(errno.EACCES, "it is read-only", names[0])

        monkeypatch.setattr(os, "replace", refuse)
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(PermissionError), replacing(path) as file:
            file.write(b"new")
        assert len(tries) == 1
        assert [*tmp_path.iterdir()] == [path]

    def test_a_path_that_leaves_no_room_beside_it(self, tmp_path: Path, monkeypatch: Any) -> None:
        def refuse(*rest: Any, **named: Any) -> int:
            raise FileNotFoundError(errno.ENOENT, "no such file")

        monkeypatch.setattr(os, "open", refuse)
        path = f"C:/{100 * 'x'}/{100 * 'x'}/{47 * 'x'}.png"
        assert why_too_long(path) == ""
        with pytest.raises(OSError, match=r"has 26\d characters") as caught, replacing(path):
            pass
        assert caught.value.errno == errno.ENAMETOOLONG

    def test_a_long_path_is_told_of(self) -> None:
        path = "/".join(["there is no such folder", *["x" * 99] * 3])
        with pytest.raises(OSError, match="long paths are enabled") as caught, replacing(path):
            pass
        assert caught.value.errno == errno.ENAMETOOLONG


class TestNames:
    @pytest.mark.parametrize("device", sorted(DEVICES))
    @pytest.mark.parametrize("form", ["{}", "{}.png", "{}.tar.gz", "out/{} .png", "{}/photo.png"])
    def test_devices(self, device: str, form: str) -> None:
        name = form.format(device.upper())
        assert (device.upper() in why_refused(name)) == (name != "NUL")  # where nothing is kept

    @pytest.mark.parametrize(
        "name", ["a<b.png", "a|b", 'say "b"', "16:9.png", "a\tb", "out*/b.png"]
    )
    def test_characters(self, name: str) -> None:
        assert why_refused(name).startswith("a name on Windows has no ")

    @pytest.mark.parametrize("name", ["photo.", "photo ", "out. /photo.png", "..."])
    def test_ends(self, name: str) -> None:
        assert bool(why_refused(name)) == bool(name.strip("."))

    @pytest.mark.parametrize(
        "name",
        [
            "photo.png",
            "C:photo.png",
            "C:\\photos\\.hidden",
            "\\\\server\\share\\a b.png",
            "../console.png",
            "./com10.png",
            "",
            "nul",
            "Δ×∞.png",
        ],
    )
    def test_what_can_be(self, name: str) -> None:
        assert why_refused(name) == ""

    def test_lengths(self) -> None:
        folder = "C:\\" + 244 * "f"
        assert why_too_long(f"{folder}\\{11 * 'n'}") == ""
        assert "path has 260" in why_too_long(f"{folder}\\{12 * 'n'}")
        assert "folder's path has 248" in why_too_long(f"{folder}f\\n")
        assert why_too_long(f"\\\\?\\{folder}\\{99 * 'n'}") == ""

    def test_a_quotation_mark_that_a_shell_has_left(self) -> None:
        said = why_refused('C:\\my photos" -k 16')
        assert said.endswith("a backslash takes away a quotation mark behind it")


@pytest.fixture
def on_windows(monkeypatch: Any) -> None:
    """Let what asks os.name, and goes by os.path, do as on Windows."""
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(os, "path", ntpath)
    monkeypatch.setattr(os, "sep", "\\")


@pytest.mark.usefixtures("on_windows")
class TestPaths:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("Q:\\out\\small", ["Q:\\out\\small", "Q:\\out", "Q:\\"]),
            ("\\\\server\\share\\out", ["\\\\server\\share\\out", "\\\\server\\share\\"]),
            ("out", ["out", "."]),
            ("", ["."]),
        ],
    )
    def test_folders_above_end_with_the_drive(self, path: str, expected: list[str]) -> None:
        assert [*streams.folders_above(path)] == expected

    def test_wildcards(self) -> None:
        assert inputs.is_pattern("C:\\photos\\*.png")
        assert not inputs.is_pattern("\\\\?\\C:\\photos\\photo.png")
        assert inputs.is_pattern("\\\\?\\C:\\photos\\?.png")

    def test_folders_by_a_backslash(self) -> None:
        assert tiled.is_zarr("large.zarr\\")
        assert tiled.is_zarr("large.zarr/")

    @pytest.mark.parametrize("name", ["con", "aux.png", "16:9.png", "photo.", 'x" -k 8'])
    def test_photos_that_cannot_be(self, name: str) -> None:
        assert reading.read(["quantize", name]) is None
        with pytest.raises(exits.Failed, match=r"cannot be read: .*Windows") as caught:
            mistaken.PHOTO.convert(name, None, None)
        assert caught.value.code == exits.UNREADABLE

    def test_found_ones_fail_alone(self) -> None:
        assert inputs._found("photos\\a.png", "a.png").failure is None
        failure = inputs._found("photos\\aux.png", "aux.png").failure
        assert failure is not None
        assert failure.code == exits.UNREADABLE

    def test_why_a_long_path_is_not_found(self) -> None:
        error = FileNotFoundError(errno.ENOENT, "No such file or directory")
        said = str(loading.unreadable("C:\\" + 260 * "x", error))
        assert said.startswith("cannot be read: the path has 263 characters")
        assert (
            str(loading.unreadable("a.png", error)) == "cannot be read: No such file or directory"
        )

    def test_words_to_type_are_quoted_for_its_shells(self) -> None:
        assert mistaken.quoted("http://x/?a&b") == '"http://x/?a&b"'

    @pytest.mark.parametrize(
        ("name", "attributes", "tag", "hidden", "junction"),
        [
            ("photos", 0x10, 0, False, False),
            (".photos", 0x10, 0, True, False),
            ("desktop.png", 0x22, 0, True, False),
            ("all", 0x410, 0xA0000003, False, True),
        ],
    )
    def test_what_is_not_entered(
        self, name: str, attributes: int, tag: int, hidden: bool, junction: bool
    ) -> None:
        status = types.SimpleNamespace(st_file_attributes=attributes, st_reparse_tag=tag)
        entry: Any = types.SimpleNamespace(name=name, stat=lambda follow_symlinks: status)
        assert inputs._is_hidden(entry) == hidden
        assert inputs._is_junction(entry) == junction


def test_ffmpeg_is_taken_from_path_alone(tmp_path: Path, monkeypatch: Any) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / ffmpeg.NAME).write_text("")
        (folder / ffmpeg.NAME).chmod(0o755)
    (there / "ffmpeg.bat").write_text("")
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(tmp_path), f'"{there}"']))
    assert ffmpeg.program() == os.path.join(there, ffmpeg.NAME)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(tmp_path)]))
    assert ffmpeg.program() is None


def test_targets_that_differ_by_case_are_one(monkeypatch: Any) -> None:
    naming = plan.Naming("-4", ".png", out_dir="out")
    photos = [inputs.Source(path, path.rpartition("/")[2]) for path in ("x/A.jpg", "y/a.jpg")]
    assert len({job.target for job in plan.plan(photos, naming)}) == 2
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(exits.UsageError, match="would both be written"):
        plan.plan(photos, naming)


def test_folders_are_locked_by_a_byte(tmp_path: Path, monkeypatch: Any) -> None:
    fcntl = pytest.importorskip("fcntl")
    from kpalette.distributed import locks

    def locking(file: int, mode: int, n: int) -> None:
        assert (mode, n, os.lseek(file, 0, os.SEEK_CUR)) == (2, 1, locks.LOCKED)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "permission denied") from None

    monkeypatch.setitem(sys.modules, "fcntl", None)
    fake = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    folder = tmp_path / "x.part"
    with locks.locked(folder):
        for check in (locks.locked(folder).__enter__, lambda: locks.check_free(folder)):
            with pytest.raises(locks.LockedError, match=f"process {os.getpid()} on"):
                check()
    locks.check_free(folder)
    with locks.locked(folder):
        locks.remove(folder)
    assert not folder.exists()


def test_rows_of_a_png_without_pread(tmp_path: Path, monkeypatch: Any) -> None:
    pixels = noise(200, 300)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    monkeypatch.delattr(os, "pread")
    rows = PngRows(str(tmp_path / "a.png"), 64)
    found = rows.read(slice(70, 150), slice(0, 300))
    assert np.array_equal(found, pixels[70:150])


def test_a_pipe_without_reader(monkeypatch: Any) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.EINVAL, "invalid argument")

    with pytest.raises(OSError, match="invalid argument"):
        exits.write_line(Closed(), "a line")
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(BrokenPipeError):
        exits.write_line(Closed(), "a line")


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1"])
def test_signs_that_a_console_lacks(tmp_path: Path, encoding: str) -> None:
    Image.fromarray(noise(40, 60)).save(tmp_path / "a Δ.png")

    def run(*words: str) -> bytes:
        ended = subprocess.run(
            [sys.executable, "-m", "kpalette", *words],
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": encoding},
        )
        said = ended.stdout + ended.stderr
        said.decode(encoding)
        assert ended.returncode in (0, 3), said
        return said

    assert b"a d.png: 60" in run("quantize", "a Δ.png", "-k", "4", "-o", "few.png")
    assert b"dE2000" in run("compare", "a Δ.png", "few.png")
    assert b"no d.png cannot be read" in run("quantize", "no Δ.png").replace(b":", b"")
    run("quantize", "--help")
