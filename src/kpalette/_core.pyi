"""The native engine. Use the kpalette package: nothing here is public."""

from collections.abc import Callable, Sequence
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray


class Team:
    """Threads that the calls of one job share."""

    def __init__(self, threads: int) -> None: ...

    @property
    def size(self) -> int: ...

def isa() -> str:
    """The instruction set in use."""

def isas() -> list[str]:
    """Those that this processor can run, the best first."""

def count_colors(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[memoryview, dict(dtype='uint8', shape=(None, None))], Annotated[memoryview, dict(dtype='int64', shape=(None,))]]:
    """Distinct colours in Morton order, and their counts; memoryviews."""

def collect(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """The same for colours that may repeat, with a count each."""

def thin_out(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], step: int) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """Of every `step` neighbours, the most frequent for all."""

def to_codes(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,))]:
    """The colours' places along the Morton curve."""

def from_codes(codes: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], channels: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """The colours at places along the Morton curve."""

def merge(colors_a: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts_a: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], colors_b: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts_b: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """The sum of two histograms."""

class Counter:
    """Counts RGB pixels that come in parts."""

    def __init__(self) -> None: ...

    def add(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> None: ...

    def add_counts(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None: ...

    def total(self, team: Team) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]: ...

def place(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], space: str = 'srgb') -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """The coordinates of colours, float64 (n, channels)."""

def unplace(coords: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], space: str = 'srgb') -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """The colours at coordinates, uint8 (n, channels)."""

def steps(channels: int, space: str = 'srgb') -> int:
    """Coordinates per unit of the space's own scale."""

def middle(channels: int, space: str = 'srgb') -> list[int]:
    """About the centre of all colours' coordinates."""

SPACES: tuple = ('oklab', 'srgb', 'linear', 'lab')

class Points:
    """Colours placed in a space, weighted by their counts."""

    def __init__(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], team: Team, space: str = 'srgb') -> None: ...

    def __len__(self) -> int: ...

SEEDINGS: tuple = ('random', 'k-means++', 'maximin', 'wu')

EFFORTS: tuple = ('fast', 'balanced', 'best')

class Fitter:
    """Fits palettes to one histogram, a step at a time."""

    def __init__(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], space: str, team: Team) -> None: ...

    def fit(self, k: int, effort: str, seed: int, fixed: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, mixing: bool = False) -> None:
        """Begins to fit k colours alone; for mixing, a palette for dithering."""

    def grow(self, k: int, effort: str, seed: int) -> None:
        """Begins to fit k colours from the last ones that grew."""

    def step(self) -> bool:
        """Makes the next step; false where none was left."""

    def assign(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], by_frequency: bool = False) -> None:
        """Takes a palette that is given, and perhaps sorts it."""

    @property
    def n_iter(self) -> int: ...

    def fitted(self) -> tuple[Annotated[memoryview, dict(dtype='uint8', shape=(None, None))], Annotated[memoryview, dict(dtype='int64', shape=(None,))], Annotated[memoryview, dict(dtype='uint16', shape=(None,))], float, float, int]:
        """
        The result: colors, counts, labels, which are memoryviews, cost, mse, n_iter.
        """

def quantize_quickly(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, effort: str, seed: int, fixed: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None, out: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], team: Team) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))], int] | None:
    """
    Fits to bins in sRGB, and writes the nearest entries: colors, counts, n_iter. None, where bins do not suffice.
    """

