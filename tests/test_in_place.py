"""scikit-learn's own tests of k-means, from its wheel, with our class in place of theirs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn

EXCEPTIONS = Path(__file__).with_name("scikit_learn_exceptions.txt")


@pytest.mark.skipif(
    not sklearn.__version__.startswith("1.9."), reason="the list is that of scikit-learn 1.9"
)
def test_scikit_learns_own_tests(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "in_place_of_scikit_learn"]
    command += ["-p", "no:cacheprovider", "--pyargs", "sklearn.cluster.tests.test_k_means"]
    environment = {
        **os.environ,
        "KPALETTE_OUTCOMES": str(tmp_path / "outcomes.json"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(EXCEPTIONS.parent), os.environ.get("PYTHONPATH", "")]),
        "SKLEARN_RUN_FLOAT32_TESTS": "1",
    }
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (tmp_path / "outcomes.json").exists(), ran.stdout + ran.stderr
    outcomes = json.loads((tmp_path / "outcomes.json").read_text())
    lines = EXCEPTIONS.read_text().splitlines()
    known = {line for line in lines if line and not line.startswith("#")}
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    assert failed - known == set(), ran.stdout
    assert known - failed == set(), "these pass by now: strike them off the list"
    assert list(outcomes.values()).count("passed") >= 273
