"""What quantize and remap have in common: from photos and options to results."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kpalette.cli import jobs as running
from kpalette.cli.convert import Recipe
from kpalette.cli.inputs import gather
from kpalette.cli.moving import Animate, ending_of
from kpalette.cli.plan import Naming, listed, plan, real_paths
from kpalette.cli.report import Report

if TYPE_CHECKING:
    from kpalette.quantized import Quantized

Reduce = Callable[[Any], "Quantized"]


class Batch:
    """Photos, and where their pictures go, as the options of `batch_options` say.

    Parameters
    ----------
    photos : sequence of str
        The arguments.
    suffix : str
        ``-16`` makes photo-16.png of photo.jpg.
    given : dict
        The options' values, by their names.
    lenient : bool
        Whether names may have any ending, for PNG files.
    """

    def __init__(
        self, photos: Sequence[str], suffix: str, given: dict[str, Any], *, lenient: bool = False
    ) -> None:
        self.given = given
        endings = () if lenient or given["format"] else tuple(_formats())
        self.kind = given["format"] or self._kind(endings)
        keeps = self.kind is None and not lenient and not given["first_frame"]
        naming = Naming(
            suffix,
            f".{self.kind or 'png'}",
            given["out"],
            given["out_dir"],
            given["ext"],
            endings,
            ending_of if keeps else None,
            like_pngquant=bool(given.get("as_pngquant")),
        )
        self.jobs = plan(gather(photos, given["recursive"], naming.folder), naming)
        if given["as_json"] and any(job.target == "-" for job in self.jobs):
            raise click.UsageError("expected --json or a picture on stdout, got both")
        self.workers, self.threads = running.share_out(
            len(self.jobs), given["jobs"], given["threads"]
        )

    def _kind(self, endings: Sequence[str]) -> str | None:
        """Give the format by the name that is asked for, if one is."""
        formats, ext, out = _formats(), self.given["ext"], self.given["out"]
        if ext is not None:
            if endings and not ext.lower().endswith(tuple(endings)):
                raise click.UsageError(
                    f"--ext: expected an ending such as '-small.png', with {listed(endings)}, "
                    f"got {ext!r}"
                )
            return formats.get("." + ext.lower().rpartition(".")[2], "png")
        named = "" if out is None or os.path.isdir(out) else out.lower()
        return formats.get(os.path.splitext(named)[1])

    def run(
        self,
        reduce: Reduce,
        animate: Animate,
        describe: Callable[[Quantized], str],
        others: Sequence[str] = (),
    ) -> int:
        """Do all photos; the exit code. `others` are files that are read besides them."""
        given = self.given
        like_pngquant = bool(given.get("as_pngquant"))
        paths = [job.source for job in self.jobs]
        recipe = Recipe(
            reduce=reduce,
            describe=describe,
            kind=self.kind,
            animate=None if given["first_frame"] else animate,
            bar=len(self.jobs) == 1 and not given["quiet"] and os.isatty(2),
            # pngquant writes over a photo of the same run, once it has its own picture.
            taken=real_paths(others if like_pngquant else [*paths, *others]),
            optimize=given["optimize"],
            quick=given.get("effort") == "fast" and not given["optimize"],
            keep_metadata=not given["strip"],
            allow_truncated=given["allow_truncated"],
            keep_profile=given.get("keep_profile", False),
            force=given["force"],
            skip_existing=given["skip_existing"],
            skip_if_larger=given["skip_if_larger"],
            preserve=given["preserve"],
            dry_run=given["dry_run"],
            pass_on=like_pngquant,
        )
        report = Report(
            len(self.jobs),
            quiet=given["quiet"],
            as_json=given["as_json"],
            skips_count=not given["skips_ok"],
            tell_skips=not given["skips_ok"] and not like_pngquant,
        )
        try:
            running.run(self.jobs, recipe, self.workers, report.tell)
        finally:
            report.close()
        code = report.end()
        # pngquant ends with what was wrong last.
        last = next((code for code in reversed(report.codes) if code), 0)
        return last if like_pngquant else code


def _formats() -> dict[str, str]:
    from kpalette import files

    return files.FORMATS
