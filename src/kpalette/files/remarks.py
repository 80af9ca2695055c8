"""Remarks: what others warn of in files that they read all the same.

``warnings.catch_warnings`` changes what all threads are warned of; and of threads that leave it in
another order than they came, the filters of one stay for ever. So here is one filter for all, which
asks in which thread it is.
"""

from __future__ import annotations

import threading
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Here(threading.local):
    """What a thread leaves out: the beginnings of modules' names, of each block that it is in."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, ...]] = []
        self.n_left_out = 0


class _Modules:
    """Stands in a filter for the regular expression of modules."""

    def match(self, name: str) -> bool:
        """Return whether the thread leaves out what a module warns of, and count it."""
        found = any(name.startswith(block) for block in _here.blocks)
        _here.n_left_out += found
        return found


_here = _Here()
_lock = threading.Lock()
_FILTER: Any = ("ignore", None, Warning, _Modules(), 0)


class left_out:  # noqa: N801 - it is used as a function
    """Leave out what modules warn of in this thread until the block ends.

    Parameters
    ----------
    *modules : str
        The beginnings of their names: Pillow's by default.

    Examples
    --------
    >>> import warnings
    >>> with left_out("") as remarks:
    ...     warnings.warn("odd, but read", stacklevel=1)
    >>> remarks.any
    True
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules or ("PIL.",)

    def __enter__(self) -> left_out:
        _put_first()
        _here.blocks.append(self._modules)
        self._before = _here.n_left_out
        return self

    def __exit__(self, *_: object) -> None:
        _here.blocks.pop()

    @property
    def any(self) -> bool:
        """Whether this thread has left out something since the block began."""
        return _here.n_left_out > self._before


def _put_first() -> None:
    """Put the filter before those that others have added since."""
    # From Python 3.14 on, the filters can be those of a context, which has no public name.
    find: Any = getattr(warnings, "_get_filters", lambda: warnings.filters)
    filters = find()
    if filters and filters[0] is _FILTER:
        return
    with _lock:
        while _FILTER in filters:
            filters.remove(_FILTER)
        filters.insert(0, _FILTER)
