"""Bytes that are kept in memory or, if they are many, in a temporary file."""

from __future__ import annotations

import shutil
import tempfile
from typing import BinaryIO

#: Bytes of a pipe that are kept in memory.
MOST = 64_000_000


class Spool(tempfile.SpooledTemporaryFile[bytes]):
    """A file that can seek, and that is gone with this object."""

    def __del__(self) -> None:
        self.close()


def spooled(pipe: BinaryIO, start: bytes = b"") -> Spool:
    """Return what comes from a pipe, behind what has come of it, as a file that can seek."""
    file = Spool(max_size=MOST)
    file.write(start)
    shutil.copyfileobj(pipe, file, 1 << 20)
    file.seek(0)
    return file
