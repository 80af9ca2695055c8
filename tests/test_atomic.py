"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import NOT_ROOT
from kpalette.files import replacing


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
