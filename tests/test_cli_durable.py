"""What a command may lose or take: nothing at a kill, two seconds at Ctrl-C, and little memory."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import PATIENCE, noise, png_header
from kpalette import cli
from kpalette.cli import jobs, memory, room, tiled
from kpalette.cli.jobs import Result
from kpalette.cli.plan import Job
from kpalette.files.header import n_pixels

COMMAND = [sys.executable, "-m", "kpalette"]
#: Seconds in which a run ends: two, and what a busy machine takes to run anything.
SOON = 10
#: How often to kill a run; `make kill-test` asks for 200.
KILLS = int(os.environ.get("KPALETTE_KILLS", "6"))


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


# ---- what a file was ----


def test_pictures_are_as_private_as_their_photos(photo: Path, tmp_path: Path) -> None:
    for mode, expected in ((0o600, 0o600), (0o640, 0o640), (0o440, 0o640), (0o644, 0o644)):
        photo.chmod(mode)
        for args in ([], ["--format", "webp"], ["--out-dir", str(tmp_path / "out")]):
            out = tmp_path / "x.png"
            out.unlink(missing_ok=True)
            where = args if "--out-dir" in args else [*args, "-o", str(out)]
            assert cli.run(["quantize", "-q", "-f", str(photo), "-k", "4", *where]) == 0
            made = tmp_path / "out" / f"{photo.stem}.png" if "--out-dir" in args else out
            assert permissions(made) == expected
            made.unlink()


def test_frames_are_as_private_as_the_most_private(photo: Path, tmp_path: Path) -> None:
    other, out = tmp_path / "other.png", tmp_path / "x.gif"
    other.write_bytes(photo.read_bytes())
    other.chmod(0o600)
    assert cli.run(["quantize", "-q", str(photo), str(other), "-o", str(out)]) == 0
    assert permissions(out) == 0o600


def test_in_place_keeps_what_the_file_was(photo: Path) -> None:
    photo.chmod(0o604)
    try:
        os.setxattr(photo, "user.note", b"mine")
        attributes = True
    except (AttributeError, OSError):
        attributes = False
    assert cli.run(["quantize", "-q", "-f", "--ext", ".png", "-k", "2", str(photo)]) == 0
    assert png_header(photo)[2] == 2
    assert permissions(photo) == 0o604
    if attributes:
        assert os.getxattr(photo, "user.note") == b"mine"


def test_an_empty_picture_is_not_done(photo: Path, tmp_path: Path, capsys: Any) -> None:
    out, args = tmp_path / "x.png", ["quantize", str(photo), "-k", "4", "--skip-existing"]
    for _ in range(2):
        out.write_bytes(b"")
        assert cli.run([*args, "-o", str(out)]) == 0
        assert png_header(out)[2] <= 4
        assert "skipped" not in capsys.readouterr().err
    before = out.read_bytes()
    (tmp_path / ".x.png.kpalette-part").write_bytes(b"torn")
    assert cli.run([*args, "-o", str(out)]) == 0
    assert "skipped" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert not (tmp_path / ".x.png.kpalette-part").exists()


def test_each_folder_is_synced_once(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    synced = []
    monkeypatch.setattr("kpalette.cli.streams.sync_folder", synced.append)
    out = tmp_path / "new" / "out"
    assert cli.run(["quantize", "-q", "-r", str(folder), "-k", "4", "--out-dir", str(out)]) == 0
    inner = [out, out / "sub", out / "sub" / "deep"]
    assert sorted(synced) == sorted(map(str, [tmp_path, tmp_path / "new", *inner]))


# ---- kills and signals ----


def test_kills(tmp_path: Path) -> None:
    """In place or beside, a file is the old one or a new one, and what is left is swept."""
    number = random.Random(KILLS)
    photos = [tmp_path / f"{i}.png" for i in range(12)]
    old = {}
    for i, path in enumerate(photos):
        Image.fromarray(noise(40, 40, seed=i)).save(path)
        old[path] = path.read_bytes()
    args = [*COMMAND, "quantize", "-q", "-f", "-k", "8", "-j", "3", "--ext", ".png"]
    args += ["--even-if-larger", *map(str, photos)]
    start = time.monotonic()
    subprocess.run(args, check=True)
    whole = time.monotonic() - start
    new = {path: path.read_bytes() for path in photos}
    for _ in range(KILLS):
        for path in photos:
            path.write_bytes(old[path])
        process = subprocess.Popen(args)
        time.sleep(number.uniform(0.3, 1) * whole)
        process.kill()
        process.wait()
        for path in photos:
            assert path.read_bytes() in (old[path], new[path])
    for path in photos:
        path.write_bytes(old[path])
    subprocess.run(args, check=True)
    assert not list(tmp_path.glob(".*"))


def ended(process: subprocess.Popen[bytes], number: int) -> float:
    """Send a signal; return after how many seconds the process has ended."""
    start = time.monotonic()
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    return time.monotonic() - start


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("n_jobs", ["1", "3"])
def test_signals_while_a_pipe_has_no_reader(
    tmp_path: Path, number: int, code: int, n_jobs: str
) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("ignored here, and so by what is started here, as under nohup")
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "a.png")
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(noise(30, 30)).save(tmp_path / name)
    args = ["quantize", "-q", "-k", "4", "-j", n_jobs, "--out-dir", str(out)]
    names = ["b.png", "c.png", "a.png"]  # the pipe comes last
    args += [str(tmp_path / name) for name in names]
    process = subprocess.Popen([*COMMAND, *args], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not all((out / name).exists() for name in ("b.png", "c.png")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)
    assert process.poll() is None
    assert ended(process, number) < SOON
    assert process.returncode == code
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("fifo", [True, False])
def test_signals_while_a_reader_does_not_read(tmp_path: Path, fifo: bool) -> None:
    """A part is written and the rest waits: it must not wait once more at the end."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("ignored here, and so by what is started here, as under nohup")
    photo, pipe = tmp_path / "photo.png", tmp_path / "pipe"
    Image.fromarray(noise(500, 500)).save(photo)  # more than a pipe holds
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pipe.open("wb") as writer:
        args = ["quantize", "-q", str(photo), "-o", str(pipe) if fifo else "-"]
        process = subprocess.Popen([*COMMAND, *args], stdout=writer)
        deadline = time.monotonic() + PATIENCE
        while not (waiting := os.read(reader, 1) if _is_filled(reader) else b""):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert waiting == b"\x89"
        time.sleep(0.2)
        assert process.poll() is None
        assert ended(process, signal.SIGINT) < SOON
    os.close(reader)
    assert process.returncode == 130


