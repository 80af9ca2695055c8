"""Animations in a browser: Chromium shows each frame as it was made, to the pixel."""

from __future__ import annotations

import base64
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clips import clear_as_zero, moving, timeline
from kpalette.animation import quantize_animation
from kpalette.files import ENCODERS
from kpalette.quantized_animation import QuantizedAnimation

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

#: Decodes files one after another, and sends each frame's microseconds and pixels.
PAGE = """<body><script>
const send = (found) => fetch("/", { method: "POST", body: JSON.stringify(found) });
(async () => {
  const found = [];
  for (const [type, text] of FILES) {
    const data = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const decoder = new ImageDecoder({ data, type });
    await decoder.tracks.ready;
    await decoder.completed;
    const frames = [];
    for (let i = 0; i < decoder.tracks.selectedTrack.frameCount; ++i) {
      const { image } = await decoder.decode({ frameIndex: i });
      const { displayWidth: width, displayHeight: height, duration } = image;
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, width, height).data;
      frames.push([duration, btoa(String.fromCharCode(...pixels))]);
    }
    found.push(frames);
  }
  await send(found);
})().catch((error) => send([String(error)]));
</script></body>"""


def shown(files: list[tuple[str, bytes]], folder: Path) -> list[Any]:
    """Let Chromium decode files, and send what it shows."""
    coded = [(f"image/{kind}", base64.b64encode(data).decode()) for kind, data in files]
    page = PAGE.replace("FILES", json.dumps(coded)).encode()
    sent: queue.Queue[bytes] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page)

        def do_POST(self) -> None:
            sent.put(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(b"")

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert CHROMIUM is not None
        command = [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"),
            *("--force-color-profile=srgb", f"--user-data-dir={folder / 'profile'}"),
            *("--remote-debugging-port=0", f"http://127.0.0.1:{server.server_port}/"),
        ]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)
        try:
            found: list[Any] = json.loads(sent.get(timeout=60))
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with its children
            process.wait()
            server.shutdown()
    return found


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_chromium_shows_what_was_made(tmp_path: Path) -> None:
    made: list[tuple[str, QuantizedAnimation]] = [
        (kind, quantize_animation(moving(6, channels), 16, palette_scope=scope, lossy=lossy))
        for kind in ENCODERS
        for channels in (3, 4)
        for scope in ("global", "frame")
        for lossy in (0, 30)
    ]
    found = shown([(kind, animation.encode(kind)) for kind, animation in made], tmp_path)
    for (_, animation), frames in zip(made, found, strict=True):
        width, height = animation.size
        got = timeline(
            [
                (
                    clear_as_zero(
                        np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
                    ),
                    microseconds / 1000,
                )
                for microseconds, text in frames
            ]
        )
        expected = timeline(
            [
                (clear_as_zero(frame.rgba), duration)
                for frame, duration in zip(animation.frames, animation.durations, strict=True)
            ]
        )
        assert [duration for _, duration in got] == [duration for _, duration in expected]
        for (pixels, _), (wanted, _) in zip(got, expected, strict=True):
            np.testing.assert_array_equal(pixels, wanted)
