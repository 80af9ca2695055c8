"""Tables of what was measured: ours beside each other encoder, clip by clip, and means."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from benchmarks.animations.clips import CLIPS, Clip
from benchmarks.animations.encoders import ENCODERS, OURS
from benchmarks.animations.runs import Row
from benchmarks.fronts import bd_rate

LOW, HIGH = 30, 100  # of SSIMULACRA2
LEAST = 1 / (HIGH - LOW)  # of that range, which two fronts have to share
Points = list[tuple[float, int]]


def show(rows: list[Row]) -> None:
    """Print bytes at equal looks, and flicker, time and memory of each encoder's usual rung."""
    names = [e.name for e in ENCODERS if any(row.encoder == e.name for row in rows)]
    clips = [clip for clip in CLIPS if any(row.clip == clip.name for row in rows)]
    if OURS in names and len(names) > 1:
        print("\nBytes at equal SSIMULACRA2 against others (BD-rate); in parentheses, at the")
        print("better end, where two fronts share hardly any scores; such are not in the means\n")
        rates(rows, clips, [name for name in names if name != OURS])
    for title, cell in (
        ("kB, and SSIMULACRA2 of frames: the mean, and the worst", sizes),
        ("Flicker, in levels", lambda row: number(row.flicker, 2)),
        ("Processor's seconds", lambda row: number(row.seconds, 2)),
        ("Peak memory, MB", lambda row: number(row.megabytes, 0)),
    ):
        print(f"\n{title}\n")
        usual(rows, clips, names, cell)


def rates(rows: list[Row], clips: list[Clip], others: list[str]) -> None:
    header("clip", "kind", "frames", *others)
    found: dict[tuple[str, str], list[list[float | None]]] = {}
    for clip in clips:
        own = points(rows, clip, OURS)
        values: list[float | None] = []
        cells = []
        for name in others:
            theirs = points(rows, clip, name)
            value = bd_rate(theirs, own, LOW, HIGH, LEAST) if own and theirs else None
            values.append(value)
            end = better_end(theirs, own) if value is None and own and theirs else None
            cells.append(percent(value) if end is None else f"({percent(end)})")
        found.setdefault((clip.purpose, clip.kind), []).append(values)
        n = next(row.frames for row in rows if row.clip == clip.name)
        line(clip.name, clip.kind, f"{n} of {clip.size[0]}×{clip.size[1]}", *cells)
    for (purpose, kind), table in found.items():
        means = [percent(mean_rate(column)) for column in zip(*table, strict=True)]
        line(f"mean, {purpose}", kind, f"{len(table)} clips", *means)


def points(rows: list[Row], clip: Clip, encoder: str) -> Points:
    return [
        (row.looks, row.bytes)
        for row in rows
        if row.clip == clip.name and row.encoder == encoder and row.looks is not None
    ]


def better_end(base: Points, other: Points) -> float | None:
    """Compare the smallest file of each side that is as good as the best of the worse side."""
    least = min(max(base)[0], max(other)[0])
    sizes = [
        min((size for looks, size in points if looks >= least), default=None)
        for points in (base, other)
    ]
    return None if None in sizes else sizes[1] / sizes[0] - 1


def mean_rate(values: Iterable[float | None]) -> float | None:
    """Return the mean of logarithms of bytes, as a share."""
    logs = [math.log1p(value) for value in values if value is not None]
    return math.expm1(sum(logs) / len(logs)) if logs else None


def usual(rows: list[Row], clips: list[Clip], names: list[str], cell: Callable[[Row], str]) -> None:
    rungs = {encoder.name: encoder.usual for encoder in ENCODERS}
    header("clip", *(f"{name}: {rungs[name]}" for name in names))
    for clip in clips:
        found = {
            row.encoder: cell(row)
            for row in rows
            if row.clip == clip.name and row.rung == rungs[row.encoder]
        }
        line(clip.name, *(found.get(name, "") for name in names))


def sizes(row: Row) -> str:
    return f"{row.bytes / 1e3:.1f}, {number(row.looks, 1)}, {number(row.worst, 1)}"


def number(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:+.0f} %"


def header(first: str, *others: str) -> None:
    line(first, *others)
    print("|---|" + "--:|" * len(others))


def line(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)
