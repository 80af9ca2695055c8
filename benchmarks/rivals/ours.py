"""kpalette, with its public functions and its command line."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import kpalette
from benchmarks.rivals.rival import Pixels, Result, Rival
from kpalette.choices import EFFORTS

COMMAND = str(Path(sys.executable).with_name("kpalette"))


def version() -> str:
    return f"kpalette {kpalette.__version__}"


def quantize(pixels: Pixels, k: int, **options: Any) -> Result:
    result = kpalette.quantize(pixels, k, **options)
    return result.palette.colors, result.indices


def extract(pixels: Pixels, k: int, **options: Any) -> Any:
    return kpalette.extract_palette(pixels, k, **options).colors


def command(source: str, target: str, k: int, *, options: str) -> list[str]:
    return [COMMAND, "quantize", source, "-k", str(k), "-o", target, "-f", *options.split()]


def shown(options: dict[str, str]) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items())


def ours(
    kind: str, effort: str, ending: str, *, space: str = "oklab", dither: str | None = None
) -> Rival:
    """Return an entry for one set of options of the functions or the command line."""
    options = {"space": space, "effort": effort, **({"dither": dither} if dither else {})}
    switches = " ".join(f"--{name} {value}" for name, value in options.items())
    name, run, how = {
        "array": ("kpalette", partial(quantize, **options), f"quantize(pixels, k{shown(options)})"),
        "palette": (
            "kpalette palette",
            partial(extract, **options),
            f"extract_palette(pixels, k{shown(options)})",
        ),
        "files": (
            "kpalette command",
            partial(command, options=switches),
            f"kpalette quantize -k K {switches}",
        ),
    }[kind]
    return Rival(
        f"{name} {effort}{ending}",
        kind,  # type: ignore[arg-type]
        run,
        how,
        version,
        dithered=dither is not None,
        ours=True,
        space=space,
    )


def each(kind: str, efforts: tuple[str, ...]) -> list[Rival]:
    return [
        made
        for effort in efforts
        for made in (
            ours(kind, effort, "", space="srgb"),
            ours(kind, effort, ", Oklab"),
            ours(kind, effort, ", dithered", dither="floyd-steinberg"),
        )
    ]


RIVALS = [
    *each("array", EFFORTS),
    *(ours("palette", effort, "", space="srgb") for effort in EFFORTS),
    *each("files", EFFORTS[:2]),
]