#: A command whose files are never on the disk: it waits for a lock, which no signal ends.
STUCK = """
import ctypes, os, sys
from kpalette import cli
lock = ctypes.create_string_buffer(256)
threads = ctypes.CDLL(None)
threads.pthread_mutex_lock(lock)
def stuck(number):
    print(flush=True)
    threads.pthread_mutex_lock(lock)
os.fsync = stuck
cli.main()
"""


@pytest.mark.parametrize("n_jobs", ["1", "2"])
def test_signals_while_a_share_does_not_answer(tmp_path: Path, n_jobs: str) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("ignored here, and so by what is started here, as under nohup")
    photos = [tmp_path / name for name in ("a.png", "b.png")]
    for path in photos:
        Image.fromarray(noise(30, 30)).save(path)
    args = ["quantize", "-q", "-j", n_jobs, "--out-dir", str(tmp_path / "out"), *map(str, photos)]
    command = [sys.executable, "-c", STUCK, *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert ended(process, signal.SIGINT) < SOON
    assert process.returncode == 130


def _is_filled(pipe: int) -> bool:
    import select

    return bool(select.select([pipe], [], [], 0)[0])


# ---- memory ----

#: A program that runs a command line within so many bytes of address space more than it has.
WITHIN = """
import resource, sys
from kpalette import cli
from kpalette.files import plain, plain_png
import PIL.Image, PIL.JpegImagePlugin, PIL.PngImagePlugin
if sys.argv[2] != "plain":
    import numpy, kpalette.pipeline, kpalette.files.encoding
    kpalette.files.as_pixels(PIL.Image.new("RGB", (1, 1)))
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = now + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(cli.run(sys.argv[3:]))
"""
LINUX = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="by /proc of Linux")


def run_within(bytes_: int, *args: str, kind: str = "plain") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", WITHIN, str(bytes_), kind, *args]
    # One arena: each thread's would take 64 MB of addresses that are not memory.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, stderr=subprocess.PIPE, env=environment)


#: Bytes a pixel, which include the 64 MB of a table of all colours.
BUDGETS = [("PNG", 9), ("JPEG", 9), ("TIFF", 13), ("BMP", 13), ("WEBP", 16)]


