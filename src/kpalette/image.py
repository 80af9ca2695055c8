"""The walk-through's images: loading, showing, and assembling from pixels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import files, notebook, plots
from kpalette.checks import checked_whole
from kpalette.colors import as_array
from kpalette.histogram import ColorHistogram
from kpalette.steps import animate_steps, plot_steps
from kpalette.threads import make_team

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kpalette.colors import ByteArray
    from kpalette.plots import SavePath

__all__ = [
    "Image",
    "animate_steps",
    "display_images",
    "load_image",
    "plot_rgb_vector",
    "plot_steps",
    "rgb_vector_to_image",
]


class Image:
    """An RGB image, as a matrix of pixels and as the list of pixels that k-means takes.

    Parameters
    ----------
    rgb_matrix : uint8 array (h, w, 3)
    title : object, optional
        The title above the image: its ``str()``.

    Attributes
    ----------
    rgb_matrix : uint8 array (h, w, 3)

    Raises
    ------
    TypeError
        If the array is not of dtype uint8.
    ValueError
        If the array has another shape, or no pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.image import Image
    >>> Image(np.zeros((2, 3, 3), np.uint8)).rgb_vector.shape
    (6, 3)
    """

    def __init__(self, rgb_matrix: ByteArray, title: object = None) -> None:
        rgb_matrix = np.ascontiguousarray(as_array("rgb_matrix", rgb_matrix))
        if rgb_matrix.ndim != 3 or rgb_matrix.shape[2] != 3 or rgb_matrix.size == 0:
            raise ValueError(f"rgb_matrix: expected shape (h, w, 3), got {rgb_matrix.shape}")
        if rgb_matrix.dtype != np.uint8:
            raise TypeError(f"rgb_matrix: expected dtype uint8, got {rgb_matrix.dtype}")
        self.rgb_matrix = rgb_matrix
        self.title = title
        self._shown_in: int | None = None

    @property
    def title(self) -> str | None:
        """The title above the image, or None; it may be set to anything that has a ``str()``."""
        return self._title

    @title.setter
    def title(self, title: object) -> None:
        self._title = None if title is None else str(title)

    @property
    def rgb_vector(self) -> ByteArray:
        """The pixels, row by row: uint8 (h * w, 3)."""
        return self.rgb_matrix.reshape(-1, 3)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3."""
        height, width, channels = self.rgb_matrix.shape
        return (height, width, channels)

    def __repr__(self) -> str:
        height, width, _ = self.shape
        return f"Image({width}×{height}, title={self.title!r})"

    def mark_as_shown(self) -> None:
        """Record that the running notebook cell has shown the picture.

        As that cell's value, the image is then shown as text only. Other cells are not affected.
        """
        self._shown_in = plots.current_cell()

    def _repr_png_(self) -> bytes | None:
        """Return the picture as PNG, for notebooks."""
        if self._shown_in is not None and self._shown_in == plots.current_cell():
            return None
        import PIL.Image

        return notebook.png(PIL.Image.fromarray(self.rgb_matrix))


def load_image(image_path: str | os.PathLike[str]) -> Image:
    """Read an image file as RGB; its name becomes the title.

    Parameters
    ----------
    image_path : path
        Any file that :func:`kpalette.quantize` reads. Grey becomes RGB. Transparent pixels are laid
        over white, so that invisible colours are not clustered.

    Returns
    -------
    Image

    Raises
    ------
    OSError
        If the file cannot be opened.
    kpalette.ImageReadError
        If the file holds no readable image.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import PIL.Image
    >>> from kpalette.image import load_image
    >>> path = pathlib.Path(tempfile.mkdtemp(), "red.png")
    >>> PIL.Image.new("RGB", (4, 2), "red").save(path)
    >>> load_image(path)
    Image(4×2, title='red')
    """
    pixels = files.apply_alpha(files.as_pixels(image_path), "flatten:#fff")
    return Image(pixels, title=Path(image_path).stem)


def rgb_vector_to_image(
    rgb_vector: np.ndarray[Any, Any], image_shape: tuple[int, ...], title: object = None
) -> Image:
    """Assemble an image from a list of pixels.

    Parameters
    ----------
    rgb_vector : array (h * w, 3)
        uint8, or numbers from 0 to 255 whose fractions are truncated, such as each pixel's cluster
        centre. Floats that are all at most 1, such as ``X / 255``, are scaled from 0 (black) and
        1 (white).
    image_shape : (h, w) or (h, w, 3)
    title : object, optional
        See :class:`Image`.

    Returns
    -------
    Image

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the pixels do not fill the shape, or a value is not from 0 to 255.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.image import rgb_vector_to_image
    >>> rgb_vector_to_image(np.full((6, 3), 127.5), (2, 3)).rgb_matrix[0, 0].tolist()
    [127, 127, 127]
    """
    vector = as_array("rgb_vector", rgb_vector)
    if len(image_shape) not in (2, 3):
        raise ValueError(f"image_shape: expected (h, w) or (h, w, 3), got {image_shape!r}")
    height, width = (checked_whole("image_shape", size, 1) for size in image_shape[:2])
    if vector.dtype.kind not in "biuf":
        raise TypeError(f"rgb_vector: expected numbers, got dtype {vector.dtype}")
    if vector.shape != (height * width, 3):
        raise ValueError(
            f"rgb_vector: expected shape ({height * width}, 3) for an image of {width}×{height}, "
            f"got {vector.shape}"
        )
    if vector.dtype != np.uint8:
        if not np.all((vector >= 0) & (vector <= 255)):  # false for NaN as well
            raise ValueError(
                f"rgb_vector: expected values from 0 to 255, got {vector.min()} to {vector.max()}"
            )
        if _is_from_0_to_1(vector):
            vector = (vector * 255).round()
        vector = vector.astype(np.uint8)
    return Image(vector.reshape(height, width, 3), title=title)


