"""The files of themes: cards, texts for pages and design tools, and those of all palettes.

What a suffix stands for is the same for :meth:`kpalette.Theme.save` and for the command.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kpalette.themes import Theme

CARDS = ("svg", "png")
#: And the endings of their files.
TEXTS = {"css": "css", "tailwind": "css", "tokens": "tokens.json"}
PALETTES = ("json", "act", "ase", "gpl", "hex", "pal")
FORMATS = (*CARDS, *TEXTS, *PALETTES)
#: Those that a file's name can say, by its ending.
ENDINGS = {
    **{name: name for name in (*CARDS, "css")},
    "tokens.json": "tokens",
    **{name: name for name in PALETTES},
}


def format_of(path: str) -> str:
    """Return the format that a file's name says.

    Raises
    ------
    ValueError
        If it says none.
    """
    name = os.path.basename(path).lower()
    found = [kind for ending, kind in ENDINGS.items() if name.endswith(f".{ending}")]
    if not found:
        known = ", ".join(f"'.{ending}'" for ending in ENDINGS)
        raise ValueError(f"expected a name that ends in one of {known}, got {path!r}")
    return found[0]  # tokens.json comes before json


def title_of(path: str) -> str:
    """Return what a file's theme is called: its name without the ending."""
    name = os.path.basename(path)
    if name.lower().endswith(".tokens.json"):
        return name[: -len(".tokens.json")]
    return os.path.splitext(name)[0]


def encode(theme: Theme, kind: str, picture: Any, title: str) -> bytes:
    """Return the bytes of a file in one of `FORMATS`; `picture` is for cards, or None."""
    if kind in CARDS:
        from kpalette import theme_cards

        return theme_cards.encode(theme, kind, picture, title)
    if kind in TEXTS:
        text: str = getattr(theme, f"to_{kind}")(title)
        return text.encode()
    from kpalette import palette_files

    return palette_files.encode(theme, kind, title)


def save(theme: Theme, path: str | os.PathLike[str], picture: Any) -> None:
    """Write a theme: see :meth:`kpalette.Theme.save`."""
    from kpalette import files

    name = os.fspath(files.checked_path(path))
    try:
        kind = format_of(name)
    except ValueError as error:
        raise ValueError(f"path: {error}") from None
    data = encode(theme, kind, picture, title_of(name))
    with files.replacing(path) as file:
        file.write(data)
