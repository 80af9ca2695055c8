"""Animations made smaller for APNG and WebP."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient
from kpalette import _core, files
from kpalette.threads import make_team

N = 7


def grainy(n: int = N) -> list[np.ndarray]:
    """Make frames of a still ramp with grain of two levels, over which a square moves."""
    random, frames = np.random.default_rng(2), []
    for i in range(n):
        frame = gradient(48, 64).astype(int) + random.integers(-2, 3, (48, 64, 3))
        frame[8:18, 4 + 6 * i : 14 + 6 * i] = (220, 30, 60)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return frames


def made(frames, smaller: float = 1, k: int = 40, **options) -> kpalette.QuantizedAnimation:
    how = {"palette_scope": "global", "smaller_in": "png", **options}
    return kpalette.quantize_animation([(frame, 40) for frame in frames], k, smaller=smaller, **how)


def decoded(data: bytes) -> list[np.ndarray]:
    return [files.with_alpha(pixels) for pixels, _ in files.open_frames(io.BytesIO(data)).walk()]


@pytest.mark.parametrize("kind", ["png", "webp", "gif"])
@pytest.mark.parametrize("scope", ["global", "scene", "frame"])
@pytest.mark.parametrize("smaller", [0.5, 3])
def test_files_show_just_the_frames(kind: str, scope: str, smaller: float) -> None:
    clip = made(grainy(), smaller, palette_scope=scope)
    for pixels, frame in zip(decoded(clip.encode(kind)), clip.frames, strict=True):
        np.testing.assert_array_equal(pixels, frame.rgba)


def panned() -> list[np.ndarray]:
    """Make frames in which all pixels move."""
    photo = gradient(60, 120).astype(int) + np.random.default_rng(3).integers(-9, 10, (60, 120, 3))
    pixels = np.clip(photo, 0, 255).astype(np.uint8)
    return [pixels[i : i + 48, 5 * i : 5 * i + 64].copy() for i in range(N)]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_files_are_smaller_than_of_frames_that_were_made_for_gif(kind: str) -> None:
    own, others = (made(panned(), 2, smaller_in=made_for) for made_for in ("png", "gif"))
    assert own.mse < 1.1 * others.mse
    assert len(own.encode(kind)) < 0.95 * len(others.encode(kind))


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_files_are_smaller_with_more(kind: str) -> None:
    clips = [made(grainy(), smaller) for smaller in (0, 1, 2, 3)]
    sizes = [len(clip.encode(kind)) for clip in clips]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < 0.6 * sizes[0]


def test_still_grain_is_hardly_drawn() -> None:
    def flicker(clip: kpalette.QuantizedAnimation) -> float:
        first, *others = (frame.indices[24:] for frame in clip.frames)
        return float(np.mean([indices != first for indices in others]))

    assert flicker(made(grainy())) < 0.5 * flicker(made(grainy(), 0))


def test_a_slow_change_is_drawn_at_last() -> None:
    frames = [np.full((9, 9, 3), 60 + i, np.uint8) for i in range(40)]
    shown = made(frames, 3, k=64).frames[-1].rgb
    assert np.abs(shown.astype(int) - frames[-1]).max() < 20


def test_a_frame_like_the_last_costs_nothing() -> None:
    frames = grainy(2)
    clip = made([frames[0], frames[1], frames[1]])
    assert len(decoded(clip.encode("png"))) == 2


def test_flat_colours_of_the_palette_stay_exact() -> None:
    frames = []
    for i in range(N):
        frame = np.full((40, 50, 3), (240, 240, 250), np.uint8)
        frame[5:20, 4 * i : 4 * i + 12] = (20, 90, 200)
        frames.append(frame)
    clip = made(frames, 3)
    assert clip.mse == 0


@pytest.mark.parametrize("k", [255, 256])
def test_with_256_colours_no_entry_is_left_to_keep_pixels(k: int) -> None:
    random = np.random.default_rng(0)
    frames = [random.integers(0, 256, (30, 40, 3), np.uint8) for _ in range(2)]
    clip = made(frames, 1, k=k)
    assert len(clip.palettes[0]) == k
    for pixels, frame in zip(decoded(clip.encode("png")), clip.frames, strict=True):
        np.testing.assert_array_equal(pixels, frame.rgba)


@pytest.mark.parametrize("alpha", [0, 128])
def test_frames_with_alpha_show_what_they_should(alpha: int) -> None:
    frames = []
    for i, frame in enumerate(grainy()):
        wide = files.with_alpha(frame).copy()
        wide[20:40, 3 * i : 3 * i + 9, 3] = alpha
        frames.append(wide)
    clip = made(frames, 2)
    for kind in ("png", "webp"):
        for pixels, frame in zip(decoded(clip.encode(kind)), clip.frames, strict=True):
            shown = np.where(frame.rgba[..., 3:] > 0, frame.rgba, 0)
            np.testing.assert_array_equal(np.where(pixels[..., 3:] > 0, pixels, 0), shown)


def test_durations_add_up() -> None:
    frames = grainy()
    clip = kpalette.quantize_animation(
        [(frame, 33) for frame in (*frames, *frames[-1:] * 3)], 40, smaller=1, smaller_in="png"
    )
    times = [time for _, time in files.open_frames(io.BytesIO(clip.encode("png"))).walk()]
    assert sum(times) == 33 * (N + 3)


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    files = {made(grainy(), 2, threads=threads).encode("png") for threads in (1, 2, 5)}
    assert len(files) == 1


def choose(flat, palette, indices, before, per_bit: float) -> tuple[np.ndarray, np.ndarray]:
    chosen, drawn = indices.copy(), np.empty_like(indices)
    _core.choose_by_rate_after(
        flat,
        palette,
        chosen,
        per_bit=per_bit,
        pixels_before=before[0],
        indices_before=before[1],
        drawn=drawn,
        team=make_team(1),
    )
    return chosen, drawn


class TestCore:
    """What one frame becomes after another."""

    @pytest.fixture
    def frames(self):
        clip = made(grainy(2), 0)
        return clip.palettes[0].colors, [
            (frame.reshape(-1, 3), shown.indices)
            for frame, shown in zip(grainy(2), clip.frames, strict=True)
        ]

    def test_what_is_not_drawn_stays(self, frames) -> None:
        palette, (before, (flat, nearest)) = frames
        chosen, drawn = choose(flat, palette, nearest, before, _core.per_bit(1))
        assert 0 < drawn.mean() < 1
        assert set(np.unique(drawn)) == {0, 1}
        np.testing.assert_array_equal(chosen[drawn == 0], before[1][drawn == 0])

    def test_bits_that_are_free_change_nothing_that_moved(self, frames) -> None:
        palette, (before, (flat, nearest)) = frames
        chosen, _ = choose(flat, palette, nearest, before, 1e-12)
        moved = np.abs(flat.astype(int) - before[0]).max(axis=1).reshape(nearest.shape) > 1
        different = chosen != nearest
        # Where the frame before shows as near a colour, it may stay.
        assert (different & moved).mean() < 0.02

    def test_a_still_source_draws_nothing(self, frames) -> None:
        palette, (before, _) = frames
        chosen, drawn = choose(before[0], palette, before[1], before, _core.per_bit(0.5))
        assert not drawn.any()
        np.testing.assert_array_equal(chosen, before[1])


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="smaller_in: expected one of gif, png, webp, got 'bmp'"):
        made(grainy(2), smaller_in="bmp")
    with pytest.raises(ValueError, match="smaller: expected no dither for an animation"):
        made(grainy(2), dither="bayer")


def test_pillow_shows_the_same_apng() -> None:
    clip = made(grainy(), 2)
    with Image.open(io.BytesIO(clip.encode("png"))) as image:
        assert image.n_frames == N
        for number, frame in enumerate(clip.frames):
            image.seek(number)
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), frame.rgba)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_shows_the_same_apng(tmp_path) -> None:
    clip = made(grainy(), 2)
    clip.save(tmp_path / "clip.apng")
    raw = ["-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "clip.apng"), *raw]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    pixels = np.frombuffer(shown, np.uint8).reshape(-1, 48, 64, 4)
    np.testing.assert_array_equal(pixels[:N], [frame.rgba for frame in clip.frames])
