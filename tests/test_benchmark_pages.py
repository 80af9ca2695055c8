"""Pages show the committed results of benchmarks, and nothing else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import headline, npm, report, short_table

from conftest import noise

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs/benchmarks"
DOCUMENT = json.loads((FIGURES / report.RESULTS).read_text())


def test_the_page_of_all_rivals_is_of_its_results(tmp_path: Path) -> None:
    page = report.write(DOCUMENT, tmp_path)
    assert page.read_text() == (FIGURES / report.PAGE).read_text()
    assert {path.name for path in tmp_path.glob("*.png")} == {
        path.name for path in FIGURES.glob("*.png")
    }


@pytest.mark.parametrize("name", short_table.ROWS)
def test_what_the_short_table_names_was_measured(name: str) -> None:
    assert name in DOCUMENT["rivals"]
    if "missing" not in DOCUMENT["rivals"][name]:
        assert short_table.cell(DOCUMENT, name, 16) != "–"


class TestShortTables:
    def document(self) -> dict[str, Any]:
        """Make one of two pictures of each folder, on one of which Pillow was not measured."""
        groups = {"a": "photos", "b": "photos", "c": "graphics", "d": "graphics"}
        methods = {"kpalette balanced": 0.01, "Pillow MEDIANCUT": 0.2, "ImageMagick": 0.1}
        writers = {"kpalette": True, "Pillow": False, "ImageMagick": False}
        there = [
            (name, image)
            for name in (*methods, *writers)
            for image in groups
            if not (name.startswith("Pillow") and image in "bd")
        ]
        return {
            "runs": {"colors": {"plan": {"ks": [16]}}},
            "pictures": {image: {"group": group} for image, group in groups.items()},
            "writers": {name: {"ours": ours} for name, ours in writers.items()},
            "files": [
                {"writer": name, "image": image, "bytes": 10 * size, "ssimulacra2": size}
                for name, image in there
                if name in writers
                for size in (40, 95)
            ],
            "colors": [
                {"rival": name, "image": image, "k": 16, "mse": 7.0}
                for name, image in there
                if name in methods
            ],
            "times": [
                {"rival": name, "image": image, "k": 16, "seconds": [methods[name]]}
                for name, image in there
                if name in methods
            ],
        }

    def test_fewer_pictures_are_told(self) -> None:
        found = short_table.lines(self.document())
        assert "| **kpalette, balanced** | 10 ms / 7.0 |" in found
        assert "| Pillow `MEDIANCUT` | 200 ms (of 1) / – |" in found
        (row,) = [line for line in headline.short(self.document()) if line.startswith("| Pillow")]
        assert row == "| Pillow | +0.0 % (of 1) | – | 1 | +0.0 % (of 1) | – | 1 |"

    def test_the_readme_tells_what_is_timed(self) -> None:
        head, _, *rows = short_table.combined(self.document())
        assert head == "|  | bytes, 2 photos | bytes, 2 graphics | time / squared error, k = 16 |"
        assert rows == [
            "| **kpalette** | +0.0 % | +0.0 % | 10 ms / 7.0 |",
            "| ImageMagick | +0.0 % | +0.0 % | 100 ms / 7.0 (whole process) |",
        ]


def test_the_table_of_the_npm_package_is_of_its_results() -> None:
    document = json.loads((FIGURES / "npm.json").read_text())
    page = (ROOT / "playground/npm/README.md").read_text()
    assert "\n".join(npm.lines(document)) in page


class TestNpm:
    PIXELS = noise(5, 7)

    def cell(self, shown: str | None, palette: list[list[int]]) -> dict[str, object]:
        about = {"method": "m", "picture": "p", "k": 2, "ms": [1.234]}
        return {**about, "shown": shown, "palette": palette}

    def test_what_a_package_shows_is_measured(self, tmp_path: Path) -> None:
        few = self.PIXELS & 128
        rgba = np.dstack([few, np.full(few.shape[:2], 255, np.uint8)])
        rgba.tofile(tmp_path / "shown")
        found = npm.judge(self.cell(str(tmp_path / "shown"), []), self.PIXELS)
        error = np.square(self.PIXELS.astype(int) - few).sum(axis=2).mean()
        assert found["mse"] == pytest.approx(error, abs=1e-3)
        assert found["colors"] == len(np.unique(few.reshape(-1, 3), axis=0))
        assert found["maps"]

    def test_what_is_quicker_is_said_and_how_often_each_ran(self) -> None:
        times = {"kpalette, balanced": 50, "kpalette, fast": 30, "image-q, Wu": 100, "other": 40}
        document = {
            "methods": {name: {"version": f"{name} 1"} for name in times},
            "cells": [
                {
                    "method": name,
                    "picture": picture,
                    "k": 16,
                    "ms": [float(ms)] * (3 if picture == "a" else 1),
                    "mse": 9.0 if name == "image-q, Wu" else 20.0 if name == "other" else 10.0,
                    "maps": name != "other",
                }
                for name, ms in times.items()
                for picture in "abc"
            ],
        }
        first, second, *_, last = npm.lines(document)
        assert (
            "takes 2.0 times as long as kpalette (balanced), with 10 % less error. Its best"
            in first
        )
        assert second == (
            "- At k = 16, other takes 0.80 of the time of kpalette (balanced), "
            "with 100 % more error. It gives a palette alone."
        )
        assert last.startswith("Times are medians of those of 1 photo, each the median of its 3 ")

    @pytest.mark.parametrize(
        ("time", "shown"),
        [
            (0.5, "0.500 ms"),
            (2.5, "2.50 ms"),
            (63.75, "63.8 ms"),
            (404.4, "404 ms"),
            (1217.8, "1,218 ms"),
        ],
    )
    def test_times_have_three_digits(self, time: float, shown: str) -> None:
        assert npm.milliseconds(time) == shown

    def test_a_palette_alone_is_mapped(self) -> None:
        palette = np.array([[10, 20, 30], [200, 190, 180]])
        found = npm.judge(self.cell(None, palette.tolist()), self.PIXELS)
        squares = np.square(self.PIXELS[..., None, :].astype(int) - palette).sum(axis=-1)
        assert found["mse"] == pytest.approx(squares.min(axis=-1).mean(), abs=1e-3)
        assert not found["maps"]
