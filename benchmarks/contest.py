"""The open benchmark: all rivals on all pictures, into one JSON document.

Rivals take turns on each picture, in a new order each turn, so that the machine's noise affects all
alike. Here kpalette is a rival like the others.
"""

from __future__ import annotations

import datetime
import os
import platform
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks import quality, roof
from benchmarks.rivals import ALL, Missing, Pixels, Rival, crates, left_out, node
from benchmarks.workers import Failed, TooSlow, Workers
from kpalette import _core

FORMAT = 1  # version of the document's format
Cell = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Limits on how much is measured."""

    ks: tuple[int, ...] = (16, 64, 256)
    repeat: int = 5  # timed runs of a cell, at most
    enough: float = 0.2  # seconds; a cell with more gets no more runs
    limit: float = 15.0  # seconds; a longer run is stopped
    slow: float = 2.0  # seconds; a slower rival gets only `few` pictures at that k
    few: int = 2
    looks: int = 2  # pictures that are also measured by perceptual metrics
    alone: int = 2  # pictures that are also timed on one core
    patience: float = 1.0  # seconds; a rival that is slower gets no larger size or k
    megapixels: tuple[float, ...] = (0.1, 0.3, 1, 3, 10, 25, 50)
    size_k: int = 64  # the k at which sizes and memory are compared
    sweep: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    memory: float = 1.5  # megapixels
    memory_of_all: bool = True  # or of kpalette alone, because each starts a process
    block: int = 768  # megabytes that are read to measure memory


#: A plan of a few seconds, to check that everything works.
QUICK = Plan(
    ks=(8,),
    repeat=2,
    enough=0.05,
    limit=3.0,
    looks=1,
    alone=0,
    patience=0.2,
    megapixels=(0.01, 0.02),
    size_k=8,
    sweep=(2, 8),
    memory=0.01,
    memory_of_all=False,
    block=8,
)


def check_rivals(rivals: Iterable[Rival], *, install: bool) -> dict[str, dict[str, Any]]:
    """Describe each rival, with its version or what is missing."""
    if install:
        crates.install()
        node.install()
    told = {}
    for rival in rivals:
        told[rival.name] = {
            "kind": rival.kind,
            "dithered": rival.dithered,
            "ours": rival.ours,
            "space": rival.space,
            "options": rival.options,
        }
        try:
            told[rival.name]["version"] = rival.version()
        except Missing as missing:
            told[rival.name]["missing"] = str(missing)
    for line in left_out(told):
        say(line)
    return told


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def compete(
    pictures: dict[str, Pixels],
    rivals: Sequence[Rival],
    plan: Plan,
    workers: Workers,
    *,
    seen: int,
) -> list[Cell]:
    """Measure rivals on pictures for each k; the first `seen` also by perceptual scores."""
    cells: list[Cell] = []
    later: list[tuple[Cell, Pixels, Any]] = []
    out: dict[str, int] = {}  # rivals that were stopped, with the k
    for k in plan.ks:
        slow: set[str] = set()
        for number, (name, pixels) in enumerate(pictures.items()):
            say(f"k = {k}, {name}")
            workers.load(pixels)
            active = [
                rival
                for rival in rivals
                if rival.name not in out and (number < plan.few or rival.name not in slow)
            ]
            here: dict[str, Cell] = {}
            for turn in range(plan.repeat):
                for rival in random.Random(turn).sample(active, len(active)):
                    cell = here.setdefault(
                        rival.name, {"rival": rival.name, "image": name, "k": k, "seconds": []}
                    )
                    if "failed" in cell or "over" in cell or sum(cell["seconds"]) > plan.enough:
                        continue
                    try:
                        run = workers.run(rival, k, plan.limit)
                    except TooSlow:
                        cell["over"] = plan.limit
                        out[rival.name] = k
                        continue
                    except Failed as failed:
                        cell["failed"] = str(failed)
                        say(f"{rival.name}: {failed}")
                        continue
                    cell["seconds"].append(run.seconds)
                    if turn == 0:
                        cell["mse"] = quality.mean_squared_error(pixels, run.result)
                        cell["colors"] = quality.count_colors(run.result)
                        if run.size is not None:
                            cell["size"] = run.size
                        if number < seen:
                            later.append((cell, pixels, run.result))
                        if run.seconds > plan.slow:
                            slow.add(rival.name)
            cells += [here[rival.name] for rival in active]
    say(f"measuring {len(later)} results")
    found = quality.seen_of_all((pixels, result) for _, pixels, result in later)
    for (cell, _, _), values in zip(later, found, strict=True):
        cell.update(values)
    return cells


def grow(
    rivals: Sequence[Rival],
    steps: Sequence[tuple[float, Pixels, int]],
    axis: str,
    plan: Plan,
    workers: Workers,
) -> list[Cell]:
    """Time rivals at each step (position on the axis, pixels, k), until they are too slow."""
    cells = []
    out: set[str] = set()
    for at, pixels, k in steps:
        say(f"{axis} = {at:g}")
        workers.load(pixels)
        seconds: dict[str, list[float]] = {r.name: [] for r in rivals if r.name not in out}
        for turn in range(plan.repeat):
            for rival in random.Random(turn).sample(rivals, len(rivals)):
                if rival.name in out or sum(seconds[rival.name]) > plan.enough:
                    continue
                try:
                    seconds[rival.name].append(workers.run(rival, k, 5 * plan.patience).seconds)
                except (TooSlow, Failed):
                    out.add(rival.name)
        for name, times in seconds.items():
            if times:
                cells.append({"rival": name, axis: at, "seconds": times})
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


def run(
    pictures: dict[str, Pixels],
    large: Pixels,
    plan: Plan,
    *,
    install: bool = True,
    only: Sequence[Rival] = tuple(ALL.values()),
) -> dict[str, Any]:
    """Measure everything.

    Parameters
    ----------
    pictures : dict of uint8 arrays (h, w, 3), by name
    large : uint8 array (h, w, 3)
        The photo that is shrunk or repeated for other sizes.
    install : bool
        Whether the packages for Node may be installed.
    only : sequence of Rival
        The rivals to measure.
    """
    told = check_rivals(only, install=install)
    there = [rival for rival in only if "missing" not in told[rival.name]]
    arrays = [rival for rival in there if rival.kind == "array"]
    plain = [r for r in arrays if not r.dithered and (r.space == "srgb" or not r.ours)]
    with Workers() as workers:
        cells = compete(pictures, there, plan, workers, seen=plan.looks)
        say("sizes")
        sizes = [(at, of_size(large, at), plan.size_k) for at in plan.megapixels]
        sized = grow(plain, sizes, "megapixels", plan, workers)
        first = next(iter(pictures.values()))
        swept = grow(plain, [(k, first, k) for k in plan.sweep], "k", plan, workers)
    say("one core")
    few = dict(list(pictures.items())[: plan.alone])
    # Rivals that are slow on all cores get less time on one.
    brief = Plan(**{**asdict(plan), "limit": 2 * plan.slow})
    with Workers(one_core=True) as workers:
        alone = compete(few, plain, brief, workers, seen=0)
    say("memory")
    frugal = [
        rival
        for rival in there
        if not rival.dithered
        and (rival.space == "srgb" or not rival.ours)
        and (rival.ours or plan.memory_of_all)
    ]
    peaks = memory(frugal, of_size(large, plan.memory), plan)
    say("roofs")
    stages = roof.measure(first, large, plan.size_k, plan.block)
    return {
        "format": FORMAT,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "plan": asdict(plan),
        "pictures": {
            name: {
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "colors": len(kpalette.ColorHistogram.from_image(pixels)),
            }
            for name, pixels in pictures.items()
        },
        "large": [large.shape[1], large.shape[0]],
        "rivals": told,
        "cells": cells,
        "one_core": alone,
        "sizes": sized,
        "sweep": swept,
        "memory": peaks,
        "roof": stages,
    }


def machine() -> dict[str, Any]:
    """Describe the machine of the times."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": model,
        "cores": cores,
        "load": os.getloadavg()[0],  # at the end
        "system": platform.system(),
        "python": platform.python_version(),
        "kpalette": kpalette.__version__,
        "instructions": _core.isa(),
    }
