"""What an image lost on its way to few colours, and which of its colours lost most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kpalette import _core, files
from kpalette.colors import hex_name
from kpalette.looks import Reference
from kpalette.metrics import Comparison, summed_up
from kpalette.threads import make_team

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.quantized import Origin, Quantized

#: Colours are told apart by the upper bits of each channel: 8 levels.
SHIFT = 5

#: What fewer pixels than this have is not reported: a stray pixel may well be lost.
LEAST_SHARE = 0.0005


@dataclass(frozen=True)
class Loss:
    """A colour of the image, with those much like it, and what became of it.

    Attributes
    ----------
    color, shown : str
        Its mean and the palette's colour that most of its pixels are nearest to, such as
        ``"#d71e23"``.
    share : float
        The part of all pixels that have it, 0 to 1.
    delta_e : float
        Mean CIEDE2000 between its pixels and the palette's colours nearest to them.
    """

    color: str
    shown: str
    share: float
    delta_e: float


@dataclass(frozen=True)
class Report:
    """What was lost, by nearest colours: what dithering changes is no loss of colours.

    Attributes
    ----------
    comparison : kpalette.metrics.Comparison
        The whole image beside its colours' nearest ones; but `looks`, and where that is worst, are
        those of the picture, dithered or not.
    losses : tuple of Loss
        The colours that lost most, by `delta_e`, the largest first.
    """

    comparison: Comparison
    losses: tuple[Loss, ...]

    def __str__(self) -> str:
        lines = [f"{name:16}{value:>10}" for name, value in self.comparison.rows()]
        if self.comparison.worst is not None:
            lines.append(f"worst of it     {self.comparison.worst}")
        if self.losses:
            lines += ["", "lost most     shown as     share   ΔE2000"]
        for loss in self.losses:
            lines.append(f"{loss.color:12}  {loss.shown:10} {loss.share:7.2%} {loss.delta_e:8.2f}")
        return "\n".join(lines)


def report(origin: Origin, quantized: Quantized, n: int) -> Report:
    """Sum up what a result lost of the image that it was made from."""
    pixels, histogram, labels, nearest = origin
    team = make_team(None)
    reference = Reference(pixels, team)
    if quantized.profile is None:
        entries = quantized.palette.colors
        tiles = reference.index_errors(quantized.indices, _as_wide(entries, pixels))
    else:
        shown = files.as_pixels(quantized.to_pil())  # in sRGB
        tiles = reference.errors(_as_wide(shown, pixels))
    colors, counts = histogram.colors, histogram.counts
    measures = _core.color_differences(colors, nearest[labels], team)
    delta_e = measures[:, 2]
    levels = (colors >> SHIFT).astype(np.int64)
    key = levels @ 8 ** np.arange(levels.shape[1])
    _, group = np.unique(key, return_inverse=True)
    weight = np.bincount(group, counts)
    mean_delta = np.bincount(group, counts * delta_e) / np.maximum(weight, 1)
    mean_delta[weight < LEAST_SHARE * histogram.n_pixels] = 0

    losses = []
    for which in np.argsort(-mean_delta, kind="stable")[:n]:
        if mean_delta[which] == 0:
            break
        members = group == which
        mean = np.average(colors[members], axis=0, weights=counts[members])
        most = np.bincount(labels[members], counts[members]).argmax()
        share = float(weight[which]) / histogram.n_pixels
        color = hex_name(mean.round().astype(np.uint8))
        losses.append(Loss(color, hex_name(nearest[most]), share, float(mean_delta[which])))
    return Report(summed_up(measures, counts, tiles=tiles), tuple(losses))


def _as_wide(colors: ByteArray, pixels: ByteArray) -> ByteArray:
    """Return colours with alpha if the pixels have it."""
    return files.with_alpha(colors) if pixels.shape[2] == 4 else colors
