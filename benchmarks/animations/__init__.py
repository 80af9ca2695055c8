"""Animations beside gifski's, ffmpeg's and others': bytes at equal looks, flicker, cost.

`clips` lists what is encoded, made by `films`, `drawings`, `screens` and `sprites`; `encoders`
lists who encodes it; `scores` measures what a file shows; `runs.measure` does all that, into plain
numbers, and `tables.lines` shows them.
"""
