"""sharp, and imagequant 4 in @napi-rs/image, in Node: whole processes, from PNG to PNG."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.rivals.rival import Missing, Rival

FOLDER = Path("build/bench/node")  # of the repository
PACKAGES = {"sharp": "^0.35.5", "@napi-rs/image": "^1.15.0"}
SCRIPT = Path(__file__).parents[1] / "quantize.cjs"


def install() -> None:
    """Install both packages from npm into the build folder, unless they are there."""
    if shutil.which("npm") is None or all(map(installed, PACKAGES)):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = [f"{name}@{wanted}" for name, wanted in PACKAGES.items()]
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([*command, *names], check=False, timeout=300)


def installed(name: str) -> bool:
    return (FOLDER / "node_modules" / name / "package.json").is_file()


def version(name: str) -> str:
    if shutil.which("node") is None:
        raise Missing("Node.js and npm")
    if not installed(name):
        raise Missing(f"npm install --prefix {FOLDER} {name}@{PACKAGES[name]}")
    told = json.loads((FOLDER / "node_modules" / name / "package.json").read_text())
    return f"{name} {told['version']}"


def command(
    source: str, target: str, k: int, *, method: str, options: dict[str, Any], colors: str
) -> list[str]:
    modules = (FOLDER / "node_modules").resolve()
    told = json.dumps({colors: k, **options})
    return ["env", f"NODE_PATH={modules}", "node", str(SCRIPT), "1", method, told, source, target]


def imagequant(speed: int) -> Rival:
    options = {"speed": speed, "minQuality": 0, "maxQuality": 100}
    return Rival(
        f"imagequant 4, speed {speed}, dithered",
        "files",
        partial(command, method="imagequant", options=options, colors="colors"),
        f"pngQuantize(png, {{colors: k, speed: {speed}, minQuality: 0, maxQuality: 100}})",
        partial(version, "@napi-rs/image"),
        dithered=True,
    )


def sharp(dither: int) -> Rival:
    options = {"dither": dither, "quality": 100}
    return Rival(
        f"sharp{', dithered' if dither else ''}",
        "files",
        partial(command, method="sharp", options=options, colors="colours"),
        f"png({{palette: true, colours: k, dither: {dither}, quality: 100}}): 2, 4, 16 or 256",
        partial(version, "sharp"),
        dithered=dither > 0,
    )


RIVALS = [imagequant(1), imagequant(4), sharp(0), sharp(1)]
