"""What the walk-through measures and plots with its k-means."""

import json

import numpy as np
import pytest

from conftest import gradient, noise
from kpalette import image, model


@pytest.fixture(scope="module")
def small() -> image.Image:
    return image.Image(gradient(12, 16))


class TestClustersCost:
    @pytest.mark.parametrize("k", [8, 16, 32])
    def test_published(self, data, k: int) -> None:
        flower = image.load_image(data / "walkthrough" / "flower.jpg")
        runs = json.loads((data / "walkthrough" / "expected.json").read_text())["runs"]
        fit = model.KMeans(n_clusters=k, random_state=44).fit(flower.rgb_vector)
        cost = model.clusters_cost(flower.rgb_vector, fit.cluster_centers_, fit.labels_)
        assert round(cost, 3) == runs[str(k)]["cost"]

    @pytest.mark.parametrize("n", [1, model.ROWS - 1, model.ROWS, model.ROWS + 1])
    @pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
    def test_equals_plain_numpy(self, n: int, dtype: type) -> None:
        rng = np.random.default_rng(n)
        X = rng.integers(0, 256, (n, 3)).astype(dtype)
        centers, labels = rng.uniform(0, 255, (5, 3)), rng.integers(0, 5, n)
        plain = ((X.astype(float) - centers[labels]) ** 2).sum()
        assert model.clusters_cost(X, centers, labels) == pytest.approx(plain, rel=1e-12)

    def test_bytes_do_not_wrap(self) -> None:
        X, centers = np.array([[0, 0, 0]], np.uint8), np.array([[255, 255, 255]], np.uint8)
        assert model.clusters_cost(X, centers, [0]) == 3 * 255**2

    def test_adds_up_over_samples(self) -> None:
        X, labels = noise(1, 100)[0], np.arange(100) % 4
        centers = noise(1, 4, seed=1)[0] + 0.25
        parts = (model.clusters_cost(X[i::3], centers, labels[i::3]) for i in range(3))
        assert sum(parts) == pytest.approx(model.clusters_cost(X, centers, labels), rel=1e-12)

    def test_no_samples(self) -> None:
        assert model.clusters_cost(np.zeros((0, 3), np.uint8), np.zeros((1, 3)), []) == 0

    @pytest.mark.parametrize(
        ("X", "centroids", "labels", "error", "match"),
        [
            (np.zeros(3), np.zeros((1, 3)), [0], ValueError, r"X: .* got \(3,\)"),
            (np.zeros((2, 3)), np.zeros((1, 4)), [0, 0], ValueError, r"\(k, 3\), got \(1, 4\)"),
            (np.zeros((2, 3)), np.zeros((1, 3)), [0], ValueError, r"labels: .*\(2,\), got \(1,\)"),
            (np.zeros((2, 3)), np.zeros((1, 3)), [0, 1], ValueError, "0 to 0, got 0 to 1"),
            (np.zeros((2, 3)), np.zeros((2, 3)), [0, -1], ValueError, "0 to 1, got -1 to 0"),
            (np.zeros((2, 3)), np.zeros((2, 3)), [0.0, 1.0], TypeError, "integer.*float64"),
            (np.full((2, 3), "a"), np.zeros((2, 3)), [0, 1], TypeError, "X: expected numbers"),
            (np.zeros((2, 3)), np.full((2, 3), "a"), [0, 1], TypeError, "centroids: .*numbers"),
        ],
    )
    def test_bad_arrays_are_refused(self, X, centroids, labels, error, match) -> None:
        with pytest.raises(error, match=match):
            model.clusters_cost(X, centroids, labels)


class TestQuantizeImage:
    def test_equals_the_steps(self, small, tmp_path, capsys) -> None:
        few = model.quantize_image(small, 4, 44, save=tmp_path / "new")
        fit = model.KMeans(4, random_state=44).fit(small.rgb_vector)
        steps = image.rgb_vector_to_image(fit.cluster_centers_[fit.labels_], small.shape)
        assert np.array_equal(few.rgb_matrix, steps.rgb_matrix)
        assert few.title == "k = 4"
        training, results = capsys.readouterr().out.split("[Results]")
        assert training.startswith("[Training]\nTime: ")
        assert training.endswith(f" s\nIterations: {fit.iterations}\n")
        assert results == "\n"
        files = sorted(path.name for path in (tmp_path / "new").iterdir())
        assert files == ["centroids-4.png", "image-4.png"]

    def test_bad_input_is_refused(self, small) -> None:
        with pytest.raises(TypeError, match=r"img: expected .*Image, got ndarray"):
            model.quantize_image(small.rgb_matrix, 4, 44)
        with pytest.raises(ValueError, match="n_clusters"):
            model.quantize_image(small, 0, 44)


