"""The benchmarks run, and what they print is what they measured."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import rivals
from PIL import Image

from conftest import gradient


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = gradient(96, 64)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def numbers_of(line: str) -> list[float]:
    return [float(cell) for cell in re.findall(r"(?<=\| )[\d.]+(?= \|)", line)]


def test_compare(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(
        ["compare", "--images", str(photo.parent), "-k", "8", "--only", "Pillow", "--repeat", "1"]
    )
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}
    assert list(rows)[1:] == [*rivals.OURS, *(n for n in rivals.RIVALS if "Pillow" in n)]
    pixels = benchmarks.load(photo)
    palette, indices = rivals.METHODS["kpalette balanced"](pixels, 8)
    error = ((pixels - palette.astype(float)[indices]) ** 2).sum(axis=2).mean()
    assert numbers_of(rows["kpalette balanced"])[1] == pytest.approx(error, abs=0.01)


def test_compare_needs_images(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="expected a folder"):
        benchmarks.main(["compare", "--images", str(tmp_path)])


def test_walkthrough(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["walkthrough", "--photo", str(photo), "-k", "4", "--repeat", "1"])
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.startswith("| 4 |")
    assert row.endswith("| 0 |"), "labels differ from NumPy's"


def test_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["estimator", "--dims", "2", "--repeat", "1"])
    row = capsys.readouterr().out.splitlines()[-2]
    assert row.startswith("| 2 | float64 | ")


@pytest.mark.parametrize("command", ["throughput", "imports"])
def test_the_rest_runs(photo: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    where = ["--photo", str(photo), "-k", "4"] if command == "throughput" else []
    benchmarks.main([command, *where, "--repeat", "1"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("| ")


def test_error_is_the_squared_distance() -> None:
    pixels = np.array([[[1, 2, 3]]], np.uint8)
    result = np.array([[1.5, 2, 5]]), np.array([[0]])
    assert benchmarks.mean_squared_error(pixels, result) == 0.25 + 4
