"""Few of a palette's many entries, chosen for a picture: indexed files hold 256."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import _core
from kpalette.choices import Space
from kpalette.fit import FitOptions, Fitter
from kpalette.histogram import ColorHistogram

if TYPE_CHECKING:
    from kpalette.colors import ByteArray


def best_entries(
    histogram: ColorHistogram, colors: ByteArray, k: int, space: Space, team: _core.Team
) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return which entries, at most k of them, lose least of a picture; in their order.

    Entries that are no pixel's nearest go. Those left are points that weigh as many pixels as they
    are nearest to, and k-means finds k clusters of them. Of each cluster the entry stays that is
    nearest to its centre, which is the one with the least sum of squared distances to the others.

    That loses 0 to 3 % more, on five pictures and palettes of 300 to 4,096 colours, than what it
    leads to when entries and pixels are then reassigned in turn until nothing changes; and 3 % more
    on average than the best of all choices of noise and 12 colours.

    Parameters
    ----------
    histogram : ColorHistogram
        The picture's.
    colors : uint8 array (n, channels)
        The palette's, with as many channels.
    """
    counts = Fitter(histogram, space, team).assign(colors).palette.counts
    used = np.flatnonzero(counts)
    if len(used) <= k:
        return used
    entries = ColorHistogram(colors[used], counts[used])
    fitted = Fitter(entries, space, team).fit(k, FitOptions("balanced", 0))
    cluster = fitted.labels[entries.find(colors[used], team)]
    places, centers = (
        _core.place(levels, space).astype(np.float64)
        for levels in (np.ascontiguousarray(colors[used]), fitted.palette.colors)
    )
    distance = ((places - centers[cluster]) ** 2).sum(axis=1)
    order = np.lexsort((distance, cluster))
    nearest = order[np.unique(cluster[order], return_index=True)[1]]
    return np.sort(used[nearest])
