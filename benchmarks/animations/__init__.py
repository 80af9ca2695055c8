"""Animations beside gifski's, ffmpeg's and gifsicle's: bytes at equal looks, flicker, cost.

`clips` lists what is encoded, made by `films` and `drawings`; `encoders` lists who encodes it;
`scores` measures what a GIF shows; `runs` does all that and keeps it in a CSV file; `tables` sums
it up.
"""
