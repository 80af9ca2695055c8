"""The short way of the command line writes and says what the long way does.

The short way reads the command line by itself and reduces plain photos without NumPy; the long way
reads it by click, and all else goes through :func:`kpalette.quantize`.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from conftest import chunk, gradient, noise, raw_png, saved, tree
from kpalette import cli
from kpalette.cli import quantizing, reading
from kpalette.cli.options import declared
from kpalette.cli.way import Way
from kpalette.files.icc import profile_of
from kpalette.files.rgb_spaces import PRIMARIES, SRGB_CURVE, RGBSpace

#: What a plain run imports none of.
HEAVY = {
    "click",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "inspect",
    "json",
}
HEAVY |= {"matplotlib", "numpy", "pathlib", "PIL", "re", "threading", "typing"}


def photos() -> dict[str, bytes]:
    """Make files of all kinds by their names: those that the short way takes, and others."""
    soft = np.dstack([gradient(20, 30), noise(20, 30, 1)])
    few = Image.fromarray(noise(9, 17, 1) // 32, "L")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.Exif()
    upright[0x0112], upright[0x010F] = 1, "a camera"
    fine = Image.Exif()
    fine[0x011A], fine[0x011B], fine[0x0128] = 300.0, 150.0, 2
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wider = profile_of(RGBSpace(PRIMARIES[12], SRGB_CURVE))
    text = PngInfo()
    text.add_text("Title", "a gradient")
    photo = Image.fromarray(gradient(24, 36))
    wide = (np.arange(64, dtype=">u2") * 1000).reshape(8, 8)
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    jpeg = saved(photo, "JPEG", dpi=(300, 300)).getvalue()
    png = saved(photo).getvalue()
    images = {
        "rgb.png": saved(photo, dpi=(72, 96)),
        "noise.png": saved(Image.fromarray(noise(40, 40))),
        "rgba.png": saved(Image.fromarray(soft)),
        "opaque.png": saved(
            Image.fromarray(np.dstack([gradient(9, 9), np.full((9, 9), 255, "u1")]))
        ),
        "grey.png": saved(Image.fromarray(noise(13, 7, 1))),
        "grey alpha.png": saved(Image.fromarray(soft).convert("LA")),
        "bits.png": saved(few.point(lambda level: 255 * (level > 3)).convert("1")),
        "indexed.png": saved(photo.quantize(11)),
        "one.png": saved(Image.new("RGB", (1, 1), "red")),
        "text.png": saved(photo, pnginfo=text),
        "turned.png": saved(photo, exif=exif),
        "moves.png": saved(photo, save_all=True, append_images=[Image.new("RGB", photo.size)]),
        "photo.jpg": io.BytesIO(jpeg),
        "grey j.jpg": saved(few, "JPEG"),
        "cmyk.jpg": saved(photo.convert("CMYK"), "JPEG"),
        "turned j.jpeg": saved(photo, "JPEG", exif=exif),
        "upright.jpg": saved(photo, "JPEG", exif=upright),
        "fine.jpg": saved(photo, "JPEG", exif=fine),
        "sRGB.jpg": saved(photo, "JPEG", icc_profile=profile),
        "grey sRGB.jpg": saved(few, "JPEG", icc_profile=profile),
        "wider.jpg": saved(photo, "JPEG", icc_profile=wider),
        "sRGB p.png": saved(photo, icc_profile=profile),
        "wider p.png": saved(photo, icc_profile=wider),
        "no density.jpg": saved(photo, "JPEG", dpi=(0, 0)),
        "oblong.jpg": saved(photo, "JPEG", dpi=(300, 150), comment="by the sea"),
        "progressive.jpg": saved(photo, "JPEG", progressive=True, quality=60),
        "a.gif": saved(photo, "GIF"),
        "named.jpg": saved(photo),
    }
    return {
        **{name: file.getvalue() for name, file in images.items()},
        "wide.png": raw_png(8, 8, 16, 0, rows),
        "linear.png": raw_png(8, 8, 8, 0, rows[:72], chunk(b"gAMA", (100_000).to_bytes(4, "big"))),
        "cut.png": png[:-40],
        "cut j.jpg": jpeg[:-100],
        "behind.jpg": jpeg + b"more",
        "damaged.png": png[:60] + b"\0\0\0\0" + png[64:],
        "words.jpg": b"just words",
        "empty.png": b"",
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, data in photos().items():
        Path(name).write_bytes(data)
    return tmp_path


@contextmanager
def piped(name: str | None) -> Iterator[None]:
    """Have stdin read a file, by a pipe."""
    if name is None:
        yield
        return
    kept, (reading_end, writing_end) = os.dup(0), os.pipe()
    os.dup2(reading_end, 0)
    data = Path(name).read_bytes()
    assert len(data) < 60_000  # which a pipe holds
    os.write(writing_end, data)
    os.close(writing_end)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        for number in (kept, reading_end):
            os.close(number)


@pytest.fixture
def outcome(
    here: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run a command line the short way or the long way, and return what came of it."""

    def run(args: list[str], *, long: bool) -> Any:
        before = {name: (here / name).read_bytes() for name in tree(here)}
        with monkeypatch.context() as patch:
            if long:
                patch.setattr(reading, "read", lambda _: None)
                patch.setattr(Way, "plainly", lambda *_: None)
            with piped(next((arg[1:] for arg in args if arg.startswith("<")), None)):
                code = cli.run([arg for arg in args if not arg.startswith("<")])
        out, err = capfdbinary.readouterr()
        after = {name: (here / name).read_bytes() for name in tree(here)}
        made = {name: data for name, data in after.items() if before.get(name) != data}
        for name in after.keys() - before.keys():
            (here / name).unlink()
        for name, data in before.items():
            (here / name).write_bytes(data)
        return code, re.sub(rb'\d+\.\d+ s|"seconds": [\d.e-]+', b"", err), _timeless(out), made

    return run


