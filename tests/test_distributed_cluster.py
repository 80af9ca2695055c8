"""On a cluster: what one machine gives, whoever is killed in the middle; or an error in words."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import zarr
from distributed import Client, LocalCluster

import kpalette
from conftest import PATIENCE, noise
from kpalette import ColorHistogram, distributed
from kpalette.distributed import (
    NoWorkersError,
    OutputError,
    SchedulerLostError,
    TileError,
    WaitingWarning,
    around,
    comparing,
    counting,
    mosaics,
    quantizing,
    running,
    saving,
    tasks,
)

PIXELS = noise(120, 160)
SIDE = 40
N_TILES = 12


# All workers can be dead for a second, where tests kill them.
pytestmark = pytest.mark.filterwarnings("ignore::kpalette.distributed.WaitingWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    settings = {
        "distributed.comm.timeouts.connect": PATIENCE,
        # After 15 s a LocalCluster gives up a worker that has died, and whose successor it does not
        # see just then: such as one that is starting, or has been killed again.
        "distributed.deploy.lost-worker-timeout": PATIENCE,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=PATIENCE)  # one may have been killed just before
        yield client


def tiles(folder: Path, plan: dict[str, str]) -> Any:
    """Make a source whose tiles do what a plan says, by their place, once they are read.

    ``"die once"`` kills the process that reads the tile, the first time; ``"die"`` each time,
    ``"wait"`` waits for ever; ``"fail"`` raises.
    """
    (folder / "reads").mkdir(exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan))
    return da.map_blocks(
        _read,
        folder=folder,
        chunks=((SIDE,) * 3, (SIDE,) * 4, (3,)),
        dtype=np.uint8,
        meta=np.empty((0, 0, 0), np.uint8),
        name=f"plan-{folder}",
    )


def _read(folder: Path, block_info: Any = None) -> Any:
    place = "-".join(map(str, block_info[None]["chunk-location"][:2]))
    first = n_reads(folder, place) == 0
    (folder / "reads" / f"{place} {os.urandom(8).hex()}").touch()
    what = json.loads((folder / "plan.json").read_text()).get(place)
    if what == "die" or (what == "die once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    while what == "wait":
        time.sleep(60)
    if what == "fail":
        raise OSError("the tape is torn")
    rows, columns = block_info[None]["array-location"][:2]
    return PIXELS[slice(*rows), slice(*columns)]


def n_reads(folder: Path, place: str = "*") -> int:
    """Count how often a tile was read, or all of them."""
    return len(list((folder / "reads").glob(f"{place} *")))


def test_gives_what_one_machine_gives(client, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(running, "CONNECT_TIMEOUT", PATIENCE)
    zarr.create_array(tmp_path / "big.zarr", data=PIXELS, chunks=(SIDE, SIDE, 3))
    whole = kpalette.quantize(PIXELS, 7, dither="blue-noise")
    address = client.scheduler.address
    for source in (tmp_path / "big.zarr", da.from_array(PIXELS, chunks=(SIDE, 50, 3))):
        for scheduler in (client, address):
            q = distributed.quantize(source, 7, dither="blue-noise", scheduler=scheduler)
            assert q.palette == kpalette.extract_palette(PIXELS, 7, dither="blue-noise")
            q.save(tmp_path / "few.zarr", overwrite=True)
            saved = zarr.open_group(tmp_path / "few.zarr", mode="r")
            assert np.array_equal(saved["indices"][:], whole.indices)
    with client.as_current():  # as a script has it
        assert distributed.histogram(tmp_path / "big.zarr") == ColorHistogram.from_image(PIXELS)
    assert len(client.scheduler_info()["workers"]) == 2


def test_progress_is_shown_on_stderr(client, capfd) -> None:
    for scheduler in ("threads", client):
        distributed.quantize(PIXELS, 3, chunks=SIDE, scheduler=scheduler, progress=True)
        said = capfd.readouterr()
        assert said.out == ""
        assert "100% Completed" in said.err


def test_array_that_is_on_the_cluster_already(client) -> None:
    persisted = client.persist(da.from_array(PIXELS, chunks=(SIDE, SIDE, 3)))
    assert distributed.histogram(persisted, scheduler=client) == ColorHistogram.from_image(PIXELS)
    q = distributed.quantize(persisted, 5, scheduler=client)
    indices = client.compute(q.indices).result()
    assert np.array_equal(indices, kpalette.quantize(PIXELS, 5).indices)


@pytest.mark.parametrize("dither", ["bayer", "spatial", "floyd-steinberg"])
def test_many_waves_give_what_one_gives(dither, client, tmp_path, monkeypatch) -> None:
    """And a tile of any wave is named, and two at most are submitted."""
    monkeypatch.setattr(tasks, "WAVE", 2)
    zarr.create_array(tmp_path / "big.zarr", data=PIXELS, chunks=(SIDE, SIDE, 3))
    whole = kpalette.quantize(PIXELS, 7, dither=dither)
    for scheduler in ("synchronous", client):
        options = {"dither": dither, "scheduler": scheduler}
        for source in (tmp_path / "big.zarr", da.from_array(PIXELS, chunks=(SIDE, 50, 3))):
            q = distributed.quantize(source, 7, chunks=SIDE, **options)
            assert np.array_equal(q.palette.colors, whole.palette.colors)
            q.save(tmp_path / "few.zarr", overwrite=True)
            saved = zarr.open_group(tmp_path / "few.zarr", mode="r")
            assert np.array_equal(saved["indices"][:], whole.indices)
            assert saved["counts"][:].sum() == whole.indices.size
            assert q.tile_errors().looks == whole.report(0).comparison.looks
        with pytest.raises(TileError, match=r"tile \(2, 3\), rows 80 to 119, .*the tape is torn"):
            distributed.histogram(tiles(tmp_path, {"2-3": "fail"}), scheduler=scheduler)


def test_the_clients_memory_does_not_grow_with_the_number_of_tiles(tmp_path) -> None:
    """Of 10,000 and 490,000 tiles that kpalette reads, the first wave takes as much."""
    peaks = []
    for side in (100, 700):
        tracemalloc.start()
        mosaic = mosaics.of_reader(
            _read_zeros, (4 * side, 4 * side, 3), np.uint8, 4, (4, 4), "image", {"side": side}
        )
        palette = kpalette.Palette(np.eye(3, dtype=np.uint8))
        first = [next(counting._counting(mosaic, counting.Counter("keep", None)))]
        assert len(first[0].names) == tasks.WAVE
        assert len(first[0].graph) == tasks.WAVE
        done = np.zeros((side, side), bool)
        for dither in (None, "spatial", "floyd-steinberg"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(quantizing, "open_image", lambda *_, mosaic=mosaic: mosaic)
                patch.setattr(quantizing, "band_chunks", lambda _: None)
                patch.setattr(around, "REACH", 4)
                patch.setattr(around, "PASSES", 4)
                q = distributed.quantize("image", palette=palette, dither=dither)
                writers = saving.Writers(q, mosaic.grid, str(tmp_path), done)
                if dither == "floyd-steinberg":
                    which = next(tasks.in_waves(range(side), side))
                    first.append(writers.of_bands(which, str(tmp_path)))
                else:
                    first.append(next(writers.waves()))
                    how = (mosaic, mosaic.grid, palette.colors, q._mapper)
                    first.append(next(comparing._summing(*how)))
        for wave in first:
            assert len(wave.graph) <= 3 * tasks.WAVE
            tasks.merged(wave, list)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 2**20


def _read_zeros(rows: slice, columns: slice) -> np.ndarray[Any, Any]:
    return np.zeros((rows.stop - rows.start, columns.stop - columns.start, 3), np.uint8)


def test_two_waves_are_submitted_at_most(client, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "WAVE", 1)
    made: list[int] = []
    ended: list[int] = []
    merged, result = tasks.merged, running._result

    def counted(wave: Any, merge: Any) -> Any:
        made.append(1)
        assert len(made) <= len(ended) + 2
        return merged(wave, merge)

    def noted(*args: Any) -> Any:
        assert len(made) == min(len(ended) + 2, N_TILES)
        found = result(*args)
        ended.append(1)
        return found

    monkeypatch.setattr(tasks, "merged", counted)
    monkeypatch.setattr(running, "_result", noted)
    distributed.histogram(PIXELS, chunks=SIDE, scheduler=client)
    assert len(made) == len(ended) == N_TILES


def test_worker_killed_while_counting(client, tmp_path) -> None:
    source = tiles(tmp_path, {"1-2": "die once", "2-0": "die once"})
    found = distributed.histogram(source, scheduler=client)
    assert found == ColorHistogram.from_image(PIXELS)
    assert n_reads(tmp_path, "1-2") >= 2


def test_worker_killed_while_writing(client, tmp_path) -> None:
    palette = kpalette.extract_palette(PIXELS, 9)
    calm = distributed.quantize(PIXELS, palette=palette, chunks=SIDE)
    calm.save(tmp_path / "calm.zarr")
    source = tiles(tmp_path, {"0-3": "die once", "2-1": "die once"})
    q = distributed.quantize(source, palette=palette, scheduler=client)
    q.save(tmp_path / "killed.zarr")
    assert n_reads(tmp_path, "2-1") >= 2
    for path in (tmp_path / "calm.zarr").rglob("*"):
        if path.is_file() and path.parent.name != "calm.zarr":
            twin = tmp_path / "killed.zarr" / path.relative_to(tmp_path / "calm.zarr")
            assert twin.read_bytes() == path.read_bytes()


def test_tile_that_kills_its_workers_is_named(cluster, client, tmp_path) -> None:
    allowed = cluster.scheduler.allowed_failures
    cluster.scheduler.allowed_failures = 0
    try:
        # The only one, because who dies takes what waits for him along.
        source = tiles(tmp_path, {"0-0": "die"})[:SIDE, :SIDE]
        where = r"array, tile \(0, 0\), rows 0 to 39, columns 0 to 39"
        with pytest.raises(TileError, match=f"{where}: 1 worker died while running it.*memory"):
            distributed.histogram(source, scheduler=client)
    finally:
        cluster.scheduler.allowed_failures = allowed


def test_tile_that_cannot_be_read_is_named(client, tmp_path) -> None:
    source = tiles(tmp_path, {"2-3": "fail"})
    where = r"array, tile \(2, 3\), rows 80 to 119, columns 120 to 159: the tape is torn"
    with pytest.raises(TileError, match=where):
        distributed.histogram(source, scheduler=client)
    with pytest.raises(TileError, match=r"/no\.png: No such file"):
        distributed.histogram([tmp_path / "no.png"], scheduler=client)


def test_full_disk_of_a_worker_is_named(client, tmp_path) -> None:
    q = distributed.quantize(PIXELS, 5, chunks=SIDE, scheduler=client)
    client.run(_limit_files, 300)
    try:
        with pytest.raises(OutputError, match=r"\[Errno 27\] File too large: '.*few\.zarr\.part"):
            q.save(tmp_path / "few.zarr")
    finally:
        client.run(_limit_files, -1)
    q.save(tmp_path / "few.zarr")
    saved = zarr.open_group(tmp_path / "few.zarr", mode="r")
    assert np.array_equal(saved["indices"][:], kpalette.quantize(PIXELS, 5).indices)


def _limit_files(n_bytes: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if n_bytes < 0 else n_bytes, hard))


#: Waits until one batch waits and all others are counted, and kills the scheduler.
KILLER = f"""
import os, pathlib, signal, sys, time
def there(pattern):
    return len(list(pathlib.Path(sys.argv[1]).glob(pattern)))
