"""Plain NumPy specifications of palettes for mixing, and of spatial dithering."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import reference
from kpalette import _core

f = np.float32

#: The kernel by which errors are blurred, times 256.
KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])


def mixing(colors: np.ndarray) -> np.ndarray:
    """The space for mixing: Oklab with the power 3/4 in place of 1/3."""
    cones = reference.linear(colors) @ [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
    return cones**0.75 @ [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]


def mixing_cost(x: np.ndarray, entries: np.ndarray, shares: np.ndarray, near: float = 0.1) -> float:
    """What a mixture is to have little of: distance of the mean, and of what is mixed."""
    mean = shares @ entries
    apart = ((entries - x) ** 2).sum(axis=1)
    return float(((x - mean) ** 2).sum() + near * shares @ apart)


def mixture(x: np.ndarray, entries: np.ndarray, steps: int = 5, near: float = 0.1) -> np.ndarray:
    """Shares (k) of entries, by the method of Frank and Wolfe from the nearest entry."""
    shares = np.zeros(len(entries))
    shares[((entries - x) ** 2).sum(axis=1).argmin()] = 1
    squares = (entries**2).sum(axis=1)
    for _ in range(steps):
        mean = shares @ entries
        gradient = -2 * entries @ (x - mean) + near * (squares - 2 * entries @ x)
        best = gradient.argmin()
        length = ((entries[best] - mean) ** 2).sum()
        gain = shares @ gradient - gradient[best]
        if not (gain > 0 and length > 0):
            break
        share = min(gain / (2 * length), 1)
        shares *= 1 - share
        shares[best] += share
    return shares


def best_entries(
    x: np.ndarray,
    counts: np.ndarray,
    shares: np.ndarray,
    entries: np.ndarray,
    stays: np.ndarray,
    near: float = 0.1,
) -> np.ndarray:
    """Entries (k, 3) by least squares for given mixtures (n, k); some stay."""
    weighted = counts[:, None] * shares
    matrix = weighted.T @ shares + near * np.diag(weighted.sum(axis=0))
    hold = 1e-4 * counts.sum() / len(entries)
    matrix += hold * np.eye(len(entries))
    right = (1 + near) * weighted.T @ x + hold * entries
    moves = ~stays
    best = entries.copy()
    right = right[moves] - matrix[np.ix_(moves, stays)] @ entries[stays]
    best[moves] = np.linalg.solve(matrix[np.ix_(moves, moves)], right)
    return best


class Spatial:
    """Spatial dithering, phase by phase, of pixels (h, w, c) by a palette (k, c)."""

    BOUND, BLOCK, PASSES = 7, 32, 2

    def __init__(self, pixels, palette, nearest, strength, origin=(0, 0), kept=None) -> None:
        self.height, self.width, self.channels = pixels.shape
        self.origin = origin
        addition = f(strength) * f(strength)
        light, color = f(18) / addition, f(9) / addition
        self.added = np.array([light, color, color, light], f)
        self.scale = np.sqrt((self.added + f(36)) / f(36))
        self.share = f(strength) / f(16)
        self.wanted = self._place(pixels.reshape(-1, self.channels)).reshape(*nearest.shape, 4)
        self.centers = self._place(palette)
        self.indices = nearest.copy()
        error = self.centers[nearest] - self.wanted
        seen = _level_squares(pixels, palette[nearest]) > reference.unseen_levels(len(palette)) ** 2
        self.bounds = np.where(seen, f(self.BOUND**2) * _squares(error), f(0))
        every = np.arange(len(palette))
        self.among = np.full(nearest.shape, 0)
        self.entries = [every]
        if self.channels == 4:
            clear = pixels[..., 3] == 0
            self.wanted[clear] = self.centers[nearest[clear]]
            self.bounds[clear] = 0
            self.among[(pixels[..., 3] == 255) & (palette[nearest, 3] == 255)] = 1
            self.entries.append(np.flatnonzero(palette[:, 3] == 255))
        if kept is not None:
            self.bounds[kept] = 0

    @staticmethod
    def _place(colors: np.ndarray) -> np.ndarray:
        placed = np.trunc(_core.place(np.ascontiguousarray(colors), "mixing") / 64)
        return np.pad(placed, ((0, 0), (0, 4 - placed.shape[1]))).astype(f)

    def _find(self, y: int, x: int, target: np.ndarray) -> int:
        n = self.channels
        among = self.entries[self.among[y, x]]
        return reference._near((target * self.scale)[:n], (self.centers * self.scale)[:, :n], among)

    def nearest(self) -> np.ndarray:
        """The nearest entries, in the space and with the scale of each visit."""
        found = [self._find(y, x, self.wanted[y, x]) for y, x in np.ndindex(self.indices.shape)]
        return np.array(found).reshape(self.indices.shape)

    def blurred(self) -> np.ndarray:
        """The errors, blurred, times 256; zero outside of the picture."""
        errors = np.pad(self.centers[self.indices] - self.wanted, ((2, 2), (2, 2), (0, 0)))
        out = np.zeros_like(self.wanted)
        for (dy, dx), weight in np.ndenumerate(KERNEL):
            out += f(weight) * errors[dy : dy + self.height, dx : dx + self.width]
        return out

    def energy(self) -> float:
        """The sum over pixels that is lowered."""
        errors = (self.centers[self.indices] - self.wanted).astype(np.float64)
        return float((errors * (self.blurred() + self.added * errors)).sum())

    def diffuse(self) -> None:
        """Floyd and Steinberg's error diffusion within blocks."""
        rows, columns = (
            np.split(np.arange(n), np.flatnonzero((np.arange(1, n) + o) % self.BLOCK == 0) + 1)
            for n, o in zip((self.height, self.width), self.origin, strict=True)
        )
        for some in rows:
            for across in columns:
                self._diffuse(some, across)

    def _diffuse(self, rows: np.ndarray, columns: np.ndarray) -> None:
        part = f(f(3) * f(3) / f(49))
        above = np.zeros((len(columns) + 2, 4), f)
        for y in rows:
            here, before = np.zeros_like(above), np.zeros(4, f)
            step = 1 if (self.origin[0] + y) % 2 == 0 else -1
            for i in range(len(columns))[::step]:
                x, at = columns[i], i + 1
                taken = (f(3) * above[at - step] + f(5) * above[at]) + above[at + step]
                taken = (taken + f(7) * before) * self.share
                bound = part * self.bounds[y, x]
                most = max(bound, reference._square(taken), f(1e-30))
                target = self.wanted[y, x] + taken * (bound / most)
                kept = self.bounds[y, x] == 0
                found = self.indices[y, x] if kept else self._find(y, x, target)
                before = here[at] = target - self.centers[found]
                self.indices[y, x] = found
            above = here

    def phases(self) -> Iterator[None]:
        """Visit the pixels of a phase, which decide independently; then those of the next."""
        whole = self.added + f(36)
        for _ in range(self.PASSES):
            for row in range(3):
                for column in range(3):
                    blurred, now = self.blurred(), self.indices.copy()
                    for y in range((row - self.origin[0]) % 3, self.height, 3):
                        for x in range((column - self.origin[1]) % 3, self.width, 3):
                            here = self.wanted[y, x]
                            others = blurred[y, x] - (self.centers[now[y, x]] - here) * f(36)
                            found = self._find(y, x, here - others * (f(1) / whole))
                            error = _squares(self.centers[found] - here)
                            if 0 < self.bounds[y, x] >= error:
                                self.indices[y, x] = found
                    yield


