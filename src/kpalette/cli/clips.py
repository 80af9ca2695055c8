"""Clips on the command line: films, pictures that become one, and edits of time and size."""

from __future__ import annotations

import os

from kpalette.cli import memory, pngquant
from kpalette.cli.exits import UNREADABLE, UNWRITABLE, USAGE, Failed, UsageError
from kpalette.cli.inputs import Source, gather
from kpalette.cli.moving import ENDINGS, ending_of
from kpalette.cli.options import ANIMATIONS, above_zero, flag, option, whole
from kpalette.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

    from kpalette.cli.groups import Output
    from kpalette.colors import ByteArray
    from kpalette.files import Frames

#: What pictures without times get.
FPS = 10
#: Viewers show what a GIF has more of in a second more slowly.
GIF_FPS = 50
#: What the library calls otherwise.
NAMES = {"start": "from", "end": "to", "play_speed": "speed"}


def moment(value: str) -> float:
    """Check an option that takes a time: seconds, or hours, minutes and seconds with colons."""
    from kpalette.files import times

    return times.seconds(value)


def pixels(value: str) -> int:
    """Check an option that takes a number of pixels."""
    number = memory.size(value, "500M or 4G")
    if number < 1:
        raise ValueError(f"expected at least 1 pixel, got {value!r}")
    return number


class Clip(Record):
    """What is done to an animation before it is quantized."""

    fps: float | None = option(
        "--fps",
        section=ANIMATIONS,
        check=above_zero,
        metavar="N",
        help="At most N frames a second; others are left out. Single pictures get N a second.  "
        f"[default: all, of films as GIF {GIF_FPS}; {FPS} for pictures]",
    )
    width: int | None = option(
        "--width",
        section=ANIMATIONS,
        check=whole(1, 65_535, "65535"),
        metavar="N",
        help="The width in pixels. The height is in proportion, unless given.",
    )
    height: int | None = option(
        "--height",
        section=ANIMATIONS,
        check=whole(1, 65_535, "65535"),
        metavar="N",
        help="The height in pixels.",
    )
    crop: str | None = option(
        "--crop",
        section=ANIMATIONS,
        metavar="WxH+X+Y",
        help="Take W by H pixels, X from the left and Y from the top, before they are resized.",
    )
    start: float | None = option(
        "--from",
        section=ANIMATIONS,
        check=moment,
        metavar="TIME",
        help="Where to begin: seconds, or h:m:s.",
    )
    end: float | None = option(
        "--to", section=ANIMATIONS, check=moment, metavar="TIME", help="Where to end."
    )
    bounce: bool = flag(
        "--bounce", section=ANIMATIONS, help="Play the frames forwards, then backwards."
    )
    loop: int | None = option(
        "--loop",
        section=ANIMATIONS,
        check=whole(0, 65_535, "65535"),
        metavar="N",
        help="How often to play it; 0 is for ever.  [default: as before; new ones for ever]",
    )
    max_pixels: int | None = option(
        "--max-pixels",
        section=ANIMATIONS,
        check=pixels,
        metavar="N",
        help="The most pixels that all frames together, or a still picture, may have. Each takes a "
        "byte of memory, or up to 16 in a still.  [default: 1,073,741,824; for a still "
        "178,956,970]",
    )
    speed: str | None = option(
        "--speed",
        section=ANIMATIONS,
        metavar="N",
        help="Play an animation N times as fast, such as 1.5. For still pictures, it is -s.",
    )

    def settled(self, photos: Sequence[str], *, is_one: bool) -> Clip:
        """Return the options, whose speed is that of an animation; pngquant's has no x."""
        if self.speed is None:
            return self
        import re

        number = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)x?", self.speed.lower(), re.ASCII)
        moves = is_one or (len(photos) == 1 and ending_of(photos[0]) is not None)
        if not moves and not self.speed.lower().endswith("x"):
            return self
        if number is None or not float(number[1]):
            raise UsageError(f"--speed: expected a number above 0, got {self.speed!r}")
        return replace(self, speed=f"{number[1]}x")

    @property
    def play_speed(self) -> float | None:
        """How many times as fast an animation plays; None if that was not asked for."""
        return float(self.speed[:-1]) if self.speed and self.speed.endswith("x") else None

    @property
    def pngquant_speed(self) -> int | None:
        """What pngquant's --speed says, where that was asked for."""
        plain = self.speed is not None and self.play_speed is None
        return pngquant.speed(self.speed or "") if plain else None

    @property
    def given(self) -> list[str]:
        """The options that only animations take."""
        values = {
            name: getattr(self, name)
            for name in ("fps", "play_speed", "width", "height", "crop", "start", "end", "bounce")
        }
        values["loop"] = None if self.loop is None else True
        return [
            f"--{NAMES.get(name, name)}"
            for name, value in values.items()
            if value not in (None, False)
        ]

    def opened(self, source: Any, kind: str, *, is_new: bool) -> Frames:
        """Return the frames of a file or of several, as they are to be quantized.

        `is_new` says that they have not been in a file of an animated format before.
        """
        from kpalette import files
        from kpalette.files.edits import Edits
        from kpalette.files.frames import MAX_PIXELS

        fps = self.fps
        if kind == "gif" and (is_new or self.play_speed is not None):
            if (fps or 0) > GIF_FPS:
                raise Failed(
                    USAGE,
                    f"--fps: expected at most {GIF_FPS} for a GIF, of which viewers show more "
                    f"frames more slowly, got {fps:g}",
                )
            fps = fps or GIF_FPS
        if isinstance(source, list):
            fps = self.fps or FPS
        try:
            edits = Edits(
                fps,
                self.play_speed or 1.0,
                self.width,
                self.height,
                self.crop,
                self.start or 0.0,
                self.end,
                self.bounce,
            )
        except ValueError as error:
            raise Failed(USAGE, _as_option(str(error))) from None
        most = self.max_pixels or MAX_PIXELS
        try:
            frames = files.open_frames(source, edits, max_pixels=most, quiet=True)
        except files.ImageReadError as error:
            text = _as_option(_without_path(str(error), source))
            raise Failed(UNREADABLE, text) from None
        except OSError as error:
            raise Failed(UNREADABLE, f"cannot be read: {error.strerror}") from None
        from dataclasses import replace

        loop = frames.loop if self.loop is None else self.loop
        return replace(frames, walk=lambda: _telling(frames, source), loop=loop)


