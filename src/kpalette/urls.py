"""Which names are URLs, and not those of files."""

import re

#: One letter before the colon is a drive of Windows; fsspec's `simplecache::` may come first.
_START = re.compile(r"([a-zA-Z][\w+.-]+::)*[a-zA-Z][\w+.-]+://")


def is_url(name: str) -> bool:
    """Return whether a name is a URL, such as ``https://…`` or ``s3://…``."""
    return _START.match(name) is not None
