"""A plain NumPy specification of which colours make a theme, and of their order."""

from __future__ import annotations

import numpy as np

from kpalette import _core

SECTORS = np.deg2rad(np.arange(15, 360, 30))
MIDDLES = np.stack([np.cos(SECTORS), np.sin(SECTORS)], axis=1)


def placed(colors: np.ndarray) -> np.ndarray:
    return _core.place(np.ascontiguousarray(colors), "oklab") / _core.steps(3, "oklab")


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(((a[:, None] - b) ** 2).sum(axis=2))


def bins_of(colors: np.ndarray, counts: np.ndarray, k: int) -> tuple[np.ndarray, ...]:
    """Return colours that stand for similar ones, the shares of all, and the shares of their own.

    `colors` (n, 3) are in Morton order, and so are the bins.
    """
    groups = np.arange(len(colors))
    if len(colors) > 256:
        cubes = colors.astype(int) >> 3
        changes = (np.diff(cubes, axis=0) != 0).any(axis=1)
        if changes.sum() + 1 >= k:
            groups = np.concatenate([[0], changes.cumsum()])
    stand, shares = [], []
    for group in range(groups[-1] + 1):
        members = np.flatnonzero(groups == group)
        weights = counts[members]
        chosen = members[weights.argmax()]
        if 4 * weights.max() < weights.sum():
            mean = weights @ colors[members].astype(int) / weights.sum()
            chosen = members[((colors[members] - mean) ** 2).sum(axis=1).argmin()]
        stand.append(chosen)
        shares.append(weights.sum())
    return colors[stand], np.array(shares) / counts.sum(), counts[stand] / counts.sum()


class Sum:
    """What a theme lowers: distances, hues that are lacking, likeness, less its chroma."""

    def __init__(self, colors: np.ndarray, shares: np.ndarray, flats: np.ndarray) -> None:
        self.colors, self.flats = colors, flats
        self.at = placed(colors)
        self.chroma = np.hypot(self.at[:, 1], self.at[:, 2])
        along = self.at[:, 1:] @ MIDDLES.T
        self.shows = (self.chroma > 0.07)[:, None] & (
            along >= np.cos(np.deg2rad(25)) * self.chroma[:, None]
        )
        chromatic = self.chroma > 0.08
        sectors = np.array(
            [shares[chromatic & (along.argmax(axis=1) == i)].sum() for i in range(12)]
        )
        most = max(shares[chromatic].sum(), 1e-300)
        hues = np.minimum(1, sectors / (0.03 * most)) * np.minimum(1, sectors / 0.003)
        self.hues = np.where(hues > 0.05, hues, 0) / max(1, hues[hues > 0.05].sum())

        rank = np.sqrt(shares) * (0.02 + self.chroma)
        matter = np.lexsort((np.arange(len(shares)), -rank))[:768]
        self.matter = matter
        weights = np.sqrt(shares) * (0.02 + self.chroma) * np.where(shares < 0.0002, 0.05, 1)
        weights = weights[matter]
        mean = weights @ self.at[matter] / weights.sum()
        spread = weights @ np.minimum(0.0625, ((self.at[matter] - mean) ** 2).sum(axis=1))
        squares = distances(self.at[matter], self.at[matter]) ** 2
        self.away = np.minimum(0.0625, squares) * weights / (spread + 1e-12)
        self.about = (distances(self.at[matter], self.at[matter]) <= 0.02) @ shares[matter]
        self.shares = shares

    def candidates(self, k: int, ground: int | None) -> list[int]:
        """Return places among `matter`."""
        matter, about = self.matter, self.about
        enough = about >= 0.0008
        rank = np.where(enough, np.sqrt(about) * (0.02 + self.chroma[matter]), about)
        order = [i for i in np.lexsort((-rank, ~enough)) if not self.is_edge(i)]
        found = [] if ground is None else [int(np.flatnonzero(matter == ground)[0])]
        others = []
        for i in order:
            if i in found or len(found) == 160:
                continue
            near = distances(self.at[matter[[i]]], self.at[matter[found]]).min(initial=1) < 0.025
            (others if near or not enough[i] else found).append(i)
        shown = self.shows[matter[found]].any(axis=0)
        for i in order:
            if about[i] >= 0.0005 and (self.shows[matter[i]] & ~shown).any():
                found.append(i)
                shown |= self.shows[matter[i]]
        for i in order:
            apart = distances(self.at[matter[[i]]], self.at[matter])[0]
            around = self.shares[matter[apart <= 0.06]].sum()
            if apart[found].min(initial=1) >= 0.15 and around >= 0.0008:
                found.append(i)
        return found + [i for i in others if i not in found][: max(0, k - len(found))]

    def is_edge(self, i: int) -> bool:
        """Tell whether it is a shade of a flat colour, or a mix of two."""
        place, about = self.matter[i], self.about[i]
        flat = [j for j in self.matter if self.flats[j] >= 0.01][:16]
        for j in flat:
            near = np.linalg.norm(self.at[j] - self.at[place]) <= 0.06
            if near and self.shares[place] <= 0.25 * self.flats[j]:
                return True
        color = self.colors[place].astype(float)
        for n, a in enumerate(flat):
            for b in flat[:n]:
                if about > min(0.01, 0.2 * self.flats[[a, b]].min()):
                    continue
                start, end = self.colors[[a, b]].astype(float)
                part = (color - start) @ (end - start) / ((end - start) ** 2).sum()
                if 0 < part < 1 and np.linalg.norm(start + part * (end - start) - color) <= 6:
                    return True
        return False

    def of(self, theme: list[int], k: int) -> float:
        places = self.matter[theme]
        pairs = distances(self.at[places], self.at[places])[np.triu_indices(len(theme), 1)]
        likeness = np.maximum(0, 1 - pairs / 0.16).sum()
        vivid = np.minimum(1, self.chroma[places] / 0.2).sum()
        missed = self.hues[~self.shows[places].any(axis=0)].sum()
        return self.away[theme].min(axis=0).sum() + 0.5 * missed + (likeness - 0.4 * vivid) / k


