"""The open benchmark: what is measured, where others are better, its page."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import (
    charts,
    colors,
    contest,
    photos,
    quality,
    report,
    roof,
    timing,
    weaknesses,
)
from benchmarks.rivals import Pixels
from benchmarks.rivals.writers import BASE, SMALLER
from benchmarks.workers import Workers

import kpalette
from conftest import noise
from test_rivals import PICTURE, halves, raises, rival, sleeps

MSE, SEEN, FLIP = colors.MEASURES


PLAN = contest.Plan(ks=(4, 8), limit=20)
MACHINE = {
    **dict.fromkeys(("processor", "system", "python", "kpalette", "instructions"), "x"),
    "cores": 2,
    "load": 0.5,
}


def made(methods: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Make a document of methods that take so long and err so much, everywhere."""
    about = {"kind": "array", "dithered": False, "space": "srgb", "options": "", "version": "1"}
    rivals = {name: {**about, "ours": name.startswith("kpalette")} for name in methods}
    rivals["Gone"] = {**about, "ours": False, "missing": "ask for it"}
    keys = list(itertools.product(methods, ("a", "b"), PLAN.ks))
    run = {"date": "2026", "minutes": 1, "machine": MACHINE, "plan": dataclasses.asdict(PLAN)}
    step = {"step": "map", "seconds": 1e-3, "least": 1e-4, "part": 0.1, "roof": "why", "items": 9}
    times = [
        {
            "rival": name,
            "image": image,
            "k": k,
            "seconds": [t, 3 * t, 2 * t],
            "mse": methods[name][1],
        }
        for (name, image, k) in keys
        for t in (methods[name][0],)
    ]
    return {
        "format": contest.FORMAT,
        "runs": {"colors": run, "time": run},
        "pictures": {
            image: {"group": "photos", "width": 9, "height": 9, "colors": 81} for image in "ab"
        },
        "rivals": rivals,
        "colors": [
            {
                "rival": name,
                "image": image,
                "k": k,
                "mse": methods[name][1],
                "colors": k,
                "ssimulacra2": 100 - methods[name][1],
                "flip": methods[name][1] / 1000,
            }
            for name, image, k in keys
        ],
        "times": [*times, {"rival": "Other", "image": "a", "k": 9, "seconds": [], "over": 20.0}],
        "one_core": times,
        "sizes": [
            {"rival": n, "megapixels": at, "seconds": [at]} for n in methods for at in (1, 2)
        ],
        "large": [9, 9],
        "memory": [{"rival": name, "bytes": 10**6} for name in methods],
        "roof": {"bandwidth": 1e9, "vector_rate": 1e9, "k": 4, "megapixels": 1.0, "steps": [step]},
    }


BALANCED, OKLAB = "kpalette balanced", "kpalette balanced, Oklab"


