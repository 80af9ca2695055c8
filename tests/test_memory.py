"""How much memory a run takes beside the program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import gradient, noise
from kpalette.cli import memory

pytest.importorskip("resource")

#: Runs small and large, and prints by how many bytes the second raises the peak.
SCRIPT = """
import resource, sys
from kpalette import cli

def peak(photo, *options):
    assert cli.run(["quantize", photo, "-o", photo + "-few.png", "-q", *options]) == 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

small, large, *options = sys.argv[1:]
before = peak(small, *options)
print(peak(large, *options) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others count in other units")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("png", ""),
        ("png", "--effort fast"),
        ("jpg", ""),
        ("jpg", "--effort fast"),
        ("tif", ""),
        ("bmp", ""),
        ("png", "--saliency"),
    ],
)
def test_a_still_takes_nine_bytes_a_pixel(kind: str, options: str, tmp_path: Path) -> None:
    """And its file, which is in memory as well."""
    side = 3600
    pixels = gradient(side, side) // 4 * 3 + noise(side, side) // 8
    small, large = tmp_path / f"small.{kind}", tmp_path / f"large.{kind}"
    # As large as is counted in the way of large pictures.
    Image.fromarray(pixels[:1500, :1500]).save(small)
    Image.fromarray(pixels).save(large)
    command = [sys.executable, "-c", SCRIPT, str(small), str(large), *options.split()]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    more_pixels = side * side - 1500 * 1500
    more_file = large.stat().st_size - small.stat().st_size
    assert int(done.stdout) <= 9 * more_pixels + np.maximum(0, more_file)


#: Runs a command line, and prints its peak: not by getrusage, which starts at the parent's.
ALONE = """
import sys
from kpalette import cli

assert cli.run(sys.argv[1:]) == 0
print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others give no memory back")
def test_a_limit_on_memory_holds_for_all_colours_there_are(tmp_path: Path) -> None:
    """Each colour once, in tiles that have as many distinct ones as pixels."""
    zarr = pytest.importorskip("zarr")
    codes = np.random.default_rng(0).permutation(2**24).astype("<u4")
    pixels = codes.view(np.uint8).reshape(4096, 4096, 4)[..., :3]
    source, out = tmp_path / "all.zarr", tmp_path / "few.zarr"
    zarr.create_array(source, data=np.ascontiguousarray(pixels), chunks=(512, 512, 3))
    command = [sys.executable, "-c", ALONE, "quantize", str(source), "-k", "16", "-q"]
    command += ["-o", str(out), "--memory-limit", f"{memory.LEAST_LIMIT}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) <= memory.LEAST_LIMIT
