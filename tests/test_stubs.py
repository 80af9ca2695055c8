"""The committed types of the native module are those of the module that is built."""

import subprocess
import sys
from pathlib import Path

COMMITTED = Path(__file__).parents[1] / "src" / "kpalette" / "_core.pyi"


def test_stubs_are_current(tmp_path: Path) -> None:
    generated = tmp_path / "_core.pyi"
    subprocess.run(
        [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "kpalette._core", "-o", generated],
        check=True,
    )
    assert generated.read_text() == COMMITTED.read_text(), "run `make stubs`"
