"""Counting: the histogram of pixels is what NumPy counts, and it adds up."""

import copy
import io
import pickle
import struct
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference
from kpalette import ColorHistogram, ImageReadError, _core
from kpalette.threads import make_team

images = st.sampled_from([3, 4]).flatmap(
    lambda channels: hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(channels)),
        elements=st.sampled_from([0, 1, 2, 127, 128, 254, 255]),
    )
)


def as_dict(histogram: ColorHistogram) -> dict[tuple[int, ...], int]:
    return {
        tuple(color): count
        for color, count in zip(histogram.colors.tolist(), histogram.counts.tolist(), strict=True)
    }


def counted(pixels: np.ndarray) -> dict[tuple[int, ...], int]:
    """What the histogram of these pixels must be: without alpha if all are opaque."""
    if pixels.shape[-1] == 4 and pixels[..., 3].min() == 255:
        pixels = pixels[..., :3]
    return reference.histogram(pixels)


@given(images)
def test_equals_reference(pixels: np.ndarray) -> None:
    assert as_dict(ColorHistogram.from_image(pixels)) == counted(pixels)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("spread", [1, 3, 30, 256])
def test_equals_reference_on_many_pixels(channels: int, spread: int) -> None:
    rng = np.random.default_rng(spread)
    pixels = rng.integers(0, spread, (700, 600, channels), np.uint8)
    assert as_dict(ColorHistogram.from_image(pixels, threads=3)) == reference.histogram(pixels)


@given(images, st.integers(1, 5))
def test_order_and_threads_do_not_matter(pixels: np.ndarray, threads: int) -> None:
    shuffled = np.random.default_rng(0).permutation(pixels.reshape(1, -1, pixels.shape[2]), axis=1)
    assert ColorHistogram.from_image(pixels) == ColorHistogram.from_image(shuffled, threads=threads)


@given(st.lists(images, min_size=1, max_size=4))
def test_sum_counts_all_pixels(parts: list[np.ndarray]) -> None:
    total = sum(ColorHistogram.from_image(part) for part in parts)
    assert isinstance(total, ColorHistogram)
    assert total.n_pixels == sum(part.shape[0] * part.shape[1] for part in parts)
    flat = [part.reshape(-1, part.shape[2]) for part in parts]
    if any(ColorHistogram.from_image(part).channels == 4 for part in parts):
        flat = [part if part.shape[1] == 4 else np.insert(part, 3, 255, axis=1) for part in flat]
        assert as_dict(total) == reference.histogram(np.concatenate(flat))
    else:
        assert as_dict(total) == counted(np.concatenate([part[:, :3] for part in flat])[None])


@given(images)
def test_addition_commutes_and_made_by_hand_is_equal(pixels: np.ndarray) -> None:
    a = ColorHistogram.from_image(pixels)
    b = ColorHistogram.from_image(pixels[:1, ..., :3])
    assert a + b == b + a
    backwards = ColorHistogram(a.colors[::-1], a.counts[::-1])
    assert backwards == a
    assert ColorHistogram(np.tile(a.colors, (2, 1)), np.tile(a.counts, 2)) == a + a


def test_neighbours_are_alike() -> None:
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 17, dtype=np.uint8)] * 3), axis=-1)
    colors = ColorHistogram.from_image(cube.reshape(64, 64, 3)).colors.astype(int)
    assert len(colors) == 4096
    steps = np.abs(np.diff(colors, axis=0)).max(axis=1)
    assert np.median(steps) <= 17


def test_is_read_only_and_compares_by_value() -> None:
    histogram = ColorHistogram.from_image(np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        histogram.counts[0] = 7
    assert histogram != "histogram"
    assert repr(histogram) == "ColorHistogram(1 RGB colour, 4 pixels)"
    with pytest.raises(TypeError):
        histogram + 1


@pytest.mark.parametrize(
    ("colors", "counts", "error", "match"),
    [
        (np.zeros((2, 3)), [1, 1], TypeError, "expected dtype uint8, got float64"),
        (np.zeros((2, 5), np.uint8), [1, 1], ValueError, r"got \(2, 5\)"),
        (np.zeros(3, np.uint8), [1], ValueError, r"got \(3,\)"),
        (np.zeros((2, 3), np.uint8), [1.0, 1.0], TypeError, "expected an integer dtype"),
        (np.zeros((2, 3), np.uint8), [1], ValueError, r"expected shape \(2,\), got \(1,\)"),
        (np.zeros((2, 3), np.uint8), [1, -4], ValueError, "at least 0, got -4"),
        (np.zeros((2, 3), np.uint8), [0, 0], ValueError, "at least one colour"),
        (np.zeros((0, 3), np.uint8), np.zeros(0, int), ValueError, "at least one colour"),
        (np.zeros((2, 3), np.uint8), [2**62, 2**62], OverflowError, "2\\*\\*63"),
        (np.eye(3, dtype=np.uint8), [2**62, 2**62, 1], OverflowError, "got 9223372036854775809"),
        (np.zeros((1, 3), np.uint8), np.array([2**63], np.uint64), OverflowError, "2\\*\\*63"),
    ],
)
def test_bad_arrays_are_refused(colors, counts, error, match) -> None:
    with pytest.raises(error, match=match):
        ColorHistogram(colors, np.asarray(counts))


def test_counts_beyond_63_bits_are_refused() -> None:
    huge = ColorHistogram(np.zeros((1, 3), np.uint8), np.array([2**62]))
    with pytest.raises(OverflowError):
        huge + huge


def test_pickled_and_copied_is_equal_and_read_only() -> None:
    histogram = ColorHistogram.from_image(np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    for again in (pickle.loads(pickle.dumps(histogram)), copy.deepcopy(histogram)):
        assert again == histogram
        assert not again.colors.flags.writeable
        assert not again.counts.flags.writeable


def test_pixels_that_change_meanwhile_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    shared = rng.integers(0, 256, (300, 400, 4), np.uint8)
    others = [rng.integers(0, 256, shared.shape, np.uint8), np.full_like(shared, 7)]
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            for other in others:
                shared[:] = other

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for channels in (3, 4):
            view = shared.reshape(-1, channels)
            assert np.shares_memory(view, shared)
            for threads in (1, 2) * 5:
                histogram = ColorHistogram.from_pixels(view, make_team(threads))
                assert histogram.n_pixels == len(view)
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ValueError), (-1, ValueError), (257, ValueError), (1.5, TypeError)]
)
def test_bad_threads_are_refused(threads, error) -> None:
    with pytest.raises(error, match="threads: expected"):
        ColorHistogram.from_image(np.zeros((2, 2), np.uint8), threads=threads)


