"""Matplotlib's animations, written by kpalette."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.animation import FuncAnimation, writers
from matplotlib.figure import Figure

import kpalette
from kpalette import files, movie_writer

N = 6


def drawn(figsize=(2.0, 1.5), n: int = N, **options) -> tuple[Figure, FuncAnimation]:
    """Return a figure whose bar grows, and its animation; few colours, since nothing is smooth."""
    figure = pyplot.figure(figsize=figsize, **options)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    (bar,) = axes.bar([0.5], [0.1], color="#3070c0", antialiased=False)

    def draw(i: int):
        bar.set_height(0.1 + 0.1 * i)
        return (bar,)

    return figure, FuncAnimation(figure, draw, frames=n)


def read(path) -> list[tuple[np.ndarray, int]]:
    return [*files.open_frames(path).walk()]


def as_drawn(figure: Figure, anim: FuncAnimation, dpi: float, **options) -> list[np.ndarray]:
    """Return what Matplotlib draws of each frame, (h, w, 4)."""
    shown = []
    for i in range(N):
        anim._func(i)
        figure.set_dpi(dpi)
        figure.savefig(path := "frame.png", dpi=dpi, **options)
        shown.append(files.with_alpha(files.as_pixels(path)))
    return shown


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    pyplot.close("all")


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.apng", "x.webp", "X.GIF"])
@pytest.mark.parametrize("dpi", [100, 77])
def test_plots_are_written_exactly(name: str, dpi: float) -> None:
    figure, anim = drawn()
    anim.save(name, writer="kpalette", fps=8, dpi=dpi)
    frames = read(name)
    assert [duration for _, duration in frames] == [125] * N or name.lower() == "x.gif"
    assert sum(duration for _, duration in frames) == pytest.approx(750, abs=5)
    for (pixels, _), wanted in zip(frames, as_drawn(figure, anim, dpi), strict=True):
        np.testing.assert_array_equal(files.with_alpha(pixels), wanted)


def test_options_are_those_of_quantize_animation() -> None:
    _, anim = drawn()
    anim.save("x.png", writer=kpalette.MovieWriter(fps=30, k=2, loop=3, palette_scope="frame"))
    frames = files.open_frames("x.png")
    assert frames.loop == 3
    assert [duration for _, duration in frames.walk()] == [33, 34, 33, 33, 34, 33]
    assert all(len(np.unique(pixels.reshape(-1, 3), axis=0)) == 2 for pixels, _ in frames.walk())


def test_the_registered_name_takes_what_save_takes() -> None:
    assert writers["kpalette"] is kpalette.MovieWriter
    _, anim = drawn()
    anim.save("x.gif", writer="kpalette", fps=10, metadata={"artist": "one"})
    assert len(read("x.gif")) == N


def test_a_background_of_ones_own() -> None:
    _, anim = drawn()
    anim.save("x.gif", writer="kpalette", savefig_kwargs={"facecolor": "#ffee00"})
    assert read("x.gif")[0][0][0, 0].tolist() == [255, 238, 0]


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.webp"])
def test_transparent_figures_stay_so(name: str) -> None:
    figure, anim = drawn()
    how = {"transparent": True}
    anim.save(name, writer="kpalette", fps=10, savefig_kwargs=how)
    for (pixels, _), wanted in zip(read(name), as_drawn(figure, anim, 100, **how), strict=True):
        shown = pixels[..., 3:] > 0
        np.testing.assert_array_equal(pixels[..., 3], wanted[..., 3])
        np.testing.assert_array_equal(pixels * shown, wanted * shown)


def test_a_gif_of_soft_transparency_has_the_nearer() -> None:
    figure = pyplot.figure(figsize=(1, 1), facecolor=(1, 0, 0, 0.7))
    writer = kpalette.MovieWriter()
    with writer.saving(figure, "x.gif", 40):
        writer.grab_frame()
        figure.set_facecolor((1, 0, 0, 0.3))
        writer.grab_frame()
    first, second = (pixels for pixels, _ in read("x.gif"))
    assert (first == [255, 0, 0, 255][: first.shape[2]]).all()
    assert (second[..., 3] == 0).all()


def test_sizes_of_a_fraction_of_a_pixel() -> None:
    _, anim = drawn(figsize=(4.35, 1.001))  # 4.35 · 100 is 434.99999999999994
    anim.save("x.gif", writer="kpalette", dpi=100)
    assert read("x.gif")[0][0].shape[:2] == (100, 435)


def test_a_figure_that_changes_its_size_is_refused() -> None:
    figure = pyplot.figure(figsize=(2, 1.5))

    def grow(i: int):
        figure.set_size_inches(2 + i, 1.5)
        return ()

    anim = FuncAnimation(figure, grow, frames=3)
    with pytest.raises(ValueError, match="frame 2: expected a figure of 200×150 pixels as before"):
        anim.save("x.gif", writer=kpalette.MovieWriter(), dpi=100)
    assert not [*Path().iterdir()]


def test_a_frame_that_fails_leaves_no_file() -> None:
    figure = pyplot.figure(figsize=(2, 1.5))

    def fail(i: int):
        if i == 4:
            raise ZeroDivisionError("drawing")
        return ()

    with pytest.raises(ZeroDivisionError, match="drawing"):
        FuncAnimation(figure, fail, frames=9).save("x.gif", writer="kpalette")
    assert not [*Path().iterdir()]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"k": 0}, ValueError, "k: expected 1 to 256"),
        ({"fps": 0}, ValueError, "fps: expected above 0"),
        ({"fps": "9"}, TypeError, "fps: expected a number"),
        ({"loop": -1}, ValueError, "loop: expected 0 to"),
        ({"bitrate": 9}, ValueError, "bitrate: expected none"),
        ({"colours": 9}, TypeError, "colours"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(options, error, words: str) -> None:
    with pytest.raises(error, match=words):
        kpalette.MovieWriter(**options)


@pytest.mark.filterwarnings("ignore:Animation was deleted")
def test_other_endings_are_refused_before_anything_is_drawn() -> None:
    _, anim = drawn()
    with pytest.raises(ValueError, match=r"ends in \.gif, \.png, \.apng, \.webp, got 'x\.mp4'"):
        anim.save("x.mp4", writer="kpalette")
    writer = kpalette.MovieWriter()
    with (
        pytest.raises(TypeError, match="bbox_inches: expected none"),
        writer.saving(pyplot.figure(figsize=(1, 1)), "x.gif", 50),
    ):
        writer.grab_frame(bbox_inches="tight")


def test_nothing_grabbed_is_an_error() -> None:
    writer = kpalette.MovieWriter()
    with (
        pytest.raises(ValueError, match="at least one frame, got none"),
        writer.saving(pyplot.figure(figsize=(1, 1)), "x.gif", 50),
    ):
        pass


def test_matplotlib_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, kpalette; from kpalette import *; kpalette.quantize_animation\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import kpalette.movie_writer, matplotlib.animation as a\n"
        "assert a.writers['kpalette'] is kpalette.MovieWriter is kpalette.movie_writer.MovieWriter"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_it_names_the_extra() -> None:
    code = "import sys; sys.modules['matplotlib'] = None\nimport kpalette; kpalette.MovieWriter"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "MovieWriter: Matplotlib is not installed" in ended.stderr
    assert movie_writer.MovieWriter.isAvailable()
