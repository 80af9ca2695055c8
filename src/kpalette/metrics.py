"""How far two images are apart: in 8-bit sRGB, in Oklab, by CIEDE2000, to the eye, in structure.

All but the last two follow from the colours alone. So each pair of colours that lie on the same
pixels is measured once, and counts for as many pixels as have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kpalette import _core, files, plots
from kpalette.colors import check_no_lazy_image
from kpalette.extras import required
from kpalette.fit import psnr
from kpalette.histogram import ColorHistogram
from kpalette.looks import Place, Reference, TileErrors
from kpalette.threads import make_team

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kpalette.colors import ByteArray, CountArray
    from kpalette.files import ImageSource
    from kpalette.plots import SavePath
    from kpalette.quantized import Quantized

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

FIGSIZE = (8.0, 6.0)
#: The end of the scale of error maps, in units of CIEDE2000.
MAP_END = 10.0
#: Pixels of an error map that are measured at a time.
MAP_CHUNK = 1 << 20
#: No colour is as far from grey, and what is much farther overflows in the seventh power.
MOST_LAB = 1_000_000
#: The shortest side that SSIM's window fits.
SSIM_SIDE = 11


@dataclass(frozen=True)
class Comparison:
    """How far two images are apart. Distances are 0 where they are equal.

    Attributes
    ----------
    mse : float
        Mean over pixels of the squared error, summed over R, G and B, in 8-bit sRGB.
    psnr : float
        Peak signal-to-noise ratio of that, in decibels; infinite for equal images.
    delta_e_ok : float
        Mean distance in Oklab, where black and white are 1 apart. About 0.02 can be just seen.
    delta_e : float
        Mean CIEDE2000, where black and white are 100 apart. About 1 can be just seen.
    delta_e_p95 : float
        What 95 % of the pixels have at most, by CIEDE2000.
    delta_e_max : float
        The largest CIEDE2000 of any pixel.
    ssim : float or None
        Structural similarity, 1 for equal images; None if it was not asked for.
    looks : float or None
        What one sees, on the scale of SSIMULACRA2: 100 for equal images, 90 where one hardly sees a
        difference, 70 where one does if both are side by side, 50 where one sees it at once. None
        where only colours were compared.
    worst : kpalette.looks.Place or None
        The tile of at most 16 by 16 pixels that lowers `looks` most: left, top, width, height. None
        for equal images.
    """

    mse: float
    psnr: float
    delta_e_ok: float
    delta_e: float
    delta_e_p95: float
    delta_e_max: float
    ssim: float | None = None
    looks: float | None = None
    worst: Place | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it: an infinite PSNR becomes None."""
        return {
            **vars(self),
            "psnr": self.psnr if self.mse else None,
            "worst": self.worst and self.worst._asdict(),
        }

    def rows(self) -> list[tuple[str, str]]:
        """Format each figure for people, with its name."""
        shown = [
            ("MSE", f"{self.mse:.2f}"),
            ("PSNR", f"{self.psnr:.2f} dB" if self.mse else "lossless"),
            ("ΔE Oklab, mean", f"{self.delta_e_ok:.4f}"),
            ("ΔE2000, mean", f"{self.delta_e:.2f}"),
            ("ΔE2000, 95 %", f"{self.delta_e_p95:.2f}"),
            ("ΔE2000, max", f"{self.delta_e_max:.2f}"),
        ]
        if self.ssim is not None:
            shown.append(("SSIM", f"{self.ssim:.4f}"))
        if self.looks is not None:
            shown.insert(0, ("looks", f"{self.looks:.1f}"))
        return shown

    def table(self) -> str:
        """Format the figures as lines of a name and a value, and the place where it is worst."""
        lines = [f"{name:14}  {value.rjust(8)}" for name, value in self.rows()]
        if self.worst is not None:
            lines.append(f"worst of it     {self.worst}")
        return "\n".join(lines)


