"""Progress bars: Dask's own, on stderr, and only where they are asked for."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from kpalette import distributed

IMAGE = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)


@pytest.mark.parametrize("on_a_cluster", [False, True])
def test_bars_are_on_stderr(on_a_cluster: bool, capsys) -> None:
    from distributed import Client

    tiles = da.from_array(IMAGE, chunks=(2, 5, 3))
    expected = distributed.histogram(IMAGE)
    capsys.readouterr()
    if on_a_cluster:
        with Client(processes=False, dashboard_address=None, n_workers=1) as client:
            with distributed.progress():
                assert distributed.histogram(tiles, scheduler=client) == expected
            shown = capsys.readouterr()
            assert distributed.histogram(tiles, scheduler=client) == expected
    else:
        with distributed.progress():
            assert distributed.histogram(tiles) == expected
        shown = capsys.readouterr()
        assert distributed.histogram(tiles) == expected
    assert "100% Completed" in shown.err
    assert shown.out == ""
    assert capsys.readouterr().err == ""
