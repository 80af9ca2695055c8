"""Palettes: what a fit ends with, and what an image is mapped onto."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, SupportsIndex, overload

import numpy as np

from kpalette.checks import MAX_COLORS, checked_k
from kpalette.choices import Dither, Order, SmallerIn, Space
from kpalette.color_lists import checked_color_list
from kpalette.colors import checked_counts, frozen, hex_name, repeated
from kpalette.extras import required

if TYPE_CHECKING:
    from matplotlib.colors import ListedColormap

    from kpalette.colors import ByteArray, Colors, CountArray
    from kpalette.files import ImageSource
    from kpalette.quantized import Quantized


@dataclass(frozen=True, eq=False, repr=False)
class Palette(Sequence[str]):
    """A list of distinct 8-bit sRGB colours, with the number of pixels that each stands for.

    It is a sequence of their hex names, so that Matplotlib and seaborn take it for a list of
    colours: ``p[0]`` is ``"#ff7f00"``, and a slice is a palette. ``np.asarray(p)`` is
    :attr:`colors`.

    Palettes are equal if their colours, the order of these and their counts are. A palette does
    not equal a list of names, as a tuple does not equal a list: a list has no counts, so two
    palettes that differ would equal the same list. Compare :attr:`hex`, which is a list.

    Parameters
    ----------
    colors : sequence of colours, or integer array (k, 3) or (k, 4)
        1 to 65,536 distinct colours, each as ``"#ff7f00"``, ``"#f70"`` or ``(255, 127, 0)``,
        perhaps with alpha, or by its name, such as ``"white"`` or ``"dusty blue"``. If one has
        alpha, the others become opaque.
    counts : integer array (k,), optional
        Pixels of each colour, at least 0; zeros by default.

    Attributes
    ----------
    colors : uint8 array (k, 3) or (k, 4)
        R, G, B and perhaps alpha; read-only.
    counts : int64 array (k,)
        Read-only.

    Raises
    ------
    TypeError
        If an argument is of another kind, or holds numbers that are not whole.
    ValueError
        If an array has another shape, a level is not from 0 to 255, a colour repeats, or a count
        is negative.
    OverflowError
        If the counts add up to more than 2**63 - 1.

    Examples
    --------
    >>> from kpalette import Palette
    >>> brand = Palette(["#ff7f00", (0, 0, 0), "#fff"])
    >>> brand
    Palette(3 colours: #ff7f00, #000000, #ffffff)
    >>> brand[0], brand[1:], "#000000" in brand
    ('#ff7f00', Palette(2 colours: #000000, #ffffff), True)
    >>> brand == Palette(["#ff7f00", "#000", "#fff"]), brand == list(brand)
    (True, False)
    >>> brand.hex == ["#ff7f00", "#000000", "#ffffff"]
    True
    >>> brand.colors.tolist()
    [[255, 127, 0], [0, 0, 0], [255, 255, 255]]
    """

    colors: ByteArray
    counts: CountArray

    def __init__(self, colors: Colors, counts: np.ndarray[Any, Any] | None = None) -> None:
        if isinstance(colors, (str, os.PathLike)) and os.path.splitext(colors)[1]:
            raise ValueError(
                "colors: expected colours such as 'white' or '#ff8800', got "
                f"{os.fspath(colors)!r}; Palette.load reads a file"
            )
        levels = checked_color_list("colors", colors).copy()
        if not 1 <= len(levels) <= MAX_COLORS:
            raise ValueError(f"colors: expected 1 to {MAX_COLORS} colours, got {len(levels)}")
        twice = repeated(levels)
        if twice is not None:
            raise ValueError(
                f"colors: expected distinct colours, got {hex_name(twice)} more than once"
            )
        if counts is None:
            counts = np.zeros(len(levels), np.int64)
        object.__setattr__(self, "colors", frozen(levels))
        object.__setattr__(self, "counts", frozen(checked_counts(counts, len(levels)).copy()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.colors, self.counts))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a palette from a file of this or another program.

        Parameters
        ----------
        path : path
            The format goes by the suffix: ``.act``, ``.ase``, ``.css``, ``.gpl``, ``.hex``,
            ``.json``, ``.pal`` (JASC or RIFF) or ``.png``. See :meth:`save`.

        Returns
        -------
        Palette
            Colours in the order of the file, each once, where it first is. With counts if they
            come from ``.json``, where those of equal colours are added up.

        Raises
        ------
        OSError
            If the file cannot be opened.
        kpalette.PaletteReadError
            If it holds no palette of that format, or more than 65,536 colours; a ``ValueError``.
        ValueError
            If the suffix is another.

        Notes
        -----
        Of a PNG the palette is read or, if it has none, its distinct colours in the order in
        which they come. Of CSS, all custom properties that are hex colours. ``.hex`` and ``.json``
        may have short forms and names, such as ``#f80`` and ``white``. Of ``.ase``, colours in RGB
        and Gray; those in CMYK or LAB are refused.
        """
        from kpalette import palette_files

        return cls(*palette_files.load(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the palette for this or another program.

        The file appears whole or not at all; one that exists is replaced.

        Parameters
        ----------
        path : path
            The format goes by the suffix:

            ========== ============================================== ======= ==========
            suffix     what                                           alpha   colours
            ========== ============================================== ======= ==========
            ``.act``   Adobe colour table                             one [1] up to 256
            ``.ase``   Adobe swatch exchange, RGB, named by hex       no      any number
            ``.css``   custom properties ``--name-1`` …, in ``:root`` yes     any number
            ``.gpl``   GIMP palette, named by hex                     no      any number
            ``.hex``   a line per colour                              yes     any number
            ``.json``  colours, counts and shares                     yes     any number
            ``.pal``   JASC palette                                   no      any number
            ``.png``   a picture of swatches, indexed                 yes     up to 256
            ========== ============================================== ======= ==========

            [1] One colour with alpha 0 is kept, as the one that is transparent.

        Raises
        ------
        ValueError
            If the suffix is another, or the format has no room for so many colours or for alpha.
        OSError
            If the file cannot be written.

        Notes
        -----
        Only ``.json`` holds counts, and gives back the very same palette. The others give back its
        colours, in order. The file's name without suffix names the palette in ``.gpl`` and
        ``.css``.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import numpy as np
        >>> from kpalette import Palette
        >>> two = Palette(np.array([[255, 127, 0], [0, 0, 0]], np.uint8))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "brand.css")
        ...     two.save(path)
        ...     print(path.read_text(), Palette.load(path))
        :root {
          --brand-1: #ff7f00;
          --brand-2: #000000;
        }
         Palette(2 colours: #ff7f00, #000000)
        """
        from kpalette import palette_files

        palette_files.save(self, path)

    @property
    def shares(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """float64 array (k,): the part of all pixels that each colour stands for, 0 to 1."""
        total = self.counts.sum()
        return self.counts / total if total else np.zeros(len(self))

    @property
    def hex(self) -> list[str]:
        """The colours as ``#rrggbb``, or ``#rrggbbaa`` where there is alpha."""
        return [hex_name(color) for color in self.colors]

    def to_dict(self) -> dict[str, Any]:
        """Return all that the palette holds, as values that JSON can hold.

        Examples
        --------
        >>> from kpalette import Palette
        >>> Palette(["#ff7f00", "#000"]).to_dict()
        {'colors': ['#ff7f00', '#000000'], 'counts': [0, 0], 'shares': [0.0, 0.0]}
        """
        return {
            "colors": self.hex,
            "counts": self.counts.tolist(),
            "shares": self.shares.tolist(),
        }

    def sorted(self, by: Order) -> Palette:
        """Return the same colours, with their counts, in another order.

        Parameters
        ----------
        by : {"share", "luminance", "hue", "compression"}
            ``"share"``: the most frequent first. ``"luminance"``: from dark to light.
            ``"hue"``: greys from dark to light, then round the circle of hues of Oklab, from pink
            by way of red, yellow, green and blue. ``"compression"``: each colour followed by the
            one most like it, those with alpha first. Programs that filter the rows of indexed
            images, such as PNG optimizers, then write smaller files. For at most 256 colours.

        Returns
        -------
        Palette
            Colours that are equal in this respect stay in the order in which they are.

        Raises
        ------
        TypeError, ValueError
            If `by` is another, or there are too many colours for it.

        See Also
        --------
        Quantized.sorted : The same for an image with its palette.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import Palette
        >>> three = Palette(np.array([[255, 255, 0], [0, 0, 0], [255, 0, 0]], np.uint8))
        >>> three.sorted("luminance").hex
        ['#000000', '#ff0000', '#ffff00']
        """
        from kpalette import sorting

        order = sorting.order(self, by)
        return Palette(self.colors[order], self.counts[order])

    def remap(
        self,
        source: ImageSource,
        *,
        k: int | None = None,
        space: Space = "oklab",
        dither: Dither | None = None,
        dither_strength: float = 1.0,
        smaller: float = 0,
        smaller_in: SmallerIn = "png",
        allow_truncated: bool = False,
        threads: int | None = None,
    ) -> Quantized:
        """Map an image onto this palette: each pixel to the nearest colour, or dithered.

        Parameters
        ----------
        source : path, binary file object, Pillow image or array
            See :func:`kpalette.quantize`.
        k : int, optional
            How many of the colours may be taken, 1 to 65,536; all by default. If there are more,
            those that lose least of this picture: of those that are some pixel's nearest, k-means
            makes k clusters, and the one nearest to the centre of each is taken.
        space, dither, dither_strength, smaller, smaller_in, allow_truncated
            See :func:`kpalette.quantize`.
        threads : int, optional
            All cores by default. The result does not depend on it.

        Returns
        -------
        Quantized
            With this palette's colours in their order, or those taken, counted anew; its ``n_iter``
            is 0.

        Raises
        ------
        OSError, TypeError, ValueError
            As :func:`kpalette.quantize`.

        Examples
        --------
        >>> import numpy as np
        >>> from kpalette import Palette
        >>> two = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
        >>> two.remap(np.array([[10, 200]], np.uint8)).indices.tolist()
        [[0, 1]]
        """
        from kpalette import files, rate  # which make palettes, so they cannot come first
        from kpalette.dither import Dithering
        from kpalette.remap import remap
        from kpalette.threads import make_team

        most = len(self) if k is None else min(checked_k(k), len(self))
        smaller = rate.checked_smaller(smaller, most)
        dithering = Dithering(dither, dither_strength, space, smaller, smaller_in)
        team = make_team(threads)
        pixels = files.as_pixels(source, allow_truncated=allow_truncated)
        return remap(pixels, self, most, dithering, team)

    def to_matplotlib(self) -> ListedColormap:
        """Return a Matplotlib colormap of these colours, in their order.

        Returns
        -------
        matplotlib.colors.ListedColormap
            Its N is the number of colours.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.

        Examples
        --------
        >>> from kpalette import Palette
        >>> Palette(["#ff0000", "#0000ff"]).to_matplotlib().N
        2
        """
        colormap: ListedColormap = required(
            "matplotlib.colors", "Palette.to_matplotlib"
        ).ListedColormap(self.colors / 255, name="kpalette")
        return colormap

    def _labels(self) -> list[str]:
        """Return what each colour is called in files that have names for colours."""
        return self.hex

    def __len__(self) -> int:
        """How many colours there are."""
        return len(self.colors)

    @overload
    def __getitem__(self, index: SupportsIndex) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Palette: ...

    def __getitem__(self, index: SupportsIndex | slice) -> str | Palette:
        """Return a colour's hex name, or of a slice the palette, with its counts."""
        if isinstance(index, slice):
            return Palette(self.colors[index], self.counts[index])
        return hex_name(self.colors[operator.index(index)])

    def __iter__(self) -> Iterator[str]:
        return iter(self.hex)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Return :attr:`colors`, of another dtype if that is asked for."""
        if copy is None:  # which NumPy before 2 does not know
            return np.asarray(self.colors, dtype)
        return np.array(self.colors, dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Palette):
            return NotImplemented
        return np.array_equal(self.colors, other.colors) and np.array_equal(
            self.counts, other.counts
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        some = ", ".join(self.hex[:8])
        colors = "1 colour" if len(self) == 1 else f"{len(self)} colours"
        return f"Palette({colors}: {some}{', …' if len(self) > 8 else ''})"

    def _repr_html_(self) -> str:
        """Show swatches with their names and shares, where it is a notebook cell's value."""
        from kpalette import notebook

        return notebook.swatches(self.hex, self.shares.tolist() if self.counts.any() else ())
