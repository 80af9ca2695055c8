"""The options that commands share: a group is a value with a typed field for each option."""

from __future__ import annotations

from kpalette import _core
from kpalette.cli import memory, pngquant
from kpalette.cli.exits import UsageError
from kpalette.cli.options import (
    COLORS,
    GENERAL,
    LARGE,
    MANY,
    MAX_K,
    MAX_THREADS,
    OUTPUT,
    PNGQUANT,
    above_zero,
    alpha,
    exclusive,
    flag,
    hex_colors,
    lossy,
    option,
    score,
    share,
    smaller,
    use_looks,
    whole,
)
from kpalette.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kpalette import choices

#: Those of `choices.Scope`, whose module brings typing; a test compares them.
SCOPES = ("auto", "global", "scene", "frame")


class Number(Record):
    """How many colours there are to be."""

    k: int | None = option(
        "-k",
        section=COLORS,
        common=True,
        check=whole(1, MAX_K, str(MAX_K)),
        metavar="K",
        help=f"How many colours, 1 to {MAX_K}.  [default: {MAX_K}]",
    )


class Shared(Record):
    """Whether photos share a palette."""

    shared_palette: bool = flag(
        "--shared-palette",
        section=MANY,
        help="One palette for all photos together, each counting by its pixels.",
    )


class Manners(Record):
    """How a command that reads photos goes about it."""

    threads: int | None = option(
        "--threads",
        section=GENERAL,
        check=whole(1, MAX_THREADS, str(MAX_THREADS)),
        metavar="N",
        help="How many threads to use; the result is the same with any.  [default: all cores]",
    )
    allow_truncated: bool = flag(
        "--allow-truncated",
        section=GENERAL,
        help="Read the part that is there of a JPEG or PNG file that is cut off.",
    )
    force: bool = flag(
        "-f", "--force", section=GENERAL, common=True, help="Replace files that exist."
    )
    quiet: bool = flag("-q", "--quiet", section=GENERAL, help="Say nothing unless something fails.")


class Space(Record):
    """Where distances are measured."""

    space: choices.Space = option(
        "--space",
        section=COLORS,
        choices=_core.SPACES,
        default="oklab",
        show_default=True,
        help="Where colours are compared: oklab and lab are close to what the eye sees; srgb gives "
        "the least MSE.",
    )


class Fit(Space):
    """How a palette is fitted."""

    effort: choices.Effort = option(
        "--effort",
        section=COLORS,
        choices=_core.EFFORTS,
        default="balanced",
        show_default=True,
        help="How much time to spend on a lower error.",
    )
    seed: int = option(
        "--seed",
        section=COLORS,
        default="0",
        check=whole(0, 2**64 - 1, "2**64 - 1"),
        metavar="N",
        help="The seed of the random choices.  [default: 0]",
    )


class Fixed(Record):
    """Colours that the palette must have."""

    fixed: tuple[str, ...] = option(
        "--fixed",
        section=COLORS,
        multiple=True,
        check=hex_colors,
        metavar="COLOR",
        help="A colour that the palette must have, such as '#ff8800' or white. Give several with "
        "commas between, or give the option again.",
    )


class Alpha(Record):
    """What becomes of transparency."""

    alpha: str = option(
        "--alpha",
        section=COLORS,
        default="keep",
        check=alpha,
        metavar="HOW",
        help="keep transparency; threshold makes what is half-transparent opaque or transparent; "
        "flatten:#rrggbb lays the image over a colour.  [default: keep, for GIF threshold]",
    )


class Salient(Record):
    """Whether what stands out counts more."""

    saliency: bool = flag("--saliency", section=COLORS, help="Give more weight to what stands out.")


class Pixels(Salient, Fixed):
    """What counts of a photo's pixels."""

    palette_scope: choices.Scope = option(
        "--palette-scope",
        section=COLORS,
        choices=SCOPES,
        default="auto",
        show_default=True,
        help="An animation's palettes: one for all frames (global), one for each scene or frame, "
        "or whichever is worth its bytes (auto, the slowest).",
    )
    least_fps: float | None = option(
        "--least-fps",
        section=COLORS,
        check=above_zero,
        metavar="N",
        help="Leave out frames of an animation for --max-bytes, so that N a second remain.  "
        "[default: all are kept]",
    )
    weights: str | None = option(
        "--weights",
        section=COLORS,
        is_path=True,
        metavar="MAP",
        help="A grey image of the photo's size. The lighter a pixel, the more it counts.",
    )


class Kept(Alpha):
    """What stays as it is in the file."""

    keep_profile: bool = flag(
        "--keep-profile",
        section=COLORS,
        help="Keep the photo's colour space, such as Display P3 or Adobe RGB. For PNG, WebP and "
        "TIFF.  [default: sRGB]",
    )


