"""What is too large for one image in memory, or one machine: by Dask, tile by tile."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kpalette.cli import loading, memory, streams
from kpalette.cli.exits import (
    EXISTS,
    LOCKED,
    NO_MEMORY,
    UNAVAILABLE,
    UNREADABLE,
    UNWRITABLE,
    USAGE,
    Failed,
    Stopped,
    UsageError,
    say,
    sizes,
)
from kpalette.cli.groups import Large, Manners, Output
from kpalette.cli.jobs import share_out
from kpalette.cli.options import LARGE, MAX_K, MAX_THREADS
from kpalette.cli.plan import check_name
from kpalette.cli.tiled import ENDINGS, is_too_large, is_zarr, without_end
from kpalette.files.claims import check_size
from kpalette.files.errors import ImageReadError, TooLargeError
from kpalette.files.formats import open_image, prefix_of
from kpalette.files.header import n_pixels
from kpalette.urls import is_url
from kpalette.words import counted

if TYPE_CHECKING:
    from kpalette import ColorHistogram, Palette
    from kpalette.cli.clips import Clip
    from kpalette.distributed import QuantizedArray

#: What quantize and palette take for large images; other options are refused.
QUANTIZE = {"photos", "k", "out", "space", "effort", "seed", "fixed", "alpha", "dither", "map"}
QUANTIZE |= {"dither_strength", "jobs", "force", "quiet", "as_json", "scheduler", "memory_limit"}
QUANTIZE |= {"missing"}
#: And pngquant's words for them; `quantizing` has made numbers, names and an effort of them.
QUANTIZE |= {"as_pngquant", "nofs", "floyd", "verbose", "no_force", "transbug", "iebug"}
QUANTIZE |= {"pngquant_speed"}


def refuse_others(known: set[str]) -> None:
    """Refuse options that were given and that large images do not have."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is ParameterSource.COMMANDLINE and name not in known:
            line = f"{parameter.opts[0]} does not work for images in tiles"
            raise UsageError(line, section=LARGE)


def _check_installed(photo: str) -> None:
    """Refuse to go on without the packages that tiles need; say how to install them."""
    try:
        from kpalette import distributed  # noqa: F401 - which says what is missing
    except ImportError as error:
        if is_too_large(photo):
            line = f"{photo}: {_why_in_tiles(photo)}; to read it in tiles, {error}"
            raise Failed(UNREADABLE, line) from None
        raise Failed(USAGE, str(error)) from None


def _why_in_tiles(photo: str) -> str:
    try:
        with open_image(photo):
            return "too large to read at once"
    except TooLargeError as error:
        return str(error).partition(";")[0]


