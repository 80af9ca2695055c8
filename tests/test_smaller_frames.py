"""Animations made smaller: the files show what the frames say, and have fewer bytes."""

import io

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise

SIZE = (48, 64)


def clip(n: int = 8) -> list[tuple[np.ndarray, int]]:
    """Return frames with grain, in which a square moves over a gradient."""
    frames = []
    for i in range(n):
        frame = gradient(*SIZE) // 2 + noise(*SIZE, seed=i) // 40 + 50
        frame[10:25, 4 * i : 4 * i + 15] = (240, 40, 30)
        frames.append((frame.astype(np.uint8), 40))
    return frames


def decoded(data: bytes) -> list[tuple[np.ndarray, int]]:
    with Image.open(io.BytesIO(data)) as film:
        shown = []
        for number in range(film.n_frames):
            film.seek(number)
            shown.append((np.asarray(film.convert("RGBA")), film.info["duration"]))
        return shown


def over_time(shown: list[tuple[np.ndarray, int]]) -> list[np.ndarray]:
    return [pixels for pixels, duration in shown for _ in range(round(duration / 40))]


@pytest.mark.parametrize("scope", ["global", "scene", "frame", "auto"])
@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_files_show_what_the_frames_say(scope: str, kind: str) -> None:
    made = kpalette.quantize_animation(clip(), 32, palette_scope=scope, smaller=2)
    shown = over_time(decoded(made.encode(kind)))
    assert len(shown) == len(made.frames)
    for pixels, frame in zip(shown, made.frames, strict=True):
        assert np.array_equal(pixels[..., :3], frame.rgb)


def test_errors_and_counts_are_those_of_what_is_shown() -> None:
    frames = clip()
    made = kpalette.quantize_animation(frames, 32, palette_scope="global", smaller=2)
    for (pixels, _), frame in zip(frames, made.frames, strict=True):
        error = ((pixels.astype(float) - frame.rgb) ** 2).sum(axis=2).mean()
        assert frame.mse == pytest.approx(error)
        counts = np.bincount(frame.indices.reshape(-1), minlength=len(frame.palette))
        assert np.array_equal(frame.palette.counts, counts)


def test_more_is_smaller() -> None:
    sizes = [
        len(kpalette.quantize_animation(clip(), 64, smaller=smaller).encode("gif"))
        for smaller in (0, 1, 2, 3)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < 0.7 * sizes[0]  # grain that is not seen is not drawn


def test_no_file_is_larger_than_without() -> None:
    rng = np.random.default_rng(3)
    few = [(rng.integers(0, 3, (*SIZE, 3)).astype(np.uint8) * 90, 40) for _ in range(4)]
    for frames, k in ((few, 27), (clip(3), 255), (clip(3), 256)):
        plain, small = (
            kpalette.quantize_animation(frames, k, palette_scope="global", smaller=smaller)
            for smaller in (0, 1)
        )
        assert len(small.encode("gif")) <= len(plain.encode("gif"))


@pytest.mark.parametrize("smaller", [1, 3])
def test_a_slow_fade_fades(smaller: int) -> None:
    frames = [(np.full((20, 30, 3), 40 + i, np.uint8), 40) for i in range(60)]
    made = kpalette.quantize_animation(frames, 255, palette_scope="global", smaller=smaller)
    for (pixels, _), frame in zip(frames, made.frames, strict=True):
        assert np.abs(frame.rgb.astype(int) - pixels).max() <= 2


def test_edges_of_what_is_cut_out_are_no_texture() -> None:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    inside = (x - 32) ** 2 + (y - 24) ** 2 < 20**2
    frames = []
    for pixels, duration in clip(3):
        cut = np.dstack([pixels, np.where(inside, 255, 0)]).astype(np.uint8)
        cut[~inside] = 0
        frames.append((cut, duration))
    plain, small = (
        kpalette.quantize_animation(frames, 200, palette_scope="global", smaller=smaller)
        for smaller in (0, 1)
    )
    assert len(small.encode("gif")) < len(plain.encode("gif"))
    assert small.mse < plain.mse + 60


def test_frames_that_nobody_tells_apart_become_one() -> None:
    frames = [(np.full((9, 9, 3), 100 + i % 2, np.uint8), 70 + i) for i in range(5)]
    made = kpalette.quantize_animation(frames, 2, smaller=1)
    (frame,) = decoded(made.encode("gif"))
    assert frame[1] == sum(70 + i for i in range(5))


def test_long_durations_are_split() -> None:
    frames = [(pixels, 700_000) for pixels, _ in clip(2)]
    made = kpalette.quantize_animation(frames, 32, palette_scope="global", smaller=1)
    shown = decoded(made.encode("gif"))
    assert sum(duration for _, duration in shown) == 1_400_000
    assert max(duration for _, duration in shown) <= 655_350
    assert np.array_equal(shown[-1][0][..., :3], made.frames[1].rgb)


@pytest.mark.parametrize("smaller", [1, 3])
def test_clear_pixels_stay_clear(smaller: int) -> None:
    frames = []
    for pixels, duration in clip(4):
        frame = np.dstack([pixels, np.full(SIZE, 255, np.uint8)])
        frame[:, 10 * len(frames) : 10 * len(frames) + 12] = 0
        frames.append((frame, duration))
    made = kpalette.quantize_animation(frames, 32, palette_scope="global", smaller=smaller)
    shown = over_time(decoded(made.encode("gif")))
    for pixels, frame, (source, _) in zip(shown, made.frames, frames, strict=True):
        assert np.array_equal(pixels[..., 3], source[..., 3])
        seen = source[..., 3] > 0
        assert np.array_equal(pixels[seen], frame.rgba[seen])


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    one, two = (
        kpalette.quantize_animation(clip(), 32, smaller=1, threads=n).encode("gif") for n in (1, 2)
    )
    assert one == two


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"smaller": 4}, ValueError, "smaller: expected 0 to 3, got 4"),
        ({"smaller": "1"}, TypeError, "smaller: expected a number"),
        ({"smaller": 1, "dither": "bayer"}, ValueError, "expected no dither .* got 'bayer'"),
    ],
)
def test_bad_input(options, error, match: str) -> None:
    with pytest.raises(error, match=match):
        kpalette.quantize_animation(clip(1), 4, **options)