class Targets(Record):
    """How good a picture has to be, instead of how many colours it has."""

    looks: float | None = option(
        "--looks",
        section=COLORS,
        common=True,
        check=score,
        metavar="N",
        help="The fewest colours that look as good as N of 100. A difference is hardly seen at "
        "90, seen beside the photo at 70, and seen at once at 50. At most K colours.",
    )
    psnr: float | None = option(
        "--psnr",
        section=COLORS,
        check=above_zero,
        metavar="N",
        help="The fewest colours that reach a PSNR of N decibels.",
    )
    delta_e: None = option("--delta-e", "--delta-e-p95", hidden=True, check=use_looks)
    quality: tuple[int, int] | None = option(
        "-Q",
        "--quality",
        section=COLORS,
        check=pngquant.quality_range,
        metavar="MIN-MAX",
        help="The fewest colours that reach MAX of 100. If K colours reach only MIN, the "
        "picture has K. The scale is pngquant's.",
    )
    max_bytes: int | None = option(
        "--max-bytes",
        section=COLORS,
        check=memory.file_size,
        metavar="SIZE",
        help="The best-looking PNG or animation of at most SIZE, such as 50k or 5M. It is made "
        "smaller as by --smaller, and has fewer colours.",
    )


class Dither(Record):
    """How pixels are mapped to a palette."""

    dither: str | None = option(
        "--dither",
        section=COLORS,
        common=True,
        choices=["none", *_core.DITHERS],
        metavar="HOW",
        help="Mix colours side by side. HOW is none, "
        f"{', '.join(_core.DITHERS[:-1])} or {_core.DITHERS[-1]}; spatial looks best.  "
        "[default: none]",
    )
    dither_strength: float | None = option(
        "--dither-strength",
        section=COLORS,
        check=share,
        metavar="S",
        help="How much to dither, 0 to 1; less makes smaller files.  [default: 1]",
    )
    smaller: float = option(
        "--smaller",
        section=COLORS,
        common=True,
        check=smaller,
        default="0",
        metavar="N",
        help="Make PNG files and animations smaller, 0 to 3. Where pictures are not enlarged, the "
        "difference is not seen with 1, hardly with 2, a little with 3. Stills are dithered as "
        "well, unless told --dither none.  [default: 0]",
    )
    lossy: float = option(
        "--lossy",
        section=COLORS,
        check=lossy,
        default="0",
        metavar="N",
        help="The same on the scale of gifsicle, 0 to 100: 15, 30 and 60 are --smaller 1, 2 and 3. "
        "More than 60 makes animations smaller still, but no stills.  [default: 0]",
    )

    @property
    def saving(self) -> dict[str, float]:
        """How many bytes to save: of stills by `smaller`, of animations by either."""
        if not self.lossy:
            return {"smaller": self.smaller, "lossy": 0.0}
        from kpalette import rate

        return {"smaller": rate.smaller_as(self.lossy), "lossy": self.lossy}

    def settled(self) -> tuple[str | None, float]:
        """Return the dither's name and its strength."""
        if self.dither == "none" and self.dither_strength is not None:
            raise exclusive("--dither none", "--dither-strength")
        if self.smaller and self.lossy:
            raise UsageError("--smaller and --lossy exclude each other; give one")
        if self.smaller or self.lossy:
            if self.dither not in (None, "none", "floyd-steinberg"):
                name = "--lossy" if self.lossy else "--smaller"
                raise UsageError(
                    f"{name} and --dither {self.dither} exclude each other; give one, or "
                    "--dither floyd-steinberg or none"
                )
            if self.dither == "none":
                return None, 0.0
            return self.dither, 1.0 if self.dither_strength is None else self.dither_strength
        if self.dither in (None, "none"):
            if self.dither_strength is not None:
                raise UsageError("--dither-strength needs --dither HOW")
            return None, 1.0
        return self.dither, 1.0 if self.dither_strength is None else self.dither_strength


class Recursive(Record):
    """Whether folders are entered."""

    recursive: bool = flag(
        "-r",
        "--recursive",
        section=MANY,
        help="Take the images and films in folders, and in the folders in them. Hidden ones are "
        "left out, and so are links to folders.",
    )


