"""The walk-through's images: load, look at, and put together again."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import files, notebook, plots
from kpalette.colors import checked_whole
from kpalette.histogram import ColorHistogram, make_team

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kpalette.colors import ByteArray
    from kpalette.plots import SavePath

__all__ = ["Image", "display_images", "load_image", "plot_rgb_vector", "rgb_vector_to_image"]


class Image:
    """An RGB image, as a matrix of pixels and as the list of them that k-means takes.

    Parameters
    ----------
    rgb_matrix : uint8 array (h, w, 3)
    title : str, optional
        What to write above the image.

    Attributes
    ----------
    rgb_matrix : uint8 array (h, w, 3)
    title : str or None

    Raises
    ------
    TypeError
        If the array is not of dtype uint8.
    ValueError
        If it has another shape, or no pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from kpalette.image import Image
    >>> Image(np.zeros((2, 3, 3), np.uint8)).rgb_vector.shape
    (6, 3)
    """

    def __init__(self, rgb_matrix: ByteArray, title: str | None = None) -> None:
        rgb_matrix = np.ascontiguousarray(rgb_matrix)
        if rgb_matrix.ndim != 3 or rgb_matrix.shape[2] != 3 or rgb_matrix.size == 0:
            raise ValueError(f"rgb_matrix: expected shape (h, w, 3), got {rgb_matrix.shape}")
        if rgb_matrix.dtype != np.uint8:
            raise TypeError(f"rgb_matrix: expected dtype uint8, got {rgb_matrix.dtype}")
        self.rgb_matrix = rgb_matrix
        if title is not None and not isinstance(title, str):
            raise TypeError(f"title: expected a string or None, got {title!r}")
        self.title = title
        self._shown_in: int | None = None

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
        """Note that the notebook cell that runs has shown the picture already.

        As that cell's value it is then only named. Elsewhere, and in later cells, nothing changes.
        """
        self._shown_in = plots.current_cell()

    def _repr_png_(self) -> bytes | None:
        """Show the picture, where it is a notebook cell's value."""
        if self._shown_in is not None and self._shown_in == plots.current_cell():
            return None
        import PIL.Image

        return notebook.png(PIL.Image.fromarray(self.rgb_matrix))


def load_image(image_path: str | os.PathLike[str]) -> Image:
    """Read an image file as RGB; its name becomes the title.

    Parameters
    ----------
    image_path : path
        An image file. Grey becomes RGB and alpha is left out, as Pillow's
        ``convert("RGB")`` does.

    Returns
    -------
    Image

    Raises
    ------
    OSError
        If the file cannot be opened.
    kpalette.ImageReadError
        If it holds no image that can be read.

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
    return Image(files.as_pixels(image_path)[..., :3], title=Path(image_path).stem)


def rgb_vector_to_image(
    rgb_vector: np.ndarray[Any, Any], image_shape: tuple[int, ...], title: str | None = None
) -> Image:
    """Put a list of pixels together to an image.

    Parameters
    ----------
    rgb_vector : array (h * w, 3)
        uint8, or numbers from 0 to 255 whose fractions are cut off, such as the cluster centres
        that stand for the pixels.
    image_shape : (h, w) or (h, w, 3)
    title : str, optional

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
    vector = np.asarray(rgb_vector)
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
            raise ValueError("rgb_vector: expected values from 0 to 255")
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
        Write the figure there, in the format that the suffix names, instead of showing it.

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
    # What fits above an image, at 12 points and some 7 points a letter.
    letters = max(8, int(figsize[0] / len(images) * 72 / 7))
    for axes, image in zip(figure.subplots(1, len(images), squeeze=False)[0], images, strict=True):
        axes.imshow(image.rgb_matrix)
        axes.set_axis_off()
        if image.title is not None:
            axes.set_title(textwrap.fill(image.title, letters))
    return plots.finish(figure, save)


def plot_rgb_vector(
    rgb_vector: np.ndarray[Any, Any],
    figsize: tuple[float, float] = (10, 5),
    title: str | None = None,
    alpha: float = 0.6,
    s: float = 4,
    *,
    centers: np.ndarray[Any, Any] | None = None,
    save: SavePath = None,
) -> Figure:
    """Show colours as points in 3-D, each in its own colour, on axes R, G and B.

    Every distinct colour is drawn once, however many pixels have it.

    Parameters
    ----------
    rgb_vector : array (n, 3)
        uint8, or numbers from 0 to 255, such as cluster centres.
    figsize : (float, float)
        Width and height of the figure in inches.
    title : str, optional
    alpha : float
        Opacity of the points, 0 to 1.
    s : float
        Area of a point in square typographic points.
    centers : array (k, 3), optional
        Cluster centres, 0 to 255, drawn large and opaque on top.
    save : path, optional
        Write the figure there, in the format that the suffix names, instead of showing it.

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
    # Points are drawn in the order of their distance either way; without shading, in a third of
    # the time. Small squares take two thirds of the time of small discs, and look the same.
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
        axes.computed_zorder = False  # they are drawn last, whatever is in front
        # A white ring in a black one shows on any ground.
        for size, ring, zorder in ((150, "black", 10), (110, "white", 11)):
            axes.scatter(
                *centers.T,
                c=centers / 255,
                s=size,
                edgecolors=ring,
                depthshade=False,
                zorder=zorder,
            )
    # The whole cube, so that pictures can be compared.
    axes.set(xlabel="R", ylabel="G", zlabel="B", xlim=(0, 255), ylim=(0, 255), zlim=(0, 255))
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticks((0, 64, 128, 192, 255))
        axis.set_pane_color((0.87, 0.87, 0.87))  # on white, white points would hide
    axes.set_box_aspect((1, 1, 1))
    if title is not None:
        axes.set_title(title)
    return plots.finish(figure, save)


def _checked_points(name: str, points: Any) -> np.ndarray[Any, Any]:
    """Give colours as an array (n, 3) of uint8, or of floats from 0 to 255."""
    array = np.asarray(points)
    if array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
        raise ValueError(f"{name}: expected shape (n, 3), got {array.shape}")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    if not np.all((array >= 0) & (array <= 255)):  # false for NaN as well
        raise ValueError(f"{name}: expected values from 0 to 255")
    return array.astype(np.float64)
