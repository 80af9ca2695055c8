"""Films for tests: made by ffmpeg, or shown by a program that stands in for it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clips import Pixels

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="no ffmpeg")

#: What begins as films do, and is none.
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(300)


def film(path: Path, *options: str, source: str = "testsrc2=s=64x48:r=25:d=1") -> Path:
    """Make a film of one of ffmpeg's moving patterns."""
    assert FFMPEG is not None
    command = [FFMPEG, "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def element(kind: int, content: bytes) -> bytes:
    """Make an element of a Matroska file."""
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


def matroska(frames: list[tuple[int, Pixels]], usual: int = 40) -> bytes:
    """Make a stream of raw frames and their milliseconds, as ffmpeg does."""
    track = element(0xAE, element(0x23E383, (usual * 10**6).to_bytes(4, "big")))
    stream = element(0x1A45DFA3, b"") + b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    stream += element(0xEC, bytes(99)) + element(0x1654AE6B, track)
    for time, pixels in frames:
        block = b"\x81\0\0\x80" + pixels.tobytes()
        stream += element(0x1F43B675, element(0xE7, time.to_bytes(4, "big")) + element(0xA3, block))
    return stream


def stand_in(
    folder: Path,
    frames: list[tuple[int, Pixels]],
    *,
    said: str = "",
    code: int = 0,
    cut: int | None = None,
    info: str = "color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709",
    probe: str | None = None,
    forever: bool = False,
) -> Path:
    """Write a program ffmpeg that shows these frames; it notes its arguments and environment."""
    folder.mkdir(exist_ok=True)
    height, width = frames[0][1].shape[:2] if frames else (1, 1)
    kind = "rgba" if frames and frames[0][1].shape[2] == 4 else "yuv420p"
    if probe is None:
        probe = (
            "  Duration: 00:00:01.00, start: 0.000000, bitrate: 1 kb/s\n"
            "  Stream #0:0: Video: h264 (High), yuv420p, 25 fps, 25 tbr\n"
            f"[showinfo @ 1] n:   0 pts: 0 fmt:{kind} sar:1/1 s:{width}x{height} i:P\n"
            f"[showinfo @ 1] {info}\n"
        )
    (folder / "stream").write_bytes(matroska(frames)[:cut])
    program = folder / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys, time\n"
        f"here = {str(folder)!r}\n"
        "with open(here + '/calls', 'a') as file:\n"
        "    print(json.dumps([sys.argv, dict(os.environ), os.getpid()]), file=file)\n"
        "if 'showinfo' in sys.argv:\n"
        f"    sys.stderr.write({probe!r})\n"
        "    sys.exit(0)\n"
        "data = open(here + '/stream', 'rb').read()\n"
        "sys.stdout.buffer.write(data)\n"
        "sys.stdout.buffer.flush()\n"
        f"sys.stderr.write({said!r})\n"
        f"while {forever}:\n"
        "    sys.stdout.buffer.write(data[data.index(b'\\x1f\\x43\\xb6\\x75'):])\n"
        f"sys.exit({code})\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def without_own(environment: dict[str, str]) -> dict[str, str]:
    """Leave out what Python itself puts into an environment."""
    return {name: value for name, value in environment.items() if name not in ("LC_CTYPE", "_")}


def is_running(process: int) -> bool:
    """Return whether there is a process, and not just its exit code."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{process}")


def gradients(n: int, channels: int = 3) -> list[tuple[int, Pixels]]:
    """Make frames with times of 40 ms."""
    base = np.arange(6 * 8 * channels, dtype=np.uint8).reshape(6, 8, channels)
    return [(40 * i, (base + 5 * i).astype(np.uint8)) for i in range(n)]
