"""How much the open benchmark measures."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks.animations import runs


@dataclass(frozen=True)
class Plan:
    """Limits on how much is measured."""

    ks: tuple[int, ...] = (16, 64, 256)  # of colours and times
    file_ks: tuple[int, ...] = (8, 16, 32, 64, 256)  # of files at equal looks
    most: float = 6e5  # pixels; of a larger picture the middle is taken
    by_flip: int = 2  # pictures of each folder whose files are also measured by FLIP
    looks: int = 3  # pictures of each folder whose colours are measured by SSIMULACRA2 and FLIP
    timed: int = 3  # pictures of each folder
    repeat: int = 5  # timed runs of a cell, at most
    enough: float = 0.2  # seconds; a cell with more gets no more runs
    limit: float = 10.0  # seconds; a longer run is stopped
    slow: float = 2.0  # seconds; a slower rival gets only the first pictures at that k
    alone: int = 1  # pictures that are also timed on one core
    patience: float = 1.0  # seconds; a rival that is slower gets no larger size
    megapixels: tuple[float, ...] = (0.1, 0.3, 1, 3, 10, 25, 50)
    size_k: int = 64  # the k at which sizes and memory are compared
    memory: float = 1.5  # megapixels
    memory_of_all: bool = True  # or of kpalette alone, because each starts a process
    block: int = 768  # megabytes that are read to measure memory
    animations: runs.Plan = runs.USUAL


#: A plan of a few seconds, to check that everything works.
QUICK = Plan(
    ks=(8,),
    file_ks=(8, 256),
    by_flip=1,
    looks=1,
    repeat=2,
    enough=0.05,
    limit=3.0,
    alone=0,
    patience=0.2,
    megapixels=(0.01, 0.02),
    size_k=8,
    memory=0.01,
    memory_of_all=False,
    block=8,
    animations=runs.QUICK,
)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