class TestColors:
    def test_means_worst_and_best_of_pictures(self) -> None:
        document = made({BALANCED: (1, 10), "Other": (1, 20)})
        for cell in document["colors"]:
            if (cell["rival"], cell["image"]) == ("Other", "b"):
                cell.update(mse=4.0, ssimulacra2=96.0)
        for measure, mean, worst in ((MSE, 12, 20), (SEEN, 88, 80)):
            found = colors.rows(document, "photos", 4, measure, dithered=False)
            assert (found["Other"].mean, found["Other"].worst) == (mean, worst)
            assert {name: row.best_on for name, row in found.items()} == {BALANCED: 1, "Other": 1}
        assert colors.rows(document, "photos", 4, MSE, dithered=True) == {}
        assert colors.rows(document, "graphics", 4, MSE, dithered=False) == {}

    def test_more_colours_than_k_are_best_on_none(self, tmp_path: Path) -> None:
        document = made({BALANCED: (1, 10), "Other": (1, 1)})
        for cell in document["colors"]:
            if cell["rival"] == "Other" and cell["k"] == 4:
                cell["colors"] = 5
        found = colors.rows(document, "photos", 4, MSE, dithered=False)
        assert {name: row.best_on for name, row in found.items()} == {BALANCED: 2, "Other": 0}
        assert (
            "| Other, 5 colours | 1.0 | 1.0 | 0 |" in report.write(document, tmp_path).read_text()
        )
        assert [one.told[:5] for one in weaknesses.all_of(document)] == ["k = 8"]

    def test_a_slow_one_is_told_with_ours_on_the_same_pictures(self, tmp_path: Path) -> None:
        document = made({BALANCED: (1, 10), OKLAB: (1, 10), "Other": (1, 120)})
        for cell in document["colors"]:
            if cell["rival"] in (BALANCED, OKLAB) and cell["image"] == "b":
                cell.update(mse=30.0, ssimulacra2=50.0, flip=0.03)
        slow = [c for c in document["colors"] if (c["rival"], c["image"]) == ("Other", "b")]
        document["colors"] = [cell for cell in document["colors"] if cell not in slow]
        page = report.write(document, tmp_path).read_text()
        assert f"| **{BALANCED}** | 20.0 | 30.0 |" in page
        assert (
            "| Other [1] | 120.0 (balanced 10.0) | 120.0 | 0 | −20.0 (balanced 90.0) | −20.0 | 0 "
            "| 0.1200 (balanced 0.0100) | 0.1200 | 0 |"
        ) in page

    def test_a_slow_one_is_left_out_and_all_else_measured(self) -> None:
        pictures = [
            photos.Picture(n, "g", rgba(PICTURE[::step])) for n, step in (("a", 1), ("b", -1))
        ]
        plan = contest.Plan(ks=(4, 9, 12), limit=0.2, looks=1)
        members = [rival(halves), rival(sleeps), rival(raises)]
        found = {
            (c["rival"], c["image"], c["k"]): c for c in colors.measure(pictures, members, plan)
        }
        assert found["sleeps", "a", 9]["over"] == 0.2 * colors.BESIDE
        assert ("sleeps", "a", 12) not in found
        assert found["raises", "a", 4]["failed"] == "ValueError: not so"
        expected = quality.mean_squared_error(PICTURE, halves(PICTURE, 2))
        assert found["halves", "a", 12]["mse"] == pytest.approx(expected)
        assert "flip" in found["halves", "a", 4]
        assert "flip" not in found["halves", "b", 4]


def rgba(pixels: Pixels) -> Pixels:
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


