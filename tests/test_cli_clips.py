"""Films, single pictures that become an animation, and edits, on the command line."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from clips import decoded, moving
from conftest import files_in, noise
from films import MP4, gradients, stand_in
from kpalette import cli
from kpalette.cli.clips import natural


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a film, a still picture, and a program that decodes the film."""
    program = stand_in(tmp_path / "bin", gradients(10))
    monkeypatch.setenv("PATH", str(program.parent))
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(MP4)
    Image.fromarray(noise(6, 8)).save(folder / "still.png")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def pictures(folder: Path) -> list[np.ndarray[Any, Any]]:
    """Make twelve pictures frames/f1.png to f12.png, of one colour each, and a note."""
    (folder / "frames").mkdir()
    made = []
    for number in range(1, 13):
        made.append(np.full((6, 8, 3), 20 * number, np.uint8))
        Image.fromarray(made[-1]).save(f"frames/f{number}.png")
    Path("frames/notes.txt").write_text("words")
    return made


def run(*args: str) -> int:
    return cli.run(["quantize", *args])


def levels(path: str) -> list[int]:
    """Return the first pixel's red of each frame."""
    return [int(pixels[0, 0, 0]) for pixels, _ in decoded(Path(path).read_bytes())]


def durations(path: str) -> list[float]:
    return [duration for _, duration in decoded(Path(path).read_bytes())]


