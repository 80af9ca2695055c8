"""KMeans on rows of floats: sparse as dense, labels as predicted, any scale, and bad input."""

import os
import pickle
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.cluster
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import InconsistentVersionWarning

import reference
from conftest import PATIENCE
from kpalette import KMeans, _core, model, plain_estimator
from kpalette.threads import limited_team
from test_kmeans import blobs, seeded


def printed(program: str, **variables: str) -> str:
    """Run a program in a process of its own, with environment variables, to its end."""
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=True
    ).stdout


def is_limited() -> bool:
    with threadpoolctl.threadpool_limits(1):
        pools = threadpoolctl.threadpool_info()
        return all(pool["num_threads"] == 1 for pool in pools if pool["user_api"] == "openmp")


LIMITS = pytest.mark.skipif(
    os.name == "nt" and not is_limited(), reason="Wine's OpenMP takes no limit of threads"
)


def sparse_rows(n: int, d: int, dtype: type = np.float64, seed: int = 0) -> np.ndarray:
    """Make rows of which most values are zero, and no two are alike."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((n, d)) < 0.2, rng.normal(size=(n, d)) + 1, 0)
    X[:, 0] += 3 * rng.integers(0, 3, n)
    return X.astype(dtype)


def as_csr(X: np.ndarray, index: type = np.int32) -> scipy.sparse.csr_array:
    csr = scipy.sparse.csr_array(X)
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    return csr


class TestSparse:
    @pytest.mark.parametrize("index", [np.int32, np.int64])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("init", ["k-means++", "maximin", "random"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_equals_dense(self, dtype: type, index: type, init: str, weighted: bool) -> None:
        X = sparse_rows(400, 30, dtype)
        csr = as_csr(X, index)
        weights = np.random.default_rng(1).random(400) if weighted else None
        dense = seeded(7, init=init).fit(X, sample_weight=weights)
        sparse = seeded(7, init=init).fit(csr, sample_weight=weights)
        rtol = 1e-5 if dtype == np.float32 else 1e-10
        assert np.array_equal(dense.labels_, sparse.labels_)
        assert dense.n_iter_ == sparse.n_iter_
        assert sparse.inertia_ == pytest.approx(dense.inertia_, rel=rtol)
        assert sparse.cluster_centers_.dtype == dtype
        np.testing.assert_allclose(
            sparse.cluster_centers_, dense.cluster_centers_, rtol=rtol, atol=rtol
        )
        assert np.array_equal(sparse.predict(csr), sparse.labels_)
        assert np.array_equal(sparse.predict(X), dense.predict(csr))
        assert sparse.transform(csr).dtype == dtype
        np.testing.assert_allclose(sparse.transform(csr), dense.transform(X), rtol=1e-4)
        assert sparse.score(csr, sample_weight=weights) == pytest.approx(-sparse.inertia_)

    @given(
        cells=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 4)), max_size=30),
        k=st.integers(1, 5),
        seed=st.integers(0, 9),
    )
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_any_matrix(self, cells: list, k: int, seed: int) -> None:
        # Cells that are there twice add up, and rows may be empty. Each sample has the same centre;
        # its label may be another, as rounding can decide which of two empty clusters comes first.
        rng = np.random.default_rng(seed)
        rows, columns = zip(*cells, strict=True) if cells else ((), ())
        values = rng.normal(size=len(cells))
        coo = scipy.sparse.coo_array((values, (rows, columns)), shape=(12, 5))
        X = coo.toarray()
        start = X[rng.choice(12, k, replace=False)] + 0.01 * rng.normal(size=(k, 5))
        sparse = KMeans(k, init=start, tol=0).fit(coo)
        dense = KMeans(k, init=start, tol=0).fit(X)
        assert sparse.inertia_ == pytest.approx(dense.inertia_, abs=1e-9)
        of_sparse, of_dense = (fit.cluster_centers_[fit.labels_] for fit in (sparse, dense))
        np.testing.assert_allclose(of_sparse, of_dense, rtol=0, atol=1e-12)
        assert np.array_equal(sparse.labels_, sparse.predict(coo))
        assert np.array_equal(dense.labels_, dense.predict(X))

    @pytest.mark.parametrize("kind", ["csc", "coo", "lil", "dok", "bsr"])
    def test_other_formats(self, kind: str) -> None:
        X = sparse_rows(60, 8)
        given = scipy.sparse.csr_array(X).asformat(kind)
        fit = seeded(4).fit(given)
        assert np.array_equal(fit.labels_, seeded(4).fit(X).labels_)
        assert np.array_equal(fit.labels_, fit.predict(given))

    def test_whole_numbers_and_uneven_rows(self) -> None:
        X = (4 * sparse_rows(60, 8)).astype(int)
        X[7] = 0
        assert np.array_equal(seeded(4).fit(as_csr(X)).labels_, seeded(4).fit(X).labels_)

    def test_input_is_not_changed(self) -> None:
        csr = as_csr(sparse_rows(60, 8))
        shuffled = csr.copy()
        for row in range(60):  # indices need not ascend
            part = slice(shuffled.indptr[row], shuffled.indptr[row + 1])
            shuffled.indices[part] = shuffled.indices[part][::-1]
            shuffled.data[part] = shuffled.data[part][::-1]
        shuffled.has_sorted_indices = False
        before = shuffled.indices.copy()
        assert np.array_equal(seeded(4).fit(shuffled).labels_, seeded(4).fit(csr).labels_)
        assert np.array_equal(shuffled.indices, before)

    def test_pandas_sparse_frame(self) -> None:
        X = sparse_rows(60, 8)
        matrix = scipy.sparse.csr_matrix(X)
        frame = pd.DataFrame.sparse.from_spmatrix(matrix, columns=list("abcdefgh"))
        fit = seeded(4).fit(frame)
        assert fit.feature_names_in_.tolist() == list("abcdefgh")
        assert np.array_equal(fit.labels_, seeded(4).fit(X).labels_)

    def test_agrees_with_scikit_learn(self) -> None:
        csr = as_csr(sparse_rows(2000, 50))
        start = csr[:9].toarray() + 1e-3 * np.random.default_rng(0).random((9, 50))
        theirs = sklearn.cluster.KMeans(9, init=start, n_init=1, tol=0).fit(csr)
        ours = KMeans(9, init=start, tol=0).fit(csr)
        assert np.array_equal(ours.labels_, theirs.labels_)
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-10)

    def test_is_not_made_dense(self) -> None:
        # 2 million by a million would take 16 TB.
        rng = np.random.default_rng(0)
        n, d = 2_000_000, 1_000_000
        shape = (rng.random(n), (np.arange(n), rng.integers(0, 50, n) * 20_000))
        csr = scipy.sparse.csr_array(shape, shape=(n, d))
        fit = seeded(2, max_iter=2).fit(csr)
        assert np.array_equal(fit.labels_, fit.predict(csr))

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (lambda csr: csr.indices.__setitem__(3, 8), "indices of columns"),
            (lambda csr: csr.indices.__setitem__(3, -1), "indices of columns"),
            (lambda csr: csr.indptr.__setitem__(3, 2**30), "indptr ascends"),
            (lambda csr: csr.indptr.__setitem__(-1, 2**30), "indptr ascends"),
            (lambda csr: csr.indptr.__setitem__(0, 1), "indptr ascends"),
            (lambda csr: csr.data.__setitem__(0, np.nan), "NaN"),
            (lambda csr: csr.data.__setitem__(0, np.inf), "infinity"),
        ],
    )
    def test_broken_matrices_are_refused(self, change, match: str) -> None:
        csr = as_csr(sparse_rows(60, 8))
        csr.has_canonical_format = csr.has_sorted_indices = True
        change(csr)
        with pytest.raises(ValueError, match=match):
            seeded(4).fit(csr)
        with pytest.raises(ValueError, match=match):
            seeded(4).fit(sparse_rows(60, 8)).predict(csr)

    def test_wu_is_refused(self) -> None:
        with pytest.raises(ValueError, match="for sparse samples, got 'wu'"):
            seeded(4, init="wu").fit(as_csr(sparse_rows(60, 8)))


class TestDense:
    @given(
        n=st.integers(1, 200),
        d=st.integers(1, 20),
        k=st.integers(1, 9),
        max_iter=st.integers(1, 4),
        single=st.booleans(),
        whole=st.booleans(),
        init=st.sampled_from(["k-means++", "wu", "maximin", "random"]),
    )
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_labels_are_what_predict_gives(
        self, n: int, d: int, k: int, max_iter: int, single: bool, whole: bool, init: str
    ) -> None:
        X = np.random.default_rng(n).normal(size=(n, d)) * 3
        X = (X.round() if whole else X).astype(np.float32 if single else np.float64)
        fit = seeded(min(k, n), init=init, max_iter=max_iter).fit(X)
        assert np.array_equal(fit.labels_, fit.predict(X))
        assert np.array_equal(fit.labels_, reference.nearest(X, fit.cluster_centers_))
        squares = (X.astype(float) - fit.cluster_centers_[fit.labels_]) ** 2
        assert fit.inertia_ == pytest.approx(squares.sum(), rel=1e-9, abs=1e-12)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("init", ["k-means++", "wu"])
    @pytest.mark.parametrize("exponent", range(-4, 5))
    def test_scale_changes_no_label(self, exponent: int, init: str, dtype: type) -> None:
        X = np.random.default_rng(0).normal(size=(2000, 6)).astype(dtype)
        plain = seeded(9, init=init).fit(X)
        scaled = seeded(9, init=init).fit(X * dtype(10.0**exponent))
        assert (plain.labels_ != scaled.labels_).mean() <= (1e-3 if dtype == np.float32 else 0)
        assert plain.n_iter_ == pytest.approx(scaled.n_iter_, abs=2 if dtype == np.float32 else 0)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(("d", "k"), [(1, 3), (2, 8), (7, 5), (8, 33), (65, 40)])
    def test_transform_is_the_distance(self, d: int, k: int, dtype: type) -> None:
        X = blobs(203, d, dtype)
        fit = seeded(k).fit(X)
        offsets = X.astype(float)[:, None] - fit.cluster_centers_.astype(float)
        rtol = 1e-5 if dtype == np.float32 else 1e-13
        expected = np.sqrt((offsets**2).sum(axis=2))
        np.testing.assert_allclose(fit.transform(X), expected, rtol=rtol, atol=1e-30)

    def test_more_rows_than_are_kept_in_blocks(self) -> None:
        # Beyond 8 million values blocks are made anew in every pass.
        X = np.random.default_rng(0).normal(size=(140_000, 60)).astype(np.float32)
        fit = seeded(3, max_iter=3).fit(X)
        assert np.array_equal(fit.labels_, fit.predict(X))
        assert np.array_equal(fit.labels_[:500], reference.nearest(X[:500], fit.cluster_centers_))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("where", [0, 63, 64, 99])
    @pytest.mark.parametrize("k", [1, 3])
    def test_what_is_not_finite_is_refused(self, bad: float, where: int, k: int) -> None:
        fit = seeded(k).fit(blobs(100, 5))
        X = blobs(100, 5)
        X[where, 3] = bad
        for method in (fit.fit, fit.predict, fit.transform, fit.score):
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                method(X)

    def test_huge_values_are_not_taken_for_infinite(self) -> None:
        fit = seeded(3).fit(blobs(100, 5))
        X = blobs(100, 5) * 1e150
        assert np.array_equal(fit.predict(X), reference.nearest(X, fit.cluster_centers_))

    @pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to all programs of a console")
    def test_ctrl_c_ends_a_long_fit(self) -> None:
        program = (
            "import numpy as np; from kpalette import KMeans\n"
            "X = np.random.default_rng(0).normal(size=(300_000, 100))\n"
            "print('ready', flush=True)\n"
            "KMeans(2000, init='random', n_init=1, tol=0, max_iter=100_000).fit(X)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        assert b"KeyboardInterrupt" in said
        assert process.returncode != 0


class TestAtHome:
    @LIMITS
    def test_limits_of_threads_are_heard(self) -> None:
        cores = limited_team().size
        with threadpoolctl.threadpool_limits(1):
            assert limited_team().size == 1
        assert limited_team().size == cores

    @LIMITS
    def test_limits_of_what_is_imported_later_are_heard(self) -> None:
        program = (
            "from kpalette.threads import limited_team\n"
            "limited_team()\n"
            "import sklearn.cluster, threadpoolctl\n"
            "with threadpoolctl.threadpool_limits(1): print(limited_team().size)\n"
        )
        assert printed(program) == "1\n"

    def test_environment_is_heard(self) -> None:
        program = "from kpalette.threads import limited_team; print(limited_team().size)"
        assert printed(program, OMP_NUM_THREADS="1") == "1\n"

    @pytest.mark.parametrize("kind", [KMeans, model.KMeans])
    def test_pickles_carry_the_version(self, kind: type, monkeypatch) -> None:
        fit = kind(3).fit(blobs(50, 2))
        monkeypatch.setattr("kpalette.__version__", "98.0")
        pickled = pickle.dumps(fit)
        assert np.array_equal(pickle.loads(pickled).labels_, fit.labels_)
        monkeypatch.setattr("kpalette.__version__", "99.0")
        with pytest.warns(InconsistentVersionWarning, match=r"KMeans from version 98\.0 when"):
            pickle.loads(pickled)

    def test_two_sets_of_defaults(self) -> None:
        theirs = sklearn.cluster.KMeans().get_params()
        assert KMeans().get_params() == theirs
        walk = model.KMeans().get_params()
        assert walk.pop("history") is False  # is its own
        different = {name: value for name, value in walk.items() if value != theirs[name]}
        assert different == {
            "init": "random",
            "max_iter": 100,
            "n_init": 1,
            "random_state": 42,
            "tol": 1e-2,
        }
        assert model.KMeans(3, 0.5, 7, 1).get_params()["max_iter"] == 7

    def test_works_without_scikit_learn(self) -> None:
        program = (
            "import sys\n"
            "for name in ('sklearn', 'scipy', 'threadpoolctl'): sys.modules[name] = None\n"
            "import pickle, warnings\n"
            "import numpy as np\n"
            "from kpalette import KMeans, model\n"
            "warnings.simplefilter('error')\n"
            "X = np.random.default_rng(0).normal(size=(200, 3))\n"
            "fit = KMeans(4, random_state=0).fit(X)\n"
            "assert repr(fit) == 'KMeans(n_clusters=4, random_state=0)', repr(fit)\n"
            "assert (fit.predict(X) == fit.labels_).all()\n"
            "assert fit.transform(X).shape == (200, 4)\n"
            "assert abs(fit.score(X) + fit.inertia_) < 1e-9\n"
            "assert (fit.fit_predict(X) == fit.labels_).all()\n"
            "assert fit.get_feature_names_out().tolist()[0] == 'kmeans0'\n"
            "assert KMeans(**fit.get_params()).set_params(tol=0).tol == 0\n"
            "assert (pickle.loads(pickle.dumps(fit)).labels_ == fit.labels_).all()\n"
            "assert model.KMeans(4).fit(X).iterations > 0\n"
            "bad = [(KMeans('5'), X), (KMeans(0), X), (KMeans(3), X[:2]), (KMeans(3), X[0]),\n"
            "       (KMeans(3), X * 1j), (KMeans(3), X * np.nan), (KMeans(3), X[:0]),\n"
            "       (KMeans(3), np.full((9, 2), 'a'))]\n"
            "for model, rows in bad:\n"
            "    try: model.fit(rows)\n"
            "    except (TypeError, ValueError): continue\n"
            "    raise SystemExit(f'{model} took {rows}')\n"
            "for call in (KMeans().predict, lambda X: fit.predict(X[:, :2])):\n"
            "    try: call(X)\n"
            "    except ValueError: continue\n"
            "    raise SystemExit('predicted')\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    @pytest.mark.parametrize("value", [1j, np.nan, "a"])
    def test_bad_sparse_samples_without_scikit_learn(self, value: Any) -> None:
        plain = plain_estimator.Estimator()
        X = scipy.sparse.csr_array(np.full((4, 2), 1.0))
        X.data = np.full(8, value)
        with pytest.raises(ValueError, match=r"Complex|NaN|numbers|convert"):
            plain._checked_samples(X, reset=True)
        X.data = np.ones(8, np.int32)
        assert plain._checked_samples(X, reset=True).dtype == np.float64
        assert X.dtype == np.int32  # as it was

    def test_kinds_of_errors(self) -> None:
        # As scikit-learn's, a wrong parameter is both.
        for error in (TypeError, ValueError):
            with pytest.raises(error, match="n_clusters: expected an integer, got '5'"):
                KMeans("5").fit(blobs(50, 2))

    def test_the_core_checks_what_it_is_given(self) -> None:
        team = _core.Team(1)
        X = blobs(9, 2)
        with pytest.raises(ValueError, match="labels that have a centre"):
            _core.inertia(X, None, X[:2], np.full(9, 2, np.int32), team)
        with pytest.raises(ValueError, match="as many features"):
            _core.predict(X, X[:2, :1].copy(), team)
        with pytest.raises(ValueError, match="array \\(n, k\\)"):
            _core.distances(X, X[:2], np.empty((9, 3)), team)
