"""Which palettes an animation gets: one for all frames, for each scene, or for each frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, TypeAlias

from kpalette import files
from kpalette.looks import Reference

if TYPE_CHECKING:
    from kpalette import _core
    from kpalette.choices import Scope
    from kpalette.counted_animation import CountedAnimation, Frame, PaletteFit, ScopePalettes
    from kpalette.quantized_animation import QuantizedAnimation

#: Maps some frames.
Try: TypeAlias = "Callable[[Sequence[Frame], ScopePalettes], QuantizedAnimation]"

#: A point of looks is worth so much of the logarithm of bytes, up to where no difference is seen.
POINT, UNSEEN = 0.06, 90

#: Of so many frames one is tried, after the one before: at least `LEAST_TRIED`.
EACH, LEAST_TRIED, MOST_TRIED = 15, 2, 6


def choose(
    counted: CountedAnimation,
    scopes: Sequence[Scope],
    fit: PaletteFit,
    attempt: Try,
    team: _core.Team,
) -> ScopePalettes:
    """Return the palettes of least log(bytes) - POINT · min(looks, UNSEEN), tried on a few frames.

    More palettes are not tried where fewer have all colours.
    """
    chosen = [counted.fit(scopes[0], fit)]
    for scope in scopes[1:]:
        if chosen[-1].is_exact:
            break
        if counted.n_palettes(scope) > counted.n_palettes(chosen[-1].scope):
            chosen.append(counted.fit(scope, fit))
    if len(chosen) == 1:
        return chosen[0]
    costs = [_Cost() for _ in chosen]
    for pair in _pairs(counted):
        references = [Reference(files.with_alpha(frame.pixels), team) for frame in pair]
        for palettes, cost in zip(chosen, costs, strict=True):
            cost.add(pair, attempt(pair, palettes), references)
    totals = [cost.total(len(counted.durations)) for cost in costs]
    return chosen[totals.index(min(totals))]


def _pairs(counted: CountedAnimation) -> list[tuple[Frame, ...]]:
    """Return frames that are spread evenly, each with the one before; the only one alone."""
    n = len(counted.durations)
    wanted = min(max(n // EACH, LEAST_TRIED), MOST_TRIED) if n > EACH else n
    tried = {round((i + 0.5) * (n - 2) / wanted) + 1 for i in range(wanted)}
    pairs: list[tuple[Frame, ...]] = []
    last: Frame | None = None
    for frame in counted.frames():
        if last is not None and frame.number in tried:
            pairs.append((last, frame))
        last = frame
    assert last is not None
    return pairs or [(last,)]


class _Cost:
    """Bytes and looks of what was tried, and what they come to."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._later: list[int] = []
        self._looks: dict[int, float] = {}  # of each frame, at most `UNSEEN`

    def add(
        self,
        frames: Sequence[Frame],
        shown: QuantizedAnimation,
        references: Sequence[Reference],
    ) -> None:
        first, *later = shown.frame_bytes()
        self._first.append(first)
        self._later += later
        for frame, found, reference in zip(frames, shown.frames, references, strict=True):
            colors = files.with_alpha(found.palette.colors)
            looks = reference.index_errors(found.indices, colors).looks
            self._looks[frame.number] = min(looks, UNSEEN)

    def total(self, n_frames: int) -> float:
        n_bytes = _mean(self._first) + _mean(self._later) * (n_frames - 1)
        return math.log(n_bytes) - POINT * _mean(self._looks.values())


def _mean(values: Collection[float]) -> float:
    return math.fsum(values) / max(1, len(values))
