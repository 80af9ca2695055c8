"""The methods of the open benchmark, ours and others', each with a short adapter."""

from __future__ import annotations

from benchmarks.rivals import crates, extractors, libraries, node, ours, palettes, programs
from benchmarks.rivals.rival import KINDS, Kind, Method, Missing, Pixels, Result, Rival

__all__ = ["ALL", "KINDS", "Kind", "Method", "Missing", "Pixels", "Result", "Rival"]

ALL: dict[str, Rival] = {
    rival.name: rival
    for family in (ours, libraries, palettes, extractors, crates, programs, node)
    for rival in family.RIVALS
}
