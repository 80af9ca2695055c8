"""Palette scopes of animations: one palette for all frames, for each scene, or for each frame."""

from __future__ import annotations

from collections.abc import Callable

from kpalette.counter import PairwiseSum
from kpalette.fit import Fitted
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.scenes import SceneCutter

#: For each scope, a function that decides frame by frame whether a new palette begins.
SCOPES: dict[str, Callable[[], Callable[[ColorHistogram], bool]]] = {
    "global": lambda: lambda histogram: False,
    "scene": lambda: SceneCutter().begins,
    "frame": lambda: _differs(),
}


def scopes_to_try(scope: object) -> list[str]:
    """Return the names of the scopes to try; raise an error for an unknown name."""
    known = ", ".join(["auto", *SCOPES])
    if not isinstance(scope, str):
        raise TypeError(f"palette_scope: expected one of {known}, got {scope!r}")
    if scope != "auto" and scope not in SCOPES:
        raise ValueError(f"palette_scope: expected one of {known}, got {scope!r}")
    return [*SCOPES] if scope == "auto" else [scope]


def worth_trying(plans: list[Plan]) -> list[Plan]:
    """Return the plans without those that cannot be better than the one before.

    A plan cannot be better if it has no more palettes, or if the one before has no error.
    """
    chosen = plans[:1]
    for plan in plans[1:]:
        if chosen[-1].error > 0 and len(plan.palettes) > len(chosen[-1].palettes):
            chosen.append(plan)
    return chosen


class Plan:
    """The palettes of one scope, fitted as frames are counted, and each frame's palette."""

    def __init__(self, scope: str, fit: Callable[[ColorHistogram], Fitted]) -> None:
        self.scope = scope
        self.palettes: list[Palette] = []
        self.which: list[int] = []
        self.error = 0.0  # summed over all pixels, without dithering
        self._pixels = 0
        self._fit = fit
        self._begins = SCOPES[scope]()
        self._sum = PairwiseSum()

    def add(self, histogram: ColorHistogram) -> None:
        """Add the next frame's histogram."""
        if self._begins(histogram) and self.which:
            self.close()
        self._sum.add(histogram)
        self.which.append(len(self.palettes))

    def close(self) -> None:
        """Fit a palette to the frames since the last palette."""
        histogram = self._sum.total()
        fitted = self._fit(histogram)
        self.palettes.append(fitted.palette)
        self.error += fitted.mse * histogram.n_pixels
        self._pixels += histogram.n_pixels
        self._sum = PairwiseSum()

    @property
    def mse(self) -> float:
        """Mean squared error without dithering, defined as in :class:`kpalette.Quantized`."""
        return self.error / self._pixels


def _differs() -> Callable[[ColorHistogram], bool]:
    """Return a function that is true if a histogram differs from the one before."""
    last: ColorHistogram | None = None

    def begins(histogram: ColorHistogram) -> bool:
        nonlocal last
        before, last = last, histogram
        return histogram != before

    return begins
