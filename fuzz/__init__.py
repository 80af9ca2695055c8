"""Fuzzing: each target checks a law that must hold for any bytes.

A target is a module: `seeds()` returns small valid inputs, and `check(data)` raises if the law is
broken. None is imported here, so that Atheris can instrument their imports.
"""

#: The names of their modules.
TARGETS = ("animations", "commands", "histograms", "images", "palettes", "tagged", "themes")
