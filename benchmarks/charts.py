"""The pictures of the open benchmark's page."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from PIL import Image

import kpalette

OURS, OTHERS, FAINT = "#c4233b", "#33475b", "#8a97a5"
COLORS = 24  # of a picture's file
Point = tuple[str, float, float, bool]  # name, x, y, whether it is ours


def scatter(points: Sequence[Point], x: str, y: str, title: str) -> Figure:
    """Draw points on logarithmic axes, each with its name at the side and a line to it."""
    height = max(4.5, 0.19 * (len(points) / 2 + 6))
    figure = Figure(figsize=(11, height), dpi=110)
    axes = figure.add_axes((0.24, 0.6 / height, 0.52, 1 - 1.15 / height))
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y, title=title)
    plain(axes)
    for name, at, up, ours in points:
        color = OURS if ours else OTHERS
        axes.plot(at, up, "o", color=color, markersize=6 if ours else 4.5, zorder=3, label=name)
    axes.margins(0.06, 0.08)
    if axes.get_ylim()[0] < 1 <= min((up for _, _, up, _ in points), default=0):
        axes.set_ylim(bottom=0.985)
    middle = statistics.median(at for _, at, _, _ in points) if points else 1
    label(axes, [p for p in points if p[1] <= middle], right=False)
    label(axes, [p for p in points if p[1] > middle], right=True)
    return figure


def label(axes: Axes, points: Sequence[Point], *, right: bool) -> None:
    """Write names in a column, as high as their points if there is room."""
    to_axes = axes.transAxes.inverted()
    places = [to_axes.transform(axes.transData.transform(point[1:3])) for point in points]
    order = sorted(range(len(points)), key=lambda i: places[i][1])
    figure_height = axes.get_figure().get_size_inches()[1] * axes.get_position().height
    heights = spread([places[i][1] for i in order], 0.165 / figure_height)
    for i, height in zip(order, heights, strict=True):
        name, at, up, ours = points[i]
        axes.annotate(
            name,
            (at, up),
            (1.07 if right else -0.11, height),
            textcoords="axes fraction",
            ha="left" if right else "right",
            va="center",
            fontsize=8.5,
            color=OURS if ours else "black",
            fontweight="bold" if ours else "normal",
            arrowprops={
                "arrowstyle": "-",
                "color": OURS if ours else FAINT,
                "linewidth": 0.5,
                "shrinkA": 1,
                "shrinkB": 2,
            },
        )


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move ascending places apart until neighbours have a gap, as little as that takes."""
    groups: list[list[float]] = []  # of places that touch each other
    for place in wanted:
        groups.append([place])
        while len(groups) > 1 and bottom(groups[-1], gap) < top(groups[-2], gap) + gap:
            last = groups.pop()
            groups[-1] += last
    return [bottom(group, gap) + i * gap for group in groups for i in range(len(group))]


def bottom(group: Sequence[float], gap: float) -> float:
    return statistics.fmean(group) - gap * (len(group) - 1) / 2


def top(group: Sequence[float], gap: float) -> float:
    return statistics.fmean(group) + gap * (len(group) - 1) / 2


def lines(
    series: Mapping[str, tuple[Sequence[tuple[float, float]], bool]], x: str, y: str, title: str
) -> Figure:
    """Draw lines on logarithmic axes, with names at their ends."""
    height = max(4.5, 0.19 * (len(series) + 5))
    figure = Figure(figsize=(11, height), dpi=110)
    axes = figure.add_axes((0.07, 0.6 / height, 0.64, 1 - 1.15 / height))
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y, title=title)
    plain(axes)
    shades = iter(np.linspace(0.15, 0.95, max(1, len(series))))
    styles = ("-", "--", ":", "-.")
    ends = []
    for number, (name, (points, ours)) in enumerate(series.items()):
        shade = next(shades)
        axes.plot(
            *zip(*points, strict=True),
            color=OURS if ours else colormaps["viridis"](shade * 0.9),
            linestyle="-" if ours else styles[number % 4],
            linewidth=2 if ours else 1.2,
            marker="o",
            markersize=3,
        )
        ends.append((name, *points[-1], ours))
    axes.margins(0.04, 0.06)
    label(axes, ends, right=True)
    return figure


def bars(values: Sequence[tuple[str, float, bool]], x: str, title: str) -> Figure:
    """Draw bars, longest at the bottom, on a logarithmic axis."""
    ordered = sorted(values, key=lambda value: value[1])
    height = max(2.5, 0.2 * (len(ordered) + 5))
    figure = Figure(figsize=(11, height), dpi=110)
    axes = figure.add_axes((0.27, 0.6 / height, 0.65, 1 - 1.15 / height))
    axes.set(xscale="log", xlabel=x, title=title)
    plain(axes)
    places = range(len(ordered))
    axes.barh(
        places,
        [value for _, value, _ in ordered],
        color=[OURS if ours else FAINT for *_, ours in ordered],
    )
    axes.set_yticks(places, [name for name, *_ in ordered], fontsize=8.5)
    for place, (_, value, _) in enumerate(ordered):
        axes.annotate(short(value), (value, place), (3, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.margins(y=0.02)
    axes.set_xlim(right=2 * max((value for _, value, _ in ordered), default=1))
    return figure


def plain(axes: Axes) -> None:
    """Leave out what is not needed, and write numbers as such."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(which="major", linewidth=0.4, color="#dddddd")
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
            span = NullFormatter() if axis is axes.xaxis else FuncFormatter(minor)
            axis.set_minor_formatter(span)
    axes.tick_params(which="both", labelsize=8.5)


def minor(value: float, _: Any) -> str:
    """Name some ticks between powers of ten."""
    leading = value / 10 ** math.floor(math.log10(value))
    return short(value) if round(leading, 6) in (2, 3, 5) else ""


def short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def save(figure: Figure, path: Path) -> None:
    """Write an indexed PNG in few colours, by our own means."""
    canvas = FigureCanvasAgg(figure)
    file = io.BytesIO()
    canvas.print_png(file)
    file.seek(0)
    pixels = np.asarray(Image.open(file).convert("RGB"))
    kpalette.quantize(pixels, COLORS, fixed=["#ffffff"], effort="best").save(path)
