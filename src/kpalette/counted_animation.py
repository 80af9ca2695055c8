"""Animations whose colours are counted: palettes are fitted and frames mapped as often as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from kpalette import _core, files
from kpalette.fit import FitOptions, Fitted, Fitter
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.scopes import ScopeCount
from kpalette.spatial import Mover, RowSample, Sampled, is_movable

if TYPE_CHECKING:
    from kpalette.choices import Scope, Space
    from kpalette.colors import ByteArray
    from kpalette.dither import Dithering
    from kpalette.files.frames import Frames

#: Told "count" or "map", and the number of finished frames.
Progress: TypeAlias = Callable[[str, int], object]


class Frame(NamedTuple):
    """A frame of the source."""

    number: int
    pixels: ByteArray  # (h, w, 3 or 4)
    n_distinct: int  # colours


@dataclass(frozen=True, eq=False)
class FittedColors:
    """A palette, and the histogram that it was fitted to."""

    fitted: Fitted
    histogram: ColorHistogram

    @property
    def palette(self) -> Palette:
        """The palette, with the counts of the histogram."""
        return self.fitted.palette

    def labels(self) -> _core.ColorLabels:
        """Return a table of the nearest entries of the histogram's colours."""
        return _core.ColorLabels(self.histogram.colors, self.fitted.labels)


@dataclass(frozen=True, eq=False)
class PaletteFit:
    """How palettes are fitted to the frames that share one.

    Attributes
    ----------
    k : int
    options : FitOptions
        Its `fixed` colours may have fewer channels than frames.
    dithering : Dithering
    team : Team
    """

    k: int
    options: FitOptions
    dithering: Dithering
    team: _core.Team

    @property
    def space(self) -> Space:
        """Where distances are measured."""
        return self.dithering.space

    @property
    def wants_rows(self) -> bool:
        """Whether palettes are moved by rows of frames."""
        return self.dithering.name == "spatial" and self.dithering.is_on

    def __call__(self, images: Sampled) -> FittedColors:
        """Fit a palette to images."""
        histogram, options, fixed = images.histogram, self.options, self.options.fixed
        assert fixed is not None
        if fixed.shape[1] == 4 or histogram.channels == 4:
            histogram, fixed = histogram.with_alpha(), files.with_alpha(fixed)
            fixed = _with_clear(fixed, histogram, self.k)
        options = FitOptions(
            options.effort, options.seed, fixed, options.posterize, self.dithering.is_on
        )
        fitter = Fitter(histogram, self.space, self.team)
        fitted, mover = fitter.fit(self.k, options), Mover.of(self.dithering, images.parts)
        if mover is not None and is_movable(fitted, options):
            fitted = mover.moved(fitted, histogram, options, fitter, self.team)
        return FittedColors(fitted, histogram)


def _with_clear(fixed: ByteArray, histogram: ColorHistogram, k: int) -> ByteArray:
    """Fix the transparent colour too, if all pixels are opaque or wholly transparent.

    Otherwise the fit might merge transparent pixels with others into a half-transparent colour.
    """
    alphas = histogram.colors[:, 3]
    if not (alphas == 0).any() or not np.isin(alphas, (0, 255)).all():
        return fixed
    if len(fixed) >= k or k == 1 or (fixed[:, 3] == 0).any():
        return fixed
    return np.concatenate([fixed, np.zeros((1, 4), np.uint8)])


class ScopePalettes:
    """The palettes of one scope: fitted at once, or for single frames when these are mapped.

    Attributes
    ----------
    scope : str
    which : sequence of int
        The number of each frame's palette.
    """

    def __init__(self, count: ScopeCount, fit: PaletteFit) -> None:
        self.scope: Scope = count.scope
        self.which: Sequence[int] = count.which
        self._fit = fit
        self._fitted = {number: fit(span) for number, span in enumerate(count.spans)}

    @property
    def is_exact(self) -> bool:
        """Whether palettes that are fitted already have all colours."""
        return bool(self._fitted) and all(own.fitted.mse == 0 for own in self._fitted.values())

    def of(self, frame: Frame) -> FittedColors:
        """Return a frame's palette; one of its own is not kept beyond the next."""
        which = self.which[frame.number]
        if which not in self._fitted:
            histogram = ColorHistogram.from_pixels(frame.pixels, self._fit.team)
            rows = RowSample()
            if self._fit.wants_rows:
                rows.add(frame.pixels, 0)
            self._fitted = {which: self._fit(Sampled(histogram, rows.parts))}
        return self._fitted[which]


class CountedAnimation:
    """An animation whose colours are counted, which can be mapped any number of times.

    Attributes
    ----------
    durations : tuple of int
        In milliseconds.
    loop : int
        How often it plays; 0 for ever.
    n_distinct : tuple of int
        The number of colours of each frame.

    Raises
    ------
    ValueError
        If there are no frames.
    """

    def __init__(
        self,
        frames: Frames,
        scopes: Sequence[Scope],
        team: _core.Team,
        *,
        alpha: str = "keep",
        with_rows: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.loop = frames.loop
        self._frames, self._alpha, self._progress = frames, alpha, progress
        self._counts = {scope: ScopeCount(scope, with_rows) for scope in scopes}
        durations: list[int] = []
        n_distinct: list[int] = []
        for pixels, duration in self._walk("count"):
            durations.append(duration)
            histogram = ColorHistogram.from_pixels(pixels, team)
            n_distinct.append(len(histogram))
            for count in self._counts.values():
                count.add(histogram, pixels)
        if not durations:
            raise ValueError("source: expected at least one frame, got none")
        for count in self._counts.values():
            count.close()
        self.durations, self.n_distinct = tuple(durations), tuple(n_distinct)

    def n_palettes(self, scope: Scope) -> int:
        """Return how many palettes a scope has."""
        return self._counts[scope].which[-1] + 1

    def fit(self, scope: Scope, fit: PaletteFit) -> ScopePalettes:
        """Fit the palettes of a scope."""
        return ScopePalettes(self._counts[scope], fit)

    def frames(self, step: str | None = None) -> Iterator[Frame]:
        """Yield the frames once more, and tell the progress of a step."""
        for number, (pixels, _) in enumerate(self._walk(step)):
            yield Frame(number, pixels, self.n_distinct[number])

    def _walk(self, step: str | None) -> Iterator[tuple[ByteArray, int]]:
        for done, (pixels, duration) in enumerate(self._frames.walk(), 1):
            yield files.apply_alpha(pixels, self._alpha), duration
            if self._progress is not None and step is not None:
                self._progress(step, done)
