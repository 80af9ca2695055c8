"""How much memory a run in tiles needs, and the option that bounds it."""

from __future__ import annotations

import re

import click

#: Bytes that a run needs besides its tiles, and for each byte of a tile at work. Measured: see
#: docs/scale.md.
BASE = 860_000_000
PER_BYTE = 12
#: Tiles of less than a megapixel take longer to hand round than to count.
LEAST = 3 << 20
MOST = 3 << 24
LEAST_LIMIT = (BASE + LEAST * PER_BYTE) // 10**7 * 10**7

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
UNITS |= {f"{name}i": 2 ** (10 * n) for n, name in enumerate("kmgt", 1)}


def limit(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Check an option that takes a number of bytes."""
    if value is None:
        return None
    pattern = r"(\d{1,20}(?:\.\d{1,20})?)\s*([kmgt]?i?)b?"
    found = re.fullmatch(pattern, value.strip().lower(), re.ASCII)
    if found is None or found[2] not in UNITS:
        raise click.BadParameter(f"expected a size such as 4GB or 500MiB, got {value!r}")
    bytes_ = int(float(found[1]) * UNITS[found[2]])
    if bytes_ < LEAST_LIMIT:
        raise click.BadParameter(f"expected at least {LEAST_LIMIT // 10**6}MB, got {value}")
    return bytes_
