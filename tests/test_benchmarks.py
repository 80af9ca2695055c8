"""The smaller benchmarks run, and what they print is what they measured."""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import (
    alpha,
    dithers,
    equal_bytes,
    looks,
    lossless,
    memory,
    minima,
    pictures,
    processes,
    scale,
    sheet,
    themes,
    tiles,
)
from benchmarks.photos import load
from PIL import Image

import kpalette
from conftest import gradient, noise
from kpalette import demo


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = gradient(96, 64)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def numbers_of(line: str) -> list[float]:
    return [float(cell) for cell in re.findall(r"(?<=\| )[\d.]+(?= \|)", line)]


def test_a_plain_file_has_the_same_pixels() -> None:
    q = kpalette.quantize(gradient(96, 64), 8)
    plain = lossless.plain(q.indices, q.palette.colors)
    with Image.open(io.BytesIO(plain)) as image:
        assert np.array_equal(image.convert("RGB"), q.rgb)
    assert len(plain) >= len(q.encode("png"))


@pytest.mark.parametrize(
    ("metric", "package", "equal"),
    [
        ("SSIMULACRA2", "ssimulacra2", 100),
        ("FLIP", "flip_evaluator", 0),
        ("Butteraugli", "", 0),
        ("ΔE2000", "skimage", 0),
    ],
)
def test_metrics(photo: Path, metric: str, package: str, equal: float) -> None:
    if package:
        pytest.importorskip(package)
    elif shutil.which(metric.lower()) is None:
        pytest.skip(f"needs {metric.lower()}")
    pixels = load(photo)
    assert looks.measured(metric, pixels, pixels) == pytest.approx(equal, abs=1e-6)
    assert abs(looks.measured(metric, pixels, 255 - pixels) - equal) > 0.1


def test_a_metric_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    pixels = np.zeros((8, 8, 3), np.uint8)
    monkeypatch.setenv("PATH", "")
    assert looks.measured("FLIP", pixels, pixels) is None
    assert looks.measured("Butteraugli", pixels, pixels) is None
    said = {line.split(":")[0] for line in looks.left_out()}
    assert {"FLIP", "Butteraugli"} <= said


def test_minima(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["minima", "--images", str(photo.parent), "-k", "4"])
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "| 4 | 1 of 1 |" in line)
    found = minima.measure([photo], [4], 1)
    others = [n for name, n in found["cases"][0]["methods"].items() if name != minima.OURS]
    assert all(one["exact"] <= one["rounded"] for one in others)
    error = kpalette.quantize(photo, 4, space="srgb", effort="best").mse
    ratio = error / min(one["rounded"] for one in others)
    assert f"| {ratio:.4f} | {ratio:.4f} |" in row


def test_what_is_said_of_minima() -> None:
    def case(ours: float) -> dict[str, object]:
        errors = {minima.OURS: ours, minima.SCIKIT_LEARN: 10.0}
        found = {name: {"exact": e, "rounded": e, "s": 1.0} for name, e in errors.items()}
        return {"k": 4, "image": "a", "methods": found}

    document = {"images": 2, "cases": [case(9.9), case(10.005)]}
    (said,) = minima.sentence(document)
    assert said.startswith("Of 2 cases, ")
    assert said.endswith(" in none.")
    (said,) = minima.sentence({**document, "cases": [case(9.9), case(10.05)]})
    assert said.endswith(" in 1, by 0.50 % at most.")


