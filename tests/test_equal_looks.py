"""Bytes at equal looks: fronts and their differences, and the files that they are of."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import equal_looks, fronts, headline, photos
from benchmarks.rivals import writers
from benchmarks.rivals.writers import BASE, SMALLER, WRITERS
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import kpalette
from conftest import gradient, noise

POINTS = ((30.0, 2000), (50.0, 4000), (60.0, 9000), (70.0, 8000), (85.0, 16000), (95.0, 60000))


class TestDifference:
    @given(st.floats(0.1, 10))
    def test_a_share_of_all_bytes_is_that_share(self, share: float) -> None:
        other = [(score, share * size) for score, size in POINTS]
        assert fronts.difference(POINTS, other, 50, 90) == pytest.approx(share - 1)

    @given(st.lists(st.tuples(st.floats(0, 100), st.integers(10, 10**6)), min_size=1, max_size=9))
    def test_both_directions_cancel(self, points: list[tuple[float, int]]) -> None:
        there, back = (fronts.difference(*s, 50, 90) for s in ((POINTS, points), (points, POINTS)))
        if there is None:
            assert back is None
        else:
            assert (1 + there) * (1 + back) == pytest.approx(1)

    def test_a_file_that_is_larger_and_worse_changes_nothing(self) -> None:
        worse = [*POINTS, (70.0, 20000)]
        assert fronts.difference(POINTS, worse, 50, 90) == pytest.approx(0)

    def test_all_that_look_better_than_asked_are_compared_by_the_smallest(self) -> None:
        best = [(100.0, 300)]
        assert fronts.difference(best, [(98.0, 200), (100.0, 900)], 50, 90) == pytest.approx(-1 / 3)
        # A side of few colours offers its smallest file for less, too.
        flat = fronts.difference([(50.0, 100), (90.0, 100)], best, 50, 90)
        assert flat == pytest.approx(2)

    def test_what_does_not_look_well_enough_is_not_compared(self) -> None:
        assert fronts.difference(POINTS, [(20.0, 10), (49.0, 20)], 50, 90) is None
        assert (
            fronts.difference([(60.0, 10), (80.0, 20)], [(20.0, 5), (60.0, 9)], 50, 90) is not None
        )


def document(sizes: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Make a document whose files are so many times POINTS, by writer and picture."""
    images = {image: None for by_image in sizes.values() for image in by_image}
    return {
        "pictures": {
            image: {"group": "photos", "width": 8, "height": 8, "colors": 9} for image in images
        },
        "runs": {"files": {"plan": {"file_ks": [8, 16], "by_flip": 1}}},
        "writers": {name: {"ours": name in (BASE, SMALLER)} for name in sizes},
        "files": [
            {
                "writer": name,
                "image": image,
                "k": 8,
                "bytes": round(1000 * share * size),
                "oxipng": round(500 * size),
                "ssimulacra2": score,
                "flip": 1 / score,
            }
            for name, by_image in sizes.items()
            for image, share in by_image.items()
            for score, size in POINTS
        ],
    }


class TestRates:
    FOUND = document({BASE: {"a": 1, "b": 1}, "x": {"a": 0.5, "b": 2}, "y": {"a": 1.5}})

    def test_each_is_a_share_of_the_bases(self) -> None:
        rates = equal_looks.rates(self.FOUND, "photos")
        assert rates[BASE] == pytest.approx({"a": 0, "b": 0})
        assert rates["x"] == pytest.approx({"a": -0.5, "b": 1}, abs=1e-3)
        assert rates["y"] == pytest.approx({"a": 0.5}, abs=1e-3)
        assert equal_looks.mean(rates["x"].values()) == pytest.approx(0, abs=1e-3)
        by_flip = equal_looks.rates(self.FOUND, "photos", by="flip")
        assert by_flip["x"] == pytest.approx({"a": -0.5, "b": 1}, abs=1e-3)
        assert equal_looks.rates(self.FOUND, "photos", base="x")[BASE]["a"] == pytest.approx(1)

    def test_oxipng_tells_encoders_apart(self) -> None:
        rates = equal_looks.rates(self.FOUND, "photos", "oxipng")
        assert rates["x"] == pytest.approx({"a": 0, "b": 0})

    def test_the_smallest_of_each_picture(self) -> None:
        best = equal_looks.smallest(equal_looks.rates(self.FOUND, "photos"))
        assert best == {BASE: ["b"], "x": ["a"], "y": []}

    def test_tables_tell_means_and_who_is_best(self) -> None:
        rows = [row for row in headline.short(self.FOUND) if row.startswith(("| x", "| y"))]
        assert rows == ["| x | +0.0 % | +0.0 % | 1 |", "| y | +50.0 % (of 1) | +0.0 % (of 1) | 0 |"]
        page = "\n".join(headline.full(self.FOUND))
        assert "| x | +0.0 % | −50.0 % a | +100.0 % b | 1 |" in page
        assert "| y [1] | +50.0 % | +50.0 % a | +50.0 % a | 0 |" in page

    @given(st.lists(st.floats(-0.9, 9), min_size=1))
    def test_the_mean_of_a_change_and_its_reverse_is_none(self, shares: list[float]) -> None:
        back = [1 / (1 + share) - 1 for share in shares]
        assert equal_looks.mean([*shares, *back]) == pytest.approx(0, abs=1e-9)


