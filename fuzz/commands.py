"""Command lines: any of them ends with a documented exit code, and leaves no partial file."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import click
import numpy as np
from PIL import Image

from fuzz.bombs import small_images
from fuzz.checksums import mended_png
from fuzz.choices import Choices
from fuzz.law import expect
from kpalette import ColorHistogram, Palette, files, palette_files
from kpalette.cli import EXIT_CODES, commands, jobs, pngquant, run, streams
from kpalette.cli.exits import INTERNAL

#: Without `serve`, which runs until it is stopped, and `demo`, which takes seconds.
COMMANDS = ["quantize", "palette", "remap", "sweep", "compare", "theme", "completion", ""]
#: Options that start a cluster of processes.
LEFT_OUT = {"--scheduler", "--memory-limit", "--checkpoint"}
INPUTS = ["photo.png", "moving.gif", "given.png", "map.gpl", "brand.hex", "grey.png"]
INPUTS += ["all.histogram", "empty.png", "folder/inner.png", "16", "-dash.png", "none.png", "-"]
INPUTS += ["folder", "*.png", "**", "link.png", "dangling.png", "loop.png", "a[.png"]
OUTPUTS = ["out.png", "out.gif", "out.webp", "out.tiff", "out.bmp", "out.hex", "out.json"]
OUTPUTS += ["missing/out.png", "folder/", "photo.png/", "photo.png"]
OUTPUTS += ["new/", "-small.png", ".png", "-", "link.png", "dangling.png", "loop.png", ""]
OUTPUTS += [f"{'x' * 250}.png", f"{'x' * 300}.png", "a\nb.png", "\udcff.png", ".", "sub/a/"]
NUMBERS = ["0", "1", "2", "16", "256", "257", "-1", "0.5", "nan", "inf", "-inf", "1e999", "٣", "²"]
NUMBERS += ["1" * 5000, "16-80", "-50", "8,16", "2:9:3", "3x2", "9999x9999", "1_0", " 2", "0x2"]
WORDS = ["keep", "flatten:#fff", "flatten:", "#ff8800", "f80,#0000", "none", "srgb", "best", "hue"]
VALUES = [*NUMBERS, *INPUTS, *OUTPUTS, *WORDS]
#: Limits on the size of files, to interrupt writing.
LIMITS = [resource.RLIM_INFINITY] * 6 + [100, 0]
TEMPORARY = re.compile(r"\..*-[0-9a-f]{16}$")


def seeds() -> list[bytes]:
    """Return the bytes of some command lines of each command."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(len(COMMANDS)):
        for length in (0, 8, 24, 48):
            found.append(bytes([number, 0]) + rng.integers(0, 256, length, np.uint8).tobytes())
        # A command line that succeeds: an input, and zeros for all other decisions.
        found.append(bytes([number, 0, 2, 0, 0, 0]))
    return found


def check(data: bytes) -> None:
    """Run a command line in a folder of its own."""
    choices = Choices(data)
    name, limit = choices.one_of(COMMANDS), choices.one_of(LIMITS)
    args = _command_line(choices, name)
    with tempfile.TemporaryDirectory() as root, contextlib.chdir(root):
        os.mkdir("here")
        os.chdir("here")
        _furnish(mended_png(choices.rest()))
        before = _snapshot(root)
        code, said = _run(args, limit, root)
        after = _snapshot(root)
        _wait_for_the_abandoned()
        shown = f"{[arg[:300] for arg in args]} ends with {code}: {said[:2000]}"
        known = {*EXIT_CODES, *pngquant.CODES.values()} - {INTERNAL}
        expect(code in known, f"a code that is not documented: {shown}")
        expect("Traceback" not in said and "internal error" not in said, shown)
        _check_files(before, after, _is_forced(args), shown)


def _command_line(choices: Choices, name: str) -> list[str]:
    options = _options_of(name or "quantize")
    args = [name] if name else []
    for _ in range(choices.number() % 10):
        kind = choices.number() % 8
        if kind < 3:
            args.append(choices.one_of(INPUTS))
        elif kind == 3:
            args.append(_text(choices))
        else:
            names, values, is_flag = choices.one_of(options)
            args.append(choices.one_of(names))
            if not is_flag:
                unlike = choices.number() % 8 == 7
                args.append(_text(choices) if unlike else choices.one_of(values))
    return args


@cache
def _options_of(name: str) -> list[tuple[list[str], Sequence[str], bool]]:
    """Return a command's options: names, some values, and whether each is a flag."""
    found = []
    for option in commands.commands[name].params:
        names = sorted([*option.opts, *option.secondary_opts])
        if isinstance(option, click.Option) and not LEFT_OUT & set(names):
            values = VALUES
            if isinstance(option.type, click.Choice):
                values = [*option.type.choices, "", "other"]
            found.append((names, values, option.is_flag))
    return found or [(["--help"], [], True)]


def _text(choices: Choices) -> str:
    """Return a few characters, without NUL, which cannot be passed, and paths out of the folder."""
    raw = choices.take(choices.number() % 24).replace(b"\0", b"").replace(b"/", b"_")
    return os.fsdecode(raw).replace("..", ".")


