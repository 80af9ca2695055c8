"""What is said of many photos: lines, JSON, progress, and a summary."""

from __future__ import annotations

import os
import time

from kpalette.cli import streams
from kpalette.cli.economy import Economy
from kpalette.cli.exits import ending, say
from kpalette.words import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kpalette.cli.jobs import Result
    from kpalette.progress import ProgressLine

#: So many lines are seen at once: failures among them need not be told again in the end.
FEW = 10


class Tally:
    """Prints results as they come, and a summary.

    Parameters
    ----------
    total : int
        How many results there will be.
    quiet : bool
        Tell only of failures.
    as_json : bool
        Print an object for each, in a line of its own, on stdout.
    skips_count : bool
        Whether what is skipped changes the exit code.
    tell_skips : bool
        Whether what is skipped with an exit code is told even if `quiet`.
    economy : Economy, optional
        What to advise if pictures are larger than their photos.
    """

    def __init__(
        self,
        total: int,
        *,
        quiet: bool = False,
        as_json: bool = False,
        skips_count: bool = True,
        tell_skips: bool = False,
        economy: Economy | None = None,
    ) -> None:
        self.total, self.quiet, self.as_json = total, quiet, as_json
        self.skips_count, self.tell_skips = skips_count, tell_skips
        self.economy = economy or Economy()
        #: The exit codes, in order.
        self.codes: list[int] = []
        self.failed: list[Result] = []
        #: Pictures larger than their photos: those written, and how many were not for that.
        self.larger: list[Result] = []
        self.n_left = 0
        self.n_skipped = self.bytes_in = self.bytes_out = 0
        #: Animations made of films, whose own sizes tell nothing.
        self.n_new = self.bytes_new = 0
        self.start = time.perf_counter()
        self.line: ProgressLine | None = None
        if total > 1 and not quiet and os.isatty(2):
            from kpalette.progress import ProgressLine

            self.line = ProgressLine("photos", total)
            self.line.show()

    def tell(self, result: Result) -> None:
        """Print one result."""
        if result.larger:
            if result.written:
                self.larger.append(result)
            else:
                self.n_left += 1
        elif result.skipped:
            self.n_skipped += 1
        elif result.code:
            self.failed.append(result)
        self.codes.append(0 if result.skipped and not self.skips_count else result.code)
        if result.written and result.is_new:
            self.n_new += 1
            self.bytes_new += result.figures["bytes_out"]
        elif result.written:
            self.bytes_in += result.figures["bytes_in"]
            self.bytes_out += result.figures["bytes_out"]
        who = streams.label(result.job.source)
        if result.remark and not self.quiet:
            self._say(f"kpalette: {who}: {result.remark}")
        if result.code and (not result.skipped or (self.quiet and self.tell_skips)):
            self._say(f"kpalette: {who}: {result.line}")
        elif not self.quiet:
            self._say(f"{who}: {result.line}")
        if self.as_json:
            streams.print_result(as_json(result))
        if self.line is not None:
            self.line.update(len(self.codes))

    def _say(self, text: str) -> None:
        if self.line is not None:
            self.line.clear()
        say(text)
        if self.line is not None:
            self.line.show()

    def close(self) -> None:
        """Remove the line that says how far all are."""
        if self.line is not None:
            self.line.clear()

    def end(self) -> int:
        """Print the summary, and return the exit code."""
        if self.total > 1 and not self.quiet:
            n_done = self.total - len(self.failed) - self.n_skipped - self.n_left
            parts = [f"{n_done:,} of {self.total:,} photos"]
            if self.n_skipped:
                parts.append(f"{self.n_skipped:,} skipped")
            if self.n_left:
                parts.append(f"{self.n_left:,} not replaced (larger)")
            if self.failed:
                parts.append(f"{len(self.failed):,} failed")
            size = f"; {self.bytes_in:,} to {self.bytes_out:,} bytes" if self.bytes_out else ""
            size += f" ({len(self.larger):,} larger)" if self.larger else ""
            if self.n_new:
                size += f"; {self.bytes_new:,} bytes from {counted(self.n_new, 'film')}"
            seconds = time.perf_counter() - self.start
            say(f"{', '.join(parts)}{size} in {seconds:.1f} s")
            for result in self.failed if self.total > FEW else ():
                say(f"  {streams.label(result.job.source)}: {result.line}")
        if self.larger and not self.quiet:
            advice = self.economy.advise(self.larger, self.total)
            if advice:
                say(advice)
        return ending(set(self.codes))


def as_json(result: Result) -> str:
    """Return a result as an object in one line."""
    import json

    job = result.job
    fine = not result.code and not result.skipped
    report = {
        **_named("input", job.source),
        **_named("output", job.target or None),
        "code": result.code,
        "error": None if fine else result.line,
        "skipped": result.skipped,
        "written": result.written,
        **result.figures,
    }
    return json.dumps(report, allow_nan=False)


def _named(key: str, name: str | None) -> dict[str, str | None]:
    """Return a file's name as Unicode and, where it is none, as its bytes in hex as well."""
    if name is None:
        return {key: None}
    raw = os.fsencode(name)
    text = raw.decode("utf-8", "replace")
    exact = {} if text.encode() == raw else {f"{key}_hex": raw.hex()}
    return {key: text, **exact}
