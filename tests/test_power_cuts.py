"""The simulation of power cuts itself."""

import os
import sys
import threading
from pathlib import Path

import pytest

import power_cuts


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is needed")
def test_no_file_goes_while_another_thread_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zarr, for one, writes in several threads; a change is over before another's look begins."""
    old, other = tmp_path / "old", tmp_path / "other"
    old.touch()
    other.touch()
    thread = threading.Thread(target=other.unlink)
    replace = os.replace

    def slowly(*args: Path) -> None:
        thread.start()
        thread.join(0.5)
        assert other.exists()
        replace(*args)

    monkeypatch.setattr(os, "replace", slowly)
    with power_cuts.recording(tmp_path) as record:
        old.replace(tmp_path / "new")
        thread.join()
    assert set(map(frozenset, record.states.values())) == {
        frozenset({"old", "other"}),
        frozenset({"new", "other"}),
        frozenset({"new"}),
    }