class TestFiles:
    @pytest.mark.parametrize("name", WRITERS)
    @pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
    def test_each_that_is_installed_writes_pictures(
        self, name: str, alpha: bool, tmp_path: Path
    ) -> None:
        writer = WRITERS[name]
        if alpha and not writer.alpha:
            pytest.skip("takes no alpha")
        try:
            writer.version()
        except writers.Missing as missing:
            pytest.skip(f"{name}: {missing}")
        level = np.full((48, 80, 1), 255, np.uint8)
        if alpha:
            level[:20] = 0
        picture = photos.Picture("p", "g", np.dstack([gradient(48, 80), level]))
        picture.save(tmp_path / "p.png")
        for way in writer.ways:
            with Image.open(io.BytesIO(way(tmp_path / "p.png", 16))) as image:
                assert image.size == (80, 48)
                shown = np.asarray(image.convert("RGBA"))
            assert len(np.unique(shown.reshape(-1, 4), axis=0)) <= 17  # sierra's may add one
            error = np.abs(photos.over(shown, 255).astype(int) - picture.pixels).mean()
            assert error < 60

    def test_what_a_file_shows_is_measured(self) -> None:
        pytest.importorskip("ssimulacra2")
        rgba = np.dstack([noise(16, 16), np.full((16, 16), 255, np.uint8)])
        encoded = kpalette.quantize(rgba, 256).encode()
        found = equal_looks.figures(rgba, encoded, by_flip=False)
        assert found["bytes"] == len(encoded)
        assert found["ssimulacra2"] == pytest.approx(100, abs=0.01)
        assert "flip" not in found

    def test_one_that_fails_is_told_and_others_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(source: Path, k: int) -> bytes:
            raise OSError("no room")

        made = writers.Writer("w", "", lambda: "1", (broken, WRITERS["Pillow"].ways[0]))
        monkeypatch.setitem(WRITERS, "w", made)
        picture = photos.Picture(
            "p", "g", np.dstack([gradient(16, 16), np.full((16, 16), 255, np.uint8)])
        )
        cells = equal_looks.written("w", picture, (8, 16), by_flip=False)
        assert cells[0]["failed"] == "OSError: no room"
        assert {cell["way"] for cell in cells} == {0, 1}
        assert all(cell["bytes"] > 0 for cell in cells[1:])


class TestPictures:
    def test_folders_are_groups_and_names_differ(self, tmp_path: Path) -> None:
        for group in ("photos", "graphics"):
            (tmp_path / group).mkdir()
            for name in ("same", group):
                Image.fromarray(noise(9, 12)).save(tmp_path / group / f"{name}.png")
        found = photos.pictures_of([tmp_path / "photos", tmp_path / "graphics"], math.inf)
        assert [(picture.name, picture.group) for picture in found] == [
            ("photos", "photos"),
            ("photos/same", "photos"),
            ("graphics", "graphics"),
            ("graphics/same", "graphics"),
        ]
        assert photos.side_by_side(found).shape == (9, 24, 3)
        assert [p.name for p in equal_looks.some(found, 1)] == ["photos", "graphics"]
        assert len(equal_looks.some(found, 5)) == 4

    @pytest.mark.parametrize("most", [1, 10, 100, 1e6])
    def test_of_large_ones_the_middle(self, most: float) -> None:
        pixels = noise(20, 30)
        cut = photos.middle(pixels, most)
        height, width = cut.shape[:2]
        assert height * width <= most
        top, left = (20 - height) // 2, (30 - width) // 2
        np.testing.assert_array_equal(cut, pixels[top : top + height, left : left + width])
