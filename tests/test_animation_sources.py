"""Animations: what is read of files, images, pairs and generators."""

from __future__ import annotations

import io
import itertools
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clips import Pixels, check_shown, clear_as_zero, moving
from conftest import noise, saved
from kpalette import _core, files
from kpalette.animation import quantize_animation
from kpalette.files import ENCODERS, ImageReadError, is_animated, open_frames

KINDS = list(ENCODERS)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_files_paths_and_images_are_the_same_source(kind: str, tmp_path: Path) -> None:
    images = [Image.fromarray(pixels) for pixels, _ in moving(5, channels=4)]
    options = {"GIF": {"disposal": 2}, "WEBP": {"lossless": True}}.get(kind, {})
    file = saved(
        images[0], kind, save_all=True, append_images=images[1:], duration=[50, 60, 70, 80, 90],
        loop=0, **options,
    )  # fmt: skip
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(file.getvalue())
    results = [quantize_animation(source, 8) for source in (file, path, str(path))]
    with Image.open(path) as image:
        image.seek(2)
        results.append(quantize_animation(image, 8))
        assert image.tell() == 2
    for result in results:
        assert result.durations == (50, 60, 70, 80, 90)
        assert result.mse == 0
        for frame, wanted in zip(result.frames, images, strict=True):
            assert np.array_equal(clear_as_zero(frame.rgba), clear_as_zero(np.asarray(wanted)))


# Pillow does not undo a first frame, and takes 0 for the disposal of the frame before.
@pytest.mark.parametrize("disposals", [*itertools.product([0, 1, 2], [1, 2, 3], [1, 3])])
def test_frames_are_composed_whatever_their_disposal(disposals: tuple[int, ...]) -> None:
    """The reference does by hand what the GIF asks for."""
    palette = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    canvas = np.zeros((6, 8, 4), np.uint8)
    parts, shown = [], []
    for i, disposal in enumerate(disposals):
        before = canvas.copy()
        part = (slice(i, i + 3), slice(2 * i, 2 * i + 4))
        canvas[part] = (*palette[i + 1], 255)
        shown.append(canvas.copy())
        image = Image.new("P", (4, 3), i + 1)
        image.putpalette(palette.tobytes())
        data = saved(image, "GIF", optimize=False, interlace=0).getvalue()
        block = data[data.rindex(b",\0\0\0\0\x04\0\x03\0") + 10 : -1]
        head = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, 5, 0, 0)
        parts.append(head + struct.pack("<BHHHHB", 0x2C, 2 * i, i, 4, 3, 0) + block)
        if disposal == 2:
            canvas[part] = 0
        elif disposal == 3:
            canvas = before
    header = b"GIF89a" + struct.pack("<HHBBB", 8, 6, 0xF1, 0, 0) + palette.tobytes()
    result = quantize_animation(io.BytesIO(header + b"".join(parts) + b";"), 8)
    assert len(result.frames) == 3
    for frame, wanted in zip(result.frames, shown, strict=True):
        assert np.array_equal(clear_as_zero(frame.rgba), wanted)
    check_shown(result, "gif")


def test_default_image_of_a_png_is_no_frame() -> None:
    images = [Image.fromarray(pixels) for pixels, _ in moving(3)]
    file = saved(
        Image.new("RGB", (36, 24), "white"), save_all=True, append_images=images, default_image=True
    )
    result = quantize_animation(file, 256)
    assert len(result.frames) == 3


def test_a_still_image_is_one_frame() -> None:
    result = quantize_animation(saved(Image.fromarray(noise(9, 9))), 8)
    assert result.durations == (0,)
    for kind in KINDS:
        check_shown(result, kind)


def test_generators_are_walked_once_and_lists_twice() -> None:
    assert quantize_animation(iter(moving()), 8).frames[3].mse >= 0

    class Walked:
        walks = 0

        def __iter__(self) -> Iterator[Any]:
            self.walks += 1
            return iter(moving())

    source = Walked()
    quantize_animation(source, 8, palette_scope="global")
    assert source.walks == 2


