"""Containers of films, which their first bytes tell: those that are read, and others by name."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from films import MP4
from kpalette import files
from kpalette.files import video


@pytest.mark.parametrize(
    ("start", "demuxer"),
    [
        (MP4, "mov"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"RIFF\x01\x02\x03\x04AVI LIST", "avi"),
        (b"\0\0\x01\xba\x44", "mpeg"),
        (b"\0\0\x01\xb3\x44", "mpegvideo"),
        (b"\x47" + bytes(187) + b"\x47" + bytes(60), "mpegts"),
        (b"time\x47" + bytes(187) + b"time\x47" + bytes(59), "mpegts"),
        # What makes ffmpeg open other files, or what is an image, or nothing known.
        (b"#EXTM3U\n/etc/passwd\n", None),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", None),
        (b"<?xml version='1.0'?><MPD>", None),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", None),
        (b"GIF89a", None),
        (b"RIFF\x01\x02\x03\x04WEBPVP8 ", None),
        (b"\0\0\0 ftypavif\0\0\0\0avifmif1", None),
        (b"\0\0\0 ftypheic\0\0\0\0mif1heic", None),
        (b"\x47" + bytes(255), None),
        (b"", None),
    ],
)
def test_a_film_is_told_by_its_first_bytes(
    start: bytes, demuxer: str | None, tmp_path: Path
) -> None:
    assert video.container_of(start) == demuxer
    path = tmp_path / "x.txt"
    path.write_bytes(start)
    assert files.is_film(path) == files.is_film(io.BytesIO(start)) == (demuxer is not None)
    if demuxer is not None:
        assert files.is_animated(path)


@pytest.mark.parametrize(
    ("start", "title"),
    [
        (b"FLV\x01\x05\0\0\0\x09", "Flash video (FLV)"),
        (b"OggS\0\x02", "Ogg"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "Windows Media (WMV, ASF)"),
        (bytes.fromhex("060e2b34020501010d010201010204"), "MXF"),
        (b".RMF\0\0\0\x12", "RealMedia"),
        (b"\0\0\0\x01\x67\x64\0\x0d", "bare H.264 or H.265"),
        (b"\0\0\0\x01\x40\x01\x0c\x01", "bare H.264 or H.265"),
        (b"YUV4MPEG2 W352", "YUV4MPEG2 (Y4M)"),
    ],
)
def test_films_that_are_not_read_are_named(
    start: bytes, title: str, tmp_path: Path, fails: Any
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(start + bytes(300))
    said = fails(3, "quantize", path)
    assert f"got a film in {title}, which is not read: convert it to Matroska first" in said
