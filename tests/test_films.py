"""Films: what is started for them, with what, and what their frames are."""

from __future__ import annotations

import io
import itertools
import json
import math
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import PATIENCE, noise
from films import (
    FFMPEG,
    MP4,
    film,
    gradients,
    is_running,
    matroska,
    needs_ffmpeg,
    stand_in,
    without_own,
)  # fmt: skip
from kpalette import ImageReadError
from kpalette.files import matroska as reader
from kpalette.files import tone_mapping, video
from kpalette.files.code_points import CodePoints


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(MP4)
    return path


def test_a_film_is_no_picture(made_up: Path, fails: Any) -> None:
    words = "got a film: kpalette quantize, remap, palette and theme read films, and of Python"
    for read in (kpalette.quantize, kpalette.sweep):
        with pytest.raises(ImageReadError, match=words):
            read(made_up)
    assert words in fails(3, "sweep", made_up)
    Image.fromarray(noise(4, 5)).save(made_up.with_name("a.png"))
    assert words in fails(3, "compare", made_up, made_up.with_name("a.png"))


def test_colors_of_all_frames(made_up: Path, tmp_path: Path, monkeypatch: Any) -> None:
    frames = gradients(9)
    program = stand_in(tmp_path / "bin", frames)
    monkeypatch.setenv("PATH", str(program.parent))
    expected = kpalette.ColorHistogram.from_images(pixels for _, pixels in frames)
    clip = kpalette.clip(made_up)
    for source in (made_up, io.BytesIO(made_up.read_bytes()), clip):
        assert kpalette.ColorHistogram.from_image(source) == expected
        assert kpalette.ColorHistogram.from_images([source]) == expected
        assert kpalette.extract_palette(source, 8) == kpalette.extract_palette(expected, 8)
    both = kpalette.extract_palette([made_up, frames[0][1]], 8)
    assert both.counts.sum() == 10 * 48
    with pytest.raises(ValueError, match=r"saliency: expected an image, .* got many images"):
        kpalette.extract_palette(made_up, saliency=True)


