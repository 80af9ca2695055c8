"""What kpalette quantize makes of each photo, as its options say."""

from __future__ import annotations

from kpalette.cli import loading
from kpalette.cli.economy import Economy
from kpalette.cli.exits import USAGE, Failed, UsageError
from kpalette.cli.groups import Fit, Kept, Output, Pixels
from kpalette.cli.moving import animator, animator_to, in_format
from kpalette.cli.options import MAX_K, exclusive
from kpalette.cli.targets import MAX_BYTES, Target, fewest, within
from kpalette.record import Record
from kpalette.threads import make_team

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kpalette.choices import Dither as DitherName
    from kpalette.cli.batch import Batch, Reduce
    from kpalette.cli.moving import Animate
    from kpalette.colors import ByteArray
    from kpalette.files import ImageSource
    from kpalette.files.plain import Photo
    from kpalette.palette import Palette
    from kpalette.quantized import Quantized
    from kpalette.still import Still


class Way(Record):
    """What is made of each photo, and how."""

    asked: int | None  # for how many colours, if for any number
    pixels: Pixels
    kept: Kept
    fit: Fit
    dither: DitherName | None
    strength: float
    saving: dict[str, float]  # `smaller` and `lossy`
    target: Target | None
    posterize: int

    @property
    def k(self) -> int:
        """The most colours that there may be."""
        return self.asked or MAX_K

    @property
    def is_dithered(self) -> bool:
        """Whether errors are diffused, or the dither is an ordered one."""
        return self.dither is not None or (self.saving["smaller"] > 0 and self.strength > 0)

    @property
    def fitting(self) -> dict[str, Any]:
        """The library's options for a fit."""
        return {**self.fit.as_dict(), "fixed": self.pixels.fixed, "posterize": self.posterize}

    def mapping(self, batch: Batch) -> dict[str, Any]:
        """Return the library's options for mapping stills."""
        return in_format(batch.kind, self.saving, self._dithering(batch))

    def _dithering(self, batch: Batch) -> dict[str, Any]:
        how = {"dither": self.dither, "dither_strength": self.strength}
        return {**how, "threads": batch.threads}

    def tiled(self) -> dict[str, Any]:
        """Return the options for what is done in tiles."""
        how = {"dither": self.dither, "dither_strength": self.strength}
        fixed = self.pixels.fixed
        return {**self.fit.as_dict(), **how, "fixed": fixed, "alpha": self.kept.alpha}

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.posterize and self.kept.keep_profile:
            raise exclusive("--posterize", "--keep-profile")
        if not self.pixels.fixed:
            return
        from kpalette.color_lists import checked_fixed

        try:
            checked_fixed(self.pixels.fixed, self.k, self.kept.alpha)
        except ValueError as error:
            raise UsageError(f"--{error}") from None

    def refuse(self, flag: str, **others: object) -> None:
        """Refuse what a palette that is there before any photo is done does not go with."""
        asked: dict[str, object] = {
            "weights": self.pixels.weights,
            "saliency": self.pixels.saliency,
        }
        asked |= {"keep_profile": self.kept.keep_profile, **others}
        if self.target is not None:
            asked = {self.target.asked: True, **asked}
        for name, value in asked.items():
            if value:
                raise exclusive(flag, f"--{name.replace('_', '-')}")

    def against_max_bytes(self, kind: str | None, output: Output) -> list[str]:
        """Return the options that --max-bytes does not go with."""
        others = {
            f"--format {kind}": kind not in (None, "png"),
            "--keep-order": output.keep_order,
            "--keep-metadata": output.strip is False,
            "--keep-profile": self.kept.keep_profile,
            "--effort fast": self.fit.effort == "fast",
        }
        return [name for name, is_asked in others.items() if is_asked]

    def economy(self, output: Output, *, has_map: bool, is_shared: bool) -> Economy:
        """Return what would make files smaller."""
        is_open = self.target is None and not has_map
        return Economy(
            k=self.k if is_open else None,
            smaller=not self.saving["smaller"] and self.dither in (None, "floyd-steinberg"),
            max_bytes=is_open and not is_shared and not self.against_max_bytes(None, output),
        )

    def flat(self, pixels: ByteArray) -> ByteArray:
        """Lay pixels over a colour, if that is asked for."""
        from kpalette import files

        return files.apply_alpha(pixels, self.kept.alpha)

    def plainly(self, batch: Batch) -> Callable[[Photo], Still] | None:
        """Return what makes pictures of plain photos without NumPy, if nothing rare is asked for.

        They are those of `reduce`.
        """
        from kpalette import still
        from kpalette.dither import Dithering

        pixels, kept = self.pixels, self.kept
        rare = pixels.weights or pixels.saliency or pixels.fixed or kept.keep_profile
        if (
            rare
            or kept.alpha != "keep"
            or self.target
            or self.posterize
            or self.dither == "spatial"
        ):
            return None
        smaller = self.saving["smaller"]
        how = Dithering(self.dither, self.strength, self.fit.space, smaller)

        def reduce(photo: Photo) -> Still:
            team = make_team(batch.threads)
            size = photo.height, photo.width, photo.channels
            image = still.CountedStill.of(photo.pixels, *size, team)
            return still.quantize(image, self.k, how, self.fit.effort, self.fit.seed, team)

        return reduce

    def reduce(self, palette: Palette | None, batch: Batch) -> Reduce:
        """Return what makes pictures of pixels."""
        mapping = self.mapping(batch)
        if palette is not None:
            return lambda pixels: palette.remap(
                self.flat(pixels), k=MAX_K, space=self.fit.space, **mapping
            )
        options = {
            **self.fitting,
            **mapping,
            "weights": _weights(self.pixels.weights, batch.manners.allow_truncated),
            "saliency": self.pixels.saliency,
            "alpha": self.kept.alpha,
            "keep_profile": self.kept.keep_profile,
        }

        def make(photo: ImageSource, **target: Any) -> Quantized:
            from kpalette import pipeline

            return pipeline.quantize(photo, self.k, **options, **target)

        def reduce(photo: ImageSource) -> Quantized:
            try:
                if self.target is None:
                    return make(photo)
                if self.target.name == MAX_BYTES:
                    if batch.kind not in (None, "png"):
                        line = f"--max-bytes and --format {batch.kind} exclude each other; give one"
                        raise Failed(USAGE, line)
                    most = int(self.target.best)
                    return within(lambda: make(photo, max_bytes=most))
                return fewest(lambda quality: make(photo, quality=quality), self.target, self.k)
            except (ValueError, OverflowError) as error:
                # A map of another size, or of nothing but black; weights that no sum can hold.
                raise Failed(USAGE, str(error)) from None

        return reduce

    def animate(self, palette: Palette | None, batch: Batch) -> Animate:
        """Return what makes animations of animations."""
        options = {**self._dithering(batch), **self.saving, "alpha": self.kept.alpha}
        if palette is not None:
            return animator_to(palette, {**options, "space": self.fit.space})
        options |= {**self.fitting, "palette_scope": self.pixels.palette_scope}
        asked: dict[str, object] = {
            "--weights": self.pixels.weights,
            "--saliency": self.pixels.saliency,
            "--keep-profile": self.kept.keep_profile,
        }
        refused = [name for name, value in asked.items() if value]
        least_fps = self.pixels.least_fps
        return animator(
            self.asked, self.k, options, target=self.target, least_fps=least_fps, refused=refused
        )


def _weights(path: str | None, allow_truncated: bool) -> Any:
    if path is None:
        return None
    try:
        pixels = loading.read(path, allow_truncated).pixels
    except Failed as failure:
        raise Failed(failure.code, f"{path}: {failure}") from None
    grey = pixels[..., 0]
    if pixels.shape[2] != 3 or (pixels != grey[..., None]).any():
        raise UsageError(f"--weights: expected a grey image, got {path}, which has colours")
    return grey / 255