def compare(
    a: ImageSource | Quantized,
    b: ImageSource | Quantized,
    *,
    ssim: bool = False,
    threads: int | None = None,
) -> Comparison:
    """Measure how far two images of the same size are apart.

    Parameters
    ----------
    a, b : path, binary file object, Pillow image, array or Quantized
        See :func:`kpalette.quantize`. Which is which makes no difference.
    ssim : bool, default False
        Whether to measure structural similarity too, which needs scikit-image and takes most of
        the time.
    threads : int, optional
        All cores by default. The result does not depend on it.

    Returns
    -------
    Comparison
        With alpha, each figure of a pixel is the mean of what it is over black and over white; but
        `looks` is the lower one.

    Raises
    ------
    OSError
        If a file cannot be opened.
    kpalette.ImageReadError
        If a file holds no image that can be read; a ``ValueError``.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the images have different sizes, or a side of less than 11 pixels with `ssim`.
    ImportError
        If `ssim` is asked for without scikit-image.

    References
    ----------
    Wang, Z., Bovik, A. C., Sheikh, H. R., Simoncelli, E. P. (2004). Image quality assessment: from
    error visibility to structural similarity. doi:10.1109/TIP.2003.819861

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> photo = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> found = kpalette.metrics.compare(photo, kpalette.quantize(photo, 4))
    >>> round(found.psnr, 1), round(found.delta_e, 1), round(found.delta_e_max, 1)
    (22.7, 4.8, 12.0)
    """
    team = make_team(threads)
    pixels_a, pixels_b = _pair(a, b)
    colors_a, colors_b, counts = _count_pairs(pixels_a, pixels_b, team)
    similarity = _ssim(pixels_a, pixels_b) if ssim else None
    measures = _core.color_differences(colors_a, colors_b, team)
    tiles = Reference(pixels_a, team).errors(pixels_b)
    return summed_up(measures, counts, similarity, tiles)


def looks(
    a: ImageSource | Quantized, b: ImageSource | Quantized, *, threads: int | None = None
) -> float:
    """Measure what one sees of the difference between two images, on the scale of SSIMULACRA2.

    That is what shift of colour remains at a distance, where it is worst, so dithering is judged
    fairly, and an unchanged background counts for nothing.

    Parameters
    ----------
    a, b, threads
        See :func:`compare`.

    Returns
    -------
    float
        100 for equal images, below 0 for very different ones. See :attr:`Comparison.looks`.

    Raises
    ------
    OSError, TypeError, ValueError
        As :func:`compare`.

    Examples
    --------
    >>> import numpy as np
    >>> import kpalette
    >>> grey = np.full((64, 64), 100, np.uint8)
    >>> two = kpalette.Palette(np.array([[95, 95, 95], [108, 108, 108]], np.uint8))
    >>> plain, mixed = two.remap(grey), two.remap(grey, dither="floyd-steinberg")
    >>> [round(kpalette.metrics.looks(grey, shown)) for shown in (plain, mixed, grey)]
    [33, 89, 100]
    """
    pixels_a, pixels_b = _pair(a, b)
    return Reference(pixels_a, make_team(threads)).errors(pixels_b).looks


def summed_up(
    measures: Floats,
    counts: CountArray,
    ssim: float | None = None,
    tiles: TileErrors | None = None,
) -> Comparison:
    """Sum up what the core measured of pairs: float64 (n, 3), and the pixels of each pair."""
    weights = counts.astype(np.float64)
    square, ok, delta_e = (weights @ measures / weights.sum()).tolist()
    distances = np.ascontiguousarray(measures[:, 2])
    return Comparison(
        mse=square,
        psnr=psnr(square),
        delta_e_ok=ok,
        delta_e=delta_e,
        delta_e_p95=_percentile(distances, counts, 95),
        delta_e_max=float(distances[counts > 0].max()),
        ssim=ssim,
        looks=None if tiles is None else tiles.looks,
        worst=None if tiles is None else tiles.worst,
    )