def choose(sums: Sum, k: int, ground: int | None) -> np.ndarray:
    """Return the places of the bins that make a theme; as many as matter if k is 0."""
    candidates = sums.candidates(k or 12, ground)
    size = min(k or 12, len(candidates))
    theme = [] if ground is None else candidates[:1]
    before = sums.of(theme, size) if theme else np.inf
    while len(theme) < size:
        ranked = [
            (sums.of([*theme, j], size), n) for n, j in enumerate(candidates) if j not in theme
        ]
        best, n = min(ranked)
        if k == 0 and before - best < 0.03:
            break
        theme.append(candidates[n])
        before = best
    for _ in range(24):
        changes = []
        for slot in range(0 if ground is None else 1, len(theme)):
            for j in candidates:
                if j not in theme:
                    other = [*theme[:slot], j, *theme[slot + 1 :]]
                    changes.append((sums.of(other, size) - before, other))
        if not changes or min(changes)[0] >= -1e-9:
            break
        change, theme = min(changes)
        before += change
    return sums.matter[theme]


def ground_of(pixels: np.ndarray, sums: Sum) -> np.ndarray | None:
    """Return what 40 % of the pixels along the sides have about, and 5 % of all, or None."""
    sides = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colors, shares, _ = bins_of(*map(np.asarray, _core.count_colors(sides, _core.Team(1))), 1)
    fullest = colors[[shares.argmax()]]
    near = distances(placed(colors), placed(fullest))[:, 0] <= 0.06
    everywhere = distances(sums.at, placed(fullest))[:, 0] <= 0.06
    ground = shares[near].sum() >= 0.4 and sums.shares[everywhere].sum() >= 0.05
    return fullest if ground else None


def theme(pixels: np.ndarray, k: int) -> tuple[list[list[int]], list[int]]:
    """Return the colours of a theme, in order, and how many pixels are nearest to each."""
    counted = _core.count_colors(np.ascontiguousarray(pixels.reshape(-1, 3)), _core.Team(1))
    distinct, counts = map(np.asarray, counted)
    bins = bins_of(distinct, counts, k)
    sums = Sum(*bins)
    background = ground_of(pixels, sums)
    ground = None
    if background is not None and k not in (1, 2):
        ground = int(distances(sums.at, placed(background))[:, 0].argmin())
        background = bins[0][[ground]]
    colors = bins[0][choose(sums, k, ground)]
    at = placed(colors)
    nearest = distances(placed(distinct), at).argmin(axis=1)
    found = np.bincount(nearest, counts, len(colors)).astype(int)
    chroma = np.hypot(at[:, 1], at[:, 2])
    prominence = np.sqrt(found / counts.sum()) * (0.06 + chroma)
    if background is not None:
        behind = np.where(chroma < 0.04, 0.25, 0.5)
        prominence *= np.where((colors == background).all(axis=1), behind, 1)
    order = np.lexsort((*colors.T[::-1], -prominence))
    return colors[order].tolist(), found[order].tolist()
