"""What is often given in place of an image: each error says how to mend the call."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import noise

PIXELS = noise(8, 9)
ANY_IMAGE = "expected a path, a binary file, a Pillow image or a NumPy array, got"
ANY_SHAPE = r"expected an array of shape \(h, w\), \(h, w, 3\) or \(h, w, 4\), got"


class Tensor:
    """What a tensor of PyTorch shows of itself."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape = array.shape


Tensor.__module__ = "torch"


class Frame:
    """Anything that NumPy makes an array of, such as one of xarray or JAX."""

    def __array__(self) -> np.ndarray[Any, Any]:
        return PIXELS


class Dask(Frame):
    def __dask_graph__(self) -> None: ...


# What is given, the error, what it says, and how the hint mends the call.
MISTAKES: dict[str, tuple[Any, type[Exception], str, Callable[[Any], Any] | None]] = {
    "list of pixels": (
        PIXELS.reshape(-1, 3), ValueError,
        rf"{ANY_SHAPE} \(72, 3\); a list of 72 colours has lost its rows: give the image before "
        r"reshape\(-1, 3\), or source\[np.newaxis\] as one row of pixels",
        lambda source: source[np.newaxis],
    ),
    "list of pixels with alpha": (
        noise(8, 9, 4).reshape(-1, 4), ValueError, r"a list of 72 colours .* reshape\(-1, 4\)",
        lambda source: source[np.newaxis],
    ),
    "grey, 3 columns": (
        noise(8, 3, 1), ValueError, r"for a grey image of 3 columns, np.stack\(\[source\] \* 3, ",
        lambda source: np.stack([source] * 3, axis=-1),
    ),
    "channels first": (
        PIXELS.transpose(2, 0, 1), ValueError,
        rf"{ANY_SHAPE} \(3, 8, 9\); for channels first, source.transpose\(1, 2, 0\)$",
        lambda source: source.transpose(1, 2, 0),
    ),
    "one channel": (
        PIXELS[..., :1], ValueError, r"got \(8, 9, 1\); for one channel, source\[..., 0\]$",
        lambda source: source[..., 0],
    ),
    "batch": (
        PIXELS[np.newaxis], ValueError, r"for several images, one at a time: source\[0\]$",
        lambda source: source[0],
    ),
    "one number": (np.array(3, np.uint8), ValueError, rf"{ANY_SHAPE} \(\)$", None),
    "five channels": (np.zeros((6, 6, 5)), ValueError, rf"{ANY_SHAPE} \(6, 6, 5\)$", None),
    "int64": (
        PIXELS.astype(np.int64), TypeError, r"got int64; source.astype\(np.uint8\) for levels",
        lambda source: source.astype(np.uint8),
    ),
    "uint32, 16 bits": (
        PIXELS.astype(np.uint32) * 257, TypeError, r"got uint32; source.astype\(np.uint16\)",
        lambda source: source.astype(np.uint16),
    ),
    "int32, wide": (
        PIXELS.astype(np.int32) * 999 - 5, TypeError, "got int32; its values go from -5 to 25", None
    ),
    "complex": (PIXELS.astype(complex), TypeError, "or float, got complex128$", None),
    "floats to 255": (
        PIXELS.astype(np.float32), ValueError,
        "expected float values from 0 to 1, got 0.0 to 255.0; source / 255 for levels",
        lambda source: source / 255,
    ),
    "negative floats": (PIXELS / 255 - 1, ValueError, r"from 0 to 1, got -1.0 to 0.0$", None),
    "tensor": (
        Tensor(PIXELS), TypeError,
        rf"{ANY_IMAGE} a PyTorch tensor; source.cpu\(\).numpy\(\) is an array$", None,
    ),
    "tensor, channels first": (
        Tensor(PIXELS.transpose(2, 0, 1)), TypeError,
        r"a PyTorch tensor; source.permute\(1, 2, 0\).cpu\(\).numpy\(\) is an array$", None,
    ),
    "other array": (
        Frame(), TypeError, r"got Frame; np.asarray\(source\) is an array$", np.asarray,
    ),
    "Dask array": (Dask(), TypeError, "a Dask array; kpalette.distributed takes it", None),
    "result": (
        kpalette.quantize(PIXELS, 4), TypeError, "got Quantized; its pixels are source.rgb$",
        lambda source: source.rgb,
    ),
    "bytes": (
        (lambda file: (Image.fromarray(PIXELS).save(file, "PNG"), file.getvalue())[1])(
            io.BytesIO()
        ),
        TypeError, rf"{ANY_IMAGE} bytes; for the bytes of a file, io.BytesIO\(source\)$",
        io.BytesIO,
    ),
    "rows": (
        PIXELS.tolist(), TypeError, r"got list; for rows of pixels, np.array\(source, np.uint8\)$",
        lambda source: np.array(source, np.uint8),
    ),
    "None": (None, TypeError, "got None; cv2.imread, for one, returns None where", None),
    "number": (5, TypeError, f"{ANY_IMAGE} int$", None),
    "URL": (
        "https://example.org/photo.jpg", ValueError,
        "expected a file on this machine, got the URL 'https://example.org/photo.jpg'; download",
        None,
    ),
    "text": (io.StringIO("x"), TypeError, "opened in binary mode, got one in text mode", None),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_the_error_says_what_to_do(name: str) -> None:
    source, error, match, mended = MISTAKES[name]
    for read in (
        lambda: kpalette.quantize(source, 8),
        lambda: kpalette.extract_palette(source, 8),
        lambda: kpalette.ColorHistogram.from_image(source),
        lambda: kpalette.Palette("#f00").remap(source),
    ):
        with pytest.raises(error, match=f"^source: .*{match}"):
            read()
    if mended is not None:
        kpalette.quantize(mended(source), 8)


def test_several_images_are_for_palettes() -> None:
    with pytest.raises(TypeError, match=r"got a list of paths; .* one at a time: source\[0\]$"):
        kpalette.quantize(["a.jpg", "b.jpg"], 8)


@pytest.mark.parametrize("shape", [(3, 3), (1, 3), (2, 3), (4, 4), (3, 4), (9, 5)])
def test_small_grey_images_are_images(shape: tuple[int, int]) -> None:
    assert kpalette.quantize(noise(*shape, 1), 4).indices.shape == shape


def test_a_file_may_be_called_as_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "https:" / "a").mkdir(parents=True)
    Image.fromarray(PIXELS).save(tmp_path / "https:" / "a" / "photo.png")
    assert kpalette.quantize("https://a/photo.png", 4).indices.shape == (8, 9)


def test_bytes_are_no_animation() -> None:
    with pytest.raises(TypeError, match=r"pairs of a frame and its milliseconds, got bytes; for "):
        kpalette.quantize_animation(b"GIF89a", 8)