class TestWeaknesses:
    def told(self, document: dict[str, Any]) -> set[tuple[str, str, str]]:
        return {(one.rival, one.what, one.told) for one in weaknesses.all_of(document)}

    def test_where_ours_is_first_there_is_none(self) -> None:
        document = made({BALANCED: (1, 10), OKLAB: (1, 10), "Other": (2, 20)})
        assert self.told(document) == set()
        assert weaknesses.in_the_mean(document) == ["None is."]

    def test_each_error_and_time_that_is_less_is_told(self) -> None:
        document = made({BALANCED: (2, 10), OKLAB: (4, 10), "Other": (1, 5)})
        time = "k = 4: 0.50 (error × 0.50)"
        assert self.told(document) == {
            (
                "Other",
                "MSE",
                "k = 4: on 2 of 2, mean 5.0, ours 10.0; k = 8: on 2 of 2, mean 5.0, ours 10.0",
            ),
            (
                "Other",
                "SSIMULACRA2",
                "k = 4: on 2 of 2, mean 95.0, ours 90.0; k = 8: on 2 of 2, mean 95.0, ours 90.0",
            ),
            (
                "Other",
                "FLIP",
                "k = 4: on 2 of 2, mean 0.0050, ours 0.0100; "
                "k = 8: on 2 of 2, mean 0.0050, ours 0.0100",
            ),
            (
                "Other",
                "time of quantizing in memory, of ours",
                f"{time}; {time.replace('4', '8', 1)}",
            ),
        }

    def test_one_picture_is_told_but_not_as_the_mean(self) -> None:
        document = made({BALANCED: (1, 10), "Other": (2, 20)})
        for cell in document["colors"]:
            if (cell["rival"], cell["image"], cell["k"]) == ("Other", "a", 8):
                cell["mse"] = 9.0
        assert self.told(document) == {("Other", "MSE", "k = 8: on 1 of 2, mean 14.5, ours 10.0")}
        assert weaknesses.in_the_mean(document) == ["None is."]

    def test_half_a_percent_is_a_draw(self) -> None:
        assert self.told(made({BALANCED: (1, 10), "Other": (0.996, 9.96)})) == set()

    def test_kinds_and_dithering_are_kept_apart(self) -> None:
        document = made({BALANCED: (2, 10), "Other": (1, 5)})
        document["rivals"]["Other"]["dithered"] = True
        assert self.told(document) == set()

    def test_less_memory_is_told_within_a_kind(self) -> None:
        document = made({BALANCED: (1, 10), "kpalette fast": (1, 10), "Other": (1, 10)})
        sizes = {BALANCED: 9_000_000, "kpalette fast": 8_000_000, "Other": 2_000_000}
        document["memory"] = [{"rival": name, "bytes": size} for name, size in sizes.items()]
        told = "2.0 MB, ours 8.0"
        assert self.told(document) == {("Other", "memory of quantizing in memory", told)}
        assert f"| {told} |" in weaknesses.in_the_mean(document)[-1]
        document["rivals"]["Other"]["kind"] = "files"
        assert self.told(document) == set()

    def test_files_that_are_smaller(self) -> None:
        points = ((40, 100), (60, 200), (95, 900))
        document = made({})
        del document["colors"], document["times"]
        document["writers"] = {name: {"ours": name != "x"} for name in (BASE, SMALLER, "x")}
        document["files"] = [
            {"writer": n, "image": i, "k": 8, "bytes": share * size, "ssimulacra2": score}
            for n, shares in ((BASE, (1, 1)), (SMALLER, (0.5, 0.5)), ("x", (0.8, 2)))
            for i, share in zip("ab", shares, strict=True)
            for score, size in points
        ]
        ((who, what, told),) = self.told(document)
        assert (who, what) == ("x", "bytes at equal looks, than `kpalette`")
        assert told == "on 1 of 2 (a); mean +26.5 %; than `kpalette --smaller`, on 0 of 2"


