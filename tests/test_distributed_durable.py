"""What a power cut, a kill or another run leaves: a run resumes, and the result is right."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import zarr

import kpalette
import power_cuts
from conftest import PATIENCE, files_in, noise, tree
from kpalette import ColorHistogram, Palette, distributed
from kpalette.distributed import LockedError, OutputError, TileError, blocks, locks, saving
from kpalette.distributed.blocks import BlockWriter
from kpalette.files import atomic, durable

PIXELS = noise(24, 20)
PALETTE = kpalette.extract_palette(PIXELS, 5)
WHOLE = PALETTE.remap(PIXELS)
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is needed")


def lazily(dither: Any = None, palette: Palette = PALETTE) -> distributed.QuantizedArray:
    return distributed.quantize(
        PIXELS, palette=palette, chunks=(12, 20), dither=dither, scheduler="synchronous"
    )


def check(path: Path, palette: Palette = PALETTE, dither: Any = None) -> None:
    """Fail unless a saved group is that of the palette, and whole."""
    group = zarr.open_group(path, mode="r")
    whole = palette.remap(PIXELS, dither=dither)
    assert np.array_equal(group["indices"][:], whole.indices)
    assert np.array_equal(group["counts"][:], whole.palette.counts)
    assert np.array_equal(group["palette"][:], palette.colors)
    assert not [name for name in tree(path) if "partial" in name or "/." in name]


def stop_at(step: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt a run where a step of saving begins."""

    def fail(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(saving, step, fail)
        with pytest.raises(KeyboardInterrupt):
            lazily().save(folder / "few.zarr")


@ONLY_LINUX
class TestPowerCut:
    @pytest.mark.parametrize("dither", [None, "floyd-steinberg"])
    def test_saving_resumes_from_whatever_is_left(self, dither, tmp_path) -> None:
        (tmp_path / "first").mkdir()
        q = lazily(dither)
        with power_cuts.recording(tmp_path / "first") as record:
            q.save(tmp_path / "first" / "few.zarr")
        assert len(record.states) > 30
        self.resume(record, tmp_path, q, dither)

    def test_old_or_new_is_whole_where_one_replaces_the_other(self, tmp_path) -> None:
        path = tmp_path / "first" / "few.zarr"
        path.parent.mkdir()
        other = Palette(PALETTE.colors[:3])
        lazily(palette=other).save(path)
        q = lazily()
        with power_cuts.recording(path.parent) as record:
            q.save(path, overwrite=True)
        for number, state in enumerate(record.states.values()):
            folder = tmp_path / str(number)
            power_cuts.write(state, folder)
            part = folder / "few.zarr.part"
            if (folder / "few.zarr").exists():
                new = np.array_equal(
                    zarr.open_group(folder / "few.zarr", mode="r")["palette"][:], PALETTE.colors
                )
                check(folder / "few.zarr", PALETTE if new else other)
            else:
                check(part / "replaced", other)
                # Also a run that fails brings it back.
                with pytest.raises(FileExistsError):
                    lazily().save(folder / "few.zarr")
                check(folder / "few.zarr", other)
            shutil.rmtree(folder)

    def test_counting_resumes_from_whatever_is_left(self, tmp_path) -> None:
        (tmp_path / "first").mkdir()

        def count(folder: Path) -> ColorHistogram:
            return distributed.histogram(
                PIXELS, chunks=(12, 20), checkpoint=folder / "counts", scheduler="synchronous"
            )

        with power_cuts.recording(tmp_path / "first") as record:
            count(tmp_path / "first")
        assert len(record.states) > 10
        for number, state in enumerate(record.states.values()):
            folder = tmp_path / str(number)
            power_cuts.write(state, folder)
            assert count(folder) == ColorHistogram.from_image(PIXELS)
            assert not [name for name in tree(folder) if "/." in name]

    def test_tiff_is_whole_or_absent(self, tmp_path) -> None:
        import tifffile

        (tmp_path / "first").mkdir()
        q = lazily()
        q.save(tmp_path / "first" / "few.tif")
        (tmp_path / "first" / "few.tif").unlink()
        with power_cuts.recording(tmp_path / "first") as record:
            q.save(tmp_path / "first" / "few.tif")
        last = 0
        for number, state in enumerate(record.states.values()):
            if "few.tif" in state:
                last += 1
                folder = tmp_path / str(number)
                power_cuts.write({"few.tif": state["few.tif"]}, folder)
                assert np.array_equal(tifffile.imread(folder / "few.tif"), WHOLE.indices)
        assert last

    @staticmethod
    def resume(record: power_cuts.Recorder, tmp_path: Path, q: Any, dither: Any) -> None:
        for number, state in enumerate(record.states.values()):
            if dither and number % 3:
                continue  # most are as those without
            folder = tmp_path / str(number)
            power_cuts.write(state, folder)
            if (folder / "few.zarr").exists():
                check(folder / "few.zarr", dither=dither)
            else:
                q.save(folder / "few.zarr")
                check(folder / "few.zarr", dither=dither)
                assert files_in(folder) == {"few.zarr"}
            shutil.rmtree(folder)

    def test_without_synchronizing_it_would_not(self, tmp_path, monkeypatch) -> None:
        """So that the tests above can fail."""
        monkeypatch.setattr(atomic, "_sync", lambda number: None)
        monkeypatch.setattr(durable, "sync_file", lambda path: None)
        monkeypatch.setattr(blocks, "_facts", lambda path: (0, 0))  # nor checksums
        (tmp_path / "first").mkdir()
        q = lazily()
        with power_cuts.recording(tmp_path / "first") as record:
            q.save(tmp_path / "first" / "few.zarr")
        with pytest.raises((AssertionError, ValueError, KeyError, OSError)):
            self.resume(record, tmp_path, q, None)


class TestMarks:
    """Of blocks that are not whole: each is done again, and only those."""

    @staticmethod
    def interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Save all blocks but not the whole; return the folder of the work."""
        stop_at("_put_in_place", folder, monkeypatch)
        (work,) = (folder / "few.zarr.part").glob("*/done")
        return work.parent

    @pytest.mark.parametrize(
        "damage",
        [
            lambda mark, chunk: mark.write_bytes(b""),
            lambda mark, chunk: mark.write_bytes(mark.read_bytes()[:-1]),
            lambda mark, chunk: mark.write_bytes(bytes(8 * 5 + 16)),
            lambda mark, chunk: mark.write_bytes(bytes(8) + mark.read_bytes()),  # of k = 6
            lambda mark, chunk: chunk.write_bytes(b""),
            lambda mark, chunk: chunk.write_bytes(chunk.read_bytes()[:-3]),
            lambda mark, chunk: chunk.write_bytes(bytes(len(chunk.read_bytes()))),
            lambda mark, chunk: chunk.unlink(),
            lambda mark, chunk: mark.unlink(),
        ],
    )
    def test_damaged_blocks_are_done_again(self, damage, tmp_path, monkeypatch) -> None:
        work = self.interrupted(tmp_path, monkeypatch)
        damage(work / "done" / "1-0", work / "group.zarr" / "indices" / "c" / "1" / "0")
        written = []
        write = BlockWriter.write
        monkeypatch.setattr(
            BlockWriter,
            "write",
            lambda self, block: written.append(self.place) or write(self, block),
        )
        lazily().save(tmp_path / "few.zarr")
        assert written == [(1, 0)]
        check(tmp_path / "few.zarr")

    def test_what_is_no_mark_is_left_out(self, tmp_path, monkeypatch) -> None:
        work = self.interrupted(tmp_path, monkeypatch)
        for name in ("notes", "7-7", "-1-0", f".1-0-{'0' * 16}"):
            (work / "done" / name).write_bytes(b"?")
        (work / "group.zarr" / "indices" / "c" / "0" / "0.abc.partial").touch()
        lazily().save(tmp_path / "few.zarr")
        check(tmp_path / "few.zarr")

    def test_a_dead_runs_workers_do_not_write_into_the_next(self, tmp_path, monkeypatch) -> None:
        """Of another result, in the same place."""
        work = self.interrupted(tmp_path, monkeypatch)
        late = BlockWriter(str(work), (0, 0), (0, 12), (0, 20), 5)
        write = BlockWriter.write

        def as_well(self: BlockWriter, block: Any) -> Any:
            with pytest.raises(OSError, match=r"few\.zarr\.part"):
                late_write(late, np.full((12, 20), 4, np.uint8))
            return write(self, block)

        late_write = write
        monkeypatch.setattr(BlockWriter, "write", as_well)
        other = Palette(PALETTE.colors[:3])
        lazily(palette=other).save(tmp_path / "few.zarr")
        check(tmp_path / "few.zarr", other)


class TestFailures:
    """Of the disk, at each call: the error names a file, and the next run resumes."""

    @staticmethod
    def failed(run: Callable[[], Any]) -> OutputError | None:
        try:
            run()
        except OutputError as error:
            return error if error.errno == errno.EIO else pytest.fail(str(error))
        return None

    @pytest.mark.parametrize("call", ["fsync", "rename", "replace", "mkdir", "ftruncate"])
    def test_saving_resumes_after_any_failure(self, call, tmp_path, monkeypatch) -> None:
        real = getattr(os, call)
        for n in range(100):
            folder = tmp_path / str(n)
            folder.mkdir()
            calls = iter(range(n + 1))

            def fails(*args: Any, calls: Any = calls, n: int = n, **kwargs: Any) -> Any:
                if next(calls, n) == n:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                return real(*args, **kwargs)

            q = lazily("floyd-steinberg" if n % 2 else None)
            with monkeypatch.context() as patch:
                patch.setattr(os, call, fails)
                failed = self.failed(lambda q=q, path=folder / "few.zarr": q.save(path))
            if not failed:
                break
            assert str(failed.filename).startswith(str(folder / "few.zarr"))
            if not (folder / "few.zarr").exists():
                q.save(folder / "few.zarr")
            check(folder / "few.zarr", dither=q._mapper.dithering.name)
        assert 0 < n < 100

    def test_counting_resumes_after_any_failure(self, tmp_path, monkeypatch) -> None:
        real = os.fsync
        for n in range(100):
            calls = iter(range(n + 1))

            def fails(number: int, calls: Any = calls, n: int = n) -> None:
                if next(calls, n) == n:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                real(number)

            def count(folder: Path = tmp_path / str(n)) -> ColorHistogram:
                return distributed.histogram(
                    PIXELS, chunks=(12, 20), checkpoint=folder, scheduler="synchronous"
                )

            with monkeypatch.context() as patch:
                patch.setattr(os, "fsync", fails)
                failed = self.failed(count)
            if not failed:
                break
            assert count() == ColorHistogram.from_image(PIXELS)
        assert 3 < n < 100

    def test_the_thread_that_holds_the_lock_makes_the_group(self, tmp_path, monkeypatch) -> None:
        """Another could go on after this one has failed, and so in the next run's group."""
        made_by = set()
        for call in ("mkdir", "link", "replace", "rename"):
            real = getattr(os, call)

            def noting(*args: Any, real: Any = real) -> None:
                made_by.add(threading.current_thread())
                real(*args)

            monkeypatch.setattr(os, call, noting)
        stop_at("_write_blocks", tmp_path, monkeypatch)
        assert made_by == {threading.current_thread()}

    def test_nothing_is_written_after_a_run_has_failed(self, tmp_path, monkeypatch) -> None:
        """As the lock is free by then: a block that is under way is awaited."""
        begun, raised = threading.Event(), threading.Event()
        ended = []
        write = BlockWriter.write

        def slow_or_failing(self: BlockWriter, block: Any) -> Any:
            if self.place == (0, 0):
                begun.wait(PATIENCE)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            begun.set()
            raised.wait(0.5)  # in vain
            ended.append(self.place)
            return write(self, block)

        monkeypatch.setattr(BlockWriter, "write", slow_or_failing)
        q = distributed.quantize(PIXELS, palette=PALETTE, chunks=(12, 20), scheduler="threads")
        with dask.config.set(num_workers=2), pytest.raises(TileError, match="Input/output error"):
            q.save(tmp_path / "few.zarr")
        raised.set()
        assert ended == [(1, 0)]

    def test_a_place_that_vanishes(self, tmp_path, monkeypatch) -> None:
        write = BlockWriter.write

        def vanishes(self: BlockWriter, block: Any) -> Any:
            shutil.rmtree(tmp_path / "few.zarr.part")
            return write(self, block)

        with monkeypatch.context() as patch:
            patch.setattr(BlockWriter, "write", vanishes)
            with pytest.raises(OutputError, match=r"few\.zarr\.part"):
                lazily().save(tmp_path / "few.zarr")
        lazily().save(tmp_path / "few.zarr")
        check(tmp_path / "few.zarr")


HOLDER = """
import sys, time
from kpalette.distributed.locks import locked
with locked(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(600)
"""


class TestLocks:
    @pytest.mark.parametrize("name", ["few.zarr", "few.tif"])
    def test_the_second_of_two_savers_is_refused(self, name, tmp_path, monkeypatch) -> None:
        """And the first's result is right, whatever palette the second has."""
        refused = []
        write = BlockWriter.write

        def and_another(self: BlockWriter, block: Any) -> Any:
            for k in (3, 5):
                with pytest.raises(LockedError) as caught:
                    lazily(palette=Palette(PALETTE.colors[:k])).save(
                        tmp_path / name, overwrite=True
                    )
                refused.append(caught.value)
            return write(self, block)

        monkeypatch.setattr(BlockWriter, "write", and_another)
        lazily().save(tmp_path / name)
        assert len(refused) == 4
        assert f"process {os.getpid()} on " in str(refused[0])
        assert refused[0].filename == str(tmp_path / f"{name}.part")
        assert files_in(tmp_path) == {name}
        if name == "few.zarr":
            check(tmp_path / name)

    def test_many_savers_at_once(self, tmp_path) -> None:
        """One at a time: each saves, is refused, or finds what another has saved."""
        ended: list[str] = []

        def save(k: int) -> None:
            try:
                lazily(palette=Palette(PALETTE.colors[:k])).save(tmp_path / "few.zarr")
            except (LockedError, FileExistsError) as error:
                ended.append(type(error).__name__)
            else:
                ended.append(str(k))

        threads = [threading.Thread(target=save, args=(2 + n % 4,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (k,) = {name for name in ended if name.isdigit()}
        check(tmp_path / "few.zarr", Palette(PALETTE.colors[: int(k)]))
        assert files_in(tmp_path) == {"few.zarr"}

    def test_counting_into_a_checkpoint_in_use_is_refused(self, tmp_path) -> None:
        with locks.locked(tmp_path), pytest.raises(LockedError, match="Another run writes there"):
            distributed.histogram(PIXELS, checkpoint=tmp_path)
        found = distributed.histogram(PIXELS, checkpoint=tmp_path)
        assert found == ColorHistogram.from_image(PIXELS)

    def test_a_dead_holders_lock_is_free(self, tmp_path) -> None:
        part = tmp_path / "few.zarr.part"
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(part)], stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout
            assert other.stdout.readline() == "locked\n"
            with pytest.raises(LockedError, match=f"process {other.pid} on .*, since 20") as caught:
                lazily().save(tmp_path / "few.zarr")
            assert isinstance(caught.value, OSError)
            with pytest.raises(LockedError):
                locks.check_free(part)
            other.kill()
        locks.check_free(part)
        assert json.loads((part / "lock.json").read_text())["process"] == other.pid
        lazily().save(tmp_path / "few.zarr")
        check(tmp_path / "few.zarr")

    def test_a_holder_that_has_not_told_yet(self, tmp_path) -> None:
        with locks.locked(tmp_path / "x"):
            (tmp_path / "x" / "lock.json").write_bytes(b"")
            with pytest.raises(LockedError, match="Another run writes there: "):
                locks.check_free(tmp_path / "x")

    def test_the_folder_goes_while_one_waits_for_its_lock(self, tmp_path, monkeypatch) -> None:
        """A lock on a file that has just been removed is none."""
        part = tmp_path / "x"
        tried = []

        def try_(number: int, name: str) -> None:
            tried.append(name)
            if len(tried) == 1:
                shutil.rmtree(part)

        monkeypatch.setattr(locks, "_try", try_)
        with locks.locked(part):
            assert files_in(part) == {"lock.json"}
        assert len(tried) == 2

    def test_a_file_system_without_locks_is_told_of(self, tmp_path, monkeypatch) -> None:
        import fcntl

        def flock(number: int, how: int) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        monkeypatch.setattr(fcntl, "flock", flock)
        with pytest.warns(RuntimeWarning, match=r"few\.zarr\.part' cannot be locked"):
            lazily().save(tmp_path / "few.zarr")
        check(tmp_path / "few.zarr")

    def test_links_to_nowhere_are_somebody_elses(self, tmp_path) -> None:
        (tmp_path / "few.zarr.part").symlink_to(tmp_path / "nowhere")
        with pytest.raises(FileExistsError, match="Not an unfinished result"):
            lazily().save(tmp_path / "few.zarr")
