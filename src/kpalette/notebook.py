"""Output for notebooks: pictures as PNG, animations as GIF or APNG, text and swatches as HTML.

The HTML loads nothing, inherits the text colour of light and dark pages, and has inline styles, so
that it looks the same wherever a notebook is shown.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

#: Larger pictures are scaled down, because a notebook stores every picture that it shows.
MAX_SIDE = 1024
#: Larger animated files, in bytes, are not stored in a notebook: it becomes slow to open and save.
MAX_BYTES = 8_000_000
#: Swatches beyond this number are only counted.
MAX_SWATCHES = 256
#: More swatches than this are shown without names and shares.
MAX_LABELLED = 64

# Half-transparent grey is visible on white and on black.
_BORDER = "border:1px solid rgba(128,128,128,.5);"


def shell() -> Any:
    """Return the running IPython shell, or None."""
    ipython: Any = sys.modules.get("IPython")  # a running shell has imported it
    return ipython and ipython.get_ipython()


def is_running() -> bool:
    """Return whether a notebook runs this, which IPython in a terminal does not."""
    return hasattr(shell(), "kernel")


def display(picture: Image) -> None:
    """Show a picture below the running cell."""
    shown: Any = sys.modules["IPython"].display
    shown.display(shown.Image(png(picture)))


def display_html(html: str) -> None:
    """Show HTML below the running cell."""
    shown: Any = sys.modules["IPython"].display
    shown.display(shown.HTML(html))


def png(picture: Image) -> bytes:
    """Encode a picture as PNG, scaled down to `MAX_SIDE` if it is larger.

    Indexed pictures keep their palette and are sampled; others are averaged.
    """
    from PIL.Image import Resampling

    width, height = picture.size
    if max(width, height) > MAX_SIDE:
        scale = MAX_SIDE / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        how = Resampling.NEAREST if picture.mode == "P" else Resampling.BOX
        picture = picture.resize(size, how)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def img(picture: Image, alt: str) -> str:
    """Return an ``<img>`` element with the picture embedded."""
    return embedded(png(picture), "png", alt)


def embedded(data: bytes, kind: str, alt: str) -> str:
    """Return an ``<img>`` element with an image file embedded: a ``"png"`` or a ``"gif"``."""
    text = base64.b64encode(data).decode()
    return (
        f'<img alt="{escape(alt)}" src="data:image/{kind};base64,{text}" '
        'style="display:block;max-width:100%">'
    )


def swatches(names: Sequence[str], shares: Sequence[float] = ()) -> str:
    """Return a row of swatches, each with its name and share below.

    Parameters
    ----------
    names : sequence of str
        Colours as CSS names them, such as ``#rrggbb``.
    shares : sequence of float, optional
        The share of pixels of each colour, 0 to 1.
    """
    labelled = len(names) <= MAX_LABELLED
    fields = []
    for i, name in enumerate(names[:MAX_SWATCHES]):
        share = _percent(shares[i]) if len(shares) else ""
        hint = escape(f"{name} {share}".strip())
        width = "4.75em" if labelled else "1.25em"
        field = (
            f'<div title="{hint}" style="width:{width};height:{"2.5em" if labelled else width};'
            f'background-color:{escape(name)};box-sizing:border-box;{_BORDER}"></div>'
        )
        if labelled:
            below = "<br>".join(escape(text) for text in (name, share) if text)
            field = f'<div style="text-align:center">{field}<small>{below}</small></div>'
        fields.append(field)
    gap = "6px" if labelled else "1px"
    row = f'<div style="display:flex;flex-wrap:wrap;gap:{gap};margin:4px 0">{"".join(fields)}</div>'
    if len(names) > MAX_SWATCHES:
        row += f"<div>and {len(names) - MAX_SWATCHES:,} more</div>"
    return row


def _percent(share: float) -> str:
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def facts(values: Mapping[str, str]) -> str:
    """Return names and values as one line of HTML."""
    pairs = (f"{escape(name)} <b>{escape(value)}</b>" for name, value in values.items())
    return f'<div style="margin:4px 0">{" · ".join(pairs)}</div>'
