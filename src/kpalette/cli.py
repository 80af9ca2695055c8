"""The command line. stdout carries results only; all that is said goes to stderr."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from kpalette import __version__

if TYPE_CHECKING:
    from kpalette.colors import ByteArray

Command: TypeAlias = Callable[..., int]

# NumPy, matplotlib and the algorithms are imported by the commands that need them, so that
# --help is quick.

#: What each exit code means. 15 and 16 are pngquant's.
EXIT_CODES = {
    0: "success",
    1: "several photos failed, for different reasons",
    2: "wrong command line",
    3: "an input cannot be read as an image",
    15: "an output exists already (see --force)",
    16: "an output cannot be written",
    70: "internal error (KPALETTE_DEBUG=1 shows the traceback)",
    130: "interrupted (Ctrl-C)",
    141: "whoever read the output went away",
    143: "terminated",
}
MIXED, USAGE, UNREADABLE, EXISTS, UNWRITABLE, INTERNAL = 1, 2, 3, 15, 16, 70

#: An indexed PNG has room for no more.
MAX_K = 256
MAX_SWEEP_K = 65_536
MAX_THREADS = 256

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


class _Failed(Exception):
    """Something that the user can mend: an exit code and a line that says what it is."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code = code


class _Stopped(BaseException):
    """A signal asks the program to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def main() -> NoReturn:
    """Run the command line and exit."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _stop)
    # End silently when the reader of stdout or stderr has gone. No file is half-written then.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    code = run(sys.argv[1:])
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        # Said already; without this, Python would try once more and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _stop(number: int, _: Any) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # an impatient second one must not disturb cleaning up
    raise _Stopped(number)


