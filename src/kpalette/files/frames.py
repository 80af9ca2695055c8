"""Decoding of animations: frames as they are shown, one at a time, as often as they are asked for.

Image files are read in `moving_images`, films by ffmpeg, and frames of a program in `frame_items`.
What is done to frames is in `edits`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from kpalette.colors import ByteArray
from kpalette.files import mistaken, moving_images, video, webp_frames
from kpalette.files.arrays import as_pixels
from kpalette.files.decoding import ImageReadError, ImageSource, all_of, naming, opened, reopen
from kpalette.files.edits import Edits
from kpalette.files.errors import TooLargeError, warn
from kpalette.files.frame_items import checked
from kpalette.files.frame_store import remembered, walked_once
from kpalette.words import counted

#: What an animation can come from: what one image can, pairs of an image and its milliseconds, or
#: images alone.
AnimationSource: TypeAlias = "ImageSource | Iterable[tuple[ImageSource, float] | ImageSource]"

#: So many pixels all frames may have together, unless told otherwise. The result takes a byte each.
MAX_PIXELS = 1 << 30


@dataclass(frozen=True)
class Frames:
    """Frames to walk through, any number of times.

    Iterating gives pairs of uint8 pixels (h, w, 3 or 4), all of one size, and whole milliseconds.
    The length is the number of frames, for which they are walked through once; for the `size`, the
    first is decoded.

    Attributes
    ----------
    walk : function without arguments
        Gives that iterator.
    loop : int
        How many times they are shown; 0 for ever.
    n_frames : int or None
        About how many there are, where that is known beforehand.
    seconds : float or None
        About how long they are shown, likewise.
    remarks : list of str
        What is wrong with the file, which is shown as far as it goes; complete after one walk.
    begin : float
        Seconds of the source that are left out before the first frame.
    """

    walk: Callable[[], Iterator[tuple[ByteArray, int]]]
    loop: int = 0
    n_frames: int | None = None
    seconds: float | None = None
    remarks: list[str] = field(default_factory=list)
    begin: float = 0.0
    _counted: list[int] = field(default_factory=list, repr=False, compare=False)
    _seen: list[tuple[int, int]] = field(default_factory=list, repr=False, compare=False)

    def __iter__(self) -> Generator[tuple[ByteArray, int]]:
        n = 0
        for frame in self.walk():
            if not n:
                height, width = frame[0].shape[:2]
                self._seen[:] = [(width, height)]
            n += 1
            yield frame
        self._counted[:] = [n]

    @property
    def size(self) -> tuple[int, int]:
        """The width and the height of each frame, in pixels."""
        if not self._seen:
            with closing(iter(self)) as frames:
                if next(frames, None) is None:
                    raise ValueError("source: expected at least one frame, got none")
        return self._seen[0]

    def __len__(self) -> int:
        if not self._counted:
            for _ in self:
                pass
        return self._counted[0]

    def __bool__(self) -> bool:
        return True  # without a walk

    def __repr__(self) -> str:
        n = self._counted[0] if self._counted else self.n_frames
        about = "" if self._counted else "about "
        frames = "" if n is None else f"{about}{counted(n, 'frame')}, "
        size = "".join(f"{width}×{height}, " for width, height in self._seen)
        return f"Frames({frames}{size}loop={self.loop})"


def is_animated(source: ImageSource) -> bool:
    """Return whether an image has more than one frame, without decoding any.

    Parameters
    ----------
    source : path, binary file object, Pillow image or array

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read.

    Examples
    --------
    >>> from PIL import Image
    >>> is_animated(Image.new("L", (8, 8)))
    False
    """
    if isinstance(source, np.ndarray):
        return False
    if video.is_film(source):
        return True
    # What comes by a pipe is used up, and some of Pillow's plug-ins close the file.
    file: Any = source
    try:
        with opened(source) as image:
            result = moving_images.has_frames(image)
    except ImageReadError:
        is_path = isinstance(file, (str, os.PathLike))
        can_repeat = os.path.isfile(file) if is_path else _can_seek(file)
        result = can_repeat and webp_frames.without_broken_end(all_of(file)) is not None
        if not result:
            raise
    if _can_seek(file):
        file.seek(0)
    return result


def _can_seek(file: Any) -> bool:
    return hasattr(file, "seekable") and not file.closed and bool(file.seekable())


def film_frames(source: Any, *, quiet: bool = False) -> Frames | None:
    """Return the frames of a film or a clip, which are decoded at each walk; None for all else.

    Of a film there may be any number: what only counts their colours keeps none. `quiet` is as in
    :func:`open_frames`.
    """
    if isinstance(source, Frames):
        return source
    return _of_file(source, Edits(), quiet) if video.is_film(source) else None


def walk_pixels(source: Any, *, allow_truncated: bool = False) -> Iterator[ByteArray]:
    """Yield the pixels of an image, as :func:`as_pixels` does; of a film or a clip, each frame's.

    Raises
    ------
    OSError, TypeError, ValueError
        As these do.
    """
    frames = film_frames(source)
    if frames is None:
        yield as_pixels(source, allow_truncated=allow_truncated)
        return
    for pixels, _ in frames:
        yield pixels


def open_frames(
    source: AnimationSource,
    edits: Edits | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    quiet: bool = False,
) -> Frames:
    """Return the frames of an animation or a film, decoded while they are walked through.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or iterable
        A GIF, APNG, animated WebP or AVIF, or a film that ffmpeg reads. Or an array (n, h, w, 3 or
        4), or an iterable of images in any form that :func:`as_pixels` takes, or of PyAV's frames:
        of pairs of an image and the milliseconds for which it is shown, or of images alone, which
        get their times by `edits.fps`. What can be walked through only once, such as a generator,
        is kept, beyond 256 MB in a temporary file. Files are decoded once if the parts that change
        from frame to frame fit into 256 MB, otherwise at each walk. An image that does not move is
        one frame. GIF and APNG look as in browsers: what nothing is drawn on is transparent, what a
        GIF draws outside of the canvas is not seen (the first frame widens it), a file may end
        between two frames, and of an APNG whose default image is no frame the frames are shown. Of
        a file that is damaged farther on, the frames before are shown, with a warning. Of a Pillow
        image that moves, the file is read.
    edits : Edits, optional
        What is done to the frames.
    max_pixels : int
        How many pixels all frames may have together.
    quiet : bool
        Whether what is wrong with a file is in `Frames.remarks` alone, and no warning.

    Raises
    ------
    OSError
        If a file cannot be opened.
    ImageReadError
        If a file holds no image that can be read. What is wrong with the first frame, or that there
        are too many pixels, is found while walking; the error says at which frame, the first being
        1.
    TypeError
        If the source is of another kind.
    """
    edits = edits or Edits()
    is_at_hand = False  # so that walking through it again costs little
    if isinstance(source, Frames):
        frames = source
    elif isinstance(source, (str, os.PathLike, Image.Image)) or hasattr(source, "read"):
        frames = _of_file(source, edits, quiet)
    else:
        frames = _of_items(source, edits.rate)
        is_at_hand = edits.given in ([], ["fps"])
    if source is frames and edits == Edits():
        return frames
    edited = edits.applied(frames.walk, frames.begin)
    n = edits.foreseen(frames.n_frames, frames.seconds)

    def walk() -> Iterator[tuple[ByteArray, int]]:
        return _limited(edited(), max_pixels, n)

    walk = walk if is_at_hand else remembered(walk, n)
    return Frames(walk, frames.loop, n, None, frames.remarks)


def _limited(
    frames: Iterable[tuple[ByteArray, int]], max_pixels: int, foreseen: int | None
) -> Iterator[tuple[ByteArray, int]]:
    """Refuse more pixels than are asked for, all frames taken together; at once if foreseen."""
    for number, (pixels, duration) in enumerate(frames, 1):
        height, width = pixels.shape[:2]
        surely = number if foreseen is None or number > 1 else int(0.9 * foreseen)
        if max(number, surely) * height * width > max_pixels:
            n = number if foreseen is None or surely <= number else foreseen
            raise TooLargeError(
                f"frame {number}: expected at most {max_pixels:,} pixels in all frames together "
                f"(max_pixels), got {counted(n, 'frame')} of {width}×{height}; a lower fps or "
                "width helps"
            )
        yield pixels, duration


def _of_items(source: Any, fps: Fraction | None) -> Frames:
    """Return the frames of an array, or of an iterable of images or pairs."""
    if isinstance(source, np.ndarray):
        if source.ndim != 4:
            raise TypeError(
                "source: expected pairs of a frame and its milliseconds, or an array "
                f"(n, h, w, 3 or 4), got an array of shape {source.shape}"
            )
    elif not isinstance(source, Iterable) or isinstance(source, (bytes, bytearray, memoryview)):
        mistaken.check_kind(source, "pairs of a frame and its milliseconds")
    if isinstance(source, Iterator):
        return Frames(walked_once(checked(source, fps)))
    n = len(source) if isinstance(source, Sized) else None
    return Frames(lambda: checked(source, fps), n_frames=n)


def _of_file(source: Any, edits: Edits, quiet: bool) -> Frames:
    source = _seekable(source)
    remarks: list[str] = []
    note = partial(_note, remarks, source, quiet)
    if video.is_film(source):
        begin = video.begin_of(edits.start, edits.source_rate)
        with naming(source):
            film = video.open_film(source, note)

        def decode() -> Iterator[tuple[ByteArray, int]]:
            with naming(source):
                yield from film.walk(begin, edits.source_rate)

        return Frames(decode, 0, film.n_frames, film.seconds, remarks, begin)
    if isinstance(source, Image.Image):
        with opened(source):
            file = moving_images.file_of(source)
            if file is None or not moving_images.has_frames(source):
                return Frames(
                    lambda: moving_images.as_far_as_it_goes(
                        moving_images.walk_pillow(source), note
                    ),
                    moving_images.loop_of(source),
                )
            with moving_images.left_where_it_is(file):
                file.seek(0)
                source = io.BytesIO(file.read())
    try:
        loop, n, seconds = moving_images.heading(source)
    except ImageReadError as error:
        found = webp_frames.without_broken_end(all_of(source))
        if found is None:
            raise
        note(moving_images.remark(str(error).removeprefix(f"{source}: "), found[1]))
        source = io.BytesIO(found[0])
        loop, n, seconds = moving_images.heading(source)

    def walk() -> Iterator[tuple[ByteArray, int]]:
        if hasattr(source, "seek"):
            source.seek(0)
        with naming(source), reopen(source) as image:
            yield from moving_images.as_far_as_it_goes(moving_images.walk_image(image), note)

    return Frames(walk, loop, n, seconds, remarks)


def _seekable(source: Any) -> Any:
    """Return a file that can be read as often as need be, which a pipe cannot be."""
    is_path = isinstance(source, (str, os.PathLike))
    if is_path and (os.path.isfile(source) or not os.path.exists(source)):
        return source
    if not is_path and (not hasattr(source, "read") or source.seekable()):
        return source
    from kpalette.files.spool import spooled

    if not is_path:
        return spooled(source)
    with open(source, "rb") as pipe:
        return spooled(pipe)


def _note(remarks: list[str], source: Any, quiet: bool, text: str) -> None:
    """Remark on a file once, and warn of it unless told not to."""
    if text not in remarks:
        remarks.append(text)
        if quiet:
            return
        name = f"{os.fspath(source)}: " if isinstance(source, (str, os.PathLike)) else ""
        warn(f"{name}{text}")