def _percentile(values: Floats, counts: CountArray, percent: int) -> float:
    """Return the least value that `percent` % of the pixels do not exceed."""
    rank = -(-int(counts.sum()) * percent // 100)
    # Only values of the same bin need be sorted to find it.
    bins = (values * 64).astype(np.int64)
    below = np.bincount(bins, counts).cumsum()
    chosen = int(np.searchsorted(below, rank))
    members = np.flatnonzero(bins == chosen)
    order = members[values[members].argsort()]
    before = int(below[chosen - 1]) if chosen else 0
    return float(values[order[np.searchsorted(counts[order].cumsum(), rank - before)]])


def delta_e_2000(lab_a: Any, lab_b: Any, *, threads: int | None = None) -> Floats:
    """Measure colour differences in CIELAB by CIEDE2000.

    Parameters
    ----------
    lab_a, lab_b : arrays (..., 3)
        L from 0 to 100, a and b, all finite; their shapes are broadcast.
    threads : int, optional
        All cores by default. The result does not depend on it.

    Returns
    -------
    float64 array (...)
        0 for equal colours, 100 for black and white. About 1 can be just seen.

    Raises
    ------
    TypeError
        If these are no numbers.
    ValueError
        If the shapes do not fit each other or end in another number than 3, or a value is NaN or
        beyond ±1,000,000.

    References
    ----------
    Sharma, G., Wu, W., Dalal, E. N. (2005). The CIEDE2000 color-difference formula: Implementation
    notes, supplementary test data, and mathematical observations. doi:10.1002/col.20070

    Examples
    --------
    >>> from kpalette import metrics
    >>> float(metrics.delta_e_2000([50, 2.6772, -79.7751], [50, 0, -82.7485]).round(4))
    2.0425
    """
    a, b = _checked_lab("lab_a", lab_a), _checked_lab("lab_b", lab_b)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"lab_a, lab_b: expected shapes that fit each other, got {a.shape} and {b.shape}"
        ) from None
    a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
    rows_a, rows_b = (np.ascontiguousarray(lab.reshape(-1, 3)) for lab in (a, b))
    distances: Floats = _core.delta_e_2000(rows_a, rows_b, make_team(threads))
    return distances.reshape(shape[:-1])


def _checked_lab(name: str, lab: Any) -> Floats:
    check_no_lazy_image(name, lab)
    try:
        array = np.asarray(lab, np.float64)
    except (TypeError, ValueError):  # of strings, say, or of rows of several lengths
        raise TypeError(f"{name}: expected numbers of shape (..., 3), got {lab!r:.80}") from None
    if array.ndim == 0 or array.shape[-1] != 3:
        raise ValueError(f"{name}: expected shape (..., 3), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite values, got NaN or infinity")
    if (largest := np.abs(array).max(initial=0)) > MOST_LAB:
        raise ValueError(f"{name}: expected values up to ±{MOST_LAB:,}, got {largest:g}")
    return array


