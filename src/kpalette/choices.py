"""What can be chosen by name: the core's tables, in its order, and as types."""

from __future__ import annotations

from typing import Literal, TypeAlias

from kpalette import _core

# Type checkers want these written out; a test compares them with the tables.
Space: TypeAlias = Literal["oklab", "srgb", "linear", "lab"]
Effort: TypeAlias = Literal["fast", "balanced", "best"]
Dither: TypeAlias = Literal["floyd-steinberg", "blue-noise", "bayer", "spatial"]

#: The format whose bytes `smaller` saves.
SmallerIn: TypeAlias = Literal["png", "gif"]

#: The formats of animations.
AnimationKind: TypeAlias = Literal["gif", "png", "webp"]

#: Which frames of an animation share a palette.
Scope: TypeAlias = Literal["auto", "global", "scene", "frame"]

#: How colours can be sorted.
Order: TypeAlias = Literal["share", "luminance", "hue", "compression"]

SMALLER_IN: tuple[SmallerIn, ...] = ("png", "gif")

#: Where distances can be measured.
SPACES: tuple[Space, ...] = _core.SPACES

#: How far to go for a lower error.
EFFORTS: tuple[Effort, ...] = _core.EFFORTS

#: How to dither.
DITHERS: tuple[Dither, ...] = _core.DITHERS
