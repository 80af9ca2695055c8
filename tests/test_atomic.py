"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import NOT_ROOT
from kpalette.files import atomic, replacing
from kpalette.files.atomic import sweep_beside


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_replacing_shows_the_file_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert leftovers(tmp_path) == []


def test_no_one_reads_more_than_before(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    for mode in (0o600, 0o640, 0o604):
        path.chmod(mode)
        with replacing(path) as file:
            assert os.fstat(file.fileno()).st_mode & 0o777 == mode
            file.write(b"new")
        assert path.stat().st_mode & 0o777 == mode
    path.unlink()
    with replacing(path, mode=0o600) as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_temporary_file_is_made_closed(tmp_path: Path, monkeypatch: Any) -> None:
    """Before its permissions are those of the old file, it is its owner's alone."""
    made = []
    plain = os.open

    def noted(path: Any, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            made.append(mode)
        return plain(path, flags, mode)

    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "open", noted)
    with replacing(path) as file:
        file.write(b"new")
    assert made == [0o600]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="there are no such attributes here")
def test_replacing_keeps_attributes(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no attributes")
    with replacing(path) as file:
        file.write(b"new")
    assert os.getxattr(path, "user.note") == b"mine"


def acl(*entries: tuple[int, int, int]) -> bytes:
    """Return a list as Linux holds it: version 2, and tag, permissions and number of each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


#: Its owner reads and writes; user 1234 reads; its group reads; all others nothing.
NONE = 0xFFFFFFFF
LISTED = acl((1, 6, NONE), (2, 4, 1234), (4, 4, NONE), (16, 4, NONE), (32, 0, NONE))


def test_replacing_keeps_access_control_lists(tmp_path: Path) -> None:
    path, other = tmp_path / "out.bin", tmp_path / "other.bin"
    path.write_bytes(b"old")
    other.write_bytes(b"old")
    other.chmod(0o640)
    try:
        os.setxattr(path, "system.posix_acl_access", LISTED)
        os.setxattr(tmp_path, "system.posix_acl_default", LISTED)
    except (AttributeError, OSError):
        pytest.skip("this file system has no access control lists")
    for name in (path, other):
        with replacing(name) as file:
            file.write(b"new")
    assert os.getxattr(path, "system.posix_acl_access") == LISTED
    assert path.stat().st_mode & 0o777 == 0o640
    # And none comes from the folder, to a file that had none.
    assert "system.posix_acl_access" not in os.listxattr(other)
    assert other.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_replacing_keeps_the_owner(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    path.chmod(0o664)
    os.chown(path, 1234, 1235)
    with replacing(path) as file:
        file.write(b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 1235, 0o664)

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "fchown", refuse)  # only root can keep another owner or group
    with replacing(path) as file:
        file.write(b"new")
    assert path.stat().st_mode & 0o777 == 0o644


def test_other_hard_links_keep_the_old_content(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"old")
    os.link(path, other)
    with replacing(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"old")


PART = ".out.bin.kpalette-part"


def test_what_a_kill_has_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    for overwrite in (True, False):
        path.unlink(missing_ok=True)
        (tmp_path / PART).write_bytes(b"torn")
        with replacing(path, overwrite=overwrite) as file:
            file.write(b"new")
        assert path.read_bytes() == b"new"
        assert leftovers(tmp_path) == []
    (tmp_path / PART).write_bytes(b"torn")
    sweep_beside(str(path))
    assert leftovers(tmp_path) == []


def test_what_is_written_to_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    with replacing(path) as first:
        first.write(b"first")
        assert leftovers(tmp_path) == [PART]
        sweep_beside(str(path))
        with replacing(path) as second:
            second.write(b"second")
            assert len(leftovers(tmp_path)) == 2
        assert path.read_bytes() == b"second"
        assert leftovers(tmp_path) == [PART]
    assert path.read_bytes() == b"first"
    assert leftovers(tmp_path) == []


def test_what_is_no_file_of_ours_is_not_touched(tmp_path: Path) -> None:
    path, fifo = tmp_path / "out.bin", tmp_path / PART
    os.mkfifo(fifo)
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert fifo.is_fifo()
    assert leftovers(tmp_path) == [PART]


def test_replacing_without_locks(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "out.bin"
    for content in (b"first", b"second"):
        with replacing(path) as file:
            file.write(content)
            assert leftovers(tmp_path) != [PART]  # which another might take for left behind
        assert path.read_bytes() == content
        assert leftovers(tmp_path) == []


class Recorder:
    """Module `os` for the writer, which notes what a disk is asked for."""

    def __init__(self) -> None:
        #: What was done: ("sync", number of the file, its content), ("name", its name, number),
        #: ("no name", name) and ("folder",).
        self.events: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        file = os.open(path, flags, mode)
        if flags & os.O_CREAT:
            self.events.append(("name", path, os.fstat(file).st_ino))
        return file

    def fsync(self, file: int) -> None:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            self.events.append(("folder",))
        else:
            content = Path(f"/proc/self/fd/{file}").read_bytes()
            self.events.append(("sync", status.st_ino, content))

    def replace(self, old: str, new: str) -> None:
        number = os.stat(old).st_ino
        os.replace(old, new)
        self.events += [("name", new, number), ("no name", old)]

    def link(self, old: str, new: str) -> None:
        os.link(old, new)
        self.events.append(("name", new, os.stat(new).st_ino))

    def unlink(self, path: str) -> None:
        os.unlink(path)
        self.events.append(("no name", path))


def after_a_cut(events: list[tuple[Any, ...]], path: str, before: Any) -> list[Any]:
    """Return all contents that a file may have after a power cut, once these events are done.

    Names are on the disk in their order, but how many of those after the last sync of the folder
    is open. Of content, only what was synced is sure; of other files this tells the worst: nothing.
    `before` are the file's content and number, or None.
    """
    synced = {number: content for kind, number, content in filter(is_sync, events)}
    names = [event for event in events if event[0] != "sync"]
    sure = max((at for at, event in enumerate(names) if event[0] == "folder"), default=0)
    found = []
    for cut in range(sure, len(names) + 1):
        content = before
        for event in names[:cut]:
            if event[0] == "name" and event[1] == path:
                content = synced.get(event[2], b"")
            elif event[0] == "no name" and event[1] == path:
                content = None
        found.append(content)
    return found


def is_sync(event: tuple[Any, ...]) -> bool:
    return event[0] == "sync"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="a file's content is read by /proc")
@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("synced", [True, False])
def test_power_cuts(tmp_path: Path, monkeypatch: Any, overwrite: bool, synced: bool) -> None:
    path = tmp_path / "out.bin"
    before = b"old" if overwrite else None
    if before:
        path.write_bytes(before)
    disk = Recorder()
    monkeypatch.setattr(atomic, "os", disk)
    if not synced:
        monkeypatch.setattr(atomic, "_sync", lambda _: None)
    with replacing(path, overwrite=overwrite) as file:
        file.write(b"new")
    found = [
        content
        for n in range(len(disk.events) + 1)
        for content in after_a_cut(disk.events[:n], str(path), before)
    ]
    if synced:
        assert set(found) == {before, b"new"}
        assert set(after_a_cut(disk.events, str(path), before)) == {b"new"}
    else:
        assert b"" in found  # as it was before: so this test can fail


class Faulty:
    """Module `os` for the writer, in which one call fails."""

    def __init__(self, number: int, at: int) -> None:
        self.number, self.at, self.calls = number, at, 0
        self.failed = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        if name not in CALLS:
            return found

        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                self.failed = name
                raise OSError(self.number, os.strerror(self.number))
            return found(*args, **options)

        return call


CALLS = {
    *("open", "stat", "fstat", "fsync", "replace", "link", "unlink", "close", "fchown", "fchmod"),
    *("listxattr", "getxattr", "setxattr", "removexattr", "urandom"),
}


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("overwrite", [True, False])
def test_each_call_may_fail(tmp_path: Path, monkeypatch: Any, overwrite: bool, number: int) -> None:
    seen = set()
    for at in range(1, 100):
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "out.bin"
        before = b"old" if overwrite else None
        if before:
            path.write_bytes(before)
        faulty = Faulty(number, at)
        error: OSError | None = None
        with monkeypatch.context() as patch:
            patch.setattr(atomic, "os", faulty)
            try:
                with replacing(path, overwrite=overwrite) as file:
                    file.write(b"new")
            except OSError as caught:
                error = caught
        content = path.read_bytes() if path.exists() else None
        assert content in (before, b"new")
        if error is None:
            assert content == b"new"
        else:
            assert error.errno == number
        if faulty.failed != "unlink":
            assert leftovers(folder) == []
        if not faulty.failed:
            break
        seen.add(faulty.failed)
    assert {"open", "stat", "fstat", "fsync"} <= seen
    assert ("replace" if overwrite else "link") in seen


def test_a_file_system_that_cannot_sync(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, "no")

    monkeypatch.setattr(os, "fsync", refuse)
    path = tmp_path / "out.bin"
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_replacing_keeps_the_old_file_on_an_error(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def fail(error: BaseException) -> None:
        with replacing(path) as file:
            file.write(b"new")
            raise error

    for error in (ValueError("no"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")):
        with pytest.raises(type(error)):
            fail(error)
        assert path.read_bytes() == b"old"
        assert leftovers(tmp_path) == []


def test_replacing_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        path = tmp_path / "out.bin"
        for _ in range(2):
            with replacing(path) as file:
                file.write(b"x")
            assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        with replacing(path) as file:
            file.write(b"y")
        assert path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(mask)


def test_replacing_what_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "link", tmp_path / "far" / "target"
    link.symlink_to(Path("far", "target"))
    for content in (b"first", b"second"):  # at first the link points to nothing
        with replacing(link) as file:
            file.write(content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert leftovers(tmp_path / "far") == []


def test_replacing_names_the_file_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, error in (
        (tmp_path / "missing" / "out", FileNotFoundError),
        (tmp_path / "file" / "out", NotADirectoryError),
        (tmp_path, IsADirectoryError),
        (tmp_path / ("x" * 300), OSError),
    ):
        with pytest.raises(error) as caught, replacing(path):
            pass
        assert caught.value.filename == str(path)


def test_replacing_takes_long_names(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)  # 254 bytes of 255
    with replacing(path) as file:
        file.write(b"x")
    assert path.read_bytes() == b"x"


def test_replacing_writes_to_devices_and_pipes_as_they_are(tmp_path: Path) -> None:
    with replacing("/dev/null") as file:
        file.write(b"x")
    assert not Path("/dev/null").is_file()
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    with replacing(fifo) as file:
        file.write(b"x")
    reader.join()
    assert read == [b"x"]


def test_replacing_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/dev/full").exists():
        with pytest.raises(OSError, match="No space left"), replacing("/dev/full") as file:
            file.write(b"x")
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"), replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


@NOT_ROOT
def test_replacing_in_a_read_only_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError), replacing(tmp_path / "out.bin"):
        pass


@pytest.mark.parametrize("hard_links", [True, False])
def test_replacing_keeps_a_file_that_appears_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    if not hard_links:

        def refuse(*_: Any) -> None:
            raise OSError(errno.EPERM, "no hard links here")

        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a"

    def write_late() -> None:
        with replacing(path, overwrite=False) as file:
            file.write(b"new")
            path.write_bytes(b"precious")

    with pytest.raises(FileExistsError) as raised:
        write_late()
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()
    with replacing(path, overwrite=False) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_replacing_in_a_missing_folder_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a"
    with pytest.raises(FileNotFoundError) as raised, replacing(path):
        pass
    assert str(raised.value) == f"[Errno 2] No such file or directory: {str(path)!r}"