def _furnish(given: bytes) -> None:
    """Create the files that command lines name."""
    for name, data in _furniture().items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)
    Path("given.png").write_bytes(given)
    for name, target in (("link", "photo"), ("dangling", "nothing"), ("loop", "loop")):
        os.symlink(f"{target}.png", f"{name}.png")


@cache
def _furniture() -> dict[str, bytes]:
    y, x = np.mgrid[:5, :7]
    pixels = np.dstack([x * 36, y * 60, x * y * 10]).astype(np.uint8)
    photo = files.encode(np.arange(35).reshape(5, 7), pixels.reshape(-1, 3), "png")
    palette = Palette(pixels[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a")
        ColorHistogram.from_image(pixels).save(path)
        histogram = path.read_bytes()
        image = Image.fromarray(pixels)
        image.save(path, "GIF", save_all=True, append_images=[image.rotate(180)])
        moving = path.read_bytes()
        image.convert("L").save(path, "PNG")
        grey = path.read_bytes()
    return {
        **dict.fromkeys(["photo.png", "folder/inner.png", "16", "-dash.png"], photo),
        "moving.gif": moving,
        "grey.png": grey,
        "empty.png": b"",
        "all.histogram": histogram,
        "map.gpl": palette_files.encode(palette, "gpl", "map"),
        "brand.hex": palette_files.encode(palette, "hex", "brand"),
    }


def _run(args: list[str], limit: int, root: str) -> tuple[int, str]:
    """Run the command line with the photo as stdin, and its output in files."""
    printed, said = Path(root, "printed"), Path(root, "said")
    with contextlib.ExitStack() as stack, small_images():
        names = [("photo.png", "rb"), (str(printed), "wb"), (str(said), "wb")]
        opened = [stack.enter_context(open(name, mode)).fileno() for name, mode in names]
        stack.enter_context(_in_place_of_standard(*opened))
        stack.enter_context(files_limited(limit))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # like main
        code = run(args)
    text = said.read_text(errors="replace")
    printed.unlink()
    said.unlink()
    return code, text


def _wait_for_the_abandoned() -> None:
    """Let blocked threads of an interrupted command finish; a real process would end with them."""
    if streams.abandoned:
        for _ in range(streams.WRITERS):
            streams.writers.release()
        for thread in threading.enumerate():
            if thread.name.startswith(jobs.THREADS):
                thread.join()
        streams.abandoned = False


@contextlib.contextmanager
def _in_place_of_standard(*files: int) -> Iterator[None]:
    kept = [os.dup(number) for number in range(3)]
    streams = sys.stdout, sys.stderr
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
        names = {"encoding": "utf-8", "errors": "backslashreplace", "closefd": False}
        with open(1, "w", **names) as out, open(2, "w", **names) as err:
            sys.stdout, sys.stderr = out, err
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    out.flush()
                with contextlib.suppress(OSError):
                    err.flush()
    finally:
        sys.stdout, sys.stderr = streams
        for number, file in enumerate(kept):
            os.dup2(file, number)
            os.close(file)


@contextlib.contextmanager
def files_limited(size: int) -> Iterator[None]:
    """Limit the size of files, so that writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _snapshot(root: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


def _is_forced(args: Sequence[str]) -> bool:
    return any(arg == "--force" or re.match(r"-[^-]*f", arg) for arg in args)


def _check_files(
    before: dict[str, bytes], after: dict[str, bytes], forced: bool, shown: str
) -> None:
    expect(before.keys() <= after.keys(), f"files are gone: {shown}")
    for path in after:
        if before.get(path) == after[path]:
            continue
        expect(forced or path not in before, f"{path} has changed without --force: {shown}")
        expect(not TEMPORARY.match(os.path.basename(path)), f"{path} is left behind: {shown}")
        try:
            _check_whole(path, after[path])
        except Exception as error:
            raise AssertionError(f"{path} is not a complete file: {shown}") from error


def _check_whole(path: str, data: bytes) -> None:
    suffix = os.path.splitext(path)[1][1:].lower()
    ends = {b"%PDF": b"%%EOF", b"<?xm": b"</svg>", b"<svg": b"</svg>"}
    if data.startswith(b"{") and b'"$type"' in data:  # a theme's tokens
        json.loads(data)
    elif suffix in palette_files.FORMATS and suffix != "png":
        palette_files.decode(data, suffix)
    elif data.startswith((b"\x89PNG", b"GIF8", b"RIFF", b"II*", b"BM")):
        for pixels, _ in files.open_frames(Path(path)).walk():
            expect(pixels.size, "pixels")
    elif data[:4] in ends:
        expect(data.rstrip().endswith(ends[data[:4]]), "an end")
    else:  # a format of --format under another suffix
        expect(any(_reads(data, kind) for kind in palette_files.FORMATS), "a palette")


def _reads(data: bytes, kind: str) -> bool:
    try:
        palette_files.decode(data, kind)
    except palette_files.PaletteReadError:
        return False
    return True
