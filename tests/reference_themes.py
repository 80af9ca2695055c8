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


def is_between(color: np.ndarray, start: np.ndarray, end: np.ndarray, most: float) -> bool:
    """Return whether a colour, in sRGB, is between two others."""
    along, off = (end - start.astype(float)), color - start.astype(float)
    part = (off @ along) / max((along**2).sum(), 1e-300)
    return bool(0 < part < 1 and np.linalg.norm(part * along - off) <= most)


class Sum:
    """What a theme lowers: distances, hues that are lacking, likeness, less its chroma."""

    def __init__(
        self, colors: np.ndarray, shares: np.ndarray, flats: np.ndarray, ignored: np.ndarray
    ) -> None:
        self.colors, self.flats, self.ignored = colors, flats, ignored
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
        hues = np.where(hues > 0.05, hues, 0) / max(1, hues[hues > 0.05].sum())
        darkest, lightest = np.array([0, 0.4, 0.75]), np.array([0.4, 0.75, 2])
        light, chroma = self.at[:, [0]], self.chroma[:, None]
        greys = shares @ ((chroma < 0.03) & (darkest <= light) & (light < lightest))
        self.missed = np.concatenate(
            [0.5 * hues, 0.35 * np.clip((greys - 0.2) / (0.35 - 0.2), 0, 1)]
        )
        near = (darkest - 0.06 <= light) & (light < lightest + 0.06)
        self.shows = np.concatenate([self.shows, (chroma < [0.08, 0.04, 0.04]) & near], axis=1)

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
            is_new = enough[i] and self.is_apart(i, found, 0.025)
            (found if is_new else others).append(i)
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
        for i in others:
            if len(found) < k and self.is_apart(i, found, 0.04):
                found.append(i)
        return found

    def is_apart(self, i: int, found: list[int], least: float) -> bool:
        """Return whether it is that far from all of those that were found."""
        places = self.matter[found]
        return distances(self.at[self.matter[[i]]], self.at[places]).min(initial=1) >= least

    def is_edge(self, i: int) -> bool:
        """Return whether it is a shade of a flat colour, or a mix of two."""
        place, about = self.matter[i], self.about[i]
        flat = [j for j in self.matter if self.flats[j] >= 0.01][:16]
        for j in flat:
            near = np.linalg.norm(self.at[j] - self.at[place]) <= 0.06
            if near and self.shares[place] <= 0.25 * self.flats[j]:
                return True
        color = self.colors[place]
        grounds = [(ignored, 0.03) for ignored in self.ignored]
        grounds += [(self.colors[j], 0.01) for j in self.matter if self.flats[j] >= 0.25]
        apart = distances(self.at[[place]], self.at[self.matter])[0] > 0.06
        common = self.matter[(self.about >= 0.0008) & (self.about >= 1.2 * about) & apart]
        for ground, most in grounds:
            if about <= most and any(is_between(color, ground, self.colors[j], 12) for j in common):
                return True
        for n, a in enumerate(flat):
            for b in flat[:n]:
                if about > min(0.01, 0.2 * self.flats[[a, b]].min()):
                    continue
                if is_between(color, *self.colors[[a, b]], 6):
                    return True
        return False

    def of(self, theme: list[int], k: int) -> float:
        places = self.matter[theme]
        pairs = distances(self.at[places], self.at[places])[np.triu_indices(len(theme), 1)]
        likeness = np.maximum(0, 1 - pairs / 0.16).sum()
        vivid = np.minimum(1, self.chroma[places] / 0.2).sum()
        missed = self.missed[~self.shows[places].any(axis=0)].sum()
        same = 10 * (pairs < 0.04).sum()
        return self.away[theme].min(axis=0).sum() + missed + same + (likeness - 0.4 * vivid) / k


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
        if before - best < (0.03 if k == 0 else -5):
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
    """Return what 40 % of the pixels along the sides have about, and 5 % of all; or 10 and 50 %."""
    down, across = pixels.shape[0] // 32, pixels.shape[1] // 32
    sides = np.concatenate(
        [pixels[down], pixels[-1 - down], pixels[:, across], pixels[:, -1 - across]]
    )
    colors, shares, _ = bins_of(*map(np.asarray, _core.count_colors(sides, _core.Team(1))), 1)
    for fullest, of_sides, of_all in (
        (colors[[shares.argmax()]], 0.4, 0.05),
        (sums.colors[[sums.shares.argmax()]], 0.1, 0.5),
    ):
        near = distances(placed(colors), placed(fullest))[:, 0] <= 0.06
        everywhere = distances(sums.at, placed(fullest))[:, 0] <= 0.06
        if shares[near].sum() >= of_sides and sums.shares[everywhere].sum() >= of_all:
            return fullest
    return None


def theme(pixels: np.ndarray, k: int, ignored: np.ndarray) -> tuple[list[list[int]], list[int]]:
    """Return the colours of a theme, in order, and how many pixels are nearest to each.

    If colours (m, 3) are `ignored`, there is no background.
    """
    all_colors = np.ascontiguousarray(pixels.reshape(-1, 3))
    gone = distances(placed(all_colors), placed(ignored)).min(axis=1, initial=1) <= 0.03
    counted = _core.count_colors(np.ascontiguousarray(all_colors[~gone]), _core.Team(1))
    distinct, counts = map(np.asarray, counted)
    bins = bins_of(distinct, counts, k)
    sums = Sum(*bins, ignored)
    background = None if len(ignored) else ground_of(pixels, sums)
    ground = None
    if background is not None and k not in (1, 2):
        ground = int(distances(sums.at, placed(background))[:, 0].argmin())
        background = bins[0][[ground]]
    colors = bins[0][choose(sums, k, ground)]
    at = placed(colors)
    nearest = distances(placed(distinct), at).argmin(axis=1)
    found = np.bincount(nearest, counts, len(colors)).astype(int)
    chroma = np.hypot(at[:, 1], at[:, 2])
    away = distances(sums.at, at)
    alike = np.where(away.min(axis=1) <= 0.08, sums.shares, 0.5 * sums.shares)
    prominence = np.sqrt(np.bincount(away.argmin(axis=1), alike, len(at))) * (0.06 + chroma)
    if background is not None:
        behind = np.where(chroma < 0.04, 0.25, 0.5)
        prominence *= np.where((colors == background).all(axis=1), behind, 1)
    order = np.lexsort((*colors.T[::-1], -prominence))
    return colors[order].tolist(), found[order].tolist()
