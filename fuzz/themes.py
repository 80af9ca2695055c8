"""Themes of small pictures: colours, counts, places and texts are as promised, or an error."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import kpalette
from fuzz.choices import Choices
from fuzz.law import allowing, expect
from kpalette import Palette, Theme, palette_files

SIDES = [1, 2, 3, 7, 24]
KS = [6, 1, 2, 64, "auto", 0, 65, -1]
IGNORED = [(), "white", "#00000000", ["#808080", "red"], "no colour"]
REGIONS = [None, (0, 0, 1, 1), (0.25, 0.25, 0.5, 0.5), (1, 0, 2, 3), (0.9, 0, 0.1, 1.0)]
FEW, MANY = range(2)


def seeds() -> list[bytes]:
    """Return decisions, and pixels of few and of many colours."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(12):
        sides = [number % len(SIDES), len(SIDES) - 1]
        kind = [number % 2, number % 5 % 2, number % len(KS), number % 3, number // 2 % 5, 0]
        found.append(bytes(sides + kind) + rng.integers(0, 256, 2400, np.uint8).tobytes())
    return found


def check(data: bytes) -> None:
    """Make the theme of the picture that the decisions and the remaining bytes are."""
    choices = Choices(data)
    shape = choices.one_of(SIDES), choices.one_of(SIDES), choices.one_of([3, 4])
    kind, k, ignored = choices.one_of([FEW, MANY]), choices.one_of(KS), choices.one_of(IGNORED)
    region, masked = choices.one_of(REGIONS), choices.number() % 2
    raw = choices.rest()[: np.prod(shape)].ljust(int(np.prod(shape)), b"\0")
    pixels = np.frombuffer(raw, np.uint8).reshape(shape)
    if kind == FEW:
        pixels = pixels // 128 * 255
    mask = pixels[..., 0] > 99 if masked else None
    theme = None
    with allowing(ValueError):
        theme = kpalette.theme(pixels, k, region=region, mask=mask, ignore=ignored, threads=1)
    if theme is not None:
        with allowing():
            _check_colors(theme, pixels, mask, k)
            _check_texts(theme)


def _check_colors(theme: Theme, pixels: Any, mask: Any, k: Any) -> None:
    opaque = np.ones(pixels.shape[:2], bool) if pixels.shape[2] == 3 else pixels[..., 3] >= 128
    seen = opaque if mask is None else opaque & mask
    own = {color.tobytes() for color in pixels[seen][:, :3]}
    expect(all(color.tobytes() in own for color in theme.colors), "colours are the picture's own")
    expect(len(set(theme.hex)) == len(theme) <= (12 if k == "auto" else k), "distinct, at most k")
    expect(0 < theme.counts.sum() <= seen.sum(), "a pixel that counts is looked at")
    expect(theme.dominant == theme.hex[0], "the first is dominant")
    for role, color in theme.roles.items():
        expect(bytes.fromhex(color[1:]) in own, f"{role} is the picture's own")
    for x, y in theme.places:
        expect(seen[y, x], "a pin is where one looks")


def _check_texts(theme: Theme) -> None:
    group = json.loads(theme.to_tokens("some"))["some"]
    expect(group["1"]["$value"]["hex"] == theme.hex[0], "tokens hold the colours")
    for text in (theme.to_css(), theme.to_tailwind()):
        expect(all(color in text for color in theme.hex), "a style holds the colours")
    for kind in sorted(palette_files.FORMATS):
        colors, _ = palette_files.decode(palette_files.encode(theme, kind, "some"), kind)
        expect(len(Palette(colors)) >= len(theme), f"{kind} gives back the colours")