while there("reads/*") < {N_TILES} or there("counts/*.histogram") < {running.BATCHES - 1}:
    time.sleep(0.02)
os.kill(int(sys.argv[2]), signal.SIGKILL)
"""


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python with what is here on its path, until the end of the block."""
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": paths},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def scheduler_with_a_worker() -> Iterator[tuple[int, str]]:
    """Start processes of their own; give the scheduler's number and address."""
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    with started("-m", "distributed.cli.dask_scheduler", "--port", "0", *options) as scheduler:
        assert scheduler.stderr
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
        with started("-m", "distributed.cli.dask_worker", address, "--no-nanny", *options):
            yield scheduler.pid, address


class TestNoWorkers:
    @pytest.mark.filterwarnings("default::kpalette.distributed.WaitingWarning")
    def test_is_told_at_once_and_ends_after_a_limit(self, client_without_workers) -> None:
        address = client_without_workers.scheduler.address
        start = time.monotonic()
        with (
            dask.config.set({"kpalette.wait-for-workers": 0.5}),
            pytest.warns(WaitingWarning, match=f"'{address}' has no worker: waiting 0.5 s"),
            pytest.raises(NoWorkersError, match=r"has had no worker for 0\.5 s; finished"),
        ):
            distributed.histogram(PIXELS, scheduler=client_without_workers)
        assert time.monotonic() - start > 0.5
        assert issubclass(NoWorkersError, SchedulerLostError)

    def test_goes_on_once_one_comes(self, client_without_workers) -> None:
        cluster = client_without_workers.cluster

        def told(*warning: Any) -> None:
            cluster.scale(1)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running.warnings, "warn", lambda *args, **kwargs: told())
            found = distributed.histogram(PIXELS, scheduler=client_without_workers)
        assert found == ColorHistogram.from_image(PIXELS)

    def test_the_limit_is_five_minutes_unless_told(self) -> None:
        assert running.patience() == 300
        with dask.config.set({"kpalette.wait-for-workers": "2 hours"}):
            assert running.patience() == 7200


