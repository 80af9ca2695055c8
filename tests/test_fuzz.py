"""The fuzz targets without the fuzzer, and whether they notice what they look for; the soak, short.

What the fuzzer found has its test where that is at home.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz import TARGETS, animations, commands, images, palettes, themes
from fuzz.checksums import mended_png
from fuzz.choices import Choices
from fuzz.law import Broken, allowing
from tools import soak

import kpalette


@pytest.mark.parametrize("target", TARGETS)
def test_laws_hold_for_valid_and_for_damaged_files(target: str) -> None:
    module = import_module(f"fuzz.{target}")
    rng = np.random.default_rng(8)
    module.check(b"")
    for seed in module.seeds():
        module.check(seed)
        damaged = bytearray(seed)
        for place in rng.integers(0, len(seed), 3):
            damaged[place] = rng.integers(256)
        module.check(bytes(damaged[: rng.integers(1, 2 * len(seed))]))


def test_most_seeds_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target of which all is refused at once would keep every law."""
    reached = []
    monkeypatch.setattr(palettes, "_check_round_trip", lambda *_: reached.append("palette"))
    monkeypatch.setattr(images, "_options", lambda _: reached.append("image") or {"k": 2})
    monkeypatch.setattr(animations, "_check_still", lambda *_: reached.append("animation"))
    monkeypatch.setattr(themes, "_check_colors", lambda *_: reached.append("theme"))
    for module in (palettes, images, animations, themes):
        for seed in module.seeds():
            module.check(seed)
    assert reached.count("animation") == len(animations.seeds())
    assert reached.count("palette") == len(palettes.seeds())
    # Some of the regions are outside, and some of the numbers of colours are none.
    assert reached.count("theme") >= len(themes.seeds()) / 2
    # Refused are floating-point pixels, BigTIFF of big-endian numbers, and what is to be refused.
    assert reached.count("image") >= len(images.seeds()) - 2 - len(images.REFUSED)


def test_command_lines_come_from_all_options() -> None:
    known = {name for names, _, _ in commands._options_of("quantize") for name in names}
    assert {"-k", "--out-dir", "--strip", "--keep-metadata", "--psnr"} < known
    assert not known & commands.LEFT_OUT


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (KeyError("odd"), "odd"),
        (ValueError(" "), "ValueError without a message"),
        (MemoryError("none left"), "none left"),
    ],
)
def test_errors_that_are_not_documented_are_noticed(broken: Exception, message: str) -> None:
    def load(*_: Any) -> None:
        raise broken

    with pytest.raises((Broken, type(broken)), match=message), allowing(ValueError):
        load()


def test_warnings_are_noticed() -> None:
    with pytest.raises(UserWarning, match="hm"), allowing(ValueError):
        warnings.warn("hm", stacklevel=1)


def test_wrong_round_trips_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpalette.palette_files.gpl, "MAGIC", "GNU Palette")
    wrong = kpalette.palette_files.hexadecimal
    form = kpalette.palette_files.Format("swapped", wrong.read, lambda *_: b"123456\n")
    monkeypatch.setitem(kpalette.palette_files.FORMATS, "hex", form)
    with pytest.raises(Broken, match=r"\.hex gives back the colours"):
        palettes.check(palettes.seeds()[0])


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("a.png", b"old", b"new", "has changed without --force"),
        (".a.png-0123456789abcdef", None, b"half", "is left behind"),
        ("a.hex", None, b"12345", "is not a complete file"),
        ("a.png", None, commands._furniture()["photo.png"][:-30], "is not a complete file"),
    ],
)
def test_damage_by_commands_is_noticed(
    name: str, before: bytes | None, after: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(after)
    old = {} if before is None else {str(path): before}
    with pytest.raises(AssertionError, match=message):
        commands._check_files(old, {str(path): after}, False, "")
    with pytest.raises(Broken, match="files are gone"):
        commands._check_files({"gone": b""}, {}, True, "")


def test_undocumented_codes_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "run", lambda _: commands.INTERNAL)
    with pytest.raises(Broken, match="not documented"):
        commands.check(b"")


def test_a_command_that_breaks_off_leaves_room_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    commands._furnish(b"")
    args = ["quantize", "photo.png", "folder/inner.png", "--json", "-j", "2", "--out-dir", "new"]
    assert commands._run(args, 0, str(tmp_path))[0] == 16  # stdout can hold nothing
    assert commands.streams.abandoned
    commands._wait_for_the_abandoned()
    assert commands._run([*args, "-f"], commands.LIMITS[0], str(tmp_path))[0] == 0
    assert not commands.streams.abandoned


def test_choices_end_in_zeros() -> None:
    choices = Choices(b"\x05\x02\x00ab\x07")
    assert choices.one_of("abc") == "c"
    assert choices.part() == b"ab"
    assert (choices.number(), choices.number(4), choices.real(), choices.rest()) == (7, 0, 0, b"")


def test_check_sums_are_mended() -> None:
    photo = commands._furniture()["photo.png"]
    assert mended_png(photo) == photo
    place = photo.index(b"IDAT") - 8  # in the check sum before
    damaged = photo[:place] + b"\0\0\0\0" + photo[place + 4 :]
    for data in (damaged, damaged[:-3], b"no PNG"):
        assert mended_png(data)[: len(data)] == photo[: len(data)] or data == b"no PNG"


def test_memory_does_not_grow() -> None:
    # A fifth is 20 images of up to 64 thousand pixels: what kept them would be a third more.
    command = [sys.executable, "-m", "tools.soak", "--images", "200", "--growth", "10"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


LEAK = """
from tools import soak
kept = []
way = lambda numbers: kept.extend(b"1" * (8 << 20) for _ in numbers)
print(soak.growth(soak.fifths(list(soak.curve(20, way, 1)))))
"""


def test_growing_memory_is_noticed() -> None:
    # In a process of its own: one that has freed much takes nothing from the system for a while.
    grown = subprocess.run([sys.executable, "-c", LEAK], capture_output=True, text=True, check=True)
    assert float(grown.stdout) > 10


def test_growth_is_that_from_the_second_fifth_to_the_last() -> None:
    assert soak.fifths([1, 2, 2, 4, 5, 5, 1, 7, 9, 9]) == [1.5, 3, 5, 4, 9]
    assert soak.growth([10, 100, 300, 20, 101]) == pytest.approx(1)
