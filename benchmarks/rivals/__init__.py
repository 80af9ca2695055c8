"""The methods of the open benchmark, ours and others', each with a short adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.rivals import crates, extractors, libraries, node, ours, palettes, programs
from benchmarks.rivals.rival import KINDS, Kind, Method, Missing, Pixels, Result, Rival

__all__ = ["ALL", "KINDS", "Kind", "Method", "Missing", "Pixels", "Result", "Rival", "left_out"]

ALL: dict[str, Rival] = {
    rival.name: rival
    for family in (ours, libraries, palettes, extractors, crates, programs, node)
    for rival in family.RIVALS
}


def left_out(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each thing that is missing: how to get it, and who is left out without."""
    without: dict[str, list[str]] = {}
    for name, about in told.items():
        if "missing" in about:
            without.setdefault(about["missing"], []).append(name)
    return [f"left out: {', '.join(names)}: {what}" for what, names in without.items()]
