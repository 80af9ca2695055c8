"""What would make files smaller, said where pictures are larger than their photos."""

from __future__ import annotations

import os

from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpalette.cli.jobs import Result

#: Of so many colours and --smaller, which save about 20 and 45 % of a photo of 256 colours each.
FEWER, SMALLER = 32, 2


class Economy(Record):
    """What a command line leaves open that would make its files smaller.

    Attributes
    ----------
    k : int, optional
        How many colours there may be, unless a palette or a target says it.
    smaller : bool
        Whether PNG files can be made smaller by `--smaller`.
    max_bytes : bool
        Whether they can be made to have no more bytes than their photos.
    """

    k: int | None = None
    smaller: bool = False
    max_bytes: bool = False

    def advise(self, larger: Sequence[Result], n_photos: int) -> str:
        """Return a line about pictures of a run that are larger; "" if there is nothing to say.

        Nothing is said where all photos are PNG files: few grow, and mostly tiny ones.
        """
        sources = {_ending(result.job.source) for result in larger}
        if sources <= {".png"}:
            return ""
        stills = all(
            "frames" not in result.figures and _ending(result.job.target) in ("", ".png")
            for result in larger
        )
        options = []
        if self.smaller and stills:
            options.append(f"--smaller {SMALLER}")
        if self.k is not None and self.k > 2:
            options.append(f"-k {FEWER if self.k > FEWER else self.k // 2}")
        thousands = larger[0].figures["bytes_in"] // 1000
        if self.max_bytes and stills and n_photos == 1 and thousands:
            options.append(f"--max-bytes {thousands}k")
        if not options:
            return ""
        is_jpeg = stills and sources <= {".jpg", ".jpeg"}
        why = "an indexed PNG is often larger than a JPEG; " if is_jpeg else ""
        *others, last = options
        ways = f"{', '.join(others)} or {last}" if others else last
        return f"{why}for a smaller file: {ways}"


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()
