"""Try the installed package in a few seconds, from outside a clone, as each wheel is tested.

    PATH=/nowhere some/venv/bin/python tools/smoke.py

It tries the command, the library, and the page of `kpalette serve`. Only the package and its
dependencies need be installed.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import files, metadata, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

import kpalette
from kpalette import _core

COMMAND = os.path.join(sysconfig.get_path("scripts"), "kpalette")

PIXELS = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)

#: The first bytes of files that the page needs.
PAGE = {"index.html": b"<!doctype html>", ".wasm": b"\0asm"}


#: Every command that ends by itself, each after those that write its input.
COMMANDS = (
    "quantize photo.png -k 16 -o few.png",
    "quantize clip.gif -k 8 -o few.gif",
    "16 --nofs photo.png",
    "palette photo.png -o few.hex",
    "theme photo.png -o card.svg",
    "remap photo.png --palette few.hex -o mapped.png",
    "sweep photo.png -k 2,4,8",
    "compare photo.png few.png",
    "completion bash",
)


#: What the licences name: of the page, and of the native module.
LICENSED = ("fflate", "image-size", "three", "uplot")
LICENSED += ("libdeflate", "wasi-libc", "musl", "libc++")
LINKED = {"LICENSE", "color-names.txt", "nanobind.txt", "robin-map.txt"}
ZIG = {"libcxx.txt", "zig-compiler-rt.txt"}
if os.name == "nt":
    LINKED |= {*ZIG, "mingw-w64.txt"}


def check_licenses() -> None:
    """Check that the licences of all that is bundled are in the package."""
    texts = {path.name: path for path in files("kpalette") or () if path.parent.name == "licenses"}
    assert texts.keys() >= LINKED, texts
    if sys.platform == "linux" and b"libstdc++.so" not in Path(_core.__file__).read_bytes():
        assert "gcc-runtime.txt" in texts or texts.keys() >= ZIG, texts
    for path in texts.values():
        assert re.search(r"Copyright \(c\)|CC0 1\.0", path.read_text(encoding="utf-8")), path
    page = Path(kpalette.__file__).with_name("playground") / "licenses.txt"
    titles = re.findall(r"^==== ([\w.+-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {*titles} >= {*LICENSED}, titles


def check_description() -> None:
    """Check that what indexes show of the package leads to no file of the clone."""
    page = metadata("kpalette").json["description"]
    assert "pip install kpalette" in page, page
    assert not re.search(r"\]\((?!https?:)", page), page


def try_command(folder: Path) -> None:
    told = subprocess.check_output([COMMAND, "--version"], text=True)
    assert version("kpalette") in told, told
    frames = [Image.fromarray(PIXELS[i:, i:][:60, :80]) for i in range(3)]
    Image.fromarray(PIXELS).save(folder / "photo.png")
    frames[0].save(folder / "clip.gif", save_all=True, append_images=frames[1:])
    for command in COMMANDS:
        subprocess.run([COMMAND, *command.split()], check=True, cwd=folder)
    assert kpalette.quantize(folder / "few.png", 16).mse == 0
    demo = subprocess.run([COMMAND, "demo"], capture_output=True, text=True, cwd=folder)
    if find_spec("matplotlib"):
        assert len(list((folder / "demo").iterdir())) >= 4
    else:
        assert "Matplotlib is not installed" in demo.stderr, demo.stderr


def try_library() -> None:
    for threads in (1, 2):
        q = kpalette.quantize(PIXELS, 32, dither="floyd-steinberg", threads=threads)
        assert q.rgb.shape == PIXELS.shape
        assert len(q.palette) == len(np.unique(q.rgb.reshape(-1, 3), axis=0)) == 32
    model = kpalette.KMeans(4, random_state=0).fit(PIXELS.reshape(-1, 3))
    assert model.cluster_centers_.shape == (4, 3)


def try_page() -> None:
    root = Path(kpalette.__file__).with_name("playground")
    files = [path for path in root.rglob("*") if path.is_file()]
    for name, start in PAGE.items():
        (path,) = (path for path in files if path.name.endswith(name))
        assert path.read_bytes().lower().startswith(start), path
    command = [COMMAND, "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout
            host = serving.stdout.readline().split("/")[2]
            connection = http.client.HTTPConnection(host, timeout=60)
            for path in files:
                connection.request("GET", f"/{path.relative_to(root).as_posix()}")
                assert connection.getresponse().read() == path.read_bytes(), path
            connection.close()
        finally:
            serving.terminate()
    assert serving.returncode == (143 if os.name == "posix" else 1), serving.returncode


def main() -> None:
    """Try everything; a failure ends with a traceback."""
    check_licenses()
    check_description()
    with tempfile.TemporaryDirectory() as folder:
        try_command(Path(folder))
    try_library()
    try_page()
    print(f"kpalette {version('kpalette')} works on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
