"""From a histogram to its k best colours, by the core: what a fit is asked for, and hands on."""

from __future__ import annotations

from math import inf, log10

from kpalette import _core
from kpalette.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from kpalette.choices import Effort, Space
    from kpalette.colors import ByteArray
    from kpalette.histogram import ColorHistogram
    from kpalette.palette import Palette
    from kpalette.still import CountedStill


class FitOptions(Record):
    """How far a fit goes, and what it keeps: see :func:`kpalette.quantize`.

    `fixed` are distinct uint8 colours (m, channels), with as many channels as the histogram's.
    `mixing`: the palette is made for dithering.
    """

    effort: Effort
    seed: int
    fixed: ByteArray | None = None
    posterize: int = 0
    mixing: bool = False

    __eq__, __hash__ = object.__eq__, object.__hash__


class Fitted(Record):
    """What a fit hands on.

    Attributes
    ----------
    colors : memoryview of uint8 (k, channels)
        The palette's.
    counts : memoryview of int64 (k,)
        How many pixels have each for their nearest.
    nearest : memoryview of uint16 (n,)
        The nearest entries of the histogram's colours.
    cost : float
        The sum over pixels of squared distances, on the scale of the space.
    mse : float
        On the 8-bit scale of sRGB.
    n_iter : int
    """

    colors: Any
    counts: Any
    nearest: Any
    cost: float
    mse: float
    n_iter: int

    __eq__, __hash__ = object.__eq__, object.__hash__

    @property
    def palette(self) -> Palette:
        """The palette, which is made once."""
        if "_palette" not in self.__dict__:
            import numpy as np

            from kpalette.palette import Palette

            counts = np.frombuffer(self.counts, np.int64)
            self.__dict__["_palette"] = Palette(np.asarray(self.colors), counts)
        made: Palette = self.__dict__["_palette"]
        return made

    @property
    def labels(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """The nearest entries as an array of NumPy."""
        import numpy as np

        return np.asarray(self.nearest)

    def __len__(self) -> int:
        """Return the number of colours."""
        return len(self.colors)


class Fitter:
    """Fits palettes to one histogram; what it places for one k serves the next."""

    def __init__(
        self, histogram: ColorHistogram | CountedStill, space: Space, team: _core.Team
    ) -> None:
        given: Any = histogram
        self._core = _core.Fitter(given.colors, given.counts, space, team)
        self._histogram, self._space, self._team = given, space, team
        self._coarse: dict[int, Fitter] = {}

    def fit(self, k: int, options: FitOptions) -> Fitted:
        """Fit k colours, of which those that are fixed, distinct ones, stay."""
        if options.posterize:
            return self._fit_posterized(k, options)
        self._core.fit(k, options.effort, options.seed, options.fixed, options.mixing)
        return self._finished()

    def _fit_posterized(self, k: int, options: FitOptions) -> Fitted:
        """Fit to posterized pixels, whose clusters are not finer than the levels are."""
        import numpy as np

        from kpalette.colors import without_repeats
        from kpalette.posterize import posterized, posterized_histogram

        bits = options.posterize
        if bits not in self._coarse:
            coarse = posterized_histogram(self._histogram, bits)
            self._coarse[bits] = Fitter(coarse, self._space, self._team)
        fitted = self._coarse[bits].fit(k, replace(options, posterize=0))
        found, fixed = fitted.palette.colors, options.fixed
        if fixed is None:
            fixed = found[:0]
        others = found[~(found[:, None] == fixed).all(axis=2).any(axis=1)]
        colors = without_repeats(np.concatenate([fixed, posterized(others, bits)]))
        return replace(self.assign(colors, by_frequency=True), n_iter=fitted.n_iter)

    def grow(self, k: int, effort: Effort, seed: int) -> Fitted:
        """Fit k colours from the last ones that grew, which were fewer; the first from seeds.

        The cost falls from each to the next, unless it is 0 already: nothing but cost counts.
        """
        self._core.grow(k, effort, seed)
        return self._finished()

    def assign(self, colors: ByteArray, by_frequency: bool = False) -> Fitted:
        """Take colours (k, channels) that are given, and perhaps sort them: most frequent first."""
        self._core.assign(colors, by_frequency)
        return self._fitted()

    def _finished(self) -> Fitted:
        while self._core.step():
            pass  # between steps Python sees what happens meanwhile, such as Ctrl-C
        return self._fitted()

    def _fitted(self) -> Fitted:
        return Fitted(*self._core.fitted())


def psnr(mse: float) -> float:
    """Return the peak signal-to-noise ratio, in decibels, of an error on the 8-bit scale."""
    return 10 * log10(3 * 255**2 / mse) if mse else inf
