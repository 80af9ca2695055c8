"""What very many tiles cost the client, which makes the tasks, and what it costs to sync files."""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import kpalette
from benchmarks.markdown import Document, table
from benchmarks.workers import peak_memory
from kpalette import files
from kpalette.distributed import comparing, counting, mosaics, running, saving, tasks
from kpalette.distributed.mapping import Mapper
from kpalette.distributed.quantizing import QuantizedArray
from kpalette.dither import Dithering
from kpalette.files.atomic import sync_folder

SIDE = 64  # pixels of a tile
DITHERS = {"save": None, "save, spatial": "spatial", "save, floyd-steinberg": "floyd-steinberg"}
KINDS = ["count", *DITHERS, "tile errors"]


def _read(rows: slice, columns: slice) -> np.ndarray[Any, Any]:
    """Return pixels of 256 colours."""
    y, x = np.ogrid[rows, columns]
    grey = ((y + x) % 256).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def image(n_tiles: int) -> mosaics.Mosaic:
    """Return an image of about so many tiles, as many rows as columns of them."""
    side = SIDE * math.isqrt(n_tiles)
    return mosaics.of_reader(
        _read, (side, side, 3), np.uint8, SIDE, (SIDE, SIDE), "image", {"side": side}
    )


def quantized(mosaic: mosaics.Mosaic, dither: Any, scheduler: Any = None) -> QuantizedArray:
    """Return the image in four shades of grey."""
    palette = kpalette.Palette(np.repeat([[32], [96], [160], [224]], 3, axis=1).astype(np.uint8))
    mapper = Mapper("keep", Dithering(dither, 1.0, "oklab"), False)
    return QuantizedArray(palette, None, 0, None, mapper, mosaic, palette.colors, scheduler)


def waves(kind: str, mosaic: mosaics.Mosaic) -> Iterator[tasks.Tasks]:
    """Yield the tasks that a run submits, wave by wave."""
    if kind == "count":
        counter = counting.Counter("keep", None)
        for wave in counting._counting(mosaic, counter):
            yield running._folded(wave, counter.count_all, 2)
        return
    q = quantized(mosaic, DITHERS.get(kind))
    if kind == "tile errors":
        yield from comparing._summing(mosaic, mosaic.grid, q._colors, q._mapper)
        return
    n_rows, n_columns = len(mosaic.grid.rows.starts), len(mosaic.grid.columns.starts)
    writers = saving.Writers(q, mosaic.grid, "work", np.zeros((n_rows, n_columns), bool))
    if not q._mapper.is_diffusing:
        yield from writers.waves()
        return
    for which in tasks.in_waves(range(n_rows), n_columns):
        yield writers.of_bands(which, "work")


def _make_all(kind: str, n_tiles: int) -> tuple[int, int, float, int]:
    before, start = peak_memory(), time.process_time()
    n_waves = n_tasks = 0
    for wave in waves(kind, image(n_tiles)):
        tasks.merged(wave, list)
        n_waves += 1
        n_tasks += len(wave.graph)
    return n_waves, n_tasks, time.process_time() - start, peak_memory() - before


def new_process() -> ProcessPoolExecutor:
    """Return a process that has imported nothing, so that its peak is that of what it does."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def graphs(numbers: list[int]) -> Document:
    """Return what it takes to make all tasks without running them, each in a new process."""
    rows = []
    for kind in KINDS:
        for n in numbers:
            with new_process() as process:
                found = process.submit(_make_all, kind, n).result()
            named = dict(zip(("waves", "tasks", "s", "memory"), found, strict=True))
            rows.append({"what": kind, "tiles": n, **named})
            print(f"{kind}, {n:,} tiles", file=sys.stderr)
    return {"rows": rows}


def lines(document: Document) -> list[str]:
    """Format tasks, the processor's seconds and the client's memory."""
    rows = [
        [
            row["what"],
            f"{row['tiles']:,}",
            f"{row['tasks']:,}",
            f"{row['s']:.1f}",
            f"{row['memory'] / 1e6:.0f}",
        ]
        for row in document["rows"]
    ]
    return table(["what", "tiles", "tasks", "CPU, s", "client, MB"], rows)


def runs(numbers: list[int], workers: list[int]) -> None:
    """Measure counting and saving by workers of one thread each."""
    print("\n| what | tiles | workers | s | workers, s CPU | client and scheduler, s CPU | MB |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for n in numbers:
        for count in workers:
            for kind in ("count", "count, checkpoint", "save"):
                with new_process() as process:
                    cells = process.submit(_run, kind, n, count).result()
                text = " | ".join(f"{cell:.1f}" for cell in cells)
                print(f"| {kind} | {n:,} | {count} | {text} |", flush=True)


def _run(kind: str, n_tiles: int, workers: int) -> tuple[float, ...]:
    from distributed import Client, LocalCluster

    mosaic = image(n_tiles)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
        ) as local,
        Client(local) as client,
    ):

        def spent() -> np.ndarray[Any, Any]:
            theirs = sum(client.run(time.process_time).values())
            return np.array([time.perf_counter(), theirs, time.process_time()])

        before, peak = spent(), peak_memory()
        if kind == "save":
            quantized(mosaic, None, client).save(f"{folder}/few.zarr")
        else:
            checkpoint = f"{folder}/counts" if kind == "count, checkpoint" else None
            found = counting.histogram_of(mosaic, "keep", "error", checkpoint, client, False)
            assert found.n_pixels == mosaic.array.size // 3
        return (*(spent() - before), (peak_memory() - peak) / 1e6)


def fsync(folder: Path, n_files: int, repeat: int) -> None:
    """Measure writing small files: not synced, each with its folder, each and the folder once."""
    data = os.urandom(4000)
    folder.mkdir(parents=True, exist_ok=True)

    def write(there: str, sync_each: bool) -> None:
        for i in range(n_files):
            with files.replacing(f"{there}/{i}.png", sync_folder=sync_each) as file:
                file.write(data)
        if not sync_each:
            sync_folder(there)

    def unsynced(there: str) -> None:
        fsync, os.fsync = os.fsync, lambda number: None
        try:
            write(there, True)
        finally:
            os.fsync = fsync

    ways: dict[str, Callable[[str], None]] = {
        "nothing": unsynced,
        "file and folder, one by one": lambda there: write(there, True),
        "files one by one, the folder once": lambda there: write(there, False),
    }
    print(f"\n| synced, of {n_files:,} files of 4 kB | s, the least | ms a file |")
    print("|---|--:|--:|")
    for name, way in ways.items():
        times = []
        for _ in range(repeat):
            with tempfile.TemporaryDirectory(dir=folder) as there:
                start = time.perf_counter()
                way(there)
                times.append(time.perf_counter() - start)
        print(f"| {name} | {min(times):.2f} | {min(times) / n_files * 1e3:.2f} |")
