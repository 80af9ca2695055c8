"""Encoding of animations: frames of indices become a file with exactly their colours."""

from __future__ import annotations

from collections.abc import Callable

from kpalette.files.apng import write_apng
from kpalette.files.gif import write_gif
from kpalette.files.webp import write_webp

#: How to write an animation, by format: functions of a binary file, pairs of indices uint8 (h, w)
#: and colours uint8 (k, 3 or 4), k up to 256, in which each frame is shown; their milliseconds; how
#: many times all are shown, 0 being for ever; width and height; the palettes that there are; and
#: whether to take longer for fewer bytes. What a format has no room for is a ValueError.
ENCODERS: dict[str, Callable[..., None]] = {
    "gif": write_gif,
    "png": write_apng,
    "webp": write_webp,
}
