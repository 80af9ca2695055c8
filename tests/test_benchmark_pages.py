"""Pages show the committed results of benchmarks, and nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks import npm, report, short_table

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

    def test_a_palette_alone_is_mapped(self) -> None:
        palette = np.array([[10, 20, 30], [200, 190, 180]])
        found = npm.judge(self.cell(None, palette.tolist()), self.PIXELS)
        squares = np.square(self.PIXELS[..., None, :].astype(int) - palette).sum(axis=-1)
        assert found["mse"] == pytest.approx(squares.min(axis=-1).mean(), abs=1e-3)
        assert not found["maps"]