class TestRecordKMetrics:
    @pytest.mark.parametrize("engine", list(model.ENGINES))
    def test_cost_never_rises_much_and_ends_at_zero(self, small, engine: str) -> None:
        if engine == "scikit-learn":
            pytest.importorskip("sklearn")
        ks = [1, 3, 9, 27, len(np.unique(small.rgb_vector, axis=0))]
        costs, seconds = model.record_k_metrics(small, ks, 44, n_init=3, engine=engine)
        spread = small.rgb_vector - small.rgb_vector.mean(axis=0)
        assert costs[0] == pytest.approx((spread**2).sum())
        assert costs == sorted(costs, reverse=True)
        assert costs[-1] == 0
        assert len(seconds) == len(ks)
        assert min(seconds) > 0

    def test_engines_measure_the_same(self, small) -> None:
        pytest.importorskip("sklearn")
        ours, theirs = (
            model.record_k_metrics(small, [1, 2, 4], 44, engine=engine)[0]
            for engine in model.ENGINES
        )
        assert ours == pytest.approx(theirs, rel=0.05)

    def test_costs_are_those_of_the_fit(self, small) -> None:
        fit = model.KMeans(n_clusters=5, init="k-means++", n_init=5, random_state=7).fit(
            small.rgb_vector
        )
        cost = model.clusters_cost(small.rgb_vector, fit.cluster_centers_, fit.labels_)
        assert model.record_k_metrics(small, [5], 7)[0] == [cost]

    def test_order_and_repeats_are_kept(self, small) -> None:
        costs, _ = model.record_k_metrics(small, iter([8, 2, np.int64(8)]), 44)
        assert costs[0] == costs[2] < costs[1]

    def test_progress_is_silent_without_a_terminal(self, small, capsys) -> None:
        model.record_k_metrics(small, [1, 2], 44)
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("ks", "error", "match"),
        [
            ([], ValueError, "expected at least one k, got none"),
            ([2.0], TypeError, "expected an integer, got 2.0"),
            ([True], TypeError, "expected an integer, got True"),
            ([2, 0], ValueError, "expected 1 to 192, got 0"),
            ([2, 193], ValueError, "expected 1 to 192, got 193"),
        ],
    )
    def test_bad_ks_are_refused(self, small, ks, error, match) -> None:
        with pytest.raises(error, match=f"k_values: {match}"):
            model.record_k_metrics(small, ks, 44)

    def test_other_bad_input_is_refused(self, small) -> None:
        with pytest.raises(ValueError, match="engine: expected one of kpalette, scikit-learn"):
            model.record_k_metrics(small, [2], 44, engine="sklearn")
        with pytest.raises(TypeError, match=r"img: expected .*Image, got list"):
            model.record_k_metrics([], [2], 44)


class TestPlotKMetrics:
    def test_two_axes_and_one_legend(self, tmp_path) -> None:
        figure = model.plot_k_metrics(range(2, 5), [9, 4, 1], [1, 2, 3], save=tmp_path / "a.png")
        left, right = figure.axes
        assert left.get_xlabel() == "k (number of colours)"
        assert left.get_ylabel() == "Cost (sum of squared distances)"
        assert right.get_ylabel() == "Time (s)"
        assert left.get_shared_x_axes().joined(left, right)
        legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
        assert [[text.get_text() for text in legend.texts] for legend in legends] == [
            ["Cost", "Time"]
        ]
        assert tuple(figure.get_size_inches()) == (10, 4)
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")

    def test_each_value_is_drawn_in_order_of_k(self, tmp_path) -> None:
        values = ([8, 2, 4, 4], [1, 9, 5, 6], np.array([40, 10, 20, 30]))
        figure = model.plot_k_metrics(*values, (6, 3), save=tmp_path / "a.png")
        (costs,), (seconds,) = (axes.lines for axes in figure.axes)
        assert costs.get_xydata().tolist() == [[2, 9], [4, 5], [4, 6], [8, 1]]
        assert seconds.get_xydata().tolist() == [[2, 10], [4, 20], [4, 30], [8, 40]]
        assert tuple(figure.get_size_inches()) == (6, 3)

    @pytest.mark.parametrize(
        ("ks", "costs", "seconds", "error", "match"),
        [
            ([], [], [], ValueError, "k_values: expected at least one"),
            ([2, 3], [1], [1, 2], ValueError, "clusters_cost_list: expected 2 values.* got 1"),
            ([2, 3], [1, 2], [1, 2, 3], ValueError, "execution_time_list: .* 2 values.* got 3"),
            ([2.5], [1], [1], TypeError, "k_values: expected an integer, got 2.5"),
            ([2], ["a"], [1], TypeError, "clusters_cost_list: expected numbers"),
        ],
    )
    def test_bad_input_is_refused(self, ks, costs, seconds, error, match, tmp_path) -> None:
        with pytest.raises(error, match=match):
            model.plot_k_metrics(ks, costs, seconds, save=tmp_path / "a.png")
        assert not list(tmp_path.iterdir())