def _timeless(out: bytes) -> bytes:
    return re.sub(rb'"seconds": [\d.e-]+', b"", out)


ALL = sorted(photos())
assert len({name.partition(".")[0] for name in ALL}) == len(ALL)
#: What is asked for, of all photos.
OPTIONS = [
    "",
    "-k 1",
    "-k16",
    "-k 8 --space srgb",
    "-k 8 --space linear --effort fast",
    "-k 5 --space lab --effort best --seed 7",
    "--effort fast --threads 1",
    "-k 12 --dither floyd-steinberg",
    "-k 12 --dither blue-noise --dither-strength .5",
    "-k 4 --dither=bayer",
    "-k 4 --dither spatial",
    "-k 16 --dither none",
    "-k 16 --dither floyd-steinberg --dither-strength 0",
    "-k 20 --smaller 1",
    "-k 20 --smaller 2 --dither none",
    "-k 20 --smaller 3 --effort fast --dither-strength .4",
    "-k 20 --lossy 30",
    "-k 9 --keep-order",
    "-k 9 --strip",
    "-k 9 --keep-metadata",
    "-k 9 --keep-profile",
    "-k 9 --alpha flatten:#ff8800",
    "-k 9 --fixed ff8800",
    "-k 9 --saliency",
    "-k 9 --posterize 3",
    "-k 60 --psnr 18",
    "--quality 20-60",
    "--max-bytes 400",
    "-k 7 --shared-palette",
    "-k 9 --first-frame",
    "-k 9 --allow-truncated",
    "-k 9 --skip-if-larger",
    "-k 9 --skip-if-larger --skips-ok",
    "-k 9 -q",
    "-k 9 --json -j 1",
    "-k 9 --dry-run",
    "-k 9 --format gif",
    "-k 9 --format png",
    "-k 9 -j 3 --preserve",
    "-k 9 --verbose",
    "-s 10 --nofs",
    "--speed 3",
    "--floyd",
    "--floyd=.3",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_it_is_the_same_for_all_options(options: str, outcome: Any) -> None:
    args = ["quantize", *options.split(), "--out-dir", "few", *ALL, "missing.png"]
    short, long = (outcome(args, long=long) for long in (False, True))
    assert short == long
    assert "--dry-run" in options or len(short[3]) > len(ALL) // 3


@pytest.mark.parametrize("name", ALL)
def test_it_is_the_same_from_stdin(name: str, outcome: Any) -> None:
    for args in (["quantize", "-", "-k", "5"], ["4", "-"], ["quantize", "-", "-o", "x.gif"]):
        short, long = (outcome([*args, f"<{name}"], long=long) for long in (False, True))
        assert short == long


@pytest.mark.parametrize(
    "line",
    [
        "quantize rgb.png",
        "quantize rgb.png -o x.png",
        "quantize rgb.png -o few/",
        "quantize rgb.png -o - -k 3",
        "quantize rgb.png -o x",
        "quantize rgb.png -o x.gif",
        "quantize rgb.png -o rgb.png",
        "quantize rgb.png -o rgb.png -f",
        "quantize -f --ext .png rgb.png noise.png one.png",
        "quantize -f --ext .png --even-if-larger one.png",
        "quantize --ext=-small.png 8 rgb.png",
        "quantize --skip-existing rgb.png -o noise.png",
        "quantize -k 5 *.png",
        "quantize -k 5 .",
        "quantize -r -k 5 . --out-dir few",
        "quantize -- rgb.png",
        "rgb.png",
        "16 rgb.png noise.png",
        "--nofs -v 16 rgb.png -o x.png",
        "--ext -few.png --force --speed 10 rgb.png",
        "--quality 10-100 4 -o - rgb.png",
        "--quality 90-100 4 -o - noise.png",
        "--skip-if-larger -o - one.png",
        "./rgb.png --floyd=0.5",
        "rgb.png photo.jpg",
        "photo.jpg -s 11",
    ],
)
def test_it_is_the_same_for_all_ways_to_name_results(line: str, outcome: Any) -> None:
    short, long = (outcome(line.split(), long=long) for long in (False, True))
    assert short == long


#: What is wrong, or only click knows.
MISTAKES = [
    "quantize",
    "quantize -k",
    "quantize rgb.png -k 0",
    "quantize rgb.png -k 257",
    "quantize rgb.png -k sixteen",
    "quantize rgb.png -k=9",
    "quantize rgb.png --colours 9",
    "quantize rgb.png --eff fast",
    "quantize rgb.png --effort max",
    "quantize rgb.png --space LAB",
    "quantize rgb.png --format PNG",
    "quantize rgb.png --format jpg",
    "quantize rgb.png --dither ordered",
    "quantize rgb.png --dither-strength 2 --dither bayer",
    "quantize rgb.png --dither-strength nan",
    "quantize rgb.png --dither-strength .5",
    "quantize rgb.png --smaller 4",
    "quantize rgb.png --smaller 1 --lossy 9",
    "quantize rgb.png --smaller 1 --dither bayer",
    "quantize rgb.png --seed -1",
    "quantize rgb.png --threads 0",
    "quantize rgb.png --jobs 0",
    "quantize rgb.png --alpha drop",
    "quantize rgb.png --fixed reddish",
    "quantize rgb.png --fixed f00,f00 -k 1",
    "quantize rgb.png --delta-e 3",
    "quantize rgb.png --looks 101",
    "quantize rgb.png --psnr 30 --looks 50",
    "quantize rgb.png --max-bytes x",
    "quantize rgb.png --posterize 3 --keep-profile",
    "quantize rgb.png --least-fps 3",
    "quantize rgb.png --fps 3",
    "quantize rgb.png --speed 1.5",
    "quantize rgb.png --speed 12",
    "quantize rgb.png --quiet=yes",
    "quantize rgb.png -qv",
    "quantize rgb.png --out",
    "quantize rgb.png -o x.jpg",
    "quantize rgb.png -o",
    "quantize rgb.png --ext .jpg",
    "quantize rgb.png --ext a/b.png",
    "quantize rgb.png -o none/x.png",
    "quantize rgb.png --out-dir rgb.png/x",
    "quantize rgb.png --out-dir x -o y",
    "quantize rgb.png noise.png -o x.png",
    "quantize rgb.png - -k 4",
    "quantize rgb.png photo.jpg -o -",
    "quantize rgb.png rgb.jpg",
    "quantize rgb.png --skip-if-larger --even-if-larger",
    "quantize rgb.png --json -o -",
    "quantize rgb.png --map none.gpl",
    "quantize rgb.png --map rgb.png -k 3",
    "quantize rgb.png --scheduler nowhere",
    "quantize 300 rgb.png",
    "quantize 16 rgb.png -k 16",
    "quantize missing.png",
    "quantize /dev/null",
    "quantize -x.png",
    "quantize rgb.png --effor fast",
    "quantize https://example.com/rgb.png",
    "quantize missing.tif",
    "quantize cut.png",
    "quantize cut*.jpg",
    "quantize empty.png",
    "quantize words.jpg",
    "quantize damaged.png",
    "quantize .",
    "quantize none/*.png",
    "quantize rgb.png --help",
    "quantize --help-all",
    "quantise rgb.png",
    "--nofs --floyd rgb.png",
    "quantize --floyd=.3 --ordered rgb.png",
    "--speed 12 rgb.png",
    "--quality 80-20 rgb.png",
    "1 rgb.png",
    "missing.png",
    "words.jpg",
    "--ext .png rgb.png",
    "--help",
    "",
]


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_told_alike(line: str, outcome: Any) -> None:
    short, long = (outcome(line.split(), long=long) for long in (False, True))
    assert short == long


#: What options take that are neither flags nor choices, by the names of their fields.
TEXTS = {
    "k": "9", "fixed": "f80", "weights": "map.png", "least_fps": "4", "alpha": "flatten:#fff",
    "looks": "70", "psnr": "30.5", "quality": "60-", "max_bytes": "5k", "dither_strength": ".25",
    "smaller": "1.5", "lossy": "30", "seed": "0012", "out": "-x", "ext": "-fs8.png", "out_dir": "d",
    "jobs": "3", "fps": "12", "width": "9", "height": "8", "crop": "4x4+1+1", "start": "1:02.5",
    "end": "7", "loop": "0", "max_pixels": "5M", "speed": "3", "threads": "2",
    "pngquant_speed": "4", "floyd": "0.5", "map": "x.gpl", "posterize": "2",
}  # fmt: skip
#: What is for click alone.
RARE = {"delta_e", "scheduler", "memory_limit"}


@pytest.mark.parametrize(
    "name", [name for kind in quantizing.GROUPS.values() for name, _ in declared(kind)]
)
def test_each_option_is_read_as_click_reads_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    option = next(
        option
        for kind in quantizing.GROUPS.values()
        for field, option in declared(kind)
        if field == name
    )
    seen: list[Any] = []
    monkeypatch.setattr(
        quantizing, "quantize", lambda photos, **groups: seen.append(([*photos], groups)) or 0
    )
    typed = [typed for names in option.names for typed in names.split("/")]
    values = option.how.get("choices") or ([TEXTS[name]] if name in TEXTS else [None])
    for option_name in typed:
        for value in values:
            forms = [[option_name]] if value is None else [[option_name, value]]
            if value is not None:
                forms.append(
                    [f"{option_name}={value}" if option_name[1] == "-" else option_name + value]
                )
            for given in forms:
                args = ["quantize", "a.png", *given, "b.png"]
                asked = reading.read(args)
                if name in RARE:
                    assert asked is None
                    continue
                assert asked is not None
                with monkeypatch.context() as patch:
                    patch.setattr(reading, "read", lambda _: None)
                    assert cli.run(args) == 0
                assert seen.pop() == (asked.photos, asked.groups)


def imported(*args: str) -> set[str]:
    """Return the modules that a command line imports, besides those of Python's own start."""
    code = "import sys; before = {*sys.modules}; from kpalette import cli; "
    code += "cli.run(sys.argv[1:]); print(*({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True)
    assert "kpalette: " not in done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "line",
    [
        "quantize rgb.png -o x.png -k 16",
        "quantize rgba.png grey.png indexed.png -j 1 --out-dir few --dither floyd-steinberg",
        "quantize -f --ext .png noise.png --effort fast --space srgb -q --seed 3 --threads 2",
        "quantize rgb.png --smaller 1 -o x.png",
        "16 --ext -few.png rgb.png",
        "quantize rgb.png --skip-existing -o x.png",
    ],
)
def test_a_plain_run_imports_little(line: str, here: Path) -> None:
    loaded = imported(*line.split())
    assert loaded & HEAVY == set()
    assert {"kpalette.still", "kpalette.cli.convert"} <= loaded


def test_several_photos_at_once_import_little_more(here: Path) -> None:
    loaded = imported("quantize", "rgb.png", "noise.png", "-j", "2")
    assert loaded & {"numpy", "click", "typing", "re", "logging", "concurrent.futures"} == set()
    assert "threading" in loaded


def test_a_plain_jpeg_needs_no_numpy(here: Path) -> None:
    loaded = imported("quantize", "photo.jpg", "-o", "x.png")
    assert "PIL.JpegImagePlugin" in loaded
    assert loaded & {"numpy", "click", "matplotlib", "dataclasses", "PIL.PngImagePlugin"} == set()
