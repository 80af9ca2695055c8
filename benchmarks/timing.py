"""Time and memory of all methods, in memory and as whole processes.

Methods take turns on each picture, in a new order each turn, so that the machine's noise affects
all alike. Here kpalette is one like the others, and nothing else is measured meanwhile.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import quality, roof
from benchmarks.equal_looks import some
from benchmarks.photos import Picture
from benchmarks.plan import Plan, say
from benchmarks.rivals import Pixels, Rival
from benchmarks.workers import Failed, TooSlow, Workers

Cell = dict[str, Any]


def compete(
    pictures: Sequence[Picture], rivals: Sequence[Rival], plan: Plan, workers: Workers
) -> list[Cell]:
    """Time rivals on pictures for each k; slow ones on the first of each folder alone."""
    cells: list[Cell] = []
    out: set[str] = set()  # rivals that were stopped
    for k in plan.ks:
        slow: set[str] = set()
        before: Counter[str] = Counter()
        for picture in pictures:
            say(f"time: k = {k}, {picture.name}")
            workers.load(picture.pixels)
            active = [
                rival
                for rival in rivals
                if rival.name not in out and not (rival.name in slow and before[picture.group])
            ]
            before[picture.group] += 1
            here: dict[str, Cell] = {}
            for turn in range(plan.repeat):
                for rival in random.Random(turn).sample(active, len(active)):
                    cell = here.setdefault(
                        rival.name,
                        {"rival": rival.name, "image": picture.name, "k": k, "seconds": []},
                    )
                    if "failed" in cell or "over" in cell or sum(cell["seconds"]) > plan.enough:
                        continue
                    try:
                        run = workers.run(rival, k, plan.limit)
                    except TooSlow:
                        cell["over"] = plan.limit
                        out.add(rival.name)
                    except Failed as failed:
                        cell["failed"] = str(failed)
                        say(f"{rival.name}: {failed}")
                    else:
                        cell["seconds"].append(round(run.seconds, 6))
                        if run.seconds > plan.slow:
                            slow.add(rival.name)
                        if turn == 0:
                            error = quality.mean_squared_error(picture.pixels, run.result)
                            cell["mse"] = round(error, 4)
            cells += [here[rival.name] for rival in active]
    return cells


def grow(
    rivals: Sequence[Rival],
    steps: Sequence[tuple[float, Pixels]],
    plan: Plan,
    workers: Workers,
) -> list[Cell]:
    """Time rivals on pictures of so many megapixels, until they are too slow."""
    cells = []
    out: set[str] = set()
    for megapixels, pixels in steps:
        say(f"time: {megapixels:g} megapixels")
        workers.load(pixels)
        seconds: dict[str, list[float]] = {r.name: [] for r in rivals if r.name not in out}
        for turn in range(plan.repeat):
            for rival in random.Random(turn).sample(rivals, len(rivals)):
                if rival.name in out or sum(seconds[rival.name]) > plan.enough:
                    continue
                try:
                    run = workers.run(rival, plan.size_k, 5 * plan.patience)
                    seconds[rival.name].append(run.seconds)
                except (TooSlow, Failed):
                    out.add(rival.name)
        for name, times in seconds.items():
            if times:
                cells.append({"rival": name, "megapixels": megapixels, "seconds": times})
                if min(times) > plan.patience:
                    out.add(name)
    return cells


def of_size(pixels: Pixels, megapixels: float) -> Pixels:
    """Shrink or repeat a photo to the given number of megapixels."""
    height, width = pixels.shape[:2]
    factor = (megapixels * 1e6 / (height * width)) ** 0.5
    size = max(8, round(height * factor)), max(8, round(width * factor))
    if factor <= 1:
        shrunk = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS)
        return np.asarray(shrunk)
    copies = [-(-side // had) for side, had in zip(size, (height, width), strict=True)]
    return np.tile(pixels, (*copies, 1))[: size[0], : size[1]]


def memory(rivals: Sequence[Rival], pixels: Pixels, plan: Plan) -> list[Cell]:
    """Measure the peak memory of each rival, in a process of its own."""
    cells = []
    for rival in rivals:
        with Workers() as workers:
            workers.load(pixels)
            try:
                peak = workers.memory(rival, plan.size_k, plan.limit)
            except (TooSlow, Failed):
                continue
        cells.append({"rival": rival.name, "bytes": peak})
    return cells


def measure(
    pictures: Sequence[Picture], large: Pixels, rivals: Sequence[Rival], plan: Plan
) -> dict[str, Any]:
    """Return times, throughput and memory, and how near the machine's limits ours come."""
    few = some(pictures, plan.timed)
    fair = [r for r in rivals if not r.dithered and (r.space == "srgb" or not r.ours)]
    plain = [rival for rival in fair if rival.kind == "array"]
    with Workers() as workers:
        times = compete(few, rivals, plan, workers)
        sizes = [(at, of_size(large, at)) for at in plan.megapixels]
        sized = grow(plain, sizes, plan, workers)
    say("time: one core")
    # Rivals that are slow on all cores get less time on one.
    with Workers(one_core=True) as workers:
        alone = compete(few[: plan.alone], plain, replace(plan, limit=2 * plan.slow), workers)
    say("memory")
    frugal = [rival for rival in fair if rival.ours or plan.memory_of_all]
    return {
        "times": times,
        "one_core": alone,
        "sizes": sized,
        "large": [large.shape[1], large.shape[0]],
        "memory": memory(frugal, of_size(large, plan.memory), plan),
        "roof": roof.measure(pictures[0].pixels, large, plan.size_k, plan.block),
    }
