"""The open benchmark's rivals, and the processes that run them, with their time limits."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import (
    quality,
    workers,
)
from benchmarks.rivals import ALL, KINDS, Missing, Pixels, Result, Rival, left_out
from benchmarks.rivals.rival import package, program
from benchmarks.workers import Failed, TooSlow, Workers
from PIL import Image

import kpalette
from conftest import gradient, noise

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
