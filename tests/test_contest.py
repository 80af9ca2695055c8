"""The open benchmark: its rivals, its time limits, its verdict and its page."""

from __future__ import annotations

import copy
import itertools
import json
import math
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks
from benchmarks import charts, contest, quality, report, roof, summary, verdict, workers
from benchmarks.rivals import ALL, KINDS, Missing, Pixels, Result, Rival, left_out
from benchmarks.rivals.rival import package, program
from benchmarks.verdict import MEASURES
from benchmarks.workers import Failed, TooSlow, Workers
from PIL import Image

import kpalette
from conftest import gradient, noise

MSE, SEEN, DELTA_E = MEASURES


# What runs in another process, which imports this file.


def version() -> str:
    return "1"


def halves(pixels: Pixels, k: int) -> Result:
    """Dark and light, which is k = 2 whatever was asked for."""
    return np.array([[64.4] * 3, [191.6] * 3]), (pixels.mean(axis=2) > 128).astype(np.uint8)


def grey(pixels: Pixels, k: int) -> Any:
    return np.full((1, 3), 127.6)


def sleeps(pixels: Pixels, k: int) -> Result:
    if k > 8:  # not when it warms up
        time.sleep(60)
    return halves(pixels, k)


def dies(pixels: Pixels, k: int) -> Result:
    os._exit(1)


def raises(pixels: Pixels, k: int) -> Result:
    raise ValueError("not so\nand more")


def fails(source: str, target: str, k: int) -> list[str]:
    return ["sh", "-c", "echo 'no such thing' >&2; exit 3"]


def copies(source: str, target: str, k: int) -> list[str]:
    return ["cp", source, target]


def rival(run: Any, kind: Any = "array") -> Rival:
    return Rival(run.__name__, kind, run, "", version)


PICTURE = gradient(48, 80)


