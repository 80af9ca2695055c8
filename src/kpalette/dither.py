"""Mapping: from the nearest entry of each pixel to indices, some that mix to the pixels' colours.

What is done here takes arrays of NumPy and memoryviews alike.
"""

from __future__ import annotations

from kpalette import _core, rate
from kpalette.checks import check_choice, is_number
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from kpalette.choices import Dither, SmallerIn, Space
    from kpalette.colors import ByteArray
    from kpalette.fit import Fitted
    from kpalette.histogram import Counted
    from kpalette.still import CountedStill

    Indices = np.ndarray[Any, Any]

#: The formats whose bytes `smaller` saves.
SMALLER_IN = ("png", "gif")

#: The dither that smaller files have of themselves.
DIFFUSION = "floyd-steinberg"


class Dithering(Record):
    """How pixels are mapped to a palette: nearest entries, a dither, or such as save bytes.

    Raises
    ------
    TypeError, ValueError
        If `name` is neither a dither nor None, `strength` not from 0 to 1, `space` unknown, or
        files are to be smaller with an ordered dither.
    """

    name: Dither | None
    strength: float  # 0 to 1
    space: Space  # where nearest entries are; mixing has a space of its own
    smaller: float = 0  # see rate.py
    smaller_in: SmallerIn = "png"

    def __init__(
        self,
        name: Dither | None,
        strength: float,
        space: Space,
        smaller: float = 0,
        smaller_in: SmallerIn = "png",
    ) -> None:
        known = ", ".join(_core.DITHERS)
        check_choice("space", space, _core.SPACES)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"dither: expected None or one of {known}, got {name!r}")
        if name is not None and name not in _core.DITHERS:
            raise ValueError(f"dither: expected None or one of {known}, got {name!r}")
        if not is_number(strength):
            raise TypeError(f"dither_strength: expected a number, got {strength!r}")
        if not 0 <= float(strength) <= 1:  # which NaN is not
            raise ValueError(f"dither_strength: expected 0 to 1, got {strength}")
        if smaller and name not in (None, DIFFUSION):
            raise ValueError(
                f"smaller: expected dither None or {DIFFUSION!r}, because it diffuses errors "
                f"itself, got {name!r}"
            )
        check_choice("smaller_in", smaller_in, SMALLER_IN)
        if smaller and smaller_in == "gif" and name and strength > 0:
            raise ValueError(f"smaller_in='gif': expected no dither, got {name!r}")
        super().__init__(name, float(strength), space, smaller, smaller_in)

    @property
    def is_on(self) -> bool:
        """Whether indices may differ from those of the nearest entries."""
        return self.smaller > 0 or (self.name is not None and self.strength > 0)

    @property
    def mixes(self) -> bool:
        """Whether the palette is one for mixing."""
        return self.is_on and not self.smaller


class Kept(Record):
    """Pixels whose entries are given, and stay: indices (h, w), where the bool mask (h, w) is."""

    indices: Indices
    mask: np.ndarray[Any, np.dtype[np.bool_]]


class Rest(Record):
    """What lies around pixels that are a part of an image.

    Attributes
    ----------
    origin : tuple of two int
        Row and column of the first pixel. Ordered dithers then give the same as for the whole.
    above : uint8 array (w, c), optional
        The row above, where the pixels are some rows of an image and error diffusion comes from
        there.
    errors : float32 array (w, 4), optional
        What the row above left to these, at first zeros; written to, for those below.
    kept : uint8 array (h, w), optional
        Where it is not 0, a pixel keeps the entry it comes with. For spatial dithering alone.
    """

    origin: tuple[int, int] = (0, 0)
    above: ByteArray | None = None
    errors: np.ndarray[Any, np.dtype[np.float32]] | None = None
    kept: ByteArray | None = None


class Shown(Record):
    """How often a palette's entries are shown, int64 (k,), and what is lost by that.

    `data` are a GIF's, if the indices were chosen for it: other ways of writing them take more.
    """

    counts: Any
    mse: float
    data: bytes | None = None


def show(
    dithering: Dithering,
    image: Counted | CountedStill,
    fitted: Fitted,
    indices: Any,
    team: _core.Team,
    kept: Kept | None = None,
) -> Shown:
    """Map an image's pixels to a palette that was fitted to their histogram, and dither.

    `indices`, uint8 or uint16 (h, w), are written to. Pixels that are `kept` stay what they are, if
    the dither is spatial.
    """
    flat, colors = _buffers(image)
    _core.remap(flat, colors, fitted.nearest, indices, team)
    if dithering.smaller:
        data = rate.choose(dithering, flat, fitted.colors, indices, team)
        return Shown(*tally(image, fitted.colors, indices, team), data)
    if not dithering.is_on or fitted.mse == 0:
        return Shown(fitted.counts, fitted.mse)
    rest = Rest()
    if kept is not None and dithering.name == "spatial":
        indices[kept.mask] = kept.indices[kept.mask]
        rest = Rest(kept=kept.mask.view("u1"))
    return Shown(*apply(dithering, image, fitted.nearest, fitted.colors, indices, team, rest))


def apply(
    dithering: Dithering,
    image: Counted | CountedStill,
    labels: Any,
    colors: Any,
    indices: Any,
    team: _core.Team,
    rest: Rest = Rest(),  # noqa: B008
) -> tuple[Any, float]:
    """Dither an image in place.

    Parameters
    ----------
    dithering : Dithering
        One that is on.
    image : Counted
        What the indices are to show.
    labels : uint16 array (n,)
        The nearest entries of the histogram's colours.
    colors : uint8 array (k, c)
        The palette's, with as many channels as the image.
    indices : uint8 or uint16 array (h, w)
        The nearest entries of the pixels; written to.
    team : Team
        The threads to use.
    rest : Rest, optional
        Where the pixels are a part of an image.

    Returns
    -------
    counts : memoryview of int64 (k,)
        How often each entry is shown.
    mse : float
        As `Quantized.mse`.
    """
    assert dithering.name is not None
    flat, distinct = _buffers(image)
    _core.dither(
        dithering.name,
        flat,
        colors,
        indices,
        distinct,
        labels,
        strength=dithering.strength,
        team=team,
        **rest.as_dict(),
    )
    return tally(image, colors, indices, team)


def tally(
    image: Counted | CountedStill, colors: Any, indices: Any, team: _core.Team
) -> tuple[Any, float]:
    """Return how often each entry is shown, int64 (k,), and the mean squared error."""
    flat, _ = _buffers(image)
    counts, error = _core.tally(flat, indices, colors, team)
    return counts, error / len(flat)


def _buffers(image: Counted | CountedStill) -> tuple[Any, Any]:
    """Return an image's pixels and distinct colours, as what the core is told to take."""
    return image.flat, image.colors
