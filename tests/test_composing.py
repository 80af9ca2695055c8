"""Composing of GIF and APNG: by the specification, and as browsers take other files."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

import reference
from conftest import chunk, noise, raw_png
from containers import (
    BACKGROUND,
    NONE,
    OVER,
    PREVIOUS,
    SIGNATURE,
    SOURCE,
    Drawn,
    apng,
    control,
    gif,
    loop_extension,
    png_rows,
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

Pixels = np.ndarray[Any, Any]

DISPOSALS: tuple[Disposal, ...] = ("none", "background", "previous")
WIDTH, HEIGHT = 5, 4
#: Of GIFs: what an index means, and in which letter tests write it.
COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
LETTERS = {(0, 0, 0, 0): ".", **{(*c, 255): "KRGB"[i] for i, c in enumerate(COLORS.tolist())}}


def walked(data: bytes) -> list[Pixels]:
    """Give each frame as (h, w, 4)."""
    return [with_alpha(pixels) for pixels, _ in open_frames(io.BytesIO(data)).walk()]


def letters(data: bytes) -> list[str]:
    """Give each frame of a GIF as a row of words."""
    return [
        " ".join("".join(LETTERS[tuple(pixel)] for pixel in row) for row in pixels.tolist())
        for pixels in walked(data)
    ]


def full(index: int, width: int, height: int) -> Pixels:
    return np.full((height, width), index, np.uint8)


def soft(height: int, width: int, seed: int = 0) -> Pixels:
    return noise(height, width, 4, seed)


def opaque(height: int, width: int, seed: int = 0) -> Pixels:
    return with_alpha(noise(height, width, 3, seed))


# The specification


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
    expected = reference.compose(given, WIDTH, HEIGHT)
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
    for (pixels, _), wanted in zip(shown, reference.compose(given, WIDTH, HEIGHT), strict=True):
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
    expected = reference.compose(given, width, height)
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


# GIF


def test_what_a_gif_leaves_uncovered_is_transparent() -> None:
    for clear in (None, 0):
        data = gif((4, 3), [Drawn(full(1, 2, 2), 1)], COLORS, clear=clear)
        assert letters(data) == [".RR. .RR. ...."]
        np.testing.assert_array_equal(as_pixels(io.BytesIO(data)), walked(data)[0])
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            np.testing.assert_array_equal(as_pixels(image), walked(data)[0])


def test_a_gifs_first_frame_widens_its_canvas_and_others_are_cut() -> None:
    first, second = Drawn(full(1, 2, 1), 1, 1), Drawn(full(2, 9, 9), 2)
    assert letters(gif((2, 2), [first, second], COLORS)) == ["... .RR", "..G .RG"]
    assert letters(gif((0, 0), [first], COLORS)) == ["... .RR"]
    assert letters(gif((1, 1), [Drawn(full(1, 1, 1)), Drawn(full(2, 1, 1), 1, 1)], COLORS)) == [
        "R",
        "R",
    ]


@pytest.mark.parametrize(
    ("disposal", "left"),
    [(0, "BGR"), (1, "BGR"), (2, "B.R"), (3, "BRR"), (4, "BRR"), (5, "BGR"), (7, "BGR")],
)
def test_disposal_in_gif(disposal: int, left: str) -> None:
    middle = Drawn(full(2, 1, 1), 1, disposal=disposal - 1)
    data = gif((3, 1), [Drawn(full(1, 3, 1)), middle, Drawn(full(3, 1, 1))], COLORS)
    assert letters(data) == ["RRR", "RGR", left]


def test_before_a_gifs_first_frame_all_is_transparent() -> None:
    for disposal in (BACKGROUND, PREVIOUS):
        frames = [Drawn(full(1, 2, 1), disposal=disposal), Drawn(full(2, 1, 1), 2)]
        assert letters(gif((3, 1), frames, COLORS)) == ["RR.", "..G"]


def test_a_control_block_is_for_the_next_frame() -> None:
    frames = [Drawn(full(1, 2, 1), disposal=BACKGROUND), b"", Drawn(full(2, 1, 1), 1, duration=90)]
    without = gif((2, 1), frames, COLORS)
    start = without.rindex(b"!\xf9")
    without = without[:start] + without[start + 8 :]
    assert letters(without) == ["RR", ".G"]
    assert [duration for _, duration in open_frames(io.BytesIO(without)).walk()] == [50, 0]
    frames[1] = struct.pack("<4BHBB", 0x21, 0xF9, 4, 0, 3, 0, 0)  # of two, the last
    twice = gif((2, 1), frames, COLORS)
    assert [duration for _, duration in open_frames(io.BytesIO(twice)).walk()] == [50, 90]


def test_durations_of_gifs_are_as_stored() -> None:
    frames = [Drawn(full(i, 1, 1), duration=10 * i) for i in range(3)]
    data = gif((1, 1), frames, COLORS)
    assert [duration for _, duration in open_frames(io.BytesIO(data)).walk()] == [0, 10, 20]


@pytest.mark.parametrize(
    ("blocks", "loop"),
    [
        ([], 1),
        ([0, "frame"], 0),
        ([4, "frame"], 5),
        ([4, 7, "frame"], 8),
        (["frame", 4], 5),
        ([4, "frame", 0], 0),
        ([b"!\xff\x0bXMP DataXMP\x03\1\4\0\0", "frame"], 1),
        ([loop_extension(4, b"ANIMEXTS1.0"), "frame"], 5),
        ([b"!\xfe\x02hi\x00", 4, "frame", b"!"], 5),
    ],
)
def test_the_last_of_a_gifs_loops_counts(blocks: list[Any], loop: int) -> None:
    frame = Drawn(full(1, 1, 1))
    parts = [
        frame if block == "frame" else loop_extension(block) if isinstance(block, int) else block
        for block in blocks
    ]
    assert open_frames(io.BytesIO(gif((1, 1), [frame, *parts], COLORS))).loop == loop


@pytest.mark.parametrize("between", [b"", b";", b"\0", b"?", b"!", b"!\xfe\x09cut"])
def test_a_gif_may_end_between_frames(between: bytes) -> None:
    frames = [Drawn(full(1, 2, 1)), Drawn(full(2, 1, 1))]
    data = gif((2, 1), [*frames, between], COLORS)[:-1]
    assert letters(data) == ["RR", "GR"]
    if between in (b";", b"\0", b"?"):  # nor is anything behind it seen
        assert letters(gif((2, 1), [*frames, between, Drawn(full(3, 1, 1))], COLORS)) == [
            "RR",
            "GR",
        ]


@pytest.mark.parametrize("bytes_of_frame", [9, 12, 19, 25])
def test_a_gif_may_not_end_within_a_frame(bytes_of_frame: int) -> None:
    data = gif((40, 40), [Drawn(noise(40, 40)[..., 0] // 64)] * 2, COLORS)
    data = data[: data.rindex(b"!\xf9") + bytes_of_frame]
    walk = open_frames(io.BytesIO(data)).walk()
    next(walk)
    with pytest.warns(UserWarning, match=r"^frame 2: the image is damaged.*only the frame before"):
        assert not [*walk]
    assert is_animated(io.BytesIO(data))


def test_frames_without_pixels_draw_nothing() -> None:
    frames = [
        Drawn(full(1, 2, 1)),
        Drawn(full(2, 1, 1), disposal=BACKGROUND),
        Drawn(full(3, 1, 1), 1),
    ]
    data = gif((2, 1), frames, COLORS)
    place = data.index(b",\0\0\0\0\1\0\1\0")
    data = data[: place + 5] + bytes(2) + data[place + 7 :]
    assert letters(data) == ["RR", "RR", "RB"]


def test_gifs_whose_colours_are_too_few() -> None:
    indices = np.arange(4, dtype=np.uint8)[None]
    few = bytearray(gif((4, 1), [Drawn(indices)], COLORS))
    few[10] &= 0xF8  # of two colours
    assert letters(bytes(few[:19] + few[25:])) == ["KRKK"]
    none = bytearray(few)
    none[10] = 0
    data = bytes(none[:13] + none[25:])
    assert walked(data)[0][0].tolist() == [[i, i, i, 255] for i in range(4)]
    np.testing.assert_array_equal(with_alpha(as_pixels(io.BytesIO(data))), walked(data)[0])


def test_interlaced_gifs() -> None:
    file = io.BytesIO()
    Image.fromarray(noise(19, 9)[..., 0] // 64).save(file, "GIF", interlace=1)
    data = file.getvalue()
    np.testing.assert_array_equal(with_alpha(as_pixels(file)), walked(data)[0])
    assert len(np.unique(walked(data)[0][..., 0])) == 4


# APNG


def test_opaque_stays_opaque_under_what_is_half_transparent() -> None:
    above = np.full((1, 1, 4), 128, np.uint8)
    data = apng((2, 1), [Drawn(opaque(1, 2)), Drawn(above)])
    assert [pixels[..., 3].tolist() for pixels in walked(data)] == [[[255, 255]]] * 2


def test_previous_takes_back_and_at_first_clears() -> None:
    frames = [
        Drawn(opaque(1, 2, 1)),
        Drawn(opaque(1, 1, 2), disposal=PREVIOUS),
        Drawn(soft(1, 1, 3), 1),
    ]
    before, _, after = walked(apng((2, 1), frames))
    np.testing.assert_array_equal(after[0, 0], before[0, 0])
    frames = [Drawn(opaque(1, 2, 1), disposal=PREVIOUS), Drawn(opaque(1, 1), 1)]
    assert walked(apng((2, 1), frames))[1][0, 0].tolist() == [0] * 4


def test_an_apng_plays_the_frames_that_are_there() -> None:
    frames = [Drawn(opaque(3, 3, seed)) for seed in range(3)]
    expected = [frame.pixels for frame in frames]
    np.testing.assert_array_equal(walked(apng((3, 3), frames, announced=9)), expected)
    np.testing.assert_array_equal(walked(apng((3, 3), frames, announced=2)), expected[:2])
    whole = apng((3, 3), frames)
    for missing in (12, 14, 16):  # the end, and a part or all of the check sum before it
        np.testing.assert_array_equal(walked(whole[:-missing]), expected)
    no_pixels = whole[: whole.rindex(b"fdAT") - 4]
    np.testing.assert_array_equal(walked(no_pixels), expected[:2])
    for cut in (30, 40):
        walk = open_frames(io.BytesIO(whole[:-cut])).walk()
        assert len([next(walk), next(walk)]) == 2
        with pytest.warns(UserWarning, match=r"^frame 3: the image is damaged"):
            assert not [*walk]


def test_a_default_image_that_is_no_frame() -> None:
    still, frames = opaque(3, 4, 9), [Drawn(soft(2, 2), 1, 1), Drawn(opaque(1, 1))]
    data = apng((4, 3), frames, still=still)
    np.testing.assert_array_equal(with_alpha(as_pixels(io.BytesIO(data))), still)
    shown = walked(data)
    assert len(shown) == 2
    np.testing.assert_array_equal(shown[0][1:3, 1:3], frames[0].pixels)
    assert shown[0][0].max() == 0
    np.testing.assert_array_equal(walked(apng((4, 3), frames[:1], still=still)), shown[:1])


@pytest.mark.parametrize("announced", [0, 1 << 31, None])
def test_a_png_that_does_not_move_is_one_frame(announced: int | None) -> None:
    pixels = opaque(3, 4)
    data = apng((4, 3), [Drawn(pixels)], announced=announced)
    if announced is None:
        data = raw_png(4, 3, 8, 6, np.pad(pixels.reshape(3, -1), ((0, 0), (1, 0))).tobytes())
    np.testing.assert_array_equal(walked(data), [pixels])
    assert not is_animated(io.BytesIO(data))


def test_frames_in_many_chunks() -> None:
    pixels = [soft(5, 6, seed) for seed in range(2)]
    rows = [png_rows(p) for p in pixels]
    parts = [
        chunk(b"IHDR", struct.pack(">2I5B", 6, 5, 8, 6, 0, 0, 0)),
        control(0, Drawn(pixels[0], blend=SOURCE)),  # as some programs write it
        chunk(b"acTL", struct.pack(">2I", 2, 0)),
        *(chunk(b"IDAT", rows[0][i : i + 9]) for i in range(0, len(rows[0]), 9)),
        control(1, Drawn(pixels[1], blend=SOURCE)),
        *(
            chunk(b"fdAT", struct.pack(">I", 2 + i // 9) + rows[1][i : i + 9])
            + chunk(b"tEXt", b"key\0words")
            for i in range(0, len(rows[1]), 9)
        ),
    ]
    data = SIGNATURE + b"".join(parts) + chunk(b"IEND", b"")
    np.testing.assert_array_equal(walked(data), pixels)


def palette_apng() -> tuple[bytes, int, Pixels]:
    table = noise(1, 8, 3)
    return (
        chunk(b"PLTE", table.tobytes()) + chunk(b"tRNS", b"\0\x80"),
        3,
        noise(4, 5)[..., :1] // 32,
    )


def profiled_apng() -> tuple[bytes, int, Pixels]:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    at = profile.index(b"rXYZ", 128)  # in the tag table
    swapped = bytearray(profile)
    swapped[at : at + 4], other = b"gXYZ", profile.index(b"gXYZ", 128)
    swapped[other : other + 4] = b"rXYZ"  # red and green change places
    return chunk(b"iCCP", b"odd\0\0" + zlib.compress(bytes(swapped))), 2, noise(4, 5)


@pytest.mark.parametrize("made", [palette_apng(), profiled_apng()], ids=["palette", "profile"])
def test_frames_are_decoded_as_the_still_is(made: tuple[bytes, int, Pixels]) -> None:
    before, kind, pixels = made
    rows = np.pad(pixels.reshape(4, -1), ((0, 0), (1, 0))).tobytes()
    still = as_pixels(io.BytesIO(raw_png(5, 4, 8, kind, rows, before)))
    assert not np.array_equal(still[..., :3], pixels)  # so that what is before matters
    frames = [Drawn(pixels, blend=SOURCE), Drawn(pixels[1:, 1:], 1, 1, blend=SOURCE)]
    for shown in walked(apng((5, 4), frames, before=before, kind=kind)):
        np.testing.assert_array_equal(shown, with_alpha(still))


def test_an_apng_is_turned_as_a_whole() -> None:
    exif = Image.Exif()
    exif[274] = 6
    turn = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    frames = [Drawn(opaque(3, 4, 1)), Drawn(opaque(1, 2, 2), 2)]
    for turned, shown in zip(
        walked(apng((4, 3), frames, before=turn)), walked(apng((4, 3), frames)), strict=True
    ):
        np.testing.assert_array_equal(turned, np.rot90(shown, -1))


def broken(*parts: bytes) -> bytes:
    """Make an APNG of one good frame of 4×3 pixels, and what follows."""
    whole = apng((4, 3), [Drawn(opaque(3, 4))], announced=4)
    return whole[:-12] + b"".join(parts) + chunk(b"IEND", b"")


def data_chunk(number: int, pixels: Pixels) -> bytes:
    return chunk(b"fdAT", struct.pack(">I", number) + png_rows(pixels))


PART = soft(2, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (broken(control(2, Drawn(PART))), "expected the sequence number 1, got 2"),
        (broken(control(1, Drawn(PART)), data_chunk(1, PART)), "number 2, got 1"),
        (broken(control(1, Drawn(PART)), data_chunk(3, PART)), "number 2, got 3"),
        (broken(control(1, Drawn(PART)), control(2, Drawn(PART))), "there are no pixels"),
        *(
            (broken(control(1, Drawn(PART), **wrong), data_chunk(2, PART)), message)
            for wrong, message in [
                ({"left": 2}, "expected a part of the 4×3 pixels, got 3×2 from 2, 0"),
                ({"top": 2}, "got 3×2 from 0, 2"),
                ({"left": 2**32 - 1}, "got 3×2 from 4294967295, 0"),
                ({"width": 0}, "got 0×2 from 0, 0"),
                ({"height": 0}, "got 3×0 from 0, 0"),
                ({"height": 2**32 - 1}, "got 3×4294967295 from 0, 0"),
                ({"disposal": 3}, "a disposal of 0 to 2 and a blending of 0 or 1, got 3 and 1"),
                ({"blend": 2}, "got 0 and 2"),
            ]
        ),
        (broken(control(1, Drawn(PART)), data_chunk(2, PART)[:-9]), ""),
        (broken(control(1, Drawn(PART)), chunk(b"fdAT", b"\0\0\0\2words")), ""),
        (
            broken(chunk(b"fcTL", b"\0\0\0\1"), data_chunk(2, PART)),
            "expected 26 bytes of fcTL, got 4",
        ),
    ],
)
def test_damage_of_apng_is_told_with_its_frame(data: bytes, message: str) -> None:
    walk = open_frames(io.BytesIO(data)).walk()
    next(walk)
    with pytest.warns(UserWarning, match=rf"^frame 2: the image is damaged: .*{message}; only"):
        assert not [*walk]
    as_pixels(io.BytesIO(data))


def test_headers_that_cannot_be() -> None:
    whole = apng((4, 3), [Drawn(opaque(3, 4)), Drawn(PART)])
    again = whole.replace(control(1, Drawn(PART)), chunk(b"IHDR", b"") + control(1, Drawn(PART)))
    np.testing.assert_array_equal(walked(again), walked(whole))
    late = whole[:8] + chunk(b"tEXt", b"key\0words") + whole[8:]
    with pytest.raises(ImageReadError, match="IHDR first"):
        walked(late)


def test_the_first_frame_is_as_large_as_the_apng() -> None:
    data = apng((4, 3), [Drawn(opaque(3, 4))]).replace(
        control(0, Drawn(opaque(3, 4))), control(0, Drawn(PART))
    )
    with pytest.raises(
        ImageReadError, match=r"frame 1: .* expected a first frame of all 4×3 pixels"
    ):
        walked(data)


# Both


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
