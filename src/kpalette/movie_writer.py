"""A writer of Matplotlib's animations: GIF, APNG or WebP in the best colours of all frames.

Matplotlib finds writers in a registry, which has no entry points: importing this module adds ours.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette.animation import quantize_animation
from kpalette.checks import checked_whole
from kpalette.extras import required
from kpalette.files import apply_alpha
from kpalette.quantized_animation import SUFFIXES

required("matplotlib", "MovieWriter")

from matplotlib import rc_context  # noqa: E402
from matplotlib.animation import AbstractMovieWriter, writers  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kpalette.colors import ByteArray

#: What Matplotlib's writers of films take, and GIF, APNG and WebP have no use for.
_OF_VIDEO = ("codec", "bitrate", "extra_args")


@writers.register("kpalette")
class MovieWriter(AbstractMovieWriter):
    """Write Matplotlib's animations as GIF, APNG or WebP, in the best colours of all frames.

    ``anim.save("x.gif", writer=kpalette.MovieWriter(fps=20))`` writes one with options. After
    ``import kpalette.movie_writer``, ``anim.save("x.gif", writer="kpalette", fps=20)`` does with
    those that ``matplotlib.animation.Animation.save`` takes.

    Frames are kept compressed until the last one; then the file is written, whole or not at all.
    GIF has no half-transparent pixels: those of a ``transparent`` figure become opaque or
    transparent, whichever is nearer. APNG and WebP keep them.

    Parameters
    ----------
    fps : float, default 5
        Frames per second. Durations are whole milliseconds that add up without drift.
    k : int, default 255
        The number of colours, 1 to 256. A plot of no more is written exactly.
    loop : int, default 0
        How often the animation plays; 0 for ever.
    dither, smaller, palette_scope, space, effort, threads, ...
        As :func:`kpalette.quantize_animation`.
    metadata : dict, optional
        What other writers write into files: these have no place for it.

    Raises
    ------
    ImportError
        If Matplotlib is not installed.
    TypeError
        If an argument is of another kind.
    ValueError
        If an argument is out of range; ``save`` also if the file's name ends in something else than
        ``.gif``, ``.png``, ``.apng`` or ``.webp``, or the figure's size changes.

    Examples
    --------
    >>> import tempfile
    >>> import kpalette
    >>> from matplotlib.animation import FuncAnimation
    >>> from matplotlib.figure import Figure
    >>> figure = Figure(figsize=(2, 1))
    >>> (line,) = figure.add_subplot(xlim=(0, 9), ylim=(0, 9)).plot([0, 9], [0, 9])
    >>> anim = FuncAnimation(figure, lambda i: line.set_ydata([i, 9 - i]), frames=10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     anim.save(f"{folder}/turning.gif", writer=kpalette.MovieWriter(fps=20, k=64))
    """

    def __init__(
        self,
        fps: float = 5,
        *,
        k: int = 255,
        loop: int = 0,
        metadata: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        for name in _OF_VIDEO:
            if (value := options.pop(name, None)) is not None:
                raise ValueError(f"{name}: expected none, since only films have it, got {value!r}")
        if isinstance(fps, bool) or not isinstance(fps, (int, float, np.number)):
            raise TypeError(f"fps: expected a number, got {fps!r}")
        if not 0 < fps <= 1000:
            raise ValueError(f"fps: expected above 0, to 1000, got {fps}")
        self._loop = checked_whole("loop", loop, 0, 2**31 - 1)
        super().__init__(fps=fps, metadata=metadata)  # type: ignore[arg-type]
        self._options = {"k": k, **options}
        # What is wrong with options is said before frames are drawn.
        quantize_animation([(np.zeros((1, 1, 3), np.uint8), 1)], **self._options)

    @classmethod
    def isAvailable(cls) -> bool:  # noqa: N802 - Matplotlib's name
        """Return whether the writer can be used: always."""
        return True

    def _supports_transparency(self) -> bool:
        return True

    def setup(self, fig: Figure, outfile: str | os.PathLike[str], dpi: float | None = None) -> None:
        """Prepare to write a figure's frames to a file."""
        super().setup(fig, outfile, dpi)  # type: ignore[arg-type]
        suffix = Path(outfile).suffix.lower()
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValueError(f"expected a file whose name ends in {known}, got {str(outfile)!r}")
        self._kind = SUFFIXES[suffix]
        self._size: tuple[int, int] | None = None
        self._frames: list[bytes] = []

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        """Draw the figure as the next frame, with options of :meth:`Figure.savefig`."""
        for name in ("bbox_inches", "dpi", "format"):
            if name in savefig_kwargs:
                raise TypeError(f"{name}: expected none, since all frames are of one size and kind")
        drawn = io.BytesIO()
        self.fig.savefig(drawn, **savefig_kwargs, format="rgba", dpi=self.dpi)
        data, size = drawn.getvalue(), self.frame_size
        self._size = self._size or size
        if size != self._size or len(data) != 4 * size[0] * size[1]:
            (width, height), (wide, high) = self._size, size
            raise ValueError(
                f"frame {len(self._frames) + 1}: expected a figure of {width}×{height} pixels "
                f"as before, got {wide}×{high}"
            )
        # Plots are flat: at the lowest level they take a fiftieth of the memory, in 3 ms a frame.
        self._frames.append(zlib.compress(data, 1))

    def finish(self) -> None:
        """Write the file."""
        if not self._frames:
            raise ValueError("expected at least one frame, got none")
        made_for: dict[str, Any] = {"smaller_in": "gif" if self._kind == "gif" else "png"}
        animation = quantize_animation(_Timed(self), **{**made_for, **self._options})
        replace(animation, loop=self._loop).save(self.outfile)

    @contextmanager
    def saving(
        self, fig: Figure, outfile: str | os.PathLike[str], dpi: float | None, *args: Any, **kw: Any
    ) -> Iterator[MovieWriter]:
        """Write a file of the frames that are grabbed within; none where drawing one fails."""
        self.setup(fig, outfile, dpi, *args, **kw)
        with rc_context({"savefig.bbox": None}):
            yield self
        self.finish()


class _Timed:
    """The frames of a writer with their milliseconds, decompressed one at a time."""

    def __init__(self, writer: MovieWriter) -> None:
        self._writer = writer

    def __iter__(self) -> Iterator[tuple[ByteArray, int]]:
        writer = self._writer
        assert writer._size is not None
        width, height = writer._size
        ends = [round(1000 * i / writer.fps) for i in range(len(writer._frames) + 1)]
        for i, frame in enumerate(writer._frames):
            flat = np.frombuffer(zlib.decompress(frame), np.uint8)
            pixels = flat.reshape(height, width, 4)
            if writer._kind == "gif":
                pixels = apply_alpha(pixels, "threshold")
            yield pixels, ends[i + 1] - ends[i]