class TestRivals:
    def test_names_are_unique(self) -> None:
        families = {member.run for member in ALL.values()}
        assert len(families) == len(ALL)
        assert {member.kind for member in ALL.values()} == set(KINDS)

    @pytest.mark.parametrize("name", ALL)
    def test_each_that_is_installed(self, name: str, tmp_path: Path) -> None:
        member = ALL[name]
        try:
            assert member.version()
        except Missing as missing:
            pytest.skip(f"{name}: {missing}")
        server = workers._Server(str(tmp_path))
        server.load(PICTURE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of others' code
            run = server.run(member, 8, 60.0)
        palette, indices = quality.rounded(run.result)
        assert indices.shape == PICTURE.shape[:2]
        assert palette.shape[1:] == (3,)
        # Both take k for a number of bits, so that 8 gives 16.
        by_bits = name.startswith(("sharp", "libvips"))
        assert quality.count_colors(run.result) <= (256 if by_bits else 8)
        # No worse than all black: one of Pillow's is worse than the mean colour.
        black = np.square(PICTURE.astype(float)).sum(axis=2).mean()
        assert quality.mean_squared_error(PICTURE, run.result) < black
        assert (run.size is not None) == (member.kind == "files")

    def test_what_is_missing_says_how_to_get_it(self) -> None:
        with pytest.raises(Missing, match="pip install no-such-package-here"):
            package("no-such-package-here")
        with pytest.raises(Missing, match="ask somebody"):
            program("no-such-program-here", hint="ask somebody")

    def test_each_missing_thing_is_told_once(self) -> None:
        gone = {"missing": "apt-get install it"}
        told = {"A": gone, "B": {"version": "1"}, "C": gone, "D": {"missing": "ask"}}
        assert left_out(told) == ["left out: A, C: apt-get install it", "left out: D: ask"]

    def test_another_convert_is_not_image_magick(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        convert = tmp_path / "convert"
        convert.write_text("#!/bin/sh\necho Converts a FAT volume to NTFS.\n")
        convert.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(Missing, match="imagemagick"):
            ALL["ImageMagick"].version()

    def test_only_colours_that_are_seen_count(self) -> None:
        palette = np.array([[1, 2, 3], [9, 9, 9], [1.2, 2, 3], [0, 0, 0]])
        assert quality.count_colors((palette, np.array([[0, 1], [2, 2]]))) == 2

    def test_ours_measures_what_quantize_says(self) -> None:
        found = kpalette.quantize(PICTURE, 8, space="srgb", effort="fast")
        result = ALL["kpalette fast"].run(PICTURE, 8)
        assert quality.mean_squared_error(PICTURE, result) == pytest.approx(found.mse)


class TestWorkers:
    def test_results_come_back(self) -> None:
        with Workers() as there:
            there.load(PICTURE)
            run = there.run(rival(halves), 2, 60.0)
            expected = halves(PICTURE, 2)
            assert all(map(np.array_equal, run.result, expected))
            assert 0 < run.seconds < 60
            there.load(PICTURE[:9])
            assert there.run(rival(halves), 2, 60.0).result[1].shape == (9, 80)

    def test_palettes_are_rounded_and_mapped(self) -> None:
        with Workers() as there:
            there.load(PICTURE)
            palette, indices = there.run(rival(grey, "palette"), 2, 60.0).result
        assert palette.tolist() == [[128] * 3]
        assert not indices.any()

    def test_one_that_takes_too_long_is_stopped_and_others_go_on(self) -> None:
        with Workers() as there:
            there.load(PICTURE)
            start = time.perf_counter()
            with pytest.raises(TooSlow):
                there.run(rival(sleeps), 9, 0.1)
            assert time.perf_counter() - start < 50
            assert there.run(rival(halves), 2, 60.0).result[1].shape == (48, 80)

    def test_failures_are_told_apart(self) -> None:
        with Workers() as there:
            there.load(PICTURE)
            for broken, said in (
                (rival(raises), "^ValueError: not so$"),
                (rival(dies), "^ended its process$"),
                (rival(fails, "files"), "exit code 3: no such thing"),
            ):
                with pytest.raises(Failed, match=said):
                    there.run(broken, 2, 60.0)
            assert there.run(rival(copies, "files"), 2, 60.0).size is not None

    def test_memory_of_a_larger_picture_is_more(self) -> None:
        peaks = []
        for side in (500, 2000):
            with Workers() as there:
                there.load(np.zeros((side, side, 3), np.uint8))
                peaks.append(there.memory(rival(halves), 2, 60.0))
        assert peaks[1] - peaks[0] > 2000 * 2000

    @pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="not on this system")
    def test_one_core_is_given_back(self) -> None:
        before = os.sched_getaffinity(0), dict(os.environ)
        with workers.one_core():
            assert len(os.sched_getaffinity(0)) == 1
            assert os.environ["OMP_NUM_THREADS"] == "1"
        assert (os.sched_getaffinity(0), dict(os.environ)) == before

    @pytest.mark.parametrize("mode", ["RGB", "P", "L"])
    def test_pictures_are_read_exactly(self, mode: str) -> None:
        image = Image.fromarray(noise(9, 9)).convert(mode)
        palette, indices = workers.exact(image)
        np.testing.assert_array_equal(palette[indices], np.asarray(image.convert("RGB")))


OURS, THEIRS = ("kpalette fast", "kpalette best"), ("Other", "Late")
IMAGES, KS = ("a", "b"), (4, 8)


def cell(name: str, image: str, k: int, seconds: float, error: float) -> dict[str, Any]:
    return {
        "rival": name,
        "image": image,
        "k": k,
        "seconds": [seconds, 3 * seconds, 2 * seconds],
        "mse": error,
        "colors": k,
        "delta_e": error / 100,
        "delta_e_p95": error / 50,
        "ssimulacra2": 100 - error,
        "png": 1000.0,
    }


def made(times: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Make a document of methods that take so long and err so much, everywhere."""
    told = {"kind": "array", "dithered": False, "space": "srgb", "options": "", "version": "1"}
    names = dict.fromkeys([*OURS, *THEIRS, *times, "Gone"])
    rivals = {name: {**told, "ours": name.startswith("kpalette")} for name in names}
    del rivals["Gone"]["version"]
    rivals["Gone"]["missing"] = "ask for it"
    cells = [
        cell(name, image, k, *values)
        for k, image, (name, values) in itertools.product(KS, IMAGES, times.items())
    ]
    cells.append({"rival": "Late", "image": "a", "k": 8, "seconds": [], "over": 20.0})
    steps = {"step": "map", "seconds": 1e-3, "least": 1e-4, "part": 0.1, "roof": "why", "items": 9}
    return {
        "format": contest.FORMAT,
        "date": "2026-01-01",
        "machine": {
            **dict.fromkeys(("processor", "system", "python", "kpalette", "instructions"), "x"),
            "cores": 2,
            "load": 0.5,
        },
        "plan": {**contest.asdict(contest.Plan(limit=20)), "ks": list(KS)},
        "pictures": {image: {"width": 9, "height": 9, "colors": 81} for image in IMAGES},
        "large": [9, 9],
        "rivals": rivals,
        "cells": cells,
        "one_core": [entry for entry in cells if entry["seconds"]],
        "sizes": [
            {"rival": name, "megapixels": size, "seconds": [size]}
            for name in times
            for size in (0.1, 1)
        ],
        "sweep": [{"rival": name, "k": k, "seconds": [1.0]} for name in times for k in KS],
        "memory": [{"rival": name, "bytes": 10**6} for name in times],
        "roof": {
            "bandwidth": 1e9,
            "vector_rate": 1e9,
            "k": 4,
            "megapixels": 1.0,
            "steps": [steps],
        },
    }


def scaled(document: dict[str, Any], factor: float) -> dict[str, Any]:
    other = copy.deepcopy(document)
    for entry in other["cells"]:
        entry["seconds"] = [factor * seconds for seconds in entry["seconds"]]
    return other


class TestVerdict:
    def test_faster_and_better_wins(self) -> None:
        document = made({"kpalette fast": (1, 10), "kpalette best": (9, 5), "Other": (3, 20)})
        found = verdict.standings(document, MSE)
        assert [(s.rival, s.k, s.pictures) for s in found] == [("Other", 4, 2), ("Other", 8, 2)]
        assert [s.winners for s in found] == [["kpalette fast"]] * 2
        assert found[0].nearest.time == pytest.approx(3)
        assert found[0].nearest.error == pytest.approx(2)
        assert verdict.overall(found) == {"Other": ["kpalette fast"]}
        assert verdict.wins(document, MSE) == (4, 4)

    def test_one_faster_and_another_better_do_not_win_together(self) -> None:
        document = made({"kpalette fast": (1, 10), "kpalette best": (9, 5), "Other": (3, 7)})
        found = verdict.standings(document, MSE)
        assert all(standing.winners == [] for standing in found)
        assert found[0].nearest.ours == "kpalette fast"  # 7 / 10 is more than 3 / 9
        assert verdict.wins(document, MSE) == (0, 4)

    @pytest.mark.parametrize(
        ("seconds", "error", "won"), [(2, 5, True), (1, 5, False), (2, 4.9, False), (1, 9, False)]
    )
    def test_as_good_is_enough_but_as_fast_is_not(
        self, seconds: float, error: float, won: bool
    ) -> None:
        document = made({"kpalette fast": (1, 5), "Other": (seconds, error)})
        assert all(bool(s.winners) == won for s in verdict.standings(document, MSE))

    def test_the_unit_of_time_does_not_matter(self) -> None:
        document = made({"kpalette fast": (1, 10), "kpalette best": (9, 5), "Other": (3, 7)})
        for one, other in zip(
            verdict.standings(document, MSE),
            verdict.standings(scaled(document, 1e-3), MSE),
            strict=True,
        ):
            for margin, same in zip(one.margins, other.margins, strict=True):
                assert (margin.time, margin.error) == pytest.approx((same.time, same.error))

    def test_only_pictures_that_both_have_count(self) -> None:
        document = made({"kpalette fast": (1, 5), "Other": (2, 10)})
        for entry in document["cells"]:
            if entry["image"] == "b" and entry["rival"] == "kpalette fast":
                entry["seconds"] = [1000.0]
        document["cells"] = [
            entry
            for entry in document["cells"]
            if (entry["rival"], entry["image"]) != ("Other", "b")
        ]
        assert [(s.pictures, s.winners) for s in verdict.standings(document, MSE)] == [
            (1, ["kpalette fast"])
        ] * 2

    def test_a_win_at_one_k_is_none_at_every_k(self) -> None:
        document = made({"kpalette fast": (1, 5), "kpalette best": (2, 4), "Other": (3, 6)})
        for entry in document["cells"]:
            if entry["k"] == 8 and entry["rival"] == "kpalette best":
                entry["mse"] = 7.0
        assert verdict.overall(verdict.standings(document, MSE)) == {"Other": ["kpalette fast"]}

    def test_without_any_loss_equals_without_any_loss(self) -> None:
        document = made({"kpalette fast": (1, 0), "Other": (2, 0)})
        assert verdict.wins(document, MSE) == (4, 4)
        assert verdict.ratio(1, 0) == math.inf
        assert verdict.ratio(0, 1) == 0

    def test_kinds_and_dithering_are_kept_apart(self) -> None:
        document = made({"kpalette fast": (1, 5), "Other": (2, 10)})
        document["rivals"]["Other"]["dithered"] = True
        assert verdict.standings(document, MSE) == []
        assert verdict.standings(document, SEEN) == []  # none of ours is dithered
        document["rivals"]["kpalette fast"]["dithered"] = True
        assert verdict.standings(document, MSE) == []
        assert len(verdict.standings(document, SEEN)) == 2
        document["rivals"]["Other"]["kind"] = "files"
        assert verdict.standings(document, SEEN) == []

    def test_more_colours_than_k_are_not_compared(self, tmp_path: Path) -> None:
        document = made({"kpalette fast": (1, 5), "Other": (2, 1)})
        for entry in document["cells"]:
            if entry["rival"] == "Other" and entry["k"] == 4:
                entry["colors"] = 5
        assert [s.k for s in verdict.standings(document, MSE)] == [8]
        assert {close.k for close in verdict.closest(document, MSE)} == {8}
        assert summary.best_known(document["cells"])["a", 4] == 5
        page = report.write(document, tmp_path).read_text()
        assert "| Other, 5 colours | 4,000 (2,500–5,500) | 1.00 | – |" in page

    def test_what_was_not_measured_is_not_judged(self) -> None:
        document = made({"kpalette fast": (1, 5), "Other": (2, 10)})
        for entry in document["cells"]:
            entry["ssimulacra2"] = None
        assert verdict.standings(document, SEEN) == []
        assert len(verdict.standings(document, DELTA_E)) == 2

    def test_closest_cells_against_all_of_them(self) -> None:
        random = np.random.default_rng(0)
        document = made({"kpalette fast": (1, 5), "kpalette best": (2, 4), "Other": (3, 6)})
        document["cells"].pop()  # the one that was stopped
        for entry in document["cells"]:
            entry["seconds"] = [float(random.random() + 0.1)]
            entry["mse"] = float(random.random() + 0.1)
        cells = {(c["rival"], c["image"], c["k"]): c for c in document["cells"]}
        expected = sorted(
            max(
                min(theirs["seconds"][0] / ours["seconds"][0], theirs["mse"] / ours["mse"])
                for ours in (cells[name, image, k] for name in OURS)
            )
            for (name, image, k), theirs in cells.items()
            if name == "Other"
        )
        found = [close.margin.least for close in verdict.closest(document, MSE, n=3)]
        assert found == pytest.approx(expected[:3])

    def test_stopped_at_the_smallest_k(self) -> None:
        document = made({})
        document["cells"].append({"rival": "Late", "image": "b", "k": 4, "seconds": [], "over": 9})
        assert verdict.stopped(document) == {"Late": 4}


class TestReport:
    DOCUMENT = made({"kpalette fast": (1e-3, 10), "kpalette best": (9e-3, 5), "Other": (2, 20)})

    def test_the_page_names_everything(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path).read_text()
        assert "| Other | best: 222× faster, 4.000 | best: 222× faster, 4.000 | fast |" in page
        assert "- Gone: ask for it" in page
        assert "Stopped after 20 s, so of unknown error: Late (k = 8)." in page
        assert "| Late | > 20,000 |" in page
        assert "| **kpalette best** | 18 (11.2–24.7) | 5.00 | 1.000 |" in page
        assert "| **kpalette fast** | 2 (1.25–2.75) | 10.00 | 2.000 |" in page
        assert page.count("In 4 of 4 cells") == len(MEASURES)
        assert "For these, no one of ours" not in page

    def test_the_page_tells_what_is_lost(self, tmp_path: Path) -> None:
        document = made({"kpalette fast": (3, 10), "kpalette best": (9, 5), "Other": (1, 20)})
        page = report.write(document, tmp_path).read_text()
        assert page.count("In 0 of 4 cells") == len(MEASURES)
        assert page.count("at every k: Other.") == len(MEASURES)
        cell = "**fast: 3× slower, 2.000**"
        assert f"| Other | {cell} | {cell} | **none** |" in page
        assert "| Other | a | fast | 4 | 3× slower | 2.0000 |" in page

    def test_every_picture_is_there_and_small(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path).read_text()
        pictures = sorted(path.name for path in tmp_path.glob("*.png"))
        assert sorted(part.split(")")[0] for part in page.split("](")[1:] if ".png" in part[:40])
        assert all(f"]({name})" in page for name in pictures)
        assert page.count(".png)") == len(pictures) > 5
        assert sum((tmp_path / name).stat().st_size for name in pictures) < 300_000

    def test_the_command_writes_the_same_page(self, tmp_path: Path) -> None:
        page = report.write(self.DOCUMENT, tmp_path / "first").read_bytes()
        (tmp_path / "results.json").write_text(json.dumps(self.DOCUMENT))
        benchmarks.main(["report", str(tmp_path / "results.json")])
        assert (tmp_path / "results.md").read_bytes() == page

    def test_json_has_a_cell_in_a_line(self) -> None:
        text = report.to_json(self.DOCUMENT)
        assert json.loads(text) == json.loads(json.dumps(self.DOCUMENT))
        for cell in self.DOCUMENT["cells"]:
            assert json.dumps(cell) in [line.rstrip(",") for line in text.splitlines()]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "expected what"),
            ("[]", "got None"),
            ('{"format": 99}', "expected format 1, got 99"),
        ],
    )
    def test_other_files_are_refused(self, tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "results.json"
        path.write_text(text)
        with pytest.raises(SystemExit, match=said):
            benchmarks.main(["report", str(path)])

    def test_best_known_is_the_lowest_of_a_picture_and_k(self) -> None:
        assert summary.best_known(self.DOCUMENT["cells"]) == dict.fromkeys(
            itertools.product(IMAGES, KS), 5
        )

    @pytest.mark.parametrize("seed", range(5))
    def test_labels_keep_their_order_and_a_gap(self, seed: int) -> None:
        wanted = sorted(np.random.default_rng(seed).normal(0.3, 0.5, 20).tolist())
        found = charts.spread(wanted, 0.04)
        assert np.diff(found).min() >= 0.04 - 1e-9
        assert found[0] >= 0
        assert found[-1] <= 1 + 1e-9
        assert charts.spread([0.1, 0.5], 0.04) == [0.1, 0.5]


class TestContest:
    def test_a_slow_one_is_left_out_and_all_else_measured(self) -> None:
        plan = contest.Plan(ks=(4, 9, 12), repeat=1, limit=0.2, looks=1)
        rivals = [rival(halves), rival(sleeps), rival(raises)]
        with Workers() as there:
            pictures = {"a": PICTURE, "b": PICTURE[::-1].copy()}
            cells = contest.compete(pictures, rivals, plan, there, seen=1)
        found = {(c["rival"], c["image"], c["k"]): c for c in cells}
        assert found["sleeps", "a", 9]["over"] == 0.2
        assert ("sleeps", "b", 9) not in found
        assert ("sleeps", "a", 12) not in found
        assert found["raises", "a", 4]["failed"] == "ValueError: not so"
        expected = quality.mean_squared_error(PICTURE, halves(PICTURE, 2))
        assert found["halves", "a", 12]["mse"] == expected
        assert "png" in found["halves", "a", 4]
        assert "png" not in found["halves", "b", 4]

    @pytest.mark.parametrize("megapixels", [0.001, 0.0038, 0.05])
    def test_pictures_of_any_size(self, megapixels: float) -> None:
        found = contest.of_size(PICTURE, megapixels)
        assert found[..., 0].size == pytest.approx(1e6 * megapixels, rel=0.06)
        if megapixels > 0.0038:
            np.testing.assert_array_equal(found[:48, :80], PICTURE)

    def test_roofs(self) -> None:
        found = roof.measure(PICTURE, noise(200, 200), 4, 1)
        assert found["bandwidth"] > 0 < found["vector_rate"]
        for step in found["steps"]:
            assert step["part"] == step["least"] / step["seconds"] > 0

    def test_quick(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        benchmarks.main(["--quick", "--only", "Pillow|NumPy", "--out", str(tmp_path)])
        document = json.loads((tmp_path / "results.json").read_text())
        there = {name for name, told in document["rivals"].items() if "missing" not in told}
        assert {entry["rival"] for entry in document["cells"]} == there
        assert {"kpalette fast", "NumPy k-means", "Pillow MEDIANCUT"} < there
        assert not [entry for entry in document["cells"] if "failed" in entry]
        assert str(tmp_path / "results.md") in capsys.readouterr().out
        ours = next(c for c in document["cells"] if c["rival"] == "kpalette best")
        picture = benchmarks.pictures.drawing()[:96, :128]
        expected = kpalette.quantize(picture, 8, space="srgb", effort="best").mse
        assert ours["mse"] == pytest.approx(expected)

    def test_images_are_needed(self, tmp_path: Path) -> None:
        with pytest.raises(SystemExit, match=r"expected a folder with \.png"):
            benchmarks.main(["--images", str(tmp_path)])
        with pytest.raises(SystemExit, match="--images: expected a folder"):
            benchmarks.main(["compare"])
