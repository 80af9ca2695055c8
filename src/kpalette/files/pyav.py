"""Films, decoded by PyAV, the package `av`, which has ffmpeg's libraries with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files import tone_mapping
from kpalette.files.code_points import CodePoints
from kpalette.files.errors import ImageReadError, is_of_system
from kpalette.files.ffmpeg import HALVED, HD, WITH_ALPHA, Note, scaling

UNSPECIFIED = 2  #: The code point of H.273.


def length(source: Any, demuxer: str, most: int) -> tuple[int | None, float | None]:
    """Return about how many frames there are and how many seconds, as far as the file says so."""
    with _opened(source, demuxer, most) as (container, stream):
        seconds = container.duration / 1e6 if container.duration else None
        n: int | None = stream.frames or None
        if n is None and seconds is not None and stream.average_rate:
            n = round(seconds * float(stream.average_rate))
        return n, seconds


def read(
    source: Any, demuxer: str, most: int, start: float, note: Note
) -> Iterator[tuple[ByteArray, int, float | None]]:
    """Decode a film's frames: see :func:`kpalette.files.ffmpeg.read`."""
    number = 0
    try:
        with _opened(source, demuxer, most) as (container, stream):
            if start:
                container.seek(round(start * 1e6), backward=True)
            begin = (container.start_time or 0) / 1e6 + start
            rate = stream.average_rate
            size: tuple[int, int] | None = None
            converter = _Converter()
            for frame in _decoded(container, stream):
                if frame.pts is None:
                    continue
                time = float(frame.pts * stream.time_base) - begin
                if time < -0.0005:  # between a key frame and where it is to begin
                    continue
                if frame.width * frame.height > most:
                    raise ImageReadError(
                        f"expected frames of at most {most:,} pixels, got "
                        f"{frame.width}×{frame.height}"
                    )
                size = size or _size(frame, stream.sample_aspect_ratio)
                number += 1
                yield converter.pixels(frame, size), round(1000 * time), rate and float(1000 / rate)
    except Exception as error:
        if is_of_system(error) and not _is_of_libraries(error):
            raise
        reason = (getattr(error, "strerror", None) or str(error)).removeprefix("PyAV: ")
        if not number and not start:
            raise ImageReadError(f"PyAV: {reason}") from error
        note(f"damaged, and shown as far as it goes; PyAV: {reason}")
        return
    if not number and not start:
        raise ImageReadError("PyAV found no frame in it")


@contextmanager
def _opened(source: Any, demuxer: str, most: int) -> Iterator[tuple[Any, Any]]:
    av: Any = import_module("av")
    # Python opens the file, and the libraries read it, and no other one, through it.
    own = isinstance(source, (str, os.PathLike))
    file = open(source, "rb") if own else source  # noqa: SIM115
    try:
        file.seek(0)
        options = {"protocol_whitelist": "file,pipe"}
        try:
            with av.open(file, format=demuxer, options=options) as container:
                if not container.streams.video:
                    raise ImageReadError("there is no picture in it")
                stream = container.streams.video[0]
                stream.codec_context.options = {"max_pixels": str(most)}
                yield container, stream
        except av.FFmpegError as error:
            raise ImageReadError(f"PyAV: {error.strerror}") from error
    finally:
        if own:
            file.close()


def _is_of_libraries(error: Exception) -> bool:
    av: Any = import_module("av")
    return isinstance(error, av.FFmpegError)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    av: Any = import_module("av")
    stream.thread_type = "AUTO"
    name = WITH_ALPHA.get(stream.codec_context.name)
    if stream.metadata.get("alpha_mode") != "1" or name not in av.codecs_available:
        yield from container.decode(stream)
        return
    context = av.CodecContext.create(name, "r")
    context.options = stream.codec_context.options
    for packet in container.demux(stream):
        yield from context.decode(packet)


def _size(frame: Any, aspect: Any) -> tuple[int, int]:
    """Return the width and the height with square pixels, before the frame is turned."""
    width = max(1, round(frame.width * float(aspect))) if aspect else frame.width
    return width, frame.height


class _Converter:
    """Turns frames to pixels by the filter that ffmpeg has for it."""

    def __init__(self) -> None:
        self._kind: tuple[Any, ...] = ()
        self._graph: Any = None

    def pixels(self, frame: Any, size: tuple[int, int]) -> ByteArray:
        """Return a frame's pixels, upright; `size` is before it is turned."""
        has_alpha = any(component.is_alpha for component in frame.format.components)
        matrix = "auto"
        if frame.colorspace == UNSPECIFIED and not frame.format.is_rgb:
            matrix = "bt709" if frame.height >= HD else "bt601"
        kind = (frame.width, frame.height, frame.format.name, has_alpha, matrix, size)
        if kind != self._kind:
            self._graph, self._kind = self._made(frame, has_alpha, matrix, size), kind
        self._graph.push(frame)
        pixels: ByteArray = self._graph.pull().to_ndarray()
        points = CodePoints(frame.color_primaries, frame.color_trc)
        if tone_mapping.is_hdr(points):
            pixels[..., :3] = tone_mapping.to_srgb(pixels[..., :3], points)
        return _turned(pixels, frame)

    @staticmethod
    def _made(frame: Any, has_alpha: bool, matrix: str, size: tuple[int, int]) -> Any:
        av: Any = import_module("av")
        graph = av.filter.Graph()
        begin = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        is_halved = HALVED.match(frame.format.name) is not None
        scale = graph.add("scale", scaling(*size, matrix, is_halved=is_halved))
        kind = graph.add("format", f"pix_fmts={'rgba' if has_alpha else 'rgb24'}")
        end = graph.add("buffersink")
        for one, other in ((begin, scale), (scale, kind), (kind, end)):
            one.link_to(other)
        graph.configure()
        return graph


def _turned(pixels: ByteArray, frame: Any) -> ByteArray:
    """Return pixels as a frame's matrix says that they are displayed: turned, or mirrored."""
    data = next((one for one in frame.side_data if one.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return pixels
    # A pixel at (x, y) goes to (ax + cy, bx + dy).
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return np.ascontiguousarray(pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
