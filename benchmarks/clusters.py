"""Images of any size on Dask workers, against one process and against other k-means."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
import dask.array as da
import numpy as np

import kpalette
from benchmarks import gigapixel
from benchmarks.gigapixel import MEGA, TILE
from benchmarks.rivals import Pixels
from benchmarks.workers import peak_memory
from kpalette import distributed


def _block(folder: str, block_info: Any = None) -> Pixels:
    number = block_info[None]["chunk-location"][1]
    (top, bottom), (left, right) = block_info[None]["array-location"][:2]
    return gigapixel.make_tile(folder, number, bottom - top, right - left)


def mosaic(folder: str, pixels: int) -> da.Array:
    """Return the tiles of :func:`benchmarks.gigapixel.tiles`, side by side."""
    return da.map_blocks(
        _block,
        folder,
        chunks=((TILE,), tuple(gigapixel.widths(pixels)), (3,)),
        dtype=np.uint8,
        meta=np.empty((0, 0, 0), np.uint8),
    )


@contextmanager
def cluster(workers: int, folder: str) -> Iterator[Any]:
    """Start worker processes of one thread each, which have loaded the photos."""
    from distributed import Client, LocalCluster

    with (
        # Else it gives up a worker that is killed and takes more than 15 s to come back.
        dask.config.set({"distributed.deploy.lost-worker-timeout": 300}),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
        ) as local,
        Client(local) as client,
    ):
        client.run(gigapixel.make_tile, folder, 0)
        yield client


def speed(folder: str, pixels: int, k: int, workers: list[int], repeat: int) -> None:
    """Measure seconds, processor time and peak memory of workers, and compare the palettes."""
    histogram, seconds, _ = gigapixel.count(folder, pixels, 1)
    expected = kpalette.extract_palette(histogram, k)
    print(f"\n{histogram.n_pixels / MEGA:.0f} megapixels, {len(histogram):,} colours, k = {k}")
    print(f"one process, counting alone: {seconds:.2f} s; s CPU is processor time\n")
    print("| workers | checkpoint | s | workers, s CPU | client, s CPU | peak, GiB | palette |")
    print("|--:|---|--:|--:|--:|--:|---|")
    ways = [(n, kept) for n in workers for kept in (False, True)]
    runs: dict[tuple[int, bool], list[tuple[float, ...]]] = {way: [] for way in ways}
    equal = dict.fromkeys(ways, True)
    for _ in range(repeat):
        for n, kept in ways:
            with cluster(n, folder) as client, tempfile.TemporaryDirectory() as checkpoint:
                before = time.perf_counter(), worked(client), time.process_time()
                found = distributed.histogram(
                    mosaic(folder, pixels),
                    scheduler=client,
                    checkpoint=checkpoint if kept else None,
                )
                after = time.perf_counter(), worked(client), time.process_time()
                peak = max(client.run(peak_memory).values()) / 2**30
            runs[n, kept].append((*np.subtract(after, before), peak))
            palette = kpalette.extract_palette(found, k)
            equal[n, kept] &= np.array_equal(palette.colors, expected.colors)
    for way, found in runs.items():
        n, kept = way
        cells = " | ".join(f"{middle:.2f}" for middle in np.median(found, axis=0))
        same = "equal" if equal[way] else "DIFFERS"
        print(f"| {n} | {'yes' if kept else 'no'} | {cells} | {same} |")
    print(f"\nthis process had {peak_memory() / 2**30:.2f} GiB at most")


def worked(client: Any) -> float:
    """Return the processor time of all workers so far, in seconds."""
    return sum(client.run(time.process_time).values())


def killed(folder: str, pixels: int, k: int) -> None:
    """Kill a worker halfway, and compare with an undisturbed run."""
    times, palettes = [], []
    for disturbed in (False, True):
        with cluster(2, folder) as client:
            pid = next(iter(client.run(os.getpid).values()))
            delay = times[0] / 2 if disturbed else 0
            timer = threading.Timer(delay, os.kill, (pid, signal.SIGKILL))
            if disturbed:
                timer.start()
            start = time.perf_counter()
            found = distributed.histogram(mosaic(folder, pixels), scheduler=client)
            times.append(time.perf_counter() - start)
            timer.cancel()
            palettes.append(kpalette.extract_palette(found, k).colors.tobytes())
            gone = pid not in client.run(os.getpid).values()
            print(f"{'killed' if gone else 'undisturbed'}: {times[-1]:.1f} s")
            assert gone == disturbed
    print("same bytes" if palettes[0] == palettes[1] else "OTHER BYTES")


def by_dask_ml(folder: str, pixels: int, k: int, passes: int) -> Any:
    from dask_ml.cluster import KMeans

    samples = mosaic(folder, pixels).reshape(-1, 3).astype(np.float32).persist()
    start = time.perf_counter()
    model = KMeans(n_clusters=k, random_state=0, max_iter=passes).fit(samples)
    return time.perf_counter() - start, model.cluster_centers_


def by_partial_fit(folder: str, pixels: int, k: int, passes: int) -> Any:
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(n_clusters=k, random_state=0)
    seconds = 0.0
    for tile in gigapixel.tiles(folder, pixels):
        samples = tile.reshape(-1, 3).astype(np.float32)
        start = time.perf_counter()
        for first in range(0, len(samples), MEGA):
            model.partial_fit(samples[first : first + MEGA])
        seconds += time.perf_counter() - start
    return seconds, model.cluster_centers_


RIVALS: dict[str, Callable[..., Any]] = {
    "dask_ml KMeans": by_dask_ml,
    "MiniBatchKMeans.partial_fit": by_partial_fit,
}


def compare(folder: str, pixels: int, k: int, passes: int) -> None:
    """Measure time, without that of making the pixels, and error of several k-means."""
    histogram, counting, summing = gigapixel.count(folder, pixels, os.cpu_count() or 1)
    start = time.perf_counter()
    palette = kpalette.extract_palette(histogram, k, space="srgb")
    ours = counting + summing + time.perf_counter() - start
    error = gigapixel.error_of(histogram, palette.colors)
    print(f"\n{histogram.n_pixels / MEGA:.0f} megapixels, k = {k}, at most {passes} passes\n")
    print("| method | s | time / ours | MSE | MSE / ours |")
    print("|---|--:|--:|--:|--:|")
    print(f"| kpalette | {ours:.2f} | 1 | {error:.3f} | 1 |", flush=True)
    for name, method in RIVALS.items():
        try:
            seconds, centers = method(folder, pixels, k, passes)
        except ImportError as missing:
            print(f"| {name} | not measured: {missing} | | | |")
            continue
        theirs = gigapixel.error_of(histogram, centers)
        print(
            f"| {name} | {seconds:.1f} | {seconds / ours:.0f} | {theirs:.3f} "
            f"| {theirs / error:.4f} |",
            flush=True,
        )
