"""What the names of pictures end in."""

from __future__ import annotations

#: The format of each ending.
FORMATS = {
    ".png": "png",
    ".apng": "png",
    ".gif": "gif",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
}
