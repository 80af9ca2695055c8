"""What make says of a machine that lacks what a build needs: one line, before anything is tried."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools import prerequisites

MAKEFILE = Path(__file__).parents[1] / "Makefile"
NONE = "no such folder"


def said(monkeypatch: pytest.MonkeyPatch, **lacks: object) -> str:
    """Return what is said on a machine that lacks something."""
    found = prerequisites.missing(**lacks)
    monkeypatch.setattr(prerequisites, "missing", lambda programs: found)
    with pytest.raises(SystemExit) as end:
        prerequisites.main()
    return str(end.value.code)


def test_a_machine_that_has_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert prerequisites.missing(include=str(tmp_path)) == []
    monkeypatch.setattr(prerequisites, "missing", lambda programs: [])
    prerequisites.main()


def test_everything_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert said(monkeypatch, version=(3, 9, 2), include=NONE) == (
        "kpalette needs Python 3.11 or newer, Python's headers, Python's venv, a C++20 compiler; "
        "on Debian or Ubuntu: apt install python3 python3-dev python3-venv g++"
    )


def test_what_is_there_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "clang++" else None)
    line = said(monkeypatch, version=sys.version_info, include=NONE)
    assert line.endswith("apt install python3-dev")
    assert "compiler" not in line


@pytest.mark.skipif(not shutil.which("make"), reason="without make")
def test_bench_installs_only_what_is_asked_for() -> None:
    def run(*told: str) -> str:
        named = {key: value for key, value in os.environ.items() if key in ("HOME", "PATH")}
        command = ["make", "--dry-run", "--always-make", "bench", *told]
        return subprocess.run(
            command, cwd=MAKEFILE.parent, env=named, check=True, capture_output=True, text=True
        ).stdout

    assert run().startswith("echo 'expected folders of .png files")
    assert "pip" not in run()
    assert ".[bench]" in run("IMAGES=photos")
    assert "run --silent pack" in run("ARGS=npm --images photos")
    assert "run --silent pack" not in run("ARGS=estimator")


def test_programs_that_a_command_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name in ("wine", "c++") else None)
    found = prerequisites.missing(programs=["wine", "mvn"])
    assert ("mvn", "maven") in found
    assert not any(name == "wine" for name, _ in found)
    lists = re.findall(r"programs := (.+)", MAKEFILE.read_text())
    assert lists
    for programs in lists:
        assert {*programs.split()} <= {*prerequisites.PACKAGES}


def test_make_asks_before_it_makes_anything() -> None:
    makefile = MAKEFILE.read_text()
    assert "$(BIN)/python: | prerequisites\n" in makefile
    assert "$(PYTHON) tools/prerequisites.py\n" in makefile
