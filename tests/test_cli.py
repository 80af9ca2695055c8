"""The command: what it writes, what it says, and how it fails."""

from __future__ import annotations

import io
import json
import os
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

import kpalette
from conftest import DAMAGED, files_in, gradient, noise, png_header
from kpalette import cli, curve, dither, fit, pipeline

COMMAND = [sys.executable, "-m", "kpalette"]

# What it writes


@pytest.mark.parametrize(
    ("k", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)]
)
def test_writes_an_indexed_png_of_k_colours(k: int, depth: int, photo: Path) -> None:
    assert cli.run(["quantize", str(photo), "-k", str(k)]) == 0
    out = photo.with_name(f"photo-{k}.png")
    assert png_header(out) == (depth, 3, k)
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
    args += ["--dither", "bayer", "--dither-strength", "0.5"]
    assert cli.run(["quantize", str(photo), *args]) == 0
    assert seen == {
        "k": 5,
        "space": "lab",
        "effort": "fast",
        "dither": "bayer",
        "dither_strength": 0.5,
        "seed": 2**64 - 1,
        "threads": 2,
    }


def test_every_choice_is_offered() -> None:
    for command in (cli.quantize, cli.sweep):
        offered = {parameter.name: parameter.type for parameter in command.params}
        assert set(offered["effort"].choices) == set(fit.EFFORTS)
        assert set(offered["space"].choices) == set(pipeline.SPACES)
    for command in (cli.quantize, cli.remap):
        offered = {parameter.name: parameter.type for parameter in command.params}
        assert set(offered["dither"].choices) == {"none", *dither.DITHERS}


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
        "64×48, 3,072 colors to 16",
        f"{quantized.n_iter} passes in 0.",
        f"MSE {quantized.mse:.2f}, PSNR {quantized.psnr:.2f} dB",
        f"{sizes[0]:,} to {sizes[1]:,} bytes in {photo.with_name('photo-16.png')}",
    ):
        assert part in said.err


def test_fewer_colours_than_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flag.png"
    colors = np.array([[[255, 0, 0]], [[255, 255, 255]], [[0, 0, 255]]], np.uint8)
    Image.fromarray(np.repeat(colors, 5, axis=1)).save(path)
    assert cli.run(["quantize", str(path), "-k", "16"]) == 0
    assert "3 colors, fewer than k = 16: all are kept" in capsys.readouterr().err
    assert png_header(tmp_path / "flag-16.png") == (2, 3, 3)


