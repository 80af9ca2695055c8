"""The clips: each is drawn anew, the same every time, and tunes or reports, never both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

from benchmarks.animations import drawings, films, screens, sprites
from benchmarks.photos import load
from benchmarks.rivals import Missing, Pixels

#: What a clip is for: to tune with, to report, or to measure time and memory of a long one.
Purpose = Literal["dev", "test", "long"]
Size = tuple[int, int]


class Draw(Protocol):
    def __call__(self, size: Size, n: int, *photos: Pixels) -> Iterator[Pixels]: ...


@dataclass(frozen=True)
class Clip:
    """Frames, uint8 (h, w, 3 or 4), that are shown for so many milliseconds each."""

    name: str
    kind: Literal["film", "graphics"]
    purpose: Purpose
    size: Size  # width and height
    n: int
    milliseconds: int
    draw: Draw
    photos: tuple[str, ...] = ()  # of CQ100, which are files of these names

    def frames(self, folders: Sequence[Path], most: int) -> Iterator[Pixels]:
        """Draw at most so many frames: the first of those that there are.

        Raises
        ------
        Missing
            If no folder has a photo that it is drawn from.
        """
        photos = [load(path_of(f"{name}.png", folders)) for name in self.photos]
        return islice(self.draw(self.size, self.n, *photos), most)


def path_of(name: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise Missing(f"{name} of CQ100, in a folder of --images")


def filmed(scene: Draw, **camera: float) -> Draw:
    return partial(films.filmed, scene, **camera)


CLIPS = [
    # To tune with.
    Clip("pan", "film", "dev", (320, 214), 48, 40, films.pan, ("shopping_bags",)),
    Clip("film", "film", "dev", (320, 240), 60, 40, filmed(films.pan), ("traffic",)),
    Clip("head", "film", "dev", (176, 144), 60, 40, filmed(films.head, grain=1.2), ("girl",)),
    Clip("fade", "film", "dev", (240, 160), 36, 50, films.fade, ("pencils", "fruits")),
    Clip("cartoon", "graphics", "dev", (320, 240), 48, 40, drawings.cartoon),
    Clip("confetti", "graphics", "dev", (320, 240), 40, 40, drawings.confetti),
    Clip("sticker", "graphics", "dev", (200, 200), 24, 50, drawings.sticker),
    Clip("plot", "graphics", "dev", (400, 300), 40, 50, drawings.line_plot),
    Clip("scrolling", "graphics", "dev", (480, 320), 60, 50, screens.scrolling),
    Clip("sprites", "graphics", "dev", (256, 192), 24, 100, sprites.walk),
    # To report.
    Clip("zoom", "film", "test", (400, 266), 36, 40, films.zoom, ("calaveras",)),
    Clip(
        "grainy film",
        "film",
        "test",
        (352, 240),
        45,
        40,
        filmed(partial(films.pan, back=True), grain=3),
        ("macarons",),
    ),
    Clip(
        "handheld film",
        "film",
        "test",
        (480, 320),
        32,
        40,
        filmed(films.handheld, crf=26, grain=1.5),
        ("adirondack_chairs",),
    ),
    Clip(
        "talking head",
        "film",
        "test",
        (320, 240),
        60,
        40,
        filmed(partial(films.head, seed=1), crf=25, grain=1.5),
        ("astronaut",),
    ),
    Clip(
        "cross-fade",
        "film",
        "test",
        (256, 192),
        30,
        50,
        films.fade,
        ("daisy_bouquet", "nylon_cords"),
    ),
    Clip("walking cartoon", "graphics", "test", (640, 360), 30, 40, drawings.walking),
    Clip(
        "more confetti", "graphics", "test", (400, 300), 40, 40, partial(drawings.confetti, seed=1)
    ),
    Clip("spinning sticker", "graphics", "test", (240, 240), 36, 40, drawings.spinning),
    Clip("scatter plot", "graphics", "test", (480, 360), 50, 100, drawings.scatter_plot),
    Clip("typing", "graphics", "test", (640, 400), 120, 50, screens.typing),
    Clip("window", "graphics", "test", (512, 384), 60, 40, screens.window),
    Clip(
        "pixel art", "graphics", "test", (288, 224), 32, 80, partial(sprites.walk, seed=1, scroll=2)
    ),
    Clip("blink", "graphics", "test", (176, 144), 2, 500, partial(sprites.walk, seed=2)),
    # Time and memory.
    Clip("long screen", "graphics", "long", (640, 400), 60, 50, screens.scrolling),
    Clip("long film", "film", "long", (640, 400), 60, 40, filmed(films.pan), ("traffic",)),
]
