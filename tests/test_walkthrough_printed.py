"""The walk-through's published text: each of its code cells runs as it is printed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from tools.notebook import execute

from kpalette import image, model

#: Before the cell that fits 32 times by scikit-learn, from five starts: a smaller photo.
SMALLER = "img = image.Image(img.rgb_matrix[::8, ::8])"
MEASURES = "k_values = list(range(2, 65, 2))"


def printed_cells(text: str) -> list[list[str]]:
    """Return each cell's lines: those after the numbers 1, 2, 3, …, without the empty ones.

    A cell has at most as many lines as numbers; prose, which starts with a capital, ends it, and so
    does a function's last return.
    """
    lines = text.splitlines()
    cells: list[list[str]] = []
    at = 0
    while at < len(lines):
        if lines[at] != "1":
            at += 1
            continue
        n = 1
        while lines[at + n] == str(n + 1):
            n += 1
        at += n
        cell: list[str] = []
        while len(cell) < n and not re.match(r"[A-Z]", lines[at]):
            cell.append(lines[at])
            at += 1
            if cell[-1].startswith("return "):
                break
        cells.append(cell)
    return cells


def indented(cell: list[str]) -> str:
    """Return a cell's code with the indentation that the text has lost."""
    code: list[str] = []
    level, in_parentheses = 0, False
    for line in cell:
        if line == "):":
            level, in_parentheses = 0, False
        elif line.startswith("return "):
            level = 1
        code.append("    " * level + line)
        if line.endswith("("):
            in_parentheses = True
        if line.endswith((":", "(")) and not in_parentheses:
            level += 1
        elif line.endswith("("):
            level = 1
    return "\n".join(code)


@pytest.fixture(scope="module")
def cells(data) -> list[str]:
    text = (data / "walkthrough" / "published.txt").read_text()
    found = [indented(cell) for cell in printed_cells(text)]
    assert len(found) == 22
    return [cell.replace("from src import", "from kpalette import") for cell in found]


@pytest.fixture(scope="module")
def flower(data) -> image.Image:
    return image.load_image(data / "walkthrough" / "flower.jpg")


@pytest.fixture(scope="module")
def published(data) -> Any:
    return json.loads((data / "walkthrough" / "expected.json").read_text())


@pytest.fixture
def folder(data, tmp_path, monkeypatch) -> Path:
    (tmp_path / "img").mkdir()
    shutil.copy(data / "walkthrough" / "flower.jpg", tmp_path / "img")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_a_notebook(cells, folder) -> None:
    notebook = nbformat.v4.new_notebook()
    for cell in cells:
        if cell.startswith(MEASURES):
            notebook.cells.append(nbformat.v4.new_code_cell(SMALLER))
        notebook.cells.append(nbformat.v4.new_code_cell(cell))
    execute(notebook)
    shown = {}
    for cell in notebook.cells:
        outputs = [output.get("data", {}) for output in cell.outputs]
        shown[cell.source.splitlines()[-1]] = [data.get("text/plain", "") for data in outputs]
        assert "stderr" not in {output.get("name") for output in cell.outputs}, cell.source
        draws = "image.display_images(" in cell.source or "image.plot_rgb_vector(" in cell.source
        if draws and not cell.source.startswith("def "):
            assert sum("image/png" in data for data in outputs) == 1, cell.source
    assert shown["img.rgb_matrix.shape"] == ["(417, 640, 3)"]
    assert shown["img.rgb_vector.shape"] == ["(266880, 3)"]
    assert shown["k8_means.iterations"] == ["72"]
    assert shown["k8_means.labels_"][0].startswith("array([6, 6, 6, ..., 6, 6, 6]")
    assert "42.39915168,  67.65893264,  84.11651684" in shown["k8_means.cluster_centers_"][0]
    assert "[ 42,  67,  84]" in shown["k8_colors"][0]
    assert shown["len(np.unique(img.rgb_vector, axis=0))"] == ["25786"]


def test_in_a_script(cells, folder, capsys) -> None:
    names: dict[str, object] = {}
    for cell in cells:
        if cell.startswith(MEASURES):
            exec(SMALLER, names)
        exec(re.sub(r"%time ", "", cell), names)  # which only IPython knows
    assert re.findall(r"Iterations: (\d+)", capsys.readouterr().out) == ["100", "76"]
    assert len(names["clusters_cost_list"]) == 32


def test_the_printed_cost_wraps_around(cells, flower, published) -> None:
    names: dict[str, Any] = {"np": np}
    exec(next(cell for cell in cells if cell.startswith("def clusters_cost")), names)
    fit = model.KMeans(n_clusters=8, random_state=44).fit(flower.rgb_vector)
    X, centroids, labels = flower.rgb_vector, np.uint8(fit.cluster_centers_), fit.labels_
    true = published["runs"]["8"]["cost_with_truncated_uint8_centers"]
    assert model.clusters_cost(X, centroids, labels) == true
    assert names["clusters_cost"](X, centroids, labels) > 200 * true
