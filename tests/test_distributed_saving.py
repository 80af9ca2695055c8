"""Results and checkpoints on disk: whole or not at all, and nothing finished is done again."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from fuzz.commands import files_limited
from PIL import Image

import kpalette
from conftest import NOT_ROOT, files_in, gradient, noise, tree
from kpalette import ColorHistogram, Palette, distributed
from kpalette.distributed import CheckpointError, OutputError, TileError

PIXELS = noise(70, 90)


class Disk:
    """A source of tiles that counts how often each is read, and has bad sectors."""

    def __init__(self, folder: Path, pixels: np.ndarray[Any, Any] = PIXELS, side: int = 30) -> None:
        self.reads, self.bad = folder / "reads", folder / "bad"
        self.reads.mkdir()
        self.bad.mkdir()
        self.pixels = pixels
        rows, columns = (da.core.normalize_chunks(side, (n,))[0] for n in pixels.shape[:2])
        self.tiles = da.map_blocks(
            _read,
            pixels=pixels,
            reads=self.reads,
            bad=self.bad,
            chunks=(rows, columns, (3,)),
            dtype=np.uint8,
            meta=np.empty((0, 0, 0), np.uint8),
            name=f"disk-{folder}",
        )

    def reads_of_each(self) -> dict[str, int]:
        """Return how often each tile was read since the last call."""
        counted: dict[str, int] = {}
        for mark in list(self.reads.iterdir()):
            place = mark.name.split(" ")[0]
            counted[place] = counted.get(place, 0) + 1
            mark.unlink()
        return counted


def _read(pixels: Any, reads: Path, bad: Path, block_info: Any = None) -> Any:
    place = "-".join(map(str, block_info[None]["chunk-location"][:2]))
    (reads / f"{place} {os.urandom(8).hex()}").touch()
    if (bad / place).exists():
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    rows, columns = block_info[None]["array-location"][:2]
    return pixels[slice(*rows), slice(*columns)]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


#: With threads, tiles that were begun before one fails are still read after that.
LATER = {"scheduler": "synchronous"}

ALL = {f"{i}-{j}": 1 for i in range(3) for j in range(3)}


def saved_indices(path: Path) -> np.ndarray[Any, Any]:
    return np.asarray(zarr.open_group(path, mode="r")["indices"])


class TestZarr:
    @pytest.mark.parametrize(("k", "dither"), [(9, None), (700, "bayer")])
    def test_holds_all_that_the_result_has(self, k, dither, disk, tmp_path) -> None:
        q = distributed.quantize(disk.tiles, k, dither=dither, space="lab")
        q.save(tmp_path / "few.zarr")
        group = zarr.open_group(tmp_path / "few.zarr", mode="r")
        whole = kpalette.quantize(PIXELS, k, dither=dither, space="lab")
        assert np.array_equal(group["indices"][:], whole.indices)
        assert group["indices"].chunks == (30, 30)
        assert Palette(group["palette"][:], group["counts"][:]) == whole.palette
        assert group["counts"].dtype == np.int64
        assert dict(group.attrs) == {
            "kpalette": kpalette.__version__,
            "k": k,
            "space": "lab",
            "dither": dither,
            "mse": q.mse if dither is None else None,
        }
        assert not (tmp_path / "few.zarr.part").exists()

    @pytest.mark.parametrize(
        "chunks", [((10, 30, 30), (90,)), ((30, 30, 10), (20, 10, 30, 30)), ((1, 69), (89, 1))]
    )
    def test_chunks_become_regular(self, chunks, tmp_path) -> None:
        tiles = da.from_array(PIXELS, chunks=(*chunks, (3,)))
        q = distributed.quantize(tiles, 9)
        q.save(tmp_path / "few.zarr")
        indices = zarr.open_group(tmp_path / "few.zarr", mode="r")["indices"]
        assert indices.chunks == tuple(map(max, chunks))
        assert np.array_equal(indices[:], kpalette.quantize(PIXELS, 9).indices)

    def test_chunks_of_nothing_but_the_first_colour_are_there(self, tmp_path) -> None:
        """So that a result can be read again with missing='error'."""
        pixels = np.zeros((40, 40), np.uint8)
        pixels[30:, 30:] = 255
        distributed.quantize(pixels, 2, chunks=10).save(tmp_path / "few.zarr")
        indices = zarr.open_group(tmp_path / "few.zarr", mode="r")["indices"]
        assert indices.nchunks_initialized == 16

    def test_alpha_is_kept(self, tmp_path) -> None:
        pixels = noise(40, 40, 4)
        q = distributed.quantize(pixels, 5, chunks=15)
        q.save(tmp_path / "few.zarr")
        group = zarr.open_group(tmp_path / "few.zarr", mode="r")
        assert np.array_equal(group["palette"][:], kpalette.quantize(pixels, 5).palette.colors)

    def test_palette_that_was_given(self, tmp_path) -> None:
        palette = kpalette.extract_palette(gradient(20, 20), 6)
        distributed.quantize(PIXELS, palette=palette, chunks=40).save(tmp_path / "few.zarr")
        group = zarr.open_group(tmp_path / "few.zarr", mode="r")
        assert np.array_equal(group["indices"][:], palette.remap(PIXELS).indices)
        assert group.attrs["mse"] is None


class TestTiff:
    @pytest.mark.parametrize("k", [2, 256])
    def test_is_a_tiled_indexed_bigtiff(self, k, disk, tmp_path) -> None:
        q = distributed.quantize(disk.tiles, k)
        q.save(tmp_path / "few.tif")
        with tifffile.TiffFile(tmp_path / "few.tif") as file:
            page = file.pages.first
            assert file.is_bigtiff
            assert (page.is_tiled, page.photometric.name) == (True, "PALETTE")
            assert page.compression.name == "ADOBE_DEFLATE"
            assert np.array_equal(page.asarray(), q.indices.compute())
        with Image.open(tmp_path / "few.tif") as image:
            assert np.array_equal(image.convert("RGB"), q.rgb.compute())
        assert distributed.histogram(tmp_path / "few.tif") == ColorHistogram.from_image(
            q.rgb.compute()
        )
        assert not (tmp_path / "few.tif.part").exists()

    def test_larger_than_a_tile(self, tmp_path, monkeypatch) -> None:
        from kpalette.distributed import tiffout

        monkeypatch.setattr(tiffout, "BAND", 1_200_000)
        pixels = gradient(1100, 1300)
        q = distributed.quantize(pixels, 30, chunks=(450, 700))
        q.save(tmp_path / "few.tiff")
        indices = tifffile.imread(tmp_path / "few.tiff")
        assert np.array_equal(indices, kpalette.quantize(pixels, 30).indices)

    def test_what_it_has_no_room_for(self, disk, tmp_path) -> None:
        with pytest.raises(ValueError, match="at most 256 colours for a TIFF, got 300"):
            distributed.quantize(disk.tiles, 300).save(tmp_path / "few.tif")
        with pytest.raises(ValueError, match="opaque colours for a TIFF with a palette"):
            distributed.quantize(noise(9, 9, 4), 3).save(tmp_path / "few.tif")
        assert tree(tmp_path) == {f"reads/{path.name}" for path in disk.reads.iterdir()}


class TestPlaces:
    @pytest.mark.parametrize("name", ["few.zarr", "few.tif"])
    def test_what_is_there_stays_unless_told(self, name, disk, tmp_path) -> None:
        path = tmp_path / name
        q = distributed.quantize(disk.tiles, 3)
        q.save(path)
        before = tree(tmp_path)
        disk.reads_of_each()
        with pytest.raises(FileExistsError, match=name):
            distributed.quantize(disk.tiles, 5).save(path)
        five = distributed.quantize(disk.tiles, 5)
        five.save(path, overwrite=True)
        disk.reads_of_each()
        assert {each for each in before if not each.startswith("reads")} == tree(tmp_path)
        again = tifffile.imread(path) if name.endswith(".tif") else saved_indices(path)
        assert np.array_equal(again, five.indices.compute())

    def test_wrong_names(self, disk, tmp_path) -> None:
        q = distributed.quantize(disk.tiles, 3)
        with pytest.raises(ValueError, match=r"one of \.zarr, \.tif, \.tiff, got .*few\.png"):
            q.save(tmp_path / "few.png")
        with pytest.raises(ValueError, match=r"q\.indices\.to_zarr\(url\)"):
            q.save("s3://bucket/few.zarr")
        with pytest.raises(TypeError, match="expected a path, got int"):
            q.save(3)
        with pytest.raises(OutputError) as caught:
            q.save(tmp_path / "no" / "few.zarr")
        assert caught.value.errno == errno.ENOENT
        assert caught.value.filename == str(tmp_path / "no" / "few.zarr.part")

    def test_a_folder_of_somebody_else_is_left_alone(self, disk, tmp_path) -> None:
        part = tmp_path / "few.zarr.part"
        part.mkdir()
        (part / "letters.txt").write_text("dear")
        with pytest.raises(FileExistsError, match=r"Not an unfinished result.*few\.zarr\.part"):
            distributed.quantize(disk.tiles, 3).save(tmp_path / "few.zarr")
        assert (part / "letters.txt").read_text() == "dear"

    @NOT_ROOT
    def test_no_permission(self, disk, tmp_path) -> None:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(OutputError, match=r"Permission denied: .*few\.zarr\.part"):
            distributed.quantize(disk.tiles, 3).save(tmp_path / "locked" / "few.zarr")


class TestGoingOn:
    @pytest.mark.parametrize("name", ["few.zarr", "few.tif"])
    def test_only_what_is_missing_is_made(self, name, disk, tmp_path) -> None:
        q = distributed.quantize(disk.tiles, 9, **LATER)
        disk.reads_of_each()
        (disk.bad / "1-2").touch()
        where = r"array, tile \(1, 2\), rows 30 to 59, columns 60 to 89: Input/output error"
        with pytest.raises(TileError, match=where):
            q.save(tmp_path / name)
        assert not (tmp_path / name).exists()
        first = disk.reads_of_each()
        (disk.bad / "1-2").unlink()
        # As after a new start: nothing is known but the arguments.
        q = distributed.quantize(disk.tiles, 9)
        disk.reads_of_each()
        q.save(tmp_path / name)
        assert sum(first.values()) + sum(disk.reads_of_each().values()) == len(ALL) + 1
        path = tmp_path / name
        indices = tifffile.imread(path) if name.endswith(".tif") else saved_indices(path)
        assert np.array_equal(indices, kpalette.quantize(PIXELS, 9).indices)

    def test_another_result_starts_anew(self, disk, tmp_path) -> None:
        (disk.bad / "2-2").touch()
        nine = kpalette.extract_palette(PIXELS, 9)
        with pytest.raises(TileError):
            distributed.quantize(disk.tiles, palette=nine, **LATER).save(tmp_path / "few.zarr")
        (disk.bad / "2-2").unlink()
        for options in ({"dither": "bayer"}, {"space": "srgb"}, {}):
            palette = kpalette.extract_palette(PIXELS, 8) if not options else nine
            (disk.bad / "2-2").touch()
            q = distributed.quantize(disk.tiles, palette=palette, **options, **LATER)
            disk.reads_of_each()
            with pytest.raises(TileError):
                q.save(tmp_path / "few.zarr")
            (disk.bad / "2-2").unlink()
            q.save(tmp_path / "few.zarr")
            assert disk.reads_of_each() == {**ALL, "2-2": 2}
            assert np.array_equal(
                saved_indices(tmp_path / "few.zarr"), palette.remap(PIXELS, **options).indices
            )
            shutil.rmtree(tmp_path / "few.zarr")

    @pytest.mark.parametrize("name", ["few.zarr", "few.tif"])
    def test_full_disk(self, name, tmp_path) -> None:
        pixels = noise(500, 600)
        q = distributed.quantize(pixels, 256, chunks=(200, 300), scheduler="synchronous")
        with files_limited(20_000), pytest.raises(OutputError) as caught:
            q.save(tmp_path / name)
        assert caught.value.errno == errno.EFBIG
        assert str(caught.value.filename).startswith(str(tmp_path / name))
        assert not (tmp_path / name).exists()
        assert (tmp_path / f"{name}.part").is_dir()
        # Blocks fit, but perhaps not the whole.
        with files_limited(100_000):
            if name == "few.tif":
                with pytest.raises(OutputError, match=r"few\.tif'$"):
                    q.save(tmp_path / name)
                assert files_in(tmp_path) == {"few.tif.part"}
            else:
                q.save(tmp_path / name)
        if name == "few.tif":
            q.save(tmp_path / name)
        path = tmp_path / name
        indices = tifffile.imread(path) if name.endswith(".tif") else saved_indices(path)
        assert np.array_equal(indices, kpalette.quantize(pixels, 256).indices)


class TestCheckpoint:
    def test_finished_tiles_are_not_read_again(self, disk, tmp_path) -> None:
        (disk.bad / "1-1").touch()
        with pytest.raises(TileError, match=r"tile \(1, 1\)"):
            distributed.histogram(disk.tiles, checkpoint=tmp_path / "counts", **LATER)
        first = disk.reads_of_each()
        (disk.bad / "1-1").unlink()
        found = distributed.histogram(disk.tiles, checkpoint=tmp_path / "counts")
        assert found == ColorHistogram.from_image(PIXELS)
        assert sum(first.values()) + sum(disk.reads_of_each().values()) == len(ALL) + 1
        q = distributed.quantize(disk.tiles, 4, checkpoint=tmp_path / "counts")
        assert disk.reads_of_each() == {}
        assert q.palette == kpalette.extract_palette(PIXELS, 4)

    @pytest.mark.parametrize("damage", [b"", b"PK and nothing else", None])
    def test_damaged_histograms_are_made_again(self, damage, disk, tmp_path) -> None:
        counts = tmp_path / "counts"
        with dask.config.set(num_workers=1):  # so two tiles are a batch
            total = distributed.histogram(disk.tiles, checkpoint=counts, **LATER)
        for name in ("2+2", "8+1"):
            path = counts / f"{name}.histogram"
            path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
        disk.reads_of_each()
        assert distributed.histogram(disk.tiles, checkpoint=counts) == total
        assert disk.reads_of_each() == {"0-2": 1, "1-0": 1, "2-2": 1}

    def test_resumes_from_whatever_files_are_there(self, disk, tmp_path) -> None:
        """Also from those of runs with other numbers of threads, which overlap."""
        written: dict[tuple[int, int], bytes] = {}
        for threads in (1, 2):
            counts = tmp_path / str(threads)
            with dask.config.set(num_workers=threads):
                total = distributed.histogram(disk.tiles, checkpoint=counts, **LATER)
            for path in counts.glob("*.histogram"):
                first, n_tiles = map(int, path.stem.split("+"))
                written[first, n_tiles] = path.read_bytes()
                path.unlink()
        assert total == ColorHistogram.from_image(PIXELS)
        twos = {(0, 2), (2, 2), (4, 2), (6, 2), (8, 1)}
        assert written.keys() == twos | {(number, 1) for number in range(9)}
        rng = np.random.default_rng(0)
        for _ in range(20):
            some = {tiles for tiles in written if rng.random() < 0.4}
            for first, n_tiles in some:
                path = counts / f"{first}+{n_tiles}.histogram"
                path.write_bytes(written[first, n_tiles])
            disk.reads_of_each()
            with dask.config.set(num_workers=1):
                assert distributed.histogram(disk.tiles, checkpoint=counts, **LATER) == total
            read, number = [], 0
            while number < 9:  # the largest file counts, and what it overlaps does not
                here = [n_tiles for first, n_tiles in some if first == number]
                read += [] if here else [f"{number // 3}-{number % 3}"]
                number += max(here, default=1)
            assert disk.reads_of_each() == dict.fromkeys(read, 1)
            for path in counts.glob("*.histogram"):
                path.unlink()

    def test_photos_and_bags(self, tmp_path) -> None:
        import dask.bag

        paths = [tmp_path / f"{i}.png" for i in range(5)]
        for i, path in enumerate(paths):
            Image.fromarray(noise(9, 9, seed=i)).save(path)
        for i, source in enumerate((paths, dask.bag.from_sequence(paths, npartitions=5))):
            counts = tmp_path / f"counts-{i}"
            broken = paths[3].read_bytes()
            total = distributed.histogram(source, checkpoint=counts)
            # That nothing is read is seen by what reading would find.
            status = os.stat(paths[3])
            paths[3].write_bytes(bytes(len(broken)))
            os.utime(paths[3], ns=(status.st_atime_ns, status.st_mtime_ns))
            assert distributed.histogram(source, checkpoint=counts) == total
            paths[3].write_bytes(broken)
            os.utime(paths[3], ns=(status.st_atime_ns, status.st_mtime_ns))
        Image.fromarray(noise(8, 8)).save(paths[2])
        with pytest.raises(CheckpointError, match="got those of another source, or of this"):
            distributed.histogram(paths, checkpoint=tmp_path / "counts-0")

    def test_another_source_is_refused(self, disk, tmp_path) -> None:
        counts = tmp_path / "counts"
        distributed.histogram(PIXELS, chunks=30, checkpoint=counts)
        distributed.histogram(PIXELS.copy(), chunks=30, checkpoint=counts)
        other = PIXELS.copy()
        other[3, 3] += 1
        for source, options, said in (
            (other, {"chunks": 30}, "array: "),
            (PIXELS, {"chunks": 40}, r"chunks: \[\[30, 30, 10\], \[30, 30, 30\]\], not "),
            (PIXELS, {"chunks": 30, "alpha": "flatten:#fff"}, 'alpha: "keep", not "flatten:#fff"'),
            (PIXELS[:60], {"chunks": 30}, r"shape: \[70, 90, 3\], not \[60, 90, 3\]"),
            (disk.tiles, {}, '(another array|array: .*, not "disk-)'),  # by how long its name is
        ):
            with pytest.raises(CheckpointError, match=f"got those of another.*{said}"):
                distributed.histogram(source, checkpoint=counts, **options)
        assert disk.reads_of_each() == {}

    def test_file_that_has_changed_is_another(self, tmp_path) -> None:
        path, counts = tmp_path / "a.tif", tmp_path / "counts"
        tifffile.imwrite(path, PIXELS, photometric="rgb")
        first = distributed.histogram(path, checkpoint=counts)
        assert distributed.histogram(path, checkpoint=counts) == first
        tifffile.imwrite(path, PIXELS + np.uint8(1), photometric="rgb")
        with pytest.raises(CheckpointError, match="mtime: "):
            distributed.histogram(path, checkpoint=counts)

    def test_other_folders_are_refused(self, tmp_path) -> None:
        (tmp_path / "letters.txt").write_text("dear")
        with pytest.raises(CheckpointError, match=r"an empty folder, .*one with 'letters\.txt'"):
            distributed.histogram(PIXELS, checkpoint=tmp_path)
        (tmp_path / "source.json").write_text("{")
        with pytest.raises(CheckpointError, match=r"source\.json' is damaged"):
            distributed.histogram(PIXELS, checkpoint=tmp_path)
        (tmp_path / "source.json").write_text("[]")
        with pytest.raises(CheckpointError, match=r"expected an object in source\.json"):
            distributed.histogram(PIXELS, checkpoint=tmp_path)
        with pytest.raises(OutputError, match="letters"):
            distributed.histogram(PIXELS, checkpoint=tmp_path / "letters.txt")

    def test_full_disk(self, tmp_path) -> None:
        pixels = noise(300, 300)
        with files_limited(20_000), pytest.raises(OutputError) as caught:
            distributed.histogram(pixels, chunks=150, checkpoint=tmp_path / "counts", **LATER)
        assert caught.value.errno == errno.EFBIG
        assert str(caught.value.filename).startswith(str(tmp_path / "counts"))
        assert files_in(tmp_path / "counts") == {"source.json", "lock.json"}
        total = distributed.histogram(pixels, chunks=150, checkpoint=tmp_path / "counts")
        assert total == ColorHistogram.from_image(pixels)
