"""The command demo: the pictures that it writes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import files_in, png_header
from kpalette import cli

COMMAND = [sys.executable, "-m", "kpalette"]


def test_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "demo"
    assert cli.run(["demo", "--out", str(out)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table] == ["k", "8", "16", "32"]
    for line, k, depth in zip(table[1:], (8, 16, 32), (4, 4, 8), strict=True):
        path = out / f"photo-{k}.png"
        assert png_header(path) == (depth, 3, k)
        assert f"{path.stat().st_size:,} bytes" in line
    for name in ("side-by-side.png", "colors-3d.png"):
        with Image.open(out / name) as image:
            assert min(image.size) > 400
            assert len(np.unique(np.asarray(image.convert("L")))) > 100
    assert len(files_in(out)) == 5


def test_demo_replaces_only_when_forced(tmp_path: Path, fails: Any) -> None:
    mine = tmp_path / "side-by-side.png"
    mine.write_text("mine")
    assert "side-by-side.png exists; -f replaces it" in fails(15, "demo", "-o", tmp_path)
    assert files_in(tmp_path) == {"side-by-side.png"}
    assert mine.read_text() == "mine"
    assert cli.run(["demo", "-o", str(tmp_path), "--force"]) == 0
    assert mine.read_bytes().startswith(b"\x89PNG")


def test_demo_that_cannot_write(photo: Path, fails: Any) -> None:
    assert "below/ cannot be made: " in fails(16, "demo", "-o", photo / "below")