def sequence(photos: Sequence[str], output: Output) -> list[str] | None:
    """Return the files that become the frames of one animation; None if each becomes a picture.

    They do if -o names one file of an animated format, and there are several, or a folder or a
    pattern. Names in the order of the alphabet, such as a shell or a folder has them, come by
    number: frame2 before frame10. Any other order is kept.
    """
    out = output.out
    if out is None or os.path.splitext(out)[1].lower() not in ENDINGS or os.path.isdir(out):
        return None
    if output.first_frame or output.ext is not None or output.out_dir is not None:
        return None
    if output.format not in (None, "gif", "png", "apng", "webp"):
        return None
    found = gather(photos, output.recursive, None, shallow=True, films=False)
    if len(found) == 1 and not found[0].found:
        return None
    return [_usable(source) for source in _in_order(found)]


def _usable(source: Source) -> str:
    if source.failure is not None:
        raise Failed(source.failure.code, f"{source.path}: {source.failure}")
    if source.path == "-":
        raise UsageError("expected '-' (stdin) to be the only photo")
    if ending_of(source.path) is not None:
        raise Failed(
            USAGE, f"{source.path}: expected still pictures for an animation, got one that moves"
        )
    return source.path


def _in_order(sources: list[Source]) -> list[Source]:
    names = [source.path for source in sources]
    if names in (sorted(names), sorted(names, key=str.casefold)):
        return sorted(sources, key=lambda source: natural(source.path))
    return sources


def first_of(frames: Frames) -> ByteArray:
    """Return the first frame's pixels, without decoding others."""
    walk: Any = frames.walk()
    pixels: ByteArray = next(walk)[0]
    walk.close()
    return pixels


def natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts names by the numbers in them.

    Examples
    --------
    >>> sorted(["f10.png", "f9.png", "f010.png"], key=natural)
    ['f9.png', 'f010.png', 'f10.png']
    """
    import re

    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts] + [(-2, name)]


def _telling(frames: Frames, source: Any) -> Generator[tuple[ByteArray, int]]:
    """Walk through frames, and tell what fails in the command line's words."""
    import errno

    from kpalette.files import ImageReadError

    try:
        yield from frames
    except ImageReadError as error:
        raise Failed(UNREADABLE, _as_option(_without_path(str(error), source))) from None
    except ValueError as error:
        text = str(error)
        code = USAGE if text.startswith(("crop:", "start:")) else UNREADABLE
        raise Failed(code, _as_option(text)) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            line = f"no temporary file can be written: {error.strerror}"
            raise Failed(UNWRITABLE, line) from None
        raise Failed(UNREADABLE, f"cannot be read: {error.strerror}") from None


def _without_path(text: str, source: Any) -> str:
    """Leave out a file's name, which is said before."""
    return text.removeprefix(f"{source}: ") if isinstance(source, str) else text


def _as_option(text: str) -> str:
    """Put the library's names of arguments in the command line's words."""
    import re

    from kpalette.cli import loading

    text = loading.of_large(text).replace("(max_pixels)", "(--max-pixels)")
    return re.sub(
        r"^(fps|speed|width|height|crop|start|end): ",
        lambda found: f"--{NAMES.get(found[1], found[1])}: ",
        text,
    )
