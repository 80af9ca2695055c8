"""One photo's way from its file to its picture's, alike for quantize and remap."""

from __future__ import annotations

import io
import os
import stat

from kpalette.cli import loading, streams
from kpalette.cli.exits import (
    EXISTS,
    NOT_SMALLER,
    UNREADABLE,
    Failed,
    Skipped,
    growth,
    sizes,
)
from kpalette.cli.jobs import Result
from kpalette.cli.plan import check_free
from kpalette.files import plain, plain_png
from kpalette.files.atomic import NEW, sweep_beside
from kpalette.record import replace
from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kpalette.cli.plan import Job
    from kpalette.cli.recipe import Made, Recipe

#: An animation of so many bytes is large, and one of so many pixels across large enough.
LARGE, USUAL_WIDTH = 1_000_000, 480


def convert(recipe: Recipe, job: Job) -> Result:
    """Do one photo."""
    if recipe.output.skip_existing and job.target != "-" and os.path.isfile(job.target):
        if os.path.getsize(job.target):
            sweep_beside(job.target)
            raise Skipped(0, f"skipped: {job.target} exists")
        if not recipe.force:  # a power cut has left nothing else of it
            return convert(replace(recipe, force=True), job)
    check_free(job, recipe.taken, recipe.force)
    if recipe.output.dry_run:
        return _foretell(job)
    before = _status(job.source)
    if before is not None and not stat.S_ISREG(before.st_mode):
        before = None
    found: Any = None
    if (before is not None or job.source == "-") and recipe.takes_plain(job):
        found = loading.read_plain(job.source)
        if isinstance(found, bytes):
            photo = plain.read(found, recipe.clip.max_pixels or plain_png.MOST_PIXELS)
            if photo is not None:
                given, bytes_in = [photo], len(found)
                del photo  # nor the file, which are not to be held for nothing
                if not _may_pass_on(recipe, job):
                    found = b""
                return _write(recipe, job, lambda: recipe.of_plain(given), found, bytes_in, before)
            found = io.BytesIO(found)
    return _at_length(recipe, job, found, before)


def _at_length(recipe: Recipe, job: Job, found: Any, before: os.stat_result | None) -> Result:
    """Return the result for any other source; `found` is what was read of it."""
    from kpalette import files

    if found is None:
        found = [*job.frames] or loading.film_of(job.source)
    if isinstance(found, (list, str)) or (found and files.is_film(found)):
        return _write_new(recipe, job, recipe.of_frames(job, found), _size(found), before)
    photo = loading.read(job.source, recipe.allow_truncated, found)
    encoded = photo.encoded
    result = _write(recipe, job, lambda: recipe.of_photo(job, photo), encoded, len(encoded), before)
    remarks = (photo.remark, result.remark)
    return replace(result, remark="; ".join(remark for remark in remarks if remark))


def _may_pass_on(recipe: Recipe, job: Job) -> bool:
    return recipe.pass_on and job.target == "-"


def _foretell(job: Job) -> Result:
    for path in job.frames or [job.source] * (job.source != "-"):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            name = f"{path} " * bool(job.frames)
            raise Failed(UNREADABLE, f"{name}{loading.unreadable(path, error)}") from None
    return Result(job, f"would be written to {('stdout' if job.target == '-' else job.target)}")


def _write(
    recipe: Recipe,
    job: Job,
    make: Callable[[], Made],
    encoded: bytes,
    bytes_in: int,
    before: os.stat_result | None,
) -> Result:
    """Make and write a picture; or, where it is not wanted, perhaps the photo's file itself."""
    try:
        return _write_new(recipe, job, make(), bytes_in, before)
    except Skipped:
        if _may_pass_on(recipe, job):
            streams.write(encoded, "-", recipe.force)
        raise


def _write_new(
    recipe: Recipe, job: Job, made: Made, bytes_in: int, before: os.stat_result | None
) -> Result:
    encoded = made.encoded
    bytes_out = len(encoded)
    if recipe.output.skip_if_larger and bytes_out >= bytes_in:
        raise Skipped(
            NOT_SMALLER,
            f"skipped: {bytes_out:,} bytes, not smaller than the photo's {bytes_in:,}",
        )
    figures = {**made.figures, "bytes_in": bytes_in, "bytes_out": bytes_out}
    # A film, or pictures one by one, take bytes of another kind.
    larger = bytes_out > bytes_in and not made.is_new
    result = Result(job, "", figures=figures, larger=larger, remark=made.remark)
    result = replace(result, is_new=made.is_new)
    if job.named and before and _changed(before, job.source):
        raise Failed(UNREADABLE, "the file changed while it was reduced; nothing was written")
    if larger and job.in_place and not recipe.output.even_if_larger:
        line = (
            f"left as it is: {bytes_in:,} bytes would become {bytes_out:,}, "
            f"{growth(bytes_in, bytes_out)} larger; --even-if-larger replaces it"
        )
        return replace(result, line=line, skipped=True)
    if job.makes_folder:
        streams.make_folder(os.path.dirname(job.target))
    times = (before.st_atime_ns, before.st_mtime_ns) if recipe.output.preserve and before else None
    try:
        streams.write(
            encoded,
            job.target,
            recipe.force,
            times=times,
            mode=_permissions(job),
            one_of_many=True,
        )
    except Failed as failure:
        if recipe.output.skip_existing and failure.code == EXISTS:  # since a moment ago
            raise Skipped(0, f"skipped: {job.target} exists") from None
        raise
    where = "" if job.target == "-" else f" in {job.target}"
    size = counted(bytes_out, "byte") if made.is_new else sizes(bytes_in, bytes_out)
    line = f"{made.line}; {size}{where}{_advice(recipe, made, bytes_in)}"
    return replace(result, line=line, written=True)


def _advice(recipe: Recipe, made: Made, bytes_in: int) -> str:
    """Return what would make a film's animation smaller, if it is large; otherwise nothing."""
    if not made.is_new or len(made.encoded) < max(LARGE, bytes_in):
        return ""
    given = recipe.clip.given
    names = [] if "--fps" in given else ["--fps 12"]
    if made.figures["width"] > USUAL_WIDTH:
        names.append(f"--width {USUAL_WIDTH}")
    return f"; {', '.join([*names, '--lossy 30'])} would make it smaller"


def _size(source: Any) -> int:
    """Return how many bytes files have, or what was spooled."""
    if isinstance(source, (str, list)):
        paths = [source] if isinstance(source, str) else source
        return sum(status.st_size for path in paths if (status := _status(path)))
    return int(source.seek(0, os.SEEK_END))


def _permissions(job: Job) -> int:
    """Return the permissions of a new picture: no one but its owner may do more than with photos.

    Those of pipes are everyone's.
    """
    mode = NEW
    for path in job.frames or [job.source]:
        found = _status(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            mode &= found.st_mode | 0o600
    return mode


def _status(photo: str) -> os.stat_result | None:
    try:
        return os.stat(photo)
    except OSError:  # which reading will tell
        return None


def _changed(before: os.stat_result, photo: str) -> bool:
    now = _status(photo)
    return now is None or (now.st_ino, now.st_size, now.st_mtime_ns) != (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
