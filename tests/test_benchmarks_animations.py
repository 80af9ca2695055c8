"""The benchmark of animations: its clips, its measures, and that it prints what it measured."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks.animations import encoders, runs, scores, tables
from benchmarks.animations.clips import CLIPS, Clip
from PIL import Image

import kpalette
from conftest import noise
from kpalette.files import open_frames

CHEAP = [clip for clip in CLIPS if not clip.photos]
MADE = {name for clip in CLIPS for name in clip.photos}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for seed, name in enumerate(sorted(MADE)):
        small = Image.fromarray(noise(16, 24, seed=seed))
        small.resize((384, 256), Image.Resampling.BICUBIC).save(folder / f"{name}.png")
    return folder


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_a_clip_is_the_same_each_time(clip: Clip, images: Path) -> None:
    short = dataclasses.replace(clip, n=min(clip.n, 3))
    first, again = (list(short.frames(images, 1000)) for _ in range(2))
    assert len(first) == short.n
    channels = {frame.shape[2] for frame in first}
    assert channels in ({3}, {4})
    assert {frame.shape[:2] for frame in first} == {clip.size[::-1]}
    assert {frame.dtype for frame in first} == {np.dtype(np.uint8)}
    assert all(map(np.array_equal, first, again))
    assert any(not np.array_equal(one, other) for one, other in itertools.pairwise(first))
    if channels == {4}:
        assert set(np.unique([frame[..., 3] for frame in first])) == {0, 255}


def test_clips_tune_or_report() -> None:
    names = [clip.name for clip in CLIPS]
    assert len(set(names)) == len(names)
    for purpose in ("dev", "test"):
        kinds = {clip.kind for clip in CLIPS if clip.purpose == purpose}
        assert kinds == {"film", "graphics"}
        assert sum(clip.purpose == purpose for clip in CLIPS) >= 10
    photos = [
        {p for clip in CLIPS if clip.purpose == x for p in clip.photos} for x in ("dev", "test")
    ]
    assert not photos[0] & photos[1]


def test_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*options: str) -> list[str]:
        told = ["--clips", "blink", "--only", "kpalette", "--out", str(tmp_path), "--repeat", "1"]
        benchmarks.main(["animations", *told, *options])
        return capsys.readouterr().out.splitlines()

    (line,) = [line for line in run() if line.startswith("| blink |") and "," in line]
    ours = next(encoder for encoder in encoders.ENCODERS if encoder.name == encoders.OURS)
    rows = runs.read(tmp_path / "results.csv")
    assert [row.rung for row in rows] == list(ours.rungs)
    (clip,) = [clip for clip in CLIPS if clip.name == "blink"]
    frames = [(frame, clip.milliseconds) for frame in clip.frames(None, 9)]
    a = kpalette.quantize_animation(frames, palette_scope="global")
    assert rows[0].bytes == len(a.encode("gif"))
    usual = next(row for row in rows if row.rung == ours.usual)
    assert f"| {usual.bytes / 1e3:.1f}, " in line
    assert run("--only", "nobody") is not None  # what is there stays
    assert runs.read(tmp_path / "results.csv") == rows
    assert any("it needs astronaut.png" in line for line in run("--clips", "talking"))


def test_usage_is_the_child_alone() -> None:
    ballast = np.ones(40_000_000, np.uint8)
    used = runs.run([["python3", "-c", "sum(range(10**6))"], ["python3", "-c", "b'1' * 10**7"]])
    assert 0.01 < used.seconds < 5
    assert used.megabytes < 35
    assert ballast.any()


def test_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 8, (4, 24, 32, 1), np.uint8) * 30, 3, axis=3)
    frames[1:, :12] = frames[0, :12]
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, frame in zip(paths, frames, strict=True):
        Image.fromarray(frame).save(path)
    target = tmp_path / "a.gif"

    def scored(shown: np.ndarray) -> scores.Score:
        pairs = [(frame, 40) for frame in shown]
        kpalette.quantize_animation(pairs, palette_scope="global").save(target)
        return scores.score(paths, target, 40)

    assert scored(frames).flicker == 0
    assert len(list(open_frames(target).walk())) == 4
    shaken = frames.copy()
    shaken[1::2, :6] += 10
    still = np.abs(np.diff(frames[..., 0].astype(int), axis=0)) <= 1
    expected = 10 * still[:, :6].sum() / still.sum()
    assert scored(shaken).flicker == pytest.approx(expected)
    got = list(scores.shown(target, 4, 40))
    assert all(np.array_equal(a[..., :3], b) for a, b in zip(got, shaken, strict=True))
    frames[2] = frames[1]
    scored(frames)  # two frames of the four become one
    got = list(scores.shown(target, 4, 40))
    assert all(np.array_equal(a[..., :3], b) for a, b in zip(got, frames, strict=True))


def test_ends_and_means() -> None:
    assert tables.better_end([(90, 100), (60, 50)], [(95, 80), (92, 70)]) == pytest.approx(-0.3)
    assert tables.better_end([(90, 100), (60, 50)], [(50, 20)]) == pytest.approx(-0.6)
    assert tables.mean_rate([-0.5, 1.0, None]) == pytest.approx(0)
    assert tables.mean_rate([None]) is None
