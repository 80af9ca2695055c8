"""How figures are shown, saved and closed, without a notebook (see test_cells.py for those)."""

import itertools
import sys
import types

import numpy as np
import pytest
from matplotlib import pyplot, rc_context
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from conftest import noise
from kpalette import image, metrics, model

PICTURE = image.Image(noise(4, 6), title="noise")
HISTORY = model.KMeans(3, history=True).fit(PICTURE.rgb_vector).history_

#: Every function that makes a figure, by name.
PLOTS = {
    "display_images": lambda **how: image.display_images(PICTURE, PICTURE, **how),
    "plot_rgb_vector": lambda **how: image.plot_rgb_vector(PICTURE.rgb_vector, **how),
    "plot_steps": lambda **how: image.plot_steps(PICTURE, HISTORY, **how),
    "plot_k_metrics": lambda **how: model.plot_k_metrics([1, 2], [2, 1], [1, 2], **how),
}


@pytest.fixture(params=PLOTS.values(), ids=PLOTS)
def plot(request):
    return request.param


@pytest.fixture(autouse=True)
def _without_a_display():
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")
    pyplot.switch_backend("agg")
    pyplot.ioff()


@pytest.fixture
def shown(monkeypatch) -> list[list[int]]:
    """Return the lists of open windows, one for each time that a simulated desktop shows them."""
    times = []

    class Manager(FigureManagerBase):
        @classmethod
        def pyplot_show(cls, *, block=None) -> None:
            times.append(pyplot.get_fignums())

    class Canvas(FigureCanvasAgg):
        manager_class = Manager

    desktop = types.ModuleType("desktop")
    desktop.FigureCanvas, desktop.FigureManager = Canvas, Manager
    monkeypatch.setitem(sys.modules, "desktop", desktop)
    pyplot.switch_backend("module://desktop")
    return times


def test_without_a_display_nothing_stays_open(plot) -> None:
    figure = plot()
    assert pyplot.get_fignums() == []
    assert figure.axes


def test_on_a_desktop_it_is_shown_once_and_closed(plot, shown) -> None:
    plot()
    assert [len(numbers) for numbers in shown] == [1]
    assert pyplot.get_fignums() == []


def test_a_window_that_does_not_block_stays_open(plot, shown) -> None:
    pyplot.ion()
    figure = plot()
    assert [len(numbers) for numbers in shown] == [1]
    assert pyplot.get_fignums() == [figure.number]


def test_saved_it_is_not_shown(plot, shown, tmp_path) -> None:
    figure = plot(save=tmp_path / "a.svg")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert shown == []
    assert pyplot.get_fignums() == []
    assert figure.axes


def test_figures_of_others_stay_as_they_are(plot) -> None:
    mine = pyplot.figure()
    plot()
    assert pyplot.get_fignums() == [mine.number]
    assert pyplot.gcf() is mine


def test_a_name_of_no_format_is_refused_and_leaves_nothing(plot, tmp_path) -> None:
    with pytest.raises(ValueError, match="'xyz' is not supported"):
        plot(save=tmp_path / "a.xyz")
    assert not list(tmp_path.iterdir())


#: Every function that writes a title, by name.
TITLED = {
    "display_images": lambda title, **how: image.display_images(
        image.Image(PICTURE.rgb_matrix, title=title), **how
    ),
    "plot_rgb_vector": lambda title, **how: image.plot_rgb_vector(
        PICTURE.rgb_vector, title=title, **how
    ),
    "plot_error_map": lambda title, **how: metrics.plot_error_map(np.eye(8), title=title, **how),
}


@pytest.mark.parametrize("titled", TITLED.values(), ids=TITLED)
class TestTitles:
    @pytest.mark.parametrize(
        ("title", "shown"),
        [
            ("Feature vectors $$ X $$", "Feature vectors $ X $"),
            (r"$\alpha_1$ and $k$", r"$\alpha_1$ and $k$"),
            ("k\n$k^2$", "k\n$k^2$"),
        ],
    )
    def test_mathematics_is_typeset(self, titled, title, shown, tmp_path) -> None:
        axes = titled(title, save=tmp_path / "a.png").axes[0]
        assert axes.get_title() == shown
        assert axes.title.get_parse_math()

    @pytest.mark.parametrize(
        "title", ["$5 and 6$$", "a$_$b", r"$\frac{1}$", "$$", "$$$$", "5 $", r"\$ 5", "{^_%&~#", ""]
    )
    def test_other_text_is_shown_as_it_is(self, titled, title, tmp_path) -> None:
        axes = titled(title, save=tmp_path / "a.png").axes[0]
        assert axes.get_title() == title
        assert not axes.title.get_parse_math()

    @pytest.mark.parametrize("title", ["a\0b", "a\tb", "a\udcffb"])
    def test_what_cannot_be_printed_is_marked(self, titled, title, tmp_path) -> None:
        assert titled(title, save=tmp_path / "a.png").axes[0].get_title() == "a\ufffdb"

    def test_latex_is_not_called(self, titled) -> None:
        with rc_context({"text.usetex": True}):
            figure = titled("photo_1", save=None)
        assert not figure.axes[0].title.get_usetex()


