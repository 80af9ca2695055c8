"""Fuzzing: each target checks a law that must hold for any bytes.

A target is a module: `seeds()` returns small valid inputs, and `check(data)` raises if the law is
broken. None is imported here, so that Atheris can instrument their imports.
"""

#: The names of the targets' modules.
TARGETS = ("commands", "histograms", "images", "palettes")