def test_is_animated(tmp_path: Path) -> None:
    result = quantize_animation(moving(), 8)
    for kind in KINDS:
        file = io.BytesIO(result.encode(kind))
        assert is_animated(file)
        assert file.tell() == 0
    still = saved(Image.fromarray(noise(3, 3)))
    assert not is_animated(still)
    assert not is_animated(noise(3, 3))
    pages = [Image.new("L", (3, 3)), Image.new("L", (3, 3), 9)]
    assert not is_animated(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    with pytest.raises(ImageReadError, match="empty"):
        is_animated(io.BytesIO())
    with pytest.raises(FileNotFoundError):
        is_animated(tmp_path / "none.gif")


@pytest.mark.parametrize("kind", ["gif", "png"])
def test_what_is_before_the_damage_is_taken(kind: str, tmp_path: Path) -> None:
    frames = [(noise(40, 40, seed=i), 50) for i in range(6)]
    data = quantize_animation(frames, 64, palette_scope="global").encode(kind)
    path = tmp_path / f"half.{kind}"
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.warns(UserWarning, match=r"^frame 4: the image is damaged.* first 3 frames are"):
        found = quantize_animation(io.BytesIO(path.read_bytes()), 64)
    with pytest.warns(UserWarning, match=f"^{re.escape(str(path))}: frame 4"):
        quantize_animation(path, 8)
    whole = quantize_animation(io.BytesIO(data), 64)
    for frame, wanted in zip(found.frames, whole.frames[:3], strict=True):
        assert np.array_equal(frame.rgb, wanted.rgb)
    assert found.durations == whole.durations[:3]


@pytest.mark.parametrize("kind", ["gif", "png"])
def test_damage_of_the_first_frame_is_an_error(kind: str) -> None:
    frames = [(noise(40, 40, seed=i), 50) for i in range(3)]
    data = quantize_animation(frames, 64, palette_scope="global").encode(kind)
    with pytest.raises(ImageReadError, match=r"^frame 1: the image is damaged"):
        quantize_animation(io.BytesIO(data[: len(data) // 6]), 8)


def test_half_a_webp() -> None:
    frames = [(noise(40, 40, seed=i), 50) for i in range(6)]
    data = quantize_animation(frames, 64, palette_scope="global").encode("webp")
    assert is_animated(io.BytesIO(data[: len(data) * 2 // 3]))
    with pytest.raises(ImageReadError, match=r"the WebP is cut off$"):
        is_animated(io.BytesIO(data[: len(data) // 7]))
    message = r"the WebP is cut off; the first [34] frames are taken"
    with pytest.warns(UserWarning, match=message):
        found = quantize_animation(io.BytesIO(data[: len(data) * 2 // 3]), 64)
    whole = quantize_animation(io.BytesIO(data), 64)
    for frame, wanted in zip(found.frames, whole.frames, strict=False):
        assert np.array_equal(frame.rgb, wanted.rgb)
    with pytest.raises(ImageReadError, match=r"the WebP is cut off$"):
        quantize_animation(io.BytesIO(data[: len(data) // 7]), 8)


def test_many_frames_in_little_memory() -> None:
    """Frames are made while they are walked through, and only their indices are kept."""
    alive: set[int] = set()
    most = 0

    class Frame(np.ndarray[Any, Any]):
        def __del__(self) -> None:
            alive.discard(id(self))

    class Source:
        def __iter__(self) -> Iterator[tuple[Pixels, int]]:
            nonlocal most
            for i in range(10_000):
                pixels = np.full((4, 4, 3), i % 251, np.uint8).view(Frame)
                alive.add(id(pixels))
                most = max(most, len(alive))
                yield pixels, 20

    result = quantize_animation(Source(), 16, palette_scope="global")
    assert len(result.frames) == 10_000
    assert most < 10
    with Image.open(io.BytesIO(result.encode("gif"))) as image:
        assert image.info["loop"] == 0


def drawing_outside(first: Pixels, second: Pixels, colors: Pixels) -> bytes:
    """Make a GIF of two indexed frames, the second drawn one pixel to the right and two down."""
    height, width = first.shape
    data = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x81, 0, 0) + colors.tobytes()
    for left, top, indices in ((0, 0, first), (1, 2, second)):
        place = (left, top, *indices.shape[::-1])
        data += struct.pack("<BHHHHB", 0x2C, *place, 0) + _core.lzw(indices, 8)
    return data + b";"


@pytest.mark.parametrize("by_pillow", [False, True])
def test_what_is_drawn_outside_is_not_seen(by_pillow: bool) -> None:
    drawn, beyond = noise(4, 4)[..., 0] // 64, noise(4, 7)[..., 0] // 64
    colors = noise(1, 4)[0]
    source = io.BytesIO(drawing_outside(drawn, beyond, colors))
    walk = open_frames(Image.open(source) if by_pillow else source).walk
    expected = [colors[drawn], colors[drawn]]
    expected[1][2:, 1:] = colors[beyond[:2, :3]]
    for _ in range(2):
        np.testing.assert_array_equal([pixels for pixels, _ in walk()], expected)


def test_remarks_on_frames_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that they are large."""
    file = io.BytesIO(quantize_animation(moving(3), 8).encode("gif"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 600)
    assert len(list(open_frames(file).walk())) == 3


def test_what_pillow_does_not_read_is_one_frame() -> None:
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((4, 5, 2), np.uint16), photometric=1, extrasamples=[2])
    ((pixels, duration),) = open_frames(file).walk()
    assert (pixels.shape, duration) == ((4, 5, 4), 0)


@pytest.mark.parametrize("source", [b"GIF89a\4\0\4\0\0\0\0;", b"GIF87a\4\0\4\0\0\0\0", b"GIF89a"])
def test_a_gif_without_frames(source: bytes) -> None:
    for read in (open_frames, is_animated, files.as_pixels):
        with pytest.raises(ImageReadError, match=r"^the GIF has no frames$"):
            read(io.BytesIO(source))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([], ValueError, "expected at least one frame, got none"),
        (noise(4, 4), TypeError, r"pairs .*, or an array \(n, h, w, 3 or 4\), got .* \(4, 4, 3\)"),
        (7, TypeError, "source: expected a path, .* got int"),
        ([noise(4, 4)], TypeError, "frame 1: expected a pair .* got ndarray"),
        ([(noise(4, 4), "1")], TypeError, "frame 1: expected milliseconds, got '1'"),
        ([(noise(4, 4), -1)], ValueError, "frame 1: expected 0 to .* got -1"),
        ([(noise(4, 4), float("nan"))], ValueError, "frame 1: .* got nan"),
        ([(noise(4, 4), 1), (noise(4, 5), 1)], ValueError, "frame 2: expected 4×4 .* got 5×4"),
        ([(noise(4, 4), 1), (noise(4, 4).astype(int), 1)], TypeError, "frame 2: .*dtype"),
        ([(noise(4, 4), 1), (noise(0, 4), 1)], ValueError, "frame 2: .*at least one pixel"),
        (io.BytesIO(b"words"), ImageReadError, "expected an image"),
        (io.BytesIO(b""), ImageReadError, "empty"),
    ],
)
def test_sources_that_are_refused(source: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        quantize_animation(source, 4)
