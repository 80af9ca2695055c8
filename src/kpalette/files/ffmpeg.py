"""Films, decoded by the program ffmpeg: the one program that is ever started.

It is found on PATH, gets no shell and next to no environment, is told which demuxer to use, and may
open files and pipes alone. It is killed when its frames are no longer asked for.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import IO, TypeAlias

import numpy as np

from kpalette.colors import ByteArray
from kpalette.files import matroska, tone_mapping
from kpalette.files.code_points import CodePoints
from kpalette.files.errors import ImageReadError

Note: TypeAlias = Callable[[str], object]

#: What is passed on of the environment: what the program may need to start.
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT", "TEMP")
#: How it is called; of Windows, none of the scripts that would be found as well.
NAME = "ffmpeg.exe" if os.name == "nt" else "ffmpeg"
#: On Windows: without a console, and in a group of its own, which Ctrl-C does not reach.
CREATION = 0x08000000 | 0x00000200 if os.name == "nt" else 0
#: What it says of films that have nothing to show, and what that means.
KNOWN = {
    "matches no streams": "the film has no pictures",
    "does not contain any stream": "the film has no pictures",
    "moov atom not found": "the film is cut off: the index at its end is missing",
}
#: So many of the last lines that it says are kept, and so much of each.
MOST_LINES, MOST_CHARACTERS = 20, 500
MOST_PROBED = 1000  #: Of the first, of which one tells of the first frame.

#: Decoders that know the alpha of WebM files, which ffmpeg's own do not.
WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
#: How formats of pixels with alpha are called.
ALPHA = re.compile(r"yuva|rgba|argb|bgra|abgr|gbrap|ya\d|pal8")
PRIMARIES = {"bt709": 1, "bt2020": 9, "smpte432": 12}
TRANSFERS = {"smpte2084": tone_mapping.PQ, "arib-std-b67": tone_mapping.HLG}
#: Of so many rows on, films that do not tell their matrix are taken for BT.709, others for BT.601.
#: So does Chromium; mpv does from 1280 columns or 577 rows on, and ffmpeg takes BT.601 for all.
HD = 720
#: Formats with a sample of chroma for two pixels of a row, which is taken to lie between them, as
#: browsers and ffmpeg before 7.1 do it, whatever a film tells: most do not tell what they were made
#: with.
HALVED = re.compile(r"yuva?j?42\d|nv12|nv21|nv16|p[02]1\d|yuyv|uyvy|yvyu|y210")

_FRAME = re.compile(r" n: *0 .* fmt:(\w+) .*sar:(\d+)/(\d+) s:(\d+)x(\d+) ")
_COLORS = re.compile(r" color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)")
_CODEC, _RATE = re.compile(r" Video: (\w+)"), re.compile(r" Video: .* ([\d.]+) fps")
_DURATION = re.compile(r" Duration: (\d+):(\d\d):(\d\d\.\d+)")
_ROTATION = re.compile(r"rotation of -?(\d+)\.")

#: The processes at work.
running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Film:
    """What there is to know of a film before its frames are decoded.

    Attributes
    ----------
    width, height : int
        As it is shown: upright, and with square pixels.
    matrix : str
        By which its colours become R, G and B: ffmpeg's name.
    points : CodePoints, optional
        Of a film of high dynamic range.
    has_alpha, is_halved : bool
        Whether it has alpha, and a sample of chroma for two pixels.
    decoder : str, optional
        Instead of ffmpeg's own.
    seconds, rate : float, optional
        About how long it is, and of how many frames a second.
    """

    width: int
    height: int
    matrix: str
    points: CodePoints | None
    has_alpha: bool
    is_halved: bool
    decoder: str | None
    seconds: float | None
    rate: float | None


def program() -> str | None:
    """Return the path of ffmpeg; None where there is none.

    Only folders on PATH count, and of those only absolute ones. On Windows, shutil.which and the
    system itself would look in the current folder first, where photos from anywhere may be.
    """
    for folder in os.get_exec_path():
        path = os.path.join(folder.strip('"'), NAME)
        if os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def probe(path: str, demuxer: str, most_pixels: int) -> Film:
    """Decode a film's first frame, and return what ffmpeg says of it.

    Raises
    ------
    ImageReadError
        If there is no frame, or one of more than `most_pixels`.
    """
    film = _probe(path, demuxer, most_pixels, None)
    if film.decoder is None:
        return film
    try:
        return _probe(path, demuxer, most_pixels, film.decoder)
    except ImageReadError:  # this ffmpeg lacks the decoder
        return replace(film, decoder=None)


def read(
    film: Film,
    path: str,
    demuxer: str,
    most_pixels: int,
    start: float,
    fps: Fraction | None,
    note: Note,
) -> Iterator[tuple[ByteArray, int, float | None]]:
    """Decode a film's frames, one at a time.

    Parameters
    ----------
    start : float
        Seconds. Frames that are over by then may be left out.
    fps : Fraction, optional
        Frames a second that are enough: of a film with more, others need not be converted to RGB,
        which takes longer than to decode them. Then some may come again.
    note : function of a str
        Is told what ffmpeg says of damage.

    Yields
    ------
    pixels : uint8 array (h, w, 3 or 4)
    time : int
        Milliseconds since `start`.
    usual : float or None
        The milliseconds of a frame, where the rate is constant.

    Raises
    ------
    ImageReadError
        If ffmpeg fails before the first frame.
    """
    channels = 4 if film.has_alpha else 3
    shape = (film.height, film.width, channels)
    # Rounded up, so that at each moment the frame comes that is shown then.
    fewer = f"fps={fps}:round=up," if fps is not None and (film.rate or 0) > fps else ""
    size = film.width, film.height
    scale = f"{fewer}scale={scaling(*size, film.matrix, is_halved=film.is_halved)}"
    # Raw frames in Matroska have their times with them.
    command = [
        *_input(path, demuxer, most_pixels, film.decoder, "error", start),
        *("-vf", f"{scale},setsar=1", "-enc_time_base", "1:1000", "-c:v", "rawvideo"),
        *("-pix_fmt", "rgba" if film.has_alpha else "rgb24"),
        *("-f", "matroska", "-allow_raw_vfw", "1", "pipe:1"),
    ]
    number = 0
    with _started(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with _last_lines(process) as lines:
            for time, usual, data in matroska.read_frames(process.stdout, int(np.prod(shape))):
                pixels: ByteArray = np.frombuffer(data, np.uint8).reshape(shape)
                if film.points is not None:
                    pixels[..., :3] = tone_mapping.to_srgb(pixels[..., :3], film.points)
                number += 1
                yield pixels, time, usual
            process.wait()
        if not number and start:
            return  # it ends before
        if not number:
            raise ImageReadError(_said(lines) or "ffmpeg found no frame in it")
        if lines:
            note(f"damaged, and shown as far as it goes; {_said(lines)}")
        elif process.returncode:
            note(f"ffmpeg ended early, with exit code {process.returncode}")


def scaling(width: int, height: int, matrix: str, *, is_halved: bool) -> str:
    """Return the arguments of ffmpeg's scale filter that makes frames of this size."""
    place = "in_h_chr_pos=128:" if is_halved else ""
    # Rounded rightly: the quick way is 1.2 levels too dark.
    flags = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
    return f"{width}:{height}:in_color_matrix={matrix}:{place}flags={flags}"


