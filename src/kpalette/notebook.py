"""What a notebook shows for a value: a picture as PNG, text and swatches as HTML.

The HTML needs nothing from elsewhere, takes its text's colour from the page, light or dark, and
has all its styles in place, so that it looks the same wherever a notebook is shown.
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

#: Longer sides are scaled down: a notebook keeps every picture that it shows.
MAX_SIDE = 1024
#: More swatches than this are only counted.
MAX_SWATCHES = 256
#: Up to so many have room for their names and shares.
MAX_LABELLED = 64

# Grey with half its opacity shows on white and on black.
_BORDER = "border:1px solid rgba(128,128,128,.5);"


def shell() -> Any:
    """Give the IPython shell that we run in, or None."""
    ipython: Any = sys.modules.get("IPython")  # not imported, it does not run either
    return ipython and ipython.get_ipython()


def png(picture: Image) -> bytes:
    """Encode a picture, scaled down to `MAX_SIDE` if it is larger.

    Indexed pictures keep their palette: of each square of pixels, one remains. Others get the
    mean of it.
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
    """Give an ``<img>`` that holds the picture itself."""
    data = base64.b64encode(png(picture)).decode()
    return (
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}" '
        'style="display:block;max-width:100%">'
    )


def swatches(names: Sequence[str], shares: Sequence[float] = ()) -> str:
    """Give a row of colour fields, each with its name and share below.

    Parameters
    ----------
    names : sequence of str
        Colours as CSS names them, such as ``#rrggbb``.
    shares : sequence of float, optional
        The part that each stands for, 0 to 1.
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
    """Give names and values in one line of text."""
    pairs = (f"{escape(name)} <b>{escape(value)}</b>" for name, value in values.items())
    return f'<div style="margin:4px 0">{" · ".join(pairs)}</div>'