def seed(points: Points, seeding: str, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """
    Where a fit can start, float64 (k, channels): the seeding is one of SEEDINGS.
    """

@overload
def seed_kmeanspp(points: Points, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_kmeanspp(points: Samples, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_kmeanspp(points: SparseSamples, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_maximin(points: Points, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_maximin(points: Samples, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_maximin(points: SparseSamples, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_wu(points: Points, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

@overload
def seed_wu(points: Samples, k: int, seed: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]: ...

class Assignment:
    """Which centre each point is nearest to."""

    def __init__(self, points: Points, k: int, team: Team) -> None: ...

    def pin(self, n: int) -> None:
        """Keeps the centres of the first n clusters where they are."""

    def update(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> int:
        """Moves points to their nearest centres; how many moved."""

    def cost(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
        """Weighted squared distances to the labels' centres."""

    @property
    def labels(self) -> Annotated[NDArray[numpy.uint16], dict(shape=(None,))]:
        """uint16 (n,)"""

    @property
    def counts(self) -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
        """int64 (k,)"""

@overload
def lloyd(assignment: Assignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, max_iter: int, tol: float, relaxed: int = 0, farthest: bool = False) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None, None))], float, int, bool]: ...

@overload
def lloyd(assignment: SampleAssignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, max_iter: int, tol: float, single: bool, settle: bool = True) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None, None))], float, int, bool]: ...

@overload
def lloyd(assignment: SparseAssignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, max_iter: int, tol: float, single: bool, settle: bool = True) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None, None))], float, int, bool]:
    """Passes of k-means: centers, inertia, n_iter, converged."""

def improve(assignment: Assignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, rounds: int, passes: int, shaken: int = 0, seed: int = 0) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None, None))], int]:
    """Leaves local minima by merging and splitting: centers, n_iter."""

def find_vivid_regions(assignment: Assignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], most: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """Colours (m, channels) of small vivid regions that the centers lost."""

def fourth_powers(assignment: Assignment, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
    """Weighted sum of the fourth powers of distances."""

class Samples:
    """Rows of floats, with weights."""

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    def variance(self, team: Team) -> float:
        """The mean of those of the features."""

    def __len__(self) -> int: ...

class SparseSamples:
    """Rows of a sparse matrix, with weights."""

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], dim: int, weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], dim: int, weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], dim: int, weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    @overload
    def __init__(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], dim: int, weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, team: Team) -> None: ...

    def variance(self, team: Team) -> float:
        """The mean of those of the features."""

    def __len__(self) -> int: ...

@overload
def hash_samples(samples: Samples, team: Team) -> Annotated[NDArray[numpy.uint64], dict(shape=(None,))]: ...

@overload
def hash_samples(samples: SparseSamples, team: Team) -> Annotated[NDArray[numpy.uint64], dict(shape=(None,))]:
    """uint64 (n,), by the values of each sample alone."""

@overload
def any_repeats(samples: Samples, team: Team) -> bool: ...

@overload
def any_repeats(samples: SparseSamples, team: Team) -> bool:
    """Whether some samples are alike."""

@overload
def predict(rows: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[NDArray[numpy.int32], dict(shape=(None,))], bool]: ...

@overload
def predict(rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[NDArray[numpy.int32], dict(shape=(None,))], bool]:
    """
    The nearest centre of each row, int32 (n,), and whether all rows are surely finite.
    """

@overload
def predict(values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]: ...

@overload
def predict(values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]: ...

@overload
def predict(values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]: ...

@overload
def predict(values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], columns: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]: ...

@overload
def inertia(rows: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], team: Team) -> float: ...

@overload
def inertia(rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], team: Team) -> float:
    """Weighted squared distances to the labels' centres."""

@overload
def distances(rows: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None, None))], team: Team) -> None: ...

@overload
def distances(rows: SparseSamples, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None, None))], team: Team) -> None: ...

@overload
def distances(rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None, None))], team: Team) -> None:
    """Writes the distances of rows to centres, (n, k)."""

@overload
def distances(rows: SparseSamples, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None, None))], team: Team) -> None: ...

