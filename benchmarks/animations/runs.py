"""Encode each clip by each encoder, and measure the files, and what it took to make them."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from benchmarks import looks
from benchmarks.animations.clips import CLIPS, Clip
from benchmarks.animations.encoders import ENCODERS, Commands, Encoder
from benchmarks.animations.scores import score
from benchmarks.rivals import Missing

USAGE = Path(__file__).with_name("usage.py")
Document = dict[str, Any]


class Failed(Exception):
    """A program failed; the message is the end of what it said."""


class Usage(NamedTuple):
    seconds: float  # of all processors
    megabytes: float


@dataclass(frozen=True)
class Plan:
    """What to run: clips and encoders by regular expressions, the first frames, how often."""

    clips: str = ""
    purposes: tuple[str, ...] = ("test", "long")
    only: str = ""
    most: int = 16  # frames of a clip, but for the long ones
    repeat: int = 2  # timed runs


USUAL = Plan()
#: A plan of a few seconds, to check that everything works.
QUICK = Plan(clips="blink|spinning", only="kpalette$|ffmpeg$|Pillow$", most=2, repeat=1)


def measure(folders: Sequence[Path], plan: Plan) -> Document:
    """Measure a plan, for which folders have CQ100's photos: 10 minutes on two cores.

    Returns
    -------
    dict
        - "clips": by name, "kind" (film or graphics), "purpose", "width", "height", "frames",
          "milliseconds" of a frame; or "missing", what it is drawn from.
        - "encoders": by name, "usual" (the rung that is timed), and "version" or "missing".
        - "files": a list with "clip", "encoder", "rung", "bytes", "looks" and "worst" (SSIMULACRA2
          of frames: the mean, and the least), "flicker"; or "failed", what was said.
        - "costs": a list with "clip", "encoder", "seconds" (of all processors, a list of runs) and
          "megabytes" (the peak), of the usual rungs.
    """
    for line in looks.left_out():
        if line.startswith("SSIMULACRA2"):
            say(line)
    encoders, told = check(plan.only)
    clips: dict[str, Document] = {}
    there = []
    for clip in CLIPS:
        if clip.purpose not in plan.purposes or not re.search(plan.clips, clip.name):
            continue
        try:
            clip.frames(folders, 1)
        except Missing as missing:
            clips[clip.name] = {"missing": str(missing)}
            say(f"{clip.name}: left out, it needs {missing}")
            continue
        there.append(clip)
        clips[clip.name] = about(clip, plan)
    short = [clip for clip in there if clip.purpose != "long"]
    # Two at once, as nothing is timed.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(short), os.cpu_count() or 1) or 1, context) as pool:
        task = partial(encode_all, names=[e.name for e in encoders], folders=folders, plan=plan)
        files = [row for rows in pool.map(task, short) for row in rows]
    costs = [row for clip in there for row in time_all(clip, encoders, folders, plan)]
    return {"clips": clips, "encoders": told, "files": files, "costs": costs}


def check(only: str) -> tuple[list[Encoder], dict[str, Document]]:
    """Return the encoders that are installed, and what to tell of all."""
    there, told = [], {}
    for encoder in ENCODERS:
        if not re.search(only, encoder.name):
            continue
        about = {"usual": encoder.usual}
        try:
            about["version"] = encoder.version()
            there.append(encoder)
        except Missing as missing:
            about["missing"] = str(missing)
            say(f"{encoder.name}: left out, it needs {missing}")
        told[encoder.name] = about
    return there, told


def about(clip: Clip, plan: Plan) -> Document:
    return {
        "kind": clip.kind,
        "purpose": clip.purpose,
        "width": clip.size[0],
        "height": clip.size[1],
        "frames": clip.n if clip.purpose == "long" else min(clip.n, plan.most),
        "milliseconds": clip.milliseconds,
    }


@contextmanager
def drawn(clip: Clip, folders: Sequence[Path], plan: Plan) -> Iterator[list[Path]]:
    """Write the frames of a clip into a folder, as PNG."""
    with tempfile.TemporaryDirectory() as name:
        paths = []
        for i, frame in enumerate(clip.frames(folders, about(clip, plan)["frames"])):
            paths.append(Path(name, f"{i:04d}.png"))
            Image.fromarray(frame).save(paths[-1], compress_level=1)
        yield paths


def encode_all(
    clip: Clip, *, names: Sequence[str], folders: Sequence[Path], plan: Plan
) -> list[Document]:
    """Make all files of a clip, and measure what they show."""
    rows = []
    with drawn(clip, folders, plan) as paths, tempfile.TemporaryDirectory() as out:
        target = Path(out, "result.gif")
        for encoder in (encoder for encoder in ENCODERS if encoder.name in names):
            for rung, make in encoder.rungs.items():
                row = {"clip": clip.name, "encoder": encoder.name, "rung": rung}
                try:
                    target.unlink(missing_ok=True)
                    run(make(clip, paths[0].parent, target))
                    seen = score(paths, target, clip.milliseconds)
                except (Failed, OSError) as error:
                    rows.append(row | {"failed": str(error)})
                    say(f"{clip.name}, {encoder.name}: {error}")
                    continue
                rows.append(row | {"bytes": target.stat().st_size} | rounded(seen._asdict()))
    say(f"{clip.name}: {len(rows)} files")
    return rows


def rounded(values: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


def time_all(
    clip: Clip, encoders: Sequence[Encoder], folders: Sequence[Path], plan: Plan
) -> list[Document]:
    """Run the usual rungs in turns; a long clip once."""
    used: dict[str, list[Usage]] = {}
    turns = 1 if clip.purpose == "long" else plan.repeat
    with drawn(clip, folders, plan) as paths, tempfile.TemporaryDirectory() as out:
        target = Path(out, "result.gif")
        for _ in range(turns):
            for encoder in encoders:
                commands = encoder.rungs[encoder.usual](clip, paths[0].parent, target)
                try:
                    used.setdefault(encoder.name, []).append(run(commands))
                except Failed as failed:
                    say(f"{clip.name}, {encoder.name}: {failed}")
    say(f"{clip.name}: timed")
    return [
        {
            "clip": clip.name,
            "encoder": name,
            "seconds": [round(one.seconds, 3) for one in runs],
            "megabytes": round(max(one.megabytes for one in runs), 1),
        }
        for name, runs in used.items()
    ]


def run(commands: Commands) -> Usage:
    """Run commands one after the other, and return the sum of seconds and the most memory."""
    used = []
    for command in commands:
        measured = [sys.executable, str(USAGE), *command]
        ran = subprocess.run(measured, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise Failed(f"{Path(command[0]).name} failed: {ran.stderr.strip()[-200:]}")
        seconds, kilobytes = map(float, ran.stdout.split())
        used.append(Usage(seconds, kilobytes / 1024))
    return Usage(sum(one.seconds for one in used), max(one.megabytes for one in used))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
