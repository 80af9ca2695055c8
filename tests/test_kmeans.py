"""KMeans: against its plain definition, against scikit-learn, and as scikit-learn's estimator."""

import itertools
import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import reference
from kpalette import ColorHistogram, KMeans, image, model

INITS = ["random", "k-means++", "wu", "maximin"]


def seeded(*args: object, **parameters: object) -> KMeans:
    """Make an estimator of one start that is the same whenever it is fitted."""
    return KMeans(*args, **{"random_state": 42, "n_init": 1, **parameters})


def blobs(n: int, d: int, dtype: type = np.float64, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(12, d)) * 3
    return (centers[rng.integers(0, 12, n)] + rng.normal(size=(n, d)) + 5).astype(dtype)


def colors(n: int, levels: int = 256, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, levels, (n, 3), np.uint8)


def start_at(X: np.ndarray, k: int, seed: int = 0) -> np.ndarray:
    """Distinct samples, moved a little, so that no sample is as near to two of them."""
    rng = np.random.default_rng(seed)
    distinct = np.unique(X, axis=0)
    chosen = distinct[rng.choice(len(distinct), k, replace=False)].astype(np.float64)
    return chosen + rng.uniform(0, 1e-3, chosen.shape)


class TestDefinition:
    @pytest.mark.parametrize("seed", range(12))
    def test_colours(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(10, 3000)), int(rng.integers(1, 10))
        X = colors(n, int(rng.choice([4, 40, 256])), seed)
        start = np.random.default_rng(seed).choice(X, size=k, replace=False)
        if len(np.unique(start, axis=0)) < k:
            pytest.skip("equal starting centres: the order of their new ones is not defined")
        centers, labels, iterations = reference.kmeans(X, start, tol=1e-3, max_iter=50)
        fit = model.KMeans(k, tol=1e-3, max_iter=50, random_state=seed).fit(X)
        assert fit.iterations == fit.n_iter_ == iterations
        assert np.array_equal(fit.labels_, labels)
        np.testing.assert_allclose(fit.cluster_centers_, centers, rtol=1e-12)

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize(("d", "k"), [(1, 3), (2, 7), (5, 4), (30, 12)])
    def test_rows(self, d: int, k: int, weighted: bool) -> None:
        X = blobs(400, d)
        weights = np.random.default_rng(1).random(400) if weighted else None
        start = start_at(X, k)
        start[-1] = start[0]  # which leaves a cluster empty
        centers, labels, iterations = reference.kmeans(X, start, 1e-3, 100, weights)
        fit = model.KMeans(k, tol=1e-3, init=start).fit(X, sample_weight=weights)
        assert fit.n_iter_ == iterations
        np.testing.assert_allclose(fit.cluster_centers_, centers, rtol=1e-10)
        assert (fit.labels_ == labels).mean() > 0.99  # the last step may move one at a border
        assert np.array_equal(fit.labels_, reference.nearest(X, fit.cluster_centers_))

    def test_hand_computed(self) -> None:
        X = np.array([[0, 0, 0], [0, 0, 2], [0, 0, 100], [0, 0, 104]], np.uint8)
        fit = KMeans(2).fit(X)
        assert sorted(fit.cluster_centers_.tolist()) == [[0, 0, 1], [0, 0, 102]]
        assert fit.labels_[0] == fit.labels_[1] != fit.labels_[2] == fit.labels_[3]
        assert fit.labels_.dtype == np.int32
        assert fit.inertia_ == 1 + 1 + 4 + 4
        assert fit.score(X) == -fit.inertia_

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint16])
    def test_colours_of_any_dtype_give_the_same(self, dtype: type) -> None:
        X = colors(2000)
        plain, other = seeded(9).fit(X), seeded(9).fit(X.astype(dtype))
        assert np.array_equal(plain.labels_, other.labels_)
        expected = plain.cluster_centers_.astype(other.cluster_centers_.dtype)
        assert np.array_equal(other.cluster_centers_, expected)
        assert plain.n_iter_ == other.n_iter_

    def test_colours_and_rows_agree(self) -> None:
        # Half a level off, they are no colours any more.
        X = colors(3000, 40)
        start = start_at(X, 11)
        counted = KMeans(11, init=start, tol=0).fit(X)
        rows = KMeans(11, init=start + 0.5, tol=0).fit(X + 0.5)
        assert np.array_equal(counted.labels_, rows.labels_)
        np.testing.assert_allclose(counted.cluster_centers_ + 0.5, rows.cluster_centers_)
        assert counted.n_iter_ == rows.n_iter_
        assert counted.inertia_ == pytest.approx(rows.inertia_, rel=1e-12)


