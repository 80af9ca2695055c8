"""Many threads in one process: each gets the same bytes, and changes nothing for the others."""

from __future__ import annotations

import io
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import files
from kpalette.files.remarks import left_out

N_THREADS = 32


@pytest.fixture(autouse=True)
def _switching() -> Any:
    """Let threads take turns often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(does: Callable[[int], Any], n: int = N_THREADS) -> list[Any]:
    """Return what a function returns for each number, all at once."""
    start = threading.Barrier(n)

    def one(i: int) -> Any:
        start.wait()
        return does(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


def odd_jpeg() -> bytes:
    """Return a JPEG whose EXIF Pillow remarks on, and reads all the same."""
    out = io.BytesIO()
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff\0\0\0\0"
    Image.fromarray(gradient(24, 24)).save(out, "jpeg", exif=exif)
    return out.getvalue()


def remark() -> None:
    warnings.warn("of this thread", stacklevel=1)


class TestRemarks:
    def test_pillow_does_remark_on_the_file(self) -> None:
        """So that the tests below can fail."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with Image.open(io.BytesIO(odd_jpeg())) as image:
                image.getexif()
        assert "PIL" in told[0].filename

    def test_nothing_is_told_whatever_the_filters_are(self) -> None:
        for action in ("error", "always", "default"):
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter(action)  # type: ignore[arg-type]
                files.as_pixels(io.BytesIO(odd_jpeg()))
                with pytest.raises(UserWarning) if action == "error" else left_out():
                    remark()
            assert len(told) == (0 if action == "error" else 1)

    def test_others_are_warned_meanwhile(self) -> None:
        with left_out(""):
            with ThreadPoolExecutor(1) as pool, pytest.raises(UserWarning, match="of this thread"):
                pool.submit(remark).result()
            remark()
        with pytest.raises(UserWarning, match="of this thread"):
            remark()

    def test_blocks_nest(self) -> None:
        with left_out("") as outer:
            with left_out("PIL.") as inner:
                remark()
            assert inner.any  # `outer` has left it out
            assert outer.any
        with left_out() as later, pytest.raises(UserWarning):
            remark()
        assert not later.any

    def test_filters_are_as_before_whoever_leaves_first(self) -> None:
        data = odd_jpeg()
        with left_out():
            pass
        before = list(warnings.filters)

        def read(i: int) -> bytes:
            for _ in range(5):
                pixels = files.as_pixels(io.BytesIO(data))
            return bytes(pixels)

        assert len(set(in_threads(read))) == 1
        assert list(warnings.filters) == before
        with pytest.raises(UserWarning):
            remark()


def calls(folder: Path) -> dict[str, Callable[[int], Any]]:
    """Return what users call, by name: each returns bytes, or what can be compared."""
    photo = gradient(40, 60)
    grainy = noise(30, 40)
    clear = noise(20, 30, 4)
    paths = {}
    for suffix in ("png", "jpg", "gif", "tif", "webp", "bmp"):
        paths[suffix] = folder / f"photo.{suffix}"
        Image.fromarray(photo).save(paths[suffix])
    (folder / "odd.jpg").write_bytes(odd_jpeg())
    palette = kpalette.extract_palette(photo, 8)
    histogram = kpalette.ColorHistogram.from_image(grainy)
    rows = np.random.default_rng(0).normal(size=(300, 5))
    moving = folder / "moving.gif"
    frames = [Image.fromarray(np.roll(photo, 3 * i, axis=1)) for i in range(4)]
    frames[0].save(moving, save_all=True, append_images=frames[1:])

    def saved(suffix: str, **options: Any) -> Callable[[int], bytes]:
        def save(i: int) -> bytes:
            path = folder / f"{i}.{suffix}"
            kpalette.quantize(photo, 8).save(path, **options)
            return path.read_bytes()

        return save

    def fit(i: int) -> bytes:
        return kpalette.KMeans(4, random_state=1, n_init=1).fit(rows).labels_.tobytes()

    def kept(i: int) -> Any:
        path = folder / f"{i}.histogram"
        histogram.save(path)
        return kpalette.ColorHistogram.load(path) == histogram

    return {
        **{
            f"read {suffix}": lambda i, p=p: bytes(files.as_pixels(p))
            for suffix, p in paths.items()
        },
        "read odd": lambda i: bytes(files.as_pixels(folder / "odd.jpg")),
        "quantize": lambda i: kpalette.quantize(paths["png"], 8).indices.tobytes(),
        "alpha": lambda i: kpalette.quantize(clear, 5, dither="bayer").rgba.tobytes(),
        "spatial": lambda i: kpalette.quantize(photo, 4, dither="spatial").indices.tobytes(),
        "diffusion": lambda i: palette.remap(photo, dither="floyd-steinberg").indices.tobytes(),
        "best": lambda i: kpalette.extract_palette(grainy, 7, effort="best", seed=3).hex,
        "histogram": lambda i: kpalette.extract_palette(histogram, 9, space="lab").hex,
        "file of a histogram": kept,
        "png": saved("png"),
        "gif": saved("gif"),
        "webp": saved("webp"),
        "sweep": lambda i: str(kpalette.sweep(photo, [2, 4])),
        "looks": lambda i: kpalette.metrics.looks(photo, palette.remap(photo)),
        "rows": fit,
        "animation": lambda i: [
            frame.indices.tobytes() for frame in kpalette.quantize_animation(moving, 8).frames
        ],
    }


def test_all_at_once_give_what_each_gives_alone(tmp_path: Path) -> None:
    every = calls(tmp_path)
    names = list(every)
    alone = {name: does(99) for name, does in every.items()}

    def some(i: int) -> list[str]:
        order = names[i % len(names) :] + names[: i % len(names)]
        return [name for name in order if every[name](i) != alone[name]]

    assert in_threads(some) == [[]] * N_THREADS


def test_a_counter_that_all_add_to() -> None:
    counter = kpalette.ColorCounter()
    in_threads(lambda i: [counter.update(noise(9, 9, seed=i)) for _ in range(5)])
    images = [noise(9, 9, seed=i) for i in range(N_THREADS) for _ in range(5)]
    assert counter.histogram() == kpalette.ColorHistogram.from_images(images)
