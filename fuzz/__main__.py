"""Fuzz targets one after the other: python -m fuzz [TARGET...] [--seconds N]."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from fuzz import TARGETS
from fuzz.loop import FOUND


def main() -> int:
    """Run the targets; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=15, help="for each target [15]")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations [1]")
    parser.add_argument("--hang", type=int, default=60, help="seconds that one input may take [60]")
    parser.add_argument("--corpus", type=Path, help="a folder to go on from, and to add to")
    parser.add_argument("--input", type=Path, help="run a target on this file alone")
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"expected targets among {', '.join(TARGETS)}, got {', '.join(unknown)}")
    failed = [name for name in given.targets or TARGETS if not _holds(name, given)]
    for name in failed:
        print(f"fuzz: {name} failed; the input is in {FOUND}/{name}-*", file=sys.stderr)
    return 1 if failed else 0


def _holds(name: str, given: argparse.Namespace) -> bool:
    command = [sys.executable, "-m", "fuzz.loop", name]
    if given.input:
        return subprocess.run([*command, given.input]).returncode == 0
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = (given.corpus or Path(scratch)) / name
        corpus.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(import_module(f"fuzz.{name}").seeds()):
            (corpus / f"seed-{number:02}").write_bytes(data)
        options = {
            "seed": given.seed,
            "max_total_time": given.seconds,
            "timeout": given.hang,
            "rss_limit_mb": 3000,
            "max_len": 8192,
            "len_control": 0,  # seeds have full length
            "handle_xfsz": 0,  # one target makes writing fail
            "artifact_prefix": FOUND / f"{name}-",
            "print_final_stats": 1,
        }
        print(f"fuzz: {name}", file=sys.stderr, flush=True)
        flags = [f"-{option}={value}" for option, value in options.items()]
        code = subprocess.run([*command, *flags, corpus]).returncode
        if code == 0:
            (FOUND / f"{name}-last").unlink(missing_ok=True)
        else:
            print(f"fuzz: {name} ended with {code}", file=sys.stderr)
        return code == 0


if __name__ == "__main__":
    sys.exit(main())