class TestLaws:
    @pytest.mark.parametrize("init", INITS)
    @pytest.mark.parametrize("kind", ["rows", "colors"])
    def test_weighted_equals_repeated(self, kind: str, init: str) -> None:
        X = blobs(300, 4) if kind == "rows" else colors(300, 30)
        weights = np.random.default_rng(0).integers(0, 4, 300)
        order = np.random.default_rng(1).permutation(300)
        weighted = seeded(6, init=init).fit(X[order], sample_weight=weights[order])
        repeated = np.repeat(X, weights, axis=0)
        if kind == "colors":  # whose draws follow the walk-through's unless they are counted
            repeated = ColorHistogram(X, weights)
        other = seeded(6, init=init).fit(repeated)
        np.testing.assert_allclose(weighted.cluster_centers_, other.cluster_centers_, rtol=1e-9)
        assert weighted.inertia_ == pytest.approx(other.inertia_)

    @pytest.mark.parametrize("kind", ["rows", "colors"])
    def test_scaled_weights_change_nothing(self, kind: str) -> None:
        X = blobs(300, 3) if kind == "rows" else colors(300)
        weights = np.random.default_rng(0).random(300)
        one, four = (seeded(5).fit(X, sample_weight=weights * scale) for scale in (1, 4))
        assert np.array_equal(one.cluster_centers_, four.cluster_centers_)
        assert np.array_equal(one.labels_, four.labels_)
        assert four.inertia_ == pytest.approx(4 * one.inertia_)

    @pytest.mark.parametrize("X", [blobs(300, 3), colors(300, 20)], ids=["rows", "colors"])
    def test_equal_weights_are_none(self, X: np.ndarray) -> None:
        none = seeded(5, init="random").fit(X)
        for weight in (1, 2.5):
            equal = seeded(5, init="random").fit(X, sample_weight=np.full(300, weight))
            np.testing.assert_allclose(none.cluster_centers_, equal.cluster_centers_, rtol=1e-12)
            assert np.array_equal(none.labels_, equal.labels_)
            assert equal.inertia_ == pytest.approx(weight * none.inertia_)

    @pytest.mark.parametrize("X", [blobs(500, 3), colors(500)], ids=["rows", "colors"])
    def test_inertia_never_rises_with_passes(self, X: np.ndarray) -> None:
        fits = [seeded(8, init="random", tol=0, max_iter=n).fit(X) for n in range(1, 15)]
        assert all(b.inertia_ <= a.inertia_ for a, b in itertools.pairwise(fits))
        assert fits[-1].inertia_ < fits[0].inertia_

    @pytest.mark.parametrize("X", [blobs(500, 3), colors(500)], ids=["rows", "colors"])
    def test_more_starts_are_never_worse(self, X: np.ndarray) -> None:
        inertias = [seeded(8, init="random", n_init=n).fit(X).inertia_ for n in (1, 3, 10)]
        assert inertias == sorted(inertias, reverse=True)
        assert inertias[-1] < inertias[0]

    @pytest.mark.parametrize("init", INITS)
    @pytest.mark.parametrize(
        "X",
        [blobs(900, 5), blobs(900, 5, np.float32), colors(900), colors(900).astype(np.float32)],
        ids=["float64", "float32", "colors", "float32 colors"],
    )
    def test_labels_are_what_predict_gives(self, X: np.ndarray, init: str) -> None:
        fit = seeded(10, init=init, tol=0.05, max_iter=1000).fit(X)
        assert np.array_equal(fit.labels_, fit.predict(X))
        assert np.array_equal(fit.labels_, fit.transform(X).argmin(axis=1))
        assert fit.inertia_ == pytest.approx(-fit.score(X), rel=1e-12)
        np.testing.assert_allclose(fit.inertia_, (fit.transform(X).min(axis=1) ** 2).sum(), 1e-4)
        assert fit.cluster_centers_.dtype == fit.transform(X).dtype
        assert (fit.cluster_centers_.dtype == np.float32) == (X.dtype == np.float32)

    @pytest.mark.parametrize("X", [blobs(900, 5), colors(900)], ids=["rows", "colors"])
    def test_input_is_not_changed_and_same_twice(self, X: np.ndarray) -> None:
        before = X.copy()
        start = start_at(X, 5)
        start_before = start.copy()
        first, second = (seeded(5, init=start).fit(X) for _ in range(2))
        assert np.array_equal(X, before)
        assert np.array_equal(start, start_before)
        assert np.array_equal(first.cluster_centers_, second.cluster_centers_)
        assert np.array_equal(first.labels_, second.labels_)

    @settings(max_examples=60, deadline=None)
    @given(
        rows=st.lists(st.tuples(*[st.sampled_from([-1.5, 0.0, 0.25, 3.0])] * 2), min_size=1),
        k=st.integers(1, 6),
        init=st.sampled_from(INITS),
    )
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_as_many_clusters_as_distinct_samples_cost_nothing(self, rows, k, init) -> None:
        X = np.array(rows)
        distinct = len(np.unique(X, axis=0))
        fit = seeded(min(k, len(X)), init=init, max_iter=300).fit(X)
        assert len(np.unique(fit.labels_)) <= min(k, distinct)
        if min(k, len(X)) >= distinct:
            assert fit.inertia_ == 0
            assert len(np.unique(fit.labels_)) == distinct

    def test_threads_and_instruction_sets_change_nothing(self) -> None:
        program = (
            "import numpy as np, os; from kpalette import KMeans, _core\n"
            "X = np.random.default_rng(0).random((9000, 5))\n"
            "fit = KMeans(20, random_state=0).fit(X)\n"
            "print(fit.cluster_centers_.tobytes().hex(), fit.labels_.sum(), fit.inertia_)\n"
            "print(' '.join(_core.isas()))"
        )

        def run(**environment: str) -> list[str]:
            command = [sys.executable, "-c", program]
            if environment.pop("ONE_CPU", None):
                command[2] = (
                    "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n" + program
                )
            return subprocess.run(
                command,
                env={**os.environ, **environment},
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()

        expected, names = run()
        if hasattr(os, "sched_setaffinity"):
            assert run(ONE_CPU="1")[0] == expected
        for name in names.split():
            assert run(KPALETTE_ISA=name)[0] == expected


class TestScikitLearn:
    """From the same starting centres: the same labels, inertia and number of passes."""

    @staticmethod
    def agree(X: np.ndarray, k: int, weights: np.ndarray | None = None) -> None:
        start = start_at(X, k)
        theirs = sklearn.cluster.KMeans(k, init=start, n_init=1, tol=0, max_iter=1000)
        theirs.fit(X, sample_weight=weights)
        ours = KMeans(k, init=start, tol=0, max_iter=1000).fit(X, sample_weight=weights)
        assert np.array_equal(ours.labels_, theirs.labels_)
        assert ours.n_iter_ == theirs.n_iter_
        rel = 1e-5 if X.dtype == np.float32 else 1e-10
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=rel)
        np.testing.assert_allclose(
            ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-4, atol=1e-5
        )

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("d", [2, 3, 8, 16, 64])
    def test_rows(self, d: int, dtype: type, weighted: bool) -> None:
        weights = np.random.default_rng(3).random(2000) if weighted else None
        self.agree(blobs(2000, d, dtype), 15, weights)

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("k", [2, 15, 60])
    def test_colours(self, k: int, weighted: bool) -> None:
        weights = np.random.default_rng(3).random(4000) if weighted else None
        self.agree(colors(4000, 60), k, weights)

    def test_photo(self, data) -> None:
        X = image.load_image(data / "walkthrough" / "flower.jpg").rgb_vector
        self.agree(X, 8)
        self.agree(X, 24, np.random.default_rng(4).random(len(X)))

    @pytest.mark.parametrize("k", [3, 20])
    def test_empty_clusters_are_filled_alike(self, k: int) -> None:
        X = blobs(1000, 4)
        start = start_at(X, k)
        start[1] = start[0]
        theirs = sklearn.cluster.KMeans(k, init=start, n_init=1, tol=0).fit(X)
        ours = KMeans(k, init=start, tol=0).fit(X)
        assert np.array_equal(ours.labels_, theirs.labels_)
        assert ours.n_iter_ == theirs.n_iter_

    @pytest.mark.parametrize("dtype", [np.float64, np.uint8])
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_several_empty_clusters_at_once(self, dtype: type) -> None:
        # Samples that fill them are taken one after another from the same cluster.
        X = np.zeros((3, 3), dtype)
        X[:, 0] = 4, 17, 28
        start = np.array([[-1.0, 0, 0], [-2, 0, 0], [-3, 0, 0]])
        options = {"init": start, "n_init": 1, "tol": 0, "max_iter": 1}
        ours, theirs = (kind(3, **options).fit(X) for kind in (KMeans, sklearn.cluster.KMeans))
        np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=1e-12)

    @pytest.mark.parametrize("n", [2, 7, 50])
    def test_samples_as_centres_are_at_rest(self, n: int) -> None:
        X = np.random.default_rng(n).normal(size=(n, 5)) + 10
        fit = KMeans(n, init=X, tol=0).fit(X)
        assert fit.n_iter_ == 1
        assert fit.inertia_ == 0
        assert np.array_equal(fit.cluster_centers_, X)

    def test_estimator_checks(self) -> None:
        # In a process of its own, as SciPy asks for the array API before it is imported.
        program = (
            "from sklearn.utils.estimator_checks import check_estimator\n"
            "from kpalette import KMeans\n"
            "for options in ({}, {'n_clusters': 2, 'n_init': 2}, {'init': 'k-means++'}):\n"
            "    results = check_estimator(KMeans(**options), on_fail=None, on_skip=None)\n"
            "    for result in results:\n"
            "        if result['status'] != 'passed':\n"
            "            print(options, result['check_name'], repr(result['exception']))\n"
            "    print(len(results))\n"
        )
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            env={**os.environ, "SCIPY_ARRAY_API": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        *failures, count = ran.stdout.splitlines() or [ran.stderr]
        assert [line for line in failures if not line.isdigit()] == []
        assert int(count) > 50

    def test_has_all_its_names(self) -> None:
        ours, theirs = KMeans(), sklearn.cluster.KMeans()
        assert set(ours.get_params()) == set(theirs.get_params())
        X = colors(100)
        public = [name for name in dir(theirs.fit(X)) if not name.startswith("_")]
        assert set(public) - set(dir(ours.fit(X))) == set()


class TestEstimator:
    def test_data_frame_and_set_output(self) -> None:
        frame = pd.DataFrame(blobs(50, 3), columns=["a", "b", "c"])
        fit = KMeans(4).set_output(transform="pandas").fit(frame)
        assert fit.feature_names_in_.tolist() == ["a", "b", "c"]
        assert fit.get_feature_names_out().tolist() == [f"kmeans{j}" for j in range(4)]
        distances = fit.transform(frame)
        assert isinstance(distances, pd.DataFrame)
        assert distances.shape == (50, 4)

    def test_pipeline_grid_search_pickle_and_clone(self) -> None:
        X = blobs(200, 4)
        search = GridSearchCV(
            make_pipeline(StandardScaler(), KMeans(n_init=2)), {"kmeans__n_clusters": [2, 12]}, cv=3
        ).fit(X)
        assert search.best_params_ == {"kmeans__n_clusters": 12}
        best = search.best_estimator_
        again = pickle.loads(pickle.dumps(best))
        assert np.array_equal(again.predict(X), best.predict(X))
        assert clone(best[-1]).get_params() == best[-1].get_params()
        assert not hasattr(clone(best[-1]), "labels_")

    def test_random_states(self) -> None:
        X = blobs(300, 3)

        def centers(state: object) -> np.ndarray:
            return (
                KMeans(4, max_iter=1, init="random", n_init=1, random_state=state)
                .fit(X)
                .cluster_centers_
            )

        assert np.array_equal(centers(7), centers(np.random.default_rng(7)))
        assert not np.array_equal(centers(7), centers(8))
        assert np.array_equal(centers(np.random.RandomState(7)), centers(np.random.RandomState(7)))
        assert not np.array_equal(centers(None), centers(None))

    def test_random_start_is_the_walk_throughs(self) -> None:
        for X in (blobs(300, 3), colors(300)):
            start = np.random.default_rng(5).choice(X, size=6, replace=False)
            drawn = KMeans(6, init="random", n_init=1, random_state=5).fit(X)
            given = KMeans(6, init=start).fit(X)
            assert np.array_equal(drawn.cluster_centers_, given.cluster_centers_)

    def test_function_as_init(self) -> None:
        X = blobs(300, 3)
        seen = []

        def first(X: np.ndarray, n_clusters: int, random_state: object) -> np.ndarray:
            seen.append(random_state)
            return X[:n_clusters]

        fit = KMeans(6, init=first, n_init=3).fit(X)
        assert len(seen) == 3
        assert all(isinstance(state, np.random.RandomState) for state in seen)
        assert np.array_equal(fit.labels_, KMeans(6, init=X[:6]).fit(X).labels_)

    def test_function_as_init_is_given_floats(self) -> None:
        X = np.random.default_rng(0).integers(150, 256, (100, 3), np.uint8)

        def between(X: np.ndarray, n_clusters: int, random_state: object) -> np.ndarray:
            return (X[:n_clusters] + X[n_clusters : 2 * n_clusters]) / 2

        fit = KMeans(4, init=between, max_iter=5).fit(X)
        assert np.array_equal(
            fit.labels_,
            KMeans(4, init=between(X.astype(float), 4, None), max_iter=5).fit(X).labels_,
        )

    def test_unseeded_draws_are_numpys(self) -> None:
        X = blobs(300, 3)
        fits = []
        for _ in range(2):
            np.random.seed(7)  # noqa: NPY002
            fits.append([KMeans(4, max_iter=1, random_state=None).fit(X) for _ in range(2)])
        (a, b), (again, _) = fits
        assert np.array_equal(a.cluster_centers_, again.cluster_centers_)
        assert not np.array_equal(a.cluster_centers_, b.cluster_centers_)

    def test_auto_starts_and_verbose(self, capsys) -> None:
        X = blobs(100, 2)
        for init, starts in [("random", 10), ("k-means++", 1), ("wu", 1), (X[:3], 1)]:
            fit = seeded(3, init=init, n_init="auto", verbose=1).fit(X)
            said = capsys.readouterr().out
            assert said.count("Initialization complete") == starts
            assert f"Iteration {fit.n_iter_ - 1}, inertia {fit.inertia_}." in said
            quiet = seeded(3, init=init, n_init="auto").fit(X)
            assert np.array_equal(fit.labels_, quiet.labels_)
            assert fit.n_iter_ == quiet.n_iter_

    def test_histogram(self) -> None:
        X = colors(3000, 20)
        histogram = ColorHistogram.from_image(X[None])
        start = start_at(X, 5)
        pixels, counted = (KMeans(5, init=start).fit(data) for data in (X, histogram))
        assert np.array_equal(pixels.cluster_centers_, counted.cluster_centers_)
        assert pixels.inertia_ == counted.inertia_
        assert len(counted.labels_) == len(histogram)
        assert np.array_equal(counted.predict(histogram), counted.labels_)
        assert np.array_equal(counted.predict(X), pixels.labels_)
        with pytest.raises(ValueError, match="a histogram has its counts"):
            KMeans(5).fit(histogram, sample_weight=np.ones(len(histogram)))

    def test_histogram_with_alpha(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 4), np.uint8)
        histogram = ColorHistogram.from_image(pixels)
        start = histogram.colors[:6].astype(float)
        counted = KMeans(6, init=start).fit(histogram)
        rows = KMeans(6, init=start).fit(histogram.colors, sample_weight=histogram.counts)
        assert np.array_equal(counted.cluster_centers_, rows.cluster_centers_)


