"""The command compare: what it prints and draws, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import kpalette
from conftest import gradient
from kpalette import cli, metrics

COMMAND = [sys.executable, "-m", "kpalette"]


@pytest.fixture
def pair(photo: Path) -> tuple[Path, Path]:
    """Write a photo, and the same in few colours."""
    few = photo.with_name("few.png")
    kpalette.quantize(photo, 6).save(few)
    return photo, few


def test_compare_prints_a_table(pair: tuple[Path, Path], capsys: Any) -> None:
    assert cli.run(["compare", *map(str, pair)]) == 0
    assert capsys.readouterr() == (metrics.compare(*pair).table() + "\n", "")


def test_compare_prints_json(pair: tuple[Path, Path], capsys: Any) -> None:
    a, b = map(str, pair)
    for one, other in ((a, b), (a, a)):
        assert cli.run(["compare", one, other, "--json"]) == 0
        said = capsys.readouterr().out
        read = json.loads(said, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert read == {"a": one, "b": other, **metrics.compare(one, other).to_dict()}


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_compare_draws_a_map(kind: str, pair: tuple[Path, Path], capsys: Any) -> None:
    out = pair[0].with_name(f"errors.{kind}")
    assert cli.run(["compare", *map(str, pair), "-o", str(out)]) == 0
    assert capsys.readouterr().err == f"errors in {out}\n"
    first = out.read_bytes()
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind])
    framed = b"stroke: #00ffff" in first  # the place that looks worst
    assert framed == (kind == "svg")
    assert cli.run(["compare", *map(str, pair), "-o", str(out), "-f", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert out.read_bytes() == first


def test_compare_with_stdin(pair: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [*COMMAND, "compare", "-", str(pair[1])], input=pair[0].read_bytes(), capture_output=True
    )
    assert done.stdout.decode().splitlines() == metrics.compare(*pair).table().splitlines()


def test_compare_that_cannot_read_or_write(
    pair: tuple[Path, Path], fails: Any, capsys: Any
) -> None:
    photo, few = pair
    missing = photo.with_name("missing.png")
    assert f"{missing}: cannot be read: No such file" in fails(3, "compare", photo, missing)
    other = photo.with_name("other.png")
    assert cli.run(["compare", str(missing), str(other)]) == 3
    assert capsys.readouterr().err.count("\n") == 2
    few.write_bytes(few.read_bytes()[:99])
    assert f"{few}: the PNG is cut off" in fails(3, "compare", photo, few)
    out = photo.with_name("errors.png")
    out.write_bytes(b"precious")
    assert "errors.png exists" in fails(15, "compare", photo, photo, "-o", out)
    assert out.read_bytes() == b"precious"
    assert "cannot be written" in fails(
        16, "compare", photo, photo, "-o", photo.parent / "missing" / "errors.png"
    )


def test_compare_of_other_sizes(photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = photo.with_name("small.png")
    Image.fromarray(gradient(8, 9)).save(small)
    line = fails(2, "compare", photo, small)
    assert "expected two images of the same size, got 64×48 and 9×8" in line
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    line = fails(2, "compare", photo, photo, "--ssim")
    assert "ssim: scikit-image is not installed; pip install scikit-image" in line


@pytest.mark.parametrize("name", ["a.gif", "none.png"])
def test_of_one_file_twice_all_is_said_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    frames = [Image.new("L", (16, 16), level) for level in (0, 99)]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    assert cli.run(["compare", name, name]) == (3 if name == "none.png" else 0)
    said = capsys.readouterr()
    assert said.err.count(name) == said.err.count("\n") == 1
    assert ("lossless" in said.out) == (name == "a.gif")
