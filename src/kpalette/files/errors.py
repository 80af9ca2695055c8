"""What is raised for a file that holds no image that can be read."""

from __future__ import annotations


class ImageReadError(ValueError):
    """A file that holds no image that can be read: damaged, empty or of another kind.

    Where it was given by its path, the message begins with that.
    """
