"""How pictures are made of photos, alike for all: what quantize and remap hand to each."""

from __future__ import annotations

import io
import os
import time

from kpalette.cli.clips import first_of
from kpalette.cli.exits import UNWRITABLE, USAGE, Failed
from kpalette.cli.moving import format_of
from kpalette.files.names import FORMATS
from kpalette.record import Record, replace
from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from kpalette.cli.clips import Clip
    from kpalette.cli.groups import Output
    from kpalette.cli.loading import Photo
    from kpalette.cli.moving import Animate
    from kpalette.cli.plan import Job
    from kpalette.colors import ByteArray
    from kpalette.files import Frames, Metadata, plain
    from kpalette.quantized import Quantized
    from kpalette.quantized_animation import QuantizedAnimation
    from kpalette.still import Still

#: What is said where a GIF cannot hold what is half-transparent.
HARD = (
    "what is half-transparent becomes opaque or transparent, for GIF; --alpha flatten:#rrggbb lays "
    "it over a colour"
)


class Made(Record):
    """A picture's file, and what to say of it."""

    encoded: bytes
    line: str
    figures: dict[str, Any]
    remark: str = ""
    is_new: bool = False  # whether the file comes of none of a kind like it


class Recipe(Record):
    """What is done with each photo, alike for all.

    Attributes
    ----------
    reduce : function
        From pixels to the picture; or from a file, to keep its profile.
    describe : function
        From the picture to what is said of its colours.
    output : Output
        What is written, as the command line asks for it.
    clip : Clip
        What is done to an animation before.
    kind : str, optional
        The format of the pictures, if it was asked for; otherwise the targets' endings say it.
    animate : function, optional
        Makes few colours of an animation; without it, the first frame is taken.
    alpha : str
        What becomes of transparency, as the command line says it.
    bar : bool
        Whether to show the frames of an animation that are done.
    taken : set of str
        Real paths that are read, which only a target that was named may replace.
    plainly : function, optional
        The same as `reduce`, from a plain photo, without NumPy.
    pass_on : bool
        Whether stdout gets the photo itself where its picture is not wanted, as from pngquant.
    """

    reduce: Callable[[Any], Quantized]
    describe: Callable[[Quantized | Still], str]
    output: Output
    clip: Clip
    kind: str | None = None
    animate: Animate | None = None
    bar: bool = False
    taken: frozenset[str] = frozenset()
    quick: bool = False
    threads: int | None = None
    alpha: str = "keep"
    keep_profile: bool = False
    allow_truncated: bool = False
    force: bool = False
    pass_on: bool = False
    plainly: Callable[[plain.Photo], Still] | None = None

    def takes_plain(self, job: Job) -> bool:
        """Return whether a photo may do without NumPy, and whatever reads other than plain ones."""
        asked = self.clip.given or self.output.strip is False or self.output.optimize
        rare = asked or job.frames or self.plainly is None
        return not rare and self.kind_of(job) == "png"

    def of_plain(self, given: list[plain.Photo]) -> Made:
        """Make a picture of a plain photo, which is taken from the list to free its pixels."""
        reduce = self.plainly
        assert reduce is not None
        besides = {"dpi": None if self.output.strip else given[0].dpi}
        return self._still(reduce, given, "png", besides, is_first=False)

    def of_photo(self, job: Job, photo: Photo) -> Made:
        """Make a picture, or an animation, of a photo that was read."""
        from kpalette import files

        moving = format_of(photo.whole)
        kind = self.kind_of(job, moving)
        whole = io.BytesIO(photo.whole)
        try:
            moves = moving is not None and self.animate is not None and kind in files.ENCODERS
            if self.clip.given and not moves:
                got = "a still picture; -o FILE.gif makes one animation of several"
                if moving is not None:
                    got = "what is to be one picture"
                raise Failed(USAGE, f"expected an animation for {self.clip.given[0]}, got {got}")
            if moves and self.animate is not None:
                frames = self.clip.opened(whole, kind, is_new=False)
                return self._moving(frames, kind, self.animate, self._dpi(photo.whole))
            source = whole if self.keep_profile else photo.pixels
            besides = {"metadata": self._metadata(photo)}
            return self._still(self.reduce, [source], kind, besides, is_first=moving is not None)
        except (ImportError, ValueError) as error:
            raise _as_failure(error) from None

    def of_frames(self, job: Job, found: Any) -> Made:
        """Make an animation of a film, or of files that are its frames."""
        from kpalette import files

        kind = self.kind_of(job, "gif")
        frames = self.clip.opened(found, kind, is_new=True)
        try:
            if self.animate is not None and kind in files.ENCODERS:
                made = self._moving(frames, kind, self.animate, None)
            else:
                pixels = first_of(frames)
                made = self._still(self.reduce, [pixels], kind, {}, is_first=True)
        except (ImportError, ValueError) as error:
            raise _as_failure(error) from None
        return replace(made, is_new=True)

    def kind_of(self, job: Job, moving: str | None = None) -> str:
        """Return the format of a picture; `moving` is that of an animation that it is made of."""
        kind = self.kind or FORMATS.get(os.path.splitext(job.target)[1].lower())
        if kind or moving is None:
            return kind or "png"
        from kpalette import files

        # On stdout, or by a name of any ending, an animation stays what it is.
        return moving if moving in files.ENCODERS else "png"

    def _has_no_room(self, kind: str, pixels: Any) -> bool:
        """Return whether pixels are half-transparent, which is to be kept in what cannot."""
        if kind != "gif" or self.alpha != "keep" or not hasattr(pixels, "shape"):
            return False
        from kpalette.colors import is_soft

        return is_soft(pixels)

    def _still(
        self,
        reduce: Callable[[Any], Quantized | Still],
        given: list[Any],
        kind: str,
        besides: dict[str, Any],
        *,
        is_first: bool,
    ) -> Made:
        """Make the picture, and its file, which holds something besides.

        What it is made of is taken from the list, so that its memory is free for the file.
        """
        start = time.perf_counter()
        remark = ""
        if self._has_no_room(kind, given[0]):
            from kpalette import files

            given, remark = [files.apply_alpha(given.pop(), "threshold")], HARD
        quantized = reduce(given.pop())
        seconds = time.perf_counter() - start
        encoded = quantized.encode(
            kind,
            optimize=self.output.optimize,
            quick=self.quick,
            keep_order=self.output.keep_order,
            **besides,
            threads=self.threads,
        )
        height, width = quantized.indices.shape
        line = (
            f"{width}×{height}{', the first frame' if is_first else ''}, "
            f"{self.describe(quantized)} in {seconds:.3f} s; {_error(quantized)}"
        )
        figures = {
            "width": width,
            "height": height,
            "n_distinct": quantized.n_distinct,
            "k": len(quantized.palette),
            "n_iter": quantized.n_iter,
            "mse": quantized.mse,
            "psnr": quantized.psnr if quantized.mse else None,
            "seconds": seconds,
        }
        return Made(encoded, line, figures, remark)

    def _metadata(self, photo: Photo) -> Metadata:
        from kpalette import files

        if self.output.strip is False:
            return files.read_metadata(io.BytesIO(photo.whole))
        return files.Metadata(dpi=self._dpi(photo.whole))

    def _dpi(self, encoded: bytes) -> tuple[float, float] | None:
        from kpalette import files

        return None if self.output.strip else files.read_dpi(io.BytesIO(encoded))

    def _with_room(self, frames: Frames, kind: str) -> Frames:
        """Return frames such that a format can hold them, which is remarked on."""
        import dataclasses

        from kpalette import files

        def walk() -> Iterator[tuple[ByteArray, int]]:
            for pixels, duration in frames:
                if self._has_no_room(kind, pixels):
                    pixels = files.apply_alpha(pixels, "threshold")
                    if HARD not in frames.remarks:
                        frames.remarks.append(HARD)
                yield pixels, duration

        return dataclasses.replace(frames, walk=walk)

    def _moving(
        self, frames: Frames, kind: str, animate: Animate, dpi: tuple[float, float] | None
    ) -> Made:
        from kpalette.progress import frames_bar

        start = time.perf_counter()
        frames = self._with_room(frames, kind)
        with frames_bar(self.bar, frames.n_frames) as progress:
            animation = animate(frames, kind, progress)
        seconds = time.perf_counter() - start
        few = animation.encode(kind, optimize=self.output.optimize, dpi=dpi)
        width, height = animation.size
        n, k = len(animation.palettes), max(map(len, animation.palettes))
        palettes = f"{n} palettes, each of up to" if n > 1 else "one palette of"
        written = animation.n_changes
        differ = f"{written:,} that differ" if written > 1 else "all alike"
        same = "" if written == len(animation) else f" ({differ})"
        line = (
            f"{width}×{height}, {counted(len(animation), 'frame')}{same}, "
            f"{palettes} {counted(k, 'colour')} in {seconds:.3f} s; {_error(animation)}"
        )
        figures = {
            "width": width,
            "height": height,
            "frames": len(animation),
            "frames_that_differ": written,
            "palette_scope": animation.palette_scope,
            "palettes": n,
            "k": k,
            "mse": animation.mse,
            "psnr": animation.psnr if animation.mse else None,
            "seconds": seconds,
        }
        return Made(few, line, figures, "; ".join(frames.remarks))


def _error(picture: Quantized | Still | QuantizedAnimation) -> str:
    if not picture.mse:
        return "lossless"
    return f"MSE {picture.mse:.2f}, PSNR {picture.psnr:.2f} dB"


def _as_options(message: str) -> str:
    """Put arguments that the library recommends, such as alpha='keep', in the command line's words.

    Examples
    --------
    >>> _as_options("lay it over a colour by alpha='flatten:#ffffff'")
    'lay it over a colour by --alpha flatten:#ffffff'
    """
    import re

    return re.sub(r"""\b(\w+)=(["'])(.*?)\2""", r"--\1 \3", message)


def _as_failure(error: ImportError | ValueError) -> Failed:
    """Return, in the command line's words, why there can be no such file."""
    if isinstance(error, ImportError):
        return Failed(USAGE, str(error))
    return Failed(UNWRITABLE, f"cannot be written: {_as_options(str(error))}")
