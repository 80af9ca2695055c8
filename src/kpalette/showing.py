"""How an animation is shown: playing in a notebook, or by the system's web browser."""

from __future__ import annotations

import math
import tempfile
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kpalette import notebook
from kpalette.words import counted

if TYPE_CHECKING:
    from kpalette.quantized_animation import QuantizedAnimation


def as_html(animation: QuantizedAnimation) -> str:
    """Return HTML with an animation that plays, its figures and its most used palette.

    Large ones are sampled down, as pictures are. Where the file would have more than
    `notebook.MAX_BYTES`, the first frame is shown.
    """
    width, height = animation.size
    n, palettes = len(animation.frames), animation.palettes
    facts = {
        "pixels": f"{width}×{height}",
        "frames": f"{n:,} in {sum(animation.durations) / 1000:.4g} s",
        "palettes": f"{len(palettes):,} of {counted(max(map(len, palettes)), 'colour')}",
        "MSE": f"{animation.mse:.2f}",
        "PSNR": f"{animation.psnr:.2f} dB" if animation.mse else "∞",
    }
    data = _small(animation).encode(kind := _kind(animation))
    if len(data) <= notebook.MAX_BYTES:
        shown = notebook.embedded(data, kind, repr(animation))
    else:
        shown = notebook.img(animation.frames[0].to_pil(), repr(animation))
        megabytes = len(data) / 1e6
        facts["shown"] = f"the first frame, since all take {megabytes:.1f} MB; save() writes them"
    most_used = max(palettes, key=lambda palette: int(palette.counts.sum()))
    return shown + notebook.facts(facts) + most_used._repr_html_()


def show(animation: QuantizedAnimation) -> None:
    """Show an animation below a notebook's cell, otherwise in a web browser."""
    if notebook.is_running():
        notebook.display_html(as_html(animation))
        return
    folder = Path(tempfile.mkdtemp(prefix="kpalette-"))  # stays: the browser opens it later
    path = folder / f"animation.{_kind(animation)}"
    animation.save(path)
    if not webbrowser.open(path.as_uri()):
        path.unlink()
        folder.rmdir()
        raise RuntimeError("show: expected a web browser, found none; save(path) writes a file")


def _kind(animation: QuantizedAnimation) -> str:
    """Return the format: GIF, which everything plays, where it can hold the colours."""
    soft = any(((p.colors[:, 3:] % 255) != 0).any() for p in animation.palettes)
    return "png" if soft else "gif"


def _small(animation: QuantizedAnimation) -> QuantizedAnimation:
    """Return the animation with at most `notebook.MAX_SIDE` pixels a side."""
    step = math.ceil(max(animation.size) / notebook.MAX_SIDE)
    if step == 1:
        return animation
    frames = tuple(
        replace(frame, indices=frame.indices[::step, ::step].copy()) for frame in animation.frames
    )
    return replace(animation, frames=frames, _coded=None, _drawn=None)