def _level_squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared differences in levels: of what is shown over black, and of alpha."""
    a, b = a.astype(int), b.astype(int)
    differences = (a - b).astype(f)
    if a.shape[-1] == 4:
        over_black = a[..., :3] * a[..., 3:] - b[..., :3] * b[..., 3:]
        differences[..., :3] = over_black.astype(f) / f(255)
    square = np.zeros(a.shape[:-1], f)
    for channel in range(a.shape[-1]):
        square = square + differences[..., channel] * differences[..., channel]
    return square


def _squares(points: np.ndarray) -> np.ndarray:
    squares = points * points
    return (squares[..., 0] + squares[..., 1]) + (squares[..., 2] + squares[..., 3])


def map_spatially(pixels, palette, nearest, strength, origin=(0, 0), kept=None) -> np.ndarray:
    """Indices of spatial dithering, from those of the nearest entries; some are kept."""
    found = Spatial(pixels, palette, nearest, strength, origin, kept)
    found.diffuse()
    for _ in found.phases():
        pass
    return found.indices


def weighted_energy(found: Spatial, weights: np.ndarray) -> float:
    """The sum that is lowered, where a product of two errors counts by the smaller weight."""
    errors = (found.centers[found.indices] - found.wanted).astype(np.float64)
    padded = np.pad(errors, ((2, 2), (2, 2), (0, 0)))
    margin = np.pad(weights, 2)
    total = (weights[..., None] * found.added * errors**2).sum()
    for (dy, dx), weight in np.ndenumerate(KERNEL):
        here = slice(dy, dy + found.height), slice(dx, dx + found.width)
        smaller = np.minimum(weights, margin[here])[..., None]
        total += (weight * smaller * errors * padded[here]).sum()
    return float(total)


def weighted_step(found: Spatial, weights: np.ndarray) -> np.ndarray:
    """Where the entries are best for that sum (k, 4): its gradient and its second derivative."""
    k, n = len(found.centers), found.indices.size
    places = np.arange(n).reshape(found.indices.shape)
    blur = np.zeros((n, n))
    for (dy, dx), weight in np.ndenumerate(KERNEL):
        y, x = np.mgrid[: found.height, : found.width]
        v, u = y + dy - 2, x + dx - 2
        inside = (v >= 0) & (v < found.height) & (u >= 0) & (u < found.width)
        a, b = places[inside], places[v[inside], u[inside]]
        blur[a, b] = weight * np.minimum(weights.ravel()[a], weights.ravel()[b])
    shown = np.eye(k)[found.indices.ravel()]
    best = found.centers.astype(np.float64)
    errors = best[found.indices.ravel()] - found.wanted.reshape(n, 4)
    hold = 1e-4 * weights.sum() / k
    for axis in range(3):
        added = float(found.added[axis])
        whole = blur + np.diag(added * weights.ravel())
        matrix = shown.T @ whole @ shown + hold * (36 + added) * np.eye(k)
        best[:, axis] -= np.linalg.solve(matrix, shown.T @ whole @ errors[:, axis])
    return best


def spatial_step(found: Spatial) -> np.ndarray:
    """Where the entries are best by least squares, with the indices as they are (k, 4)."""
    k, flat = len(found.centers), found.indices.ravel()
    shown = np.eye(k)[found.indices]
    best = found.centers.astype(np.float64)
    errors = best[found.indices] - found.wanted
    padded = np.pad(shown, ((2, 2), (2, 2), (0, 0)))
    blurred = np.zeros_like(shown)
    for (dy, dx), weight in np.ndenumerate(KERNEL):
        blurred += weight * padded[dy : dy + found.height, dx : dx + found.width]
    pairs = np.einsum("yxj,yxi->ij", blurred, shown)
    counts = np.bincount(flat, minlength=k)
    hold = 1e-4 * counts.sum() / k
    sums = found.blurred().astype(np.float64) + found.added * errors
    for axis in range(3):
        added = float(found.added[axis])
        matrix = pairs + np.diag(added * counts + hold * (36 + added))
        right = np.bincount(flat, sums[..., axis].ravel(), k)
        best[:, axis] -= np.linalg.solve(matrix, right)
    return best
