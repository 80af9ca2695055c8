"""What appears below a notebook's cells, in notebooks that are really run."""

import os
from typing import Any

import nbformat
import pytest
from tools.notebook import execute

START = """
import tempfile
import numpy as np
import kpalette
from kpalette import image, model
pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
img = image.Image(pixels, title="noise")
"""

#: Cells by name, in the order in which they run.
CELLS = {
    "start": START,
    "last value": "image.display_images(img)",
    "last value, with arguments": "image.plot_rgb_vector(img.rgb_vector, centers=[[1, 2, 3]])",
    "last value, metrics": "model.plot_k_metrics([1, 2], [2, 1], [1, 2])",
    "in the middle": "image.display_images(img)\n1 + 1",
    "with a semicolon": "image.display_images(img);",
    "kept": "kept = image.display_images(img)",
    "kept, and asked for in the same cell": "same = image.display_images(img)\nsame",
    "asked for later": "kept",
    "asked for once more": "kept",
    "two": "image.display_images(img)\nimage.display_images(img)",
    "in a function": "def f():\n    image.display_images(img)\nf()",
    "beside one of the cell's own": """
from matplotlib import pyplot
pyplot.plot([1, 2])
image.display_images(img)
pyplot.title("still mine")
print(len(pyplot.get_fignums()))
""",
    "open figures": "from matplotlib import pyplot\npyplot.get_fignums()",
    "saved": "figure = image.display_images(img, save=tempfile.mkdtemp() + '/a.png')",
    "quantize_image": "few = model.quantize_image(img, 3, 44)",
    "quantize_image, last value": "model.quantize_image(img, 3, 44)",
    "its value later": "few",
    "image": "img",
    "palette": "kpalette.extract_palette(pixels, 4)",
    "quantized": "kpalette.quantize(pixels, 4)",
    "process": "import os\nprint(os.getpid())",
    "script": """
import subprocess, sys
lines = [
    "import sys, numpy as np",
    "from kpalette import image",
    "image.display_images(image.Image(np.zeros((2, 2, 3), np.uint8)))",
]
done = subprocess.run([sys.executable, "-c", "\\n".join(lines)], capture_output=True, text=True)
print((done.stdout, done.stderr))
""",
    "progress": "costs = model.record_k_metrics(img, [2, 3], 44)",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[Any]]:
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    executed = execute(nbformat.v4.new_notebook(cells=cells))
    return {name: cell.outputs for name, cell in zip(CELLS, executed.cells, strict=True)}


def kinds(outputs: list[Any]) -> list[str]:
    """Name what each output is: the richest form that a notebook would show, or its stream."""
    names = []
    for output in outputs:
        data = output.get("data", {})
        rich = [kind for kind in ("text/html", "image/png", "text/plain") if kind in data]
        names.append(rich[0] if rich else output.get("name", output.output_type))
    return names


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("start", []),
        ("last value", ["image/png"]),
        ("last value, with arguments", ["image/png"]),
        ("last value, metrics", ["image/png"]),
        ("in the middle", ["image/png", "text/plain"]),
        ("with a semicolon", ["image/png"]),
        ("kept", ["image/png"]),
        ("kept, and asked for in the same cell", ["image/png"]),
        ("asked for later", ["image/png"]),
        ("asked for once more", ["image/png"]),
        ("two", ["image/png", "image/png"]),
        ("in a function", ["image/png"]),
        ("beside one of the cell's own", ["image/png", "stdout", "image/png"]),
        ("saved", []),
        ("quantize_image", ["stdout", "image/png", "image/png"]),
        ("quantize_image, last value", ["stdout", "image/png", "image/png", "text/plain"]),
        ("its value later", ["image/png"]),
        ("image", ["image/png"]),
        ("palette", ["text/html"]),
        ("quantized", ["text/html"]),
        ("progress", ["stderr"]),
    ],
)
def test_appears_once(outputs, cell: str, expected: list[str]) -> None:
    assert kinds(outputs[cell]) == expected


def test_nothing_stays_open(outputs) -> None:
    assert outputs["open figures"][0]["data"]["text/plain"] == "[]"
    assert outputs["beside one of the cell's own"][1]["text"] == "1\n"


def test_results_come_below_their_heading(outputs) -> None:
    assert outputs["quantize_image"][0]["text"].startswith("[Training]")
    assert outputs["quantize_image"][0]["text"].endswith("[Results]\n")


def test_progress_is_told(outputs) -> None:
    assert "2 of 2" in outputs["progress"][0]["text"]


def test_a_script_that_a_cell_starts_shows_nothing(outputs) -> None:
    # It inherits the kernel's backend, but there is no cell below which figures could appear.
    assert kinds(outputs["script"]) == ["stdout"]
    assert outputs["script"][0]["text"] == "('', '')\n"


def test_no_kernel_is_left_over(outputs) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(int(outputs["process"][0]["text"]), 0)
