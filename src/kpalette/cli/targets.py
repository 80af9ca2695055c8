"""Targets instead of k, on the command line: the fewest colours that reach them."""

from __future__ import annotations

from kpalette.cli.exits import NOT_REACHED, Skipped
from kpalette.cli.groups import Targets
from kpalette.cli.options import exclusive
from kpalette.record import Record
from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Made = TypeVar("Made")

#: The name of the target that is not a quality.
MAX_BYTES = "max_bytes"


class Target(Record):
    """A measure, how much of it there shall be, and how little if K colours are too few for that.

    No `worst` is any.
    """

    name: str
    best: float
    worst: float | None
    suffix: str  # what names of results end in
    asked: str  # the option that asks for it


def target_of(targets: Targets) -> Target | None:
    """Return the one that is asked for, if any."""
    asked = [name for name, value in targets.as_dict().items() if value is not None]
    if len(asked) > 1:
        raise exclusive(*("--" + name.replace("_", "-") for name in asked))
    if not asked:
        return None
    if targets.max_bytes is not None:
        most = float(targets.max_bytes)
        return Target(MAX_BYTES, most, most, f"-max-{targets.max_bytes}", MAX_BYTES)
    if targets.quality is None:
        value = getattr(targets, asked[0])
        return Target(asked[0], value, value, f"-{asked[0].replace('_', '-')}-{value:g}", asked[0])
    from kpalette.quality import pngquant_looks

    least, most = targets.quality
    worst, best = pngquant_looks(least, most)
    suffix = f"-quality-{least}-{most}"
    return Target("looks", best, worst if least else None, suffix, "quality")


def fewest(make: Callable[[dict[str, float] | None], Made], target: Target, k: int) -> Made:
    """Make what has the fewest colours that are good enough.

    Parameters
    ----------
    make : function
        From a quality, as :func:`kpalette.quantize` takes it, or None, with up to k colours.

    Raises
    ------
    Skipped
        If k are too few.
    """
    from kpalette import QualityNotReached

    try:
        return make({target.name: target.best})
    except QualityNotReached as error:
        if target.worst is not None and error.reached < target.worst:
            raise Skipped(
                NOT_REACHED,
                f"skipped: expected {target.name} {target.worst:.4g}, reached "
                f"{error.reached:.4g} with {counted(k, 'colour')}",
            ) from None
    return make(None)


def within(make: Callable[[], Made], advice: str = "") -> Made:
    """Make what has few bytes enough; say what else could help if there is none.

    Raises
    ------
    Skipped
        If nothing has so few.
    """
    from kpalette import BytesNotReached

    try:
        return make()
    except BytesNotReached as error:
        raise Skipped(
            NOT_REACHED,
            f"skipped: expected at most {counted(error.max_bytes, 'byte')}, reached "
            f"{error.reached:,} with {counted(error.k, 'colour')}{advice}",
        ) from None
