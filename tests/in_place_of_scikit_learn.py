"""A plugin of pytest: kpalette.KMeans in place of scikit-learn's, and a file of what fails."""

import json
import os
from collections.abc import Iterator

import pytest
import sklearn.cluster

import kpalette

outcomes: dict[str, str] = {}


def pytest_configure() -> None:
    # On a busy machine, threads of its mini-batches would wait for each other for minutes.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    sklearn.cluster.KMeans = kpalette.KMeans


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.outcome != "passed" or report.when == "call":
        outcomes[item.nodeid.split("::", 1)[-1]] = report.outcome
    return report


def pytest_sessionfinish() -> None:
    with open(os.environ["KPALETTE_OUTCOMES"], "w") as file:
        json.dump(outcomes, file)
