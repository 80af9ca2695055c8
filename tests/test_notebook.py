"""The walk-through's notebook: the same as its script, and both run."""

import os
import re
import subprocess
import sys
from typing import Any

import nbformat
import PIL.Image
import pytest
from tools import notebook

from conftest import noise

COMMITTED = nbformat.read(notebook.NOTEBOOK, as_version=4)


def stream(cell: Any, name: str) -> str:
    return "".join(o.text for o in cell.get("outputs", []) if o.get("name") == name)


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "_ s", text)


@pytest.fixture(scope="module")
def executed() -> Any:
    return notebook.execute(notebook.read(), KPALETTE_PHOTO="")


def test_is_what_the_script_makes() -> None:
    made = notebook.read()
    assert COMMITTED.metadata == made.metadata
    assert [(c.id, c.cell_type, c.source, c.metadata) for c in COMMITTED.cells] == [
        (c.id, c.cell_type, c.source, c.metadata) for c in made.cells
    ]


def test_committed_outputs_are_small_and_name_no_place() -> None:
    text = notebook.NOTEBOOK.read_text()
    assert len(text) < 1_500_000
    text = re.sub('"image/png": "[^"]+"', "", text)  # in which any letters may occur
    assert len(text) < 100_000
    assert not re.search(r"/(tmp|home|root|usr|Users|opt|var)/", text)


def test_runs_without_complaint(executed) -> None:
    for cell in executed.cells:
        assert not cell.get("outputs") or cell.outputs[0].output_type != "error"
        assert re.fullmatch("(k-means fits: .*\n)?", stream(cell, "stderr"))


def test_committed_outputs_are_those_of_a_run(executed) -> None:
    for now, then in zip(executed.cells, COMMITTED.cells, strict=True):
        kinds = [[o.output_type for o in cell.get("outputs", [])] for cell in (now, then)]
        assert kinds[0] == kinds[1]
        if "timed_fit(" not in now.source:  # scikit-learn's rounding varies from machine to machine
            assert without_times(stream(now, "stdout")) == without_times(stream(then, "stdout"))


def test_figures_appear_once(executed) -> None:
    calls = r"^(?:\w+ = )?(?:(image|model)\.(display_images|plot_\w+|quantize_image))\("
    for cell in executed.cells:
        expected = 0
        if cell.cell_type == "code":
            names = [found[2] for found in re.finditer(calls, cell.source, re.MULTILINE)]
            expected = sum(2 if name == "quantize_image" else 1 for name in names)
        shown = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        assert len(shown) == expected


def test_runs_on_the_published_photo(data) -> None:
    photo = data / "walkthrough" / "flower.jpg"
    run = notebook.execute(notebook.read(), KPALETTE_PHOTO=str(photo))
    told = "".join(stream(cell, "stdout") for cell in run.cells)
    assert "rgb_vector: (266880, 3)" in told
    assert "flower: 25,786 distinct colours" in told
    for iterations in ("\n72 iterations in ", "Iterations: 100\n", "Iterations: 76\n"):
        assert iterations in "\n" + told
    for cost in ("98,121,906", "45,766,846", "23,362,881"):
        assert cost in told


def test_script_takes_a_photo(tmp_path) -> None:
    PIL.Image.fromarray(noise(40, 30)).save(tmp_path / "small.png")
    script = [sys.executable, str(notebook.SCRIPT), str(tmp_path / "small.png")]
    done = subprocess.run(
        script,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "small: 1,200 distinct colours" in done.stdout
    assert done.stdout.count("[Results]") == 2
