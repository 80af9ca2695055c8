"""Places that fail: each system call may, the disk is full or read-only, the folder vanishes."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from PIL import Image

import kpalette
from conftest import noise, tree
from kpalette import distributed
from kpalette.cli.exits import EXIT_CODES, INTERNAL
from kpalette.distributed import OutputError

COMMAND = [sys.executable, "-m", "kpalette", "quantize", "-q"]
#: What a run calls for a file that it writes. The first look at a path is no part of it.
CALLS = ["openat", "write", "fsync", "rename", "link", "unlink", "close", "fchmod", "flock"]
#: Which of the calls of a run in tiles fail: each one with `make bad-places`.
EVERY = int(os.environ.get("KPALETTE_EVERY", "9"))


def works(*command: str) -> bool:
    """Return whether a command can be run here."""
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, capture_output=True).returncode == 0
    )


needs_strace = pytest.mark.skipif(
    not works("strace", "-qq", "-e", "inject=fsync:error=EIO", "true"), reason="no strace"
)
needs_mounts = pytest.mark.skipif(
    not works("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"),
    reason="no file system can be mounted",
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder for results, beside one with a photo."""
    Image.fromarray(noise(60, 60)).save(tmp_path / "a.png")
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def quantized(place: Path, *before: str, k: int = 4, options: tuple[str, ...] = ()) -> Any:
    """Run the command after others, such as a tracer."""
    args = [*before, *COMMAND, str(place.parent / "a.png"), "-k", str(k), *options]
    return subprocess.run(
        [*args, "-o", str(place / "few.png")], capture_output=True, text=True, cwd="/"
    )


def check_told(done: Any) -> None:
    """Fail unless a run that failed says so in a line, with a code that is documented."""
    assert done.returncode in EXIT_CODES
    assert done.returncode != INTERNAL, done.stderr
    assert "Traceback" not in done.stderr
    assert (done.returncode == 0) == (done.stderr == "")


@needs_strace
@pytest.mark.parametrize("replaces", [False, True])
def test_each_system_call_may_fail(replaces: bool, place: Path) -> None:
    few, part = place / "few.png", place / ".few.png.kpalette-part"
    watched = [option for path in (few, part, place) for option in ("-P", str(path))]
    options = ("-f",) if replaces else ()
    assert quantized(place, k=3).returncode == 0
    old = few.read_bytes() if replaces else None
    trace = place.parent / "trace"
    if not replaces:
        few.unlink()
    assert quantized(place, "strace", "-f", "-qq", "-o", str(trace), *watched, options=options)
    new = few.read_bytes()
    called = Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert called["write"] > 0
    assert called["fsync"] == 2
    assert called["rename"] + called["link"] == 1
    failed = 0
    for name in CALLS:
        for number in range(1, called[name] + 1):
            few.write_bytes(old) if old else few.unlink(missing_ok=True)
            fault = f"inject={name}:error=EIO:when={number}"
            strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", fault, *watched]
            done = quantized(place, *strace, options=options)
            check_told(done)
            assert "(INJECTED)" in trace.read_text()
            found = few.read_bytes() if few.exists() else None
            assert found in (old, new)
            assert found == new or done.returncode, f"{name}, call {number}"
            if done.returncode:
                failed += 1
                assert str(place) in done.stderr
                assert "Input/output error" in done.stderr
            if name != "unlink":
                assert not part.exists(), f"{name}, call {number}"
            assert quantized(place, options=("-f",)).returncode == 0
            assert few.read_bytes() == new
            assert os.listdir(place) == ["few.png"]
    assert failed > 3


