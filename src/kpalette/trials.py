"""An image made into pictures again and again: other colours, and other ways to map to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kpalette import rate
from kpalette.checks import MAX_INDEXED
from kpalette.fit import psnr
from kpalette.looks import Reference
from kpalette.no_larger import first_smaller, is_no_larger
from kpalette.quality import fit_fewest
from kpalette.record import replace
from kpalette.remap import mapped

if TYPE_CHECKING:
    from kpalette import _core
    from kpalette.choices import Effort
    from kpalette.dither import Dithering
    from kpalette.fit import Fitted
    from kpalette.histogram import Counted
    from kpalette.quantized import Quantized


@dataclass(eq=False)
class Trials:
    """Fits palettes to one image and maps it to them, as searches ask for it.

    Attributes
    ----------
    image : Counted
    fit : function
        Of k, which :func:`kpalette.weighted_fit.fitting` returns.
    effort : {"fast", "balanced", "best"}
    team : Team
        The threads to use.
    """

    image: Counted
    fit: Callable[..., Fitted]
    effort: Effort
    team: _core.Team
    _plain: tuple[Fitted, Quantized] | None = field(default=None, init=False)

    def made(self, k: int, how: Dithering) -> Quantized:
        """Return the picture of k colours; made smaller, its PNG is no larger than a plain one."""
        return self._mapped(self.fit(k), how)

    def saving(self, k: int, how: Dithering) -> Quantized:
        """Return the picture of k colours made smaller, though its PNG may be larger than that."""
        return mapped(self.image, self.fit(k, mixing=how.strength > 0), how, self.team)

    def looks(self, quantized: Quantized) -> float:
        """Measure how good a picture looks."""
        return self._reference.index_errors(quantized.indices, quantized.palette.colors).looks

    def fewest(
        self,
        least: int,
        most: int,
        how: Dithering,
        target: tuple[str, float],
        finished: Callable[[Quantized], Quantized],
    ) -> Quantized:
        """Return the picture of the fewest colours that reaches a quality, as small as it may be.

        An image that has no more than 256 colours, nor more than `most`, keeps exactly those, if
        that is no larger. Files are those of pictures that are `finished`.

        Raises
        ------
        QualityNotReached
            If most colours do not reach it.
        """
        wanted = target[1]
        reached: dict[tuple[Fitted, Dithering], Quantized] = {}  # the last that was good enough

        def measured(fitted: Fitted, how: Dithering) -> float:
            if not how.is_on:
                return self._measured(fitted, target[0])
            shown = self._mapped(fitted, how)
            found = shown.psnr if target[0] == "psnr" else self.looks(shown)
            if found >= wanted:
                reached.clear()
                reached[fitted, how] = shown
            return found

        if how.smaller:
            fitted = self.fit(most)
            how = rate.most_smaller(how, lambda how: measured(fitted, how) >= wanted)
        found = fit_fewest(self.fit, least, most, target, partial(measured, how=how))
        few = finished(reached.get((found, how)) or self._mapped(found, how))
        if few.is_exact or len(self.image.histogram) > min(most, MAX_INDEXED):
            return few
        exact = finished(self.made(most, how))  # unless the weights leave colours out
        return exact if exact.is_exact and is_no_larger(exact, few, self.effort, self.team) else few

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self.image.pixels, self.team)

    def _measured(self, fitted: Fitted, name: str) -> float:
        """Measure how good nearest entries are, without mapping to them."""
        if name == "psnr":
            return psnr(fitted.mse)
        histogram, colors = self.image.histogram, fitted.palette.colors
        return self._reference.label_errors(histogram, fitted.labels, colors).looks

    def _mapped(self, fitted: Fitted, how: Dithering) -> Quantized:
        if not (how.smaller and how.smaller_in == "png"):
            return self._mapped_once(fitted, how)
        mixed = partial(self.fit, len(fitted), mixing=True)
        return first_smaller(
            fitted, mixed, how, self._mapped_once, effort=self.effort, team=self.team
        )

    def _mapped_once(self, fitted: Fitted, how: Dithering) -> Quantized:
        """Map to a palette; to its nearest entries only once, as searches do so in many ways."""
        if how.is_on:
            return mapped(self.image, fitted, how, self.team)
        if self._plain is None or self._plain[0] is not fitted:
            plain = replace(how, name=None, strength=0)
            self._plain = fitted, mapped(self.image, fitted, plain, self.team)
        return self._plain[1]
