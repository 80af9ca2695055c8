"""Progress bars: Dask's own, on stderr, and only where they are asked for."""

from __future__ import annotations

from contextlib import ExitStack

import dask.array as da
import numpy as np
import pytest

from kpalette import distributed

IMAGE = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)


@pytest.mark.parametrize("on_a_cluster", [False, True])
def test_bars_are_on_stderr(on_a_cluster: bool, capsys, tmp_path) -> None:
    from distributed import Client

    tiles = da.from_array(IMAGE, chunks=(2, 5, 3))
    with ExitStack() as stack:
        where = "threads"
        if on_a_cluster:
            # Its own log would be on stderr, too: of a machine with little memory or time.
            local = Client(
                processes=False,
                dashboard_address="127.0.0.1:0",
                n_workers=1,
                silence_logs=50,
            )
            where = stack.enter_context(local)
        capsys.readouterr()
        quiet = distributed.quantize(tiles, 4, scheduler=where)
        quiet.save(tmp_path / "quiet.zarr")
        assert capsys.readouterr() == ("", "")
        q = distributed.quantize(tiles, 4, scheduler=where, progress=True)
        assert "100% Completed" in capsys.readouterr().err
        q.save(tmp_path / "few.zarr", progress=True)
        shown = capsys.readouterr()
        assert "100% Completed" in shown.err
        assert shown.out == ""
    assert np.array_equal(q.palette.colors, quiet.palette.colors)
