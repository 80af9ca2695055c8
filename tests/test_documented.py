"""The documentation shows the committed results, as tables and sentences make of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks import documented

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FIGURES = DOCS / "benchmarks"
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in DOCS.rglob("*.md") if FIGURES not in path.parents),
]


def parts_of(page: Path) -> list[str]:
    return [match["name"] for match in documented.MARKED.finditer(page.read_text())]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "<!-- measured" in page.read_text()], ids=lambda p: p.stem
)
def test_a_page_shows_the_committed_results(page: Path) -> None:
    text = page.read_text()
    assert len(parts_of(page)) == text.count("<!-- measured: ") == text.count("<!-- end -->")
    assert documented.rewritten(text, FIGURES) == text, "python -m benchmarks pages"


def test_all_results_are_shown() -> None:
    shown = [name for page in PAGES for name in parts_of(page)]
    assert sorted(shown) == sorted(documented.PARTS)
    measured = documented.RESULTS.keys() | {documented.OPEN}
    assert {result for result, _ in documented.PARTS.values()} == measured


def test_another_result_is_noticed(tmp_path: Path) -> None:
    page = "a\n<!-- measured: alpha -->\nb\n<!-- end -->\nc\n"
    document = json.loads((FIGURES / "alpha.json").read_text())
    for value in (1.5, 2.5):
        document["rows"][0]["delta_e"] = value
        (tmp_path / "alpha.json").write_text(json.dumps(document))
        written = documented.rewritten(page, tmp_path)
        assert f" / {value:.2f} |" in written
        assert documented.rewritten(written, tmp_path) == written
        assert written.startswith("a\n<!-- measured: alpha -->\n| picture |")
        assert written.endswith("|\n<!-- end -->\nc\n")


def test_measuring_writes_a_file_for_each_result(tmp_path: Path) -> None:
    sources = documented.Sources(tmp_path, tmp_path, tmp_path)
    documented.measure(["alpha"], sources, tmp_path / "figures")
    document = json.loads((tmp_path / "figures/alpha.json").read_text())
    assert {"machine", "rows"} <= document.keys()
    committed = json.loads((FIGURES / "alpha.json").read_text())
    ours = [row for row in committed["rows"] if "kpalette" in row["method"]]
    found = [row for row in document["rows"] if "kpalette" in row["method"]]
    assert [row["mse"] for row in found] == [row["mse"] for row in ours]
