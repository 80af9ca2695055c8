"""How much memory a run takes beside the program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import gradient, noise

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
@pytest.mark.parametrize("options", ["", "--effort fast"])
@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_still_takes_nine_bytes_a_pixel(kind: str, options: str, tmp_path: Path) -> None:
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