def display_images(
    *images: Image, figsize: tuple[float, float] = (10, 5), save: SavePath = None
) -> Figure:
    """Show images side by side, with their titles.

    Parameters
    ----------
    *images : Image
        At least one.
    figsize : (float, float)
        Width and height of the figure in inches.
    save : path, optional
        Write the figure there, in the format of the suffix, instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If one is not an :class:`Image`.
    ValueError
        If there is no image.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from kpalette.image import Image, display_images
    >>> black = Image(np.zeros((8, 8, 3), np.uint8), title="black")
    >>> path = pathlib.Path(tempfile.mkdtemp(), "black.png")
    >>> len(display_images(black, black, save=path).axes)
    2
    """
    if not images:
        raise ValueError("images: expected at least one, got none")
    for image in images:
        if not isinstance(image, Image):
            raise TypeError(f"images: expected Image objects, got {type(image).__name__}")
    figure = plots.new_figure(figsize, save)
    # The characters that fit above an image, at about 7 points each in 12-point type.
    letters = max(8, int(figsize[0] / len(images) * 72 / 7))
    for axes, image in zip(figure.subplots(1, len(images), squeeze=False)[0], images, strict=True):
        axes.imshow(image.rgb_matrix)
        axes.set_axis_off()
        if image.title is not None:
            plots.set_title(axes, image.title, letters)
    return plots.finish(figure, save)


def plot_rgb_vector(
    rgb_vector: np.ndarray[Any, Any],
    figsize: tuple[float, float] = (10, 5),
    title: object = None,
    alpha: float = 0.6,
    s: float = 4,
    *,
    centers: np.ndarray[Any, Any] | None = None,
    save: SavePath = None,
) -> Figure:
    """Plot colours as points in 3-D, each in its own colour, on axes R, G and B.

    Every distinct colour is drawn once, however many pixels have it.

    Parameters
    ----------
    rgb_vector : array (n, 3)
        uint8, or numbers from 0 to 255, such as cluster centres. Floats that are all at most 1,
        such as ``X / 255``, are scaled to 0 to 255.
    figsize : (float, float)
        Width and height of the figure in inches.
    title : object, optional
        The title above the plot: its ``str()``.
    alpha : float
        Opacity of the points, 0 to 1.
    s : float
        Area of a point in square typographic points.
    centers : array (k, 3), optional
        Cluster centres, on either scale, drawn large and opaque on top.
    save : path, optional
        Write the figure there, in the format of the suffix, instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If an array does not hold numbers.
    ValueError
        If an array has another shape, or a value is not from 0 to 255.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from kpalette.image import plot_rgb_vector
    >>> path = pathlib.Path(tempfile.mkdtemp(), "colors.png")
    >>> figure = plot_rgb_vector(np.eye(3, dtype=np.uint8) * 255, title="Colors", save=path)
    >>> figure.axes[0].get_xlabel()
    'R'
    """
    vector = _checked_points("rgb_vector", rgb_vector)
    if vector.dtype == np.uint8:
        colors = ColorHistogram.from_pixels(vector, make_team(None)).colors
    else:
        colors = np.unique(vector, axis=0)
    if centers is not None:
        centers = _checked_points("centers", centers)
    figure = plots.new_figure(figsize, save)
    axes: Any = figure.add_subplot(projection="3d")
    # Without depth shading, points are still sorted by depth, and take a third of the time. Small
    # squares take two thirds of the time of small discs, and look the same.
    axes.scatter(
        *colors.T,
        c=colors / 255,
        alpha=alpha,
        s=s,
        marker="s" if s <= 10 else "o",
        edgecolors="none",
        depthshade=False,
    )
    if centers is not None:
        plots.draw_centers(axes, centers)
    plots.draw_cube(axes)
    if title is not None:
        plots.set_title(axes, str(title))
    return plots.finish(figure, save)


def _checked_points(name: str, points: Any) -> np.ndarray[Any, Any]:
    """Return colours as an array (n, 3) of uint8, or of floats from 0 to 255."""
    array = as_array(name, points)
    if array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
        raise ValueError(f"{name}: expected shape (n, 3), got {array.shape}")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    if not np.all((array >= 0) & (array <= 255)):  # false for NaN as well
        raise ValueError(
            f"{name}: expected values from 0 to 255, got {array.min()} to {array.max()}"
        )
    scale = 255.0 if _is_from_0_to_1(array) else 1.0
    return array.astype(np.float64) * scale


def _is_from_0_to_1(colors: np.ndarray[Any, Any]) -> bool:
    """Return whether colours are floats of at most 1, the range of floats in Matplotlib."""
    return colors.dtype.kind == "f" and colors.size > 0 and bool(colors.max() <= 1)
