"""What a theme looks at of pictures, and the counting of their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from kpalette import _core, files
from kpalette.checks import is_number, is_whole
from kpalette.color_lists import checked_color_list
from kpalette.colors import as_array
from kpalette.histogram import ColorHistogram, PairwiseSum

if TYPE_CHECKING:
    from kpalette.colors import ByteArray, Colors

    MaskArray: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

#: Of an image that is a mask, these levels and lighter ones are looked at.
LIGHT = 128
NOTHING = "expected a pixel to look at, got none"


@dataclass(frozen=True, eq=False)
class Look:
    """Which pixels of pictures count.

    Attributes
    ----------
    region : tuple of four numbers, optional
        x, y, width and height: in pixels if all are whole numbers, otherwise in shares.
    mask : bool array (h, w), optional
        True where to look.
    ignored : uint8 array (m, 3)
        Colours that are left out, and those like them.
    """

    region: tuple[float, float, float, float] | None
    mask: MaskArray | None
    ignored: ByteArray

    @classmethod
    def of(cls, region: Any, mask: Any, ignore: Any) -> Self:
        """Check what :func:`kpalette.theme` is told."""
        return cls(_checked_region(region), _checked_mask(mask), checked_ignored(ignore))

    def at(self, pixels: ByteArray) -> tuple[ByteArray, MaskArray | None, tuple[int, int]]:
        """Return the part of a picture that is looked at, its mask, and x and y of its corner."""
        height, width = pixels.shape[:2]
        mask = self.mask
        if mask is not None:
            if mask.shape != (height, width):
                high, wide = mask.shape
                raise ValueError(f"mask: expected {width}×{height} pixels, got {wide}×{high}")
            if not mask.any():
                raise ValueError(f"mask: {NOTHING}")
        if self.region is None:
            return pixels, mask, (0, 0)
        left, top, right, bottom = _box(self.region, width, height)
        part = np.ascontiguousarray(pixels[top:bottom, left:right])
        if mask is not None:
            mask = np.ascontiguousarray(mask[top:bottom, left:right])
            if not mask.any():
                raise ValueError(f"mask: {NOTHING} in the region")
        return part, mask, (left, top)

    def check_no_place(self, what: str) -> None:
        """Refuse a region and a mask for what has no places."""
        for name, value in (("region", self.region), ("mask", self.mask)):
            if value is not None:
                raise ValueError(f"{name}: expected an image, whose pixels have places, got {what}")


class ThemeCounter:
    """Counts the colours of pictures that are looked at, and those along their sides."""

    def __init__(self, look: Look, team: _core.Team) -> None:
        self._look, self._team = look, team
        self._colors, self._edge = PairwiseSum(), PairwiseSum()

    def __add__(self, other: ThemeCounter) -> ThemeCounter:
        """Return a counter of the pictures of both."""
        total = ThemeCounter(self._look, self._team)
        for counter in (self, other):
            if not counter.is_empty:
                total._colors.add(counter._colors.total())
            if not counter._edge.empty:
                total._edge.add(counter._edge.total())
        return total

    @property
    def is_empty(self) -> bool:
        """Whether no pixel was looked at."""
        return self._colors.empty

    @property
    def histogram(self) -> ColorHistogram:
        """The colours of the pixels that were looked at, of which there must be one."""
        return self._colors.total()

    def add(self, pixels: ByteArray, step: int = 1) -> None:
        """Count a picture, uint8 (h, w, 3 or 4), or every so many of its rows and columns."""
        part, mask, _ = self._look.at(pixels)
        if step > 1:
            part = np.ascontiguousarray(part[::step, ::step])
            mask = None if mask is None else np.ascontiguousarray(mask[::step, ::step])
        self._add(_core.count_for_theme(part, mask, self._look.ignored, self._team))

    def add_histogram(self, histogram: ColorHistogram) -> None:
        """Count the colours of a histogram."""
        self._look.check_no_place("a histogram")
        colors, counts = histogram.colors, histogram.counts
        self._add(_core.counted_for_theme(colors, counts, self._look.ignored))

    def _add(self, counted: tuple[Any, Any, Any, Any]) -> None:
        colors, counts, edge_colors, edge_counts = counted
        for total, part in (
            (self._colors, (colors, counts)),
            (self._edge, (edge_colors, edge_counts)),
        ):
            if len(part[1]):
                total.add(ColorHistogram.from_core(*part))

    def places(self, pixels: ByteArray, colors: ByteArray) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Return x and y (k, 2) of a pixel of a picture for each colour: where a pin goes."""
        part, mask, corner = self._look.at(pixels)
        return _core.theme_places(part, mask, colors, self._team) + np.array(corner, np.int32)

    def make(self, k: int) -> tuple[ByteArray, Any, dict[str, str]]:
        """Return colours (k, 3), counts (k,) and the roles' colours of a theme.

        Raises
        ------
        ValueError
            If no pixel is looked at.
        """
        if self.is_empty:
            ignored = len(self._look.ignored)
            why = ", or ignored" if ignored else ""
            raise ValueError(f"source: {NOTHING}: all of it is more transparent than not{why}")
        colors = self.histogram
        edge = ColorHistogram.from_core(np.empty((0, 3), np.uint8), np.empty(0, np.int64))
        if not self._edge.empty:
            edge = self._edge.total()
        found, counts, roles, has = _core.make_theme(
            *(colors.colors, colors.counts, edge.colors, edge.counts),
            *(self._look.ignored, k, self._team),
        )
        named = {
            name: f"#{color.tobytes().hex()}"
            for name, color, is_there in zip(_core.ROLES, roles, has, strict=True)
            if is_there
        }
        return found, counts, named