@pytest.mark.parametrize("name", ["x.gif", "x.webp", "x.apng"])
def test_a_film_becomes_an_animation(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("film.mp4", "-o", name) == 0
    said = capsys.readouterr().err
    assert re.fullmatch(rf"film.mp4: 8×6, 10 frames, .* bytes in {name}\n", said)
    assert " to " not in said  # a film's size says nothing
    assert durations(name) == [40] * 10
    expected = kpalette.quantize_animation("film.mp4", 255)
    for (pixels, _), frame in zip(decoded(Path(name).read_bytes()), expected.frames, strict=True):
        np.testing.assert_array_equal(pixels[..., :3], frame.rgb)


def test_a_film_without_a_name_for_its_picture(folder: Path) -> None:
    assert run("film.mp4", "-k", "16") == 0
    assert files_in(folder) == {"film.mp4", "still.png", "film-16.gif"}
    assert run("film.mp4", "--out-dir", "few") == 0
    assert files_in(folder / "few") == {"film.gif"}


def test_a_film_from_stdin(folder: Path) -> None:
    command = [sys.executable, "-m", "kpalette", "quantize", "-", "-q", "--fps", "5"]
    done = subprocess.run(command, input=MP4, capture_output=True, check=True)
    assert [duration for _, duration in decoded(done.stdout)] == [200, 200]
    # A named pipe, too.
    os.mkfifo("pipe")
    process = subprocess.Popen([*command[:4], "pipe", "-o", "x.gif", "-q"])
    Path("pipe").write_bytes(MP4)
    assert process.wait() == 0
    assert len(durations("x.gif")) == 10


def test_a_film_among_photos(folder: Path) -> None:
    assert run("film.mp4", "still.png", "--out-dir", "few") == 0
    assert files_in(folder / "few") == {"film.gif", "still.png"}
    assert run("film.mp4", "--first-frame", "-o", "first.png") == 0
    with Image.open("first.png") as image:
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("photos", [["-r", "."], ["*"], ["**"]], ids=" ".join)
def test_films_are_found_like_photos(photos: list[str], folder: Path) -> None:
    Path("sub").mkdir()
    Path("sub/Second.MKV").write_bytes(MP4)
    Path("code.ts").write_text("export {}")
    assert run(*photos, "-k", "9", "--out-dir", "few") == 0
    found = {str(path.relative_to("few")) for path in Path("few").rglob("*.*")}
    assert found == {"film.gif", "still.png"} | ({"sub/Second.gif"} if photos != ["*"] else set())
    assert run(*photos, "-k", "9") == 0
    assert run(*photos, "-k", "9", "--force") == 0  # which leaves results alone
    assert {"film-9.gif", "still-9.png"} <= files_in(folder)
    assert not {"film-9-9.gif", "still-9-9.png"} & files_in(folder)


def test_one_palette_for_films_and_photos(folder: Path) -> None:
    assert run("film.mp4", "still.png", "-k", "9", "--shared-palette", "--out-dir", "few") == 0
    sources = [kpalette.clip("film.mp4"), "still.png"]
    palette = kpalette.extract_palette(kpalette.ColorHistogram.from_images(sources), 9)
    wanted = set(map(tuple, palette.colors.tolist()))
    for name in ("few/film.gif", "few/still.png"):
        for pixels, _ in decoded(Path(name).read_bytes()):
            assert set(map(tuple, pixels[..., :3].reshape(-1, 3).tolist())) <= wanted


def test_the_palette_of_a_film(folder: Path, capsys: Any, fails: Any, tmp_path: Path) -> None:
    assert cli.run(["palette", "film.mp4", "-k", "4", "--json"]) == 0
    out, said = capsys.readouterr()
    assert json.loads(out)["n_pixels"] == 480
    assert "film.mp4: 480 pixels" in said
    assert "--saliency: expected an image, got a film" in fails(
        2, "palette", "film.mp4", "--saliency"
    )
    stand_in(tmp_path / "bin", gradients(10), said="a packet is missing\n")
    assert cli.run(["palette", "film.mp4", "-k", "4"]) == 0
    assert "film.mp4: damaged, and shown as far as it goes" in capsys.readouterr().err
    stand_in(tmp_path / "bin", [], probe="file:/x/film.mp4: moov atom not found\n")
    assert "the film is cut off" in fails(3, "palette", "film.mp4")


def test_apng_is_a_format(folder: Path) -> None:
    assert run("film.mp4", "still.png", "-k", "9", "--format", "apng") == 0
    assert len(durations("film-9.apng")) == 10
    assert len(durations("still-9.apng")) == 1
    assert run("film.mp4", "-k", "9", "-o", "x", "--format", "apng") == 0
    assert Path("x").read_bytes() == Path("film-9.apng").read_bytes()


def test_json_of_a_film(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("film.mp4", "-o", "x.gif", "-q", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["input"], report["frames"]) == ("film.mp4", 10)
    assert report["bytes_in"] == len(MP4)


def test_the_summary_compares_no_film(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("film.mp4", "still.png", "-k", "9", "--even-if-larger") == 0
    last = capsys.readouterr().err.splitlines()[-1]
    still, few, film = (os.path.getsize(f) for f in ("still.png", "still-9.png", "film-9.gif"))
    wanted = f"2 of 2 photos; {still:,} to {few:,} bytes; {film:,} bytes from 1 film in "
    assert last.startswith(wanted)
    assert run("film.mp4", "missing.png", "-k", "8") == 3
    assert f"1 failed; {os.path.getsize('film-8.gif'):,} bytes from" in capsys.readouterr().err


def test_a_palette_for_a_film(folder: Path, brand: Path) -> None:
    assert cli.run(["remap", "film.mp4", "--palette", str(brand), "--fps", "5"]) == 0
    assert sum(durations("film-brand.gif")) == 400


def test_edits(folder: Path) -> None:
    options = "--fps 10 --width 16 --crop 4x6+2+0 --from 0.1 --to 0:00:0.3 --bounce --loop 3 -k 64"
    assert run("film.mp4", "-o", "x.gif", *options.split()) == 0
    edits: Any = {"fps": 10, "width": 16, "crop": "4x6+2+0", "start": 0.1, "end": 0.3}
    clip = kpalette.clip("film.mp4", bounce=True, **edits)
    expected = kpalette.quantize_animation(clip, 64, loop=3)
    assert Path("x.gif").read_bytes() == expected.encode("gif")
    assert expected.size == (16, 24)
    with Image.open("x.gif") as image:
        assert image.info["loop"] == 2  # Pillow counts repetitions


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["film.mp4", "--speed", "2"], [20] * 10),
        (["film.mp4", "--speed", "0.5x"], [80] * 10),
        (["clip.gif", "--speed", "2"], [20] * 10),
        (["clip.gif", "--speed", "4"], None),  # no more than 50 a second
        (["clip.gif", "-s", "3"], [40] * 10),
    ],
)
def test_speed(arguments: list[str], wanted: list[int] | None, folder: Path) -> None:
    kpalette.quantize_animation("film.mp4").save("clip.gif")
    assert run(*arguments, "-o", "x.gif") == 0
    found = durations("x.gif")
    assert found == (wanted or found)
    if wanted is None:
        assert sum(found) == 100
        assert min(found) >= 20


