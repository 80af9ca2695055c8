"""Where results go: from photos to jobs, before anything is read."""

from __future__ import annotations

import os
import stat
import sys

from kpalette.cli import streams
from kpalette.cli.exits import EXISTS, UNWRITABLE, Failed, UsageError
from kpalette.cli.options import exclusive
from kpalette.record import Record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kpalette.cli.inputs import Source

#: What stands between the names in a path: on Windows, two.
SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))

#: Where pipes have names, and nothing can be written beside them.
DEVICES = ("/dev/", "/proc/")


class Job(Record):
    """One photo and where its picture goes.

    Attributes
    ----------
    source, target : str
        Files; - for stdin and stdout.
    named : bool
        Whether the user named this very target, so that it may be the photo itself.
    makes_folder : bool
        Whether the target's folder is made if need be.
    failure : Failed, optional
        Why there is nothing to do.
    frames : tuple of str
        The files that become one animation; `source` is what they are called together.
    """

    source: str
    target: str
    named: bool = False
    makes_folder: bool = False
    failure: Failed | None = None
    frames: tuple[str, ...] = ()

    @property
    def in_place(self) -> bool:
        """Whether the picture would replace its own photo."""
        try:
            return os.path.samefile(self.source, self.target)
        except OSError:  # one of them is no file
            return False


class Naming(Record):
    """How targets are called.

    Attributes
    ----------
    suffix, ending : str
        ``-16`` and ``.png`` make photo-16.png of photo.jpg, where nothing else is asked for.
    out, out_dir, ext : str, optional
        What -o, --out-dir and --ext say.
    endings : sequence of str
        Those that a file named by -o may have; any, if there are none.
    like_pngquant : bool
        Whether results of earlier runs are photos like others.
    kept : function, optional
        Gives the ending that the picture of a photo keeps, or None for `ending`.
    """

    suffix: str
    ending: str
    out: str | None = None
    out_dir: str | None = None
    ext: str | None = None
    endings: Sequence[str] = ()
    kept: Callable[[str], str | None] | None = None
    like_pngquant: bool = False

    @property
    def folder(self) -> str | None:
        """Where all targets go, if not beside their photos."""
        into = self.out is not None and (self.out.endswith(SEPARATORS) or os.path.isdir(self.out))
        return self.out_dir if self.out_dir is not None else self.out if into else None


def plan(sources: Sequence[Source], naming: Naming) -> list[Job]:
    """Return a job with a target for each photo; see --help for the rules.

    Raises
    ------
    UsageError
        If the command line asks for what cannot be.
    """
    _check(sources, naming)
    jobs = [_job(source, naming) for source in sources]
    if [job.target for job in jobs] == ["-"]:
        streams.check_no_terminal()
    # What replaces its own photo has the first claim to that name.
    places = Places()
    own = [job for job in jobs if not job.failure and places[job.source] == places[job.target]]
    first: dict[str, Job] = {places[job.target]: job for job in own}
    kept = []
    targets = {places[job.target] for job in jobs if not job.failure}
    for source, job in zip(sources, jobs, strict=True):
        real = places[job.target]
        other = first.setdefault(real, job)
        if job.failure or other is job:
            pass
        elif source.found:
            job = _told_apart(job, other, first, places)
        else:
            raise UsageError(
                f"{other.source!r} and {job.source!r} would both be written to {job.target!r}; "
                "reduce them in separate runs"
            )
        # What an earlier run has made of another photo is no photo.
        itself = places[job.source]
        if not (source.found and itself in targets and itself != real) or naming.like_pngquant:
            kept.append(job)
    return kept