def test_minima_begins_nothing_when_time_is_up(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmarks.main(["minima", "--images", str(photo.parent), "-k", "4", "--minutes", "0"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("| --:")


def test_error_of_centers() -> None:
    random = np.random.default_rng(0)
    colors, centers, weights = random.random((50, 3)), random.random((5, 3)), random.random(50)
    squares = ((colors[:, None] - centers) ** 2).sum(axis=2).min(axis=1)
    expected = (squares * weights).sum() / weights.sum()
    assert minima.error_of(centers, colors, weights) == pytest.approx(expected)


def test_alpha(capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["alpha", "-k", "4"])
    row = next(
        row for row in capsys.readouterr().out.splitlines() if row.startswith("| logo | 4 |")
    )
    pixels = pictures.logo()
    result = alpha.METHODS["kpalette"](pixels, 4)
    worst = max(alpha.errors(pixels, result)), alpha.worst_delta_e(pixels, result)
    assert row.split("|")[3].strip() == f"{worst[0]:.1f} / {worst[1]:.2f}"


def test_errors_over_backgrounds() -> None:
    half = np.array([[[0, 0, 0, 255], [10, 20, 30, 0]]], np.uint8)
    palette, indices = np.array([[0, 0, 0, 255], [0, 0, 0, 51]], np.uint8), np.array([[0, 1]])
    # The second pixel lets everything through, and its entry a fifth less.
    assert alpha.errors(half, (palette, indices)) == pytest.approx([0, 3 * 51**2 / 2, 51**2])


def test_scale(
    photo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "WIDTH", 200)
    monkeypatch.setattr(scale, "HEIGHT", 150)
    pixels = load(photo)
    lying = pixels if pixels.shape[0] <= pixels.shape[1] else pixels.swapaxes(0, 1)
    mosaic = scale.mosaic([pixels, 255 - pixels])
    assert mosaic.shape == (150, 200, 3)
    np.testing.assert_array_equal(mosaic[: len(lying), : lying.shape[1]], lying)
    np.testing.assert_array_equal(mosaic[len(lying) :][:9, :9], 255 - lying[:9, :9])
    benchmarks.main(["scale", "--images", str(photo.parent), "-k", "4", "--repeat", "1"])
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split("|")[2].strip() for row in rows] == ["none", "floyd-steinberg", "blue-noise"]


def test_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["sheet", "--out", str(tmp_path)])
    assert "kpalette: 0 stray pixels" in capsys.readouterr().out
    with Image.open(tmp_path / "sheet.webp") as image:
        shown = {tuple(color) for color in np.asarray(image.convert("RGB")).reshape(-1, 3)}
    drawn = sheet.Case("drawing", pictures.drawing(), "floyd-steinberg", (0, 0, 9, 9), (0, 0))
    assert {tuple(color) for color in sheet.results(drawn)[1].reshape(-1, 3)} <= shown


def test_dithers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["dithers", "--out", str(tmp_path)])
    rows = {line.split(" | ")[0][2:]: line for line in capsys.readouterr().out.splitlines()}
    assert {"kpalette, spatial", "Pillow"} < set(rows)
    left, top, right, bottom = dithers.SEEN
    with Image.open(tmp_path / "dithers.webp") as image:
        width = right - left + dithers.GAP
        assert image.width == dithers.IN_A_ROW * width - dithers.GAP
        shown = np.asarray(image.convert("RGB"))[dithers.LINE :, 2 * width :]
    photo = demo.load_photo().rgb_matrix
    expected = kpalette.quantize(photo, 8, dither="floyd-steinberg").rgb[top:bottom, left:right]
    assert np.array_equal(shown[: bottom - top, : right - left], expected)


def test_equal_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("oxipng")
    if shutil.which("pngquant") is None:
        pytest.skip("needs pngquant")
    benchmarks.main(["bytes", "--out", str(tmp_path)])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| d")]
    theirs, ours = (int(row.split(" | ")[1].replace(",", "")) for row in rows)
    assert 0.8 * theirs < ours <= theirs
    case = equal_bytes.cases()[1]
    left, top, right, bottom = case.shown
    with Image.open(tmp_path / "bytes.webp") as image:
        shown = np.asarray(image.convert("RGB"))
    expected = kpalette.quantize(case.pixels, max_bytes=theirs).rgb[top:bottom, left:right]
    row, column = shown.shape[0] // 2 + dithers.GAP // 2 + dithers.LINE, -(right - left)
    assert np.array_equal(shown[row:, column:][: bottom - top], expected)


def test_stray_pixels_are_counted() -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 15:] = 200
    shown = pixels // 2
    assert sheet.stray(pixels, shown) == 0
    shown[10, 8] = 1, 0, 0
    shown[10, 13:17] = 77  # at an edge
    assert sheet.stray(pixels, shown) == 1


def test_walkthrough(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["walkthrough", "--photo", str(photo), "-k", "4", "--repeat", "1"])
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.startswith("| 4 |")
    assert row.endswith("| 0 |"), "labels differ from NumPy's"


def test_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--dims", "2", "-k", "3", "--rows", "900", "--most", "6000", "--seeds", "1"]
    benchmarks.main(["estimator", *small, "--repeat", "1"])
    rows = capsys.readouterr().out.splitlines()
    starts = (
        "| 2 | ",
        "| 900 | 1000 | 256 |",
        "| iris | 3 |",
        "| 6000 | 16 features, float32 |",
    )
    for start in starts:
        assert any(row.startswith(start) for row in rows), start


def missing(pixels: np.ndarray, k: int) -> np.ndarray:
    raise ImportError("no such package")


