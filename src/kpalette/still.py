"""A still picture in few colours, by the core alone: for what is done before NumPy is loaded.

It is :mod:`kpalette.pipeline` for what most command lines ask for, of the same parts: `Fitter`
fits, `dither.show` maps, and `first_smaller` chooses. Arrays are buffers here.
"""

from __future__ import annotations

from kpalette import _core
from kpalette.dither import Dithering, show
from kpalette.files import indexed_png
from kpalette.fit import FitOptions, Fitter, psnr
from kpalette.no_larger import first_smaller
from kpalette.record import Record
from kpalette.threads import checked_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kpalette.choices import Effort
    from kpalette.files.indexed_png import Packed
    from kpalette.fit import Fitted


class CountedStill(Record):
    """An image's pixels, uint8 (h w, 3 or 4), and its histogram."""

    flat: Any
    height: int
    width: int
    colors: Any
    counts: Any

    @classmethod
    def of(
        cls, pixels: Any, height: int, width: int, channels: int, team: _core.Team
    ) -> CountedStill:
        """Count the colours of bytes, row by row."""
        flat: Any = memoryview(pixels).cast("B", (height * width, channels))
        return cls(flat, height, width, *_core.count_colors(flat, team))


class Still(Record):
    """What :class:`kpalette.Quantized` is, with buffers: indices (h, w) and a palette (k, c)."""

    indices: Any
    palette: Any
    mse: float
    n_iter: int
    n_distinct: int

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels; infinite where nothing was lost."""
        return psnr(self.mse)

    def encode(
        self,
        kind: str = "png",
        *,
        optimize: bool = False,
        quick: bool = False,
        keep_order: bool = False,
        dpi: tuple[float, float] | None = None,
        threads: int | None = None,
    ) -> bytes:
        """Return the bytes of a PNG file; what was packed before is not packed again."""
        assert kind == "png"
        assert not optimize
        kept: dict[tuple[bool, bool], Packed] = self.__dict__.setdefault("_kept", {})
        key = quick, keep_order
        if key not in kept:
            kept[key] = indexed_png.pack(
                self.indices,
                self.palette,
                quick=quick,
                keep_order=keep_order,
                threads=checked_threads(threads),
            )
        return indexed_png.join(kept[key], after=indexed_png.density(dpi) if dpi else b"")


def quantize(
    image: CountedStill,
    k: int,
    how: Dithering,
    effort: Effort,
    seed: int,
    team: _core.Team,
) -> Still:
    """Return an image in at most 256 colours, as :func:`kpalette.quantize` does."""
    fitter = Fitter(image, how.space, team)

    def fitted(k: int, mixing: bool) -> Fitted:
        return fitter.fit(k, FitOptions(effort, seed, mixing=mixing))

    def mapped(fitted: Fitted, how: Dithering) -> Still:
        indices = memoryview(bytearray(len(image.flat))).cast("B", (image.height, image.width))
        shown = show(how, image, fitted, indices, team)
        return Still(indices, fitted.colors, shown.mse, fitted.n_iter, len(image.colors))

    found = fitted(k, how.mixes)
    if not how.smaller:
        del fitter  # which holds more than the pixels, if nearly all differ
        return mapped(found, how)
    return first_smaller(
        found, lambda: fitted(len(found), True), how, mapped, effort=effort, team=team
    )
