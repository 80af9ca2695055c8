"""How much memory there is, and how much of it photos take: so many are done at once."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpalette.cli.plan import Job

#: Bytes that a photo takes besides, and for each of its pixels, its files not counted. Measured by
#: ``python -m benchmarks memory``: 4 to 9, and more only where nearly all colours differ.
BESIDES = 150_000_000
PER_PIXEL = 17
#: Reading and writing that take more, by a name's ending: those of libwebp.
READING = {".webp": 18}
WRITING = {".webp": 41}
#: And that of indices that cost fewer bits.
SMALLER = 31

_CGROUPS = "/sys/fs/cgroup"


def needed(job: Job, *, smaller: bool = False) -> int:
    """Return about how many bytes a photo takes: 0 where its file does not tell.

    `smaller`: its file is to be smaller.
    """
    from kpalette.files.header import n_pixels

    paths = job.frames or [job.source]
    pixels = max(map(n_pixels, paths))
    if not pixels:
        return 0
    each = max(
        SMALLER if smaller else PER_PIXEL,
        READING.get(_ending(job.source), 0),
        WRITING.get(_ending(job.target), 0),
    )
    return BESIDES + each * pixels + max(map(os.path.getsize, paths))


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def budget() -> int:
    """Return how many bytes photos may take together: half of the memory that there is."""
    return min(_limits()) // 2


def _limits() -> Iterator[int]:
    """Yield the machine's memory, and the limits of this process, in bytes."""
    if not hasattr(os, "sysconf"):
        yield _windows_memory()
        return
    yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    import resource

    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        most, _ = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            yield most
    for path in _cgroup_files():
        try:
            with open(path) as file:
                yield int(file.read())
        except (OSError, ValueError):  # there is none, or "max"
            pass


def _windows_memory() -> int:
    """Return the machine's memory in bytes, by GlobalMemoryStatusEx."""
    import ctypes

    status = (ctypes.c_uint64 * 8)(64)  # its size, how much is in use, and all of it, which is next
    ctypes.windll.kernel32.GlobalMemoryStatusEx(status)  # type: ignore[attr-defined]
    return status[1]


def _cgroup_files() -> Iterator[str]:
    """Yield where limits of control groups may be: of this one and those above, of both kinds."""
    try:
        with open("/proc/self/cgroup") as file:
            lines = [line.strip().split(":", 2) for line in file]
    except OSError:  # no Linux
        return
    for _, kinds, group in lines:
        if kinds and "memory" not in kinds.split(","):
            continue
        root, name = f"{_CGROUPS}/memory", "memory.limit_in_bytes"
        if not kinds:
            root, name = _CGROUPS, "memory.max"
        while True:
            yield f"{root}{group.rstrip('/')}/{name}"
            if group in ("", "/"):
                break
            group = os.path.dirname(group)