class SampleAssignment:
    """Which centre each sample is nearest to."""

    def __init__(self, samples: Samples, k: int, team: Team) -> None: ...

    def update(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> int:
        """Labels samples with their nearest centres; how many labels changed."""

    def settle(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
        """Labels samples, without the sums that a pass needs; the inertia."""

    def cost(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
        """Weighted squared distances to the labels' centres."""

    @property
    def labels(self) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]:
        """int32 (n,)"""

class SparseAssignment:
    """The same for sparse ones."""

    def __init__(self, samples: SparseSamples, k: int, team: Team) -> None: ...

    def update(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> int:
        """Labels samples with their nearest centres; how many labels changed."""

    def settle(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
        """Labels samples, without the sums that a pass needs; the inertia."""

    def cost(self, centers: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> float:
        """Weighted squared distances to the labels' centres."""

    @property
    def labels(self) -> Annotated[NDArray[numpy.int32], dict(shape=(None,))]:
        """int32 (n,)"""

def delta_e_2000(lab_a: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], lab_b: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """CIEDE2000 of pairs of rows, float64 (n,)."""

def color_differences(colors_a: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors_b: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """
    Of pairs: squared error in 8-bit sRGB, distance in Oklab, CIEDE2000; float64 (n, 3).
    """

def saliency_map(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], width: int, team: Team) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """How much each pixel stands out, 0.1 to 1; float64 (h, w)."""

def weigh_salient(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], width: int, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
    """
    How much the pixels of each colour stand out together, int64 (n,): 65,536 is 1.
    """

def weigh(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], steps: float, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
    """
    The sum of each colour's weights, int64 (n,), of which 1 is `steps`; each is rounded.
    """

LOOKS_TILE: int = 16

def looks(mean_cube: float) -> float:
    """How errors of that mean cube look: 100 is without any."""

class Tiles:
    """An image whose tiles are compared with other images'."""

    def __init__(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], width: int, team: Team) -> None: ...

    @overload
    def errors(self, indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> list[tuple[int, int, int, int, int, int, int, int]]: ...

    @overload
    def errors(self, indices: Annotated[NDArray[numpy.uint16], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> list[tuple[int, int, int, int, int, int, int, int]]: ...

    @overload
    def errors(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> list[tuple[int, int, int, int, int, int, int, int]]:
        """
        Over black and over white, of tiles that differ: pixels, the sum of cubes as two halves, what the worst adds to it, its top, left, height and width.
        """

class Runs:
    """The same by colours, for images with long runs of one."""

    def __init__(self, which: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> None: ...

    def errors(self, labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> list[tuple[int, int, int, int, int, int, int, int]]: ...

DITHERS: tuple = ...

MOST_MIXED: int = 256

class ColorLabels:
    """The labels, below 256, of the colours of many images."""

    def __init__(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None: ...

    def map(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], team: Team) -> None:
        """Writes the label of each pixel's colour, which is one of them."""

@overload
def remap(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu')], team: Team) -> None:
    """Writes the label of each pixel's colour."""

@overload
def remap(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.uint16], dict(order='C', device='cpu')], team: Team) -> None: ...

@overload
def remap(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.int32], dict(order='C', device='cpu')], team: Team) -> None: ...

@overload
def dither(name: str, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], *, strength: float, origin: tuple[int, int], team: Team, above: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, errors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')] | None = None, kept: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None) -> None: ...

@overload
def dither(name: str, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint16], dict(shape=(None, None), order='C', device='cpu')], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], *, strength: float, origin: tuple[int, int], team: Team, above: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, errors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')] | None = None, kept: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None) -> None:
    """
    Turns the indices (h, w) of nearest entries into dithered ones; labels are the nearest entries of all colours of the pixels. Those kept are to stay: uint8 (h, w), not 0.
    """

@overload
def tally(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[memoryview, dict(dtype='int64', shape=(None,))], float]: ...

@overload
def tally(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint16], dict(order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[memoryview, dict(dtype='int64', shape=(None,))], float]:
    """
    How often each entry is shown, a memoryview, and the squared error in 8-bit sRGB.
    """

def mask(name: str) -> Annotated[NDArray[numpy.uint16], dict(shape=(None, None))]:
    """The ranks of a mask, uint16 (side, side)."""

def mixtures(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
    """The shares of entries that mix to colours, float32 (n, k)."""

def palette_places(height: int, width: int) -> tuple[Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """
    The rows, int64 (m,), and columns, int64 (n,), of an image that its palette is moved by.
    """

def spatial_palette(parts: Sequence[Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)]], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], labels: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], *, weights: Sequence[Annotated[NDArray[numpy.uint16], dict(shape=(None, None), order='C', device='cpu', writable=False)]] | None = None, fixed: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, strength: float, team: Team) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """
    The palette, uint8 (k, channels), moved to where spatial dithering shows images, uint8 (h, w, channels), best; weights, uint16 (h, w), of up to 4096.
    """

FEW_COLORS: int = 64

PER_BIT: tuple = ...

def per_bit(smaller: float) -> float:
    """What a bit may cost in squared error in Oklab."""

def choose_by_rate(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], *, per_bit: float, strength: float, team: Team) -> int:
    """
    Turns the indices (h, w) of nearest entries into such as deflate writes in fewer bits, of which `per_bit` in Oklab is what one may cost; returns the bits.
    """

def choose_by_rate_after(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], *, per_bit: float, pixels_before: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices_before: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], drawn: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], team: Team) -> bool:
    """
    The same after a frame of the same palette, whose pixels may stay. `drawn`, uint8 (h, w), becomes 1 where pixels are written; returns whether any are.
    """

