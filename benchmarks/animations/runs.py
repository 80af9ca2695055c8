"""Encode each clip by each encoder, measure, and keep the figures in a CSV file."""

from __future__ import annotations

import csv
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.animations.clips import CLIPS, Clip
from benchmarks.animations.encoders import BARE, ENCODERS, Commands, Encoder
from benchmarks.animations.scores import UNKNOWN, score
from benchmarks.rivals.rival import Missing

USAGE = Path(__file__).with_name("usage.py")


class Usage(NamedTuple):
    seconds: float  # of all processors
    megabytes: float


@dataclass(frozen=True)
class Row:
    """A file, and what it took to make: `seconds` is the median of all runs."""

    clip: str
    frames: int
    encoder: str
    rung: str
    bytes: int
    looks: float | None
    worst: float | None
    flicker: float | None
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Plan:
    """What to run: clips and encoders by regular expressions, the first frames, how often."""

    images: Path | None
    clips: str
    purposes: tuple[str, ...]
    only: str
    most: int
    repeat: int
    results: Path

    @property
    def chosen(self) -> list[Clip]:
        return [
            clip
            for clip in CLIPS
            if clip.purpose in self.purposes and re.search(self.clips, clip.name)
        ]


def measure(plan: Plan) -> list[Row]:
    """Run the plan, and return its rows, and those of a run before that it does not replace."""
    encoders = []
    for encoder in ENCODERS:
        if re.search(plan.only, encoder.name):
            try:
                encoder.check()
                encoders.append(encoder)
            except Missing as missing:
                print(f"{encoder.name}: left out, {missing}")
    names = {encoder.name for encoder in encoders}
    rows = read(plan.results)
    for clip in plan.chosen:
        if missing := clip.missing(plan.images):
            print(f"{clip.name}: left out, it needs {missing} in the folder of --images")
            continue
        n = min(clip.n, plan.most)
        rows = [
            row
            for row in rows
            if row.clip != clip.name or (row.frames == n and row.encoder not in names)
        ]
        with tempfile.TemporaryDirectory() as name:
            rows += encode_all(clip, encoders, plan, Path(name))
        write(rows, plan.results)
    chosen = {(clip.name, min(clip.n, plan.most)) for clip in plan.chosen}
    return [row for row in rows if (row.clip, row.frames) in chosen]


def encode_all(clip: Clip, encoders: Iterable[Encoder], plan: Plan, folder: Path) -> list[Row]:
    """Run all rungs once, and the usual ones of all encoders in turns for the rest."""
    bare = any(encoder.bare for encoder in encoders)
    paths = []
    for i, frame in enumerate(clip.frames(plan.images, plan.most)):
        paths.append(folder / f"{i:04d}.png")
        Image.fromarray(frame).save(paths[-1], compress_level=1)
        if bare:
            with open(folder / BARE, "ab") as file:
                file.write(np.asarray(Image.fromarray(frame).convert("RGBA")).tobytes())
    target = folder / "result.gif"
    found: dict[tuple[str, str], Row] = {}
    for encoder in encoders:
        for rung, make in encoder.rungs.items():
            if clip.purpose == "long" and rung != encoder.usual:
                continue
            target.unlink(missing_ok=True)
            used = run(make(clip, folder, target))
            size = target.stat().st_size
            is_long = clip.purpose == "long"
            seen = UNKNOWN if is_long else score(paths, target, clip.milliseconds)
            row = Row(clip.name, len(paths), encoder.name, rung, size, *seen, *used)
            found[encoder.name, rung] = row
            told = f"{clip.name}, {encoder.name} {rung}: {size / 1e3:.1f} kB"
            shown = "" if seen.looks is None else f", SSIMULACRA2 {seen.looks:.1f}"
            print(f"{told}{shown}, {used.seconds:.2f} s", file=sys.stderr, flush=True)
    usual = [found[encoder.name, encoder.usual] for encoder in encoders]
    seconds = [[row.seconds] for row in usual]
    for _ in range(plan.repeat - 1):
        for encoder, times in zip(encoders, seconds, strict=True):
            times.append(run(encoder.rungs[encoder.usual](clip, folder, target)).seconds)
    for row, times in zip(usual, seconds, strict=True):
        median = statistics.median(times)
        found[row.encoder, row.rung] = Row(**{**vars(row), "seconds": median})
    return list(found.values())


def run(commands: Commands) -> Usage:
    """Run commands one after the other, and return the sum of seconds and the most memory."""
    used = []
    for command in commands:
        measured = [sys.executable, str(USAGE), *command]
        ran = subprocess.run(measured, capture_output=True, text=True, check=False)
        if ran.returncode:
            sys.exit(f"{command[0]} failed: {ran.stderr.strip()[-400:]}")
        seconds, kilobytes = map(float, ran.stdout.split())
        used.append(Usage(seconds, kilobytes / 1024))
    return Usage(sum(one.seconds for one in used), max(one.megabytes for one in used))


def write(rows: list[Row], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        names = [field.name for field in fields(Row)]
        table.writerow(names)
        for row in rows:
            values = (getattr(row, name) for name in names)
            table.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in values])


def read(path: Path) -> list[Row]:
    """Return the rows of a file, none if there is none."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [
            Row(
                told["clip"],
                int(told["frames"]),
                told["encoder"],
                told["rung"],
                int(told["bytes"]),
                *(
                    float(told[name]) if told[name] else None
                    for name in ("looks", "worst", "flicker")
                ),
                float(told["seconds"]),
                float(told["megabytes"]),
            )
            for told in csv.DictReader(file)
        ]
