"""What is often typed in place of an option or a photo, and the words that correct it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import takewhile
from typing import Any, Literal

import click

from kpalette.cli.exits import UNREADABLE, Failed
from kpalette.cli.inputs import is_pattern
from kpalette.cli.tiled import without_end
from kpalette.urls import is_url

#: What other programs, and guesses, call an option of ours; what to type instead.
OTHER_NAMES = {
    "-k": (
        "use -k, as in -k 16",
        "-c -n --c --n --k --color --colors --colour --colours --count --max-colors --max-colours "
        "--n-clusters --n-colors --n-colours --ncolors --ncolours --num-colors --num-colours "
        "--number-of-colors --number-of-colours --palette-size",
    ),
    "-o": (
        "use -o",
        "--output --outfile --out-file --output-file --save --save-as --dest --destination",
    ),
    "--out-dir": (
        "use --out-dir",
        "--dir --directory --folder --outdir --output-dir --output-directory --output-folder",
    ),
    "--max-bytes": (
        "use --max-bytes, as in --max-bytes 50k",
        "--bytes --filesize --file-size --kb --max-file-size --max-filesize --max-kb --max-size "
        "--size --target-size",
    ),
    "--smaller": (
        "use --smaller, as in --smaller 1",
        "-z --compress --compression --compression-level --level --minify --small",
    ),
    "--no-dither": ("use --dither none", "--no-dither --no-dithering --nodither"),
    "--dither": (
        "use --dither, as in --dither spatial",
        "-d --diffusion --dithering --dither-method --dither-mode",
    ),
    "--force": ("use --force", "-y --overwrite --replace --yes"),
    "--recursive": ("use --recursive", "-R --recurse --subfolders"),
    "--quiet": ("use --quiet", "--silent"),
    "--jobs": ("use --jobs, as in --jobs 4", "--parallel --processes --workers"),
    "--ext": ("use --ext, as in --ext=-small.png", "--extension --suffix"),
    "--format": ("use --format", "--output-format --type"),
    "--fps": ("use --fps, as in --fps 12", "--frame-rate --framerate --rate --delay"),
    "--from": ("use --from, as in --from 1.5", "--start --ss --seek"),
    "--to": ("use --to, as in --to 4.5", "--end --duration --stop"),
    "--width": ("use --width, as in --width 480", "-W --resize --scale"),
    "--bounce": ("use --bounce", "--boomerang --ping-pong --reverse"),
    "--fixed": ("use --fixed, as in --fixed '#ff8800'", "--fixed-colors --keep-color --lock"),
}

#: What a downloader gives.
_WEB = re.compile(r"(https?|ftp)://", re.IGNORECASE)
_TILED = (".zarr", ".tif", ".tiff")


def correction(name: str, command: click.Command) -> str | None:
    """Return what to type in place of an option that a command does not have, if that is known."""
    known = {name for parameter in command.params for name in parameter.opts}
    for ours, (advice, others) in OTHER_NAMES.items():
        option = "--dither" if ours == "--no-dither" else ours
        if option in known and name in others.split():
            return advice
    return None


def file_named(name: str, args: Sequence[str]) -> str | None:
    """Return how to name the file that was taken for an option, if there is one."""
    for arg in takewhile("--".__ne__, args):
        if arg.startswith(name) and os.path.isfile(arg):
            return f"the file is {quoted(f'./{arg}')}"
    return None


def likely(error: click.NoSuchOption) -> str:
    """Return the options that may be meant, as a question; nothing if none is like it."""
    names = sorted(error.possibilities or ())
    if not names:
        return ""
    listed = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"did you mean {listed}?"


class PhotoPath(click.Path):
    """The name of a photo; a URL that the command cannot read is answered with what to do.

    Parameters
    ----------
    urls : {"none", "tiles", "all"}
        Which URLs the command reads, by Dask and fsspec: those of images in tiles, or of all.
    """

    def __init__(self, urls: Literal["none", "tiles", "all"] = "none") -> None:
        super().__init__(readable=False)
        self.urls = urls

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name."""
        name = os.fsdecode(value)
        if is_url(name) and not self._reads(name) and not os.path.exists(name):
            how = "copy it to this machine first"
            if _WEB.match(name):
                command = ctx.command.name if ctx is not None else None
                how = f"download it first: curl -L {quoted(name)} | kpalette {command} - …"
            raise click.UsageError(f"expected a file, got a URL; {how}", ctx)
        if os.name == "nt" and not is_url(name) and not is_pattern(name):
            from kpalette.files.windows_names import why_refused

            if why := why_refused(name):  # such as a device, which would wait for someone to type
                raise Failed(UNREADABLE, f"{name}: cannot be read: {why}")
        return super().convert(value, param, ctx)

    def _reads(self, url: str) -> bool:
        """Return whether the command reads a URL; for most of the web it needs aiohttp."""
        if self.urls == "none":
            return False
        if without_end(url).lower().endswith(_TILED) or not _WEB.match(url):
            return True
        return self.urls == "all" and find_spec("aiohttp") is not None


def quoted(name: str) -> str:
    """Return a name as a shell takes it: those of Windows know no other quotation marks."""
    return shlex.quote(name) if os.name == "posix" else f'"{name}"'


#: Photos of commands that read files alone, of quantize, and of palette.
PHOTO, PHOTO_OR_TILES, PHOTO_ANYWHERE = PhotoPath(), PhotoPath("tiles"), PhotoPath("all")
