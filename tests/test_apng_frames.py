"""APNG's frames: as browsers take files that are not by the specification."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from conftest import chunk, noise, raw_png
from containers import (
    PREVIOUS,
    SIGNATURE,
    SOURCE,
    Drawn,
    Pixels,
    apng,
    control,
    opaque,
    png_rows,
    soft,
    walked,
)
from kpalette.files import (
    ImageReadError,
    as_pixels,
    is_animated,
    open_frames,
    with_alpha,
)


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
