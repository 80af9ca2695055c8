"""Programs: whole processes, from one PNG file to another."""

from __future__ import annotations

import shutil
from functools import partial

from benchmarks.rivals import crates
from benchmarks.rivals.rival import Missing, Rival, program


def pngquant(source: str, target: str, k: int, *, options: str) -> list[str]:
    return [crates.program("pngquant"), *options.split(), "--force", "-o", target, str(k), source]


def magick() -> str:
    """Return the name of ImageMagick 7's program, or of 6's."""
    return next((name for name in ("magick", "convert-im6.q16") if shutil.which(name)), "convert")


def image_magick(source: str, target: str, k: int, *, dither: str) -> list[str]:
    return [magick(), source, *dither.split(), "-colors", str(k), f"PNG8:{target}"]


def image_magick_version() -> str:
    hint = "apt-get install imagemagick"
    said = program(magick(), "-version", hint=hint).removeprefix("Version: ")
    if not said.startswith("ImageMagick"):  # Windows has a convert, too
        raise Missing(hint)
    return said.partition(" http")[0]


def graphics_magick(source: str, target: str, k: int, *, dither: str) -> list[str]:
    return ["gm", "convert", source, *dither.split(), "-colors", str(k), f"PNG8:{target}"]


def ffmpeg(source: str, target: str, k: int, *, dither: str) -> list[str]:
    graph = f"split[a][b];[a]palettegen=max_colors={k}:reserve_transparent=0[p];[b][p]paletteuse"
    command = ["ffmpeg", "-v", "error", "-y", "-i", source, "-filter_complex"]
    return [*command, f"{graph}=dither={dither}", target]


def vips(source: str, target: str, k: int, *, dither: int) -> list[str]:
    bits = next(bits for bits in (1, 2, 4, 8) if k <= 1 << bits)
    how = ["--palette", "--bitdepth", str(bits), "--dither", str(dither)]
    return ["vips", "pngsave", source, target, *how]


GRAPHICS_MAGICK = partial(program, "gm", "version", hint="apt-get install graphicsmagick")


def pngquant_version() -> str:
    hint = "apt-get install pngquant, or cargo for a newer one"
    return f"pngquant {program(crates.program('pngquant'), '--version', hint=hint)}"


def ffmpeg_version() -> str:
    return program("ffmpeg", "-version", hint="apt-get install ffmpeg").partition(" Copyright")[0]


def gifsicle_version() -> str:
    return program("gifsicle", "--version", hint="apt-get install gifsicle").replace(
        "LCDF Gifsicle", "gifsicle"
    )


RIVALS = [
    *(
        Rival(
            f"pngquant, speed {speed}{', dithered' if dithered else ''}",
            "files",
            partial(pngquant, options=f"--speed {speed}{'' if dithered else ' --nofs'}"),
            f"pngquant --speed {speed}{'' if dithered else ' --nofs'} K",
            pngquant_version,
            dithered=dithered,
        )
        for speed, dithered in ((1, False), (4, False), (10, False), (1, True), (4, True))
    ),
    *(
        Rival(
            f"{name}{', dithered' if dithered else ''}",
            "files",
            partial(run, dither="" if dithered else "+dither"),
            f"{'' if dithered else '+dither '}-colors K PNG8:",
            version,
            dithered=dithered,
        )
        for name, run, version in (
            ("ImageMagick", image_magick, image_magick_version),
            ("GraphicsMagick", graphics_magick, GRAPHICS_MAGICK),
        )
        for dithered in (False, True)
    ),
    *(
        Rival(
            f"ffmpeg{', dithered' if dither != 'none' else ''}",
            "files",
            partial(ffmpeg, dither=dither),
            f"palettegen=max_colors=K:reserve_transparent=0, paletteuse=dither={dither}",
            ffmpeg_version,
            dithered=dither != "none",
        )
        for dither in ("none", "sierra2_4a")
    ),
    *(
        Rival(
            f"libvips{', dithered' if dither else ''}",
            "files",
            partial(vips, dither=dither),
            f"vips pngsave --palette --bitdepth 1, 2, 4 or 8 --dither {dither}: 2, 4, 16 or 256",
            partial(program, "vips", "--version", hint="apt-get install libvips-tools"),
            dithered=dither > 0,
        )
        for dither in (0, 1)
    ),
]
