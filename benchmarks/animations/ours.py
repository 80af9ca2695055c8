"""python -m benchmarks.animations.ours FOLDER MILLISECONDS OPTIONS TARGET: a GIF of PNG files."""

import json
import sys
from pathlib import Path

import kpalette


def main(folder: str, milliseconds: str, options: str, target: str) -> None:
    frames = [(path, int(milliseconds)) for path in sorted(Path(folder).glob("*.png"))]
    kpalette.quantize_animation(frames, **json.loads(options)).save(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
