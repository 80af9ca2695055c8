"""Which names are URLs, and not those of files."""


def is_url(name: str) -> bool:
    """Return whether a name is a URL, such as ``https://…`` or ``s3://…``."""
    if "://" not in name:
        return False
    import re  # which a plain run does without

    # One letter before the colon is a drive of Windows; fsspec's `simplecache::` may come first.
    return re.match(r"([a-zA-Z][\w+.-]+::)*[a-zA-Z][\w+.-]+://", name) is not None
