"""What quantize and remap have in common: from photos and options to results."""

from __future__ import annotations

import os

from kpalette.cli import jobs as running
from kpalette.cli import streams
from kpalette.cli.convert import convert
from kpalette.cli.exits import UsageError
from kpalette.cli.inputs import gather
from kpalette.cli.memory import most_pixels
from kpalette.cli.moving import ending_of
from kpalette.cli.options import exclusive
from kpalette.cli.plan import Job, Naming, check_name, listed, plan, real_paths
from kpalette.cli.recipe import Recipe
from kpalette.cli.tally import Tally
from kpalette.files.names import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from kpalette.cli.clips import Clip
    from kpalette.cli.economy import Economy
    from kpalette.cli.groups import Manners, Output
    from kpalette.cli.moving import Animate
    from kpalette.files.plain import Photo
    from kpalette.quantized import Quantized
    from kpalette.still import Still

    Reduce = Callable[[Any], Quantized]


class Batch:
    """Photos, and where their pictures go.

    Parameters
    ----------
    photos : sequence of str
        The arguments.
    suffix : str
        ``-16`` makes photo-16.png of photo.jpg.
    output, manners, clip : Output, Manners, Clip
        What the command line asks for.
    frames : sequence of str, optional
        The files that become one animation.
    like_pngquant : bool
        Whether names may have any ending, for PNG files, and all else goes by pngquant's ways.
    """

    def __init__(
        self,
        photos: Sequence[str],
        suffix: str,
        output: Output,
        manners: Manners,
        clip: Clip,
        *,
        frames: Sequence[str] | None = None,
        like_pngquant: bool = False,
    ) -> None:
        self.clip = clip
        self.output, self.manners, self.like_pngquant = output, manners, like_pngquant
        endings = () if like_pngquant or output.format else tuple(FORMATS)
        ending = output.format  # an APNG is a PNG under another name
        self.kind = "png" if ending == "apng" else ending or self._kind(endings)
        keeps = self.kind is None and not like_pngquant and not output.first_frame
        naming = Naming(
            suffix,
            f".{ending or self.kind or 'png'}",
            output.out,
            output.out_dir,
            output.ext,
            endings,
            ending_of if keeps else None,
            like_pngquant=like_pngquant,
        )
        check_name(naming.folder or "")
        if frames is None:
            found = gather(photos, output.recursive, naming.folder, films=not like_pngquant)
            self.jobs = plan(found, naming)
        else:
            together = photos[0] if len(photos) == 1 else f"{frames[0]} to {frames[-1]}"
            self.jobs = [Job(together, output.out or "", named=True, frames=tuple(frames))]
        if output.skip_if_larger and output.even_if_larger:
            raise exclusive("--skip-if-larger", "--even-if-larger")
        if output.as_json and any(job.target == "-" for job in self.jobs):
            raise UsageError(
                "--json and the picture would both go to stdout; write the picture with -o FILE"
            )
        if output.optimize and any(self._is_png(job.target) for job in self.jobs):
            from kpalette.extras import required

            for package in ("oxipng", "zopfli"):
                required(package, "--optimize")
        self.workers, self.threads = running.share_out(len(self.jobs), output.jobs, manners.threads)

    def _is_png(self, target: str) -> bool:
        return (self.kind or FORMATS.get(os.path.splitext(target)[1].lower(), "png")) == "png"

    def _kind(self, endings: Sequence[str]) -> str | None:
        """Return the format by the name that is asked for, if one is."""
        ext, out = self.output.ext, self.output.out
        if ext is not None:
            if endings and not ext.lower().endswith(tuple(endings)):
                raise UsageError(
                    f"--ext: expected an ending such as '-small.png', with {listed(endings)}, "
                    f"got {ext!r}"
                )
            return FORMATS.get("." + ext.lower().rpartition(".")[2], "png")
        named = "" if out is None or os.path.isdir(out) else out.lower()
        return FORMATS.get(os.path.splitext(named)[1])

    def run(
        self,
        reduce: Reduce,
        animate: Animate,
        describe: Callable[[Quantized | Still], str],
        others: Sequence[str] = (),
        *,
        plainly: Callable[[Photo], Still] | None = None,
        quick: bool = False,
        alpha: str = "keep",
        keep_profile: bool = False,
        economy: Economy | None = None,
        smaller: bool = False,
    ) -> int:
        """Do all photos, and return the exit code; `others` are files that are read besides.

        `smaller`: files are to be smaller, which takes memory.
        """
        output, quiet, like_pngquant = self.output, self.manners.quiet, self.like_pngquant
        paths = [path for job in self.jobs for path in job.frames or [job.source]]
        recipe = Recipe(
            reduce=reduce,
            plainly=None if keep_profile else plainly,
            describe=describe,
            kind=self.kind,
            animate=None if output.first_frame else animate,
            clip=self.clip,
            bar=len(self.jobs) == 1 and not quiet and os.isatty(2),
            # pngquant writes over a photo of the same run, once it has its own picture.
            taken=real_paths(others if like_pngquant else [*paths, *others]),
            output=output,
            quick=quick and not output.optimize,
            threads=self.threads,
            alpha=alpha,
            keep_profile=keep_profile,
            allow_truncated=self.manners.allow_truncated,
            force=self.manners.force,
            pass_on=like_pngquant,
        )
        tally = Tally(
            len(self.jobs),
            quiet=quiet,
            as_json=output.as_json,
            skips_count=not output.skips_ok,
            tell_skips=not output.skips_ok and not like_pngquant,
            economy=economy,
        )
        try:
            with most_pixels(self.clip.max_pixels):
                running.run(
                    self.jobs,
                    lambda job: convert(recipe, job),
                    self.workers,
                    tally.tell,
                    smaller=smaller,
                )
            streams.sync_folders()
        finally:
            tally.close()
        code = tally.end()
        # pngquant ends with what was wrong last.
        last = next((code for code in reversed(tally.codes) if code), 0)
        return last if like_pngquant else code