class LossyFrames:
    """
    Frames of one palette as LZW writes them in few bits, of which `per_bit` in squared error is what one may cost.
    """

    def __init__(self, palette: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], height: int, width: int, *, per_bit: float) -> None: ...

    def choose(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu')], team: Team) -> tuple[int, int, int, int, int, bool, bytes] | None:
        """
        Turns the indices (h, w) of nearest entries of the next frame into such as take fewer bits. Returns the left, top, width, height, entry to keep or -1, whether it is cleared, and data of the image, if there is one.
        """

    @property
    def cost(self) -> float:
        """Of the last frame: its error, and its bits."""

def lzw(indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], bits: int, *, keep: int = -1, kept: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None) -> bytes:
    """
    The data of an image in a GIF; pixels that are `kept` may be written as the entry `keep`.
    """

def code_changes(frames: Sequence[tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]]], team: Team) -> list[tuple[int, int, int, int, int, bool, bytes] | None]:
    """
    What a GIF has of each frame, pairs of indices (h, w) and colours (k, 3 or 4): left, top, width, height, entry to keep or -1, whether it is cleared, and data; None for a frame that looks like the one before.
    """

def lzw_entries(data: bytes) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,))]:
    """Whether an image's data have each entry, uint8 (256,)."""

def recode_lzw(data: bytes, entries: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], bits: int) -> bytes:
    """
    The same data with other entries, uint8 (256,), of at most as many bits.
    """

def order_palette(indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], first: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], passes: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,))]:
    """
    The order in which neighbours' indices are near, uint8 (k,); `first` marks who leads.
    """

def filter_rows(rows: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], choice: str, team: Team) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """
    Rows (h, n) as differences, each after its filter's number, uint8 (h, 1 + n).
    """

def join_zlib(streams: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """
    One zlib stream of several of one level, whose bytes are so many, one after the other.
    """

def png(indices: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], *, effort: str, keep_order: bool, may_be_grey: bool, deflate: Callable, team: Team) -> tuple[bytes, bytes, bytes]:
    """
    Chunks of the smallest PNG file found: IHDR; PLTE and tRNS, if there are any; and IDAT. `effort` is quick, usual or thorough; `deflate` makes a zlib stream of bytes by a level.
    """

