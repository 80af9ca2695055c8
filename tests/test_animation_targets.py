"""Animations with a target: limits are kept, qualities reached, and searches are short."""

from __future__ import annotations

import io
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import animation_targets, cli, metrics
from kpalette.animation_search import _next
from kpalette.animation_trials import Trials

N, MILLISECONDS = 8, 40


def film(seed: int = 0) -> list[np.ndarray[Any, Any]]:
    """Make frames of a square that moves over a ramp with grain."""
    random = np.random.default_rng(seed)
    frames = []
    for i in range(N):
        pixels = gradient(40, 56).astype(float) + random.normal(0, 3, (40, 56, 1))
        pixels[10 + i : 24 + i, 4 * i : 4 * i + 14] = [200, 30, 60]
        frames.append(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    return frames


FRAMES = film()
SOURCE = [(frame, MILLISECONDS) for frame in FRAMES]
PLAIN = kpalette.quantize_animation(SOURCE)

#: A search, and what is tried in each scope where that looks poor.
MOST_TRIALS = animation_targets.MOST_TRIALS + 3 * (
    animation_targets.MORE + animation_targets.NEARER
)


def looks(animation: kpalette.QuantizedAnimation) -> list[float]:
    return [metrics.looks(a, b.rgb) for a, b in zip(FRAMES, animation.frames, strict=True)]


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


@pytest.fixture
def n_trials(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often all frames are mapped."""
    trials, call = [0], Trials.__call__

    def counted(self: Trials, *args: Any, **options: Any) -> Any:
        trials[0] += 1
        return call(self, *args, **options)

    monkeypatch.setattr(Trials, "__call__", counted)
    return trials


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
@pytest.mark.parametrize("share", [0.95, 0.6, 0.3, 0.15])
def test_a_limit_is_kept(kind: Any, share: float, n_trials: list[int]) -> None:
    most = round(share * len(PLAIN.encode(kind)))
    a = kpalette.quantize_animation(SOURCE, max_bytes=most, smaller_in=kind)
    assert 0.25 * most < len(a.encode(kind)) <= most
    assert n_trials[0] <= MOST_TRIALS
    assert a.durations == PLAIN.durations


def test_a_higher_limit_never_looks_worse() -> None:
    whole = len(PLAIN.encode("gif"))
    found = []
    for share in (0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1):
        a = kpalette.quantize_animation(SOURCE, max_bytes=round(share * whole))
        found.append(mean(looks(a)))
    # A little loss can look better than hardly any.
    assert all(after > before - 0.3 for before, after in itertools.pairwise(found))
    assert found[-1] == mean(looks(PLAIN))


def test_limits_are_used_up() -> None:
    """Within a twentieth, unless the next step up is too many bytes."""
    whole = len(PLAIN.encode("gif"))
    for share in (0.2, 0.35, 0.5, 0.7):
        a = kpalette.quantize_animation(SOURCE, max_bytes=round(share * whole))
        assert len(a.encode("gif")) > 0.95 * share * whole


@pytest.mark.parametrize("step", [0.3, 2.5])
def test_searches_stop_at_steps(step: float) -> None:
    """Where hardly any loss saves as much as more does, few trials tell."""
    known: dict[float, float] = {0.0: -0.1}
    places = []
    while (at := _next(known, 0.17, 0.025)) is not None:
        places.append(at)
        known[at] = 0.4 if at > step else -0.1
    assert len(places) < 14
    good, bad = min(at for at in known if known[at] > 0), max(at for at in known if known[at] < 0)
    assert bad <= step < good


def test_what_fits_stays_as_it_is(n_trials: list[int]) -> None:
    whole = PLAIN.encode("gif")
    a = kpalette.quantize_animation(SOURCE, max_bytes=len(whole))
    assert a.encode("gif") == whole
    assert n_trials == [1]
    lossy = kpalette.quantize_animation(SOURCE, lossy=20)
    a = kpalette.quantize_animation(SOURCE, lossy=20, max_bytes=len(whole))
    assert a.encode("gif") == lossy.encode("gif")
    assert len(a.encode("gif")) < len(whole)


@pytest.mark.parametrize("target", [{"max_bytes": 5000}, {"quality": {"looks": 70}, "lossy": 50}])
def test_the_same_for_threads(target: Any) -> None:
    one, three = (
        kpalette.quantize_animation(SOURCE, threads=threads, **target).encode("gif")
        for threads in (1, 3)
    )
    assert one == three


def test_no_limit_makes_frames_of_one_colour(n_trials: list[int]) -> None:
    grain = [(noise(24, 32, seed=i), MILLISECONDS) for i in range(4)]
    with pytest.raises(kpalette.BytesNotReached) as caught:
        kpalette.quantize_animation(grain, max_bytes=150)
    assert caught.value.k == 2
    assert n_trials[0] <= animation_targets.MOST_TRIALS
    # What only two colours reach, they do.
    a = kpalette.quantize_animation(grain, max_bytes=caught.value.reached)
    assert len(a.encode("gif")) <= caught.value.reached
    assert len(a.palettes[0]) == 2


@pytest.mark.parametrize("lossy", [0, 100])
def test_frames_have_own_palettes_where_few_colours_look_better(lossy: float) -> None:
    tints = itertools.permutations([1, 0.6, 0.2])
    shades = [np.rint(film(i)[0] * tint).astype(np.uint8) for i, tint in enumerate(tints)]
    source = [(frame, MILLISECONDS) for frame in shades]
    most = len(kpalette.quantize_animation(source, 16).encode("gif")) // 2
    auto, one = (
        kpalette.quantize_animation(source, 16, max_bytes=most, lossy=lossy, palette_scope=scope)
        for scope in ("auto", "global")
    )
    assert len(auto.encode("gif")) <= most
    assert len(auto.palettes) > len(one.palettes) == 1
    seen = [
        mean([metrics.looks(a, b.rgb) for a, b in zip(shades, made.frames, strict=True)])
        for made in (auto, one)
    ]
    assert seen[0] > seen[1] + 5


def test_what_looks_poor_is_made_lossier_with_more_colours() -> None:
    """Frames of grain look better with more colours than the usual loss leaves bytes for."""
    most = round(0.2 * len(PLAIN.encode("gif")))
    a = kpalette.quantize_animation(SOURCE, max_bytes=most, palette_scope="global")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(animation_targets, "POOR", -math.inf)
        before = kpalette.quantize_animation(SOURCE, max_bytes=most, palette_scope="global")
    assert max(len(x.encode("gif")) for x in (a, before)) <= most
    assert mean(looks(a)) > mean(looks(before)) + 1


def test_a_size_that_cannot_be_reached(n_trials: list[int]) -> None:
    with pytest.raises(kpalette.BytesNotReached) as caught:
        kpalette.quantize_animation(SOURCE, fixed=["#f00", "#0f0"], max_bytes=100)
    error = caught.value
    assert (error.max_bytes, error.k) == (100, 2)
    assert n_trials[0] <= animation_targets.MOST_TRIALS
    a = kpalette.quantize_animation(SOURCE, fixed=["#f00", "#0f0"], max_bytes=error.reached)
    assert len(a.encode("gif")) == error.reached


def test_frames_are_left_out_if_they_may_be() -> None:
    most = round(0.25 * len(PLAIN.encode("gif")))
    a = kpalette.quantize_animation(SOURCE, max_bytes=most, least_fps=10)
    assert len(a.encode("gif")) <= most
    every = round(a.durations[0] / MILLISECONDS)
    assert every == 2  # of 25 a second, 12.5 remain
    assert sum(a.durations) == N * MILLISECONDS
    assert len(a.frames) == N / every
    all_kept = kpalette.quantize_animation(SOURCE, max_bytes=most)
    better = [metrics.looks(b, q.rgb) for b, q in zip(FRAMES[::every], a.frames, strict=True)]
    assert mean(better) > mean(looks(all_kept))
    a = kpalette.quantize_animation(SOURCE, max_bytes=len(PLAIN.encode("gif")), least_fps=1)
    assert len(a.frames) == N  # for nothing no frame is left out


@pytest.mark.parametrize("dither", ["bayer", "floyd-steinberg"])
def test_a_dither_stays(dither: Any) -> None:
    plain = kpalette.quantize_animation(SOURCE, dither=dither)
    most = len(plain.encode("gif")) // 2
    a = kpalette.quantize_animation(SOURCE, dither=dither, max_bytes=most)
    assert len(a.encode("gif")) <= most
    fewer = kpalette.quantize_animation(
        SOURCE, len(a.palettes[0]), dither=dither, palette_scope=a.palette_scope
    )
    assert a.encode("gif") == fewer.encode("gif")


@pytest.mark.parametrize("lossy", [0, 50])
@pytest.mark.parametrize("wanted", [60, 75])
def test_the_worst_frame_reaches_a_quality(wanted: float, lossy: float) -> None:
    a = kpalette.quantize_animation(SOURCE, quality={"looks": wanted}, lossy=lossy)
    assert min(looks(a)) >= wanted
    size = len(a.encode("gif"))
    assert size < len(PLAIN.encode("gif"))
    if lossy:
        few = kpalette.quantize_animation(SOURCE, quality={"looks": wanted})
        assert size < len(few.encode("gif"))
    else:
        less = kpalette.quantize_animation(SOURCE, len(a.palettes[0]) - 1, palette_scope="global")
        assert min(looks(less)) < wanted


def test_psnr_is_of_all_frames() -> None:
    a = kpalette.quantize_animation(SOURCE, quality={"psnr": 31})
    assert a.psnr >= 31
    less = kpalette.quantize_animation(SOURCE, len(a.palettes[0]) - 1, palette_scope="global")
    assert less.psnr < 31
    a = kpalette.quantize_animation(SOURCE, quality={"psnr": 31}, lossy=50)
    assert a.psnr >= 31


def test_more_palettes_only_where_one_is_not_enough() -> None:
    frames = [(noise(20, 30, seed=seed) // 64 * 64, 40) for seed in range(4)]
    frames = [(pixels ^ np.uint8(9 * i), 40) for i, (pixels, _) in enumerate(frames)]
    one = kpalette.quantize_animation(frames, 64, palette_scope="global")
    reached = min(metrics.looks(a, b.rgb) for (a, _), b in zip(frames, one.frames, strict=True))
    assert reached < 100
    a = kpalette.quantize_animation(frames, 64, quality={"looks": 100})
    assert len(a.palettes) > 1
    assert a.mse == 0
    with pytest.raises(kpalette.QualityNotReached, match="reached"):
        kpalette.quantize_animation(frames, 64, quality={"looks": 100}, palette_scope="global")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max_bytes": 0}, ValueError, "max_bytes: expected at least 1, got 0"),
        ({"max_bytes": "5M"}, TypeError, "max_bytes: expected an integer"),
        (
            {"max_bytes": 9, "quality": {"looks": 9}},
            ValueError,
            "max_bytes and quality exclude each other",
        ),
        ({"quality": {"looks": 101}}, ValueError, "quality: expected looks above 0"),
        ({"quality": 75}, TypeError, "quality: expected a dict"),
        ({"least_fps": 5}, ValueError, "least_fps: expected max_bytes with it, got none"),
        ({"least_fps": 0, "max_bytes": 9}, ValueError, "least_fps: expected a number above 0"),
        ({"least_fps": "5", "max_bytes": 9}, TypeError, "least_fps: expected a number"),
        ({"smaller_in": "tiff", "max_bytes": 9}, ValueError, "smaller_in: expected one of"),
    ],
)
def test_bad_input(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        kpalette.quantize_animation(SOURCE, **options)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.gif"
    PLAIN.save(path)
    return path


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng"])
def test_command(clip: Path, ending: str) -> None:
    out = clip.with_name(f"out{ending}")
    assert cli.run(["quantize", str(clip), "--max-bytes", "3k", "-o", str(out), "-q"]) == 0
    kind: Any = {".apng": "png"}.get(ending, ending[1:])
    a = kpalette.quantize_animation(clip, max_bytes=3000, smaller_in=kind)
    assert out.read_bytes() == a.encode(kind)
    assert len(out.read_bytes()) <= 3000


def test_command_that_leaves_frames_out(clip: Path) -> None:
    arguments = ["quantize", str(clip), "--max-bytes", "2k", "--least-fps", "6", "-q"]
    assert cli.run(arguments) == 0
    with Image.open(clip.with_name("clip-max-2000.gif")) as image:
        assert 1 < image.n_frames < N


def test_command_for_looks_is_lossy_in_a_gif(clip: Path) -> None:
    assert cli.run(["quantize", str(clip), "--looks", "70", "-q"]) == 0
    a = kpalette.quantize_animation(clip, quality={"looks": 70}, lossy=animation_targets.SPECKLED)
    assert clip.with_name("clip-looks-70.gif").read_bytes() == a.encode("gif")


def test_command_for_a_quality_that_is_out_of_reach_is_not_lossy(clip: Path) -> None:
    assert cli.run(["quantize", str(clip), "-k", "8", "-Q", "0-100", "-q"]) == 0
    plain = kpalette.quantize_animation(clip, 8)
    (out,) = (path for path in clip.parent.iterdir() if path != clip)
    assert out.read_bytes() == plain.encode("gif")


def test_command_that_cannot_be_met(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", str(clip), "--max-bytes", "60"]) == 99
    assert "skipped: expected at most 60 bytes, reached " in capsys.readouterr().err
    assert [path.name for path in clip.parent.iterdir()] == ["clip.gif"]


def test_command_that_is_refused(clip: Path, fails: Any, tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    Image.fromarray(FRAMES[0]).save(still)
    out = tmp_path / "x.gif"
    said = fails(2, "quantize", still, "--max-bytes", "9k", "-o", out)
    assert "--max-bytes and --format gif exclude each other; give one" in said
    assert not out.exists()
    assert "above 0" in fails(2, "quantize", clip, "--max-bytes", "9k", "--least-fps", "0")
    assert "--least-fps works with --max-bytes" in fails(2, "quantize", clip, "--least-fps", "9")


def test_bytes_are_counted_as_written() -> None:
    file = io.BytesIO(PLAIN.encode("gif"))
    a = kpalette.quantize_animation(file, max_bytes=4000)
    assert len(a.encode("gif")) <= 4000