class Output(Recursive):
    """What is written for each photo, and where."""

    out: str | None = option(
        "-o",
        "--out",
        "--output",
        section=OUTPUT,
        common=True,
        is_path=True,
        metavar="OUT",
        help="A file, a directory, or - for stdout. A name that ends in / is a directory, made if "
        "need be. Without it, pictures go beside their photos.",
    )
    ext: str | None = option(
        "--ext",
        section=OUTPUT,
        metavar="END",
        help="The end of the new name, such as -small.png. It takes the place of the photo's "
        ".jpg; with --force, '.png' replaces PNG files by their pictures.",
    )
    format: str | None = option(
        "--format",
        section=OUTPUT,
        choices=["png", "apng", "gif", "webp", "tiff", "bmp"],
        any_case=True,
        help="The format of the pictures.  [default: by the ending of OUT or END, otherwise png; "
        "an animation's own]",
    )
    first_frame: bool = flag(
        "--first-frame", section=OUTPUT, help="Reduce only the first frame of an animation."
    )
    optimize: bool = flag(
        "--optimize", section=OUTPUT, help="Spend some seconds on a smaller file."
    )
    keep_order: bool = flag(
        "--keep-order",
        section=OUTPUT,
        help="Write an indexed PNG with the most frequent colour first, or in the order of a "
        "given palette.  [default: the order that makes the file smallest]",
    )
    strip: bool | None = option(
        "--strip/--keep-metadata",
        section=OUTPUT,
        default=None,
        help="Leave out the metadata of the photo's file, or keep it.  [default: "
        "only the pixel density is kept]",
    )
    skip_if_larger: bool = flag(
        "--skip-if-larger",
        section=OUTPUT,
        help="Write a picture only if it is smaller than the photo. Otherwise end with 98.",
    )
    even_if_larger: bool = flag(
        "--even-if-larger",
        section=OUTPUT,
        help="Replace a photo itself even if the picture is larger.  [default: leave it as it is]",
    )
    skips_ok: bool = flag(
        "--skips-ok", section=OUTPUT, help="End with 0, not 98 or 99, if photos are skipped."
    )
    preserve: bool = flag(
        "--preserve", section=OUTPUT, help="Give pictures the times of their photos."
    )
    out_dir: str | None = option(
        "--out-dir",
        section=MANY,
        is_path=True,
        metavar="DIR",
        help="Write below DIR, made if need be: x/sub/a.jpg of folder x becomes DIR/sub/a.png.",
    )
    jobs: int | None = option(
        "-j",
        "--jobs",
        section=MANY,
        check=whole(1, MAX_THREADS, str(MAX_THREADS)),
        metavar="N",
        help="How many photos at once; each takes memory.  [default: as many as cores]",
    )
    skip_existing: bool = flag(
        "--skip-existing",
        section=MANY,
        help="Leave out photos whose pictures exist, to resume a run.",
    )
    dry_run: bool = flag(
        "--dry-run",
        section=MANY,
        help="Say what would be written where, and write nothing. Photos are not decoded, so what "
        "is wrong with them is not found.",
    )
    as_json: bool = flag(
        "--json", section=MANY, help="Print an object for each photo, in a line of its own."
    )


class Large(Record):
    """What Dask does."""

    scheduler: str | None = option(
        "--scheduler",
        section=LARGE,
        metavar="WHERE",
        help="Where to count and map tiles: threads, processes, or the address of a Dask cluster, "
        "such as tcp://host:8786, whose workers see the same files.  [default: threads]",
    )
    memory_limit: int | None = option(
        "--memory-limit",
        section=LARGE,
        check=memory.limit,
        metavar="SIZE",
        help="How much memory this process may use, such as 2GB, which limits the tiles; at least "
        f"{memory.LEAST_LIMIT // 10**6}MB.",
    )
    missing: str = option(
        "--missing",
        section=LARGE,
        choices=["error", "fill"],
        default="error",
        help="What to do where chunks of a Zarr array or a TIFF are missing: end with an error, or "
        "use the fill value.  "
        "[default: error]",
    )


class Words(Record):
    """What pngquant calls otherwise."""

    pngquant_speed: int | None = option(
        "-s",
        section=PNGQUANT,
        check=whole(1, 11, "11"),
        metavar="N",
        help="How fast, from 1 to 11. 1 and 2 are --effort best, 3 to 9 balanced, 10 and 11 "
        "fast; 11 does not dither.",
    )
    nofs: bool = flag("--nofs", "--ordered", section=PNGQUANT, help="Do not dither.")
    floyd: float | None = option(
        "--floyd",
        section=PNGQUANT,
        check=share,
        metavar="[=S]",
        help="--dither floyd-steinberg, of strength S from 0 to 1.",
    )
    map: str | None = option(
        "--map",
        section=PNGQUANT,
        is_path=True,
        metavar="FILE",
        help="Use the colours of this palette file or PNG; of more than 256, those best for the "
        "photo.",
    )
    posterize: int | None = option(
        "--posterize",
        section=PNGQUANT,
        check=whole(0, 4, "4"),
        metavar="N",
        help="Drop the last N bits of each level of the palette, for displays that have fewer "
        "bits: 4 for ARGB4444.  [default: 0]",
    )
    verbose: bool = flag(
        "-v",
        "--verbose",
        section=PNGQUANT,
        help="Say what was done with PNG files, too, where the command has no name.",
    )
    transbug: bool = flag("--transbug", section=PNGQUANT, hidden=True)
    iebug: bool = flag("--iebug", section=PNGQUANT, hidden=True)
    no_force: bool = flag("--no-force", section=PNGQUANT, hidden=True)
    as_pngquant: bool = flag(pngquant.AS_PNGQUANT, section=PNGQUANT, hidden=True)
