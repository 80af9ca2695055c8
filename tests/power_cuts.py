"""Simulated power cuts: what a file system may have kept, at each moment of a run.

Bytes are sure to stay once their file is synchronized, and names once their folder is. At each
moment a file system may have kept all names, but none or half of the bytes that were not
synchronized; or no more than it had to.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: A folder's files by their relative path, with their bytes; of folders in it, None.
Tree = dict[str, bytes | None]

#: Functions of `os` that change names: the power may be cut before each call.
CHANGES = ("rename", "replace", "link", "mkdir", "unlink", "remove", "rmdir")


class Recorder:
    """Records what may be left of a folder after a power cut; what is there first stays."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.states: dict[str, Tree] = {}
        self._bytes: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._held: list[int] = []  # so that no other file gets the same inode
        self._turn = threading.RLock()
        for folder, _, names in os.walk(root):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                number = os.open(path, os.O_RDONLY)
                self._synchronize(number)
                os.close(number)

    def fsync(self, number: int) -> None:
        """Stand in for os.fsync."""
        with self._turn:
            self.cut()
            self._synchronize(number)

    def in_turn(self, change: Callable[..., Any]) -> Callable[..., Any]:
        """Return a stand-in for one of `CHANGES`.

        The files of a state are looked at one after another. If another thread took one away
        meanwhile, looking would raise FileNotFoundError, which the caller of `change` would take
        for an answer about its own file.
        """

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            with self._turn:
                self.cut()
                return change(*args, **kwargs)

        return stand_in

    def cut(self) -> None:
        """Record what is left if the power is cut now."""
        with self._turn:
            kept: Tree = {}
            self._descend(os.stat(self.root).st_ino, "", kept)
            for tree in (self._all_names(0), self._all_names(0.5), kept):
                text = repr(sorted(tree.items())).encode()
                self.states[hashlib.sha256(text).hexdigest()] = tree

    def close(self) -> None:
        for number in self._held:
            os.close(number)

    def _synchronize(self, number: int) -> None:
        self._held.append(os.dup(number))
        status = os.fstat(number)
        path = f"/proc/self/fd/{number}"
        if stat.S_ISDIR(status.st_mode):
            self._names[status.st_ino] = {item.name: item.inode() for item in os.scandir(path)}
        else:
            self._bytes[status.st_ino] = Path(path).read_bytes()

    def _all_names(self, share: float) -> Tree:
        tree: Tree = {}
        for path in self.root.rglob("*"):
            name = str(path.relative_to(self.root))
            if path.is_dir():
                tree[name] = None
                continue
            now = path.read_bytes()
            if now != self._bytes.get(path.stat().st_ino):
                now = now[: int(len(now) * share)]
            tree[name] = now
        return tree

    def _descend(self, folder: int, prefix: str, tree: Tree) -> None:
        for name, inode in self._names.get(folder, {}).items():
            path = os.path.join(prefix, name)
            if inode in self._names:
                tree[path] = None
                self._descend(inode, path, tree)
            else:
                tree[path] = self._bytes.get(inode, b"")


@contextmanager
def recording(root: Path) -> Iterator[Recorder]:
    """Record what may be left of a folder, until the block ends."""
    recorder = Recorder(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", recorder.fsync)
        for name in CHANGES:
            patch.setattr(os, name, recorder.in_turn(getattr(os, name)))
        try:
            yield recorder
        finally:
            recorder.cut()
            recorder.close()


def write(tree: Tree, root: Path) -> None:
    """Write a tree to a new folder."""
    root.mkdir()
    for name, data in sorted(tree.items()):
        if data is None:
            (root / name).mkdir(parents=True, exist_ok=True)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
