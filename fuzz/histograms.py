"""Histogram files: each is read or raises an error, and can be written and read again."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import ColorHistogram

NAMES = ["version.npy", "channels.npy", "steps.npy", "counts.npy"]
AS_IT_IS, PACKED = range(2)


def seeds() -> list[bytes]:
    """Return saved histograms: as whole files, and as their members one after the other."""
    found = []
    for channels in (3, 4):
        rng = np.random.default_rng(channels)
        colors = rng.integers(0, 256, (9, channels), np.uint8)
        histogram = ColorHistogram(colors, rng.integers(1, 1000, 9))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.histogram")
            histogram.save(path)
            found.append(bytes([AS_IT_IS]) + path.read_bytes())
            with zipfile.ZipFile(path) as archive:
                members = [archive.read(name) for name in NAMES]
        found.append(bytes([PACKED]) + b"".join(len(m).to_bytes(2, "little") + m for m in members))
    return found


def check(data: bytes) -> None:
    """Load a file, or one made of damaged members with correct checksums."""
    choices = Choices(data)
    packed = choices.one_of([AS_IT_IS, PACKED]) == PACKED
    content = _packed(choices) if packed else choices.rest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.histogram")
        path.write_bytes(content)
        histogram = None
        with allowing(ValueError):
            histogram = ColorHistogram.load(path)
        if histogram is not None:
            with allowing():
                _check_round_trip(histogram, path)


def _packed(choices: Choices) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in NAMES:
            archive.writestr(name, choices.part())
    return file.getvalue()


def _check_round_trip(histogram: ColorHistogram, path: Path) -> None:
    expect(len(histogram) == len(histogram.colors) >= 1, "a histogram has colours")
    expect(histogram.counts.min() > 0, "a colour that is there has pixels")
    histogram.save(path)
    expect(ColorHistogram.load(path) == histogram, "a file gives back the histogram")