class TestBadInput:
    def test_fewer_distinct_samples_than_clusters(self) -> None:
        for X in (np.full((5, 3), 7, np.uint8), np.full((5, 2), 0.1)):
            with pytest.warns(
                ConvergenceWarning,
                match=r"distinct clusters \(1\) found smaller than n_clusters \(3\)",
            ):
                fit = KMeans(3).fit(X)
            assert np.array_equal(fit.cluster_centers_, X[:3])
            assert fit.labels_.tolist() == [0] * 5
            assert fit.inertia_ == 0

    @pytest.mark.parametrize("init", ["k-means++", "wu", "maximin"])
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_too_few_distinct_samples_end_soon(self, init: str) -> None:
        X = np.repeat(np.random.default_rng(0).normal(size=(60, 8)), 500, axis=0)
        assert KMeans(61, init=init, tol=0, max_iter=300).fit(X).n_iter_ <= 3

    def test_equal_starting_centres_are_told_apart(self) -> None:
        # All of the first draw is one colour: the other centre must go to the other colour.
        X = np.array([[10, 10, 10]] * 1000 + [[20, 20, 20]], np.uint8)
        for data in (X, X + 0.5):
            fit = KMeans(2, init="random", n_init=1, random_state=0).fit(data)
            assert np.array_equal(np.sort(fit.cluster_centers_, axis=0), np.unique(data, axis=0))

    def test_more_clusters_than_the_core_has_labels_for(self) -> None:
        X = np.unique(colors(90_000), axis=0)
        fit = model.KMeans(66_000, max_iter=1, random_state=0).fit(X)
        assert len(np.unique(fit.labels_)) == 66_000

    def test_far_outlier(self) -> None:
        X = np.vstack([blobs(200, 3), [[1e15, 1e15, 1e15]]])
        fit = KMeans(4, init="maximin").fit(X)
        assert np.bincount(fit.labels_).min() == 1
        assert np.array_equal(fit.labels_, reference.nearest(X, fit.cluster_centers_))

    @pytest.mark.parametrize(
        ("X", "error", "match"),
        [
            (np.full((5, 3), np.nan), ValueError, "NaN"),
            (np.full((5, 3), np.inf), ValueError, "infinity"),
            (np.zeros(5), ValueError, "Expected 2D array, got 1D array"),
            (np.zeros((2, 2, 2)), ValueError, "dim 3"),
            (np.zeros((0, 3)), ValueError, "0 sample"),
            (np.zeros((3, 0)), ValueError, "0 feature"),
            (np.zeros((1, 3), np.uint8), ValueError, "n_samples=1 should be >= n_clusters=2"),
            (np.array([["a"] * 3] * 4), ValueError, "could not convert"),
            (np.zeros((4, 3), complex), ValueError, "Complex data not supported"),
        ],
    )
    def test_samples(self, X, error, match) -> None:
        with pytest.raises(error, match=match):
            KMeans(2).fit(X)

    @pytest.mark.parametrize(
        ("weights", "match"),
        [
            ([1, -1, 1, 1], "expected at least 0, got -1"),
            ([0, 0, 0, 0], "at least one above 0, got only zeros"),
            ([1, 1, 1], r"expected shape \(4,\), got \(3,\)"),
            ([[1], [1], [1], [1]], r"expected shape \(4,\), got \(4, 1\)"),
            ([1, np.nan, 1, 1], "sample_weight contains NaN"),
        ],
    )
    def test_weights(self, weights, match) -> None:
        with pytest.raises(ValueError, match=match):
            KMeans(2).fit(np.arange(8.0).reshape(4, 2), sample_weight=weights)

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"n_clusters": 0}, ValueError),
            ({"n_clusters": -1}, ValueError),
            ({"n_clusters": 1.5}, TypeError),
            ({"n_clusters": True}, TypeError),
            ({"n_clusters": "5"}, TypeError),
            ({"n_clusters": 70_001}, ValueError),
            ({"max_iter": 0}, ValueError),
            ({"max_iter": 2**31}, ValueError),
            ({"tol": "x"}, TypeError),
            ({"tol": None}, TypeError),
            ({"tol": -1}, ValueError),
            ({"tol": float("nan")}, ValueError),
            ({"random_state": -1}, ValueError),
            ({"random_state": "x"}, TypeError),
            ({"init": "best"}, ValueError),
            ({"init": np.zeros((2, 3))}, ValueError),
            ({"init": np.full((8, 3), np.nan)}, ValueError),
            ({"n_init": 0}, ValueError),
            ({"n_init": "many"}, TypeError),
            ({"algorithm": "fast"}, ValueError),
            ({"algorithm": 1}, TypeError),
        ],
    )
    def test_parameters(self, parameters, error) -> None:
        with pytest.raises(error, match=f"{next(iter(parameters))}"):
            KMeans(**parameters).fit(np.zeros((70_000, 3), np.uint8))

    def test_array_with_several_starts_warns(self) -> None:
        X = blobs(50, 2)
        with pytest.warns(RuntimeWarning, match="performing only one init"):
            KMeans(4, init=X[:4], n_init=3).fit(X)

    def test_not_fitted_and_other_features(self) -> None:
        with pytest.raises(NotFittedError):
            KMeans(2).predict(np.zeros((3, 3)))
        fit = KMeans(2).fit(blobs(50, 3))
        with pytest.raises(ValueError, match="expecting 3 features"):
            fit.predict(blobs(50, 4))
        with pytest.raises(AttributeError):
            _ = KMeans(2).iterations