def test_frames_that_are_alike_are_told(
    folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [(noise(6, 8, seed=seed), 40) for seed in (1, 1, 2, 2, 1)]
    kpalette.quantize_animation(frames).save("clip.gif")
    made = kpalette.quantize_animation(frames, 16)
    assert (len(made), made.n_changes) == (5, 3)
    with Image.open("clip.gif") as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
    frames_of_a_program = [(number * 40, pixels) for number, (pixels, _) in enumerate(frames)]
    stand_in(folder.parent / "bin", frames_of_a_program)
    assert run("film.mp4", "-o", "x.webp", "--json") == 0
    out, said = capsys.readouterr()
    assert "5 frames (3 that differ), " in said
    assert json.loads(out)["frames_that_differ"] == 3


def test_speed_of_stills_is_that_of_pngquant(folder: Path, fails: Any, capsys: Any) -> None:
    assert run("still.png", "--speed", "11", "-o", "a.png") == 0
    assert run("still.png", "-s", "11", "-o", "b.png") == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    capsys.readouterr()
    said = fails(2, "quantize", "still.png", "--speed", "1.5")
    assert "expected a whole number from 1 to 11, got '1.5'; 1.5x plays animations" in said
    assert "expected an animation for --speed" in fails(2, "quantize", "still.png", "--speed", "2x")
    assert "expected a number above 0, got '.hex'" in fails(4, "--speed", ".hex", "still.png")
    assert "from 1 to 11, got '0'; see" in fails(4, "--speed", "0", "still.png")
    assert "from 1 to 11, got '12'; see" in fails(2, "quantize", "still.png", "--speed", "12")


@pytest.mark.parametrize(
    "photos",
    [
        ["frames/*.png"],
        ["frames"],
        [f"frames/f{number}.png" for number in sorted(range(1, 13), key=str)],
    ],
    ids=["pattern", "folder", "shell"],
)
def test_pictures_become_an_animation_in_natural_order(
    photos: list[str], pictures: list[Any]
) -> None:
    assert run(*photos, "-o", "x.gif") == 0
    assert levels("x.gif") == [20 * number for number in range(1, 13)]
    assert durations("x.gif") == [100] * 12
    assert run(*photos, "-o", "y.webp", "--fps", "12") == 0
    assert sum(durations("y.webp")) == 1000


def test_a_dry_run(pictures: list[Any], capsys: Any, fails: Any) -> None:
    assert run("frames/*.png", "-o", "x.gif", "--dry-run") == 0
    assert run("film.mp4", "--dry-run") == 0
    assert capsys.readouterr().err == (
        "frames/*.png: would be written to x.gif\nfilm.mp4: would be written to film-256.gif\n"
    )
    said = fails(3, "quantize", "frames/f1.png", "none.png", "-o", "x.gif", "--dry-run")
    assert "none.png cannot be read: No such file" in said
    assert not Path("x.gif").exists()


def test_another_order_is_kept(pictures: list[Any]) -> None:
    names = [f"frames/f{number}.png" for number in (3, 1, 12, 3)]
    assert run(*names, "-o", "x.gif", "--fps", "5", "--bounce") == 0
    assert levels("x.gif") == [60, 20, 240, 60, 240, 20]


def test_a_folder_in_a_folder_only_if_asked_for(pictures: list[Any]) -> None:
    Path("frames/more").mkdir()
    Image.fromarray(pictures[0]).save("frames/more/f0.png")
    assert run("frames", "-o", "x.gif") == 0
    assert len(levels("x.gif")) == 12
    assert run("frames", "-r", "-o", "y.gif") == 0
    assert len(levels("y.gif")) == 13


def test_many_photos_mean_what_they_did(
    pictures: list[Any], fails: Any, folder: Path, capsys: Any
) -> None:
    assert run("frames/*.png", "--out-dir", "few") == 0
    assert len(files_in(folder / "few")) == 12
    assert run("frames/*.png", "--out-dir", "gifs", "--format", "gif") == 0
    assert len(files_in(folder / "gifs")) == 12
    assert run("still.png", "-o", "still.gif") == 0
    capsys.readouterr()
    for out in ("x.png", "x.tiff"):
        said = fails(2, "quantize", "frames/*.png", "-o", out)
        assert "expected a directory for 12 photos" in said
        assert "or a name in '.gif', '.webp' or '.apng' for an animation" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["frames/*.jpg", "-o", "x.gif"], 3, "frames/*.jpg: cannot be read: no file matches"),
        (["empty", "-o", "x.gif"], 3, "empty: cannot be read: it is a directory without images"),
        (["frames/f1.png", "none.png", "-o", "x.gif"], 3, "cannot be read: No such file"),
        (["frames/f1.png", "-", "-o", "x.gif"], 2, "expected '-' (stdin) to be the only photo"),
        (["frames/f1.png", "film.mp4", "-o", "x.gif"], 2, "film.mp4: expected still pictures"),
        (["frames/f1.png", "wide.png", "-o", "x.gif"], 3,
         "frame 2 (wide.png): expected 8×6 pixels as before, got 9×6"),
        (["frames/f1.png", "words.png", "-o", "x.gif"], 3, "frame 2: words.png: expected an image"),
        (["film.mp4", "-o", "x.gif", "--crop", "10,20,30,40"], 2,
         "--crop: expected WIDTHxHEIGHT+X+Y, with the corner at the top left"),
        (["film.mp4", "-o", "x.gif", "--crop", "9x9+0+0"], 2, "--crop: expected a part of 8×6"),
        (["film.mp4", "-o", "x.gif", "--from", "1h"], 2, "'--from': expected seconds, such as"),
        (["film.mp4", "-o", "x.gif", "--from", "0.2", "--to", "0.1"], 2, "--to: expected more"),
        (["film.mp4", "-o", "x.gif", "--from", "9"], 2, "--from: expected a time before the end"),
        (["film.mp4", "-o", "x.gif", "--fps", "60"], 2, "--fps: expected at most 50 for a GIF"),
        (["film.mp4", "-o", "x.gif", "--fps", "0"], 2, "expected a number above 0, got '0'"),
        (["film.mp4", "-o", "x.gif", "--max-pixels", "100"], 3,
         "frame 1: expected at most 100 pixels in all frames together (--max-pixels), got"),
        (["still.png", "--max-pixels", "0"], 2, "expected at least 1 pixel, got '0'"),
        (["film.mp4", "-o", "x.gif", "--width", "0"], 2, "expected a whole number from 1 to"),
        (["still.png", "-o", "x.gif", "--width", "4"], 2, "expected an animation for --width"),
        (["still.png", "-o", "x.gif", "--loop", "0"], 2, "expected an animation for --loop"),
        (["film.mp4", "-o", "x.gif", "--speed", "fast"], 2, "--speed: expected a number above 0"),
        (["film.mp4", "-o", "none/x.gif"], 16, "there is no directory none"),
        (["film.mp4", "-o", "old.gif"], 15, "old.gif exists; -f replaces it"),
        (["frames/*.png", "-o", "old.gif"], 15, "old.gif exists; -f replaces it"),
    ],
)  # fmt: skip
def test_what_fails_says_why(
    arguments: list[str], code: int, message: str, pictures: list[Any], fails: Any, folder: Path
) -> None:
    Path("empty").mkdir()
    Path("words.png").write_text("words " * 100)
    Path("old.gif").write_text("old")
    Image.fromarray(noise(6, 9)).save("wide.png")
    before = files_in(folder)
    assert message in fails(code, "quantize", *arguments)
    assert files_in(folder) == before
    assert Path("old.gif").read_text() == "old"


