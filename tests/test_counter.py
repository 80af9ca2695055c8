"""Counting in parts: any parts, in any order, give what the whole gives, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpalette.histogram
from conftest import noise
from kpalette import ColorCounter, ColorHistogram

parts = st.lists(
    st.one_of(
        hnp.arrays(
            np.uint8,
            st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])),
            elements=st.sampled_from([0, 1, 7, 8, 127, 128, 255]),
        ),
        hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.sampled_from([1, 2, 5, 9]))),
    ),
    min_size=1,
    max_size=5,
)


@given(parts, st.integers(1, 3))
def test_equals_the_sum_of_histograms(images: list[np.ndarray], threads: int) -> None:
    histograms = [ColorHistogram.from_image(image) for image in images]
    assert ColorHistogram.from_images(iter(images), threads=threads) == sum(histograms)
    counter = ColorCounter(threads=threads)
    for i, (image, histogram) in enumerate(zip(images, histograms, strict=True)):
        counter.update(histogram if i % 2 else image)
        assert counter.histogram() == sum(histograms[: i + 1])
    assert counter.n_pixels == sum(image.shape[0] * image.shape[1] for image in images)


def test_more_pixels_of_a_colour_than_a_counter_holds() -> None:
    counter = ColorCounter(threads=2)
    for _ in range(3):
        counter.update(np.full((300, 300), 9, np.uint8))
    assert counter.histogram() == ColorHistogram(np.array([[9, 9, 9]], np.uint8), [270_000])


def test_what_fails_changes_nothing(tmp_path, monkeypatch) -> None:
    counter = ColorCounter()
    counter.update(np.eye(5, dtype=np.uint8))
    before = counter.histogram()
    (tmp_path / "empty.png").touch()
    huge = ColorHistogram(np.zeros((1, 3), np.uint8), [2**63 - 10])
    rng = np.random.default_rng(0)
    monkeypatch.setattr(kpalette.histogram, "MAX_RGBA", 50)
    for source, error in [
        (tmp_path / "none.png", FileNotFoundError),
        (tmp_path / "empty.png", kpalette.ImageReadError),
        (np.zeros((2, 2, 5), np.uint8), ValueError),
        (np.full((2, 2), 1.5), ValueError),
        (object(), TypeError),
        (huge, OverflowError),
        (rng.integers(1, 250, (10, 10, 4), np.uint8), OverflowError),
    ]:
        with pytest.raises(error):
            counter.update(source)
        assert counter.histogram() == before
        assert counter.n_pixels == 25


def test_the_bound_of_colors_with_alpha_is_of_distinct_ones(monkeypatch) -> None:
    monkeypatch.setattr(kpalette.histogram, "MAX_RGBA", 100)
    pixels = np.random.default_rng(0).integers(1, 250, (10, 10, 4), np.uint8)
    counter = ColorCounter()
    for _ in range(5):
        counter.update(pixels)
    assert counter.n_pixels == 500
    other = ColorHistogram.from_image(pixels + np.uint8(1))
    counter = ColorCounter()
    counter.update(pixels)
    with pytest.raises(OverflowError, match="at most 100 distinct colours with alpha"):
        counter.update(other)
    assert counter.histogram() == ColorHistogram.from_image(pixels)


@pytest.mark.parametrize(
    ("sources", "error", "match"),
    [
        ([], ValueError, "at least one image, got none"),
        ("photo.png", TypeError, "expected images, got str"),
        (b"photo.png", TypeError, "expected images, got bytes"),
        (7, TypeError, "expected images, got int"),
        (np.zeros((4, 4, 3), np.uint8), TypeError, r"got an array of shape \(4, 4, 3\)"),
    ],
)
def test_no_images_are_refused(sources, error, match) -> None:
    with pytest.raises(error, match=match):
        ColorHistogram.from_images(sources)


def test_an_array_of_frames() -> None:
    frames = np.random.default_rng(0).integers(0, 9, (3, 5, 6, 3), np.uint8)
    assert ColorHistogram.from_images(frames) == ColorHistogram.from_image(frames.reshape(-1, 6, 3))


def test_nothing_counted_has_no_histogram() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        ColorCounter().histogram()


def test_memory_is_bounded_whatever_comes() -> None:
    """All colours there are, three times, with one thread: 16 MB, 128 MB and the result's 184."""
    program = """if True:
        import numpy as np
        from benchmarks.workers import peak_memory
        from kpalette import ColorCounter
        counter = ColorCounter(threads=1)
        codes = np.arange(2**16, dtype=np.uint32)
        before = peak_memory()
        for _ in range(3):
            for red in range(256):
                tile = np.empty((256, 256, 3), np.uint8)
                tile[..., 0] = red
                tile[..., 1:] = codes.view(np.uint8).reshape(256, 256, 4)[..., :2]
                counter.update(tile)
        histogram = counter.histogram()
        assert len(histogram) == 2**24 and (histogram.counts == 3).all()
        print(peak_memory() - before)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert 184e6 < int(done.stdout) < 640e6


def test_threads_may_share_a_counter() -> None:
    images = [noise(90, 200, 3 + i % 2, seed=i) for i in range(12)]
    histograms = [ColorHistogram.from_image(image) for image in images]
    sources = images + histograms
    counter, together = ColorCounter(threads=3), threading.Barrier(4)

    def add(which: int) -> None:
        together.wait()
        for source in sources[which::4]:
            counter.update(source)
            counter.histogram()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert counter.n_pixels == 2 * 12 * 90 * 200
    assert counter.histogram() == sum(histograms + histograms)
