"""What is raised for a file that holds no image that can be read, and what is warned of."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from errno import EINVAL, EOVERFLOW

#: Where this package is, and what is called from it and calls it.
PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
BETWEEN = (PACKAGE, contextlib.__file__)

#: What Pillow says of damage, and what is said instead.
PLAINLY = {
    r"broken PNG file \(.* checksum in b'(\w+)'\)": r"the checksum of \1 is wrong",
    r"broken PNG file .*": "there is no chunk where one was expected",
    r"image file is truncated.*": "there are fewer pixels than its header says",
    r"(broken data|unrecognized data|buffer overrun).* when reading .*|failed to read next frame": (
        "its compressed pixels cannot be decoded"
    ),
}


class ImageReadError(ValueError):
    """A file that holds no image that can be read: damaged, empty or of another kind.

    Where it was given by its path, the message begins with that.
    """


class HeaderError(ImageReadError):
    """A file that begins like one of its format, but whose header is not understood."""


class TruncatedError(ImageReadError):
    """A file that is cut off, or has fewer pixels than its header says."""


class TooLargeError(ImageReadError):
    """A file whose header announces more pixels than are decoded at once."""


def is_of_system(error: Exception) -> bool:
    """Return whether the system raised an error, as for want of memory, and not a decoder.

    Of damage a decoder raises any of a dozen exceptions. The system's have a number; but one that
    there is no such place in a file comes of what the file says.
    """
    if isinstance(error, OSError):
        return error.errno not in (None, EINVAL, EOVERFLOW)
    return isinstance(error, MemoryError)


def plainly(error: Exception) -> str:
    """Return what a decoder says of damage, without the words of its programmers.

    Examples
    --------
    >>> plainly(OSError("image file is truncated (3 bytes not processed)"))
    'there are fewer pixels than its header says'
    """
    for pattern, words in PLAINLY.items():
        if found := re.fullmatch(pattern, str(error)):
            return found.expand(words)
    return str(error)


def warn(text: str) -> None:
    """Warn of a file, at the line outside of this package that has it read."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(BETWEEN):
        frame = frame.f_back
        level += 1
    warnings.warn(text, stacklevel=level)
