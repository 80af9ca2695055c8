"""The benchmark of animations: its clips, its measures, and that it prints what it measured."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import weaknesses
from benchmarks.animations import encoders, runs, scores, tables
from benchmarks.animations.clips import CLIPS, Clip
from benchmarks.rivals import Missing
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
    first, again = (list(short.frames([images], 1000)) for _ in range(2))
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
    def run(*options: str) -> tuple[runs.Document, str]:
        out = tmp_path / "animations.json"
        benchmarks.main(["animations", "--out", str(out), "--repeat", "1", *options])
        return json.loads(out.read_text()), capsys.readouterr().out

    document, told = run("--clips", "blink", "--only", "kpalette$", "--frames", "9")
    ours = next(encoder for encoder in encoders.ENCODERS if encoder.name == encoders.OURS)
    files = document["files"]
    assert [row["rung"] for row in files] == list(ours.rungs)
    (clip,) = [clip for clip in CLIPS if clip.name == "blink"]
    frames = [(frame, clip.milliseconds) for frame in clip.frames([], 9)]
    a = kpalette.quantize_animation(frames, palette_scope="global")
    assert files[0]["bytes"] == len(a.encode("gif"))
    assert [cost["encoder"] for cost in document["costs"]] == [ours.name]
    assert f"| blink | 0.00, {tables.median(document['costs'][0]):.2f} s |" in told
    assert "; **lossy 15**; " in told
    document, told = run("--clips", "talking", "--only", "nobody")
    assert "astronaut.png" in document["clips"]["talking head"]["missing"]
    assert "Left out, for what they need: talking head" in told


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise Missing("apt-get install gifsicle")

    ours, other = encoders.ENCODERS[:2]
    monkeypatch.setattr(runs, "ENCODERS", [ours, dataclasses.replace(other, version=missing)])
    there, told = runs.check("")
    assert there == [ours]
    assert told[other.name]["missing"] == "apt-get install gifsicle"


def test_a_program_that_fails_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such palette')"]
    with pytest.raises(runs.Failed, match="no such palette"):
        runs.run([command])


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


def documented(sizes: dict[str, list[tuple[float, int]]]) -> runs.Document:
    """Return a document of a film whose encoders have files of these looks and bytes."""
    about = {"kind": "film", "purpose": "test", "width": 4, "height": 3, "frames": 2}
    files = [
        {"clip": "c", "encoder": name, "rung": str(i), "flicker": i, "looks": x, "bytes": size}
        for name, front in sizes.items()
        for i, (x, size) in enumerate(front)
    ]
    told = {name: {"usual": "1", "version": name} for name in sizes}
    costs = [{"clip": "c", "encoder": name, "seconds": [1, 3], "megabytes": 7} for name in sizes]
    return {"clips": {"c": about}, "encoders": told, "files": files, "costs": costs}


def test_rates_and_who_is_best() -> None:
    ours = [(90, 200), (60, 100)]
    fewer = [(looks, round(0.8 * size)) for looks, size in ours]
    more = [(looks, 2 * size) for looks, size in ours]
    document = documented({encoders.OURS: ours, "fewer": fewer, "more": more})
    assert tables.rates(document, "more")["c"].share == pytest.approx(1)
    assert tables.rates(document, "fewer")["c"].share == pytest.approx(-0.2)
    assert tables.smallest(document, "c") == "fewer"
    assert tables.fewer(document, "more") == "50 % fewer bytes"
    assert tables.fewer(document, "fewer") == "25 % more bytes"
    assert "nobody" in tables.fewer(document, "more", "graphics")
    rows = tables.summary(document)[2:]
    assert rows[1].startswith("| fewer | −20 % | −20 % (c) | 1 | – | – | 0 | 1.00 | 2.00 |")
    document = documented({encoders.OURS: ours, "more": more})
    assert tables.smallest(document, "c") == encoders.OURS
    assert tables.smallest(documented({encoders.OURS: ours}), "c") is None


def test_time_memory_and_flicker_that_are_less_are_weaknesses() -> None:
    front = [(90, 200), (60, 100)]
    document = documented({encoders.OURS: front, "other": front})
    assert list(weaknesses.by_animations(document)) == []
    document["costs"][1].update(seconds=[1, 1], megabytes=3.5)
    document["files"][3]["flicker"] = 0.5
    assert [(one.what, one.told) for one in weaknesses.by_animations(document)] == [
        ("processor's time of GIFs, of ours", "0.50"),
        ("memory of GIFs, of ours", "0.50"),
        ("flicker of GIFs", "mean 0.50, ours 1.00"),
    ]


def test_rates_at_ends() -> None:
    end = tables.rate([(90, 100), (60, 50)], [(95, 80), (92, 70)])
    assert (end.share, tables.shown_rate(end)) == (pytest.approx(-0.3), "(−30 %)")
    assert tables.rate([(90, 100), (60, 50)], [(50, 20)]).share == pytest.approx(-0.6)
    shared = tables.rate([(90, 100), (60, 50)], [(90, 200), (60, 100)])
    assert tables.shown_rate(shared) == "+100 %"
