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


def _log2(value: int) -> int:
    """Logarithm in units of 2^-16, rounded down: one bit of the fraction for each squaring."""
    whole = value.bit_length() - 1
    mantissa, fraction = value << (31 - whole), 0
    for _ in range(16):
        mantissa = mantissa * mantissa >> 31
        carry = mantissa >> 32
        fraction, mantissa = fraction << 1 | carry, mantissa >> carry
    return (whole << 16) + fraction


def _neighbours(indices: np.ndarray, k: int) -> np.ndarray:
    """How often two entries are neighbours, across or down (k, k); 0 for an entry and itself."""
    counts = np.zeros((k, k), np.int64)
    np.add.at(counts, (indices[:, :-1], indices[:, 1:]), 1)
    np.add.at(counts, (indices[:-1], indices[1:]), 1)
    np.fill_diagonal(counts, 0)
    return counts + counts.T


def _zeng(counts: np.ndarray, entries: list[int]) -> list[int]:
    """The modified Zeng order (Pinho and Neves 2004) of some entries."""
    left = list(entries)
    order: list[int] = []
    while left:
        others = order or entries
        entry = max(left, key=lambda a: (sum(counts[a, b] for b in others), -a))
        left.remove(entry)
        n = len(order)
        nearer = sum((n - 1 - 2 * i) * counts[entry, b] for i, b in enumerate(order))
        order.insert(0 if nearer > 0 else n, entry)
    return order


def palette_order(indices: np.ndarray, first: np.ndarray, passes: int) -> np.ndarray:
    """The order of k entries: the modified Zeng order, then each moved to where all cost least.

    `first` (k) marks those that lead. An order costs, for each pair, the pair's count, in 14 bits,
    times log2(1 + difference of their places), in units of 2^-8.
    """
    k = len(first)
    counts = _neighbours(indices.astype(int), k)
    scaled = counts * (2**14 - 1) // max(1, counts.max())
    price = np.array([_log2(1 + d) >> 8 for d in range(k)])
    places = np.arange(k)
    prices = price[abs(places[:, None] - places)]

    def cost(order: list[int]) -> int:
        return int((scaled[np.ix_(order, order)] * prices).sum()) // 2

    leading = _zeng(counts, np.flatnonzero(first).tolist())
    rest = _zeng(counts, np.flatnonzero(~first).tolist())
    turns = [a + b for b in (rest, rest[::-1]) for a in (leading, leading[::-1])]
    order = min(turns, key=cost)
    for _ in range(passes):
        before = list(order)
        for start, stop in ((0, len(leading)), (len(leading), k)):
            for place in range(start, stop):
                right = [*range(place + 1, stop)]
                left = [*reversed(range(start, place))]
                order = min((moved(order, place, to) for to in (place, *right, *left)), key=cost)
        if order == before:
            break
    return np.array(order)


def moved(order: list[int], place: int, to: int) -> list[int]:
    rest = order[:place] + order[place + 1 :]
    return [*rest[:to], order[place], *rest[to:]]