@needs_mounts
class TestFileSystems:
    def run(self, place: Path, script: str) -> Any:
        """Run a script of the shell in a namespace of its own; "$@" is the command."""
        args = [*COMMAND, str(place.parent / "a.png"), "-k", "4", "-f", "-o"]
        shell = ["unshare", "-m", "sh", "-ec", f"cd {place}; {script}", "sh"]
        return subprocess.run([*shell, *args], capture_output=True, text=True)

    def test_full(self, place: Path) -> None:
        # 4 kB is a page, which the folder has as well; the photo's picture has about 2.
        script = (
            "mount -t tmpfs -o size=8k none .; cd .; echo old > few.png; "
            f'code=0; "$@" {place}/few.png || code=$?; '
            "cat few.png; ls -A; exit $code"
        )
        Image.fromarray(noise(300, 300)).save(place.parent / "a.png")
        done = self.run(place, script)
        assert (done.returncode, done.stdout) == (16, "old\nfew.png\n")
        check_told(done)
        assert "No space left on device" in done.stderr

    @pytest.mark.parametrize("there", ["echo old > few.png; ", ""])
    def test_read_only(self, there: str, place: Path) -> None:
        script = f'{there}mount --bind . .; mount -o remount,ro,bind .; "$@" {place}/few.png'
        done = self.run(place, script)
        assert done.returncode == 16
        check_told(done)
        assert "Read-only file system" in done.stderr

    def test_vanished(self, place: Path) -> None:
        """Which is a folder that is away, as a share that is no longer mounted."""
        inner = place / "share"
        inner.mkdir()
        script = (
            f"mount -t tmpfs none {inner}; mkdir {inner}/out; cd {inner}/out; "
            f'umount -l {inner}; "$@" few.png'
        )
        done = self.run(place, script)
        check_told(done)


class TestDistributed:
    """In tiles, each call may fail that changes a name or syncs; the next run goes on."""

    PIXELS = noise(12, 20)
    NAMES = ("fsync", "rename", "replace", "link", "mkdir", "unlink", "rmdir", "open", "ftruncate")

    @pytest.mark.parametrize(("ending", "replaces"), [(".zarr", True), (".tif", False)])
    def test_each_call_may_fail(
        self, ending: str, replaces: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few, more = (kpalette.extract_palette(self.PIXELS, k) for k in (2, 5))
        how: Any = {"chunks": (6, 20), "scheduler": "synchronous"}
        old, q = (distributed.quantize(self.PIXELS, palette=p, **how) for p in (few, more))
        calls: list[str] = []
        fails_at = -1

        def standing_in(name: str, plain: Any) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                if isinstance(args[0], int) or str(tmp_path) in os.fspath(args[0]):
                    calls.append(name)
                    if len(calls) == fails_at:
                        raise OSError(errno.EIO, os.strerror(errno.EIO))
                return plain(*args, **kwargs)

            return call

        for name in self.NAMES:
            monkeypatch.setattr(os, name, standing_in(name, getattr(os, name)))

        def fails(path: Path, number: int) -> bool:
            nonlocal fails_at
            if replaces:
                old.save(path)
            calls.clear()
            fails_at = number
            try:
                q.save(path, overwrite=replaces)
            except OutputError as error:
                assert str(path.parent) in str(error.filename)  # noqa: PT017
                return True
            finally:
                fails_at = -1
            return False

        (tmp_path / "0").mkdir()
        assert not fails(tmp_path / "0" / f"few{ending}", -1)
        n_calls = len(calls)
        assert n_calls > 30
        n_failures = 0
        for number in range(EVERY, n_calls + 1, EVERY):
            path = tmp_path / str(number) / f"few{ending}"
            path.parent.mkdir()
            failed = fails(path, number)
            said = f"{calls[number - 1]}, call {number}"
            if failed:
                n_failures += 1
                if replaces and not path.exists():
                    path = path.with_name(f"{path.name}.part") / "replaced"
                assert not replaces or self.colors(path) in (2, 5), said
                path = tmp_path / str(number) / f"few{ending}"
                q.save(path, overwrite=True)
                assert not path.with_name(f"{path.name}.part").exists()
            assert self.colors(path) == 5, said
            shutil.rmtree(path.parent)
        assert n_failures > 20 // EVERY

    @staticmethod
    def colors(path: Path) -> int:
        """Return how many colours a whole result has."""
        if path.suffix == ".tif":
            import tifffile

            return len(np.unique(tifffile.imread(path)))
        assert not [name for name in tree(path) if "partial" in name]
        group = zarr.open_group(path, mode="r")
        assert np.array_equal(group["counts"][:], np.bincount(group["indices"][:].ravel()))
        return len(np.unique(group["indices"][:]))