@LINUX
@pytest.mark.parametrize(("kind", "per_pixel"), BUDGETS)
def test_stills_take_so_much_memory(tmp_path: Path, kind: str, per_pixel: int) -> None:
    side = 4000
    row = np.arange(side, dtype=np.uint32)
    pixels = np.stack(np.broadcast_arrays(row[:, None] // 20, row // 20, row[:, None] + row), 2)
    photo = tmp_path / f"photo.{kind.lower()}"
    how: dict[str, Any] = {"lossless": True, "method": 0} if kind == "WEBP" else {}
    Image.fromarray(pixels.astype(np.uint8)).save(photo, kind, **how)
    args = ["quantize", "-q", "-f", str(photo), "-k", "16", "--threads", "1"]
    args += ["-o", str(tmp_path / "x.png")]
    way = "plain" if kind in ("PNG", "JPEG") else "long"
    done = run_within(per_pixel * side**2 + 20_000_000, *args, kind=way)
    assert (done.returncode, done.stderr) == (0, b"")


@LINUX
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_too_little_memory_is_told(tmp_path: Path, kind: str) -> None:
    photo = tmp_path / f"photo.{kind.lower()}"
    Image.new("RGB", (9000, 9000)).save(photo, kind)
    done = run_within(100_000_000, "quantize", str(photo), "-o", str(tmp_path / "x.png"))
    assert done.returncode == 71
    assert b"there is not enough memory" in done.stderr
    assert b"internal" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [photo.name]


def test_no_memory_has_a_code_of_its_own(photo: Path, fails: Any, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("kpalette.still.quantize", full)
    monkeypatch.setattr("kpalette.pipeline.quantize", full)
    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    for args in ([], ["--saliency"], ["--format", "webp"]):
        said = fails(71, "quantize", photo, *args, "-k", "4")
        assert "there is not enough memory" in said
        assert "internal" not in said
    assert cli.run(["quantize", "-q", str(photo), str(other), "-j", "2"]) == 71


def test_a_limit_that_cannot_be_kept_is_refused(
    tmp_path: Path, fails: Any, monkeypatch: Any
) -> None:
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (12000, 12000)).save(photo)
    asked = ["quantize", photo, "--memory-limit", "1GB", "-o", tmp_path / "x.zarr"]
    said = fails(71, *asked)
    assert "decoded as a whole, it takes about 1.6 GB, more than --memory-limit" in said
    assert not (tmp_path / "x.zarr").exists()
    said = fails(71, "palette", photo, "--memory-limit", "1GB", "-k", "4")
    assert "more than --memory-limit" in said


@pytest.mark.parametrize(("most", "expected"), [(10, 1), (100, 1), (250, 2), (1000, 4)])
def test_photos_are_admitted_by_their_memory(most: int, expected: int, monkeypatch: Any) -> None:
    """Of those that take 100 each, as many as there is room for, and always one."""
    monkeypatch.setattr(room, "budget", lambda: most)
    monkeypatch.setattr(room, "needed", lambda *_, **__: 100)
    at_work: list[Job] = []
    found: list[int] = []

    def work(job: Job) -> Result:
        at_work.append(job)
        time.sleep(0.02)
        found.append(len(at_work))
        at_work.remove(job)
        return Result(job, "")

    told: list[Result] = []
    all_jobs = [Job(str(i), "") for i in range(12)]
    jobs.run(all_jobs, work, 4, told.append)
    assert [result.job for result in told] == all_jobs
    assert max(found) <= expected
    if expected < 4:
        assert max(found) == expected


def test_budgets(tmp_path: Path, monkeypatch: Any) -> None:
    assert 0 < room.budget() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(room, "_cgroup_files", lambda: iter([str(limit), "none"]))
    limit.write_text("1000000\n")
    assert room.budget() == 500_000
    limit.write_text("max\n")
    assert room.budget() > 500_000
    monkeypatch.setattr(resource, "getrlimit", lambda _: (400_000, 400_000))
    assert room.budget() == 200_000
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    photo = str(tmp_path / "a.png")
    besides = room.BESIDES + os.path.getsize(photo)
    assert room.needed(Job(photo, "b.png")) == besides + 600 * room.PER_PIXEL
    assert room.needed(Job(photo, "b.webp")) == besides + 600 * room.WRITING[".webp"]
    assert room.needed(Job(photo, "b.png"), smaller=True) == besides + 600 * room.SMALLER
    assert room.needed(Job(str(tmp_path / "none.png"), "")) == 0


def test_tiles_that_are_stored_too_large_for_a_limit_are_refused(
    tmp_path: Path, fails: Any
) -> None:
    zarr = pytest.importorskip("zarr")
    source, out = tmp_path / "a.zarr", tmp_path / "x.zarr"
    zarr.create_array(source, shape=(9000, 9000, 3), chunks=(3000, 9000, 3), dtype="uint8")
    asked = ["quantize", source, "--memory-limit", "1GB", "--missing", "fill", "-o", out]
    said = fails(71, *asked)
    assert "in tiles of 9000×3000 pixels, as it is stored, it takes about 1.7 GB" in said
    assert not out.exists()


def test_colors_with_alpha_that_a_limit_has_no_room_for_are_refused(
    tmp_path: Path, fails: Any, monkeypatch: Any
) -> None:
    zarr = pytest.importorskip("zarr")
    data = np.random.default_rng(0).integers(0, 256, (90, 90, 4), np.uint8)
    source, out = tmp_path / "a.zarr", tmp_path / "x.zarr"
    zarr.create_array(source, data=data, chunks=(30, 30, 4))
    monkeypatch.setattr(memory, "PER_COLOR", 10**6)
    asked = ["quantize", source, "--memory-limit", "1GB", "-k", "4", "-o", out]
    said = fails(71, *asked)
    assert "expected at most 900 distinct colours with alpha, got more" in said
    assert "or give more --memory-limit" in said
    assert cli.run(["quantize", "-q", *map(str, asked[1:]), "--alpha", "flatten:#fff"]) == 0


KINDS = ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "TGA", "ICO"]


@pytest.mark.parametrize("kind", KINDS)
def test_headers_tell_of_pixels(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    image = Image.fromarray(noise(20, 30))
    ways: list[dict[str, Any]] = [{}]
    if kind == "JPEG":
        ways += [{"progressive": True}, {"exif": b"Exif\0\0" + bytes(9000)}]
    if kind == "WEBP":
        ways += [{"lossless": True}, {"exif": b"Exif\0\0II*\0" + bytes(8)}]
    if kind == "ICO":
        image = image.resize((32, 32))
    for way in ways:
        image.save(path, kind, **way)
        assert n_pixels(str(path)) == image.width * image.height
        whole = path.read_bytes()
        for size in (0, 1, 3, 10, 20, 30):  # cut off: no error, whatever it tells
            path.write_bytes(whole[:size])
            assert n_pixels(str(path)) >= 0


def test_headers_of_what_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\xff\xd8\xff\xe0\0\0")
    assert n_pixels(str(path)) == 0
    assert n_pixels(str(tmp_path)) == n_pixels(str(tmp_path / "none")) == 0
    os.mkfifo(tmp_path / "fifo")
    assert n_pixels(str(tmp_path / "fifo")) == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_stills_have_a_limit_of_pixels(
    tmp_path: Path, fails: Any, monkeypatch: Any, kind: str
) -> None:
    photo, out = tmp_path / f"photo.{kind.lower()}", tmp_path / "x.png"
    Image.fromarray(noise(20, 30)).save(photo, kind)
    before = Image.MAX_IMAGE_PIXELS
    asked = ["quantize", "-q", "-f", str(photo), "-k", "4", "-o", str(out)]
    said = fails(3, *asked, "--max-pixels", "598")
    assert "--max-pixels" in said
    assert not out.exists()
    assert cli.run([*asked, "--max-pixels", "600"]) == 0
    assert before == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)  # as for what has more than is usual
    monkeypatch.setattr("kpalette.files.plain_png.MOST_PIXELS", 400)
    out.unlink()
    assert cli.run([*asked, "--max-pixels", "600"]) == 0
    assert png_header(out)[2] == 4


def test_a_large_png_is_read_at_once_where_that_is_asked_for(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("1", (20_000, 9_000)).save(photo)
    assert tiled.is_too_large(str(photo))
    assert not tiled.is_too_large(str(photo), 180_000_000)
    assert tiled.is_too_large(str(photo), 179_999_999)


def test_weights_that_no_sum_can_hold_are_told(photo: Path, fails: Any, monkeypatch: Any) -> None:
    """As those of 157 megapixels in millions of colours, which stand out."""

    def full(*_: Any, **__: Any) -> None:
        raise OverflowError("the counts add up to more than a fit can sum exactly")

    monkeypatch.setattr("kpalette.pipeline.quantize", full)
    said = fails(2, "quantize", photo, "--saliency")
    assert said.endswith(": the counts add up to more than a fit can sum exactly\n")
