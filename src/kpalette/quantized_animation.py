"""An animation in few colours: what `quantize_animation` gives."""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kpalette import files
from kpalette.choices import Scope
from kpalette.colors import is_soft
from kpalette.files import gif
from kpalette.fit import psnr
from kpalette.palette import Palette
from kpalette.quantized import Quantized
from kpalette.threads import make_team
from kpalette.words import plural

SUFFIXES = {".gif": "gif", ".png": "png", ".apng": "png", ".webp": "webp"}


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedAnimation:
    """An animation in few colours.

    Attributes
    ----------
    frames : tuple of Quantized
        The full frames as shown, one for each of the source. Their ``indices`` are uint8 (h, w).
    durations : tuple of int
        Milliseconds for which each frame is shown.
    loop : int
        How often the animation plays; 0 for ever.
    palettes : tuple of Palette
        One for all frames, for each scene or for each frame, in order. The counts are summed over
        the palette's frames.
    palette_scope : {"global", "scene", "frame"}
        The scope of each palette.

    Examples
    --------
    See :func:`quantize_animation`.
    """

    frames: tuple[Quantized, ...]
    durations: tuple[int, ...]
    loop: int
    palettes: tuple[Palette, ...]
    palette_scope: Scope
    _coded: gif.Coded | None = None  # how a GIF has the frames, if they are made for that
    _drawn: tuple[Any, ...] | None = None  # what of each an APNG or WebP draws, likewise
    _threads: int | None = None

    @property
    def mse(self) -> float:
        """Mean over frames of :attr:`kpalette.Quantized.mse`."""
        return math.fsum(frame.mse for frame in self.frames) / len(self.frames)

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of `mse` in decibels; infinite if the result is lossless."""
        return psnr(self.mse)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.frames[0].indices.shape
        return width, height

    @property
    def n_changes(self) -> int:
        """The number of frames that are not as the one before, which files have; with the first."""
        pairs = itertools.pairwise(self.frames)
        return 1 + sum(not _is_same(one, other) for one, other in pairs)

    def encode(
        self, kind: str, *, optimize: bool = False, dpi: tuple[float, float] | None = None
    ) -> bytes:
        """Return the bytes of an animated file that shows exactly these colours.

        Only the changes from frame to frame are written. Consecutive frames that look the same
        become one, with the sum of their durations.

        Parameters
        ----------
        kind : {"gif", "png", "webp"}
            ``"gif"`` rounds durations to hundredths of a second, without drift; those above 0
            become at least two hundredths. ``"png"`` is APNG: indexed if all frames together have
            at most 256 colours, otherwise true colour, which takes more bytes. ``"webp"`` is
            lossless.
        optimize : bool, default False
            Whether to take longer for fewer bytes. No difference for ``"gif"``.
        dpi : tuple of two floats, optional
            Pixels per inch, across and down, which ``"png"`` alone holds.

        Raises
        ------
        ValueError
            If the kind is another, or cannot hold the animation: GIF has no half-transparent
            colours and at most 65,535 pixels a side, WebP at most 16,383.
        """
        file = io.BytesIO()
        self._write(file, kind, optimize, dpi)
        return file.getvalue()

    def save(self, path: str | os.PathLike[str], *, optimize: bool = False) -> None:
        """Write an animated file: ``.gif``, ``.png`` or ``.apng``, or ``.webp``.

        The file appears whole or not at all. An existing file is replaced.

        Parameters
        ----------
        path : path
            The suffix selects the format.
        optimize : bool, default False
            See :meth:`encode`.

        Raises
        ------
        ValueError
            If the suffix is another, or as :meth:`encode`.
        OSError
            If the file cannot be written.
        """
        name = files.checked_path(path)
        suffix = os.path.splitext(name)[1].lower()
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValueError(f"path: expected a name that ends in one of {known}, got {name!r}")
        with files.replacing(path) as file:
            self._write(file, SUFFIXES[suffix], optimize)

    def _write(
        self, file: Any, kind: str, optimize: bool, dpi: tuple[float, float] | None = None
    ) -> None:
        if kind not in files.ENCODERS:
            raise ValueError(f"kind: expected one of {', '.join(files.ENCODERS)}, got {kind!r}")
        options: dict[str, Any] = {"dpi": dpi} if kind == "png" else {}
        if kind == "gif":
            options["coded"] = self._gif
        else:
            options["drawn"] = self._drawn
        files.ENCODERS[kind](
            file,
            self._indexed(),
            self.durations,
            self.loop,
            self.size,
            self._sorted_palettes(),
            optimize=optimize,
            **options,
        )

    def _indexed(self) -> Iterable[tuple[Any, Any]]:
        return ((frame.indices, frame.palette.colors) for frame in self.frames)

    def _sorted_palettes(self) -> list[Any]:
        """Return the palettes' colours, the most used first: GIF has it once for all its frames."""
        uses: dict[bytes, int] = {}
        for frame in self.frames:
            name = frame.palette.colors.tobytes()
            uses[name] = uses.get(name, 0) + 1
        colors = (palette.colors for palette in self.palettes)
        return sorted(colors, key=lambda some: -uses.get(some.tobytes(), 0))

    @cached_property
    def _gif(self) -> gif.Coded:
        """What a GIF has of the frames, which is compressed once."""
        if self._coded is not None:
            return self._coded
        return gif.code(self._indexed(), make_team(self._threads))

    def frame_bytes(self) -> tuple[int, ...]:
        """Return how many bytes each frame takes as GIF; as APNG if GIF cannot hold the colours.

        A frame that is as the one before takes none. What the file has besides is not counted.
        """
        if self._drawn is None and not any(is_soft(palette.colors) for palette in self.palettes):
            return self._gif.n_bytes
        from kpalette.files import apng

        sizes = apng.frame_bytes(
            self._indexed(), self.durations, self._sorted_palettes(), self._drawn
        )
        return tuple(sizes)

    def show(self) -> None:
        """Show the animation playing: below the cell of a notebook, otherwise in a web browser.

        The browser gets a temporary file, which stays until the system clears such files.

        Raises
        ------
        RuntimeError
            If there is no web browser; :meth:`save` writes a file.
        """
        from kpalette.showing import show

        show(self)

    def _repr_html_(self) -> str:
        """Show it playing, its figures and its palette, where it is a notebook cell's value."""
        from kpalette.showing import as_html

        return as_html(self)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def __repr__(self) -> str:
        width, height = self.size
        n, m = len(self.frames), len(self.palettes)
        k = max(map(len, self.palettes))
        return (
            f"QuantizedAnimation({width}×{height}, {n} {plural(n, 'frame')}, "
            f"{m} {plural(m, 'palette')} of {k} {plural(k, 'colour')}, MSE {self.mse:.4g})"
        )


def _is_same(one: Quantized, other: Quantized) -> bool:
    """Return whether frames show the same by the same palette."""
    if one is other:
        return True
    colors = one.palette.colors, other.palette.colors
    return bool(np.array_equal(*colors) and np.array_equal(one.indices, other.indices))