def error_map(
    a: ImageSource | Quantized, b: ImageSource | Quantized, *, threads: int | None = None
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Measure the CIEDE2000 of each pixel.

    Parameters
    ----------
    a, b, threads
        See :func:`compare`.

    Returns
    -------
    float32 array (h, w)

    Raises
    ------
    OSError, TypeError, ValueError
        As :func:`compare`.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette import metrics
    >>> black_and_white = np.array([[0, 255]], np.uint8)
    >>> metrics.error_map(black_and_white, np.zeros((1, 2), np.uint8)).round(2).tolist()
    [[0.0, 100.0]]
    """
    team = make_team(threads)
    pixels_a, pixels_b = _pair(a, b)
    flat_a, flat_b = (pixels.reshape(-1, pixels.shape[2]) for pixels in (pixels_a, pixels_b))
    errors = np.empty(len(flat_a), np.float32)
    for start in range(0, len(errors), MAP_CHUNK):
        part = slice(start, start + MAP_CHUNK)
        errors[part] = _core.color_differences(flat_a[part], flat_b[part], team)[:, 2]
    return errors.reshape(pixels_a.shape[:2])


def plot_error_map(
    errors: np.ndarray[Any, Any],
    *,
    title: str = "",
    worst: Place | None = None,
    figsize: tuple[float, float] = FIGSIZE,
    save: SavePath = None,
) -> Figure:
    """Show where images differ, as what :func:`error_map` found.

    The scale goes from 0 to 10, so that maps can be compared; what is above looks like 10.

    Parameters
    ----------
    errors : float array (h, w)
    title : str, optional
    worst : kpalette.looks.Place, optional
        What to put a frame around, such as :attr:`Comparison.worst`.
    figsize : (float, float)
        Inches.
    save : path, optional
        Write the map there, in the format that the name ends in, instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from kpalette import metrics
    >>> path = pathlib.Path(tempfile.mkdtemp(), "errors.png")
    >>> len(metrics.plot_error_map(np.eye(8), title="errors", save=path).axes)
    2
    """
    figure = plots.new_figure(figsize, save)
    draw_error_map(figure, errors, title, worst)
    return plots.finish(figure, save)


def draw_error_map(
    figure: Figure, errors: np.ndarray[Any, Any], title: str, worst: Place | None = None
) -> None:
    """Draw the map, its scale and a frame around the worst place into an empty figure."""
    from matplotlib.patches import Rectangle

    axes = figure.add_subplot()
    plots.set_title(axes, title)
    axes.set_axis_off()
    picture = axes.imshow(errors, cmap="inferno", vmin=0, vmax=MAP_END)
    figure.colorbar(picture, ax=axes, extend="max", label="ΔE2000")
    if worst is not None:
        left, top, width, height = worst
        corner = left - 0.5, top - 0.5  # a pixel's middle is at whole numbers
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="cyan"))


def _pair(a: ImageSource | Quantized, b: ImageSource | Quantized) -> tuple[ByteArray, ByteArray]:
    """Return the pixels of two images of the same size, with alpha if either has any."""
    pixels_a, pixels_b = _pixels("a", a), _pixels("b", b)
    if pixels_a.shape[:2] != pixels_b.shape[:2]:
        (height_a, width_a), (height_b, width_b) = pixels_a.shape[:2], pixels_b.shape[:2]
        raise ValueError(
            f"expected two images of the same size, got {width_a}×{height_a} and "
            f"{width_b}×{height_b}"
        )
    if pixels_a.shape != pixels_b.shape:
        pixels_a, pixels_b = files.with_alpha(pixels_a), files.with_alpha(pixels_b)
    return pixels_a, pixels_b


def _pixels(name: str, image: Any) -> ByteArray:
    try:
        if hasattr(image, "rgba"):  # a result: to import its class here would be a circle
            image = image.rgba if image.profile is None else image.to_pil()
        return files.as_pixels(image)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {str(error).removeprefix('source: ')}") from error.__cause__


def _count_pairs(
    a: ByteArray, b: ByteArray, team: _core.Team
) -> tuple[ByteArray, ByteArray, CountArray]:
    """Return the pairs of colours that lie on the same pixels, and how many pixels each has.

    Where `a` is a photo and `b` the same in fewer colours, mostly all pixels of one colour have
    the same partner. So only those with another than a pixel of their colour has need be sorted.
    """
    channels = a.shape[2]
    histogram = ColorHistogram.from_pixels(a, team)
    which = histogram.find(a.reshape(-1, channels), team)
    codes = files.with_alpha(b).reshape(-1, 4).view(np.uint32).ravel()
    partners = np.empty(len(histogram), np.uint32)
    partners[which] = codes
    other = partners.take(which, mode="clip") != codes
    colors_a, counts = histogram.colors, histogram.counts
    if other.any():
        rest = which[other].astype(np.uint64) << np.uint64(32) | codes[other]
        keys, more = np.unique(rest, return_counts=True)
        again = (keys >> np.uint64(32)).astype(np.int64)
        counts = np.concatenate([counts - np.bincount(which[other], minlength=len(counts)), more])
        colors_a = np.concatenate([colors_a, colors_a[again]])
        partners = np.concatenate([partners, keys.astype(np.uint32)])
    colors_b = partners.view(np.uint8).reshape(-1, 4)[:, :channels]
    return colors_a, np.ascontiguousarray(colors_b), counts


def _ssim(a: ByteArray, b: ByteArray) -> float:
    """Return the structural similarity as in its paper, the mean over channels."""
    structural_similarity = required("skimage.metrics", "ssim").structural_similarity
    height, width = a.shape[:2]
    if min(height, width) < SSIM_SIDE:
        raise ValueError(
            f"ssim: expected sides of at least {SSIM_SIDE} pixels, got {width}×{height}"
        )

    def over(image: ByteArray, backdrop: int) -> np.ndarray[Any, Any]:
        if image.shape[2] == 3:
            return image
        alpha = image[..., 3:] / 255
        mixed: np.ndarray[Any, Any] = image[..., :3] * alpha + backdrop * (1 - alpha)
        return mixed

    def similarity(backdrop: int) -> float:
        return float(
            structural_similarity(
                over(a, backdrop),
                over(b, backdrop),
                data_range=255,
                channel_axis=2,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
        )

    return similarity(0) if a.shape[2] == 3 else (similarity(0) + similarity(255)) / 2
