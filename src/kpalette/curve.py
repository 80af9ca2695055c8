"""Sweeps: error and file size for each of many k, and the elbow of that curve."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kpalette import files, notebook, plots
from kpalette.checks import check_options, checked_k, checked_seed
from kpalette.choices import Effort, Space
from kpalette.elbow import find_elbow
from kpalette.extras import MissingPackageError, required
from kpalette.fit import Fitter, psnr
from kpalette.histogram import ColorHistogram
from kpalette.remap import map_pixels
from kpalette.threads import make_team

if TYPE_CHECKING:
    import PIL.Image
    from matplotlib.figure import Figure

    from kpalette import _core
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource
    from kpalette.palette import Palette
    from kpalette.plots import SavePath

Column: TypeAlias = np.ndarray[Any, Any]

FIGSIZE = (8.0, 4.5)  # inches
BLUE, ORANGE, GREY = "#3a7ebf", "#d9772b", "#808080"  # legible on white and on black
#: Grey on a transparent background is legible on light and dark pages.
ON_ANY_PAGE: dict[Any, Any] = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "legend.facecolor"), "none"),
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), GREY),
    **dict.fromkeys(("xtick.color", "ytick.color"), GREY),
}
#: Mapped images are collected up to this many bytes, and then encoded together.
WAITING_BYTES = 2**27


@dataclass(frozen=True, eq=False)
class SweepPoint:
    """The palette, errors, time and file size for one k.

    Attributes
    ----------
    k : int
        The requested number of colours.
    palette : Palette
        The colours, the most frequent first: k, or as many as the image has.
    cost : float
        Sum over pixels of the squared distance, in the space of the fit. It never rises with k.
    mse : float
        Mean over pixels of the squared error, summed over R, G and B, in 8-bit sRGB. If the fit is
        in another space, it may rise a little with k.
    seconds : float
        Time to find the palette, starting from that of the k before, and to map the pixels.
        Reading, counting and encoding are not included.
    n_iter : int
        Iterations of k-means.
    png_bytes : int or None
        The size of the file that :meth:`kpalette.Quantized.save` would write. None if the palette
        has more than 256 colours, or if the source was a histogram, which has no pixels.
    """

    k: int
    palette: Palette
    cost: float
    mse: float
    seconds: float
    n_iter: int
    png_bytes: int | None

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels; infinite if the result is lossless."""
        return psnr(self.mse)


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The result of :func:`kpalette.sweep`. Notebooks show it as a chart and a table.

    Attributes
    ----------
    points : tuple of SweepPoint
        One for each k, ascending. Iterating over the sweep yields them.
    n_pixels, n_distinct : int
        Pixels and distinct colours of the image.
    k : int64 array (m,)
    cost, mse, psnr, seconds : float64 arrays (m,)
        Columns of `points`, for your own plots.
    png_bytes : tuple of int or None
    """

    points: tuple[SweepPoint, ...]
    n_pixels: int
    n_distinct: int

    @cached_property
    def elbow(self) -> int | None:
        """The suggested k: see :func:`kpalette.elbow.find_elbow`.

        None if there are fewer than three points, between which nothing can bend, or if the first
        of them loses nothing.
        """
        if len(self.points) < 3 or self.points[0].cost == 0:
            return None
        return find_elbow(self.k, self.cost)

    @property
    def lossless(self) -> int | None:
        """The least k of the points that keeps all colours; None if none does."""
        return next((point.k for point in self.points if point.k >= self.n_distinct), None)

    def at(self, k: int) -> SweepPoint:
        """Return the point of one k, for example of the elbow.

        Raises
        ------
        ValueError
            If the sweep does not hold that k.
        """
        for point in self.points:
            if point.k == k:
                return point
        raise ValueError(f"k: expected one of {self.k.tolist()}, got {k!r}")

    @property
    def k(self) -> Column:  # noqa: D102
        return np.array([point.k for point in self.points])

    @property
    def cost(self) -> Column:  # noqa: D102
        return np.array([point.cost for point in self.points])

    @property
    def mse(self) -> Column:  # noqa: D102
        return np.array([point.mse for point in self.points])

    @property
    def psnr(self) -> Column:  # noqa: D102
        return np.array([point.psnr for point in self.points])

    @property
    def seconds(self) -> Column:  # noqa: D102
        return np.array([point.seconds for point in self.points])

    @property
    def png_bytes(self) -> tuple[int | None, ...]:  # noqa: D102
        return tuple(point.png_bytes for point in self.points)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def __iter__(self) -> Iterator[SweepPoint]:
        return iter(self.points)

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        if len(self.points) == 1:
            return f"Sweep(k = {first.k}, MSE {first.mse:.4g})"
        elbow = f", elbow {self.elbow}" if self.elbow else ""
        return f"Sweep(k = {first.k} to {last.k}, MSE {first.mse:.4g} to {last.mse:.4g}{elbow})"

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep as numbers, strings and lists that JSON can hold.

        An infinite PSNR becomes None. Palettes become ``#rrggbb``, as in :attr:`Palette.hex`.
        """
        return {
            "n_pixels": self.n_pixels,
            "n_distinct": self.n_distinct,
            "elbow": self.elbow,
            "points": [
                {
                    "k": point.k,
                    "cost": point.cost,
                    "mse": point.mse,
                    "psnr": point.psnr if point.mse else None,
                    "seconds": point.seconds,
                    "n_iter": point.n_iter,
                    "png_bytes": point.png_bytes,
                    "palette": point.palette.hex,
                }
                for point in self.points
            ],
        }

    def plot(self, *, figsize: tuple[float, float] = FIGSIZE, save: SavePath = None) -> Figure:
        """Plot PSNR and file size against k, with the elbow marked.

        Parameters
        ----------
        figsize : (float, float)
            Inches.
        save : path, optional
            Write the chart there, in the format of the suffix, instead of showing it.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure = plots.new_figure(figsize, save)
        self._draw(figure)
        return plots.finish(figure, save)

    def chart(self, kind: str = "png", *, figsize: tuple[float, float] = FIGSIZE) -> bytes:
        """Encode the chart of :meth:`plot` as a file.

        Parameters
        ----------
        kind : {"png", "svg", "pdf"}
        figsize : (float, float)
            Inches.

        Returns
        -------
        bytes
            The same for the same numbers.
        """
        return plots.encode(self._draw, kind, figsize)

    def _draw(self, figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_xlabel("k, colours")
        axes.set_ylabel("PSNR, dB", color=BLUE)
        shown = np.where(np.isfinite(self.psnr), self.psnr, np.nan)
        lines = axes.plot(self.k, shown, "o-", color=BLUE, markersize=3, label="PSNR")
        if any(size is not None for size in self.png_bytes):
            right = axes.twinx()
            right.set_ylabel("PNG, kB", color=ORANGE)
            sizes = np.array(self.png_bytes, np.float64) / 1000
            lines += right.plot(self.k, sizes, "s-", color=ORANGE, markersize=3, label="PNG size")
            right.set_ylim(bottom=0)
        if self.elbow:
            label = f"elbow, k = {self.elbow}"
            lines.append(axes.axvline(self.elbow, color=GREY, linestyle="--", label=label))
        axes.legend(handles=lines, loc="lower right")
        axes.grid(alpha=0.3)

    def _repr_html_(self) -> str:
        """Return the chart and the table as HTML, for notebooks."""
        chart = self._chart_for_any_page()
        rows = ""
        for cells in self.rows():
            tag = "th" if cells[0] == str(self.elbow) else "td"
            rows += f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"
        head = "".join(f"<th>{name}</th>" for name in HEADINGS)
        said = "PSNR and file size against k"
        if self.elbow:
            said += f"; the elbow is at k = {self.elbow}"
        picture = "" if chart is None else notebook.img(chart, said)
        return f"{picture}<table><tr>{head}</tr>{rows}</table>"

    def _chart_for_any_page(self) -> PIL.Image.Image | None:
        """Draw the chart for light and dark pages; None without Matplotlib."""
        from kpalette.files.formats import open_image

        try:
            with required("matplotlib", "the chart").rc_context(ON_ANY_PAGE):
                return open_image(io.BytesIO(self.chart("png", figsize=(6.5, 3.6))))
        except MissingPackageError:
            return None

    def rows(self) -> list[tuple[str, ...]]:
        """Return the formatted columns of each point, as `HEADINGS` names them.

        The first that is lossless is the last, because those after it are the same.
        """
        most = self.lossless or self.points[-1].k
        return [
            (
                str(point.k),
                f"{point.mse:.2f}",
                f"{point.psnr:.2f}" if point.mse else "lossless",
                "–" if point.png_bytes is None else f"{point.png_bytes:,}",
                str(point.n_iter),
                f"{1000 * point.seconds:.1f}",
            )
            for point in self.points
            if point.k <= most
        ]

    def table(self) -> str:
        """Return the points as a table of text, with the elbow marked."""
        lines = [HEADINGS, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in lines
        ]
        if self.elbow:
            aligned[1 + self.k.tolist().index(self.elbow)] += "  <- elbow"
        return "\n".join(aligned)


#: The columns of :meth:`Sweep.rows`.
HEADINGS = ("k", "MSE", "PSNR, dB", "PNG, bytes", "passes", "ms")


def sweep(
    source: ImageSource | ColorHistogram,
    k_values: Iterable[int] = range(2, 65, 2),
    *,
    space: Space = "oklab",
    effort: Effort = "balanced",
    seed: int = 0,
    threads: int | None = None,
) -> Sweep:
    """Measure an image's error and file size for each of many k, and suggest a k.

    The image is read and counted once. The fit for each k starts from the palette of the k before,
    and splits the clusters that gain most. On photos the error is on average as low as
    :func:`kpalette.quantize` reaches for each k alone, in 0.6 of the time, and the cost never rises
    with k. For a single k, the two differ by a few percent either way. Only ``quantize`` keeps
    colours for small vivid regions, which costs a little everywhere else.

    Parameters
    ----------
    source : path, binary file object, Pillow image, array or ColorHistogram
        See :func:`kpalette.quantize`. A histogram, such as the sum of those of many images, has no
        pixels: there are no file sizes, which saves most of the time.
    k_values : iterable of int, default range(2, 65, 2)
        Each from 1 to 65,536, in any order. Results are for the distinct values, ascending. A k no
        smaller than the number of distinct colours is lossless.
    space, effort, seed, threads
        See :func:`kpalette.quantize`. The results do not depend on `threads`; those of one k depend
        slightly on the other k.

    Returns
    -------
    Sweep
        With a suggested k in ``elbow``, if there are at least three.

    Raises
    ------
    OSError, TypeError, ValueError
        As :func:`kpalette.quantize`; a ``ValueError`` also if `k_values` is empty.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> photo = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> sweep = kpalette.sweep(photo, [1, 2, 4, 8, 256])
    >>> sweep.mse.round(1).tolist()
    [16444.5, 4163.7, 1047.9, 264.5, 0.0]
    >>> sweep.elbow
    8
    >>> few = sweep.at(sweep.elbow).palette.remap(photo)  # and few.save("few.png")
    """
    ks = _ascending(k_values)
    check_options(space, effort)
    seed = checked_seed(seed)
    team = make_team(threads)
    if isinstance(source, ColorHistogram):
        pixels, histogram = None, source
    else:
        pixels = files.as_pixels(source)
        histogram = ColorHistogram.from_pixels(pixels, team)
    lossless = [k for k in ks if k >= len(histogram)]
    fitted = [k for k in ks if k < len(histogram)] + lossless[:1]
    points = list(_measure(histogram, pixels, fitted, space, effort, seed, team))
    points += [replace(points[-1], k=k, seconds=0.0) for k in lossless[1:]]
    return Sweep(tuple(points), histogram.n_pixels, len(histogram))


def _ascending(k_values: object) -> list[int]:
    if isinstance(k_values, (str, bytes)) or not isinstance(k_values, Iterable):
        raise TypeError(f"k_values: expected an iterable of integers, got {k_values!r}")
    ks = list(k_values)
    if not ks:
        raise ValueError("k_values: expected at least one k, got none")
    return sorted({checked_k(k) for k in ks})


def _measure(
    histogram: ColorHistogram,
    pixels: ByteArray | None,
    ks: list[int],
    space: Space,
    effort: Effort,
    seed: int,
    team: _core.Team,
) -> Iterator[SweepPoint]:
    """Fit and map one k after another, some k at a time; then encode those all at once."""
    fitter = Fitter(histogram, space, team)
    at_once = len(ks) if pixels is None else max(1, WAITING_BYTES // pixels[..., 0].size)
    pool = ThreadPoolExecutor(team.size)
    try:
        for first in range(0, len(ks), at_once):
            points: list[SweepPoint] = []
            mapped: list[np.ndarray[Any, Any] | None] = []
            for k in ks[first : first + at_once]:
                start = time.perf_counter()
                fit = fitter.grow(k, effort, seed)
                indices = None
                if pixels is not None:
                    indices = map_pixels(
                        pixels, histogram.colors, fit.labels, len(fit.palette), team
                    )
                seconds = time.perf_counter() - start
                points.append(
                    SweepPoint(k, fit.palette, fit.cost, fit.mse, seconds, fit.n_iter, None)
                )
                mapped.append(indices if len(fit.palette) <= 256 else None)
            # Encoding while the next fit runs saves a tenth, but would falsify the times.
            sizes = pool.map(_png_bytes, mapped, [point.palette for point in points])
            for point, size in zip(points, sizes, strict=True):
                yield replace(point, png_bytes=size)
    finally:
        pool.shutdown(cancel_futures=True)  # so that Ctrl-C need not wait for pending files


def _png_bytes(indices: np.ndarray[Any, Any] | None, palette: Palette) -> int | None:
    if indices is None:
        return None
    return len(files.encode(indices, palette.colors, "png"))
