"""One target in Atheris's loop, or on files: python -m fuzz.loop TARGET [FILE...]."""

from __future__ import annotations

import resource
import sys
from importlib import import_module
from pathlib import Path

#: The folder of inputs that break a law.
FOUND = Path("build", "fuzz").resolve()
#: The limit on a process's address space, most of it for threads' stacks. Allocating as much as a
#: damaged file claims exceeds it.
MEMORY = 16 << 30
#: The packages whose coverage guides the search: ours, and the parsers that we call.
GUIDES = ["kpalette", "PIL", "zipfile", "numpy.lib.format", "numpy.lib._format_impl", "tifffile"]


def main(name: str, rest: list[str]) -> None:
    """Run a target on the given files, or fuzz with libFuzzer's options."""
    if sys.platform == "linux":  # others have no such limit, or a lower one
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))
    files = [Path(argument) for argument in rest if not argument.startswith("-")]
    if files and all(path.is_file() for path in files):
        check = import_module(f"fuzz.{name}").check
        for path in files:
            check(path.read_bytes())
        return
    import atheris

    with atheris.instrument_imports(include=GUIDES):
        check = import_module(f"fuzz.{name}").check

    # Keeps the input first, because a process may die without an error.
    def check_kept(data: bytes) -> None:
        last.write_bytes(data)
        check(data)

    last = FOUND / f"{name}-last"
    atheris.Setup([f"fuzz {name}", *rest], check_kept)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
