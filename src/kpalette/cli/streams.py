"""Where photos come from and where results go, alike for all commands."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kpalette.cli.exits import EXISTS, MIXED, UNREADABLE, UNWRITABLE, USAGE, Failed, internal, say

if TYPE_CHECKING:
    from kpalette.colors import ByteArray
    from kpalette.quantized import Quantized


def label(photo: str) -> str:
    """Name a photo for people."""
    return "stdin" if photo == "-" else photo


@contextmanager
def telling(photo: str, codes: set[int]) -> Iterator[None]:
    """Say what fails with a photo, and add its code to `codes`."""
    try:
        yield
    except Failed as failure:
        say(f"kpalette: {label(photo)}: {failure}")
        codes.add(failure.code)
    except Exception as error:
        codes.add(internal(error, f"{label(photo)}: "))


def check_instruction_set() -> None:
    """Refuse a KPALETTE_ISA that this machine lacks."""
    from kpalette import _core

    try:
        _core.isa()
    except ValueError as error:
        raise Failed(USAGE, str(error)) from None


def plan(photos: Sequence[str], suffix: str, out: str | None) -> list[str]:
    """Say where the picture made of each photo goes: a file's name, or - for stdout.

    Unless told, photo.jpg goes to photo-suffix.png beside it, and stdin to stdout.
    """
    many = len(photos) > 1
    if many and "-" in photos:
        raise click.UsageError("expected '-' (stdin) to be the only photo")
    names = [_default_name(photo, suffix) for photo in photos]
    if out is None:
        outs = [
            "-" if photo == "-" else os.path.join(os.path.dirname(photo), name)
            for photo, name in zip(photos, names, strict=True)
        ]
    elif out.endswith("/") or os.path.isdir(out):
        try:
            os.makedirs(out, exist_ok=True)
        except OSError as error:
            raise Failed(UNWRITABLE, f"{out} cannot be made: {error.strerror}") from None
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
    if outs == ["-"]:
        check_no_terminal()
    first: dict[str, str] = {}
    for photo, target in zip(photos, outs, strict=True):
        other = first.setdefault(os.path.realpath(target), photo)
        if many and other is not photo:
            raise click.UsageError(f"both {other!r} and {photo!r} would be written to {target!r}")
    return outs


def check_no_terminal() -> None:
    """Refuse to write what is no text to a terminal."""
    if os.isatty(1):
        raise click.UsageError("expected stdout to be a file or a pipe, not a terminal; see -o")


def chart_kind(out: str | None) -> str:
    """Give the format of a chart by its name; anything if there is to be none."""
    kind = os.path.splitext(out or "")[1][1:].lower()
    if out is not None and kind not in ("png", "svg", "pdf"):
        raise click.UsageError(
            f"-o: expected a name that ends in '.png', '.svg' or '.pdf', got {out!r}"
        )
    return kind


def ending(codes: set[int]) -> int:
    """Give the exit code for those of all photos."""
    return codes.pop() if len(codes) == 1 else MIXED if codes else 0


def _default_name(photo: str, suffix: str) -> str:
    stem = "stdin" if photo == "-" else os.path.splitext(os.path.basename(photo))[0]
    return f"{stem}-{suffix}.png"


def check_free(target: str, photos: Sequence[str], force: bool, named: bool) -> None:
    """Refuse, before any work, to write where nothing can be, or something would be lost."""
    if target == "-":
        return
    directory = os.path.dirname(target) or "."
    if not os.path.isdir(directory):
        raise Failed(UNWRITABLE, f"{target} cannot be written: there is no directory {directory}")
    if os.path.isdir(target):
        raise Failed(UNWRITABLE, f"{target} cannot be written: it is a directory")
    if not os.path.isfile(target):
        return
    if not force:
        raise Failed(EXISTS, f"{target} exists; -f replaces it")
    if not named and any(os.path.realpath(target) == os.path.realpath(photo) for photo in photos):
        raise Failed(
            EXISTS, f"{target} is one of the inputs; only a picture that -o names replaces it"
        )


def print_result(text: str) -> None:
    """Print to stdout what a command is for."""
    if sys.stdout is None:
        raise Failed(UNWRITABLE, "stdout cannot be written: it is closed")
    click.echo(text)


def read(photo: str) -> tuple[ByteArray, int]:
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
        raise Failed(UNREADABLE, f"cannot be read: {error.strerror}") from None
    except files.ImageReadError as error:
        raise Failed(UNREADABLE, str(error)) from None


def write(encoded: memoryview | bytes, target: str, force: bool) -> None:
    """Write to stdout or a file, which appears whole or not at all."""
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
        raise Failed(EXISTS, f"{target} exists; -f replaces it") from None
    except OSError as error:
        where = "stdout" if target == "-" else target
        raise Failed(UNWRITABLE, f"{where} cannot be written: {error.strerror}") from None


def write_picture(quantized: Quantized, target: str, force: bool) -> int:
    """Write an indexed PNG; how many bytes it has."""
    encoded = quantized.encode("png")
    write(encoded, target, force)
    return len(encoded)
