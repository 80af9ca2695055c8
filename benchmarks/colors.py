"""Colours at the same k: how far each method's result is from the picture, by several measures.

Nothing is timed, so that all cores work: one worker for each core runs methods, and processes
beside them measure what they made.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks import quality
from benchmarks.equal_looks import some
from benchmarks.photos import Picture
from benchmarks.plan import Plan, say
from benchmarks.rivals import Rival
from benchmarks.workers import Failed, TooSlow, Workers

#: Others run at once, so that limits of time are so many times those of a method alone.
BESIDE = 2

Cell = dict[str, Any]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A score, and whether more is better (1) or less (-1)."""

    name: str
    key: str
    sign: int
    form: str


MEASURES = (
    Measure("MSE", "mse", -1, ".1f"),
    Measure("SSIMULACRA2", "ssimulacra2", 1, ".1f"),
    Measure("FLIP", "flip", -1, ".4f"),
)


def takes_part(rival: Rival) -> bool:
    """Return whether a method's colours are measured: a program's whose library is are not."""
    if rival.kind == "files":
        return not rival.ours and not rival.name.startswith("pngquant")
    return not (rival.ours and rival.kind == "palette")


def is_looked_at(rival: Rival) -> bool:
    """Return whether scores of looks, which take a second each, are measured: of quantizers."""
    return rival.kind != "palette" and "libraries" not in getattr(
        getattr(rival.run, "func", rival.run), "__module__", ""
    )


def measure(pictures: Sequence[Picture], rivals: Sequence[Rival], plan: Plan) -> list[Cell]:
    """Return figures of each method on each picture, for each k."""
    rivals = [rival for rival in rivals if takes_part(rival)]
    looked = {picture.name for picture in some(pictures, plan.looks)}
    cores = min(os.cpu_count() or 1, len(pictures))
    mixed = sorted(pictures, key=lambda picture: order(pictures, picture))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, context) as pool, ThreadPoolExecutor(cores) as threads:
        runs = [
            threads.submit(run_all, mixed[i::cores], rivals, plan, looked, pool)
            for i in range(cores)
        ]
        found = [(cell, scores) for run in runs for cell, scores in run.result()]
        for cell, scores in found:
            if scores is not None:
                cell.update(scores.result())
    return [cell for cell, _ in found]


def order(pictures: Sequence[Picture], picture: Picture) -> int:
    """Return a picture's place in its folder, so that folders take turns."""
    return [other.name for other in pictures if other.group == picture.group].index(picture.name)


def run_all(
    pictures: Sequence[Picture],
    rivals: Sequence[Rival],
    plan: Plan,
    looked: set[str],
    pool: ProcessPoolExecutor,
) -> list[tuple[Cell, Future[Cell] | None]]:
    """Run each method once on each picture; slow ones on the first of each folder alone."""
    cells: list[tuple[Cell, Future[Cell] | None]] = []
    slow: set[tuple[str, int]] = set()
    over: dict[str, int] = {}  # those that were stopped, with the k
    before: Counter[str] = Counter()
    with Workers() as workers:
        for picture in pictures:
            say(f"colours of {picture.name}")
            workers.load(picture.pixels)
            for k in plan.ks:
                for rival in rivals:
                    if k >= over.get(rival.name, k + 1):
                        continue
                    if (rival.name, k) in slow and before[picture.group]:
                        continue
                    cell: Cell = {"rival": rival.name, "image": picture.name, "k": k}
                    scores = None
                    try:
                        run = workers.run(rival, k, BESIDE * plan.limit)
                    except TooSlow:
                        over[rival.name] = k
                        cell["over"] = BESIDE * plan.limit
                    except Failed as failed:
                        cell["failed"] = str(failed)
                        say(f"{rival.name}: {failed}")
                    else:
                        if run.seconds > BESIDE * plan.slow:
                            slow.add((rival.name, k))
                        error = quality.mean_squared_error(picture.pixels, run.result)
                        cell["mse"] = round(error, 4)
                        cell["colors"] = quality.count_colors(run.result)
                        if picture.name in looked and is_looked_at(rival):
                            scores = pool.submit(quality.seen, picture.pixels, run.result)
                    cells.append((cell, scores))
            before[picture.group] += 1
    return cells


# --- from figures to tables ----------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A method's scores over the pictures of a folder."""

    values: Mapping[str, float]  # by picture
    mean: float
    worst: float
    best_on: int  # pictures on which no other method is better
    colors: int  # at most


def groups_of(document: Document) -> list[str]:
    return list(dict.fromkeys(picture["group"] for picture in document["pictures"].values()))


def rows(
    document: Document, group: str, k: int, measure: Measure, *, dithered: bool
) -> dict[str, Row]:
    """Return each method's scores; what has more than k colours is the best on no picture."""
    found: dict[str, dict[str, float]] = {}
    most: dict[str, int] = {}
    for cell in document["colors"]:
        about = document["rivals"][cell["rival"]]
        value = cell.get(measure.key)
        if (
            value is None
            or cell["k"] != k
            or about["dithered"] != dithered
            or document["pictures"][cell["image"]]["group"] != group
        ):
            continue
        found.setdefault(cell["rival"], {})[cell["image"]] = value
        most[cell["rival"]] = max(most.get(cell["rival"], 0), cell["colors"])
    fair = [by_image for name, by_image in found.items() if most[name] <= k]
    best: dict[str, float] = {}
    for by_image in fair:
        for image, value in by_image.items():
            best[image] = max(best.get(image, -math.inf), measure.sign * value)
    return {
        name: Row(
            by_image,
            statistics.fmean(by_image.values()),
            measure.sign * min(measure.sign * value for value in by_image.values()),
            sum(measure.sign * value >= best[image] for image, value in by_image.items())
            if most[name] <= k
            else 0,
            most[name],
        )
        for name, by_image in found.items()
    }