def checked_ignored(ignore: Colors) -> ByteArray:
    """Return colours as uint8 (m, 3)."""
    return np.ascontiguousarray(checked_color_list("ignore", ignore)[:, :3])


def _checked_region(region: Any) -> tuple[float, float, float, float] | None:
    if region is None:
        return None
    what = "region: expected x, y, width and height"
    if not isinstance(region, (Sequence, np.ndarray)) or isinstance(region, (str, bytes)):
        raise TypeError(f"{what}, got {region!r}")
    if len(region) != 4 or not all(map(is_number, region)):
        kind = ValueError if all(map(is_number, region)) else TypeError
        raise kind(f"{what}, got {region!r}")
    if all(map(is_whole, region)):
        left, top, wide, high = map(int, region)
        if left < 0 or top < 0 or wide < 1 or high < 1:
            got = (left, top, wide, high)
            raise ValueError(f"{what} in pixels, of at least 0, 0, 1 and 1, got {got}")
        return left, top, wide, high
    shares = tuple(map(float, region))
    x, y, width, height = shares
    # A bit more than 1 may come of adding shares such as 0.1 and 0.9.
    is_inside = x >= 0 and y >= 0 and x + width < 1 + 1e-9 and y + height < 1 + 1e-9
    if not (is_inside and width > 0 and height > 0):
        raise ValueError(f"{what} in shares, within 0 to 1, got {shares}")
    return x, y, width, height


def _box(region: tuple[float, float, float, float], wide: int, high: int) -> tuple[int, ...]:
    """Return left, top, right and bottom of a region, in pixels."""
    x, y, width, height = region
    if all(isinstance(value, int) for value in region):
        if x + width > wide or y + height > high:
            raise ValueError(
                f"region: expected a part of {wide}×{high} pixels, got {width}×{height} at {x}, {y}"
            )
        return int(x), int(y), int(x + width), int(y + height)
    left, top = min(round(x * wide), wide - 1), min(round(y * high), high - 1)
    right = min(max(left + 1, round((x + width) * wide)), wide)
    return left, top, right, min(max(top + 1, round((y + height) * high)), high)


def _checked_mask(mask: Any) -> MaskArray | None:
    if mask is None:
        return None
    if isinstance(mask, (np.ndarray, list, tuple)):
        array = as_array("mask", mask)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise ValueError(
                "mask: expected an array (h, w) of bool or numbers, "
                f"got shape {array.shape}, {array.dtype}"
            )
        made = array != 0
    else:
        made = files.as_pixels(mask)[..., 0] >= LIGHT
    return np.ascontiguousarray(made)
