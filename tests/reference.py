"""Plain NumPy specifications of what the core does fast."""

from __future__ import annotations

import numpy as np

from kpalette import _core


def nearest(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Index of the nearest centre of each point, the lowest among equals."""
    squares = np.empty((len(points), len(centers)))
    for j, center in enumerate(centers):
        offsets = (points.astype(np.float64) - center) ** 2
        squares[:, j] = sum(offsets[:, axis] for axis in range(points.shape[1]))
    return squares.argmin(axis=1)


def kmeans(
    points: np.ndarray,
    centers: np.ndarray,
    tol: float,
    max_iter: int,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """The walk-through's k-means from given centres: centres, labels of the last pass, passes.

    An empty cluster takes the sample that is farthest from its centre, as in scikit-learn.
    """
    points, centers = points.astype(np.float64), centers.astype(np.float64)
    weights = np.ones(len(points)) if weights is None else weights
    iteration, done = 0, False
    while iteration < max_iter and not done:
        iteration += 1
        labels = nearest(points, centers)
        squares = ((points - centers[labels]) ** 2).sum(axis=1)
        far = [i for i in np.argsort(-squares, kind="stable") if squares[i] > 0 and weights[i] > 0]
        empty = [j for j in range(len(centers)) if weights[labels == j].sum() == 0]
        assigned = labels.copy()
        for j, i in zip(empty, far, strict=False):
            assigned[i] = j
        moved = centers.copy()
        for j in range(len(centers)):
            members = assigned == j
            if weights[members].sum() > 0:
                moved[j] = np.average(points[members], axis=0, weights=weights[members])
        done = not (empty and far) and (
            np.array_equal(moved, centers) or np.linalg.norm(moved - centers) < tol
        )
        centers = moved
    return centers, labels, iteration


def histogram(pixels: np.ndarray) -> dict[tuple[int, ...], int]:
    """How often each colour occurs; all colours with an alpha of 0 are one."""
    flat = pixels.reshape(-1, pixels.shape[-1]).copy()
    if flat.shape[1] == 4:
        flat[flat[:, 3] == 0] = 0
    colors, counts = np.unique(flat, axis=0, return_counts=True)
    return {tuple(c.tolist()): int(n) for c, n in zip(colors, counts, strict=True)}


def mse(pixels: np.ndarray, mapped: np.ndarray) -> float:
    """Mean squared error, summed over R, G and B; with alpha, the mean over black and white."""

    def square(a: np.ndarray, b: np.ndarray) -> float:
        return float(((a - b) ** 2).sum(axis=-1).mean())

    a, b = pixels.astype(np.float64), mapped.astype(np.float64)
    if a.shape[-1] == 3:
        return square(a, b)

    def over(image: np.ndarray, backdrop: int) -> np.ndarray:
        alpha = image[..., 3:] / 255
        return image[..., :3] * alpha + backdrop * (1 - alpha)

    return (square(over(a, 0), over(b, 0)) + square(over(a, 255), over(b, 255))) / 2


def linear(colors: np.ndarray) -> np.ndarray:
    """Linear RGB of 8-bit sRGB, IEC 61966-2-1."""
    c = colors / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(colors: np.ndarray) -> np.ndarray:
    """Oklab of 8-bit sRGB, with the published constants (Ottosson 2020)."""
    cones = linear(colors) @ [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
    return np.cbrt(cones) @ [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]


def lab(colors: np.ndarray) -> np.ndarray:
    """CIELAB of 8-bit sRGB in hundredths, relative to D65 (CIE 15:2018)."""
    xyz = linear(colors) @ [
        [0.4123907993, 0.2126390059, 0.0193308187],
        [0.3575843394, 0.7151686788, 0.1191947798],
        [0.1804807884, 0.0721923154, 0.9505321522],
    ]
    t = xyz / [0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([1.16 * y - 0.16, 5 * (x - y), 2 * (y - z)], axis=1)


def delta_e_2000(lab_a: np.ndarray, lab_b: np.ndarray) -> np.ndarray:
    """CIEDE2000 of rows, by the angles and equations of Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(lab_a, -1, 0), np.moveaxis(lab_b, -1, 0)
    c_bar = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c_bar**7 / (c_bar**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360

    grey = c1 * c2 == 0
    dh = np.where(grey, 0, h2 - h1)
    dh -= 360 * (dh > 180) - 360 * (dh < -180)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    far, sums = np.abs(h1 - h2) > 180, h1 + h2
    h_bar = np.where(far, np.where(sums < 360, sums + 360, sums - 360), sums) / 2
    h_bar = np.where(grey, sums, h_bar)
    l_bar, c_bar = (l1 + l2) / 2, (c1 + c2) / 2

    def cos(degrees: np.ndarray) -> np.ndarray:
        return np.cos(np.radians(degrees))

    t = 1 - 0.17 * cos(h_bar - 30) + 0.24 * cos(2 * h_bar)
    t += 0.32 * cos(3 * h_bar + 6) - 0.20 * cos(4 * h_bar - 63)
    d_theta = 30 * np.exp(-(((h_bar - 275) / 25) ** 2))
    r_t = -2 * np.sqrt(c_bar**7 / (c_bar**7 + 25.0**7)) * np.sin(np.radians(2 * d_theta))
    light = (l2 - l1) / (1 + 0.015 * (l_bar - 50) ** 2 / np.sqrt(20 + (l_bar - 50) ** 2))
    chroma, hue = (c2 - c1) / (1 + 0.045 * c_bar), dh / (1 + 0.015 * c_bar * t)
    return np.sqrt(light**2 + chroma**2 + hue**2 + r_t * chroma * hue)


def over_grey(pixels: np.ndarray, backdrop: int) -> np.ndarray:
    """What an 8-bit display shows of pixels (..., 3 or 4) over a grey."""
    if pixels.shape[-1] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(int)
    mixed = pixels[..., :3] * alpha + backdrop * (255 - alpha)
    return ((2 * mixed + 255) // 510).astype(np.uint8)


def looks(a: np.ndarray, b: np.ndarray) -> tuple[float, tuple[int, int, int, int] | None]:
    """How images (h, w, 3 or 4) look beside each other, and the worst place, by definition."""

    def seen(a: np.ndarray, b: np.ndarray) -> tuple[float, tuple[int, int, int, int] | None]:
        shift = oklab(b) - oklab(a)
        shift[..., 1:] /= 2
        pixels, cubes, most, worst = 0, 0.0, -1.0, None
        for top in range(0, len(a), 16):
            for left in range(0, a.shape[1], 16):
                tile = np.s_[top : top + 16, left : left + 16]
                if np.array_equal(a[tile], b[tile]):
                    continue
                height, width = shift[tile].shape[:2]
                error = np.linalg.norm(shift[tile].mean(axis=(0, 1)))
                cube = width * height * error**3
                pixels, cubes = pixels + width * height, cubes + cube
                if cube > most:
                    most, worst = cube, (left, top, width, height)
        if not pixels:
            return 100.0, None
        return 100 - 25 * np.log(1 + 750 * np.cbrt(cubes / pixels)), worst

    return min(
        (seen(over_grey(a, grey), over_grey(b, grey)) for grey in (0, 255)), key=lambda one: one[0]
    )


def _placed(colors: np.ndarray, space: str) -> np.ndarray:
    """Coordinates relative to the space's middle, float32, with a fourth axis."""
    placed = _core.place(colors, space) - _core.middle(colors.shape[1], space)
    return np.pad(placed, ((0, 0), (0, 4 - placed.shape[1]))).astype(np.float32)


def _square(a: np.ndarray) -> np.float32:
    s = a * a
    return (s[0] + s[1]) + (s[2] + s[3])


def _near(point: np.ndarray, centers: np.ndarray, among: np.ndarray) -> int:
    """The nearest of some centres, in floats, the lowest index among equals."""
    offsets = point - centers[among]
    squares = offsets[:, 0] * offsets[:, 0]
    for axis in range(1, offsets.shape[1]):
        squares = squares + offsets[:, axis] * offsets[:, axis]
    return int(among[squares.argmin()])


def _level_square(a: np.ndarray, b: np.ndarray) -> np.float32:
    """The squared difference in levels: of what is shown over black, and of alpha."""
    a, b = a.astype(int), b.astype(int)
    differences = (a - b).astype(np.float32)
    if len(a) == 4:
        differences[:3] = (a[:3] * a[3] - b[:3] * b[3]).astype(np.float32) / np.float32(255)
    square = np.float32(0)
    for difference in differences:
        square = square + difference * difference
    return square


def _seen_part(color: np.ndarray, entry: np.ndarray, levels: np.float32) -> np.float32:
    """The part of a colour's difference from its entry that is dithered: the rest is not seen."""
    square, least = _level_square(color, entry), levels * levels
    return np.float32(1) - least / square if square > least else np.float32(0)


def unseen_levels(k: int) -> np.float32:
    """Of how many levels errors are not dithered, for a palette of k colours."""
    return np.float32(1.5) * np.float32(min(k, 256)) / np.float32(256)


def diffuse(
    pixels: np.ndarray, palette: np.ndarray, nearest: np.ndarray, strength: float
) -> np.ndarray:
    """Floyd and Steinberg's error diffusion, serpentine, weighted and bounded as in the core.

    What is not seen of a pixel's own error is dropped.
    """
    f = np.float32
    height, width, channels = pixels.shape
    coords = _placed(pixels.reshape(-1, channels), "mixing").reshape(height, width, 4)
    centers = _placed(palette, "mixing")
    every = np.arange(len(palette))
    opaque = every if channels == 3 else np.flatnonzero(palette[:, 3] == 255)
    out = nearest.copy()
    unseen = unseen_levels(len(palette))
    busy = f(1.5) * unseen
    above = np.zeros((width + 2, 4), np.float32)  # with a pixel on each side, as `errors`
    for y in range(height):
        errors = np.zeros_like(above)
        before = np.zeros(4, np.float32)
        step = 1 if y % 2 == 0 else -1
        for x in range(width)[::step]:
            own, point = nearest[y, x], coords[y, x]
            color = pixels[y, x]
            edge = _level_square(color, pixels[y, max(x - 1, 0)])
            edge = edge + _level_square(color, pixels[max(y - 1, 0), x])
            smooth = f(1) / (f(1) + edge)
            weight = f(strength) / f(16) * (f(0.87) + (f(1) - f(0.87)) * smooth)
            levels = busy + (unseen - busy) * smooth
            error = (point - centers[own]) * _seen_part(color, palette[own], levels)
            point = centers[own] + error
            bound = f(3) * f(3) * _square(error)
            among = every
            if channels == 4:
                alpha = pixels[y, x, 3]
                if alpha == 255 and palette[own, 3] == 255:
                    among = opaque
                if alpha == 0:
                    point, bound = centers[own], f(0)
            i = x + 1
            taken = f(3) * above[i - step] + f(5) * above[i] + above[i + step]
            taken = (taken + f(7) * before) * weight
            wanted = point + taken * (bound / max(bound, _square(taken), f(1e-30)))
            out[y, x] = _near(wanted[:channels], centers[:, :channels], among)
            before = errors[i] = wanted - centers[out[y, x]]
        above = errors
    return out


def ordered(
    pixels: np.ndarray, palette: np.ndarray, nearest: np.ndarray, mask: np.ndarray, strength: float
) -> np.ndarray:
    """Ordered dithering between a pixel's nearest entry and the one that mixes best with it."""
    f = np.float32
    s = f(strength) * f(0.8)
    half = f(0.5) * (f(1) - s)
    channels = pixels.shape[2]
    coords = _placed(pixels.reshape(-1, channels), "mixing").reshape(*pixels.shape[:2], 4)
    centers = _placed(palette, "mixing")
    light = centers[:, 0]
    out = nearest.copy()
    unseen = unseen_levels(len(palette))
    for y, x in np.ndindex(nearest.shape):
        own, point = nearest[y, x], coords[y, x]
        solid = channels == 4 and pixels[y, x, 3] == 255 and palette[own, 3] == 255
        if channels == 4 and pixels[y, x, 3] == 0:
            continue
        offset = _seen_part(pixels[y, x], palette[own], unseen) * (point - centers[own])
        others = []
        for j, center in enumerate(centers):
            square = f(0)
            for axis in range(channels):
                square = square + (center[axis] - centers[own][axis]) ** 2
            if square > 0 and (not solid or palette[j, 3] == 255):
                others.append((square, j))
        best = (f(0), f(0), own)
        for square, j in sorted(others)[:32]:
            dot = f(0)
            for axis in range(channels):
                dot = dot + offset[axis] * (centers[j] - centers[own])[axis]
            share = max(dot * (f(1) / square) - half, f(0))
            gain = share * share * square
            if gain > best[0]:
                best = (gain, share, j)
        gain, share, other = best
        count = int(min(share / s, f(0.5)) * f(mask.size) + f(0.5))
        rank = mask[y % len(mask), x % len(mask)]
        if (light[other], other) > (light[own], own):
            out[y, x] = other if rank < count else own
        else:
            out[y, x] = own if rank < mask.size - count else other
    return out


def saliency(pixels: np.ndarray) -> np.ndarray:
    """How much each pixel stands out (Achanta et al. 2009), 0.1 to 1, by whole arrays."""
    height, width = pixels.shape[:2]
    alpha = pixels[..., 3:] / 255 if pixels.shape[2] == 4 else np.ones((height, width, 1))
    coords = _core.place(np.ascontiguousarray(pixels[..., :3].reshape(-1, 3)), "oklab")
    seen = (coords / _core.steps(3, "oklab")).reshape(height, width, 3) * alpha
    mean = seen.reshape(-1, 3).sum(axis=0) / max(alpha.sum(), 1 / 255)
    smooth = _blurred(seen) / np.maximum(_blurred(alpha), 1e-9)
    distance = np.sqrt(((smooth - mean) ** 2).sum(axis=2))
    y = np.linspace(-1, 1, height)[:, None]
    x = np.linspace(-1, 1, width)
    salient = distance * (1 - 0.25 * (x**2 + y**2)) * alpha[..., 0]
    most = salient.max()
    return 0.1 + 0.9 * (salient / most if most > 0 else np.ones((height, width)))


def _blurred(image: np.ndarray) -> np.ndarray:
    """Smooth (h, w, c) by the binomial filter 1 4 6 4 1."""
    for axis in (0, 1):
        padded = np.pad(image, [(2, 2) if a == axis else (0, 0) for a in range(3)], mode="edge")
        n = image.shape[axis]
        parts = [padded.take(range(i, i + n), axis=axis) for i in range(5)]
        image = (parts[0] + 4 * parts[1] + 6 * parts[2] + 4 * parts[3] + parts[4]) / 16
    return image