class TestReport:
    DOCUMENT = made({BALANCED: (1e-3, 10), OKLAB: (9e-3, 5), "Other": (2, 20)})

    def test_numbers_that_are_less_than_0_have_one_sign(self, tmp_path: Path) -> None:
        page = report.write(made({BALANCED: (1, 120), OKLAB: (1, 120)}), tmp_path).read_text()
        assert "| −20.0 |" in page
        assert "-20" not in page

    def test_what_is_one_is_no_plural(self, tmp_path: Path) -> None:
        document = made({BALANCED: (1, 10)})
        document["runs"]["time"]["plan"]["repeat"] = 1
        assert "up to 1 run, but" in report.write(document, tmp_path).read_text()

    def test_the_page_names_everything(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path).read_text()
        assert "- Gone: ask for it" in page
        assert "- Other, k = 9, stopped after 20 s." in page
        assert f"| **{BALANCED}** | 10.0 | 10.0 | 0 | 90.0 | 90.0 | 0 | 0.0100 |" in page
        assert f"| **{OKLAB}** | 18 | 18 |" in page
        assert f"| **{OKLAB}** | 18 / 18 |" in page

    def test_every_picture_is_there_and_small(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path).read_text()
        drawn = sorted(path.name for path in tmp_path.glob("*.png"))
        assert drawn == ["memory.png", "throughput.png"]
        assert all(f"]({name})" in page for name in drawn)
        assert sum((tmp_path / name).stat().st_size for name in drawn) < 100_000

    def test_the_command_writes_the_same_page(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path / "first").read_bytes()
        (tmp_path / "results.json").write_text(json.dumps(self.DOCUMENT))
        benchmarks.main(["report", str(tmp_path / "results.json")])
        assert (tmp_path / "results.md").read_bytes() == page

    def test_json_has_a_cell_in_a_line(self) -> None:
        text = report.to_json(self.DOCUMENT)
        assert json.loads(text) == json.loads(json.dumps(self.DOCUMENT))
        for cell in self.DOCUMENT["colors"]:
            assert json.dumps(cell) in [line.rstrip(",") for line in text.splitlines()]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "expected what"),
            ("[]", "got None"),
            ('{"format": 99}', "expected format 2, got 99"),
        ],
    )
    def test_other_files_are_refused(self, tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "results.json"
        path.write_text(text)
        with pytest.raises(SystemExit, match=said):
            benchmarks.main(["report", str(path)])

    @pytest.mark.parametrize("seed", range(5))
    def test_labels_keep_their_order_and_a_gap(self, seed: int) -> None:
        wanted = sorted(np.random.default_rng(seed).normal(0.3, 0.5, 20).tolist())
        found = charts.spread(wanted, 0.04)
        assert np.diff(found).min() >= 0.04 - 1e-9
        assert found[0] >= 0
        assert found[-1] <= 1 + 1e-9
        assert charts.spread([0.1, 0.5], 0.04) == [0.1, 0.5]


class TestContest:
    def test_times_of_a_slow_one_are_left_out(self) -> None:
        plan = contest.Plan(ks=(4, 9, 12), repeat=1, limit=0.2)
        pictures = [photos.Picture(name, "g", rgba(PICTURE)) for name in "ab"]
        with Workers() as there:
            cells = timing.compete(pictures, [rival(halves), rival(sleeps)], plan, there)
        found = {(c["rival"], c["image"], c["k"]): c for c in cells}
        assert found["sleeps", "a", 9]["over"] == 0.2
        assert ("sleeps", "b", 9) not in found
        assert ("sleeps", "a", 12) not in found
        assert len(found["halves", "b", 12]["seconds"]) == 1

    @pytest.mark.parametrize("megapixels", [0.001, 0.0038, 0.05])
    def test_pictures_of_any_size(self, megapixels: float) -> None:
        found = timing.of_size(PICTURE, megapixels)
        assert found[..., 0].size == pytest.approx(1e6 * megapixels, rel=0.06)
        if megapixels > 0.0038:
            np.testing.assert_array_equal(found[:48, :80], PICTURE)

    def test_roofs(self) -> None:
        found = roof.measure(PICTURE, noise(200, 200), 4, 1)
        assert found["bandwidth"] > 0 < found["vector_rate"]
        for step in found["steps"]:
            assert step["part"] == step["least"] / step["seconds"] > 0

    def test_quick(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        options = ["--quick", "--only", "Pillow|NumPy", "--out", str(tmp_path)]
        benchmarks.main([*options, "--parts", "files,colors,time"])
        document = json.loads((tmp_path / "results.json").read_text())
        there = {name for name, told in document["rivals"].items() if "missing" not in told}
        assert {entry["rival"] for entry in document["times"]} == there
        assert {"kpalette fast", "NumPy k-means", "Pillow MEDIANCUT"} < there
        cells = [*document["files"], *document["colors"], *document["times"]]
        assert not [cell for cell in cells if "failed" in cell]
        assert str(tmp_path / "results.md") in capsys.readouterr().out
        ours = next(c for c in document["colors"] if c["rival"] == "kpalette best")
        picture = benchmarks.pictures.drawing()[:96, :128]
        expected = kpalette.quantize(picture, 8, space="srgb", effort="best").mse
        assert ours["mse"] == pytest.approx(expected)
        benchmarks.main([*options, "--parts", "colors"])  # again: all else stays
        again = json.loads((tmp_path / "results.json").read_text())
        assert {key: again[key] for key in ("files", "times")} == {
            key: document[key] for key in ("files", "times")
        }
        assert again["runs"]["time"] == document["runs"]["time"]

    def test_images_are_needed(self, tmp_path: Path) -> None:
        with pytest.raises(SystemExit, match=r"expected a folder with \.png"):
            benchmarks.main(["--images", str(tmp_path)])
        with pytest.raises(SystemExit, match="--images: expected folders"):
            benchmarks.main(["compare"])
        with pytest.raises(SystemExit, match="--parts: expected"):
            benchmarks.main(["--quick", "--parts", "colour"])
