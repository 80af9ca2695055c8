"""A theme of photos: counted, listed, and written where it is to go."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kpalette.cli import loading, streams
from kpalette.cli.colored import field
from kpalette.cli.exits import UNREADABLE, USAGE, Failed
from kpalette.theme_files import TEXTS, encode, title_of
from kpalette.words import counted

if TYPE_CHECKING:
    from kpalette import Theme
    from kpalette.cli.groups import Manners
    from kpalette.cli.inputs import Source
    from kpalette.colors import ByteArray
    from kpalette.theme_counting import Look, ThemeCounter
    from kpalette.theme_strips import StripCounter

#: What a saved histogram's name ends in.
HISTOGRAM = ".histogram"
#: What several photos are called together.
NAME = "theme"


class Made:
    """One theme in the making: of these photos, or of the first `n_frames` of each."""

    def __init__(
        self,
        sources: Sequence[Source],
        look: Look,
        team: Any,
        *,
        strip: bool,
        n_frames: int | None,
    ) -> None:
        from kpalette.theme_counting import ThemeCounter
        from kpalette.theme_strips import StripCounter

        self.sources, self.names = sources, [source.path for source in sources]
        self.label = streams.label_of_all(self.names)
        self.title = streams.stem(self.label) if len(sources) == 1 else NAME
        self.counter: ThemeCounter = ThemeCounter(look, team)
        self._is_ignoring = len(look.ignored) > 0
        self.strip: StripCounter | None = StripCounter(look, team) if strip else None
        self._n_frames = n_frames
        self.picture: ByteArray | None = None  # the first one
        self._n_pictures = 0

    def count(self, manners: Manners) -> set[int]:
        """Count the colours of all photos; say why some cannot be read, and return their codes."""
        codes: set[int] = set()
        for source in self.sources:
            with streams.telling(source.path, codes):
                if source.failure:
                    raise source.failure
                try:
                    self._count(source.path, manners)
                except ValueError as error:  # a region or a mask that does not go with it
                    raise Failed(USAGE, f"--{error}") from None
        return codes

    def _count(self, path: str, manners: Manners) -> None:
        if path.endswith(HISTOGRAM):
            if self.strip is not None:
                raise Failed(USAGE, "--strip: expected pictures, got a histogram")
            self.counter.add_histogram(loading.read_histogram(path))
            return
        frames = loading.read_frames(path, manners.quiet, manners.allow_truncated)
        for pixels in itertools.islice(frames, self._n_frames):
            self.counter.add(pixels)
            if self.strip is not None:
                self.strip.add(pixels)
            self._n_pictures += 1
            if self.picture is None:
                self.picture = pixels

    def theme(self, k: int) -> Theme:
        """Return the theme of what was counted."""
        from kpalette.theme_finding import of_counter, of_picture

        if self.counter.is_empty:
            ignored = ", or ignored" if self._is_ignoring else ""
            line = f"there is no pixel to look at: all are more transparent than not{ignored}"
            raise Failed(UNREADABLE, line)
        if self.picture is not None and len(self.sources) == 1 == self._n_pictures:
            return of_picture(self.counter, k, self.picture)
        return of_counter(self.counter, k)


class Writer:
    """Writes themes where they are to go."""

    def __init__(
        self,
        out: str | None,
        kind: str | None,
        name: str | None,
        as_json: bool,
        manners: Manners,
    ) -> None:
        self._out, self._kind, self._name = out, kind, name
        self._as_json, self._manners = as_json, manners
        self._written: set[str] = set()

    def write(self, found: Theme, made: Made, *, headed: bool, below: str) -> None:
        """Write a theme; `headed` ones are one of several, whose photo is at a path `below`."""
        if self._kind is not None:
            out = self._out or "-"
            if headed and out != "-":
                ending = TEXTS.get(self._kind, self._kind)
                out = os.path.join(out, f"{os.path.splitext(below)[0]}.{ending}")
                if out in self._written:
                    raise Failed(USAGE, f"{out} would be written twice, for photos of one name")
                streams.make_folder(os.path.dirname(out))
                self._written.add(out)
            title = made.title if out == "-" else title_of(out)
            title = title if self._name is None else self._name
            streams.write(encode(found, self._kind, made.picture, title), out, self._manners.force)
        if self._as_json:
            report: dict[str, Any] = {
                "photos": made.names,
                "n_pixels": made.counter.histogram.n_pixels,
            }
            streams.print_result(json.dumps({**report, **found.to_dict()}))
        elif self._kind is None:
            head = f"{made.label}:\n" if headed else ""
            streams.print_result(head + listed(found))


def listed(found: Theme) -> str:
    """Format colours, shares, names and roles, with a field of each colour on a terminal."""
    rows = zip(found.hex, found.shares, found.names, found.colors.tolist(), found.text, strict=True)
    wide = max(map(len, found.names))
    lines = []
    for name, share, called, color, text in rows:
        line = f"{field(color, text)}{name}  {share:7.2%}  {called:{wide}}  {_roles(found, name)}"
        lines.append(line.rstrip())
    others = [color for color in dict.fromkeys(found.roles.values()) if color not in found.hex]
    if others:
        lines += ["", "Roles of other colours:"]
    lines += [
        f"{field(bytes.fromhex(color[1:]))}{color}  {_roles(found, color)}" for color in others
    ]
    return "\n".join(lines)


def _roles(found: Theme, color: str) -> str:
    return ", ".join(role for role, other in found.roles.items() if other == color)


def summary(made: Made, found: Theme, k: int, out: str | None, strip: str | None) -> str:
    """Return the line that names the picture, its pixels, and the files that were written."""
    where = "" if out in (None, "-") else f"; theme in {out}"
    where += f"; strip in {strip}" if strip else ""
    few = f", fewer than k = {k}: no others look different enough" if len(found) < k else ""
    pixels = counted(made.counter.histogram.n_pixels, "pixel")
    return f"{made.label}: {pixels}, a theme of {counted(len(found), 'colour')}{few}{where}"


def encoded(pixels: ByteArray) -> bytes:
    """Return the PNG file of a strip."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()