@contextmanager
def tiles(
    photo: str, large: Large, *, quiet: bool, jobs: int | None = None, out: str | None = None
) -> Iterator[dict[str, Any]]:
    """Set up Dask: give the options of all its functions, and turn its errors into ours.

    `out` is the place of the picture, if one is written.
    """
    import dask

    from kpalette import distributed
    from kpalette.distributed import locks, running

    scheduler = large.scheduler or "threads"
    try:
        running.check_scheduler(scheduler)
    except ValueError:
        names = ", ".join(name for name in running.LOCAL if name != "synchronous")
        raise UsageError(
            f"--scheduler: expected {names} or the address of a Dask cluster, such as "
            f"tcp://host:8786, got {scheduler!r}"
        ) from None
    workers, _ = share_out(MAX_THREADS, jobs, 1)
    bar = not quiet and os.isatty(2)
    options = {"scheduler": scheduler, "progress": bar, "missing": large.missing}
    most = {}
    if large.memory_limit is not None:
        memory.give_back()
        room = (large.memory_limit - memory.BASE) // memory.PER_BYTE
        workers = max(1, min(workers, room // memory.LEAST))
        options["chunks"] = f"{min(room // workers, memory.MOST)}B"
        most["kpalette.most-colors-with-alpha"] = memory.most_colors(large.memory_limit)
    with ExitStack() as stack:
        # What is said of an error besides it; by asyncio, at the very end, of Zarr's other readers.
        logging.disable()
        stack.callback(logging.disable, logging.NOTSET)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        stack.enter_context(dask.config.set({"num_workers": workers, **most}))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always", distributed.WaitingWarning)
        warnings.simplefilter("once", locks.UnlockedWarning)
        warnings.showwarning = lambda message, *_: say(f"kpalette: {message}")
        try:
            if scheduler not in running.LOCAL:  # before anything is written
                options["scheduler"] = stack.enter_context(running.connected(scheduler))
            elif large.memory_limit is not None and _is_cut(photo):
                workers = _at_once(photo, options, large.memory_limit, workers)
                stack.enter_context(dask.config.set(num_workers=workers))
            yield options
        except distributed.SchedulerLostError as error:
            raise Failed(UNAVAILABLE, str(error)) from None
        except FileExistsError as error:
            raise Failed(EXISTS, f"{error.filename} exists; -f replaces it") from None
        except distributed.LockedError as error:
            name = out if out is not None else error.filename
            raise Failed(LOCKED, f"{name}: {_lowered(str(error.strerror))}") from None
        except OSError as error:
            code = UNWRITABLE if isinstance(error, distributed.OutputError) else UNREADABLE
            where = f"{error.filename}: " if error.filename else ""
            raise Failed(code, f"{where}{error.strerror or error}") from None
        except (TypeError, ValueError, OverflowError, distributed.TileError) as error:
            if most and isinstance(error, OverflowError):
                line = str(error).removeprefix("source: ")
                raise Failed(NO_MEMORY, f"{photo}: {line}, or give more --memory-limit") from None
            line = loading.of_large(str(error).removeprefix("source: "))
            raise Failed(UNREADABLE, line) from None


def quantize(
    photos: Sequence[str],
    k: int,
    options: dict[str, Any],
    *,
    palette_file: str | None,
    output: Output,
    clip: Clip,
    manners: Manners,
    large: Large,
) -> int:
    """Quantize one image in tiles; `options` are those of the library, but for its palette."""
    import shutil

    refuse_others(QUANTIZE if clip.play_speed is not None else QUANTIZE | {"speed"})
    photo = _only(photos)
    out = _target(photo, k, output)
    if palette_file is not None:
        options = {**options, "palette": _palette(palette_file)}
    _check_free(out, photo, manners.force)
    _check_installed(photo)
    _check_room(photo, large.memory_limit)
    start = time.perf_counter()
    with (
        tiles(photo, large, quiet=manners.quiet, jobs=output.jobs, out=out) as where,
        _keeping(out),
    ):
        found, is_resumed = _fitted(photo, k, out, {**options, **where})
        if where["progress"]:
            say("map")
        found.save(out, overwrite=manners.force, progress=where["progress"])
    shutil.rmtree(f"{out}.counts", ignore_errors=True)
    seconds = time.perf_counter() - start
    mse = None if options["dither"] else found.mse
    if output.as_json:
        height, width = found.shape
        figures = {"input": photo, "output": out, "code": 0, "error": None, "skipped": False}
        figures["written"] = True
        figures |= {"width": width, "height": height, "colors": len(found.palette)}
        figures |= {"seconds": seconds, "n_distinct": found.n_distinct, "n_iter": found.n_iter}
        figures["mse"] = mse
        streams.print_result(json.dumps(figures))
    if not manners.quiet:
        say(f"{photo}: {_described(found, seconds, mse, is_resumed)}; {_written(photo, out)}")
        if not output.out:
            why = f"{photo} was done in tiles"
            say(f"kpalette: {out} is a Zarr group: {why}; -o x.tif writes a TIFF")
    return 0


def _only(photos: Sequence[str]) -> str:
    """Return the one image that there is, if it can be one."""
    if len(photos) != 1 or photos[0] == "-":
        raise UsageError(f"expected one large image, got {len(photos)} photos")
    photo = photos[0]
    if os.path.isdir(photo) and not is_zarr(photo):
        why = "it is a directory whose name does not end in .zarr"
        raise Failed(UNREADABLE, f"{photo}: cannot be read: {why}")
    return photo


def _target(photo: str, k: int, output: Output) -> str:
    """Return where the picture goes."""
    if is_url(photo) and not output.out:
        raise UsageError("a photo at a URL needs -o OUT, the place of its picture")
    out = output.out or f"{os.path.splitext(without_end(photo))[0]}-{k}.zarr"
    if not without_end(out).lower().endswith(ENDINGS):
        why = f", as {photo} is too large for other formats" if is_too_large(photo) else ""
        raise UsageError(
            f"-o: expected a name that ends in '.zarr', '.tif' or '.tiff'{why}, got {out!r}"
        )
    return out


def _palette(path: str) -> Palette:
    """Read a palette that an indexed picture has room for."""
    from kpalette.cli.remap import load

    palette = load(path, "--map")
    if len(palette) > MAX_K:  # of which the best for a photo could be told after counting it
        line = f"{path}: expected at most {MAX_K} colours for an image in tiles"
        raise Failed(UNREADABLE, f"{line}, got {len(palette):,}")
    return palette


def _fitted(photo: str, k: int, out: str, options: dict[str, Any]) -> tuple[QuantizedArray, bool]:
    """Count and fit; return the picture, not mapped yet, and whether an earlier run had begun."""
    import shutil

    from kpalette import distributed
    from kpalette.distributed import checkpoints, locks

    counts = f"{out}.counts"
    locks.check_free(f"{os.path.abspath(out)}.part")  # before hours of counting
    is_resumed = _is_begun(out)
    if options["progress"]:
        say("count and fit")
    try:
        return distributed.quantize(photo, k, checkpoint=counts, **options), is_resumed
    except distributed.CheckpointError:  # of what the photo was before, or of another
        if not os.path.exists(os.path.join(counts, checkpoints.RECORD)):
            raise
    shutil.rmtree(counts)
    return distributed.quantize(photo, k, checkpoint=counts, **options), False


def _described(found: QuantizedArray, seconds: float, mse: float | None, is_resumed: bool) -> str:
    height, width = found.shape
    speed = width * height / seconds / 1e6
    before = f"{counted(found.n_distinct, 'colour')} to " if found.n_distinct else ""
    pace = f" ({speed:.1f} MP/s)" if speed >= 0.05 else ""
    error = f"; MSE {mse:.2f}, PSNR {found.psnr:.2f} dB" if mse else ""
    resumed = "; resumed from an earlier run" if is_resumed else ""
    return (
        f"{width}×{height}, {before}{len(found.palette)} in {seconds:.1f} s{pace}{error}{resumed}"
    )


def _written(photo: str, out: str) -> str:
    files = [name for name in (photo, out) if os.path.isfile(name)]  # neither URLs nor Zarr
    return f"{sizes(*map(os.path.getsize, files))} in {out}" if len(files) == 2 else out


def _is_begun(out: str) -> bool:
    """Return whether an earlier run has left tiles that are done."""
    from kpalette.distributed.checkpoints import ENDING

    counts = f"{out}.counts"
    return os.path.isdir(counts) and any(name.endswith(ENDING) for name in os.listdir(counts))


@contextmanager
def _keeping(out: str) -> Iterator[None]:
    """Where the block is stopped, say what stays; remove a folder of counts without any."""
    import shutil

    from kpalette.distributed import checkpoints, locks

    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            if isinstance(error, Stopped) and _is_begun(out):
                say(f"kpalette: what is done stays beside {out}; the same command goes on from it")
            counts = f"{out}.counts"
            empty = {checkpoints.RECORD, locks.LOCK}
            if {*os.listdir(counts)} == empty:
                with locks.locked(counts):  # it may be another run's
                    if {*os.listdir(counts)} == empty:
                        gone = f"{counts}.{os.getpid()}"  # where no worker writes any more
                        os.rename(counts, gone)
                        shutil.rmtree(gone, ignore_errors=True)
        raise


def _lowered(text: str) -> str:
    """Return a sentence as it goes on after a colon."""
    return text[:1].lower() + text[1:]


def _check_free(out: str, photo: str, force: bool) -> None:
    """Refuse, before any work, to write where nothing can be, or something would be lost."""
    check_name(out)
    folder = os.path.dirname(os.path.abspath(out))
    if not os.path.isdir(folder):
        raise Failed(UNWRITABLE, f"{out} cannot be written: there is no directory {folder}")
    if not os.path.lexists(out):
        return
    if os.path.realpath(out) == os.path.realpath(photo):
        raise Failed(EXISTS, f"{out} is the photo itself; -o names another file")
    if not force:
        raise Failed(EXISTS, f"{out} exists; -f replaces it")
    marks = [os.path.join(out, name) for name in ("zarr.json", ".zgroup", ".zarray")]
    if os.path.isdir(out) and not (is_zarr(out) and any(map(os.path.exists, marks))):
        raise Failed(UNWRITABLE, f"{out} cannot be written: it is a directory but no Zarr group")


def histogram(
    photos: Sequence[str], checkpoint: str | None, large: Large, *, quiet: bool
) -> ColorHistogram:
    """Count the colours of photos, or of one large image, together."""
    _check_installed(photos[0])
    for photo in photos:
        _check_room(photo, large.memory_limit)
    with tiles(photos[0], large, quiet=quiet) as where:
        from kpalette import distributed

        if len(photos) > 1 or not _is_cut(photos[0]):
            where.pop("chunks", None)  # photos are not cut
        source = photos[0] if len(photos) == 1 else list(photos)
        found: ColorHistogram = distributed.histogram(source, checkpoint=checkpoint, **where)
        return found


def _check_room(photo: str, limit: int | None) -> None:
    """Refuse, by its header, what is damaged, or decoded as a whole in more memory than it may."""
    if not os.path.isfile(photo):
        return
    try:
        check_size(photo, prefix_of(photo))
    except ImageReadError as error:
        raise Failed(UNREADABLE, f"{photo}: {error}") from None
    except OSError:
        return  # which reading tells
    if limit is None or _is_cut(photo):
        return
    needed = memory.BASE + memory.PER_WHOLE_PIXEL * n_pixels(photo)
    if needed > limit:
        raise Failed(
            NO_MEMORY,
            f"{photo}: decoded as a whole, it takes about {needed / 1e9:.1f} GB, more than "
            f"--memory-limit; TIFF, Zarr and PNG that is not interlaced are read in tiles",
        )


def _at_once(photo: str, options: dict[str, Any], limit: int, workers: int) -> int:
    """Return how many tiles can be at work within the limit, as large as they are stored."""
    from kpalette.distributed.sources import open_image

    array = open_image(photo, options["chunks"], options["missing"]).array
    height, width, *channels = map(max, array.chunks)
    bytes_: int = height * width * array.dtype.itemsize * (*channels, 1)[0] * memory.PER_BYTE
    if memory.BASE + bytes_ > limit:
        raise Failed(
            NO_MEMORY,
            f"{photo}: in tiles of {width}×{height} pixels, as it is stored, it takes about "
            f"{(memory.BASE + bytes_) / 1e9:.1f} GB, more than --memory-limit",
        )
    return max(1, min(workers, (limit - memory.BASE) // bytes_))


def _is_cut(photo: str) -> bool:
    """Return whether a photo is read in tiles, and not as a whole."""
    from kpalette.distributed import pngs, tiffs

    if without_end(photo).lower().endswith(ENDINGS) or tiffs.is_tiff(photo):
        return True
    return os.path.isfile(photo) and pngs.open_path(photo, None) is not None
