"""Hostile inputs: each target is a function of bytes that must keep its law, whatever they are.

A target is a module: `seeds()` gives small valid inputs, and `check(data)` raises where the law is
broken. None is imported here, so that what they import can be watched.
"""

#: The names of their modules.
TARGETS = ("animations", "commands", "histograms", "images", "palettes", "tagged")
