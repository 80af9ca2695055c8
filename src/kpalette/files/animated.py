"""Encoding animations, by format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _writer(kind: str) -> Callable[..., None]:
    """Return a format's function, which imports its module when it is first called."""

    def write(*args: Any, **options: Any) -> None:
        module = {"png": "apng"}.get(kind, kind)
        import_module(f"kpalette.files.{module}").write(*args, **options)

    return write


#: The function that writes an animation, by format. Its arguments: a binary file; the frames, pairs
#: of indices uint8 (h, w) and colours uint8 (k, 3 or 4), k up to 256; their durations in
#: milliseconds; how often to play, 0 for ever; width and height; the distinct palettes; and whether
#: to take longer for fewer bytes. PNG takes pixels per inch as well, and PNG and WebP what to draw
#: of each frame at least. ValueError: the format cannot hold the animation.
ENCODERS = {kind: _writer(kind) for kind in ("gif", "png", "webp")}
