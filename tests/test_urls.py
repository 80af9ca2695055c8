"""Which names are URLs."""

from __future__ import annotations

import pytest

from kpalette.urls import is_url


@pytest.mark.parametrize(
    "name", ["https://x.org/a.png", "s3://x/a.zarr", "file:///a.png", "simplecache::s3://x/a.png"]
)
def test_urls(name: str) -> None:
    assert is_url(name)


@pytest.mark.parametrize("name", ["a.png", "C:/a.png", "C://a.png", "a/b://c", "://a", "s3:/a", ""])
def test_names_of_files(name: str) -> None:
    assert not is_url(name)