def test_from_image_passes_on_what_is_wrong_with_a_file(tmp_path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageReadError, match="empty"):
        ColorHistogram.from_image(tmp_path / "empty.png")


@given(images, st.integers(1, 7))
def test_thinned_out_keeps_all_pixels_and_the_most_frequent(pixels: np.ndarray, step: int) -> None:
    whole = ColorHistogram.from_image(pixels)
    colors, counts = _core.thin_out(whole.colors, whole.counts, step)
    for i, first in enumerate(range(0, len(whole), step)):
        run = whole.counts[first : first + step]
        assert counts[i] == run.sum()
        assert np.array_equal(colors[i], whole.colors[first + run.argmax()])
    assert len(counts) == -(-len(whole) // step)


class TestSaving:
    @given(images)
    def test_round_trip(self, tmp_path_factory, pixels: np.ndarray) -> None:
        path = tmp_path_factory.mktemp("histogram") / "a"
        histogram = ColorHistogram.from_image(pixels)
        histogram.save(path)
        assert ColorHistogram.load(path) == histogram

    def test_missing(self, tmp_path) -> None:
        with pytest.raises(FileNotFoundError):
            ColorHistogram.load(tmp_path / "none")

    @pytest.mark.parametrize("kind", ["empty", "text", "array", "zip", "short", "flipped"])
    def test_damaged(self, tmp_path, kind: str) -> None:
        path = tmp_path / "a"
        rng = np.random.default_rng(0)
        ColorHistogram.from_image(rng.integers(0, 256, (50, 50, 3), np.uint8)).save(path)
        whole = path.read_bytes()
        array, archive = io.BytesIO(), io.BytesIO()
        np.save(array, np.arange(3))
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("hello.txt", "hello")
        middle = len(whole) // 2
        path.write_bytes(
            {
                "empty": b"",
                "text": b"no histogram",
                "array": array.getvalue(),
                "zip": archive.getvalue(),
                "short": whole[:middle],
                "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
            }[kind]
        )
        with pytest.raises(ValueError, match="is not a histogram"):
            ColorHistogram.load(path)

    @pytest.mark.parametrize(
        ("changed", "match"),
        [
            ({"version": 99}, "expected format version 2, which this kpalette reads, got 99"),
            ({"channels": 5}, "expected 3 or 4 channels, got 5"),
            ({"counts": np.full((8, 2), 255, np.uint8)}, "at least 0, got -1"),
            ({"counts": np.zeros((8, 2), np.uint8)}, "at least one colour"),
            ({"counts": np.ones((8, 3), np.uint8)}, r"expected shape \(2,\), got \(3,\)"),
            ({"counts": np.ones((2, 8), np.uint8)}, r"expected uint8 planes \(8, n\)"),
            ({"counts": np.ones((8, 2))}, "expected uint8 planes"),
            ({"steps": np.full((4, 2), 1, np.uint8)}, "colours of 8 bits per channel"),
            ({"steps": None}, "steps"),
        ],
    )
    def test_wrong_contents(self, tmp_path, changed: dict, match: str) -> None:
        path = tmp_path / "a"
        ColorHistogram.from_image(np.eye(4, dtype=np.uint8)).save(path)
        archive = {**np.load(path), **changed}
        with open(path, "wb") as file:
            np.savez(file, **{name: value for name, value in archive.items() if value is not None})
        with pytest.raises(ValueError, match=match):
            ColorHistogram.load(path)

    @pytest.mark.parametrize(
        ("shape", "match"),
        [
            ("(4, 9000000000000)", "steps: expected at most 67108864 bytes"),
            ("(4, 3)", "steps: expected 12 bytes, got 8 or more"),
            ("(4, 1)", "steps: expected 4 bytes, got 5 or more"),
            ("(4, -2)", "is not a histogram"),
        ],
    )
    def test_headers_that_lie(self, tmp_path, shape: str, match: str) -> None:
        """No memory is taken for what is not there."""
        path = tmp_path / "a"
        ColorHistogram.from_image(np.eye(4, dtype=np.uint8)).save(path)
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        header = f"{{'descr': '|u1', 'fortran_order': True, 'shape': {shape}, }}".ljust(117) + "\n"
        parts["steps.npy"] = b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header.encode() + bytes(8)
        with zipfile.ZipFile(path, "w") as file:
            for name, part in parts.items():
                file.writestr(name, part)
        with pytest.raises(ValueError, match=match):
            ColorHistogram.load(path)

    def test_is_compact(self, tmp_path) -> None:
        rng = np.random.default_rng(0)
        pixels = rng.normal(128, 12, (500, 500, 3)).astype(np.uint8)
        histogram = ColorHistogram.from_image(pixels)
        histogram.save(tmp_path / "a")
        assert (tmp_path / "a").stat().st_size < 2 * len(histogram)
