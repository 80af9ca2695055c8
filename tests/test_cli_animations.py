"""Animations on the command line: they stay animations, in their own format unless told."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

import kpalette
from conftest import files_in, noise
from kpalette import cli
from kpalette.quality import pngquant_looks


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Make an animated GIF: a noisy square that moves over a ramp, five frames, shown twice."""
    ramp = np.linspace(0, 255, 64 * 48).reshape(48, 64, 1).repeat(3, axis=2)
    frames = []
    for i in range(5):
        frame = ramp.astype(np.uint8)
        frame[10:30, 8 * i : 8 * i + 20] = noise(20, 20)
        frames.append(Image.fromarray(frame).quantize(200))
    path = tmp_path / "clip.gif"
    # Pillow's loop counts repetitions: shown twice.
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=70, loop=1)
    return path


def frames_of(path: Path) -> list[np.ndarray[Any, Any]]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng", ".png"])
def test_every_frame_in_few_colours(clip: Path, ending: str) -> None:
    out = clip.with_name(f"few{ending}")
    arguments = ["quantize", str(clip), "-k", "8", "-o", str(out), "--palette-scope", "global"]
    assert cli.run(arguments) == 0
    expected = kpalette.quantize_animation(clip, 8, palette_scope="global")
    shown = frames_of(out)
    assert len(shown) == len(expected.frames) == 5
    for frame, wanted in zip(shown, expected.frames, strict=True):
        np.testing.assert_array_equal(frame, wanted.rgb)
    with Image.open(out) as image:
        assert image.format == {".gif": "GIF", ".webp": "WEBP"}.get(ending, "PNG")


def test_keeps_its_format_and_says_what_it_did(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["quantize", str(clip), "-k", "8"]) == 0
    said = capsys.readouterr().err
    assert "64×48, 5 frames, " in said
    assert ": frame " not in said
    assert len(frames_of(clip.with_name("clip-8.gif"))) == 5
    assert cli.run(["quantize", str(clip), "-k", "8", "--out-dir", str(clip.parent / "few")]) == 0
    assert (clip.parent / "few" / "clip.gif").exists()


def test_a_terminal_shows_how_many_frames_are_done(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda number: number == 2)
    assert cli.run(["quantize", str(clip), "-k", "8"]) == 0
    assert re.search(r"map frames: \d of 5 \[\d+:\d\d, \d+:\d\d left\]", capsys.readouterr().err)


