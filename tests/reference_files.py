"""Plain NumPy specifications of files: PNG's palettes and rows, APNG's frames, GIF's codes."""

from __future__ import annotations

import numpy as np


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
