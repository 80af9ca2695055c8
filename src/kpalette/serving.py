"""The HTTP server of the playground: a fixed set of files, for this machine only."""

from __future__ import annotations

import contextlib
import socketserver
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, TypeAlias

LOOPBACK = "127.0.0.1"

#: The folder that `make playground` builds.
ASSETS = Path(__file__).with_name("playground")
INDEX = ASSETS / "index.html"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

#: The page may not contact any other origin. playground/vite.config.ts writes the policy into the
#: page too, for other servers.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

#: The content type and the bytes of each path.
Assets: TypeAlias = Mapping[str, tuple[str, bytes]]


def read_assets(root: Path = ASSETS) -> Assets:
    """Read all files to serve.

    Raises
    ------
    FileNotFoundError
        If index.html is missing.
    OSError
        If a file cannot be read.
    """
    assets = {
        f"/{path.relative_to(root).as_posix()}": (TYPES[path.suffix], path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.suffix in TYPES
    }
    if "/index.html" not in assets:
        raise FileNotFoundError(f"{root}: expected index.html, got {len(assets)} other files")
    return {**assets, "/": assets["/index.html"]}


class Server(ThreadingHTTPServer):
    """Serves the assets, and nothing else.

    Parameters
    ----------
    assets : mapping
        The only paths that are served; nothing is looked up on disk.
    port : int
        0 for any free port.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True

    def __init__(self, assets: Assets, port: int) -> None:
        self.assets = assets
        super().__init__((LOOPBACK, port), _Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the machine's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    @property
    def url(self) -> str:
        """The page's URL."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def is_called(self, host: str) -> bool:
        """Return whether a request's Host header names this server.

        This prevents DNS rebinding: another site's name that resolves to this machine, so that the
        browser lets that site read the answers.
        """
        name, _, port = host.lower().partition(":")
        return name in (LOOPBACK, "localhost") and (port or "80") == str(self.server_port)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a broken connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 60  # seconds that a connection may be idle
    server: Server

    def do_GET(self) -> None:
        length = self.headers.get("Content-Length", "0").strip()
        if length != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what follows is this request's body, not the next one
        if len(self.headers.get_all("Host", [])) > 1:
            self.send_error(HTTPStatus.BAD_REQUEST)  # as RFC 9112, 3.2, asks for
        elif not self.server.is_called(self.headers.get("Host", "")):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif (asset := self.server.assets.get(self.path.partition("?")[0])) is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, *asset)

    do_HEAD = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send a short text and close: the next bytes may be the body of this request."""
        if code == HTTPStatus.NOT_IMPLEMENTED:  # an unknown method
            code = HTTPStatus.METHOD_NOT_ALLOWED
        status = HTTPStatus(code)
        self.close_connection = True
        self._answer(status, TYPES[".txt"], f"{status.value} {status.phrase}\n".encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **HEADERS}
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET, HEAD"
        if self.close_connection:
            headers["Connection"] = "close"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        with contextlib.suppress(ConnectionError):  # the visitor has left
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    def version_string(self) -> str:
        return "kpalette"

    def log_message(self, format: str, *values: object) -> None:
        """Log nothing."""