def test_what_ffmpeg_says_is_told(folder: Path, fails: Any, tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", [], probe="file:/x/film.mp4: moov atom not found\n")
    assert "film.mp4: the film is cut off: the index at its end is missing\n" in fails(
        3, "quantize", "film.mp4"
    )
    stand_in(tmp_path / "bin", gradients(5), cut=0, said="no memory\n", code=1)
    assert "film.mp4: ffmpeg: no memory\n" in fails(3, "quantize", "film.mp4")
    assert files_in(folder) == {"film.mp4", "still.png"}


def test_a_damaged_film_is_remarked_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path / "bin", gradients(10), said="a packet is missing\n")
    assert run("film.mp4", "-o", "x.gif") == 0
    first, second = capsys.readouterr().err.splitlines()
    line = "film.mp4: damaged, and shown as far as it goes; ffmpeg: a packet is missing"
    assert first.endswith(line)
    assert "10 frames" in second


def test_neither_ffmpeg_nor_pyav(folder: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kpalette.files import video

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    said = fails(3, "quantize", "film.mp4")
    assert "a film: needs the program ffmpeg, or PyAV (pip install 'kpalette[video]')" in said


def test_a_bar_tells_how_long_it_takes(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda number: number == 2)
    assert run("film.mp4", "-o", "x.gif") == 0
    said = capsys.readouterr().err
    assert re.search(r"count frames: \d+ of \d+ \[", said)
    assert re.search(r"map frames: \d+ of 10 \[\d+:\d\d", said)


@pytest.mark.parametrize("name", ["x.gif", "x.webp", "x.apng"])
def test_no_space_left(name: str, folder: Path) -> None:
    """A file of a limited size stands for a full disk."""
    frames = [(noise(40, 40, seed=i), 20) for i in range(60)]
    kpalette.quantize_animation(frames, 64, palette_scope="global").save("clip.gif")
    code = (
        "import resource, signal, sys; from kpalette import cli;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        f"sys.exit(cli.run(['quantize', 'clip.gif', '-o', {name!r}]))"
    )
    before = files_in(folder)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 16
    assert f"{name} cannot be written: File too large\n" in done.stderr
    assert done.stderr.count("\n") == 1
    assert files_in(folder) == before
    if os.path.exists("/dev/full"):
        assert run("clip.gif", "-o", "/dev/full", "--format", name[2:].replace("a", "")) == 16


def test_numbers_in_names() -> None:
    names = ["a1b2", "a1b10", "A2", "a10", "a010", "b", "1", "", "x-3", "x-20"]
    ordered = sorted(names, key=natural)
    assert ordered == ["", "1", "a1b2", "a1b10", "A2", "a010", "a10", "b", "x-3", "x-20"]
    for some in itertools.permutations(names[:5]):
        assert sorted(some, key=natural) == [name for name in ordered if name in some]


def test_an_animation_of_one_frame(folder: Path) -> None:
    frames = moving(1)
    kpalette.quantize_animation(frames, 32).save("one.gif")
    assert run("one.gif", "-o", "x.gif") == 0
    ((pixels, _),) = decoded(Path("x.gif").read_bytes())
    assert pixels.shape[:2] == (24, 36)
    with io.BytesIO(Path("x.gif").read_bytes()) as file:
        assert not kpalette.files.is_animated(file)  # type: ignore[attr-defined]
