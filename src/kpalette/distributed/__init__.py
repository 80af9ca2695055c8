"""Quantization with Dask of images too large for one machine.

Histograms with integer counts add up exactly, in any order: the sum over all tiles is the
histogram of the whole image. One machine fits the palette to that sum, as it does for a photo.
There is no second, approximate algorithm.

``pip install 'kpalette[distributed]'`` installs the dependencies.
"""

from importlib.util import find_spec

from kpalette.extras import MissingPackageError

_NEEDED = ("dask", "distributed", "fsspec", "tifffile", "zarr")
if _missing := [name for name in _NEEDED if find_spec(name) is None]:
    raise MissingPackageError(
        f"kpalette.distributed needs {', '.join(_missing)}: pip install 'kpalette[distributed]'"
    )

from kpalette.distributed.counting import histogram  # noqa: E402
from kpalette.distributed.errors import (  # noqa: E402
    CheckpointError,
    LockedError,
    NoWorkersError,
    OutputError,
    SchedulerLostError,
    TileError,
    WaitingWarning,
)
from kpalette.distributed.quantizing import QuantizedArray, quantize  # noqa: E402

__all__ = [
    "CheckpointError",
    "LockedError",
    "NoWorkersError",
    "OutputError",
    "QuantizedArray",
    "SchedulerLostError",
    "TileError",
    "WaitingWarning",
    "histogram",
    "quantize",
]
