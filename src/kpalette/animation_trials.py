"""Making an animation again and again: other colours, another loss, fewer frames."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from kpalette import files, rate
from kpalette.looks import Reference

if TYPE_CHECKING:
    from kpalette import _core
    from kpalette.choices import AnimationKind, Scope
    from kpalette.counted_animation import CountedAnimation, Frame, PaletteFit, ScopePalettes
    from kpalette.quantized_animation import QuantizedAnimation

#: Maps frames to palettes, at a price of a bit.
Mapping: TypeAlias = "Callable[[Iterable[Frame], ScopePalettes, float], QuantizedAnimation]"


@dataclass(frozen=True, eq=False)
class Trial:
    """An animation, the bytes of its file, and how it was made.

    Its length is the number of colours of its largest palette.
    """

    animation: QuantizedAnimation
    size: int
    k: int
    lossy: float
    every: int  # of so many frames, the first is left

    def __len__(self) -> int:
        return max(map(len, self.animation.palettes))


@dataclass(eq=False)
class Trials:
    """Maps all frames of a counted animation at each call, and encodes them.

    Attributes
    ----------
    counted : CountedAnimation
    fit : PaletteFit
        Its `k` is the most.
    kind : {"gif", "png", "webp"}
        The format whose bytes count.
    mapping : function
    team : Team
        The threads to use.
    n : int
        How many trials there were.
    smallest : tuple of two int
        The fewest bytes of a trial, and its number of colours.
    """

    counted: CountedAnimation
    fit: PaletteFit
    kind: AnimationKind
    mapping: Mapping
    team: _core.Team
    n: int = 0
    smallest: tuple[int, int] = (sys.maxsize, 0)
    _fitted: dict[tuple[Scope, int], ScopePalettes] = field(default_factory=dict)

    @property
    def most(self) -> int:
        """The most colours."""
        return self.fit.k

    @property
    def least(self) -> int:
        """The fewest colours: of several, two, for with one nothing is seen."""
        fixed = self.fit.options.fixed
        return max(min(2, self.most), 0 if fixed is None else len(fixed))

    def __call__(self, scope: Scope, k: int, lossy: float = 0.0, every: int = 1) -> Trial:
        """Make an animation of the first of each so many frames."""
        self.n += 1
        if (scope, k) not in self._fitted:
            palettes = self.counted.fit(scope, replace(self.fit, k=k))
            self._fitted = {(scope, k): palettes}
        frames = self.counted.frames("map")
        kept = (frame for frame in frames if frame.number % every == 0)
        price = rate.checked_price(0, lossy, k)
        made = self.mapping(kept, self._fitted[scope, k], price)
        if every > 1:
            times = self.counted.durations
            sums = (sum(times[start : start + every]) for start in range(0, len(times), every))
            made = replace(made, durations=tuple(sums))
        trial = Trial(made, len(made.encode(self.kind)), k, lossy, every)
        self.smallest = min(self.smallest, (trial.size, len(trial)))
        return trial

    def looks(self, trial: Trial, most: int | None = None) -> list[float]:
        """Return how frames look: all that are left, or some, spread evenly, but about `most`."""
        step = 1 if most is None else -(-len(trial.animation.frames) // most)
        found = []
        for frame in self.counted.frames():
            at, rest = divmod(frame.number, trial.every)
            if rest == 0 and at % step == step // 2:
                shown = trial.animation.frames[at]
                reference = Reference(files.with_alpha(frame.pixels), self.team)
                colors = files.with_alpha(shown.palette.colors)
                found.append(reference.index_errors(shown.indices, colors).looks)
        return found
