"""What the command line does in tiles: the same as in memory, and how it fails."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

import kpalette
from conftest import PATIENCE, chunk, files_in, noise, raw_png
from kpalette import cli, distributed
from kpalette.cli.exits import sizes
from kpalette.distributed import running

COMMAND = [sys.executable, "-m", "kpalette"]

#: The same, but after the first block that is written all others wait for the end.
ONE_BLOCK = """
import threading
from kpalette import cli, distributed
from kpalette.distributed.blocks import BlockWriter

first, over, write = threading.Lock(), threading.Event(), BlockWriter.write

def one_block(self, block):
    if not first.acquire(blocking=False):
        over.wait()
    return write(self, block)

BlockWriter.write = one_block
try:
    cli.main()
finally:
    over.set()
"""


@pytest.fixture
def image() -> np.ndarray:
    y, x = np.mgrid[:300, :400]
    layers = [x * 255 // 400, y * 255 // 300, (x * y) % 256]
    return np.stack(layers, axis=-1).astype(np.uint8)


@pytest.fixture
def tiff(tmp_path: Path, image: np.ndarray) -> Path:
    path = tmp_path / "big.tif"
    tifffile.imwrite(path, image, photometric="rgb", tile=(64, 96), compression="lzw")
    return path


def run(*args: object) -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *map(str, args)], capture_output=True, text=True)


def decoded(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        return np.asarray(Image.open(path).convert("RGB"))
    group = zarr.open_group(path, mode="r")
    return group["palette"][:][group["indices"][:]]


@pytest.mark.parametrize("name", ["few.zarr", "few.tif"])
@pytest.mark.parametrize("dither", ["none", "blue-noise", "floyd-steinberg"])
def test_quantize_equals_what_memory_gives(
    tmp_path: Path, tiff: Path, image: np.ndarray, name: str, dither: str
) -> None:
    out = tmp_path / name
    options = ["-k", 24, "--dither", dither, "--scheduler", "threads", "--json"]
    done = run("quantize", tiff, "-o", out, *options)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    if out.is_file():
        told = sizes(tiff.stat().st_size, out.stat().st_size)
        assert done.stderr.endswith(f"; {told} in {out}\n")
    whole = kpalette.quantize(image, 24, dither=None if dither == "none" else dither)
    assert np.array_equal(decoded(out), whole.rgb)
    figures = json.loads(done.stdout)
    assert figures["output"] == str(out)
    assert (figures["width"], figures["height"], figures["colors"]) == (400, 300, 24)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.tif", name]


def test_a_zarr_name_is_enough_and_memory_is_bounded(
    tmp_path: Path, tiff: Path, image: np.ndarray
) -> None:
    assert run("quantize", tiff, "16", "-o", tmp_path / "a.zarr", "-q").stderr == ""
    limited = run("quantize", tiff, "--memory-limit", "1GB", "--map", tmp_path / "p.hex")
    assert limited.returncode == 3  # there is no such palette
    kpalette.quantize(image, 16).palette.save(tmp_path / "p.hex")
    limited = run("quantize", tiff, "--memory-limit", "1GB", "--map", tmp_path / "p.hex")
    assert limited.returncode == 0
    assert np.array_equal(decoded(tmp_path / "a.zarr"), decoded(tmp_path / "big-256.zarr"))
    again = run("quantize", tmp_path / "a.zarr" / "indices", "-k", 4, "-o", tmp_path / "b.tif")
    assert again.returncode == 3  # a folder, whose name does not tell what it is


def test_palette_counts_the_same(tmp_path: Path) -> None:
    for i, side in enumerate((40, 60, 80)):
        Image.fromarray(noise(side, 50, seed=i)).save(tmp_path / f"{i}.png")
    pattern = tmp_path / "*.png"
    expected = run("palette", pattern, "-k", 5)
    tiled = run(
        "palette", pattern, "-k", 5, "--scheduler", "threads", "--checkpoint", tmp_path / "c"
    )
    assert tiled.stdout == expected.stdout != ""
    assert len(list((tmp_path / "c").iterdir())) > 3
    assert run("palette", f"file://{tmp_path}/*.png", "-k", 5).stdout == expected.stdout
    assert run("palette", pattern, "-k", 5, "--memory-limit", "2GB").stdout == expected.stdout
    dithered = ("palette", pattern, "-k", 5, "--dither", "bayer")
    assert run(*dithered, "--scheduler", "threads").stdout == run(*dithered).stdout != ""


@pytest.mark.parametrize(
    ("args", "code", "match"),
    [
        (["-o", "few.png", "--scheduler", "threads"], 2, "expected a name that ends in '.zarr'"),
        (["--memory-limit", "10MB"], 2, "expected at least"),
        (["--memory-limit", "9" * 400], 2, "expected a size such as 4GB or 500MiB, got '999"),
        (["--memory-limit", "lots"], 2, "expected a size such as 4GB or 500MiB, got 'lots'"),
        (["--scheduler", "somewhere"], 2, "--scheduler: expected threads, processes or the addr"),
        (["--scheduler", "tcp://127.0.0.1:1"], 69, "answer from 'tcp://127.0.0.1:1' within 1 s\n"),
        (["--scheduler", "tcp://no.host.invalid:1"], 69, "tcp://no.host.invalid:1' is not known\n"),
        (["--scheduler", "tcp://[::1:1"], 69, "the host of 'tcp://[::1:1' is not known\n"),
        (["--scheduler", "tcp://localhost"], 2, "such as tcp://host:8786, got 'tcp://localhost'"),
        (
            ["-o", "few.zarr", "--saliency"],
            2,
            "; see 'Large images' in 'kpalette quantize --help-all'",
        ),
        (["-o", "few.zarr", "big.tif"], 2, "expected one large image, got 2 photos"),
        (["-o", "none/few.zarr"], 16, "there is no directory"),
        (["-o", "/proc/few.zarr"], 16, "/proc/few.zarr"),
        (["-o", "full.zarr"], 15, "full.zarr exists; -f replaces it"),
        (["-o", "full.zarr", "-f"], 16, "it is a directory but no Zarr group"),
        (["-o", "few.zarr", "--fixed", "no"], 2, "fixed"),
        (["-o", "big.tif", "--scheduler", "threads", "-f"], 15, "is the photo itself"),
    ],
)
def test_wrong_calls(
    tmp_path: Path, tiff: Path, monkeypatch, args: list[str], code: int, match: str, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "CONNECT_TIMEOUT", 1)
    (tmp_path / "full.zarr").mkdir()
    (tmp_path / "full.zarr" / "precious").touch()
    assert cli.run(["quantize", "big.tif", "-k", "8", *args]) == code
    assert match in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.tif", "full.zarr"]
    assert (tmp_path / "full.zarr" / "precious").exists()


def test_what_the_photo_was_before_does_not_count(tmp_path: Path, tiff: Path) -> None:
    out = tmp_path / "few.zarr"
    whole = tiff.read_bytes()
    tiff.write_bytes(whole + bytes(9))
    distributed.histogram(tiff, checkpoint=tmp_path / "few.zarr.counts")
    tiff.write_bytes(whole)
    done = run("quantize", tiff, "-k", 8, "-o", out)
    assert done.returncode == 0
    assert "resumed" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.tif", "few.zarr"]


def test_where_nothing_was_counted_nothing_stays(tmp_path: Path, tiff: Path) -> None:
    tiff.write_bytes(tiff.read_bytes()[:-3000])
    assert run("quantize", tiff, "-k", 8, "-o", tmp_path / "few.zarr").returncode == 3
    assert files_in(tmp_path) == {"big.tif"}


def test_a_folder_of_counts_that_is_not_ours_is_left_alone(tmp_path: Path, tiff: Path) -> None:
    counts = tmp_path / "few.zarr.counts"
    counts.mkdir()
    (counts / "precious").touch()
    done = run("quantize", tiff, "-k", 8, "-o", tmp_path / "few.zarr")
    assert done.returncode == 3
    assert "expected an empty folder" in done.stderr
    assert (counts / "precious").exists()


def test_counts_are_those_of_the_indices(tmp_path: Path, tiff: Path) -> None:
    for dither in ("none", "bayer", "floyd-steinberg", "spatial"):
        out = tmp_path / f"{dither}.zarr"
        assert run("quantize", tiff, "-k", 8, "-o", out, "--dither", dither).returncode == 0
        group = zarr.open_group(out, mode="r")
        assert np.array_equal(group["counts"][:], np.bincount(group["indices"][:].ravel()))
        assert (group.attrs["mse"] is None) == (dither != "none")


def test_missing_chunks(tmp_path: Path, image: np.ndarray) -> None:
    source, out = tmp_path / "big.zarr", tmp_path / "few.zarr"
    array = zarr.create_array(source, shape=image.shape, dtype="u1", chunks=(50, 100, 3))
    array[:250] = image[:250]
    refused = run("quantize", source, "-k", 8, "-o", out)
    assert refused.returncode == 3
    assert "expected 24 chunks" in refused.stderr
    assert "4 are missing" in refused.stderr
    assert run("quantize", source, "-k", 8, "-o", out, "--missing", "fill").returncode == 0
    image = image.copy()
    image[250:] = 0
    assert np.array_equal(decoded(out), kpalette.quantize(image, 8).rgb)


def test_force_replaces_a_group(tmp_path: Path, tiff: Path) -> None:
    out = tmp_path / "few.zarr"
    for k in (4, 7):
        assert run("quantize", tiff, "-k", k, "-o", out, "-f", "-q").returncode == 0
        assert zarr.open_group(out, mode="r")["palette"].shape == (k, 3)


def test_a_tile_that_cannot_be_read(tmp_path: Path, tiff: Path) -> None:
    with tifffile.TiffFile(tiff) as file:
        start = file.pages.first.dataoffsets[7]
    whole = tiff.read_bytes()
    tiff.write_bytes(whole[:start] + bytes(range(200)) + whole[start + 200 :])
    out = tmp_path / "few.zarr"
    done = run("quantize", tiff, "-k", 8, "-o", out)
    assert done.returncode == 3
    assert done.stderr.startswith(f"kpalette: {tiff}, tile (0, 0), rows 0 to 299, columns 0 to 399")
    assert done.stderr.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_is_taken_up(tmp_path: Path, number: int) -> None:
    image = np.concatenate([noise(256, 1024, seed=i) for i in range(16)])
    zarr.create_array(tmp_path / "big.zarr", data=image, chunks=(256, 256, 3))
    out, part = tmp_path / "few.zarr", tmp_path / "few.zarr.part"
    args = [
        "quantize",
        tmp_path / "big.zarr",
        "-k",
        200,
        "-o",
        out,
        "--memory-limit",
        "930MB",
    ]
    command = [sys.executable, "-c", ONE_BLOCK, *map(str, args)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE
    while not list(part.glob("*/done/[0-9]*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(number)
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    stays = f"kpalette: what is done stays beside {out}; the same command goes on from it\n"
    assert said.decode() == (f"{stays}kpalette: interrupted\n" if number == signal.SIGINT else "")
    assert not out.exists()
    assert list(part.glob("*/done/[0-9]*"))
    done = run(*args)
    assert done.returncode == 0
    assert "; resumed from an earlier run; " in done.stderr
    assert np.array_equal(decoded(out), kpalette.quantize(image, 200).rgb)
    assert not part.exists()


def test_an_output_that_another_run_writes_is_refused(tmp_path: Path, tiff: Path, fails) -> None:
    from kpalette.distributed.locks import locked

    for folder in ("few.zarr.part", "few.zarr.counts"):
        with locked(tmp_path / folder):
            line = fails(75, "quantize", str(tiff), "-k", "8", "-o", str(tmp_path / "few.zarr"))
            told = f"{tmp_path / 'few.zarr'}: another run writes there: process {os.getpid()} on "
            assert line.startswith(f"kpalette: {told}")
    assert run("quantize", tiff, "-k", 8, "-o", tmp_path / "few.zarr").returncode == 0
    assert files_in(tmp_path) == {"big.tif", "few.zarr"}


def test_a_cluster_without_workers_is_told_of_and_left(tmp_path: Path, tiff: Path, capsys) -> None:
    import dask
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as none,
        dask.config.set({"kpalette.wait-for-workers": "500 ms"}),
    ):
        where = none.scheduler_address
        out = str(tmp_path / "few.zarr")
        args = ["quantize", str(tiff), "-k", "8", "-o", out, "--scheduler", where]
        assert cli.run(args) == 69
    assert files_in(tmp_path) == {"big.tif"}
    first, last = capsys.readouterr().err.splitlines()
    waiting = f"kpalette: '{where}' has no worker: waiting 0.5 s for one"
    assert first == f"{waiting}; 'dask worker {where}' starts one"
    assert last.startswith(f"kpalette: scheduler: '{where}' has had no worker for 0.5 s; finished")


def test_a_zarr_group_that_nobody_named_is_told_of(
    tmp_path: Path, tiff: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["quantize", "big.tif", "-k", "4", "--scheduler", "threads"]) == 0
    told = (
        "kpalette: big-4.zarr is a Zarr group: big.tif was done in tiles; -o x.tif writes a TIFF\n"
    )
    assert capsys.readouterr().err.endswith(told)
    for options in (["-o", "x.tif"], ["-o", "x.zarr"], ["-q", "-f"]):
        assert cli.run(["quantize", "big.tif", "-k", "4", "--scheduler", "threads", *options]) == 0
        assert "Zarr group" not in capsys.readouterr().err
    assert cli.run(["quantize", "--help-all"]) == 0
    assert "photo-16.zarr, unless OUT ends in .tif" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "options", [["-o", "x.tif", "--scheduler", "threads"], ["-o", "x.zarr"], ["--memory-limit=2GB"]]
)
def test_pngquants_command_lines_work_in_tiles(
    options: list[str], tmp_path: Path, tiff: Path, image: np.ndarray, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["8", "big.tif", *options]) == 0
    (out,) = files_in(tmp_path) - {"big.tif"}
    expected = kpalette.quantize(image, 8, dither="floyd-steinberg").rgb
    assert np.array_equal(decoded(Path(out)), expected)


def test_url_needs_a_place_for_the_picture(fails) -> None:
    line = fails(2, "quantize", "http://127.0.0.1:1/x.zarr", "-k", "4")
    assert "a photo at a URL needs -o" in line


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A TIFF that announces 60,000 by 60,000 pixels, whose one strip is left out."""
    tags = [(256, 60000), (257, 60000), (258, 8), (259, 1), (262, 1), (273, 200), (277, 1)]
    tags += [(278, 60000), (279, 0)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    path = tmp_path / "60k.tif"
    header = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries
    path.write_bytes(header.ljust(300, b"\0"))
    return path


@pytest.fixture
def huge_png(tmp_path: Path) -> Path:
    """A PNG of more pixels than are decoded at once, which EXIF data may turn."""
    path = tmp_path / "large.png"
    path.write_bytes(raw_png(20_000, 9_000, 1, 0, bytes(9_000 * 2_501), chunk(b"eXIf", b"II")))
    return path


@pytest.mark.parametrize("out", [[], ["-o", "o.tif"], ["-o", "o.zarr"]])
def test_a_large_png_goes_to_tiles_by_its_header(out: list[str], huge_png: Path) -> None:
    done = run("quantize", huge_png, *out)
    assert done.returncode == 3
    assert "the PNG has EXIF data, which may turn it, so it is not read in tiles" in done.stderr
    assert "-o x.tif" not in done.stderr


@pytest.mark.parametrize("args", [["palette"], ["quantize", "-o", "o.tif"]])
@pytest.mark.parametrize("kind", ["huge", "huge_png"])
def test_a_large_image_without_dask_names_the_extra(
    args: list[str], kind: str, request: pytest.FixtureRequest
) -> None:
    huge: Path = request.getfixturevalue(kind)
    script = "import sys; sys.modules['dask'] = None; from kpalette import cli; cli.main()"
    command = [sys.executable, "-c", script, *args, str(huge)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=huge.parent)
    assert done.returncode == 3
    assert f"{huge}: expected at most 178,956,970 pixels in one piece, got " in done.stderr
    assert "; to read it in tiles, kpalette.distributed needs dask: " in done.stderr
    assert "pip install 'kpalette[distributed]'" in done.stderr


@pytest.mark.parametrize("args", [["palette"], ["quantize", "-o", "o.zarr"]])
def test_tiles_without_dask_end_plainly(args: list[str], tmp_path: Path) -> None:
    Image.fromarray(noise(20, 30)).save(tmp_path / "a.tif")
    script = "import sys; sys.modules['dask'] = None; from kpalette import cli; cli.main()"
    for more in (["--memory-limit", "800MB"], ["--scheduler", "threads"]):
        command = [sys.executable, "-c", script, *args, "a.tif", *more]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        line = "kpalette.distributed needs dask: pip install 'kpalette[distributed]'"
        assert (done.returncode, done.stderr) == (2, f"kpalette: {line}\n")
    assert files_in(tmp_path) == {"a.tif"}


@pytest.mark.parametrize("name", ["x.zarr", "x.png", "x.tif", "**/*.png", "folder/"])
def test_urls_that_no_package_reads(name: str, tmp_path: Path) -> None:
    script = "import sys; sys.modules['s3fs'] = None; from kpalette import cli; cli.main()"
    url = f"s3://a/{name}"
    args = ["palette", url, "-q"]
    if name.endswith((".zarr", ".tif")):
        args = ["quantize", url, "-o", "o.zarr"]
    command = [sys.executable, "-c", script, *args]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    line = f"kpalette: {url}: s3fs is not installed; pip install s3fs\n"
    assert (done.returncode, done.stderr) == (2, line)


def test_a_large_tiff_is_no_png(huge: Path, fails: Any) -> None:
    said = fails(2, "quantize", huge, "-o", huge.with_name("o.png"))
    assert f"as {huge} is too large for other formats" in said
