"""An image in few colours: what `quantize` and `remap` give."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kpalette import files, sorting
from kpalette.checks import MAX_COLORS, checked_whole
from kpalette.choices import Order
from kpalette.colors import ByteArray, look_up
from kpalette.fit import psnr
from kpalette.histogram import ColorHistogram
from kpalette.palette import Palette
from kpalette.threads import checked_threads
from kpalette.words import plural

if TYPE_CHECKING:
    import PIL.Image

    from kpalette.files import Metadata
    from kpalette.report import Report


class Origin(NamedTuple):
    """What a result was made from, which its report compares it with."""

    pixels: ByteArray  # (h, w, c)
    histogram: ColorHistogram
    labels: np.ndarray[Any, Any]  # the nearest entries of its colours
    colors: ByteArray  # of these entries (k, c)


@dataclass(frozen=True, eq=False, repr=False)
class Quantized:
    """An image in few colours.

    Attributes
    ----------
    indices : uint8 or uint16 array (h, w)
        The palette entry of each pixel: the nearest one, the first among equals; or, dithered, one
        that mixes with its neighbours' to the colours there.
    palette : Palette
        Most frequent colour first, by nearest entries, dithered or not; with the effort ``"fast"``
        in ``"srgb"``, about so. Its counts are those of the indices.
    mse : float
        Mean over pixels of the squared error, summed over R, G and B, in 8-bit sRGB. With alpha,
        the mean of that over black and over white, to within 0.01 %.
    n_iter : int
        Passes of k-means that were made.
    n_distinct : int
        Distinct colours of the image before. Where the palette is shorter than was asked for, it
        has exactly these, but none whose pixels all weighed 0, and any that were fixed.
    profile : bytes or None
        The ICC profile that says what the palette's levels mean, where the picture stays in the
        colour space of its file (`keep_profile`); None where they are sRGB.
    """

    indices: np.ndarray[Any, Any]
    palette: Palette
    mse: float
    n_iter: int
    n_distinct: int
    _origin: Origin | None = field(default=None)
    profile: bytes | None = None
    _kept: dict[Any, Any] = field(default_factory=dict, init=False)  # what a file compressed

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels; infinite where nothing was lost."""
        return psnr(self.mse)

    @property
    def is_exact(self) -> bool:
        """Whether the picture shows exactly the image's colours."""
        return self.mse == 0 and len(self.palette) >= self.n_distinct

    @property
    def rgb(self) -> ByteArray:
        """uint8 array (h, w, 3). Alpha, if any, is in :attr:`rgba`."""
        return look_up(np.ascontiguousarray(self.palette.colors[:, :3]), self.indices)

    @property
    def rgba(self) -> ByteArray:
        """uint8 array (h, w, 4)."""
        return look_up(files.with_alpha(self.palette.colors), self.indices)

    def to_pil(self) -> PIL.Image.Image:
        """Return a Pillow image: of mode P up to 256 colours, otherwise RGB or RGBA.

        Its info holds the :attr:`profile`, if there is one.
        """
        image = files.to_pillow(self.indices, self.palette.colors)
        if self.profile is not None:
            image.info["icc_profile"] = self.profile
        return image

    def show(self) -> None:
        """Show the picture: below the cell of a notebook, otherwise in the system's viewer.

        Raises
        ------
        RuntimeError
            If there is no viewer; :meth:`save` writes a file.
        """
        from PIL import ImageShow

        from kpalette import notebook

        if notebook.is_running():
            notebook.display(self.to_pil())
        elif not ImageShow.show(self.to_pil(), title=repr(self)):
            raise RuntimeError(
                "show: found no program that shows pictures; save(path) writes a file"
            )

    def encode(
        self,
        kind: str = "png",
        *,
        optimize: bool = False,
        quick: bool = False,
        keep_order: bool = False,
        metadata: Metadata | None = None,
        threads: int | None = None,
    ) -> bytes:
        """Return the bytes of an image file with exactly the palette's colours.

        Parameters
        ----------
        kind : {"png", "gif", "webp", "tiff", "bmp"}
            All are indexed up to 256 colours, but for WebP, which is lossless, and a TIFF with
            alpha. PNG, WebP and TIFF hold more, and alpha. A GIF holds no soft
            alpha, and a BMP none: they refuse it.
        optimize : bool
            Take longer for a smaller file, with the same pixels. For PNG, needs oxipng and
            zopfli, which ``pip install 'kpalette[optimize]'`` brings.
        quick : bool
            Compress an indexed PNG much more quickly: photos are then larger.
        keep_order : bool
            Write an indexed PNG whose palette has this one's order, and whose indices are
            :attr:`indices`. Otherwise the order is what compresses best, and grey pictures have
            no palette; the pixels are the same.
        metadata : kpalette.files.Metadata, optional
            What else to write, as far as the format holds it: such as
            :func:`kpalette.files.read_metadata` gives of the source. Nothing unless told.
        threads : int, optional
            To compress an indexed PNG with; 2 are enough. The file does not depend on it. oxipng
            and the other formats have their own ways. By default, as many as the process may use.

        Raises
        ------
        ImportError
            If oxipng or zopfli is needed and not installed.
        TypeError
            If `threads` is not a whole number or None.
        ValueError
            If the format has no room for so many colours, their alpha, their profile or so large
            an image, `kind` is another, `threads` is out of range, or it is to be both optimized
            and quick.

        Examples
        --------
        >>> import numpy as np
        >>> import kpalette
        >>> q = kpalette.quantize(np.array([[9, 200, 200]], np.uint8), 2)
        >>> q.encode("gif")[:3], q.encode("png")[1:4]
        (b'GIF', b'PNG')
        """
        return files.encode(
            self.indices,
            self.palette.colors,
            kind,
            optimize=optimize,
            quick=quick,
            keep_order=keep_order,
            metadata=metadata,
            profile=self.profile,
            threads=checked_threads(threads),
            kept=self._kept,
        )

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        optimize: bool = False,
        quick: bool = False,
        keep_order: bool = False,
        metadata: Metadata | None = None,
        threads: int | None = None,
    ) -> None:
        """Write an image file with exactly the palette's colours.

        The file appears whole or not at all; one that exists is replaced.

        Parameters
        ----------
        path : path
            Its ending says the format: .png, .gif, .webp, .tif, .tiff or .bmp, in any case.
        optimize, quick, keep_order, metadata, threads
            As :meth:`encode`.

        Raises
        ------
        ImportError, TypeError, ValueError
            As :meth:`encode`, or if the name ends in something else.
        OSError
            If the file cannot be written.
        """
        kind = files.kind_of(path)
        encoded = self.encode(
            kind,
            optimize=optimize,
            quick=quick,
            keep_order=keep_order,
            metadata=metadata,
            threads=threads,
        )
        with files.replacing(path) as file:
            file.write(encoded)

    def sorted(self, by: Order) -> Quantized:
        """Return the same picture with its palette in another order.

        Parameters
        ----------
        by : {"share", "luminance", "hue", "compression"}
            See :meth:`Palette.sorted`.

        Returns
        -------
        Quantized

        Raises
        ------
        TypeError, ValueError
            As :meth:`Palette.sorted`.

        Examples
        --------
        >>> import numpy as np
        >>> import kpalette
        >>> q = kpalette.quantize(np.array([[9, 200, 200]], np.uint8), 2)
        >>> q.indices.tolist(), q.sorted("luminance").indices.tolist()
        ([[1, 0, 0]], [[0, 1, 1]])
        """
        order = sorting.order(self.palette, by)
        rank = np.empty(len(order), self.indices.dtype)
        rank[order] = np.arange(len(order))
        palette = Palette(self.palette.colors[order], self.palette.counts[order])
        return replace(self, indices=rank[self.indices], palette=palette)

    def report(self, n: int = 5) -> Report:
        """Return what was lost, and the colours that lost most.

        Parameters
        ----------
        n : int
            At most so many colours, at least 0.

        Returns
        -------
        kpalette.report.Report
            Prints as a table.

        Raises
        ------
        TypeError, ValueError
            If `n` is not a whole number that is at least 0, or this was not made from an image.

        Examples
        --------
        >>> import numpy as np
        >>> import kpalette
        >>> photo = np.array([[[90, 99, 90]] * 9 + [[95, 99, 90]] * 9 + [[250, 9, 0]]], np.uint8)
        >>> for loss in kpalette.quantize(photo, 1).report().losses:
        ...     print(f"{loss.color} to {loss.shown}: ΔE2000 {loss.delta_e:.0f}")
        #fa0900 to #676258: ΔE2000 33
        #5c635a to #676258: ΔE2000 6
        """
        from kpalette.report import report

        checked_whole("n", n, 0, MAX_COLORS)
        if self._origin is None:
            raise ValueError("report: expected the result of an image, got one made from indices")
        return report(self._origin, self, n)

    def __repr__(self) -> str:
        height, width = self.indices.shape
        k = len(self.palette)
        return (
            f"Quantized({width}×{height}, {self.n_distinct} to {k} {plural(k, 'colour')}, "
            f"MSE {self.mse:.4g})"
        )

    def _repr_html_(self) -> str:
        """Show the picture, figures and palette, where it is a notebook cell's value."""
        from kpalette import notebook

        height, width = self.indices.shape
        facts = {
            "pixels": f"{width}×{height}",
            "colours": f"{self.n_distinct:,} to {len(self.palette):,}",
            "MSE": f"{self.mse:.2f}",
            "PSNR": f"{self.psnr:.2f} dB" if self.mse else "∞",
            "passes": str(self.n_iter),
        }
        return (
            notebook.img(self.to_pil(), repr(self))
            + notebook.facts(facts)
            + self.palette._repr_html_()
        )
