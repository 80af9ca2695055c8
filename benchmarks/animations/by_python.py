"""python -m benchmarks.animations.by_python METHOD FOLDER MILLISECONDS OPTIONS TARGET

Makes a GIF of a folder's PNG files with one of `METHODS`; options are JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def kpalette(paths: list[Path], milliseconds: int, target: Path, options: dict[str, Any]) -> None:
    import kpalette

    frames = [(path, milliseconds) for path in paths]
    kpalette.quantize_animation(frames, **options).save(target)


def pillow(paths: list[Path], milliseconds: int, target: Path, options: dict[str, Any]) -> None:
    """Save the frames; with `k`, each is first reduced to so many colours, without dithering."""
    from PIL import Image

    frames = [Image.open(path) for path in paths]
    how: dict[str, Any] = {"save_all": True, "duration": milliseconds, "loop": 0}
    transparent = frames[0].mode == "RGBA"
    if transparent:
        how["disposal"] = 2  # or what was seen before stays, where a frame is transparent
    if k := options.get("k"):
        frames = [frame.quantize(k, dither=Image.Dither.NONE) for frame in frames]
        if transparent:  # colours again, as it does not save which entry is transparent
            frames = [frame.convert("RGBA") for frame in frames]
    frames[0].save(target, append_images=frames[1:], **how)


METHODS = {"kpalette": kpalette, "pillow": pillow}


def main(method: str, folder: str, milliseconds: str, options: str, target: str) -> None:
    paths = sorted(Path(folder).glob("*.png"))
    METHODS[method](paths, int(milliseconds), Path(target), json.loads(options))


if __name__ == "__main__":
    main(*sys.argv[1:])
