"""What is too large for one image in memory, or one machine: by Dask, tile by tile."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kpalette.cli import jobs, streams
from kpalette.cli.exits import (
    EXISTS,
    UNAVAILABLE,
    UNREADABLE,
    UNWRITABLE,
    USAGE,
    Failed,
    counted,
    say,
)
from kpalette.cli.options import LARGE, MAX_THREADS, Command, Given, added

if TYPE_CHECKING:
    from kpalette import ColorHistogram

#: Bytes that a run needs besides its tiles, and for each byte of a tile at work. Measured: see
#: docs/scale.md.
BASE = 860_000_000
PER_BYTE = 12
#: Tiles of less than a megapixel take longer to hand round than to count.
LEAST = 3 << 20
MOST = 3 << 24
LEAST_LIMIT = (BASE + LEAST * PER_BYTE) // 10**7 * 10**7

ENDINGS = (".zarr", ".tif", ".tiff")
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
UNITS |= {f"{name}i": 2 ** (10 * n) for n, name in enumerate("kmgt", 1)}

#: What quantize and palette take for large images; other options are refused.
QUANTIZE = {"photos", "k", "out", "space", "effort", "seed", "fixed", "alpha", "dither", "map"}
QUANTIZE |= {"dither_strength", "jobs", "force", "quiet", "as_json", "scheduler", "memory_limit"}
QUANTIZE |= {"missing"}


def size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Check an option that takes a number of bytes."""
    if value is None:
        return None
    pattern = r"(\d{1,20}(?:\.\d{1,20})?)\s*([kmgt]?i?)b?"
    found = re.fullmatch(pattern, value.strip().lower(), re.ASCII)
    if found is None or found[2] not in UNITS:
        raise click.BadParameter(f"expected a size such as 4GB or 500MiB, got {value!r}")
    bytes_ = int(float(found[1]) * UNITS[found[2]])
    if bytes_ < LEAST_LIMIT:
        raise click.BadParameter(f"expected at least {LEAST_LIMIT // 10**6}MB, got {value}")
    return bytes_


def large_options(command: Command) -> Command:
    """Add the options for what Dask does."""
    options: list[Given] = [
        (
            ("--scheduler",),
            {
                "metavar": "WHERE",
                "help": "Where to count and map tiles: threads, processes, or the address of a "
                "Dask cluster, such as tcp://host:8786, whose workers see the same files.  "
                "[default: threads]",
            },
        ),
        (
            ("--memory-limit",),
            {
                "callback": size,
                "metavar": "SIZE",
                "help": "Take tiles so small that SIZE, such as 2GB, is enough for this process; "
                f"at least {LEAST_LIMIT // 10**6}MB.",
            },
        ),
        (
            ("--missing",),
            {
                "type": click.Choice(["error", "fill"]),
                "default": "error",
                "help": "What to do where a Zarr array or a TIFF lacks chunks: end, or take its "
                "fill value.  [default: error]",
            },
        ),
    ]
    return added(command, LARGE, options)


def is_asked_for(photos: Sequence[str], out: str | None, given: dict[str, Any]) -> bool:
    """Tell whether a command line is for Dask: by its options, or by what it reads or writes."""
    return (
        given["scheduler"] is not None
        or given["memory_limit"] is not None
        or is_zarr(out or "")
        or any(is_zarr(photo) or "://" in photo for photo in photos)
        or (len(photos) == 1 and is_large_tiff(photos[0]))
    )


def is_zarr(name: str) -> bool:
    """Tell whether a name is that of a Zarr group."""
    return name.rstrip("/").lower().endswith(".zarr")


def is_large_tiff(name: str) -> bool:
    """Tell whether a file is a TIFF with more pixels than are decoded at once."""
    if not name.lower().endswith(ENDINGS[1:]) or not os.path.isfile(name):
        return False
    from kpalette.files.errors import ImageReadError, TooLargeError
    from kpalette.files.formats import open_image

    try:
        with open_image(name):
            return False
    except TooLargeError:
        return True
    except (OSError, ImageReadError):
        return False  # which reading tells


