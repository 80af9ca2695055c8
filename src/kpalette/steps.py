"""Pictures of the steps of k-means: the cloud of colours, and the image, after some passes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpalette import files, plots
from kpalette.checks import checked_whole

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure

    from kpalette.image import Image
    from kpalette.plots import SavePath
    from kpalette.walkthrough import Step

#: The passes that figures show, where there are so many; and the last one.
SHOWN = (0, 1, 2, 5)

#: Of an image's colours, the most that are drawn in a cloud; the rest would be hidden.
MOST_POINTS = 5_000


def plot_steps(
    img: Image,
    history: Sequence[Step],
    passes: Sequence[int] | None = None,
    figsize: tuple[float, float] | None = None,
    *,
    save: SavePath = None,
) -> Figure:
    """Plot what k-means has after some passes: the centres in the cloud of colours, and the image.

    Each point has the colour of its centre.

    Parameters
    ----------
    img : Image
    history : sequence of Step
        ``history_`` of a :class:`kpalette.model.KMeans` that was fitted to the image's
        ``rgb_vector``.
    passes : sequence of int, optional
        Which to show, from 0, the start, to ``len(history) - 1``, the end. By default the start,
        the passes 1, 2 and 5, and the end.
    figsize : (float, float), optional
        Width and height of the figure in inches.
    save : path, optional
        Write the figure there, in the format of the suffix, instead of showing it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the history is that of other samples, or a pass is not in it.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from kpalette.image import Image, plot_steps
    >>> from kpalette.model import KMeans
    >>> img = Image(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    >>> kmeans = KMeans(4, random_state=44, history=True).fit(img.rgb_vector)
    >>> path = pathlib.Path(tempfile.mkdtemp(), "steps.png")
    >>> figure = plot_steps(img, kmeans.history_, passes=[0, 1], save=path)
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['start: cost 57,132', 'pass 1: cost 38,387']
    """
    check_history(img, history)
    last = len(history) - 1
    if passes is None:
        passes = [*(number for number in SHOWN if number < last), last]
    passes = [checked_whole("passes", number, 0, last) for number in passes]
    if not passes:
        raise ValueError("passes: expected at least one, got none")
    figure = plots.new_figure(figsize or (2.8 * len(passes), 5), save)
    cloud = Cloud(img)
    for column, number in enumerate(passes, 1):
        step = history[number]
        axes: Any = figure.add_subplot(2, len(passes), column, projection="3d")
        cloud.draw(axes, step)
        axes.set_title(title(number, step), fontsize="medium")
    for column, number in enumerate(passes, 1):
        below = figure.add_subplot(2, len(passes), len(passes) + column)
        below.imshow(painted(img, history[number]))
        below.set_axis_off()
    return plots.finish(figure, save)


def animate_steps(
    img: Image,
    history: Sequence[Step],
    save: str | os.PathLike[str],
    *,
    milliseconds: int = 400,
    figsize: tuple[float, float] = (7, 3.6),
) -> None:
    """Write an animation of k-means: the centres' walk through the cloud of colours, and the image.

    Parameters
    ----------
    img : Image
    history : sequence of Step
        See :func:`plot_steps`.
    save : path
        A name that ends in ``.gif``, ``.png``, ``.apng`` or ``.webp``.
    milliseconds : int, default 400
        How long each pass is shown, 20 to 10,000. The first and the last are shown for three times
        as long.
    figsize : (float, float)
        Width and height in inches, of 100 pixels each.

    Raises
    ------
    OSError
        If the file cannot be written.
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the history is that of other samples, or the suffix is another.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> import kpalette
    >>> from kpalette.image import Image, animate_steps
    >>> from kpalette.model import KMeans
    >>> img = Image(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    >>> kmeans = KMeans(4, random_state=44, history=True).fit(img.rgb_vector)
    >>> path = pathlib.Path(tempfile.mkdtemp(), "walk.gif")
    >>> animate_steps(img, kmeans.history_, save=path)
    >>> path.read_bytes()[:6]
    b'GIF89a'
    """
    from kpalette.animation import quantize_animation
    from kpalette.quantized_animation import SUFFIXES

    check_history(img, history)
    milliseconds = checked_whole("milliseconds", milliseconds, 20, 10_000)
    name = files.checked_path(save)
    if Path(name).suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise ValueError(f"save: expected a name that ends in one of {known}, got {name!r}")
    plots.require_matplotlib()
    from matplotlib.figure import Figure

    cloud, last = Cloud(img), len(history) - 1

    def frame(number: int) -> np.ndarray[Any, Any]:
        figure = Figure(figsize=figsize, layout="constrained", dpi=100)
        step = history[number]
        left: Any = figure.add_subplot(1, 2, 1, projection="3d")
        cloud.draw(left, step)
        right = figure.add_subplot(1, 2, 2)
        right.imshow(painted(img, step))
        right.set_axis_off()
        figure.suptitle(title(number, step))
        drawn = io.BytesIO()
        figure.savefig(drawn, format="rgba")
        width, height = (round(100 * inches) for inches in figsize)
        return np.frombuffer(drawn.getvalue(), np.uint8).reshape(height, width, 4)[..., :3]

    frames = (
        (frame(number), milliseconds * (3 if number in (0, last) else 1))
        for number in range(last + 1)
    )
    quantize_animation(list(frames), palette_scope="global").save(name)


def check_history(img: Any, history: Any) -> None:
    """Raise an error unless a history is that of an image's pixels."""
    from kpalette.image import Image
    from kpalette.walkthrough import Step

    if not isinstance(img, Image):
        raise TypeError(f"img: expected a kpalette.image.Image, got {type(img).__name__}")
    if not isinstance(history, Sequence) or not all(isinstance(step, Step) for step in history):
        raise TypeError(
            "history: expected history_ of a kpalette.model.KMeans(…, history=True), "
            f"got {type(history).__name__}"
        )
    if not history:
        raise ValueError("history: expected at least one step, got none")
    n, shape = len(img.rgb_vector), history[0].centers.shape
    if history[0].labels.shape != (n,) or shape[1:] != (3,):
        raise ValueError(
            f"history: expected labels of the image's {n:,} pixels and centres (k, 3), "
            f"got {len(history[0].labels):,} and {shape}"
        )


def title(number: int, step: Step) -> str:
    """Return what is above a step."""
    return f"{f'pass {number}' if number else 'start'}: cost {step.cost:,.0f}"


def painted(img: Image, step: Step) -> np.ndarray[Any, Any]:
    """Return an image in the colours of a step's centres, uint8 (h, w, 3)."""
    colors = np.clip(np.rint(step.centers), 0, 255).astype(np.uint8)
    return colors[step.labels].reshape(img.shape)


class Cloud:
    """An image's distinct colours, or some of them, as points that steps give their colours."""

    def __init__(self, img: Image) -> None:
        pixels = img.rgb_vector
        packed = pixels.astype(np.int32) @ np.array([65_536, 256, 1], np.int32)
        _, first = np.unique(packed, return_index=True)
        self.where = np.sort(first)[:: -(-len(first) // MOST_POINTS)]
        self.points = pixels[self.where]

    def draw(self, axes: Any, step: Step) -> None:
        """Draw the points and a step's centres."""
        colors = np.clip(step.centers, 0, 255) / 255
        labels = step.labels[self.where]
        axes.scatter(
            *self.points.T, c=colors[labels], s=2, marker="s", edgecolors="none", depthshade=False
        )
        plots.draw_centers(axes, np.clip(step.centers, 0, 255), size=70)
        plots.draw_cube(axes, ticks=(0, 255))
        axes.tick_params(labelsize="x-small", pad=-3)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.labelpad = -10