@pytest.fixture
def client_without_workers() -> Iterator[Client]:
    options = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with (
        LocalCluster(n_workers=0, threads_per_worker=1, processes=False, **options) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


class TestSchedulerLost:
    def test_closed_client(self, cluster) -> None:
        client = Client(cluster, set_as_default=False)
        client.close()
        with pytest.raises(ValueError, match="expected a connected Client, got a closed one"):
            distributed.histogram(PIXELS, scheduler=client)

    def test_no_answer(self) -> None:
        from kpalette.distributed import running

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "CONNECT_TIMEOUT", 1)
            with pytest.raises(SchedulerLostError, match=r"got no answer from 'tcp://127.0.0.1:9'"):
                distributed.histogram(PIXELS, scheduler="tcp://127.0.0.1:9")
        for address in ("morse://here", "tls://127.0.0.1:9", "inproc://1"):
            with pytest.raises(SchedulerLostError, match=f"got no answer from '{address}'"):
                distributed.histogram(PIXELS, scheduler=address)
            # Half-open ones would close themselves in whichever thread collects them.
            clients = [client for client in gc.get_objects() if type(client) is Client]
            assert {client.status for client in clients} <= {"closed", "running"}
        for address in ("tcp://", "tcp://127.0.0.1:many", "tls://host"):
            with pytest.raises(ValueError, match=r"an address such as .* or a Client, got"):
                distributed.histogram(PIXELS, scheduler=address)

    @pytest.mark.parametrize("own_client", [True, False])
    def test_scheduler_killed_in_the_middle(self, own_client, tmp_path) -> None:
        """And a run with another one goes on where it was."""
        source = tiles(tmp_path, {"2-3": "wait"})
        with (
            scheduler_with_a_worker() as (scheduler, address),
            started("-c", KILLER, str(tmp_path), str(scheduler)),
        ):
            client = Client(address, set_as_default=False) if own_client else None
            with pytest.raises(SchedulerLostError, match=f"lost the connection to '{address}'"):
                distributed.histogram(
                    source,
                    checkpoint=tmp_path / "counts",
                    scheduler=client or address,
                    progress=own_client,
                )
            if client:
                client.close(timeout=1)
        found = distributed.histogram(
            tiles(tmp_path, {}), checkpoint=tmp_path / "counts", scheduler="synchronous"
        )
        assert found == ColorHistogram.from_image(PIXELS)
        # Of the run that was under way, tiles may be saved that came apart from the one that waits.
        assert N_TILES < n_reads(tmp_path) <= N_TILES + N_TILES // running.BATCHES
