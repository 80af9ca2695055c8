"""The charts of the open benchmark's page."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from PIL import Image

import kpalette

OURS, OTHERS, FAINT = "#c4233b", "#33475b", "#8a97a5"
LINES = ("#1f77b4", "#2c8a3b", "#8a5cc2", "#a0662c", "#3aa6a6", "#7f7f7f", "#9a9a12", "#22405e")
STYLES = ("--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
COLORS = 32  # the colours of a chart's file


def label(
    axes: Axes, points: Sequence[tuple[str, float, float, Any, bool]], *, right: bool
) -> None:
    """Write names in a column, at the height of their points if there is room."""
    axes.get_xlim(), axes.get_ylim()  # fixes the positions of the points
    to_axes = axes.transAxes.inverted()
    places = [to_axes.transform(axes.transData.transform(point[1:3])) for point in points]
    order = sorted(range(len(points)), key=lambda i: places[i][1])
    inches = axes.get_figure().get_size_inches()[1] * axes.get_position().height
    heights = spread([places[i][1] for i in order], 0.165 / inches)
    for i, height in zip(order, heights, strict=True):
        name, at, up, color, bold = points[i]
        axes.annotate(
            name,
            (at, up),
            (1.05 if right else -0.16, height),
            textcoords="axes fraction",
            ha="left" if right else "right",
            va="center",
            fontsize=8.5,
            color=color,
            fontweight="bold" if bold else "normal",
            zorder=1,
            arrowprops={
                "arrowstyle": "-",
                "color": color if bold else FAINT,
                "linewidth": 0.5,
                "relpos": (0 if right else 1, 0.5),
                "shrinkA": 1,
                "shrinkB": 2,
            },
        )


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Spread ascending positions so that neighbours have a gap, within 0 to 1 if there is room."""
    groups: list[list[float]] = []  # positions that touch each other
    for place in wanted:
        groups.append([place])
        while len(groups) > 1 and bottom(groups[-1], gap) < top(groups[-2], gap) + gap:
            last = groups.pop()
            groups[-1] += last
    return [bottom(group, gap) + i * gap for group in groups for i in range(len(group))]


def bottom(group: Sequence[float], gap: float) -> float:
    """Return a group's start: centred on the mean of its positions, within 0 to 1 if it fits."""
    height = gap * (len(group) - 1)
    return max(0.0, min(statistics.fmean(group) - height / 2, 1 - height))


def top(group: Sequence[float], gap: float) -> float:
    return bottom(group, gap) + gap * (len(group) - 1)


def lines(
    series: Mapping[str, tuple[Sequence[tuple[float, float]], bool]], x: str, y: str, title: str
) -> Figure:
    """Draw lines on logarithmic axes, with names at their ends."""
    height = max(4.5, 0.19 * (len(series) + 5))
    figure = Figure(figsize=(11, height), dpi=110)
    axes = figure.add_axes((0.07, 0.6 / height, 0.66, 1 - 1.15 / height))
    axes.set(xscale="log", yscale="log", xlabel=x)
    headings(axes, title, y)
    ends = []
    for number, (name, (points, ours)) in enumerate(series.items()):
        color = OURS if ours else LINES[number % len(LINES)]
        axes.plot(
            *zip(*points, strict=True),
            color=color,
            linestyle="-" if ours else STYLES[number // len(LINES) % 4],
            linewidth=2 if ours else 1.2,
            marker="o",
            markersize=3,
        )
        ends.append((name, *points[-1], color if ours else "black", ours))
    axes.margins(0.04, 0.06)
    plain(axes)
    steps = sorted({at for points, _ in series.values() for at, _ in points})
    axes.set_xticks(steps, [f"{step:g}" for step in steps])
    axes.set_xticks([], minor=True)
    label(axes, ends, right=True)
    return figure


def bars(values: Sequence[tuple[str, float, bool]], x: str, title: str) -> Figure:
    """Draw bars, longest at the bottom, on a logarithmic axis."""
    ordered = sorted(values, key=lambda value: value[1])
    height = max(2.5, 0.2 * (len(ordered) + 5))
    figure = Figure(figsize=(11, height), dpi=110)
    axes = figure.add_axes((0.27, 0.6 / height, 0.65, 1 - 1.15 / height))
    axes.set(xscale="log", xlabel=x)
    headings(axes, title, "")
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


def headings(axes: Axes, title: str, y: str) -> None:
    """Write the title and the y axis's label above the axes, where no line crosses them."""
    axes.set_title(title, pad=20 if y else 8)
    axes.text(0, 1.02, f"↑ {y}" if y else "", transform=axes.transAxes, ha="center", fontsize=9)


def plain(axes: Axes) -> None:
    """Draw a light grid without a frame, and write logarithmic ticks as plain numbers."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(which="major", linewidth=0.4, color="#dddddd")
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
            low, high = axis.get_view_interval()
            named = (2, 3, 4, 6, 8) if high < 10 * low else (2, 3, 5)
            crowded = axis is axes.xaxis and high > 100 * low
            axis.set_minor_formatter(NullFormatter() if crowded else minor(named))
    axes.tick_params(which="both", labelsize=8.5)


def minor(named: tuple[int, ...]) -> FuncFormatter:
    """Return a formatter that labels some ticks between powers of ten."""

    def name(value: float, _: Any) -> str:
        leading = value / 10 ** math.floor(math.log10(value))
        return short(value) if round(leading, 6) in named else ""

    return FuncFormatter(name)


def short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def save(figure: Figure, path: Path) -> None:
    """Write an indexed PNG in few colours, with kpalette."""
    canvas = FigureCanvasAgg(figure)
    file = io.BytesIO()
    canvas.print_png(file)
    file.seek(0)
    pixels = np.asarray(Image.open(file).convert("RGB"))
    kpalette.quantize(pixels, COLORS, fixed=["#ffffff"], effort="best").save(path)
