"""Animations and films, cut, cropped, resized and retimed: a source of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpalette import files
from kpalette.files.edits import Edits
from kpalette.files.frames import MAX_PIXELS, Frames

if TYPE_CHECKING:
    from kpalette.files import AnimationSource


def clip(
    source: AnimationSource,
    *,
    fps: float | None = None,
    speed: float = 1.0,
    width: int | None = None,
    height: int | None = None,
    crop: str | tuple[int, int, int, int] | None = None,
    start: float | str | None = 0.0,
    end: float | str | None = None,
    bounce: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Frames:
    """Return a part of an animation or a film, of another size or at another speed.

    Frames are decoded and edited while they are walked through, one at a time. The result is a
    source for :func:`quantize_animation`, and iterating over it gives pairs of uint8 pixels (h, w,
    3 or 4) and whole milliseconds, any number of times.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or iterable
        A GIF, APNG, animated WebP or AVIF; a film (MP4 and MOV, WebM and Matroska, AVI, MPEG),
        decoded by the program ffmpeg, or else by PyAV (``pip install 'kpalette[video]'``), with
        its own times. Or frames: an array (n, h, w, 3 or 4), or an iterable of images in any form,
        such as ``imageio.v3.imiter`` gives them, or of PyAV's frames. OpenCV's frames are BGR, and
        become RGB by ``frame[..., ::-1]``. Images without times need `fps`; pairs of an image and
        its milliseconds have them.
    fps : float, optional
        At most so many frames a second: others are left out, steadily, and none is shown twice. GIF
        viewers show at most 50. For images without times, so many a second.
    speed : float, default 1.0
        How many times as fast it plays. `fps` is that of the result.
    width, height : int, optional
        The size in pixels; with one of them, the other is in proportion. Pixels are resampled in
        linear light by Lanczos's filter. Enlarged by whole factors, they are repeated, so that
        pixel art stays sharp.
    crop : str or tuple of four int, optional
        The part of the picture that is kept, before it is resized: ``"320x240+10+20"`` is 320
        pixels wide and 240 high, 10 from the left and 20 from the top. So is Pillow's box, left,
        top, right and bottom: ``(10, 20, 330, 260)``.
    start, end : float or str, optional
        Times of the source: seconds, or text such as ``"1:02.5"`` and ``"1:00:03"``. None is the
        beginning, or the end.
    bounce : bool, default False
        Whether frames come back in reverse, so that the animation has no visible beginning.
    max_pixels : int, default 2**30
        How many pixels all frames may have together; each takes a byte in the result.

    Returns
    -------
    Frames
        Its ``len()`` is the number of frames, which are decoded once for that; ``n_frames`` is
        about how many there are, where that is known beforehand, and ``size`` are the width and the
        height, for which the first is decoded.

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no frames that can be read, or there are too many pixels. A ``ValueError``.
        That may come up while walking.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range, or frames differ in size.

    Notes
    -----
    A frame that lasts 0 milliseconds lasts a tenth of a second, as viewers show it, where times are
    edited. Of a file that is damaged farther on, the frames before are taken, with a warning.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> frames = np.zeros((30, 48, 64, 3), np.uint8)
    >>> frames[:, :, :, 1] = np.arange(30)[:, None, None]
    >>> half = kpalette.clip(frames, fps=30, width=32, start=0.5)
    >>> len(half)
    15
    >>> [(pixels.shape, duration) for pixels, duration in half][:2]
    [((24, 32, 3), 33), ((24, 32, 3), 34)]
    >>> kpalette.quantize_animation(half, 8).size
    (32, 24)
    """
    begin: Any = 0.0 if start is None else start  # text becomes seconds
    finish: Any = end
    edits = Edits(fps, speed, width, height, crop, begin, finish, bounce)
    return files.open_frames(source, edits, max_pixels=max_pixels)
