"""What a PNG's rows hold, before compression: of all ways to write the same pixels, the smallest.

A way is an order of the palette, or levels of grey instead; a number of bits; and a choice of
filters. Which is smallest depends on the picture: neighbours of photos have indices that are near
once the palette is in order, so differences compress better; of graphics, repeated rows and bytes
that hold several pixels do. Trying all in full takes several times as long, so a quick compression
says which are worth it.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import deflate
import numpy as np

from kpalette import _core
from kpalette.colors import ByteArray
from kpalette.files.decoding import with_alpha

INDEXED, GREY = 3, 0

#: Bytes of rows up to which pictures are small: they are compressed as well as deflate can, which
#: takes libdeflate's level 12 a few times as long as 10, and saves 1 to 8 % on graphics.
SMALL = 1 << 17
#: The same where a sample shrinks to less than a quarter, as that of flat or few-coloured pictures
#: does: 2 to 12 % are saved there, about 1 % on others, for .1 to .3 s more per megabyte and way.
SMALL_AND_FLAT = 3 << 19
#: Bytes of rows from which on they are large: nobody waits for the last 4 %.
LARGE = 4_000_000

#: Passes over the palette's order. On photos of 256 colours a first saves 4 % over none, the next
#: two 2 %, and three more 0.8 %, at 3 ms each.
PASSES = 3
#: Ways that are estimated to be so near to the least are tried in full: few bytes, and many, which
#: take long.
MARGIN, NARROW_MARGIN = 1.03, 1.01
#: At most so many. Of a scan in 16 colours made smaller, the third is 3 % below the others.
TRIED = 3
#: Pictures that shrink to less than one part in so many are flat.
FLAT = 8
#: Estimates are of about so many bytes in so many bands.
SAMPLE, BANDS = 1 << 17, 4
#: They are by this level where all ways have 8 bits, and by the other where fewer are tried as
#: well: level 6 takes up to 5 % more than it ought to for those of 8.
ESTIMATE, ESTIMATE_OF_DEPTHS = 6, 8


@dataclass(frozen=True, eq=False)
class Way:
    """A way to write the pixels.

    Attributes
    ----------
    colors : uint8 array (k, 3) or (k, 4), or None
        The palette in the file's order; None for grey.
    bits : int
        Per pixel: 1, 2, 4 or 8.
    rows : uint8 array (h, 1 + n)
        Each after its filter's number.
    """

    colors: ByteArray | None
    bits: int
    rows: ByteArray

    @property
    def kind(self) -> int:
        """PNG's number for what pixels are."""
        return GREY if self.colors is None else INDEXED

    @property
    def palette(self) -> bytes:
        """What PLTE holds; nothing for grey."""
        if self.colors is None:
            return b""
        return np.ascontiguousarray(self.colors[:, :3]).tobytes()

    @property
    def alphas(self) -> bytes:
        """What tRNS holds: opaque entries at the palette's end go without saying."""
        if self.colors is None:
            return b""
        return with_alpha(self.colors)[:, 3].tobytes().rstrip(b"\xff")

    @property
    def overhead(self) -> int:
        """Bytes that other ways may save, besides those of the rows."""
        return sum(12 + len(held) for held in (self.palette, self.alphas) if held)


def plain(indices: ByteArray, colors: ByteArray) -> Way:
    """Return the way that takes no time: few bits, the palette in its order, no filter."""
    return _unfiltered(indices, colors, _depth(len(colors)))


def smallest(
    indices: ByteArray,
    colors: ByteArray,
    *,
    keep_order: bool,
    may_be_grey: bool = True,
    thorough: bool = False,
    threads: int = 2,
) -> tuple[Way, bytes]:
    """Return the way that takes fewest bytes, and its rows as a zlib stream.

    Parameters
    ----------
    indices : uint8 array (h, w)
    colors : uint8 array (k, 3) or (k, 4), k at most 256
    keep_order : bool
        Whether indices stay as they are.
    may_be_grey : bool
        Whether levels of grey may take the place of a palette.
    thorough : bool
        Try all in full.
    threads : int
        To use, up to 2.
    """
    levels = _grey(colors) if may_be_grey and not keep_order else None
    ways = list(_ways(indices, colors, levels, keep_order))
    if not thorough:
        ways = _promising(ways, threads)
    compress = _best_deflate if thorough else _deflate
    compressed = _at_once(compress, [way.rows for way in ways], threads)
    sizes = [way.overhead + len(data) for way, data in zip(ways, compressed, strict=True)]
    best = sizes.index(min(sizes))
    return ways[best], compressed[best]


