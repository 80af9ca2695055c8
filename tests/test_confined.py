"""No file starts a program, opens another file, or runs code."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import kpalette
from conftest import noise
from every_kind import GREY, PS, STARTS, is_read
from kpalette import Palette

TRAP = Path(__file__).with_name("trap.py")


def furnish(folder: Path, data: dict[str, bytes]) -> None:
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True)
    GREY.save(folder / "good.png")
    Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8)).save(folder / "good.gpl")
    tifffile.imwrite(folder / "secret.tif", noise(9, 9), photometric="rgb")
    for name, content in data.items():
        (folder / "in" / name).write_bytes(content)


def sprung(folder: Path, *args: str) -> dict[str, Any]:
    command = [sys.executable, str(TRAP), str(folder), *args]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def multi_file_ome(other: str) -> bytes:
    """Write an OME-TIFF whose second plane is in another file."""
    planes = "".join(
        f'<TiffData IFD="0" FirstZ="{z}" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:{z}</UUID></TiffData>'
        for z, name in enumerate(["a.tif", other])
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/'
        'OME/2016-06" UUID="urn:uuid:0"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="9" SizeZ="2" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )
    file = io.BytesIO()
    tifffile.imwrite(file, noise(9, 9, 1), photometric="minisblack", description=xml, metadata=None)
    return file.getvalue()


#: All that is started, for what begins as films do, where films are read.
FFMPEG = re.compile(
    r"(mp4|mpeg)\.png, (open_frames|quantize_animation|extract_palette|histogram"
    r"|\$ quantize( a folder| --keep-metadata| --shared-palette)?|\$ palette|\$ remap): "
    r"subprocess\.Popen \('(/[^']*/ffmpeg)', \['\4', '-nostdin', '-hide_banner', "
    r"'-loglevel', 'info', '-protocol_whitelist', 'file,pipe', '-f', '(mov|mpegvideo)', "
)


def test_no_file_starts_a_program_or_opens_another(
    everything: dict[str, bytes], tmp_path: Path
) -> None:
    data = {f"{kind.lower().replace(' ', '-')}.png": each for kind, each in everything.items()}
    data |= {"a.eps": PS, "a.tif": PS, "a.wmf": STARTS["WMF"], "a.ftc": STARTS["FTEX"]}
    data |= {"ome.tif": multi_file_ome("../secret.tif"), "ome.png": multi_file_ome("../secret.tif")}
    furnish(tmp_path, data)
    found = sprung(tmp_path)
    assert [line for line in found["caught"] if not FFMPEG.match(line)] == []
    assert found["internal"] == []
    for kind in everything:
        name = f"{kind.lower().replace(' ', '-')}.png"
        refused = found["refused"][name]
        if is_read(kind):
            assert {"as_pixels of a path", "$ quantize", "distributed"} <= set(found["read"][name])
            assert all(
                "PaletteReadError" in why or "exit code 3" in why for why in refused.values()
            )
        else:
            films = {"MP4", "MPEG"}  # of which there is no more than the first bytes
            assert found["read"][name] == ["is_animated"] * (kind in films), f"{kind} is read"
            refused.pop("a Pillow image")  # by Pillow, if it does not open it
            errors = {why.split(":")[0] for why in refused.values()}
            assert errors <= {"ImageReadError", "PaletteReadError", "TileError", "ValueError"}
    assert "distributed" in found["read"]["ome.tif"]


def test_the_trap_catches_what_it_is_for(tmp_path: Path) -> None:
    furnish(tmp_path, {"a.png": PS, "b.png": STARTS["WMF"]})
    caught = sprung(tmp_path, "control")["caught"]
    assert any(line.startswith("a.png, Pillow: subprocess.Popen ('gs'") for line in caught)
    assert any(line.startswith("b.png, Pillow: os.system (b'true'") for line in caught)


def test_other_files_of_a_tiff_would_be_caught(tmp_path: Path) -> None:
    """What the trap watches for is what tifffile does unless it is told not to."""
    furnish(tmp_path, {"a.tif": multi_file_ome("../secret.tif")})
    script = (
        "import sys, tifffile\n"
        "sys.addaudithook(lambda e, a: print(a[0]) if e == 'open' else None)\n"
        f"tifffile.TiffFile({str(tmp_path / 'in' / 'a.tif')!r}).series\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "secret.tif" in done.stdout


def test_a_histogram_of_pickles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.histogram"
    with zipfile.ZipFile(path, "w") as file:
        array = io.BytesIO()
        np.save(array, np.array([print], object), allow_pickle=True)
        for name in ("colors", "counts", "version"):
            file.writestr(f"{name}.npy", array.getvalue())
    with pytest.raises(ValueError, match="histogram"):
        kpalette.ColorHistogram.load(path)
