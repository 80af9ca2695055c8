"""Finding a theme: the colours that a person would pick from a picture, or from many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kpalette import _core, files
from kpalette.checks import checked_whole
from kpalette.histogram import ColorHistogram
from kpalette.theme_counting import Look, ThemeCounter
from kpalette.themes import Theme
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.colors import ByteArray, Colors
    from kpalette.files import ImageSource

#: Pixels of a side of what is kept of pictures that are not files, for cards.
KEPT_SIDE = 640


def theme(
    source: ImageSource
    | files.Frames
    | ColorHistogram
    | list[ImageSource]
    | tuple[ImageSource, ...],
    k: int | Literal["auto"] = 6,
    *,
    region: tuple[float, float, float, float] | None = None,
    mask: Any = None,
    ignore: Colors = (),
    allow_truncated: bool = False,
    threads: int | None = None,
) -> Theme:
    """Find the colours that a person would pick from a picture.

    :func:`kpalette.extract_palette` finds the colours that show the whole picture with the least
    error: shades of what is large. A theme is for people: its colours are the picture's own, vivid
    where it is, distinct, and what is small but stands out has one. A large background counts once,
    and grey has an entry where it is a third of the picture. Smooth edges of flat colours have
    none.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array, ColorHistogram, or list of these
        See :func:`kpalette.extract_palette`. Of a list, and of all frames of a film or an animated
        file, there is one theme, in which each counts by its pixels. A Pillow image is the frame
        that it is at.
    k : int or "auto", default 6
        How many colours, 1 to 64; ``"auto"`` takes as many as matter. No two look the same, so a
        picture of fewer colours that look different has fewer.
    region : (x, y, width, height), optional
        The part of the picture to look at: in pixels if all are whole numbers, otherwise in shares
        of its sides, 0 to 1.
    mask : array (h, w), or image, optional
        Where to look: where it is not 0, or where an image is light.
    ignore : colour or sequence of colours, optional
        What does not count, nor what looks like it: colours as :class:`kpalette.Palette` takes
        them, such as ``"white"``. Pixels that are more transparent than not never count.
    allow_truncated, threads
        See :func:`kpalette.quantize`.

    Returns
    -------
    Theme
        For its card, it keeps the name of a file, or a copy of another picture of at most 640
        pixels a side: of several, and of frames, the first.

    Raises
    ------
    OSError, TypeError
        As :func:`kpalette.quantize`.
    ValueError
        As :func:`kpalette.quantize`; and if no pixel is looked at, because all are more transparent
        than not or ignored, the `region` is not within the picture, or the `mask` has another size.

    References
    ----------
    Lin, S. and Hanrahan, P. (2013). Modeling how people extract color themes from images.
    doi:10.1145/2470654.2466424

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> picture = np.full((40, 60, 3), 255, np.uint8)
    >>> picture[5:20, 5:30] = 200, 30, 40
    >>> picture[25:30, 40:50] = 20, 60, 160
    >>> kpalette.theme(picture)
    Theme(3 colours: #c81e28, #143ca0, #ffffff)
    >>> found = kpalette.theme(picture, ignore="white")
    >>> found.hex, found.names, found.text
    (['#c81e28', '#143ca0'], ['scarlet', 'sapphire'], ['#ffffff', '#ffffff'])
    """
    number = checked_k(k)
    team = make_team(threads)
    look = Look.of(region, mask, ignore)
    counter = ThemeCounter(look, team)
    sources = source if isinstance(source, (list, tuple)) else [source]
    if not sources:
        raise ValueError("source: expected at least one image, got none")
    first, picture, n_pictures = None, None, 0
    for item in sources:
        if isinstance(item, ColorHistogram):
            counter.add_histogram(item)
            continue
        for pixels in _walk(item, allow_truncated):
            counter.add(pixels)
            n_pictures += 1
            if first is None:
                first, picture = pixels, _kept(item, pixels)
    if first is not None and len(sources) == n_pictures == 1:
        return of_picture(counter, number, first, picture)
    return of_counter(counter, number, picture)


def of_counter(counter: ThemeCounter, k: int, picture: Any = None) -> Theme:
    """Return the theme of what was counted, which has no places; `picture` is for its card."""
    colors, counts, roles = counter.make(k)
    return Theme(colors, counts, roles=roles, picture=picture)


def of_picture(counter: ThemeCounter, k: int, pixels: ByteArray, picture: Any = None) -> Theme:
    """Return the theme of one picture that was counted, uint8 (h, w, 3 or 4)."""
    colors, counts, roles = counter.make(k)
    places = counter.places(pixels, colors)
    return Theme(colors, counts, roles=roles, places=places, picture=picture)


def _walk(source: Any, allow_truncated: bool) -> Iterator[ByteArray]:
    """Return the pixels of a picture, or those of each frame of an animated file or a film."""
    is_file = isinstance(source, (str, os.PathLike)) and os.path.isfile(source)
    is_open = hasattr(source, "seekable") and not source.closed and source.seekable()
    with suppress(files.ImageReadError):  # of which reading the pixels tells
        if (is_file or is_open) and files.is_animated(source):
            source = files.open_frames(source)
    return files.walk_pixels(source, allow_truncated=allow_truncated)


def _kept(source: Any, pixels: ByteArray) -> Any:
    """Return what to keep of a source for cards: the name of a file, or a copy of its pixels."""
    if isinstance(source, (str, os.PathLike)) and not files.is_film(source):
        return os.path.abspath(source)
    step = -(-max(pixels.shape[:2]) // KEPT_SIDE)
    # By channel: NumPy copies whole pixels that are not neighbours in four times as long.
    return np.dstack([pixels[::step, ::step, c] for c in range(pixels.shape[2])])


def checked_k(k: object) -> int:
    """Return a number of colours; 0 for as many as matter."""
    if isinstance(k, str):
        if k != "auto":
            raise ValueError(f"k: expected 1 to {_core.MAX_THEME_COLORS} or 'auto', got {k!r}")
        return 0
    return checked_whole("k", k, 1, _core.MAX_THEME_COLORS)
