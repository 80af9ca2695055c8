"""Which photos a command line means: files, folders, patterns, stdin."""

from __future__ import annotations

import os

from kpalette.cli.exits import UNREADABLE, Failed
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What a name with one of them is a pattern by.
MAGIC = frozenset("*?[")
#: What Windows tells of a file: that it is hidden, and that a folder is a link to one.
HIDDEN, JUNCTION = 2, 0xA0000003


class Source(Record):
    """A photo, or what became of looking for one.

    Attributes
    ----------
    path : str
        As it is opened, or - for stdin.
    below : str
        The path from the folder that was given; of a file given by name, its name alone.
    found : bool
        Whether it was found in a folder or by a pattern, not named itself.
    failure : Failed, optional
        Why there is none.
    """

    path: str
    below: str
    found: bool = False
    failure: Failed | None = None


def gather(
    arguments: Sequence[str],
    recursive: bool,
    leave_out: str | None,
    *,
    shallow: bool = False,
    films: bool = True,
) -> list[Source]:
    """Find the photos that the arguments name, in their order and each folder's by name.

    Films are found like photos, unless told not. Folders are entered if `recursive`, or if
    `shallow` for the images right in them, but neither hidden ones, nor links to folders (which may
    lead round in circles), nor the folder `leave_out`, where results go. A pattern that the shell
    has left as it is, because it was quoted or there is no shell, is expanded.
    """
    sources: list[Source] = []
    away = os.path.realpath(leave_out) if leave_out is not None else None
    seen = {_name(argument) for argument in arguments if os.path.isfile(argument)}
    for argument in arguments:
        if argument == "-":
            sources.append(Source("-", "stdin"))
        elif os.path.isdir(argument):
            if not recursive and not shallow:
                line = "cannot be read: it is a directory; -r takes the images in it"
                found = iter([Source(argument, "", failure=Failed(UNREADABLE, line))])
            else:
                found = _walk(argument, away, deep=recursive, films=films)
            sources += _new(found, seen)
        elif is_pattern(argument) and not os.path.lexists(argument):
            sources += _new(_match(argument, away, films=films), seen)
        else:
            sources.append(Source(argument, os.path.basename(argument)))
    return sources


def is_pattern(name: str) -> bool:
    """Return whether a name has wildcards; that of a drive on Windows may have a question mark."""
    return bool(MAGIC & {*os.path.splitdrive(name)[1]})


def _new(sources: Iterator[Source], seen: set[str]) -> Iterator[Source]:
    """Leave out what has come already: a photo that is named and in a folder is done once."""
    for source in sources:
        name = source.path if source.failure else _name(source.path)
        if name not in seen:
            seen.add(name)
            yield source


def _name(path: str) -> str:
    return os.path.normcase(os.path.abspath(path))


def _walk(folder: str, away: str | None, *, deep: bool, films: bool) -> Iterator[Source]:
    found = False
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            line = f"cannot be read: {error.strerror}"
            found = True
            yield Source(here, "", True, Failed(UNREADABLE, line))
            continue
        folders = []
        for entry in listed:
            if _is_hidden(entry):
                continue
            if entry.is_dir(follow_symlinks=False):
                if _is_junction(entry):
                    continue
                if away is None or os.path.realpath(entry.path) != away:
                    folders.append(entry.path)
            elif _is_image(entry.path, films) and entry.is_file():
                found = True
                # Not by relpath, which on Windows takes aux.png for a device of no folder.
                yield _found(entry.path, entry.path[len(os.path.join(folder, "")) :])
        if deep:
            waiting += reversed(folders)
    if not found:
        line = "cannot be read: it is a directory without images"
        yield Source(folder, "", True, Failed(UNREADABLE, line))


def _match(pattern: str, away: str | None, *, films: bool) -> Iterator[Source]:
    from pathlib import Path

    drive, within = os.path.splitdrive(pattern)
    parts = Path(within).parts
    magic = next(i for i, part in enumerate(parts) if MAGIC & {*part})
    base = drive + os.path.join(*parts[:magic]) if magic else drive
    below = "/".join((*parts[magic:], "*") if parts[-1] == "**" else parts[magic:])
    # A pattern that names no ending takes only what is an image by its own.
    is_open = parts[-1] in ("*", "**")
    found = False
    try:
        # pathlib's ** goes round no circles of links, as glob's does.
        paths = sorted(Path(base or ".").glob(below))
    except (OSError, ValueError) as error:  # a name too long, or ** within a name
        line = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        yield Source(pattern, "", True, Failed(UNREADABLE, line))
        return
    for path in paths:
        name = os.fspath(path.relative_to(base or "."))
        hidden = any(part.startswith(".") for part in Path(name).parts) and "/." not in f"/{below}"
        if hidden or (is_open and not _is_image(os.fspath(path), films)):
            continue
        source = _found(os.path.join(base, name), name)
        if not source.failure:  # else not even looked at, as that would open a device
            result = away is not None and _is_below(os.path.realpath(path), away)
            if result or not path.is_file():
                continue
        found = True
        yield source
    if not found:
        yield Source(
            pattern, "", True, Failed(UNREADABLE, "cannot be read: no file matches the pattern")
        )


def _found(path: str, below: str) -> Source:
    if os.name == "nt":  # where Linux may have left a name that is a device's
        from kpalette.files.windows_names import why_refused

        if why := why_refused(path):
            return Source(path, below, True, Failed(UNREADABLE, f"cannot be read: {why}"))
    return Source(path, below, True)


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    status = entry.stat(follow_symlinks=False) if os.name == "nt" else None
    return status is not None and bool(status.st_file_attributes & HIDDEN)  # type: ignore[attr-defined]


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Return whether a folder is but another's name, as links are that Windows calls junctions."""
    status = entry.stat(follow_symlinks=False) if os.name == "nt" else None
    return status is not None and status.st_reparse_tag == JUNCTION  # type: ignore[attr-defined]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _is_image(path: str, films: bool) -> bool:
    """Return whether a file is an image or a film by its name, which of .ts says too little."""
    from kpalette.cli.pngquant import FILMS
    from kpalette.files.formats import ENDINGS  # with Pillow, which --help does without

    ending = os.path.splitext(path)[1].lower()
    if ending in ENDINGS or not films or ending not in FILMS:
        return ending in ENDINGS
    if ending not in (".ts", ".mts"):
        return True
    from kpalette.files import is_film

    try:
        return is_film(path)
    except OSError:
        return False
