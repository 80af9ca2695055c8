"""The steps of k-means: what each pass did, and pictures of that."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import reference
from conftest import gradient, noise
from kpalette import image, model

PICTURE = image.Image(gradient(12, 16))
SAMPLES = {
    "colours": noise(20, 20).reshape(-1, 3),
    "float32": np.random.default_rng(1).normal(size=(300, 4)).astype(np.float32),
    "float64": np.random.default_rng(2).normal(size=(300, 2)),
}


@pytest.fixture
def history() -> list[model.Step]:
    kmeans = model.KMeans(4, random_state=44, history=True)
    return kmeans.fit(PICTURE.rgb_vector).history_


class TestHistory:
    @pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
    @pytest.mark.parametrize("n_init", [1, 3])
    def test_changes_nothing(self, samples, n_init: int) -> None:
        plain, kept = (
            model.KMeans(5, random_state=44, n_init=n_init, max_iter=7, history=history)
            for history in (False, True)
        )
        plain.fit(samples)
        kept.fit(samples)
        assert np.array_equal(kept.cluster_centers_, plain.cluster_centers_)
        assert np.array_equal(kept.labels_, plain.labels_)
        assert (kept.inertia_, kept.n_iter_) == (plain.inertia_, plain.n_iter_)
        assert len(kept.history_) == kept.n_iter_ + 1
        assert np.array_equal(kept.history_[-1].centers, kept.cluster_centers_)
        assert not hasattr(plain, "history_")
        assert vars(kept).keys() - vars(plain).keys() == {"history_"}

    @pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
    def test_each_step_is_a_shorter_fit(self, samples) -> None:
        steps = model.KMeans(5, random_state=44, history=True).fit(samples).history_
        assert len(steps) > 3
        for number, step in enumerate(steps[1:], 1):
            short = model.KMeans(5, random_state=44, max_iter=number).fit(samples)
            assert np.array_equal(step.centers, short.cluster_centers_)

    @pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
    def test_labels_and_cost_are_those_of_the_centers(self, samples) -> None:
        steps = model.KMeans(5, random_state=44, history=True).fit(samples).history_
        for step in steps:
            assert np.array_equal(step.labels, reference.nearest(samples, step.centers))
            cost = model.clusters_cost(samples, step.centers, step.labels)
            assert step.cost == pytest.approx(cost, rel=1e-6)

    @pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
    def test_cost_never_rises(self, samples) -> None:
        steps = model.KMeans(5, random_state=44, history=True).fit(samples).history_
        costs = np.array([step.cost for step in steps])
        assert (np.diff(costs) <= 1e-9 * costs[0]).all()

    def test_begins_with_the_start(self) -> None:
        start = np.array([[0.0, 0, 0], [9, 9, 9]])
        kmeans = model.KMeans(2, init=start, history=True).fit(noise(4, 4)[0])
        assert np.array_equal(kmeans.history_[0].centers, start)

    def test_weights_count(self) -> None:
        X, weights = noise(1, 30)[0], np.arange(30) % 3
        kept = model.KMeans(3, init="k-means++", history=True).fit(X, sample_weight=weights)
        assert kept.history_[-1].cost == pytest.approx(kept.inertia_)

    def test_an_image_is_not_its_pixels(self) -> None:
        with pytest.raises(TypeError, match="X: expected its rgb_vector, got Image"):
            model.KMeans(2).fit(PICTURE)

    def test_a_flag_is_expected(self) -> None:
        with pytest.raises(TypeError, match="history: expected"):
            model.KMeans(2, history="yes").fit(noise(2, 2)[0])  # type: ignore[arg-type]


class TestPlotSteps:
    def test_start_some_passes_and_the_end(self, history, tmp_path) -> None:
        figure = image.plot_steps(PICTURE, history, save=tmp_path / "steps.png")
        last = len(history) - 1
        shown = [number for number in (0, 1, 2, 5) if number < last] + [last]
        axes = figure.axes
        assert len(axes) == 2 * len(shown)
        for number, cloud in zip(shown, axes, strict=False):
            name = f"pass {number}" if number else "start"
            assert cloud.get_title() == f"{name}: cost {history[number].cost:,.0f}"
        assert (tmp_path / "steps.png").read_bytes()[:4] == b"\x89PNG"

    def test_points_and_image_have_the_colors_of_their_centers(self, history, tmp_path) -> None:
        figure = image.plot_steps(PICTURE, history, passes=[1], save=tmp_path / "a.png")
        step, (cloud, below) = history[1], figure.axes
        colors = np.clip(np.rint(step.centers), 0, 255)
        assert np.array_equal(
            below.images[0].get_array(), colors[step.labels].reshape(PICTURE.shape)
        )
        of_points = {tuple(color) for color in cloud.collections[0].get_facecolor()[:, :3]}
        assert of_points == {tuple(color) for color in step.centers[np.unique(step.labels)] / 255}

    @pytest.mark.parametrize(
        ("img", "change", "passes", "error", "match"),
        [
            (PICTURE.rgb_matrix, None, None, TypeError, "img: expected a kpalette.image.Image"),
            (PICTURE, lambda steps: steps[0], None, TypeError, "history: .* got Step"),
            (PICTURE, lambda steps: [], None, ValueError, "history: .* got none"),
            (image.Image(noise(2, 2)), None, None, ValueError, "image's 4 pixels .* got 192"),
            (PICTURE, None, [99], ValueError, "passes: expected"),
            (PICTURE, None, [], ValueError, "passes: expected at least one"),
        ],
    )
    def test_bad_input(self, history, tmp_path, img, change, passes, error, match) -> None:
        given = change(history) if change else history
        with pytest.raises(error, match=match):
            image.plot_steps(img, given, passes, save=tmp_path / "a.png")
        assert not list(tmp_path.iterdir())


class TestAnimateSteps:
    @pytest.mark.parametrize("suffix", ["gif", "webp"])
    def test_a_frame_for_each_step(self, history, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"walk.{suffix}"
        image.animate_steps(PICTURE, history, save=path, milliseconds=100, figsize=(4, 2))
        with PIL.Image.open(path) as film:
            assert film.size == (400, 200)
            total = 0
            for number in range(film.n_frames):
                film.seek(number)
                film.load()  # in which WebP's durations are known
                total += film.info["duration"]
        assert film.n_frames <= len(history)  # frames that look the same become one
        assert total == 100 * (len(history) + 4)

    def test_bad_input_leaves_nothing(self, history, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"save: expected a name that ends in one of \.gif"):
            image.animate_steps(PICTURE, history, save=tmp_path / "walk.mp4")
        with pytest.raises(ValueError, match="milliseconds: expected"):
            image.animate_steps(PICTURE, history, save=tmp_path / "walk.gif", milliseconds=1)
        assert not list(tmp_path.iterdir())
