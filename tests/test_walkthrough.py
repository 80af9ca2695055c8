"""The walk-through's modules: the published numbers, and the NumPy reference."""

import json

import numpy as np
import PIL.Image
import pytest

import reference
from kpalette import image, model


@pytest.fixture(scope="module")
def flower(data):
    return image.load_image(data / "walkthrough" / "flower.jpg")


@pytest.fixture(scope="module")
def published(data):
    return json.loads((data / "walkthrough" / "expected.json").read_text())


def test_image_is_the_published_one(flower, published) -> None:
    assert list(flower.shape) == published["shape"]
    assert len(np.unique(flower.rgb_vector, axis=0)) == published["distinct_colors"]
    assert flower.title == "flower"


@pytest.mark.parametrize("k", [8, 16, 32])
def test_published_numbers(flower, published, k: int) -> None:
    expected = published["runs"][str(k)]
    fit = model.KMeans(n_clusters=k, random_state=44).fit(flower.rgb_vector)
    assert fit.iterations == expected["iterations"]
    np.testing.assert_allclose(
        fit.cluster_centers_, expected["cluster_centers"], rtol=0, atol=5.1e-9
    )
    assert np.bincount(fit.labels_).tolist() == expected["label_counts"]
    assert fit.labels_[:3].tolist() == expected["first_labels"]
    assert fit.labels_[-3:].tolist() == expected["last_labels"]
    squares = (flower.rgb_vector - fit.cluster_centers_[fit.labels_]) ** 2
    assert round(squares.sum(), 3) == expected["cost"]


def test_equals_reference_on_the_photo(flower) -> None:
    X = flower.rgb_vector
    start = np.random.default_rng(44).choice(X, size=8, replace=False)
    centers, labels, iterations = reference.kmeans(X, start, tol=1e-2, max_iter=12)
    fit = model.KMeans(n_clusters=8, max_iter=12, random_state=44).fit(X)
    assert fit.iterations == iterations
    assert np.array_equal(fit.labels_, labels)
    assert np.array_equal(fit.cluster_centers_, centers)


class TestImage:
    def test_vector_round_trip(self) -> None:
        matrix = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        img = image.Image(matrix, title="a")
        assert img.rgb_vector.shape == (8, 3)
        again = image.rgb_vector_to_image(img.rgb_vector, img.shape, title="b")
        assert np.array_equal(again.rgb_matrix, matrix)
        assert repr(again) == "Image(4×2, title='b')"

    def test_centres_are_cut_off_as_published(self, flower, published) -> None:
        fit = model.KMeans(8, random_state=44).fit(flower.rgb_vector)
        few = image.rgb_vector_to_image(fit.cluster_centers_[fit.labels_], flower.shape)
        squares = (flower.rgb_vector.astype(int) - few.rgb_vector) ** 2
        assert squares.sum() == published["runs"]["8"]["cost_with_truncated_uint8_centers"]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floats_from_0_to_1_are_the_colours_that_they_are(self, dtype) -> None:
        levels = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
        again = image.rgb_vector_to_image(levels / dtype(255), (16, 16))
        assert np.array_equal(again.rgb_vector, levels)
        whole = image.rgb_vector_to_image(np.ones((4, 3), int), (2, 2))
        assert whole.rgb_vector.max() == 1  # of 255: whole numbers are levels

    def test_a_title_is_whatever_str_takes(self) -> None:
        img = image.Image(np.zeros((2, 2, 3), np.uint8), title=3)
        assert img.title == "3"
        img.title = 8.5
        assert img.title == "8.5"
        img.title = None
        assert img.title is None

    @pytest.mark.parametrize("hidden", [0, 77])
    def test_hidden_colours_are_not_loaded(self, tmp_path, hidden: int) -> None:
        pixels = np.full((2, 2, 4), 255, np.uint8)
        pixels[0] = hidden, 0, hidden, 0
        pixels[1, 0] = 0, 0, 0, 128
        PIL.Image.fromarray(pixels).save(tmp_path / "a.png")
        expected = np.full((2, 2, 3), 255, np.uint8)
        expected[1, 0] = 127
        assert np.array_equal(image.load_image(tmp_path / "a.png").rgb_matrix, expected)

    @pytest.mark.parametrize(
        ("vector", "shape", "match"),
        [
            (np.zeros((5, 3), np.uint8), (2, 3), r"\(6, 3\)"),
            (np.zeros((6, 4), np.uint8), (2, 3), r"\(6, 3\)"),
            (np.full((6, 3), 256.0), (2, 3), "0 to 255"),
            (np.full((6, 3), np.nan), (2, 3), "0 to 255"),
        ],
    )
    def test_bad_vectors_are_refused(self, vector, shape, match) -> None:
        with pytest.raises(ValueError, match=match):
            image.rgb_vector_to_image(vector, shape)

    @pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (0, 3, 3)])
    def test_bad_matrices_are_refused(self, shape) -> None:
        with pytest.raises(ValueError, match="rgb_matrix: expected shape"):
            image.Image(np.zeros(shape, np.uint8))

    def test_other_dtypes_are_refused(self) -> None:
        with pytest.raises(TypeError, match="got float64"):
            image.Image(np.zeros((2, 2, 3)))


def test_images_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=r"image_shape: expected \(h, w\) or .*, got \(4,\)"):
        image.rgb_vector_to_image(np.zeros((4, 3), np.uint8), (4,))
    with pytest.raises(TypeError, match="rgb_vector: expected numbers, got dtype <U1"):
        image.rgb_vector_to_image(np.full((4, 3), "a"), (2, 2))
