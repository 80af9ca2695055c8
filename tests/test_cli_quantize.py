"""The command quantize: what it writes, what it says, and how it fails."""

from __future__ import annotations

import io
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
from conftest import DAMAGED, LINKS, PATIENCE, files_in, gradient, noise, png_header
from kpalette import cli, pipeline

COMMAND = [sys.executable, "-m", "kpalette"]


@pytest.mark.parametrize(
    ("k", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)]
)
def test_writes_an_indexed_png_of_k_colours(k: int, depth: int, photo: Path) -> None:
    assert cli.run(["quantize", str(photo), "-k", str(k)]) == 0
    out = photo.with_name(f"photo-{k}.png")
    assert png_header(out) in ((depth, 3, k), (8, 3, k))
    with Image.open(out) as image:
        assert len(image.getcolors()) == k
        assert np.array_equal(image.convert("RGB"), kpalette.quantize(photo, k).rgb)


def test_writes_256_colours_unless_told(photo: Path) -> None:
    assert cli.run(["quantize", str(photo)]) == 0
    assert png_header(photo.with_name("photo-256.png")) == (8, 3, 256)


def test_transparency(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(noise(20, 20, 4)).save(path)
    assert cli.run(["quantize", str(path), "-k", "9"]) == 0
    with Image.open(tmp_path / "photo-9.png") as image:
        assert np.array_equal(image.convert("RGBA"), kpalette.quantize(path, 9).rgba)


def test_options_reach_the_library(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seen = pipeline.quantize, {}

    def spy(pixels: Any, k: int, **options: Any) -> Any:
        seen.update(options, k=k)
        return plain(pixels, k, **options)

    monkeypatch.setattr(pipeline, "quantize", spy)
    args = ["-k", "5", "--space", "lab", "--effort", "fast"]
    args += ["--seed", str(2**64 - 1), "--threads", "2", "--quiet"]
    args += ["--dither", "bayer", "--dither-strength", "0.5", "--saliency", "--keep-profile"]
    args += ["--fixed", "#ff8800,black", "--fixed", "123456", "--alpha", "flatten:#ffffff"]
    assert cli.run(["quantize", str(photo), *args]) == 0
    assert seen == {
        "k": 5,
        "space": "lab",
        "effort": "fast",
        "fixed": ("#ff8800", "#000000", "#123456"),
        "keep_profile": True,
        "posterize": 0,
        "weights": None,
        "saliency": True,
        "alpha": "flatten:#ffffff",
        "dither": "bayer",
        "dither_strength": 0.5,
        "smaller": 0.0,
        "seed": 2**64 - 1,
        "threads": 2,
    }


@pytest.mark.parametrize("strength", ["1.5", "-1", "nan", "x"])
def test_bad_dither_strength(photo: Path, strength: str) -> None:
    assert cli.run(["quantize", str(photo), "--dither-strength", strength]) == 2


def test_reports_what_it_did(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", str(photo), "-k", "16"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    quantized = kpalette.quantize(photo, 16)
    sizes = [path.stat().st_size for path in (photo, photo.with_name("photo-16.png"))]
    for part in (
        "64×48, 3,072 colours to 16",
        f"{quantized.n_iter} passes in 0.",
        f"MSE {quantized.mse:.2f}, PSNR {quantized.psnr:.2f} dB",
        f"{sizes[0]:,} to {sizes[1]:,} bytes (",
        f" % larger) in {photo.with_name('photo-16.png')}\n",
    ):
        assert part in said.err


def test_fewer_colours_than_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flag.png"
    colors = np.array([[[255, 0, 0]], [[255, 255, 255]], [[0, 0, 255]]], np.uint8)
    Image.fromarray(np.repeat(colors, 5, axis=1)).save(path)
    assert cli.run(["quantize", str(path), "-k", "16"]) == 0
    assert "3 colours, fewer than k = 16: all are kept" in capsys.readouterr().err
    assert png_header(tmp_path / "flag-16.png") == (2, 3, 3)


def test_quiet(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", str(photo), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name", ["a b.png", "-k.png", "new\nline.png", "ünï.tar.png", "caf\udce9.png"]
)
def test_odd_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Image.fromarray(gradient(8, 8)).save(name)
    except OSError:
        pytest.skip("the file system takes no such name")
    assert cli.run(["quantize", "-k", "4", "--", name]) == 0
    assert capfd.readouterr().err.count("\n") == 1
    assert files_in(tmp_path) == {name, name[:-4] + "-4.png"}
    assert cli.run(["quantize", "-k", "4", "--", name]) == 15
    assert capfd.readouterr().err.count("\n") == 1


def test_shared_photos(data: Path, tmp_path: Path) -> None:
    photos = [data / "cq100" / "girl.png", data / "walkthrough" / "flower.jpg"]
    assert cli.run(["quantize", *map(str, photos), "-k", "16", "-o", f"{tmp_path}/"]) == 0
    for path in photos:
        out = tmp_path / f"{path.stem}-16.png"
        assert png_header(out)[1:] == (3, 16)
        assert out.stat().st_size < 70_000


def test_stdin_to_stdout(photo: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "quantize", "-k", "5", "-"], input=photo.read_bytes(), capture_output=True
    )
    assert done.returncode == 0
    assert done.stderr.startswith(b"stdin: ")
    out = tmp_path / "out.png"
    out.write_bytes(done.stdout)
    assert png_header(out)[1:] == (3, 5)
    assert done.stdout.endswith(b"IEND\xaeB`\x82")
    assert np.array_equal(
        Image.open(io.BytesIO(done.stdout)).convert("RGB"), kpalette.quantize(photo, 5).rgb
    )


def test_stdin_to_a_file_and_a_file_to_stdout(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    args = [*COMMAND, "quantize", "-k", "5", "--quiet"]
    done = subprocess.run(
        [*args, "-", "-o", str(out)], input=photo.read_bytes(), capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = subprocess.run([*args, str(photo), "-o", "-"], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, out.read_bytes(), b"")


@pytest.mark.parametrize("content", [b"", b"just words"])
def test_bad_stdin(content: bytes) -> None:
    done = subprocess.run([*COMMAND, "quantize", "-"], input=content, capture_output=True)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"kpalette: stdin: ")
    assert done.stderr.count(b"\n") == 1


def test_no_image_on_a_terminal(photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert "a terminal cannot show" in fails(2, "quantize", photo, "-o", "-")


@pytest.mark.parametrize("k", ["0", "-1", "1.5", "257", "65537", "many", ""])
def test_bad_k(k: str, photo: Path, fails: Any) -> None:
    line = fails(2, "quantize", photo, "-k", k)
    assert f"'-k': expected a whole number from 1 to 256, got {k!r}" in line
    assert files_in(photo.parent) == {"photo.png"}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_photos(name: str, tmp_path: Path, fails: Any) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(DAMAGED[name][0])
    assert fails(3, "quantize", path).startswith(f"kpalette: {path}: ")
    assert files_in(tmp_path) == {"bad.png"}


def test_missing_photos_and_directories(tmp_path: Path, fails: Any) -> None:
    assert "missing.png: cannot be read: No such file" in fails(
        3, "quantize", tmp_path / "missing.png"
    )
    (tmp_path / "folder.png").mkdir()
    assert "folder.png: cannot be read: it is a directory" in fails(
        3, "quantize", tmp_path / "folder.png"
    )
    assert files_in(tmp_path) == {"folder.png"}


def test_one_bad_photo_does_not_stop_the_rest(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.png").write_text("just words")
    Image.fromarray(gradient(8, 8)).save(tmp_path / "last.png")
    photos = [str(tmp_path / name) for name in ("words.png", "photo.png", "no.png", "last.png")]
    assert cli.run(["quantize", "-k", "4", *photos]) == 3
    *lines, done = capsys.readouterr().err.splitlines()
    assert [line.startswith("kpalette: ") for line in lines] == [True, False, True, False]
    assert done.startswith("2 of 4 photos, 2 failed; ")
    assert {"photo-4.png", "last-4.png"} <= files_in(tmp_path)
    assert cli.run(["quantize", "-k", "4", *photos]) == 1  # unreadable, and existing


def test_failures_among_many_are_told_again_in_the_end(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{i}.png" for i in range(11)]
    for name in names[1:-1]:
        shutil.copy(photo, tmp_path / name)
    photos = [str(tmp_path / name) for name in names]
    assert cli.run(["quantize", "-k", "4", "--force", *photos]) == 3
    *lines, done, first, last = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert done.startswith("9 of 11 photos, 2 failed; ")
    assert ["kpalette:" + first[1:], "kpalette:" + last[1:]] == [lines[0], lines[-1]]
    assert cli.run(["quantize", "-k", "4", "--force", "--quiet", *photos]) == 3
    assert capsys.readouterr().err.splitlines() == [lines[0], lines[-1]]


@LINKS
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_it_cleanly(number: int, code: int, word: str, tmp_path: Path) -> None:
    source, out = tmp_path / "photo.png", tmp_path / "out"
    Image.fromarray(noise(200, 200)).save(source)
    photos = [tmp_path / f"{i}.png" for i in range(500)]
    for path in photos:
        path.symlink_to(source)
    process = subprocess.Popen(
        [*COMMAND, "quantize", "-k", "32", "-o", f"{out}/", "--quiet", *map(str, photos)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + PATIENCE
    while not (out.is_dir() and any(out.glob("*.png"))):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert stdout == b""
    assert stderr.decode() == f"kpalette: {word}\n"
    written = files_in(out)
    assert 0 < len(written) < len(photos)
    for name in written:
        assert not name.startswith(".")
        with Image.open(out / name) as image:
            image.load()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/stdin")
def test_a_pipe_given_by_name_is_counted(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    Image.fromarray(gradient(8, 8)).save(photo)
    out = tmp_path / "b.png"
    done = subprocess.run(
        f"cat {photo} | {sys.executable} -m kpalette quantize /dev/stdin -k 4 -o {out}",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert f"{photo.stat().st_size:,} to " in done.stderr


# What matters


def test_weights(photo: Path, tmp_path: Path, fails: Any) -> None:
    grey = np.linspace(0, 255, 48 * 64).reshape(48, 64).astype(np.uint8)
    path, out = tmp_path / "map.png", tmp_path / "out.png"
    Image.fromarray(grey).save(path)
    args = ["quantize", photo, "-k", "5", "--weights", path, "-q", "-o", out]
    assert cli.run([str(arg) for arg in args]) == 0
    expected = kpalette.quantize(photo, 5, weights=grey / 255)
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), expected.rgb)
    Image.fromarray(grey[1:]).save(path)
    assert "weights: expected" in fails(2, *args, "-f")
    Image.fromarray(gradient(48, 64)).save(path)
    assert f"expected a grey image, got {path}, which has colours" in fails(2, *args, "-f")
    path.unlink()
    assert f"{path}: cannot be read: No such file" in fails(3, *args, "-f")


@pytest.mark.parametrize("name", ["photomap.png", pytest.param("map.png", marks=LINKS)])
def test_weights_are_never_written_over(name: str, photo: Path, tmp_path: Path, fails: Any) -> None:
    path = tmp_path / name
    Image.fromarray(noise(48, 64, 1)).save(path)
    if name == "map.png":
        (tmp_path / "photomap.png").symlink_to(path)
    before = path.read_bytes()
    args = ["quantize", photo, "--weights", path, "-q", "-f", "--ext", "map.png"]
    assert "is one of the photos" in fails(15, *args)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--fixed", "rad"], "'--fixed': expected colours such as 'white' or '#ff8800', got 'rad'"),
        (["--fixed", "#fff,"], "got ''"),
        (["--fixed", "#fff", "--fixed", "#ffffff"], "--fixed: expected distinct colours"),
        (
            ["--fixed", "#f808", "--alpha", "flatten:#fff"],
            "--fixed: expected opaque colours with alpha='flatten:#fff', got #ff880088",
        ),
        (
            ["--fixed", "#000000,#ffffff,#ff0000", "-k", "2"],
            "--fixed: expected at most k = 2 colours",
        ),
        (
            ["--alpha", "flatten"],
            "'--alpha': expected 'keep', 'threshold' or 'flatten:#rrggbb', got 'flatten'",
        ),
    ],
)
def test_wrong_colours(args: list[str], message: str, photo: Path, fails: Any) -> None:
    assert message in fails(2, "quantize", photo, *args)
    assert files_in(photo.parent) == {"photo.png"}


def test_not_all_are_kept_where_fixed_ones_take_the_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6], [9, 9, 9]]], np.uint8)).save(
        tmp_path / "a.png"
    )
    for command, out in (("quantize", "b.png"), ("palette", "b.gpl")):
        args = [command, str(tmp_path / "a.png"), "-k", "4", "-o", str(tmp_path / out)]
        assert cli.run([*args, "--fixed", "#fff,#f00"]) == 0
        assert " 3 colours to 4" in capsys.readouterr().err
        assert cli.run([*args, "--fixed", "#010203", "--force"]) == 0
        assert " 3 colours, fewer than k = 4: all are kept" in capsys.readouterr().err


def test_a_fixed_colour_that_comes_twice(photo: Path, fails: Any) -> None:
    assert "fixed: expected distinct" in fails(2, "quantize", photo, "--fixed", "#000000,#000000")


@pytest.mark.parametrize("flag", ["--strip", "--keep-metadata"])
@pytest.mark.parametrize("kind", ["png", "webp", "tiff"])
def test_orientation_is_applied_once(flag: str, kind: str, tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / f"out.{kind}"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(gradient(6, 9)).save(photo, exif=exif)
    args = ["quantize", str(photo), "-k", "9", "-o", str(out), flag]
    assert cli.run(args) == 0
    assert kpalette.files.as_pixels(out).shape == kpalette.files.as_pixels(photo).shape == (9, 6, 3)


# What it needs


def test_the_order_is_kept(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.fromarray(noise(48, 64, 1) // 16 * 17).save(photo)  # else written as grey
    args = ["quantize", str(photo), "-k", "16", "--keep-order", "-o", str(out)]
    assert cli.run(args) == 0
    q = kpalette.quantize(photo, 16)
    assert out.read_bytes() == q.encode("png", keep_order=True) != q.encode("png")
    with Image.open(out) as image:
        assert np.array_equal(image, q.indices)


def test_fast_compresses_quickly(photo: Path) -> None:
    out = photo.with_name("out.png")
    q = kpalette.quantize(photo, 16, effort="fast")
    args = ["quantize", str(photo), "-k", "16", "--effort", "fast", "-q", "-f", "-o", str(out)]
    assert cli.run(args) == 0
    assert out.read_bytes() == q.encode("png", quick=True) != q.encode("png")


def test_optimizing_takes_its_time_with_any_effort(photo: Path) -> None:
    pytest.importorskip("oxipng")
    pytest.importorskip("zopfli")
    out = photo.with_name("out.png")
    q = kpalette.quantize(photo, 16, effort="fast")
    args = ["quantize", str(photo), "-k", "16", "--effort", "fast", "-q", "-o", str(out)]
    assert cli.run([*args, "--optimize"]) == 0
    assert out.read_bytes() == q.encode("png", optimize=True)


def test_nothing_is_imported_that_is_not_used(photo: Path) -> None:
    code = (
        "import sys; from kpalette import cli; cli.run(['quantize', *sys.argv[1:], '-q']);"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(photo), "--saliency"], capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert {"numpy", "PIL.PngImagePlugin"} <= loaded
    unused = {"matplotlib", "sklearn", "tqdm", "scipy", "pandas", "concurrent.futures"}
    unused |= {"PIL.IcoImagePlugin", "PIL.ImageCms", "kpalette.metrics", "kpalette.plots"}
    unused |= {"numpy.ma", "html", "shutil", "kpalette.notebook", "kpalette.cli.sweep"}
    assert loaded & unused == set()


def test_the_hook_shrinks_once(photo: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo.parent)
    hooks = (Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text()
    entry = next(line for line in hooks.splitlines() if line.startswith("  entry: kpalette "))
    args = [*entry.split()[2:], "photo.png", "large.png"]
    Image.fromarray(noise(40, 40)).save("large.png")
    Image.fromarray(noise(4, 4) // 64).save("photo.png")
    before = {name: Path(name).read_bytes() for name in files_in(photo.parent)}
    assert cli.run(args) == 0
    after = {name: Path(name).read_bytes() for name in files_in(photo.parent)}
    assert after["photo.png"] == before["photo.png"]  # could not be smaller
    assert len(after["large.png"]) < len(before["large.png"])
    assert after.keys() == before.keys()
    assert cli.run(args) == 0
    assert after == {name: Path(name).read_bytes() for name in files_in(photo.parent)}
    assert capsys.readouterr() == ("", "")