def refuse_others(known: set[str]) -> None:
    """Refuse options that were given and that large images do not have."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is ParameterSource.COMMANDLINE and name not in known:
            raise click.UsageError(
                f"{parameter.opts[0]}: not for what is done in tiles (see 'Large images')"
            )


@contextmanager
def tiles(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Make ready for Dask: give the options that all its functions take, and turn errors over."""
    try:
        import dask

        from kpalette import distributed
        from kpalette.distributed import running
    except ImportError as error:
        raise Failed(USAGE, str(error)) from None
    scheduler = given["scheduler"] or "threads"
    try:
        running.check_scheduler(scheduler)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None
    workers, _ = jobs.share_out(MAX_THREADS, given.get("jobs"), 1)
    bar = not given["quiet"] and os.isatty(2)
    options = {"scheduler": scheduler, "progress": bar, "missing": given["missing"]}
    if given["memory_limit"] is not None:
        room = (given["memory_limit"] - BASE) // PER_BYTE
        workers = max(1, min(workers, room // LEAST))
        options["chunks"] = f"{min(room // workers, MOST)}B"
    with ExitStack() as stack:
        # What is said of an error besides it; by asyncio, at the very end, of Zarr's other readers.
        logging.disable()
        stack.callback(logging.disable, logging.NOTSET)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        stack.enter_context(dask.config.set(num_workers=workers))
        try:
            if scheduler not in running.LOCAL:  # before anything is written
                options["scheduler"] = stack.enter_context(running.connected(scheduler))
            yield options
        except distributed.SchedulerLostError as error:
            raise Failed(UNAVAILABLE, str(error)) from None
        except FileExistsError as error:
            raise Failed(EXISTS, f"{error.filename} exists; -f replaces it") from None
        except OSError as error:
            code = UNWRITABLE if isinstance(error, distributed.OutputError) else UNREADABLE
            where = f"{error.filename}: " if error.filename else ""
            raise Failed(code, f"{where}{error.strerror or error}") from None
        except (TypeError, ValueError, OverflowError, distributed.TileError) as error:
            raise Failed(UNREADABLE, str(error).removeprefix("source: ")) from None


def quantize(
    photos: Sequence[str], k: int, dithering: tuple[str | None, float], given: dict[str, Any]
) -> int:
    """Quantize one image in tiles; `dithering` is its name and its strength."""
    import shutil

    dither, strength = dithering
    refuse_others(QUANTIZE)
    if len(photos) != 1 or photos[0] == "-":
        raise click.UsageError(f"expected one large image by its name, got {len(photos)} photos")
    photo = photos[0]
    if os.path.isdir(photo) and not is_zarr(photo):
        raise Failed(UNREADABLE, f"{photo}: cannot be read: Is a directory, whose name is no .zarr")
    if "://" in photo and not given["out"]:
        raise click.UsageError("expected -o, where the picture goes, as the photo is a URL")
    out = given["out"] or f"{os.path.splitext(photo.rstrip('/'))[0]}-{k}.zarr"
    if not out.rstrip("/").lower().endswith(ENDINGS):
        raise click.UsageError(
            f"-o: expected a name that ends in '.zarr', '.tif' or '.tiff', got {out!r}"
        )
    options = {name: given[name] for name in ("space", "effort", "seed", "fixed", "alpha")}
    options |= {"dither": dither, "dither_strength": strength}
    if given["map"] is not None:
        from kpalette.cli.remap import load

        options["palette"] = load(given["map"], "--map")
    _check_free(out, photo, given["force"])
    counts = f"{out}.counts"
    start = time.perf_counter()
    with tiles(given) as where:
        from kpalette import distributed
        from kpalette.distributed import checkpoints

        if where["progress"]:
            say("count and fit")
        try:
            found = distributed.quantize(photo, k, checkpoint=counts, **options, **where)
        except distributed.CheckpointError:  # of what the photo was before, or of another
            if not os.path.exists(os.path.join(counts, checkpoints.RECORD)):
                raise
            shutil.rmtree(counts)
            found = distributed.quantize(photo, k, checkpoint=counts, **options, **where)
        if where["progress"]:
            say("map")
        found.save(out, overwrite=given["force"], progress=where["progress"])
    shutil.rmtree(counts, ignore_errors=True)
    seconds = time.perf_counter() - start
    height, width = found.indices.shape
    colors = len(found.palette)
    if given["as_json"]:
        figures = {"input": photo, "output": out, "code": 0, "error": None, "skipped": False}
        figures |= {"width": width, "height": height, "colors": colors, "seconds": seconds}
        mse = None if dither else found.mse
        figures |= {"n_distinct": found.n_distinct, "n_iter": found.n_iter, "mse": mse}
        streams.print_result(json.dumps(figures))
    if not given["quiet"]:
        speed = width * height / seconds / 1e6
        before = f"{counted(found.n_distinct, 'colour')} to " if found.n_distinct else ""
        error = ""
        if not dither and found.mse:
            error = f"; MSE {found.mse:.2f}, PSNR {found.psnr:.2f} dB"
        say(
            f"{photo}: {width}×{height}, {before}{colors} in {seconds:.1f} s "
            f"({speed:.1f} MP/s){error}; {out}"
        )
    return 0


def _check_free(out: str, photo: str, force: bool) -> None:
    """Refuse, before any work, to write where nothing can be, or something would be lost."""
    folder = os.path.dirname(os.path.abspath(out))
    if not os.path.isdir(folder):
        raise Failed(UNWRITABLE, f"{out} cannot be written: there is no directory {folder}")
    if not os.path.lexists(out):
        return
    if os.path.realpath(out) == os.path.realpath(photo):
        raise Failed(EXISTS, f"{out} is the input")
    if not force:
        raise Failed(EXISTS, f"{out} exists; -f replaces it")
    marks = [os.path.join(out, name) for name in ("zarr.json", ".zgroup", ".zarray")]
    if os.path.isdir(out) and not (is_zarr(out) and any(map(os.path.exists, marks))):
        raise Failed(UNWRITABLE, f"{out} cannot be written: it is a directory, and no Zarr group")


def histogram(
    photos: Sequence[str], checkpoint: str | None, given: dict[str, Any]
) -> ColorHistogram:
    """Count the colours of photos, or of one large image, together."""
    with tiles(given) as where:
        from kpalette import distributed

        if len(photos) > 1 or not photos[0].rstrip("/").lower().endswith(ENDINGS):
            where.pop("chunks", None)  # photos are not cut
        source = photos[0] if len(photos) == 1 else list(photos)
        found: ColorHistogram = distributed.histogram(source, checkpoint=checkpoint, **where)
        return found