def test_json(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["quantize", str(clip), "-k", "8", "--json", "-q", "--palette-scope", "frame"]
    assert cli.run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == report["palettes"] == 5
    assert report["palette_scope"] == "frame"
    assert report["k"] == 8
    assert report["bytes_out"] == os.path.getsize(clip.with_name("clip-8.gif"))


@pytest.mark.parametrize(("ending", "first"), [(".tiff", False), (".png", True), (".gif", True)])
def test_first_frame(
    clip: Path, ending: str, first: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    out = clip.with_name(f"few{ending}")
    flags = ["--first-frame"] if first else []
    assert cli.run(["quantize", str(clip), "-k", "8", "-o", str(out), *flags]) == 0
    assert "the first frame" in capsys.readouterr().err
    (only,) = frames_of(out)
    np.testing.assert_array_equal(only, kpalette.quantize(clip, 8).rgb)


@pytest.mark.parametrize(
    "command", [["palette"], ["sweep", "-k", "2"], ["compare", "clip.gif"]], ids=lambda c: c[0]
)
def test_commands_for_stills_say_that_they_take_the_first_frame(
    command: list[str],
    clip: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(clip.parent)
    assert cli.run([*command, "clip.gif"]) == 0
    said = capsys.readouterr().err
    assert "clip.gif: an animation; only its first frame is read" in said
    assert cli.run([*command, "clip.gif", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_first_frame_by_default_name(clip: Path) -> None:
    assert cli.run(["quantize", str(clip), "-k", "8", "--first-frame"]) == 0
    assert len(frames_of(clip.with_name("clip-8.png"))) == 1


@pytest.mark.parametrize(
    "flags", [["--saliency"], ["--weights", "map.png"]], ids=lambda flags: flags[0]
)
def test_what_cannot_be_asked(
    clip: Path,
    flags: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("L", (64, 48), 200).save(clip.with_name("map.png"))
    before = set(clip.parent.iterdir())
    monkeypatch.chdir(clip.parent)
    assert cli.run(["quantize", str(clip), *flags]) == 2
    assert f"{flags[0]} does not work for animations" in capsys.readouterr().err
    assert set(clip.parent.iterdir()) == before


def test_what_is_half_transparent_becomes_hard_in_a_gif(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stills and animations alike: opaque from half on, which is remarked on; or as is asked."""
    path, still = tmp_path / "moving.webp", tmp_path / "soft.png"
    frames = [noise(20, 20, 4, seed=i) for i in range(3)]
    first, *others = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=others, lossless=True, duration=50)
    first.save(still)
    remark = "half-transparent becomes opaque or transparent, for GIF; --alpha flatten:#rrggbb lays"
    for source, n in ((path, 3), (still, 1)):
        out = tmp_path / f"{n}.gif"
        assert cli.run(["quantize", str(source), "-k", "30", "-o", str(out)]) == 0
        assert remark in capsys.readouterr().err
        with Image.open(out) as image:
            shown = [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
        assert len(shown) == n
        for pixels, before in zip(shown, frames, strict=False):
            np.testing.assert_array_equal(pixels[..., 3], np.where(before[..., 3] < 128, 0, 255))
        arguments = ["quantize", str(source), "-k", "30", "-o", str(out), "--force", "--alpha"]
        assert cli.run([*arguments, "threshold"]) == 0
        assert cli.run([*arguments, "flatten:#fff"]) == 0
        assert remark not in capsys.readouterr().err
        with Image.open(out) as image:
            assert "transparency" not in image.info or n == 3
    arguments = ["quantize", str(path), str(still), "--shared-palette", "--format", "gif"]
    assert cli.run([*arguments, "-k", "9"]) == 0


def test_colours_of_a_palette(clip: Path, tmp_path: Path) -> None:
    palette = kpalette.Palette(np.array([[0, 0, 0], [255, 0, 0], [255, 255, 255]], np.uint8))
    palette.save(tmp_path / "brand.gpl")
    assert cli.run(["remap", str(clip), "--palette", str(tmp_path / "brand.gpl")]) == 0
    shown = frames_of(tmp_path / "clip-brand.gif")
    assert len(shown) == 5
    for frame, before in zip(shown, frames_of(clip), strict=True):
        np.testing.assert_array_equal(frame, palette.remap(before).rgb)


def test_shared_palette_counts_every_frame(clip: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(noise(30, 30)).save(photo)
    arguments = ["quantize", str(clip), str(photo), "-k", "8", "--shared-palette"]
    assert cli.run(arguments) == 0
    images = [*frames_of(clip), np.asarray(Image.open(photo))]
    total = sum(kpalette.ColorHistogram.from_image(image) for image in images)
    wanted = {tuple(color) for color in kpalette.extract_palette(total, 8).colors.tolist()}
    shown = [*frames_of(tmp_path / "clip-8.gif"), *frames_of(tmp_path / "photo-8.png")]
    found = {tuple(color) for frame in shown for color in frame.reshape(-1, 3).tolist()}
    assert found == wanted


def test_damaged_farther_on(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = clip.read_bytes()
    broken = clip.with_name("broken.gif")
    broken.write_bytes(data[: len(data) * 3 // 4])
    assert cli.run(["quantize", str(broken), "-k", "8"]) == 0
    said = capsys.readouterr().err
    assert re.search(r"^kpalette: .*broken\.gif: frame 4: .*; the first 3 frames are", said)
    assert len(frames_of(clip.with_name("broken-8.gif"))) == 3
    assert cli.run(["quantize", str(broken), "-k", "8", "--first-frame", "--allow-truncated"]) == 0


@pytest.mark.parametrize("kind", ["gif", "apng", "webp"])
def test_what_is_cut_off_keeps_its_format(kind: str, tmp_path: Path) -> None:
    frames = [(noise(30, 30, seed=i), 50) for i in range(6)]
    source = tmp_path / "in" / f"cut.{kind}"
    source.parent.mkdir()
    kpalette.quantize_animation(frames, 64).save(source)
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])
    out = tmp_path / "out"
    arguments = ["quantize", str(source.parent), "-r", "--out-dir", str(out), "-k", "8"]
    assert cli.run(arguments) == 0
    assert cli.run(["quantize", str(source), "-k", "8"]) == 0
    assert files_in(out) == {f"cut.{kind}"}
    assert len(frames_of(source.with_name(f"cut-8.{kind}"))) == 3
    assert len(frames_of(out / f"cut.{kind}")) == 3


def test_from_stdin_to_stdout(clip: Path) -> None:
    command = [sys.executable, "-m", "kpalette", "quantize", "-", "-k", "8", "-q"]
    done = subprocess.run(command, input=clip.read_bytes(), capture_output=True, check=True)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert image.format == "GIF"
        assert image.n_frames == 5


@pytest.mark.parametrize("target", ["--looks 60", "--quality 0-40"])
@pytest.mark.parametrize("dither", ["none", "floyd-steinberg", "spatial"])
def test_the_worst_frame_looks_good_enough(
    target: str, dither: str, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def worst(k: int | None) -> float:
        shown = frames_of(out)
        if k is not None:
            asked = None if dither == "none" else dither
            colors = kpalette.extract_palette(frames_of(clip), k, dither=asked)
            options = {"fixed": colors.hex, "palette_scope": "global", "dither": asked}
            animation = kpalette.quantize_animation(clip, k, **options)
            shown = [frame.rgb for frame in animation.frames]
        return min(map(kpalette.metrics.looks, frames_of(clip), shown))

    out = clip.with_name("out.gif")
    arguments = ["quantize", str(clip), *target.split(), "--dither", dither, "-o", str(out)]
    assert cli.run([*arguments, "--json", "-q"]) == 0
    wanted = 60 if target == "--looks 60" else pngquant_looks(0, 40)[1]
    k = json.loads(capsys.readouterr().out)["k"]
    assert worst(None) >= wanted
    if dither == "none":  # a search for few bytes, not for few colours
        few = kpalette.quantize_animation(clip, quality={"looks": wanted})
        assert out.stat().st_size <= 1.2 * len(few.encode("gif"))
    else:
        assert wanted > worst(k - 1)


def test_frames_that_cannot_look_good_enough(clip: Path, fails: Any) -> None:
    args = ["quantize", clip, "-k", "4", "-q", "--dither", "floyd-steinberg"]
    assert "expected looks 90, reached " in fails(99, *args, "--looks", "90")
    assert "expected looks 81.5, reached " in fails(99, *args, "--quality", "90-100")
    assert not list(clip.parent.glob("clip-*"))


def test_quality(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", str(clip), "--psnr", "24", "--json", "-q"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["palette_scope"] == "global"
    assert report["psnr"] >= 24
    less = kpalette.quantize_animation(clip, report["k"] - 1, palette_scope="global")
    assert less.psnr < 24
    assert len(frames_of(clip.with_name("clip-psnr-24.gif"))) == 5
    assert cli.run(["quantize", str(clip), "-k", "4", "--psnr", "60"]) == 99
    assert not clip.with_name("clip-psnr-60.gif").exists()


@pytest.mark.parametrize(
    ("args", "kinds"),
    [
        ([], {"clip.gif": ("GIF", 5), "a.png": ("PNG", 1)}),
        (["--format", "webp"], {"clip.webp": ("WEBP", 5), "a.webp": ("WEBP", 1)}),
        (["--format", "tiff"], {"clip.tiff": ("TIFF", 1), "a.tiff": ("TIFF", 1)}),
        (["--format", "bmp"], {"clip.bmp": ("BMP", 1), "a.bmp": ("BMP", 1)}),
        (["--first-frame"], {"clip.png": ("PNG", 1), "a.png": ("PNG", 1)}),
        (["--quality", "10-40"], {"clip.gif": ("GIF", 5), "a.png": ("PNG", 1)}),
        (["--map", "a.png"], {"clip.gif": ("GIF", 5), "a.png": ("PNG", 1)}),
        (["--shared-palette"], {"clip.gif": ("GIF", 5), "a.png": ("PNG", 1)}),
        (["--saliency"], {"a.png": ("PNG", 1)}),
        (["--weights", "map.png"], {"a.png": ("PNG", 1)}),
        (["--keep-profile"], {"a.png": ("PNG", 1)}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_one_animation_among_photos(
    args: list[str],
    kinds: dict[str, tuple[str, int]],
    clip: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It moves where the format can; where it cannot be done, the others are."""
    monkeypatch.chdir(clip.parent)
    Image.fromarray(noise(48, 64)).save("a.png")
    Image.new("L", (64, 48), 200).save("map.png")
    few = [] if "--map" in args else ["-k", "20"]
    code = cli.run(["quantize", "clip.gif", "a.png", *few, "--out-dir", "out", *args])
    said = capsys.readouterr().err
    assert code == (0 if len(kinds) == 2 else 2)
    assert ("does not work for animations" in said) == (len(kinds) == 1)
    assert {path.name for path in Path("out").iterdir()} == set(kinds)
    for name, kind in kinds.items():
        with Image.open(Path("out", name)) as image:
            assert (image.format, getattr(image, "n_frames", 1)) == kind
