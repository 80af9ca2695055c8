"""Composing of animations: by the specification, and whatever the file is used for besides."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import reference_files
from conftest import noise
from containers import (
    COLORS,
    NONE,
    OVER,
    Drawn,
    Pixels,
    apng,
    full,
    gif,
    opaque,
    soft,
    walked,
)
from kpalette import quantize_animation
from kpalette.files import (
    ENCODERS,
    ImageReadError,
    as_pixels,
    frame_store,
    is_animated,
    open_frames,
    with_alpha,
)
from kpalette.files.composing import Disposal, RawFrame, composed

DISPOSALS: tuple[Disposal, ...] = ("none", "background", "previous")
WIDTH, HEIGHT = 5, 4


def raw(
    pixels: Pixels,
    left: int = 0,
    top: int = 0,
    duration: int = 0,
    disposal: Disposal = "none",
    *,
    over: bool,
) -> RawFrame:
    return RawFrame(lambda: pixels, left, top, duration, disposal, over)


@st.composite
def raw_frames(draw: st.DrawFn) -> RawFrame:
    shape = (draw(st.integers(1, HEIGHT + 1)), draw(st.integers(1, WIDTH + 1)))
    if draw(st.booleans()):
        shape = (HEIGHT, WIDTH)
    pixels = draw(arrays(np.uint8, (*shape, 4)))
    alphas = draw(st.sampled_from([(255,), (0, 255), (0, 1, 128, 254, 255)]))
    pixels[..., 3] = draw(arrays(np.uint8, shape, elements=st.sampled_from(alphas)))
    left, top = draw(st.integers(0, WIDTH + 1)), draw(st.integers(0, HEIGHT + 1))
    if shape == (HEIGHT, WIDTH) and draw(st.booleans()):
        left = top = 0
    disposal = draw(st.sampled_from(DISPOSALS))
    return raw(pixels, left, top, draw(st.integers(0, 99)), disposal, over=draw(st.booleans()))


@given(st.lists(raw_frames(), max_size=5))
def test_frames_are_composed_by_the_specification(frames: list[RawFrame]) -> None:
    shown = [*composed(frames, WIDTH, HEIGHT)]
    given = [(frame.read(), frame.left, frame.top, frame.disposal, frame.over) for frame in frames]
    expected = reference_files.compose(given, WIDTH, HEIGHT)
    assert [duration for _, duration in shown] == [frame.duration for frame in frames]
    for (pixels, _), wanted in zip(shown, expected, strict=True):
        np.testing.assert_array_equal(with_alpha(pixels), wanted)
        assert pixels.shape[2] == (3 if (wanted[..., 3] == 255).all() else 4)


def test_all_alphas_over_all_alphas_are_rounded_to_the_nearest() -> None:
    below, above = soft(256, 256, 1), soft(256, 256, 2)
    below[..., 3], above[..., 3] = np.indices((256, 256))
    frames = [raw(below, over=False), raw(above, over=True)]
    *_, (shown, _) = composed(frames, 256, 256)
    a, b = (layer.astype(int) for layer in (above, below))
    parts = a[..., 3:] * 255, (255 - a[..., 3:]) * b[..., 3:]
    both = sum(parts)
    colors = (2 * (a * parts[0] + b * parts[1]) + both) // np.maximum(2 * both, 1)
    seen = a[..., 3] > 0
    np.testing.assert_array_equal(shown[..., 3], (2 * both[..., 0] + 255) // 510)
    np.testing.assert_array_equal(shown[seen, :3], colors[seen, :3])
    np.testing.assert_array_equal(shown[~seen], below[~seen])


def test_who_changes_a_frame_changes_no_other() -> None:
    for first in (opaque(4, 5), soft(4, 5)):
        frames = [
            raw(first, over=False),
            raw(soft(1, 1), over=True),
        ]
        expected = [pixels for pixels, _ in composed(frames, 5, 4)]
        walk = composed(frames, 5, 4)
        changed = next(walk)[0]
        changed[:] = 7
        np.testing.assert_array_equal(next(walk)[0], expected[1])


@st.composite
def drawn_apng(draw: st.DrawFn) -> list[Drawn]:
    frames = []
    for number in range(draw(st.integers(1, 4))):
        left, top = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
        if number == 0:
            left = top = 0
        width = draw(st.integers(1, WIDTH - left)) if number else WIDTH
        height = draw(st.integers(1, HEIGHT - top)) if number else HEIGHT
        pixels = draw(arrays(np.uint8, (height, width, 4)))
        how = draw(st.integers(0, 2)), draw(st.integers(0, 1)), draw(st.integers(0, 65535))
        frames.append(Drawn(pixels, left, top, *how))
    return frames


@given(drawn_apng())
def test_apng_files_give_their_frames(frames: list[Drawn]) -> None:
    found = open_frames(io.BytesIO(apng((WIDTH, HEIGHT), frames, loop=3)))
    shown = [*found.walk()]
    given = [(f.pixels, f.left, f.top, DISPOSALS[f.disposal], f.blend == OVER) for f in frames]
    for (pixels, _), wanted in zip(
        shown, reference_files.compose(given, WIDTH, HEIGHT), strict=True
    ):
        np.testing.assert_array_equal(with_alpha(pixels), wanted)
    assert [duration for _, duration in shown] == [frame.duration for frame in frames]
    assert found.loop == 3


@st.composite
def drawn_gif(draw: st.DrawFn) -> Drawn:
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 6)))
    pixels = draw(arrays(np.uint8, shape, elements=st.integers(0, 3)))
    place = draw(st.integers(0, WIDTH + 1)), draw(st.integers(0, HEIGHT + 1))
    return Drawn(pixels, *place, draw(st.integers(0, 2)))


@given(st.lists(drawn_gif(), min_size=1, max_size=4), st.sampled_from([None, 0, 3]), st.booleans())
def test_gif_files_give_their_frames(frames: list[Drawn], clear: int | None, own: bool) -> None:
    rgba = with_alpha(COLORS).copy()
    if clear is not None:
        rgba[clear] = 0
    first = frames[0]
    height = max(HEIGHT, first.top + first.pixels.shape[0])
    width = max(WIDTH, first.left + first.pixels.shape[1])
    given = [(rgba[f.pixels], f.left, f.top, DISPOSALS[f.disposal], True) for f in frames]
    data = gif((WIDTH, HEIGHT), frames, COLORS, clear=clear, own=own)
    expected = reference_files.compose(given, width, height)
    np.testing.assert_array_equal(walked(data), expected)
    np.testing.assert_array_equal(seen(as_pixels(io.BytesIO(data))), expected[0])


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_written_is_read_again(kind: str, channels: int) -> None:
    frames = [(noise(6, 7, channels, seed) // 100 * 100, 40) for seed in (1, 2, 2, 3)]
    for pixels, _ in frames:
        pixels[..., 3:] = pixels[..., 3:] // 200 * 255
        pixels[1:3] = frames[0][0][1:3]
    result = quantize_animation(frames, 30, palette_scope="frame")
    again = [*open_frames(io.BytesIO(result.encode(kind))).walk()]
    assert [duration for _, duration in again] == [40, 80, 40]
    for (pixels, _), frame in zip(again, [result.frames[i] for i in (0, 1, 3)], strict=True):
        assert np.array_equal(seen(pixels), seen(frame.rgba))


def seen(pixels: Pixels) -> Pixels:
    rgba = with_alpha(pixels)
    return np.where(rgba[..., 3:] == 0, 0, rgba)


# Files that are used besides


def examples() -> list[bytes]:
    return [
        gif((WIDTH, HEIGHT), [Drawn(full(i, 3, 3), i, disposal=i) for i in range(3)], COLORS),
        apng(
            (WIDTH, HEIGHT), [Drawn(soft(4, 5)), Drawn(soft(2, 2), 1, 1, NONE), Drawn(soft(3, 3))]
        ),
    ]


@pytest.mark.parametrize("data", examples())
def test_a_file_may_be_used_in_between(data: bytes) -> None:
    file = io.BytesIO(data)
    frames = open_frames(file)
    expected = walked(data)
    for (one, _), (other, _), wanted in zip(frames.walk(), frames.walk(), expected, strict=True):
        np.testing.assert_array_equal([with_alpha(one), with_alpha(other)], [wanted, wanted])
        file.seek(3)
        file.read(7)


@pytest.mark.parametrize("data", examples())
def test_pillow_images_stay_as_they_are(data: bytes) -> None:
    expected = walked(data)
    for number in range(3):
        with Image.open(io.BytesIO(data)) as image, Image.open(io.BytesIO(data)) as other:
            for each in (image, other):
                each.seek(number)
            assert is_animated(image)
            frames = open_frames(image)
            shown = [with_alpha(pixels) for pixels, _ in frames.walk()]
            np.testing.assert_array_equal(shown, expected)
            assert image.tell() == number
            for each in (image, other):
                each.seek(min(number + 1, 2))
            np.testing.assert_array_equal(np.asarray(image), np.asarray(other))


def test_closed_pillow_images_are_refused() -> None:
    for data in examples():
        image = Image.open(io.BytesIO(data))
        image.close()
        with pytest.raises(ImageReadError):
            [*open_frames(image).walk()]


def test_a_still_whose_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(opaque(3, 4)).save(path)
    with Image.open(path) as image:
        image.load()
    assert not is_animated(image)
    ((pixels, _),) = open_frames(image).walk()
    np.testing.assert_array_equal(with_alpha(pixels), opaque(3, 4))


def test_a_still_pillow_image_is_taken_as_it_is_now() -> None:
    with Image.open(io.BytesIO(gif((2, 1), [Drawn(full(1, 2, 1))], COLORS))) as image:
        image.paste(2, (0, 0, 1, 1))
        ((pixels, _),) = open_frames(image).walk()
    assert pixels.tolist() == [[[0, 255, 0], [255, 0, 0]]]


def test_frames_beyond_the_budget_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_store, "BUDGET", 200_000)
    frames = [Drawn(opaque(100, 100, seed)) for seed in range(8)] * 16
    small = [Drawn(full(i % 4, 100, 100)) for i in range(128)]
    for data in (apng((100, 100), frames), gif((100, 100), small, COLORS)):
        tracemalloc.start()
        assert sum(1 for _ in open_frames(io.BytesIO(data)).walk()) == 128
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 1_000_000  # of 4 to 5 millions


def test_who_asks_whether_a_pipe_moves_uses_it_up() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    for data in examples():
        assert is_animated(Pipe(data))
        assert len([*open_frames(Pipe(data)).walk()]) == 3


def test_what_plug_ins_close_is_not_rewound() -> None:
    """As that of textures does; or the format is refused."""
    pixels = bytes(4 * 4 * 3)
    data = struct.pack("<4s4i", b"FTEX", 0, 4, 4, 1) + struct.pack("<3i", 1, 1, 32)
    file = io.BytesIO(data + struct.pack("<i", len(pixels)) + pixels)
    with suppress(ImageReadError):
        assert not is_animated(file)


def test_walks_do_not_disturb_each_other() -> None:
    frames = open_frames(io.BytesIO(examples()[0]))
    assert len([*itertools.islice(frames.walk(), 1)]) == 1
    assert len([*frames.walk()]) == 3