class PngFormat:
    """What a PNG file says of its pixels."""

    def __init__(self, width: int, height: int, depth: int, color: int, interlaced: bool, palette: bytes, transparency: bytes) -> None: ...

    @property
    def is_valid(self) -> bool: ...

    @property
    def interlaced(self) -> bool: ...

    @property
    def channels(self) -> int:
        """4 if some pixel may be transparent, or 3."""

    @property
    def stride(self) -> int:
        """The bytes of a row, with its filter's number."""

    @property
    def size(self) -> int:
        """The bytes of all rows, with their filters' numbers."""

class PngRows:
    """Rows of a format, from above to below."""

    def __init__(self, format: PngFormat, above: bytes = ...) -> None:
        """`above` is that of a reader that read the rows before."""

    def read(self, rows: bytearray) -> bytearray | None:
        """
        Pixels (rows * width * channels) of inflated rows, as read_png makes them.
        """

    @property
    def above(self) -> bytes: ...

def read_png(format: PngFormat, rows: bytearray) -> tuple[bytearray, int] | None:
    """
    Pixels (height * width * channels) of the inflated rows of a valid format, and channels: 3, or 4 if some pixel is not opaque. None if the rows are damaged. The rows are overwritten, and may become the pixels.
    """

def resample(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], width: int, height: int, team: Team) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None))]:
    """
    Pixels resampled by Lanczos's filter in linear light, uint8 (height, width, channels).
    """

def count_for_theme(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], mask: Annotated[NDArray[numpy.bool_], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None, ignored: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """Distinct colours and counts, of the picture and of its sides."""

def counted_for_theme(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], ignored: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))]]:
    """The same for a histogram, which has no sides."""

def make_theme(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], edge_colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], edge_counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], ignored: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], k: int, team: Team) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.uint8], dict(shape=(None, None))], Annotated[NDArray[numpy.bool_], dict(shape=(None,))]]:
    """
    Colours, counts, the colours of the roles, and whether there is one; of as many colours as matter if k is 0.
    """

def theme_places(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], mask: Annotated[NDArray[numpy.bool_], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], team: Team) -> Annotated[NDArray[numpy.int32], dict(shape=(None, None))]:
    """x and y of a pixel of about each colour, or -1 and -1."""

ROLES: tuple = ...

MAX_THEME_COLORS: int = 64

def contrast(a: Sequence[int], b: Sequence[int]) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""

def text_on(background: Sequence[int]) -> list[int]:
    """Black or white, whichever is read better on it."""

def readable_pairs(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> list[list[int]]:
    """Pairs of indices of colours whose contrast is at least 4.5."""

def css_name(color: Sequence[int]) -> str:
    """The name that CSS has for the nearest colour."""

def common_name(color: Sequence[int]) -> str:
    """What people call the nearest colour."""

def color_named(name: str) -> list[int] | None:
    """The colour of a name, or None."""

def tone_scale(accent: Sequence[int]) -> list[list[int]]:
    """Tones of a hue, from 50 to 950."""

TONE_STEPS: tuple = ...

def make_scheme(accent: Sequence[int], dark: bool) -> list[list[int]]:
    """A colour for each scheme role."""

SCHEME_ROLES: tuple = ...

SCHEME_PAIRS: tuple = ...

def theme_css(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], roles: Sequence[Sequence[int] | None], name: str) -> str:
    """Custom properties of CSS."""

def theme_tailwind(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], roles: Sequence[Sequence[int] | None], name: str) -> str:
    """The same in @theme, for Tailwind 4."""

def theme_tokens(colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], roles: Sequence[Sequence[int] | None], name: str) -> str:
    """Design tokens in JSON."""

class Card:
    """Where a card's picture, rectangles and texts are."""

    def __init__(self, colors: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], counts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], roles: Sequence[Sequence[int] | None], picture_width: int, picture_height: int) -> None: ...

    @property
    def size(self) -> tuple[float, float]: ...

    @property
    def picture_box(self) -> tuple[float, float, float, float]: ...

    @property
    def pieces(self) -> list[tuple[float, float, float, float, list[int], str]]: ...

    def svg(self, picture_uri: str, title: str) -> str: ...
