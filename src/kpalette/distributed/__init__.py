"""Palettes and indexed images of what does not fit one machine, on Dask.

A colour histogram with integer counts adds up exactly, in any order. So the sum of the histograms
of all tiles is that of the whole, and it goes through the same fit, on one machine, as a photo:
there is no second, approximate algorithm.

``pip install 'kpalette[distributed]'`` brings what this needs.
"""

from importlib.util import find_spec

_NEEDED = ("dask", "distributed", "fsspec", "tifffile", "zarr")
if _missing := [name for name in _NEEDED if find_spec(name) is None]:
    raise ImportError(
        f"kpalette.distributed needs {', '.join(_missing)}: pip install 'kpalette[distributed]'"
    )

from kpalette.distributed.counting import histogram  # noqa: E402
from kpalette.distributed.errors import (  # noqa: E402
    CheckpointError,
    OutputError,
    SchedulerLostError,
    TileError,
)
from kpalette.distributed.quantizing import QuantizedArray, quantize  # noqa: E402

__all__ = [
    "CheckpointError",
    "OutputError",
    "QuantizedArray",
    "SchedulerLostError",
    "TileError",
    "histogram",
    "quantize",
]
