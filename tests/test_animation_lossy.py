"""Animations made smaller: what is shown is what is claimed, in any decoder, for any machine."""

from __future__ import annotations

import dataclasses
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from clips import Pixels, check_shown, decoded, moving
from conftest import gradient, noise
from kpalette import _core, cli
from kpalette.animation import quantize_animation
from kpalette.choices import Scope
from kpalette.quantized_animation import QuantizedAnimation


def film(n: int = 6) -> list[tuple[Pixels, int]]:
    """Make frames of a gradient with grain, over which a square moves."""
    frames = []
    for i in range(n):
        pixels = gradient(48, 64) // 2 + noise(48, 64, seed=i) // 64 + 40
        pixels[10:20, 5 * i : 5 * i + 10] = 250, 30, 20
        frames.append((pixels.astype(np.uint8), 40))
    return frames


def drawing(n: int = 6) -> list[tuple[Pixels, int]]:
    """Make frames of flat tiles, over which a square moves and a line of text scrolls."""
    tiles = noise(6, 8, seed=3).repeat(8, axis=0).repeat(8, axis=1)
    frames = []
    for i in range(n):
        pixels = tiles.copy()
        pixels[10:20, 5 * i : 5 * i + 10] = 250, 30, 20
        pixels[30:36] = np.roll(noise(6, 64, seed=5) // 128 * 255, -3 * i, axis=1)
        frames.append((pixels, 40))
    return frames


SOURCES = {"film": film(), "drawing": drawing()}


@pytest.mark.parametrize("scope", ["global", "scene", "frame", "auto"])
@pytest.mark.parametrize("lossy", [0, 5, 30, 100])
@pytest.mark.parametrize("source", SOURCES)
def test_a_file_shows_what_is_claimed(source: str, lossy: int, scope: Scope) -> None:
    frames = SOURCES[source]
    result = quantize_animation(frames, 60, palette_scope=scope, lossy=lossy)
    for kind in ("gif", "png", "webp"):
        check_shown(result, kind)
    errors = [
        ((shown[..., :3].astype(float) - pixels) ** 2).sum(axis=2).mean()
        for (shown, _), (pixels, _) in zip(decoded(result.encode("gif")), frames, strict=True)
    ]
    assert np.mean(errors) == pytest.approx(result.mse)


def shown_by_ffmpeg(file: Path) -> np.ndarray[Any, Any]:
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "rawvideo", "-pix_fmt", "rgb24"]
    raw = subprocess.run([*command, "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, 48, 64, 3)


def shown_by_gifsicle(file: Path) -> np.ndarray[Any, Any]:
    """Let gifsicle compose whole frames, of which each has the colours of all or its own."""
    whole = subprocess.run(["gifsicle", "-U", str(file)], check=True, capture_output=True).stdout
    return np.stack([pixels[..., :3] for pixels, _ in decoded(whole)])


DECODERS = {"ffmpeg": shown_by_ffmpeg, "gifsicle": shown_by_gifsicle}


@pytest.mark.parametrize("lossy", [0, 30])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("program", DECODERS)
def test_other_decoders_show_the_same(
    program: str, source: str, lossy: int, tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    result = quantize_animation(SOURCES[source], 60, palette_scope="global", lossy=lossy)
    result.save(tmp_path / "a.gif")
    shown = DECODERS[program](tmp_path / "a.gif")
    assert np.array_equal(shown, [frame.rgb for frame in result.frames])


@pytest.mark.parametrize("lossy", [0, 30])
@pytest.mark.parametrize("source", SOURCES)
def test_any_machine_gives_the_same_bytes(
    source: str, lossy: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(threads: int) -> bytes:
        return quantize_animation(SOURCES[source], 60, lossy=lossy, threads=threads).encode("gif")

    expected = made(1)
    assert made(3) == expected
    for isa in _core.isas():
        monkeypatch.setenv("KPALETTE_ISA", isa)
        assert made(2) == expected


@pytest.mark.parametrize("source", SOURCES)
def test_more_lossy_is_smaller(source: str) -> None:
    sizes = [
        len(quantize_animation(SOURCES[source], 60, palette_scope="global", lossy=n).encode("gif"))
        for n in (0, 8, 15, 30, 60, 100)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < (0.4 if source == "film" else 0.995) * sizes[0]


def test_smaller_is_the_same_on_another_scale() -> None:
    for smaller, lossy in ((1, 15), (2, 30), (3, 60)):
        one = quantize_animation(film(3), 60, smaller=smaller).encode("gif")
        assert quantize_animation(film(3), 60, lossy=lossy).encode("gif") == one
    assert (
        quantize_animation(film(3), 60, lossy=0).mse < quantize_animation(film(3), 60, lossy=9).mse
    )


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"lossy": 101}, ValueError, "lossy: expected 0 to 100, got 101"),
        ({"lossy": -1}, ValueError, "lossy: expected 0 to 100"),
        ({"lossy": float("nan")}, ValueError, "lossy: expected 0 to 100"),
        ({"lossy": True}, TypeError, "lossy: expected a number"),
        ({"lossy": "20"}, TypeError, "lossy: expected a number"),
        ({"lossy": 20, "smaller": 1}, ValueError, "smaller and lossy exclude each other"),
        ({"lossy": 20, "dither": "bayer"}, ValueError, "lossy: expected no dither"),
        ({"smaller": 1, "dither": "bayer"}, ValueError, "smaller: expected no dither"),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        quantize_animation(film(2), 8, **options)


@pytest.mark.parametrize("lossy", [0, 30])
def test_a_frame_that_stays_costs_nothing(lossy: int) -> None:
    """However large it is."""
    [(pixels, _)] = film(1)
    once = quantize_animation([(pixels, 40)], 60, lossy=lossy).encode("gif")
    often = quantize_animation([(pixels, 40)] * 50, 60, lossy=lossy).encode("gif")
    assert len(often) == len(once)
    [(_, duration)] = decoded(often)
    assert duration == 2000


def test_what_is_shown_survives_a_change_of_loops() -> None:
    result = quantize_animation(film(), 60, palette_scope="global", lossy=30)
    again = dataclasses.replace(result, loop=3).encode("gif")
    assert len(again) == len(result.encode("gif"))


def test_entries_that_few_frames_draw_with_come_last() -> None:
    """So codes of later frames begin with few bits."""
    frames = [(noise(40, 60), 40) for _ in range(4)]
    for i, (pixels, _) in enumerate(frames):
        pixels[5:15, 5:15] = (1, 2, 250) if i % 2 else (250, 2, 1)
        pixels[7, 7] = 0, 0, 0  # stays
    result = quantize_animation(frames, 200, palette_scope="global", fixed=["#0102fa", "#fa0201"])
    check_shown(result, "gif")
    _, table, *bits = parts_of(result)
    colors = {table[i : i + 3].hex() for i in range(0, 9, 3)}
    assert colors >= {"0102fa", "fa0201"}
    assert bits == [8, 2, 2, 2]


def parts_of(result: QuantizedAnimation) -> tuple[Any, ...]:
    """Return a GIF's screen, its colours, and the least size of codes of each image."""
    data = result.encode("gif")
    size = 3 << (data[10] & 7) + 1
    at, sizes = 13 + size, []
    while data[at : at + 1] != b";":
        if data[at : at + 1] == b",":
            own = data[at + 9]
            at += 10 + (3 << (own & 7) + 1 if own & 0x80 else 0)
            sizes.append(data[at])
            at += 1
        else:
            at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return data[:13], data[13 : 13 + size], *sizes


def test_frames_of_their_own_colours_list_no_others() -> None:
    frames = [(noise(4, 4, seed=i), 40) for i in range(3)]
    frames[1][0][:, 1:] = frames[1][0][:, :1]
    result = quantize_animation(frames, 200, palette_scope="frame")
    check_shown(result, "gif")
    assert len(result.encode("gif")) < 3 * (3 * 16 + 100)


def test_transparent_animations_are_made_smaller() -> None:
    frames = moving(channels=4)
    result = quantize_animation(frames, 9, lossy=30)
    check_shown(result, "gif")
    for frame, (pixels, _) in zip(result.frames, frames, strict=True):
        assert np.array_equal(frame.rgba[..., 3], pixels[..., 3])


def test_cleared_frames_of_longer_than_the_format_has() -> None:
    one, two = np.zeros((2, 6, 8, 4), np.uint8)
    one[1:3, 1:3] = 200, 30, 60, 255
    two[3:5, 5:7] = 10, 200, 30, 255
    result = quantize_animation([(one, 1_500_000), (two, 50)], 4)
    check_shown(result, "gif")


@pytest.mark.parametrize("k", [1, 2, 255, 256])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_tiny_frames_and_palettes(k: int, size: tuple[int, int]) -> None:
    frames = [(noise(*size, seed=i), 40) for i in range(3)]
    for scope in ("global", "frame"):
        check_shown(quantize_animation(frames, k, palette_scope=scope, lossy=30), "gif")


def test_auto_takes_one_palette_of_a_gif_with_many() -> None:
    """Where it looks about the same, and is smaller."""
    many = quantize_animation(film(), 200, palette_scope="frame").encode("gif")
    result = quantize_animation(io.BytesIO(many), 200)
    assert result.palette_scope == "global"
    again = quantize_animation(io.BytesIO(many), 200, palette_scope="frame")
    assert len(result.encode("gif")) < 0.95 * len(again.encode("gif"))


# The command line


def saved(tmp_path: Path) -> Path:
    images = [Image.fromarray(pixels) for pixels, _ in film(4)]
    path = tmp_path / "clip.gif"
    images[0].save(path, save_all=True, append_images=images[1:], duration=40)
    return path


def test_lossy_on_the_command_line(tmp_path: Path) -> None:
    clip = saved(tmp_path)
    for value in ("30", "100"):
        target = tmp_path / f"{value}.gif"
        assert (
            cli.run(["quantize", str(clip), "-k", "60", "--lossy", value, "-o", str(target)]) == 0
        )
        expected = quantize_animation(clip, 60, lossy=float(value)).encode("gif")
        assert target.read_bytes() == expected


def test_lossy_stills(tmp_path: Path) -> None:
    Image.fromarray(film(1)[0][0]).save(tmp_path / "a.png")
    sizes = []
    for option in (["--lossy", "0"], ["--lossy", "30"], ["--smaller", "2"], ["--lossy", "90"]):
        command = ["quantize", str(tmp_path / "a.png"), "-k", "60", *option]
        assert cli.run([*command, "-o", str(tmp_path / "a.gif"), "--force"]) == 0
        sizes.append((tmp_path / "a.gif").stat().st_size)
    assert sizes[0] > sizes[1] == sizes[2] > sizes[3]


def test_lossy_maps_to_a_palette(tmp_path: Path) -> None:
    clip = saved(tmp_path)
    kpalette.extract_palette(film(1)[0][0], 20).save(tmp_path / "p.gpl")
    sizes = []
    for value in ("0", "30"):
        target = tmp_path / f"{value}.gif"
        command = ["remap", str(clip), "--palette", str(tmp_path / "p.gpl"), "--lossy", value]
        assert cli.run([*command, "-o", str(target)]) == 0
        sizes.append(target.stat().st_size)
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lossy", "101"], "expected 0 to 100, got '101'"),
        (["--lossy", "x"], "expected 0 to 100, got 'x'"),
        (["--lossy", "20", "--smaller", "1"], "--smaller and --lossy exclude each other"),
        (["--lossy", "20", "--dither", "bayer"], "--lossy and --dither bayer exclude each other"),
    ],
)
def test_bad_lossy(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["quantize", str(saved(tmp_path)), *options]) == 2
    assert said in capsys.readouterr().err


def test_kept_data_are_those_of_the_frames() -> None:
    """A file is compressed once, however often it is written."""
    result = quantize_animation(film(), 60, palette_scope="global")
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        first = result.encode("gif")
        patch.setattr(_core, "code_changes", None)
        file.write(result.encode("gif"))
    assert file.getvalue() == first
