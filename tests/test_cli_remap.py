"""The command remap: what it writes, what it says, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import LINKS, files_in, gradient, png_header
from kpalette import Palette, cli
from kpalette.cli.mistaken import quoted

COMMAND = [sys.executable, "-m", "kpalette"]


def test_remap_writes_pngs_of_the_palettes_colours(
    photo: Path, brand: Path, tmp_path: Path, capsys: Any
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(gradient(8, 9)).save(other)
    assert cli.run(["remap", str(photo), str(other), "--palette", str(brand)]) == 0
    *lines, done = capsys.readouterr().err.splitlines()
    assert done.startswith("2 of 2 photos; ")
    expected = Palette.load(brand)
    for path, line in zip((photo, other), lines, strict=True):
        out = path.with_name(f"{path.stem}-brand.png")
        assert png_header(out)[1:] == (3, 4)
        remapped = expected.remap(path)
        used = (remapped.palette.counts > 0).sum()
        assert f" colours to {used} of 4 in 0." in line
        assert f"MSE {remapped.mse:.2f}, PSNR {remapped.psnr:.2f} dB; " in line
        assert f" to {out.stat().st_size:,} bytes" in line
        assert line.endswith(f" in {out}")
        with Image.open(out) as image:
            assert np.array_equal(image.convert("RGB"), remapped.rgb)


def test_remap_streams_and_directories(photo: Path, brand: Path, tmp_path: Path) -> None:
    args = ["remap", "--palette", str(brand), "--quiet"]
    assert cli.run([*args, str(photo), "-o", f"{tmp_path}/new/"]) == 0
    done = subprocess.run([*COMMAND, *args, "-"], input=photo.read_bytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (tmp_path / "new" / "photo-brand.png").read_bytes()


@LINKS
def test_remap_never_writes_over_its_palette(photo: Path, brand: Path, fails: Any) -> None:
    folder = photo.parent / "out"
    folder.mkdir()
    (folder / "photo-brand.png").symlink_to(brand)
    before = brand.read_bytes()
    args = ["remap", photo, "--palette", brand, "-o", f"{folder}/"]
    assert "exists; -f replaces it" in fails(15, *args)
    assert "is one of the photos; only -o with its name replaces it" in fails(15, *args, "-f")
    assert brand.read_bytes() == before


def test_an_image_in_place_of_a_palette_says_how_to_make_one(photo: Path, fails: Any) -> None:
    for option in (["remap", photo, "--palette"], ["quantize", photo, "--map"]):
        said = fails(2, *option, "a b.JPG")
        assert f"{option[-1]}: expected a palette file, got the image 'a b.JPG'; make one: " in said
        assert f"kpalette palette {quoted('a b.JPG')} -k 16 -o {quoted('a b.gpl')}" in said
        assert "expected a name that ends in one of .act" in fails(2, *option, "a.doc")


def test_remap_with_palettes_that_cannot_be_read(photo: Path, tmp_path: Path, fails: Any) -> None:
    bad = tmp_path / "bad.ase"
    bad.write_bytes(b"GIMP Palette")
    assert f"{bad}: expected b'ASEF' at the start" in fails(3, "remap", photo, "--palette", bad)
    assert "missing.gpl: cannot be read: No such file" in fails(
        3, "remap", photo, "--palette", tmp_path / "missing.gpl"
    )
    (tmp_path / "many.hex").write_text("\n".join(f"{i:06x}" for i in range(100_000)))
    assert "many.hex: expected at most 65,536 colours, got 100,000" in fails(
        3, "remap", photo, "--palette", tmp_path / "many.hex"
    )
    assert files_in(tmp_path) == {"photo.png", "bad.ase", "many.hex"}


def test_one_bad_photo_does_not_stop_remap(photo: Path, brand: Path, capsys: Any) -> None:
    missing = photo.with_name("missing.png")
    assert cli.run(["remap", str(missing), str(photo), "--palette", str(brand)]) == 3
    assert photo.with_name("photo-brand.png").exists()
    assert cli.run(["remap", str(missing), str(photo), "--palette", str(brand)]) == 1


@pytest.mark.parametrize("space", ["srgb", "lab"])
def test_remap_options_reach_the_library(space: str, photo: Path, brand: Path) -> None:
    out = photo.with_name("out.png")
    args = ["remap", photo, "--palette", brand, "--space", space, "--dither", "bayer"]
    args += ["--dither-strength", "0.5", "-o", out]
    assert cli.run([str(arg) for arg in args]) == 0
    expected = Palette.load(brand).remap(photo, space=space, dither="bayer", dither_strength=0.5)
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), expected.rgb)


def test_remap_of_folders(photo: Path, brand: Path, capsys: Any) -> None:
    folder = photo.parent / "photos" / "below"
    folder.mkdir(parents=True)
    photo.rename(folder / "photo.png")
    out = photo.parent / "out"
    args = ["remap", "-r", folder.parent, "--palette", brand, "--out-dir", out, "--json", "-q"]
    assert cli.run([str(arg) for arg in args]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == str(out / "below" / "photo.png")
    assert png_header(out / "below" / "photo.png")[1:] == (3, 4)
