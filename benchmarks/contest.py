"""The open benchmark: its parts, and the JSON document that they are measured into.

A part can be measured again alone: what it gives replaces that in the document, and all else stays.
"""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import kpalette
from benchmarks import colors, equal_looks, timing
from benchmarks.animations import runs
from benchmarks.photos import Picture
from benchmarks.plan import Plan, say
from benchmarks.rivals import Missing, Pixels, Rival, crates, left_out, node
from benchmarks.rivals.writers import Writer
from kpalette import _core

FORMAT = 2  # version of the document's format
Document = dict[str, Any]


@dataclass(frozen=True)
class Contest:
    """What is measured, on what, and how much."""

    pictures: Sequence[Picture]
    large: Pixels
    rivals: Sequence[Rival]
    writers: Sequence[Writer]
    plan: Plan
    folders: Sequence[Path] = ()  # which may have CQ100's photos, for films


def files(contest: Contest) -> Document:
    told = describe(contest.writers, lambda writer: {"ours": writer.ours})
    there = [writer for writer in contest.writers if "missing" not in told[writer.name]]
    cells = []
    for cell in equal_looks.measure(
        contest.pictures, there, contest.plan.file_ks, by_flip=contest.plan.by_flip
    ):
        if not cells or cells[-1]["image"] != cell["image"]:
            say(f"files of {cell['image']}")
        cells.append(cell)
    return {"writers": told, "files": cells}


def same_k(contest: Contest) -> Document:
    told, there = present(contest.rivals)
    return {"rivals": told, "colors": colors.measure(contest.pictures, there, contest.plan)}


def times(contest: Contest) -> Document:
    told, there = present(contest.rivals)
    return {
        "rivals": told,
        **timing.measure(contest.pictures, contest.large, there, contest.plan),
    }


def animations(contest: Contest) -> Document:
    return {"animations": runs.measure(contest.folders, contest.plan.animations)}


#: The parts, in the order in which they are measured.
PARTS: dict[str, Callable[[Contest], Document]] = {
    "files": files,
    "colors": same_k,
    "time": times,
    "animations": animations,
}


def describe(
    members: Iterable[Any], more: Callable[[Any], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Describe each rival or writer, with its version or what is missing."""
    told: dict[str, dict[str, Any]] = {}
    for member in members:
        told[member.name] = {**more(member), "options": member.options}
        try:
            told[member.name]["version"] = member.version()
        except Missing as missing:
            told[member.name]["missing"] = str(missing)
    for line in left_out(told):
        say(line)
    return told


def present(rivals: Sequence[Rival]) -> tuple[dict[str, dict[str, Any]], list[Rival]]:
    """Describe rivals, and return those that are installed."""
    told = describe(
        rivals,
        lambda rival: {key: getattr(rival, key) for key in ("kind", "dithered", "ours", "space")},
    )
    return told, [rival for rival in rivals if "missing" not in told[rival.name]]


def run(
    contest: Contest, parts: Sequence[str], before: Document, *, install: bool = True
) -> Iterator[Document]:
    """Measure parts one after the other, and yield the document after each.

    `before` is the document of an earlier run, or empty.
    """
    if install:
        crates.install()
        node.install()
    document: Document = {"format": FORMAT, "runs": {}, **before}
    for part in parts:
        start = time.monotonic()
        found = PARTS[part](contest)
        if "rivals" in found:  # of more than one part, and perhaps not the same
            found["rivals"] = {**document.get("rivals", {}), **found["rivals"]}
        document |= found
        document["pictures"] = {
            picture.name: {
                "group": picture.group,
                "width": picture.rgba.shape[1],
                "height": picture.rgba.shape[0],
                "colors": len(kpalette.ColorHistogram.from_image(picture.rgba)),
            }
            for picture in contest.pictures
        }
        document["runs"] = {
            **document["runs"],
            part: {
                "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
                "minutes": round((time.monotonic() - start) / 60, 1),
                "machine": machine(),
                "plan": asdict(contest.plan),
            },
        }
        say(f"{part}: {document['runs'][part]['minutes']} minutes")
        yield document


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
