"""Themes: palettes for people, with roles, names and places, and what is made of them."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kpalette import _core, files
from kpalette.checks import check_flag
from kpalette.color_lists import checked_color_list
from kpalette.colors import frozen, hex_levels, hex_name
from kpalette.extras import required
from kpalette.palette import Palette

if TYPE_CHECKING:
    from cycler import Cycler
    from matplotlib.colors import LinearSegmentedColormap

    from kpalette.colors import ByteArray, Colors, CountArray
    from kpalette.files import ImageSource
    from kpalette.theme_counting import MaskArray


class Theme(Palette):
    """A palette for people, as :func:`kpalette.theme` finds it: with roles, names and places.

    It is a :class:`kpalette.Palette`, in the order in which a person would name its colours. A
    slice of it, and what :meth:`kpalette.Palette.sorted` returns, is a plain palette.

    Parameters
    ----------
    colors, counts
        See :class:`kpalette.Palette`; opaque, at most 64.
    roles : dict, optional
        Names of roles and their colours.
    places : integer array (k, 2), optional
    picture : path, Pillow image or array, optional
        What :meth:`card` shows.

    Attributes
    ----------
    colors : uint8 array (k, 3)
    counts : int64 array (k,)
        The pixels nearest to each colour, however far from it they are: they add up to all.
    roles : dict of str to str
        The hex of each role that the picture has a colour for: ``"dominant"``, ``"background"``,
        ``"accent"``, ``"vibrant"``, ``"light-vibrant"``, ``"dark-vibrant"``, ``"muted"``,
        ``"light-muted"``, ``"dark-muted"``. Each is an attribute as well.
    places : int32 array (k, 2), or None
        x and y of a pixel well inside the largest area of each colour: where a pin goes. None
        where there is not just one picture.

    Examples
    --------
    >>> from kpalette import Theme
    >>> brand = Theme(["#205080", "#f0e0c0"], roles={"accent": "#205080"})
    >>> brand.accent, brand.vibrant
    ('#205080', None)
    >>> brand.text, brand.pairs
    (['#ffffff', '#000000'], [('#205080', '#f0e0c0')])
    >>> brand.names, brand.css_names
    (['light navy', 'light peach'], ['darkslateblue', 'wheat'])
    """

    roles: dict[str, str]
    places: np.ndarray[Any, np.dtype[np.int32]] | None

    def __init__(
        self,
        colors: Colors,
        counts: np.ndarray[Any, Any] | None = None,
        *,
        roles: Mapping[str, str] | None = None,
        places: np.ndarray[Any, Any] | None = None,
        picture: Any = None,
    ) -> None:
        super().__init__(colors, counts)
        if self.colors.shape[1] == 4:
            raise ValueError("colors: expected opaque colours, got some with alpha")
        if len(self) > _core.MAX_THEME_COLORS:
            raise ValueError(
                f"colors: expected at most {_core.MAX_THEME_COLORS} colours, got {len(self)}"
            )
        named = _checked_roles({} if roles is None else roles)
        if places is not None:
            if np.shape(places) != (len(self), 2):
                raise ValueError(f"places: expected shape {(len(self), 2)}, got {np.shape(places)}")
            places = frozen(np.array(places, np.int32))
        for name, value in {"roles": named, "places": places, "_picture": picture}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`kpalette.Palette.load` reads; of ``.json``, roles and places as well.

        Raises
        ------
        OSError, ValueError
            As :meth:`kpalette.Palette.load`, and if the colours are no theme's.
        """
        from kpalette import palette_files

        colors, counts = palette_files.load(path)
        more = {}
        if palette_files.format_of(path) == "json":
            more = palette_files.json.read_more(Path(path).read_bytes())
        try:
            return cls(colors, counts, **more)
        except (TypeError, ValueError) as error:
            raise palette_files.PaletteReadError(f"{os.fspath(path)}: {error}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all but the picture, unless that is a file's name."""
        picture = self._picture if isinstance(self._picture, str) else None
        return (_unpickled, (self.colors, self.counts, self.roles, self.places, picture))

    def __eq__(self, other: object) -> bool:
        """Return whether colours and counts are equal, and roles and places, if both have them."""
        if not isinstance(other, Theme):
            return super().__eq__(other)
        same_places = np.array_equal(np.array(self.places), np.array(other.places))
        return bool(super().__eq__(other)) and self.roles == other.roles and same_places

    __hash__ = None

    def __repr__(self) -> str:
        return super().__repr__().replace("Palette(", "Theme(", 1)

    # ---- roles ----

    @property
    def dominant(self) -> str | None:
        """The hex of the first colour. What lies behind counts less, so it is mostly another."""
        return self.roles.get("dominant")

    @property
    def background(self) -> str | None:
        """The hex of what lies behind: along its sides, or most of it; None if there is none."""
        return self.roles.get("background")

    @property
    def accent(self) -> str | None:
        """The hex of what stands out, such as for a button; None if all is grey."""
        return self.roles.get("accent")

    @property
    def vibrant(self) -> str | None:
        """A vivid colour of middle lightness; None if there is none, as for the next ones."""
        return self.roles.get("vibrant")

    @property
    def light_vibrant(self) -> str | None:
        """A light vivid colour."""
        return self.roles.get("light-vibrant")

    @property
    def dark_vibrant(self) -> str | None:
        """A dark vivid colour."""
        return self.roles.get("dark-vibrant")

    @property
    def muted(self) -> str | None:
        """A colour of middle lightness that is not vivid."""
        return self.roles.get("muted")

    @property
    def light_muted(self) -> str | None:
        """A light colour that is not vivid."""
        return self.roles.get("light-muted")

    @property
    def dark_muted(self) -> str | None:
        """A dark colour that is not vivid."""
        return self.roles.get("dark-muted")

    # ---- text, names and places ----

    @property
    def text(self) -> list[str]:
        """Black or white for text on each colour, whichever is read better: 4.58:1 or more."""
        return [_hex(_core.text_on(color)) for color in self._tuples()]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Two colours each that are read on each other, by WCAG's 4.5:1; most contrast first."""
        names = self.hex
        return [(names[i], names[j]) for i, j in _core.readable_pairs(self.colors)]

    @property
    def names(self) -> list[str]:
        """What people call the nearest of some 830 colours, such as dusty blue."""
        return [_core.common_name(color) for color in self._tuples()]

    @property
    def css_names(self) -> list[str]:
        """The name of the nearest of the colours that CSS has names for, such as steelblue."""
        return [_core.css_name(color) for color in self._tuples()]

    def mask(self, source: ImageSource, entry: int | str) -> MaskArray:
        """Return where a picture has a colour of the theme: the pixels that are nearest to it.

        Parameters
        ----------
        source : path, binary file object, Pillow image or array
            See :func:`kpalette.quantize`.
        entry : int or str
            The number of the colour, from 0, or its hex.

        Returns
        -------
        bool array (h, w)
            False where the picture is transparent.

        Raises
        ------
        OSError, TypeError
            As :func:`kpalette.quantize`.
        ValueError
            As that, and if there is no such colour.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import Theme
        >>> two = Theme(["#ff0000", "#0000ff"])
        >>> two.mask(np.array([[[250, 0, 9], [0, 0, 99]]], np.uint8), "#ff0000").tolist()
        [[True, False]]
        """
        if isinstance(entry, str):
            levels = hex_levels(entry)
            name = None if levels is None else _hex(levels)
            if name not in self.hex:
                raise ValueError(f"entry: expected one of {', '.join(self.hex)}, got {entry!r}")
            which = self.hex.index(name)
        else:
            which = operator.index(entry)
            if not -len(self) <= which < len(self):
                raise ValueError(f"entry: expected 0 to {len(self) - 1}, got {which}")
            which %= len(self)
        pixels = files.as_pixels(source)
        opaque = np.ascontiguousarray(pixels[..., :3])
        found: MaskArray = self.remap(opaque).indices == which
        return found & (pixels[..., 3] >= 128) if pixels.shape[2] == 4 else found

    # ---- for pages ----

    def tones(self, color: str | None = None) -> dict[str, str]:
        """Return tones of a colour's hue, from light to dark, as Tailwind numbers them.

        Parameters
        ----------
        color : str, optional
            A colour's hex or name; the accent by default, or the first colour where there is none.

        Returns
        -------
        dict of str to str
            The hex of ``"50"``, ``"100"``, ``"200"`` … ``"900"`` and ``"950"``.

        Examples
        --------
        >>> from kpalette import Theme
        >>> Theme(["#205080"]).tones()["100"]
        '#e0efff'
        """
        accent = self._accent() if color is None else _levels(color)
        return dict(zip(_core.TONE_STEPS, map(_hex, _core.tone_scale(accent)), strict=True))

    def scheme(self, *, dark: bool = False) -> dict[str, str]:
        """Return the colours of a page that goes with the accent, or else with the first colour.

        Parameters
        ----------
        dark : bool, default False
            Whether text is light and the background is dark.

        Returns
        -------
        dict of str to str
            The hex of each role. ``"text"``, ``"muted"`` (text that matters less) and ``"primary"``
            (buttons and links) reach 4.5:1 on ``"background"`` and ``"surface"`` (cards, bars), and
            ``"on-primary"`` and ``"on-container"`` on ``"primary"`` and ``"container"``.
            ``"outline"`` reaches 3:1. All are tones of one hue in Oklch; ``"primary"`` is the
            accent itself if that is read on both.

        Examples
        --------
        >>> from kpalette import Theme
        >>> page = Theme(["#205080"]).scheme()
        >>> page["primary"], page["on-primary"], page["background"]
        ('#205080', '#f9fcff', '#f9fcff')
        """
        check_flag("dark", dark)
        colors = _core.make_scheme(self._accent(), bool(dark))
        return dict(zip(_core.SCHEME_ROLES, map(_hex, colors), strict=True))

    def to_css(self, name: str = "theme") -> str:
        """Return custom properties of CSS: colours, roles, texts on them, and both schemes.

        Parameters
        ----------
        name : str
            What they are called: ``--theme-1``, ``--theme-on-1`` (text on that),
            ``--theme-accent``, ``--theme-page-background`` and so on.

        Examples
        --------
        >>> from kpalette import Theme
        >>> print(Theme(["#205080"]).to_css("cover").splitlines()[1])
          --cover-1: #205080; /* light navy */
        """
        return str(_core.theme_css(*self._parts(), name))

    def to_tailwind(self, name: str = "theme") -> str:
        """Return the same as :meth:`to_css` for Tailwind 4, with tones of the accent.

        Parameters
        ----------
        name : str
            What they are called: ``bg-theme-1``, ``text-theme-on-1``, ``bg-theme-accent-500``.

        Examples
        --------
        >>> from kpalette import Theme
        >>> print(Theme(["#205080"]).to_tailwind().splitlines()[:2])
        ['@theme {', '  --color-theme-1: #205080; /* light navy */']
        """
        return str(_core.theme_tailwind(*self._parts(), name))

    def to_tokens(self, name: str = "theme") -> str:
        """Return design tokens in JSON, by the W3C Community Group's format of 2025.10.

        Parameters
        ----------
        name : str
            The group's name.

        Examples
        --------
        >>> import json
        >>> from kpalette import Theme
        >>> json.loads(Theme(["#205080"]).to_tokens())["theme"]["1"]["$value"]["hex"]
        '#205080'
        """
        return str(_core.theme_tokens(*self._parts(), name))

    # ---- for figures ----

    def to_cycle(self) -> Cycler[str, str]:
        """Return a Matplotlib cycler of the colours, for ``axes.prop_cycle``.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.

        Examples
        --------
        >>> from kpalette import Theme
        >>> [entry["color"] for entry in Theme(["#ff0000", "#0000ff"]).to_cycle()]
        ['#ff0000', '#0000ff']
        """
        cycle: Cycler[str, str] = required("matplotlib", "Theme.to_cycle").cycler(color=self.hex)
        return cycle

    def to_colormap(self) -> LinearSegmentedColormap:
        """Return a continuous Matplotlib colormap through the colours, from dark to light.

        Lightness grows evenly, in Oklab, so that equal steps of data look like equal steps.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.

        Examples
        --------
        >>> from kpalette import Theme
        >>> dark, light = Theme(["#ffe0a0", "#302050"]).to_colormap()([0, 255], bytes=True)
        >>> dark.tolist(), light.tolist()
        ([48, 32, 80, 255], [255, 224, 160, 255])
        """
        coords = _core.place(self.colors, "oklab")
        coords = coords[np.argsort(coords[:, 0], kind="stable")]
        lightness = np.linspace(coords[0, 0], coords[-1, 0], 256)
        mixed = [np.interp(lightness, coords[:, 0], axis) for axis in coords.T]
        colors = _core.unplace(np.ascontiguousarray(np.transpose(mixed)), "oklab")
        module = required("matplotlib.colors", "Theme.to_colormap")
        colormap: LinearSegmentedColormap = module.LinearSegmentedColormap.from_list(
            "kpalette", colors / 255, N=256
        )
        return colormap

    # ---- to look at, and to keep ----

    def card(
        self, path: str | os.PathLike[str], *, picture: Any = None, title: str | None = None
    ) -> None:
        """Write a card to share: the picture, and below it the colours with their hex and names.

        Parameters
        ----------
        path : path
            Its name ends in ``.svg`` or ``.png``. The file appears whole or not at all; one that
            exists is replaced.
        picture : path, binary file object, Pillow image or array, optional
            What to show; by default what the theme was made of, which is read again if it is a
            file. Of several, and of frames, it is the first; of a histogram, nothing. A transparent
            picture is laid over white, or over black if it is hardly seen on that.
        title : str, optional
            What an SVG is called; by default the file's name.

        Raises
        ------
        OSError
            If the card cannot be written, or the picture cannot be read.
        ValueError
            If the name ends in something else, or the picture is none.
        """
        from kpalette import theme_cards

        theme_cards.write(self, path, self._picture if picture is None else picture, title)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the theme to a file, of the format that its suffix says, as `kpalette theme` does.

        Parameters
        ----------
        path : path
            ``.css`` is :meth:`to_css` and ``.tokens.json`` :meth:`to_tokens`, both named after the
            file, and ``.svg`` and ``.png`` are :meth:`card`. ``.json`` holds all of the theme, so
            that :meth:`load` restores it. All else is as :meth:`kpalette.Palette.save` writes it;
            ``.ase`` and ``.gpl`` have :attr:`names`, with the hex of those that are not unique.
            The file appears whole or not at all; one that exists is replaced.

        Raises
        ------
        OSError
            If the file cannot be written, or the card's picture cannot be read.
        ValueError
            If no format has the suffix.
        """
        from kpalette import theme_files

        theme_files.save(self, path, self._picture)

    def _labels(self) -> list[str]:
        names = self.names
        return [
            name if names.count(name) == 1 else f"{name} {color}"
            for name, color in zip(names, self.hex, strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all that the theme holds and tells, as values that JSON can hold.

        Examples
        --------
        >>> from kpalette import Theme
        >>> [*Theme(["#205080"]).to_dict()]
        ['colors', 'counts', 'shares', 'names', 'css_names', 'text', 'roles', 'pairs', 'places']
        """
        return {
            **super().to_dict(),
            "names": self.names,
            "css_names": self.css_names,
            "text": self.text,
            "roles": dict(self.roles),
            "pairs": [list(pair) for pair in self.pairs],
            "places": None if self.places is None else self.places.tolist(),
        }

    def _repr_html_(self) -> str:
        """Show the card, where it is a notebook cell's value."""
        from kpalette import theme_cards

        return theme_cards.html(self, self._picture)

    _picture: Any

    def _accent(self) -> tuple[int, ...]:
        return _levels(self.accent or self.hex[0])

    def _tuples(self) -> list[tuple[int, ...]]:
        return [tuple(color) for color in self.colors.tolist()]

    def _parts(self) -> tuple[ByteArray, CountArray, list[Any]]:
        """Return what the core takes for a theme."""
        named = [self.roles.get(name) for name in _core.ROLES]
        return self.colors, self.counts, [name and _levels(name) for name in named]


def _checked_roles(roles: Any) -> dict[str, str]:
    """Return the roles' colours as hex, in the order of the roles."""
    if not isinstance(roles, Mapping):
        raise TypeError(f"roles: expected a dict of names and colours, got {roles!r}")
    if unknown := [name for name in roles if name not in _core.ROLES]:
        raise ValueError(f"roles: expected some of {', '.join(_core.ROLES)}, got {unknown[0]!r}")
    colors = {name: checked_color_list("roles", roles[name])[0] for name in roles}
    return {name: hex_name(colors[name]) for name in _core.ROLES if name in colors}


def _unpickled(colors: Any, counts: Any, roles: Any, places: Any, picture: Any) -> Theme:
    return Theme(colors, counts, roles=roles, places=places, picture=picture)


def _hex(levels: Any) -> str:
    return f"#{bytes(levels).hex()}"


def _levels(color: str) -> tuple[int, ...]:
    return tuple(checked_color_list("color", color)[0, :3].tolist())