def test_what_is_started_and_how(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No shell, a named demuxer, files and pipes alone, and next to nothing of the environment."""
    frames = gradients(5)
    program = stand_in(tmp_path / "bin", frames)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin")
    monkeypatch.setenv("FFREPORT", "file=x.log")
    monkeypatch.setenv("SECRET", "word")
    monkeypatch.chdir(tmp_path)
    strange = tmp_path / "-i; touch x"
    strange.write_bytes(made_up.read_bytes())
    found = kpalette.clip(strange.name)
    assert [duration for _, duration in found] == [40] * 5
    for (pixels, _), (_, wanted) in zip(found, frames, strict=True):
        np.testing.assert_array_equal(pixels, wanted)
    calls = [json.loads(line) for line in (program.parent / "calls").read_text().splitlines()]
    assert len(calls) == 2  # to look, and once to decode: walking again took what was kept
    for arguments, environment, _ in calls:
        assert arguments[0] == str(program)
        given = dict(zip(reversed(arguments[:-1]), reversed(arguments[1:]), strict=True))
        assert given["-protocol_whitelist"] == "file,pipe"
        assert given["-f"] == "mov"  # the first is that of the input
        assert arguments.index("-f") < arguments.index("-i")
        assert given["-i"] == f"file:{strange}"
        assert given["-map"] == "0:V:0"
        assert "-nostdin" in arguments
        assert int(given["-max_pixels"]) == 2 * (Image.MAX_IMAGE_PIXELS or 0)
        assert set(without_own(environment)) <= {
            "PATH", "LC_ALL", "AV_LOG_FORCE_NOCOLOR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
            "TMPDIR",
        }  # fmt: skip
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["notes.mp4", "list.mp4"])
def test_nothing_is_started_for_other_content(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path / "bin", gradients(2))
    monkeypatch.setenv("PATH", str(program.parent))
    path = tmp_path / name
    path.write_bytes(b"#EXTM3U\nfile:///etc/passwd\n" * 20)
    with pytest.raises(ImageReadError, match="expected an image of a format"):
        kpalette.clip(path)
    assert not (program.parent / "calls").exists()


def test_a_program_in_the_current_folder_is_not_started(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path / "bin", gradients(2))
    monkeypatch.chdir(program.parent)
    monkeypatch.setenv("PATH", ".:")
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    with pytest.raises(ImageReadError, match=r"needs the program ffmpeg, or PyAV \(pip install"):
        kpalette.clip(made_up)
    assert not (program.parent / "calls").exists()


def test_what_ffmpeg_says_last_is_told(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    said = "[mov @ 0x1] something\nfile:/x y/f.mp4: moov atom not found\n\n"
    stand_in(tmp_path / "bin", [], probe=said)
    with pytest.raises(
        ImageReadError, match=rf"^{made_up}: the film is cut off: the index at its end is missing$"
    ):
        kpalette.clip(made_up)
    stand_in(tmp_path / "bin", [], probe="")
    with pytest.raises(ImageReadError, match=r"ffmpeg found no frame in it$"):
        kpalette.clip(made_up)
    stand_in(tmp_path / "bin", gradients(3), cut=0, said="x\nno decoder\n", code=1)
    with pytest.raises(ImageReadError, match=r"ffmpeg: no decoder$"):
        list(kpalette.clip(made_up))
    program = stand_in(tmp_path / "bin", gradients(3))
    program.write_text("no program\n")
    with pytest.raises(ImageReadError, match="ffmpeg cannot be started: Exec format error"):
        kpalette.clip(made_up)


@pytest.mark.parametrize(
    ("options", "message", "n"),
    [
        (
            {"said": "[h264 @ 0x1] [x] bad\n"},
            "damaged, and shown as far as it goes; ffmpeg: bad",
            4,
        ),
        ({"code": 3}, "ffmpeg ended early, with exit code 3", 4),
        ({"cut": -60, "said": "gone\n"}, "shown as far as it goes; ffmpeg: gone", 3),
    ],
)
def test_damaged_films_are_shown_as_far_as_they_go(
    options: Any,
    message: str,
    n: int,
    made_up: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(tmp_path / "bin", gradients(4), **options)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    frames = kpalette.clip(made_up)
    with pytest.warns(UserWarning, match=message):
        assert len(list(frames)) == n
    assert len(frames.remarks) == 1
    assert len(list(frames)) == n  # and not warned of again


def test_ffmpeg_ends_when_its_frames_are_no_longer_asked_for(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path / "bin", gradients(4), forever=True)
    monkeypatch.setenv("PATH", str(program.parent))
    walk = iter(kpalette.clip(made_up, max_pixels=10**9))
    for _ in range(3):
        next(walk)
    number = json.loads((program.parent / "calls").read_text().splitlines()[-1])[2]
    assert is_running(number)
    walk.close()  # type: ignore[attr-defined]
    assert not is_running(number)
    with pytest.raises(ImageReadError, match="expected at most 4,800 pixels in all frames"):
        kpalette.quantize_animation(kpalette.clip(made_up, max_pixels=4800))
    number = json.loads((program.parent / "calls").read_text().splitlines()[-1])[2]
    assert not is_running(number)


def test_what_says_a_lot_does_not_block(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "bin", gradients(4), said="x" * 10**6 + "\n" + "y\n" * 10**5)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.warns(UserWarning, match="ffmpeg: y$"):
        assert len(list(kpalette.clip(made_up))) == 4


@pytest.mark.parametrize("channels", [3, 4])
def test_frames_in_matroska(channels: int) -> None:
    frames = [
        (0, noise(3, 5, channels)),
        (70, noise(3, 5, channels)),
        (99_000, noise(3, 5, channels)),
    ]
    stream = matroska(frames)
    size = 15 * channels
    found = list(reader.read_frames(io.BytesIO(stream), size))
    assert [one.time for one in found] == [0, 70, 99_000]
    assert [one.usual for one in found] == [40] * 3
    for one, (_, pixels) in zip(found, frames, strict=True):
        assert bytes(one.data) == pixels.tobytes()
    for end in range(len(stream)):  # it may be cut off anywhere
        cut = list(reader.read_frames(io.BytesIO(stream[:end]), size))
        assert cut == found[: len(cut)]
    assert not list(reader.read_frames(io.BytesIO(stream), size + 1))
    assert not list(reader.read_frames(io.BytesIO(b"\0" * 99), size))


# From here on with ffmpeg itself.

CODECS = {
    "mp4": ("-c:v", "mpeg4"),
    "mov": ("-c:v", "mjpeg"),
    "mkv": ("-c:v", "ffv1"),
    "avi": ("-c:v", "mpeg4"),
    "mpg": ("-c:v", "mpeg2video"),
    "ts": ("-c:v", "mpeg2video"),
    "webm": ("-c:v", "libvpx", "-b:v", "1M"),
}


@needs_ffmpeg
@pytest.mark.parametrize("kind", CODECS)
def test_every_container(kind: str, tmp_path: Path) -> None:
    path = film(tmp_path / f"film.{kind}", *CODECS[kind])
    expected = rgb(path)
    for source in (path, io.BytesIO(path.read_bytes())):
        found = list(kpalette.clip(source))
        assert len(found) == 25
        assert [duration for _, duration in found] == [40] * 25
        for (pixels, _), wanted in zip(found, expected, strict=True):
            assert pixels.shape == (48, 64, 3)
            # The plain way repeats chroma, where ours is between its samples.
            assert np.abs(pixels.astype(int) - wanted).mean() < 9


def rgb(path: Path) -> list[np.ndarray[Any, Any]]:
    """Decode a film in the plainest way."""
    assert FFMPEG is not None
    command = [FFMPEG, "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return list(np.frombuffer(data, np.uint8).reshape(-1, 48, 64, 3))


@needs_ffmpeg
def test_lossless_frames_are_exact(tmp_path: Path) -> None:
    path = film(tmp_path / "odd.mkv", "-c:v", "ffv1", "-pix_fmt", "bgr0",
                source="testsrc=s=17x13:r=10:d=1")  # fmt: skip
    assert FFMPEG is not None
    command = [FFMPEG, "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    expected = np.frombuffer(data, np.uint8).reshape(-1, 13, 17, 3)
    np.testing.assert_array_equal([pixels for pixels, _ in kpalette.clip(path)], expected)


@needs_ffmpeg
def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    path = film(
        tmp_path / "film.mkv", "-vf", "select='lt(n,5)+not(mod(n,7))'", "-c:v",
        "ffv1", source="testsrc2=s=64x48:r=25:d=2",
    )  # fmt: skip
    durations = [duration for _, duration in kpalette.clip(path)]
    assert durations == [40, 40, 40, 40, 120, *[280] * 6, 40]
    rates = kpalette.clip(path, fps=12)
    assert sum(duration for _, duration in rates) == sum(durations)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("size", "matrix"), [("64x48", "bt601"), ("1280x720", "bt709")], ids=["small", "large"]
)
@pytest.mark.parametrize("told", [False, True])
def test_colors_without_a_matrix_are_those_of_their_size(
    size: str, matrix: str, told: bool, decoded_by: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """As in browsers: BT.709 from 720 rows on, BT.601 below; what is told counts."""
    if told:
        matrix = "bt709" if matrix == "bt601" else "bt601"
    tags = ("-colorspace", {"bt601": "smpte170m", "bt709": "bt709"}[matrix]) if told else ()
    path = film(
        tmp_path / "film.mkv", "-vf", f"scale=out_color_matrix={matrix},format=yuv444p",
        "-c:v", "ffv1", *tags, source=f"color=0x20C040:s={size}:r=5:d=0.4",
    )  # fmt: skip
    if not told:
        # ffmpeg would note what it converted to.
        assert FFMPEG is not None
        plain = tmp_path / "plain.mkv"
        command = [FFMPEG, "-v", "error", "-i", path, "-vf", "setparams=colorspace=unknown"]
        subprocess.run([*command, "-c:v", "ffv1", plain], check=True)
        path = plain
    decoded_by(monkeypatch)
    pixels, _ = next(iter(kpalette.clip(path)))
    assert np.abs(pixels.reshape(-1, 3).astype(int) - (0x20, 0xC0, 0x40)).max() <= 2


@needs_ffmpeg
def test_alpha(tmp_path: Path) -> None:
    ramp = "format=rgba,geq=r=200:g=30:b=60:a='X*255/63'"
    path = film(tmp_path / "film.mov", "-vf", ramp, "-c:v", "png")
    pixels, _ = next(iter(kpalette.clip(path)))
    assert pixels.shape == (48, 64, 4)
    assert np.abs(pixels[0, :, 3].astype(int) - np.arange(64) * 255 // 63).max() <= 1
    assert (pixels[:, 20:, :3] == (200, 30, 60)).all()


@needs_ffmpeg
def test_alpha_of_webm(tmp_path: Path) -> None:
    ramp = "format=yuva420p,geq=lum=100:cb=128:cr=128:a='X*255/63'"
    try:
        path = film(tmp_path / "film.webm", "-vf", ramp, "-c:v", "libvpx-vp9")
    except subprocess.CalledProcessError:
        pytest.skip("this ffmpeg has no libvpx")
    pixels, _ = next(iter(kpalette.clip(path)))
    assert pixels.shape == (48, 64, 4)
    assert np.abs(pixels[24, :, 3].astype(int) - np.arange(64) * 255 // 63).max() < 12


@needs_ffmpeg
def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", "-vf", "setsar=2/1", "-c:v", "ffv1")
    assert next(iter(kpalette.clip(path)))[0].shape == (48, 128, 3)


@needs_ffmpeg
def test_a_film_that_is_cut_short(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", "-c:v", "ffv1")
    whole = list(kpalette.clip(path))
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.warns(UserWarning, match="shown as far as it goes; ffmpeg: "):
        found = list(kpalette.clip(path))
    assert 1 < len(found) < len(whole)
    for (pixels, _), (wanted, _) in zip(found[:-1], whole, strict=False):
        np.testing.assert_array_equal(pixels, wanted)


@needs_ffmpeg
@pytest.mark.parametrize("start", [0.0, 0.5, 3.01, 3.99])
def test_it_begins_where_it_is_told_to(start: float, tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", "-c:v", "mpeg4", "-g", "12",
                source="testsrc2=s=64x48:r=25:d=4")  # fmt: skip
    whole = list(kpalette.clip(path))
    found = list(kpalette.clip(path, start=start))
    assert sum(duration for _, duration in found) == round(1000 * (4 - start))
    for (pixels, _), (wanted, _) in zip(found, whole[-len(found) :], strict=True):
        np.testing.assert_array_equal(pixels, wanted)


@pytest.fixture(params=["ffmpeg", "PyAV"])
def decoded_by(request: Any, tmp_path: Path) -> Any:
    """Return what lets films be decoded by the one or the other, from then on."""

    def choose(monkeypatch: pytest.MonkeyPatch) -> None:
        if request.param == "PyAV":
            pytest.importorskip("av")
            monkeypatch.setenv("PATH", str(tmp_path))

    return choose


@needs_ffmpeg
@pytest.mark.parametrize("kind", ["mp4", "mkv", "mov"])
def test_pyav_shows_the_same(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av")
    path = film(tmp_path / f"film.{kind}", *CODECS[kind])
    expected = list(kpalette.clip(path, start=0.3))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = list(kpalette.clip(path, start=0.3))
    assert [duration for _, duration in found] == [duration for _, duration in expected]
    for (pixels, _), (wanted, _) in zip(found, expected, strict=True):
        assert np.abs(pixels.astype(int) - wanted).mean() < 0.1
    (tmp_path / "bad.mp4").write_bytes(MP4)
    with pytest.raises(ImageReadError, match="PyAV: Invalid data"):
        kpalette.clip(tmp_path / "bad.mp4")


#: How the axes of a film lie when it is displayed: a pixel (x, y) goes to (ax + cy, bx + dy).
MATRICES = [
    (a, b, c, d) for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)
    if abs(a) == abs(d) == 1 - abs(b) == 1 - abs(c)
]  # fmt: skip


@needs_ffmpeg
@pytest.mark.parametrize("matrix", MATRICES, ids=str)
def test_films_that_are_turned_or_mirrored(
    matrix: tuple[int, int, int, int], decoded_by: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    path = film(tmp_path / "film.mp4", "-c:v", "mpeg4", "-q:v", "2", source="testsrc=s=64x48:d=0.1")
    plain, _ = next(iter(kpalette.clip(path)))
    data = path.read_bytes()
    at = data.index(b"tkhd") + 44
    a, b, c, d = matrix
    values = [65536 * one for one in (a, b, 0, c, d, 0, 0, 0, 1 << 14)]
    path.write_bytes(data[:at] + struct.pack(">9i", *values) + data[at + 36 :])
    y, x = np.mgrid[:48, :64]
    right, down = a * x + c * y, b * x + d * y
    expected = np.zeros((np.ptp(down) + 1, np.ptp(right) + 1, 3), np.uint8)
    expected[down - down.min(), right - right.min()] = plain
    decoded_by(monkeypatch)
    found, _ = next(iter(kpalette.clip(path)))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 0.2


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_stopped_at_once_and_nothing_left(signal: str, made_up: Path, tmp_path: Path) -> None:
    import signal as signals

    program = stand_in(tmp_path / "bin", gradients(4), forever=True)
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "kpalette", "quantize", str(made_up), "-o", f"{out}/x.gif"]
    environment = {**os.environ, "PATH": str(program.parent)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    end = time.monotonic() + PATIENCE
    while (
        len(
            (program.parent / "calls").read_text().splitlines()
            if (program.parent / "calls").exists()
            else []
        )
        < 2
    ):
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(getattr(signals, signal))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + getattr(signals, signal)
    assert said.count(b"\n") == 1
    number = json.loads((program.parent / "calls").read_text().splitlines()[-1])[2]
    while is_running(number):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not list(out.iterdir())


@needs_ffmpeg
@pytest.mark.parametrize(("transfer", "number"), [("smpte2084", 16), ("arib-std-b67", 18)])
def test_high_dynamic_range_is_shown_as_on_ordinary_displays(
    transfer: str, number: int, tmp_path: Path
) -> None:
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    filters = f"scale=out_color_matrix=bt2020,format=yuv444p10,{tags}"
    source = "color=0x848884:s=64x48:r=5:d=0.4"
    path = film(tmp_path / "film.mkv", "-vf", filters, "-c:v", "ffv1", source=source)
    pixels, _ = next(iter(kpalette.clip(path)))
    levels = np.array([[[0x84, 0x88, 0x84]]], np.uint8)
    wanted = tone_mapping.to_srgb(levels, CodePoints(9, number)).astype(int)
    assert np.abs(wanted - levels).max() > 10
    assert np.abs(pixels - wanted).max() <= 6


@needs_ffmpeg
@pytest.mark.parametrize("edits", [{"fps": 10}, {"fps": 7, "start": 1.5}, {"fps": 4, "speed": 3}])
def test_fewer_frames_are_those_that_are_shown_then(edits: Any, tmp_path: Path) -> None:
    """Whether ffmpeg leaves out the others or we do."""
    pattern = "mandelbrot=s=64x48:r=30"
    path = film(tmp_path / "film.mkv", "-t", "4", "-c:v", "ffv1", source=pattern)
    found = list(kpalette.clip(path, **edits))
    begin, speed = edits.get("start", 0), edits.get("speed", 1)
    assert sum(duration for _, duration in found) == round(1000 * (4 - begin) / speed)
    assert len(found) == math.ceil(edits["fps"] * (4 - begin) / speed)
    whole = [pixels for pixels, _ in kpalette.clip(path)]
    now = 0
    for pixels, duration in found:
        at = (begin + speed * now / 1000) * 30
        shown = whole[max(0, math.floor(at - 0.1)) : math.floor(at + 0.1) + 1]
        assert any(np.array_equal(pixels, one) for one in shown)
        now += duration