class Places(dict[str, str]):
    """The real paths of files, each looked up once, and those of their folders as well.

    Names that differ by upper and lower case alone are one file's on Windows and on macOS.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folders: dict[str, str] = {}

    def __missing__(self, path: str) -> str:
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):
            real = os.path.realpath(path)
        else:
            if folder not in self._folders:
                self._folders[folder] = os.path.realpath(folder)
            real = os.path.join(self._folders[folder], name)
        if sys.platform in ("win32", "darwin"):
            real = real.lower()
        self[path] = real
        return real


def _told_apart(job: Job, other: Job, taken: dict[str, Job], places: Places) -> Job:
    """Return the job under another name: a-png.png for a.png beside a.jpg, if both were found."""
    stem, ending = os.path.splitext(job.target)
    renamed = f"{stem}-{os.path.splitext(job.source)[1][1:].lower()}{ending}"
    if taken.setdefault(places[renamed], job) is job:
        return replace(job, target=renamed)
    line = (
        f"{job.target}: the picture of {other.source} has that name, too; another --out-dir "
        "keeps them apart"
    )
    return replace(job, failure=Failed(EXISTS, line))


def _check(sources: Sequence[Source], naming: Naming) -> None:
    many = len(sources) > 1 or any(source.found for source in sources)
    if many and any(source.path == "-" for source in sources):
        raise UsageError("stdin (-) must be the only photo")
    given = {"-o": naming.out, "--out-dir": naming.out_dir, "--ext": naming.ext}
    if naming.out is not None and naming.folder != naming.out:
        if others := [name for name in ("--out-dir", "--ext") if given[name] is not None]:
            raise exclusive("-o", others[0])
        if many:
            who = f"{len(sources)} photos" if len(sources) > 1 else "folders and patterns"
            raise UsageError(
                f"-o: expected a directory for {who} (one that exists, or a name "
                "that ends in '/'), or a name in '.gif', '.webp' or '.apng' for an animation, got "
                f"{naming.out!r}"
            )
        special = os.path.exists(naming.out) and not os.path.isfile(naming.out)  # a pipe, a device
        known = not naming.endings or naming.out.lower().endswith(tuple(naming.endings))
        if naming.out == "" or (naming.out != "-" and not special and not known):
            raise UsageError(
                f"-o: expected a name that ends in {listed(naming.endings)}, or in '/' for a "
                f"directory, got {naming.out!r}"
            )
    if naming.out is not None and naming.out_dir is not None:
        raise exclusive("-o", "--out-dir")
    if naming.out_dir == "":
        raise UsageError("--out-dir: expected the name of a directory, got ''")
    if naming.ext is not None and (not naming.ext or {*SEPARATORS} & {*naming.ext}):
        raise UsageError(f"--ext: expected an ending such as '-small.png', got {naming.ext!r}")


def listed(endings: Sequence[str]) -> str:
    """Name endings for people."""
    return ", ".join(repr(ending) for ending in endings) or "'.png'"


def _job(source: Source, naming: Naming) -> Job:
    folder = naming.folder
    if source.failure:
        return Job(source.path, "", failure=source.failure)
    if naming.out is not None and folder is None:
        return Job(source.path, naming.out, named=True)
    if folder is None and source.path == "-":
        return Job("-", "-")
    stem = os.path.splitext(source.below)[0]
    ext = naming.ext
    if ext is None:
        ending = (naming.kept and naming.kept(source.path)) or naming.ending
        ext = ending if naming.out_dir is not None else naming.suffix + ending
    if folder is not None:
        return Job(source.path, os.path.join(folder, stem + ext), makes_folder=True)
    if source.path.startswith(DEVICES):
        raise UsageError(f"{source.path}: no file can be written beside it; give -o FILE")
    target = os.path.join(os.path.dirname(source.path), os.path.basename(stem) + ext)
    if target.lower() == source.path.lower() and naming.ext is not None:
        target = source.path  # .png stands for .PNG as well
    itself = os.path.abspath(target) == os.path.abspath(source.path)
    return Job(source.path, target, named=itself and naming.ext is not None)


def real_paths(photos: Sequence[str]) -> frozenset[str]:
    """Return the real paths of files, whatever they are called."""
    places = Places()
    return frozenset(places[photo] for photo in photos if photo != "-")


def check_free(job: Job, taken: frozenset[str], force: bool) -> None:
    """Refuse, before any work, to write where nothing can be, or something would be lost.

    `taken` has the real paths of all inputs, as from `real_paths`.
    """
    target = job.target
    if target == "-":
        return
    check_name(target)
    directory = os.path.dirname(target) or "."
    if job.makes_folder:
        made = os.path.join(directory, "")
        for above in streams.folders_above(directory):  # to a drive that may be missing
            directory = above
            if os.path.lexists(above):
                break
        if not os.path.isdir(directory):
            what = "a directory" if os.path.lexists(directory) else "there"
            raise Failed(UNWRITABLE, f"{made} cannot be made: {directory} is not {what}")
    elif not os.path.isdir(directory):
        raise Failed(UNWRITABLE, f"{target} cannot be written: there is no directory {directory}")
    try:
        mode = os.stat(target).st_mode
    except OSError:
        return  # if for more than that there is none, writing will say so
    if stat.S_ISDIR(mode):
        raise Failed(UNWRITABLE, f"{target} cannot be written: it is a directory")
    if not stat.S_ISREG(mode):
        return
    if not force:
        raise Failed(EXISTS, f"{target} exists; -f replaces it")
    if not job.named and Places()[target] in taken:
        raise Failed(EXISTS, f"{target} is one of the photos; only -o with its name replaces it")


def check_name(target: str) -> None:
    """Refuse a name that Windows keeps no file by, there."""
    if os.name == "nt":
        from kpalette.files.windows_names import why_refused

        if why := why_refused(target):
            raise Failed(UNWRITABLE, f"{target} cannot be written: {why}")


def check_target(out: str | None, inputs: Sequence[str], force: bool) -> None:
    """Refuse the same of a file that several inputs make together; None is no file, or stdout."""
    check_free(Job("", out or "-"), real_paths(inputs), force)


def check_printed(
    photos: Sequence[str], out: str | None, kind: str | None, as_json: bool, what: str
) -> None:
    """Refuse stdin among other photos, and JSON on stdout beside `what` is written there."""
    if len(photos) > 1 and "-" in photos:
        raise UsageError("stdin (-) must be the only photo")
    if as_json and ((out in (None, "-") and kind is not None) or out == "-"):
        raise UsageError(f"--json and {what} would both go to stdout; write it with -o FILE")