def _input(
    path: str, demuxer: str, most: int, decoder: str | None, level: str, start: float = 0
) -> list[str]:
    """Return the command line up to what is to be done with the first video stream."""
    found = program()
    assert found is not None
    return [
        *(found, "-nostdin", "-hide_banner", "-loglevel", level),
        *("-protocol_whitelist", "file,pipe", "-f", demuxer, "-max_pixels", str(most)),
        *(("-c:v", decoder) if decoder else ()),
        *(("-ss", f"{start:.3f}") if start else ()),
        # With a protocol and from the root on, no name is taken for an option or an address.
        *("-i", f"file:{os.path.abspath(path)}"),
        *("-map", "0:V:0", "-an", "-sn", "-dn"),
    ]


def _probe(path: str, demuxer: str, most: int, decoder: str | None) -> Film:
    command = [
        *_input(path, demuxer, most, decoder, "info"),
        *("-frames:v", "1", "-vf", "showinfo", "-f", "null", "-"),
    ]
    first: list[str] = []
    with _started(command, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        last: deque[str] = deque(maxlen=MOST_LINES)
        for line in _lines(process.stderr):
            (first if len(first) < MOST_PROBED else last).append(line)
        process.wait()
    text = "\n".join((*first, *last))
    frame, colors = _FRAME.search(text), _COLORS.search(text)
    if frame is None:
        raise ImageReadError(_said([*first, *last]) or "ffmpeg found no frame in it")
    pixel_format, *numbers = frame.groups()
    across, down, width, height = map(int, numbers)
    rows = height
    if (turned := _ROTATION.search(text)) and int(turned[1]) % 180 > 45:
        rows = width
    space, primaries, transfer = colors.groups() if colors else ("unknown",) * 3
    codec, rate, duration = (what.search(text) for what in (_CODEC, _RATE, _DURATION))
    if across and down:
        width = max(1, round(width * across / down))
    if width * height > most:
        raise ImageReadError(f"expected frames of at most {most:,} pixels, got {width}×{height}")
    points = None
    if transfer in TRANSFERS:
        points = CodePoints(PRIMARIES.get(primaries, 9), TRANSFERS[transfer])
    named = WITH_ALPHA.get(codec[1]) if codec else None
    return Film(
        width,
        height,
        # A matrix that is told is taken; ffmpeg would take the old one for any other.
        "auto" if space != "unknown" else "bt709" if rows >= HD else "bt601",
        points,
        ALPHA.match(pixel_format) is not None,
        HALVED.match(pixel_format) is not None,
        decoder or (named if re.search(r"alpha_mode *: *1", text) else None),
        None if duration is None else _seconds(*duration.groups()),
        float(rate[1]) if rate else None,
    )


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


@contextmanager
def _started(command: list[str], stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start ffmpeg, and see that it has ended when the block does."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    environment |= {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=os.path.dirname(command[0]),  # where Windows looks for libraries
            start_new_session=True,  # so that Ctrl-C is ours to pass on
            creationflags=CREATION,
        )
    except OSError as error:
        raise ImageReadError(f"ffmpeg cannot be started: {error.strerror}") from None
    running.add(process)
    try:
        yield process
    finally:
        running.discard(process)
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def stop() -> None:
    """Kill all that is at work, as before the program ends at once."""
    for process in list(running):
        with suppress(OSError):
            process.kill()


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Read lines, however long, of which only so much is kept."""
    while line := stream.readline(MOST_CHARACTERS):
        text = line.decode("utf-8", "replace").rstrip()
        while line and not line.endswith(b"\n"):
            line = stream.readline(MOST_CHARACTERS)
        yield text


@contextmanager
def _last_lines(process: subprocess.Popen[bytes]) -> Iterator[deque[str]]:
    """Read what is said meanwhile, so that the program never waits for it to be read."""
    stderr = process.stderr
    assert stderr is not None
    lines: deque[str] = deque(maxlen=MOST_LINES)
    thread = threading.Thread(target=lambda: lines.extend(_lines(stderr)), daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        process.kill()
        thread.join()


def _said(lines: Sequence[str]) -> str:
    """Return the last line that ffmpeg said, without the address of what said it."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    text = re.sub(r"^(\[[^\]]*\] )+|^file:.*?: ", "", last.strip())
    for part, words in KNOWN.items():
        if any(part in line for line in lines):
            return words
    return f"ffmpeg: {text}" if text else ""
