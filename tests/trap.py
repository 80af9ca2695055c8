"""Run in a process of its own: what kpalette starts and opens while it is given files.

`python trap.py FOLDER` gives each file in FOLDER/in to every way in, and prints as JSON what was
refused, and what was started or opened besides. `python trap.py FOLDER control` reads the same
files by Pillow alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import site
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image

import kpalette
from kpalette import Palette, cli, distributed, files

STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"}
STARTS |= {"os.forkpty", "os.startfile", "pty.spawn", "webbrowser.open", "ctypes.dlopen"}
STARTS |= {"socket.connect", "urllib.Request", "socket.getaddrinfo"}

#: Where Python's own files are, and the system's descriptions of itself.
OWN = [sys.prefix, sys.base_prefix, *site.getsitepackages(), *(p for p in sys.path if p)]
OWN += [str(Path(kpalette.__file__).parent), "/proc", "/sys", "/dev", matplotlib.get_cachedir()]

caught: list[str] = []
allowed: list[str] = []
#: What is done now, while it is watched.
now = ""


def hook(event: str, args: tuple[Any, ...]) -> None:
    if not now:
        return
    if event in STARTS:
        caught.append(f"{now}: {event} {args[:2]!r}")
    elif event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if not any(path == each or path.startswith(f"{each}/") for each in allowed):
            caught.append(f"{now}: open {path}")


class Program:
    """What an application may have registered with Pillow for formats that it only knows."""

    def open(self, image: Any) -> None:
        image._mode, image._size = "RGB", (1, 1)

    def load(self, image: Any) -> Any:
        os.system("true")
        return Image.new("RGB", (1, 1))


def ways(path: Path, folder: Path) -> dict[str, Callable[[], Any]]:
    """Return each function that reads a file, by its name."""
    out = folder / "out"
    good = folder / "good.png"
    palette = Palette.load(folder / "good.gpl")
    data = path.read_bytes()

    def lazy() -> Any:
        with Image.open(path) as image:
            return files.as_pixels(image)

    def command(*args: str | Path) -> Callable[[], None]:
        def run() -> None:
            code = cli.run([*map(str, args), "-q", "-f"])
            if code:
                raise ValueError(f"exit code {code}")

        return run

    swatches = out / "swatches.png"
    alone = out / "alone"
    shutil.rmtree(alone, ignore_errors=True)
    alone.mkdir(parents=True)
    shutil.copy(path, alone / "photo.png")
    shutil.copy(path, swatches)
    return {
        "as_pixels of a path": lambda: files.as_pixels(path),
        "as_pixels of bytes": lambda: files.as_pixels(io.BytesIO(data)),
        "as_pixels, truncated": lambda: files.as_pixels(path, allow_truncated=True),
        "a Pillow image": lazy,
        "quantize": lambda: kpalette.quantize(path, 4),
        "extract_palette": lambda: kpalette.extract_palette(path, 4),
        "remap": lambda: palette.remap(path),
        "histogram": lambda: kpalette.ColorHistogram.from_image(path),
        "compare": lambda: kpalette.metrics.compare(path, path),
        "is_animated": lambda: files.is_animated(path),
        "open_frames": lambda: [*files.open_frames(path).walk()],
        "quantize_animation": lambda: kpalette.quantize_animation(path, 4),
        "read_metadata": lambda: files.read_metadata(path),
        "the walk-through": lambda: kpalette.image.load_image(path),
        "Palette.load": lambda: Palette.load(swatches),
        "distributed": lambda: distributed.histogram(path, scheduler="synchronous"),
        "distributed, a URL": lambda: distributed.histogram(
            [f"file://{path}"], scheduler="synchronous"
        ),
        "distributed.quantize": lambda: distributed.quantize(path, 4, scheduler="synchronous"),
        "$ quantize": command("quantize", path, "-k", "4", "-o", out / "a.png"),
        "$ quantize --shared-palette": command(
            "quantize", path, "-k", "4", "--shared-palette", "--out-dir", out / "shared"
        ),
        "$ quantize --weights": command(
            "quantize", good, "-k", "4", "--weights", path, "-o", out / "b.png"
        ),
        "$ quantize --map": command("quantize", good, "--map", swatches, "-o", out / "c.png"),
        "$ quantize a folder": command("quantize", "-r", alone, "--out-dir", out / "all"),
        "$ quantize --keep-metadata": command(
            "quantize", path, "-k", "4", "--keep-metadata", "-o", out / "d.png"
        ),
        "$ palette": command("palette", path),
        "$ palette in tiles": command("palette", path, "--scheduler", "threads"),
        "$ remap": command("remap", path, "--palette", folder / "good.gpl", "-o", out / "e.png"),
        "$ remap --palette": command("remap", good, "--palette", swatches, "-o", out / "f.png"),
        "$ compare": command("compare", path, path),
        "$ sweep": command("sweep", path, "-k", "2", "--no-png"),
    }


def by_pillow(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def main(folder: Path, control: bool) -> None:
    global now
    for name in ("Wmf", "GribStub", "BufrStub", "Hdf5Stub"):
        import_module(f"PIL.{name}ImagePlugin").register_handler(Program())
    allowed.extend(os.path.realpath(each) for each in [*OWN, folder / "in", folder / "out"])
    allowed.extend(str(folder / name) for name in ("good.png", "good.gpl"))
    read: dict[str, list[str]] = {}
    refused: dict[str, dict[str, str]] = {}
    internal: list[str] = []
    for path in sorted((folder / "in").iterdir()):
        done, failed = read.setdefault(path.name, []), refused.setdefault(path.name, {})
        found = {"Pillow": partial(by_pillow, path)} if control else ways(path, folder)
        for way, call in found.items():
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                now = f"{path.name}, {way}"
                try:
                    call()
                    done.append(way)
                except Exception as error:
                    failed[way] = f"{type(error).__name__}: {error}"
                now = ""
            if "internal error" in said.getvalue():
                internal.append(f"{path.name}, {way}: {said.getvalue()}")
    print(json.dumps({"caught": caught, "read": read, "refused": refused, "internal": internal}))


if __name__ == "__main__":
    Image.init()
    tempfile.gettempdir()  # which tries where it can write
    sys.addaudithook(hook)
    main(Path(os.path.realpath(sys.argv[1])), "control" in sys.argv)
