"""The benchmarks run, and what they print is what they measured."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import animations, looks, rivals
from PIL import Image

import kpalette
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


def test_looks(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-k", "8", "--only", "kpalette", "--repeat", "1"]
    benchmarks.main(["looks", "--images", str(photo.parent), *options])
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}
    assert list(rows)[1:] == [name for name in looks.METHODS if "kpalette" in name]
    palette, indices = looks.METHODS["kpalette floyd-steinberg"](benchmarks.load(photo), 8)
    size = looks.png_size(palette, indices)
    assert numbers_of(rows["kpalette floyd-steinberg"])[-2] == pytest.approx(size / 1e3, abs=0.1)


def test_animations(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["animations", "--photo", str(photo), "--frames", "3", "--only", "kpalette"])
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("| kpalette ")]
    assert len(rows) == 2 * sum("kpalette" in name for name in animations.METHODS)
    with Image.open(photo) as image:
        frames = [(frame, 40) for frame in animations.pan(image, 3)]
    result = kpalette.quantize_animation(frames, palette_scope="global")
    size, mse, *_ = numbers_of(rows[0])
    assert size == pytest.approx(len(result.encode("gif")) / 1e3, abs=0.06)
    assert mse == pytest.approx(result.mse, abs=0.006)


@pytest.mark.parametrize(
    ("metric", "package", "equal"),
    [("SSIMULACRA2", "ssimulacra2", 100), ("FLIP", "flip_evaluator", 0), ("ΔE2000", "skimage", 0)],
)
def test_metrics(photo: Path, metric: str, package: str, equal: float) -> None:
    pytest.importorskip(package)
    pixels = benchmarks.load(photo)
    assert looks.measured(metric, pixels, pixels) == pytest.approx(equal, abs=1e-6)
    assert abs(looks.measured(metric, pixels, 255 - pixels) - equal) > 0.1


def test_a_metric_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert looks.measured("FLIP", pixels, pixels) is None


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