class TestDisplayImages:
    def test_side_by_side(self, tmp_path) -> None:
        images = [image.Image(np.full((4, 4, 3), v, np.uint8), title=str(v)) for v in (0, 9, 99)]
        figure = image.display_images(*images, save=tmp_path / "a.png")
        assert [axes.get_title() for axes in figure.axes] == ["0", "9", "99"]
        assert np.array_equal(figure.axes[2].images[0].get_array(), images[2].rgb_matrix)

    def test_long_titles_do_not_run_into_each_other(self, tmp_path) -> None:
        titles = ["a photo with a rather long name " + "of what there is " * 3] * 4
        images = [image.Image(PICTURE.rgb_matrix, title=title) for title in titles]
        figure = image.display_images(*images, save=tmp_path / "a.png")
        boxes = [axes.title.get_window_extent() for axes in figure.axes]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
        assert figure.axes[0].get_title().split() == titles[0].split()

    def test_bad_input_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            image.display_images()
        with pytest.raises(TypeError, match="expected Image objects, got ndarray"):
            image.display_images(PICTURE.rgb_matrix)
        assert pyplot.get_fignums() == []


class TestPlotRgbVector:
    def test_each_colour_is_drawn_once(self, tmp_path) -> None:
        vector = np.repeat(np.eye(3, dtype=np.uint8) * 255, 100, axis=0)
        figure = image.plot_rgb_vector(
            vector, title="t", centers=[[1.5, 2, 3]], save=tmp_path / "a.png"
        )
        (axes,) = figure.axes
        assert [len(points.get_offsets()) for points in axes.collections] == [3, 1, 1]
        faces = axes.collections[0].get_facecolor()[:, :3].tolist()
        assert sorted(faces) == np.eye(3)[::-1].tolist()
        assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()) == ("R", "G", "B")
        assert axes.get_title() == "t"
        assert axes.get_xlim() == axes.get_ylim() == axes.get_zlim() == (0, 255)

    def test_floats_from_0_to_1_are_drawn_in_their_places(self, tmp_path) -> None:
        vector = np.array([[0, 51, 255], [102, 0, 0]], np.uint8)
        shown = [
            image.plot_rgb_vector(x, centers=c, title=8, save=tmp_path / "a.png").axes[0]
            for x, c in ((vector, vector), (vector / 255, vector / np.float32(255)))
        ]
        for one, other in zip(*(axes.collections for axes in shown), strict=True):
            for a, b in zip(one._offsets3d, other._offsets3d, strict=True):
                np.testing.assert_allclose(np.sort(a), np.sort(b), rtol=1e-6)
            assert np.allclose(one.get_facecolor(), other.get_facecolor())
        assert shown[1].get_title() == "8"

    def test_centres_are_drawn_after_all_colours(self, tmp_path) -> None:
        figure = image.plot_rgb_vector(
            PICTURE.rgb_vector, centers=[[0, 0, 0]], save=tmp_path / "a.png"
        )
        (axes,) = figure.axes
        cloud, *rings = (points.get_zorder() for points in axes.collections)
        assert not axes.computed_zorder
        assert min(rings) > cloud

    def test_numbers_are_drawn_like_bytes(self, tmp_path) -> None:
        vectors = (PICTURE.rgb_vector, np.repeat(PICTURE.rgb_vector, 2, axis=0).astype(float))
        faces = [
            image.plot_rgb_vector(vector, save=tmp_path / "a.png").axes[0].collections[0]
            for vector in vectors
        ]
        first, second = (np.unique(points.get_facecolor(), axis=0) for points in faces)
        assert np.array_equal(first, second)
        assert len(first) == len(np.unique(PICTURE.rgb_vector, axis=0))

    @pytest.mark.parametrize("name", ["rgb_vector", "centers"])
    @pytest.mark.parametrize(
        ("points", "error", "match"),
        [
            (np.zeros((0, 3), np.uint8), ValueError, r"\(n, 3\), got \(0, 3\)"),
            (np.zeros(3, np.uint8), ValueError, r"\(n, 3\), got \(3,\)"),
            (np.full((4, 3), 255.5), ValueError, "0 to 255"),
            (np.full((4, 3), np.nan), ValueError, "0 to 255"),
            (np.full((4, 3), "a"), TypeError, "numbers"),
        ],
    )
    def test_bad_points_are_refused(self, name, points, error, match) -> None:
        good = {"rgb_vector": PICTURE.rgb_vector}
        with pytest.raises(error, match=f"{name}: expected .*{match}"):
            image.plot_rgb_vector(**(good | {name: points}))
        assert pyplot.get_fignums() == []
