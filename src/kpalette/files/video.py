"""Films: which files are, told by content, and their frames by ffmpeg or PyAV."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import formats
from kpalette.files.containers import CONTAINERS
from kpalette.files.errors import ImageReadError

if TYPE_CHECKING:
    from kpalette.files.ffmpeg import Note

MISSING = (
    "a film: needs the program ffmpeg, or PyAV (pip install 'kpalette[video]'), and neither is "
    "there"
)
#: A film is decoded from so many seconds before where it is to begin: the frame that is shown there
#: may have begun earlier.
BEFORE = 2


def begin_of(start: float, fps: Fraction | None) -> float:
    """Return the second from which to decode, a whole number of frames before the start."""
    before = min(BEFORE, start)
    return start - (before if fps is None else math.floor(before * fps) / float(fps))


def container_of(prefix: bytes) -> str | None:
    """Return the demuxer for a file by its first bytes; None if it is no film."""
    if formats.identify(prefix) is not None:  # AVIF and HEIC begin alike
        return None
    for name, start in CONTAINERS.items():
        if re.match(start, prefix, re.DOTALL):
            return name
    return None


def is_film(source: Any) -> bool:
    """Return whether a path or a seekable binary file object is a film.

    Raises
    ------
    OSError
        If a file cannot be opened.
    """
    if isinstance(source, (str, os.PathLike)):
        return os.path.isfile(source) and container_of(formats.prefix_of(source)) is not None
    if not (hasattr(source, "read") and hasattr(source, "seek")) or source.closed:
        return False
    if hasattr(source, "seekable") and not source.seekable():
        return False
    before = source.tell()
    try:
        prefix = formats.prefix_of(source)
    finally:
        source.seek(before)
    return isinstance(prefix, bytes) and container_of(prefix) is not None


@dataclass(frozen=True)
class FilmFrames:
    """A film's frames, decoded each time that they are walked through.

    Attributes
    ----------
    walk : function of seconds and a Fraction or None
        Where to begin, and how many frames a second are enough. Gives an iterator over pairs of
        uint8 pixels (h, w, 3 or 4) and milliseconds, of the first frame that begins there or later.
    n_frames : int or None
        About how many there are.
    seconds : float or None
        About how long it is.
    """

    walk: Callable[[float, Fraction | None], Iterator[tuple[ByteArray, int]]]
    n_frames: int | None
    seconds: float | None


def open_film(source: Any, note: Note) -> FilmFrames:
    """Return the frames of a film.

    Parameters
    ----------
    source : path or seekable binary file object
    note : function of a str
        Is told what is wrong with the film, while it is walked through.

    Raises
    ------
    ImageReadError
        If it cannot be decoded.
    """
    from kpalette.files import ffmpeg

    demuxer = container_of(formats.prefix_of(source))
    assert demuxer is not None
    most = 2 * (Image.MAX_IMAGE_PIXELS or 1 << 30)
    if ffmpeg.program() is None:
        if find_spec("av") is None:
            raise ImageReadError(MISSING)
        from kpalette.files import pyav

        return FilmFrames(
            lambda start, _: _timed(pyav.read(source, demuxer, most, start, note)),
            *pyav.length(source, demuxer, most),
        )
    with _named(source) as path:
        film = ffmpeg.probe(path, demuxer, most)

    def walk(start: float, fps: Fraction | None) -> Iterator[tuple[ByteArray, int]]:
        with _named(source) as path:
            frames = ffmpeg.read(film, path, demuxer, most, start, fps, note)
            length = None if film.seconds is None else 1000 * (film.seconds - start)
            yield from _timed(frames, length, merged=fps is not None)

    n = None if film.seconds is None or film.rate is None else round(film.seconds * film.rate)
    return FilmFrames(walk, n, film.seconds)


def _timed(
    frames: Iterator[tuple[ByteArray, int, float | None]],
    length: float | None = None,
    *,
    merged: bool = False,
) -> Iterator[tuple[ByteArray, int]]:
    """Turn the times at which frames begin into durations. The first begins at once.

    If `merged`, frames that come again become one, and the last ends with the film, whose `length`
    is in milliseconds.
    """
    before: ByteArray | None = None
    began = lasted = latest = 0
    last = None
    for pixels, time, usual in frames:
        latest = max(latest, time)
        if merged and before is not None and np.array_equal(pixels, before):
            continue
        if before is not None:
            lasted = max(0, time - began)
            yield before, lasted
            began += lasted
        before, last = pixels, usual
    if before is not None:
        lasts = max(0, latest - began) + (last or lasted)
        if merged and length is not None and 0 < began + lasts - length < lasts:
            lasts = length - began
        yield before, round(lasts)


@contextmanager
def _named(source: Any) -> Iterator[str]:
    """Yield a film's path, or that of a temporary copy where it has none."""
    if isinstance(source, (str, os.PathLike)):
        yield os.fspath(source)
        return
    import shutil
    import tempfile

    source.seek(0)
    with tempfile.TemporaryDirectory(prefix="kpalette-") as folder:
        path = os.path.join(folder, "film")  # closed, because Windows opens no file twice
        with open(path, "wb") as file:
            shutil.copyfileobj(source, file)
        yield path
