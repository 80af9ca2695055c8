"""Whatever an image or a collection is given as, it is read right, or refused in words."""

import io
import os
from pathlib import Path
from typing import Any

import dask.array as da
import dask.bag
import fsspec
import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

import kpalette
from conftest import gradient, noise, saved
from kpalette import ColorHistogram, Palette, distributed
from kpalette.distributed import TileError

RGB = noise(150, 200, 3)
GREY = noise(150, 200, 1)
RGBA = noise(150, 200, 4)
CHANNELS = {"grey": GREY, "RGB": RGB, "RGBA": RGBA}


def whole(pixels: np.ndarray[Any, Any]) -> ColorHistogram:
    return ColorHistogram.from_image(pixels)


def same(source: Any, pixels: np.ndarray[Any, Any], **options: Any) -> None:
    """Check the histogram and the indices of a source against those of its pixels."""
    assert distributed.histogram(source, **options) == whole(pixels)
    q = distributed.quantize(source, 5, **options)
    assert np.array_equal(q.indices.compute(), kpalette.quantize(pixels, 5).indices)


class TestZarr:
    @pytest.mark.parametrize("kind", CHANNELS)
    @pytest.mark.parametrize("version", [2, 3])
    def test_array_by_path_and_as_it_is(self, kind, version, tmp_path) -> None:
        pixels = CHANNELS[kind]
        path = tmp_path / "a.zarr"
        chunks = (64, 64, 4)[: pixels.ndim]
        zarr.create_array(path, data=pixels, zarr_format=version, chunks=chunks)
        for source in (path, str(path), zarr.open_array(path, mode="r")):
            same(source, pixels)
            same(source, pixels, chunks=(41, 150))

    def test_the_only_array_of_a_group(self, tmp_path) -> None:
        group = zarr.create_group(tmp_path / "group")  # known by what is in it
        group.create_array("image", data=RGB, chunks=(50, 50, 3), shards=(100, 100, 3))
        same(tmp_path / "group", RGB)
        same(group, RGB)
        q = distributed.quantize(group, 5)
        assert q.indices.chunks == ((150,), (200,))
        group.create_array("mask", data=GREY)
        with pytest.raises(ValueError, match=r"one array in the Zarr group .*, got image, mask$"):
            distributed.histogram(group)
        with pytest.raises(ValueError, match=r"one array in the Zarr group .*, got none$"):
            distributed.histogram(zarr.create_group(tmp_path / "empty.zarr"))

    @pytest.mark.parametrize("ome", ["0.2", "0.3", "0.4", "0.5"])
    def test_ome_zarr(self, ome, tmp_path) -> None:
        group = zarr.create_group(tmp_path / "x.zarr", zarr_format=3 if ome == "0.5" else 2)
        stored = np.moveaxis(RGB, 2, 0)[None, :, None]
        group.create_array("full", data=stored, chunks=(1, 1, 1, 60, 50))
        group.create_array("half", data=stored[..., ::2, ::2], chunks=(1, 1, 1, 60, 50))
        shown: dict[str, Any] = {"datasets": [{"path": "full"}, {"path": "half"}]}
        if ome > "0.2":
            shown["axes"] = list("tczyx")
        if ome > "0.3":
            shown["axes"] = [{"name": name} for name in "tczyx"]
        multiscales = {"multiscales": [shown]}
        group.attrs.update({"ome": multiscales} if ome == "0.5" else multiscales)
        same(tmp_path / "x.zarr", RGB)

    def test_by_url(self) -> None:
        zarr.create_array("memory://images/a.zarr", data=RGB, chunks=(70, 70, 3))
        same("memory://images/a.zarr", RGB)
        group = zarr.create_group("memory://images/b.zarr")
        for name in ("first", "second"):
            group.create_array(name, data=RGB, chunks=(70, 70, 3))
        same("memory://images/b.zarr/second", RGB)

    @pytest.mark.parametrize("version", [2, 3])
    def test_missing_chunks(self, version, tmp_path) -> None:
        pixels = RGB.copy()
        pixels[50:100, 100:] = 7
        path = tmp_path / "a.zarr"
        array = zarr.create_array(
            path,
            shape=pixels.shape,
            chunks=(50, 50, 3),
            dtype="uint8",
            fill_value=7,
            zarr_format=version,
        )
        array[:] = pixels
        first = "1.2.0" if version == 2 else "c/1/2/0"
        said = f"expected 12 chunks in .*a.zarr, but 2 are missing, first {first}; missing='fill'"
        with pytest.raises(ValueError, match=said):
            distributed.histogram(path)
        with pytest.raises(ValueError, match=said):
            distributed.quantize(path, palette=Palette(RGB[0, :1]))
        assert distributed.histogram(path, missing="fill") == whole(pixels)

    def test_store_that_cannot_list(self, tmp_path) -> None:
        """As some on the web."""

        class Web(zarr.storage.LocalStore):
            async def list_prefix(self, prefix: str) -> Any:
                for key in ():
                    yield key

        array = zarr.create_array(Web(tmp_path / "a.zarr"), data=RGB, chunks=(50, 50, 3))
        assert distributed.histogram(array) == whole(RGB)
        (tmp_path / "a.zarr" / "c" / "2" / "1" / "0").unlink()
        with pytest.raises(ValueError, match=r"12 chunks .*, but 1 are missing"):
            distributed.histogram(array)

    def test_is_none(self, tmp_path) -> None:
        with pytest.raises(FileNotFoundError, match=r"no\.zarr"):
            distributed.histogram(tmp_path / "no.zarr")
        (tmp_path / "empty.zarr").mkdir()
        with pytest.raises(ValueError, match=r"expected a Zarr array or group in .*empty\.zarr"):
            distributed.histogram(tmp_path / "empty.zarr")

    def test_damaged_descriptions(self, tmp_path) -> None:
        group = zarr.create_group(tmp_path / "a.zarr")
        for wrong in ([{}], [{"datasets": [{"path": "no"}]}], [3], {"datasets": 1}):
            group.attrs["multiscales"] = wrong
            with pytest.raises(ValueError, match=r"multiscales of .* to name an array, got "):
                distributed.histogram(group)
        (tmp_path / "a.zarr" / "zarr.json").write_text("{")
        with pytest.raises(ValueError, match=r"a\.zarr' is damaged"):
            distributed.histogram(tmp_path / "a.zarr")

    def test_damaged_chunk_is_named(self, tmp_path) -> None:
        zarr.create_array(tmp_path / "a.zarr", data=RGB, chunks=(50, 50, 3))
        (tmp_path / "a.zarr" / "c" / "2" / "1" / "0").write_bytes(b"nothing")
        where = r"a\.zarr, tile \(2, 1\), rows 100 to 149, columns 50 to 99: "
        with pytest.raises(TileError, match=where):
            distributed.histogram(tmp_path / "a.zarr", chunks=50)


