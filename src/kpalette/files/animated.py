"""Encoding of animations: frames of indices become a file with exactly their colours."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _writer(kind: str) -> Callable[..., None]:
    """Give a format's function, whose module is imported when it is first called."""

    def write(*args: Any, **options: Any) -> None:
        module = {"png": "apng"}.get(kind, kind)
        getattr(import_module(f"kpalette.files.{module}"), f"write_{module}")(*args, **options)

    return write


#: How to write an animation, by format: functions of a binary file, pairs of indices uint8 (h, w)
#: and colours uint8 (k, 3 or 4), k up to 256, in which each frame is shown; their milliseconds; how
#: many times all are shown, 0 being for ever; width and height; the palettes that there are; and
#: whether to take longer for fewer bytes. What a format has no room for is a ValueError.
ENCODERS = {kind: _writer(kind) for kind in ("gif", "png", "webp")}