def test_quiet(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", str(photo), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_several_photos_into_a_directory(tmp_path: Path, photo: Path) -> None:
    other = tmp_path / "other.jpg"
    Image.fromarray(gradient(16, 16)).save(other)
    for out in (f"{tmp_path}/new/below/", str(tmp_path / "new")):
        assert cli.run(["quantize", str(photo), str(other), "-k", "4", "-o", out]) == 0
        assert {"photo-4.png", "other-4.png"} <= files_in(Path(out))


@pytest.mark.parametrize(
    "name", ["a b.png", "-k.png", "new\nline.png", "ünï.tar.png", b"caf\xe9.png"]
)
def test_odd_names(
    name: str | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    name = os.fsdecode(name)
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
        assert png_header(out) == (4, 3, 16)
        assert out.stat().st_size < 70_000


# Streams


def test_stdin_to_stdout(photo: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "quantize", "-k", "5", "-"], input=photo.read_bytes(), capture_output=True
    )
    assert done.returncode == 0
    assert done.stderr.startswith(b"stdin: ")
    out = tmp_path / "out.png"
    out.write_bytes(done.stdout)
    assert png_header(out) == (4, 3, 5)
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


def test_full_stdout(photo: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    for args in (["quantize", str(photo), "-o", "-"], ["sweep", str(photo)], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([*COMMAND, *args], stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 16
        assert b"stdout cannot be written: No space left" in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_broken_pipe_is_silent(photo: Path) -> None:
    for args in (["quantize", str(photo), "-o", "-"], ["sweep", str(photo)], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([*COMMAND, *args], stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        assert done.returncode == -signal.SIGPIPE  # 141 to a shell
        assert done.stderr == b""


def test_no_image_on_a_terminal(photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert "not a terminal" in fails(2, "quantize", photo, "-o", "-")


# Wrong command lines


@pytest.mark.parametrize("k", ["0", "-1", "1.5", "257", "65537", "many", ""])
def test_bad_k(k: str, photo: Path, fails: Any) -> None:
    line = fails(2, "quantize", photo, "-k", k)
    assert f"'-k': expected a whole number from 1 to 256, got {k!r}" in line
    assert files_in(photo.parent) == {"photo.png"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing command"),
        (["quantise"], "No such command 'quantise'"),
        (["quantize"], "Missing argument 'PHOTO...'"),
        (["quantize", "--colours", "3", "a"], "No such option"),
        (["quantize", "--effort", "max", "a"], "'max' is not one of 'fast', 'balanced', 'best'"),
        (["quantize", "--seed", "-1", "a"], "from 0 to 2**64 - 1, got '-1'"),
        (["quantize", "--threads", "0", "a"], "from 1 to 256, got '0'"),
        (["quantize", "--threads", "99999", "a"], "from 1 to 256, got '99999'"),
        (["quantize", "a", "-"], "'-' (stdin) to be the only photo"),
        (["quantize", "a", "b", "-o", "c.png"], "expected a directory for 2 photos"),
        (["quantize", "a", "b", "-o", "-"], "expected a directory for 2 photos"),
        (["quantize", "a", "-o", "b.jpg"], "a name that ends in '.png'"),
        (["quantize", "a", "-o", ""], "a name that ends in '.png'"),
        (["quantize", "a.png", "a.jpg"], "both 'a.png' and 'a.jpg' would be written to"),
        (["quantize", "a\nb.png", "a\nb.jpg"], r"both 'a\nb.png'"),
        (["sweep"], "Missing argument 'PHOTO'"),
        (["sweep", "a", "b"], "unexpected extra argument"),
        (["sweep", "a", "-o", "b.jpg"], "ends in '.png', '.svg' or '.pdf', got 'b.jpg'"),
        (["sweep", "a", "-o", "-"], "ends in '.png', '.svg' or '.pdf', got '-'"),
        (["sweep", "a", "-o", ""], "ends in '.png', '.svg' or '.pdf', got ''"),
        (["demo", "what"], "unexpected extra argument"),
    ],
)
def test_wrong_command_lines(
    args: list[str], message: str, fails: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = fails(2, *args)
    assert message in line
    assert "--help'" in line
    assert files_in(tmp_path) == set()


# Inputs that cannot be read


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
    assert "folder.png: cannot be read: Is a directory" in fails(
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
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("kpalette: ") for line in lines] == [True, False, True, False]
    assert {"photo-4.png", "last-4.png"} <= files_in(tmp_path)
    assert cli.run(["quantize", "-k", "4", *photos]) == 1  # unreadable, and existing


# Outputs that exist or cannot be written


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
    monkeypatch.setattr(cli.streams, "read", lambda _: pytest.fail("work was done"))
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
    assert cli.run(["quantize", str(photo), "-k", "4", "-f", "-o", str(photo)]) == 0
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


# The curve of error against k


def test_sweep_never_replaces_the_photo(photo: Path, fails: Any) -> None:
    before = photo.read_bytes()
    said = fails(15, "sweep", photo, "-k", "2", "-o", photo, "--force")
    assert "is one of the inputs" in said
    assert photo.read_bytes() == before


def test_closed_stdout_is_no_success(photo: Path) -> None:
    command = f"{sys.executable} -m kpalette sweep {photo} -k 2 >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 16
    assert b"stdout cannot be written: it is closed" in done.stderr


def test_sweep_prints_a_table(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "4:16:4"]) == 0
    said = capsys.readouterr()
    found = kpalette.sweep(photo, [4, 8, 12, 16])
    without_times = [[*row[:5]] for row in found.rows()]
    head, *rows = [line.removesuffix("  <- elbow") for line in said.out.splitlines()]
    assert [row.split()[:5] for row in rows] == without_times
    assert head.split("  ")[-1].strip() == "ms"
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"{photo}: 64×48, 3,072 colors; k = 4 to 16 fitted in ")
    assert said.err.endswith(f"; elbow at k = {found.elbow}\n")


def test_sweep_prints_json(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "2,3072", "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    read = json.loads(said.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    expected = {"photo": str(photo), **kpalette.sweep(photo, [2, 3072]).to_dict()}
    for point in (*read["points"], *expected["points"]):
        assert point.pop("seconds") > 0
    assert read == expected


def test_sweep_without_file_sizes(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "2,4", "--no-png", "--json"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [point["png_bytes"] for point in points] == [None, None]
    assert [point["mse"] for point in points] == kpalette.sweep(photo, [2, 4]).mse.tolist()


def test_sweep_from_stdin(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "curve.svg"
    done = subprocess.run(
        [*COMMAND, "sweep", "-", "-k", "3", "-o", str(out)],
        input=photo.read_bytes(),
        capture_output=True,
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[0] == b"3"
    assert done.stderr.startswith(b"stdin: ")
    assert done.stderr.endswith(f"; curve in {out}\n".encode())
    assert out.read_bytes() == kpalette.sweep(photo, [3]).chart("svg")


@pytest.mark.parametrize(
    ("k", "ks"),
    [
        ("16", [16]),
        ("8,4,8", [4, 8]),
        ("2:5", [2, 3, 4, 5]),
        ("2:8:2", [2, 4, 6, 8]),
        ("2:9:3", [2, 5, 8]),
        ("7:7", [7]),
        ("1,300:302,65536", [1, 300, 301, 302, 65536]),
    ],
)
def test_sweep_ks(k: str, ks: list[int], photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seen = curve.sweep, {}

    def spy(pixels: Any, ks: list[int], **options: Any) -> Any:
        seen.update(options, ks=ks)
        return plain(pixels, ks[:1], **options)

    monkeypatch.setattr(curve, "sweep", spy)
    args = ["--space", "lab", "--effort", "fast", "--seed", "7", "--threads", "2"]
    assert cli.run(["sweep", str(photo), "-k", k, *args]) == 0
    assert seen == {"ks": ks, "space": "lab", "effort": "fast", "seed": 7, "threads": 2}


@pytest.mark.parametrize("good", ["", "2,"])
@pytest.mark.parametrize("bad", ["", "0", "-1", "65537", "1.5", "k", " 2", "1_6", "٨", "9" * 5000])
def test_sweep_bad_ks(good: str, bad: str, photo: Path, fails: Any) -> None:
    line = fails(2, "sweep", photo, "-k", good + bad)
    assert "'-k': expected numbers from 1 to 65536 as in 16 or 8,16,32, or a range" in line
    assert f"got {good + bad!r}" in line


@pytest.mark.parametrize("k", ["4:2", "2:8:0", "0:8", "2:", ":8", "2:4:6:8", "2:65537", "2:4:x"])
def test_sweep_bad_ranges(k: str, photo: Path, fails: Any) -> None:
    assert f"first:last:step as in 2:64:2, got {k!r}" in fails(2, "sweep", photo, "-k", k)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "PNG"])
def test_sweep_draws_a_chart(kind: str, photo: Path) -> None:
    out = photo.with_name(f"curve.{kind}")
    assert cli.run(["sweep", str(photo), "-k", "2,4", "-o", str(out), "--quiet"]) == 0
    assert out.read_bytes() == kpalette.sweep(photo, [2, 4]).chart(kind.lower())
    assert files_in(photo.parent) == {"photo.png", out.name}


def test_sweep_replaces_only_if_forced(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = photo.with_name("curve.png")
    out.write_bytes(b"precious")
    with monkeypatch.context() as patch:
        patch.setattr(cli.streams, "read", lambda _: pytest.fail("work was done"))
        assert "curve.png exists; -f replaces it" in fails(15, "sweep", photo, "-o", out)
    assert out.read_bytes() == b"precious"
    assert cli.run(["sweep", str(photo), "-k", "2", "-o", str(out), "-f"]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_sweep_that_cannot_read_or_write(photo: Path, fails: Any) -> None:
    before = files_in(photo.parent)
    missing = photo.with_name("missing.png")
    assert f"{missing}: cannot be read: No such file" in fails(3, "sweep", missing)
    out = photo.parent / "missing" / "curve.png"
    assert f"{out} cannot be written: there is no directory" in fails(
        16, "sweep", photo, "-k", "2", "-o", out
    )
    assert files_in(photo.parent) == before


# Stopping


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
    deadline = time.monotonic() + 30
    while not (out.is_dir() and any(out.glob("*.png"))):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert stdout == b""
    assert stderr.decode() == f"kpalette: {word}\n"
    written = files_in(out)
    assert 0 < len(written) < len(photos)
    for name in written:
        assert not name.startswith(".")
        with Image.open(out / name) as image:
            image.load()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """A command under nohup, or in the background, is not for Ctrl-C to end."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from kpalette import cli; cli.sys.argv[1:] = ['--version'];"
        "cli.run = lambda _: int(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN);"
        "cli.main()"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_internal_errors_are_one_line(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def boom(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom\nbang")

    monkeypatch.setattr(pipeline, "quantize", boom)
    line = fails(70, "quantize", photo)
    assert line == rf"kpalette: {photo}: internal error: RuntimeError: boom\nbang" + "\n"
    monkeypatch.setattr(curve, "sweep", boom)
    assert "RuntimeError: boom" in fails(70, "sweep", photo)
    assert fails(70, "demo", "-o", photo.parent).startswith("kpalette: internal error: ")
    monkeypatch.setenv("KPALETTE_DEBUG", "1")
    assert cli.run(["quantize", str(photo)]) == 70
    assert "Traceback" in capsys.readouterr().err


# The rest


def test_help_tells_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    for args in (["--help"], *([command, "--help"] for command in cli.commands.commands)):
        assert cli.run(args) == 0
        out = capsys.readouterr().out
        for code, meaning in cli.EXIT_CODES.items():
            assert f"{code}  {meaning}" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"kpalette {kpalette.__version__}\n"


def test_help_does_not_wait_for_numpy() -> None:
    code = "import sys; from kpalette import cli;cli.run(['--help']); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "demo"
    assert cli.run(["demo", "--out", str(out)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table] == ["k", "8", "16", "32"]
    for line, k, depth in zip(table[1:], (8, 16, 32), (4, 4, 8), strict=True):
        path = out / f"photo-{k}.png"
        assert png_header(path) == (depth, 3, k)
        assert f"{path.stat().st_size:,} bytes" in line
    for name in ("side-by-side.png", "colors-3d.png"):
        with Image.open(out / name) as image:
            assert min(image.size) > 400
            assert len(np.unique(np.asarray(image.convert("L")))) > 100
    assert len(files_in(out)) == 5


def test_demo_that_cannot_write(photo: Path, fails: Any) -> None:
    assert "cannot be written: Not a directory" in fails(16, "demo", "-o", photo / "below")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("good", [True, False])
def test_full_stderr_changes_no_exit_code(tmp_path: Path, good: bool) -> None:
    photo = tmp_path / "a.png"
    if good:
        Image.fromarray(gradient(8, 8)).save(photo)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "quantize", str(photo), "-k", "4"], stderr=full)
    assert done.returncode == (0 if good else 3)


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


def test_several_at_once_write_one_file(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    Image.fromarray(gradient(64, 64)).save(photo)
    command = [*COMMAND, "quantize", str(photo), "-k", "4", "-o", str(tmp_path / "b.png")]
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(4)]
    assert sorted(process.wait() for process in running) == [0, 15, 15, 15]


def test_an_instruction_set_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KPALETTE_ISA", "mmx")
    assert cli.run(["quantize", "a.png"]) == 2
    assert "KPALETTE_ISA: expected one of" in capsys.readouterr().err


def test_a_missing_value_points_to_the_commands_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "a.png", "-k"]) == 2
    assert "see 'kpalette quantize --help'" in capsys.readouterr().err


@pytest.mark.parametrize("k", ["1_6", "٨", " 8", "+8"])
def test_only_plain_digits_are_numbers(k: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "a.png", "-k", k]) == 2
    assert "expected a whole number from 1 to 256" in capsys.readouterr().err


def test_short_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "-h"]) == 0
    assert "Usage" in capsys.readouterr().out