def test_themes(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(themes, "IN_NODE", {})
    own = {name: method for name, method in themes.METHODS.items() if "kpalette" in name}
    monkeypatch.setattr(themes, "METHODS", {**own, "another": missing})
    benchmarks.main(["themes", "--repeat", "1", str(photo.parent)])
    lines = capsys.readouterr().out.splitlines()
    assert "another: left out, no such package" in lines
    rows = {line.split("|")[1].strip(): line for line in lines if "kpalette." in line}
    assert [name.strip("*`") for name in rows] == [*own]
    seen = themes.Seen(load(photo))
    for name, row in zip(own, rows.values(), strict=True):
        measured = seen.measure(own[name](load(photo), themes.K))
        # Of one picture, the mean is the worst, and one method or both are the best.
        for what, cell in zip(("real", "hues", "distance"), row.split("|")[2:], strict=False):
            mean, worst, times = re.findall(r"[\d.]+", cell)
            assert mean == worst
            assert int(times) <= 1
            assert float(mean) == pytest.approx(measured[what], abs=0.006)
        assert numbers_of(row)[-2] == measured["colors"]


def test_what_themes_are_measured_by() -> None:
    pixels = np.zeros((10, 100, 3), np.uint8)
    pixels[:5] = 255, 0, 0
    pixels[5:] = 0, 0, 255
    pixels[9, 99] = 0, 255, 0  # a thousandth: real, but no hue
    seen = themes.Seen(pixels)
    both = seen.measure([[255, 0, 0], [0, 0, 255]])
    assert (both["real"], both["hues"], both["colors"]) == (1, 1, 2)
    # By Ottosson's matrices: red is 0.628, 0.225, 0.126 in Oklab, and blue 0.452, -0.032, -0.312.
    assert both["distance"] == pytest.approx(0.537, abs=0.001)
    assert both["chroma"] == pytest.approx((0.2577 + 0.3132) / 2, abs=0.001)
    other = seen.measure([[255, 0, 0], [0, 255, 0], [128, 128, 128]])
    assert other["real"] == pytest.approx(2 / 3)
    assert other["hues"] == 0.5
    grey = themes.Seen(np.full((4, 4, 3), 90, np.uint8)).measure([[90, 90, 90]])
    assert grey["hues"] is grey["distance"] is None
    assert grey["real"] == 1


@pytest.mark.parametrize("command", ["throughput", "imports"])
def test_the_rest_runs(photo: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    where = ["--photo", str(photo), "-k", "4"] if command == "throughput" else []
    benchmarks.main([command, *where, "--repeat", "1"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("| ")


def test_processes(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("hyperfine") is None or not Path(processes.KPALETTE).exists():
        pytest.skip("no hyperfine, or kpalette is not beside Python")
    monkeypatch.setattr(processes, "N_CROPS", 2)
    monkeypatch.setattr(processes, "CROP", (16, 16))
    folder, large = str(photo.parent), str(photo)
    benchmarks.main(["processes", "--images", folder, "--photo", large, "--repeat", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("| kpalette ") for line in lines) == 2 * 4 + 1
    assert any("`kpalette --help`" in line for line in lines)


class TestTiles:
    @pytest.mark.parametrize("kind", tiles.KINDS)
    def test_all_tasks_are_made(self, kind: str) -> None:
        names = [
            name for wave in tiles.waves(kind, tiles.image(100)) for name in wave.names.values()
        ]
        assert names[0].startswith("image, tile (0, 0), rows 0 to 63")
        assert len(names) == (13 if kind == "count" else 100)

    def test_fsync(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        options = ["--what", "fsync", "--files", "3", "--repeat", "1", "--folder", str(tmp_path)]
        benchmarks.main(["tiles", *options])
        assert capsys.readouterr().out.count("one by one") == 2
        assert not list(tmp_path.iterdir())


class TestGigapixel:
    @pytest.fixture
    def photos(self, tmp_path: Path) -> Path:
        for i in range(2):
            Image.fromarray(noise(520, 530, seed=i)).save(tmp_path / f"{i}.png")
        return tmp_path

    def test_linear(self, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
        options = ["--images", str(photos), "--megapixels", "1,2", "--repeat", "1", "-k", "4"]
        benchmarks.main(["gigapixel", *options])
        rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
        assert [row.split("|")[1].strip() for row in rows[2:]] == ["1", "2"]

    def test_tiles_are_those_of_the_mosaic(self, photos: Path) -> None:
        from benchmarks import clusters, gigapixel

        parts = list(gigapixel.tiles(str(photos), 3_000_000))
        assert sum(part[..., 0].size for part in parts) == pytest.approx(3_000_000, rel=0.01)
        whole = clusters.mosaic(str(photos), 3_000_000).compute()
        assert np.array_equal(whole, np.concatenate(parts, axis=1))


@pytest.mark.skipif(sys.platform != "linux", reason="others count in other units")
def test_memory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("dask")
    monkeypatch.setattr(memory, "SMALL", 64)
    benchmarks.main(["memory", "--side", "1200", "--only", "^alpha tif"])
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line for line in lines if line.startswith("| TIFF, alpha"))
    assert 5 < float(row.split("|")[2]) < 60  # beside a small picture, the table of colours counts