def run(args: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    args : sequence of str
        The command line without the program's name.

    Returns
    -------
    int
        One of `EXIT_CODES`.
    """
    try:
        return int(commands.main(list(args), "kpalette", standalone_mode=False) or 0)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "kpalette"
        if command == "kpalette" and args and args[0] in commands.commands:
            command = f"kpalette {args[0]}"
        _say(f"kpalette: {error.format_message().rstrip('.')}; see '{command} --help'")
        return USAGE
    except _Failed as failure:
        _say(f"kpalette: {failure}")
        return failure.code
    except (_Stopped, click.Abort) as stopped:
        number = getattr(stopped, "number", signal.SIGINT)
        _say(f"kpalette: {'terminated' if number == signal.SIGTERM else 'interrupted'}")
        return 128 + number
    except OSError as error:
        # The commands turn those of their files into _Failed: this one comes from stdout.
        _say(f"kpalette: stdout cannot be written: {error.strerror}")
        return UNWRITABLE
    except Exception as error:
        return _internal(error)


def _say(line: str) -> None:
    """Print one line to stderr, whatever a file's name holds."""
    with suppress(OSError):  # there is nowhere else to say that stderr is full
        click.echo("".join(c if c.isprintable() else repr(c)[1:-1] for c in line), err=True)


def _internal(error: Exception, where: str = "") -> int:
    if os.environ.get("KPALETTE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    _say(f"kpalette: {where}internal error: {type(error).__name__}: {error}")
    return INTERNAL


@click.group(
    epilog=EPILOG, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="kpalette", message="%(prog)s %(version)s")
def commands() -> None:
    """Reduce images to their k best colours."""


def _whole(least: int, most: int, shown: str) -> Callable[..., int | None]:
    """Make the check of an option that takes a whole number."""

    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        raise click.BadParameter(f"expected a whole number from {least} to {shown}, got {value!r}")

    return check


def _fit_options(command: Command) -> Command:
    """Add the options of all commands that fit."""
    options = (
        click.option(
            "--space",
            type=click.Choice(["oklab", "srgb", "linear", "lab"]),
            default="oklab",
            show_default=True,
            help="Where colours are compared: as the eye does, or by numbers (srgb: the least "
            "MSE).",
        ),
        click.option(
            "--effort",
            type=click.Choice(["fast", "balanced", "best"]),
            default="balanced",
            show_default=True,
            help="How far to go for a lower error.",
        ),
        click.option(
            "--seed",
            default="0",
            callback=_whole(0, 2**64 - 1, "2**64 - 1"),
            metavar="N",
            help="What random choices start from.  [default: 0]",
        ),
        click.option(
            "--threads",
            callback=_whole(1, MAX_THREADS, str(MAX_THREADS)),
            metavar="N",
            help="The result does not depend on it.  [default: all cores]",
        ),
        click.option("-f", "--force", is_flag=True, help="Replace files that exist."),
        click.option("--quiet", is_flag=True, help="Say nothing unless something fails."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@commands.command(epilog=EPILOG)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True)
@click.option(
    "-k",
    default=str(MAX_K),
    callback=_whole(1, MAX_K, str(MAX_K)),
    metavar="K",
    help=f"How many colours, 1 to {MAX_K}.  [default: {MAX_K}]",
)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="A file, or a directory, or - for stdout. A name that ends in / is a directory, made if "
    "need be.  [default: beside photo.jpg, for 16 colours, photo-16.png; for stdin, stdout]",
)
@_fit_options
def quantize(
    photos: tuple[str, ...],
    k: int,
    out: str | None,
    space: str,
    effort: str,
    seed: int,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> int:
    """Write each PHOTO in its k best colours, as an indexed PNG.

    A PHOTO is any image file that Pillow reads, or - for stdin. One that cannot be done does not
    keep the others from being done. A file is written whole or not at all, never replaced without
    --force, and a PHOTO itself only if OUT names it.
    """
    _check_instruction_set()
    outs = _plan(photos, k, out)
    options = {"space": space, "effort": effort, "seed": seed, "threads": threads}
    codes: set[int] = set()
    for photo, target in zip(photos, outs, strict=True):
        with _telling(photo, codes):
            _check_free(target, photos, force, named=target == out)
            report = _quantize_one(photo, k, target, force, options)
            if not quiet:
                _say(f"{_name(photo)}: {report}")
    return codes.pop() if len(codes) == 1 else MIXED if codes else 0


def _name(photo: str) -> str:
    return "stdin" if photo == "-" else photo


@contextmanager
def _telling(photo: str, codes: set[int]) -> Iterator[None]:
    """Say what fails with a photo, and add its code to `codes`."""
    try:
        yield
    except _Failed as failure:
        _say(f"kpalette: {_name(photo)}: {failure}")
        codes.add(failure.code)
    except Exception as error:
        codes.add(_internal(error, f"{_name(photo)}: "))


def _check_instruction_set() -> None:
    from kpalette import _core

    try:
        _core.isa()
    except ValueError as error:
        raise _Failed(USAGE, str(error)) from None


def _plan(photos: Sequence[str], k: int, out: str | None) -> list[str]:
    """Say where each photo goes: a file's name, or - for stdout."""
    many = len(photos) > 1
    if many and "-" in photos:
        raise click.UsageError("expected '-' (stdin) to be the only photo")
    names = [_default_name(photo, k) for photo in photos]
    if out is None:
        outs = [
            "-" if photo == "-" else os.path.join(os.path.dirname(photo), name)
            for photo, name in zip(photos, names, strict=True)
        ]
    elif out.endswith("/") or os.path.isdir(out):
        try:
            os.makedirs(out, exist_ok=True)
        except OSError as error:
            raise _Failed(UNWRITABLE, f"{out} cannot be made: {error.strerror}") from None
        outs = [os.path.join(out, name) for name in names]
    elif many:
        raise click.UsageError(
            f"-o: expected a directory for {len(photos)} photos, one that exists or a name that "
            f"ends in '/', got {out!r}"
        )
    else:
        special = os.path.exists(out) and not os.path.isfile(out)  # a pipe, a device
        if out != "-" and not special and not out.lower().endswith(".png"):
            raise click.UsageError(
                f"-o: expected a name that ends in '.png', or in '/' for a directory, got {out!r}"
            )
        outs = [out]
    if outs == ["-"] and os.isatty(1):
        raise click.UsageError("expected stdout to be a file or a pipe, not a terminal; see -o")
    first: dict[str, str] = {}
    for photo, target in zip(photos, outs, strict=True):
        other = first.setdefault(os.path.realpath(target), photo)
        if many and other is not photo:
            raise click.UsageError(f"both {other!r} and {photo!r} would be written to {target!r}")
    return outs


def _default_name(photo: str, k: int) -> str:
    stem = "stdin" if photo == "-" else os.path.splitext(os.path.basename(photo))[0]
    return f"{stem}-{k}.png"


def _check_free(target: str, photos: Sequence[str], force: bool, named: bool) -> None:
    """Refuse, before any work, to write where something would be lost."""
    if target == "-" or not os.path.isfile(target):
        return
    if not force:
        raise _Failed(EXISTS, f"{target} exists; -f replaces it")
    if not named and any(os.path.realpath(target) == os.path.realpath(photo) for photo in photos):
        raise _Failed(EXISTS, f"{target} is one of the photos; only -o with its name replaces it")


def _quantize_one(photo: str, k: int, target: str, force: bool, options: dict[str, Any]) -> str:
    """Do one photo and report in one line."""
    from kpalette import files, pipeline

    pixels, bytes_in = _read(photo)
    start = time.perf_counter()
    quantized = pipeline.quantize(pixels, k, **options)
    seconds = time.perf_counter() - start
    encoded = io.BytesIO()
    files.write_png(encoded, quantized.to_pil())
    _write(encoded.getbuffer(), target, force)

    found = quantized.n_distinct
    few = f", fewer than k = {k}: all are kept" if found < k else f" to {k}"
    where = "" if target == "-" else f" in {target}"
    return (
        f"{pixels.shape[1]}×{pixels.shape[0]}, {found:,} colors{few}; "
        f"{quantized.n_iter} passes in {seconds:.3f} s; "
        f"MSE {quantized.mse:.2f}, PSNR {quantized.psnr:.2f} dB; "
        f"{bytes_in:,} to {encoded.tell():,} bytes{where}"
    )


def _read(photo: str) -> tuple[ByteArray, int]:
    """Give a photo's pixels and how many bytes they came in."""
    from kpalette import files

    try:
        if photo == "-":
            with open(0, "rb", closefd=False) as stdin:
                encoded = stdin.read()
            return files.as_pixels(io.BytesIO(encoded)), len(encoded)
        if not os.path.isfile(photo):
            with open(photo, "rb") as stream:  # a pipe can be read only once
                encoded = stream.read()
            return files.as_pixels(io.BytesIO(encoded)), len(encoded)
        return files.as_pixels(photo), os.path.getsize(photo)
    except OSError as error:
        raise _Failed(UNREADABLE, f"cannot be read: {error.strerror}") from None
    except files.ImageReadError as error:
        raise _Failed(UNREADABLE, str(error)) from None


def _write(encoded: memoryview | bytes, target: str, force: bool) -> None:
    from kpalette import files

    try:
        if target == "-":
            # Not by way of sys.stdout, which would try again at exit what has failed.
            with open(1, "wb", closefd=False) as stdout:
                stdout.write(encoded)
        else:
            with files.replacing(target, overwrite=force) as file:
                file.write(encoded)
    except FileExistsError:
        raise _Failed(EXISTS, f"{target} exists; -f replaces it") from None
    except OSError as error:
        where = "stdout" if target == "-" else target
        raise _Failed(UNWRITABLE, f"{where} cannot be written: {error.strerror}") from None


def _ks(context: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    """Read numbers of colours: 16, or 8,16,32, or 2:64:2 with its last."""
    ks: set[int] = set()
    for part in value.split(","):
        # More digits than any k has could take Python long to read.
        match = re.fullmatch(r"(\d{1,5})(?::(\d{1,5})(?::(\d{1,5}))?)?", part, re.ASCII)
        first, last, step = (int(n) if n else None for n in match.groups()) if match else (0, 0, 0)
        last, step = first if last is None else last, 1 if step is None else step
        if not first or not last or not step or not first <= last <= MAX_SWEEP_K:
            raise click.BadParameter(
                f"expected numbers from 1 to {MAX_SWEEP_K} as in 16 or 8,16,32, or a range "
                f"first:last or first:last:step as in 2:64:2, got {value!r}"
            )
        ks.update(range(first, last + 1, step))
    return sorted(ks)


@commands.command(epilog=EPILOG)
@click.argument("photo", metavar="PHOTO")
@click.option(
    "-k",
    "ks",
    default="2:64:2",
    callback=_ks,
    metavar="K",
    help="How many colours: 16, or 8,16,32, or a range FIRST:LAST or FIRST:LAST:STEP, LAST "
    f"included; 1 to {MAX_SWEEP_K}.  [default: 2:64:2]",
)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="Draw the curve into a file whose name ends in .png, .svg or .pdf.",
)
@click.option("--no-png", is_flag=True, help="Leave file sizes out: they take the most time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@_fit_options
def sweep(
    photo: str,
    ks: list[int],
    out: str | None,
    no_png: bool,
    as_json: bool,
    space: str,
    effort: str,
    seed: int,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> int:
    """Show what more colours are worth: error and file size of PHOTO for each K.

    A PHOTO is any image file that Pillow reads, or - for stdin. The table on stdout has mean
    squared error, PSNR, the size of the indexed PNG, passes of k-means, and the time that each K
    took after the one before. The elbow, from where on more colours pay less than before, is a
    good K to start with.

    \b
    Example: look at the curve, then make the picture.
      kpalette sweep photo.jpg -o curve.png
      kpalette quantize photo.jpg -k 12
    """  # noqa: D301
    _check_instruction_set()
    kind = os.path.splitext(out or "")[1][1:].lower()
    if out is not None and kind not in ("png", "svg", "pdf"):
        raise click.UsageError(
            f"-o: expected a name that ends in '.png', '.svg' or '.pdf', got {out!r}"
        )
    codes: set[int] = set()
    with _telling(photo, codes):
        if out is not None:
            _check_free(out, [photo], force, named=True)
        from kpalette import ColorHistogram, curve

        pixels, _ = _read(photo)
        source = ColorHistogram.from_image(pixels, threads=threads) if no_png else pixels
        found = curve.sweep(source, ks, space=space, effort=effort, seed=seed, threads=threads)
        if out is not None:
            _write(found.chart(kind), out, force)
    if codes:
        return codes.pop()
    if as_json:
        click.echo(json.dumps({"photo": photo, **found.to_dict()}, allow_nan=False))
    else:
        click.echo(found.table())
    if not quiet:
        _say(
            f"{_name(photo)}: {pixels.shape[1]}×{pixels.shape[0]}, {found.n_distinct:,} colors; "
            f"k = {ks[0]} to {ks[-1]} in {found.seconds.sum():.3f} s; elbow at k = {found.elbow}"
            + ("" if out is None else f"; curve in {out}")
        )
    return 0


@commands.command("demo", epilog=EPILOG)
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    default="demo",
    show_default=True,
    help="Directory for the pictures, made if need be. Those of an earlier demo are replaced.",
)
def show_demo(out: str) -> int:
    """Quantize a photo that matplotlib brings.

    Writes the photo in 8, 16 and 32 colours, all of them side by side, and its colours in 3-D
    with the centres for k = 16. Prints a table, where time is from array to palette and indices.
    """
    from kpalette import demo

    try:
        photo = demo.load_photo()
    except OSError as error:
        raise _Failed(
            UNREADABLE, f"matplotlib's {demo.PHOTO} cannot be read: {error.strerror}"
        ) from None
    try:
        table = demo.make_pictures(photo, out)
    except OSError as error:
        raise _Failed(
            UNWRITABLE, f"{error.filename or out} cannot be written: {error.strerror}"
        ) from None
    click.echo(table)
    _say(f"pictures: {os.path.join(out, '')}")
    return 0
