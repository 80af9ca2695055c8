"""Write the walk-through's notebook from its script, with the outputs of a run.

The script is the source, because it is easy to review and runs by itself. `make notebook` calls
this.
"""

from __future__ import annotations

import base64
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import PIL.Image
from nbclient import NotebookClient
from traitlets.config import Config

import kpalette

SCRIPT = Path(__file__).parents[1] / "examples" / "image_quantization.py"
NOTEBOOK = SCRIPT.with_suffix(".ipynb")

#: Pictures of more bytes are reduced.
LARGE = 50_000

#: What the script says of cells: which are hidden, in Jupyter and on the site.
KEPT = ("jupyter", "tags")

METADATA = {
    # With jupytext installed, Jupyter writes both files when either changes.
    "jupytext": {"formats": "ipynb,py:percent", "notebook_metadata_filter": "-all"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(script: Path = SCRIPT) -> Any:
    """Read a script's cells; ids are numbers, so that the same script makes the same notebook."""
    notebook = jupytext.read(script, fmt="py:percent")
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        kept = {name: cell.metadata[name] for name in KEPT if name in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def execute(notebook: Any, **environment: str) -> Any:
    """Run the cells from top to bottom, in a kernel of their own.

    Parameters
    ----------
    notebook : NotebookNode
        The outputs are added to it.
    **environment : str
        Environment variables for the kernel, besides our own.

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=1200,  # seconds, for a busy machine
        startup_timeout=300,
        record_timing=False,
        coalesce_streams=True,
        config=Config(KernelManager={"transport": "ipc"}),  # no port that others can reach
    )
    # Without our Matplotlib backend, which would keep figures from the cells.
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client.execute(env=inherited | environment)
    return notebook


def main() -> None:
    """Write the notebook, with small pictures and without metadata of the machine."""
    with tempfile.TemporaryDirectory() as directory:
        settings = Path(directory, "matplotlibrc")
        settings.write_text("figure.dpi: 80\n")
        notebook = execute(read(), KPALETTE_PHOTO="", MATPLOTLIBRC=str(settings))
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _smaller(data["image/png"])
    nbformat.validate(notebook)
    nbformat.write(notebook, NOTEBOOK)


def _smaller(encoded: str) -> str:
    """Compress a PNG again; a large one is reduced to 256 colours."""
    file = io.BytesIO()
    picture = PIL.Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    picture.save(file, "PNG", optimize=True)
    if file.tell() > LARGE:
        few = kpalette.quantize(picture, 256, smaller=1)
        return base64.b64encode(few.encode("png")).decode()
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    main()