class TestTiff:
    @pytest.mark.parametrize("kind", CHANNELS)
    @pytest.mark.parametrize(
        "how",
        [
            {},
            {"compression": "zlib", "rowsperstrip": 32},
            {"compression": "zlib", "tile": (48, 64)},
            {"tile": (48, 64), "bigtiff": True, "byteorder": ">"},
            {"compression": "zlib", "rowsperstrip": 32, "predictor": True},
            {"compression": "lzw", "tile": (48, 64)},
        ],
        ids=str,
    )
    def test_pixels_are_those_of_the_file(self, kind, how, tmp_path) -> None:
        pixels = CHANNELS[kind]
        path = tmp_path / "a.tif"
        options = dict(how)
        file = {name: options.pop(name) for name in ("bigtiff", "byteorder") if name in how}
        photometric = "minisblack" if kind == "grey" else "rgb"
        tifffile.imwrite(path, pixels, photometric=photometric, **options, **file)
        same(path, pixels)
        same(str(path), pixels, chunks=(41, 150))
        same(path, pixels, chunks="20kB")

    def test_jpeg_as_slides_have_it(self, tmp_path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, RGB, photometric="rgb", compression="jpeg", tile=(64, 64))
        with Image.open(path) as image:
            same(path, np.asarray(image.convert("RGB")))

    @pytest.mark.parametrize("dtype", ["uint16", ">u2", "float32", "bool"])
    def test_dtypes(self, dtype, tmp_path) -> None:
        most = {"u": 65535, "f": 1, "b": 1}[np.dtype(dtype).kind]
        levels = (GREY / 255 * most).astype(dtype)
        order = ">" if dtype[0] == ">" else "<"
        tifffile.imwrite(tmp_path / "a.tif", levels, byteorder=order, photometric="minisblack")
        same(tmp_path / "a.tif", levels)

    def test_planes_and_pages(self, tmp_path) -> None:
        planes = np.ascontiguousarray(np.moveaxis(RGB, 2, 0))
        options: dict[str, Any] = {"compression": "zlib", "tile": (64, 64)}
        tifffile.imwrite(
            tmp_path / "planar.tif", planes, photometric="rgb", planarconfig="separate", **options
        )
        same(tmp_path / "planar.tif", RGB)
        tifffile.imwrite(
            tmp_path / "pages.ome.tif",
            planes[None, :, None],
            photometric="minisblack",
            metadata={"axes": "TCZYX"},
            **options,
        )
        same(tmp_path / "pages.ome.tif", RGB)

    def test_full_resolution_of_a_pyramid(self, tmp_path) -> None:
        with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
            options: dict[str, Any] = {"photometric": "rgb", "tile": (64, 64)}
            file.write(RGB, subifds=1, metadata={"axes": "YXS"}, **options)
            file.write(RGB[::2, ::2], subfiletype=1, **options)
        same(tmp_path / "a.ome.tif", RGB)

    def test_kinds_of_colour_and_alpha(self, tmp_path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, 255 - GREY, photometric="miniswhite")
        same(path, GREY)
        table = noise(256, 3, 1).T.astype(np.uint16) * 257
        tifffile.imwrite(path, GREY, photometric="palette", colormap=table)
        same(path, (table.T[GREY] // 257).astype(np.uint8))
        tifffile.imwrite(path, RGBA, photometric="rgb", extrasamples=["unspecified"])
        same(path, RGBA[..., :3])
        tifffile.imwrite(path, RGBA, photometric="rgb", extrasamples=["assocalpha"])
        assert distributed.histogram(path) == ColorHistogram.from_image(path)

    def test_what_is_no_single_image_is_named(self, tmp_path) -> None:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(
            path,
            np.zeros((5, 3, 40, 50), np.uint8),
            metadata={"axes": "TZYX"},
            photometric="minisblack",
        )
        with pytest.raises(ValueError, match=r"one image in .*, got also T, Z, in T=5, Z=3, Y=40"):
            distributed.histogram(path)
        tifffile.imwrite(
            path,
            np.zeros((2, 40, 50), np.uint8),
            metadata={"axes": "CYX"},
            photometric="minisblack",
        )
        with pytest.raises(ValueError, match=r"1, 3 or 4 channels in .*, got C=2, Y=40, X=50"):
            distributed.histogram(path)
        tifffile.imwrite(path, np.zeros((40, 50, 4), np.uint8), photometric="separated")
        with pytest.raises(ValueError, match="grey, RGB or a palette, got SEPARATED"):
            distributed.histogram(path)
        tifffile.imwrite(path, np.zeros((40, 50), np.int32))
        with pytest.raises(TypeError, match=r"expected dtype uint8, .*, got int32"):
            distributed.histogram(path)

    def test_damage(self, tmp_path) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(b"II*\0 and nothing else")
        with pytest.raises(ValueError, match=r"expected a TIFF with an image in .*a\.tif"):
            distributed.histogram(path)
        path.write_text("just words")
        with pytest.raises(ValueError, match=r"expected a TIFF with an image in .*a\.tif"):
            distributed.histogram(path)
        with pytest.raises(FileNotFoundError, match=r"no\.tif"):
            distributed.histogram(tmp_path / "no.tif")

    @pytest.mark.parametrize(("codec", "name"), [(32766, "NEXT"), (31999, "31999")])
    def test_codec_that_nobody_knows(self, codec, name, tmp_path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
        with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
            file.pages.first.tags["Compression"].overwrite(codec)
        with pytest.raises(ValueError, match=rf"decompress, got {name} in .*a\.tif"):
            distributed.histogram(tmp_path / "a.tif")

    @pytest.mark.parametrize("compression", ["zlib", None])
    def test_truncated_file_names_the_tile(self, compression, tmp_path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, RGB, photometric="rgb", tile=(64, 64), compression=compression)
        os.truncate(path, path.stat().st_size - 9000)
        with pytest.raises((TileError, ValueError), match=r"a\.tif"):
            distributed.histogram(path, chunks=64)

    def test_sparse_file(self, tmp_path) -> None:
        pixels = RGB.copy()
        pixels[64:128, 64:128] = 0
        parts = (
            None
            if part == (1, 1)
            else np.pad(tile, [(0, 64 - n) for n in tile.shape[:2]] + [(0, 0)])
            for part in np.ndindex(3, 4)
            for tile in [pixels[part[0] * 64 :, part[1] * 64 :][:64, :64]]
        )
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path, parts, shape=RGB.shape, dtype=np.uint8, photometric="rgb", tile=(64, 64)
        )
        with pytest.raises(ValueError, match=r"all 12 tiles or strips of .*, but 1 are missing"):
            distributed.histogram(path)
        assert distributed.histogram(path, missing="fill") == whole(pixels)


@pytest.fixture
def album(tmp_path: Path) -> tuple[Path, ColorHistogram]:
    """Make photos of several sizes, kinds and modes, with other things among them."""
    pictures = {
        "a.png": Image.fromarray(gradient(40, 50)),
        "b.jpg": Image.fromarray(gradient(30, 20)),
        "sub/c.png": Image.fromarray(RGBA[:20]),
        "sub/deep/d.tif": Image.fromarray(GREY),
        "sub/e.gif": Image.fromarray(gradient(9, 9)).quantize(5),
        "sub/f.webp": Image.fromarray(gradient(9, 9)).convert("L"),
    }
    for name, picture in pictures.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "g.png").write_bytes(b"damaged")
    parts = [ColorHistogram.from_image(tmp_path / name) for name in pictures]
    return tmp_path, sum(parts[1:], parts[0])


class TestCollections:
    def test_folders_patterns_lists_and_bags(self, album) -> None:
        folder, total = album
        paths = [path for path in folder.rglob("*.*") if ".hidden" not in path.parts]
        paths = sorted(path for path in paths if path.suffix != ".txt")
        assert total.channels == 4
        for source in (
            folder,
            f"{folder}/**",
            paths,
            iter(map(str, paths)),
            dask.bag.from_sequence(paths, npartitions=4),
            dask.bag.from_sequence(paths, npartitions=2).repartition(9),
            dask.bag.from_sequence(paths, npartitions=2).map(Image.open).map(np.asarray),
        ):
            if isinstance(source, dask.bag.Bag) and source.npartitions == 2:
                bag = dask.bag.from_sequence(paths).map(kpalette.files.as_pixels)
                assert distributed.histogram(bag) == total
                continue
            assert distributed.histogram(source) == total

    def test_patterns_choose(self, album) -> None:
        folder, _ = album
        expected = whole(gradient(40, 50)) + whole(RGBA[:20])
        assert distributed.histogram(f"{folder}/**/*.png") == expected
        assert distributed.histogram(folder / "a.png") == whole(gradient(40, 50))
        (folder / "[1].png").write_bytes((folder / "a.png").read_bytes())
        assert distributed.histogram(f"{folder}/[1].png") == whole(gradient(40, 50))

    def test_hidden_is_what_is_hidden_below(self, album) -> None:
        folder, _ = album
        (folder / ".hidden" / "g.png").write_bytes((folder / "a.png").read_bytes())
        for source in (folder / ".hidden", f"{folder}/.hidden/*", f"{folder}/.hidden/?.png"):
            assert distributed.histogram(source) == whole(gradient(40, 50))

    def test_by_url(self) -> None:
        system = fsspec.filesystem("memory")
        for name in ("album/a.png", "album/sub/b.png"):
            system.pipe(f"/{name}", saved(Image.fromarray(RGB)).getvalue())
        system.pipe("/album/c.txt", b"words")
        twice = whole(RGB) + whole(RGB)
        for source in (
            "memory://album",
            "memory://album/**/*.png",
            ["memory://album/a.png", "memory://album/sub/b.png"],
        ):
            assert distributed.histogram(source) == twice
        assert distributed.histogram("memory://album/a.png") == whole(RGB)

    def test_alpha(self, album) -> None:
        folder, _ = album
        flat = kpalette.files.apply_alpha(RGBA[:20], "flatten:#abc")
        found = distributed.histogram([folder / "sub" / "c.png"], alpha="flatten:#abc")
        assert found == whole(flat)
        assert distributed.histogram(RGBA[:20], chunks=9, alpha="flatten:#abc") == found

    def test_photo_that_cannot_be_read_is_named(self, album) -> None:
        folder, _ = album
        (folder / "sub" / "broken.png").write_bytes(saved(Image.fromarray(RGB)).getvalue()[:999])
        with pytest.raises(TileError, match=r"sub/broken\.png: the PNG is cut off"):
            distributed.histogram(folder)
        for source in ([folder / "no.png"], dask.bag.from_sequence([folder / "no.png"])):
            with pytest.raises(TileError, match=r"[/\\]no\.png: No such file"):
                distributed.histogram(source)
        with pytest.raises(TileError, match=r"memory://no\.png: FileNotFoundError: .*no\.png"):
            distributed.histogram(["memory://no.png"])
        with pytest.raises(TileError, match=r"array of shape \(3,\): expected an array of shape"):
            distributed.histogram(dask.bag.from_sequence([np.zeros(3)]))
        with pytest.raises(TileError, match=r"int: .*expected a path"):
            distributed.histogram(dask.bag.from_sequence([3]))

    def test_nothing_to_count(self, tmp_path) -> None:
        (tmp_path / "notes.txt").write_text("words")
        for source, said in (
            ([], "got an empty collection"),
            (iter(()), "got an empty collection"),
            (f"{tmp_path}/*.png", "no file matches '.*png'"),
            (f"{tmp_path}/**", "no file matches"),
            (tmp_path, "no image is below"),
            ("memory://nowhere/*.png", "no file matches"),
            (dask.bag.from_sequence([1, 2]).filter(lambda x: x > 2), "got an empty bag"),
        ):
            with pytest.raises(ValueError, match=f"at least one image, .*{said}"):
                distributed.histogram(source)

    def test_a_collection_has_no_indices(self, album) -> None:
        folder, _ = album
        for source in (folder, f"{folder}/*.png", [folder / "a.png"], dask.bag.from_sequence("ab")):
            with pytest.raises(ValueError, match=r"got a collection: .*Palette\.remap"):
                distributed.quantize(source)
        with pytest.raises(ValueError, match="chunks: expected None for photos"):
            distributed.histogram(folder, chunks=100)

    def test_an_image_file_is_one_tile(self, album) -> None:
        folder, _ = album
        q = distributed.quantize(str(folder / "a.png"), 5)
        expected = kpalette.quantize(folder / "a.png", 5)
        assert q.indices.numblocks == (1, 1)
        assert np.array_equal(q.indices.compute(), expected.indices)
        (folder / "broken.png").write_bytes(b"words")
        with pytest.raises(TileError, match=r"broken\.png: .*expected an image of a format"):
            distributed.quantize(folder / "broken.png", 5)


class TestBadInput:
    @pytest.mark.parametrize("function", [distributed.histogram, distributed.quantize])
    @pytest.mark.parametrize(
        ("source", "error", "said"),
        [
            (
                da.zeros((9, 9, 3), chunks=(9, 9, 1), dtype="u1"),
                ValueError,
                r"\.rechunk\(\{2: -1\}",
            ),
            (da.zeros((9, 9, 5), dtype="u1"), ValueError, r"\(h, w, 4\), got \(9, 9, 5\)"),
            (da.zeros(9, dtype="u1"), ValueError, r"got \(9,\)"),
            (np.zeros((1, 9, 9, 3), "u1"), ValueError, r"got \(1, 9, 9, 3\)"),
            (
                np.zeros((0, 9), "u1"),
                ValueError,
                r"at least one pixel, got an array of shape \(0, 9\)",
            ),
            (np.zeros((9, 9), int), TypeError, "uint8, bool, uint16 or float, got int64"),
            (da.zeros((9, 9), dtype=complex), TypeError, "got complex128"),
            (zarr.zeros((9, 9), dtype="i1"), TypeError, "got int8"),
            (None, TypeError, "expected a Dask, NumPy or Zarr array, .* got NoneType"),
            (b"photo.png", TypeError, "got bytes"),
            ([np.zeros((9, 9))], TypeError, "expected paths or URLs, got ndarray"),
            ("no/such.png", FileNotFoundError, r"no/such\.png"),
        ],
    )
    def test_sources(self, function, source, error, said) -> None:
        with pytest.raises(error, match=said):
            function(source)

    def test_unknown_chunk_sizes(self) -> None:
        rows = da.from_array(RGB, chunks=(50, 50, 3))
        with pytest.raises(ValueError, match=r"call \.compute_chunk_sizes\(\) first"):
            distributed.histogram(rows[da.from_array(np.arange(150) < 70, chunks=50)])

    def test_floats_out_of_range(self) -> None:
        levels = gradient(40, 60) / 255
        levels[30, 40, 2] = 1.5
        where = r"array, tile \(3, 4\), rows 30 to 39, columns 40 to 49"
        with pytest.raises(TileError, match=f"{where}: expected float values from 0 to 1, got"):
            distributed.quantize(levels, 4, chunks=10)

    @pytest.mark.parametrize(
        ("options", "error", "said"),
        [
            ({"k": 0}, ValueError, "k: expected 1 to 65536, got 0"),
            ({"k": 2.0}, TypeError, "k: expected an integer"),
            ({"space": "rgb"}, ValueError, "space: expected one of"),
            ({"effort": "most"}, ValueError, "effort: expected one of"),
            ({"seed": -1}, ValueError, "seed: expected 0 to"),
            ({"alpha": "drop"}, ValueError, "alpha: expected 'keep', 'threshold' or"),
            ({"alpha": 3}, TypeError, "alpha: expected 'keep', 'threshold' or"),
            ({"dither": "random"}, ValueError, "dither: expected None or one of"),
            ({"dither_strength": 2}, ValueError, "dither_strength: expected 0 to 1"),
            ({"k": 1, "fixed": ["#fff", "#000"]}, ValueError, "fixed: expected at most k = 1"),
            ({"palette": "#fff"}, TypeError, "palette: expected a Palette or None, got str"),
            ({"missing": "zero"}, ValueError, "missing: expected one of error, fill"),
            ({"chunks": (10, 10, 1)}, ValueError, "chunks: expected all 3 channels in one chunk"),
            (
                {"chunks": {0: 10, 2: 1}},
                ValueError,
                "chunks: expected all 3 channels in one chunk",
            ),
            ({"chunks": 0}, ValueError, "chunks: expected sizes of blocks"),
            ({"chunks": -5}, ValueError, "chunks: expected sizes of blocks"),
            ({"chunks": "many"}, ValueError, "chunks: expected sizes of blocks"),
            ({"chunks": (10, 10, 10, 10)}, ValueError, "chunks: expected sizes of blocks"),
            ({"chunks": ((1, 2), (3,))}, ValueError, "chunks: expected sizes of blocks"),
            ({"scheduler": "thread"}, ValueError, "scheduler: expected 'threads', .*'thread'"),
            ({"scheduler": 8786}, TypeError, "scheduler: expected .*, got int"),
            ({"checkpoint": 3}, TypeError, "path: expected a path"),
        ],
    )
    def test_options_are_checked_before_any_pixel_is_read(self, options, error, said) -> None:
        def read() -> np.ndarray[Any, Any]:
            raise AssertionError("a tile was read")

        tiles = da.map_blocks(read, chunks=((20,), (20,), (3,)), dtype=np.uint8)
        with pytest.raises(error, match=said):
            distributed.quantize(tiles, **options)

    def test_chunks_of_what_is_stored(self, tmp_path) -> None:
        array = zarr.create_array(tmp_path / "a.zarr", data=RGB, chunks=(50, 50, 3))
        for chunks in ("many", 0, (10, 10, 1)):
            with pytest.raises(ValueError, match="chunks: expected"):
                distributed.histogram(array, chunks=chunks)

    def test_palette_leaves_nothing_to_fix(self) -> None:
        palette = Palette(np.eye(3, dtype=np.uint8))
        with pytest.raises(ValueError, match="fixed: expected no colours with a given palette"):
            distributed.quantize(RGB, palette=palette, fixed=["#fff"])

    def test_not_a_binary_file(self) -> None:
        with pytest.raises(TypeError, match="expected paths or URLs, got bytes"):
            distributed.histogram(io.BytesIO(b"words"))
