"""The documentation shows the committed results, as tables and sentences make of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from benchmarks import documented

from kpalette import quality

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FIGURES = DOCS / "benchmarks"
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in DOCS.rglob("*.md") if FIGURES not in path.parents),
]

NUMBER = r"\d[\d,.]*|half|two|three|four|five|six|seven|eight|nine|ten"
UNIT = r"ns|ms|s|seconds?|minutes?|hours?|%|kB|KB|MB|GB|TB|bytes|dB|times|fewer"
#: Figures as prose has them, such as "12 %", "two to five times" and "2GB".
FIGURE = re.compile(
    rf"(?<![\w.,-])(?:{NUMBER})(?: (?:to|and|or) (?:{NUMBER}))?[ -]?(?:{UNIT})(?!\w)"
    r"|\b(?:quarter|third|fifth)s? (?:fewer|of the)|\btwice as\b"
)
#: What may stand in prose: limits that other tests keep, definitions, and what follows from these.
LIMITS = {
    "README.md": ["five minutes"],
    "docs/howto/animation.md": ["256 MB"],
    "docs/howto/formats.md": ["1 MB"],
    "docs/howto/many-photos.md": ["two seconds"],
    "docs/howto/smallest-png.md": ["38 dB"],
    "docs/howto/video-to-gif.md": ["0 seconds", "256 MB", "11 minutes", "46 seconds"],
    "docs/howto/gigapixels.md": ["5 minutes", "15 seconds", "750MB"],
    "docs/scale.md": ["16 MB", "128 MB", "184 MB", "two bytes", "500 MB"],
    "docs/themes.md": ["0.05 %", "3 %", "0.3 %"],
}


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose_of(page: Path) -> str:
    """Return a page without its code, and without what is made of results."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", documented.MARKED.sub("", text))


def parts_of(page: Path) -> list[str]:
    return [match["name"] for match in documented.MARKED.finditer(page.read_text())]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "<!-- measured" in page.read_text()], ids=page_id
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


def test_a_part_may_stand_within_a_line(tmp_path: Path) -> None:
    sizes = {"kpalette": 100, "gifski": 200}
    document = {
        "clips": {"c": {"kind": "film", "purpose": "test"}},
        "encoders": {name: {"usual": "1", "version": name} for name in sizes},
        "files": [
            {"clip": "c", "encoder": name, "rung": "1", "looks": looks, "bytes": looks * size}
            for name, size in sizes.items()
            for looks in (50, 90)
        ],
    }
    (tmp_path / "results.json").write_text(json.dumps({"animations": document}))
    page = "a <!-- measured: films-beside-gifski -->1 % more bytes<!-- end --> than\nothers"
    expected = page.replace("1 % more", "50 % fewer")
    assert documented.rewritten(page, tmp_path) == expected


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


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_prose_has_no_figure_that_nothing_keeps(page: Path) -> None:
    found = Counter(match[0] for match in FIGURE.finditer(prose_of(page)))
    assert found == Counter(LIMITS.get(page_id(page), []))


@pytest.mark.parametrize(
    "text", ["12 %", "two to five times", "0.7 s", "a quarter fewer", "2GB", "in 4 to 7 ms."]
)
def test_figures_are_seen(text: str) -> None:
    assert FIGURE.search(f"It takes {text}")


def test_qualities_are_those_of_the_page() -> None:
    lines = (DOCS / "howto/from-pngquant.md").read_text().splitlines()
    named, least, most = (
        [cell.strip() for cell in line.split("|")[2:-1]]
        for line in lines
        if line.startswith(("| quality |", "| MIN", "| MAX"))
    )
    for name, low, high in zip(named, least, most, strict=True):
        found = quality.pngquant_looks(int(name), int(name))
        assert found == (float(low), float(high))
