"""Processes that run rivals, so that slow ones can be stopped.

Libraries are imported at a rival's first run, which is on a small picture and not timed.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import kpalette
from benchmarks.rivals import Pixels, Result, Rival

WARM_UP = 120.0  # seconds, for imports and the first run
SLACK = 1.0  # seconds beyond the limit, after which the process is killed
KILOBYTE = 1024 if sys.platform == "linux" else 1  # the unit of getrusage, in bytes


class TooSlow(Exception):
    """A run exceeded its time limit."""


class Failed(Exception):
    """A rival raised an error, or its process died."""


@dataclass(frozen=True)
class Run:
    """A rival's result for a picture."""

    seconds: float
    result: Result
    size: int | None = None  # bytes of the file that a program wrote


class Workers:
    """Processes, one for each module of adapters: a stopped rival restarts only its module's."""

    def __init__(self, *, one_core: bool = False) -> None:
        self._one_core = one_core
        self._folder = tempfile.TemporaryDirectory()
        self._processes: dict[str, _Process] = {}
        self._pixels: Pixels | None = None

    def load(self, pixels: Pixels) -> None:
        """Set the picture of the next runs, uint8 (h, w, 3)."""
        self._pixels = pixels
        for process in self._processes.values():
            process.loaded = False

    def run(self, rival: Rival, k: int, limit: float) -> Run:
        """Run a rival for at most `limit` seconds.

        Raises
        ------
        TooSlow, Failed
        """
        return self._do("run", rival, k, limit)

    def memory(self, rival: Rival, k: int, limit: float) -> int:
        """Return a run's peak memory in bytes, beyond that of its libraries and the picture."""
        return self._do("memory", rival, k, limit)

    def close(self) -> None:
        for process in self._processes.values():
            process.stop()
        self._folder.cleanup()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _do(self, what: str, rival: Rival, k: int, limit: float) -> Any:
        family = getattr(rival.run, "func", rival.run).__module__
        if family not in self._processes:
            folder = tempfile.mkdtemp(dir=self._folder.name)
            with one_core() if self._one_core else nullcontext():
                self._processes[family] = _Process(folder)
        process = self._processes[family]
        try:
            if not process.loaded:
                process.ask(WARM_UP, "load", self._pixels)
                process.loaded = True
            if rival.name not in process.warm:
                process.ask(WARM_UP, "warm_up", rival, WARM_UP)
                process.warm.add(rival.name)
            return process.ask(limit, what, rival, k, limit)
        except (_Ended, TooSlow) as error:
            if not process.running:
                del self._processes[family]
            if isinstance(error, _Ended):
                raise Failed("ended its process") from error
            raise


class _Ended(Exception):
    """The process has died."""


class _Process:
    """A process, and what it has received."""

    def __init__(self, folder: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        self._process.start()
        theirs.close()
        self.running = True
        self.loaded = False
        self.warm: set[str] = set()

    def stop(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()
        self.running = False

    def ask(self, limit: float, *request: Any) -> Any:
        try:
            self._connection.send(request)
            if not self._connection.poll(limit + SLACK):
                self.stop()
                raise TooSlow
            kind, answer = self._connection.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise _Ended from error
        if kind == "too slow":
            raise TooSlow
        if kind == "failed":
            raise Failed(answer)
        return answer


@contextmanager
def one_core() -> Iterator[None]:
    """Restrict processes started here to one core, and their libraries to one thread."""
    names = [f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB")]
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def exact(image: Image.Image) -> Result:
    """Return palette and indices of a picture of few colours, of any mode."""
    pixels = np.asarray(image.convert("RGB"))
    codes = pixels.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    values, indices = np.unique(codes, return_inverse=True)
    palette = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1)
    return palette.astype(np.uint8), indices.reshape(codes.shape).astype(np.uint16)


def peak_memory() -> int:
    """Return this process's peak memory in bytes."""
    if sys.platform == "linux":  # on which getrusage starts at the parent's peak
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


#: Starts a program from a process so small that getrusage's peak is the program's.
LAUNCHER = (
    "import os, resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], check=True, capture_output=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


class _Server:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def load(self, pixels: Pixels) -> None:
        self.pixels = np.ascontiguousarray(pixels)
        self.source = f"{self.folder}/photo.png"
        Path(self.source).unlink(missing_ok=True)

    def warm_up(self, rival: Rival, limit: float) -> None:
        whole = self.pixels
        self.load(whole[:64, :64])
        try:
            self.run(rival, 8, limit)
        finally:
            self.load(whole)

    def run(self, rival: Rival, k: int, limit: float) -> Run:
        if rival.kind == "files":
            return self._run_command(rival, k, limit)
        start = time.perf_counter()
        result = rival.run(self.pixels, k)
        seconds = time.perf_counter() - start
        if rival.kind == "palette":
            palette = np.clip(np.rint(result), 0, 255).astype(np.uint8)
            mapped = kpalette.Palette(np.unique(palette, axis=0)).remap(self.pixels, space="srgb")
            result = mapped.palette.colors, mapped.indices
        return Run(seconds, result)

    def memory(self, rival: Rival, k: int, limit: float) -> int:
        if rival.kind == "files":
            command = self._command(rival, k)
            launch = [sys.executable, "-S", "-c", LAUNCHER, *command]
            ran = subprocess.run(launch, check=True, capture_output=True, timeout=limit)
            return int(ran.stdout) * KILOBYTE
        before = peak_memory()
        rival.run(self.pixels, k)
        return peak_memory() - before

    def _command(self, rival: Rival, k: int) -> list[str]:
        if not Path(self.source).exists():
            Image.fromarray(self.pixels).save(self.source)
        self.target = f"{self.folder}/few.png"
        Path(self.target).unlink(missing_ok=True)
        return list(rival.run(self.source, self.target, k))

    def _run_command(self, rival: Rival, k: int, limit: float) -> Run:
        command = self._command(rival, k)
        start = time.perf_counter()
        ran = subprocess.run(command, capture_output=True, text=True, timeout=limit)
        seconds = time.perf_counter() - start
        if ran.returncode:
            said = ran.stderr.strip().splitlines()
            raise RuntimeError(f"exit code {ran.returncode}: {said[-1] if said else ''}")
        with Image.open(self.target) as image:
            return Run(seconds, exact(image), Path(self.target).stat().st_size)


def _serve(connection: Connection, folder: str) -> None:
    """Answer requests, (method, arguments...), until the connection closes."""
    warnings.simplefilter("ignore")  # from the rivals
    server = _Server(folder)
    while True:
        try:
            what, *arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("done", getattr(server, what)(*arguments)))
        except subprocess.TimeoutExpired:
            connection.send(("too slow", None))
        except Exception as error:
            first = str(error).partition("\n")[0]
            connection.send(("failed", f"{type(error).__name__}: {first}"))
