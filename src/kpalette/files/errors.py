"""What is raised for a file that holds no image that can be read."""

from __future__ import annotations

from errno import EINVAL, EOVERFLOW


class ImageReadError(ValueError):
    """A file that holds no image that can be read: damaged, empty or of another kind.

    Where it was given by its path, the message begins with that.
    """


class HeaderError(ImageReadError):
    """A file that begins like one of its format, but whose header is not understood."""


class TruncatedError(ImageReadError):
    """A JPEG or PNG file that is cut off."""


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
