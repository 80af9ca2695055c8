"""Are files read as a browser shows them? Each is drawn by Chromium, and compared pixel by pixel.

python -m tools.browser_colors FOLDER_OR_FILE... [--list]

Chromium is /usr/bin/chromium, or what CHROMIUM names. A canvas keeps colours multiplied by alpha,
so that is what is compared; the largest difference of a file should be a level, which is rounding.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from kpalette import files
from kpalette.colors import ByteArray

PATIENCE = 600  #: Seconds for all files.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-color-profile=srgb",
)  # fmt: skip
PAGE = """<!doctype html><script type="module">
const names = await (await fetch("/names")).json();
for (const name of names) {
  let size = "", body = "";
  try {
    const image = new Image();
    image.src = "/file/" + encodeURIComponent(name);
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    size = canvas.width + "x" + canvas.height;
    body = context.getImageData(0, 0, canvas.width, canvas.height).data;
  } catch (error) {
    size = "refused";
  }
  await fetch("/seen/" + size + "/" + encodeURIComponent(name), { method: "POST", body });
}
await fetch("/done", { method: "POST" });
</script>"""


def shown_by_chromium(paths: Sequence[Path]) -> dict[Path, ByteArray | None]:
    """Return what Chromium draws of each file: uint8 (h, w, 4), or None of what it refuses."""
    by_name = {str(path): path for path in paths}
    seen: dict[Path, ByteArray | None] = {}
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/names":
                import json

                self._reply("application/json", json.dumps([*by_name]).encode())
            elif self.path.startswith("/file/"):
                path = by_name[unquote(self.path.removeprefix("/file/"))]
                self._reply("", path.read_bytes())  # whose kind Chromium finds by itself
            else:
                self._reply("text/html", PAGE.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.startswith("/seen/"):
                size, _, name = self.path.removeprefix("/seen/").partition("/")
                pixels = None
                if size != "refused":
                    width, height = map(int, size.split("x"))
                    pixels = np.frombuffer(body, np.uint8).reshape(height, width, 4)
                seen[by_name[unquote(name)]] = pixels
            self._reply("text/plain", b"")
            if self.path == "/done":
                done.set()

        def _reply(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with _chromium(f"http://127.0.0.1:{server.server_port}/"):
        if not done.wait(PATIENCE):
            raise TimeoutError(f"Chromium drew {len(seen)} of {len(paths)} files in {PATIENCE} s")
    server.shutdown()
    return seen


@contextmanager
def _chromium(address: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [os.environ.get("CHROMIUM", "/usr/bin/chromium"), *FLAGS]
        process = subprocess.Popen(
            # A port for debugging keeps it running: it would end once the page is loaded.
            [*command, "--remote-debugging-port=0", f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def shown_by_us(path: Path) -> ByteArray | None:
    """Return what is read of a file: uint8 (h, w, 4), or None of what is refused."""
    try:
        return files.with_alpha(files.as_pixels(io.BytesIO(path.read_bytes())))
    except files.ImageReadError:
        return None


def difference(ours: ByteArray | None, theirs: ByteArray | None) -> float:
    """Return the largest difference in levels; infinite if only one refuses, or of another size."""
    if ours is None or theirs is None:
        return 0.0 if ours is theirs else np.inf
    if ours.shape != theirs.shape:
        return np.inf
    a, b = (np.round(_multiplied(pixels)) for pixels in (ours, theirs))
    return float(np.abs(a - b).max())


def _multiplied(pixels: ByteArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    levels = pixels.astype(np.float64)
    levels[..., :3] *= levels[..., 3:] / 255
    return levels


def main() -> int:
    """Compare; 1 if a file differs by more than a level."""
    parser = argparse.ArgumentParser(prog="python -m tools.browser_colors")
    parser.add_argument("places", nargs="+", type=Path, metavar="FOLDER_OR_FILE")
    parser.add_argument("--list", action="store_true", help="tell of each file, not of others only")
    given = parser.parse_args()
    paths = sorted(
        path
        for place in given.places
        for path in (place.rglob("*") if place.is_dir() else [place])
        if path.is_file()
    )
    theirs = shown_by_chromium(paths)
    found = Counter[str]()
    for path in paths:
        far = difference(shown_by_us(path), theirs[path])
        alike = "as shown" if far <= 1 else "another"
        found[alike] += 1
        if given.list or far > 1:
            refused = [
                who
                for who, pixels in (("Chromium", theirs[path]), ("kpalette", shown_by_us(path)))
                if pixels is None
            ]
            told = f"; refused by {' and '.join(refused)}" if refused else ""
            print(f"{path}: {far:g}{told}")
    print(f"{found['as shown']} of {len(paths)} files as Chromium shows them")
    return 1 if found["another"] else 0


if __name__ == "__main__":
    sys.exit(main())