def _ways(
    indices: ByteArray, colors: ByteArray, levels: ByteArray | None, keep_order: bool
) -> Iterator[Way]:
    """Make all ways that may be the smallest."""
    if levels is not None:
        least = next(bits for bits in (1, 2, 4, 8) if not (levels % _step(bits)).any())
        for bits in sorted({least, 8}):
            yield from _both((levels // _step(bits))[indices], None, bits)
    depths = sorted({_depth(len(colors)), 8})
    if keep_order:
        for bits in depths:
            yield from _both(indices, colors, bits)
        return
    soft = with_alpha(colors)[:, 3] < 255
    common = _renumbered(indices, colors, _by_count(indices, soft))
    near = _renumbered(indices, colors, _core.order_palette(indices, soft.view(np.uint8), PASSES))
    for bits in depths:
        if levels is None or bits < 8:
            yield _unfiltered(*common, bits)
        yield from _filtered(*near, bits)


def _by_count(indices: ByteArray, soft: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Order entries for rows that are not filtered, of which the number that says so, 0, is a part.

    The most frequent entry leads: runs of it then go on from row to row, which saves 5 % of a
    chart. Then those that are not opaque, then the others, the more frequent first.
    """
    counts = np.bincount(indices.ravel(), minlength=len(soft))
    order = np.lexsort((-counts, ~soft))
    lead = int(counts.argmax())
    return np.concatenate([[lead], order[order != lead]])


def _renumbered(
    indices: ByteArray, colors: ByteArray, order: np.ndarray[Any, Any]
) -> tuple[ByteArray, ByteArray]:
    ranks = np.empty(len(colors), np.uint8)
    ranks[order] = np.arange(len(colors))
    return ranks[indices], colors[order]


def _both(pixels: ByteArray, colors: ByteArray | None, bits: int) -> Iterator[Way]:
    yield _unfiltered(pixels, colors, bits)
    yield from _filtered(pixels, colors, bits)


def _unfiltered(pixels: ByteArray, colors: ByteArray | None, bits: int) -> Way:
    rows = _packed(pixels, bits)
    numbered = np.zeros((len(rows), 1 + rows.shape[1]), np.uint8)
    numbered[:, 1:] = rows
    return Way(colors, bits, numbered)


def _filtered(pixels: ByteArray, colors: ByteArray | None, bits: int) -> Iterator[Way]:
    """Make those of one depth. A least sum beats the model by 1 to 6 % on a few small pictures."""
    rows = _packed(pixels, bits)
    yield Way(colors, bits, _core.filter_rows(rows, "model"))
    if rows.size <= SMALL and bits == 8:
        yield Way(colors, bits, _core.filter_rows(rows, "least sum"))


def _step(bits: int) -> np.uint8:
    """Return the difference of two levels of grey that are next to each other, of 255."""
    return np.uint8(255 // (2**bits - 1))


def _grey(colors: ByteArray) -> ByteArray | None:
    """Return the levels (k) of colours that are all grey and opaque, otherwise None."""
    rgba = with_alpha(colors)
    grey = (rgba[:, 0] == rgba[:, 1]) & (rgba[:, 0] == rgba[:, 2]) & (rgba[:, 3] == 255)
    return np.ascontiguousarray(rgba[:, 0]) if grey.all() else None


def _depth(k: int) -> int:
    return next(bits for bits in (1, 2, 4, 8) if k <= 1 << bits)


def _packed(pixels: ByteArray, bits: int) -> ByteArray:
    """Put 8 / bits pixels into each byte, the first into the highest bits."""
    if bits == 8:
        return pixels
    height, width = pixels.shape
    per_byte = 8 // bits
    rows = np.zeros((height, -(-width // per_byte)), np.uint8)
    for place in range(per_byte):
        part = pixels[:, place::per_byte] << np.uint8(8 - bits * (place + 1))
        rows[:, : part.shape[1]] |= part
    return rows


def _promising(ways: list[Way], threads: int) -> list[Way]:
    """Keep those that are estimated to be about the smallest."""
    if len(ways) == 1:
        return ways
    area = max(way.rows.size for way in ways)
    level = ESTIMATE if all(way.bits == 8 for way in ways) else ESTIMATE_OF_DEPTHS
    estimates = _at_once(lambda way: _estimate(way, SAMPLE / area, level), ways, threads)
    flat = FLAT * min(estimates) < area
    if flat:  # then a sample misses most of what repeats, and all of it is quickly compressed
        estimates = _at_once(lambda way: _estimate(way, 1, level), ways, threads)
    least = min(estimates)
    near = [
        i
        for i in sorted(range(len(ways)), key=lambda i: estimates[i])
        if estimates[i] <= (MARGIN if flat or ways[i].rows.size <= SMALL else NARROW_MARGIN) * least
    ]
    return [ways[i] for i in near[:TRIED]]


def _estimate(way: Way, share: float, level: int) -> float:
    """About the bytes of a way, by a quick compression of bands of rows, or of all of them."""
    height = len(way.rows)
    band = max(1, int(height * share / BANDS))
    if band * BANDS >= height:
        sample = way.rows
    else:
        starts = [(height - band) * i // (BANDS - 1) for i in range(BANDS)]
        sample = np.concatenate([way.rows[start : start + band] for start in starts])
    size = len(deflate.zlib_compress(sample.tobytes(), level))
    return way.overhead + size * way.rows.size / sample.size


def _at_once(function: Callable[[Any], Any], arguments: Sequence[Any], threads: int) -> list[Any]:
    """Call a function that releases the GIL with each argument, on this thread and maybe another.

    By concurrent.futures it would be shorter, but importing that takes as long as a small picture.
    """
    results: list[Any] = [None] * len(arguments)
    left = iter(range(len(arguments)))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for i in left:
                results[i] = function(arguments[i])
        except BaseException as failure:
            failures.append(failure)

    if min(threads, len(arguments)) > 1:
        other = threading.Thread(target=work)
        other.start()
        work()
        other.join()
    else:
        work()
    if failures:
        raise failures[0]
    return results


def _deflate(rows: ByteArray) -> bytes:
    """Compress as a zlib stream.

    On photos of 4 to 256 colours libdeflate's level 10, the first that looks for the cheapest way
    to write what it found, gives 5 to 7 % less than zlib's 6, in two to three times as long. Its
    level 12 gives half a percent less again in twice that; zlib's 9 takes longer than either is
    worth, and gives at most 3 % less than its 6. Only where most is flat, and every eighth row
    tells, is it much quicker than that, and now and then smaller than libdeflate's 11, which gives
    6 % less than its 10 for a screenshot, at 70 ms per megabyte. Of a large image nobody waits for
    the last 4 %: level 8 takes a third of the time of level 10.
    """
    whole, sample = rows.tobytes(), rows[::8].tobytes()
    shrinks = len(sample) / len(deflate.zlib_compress(sample, 1))
    if len(whole) <= (SMALL_AND_FLAT if shrinks > 4 else SMALL):
        return bytes(deflate.zlib_compress(whole, 12))
    if shrinks > 16:
        return min(zlib.compress(whole, 9), bytes(deflate.zlib_compress(whole, 11)), key=len)
    return bytes(deflate.zlib_compress(whole, 10 if len(whole) < LARGE else 8))


def _best_deflate(rows: ByteArray) -> bytes:
    whole = rows.tobytes()
    return min(zlib.compress(whole, 9), bytes(deflate.zlib_compress(whole, 12)), key=len)