def _predicted(filter_: int, left: int, above: int, above_left: int) -> int:
    """What a filter of PNG takes from a byte (third edition, 9.2 and 9.4)."""
    if filter_ < 4:
        return (0, left, above, (left + above) // 2)[filter_]
    p = left + above - above_left
    return min((left, above, above_left), key=lambda value: abs(p - value))


def _differences(rows: np.ndarray, y: int, filter_: int) -> list[int]:
    def at(y: int, x: int) -> int:
        return int(rows[y, x]) if y >= 0 and x >= 0 else 0

    return [
        (at(y, x) - _predicted(filter_, at(y, x - 1), at(y - 1, x), at(y - 1, x - 1))) % 256
        for x in range(rows.shape[1])
    ]


def filtered(rows: np.ndarray, choice: str) -> np.ndarray:
    """Rows (h, n) by the filter that costs least, the first among equals, after its number."""
    seen = np.zeros(256, np.int64)
    out = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    for y in range(len(rows)):
        tried = [_differences(rows, y, filter_) for filter_ in range(5)]
        if choice == "least sum":
            costs = [sum(min(d, 256 - d) for d in row) for row in tried]
        else:
            counts = [np.bincount(row, minlength=256) for row in tried]
            costs = [
                -sum(int(n[b]) * _log2(int(seen[b] + 16 * n[b] + 1)) for b in np.flatnonzero(n))
                for n in counts
            ]
        best = costs.index(min(costs))
        out[y] = [best, *tried[best]]
        if choice == "model":
            seen += 16 * counts[best]
            seen -= seen // 8
    return out


def unfiltered(data: bytes, stride: int) -> np.ndarray:
    """Rows (h, stride - 1) of what a PNG holds before compression."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, stride)
    out = np.zeros((len(rows) + 1, stride), np.uint8)  # with a row above and a column to the left
    for y, (filter_, *row) in enumerate(rows.tolist()):
        for x, byte in enumerate(row):
            beside = int(out[y + 1, x]), int(out[y, x + 1]), int(out[y, x])
            out[y + 1, x + 1] = (byte + _predicted(filter_, *beside)) % 256
    return out[1:, 1:]


def unpacked(rows: np.ndarray, bits: int) -> np.ndarray:
    """Pixels of rows whose bytes hold 8 / bits, the first in the highest bits."""
    shifts = np.arange(8 - bits, -1, -bits)
    return (rows[:, :, None] >> shifts & (1 << bits) - 1).reshape(len(rows), -1)


def rounded(numerator: int, denominator: int) -> int:
    """A quotient to the nearest whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def over(above: tuple[int, ...], below: tuple[int, ...]) -> tuple[int, ...]:
    """A pixel laid over another, both RGBA with straight alpha (PNG, third edition, 13.16)."""
    if above[3] == 0:
        return below
    a, b = above[3] * 255, (255 - above[3]) * below[3]
    mixed = (rounded(above[c] * a + below[c] * b, a + b) for c in range(3))
    return (*mixed, rounded(a + b, 255))


def compose(
    frames: list[tuple[np.ndarray, int, int, str, bool]], width: int, height: int
) -> list[np.ndarray]:
    """Frames as they are shown, (height, width, 4), pixel by pixel, as APNG defines it.

    Of each is given what is drawn, (h, w, 4), where, what is done afterwards, and whether it is
    laid over what is there.
    """
    canvas = {(y, x): (0, 0, 0, 0) for y in range(height) for x in range(width)}
    shown = []
    for pixels, left, top, disposal, is_over in frames:
        part = {
            (y + top, x + left): tuple(pixels[y, x].tolist())
            for y in range(pixels.shape[0])
            for x in range(pixels.shape[1])
            if y + top < height and x + left < width
        }
        drawn = canvas | {
            at: over(color, canvas[at]) if is_over else color for at, color in part.items()
        }
        shown.append(np.array([*drawn.values()], np.uint8).reshape(height, width, 4))
        if disposal == "none":
            canvas = drawn
        elif disposal == "background":
            canvas = drawn | dict.fromkeys(part, (0, 0, 0, 0))
    return shown


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


def unlzw(data: bytes, *, strict: bool = False) -> list[int]:
    """Decode a GIF image's data: the least size of codes, and blocks.

    With `strict`, it is an error if there is no end code, or something after it.
    """
    least, blocks, at = data[0], b"", 1
    while size := data[at]:
        blocks += data[at + 1 : at + 1 + size]
        at += 1 + size
    assert at == len(data) - 1
    clear, end = 1 << least, (1 << least) + 1
    bits, place, last = least + 1, 0, None
    strings: list[list[int]] = []
    shown: list[int] = []
    stream = int.from_bytes(blocks, "little")
    while place + bits <= 8 * len(blocks):
        code = stream >> place & (1 << bits) - 1
        place += bits
        if code == end:
            assert not strict or 8 * len(blocks) - place < 8
            return shown
        if code == clear:
            strings = [[entry] for entry in range(clear)] + [[], []]
            bits, last = least + 1, None
            continue
        if last is not None and len(strings) < 4096:
            strings.append([*last, (strings[code] if code < len(strings) else last)[0]])
            if len(strings) == 1 << bits and bits < 12:
                bits += 1
        last = strings[code]
        shown += last
    assert not strict, "no end code"
    return shown
