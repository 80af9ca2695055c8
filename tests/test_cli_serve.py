"""The command serve: the files that it serves, what it refuses, and how it begins and ends."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import PATIENCE
from kpalette import cli, serving
from kpalette.cli import serve

SECRET = "not to be served"
CONFIG = Path(__file__).parents[1] / "playground" / "vite.config.ts"

#: The command line, with a page in a directory that comes first.
PROGRAM = """
import pathlib, sys
from kpalette import cli, serving
serving.read_assets.__defaults__ = (pathlib.Path(sys.argv.pop(1)),)
cli.main()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret.txt").write_text(SECRET)
    root = outer / "playground"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>playground</title>")
    (root / "assets" / "kpalette-a1.wasm").write_bytes(b"\0asm")
    (root / "assets" / "index-b2.js").write_text("export {}")
    (root / "notes.unknown").write_text(SECRET)
    return root


@pytest.fixture(scope="module")
def server(page: Path) -> Iterator[serving.Server]:
    with serving.Server(serving.read_assets(page), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: serving.Server, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a path just as it is."""
    connection = http.client.HTTPConnection(serving.LOOPBACK, server.server_port, timeout=PATIENCE)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.mark.parametrize(
    ("path", "kind", "file"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/index.html", "text/html; charset=utf-8", "index.html"),
        ("/?k=16", "text/html; charset=utf-8", "index.html"),
        ("/assets/kpalette-a1.wasm", "application/wasm", "assets/kpalette-a1.wasm"),
        ("/assets/index-b2.js", "text/javascript; charset=utf-8", "assets/index-b2.js"),
    ],
)
def test_files(server: serving.Server, page: Path, path: str, kind: str, file: str) -> None:
    response, body = ask(server, path)
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    assert body == (page / file).read_bytes()
    head, nothing = ask(server, path, "HEAD")
    assert nothing == b""
    assert head.headers["Content-Length"] == str(len(body))


def test_headers_on_every_answer(server: serving.Server) -> None:
    for path, method in (("/", "GET"), ("/none", "GET"), ("/", "POST")):
        response, _ = ask(server, path, method)
        for name, value in serving.HEADERS.items():
            assert response.headers[name] == value
        assert response.headers["Server"] == "kpalette"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/./index.html",
        "/notes.unknown",
        "/assets",
        "/assets/",
        "secret.txt",
        "http://elsewhere.example/",
        "/index.html%00",
    ],
)
def test_no_path_escapes(server: serving.Server, path: str) -> None:
    response, body = ask(server, path, Host=f"localhost:{server.server_port}")
    assert response.status == 404
    assert SECRET.encode() not in body


def test_absolute_path_of_a_file(server: serving.Server, page: Path) -> None:
    response, body = ask(server, str(page.parent / "secret.txt"))
    assert response.status == 404
    assert SECRET.encode() not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods(server: serving.Server, method: str) -> None:
    response, _ = ask(server, "/", method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "host",
    [
        "elsewhere.example:{port}",
        "127.0.0.1",
        "localhost:1",
        "localhost:b",
        "[::1]:{port}",
        "",
        ":",
        "a:b",
    ],
)
def test_other_hosts(server: serving.Server, host: str) -> None:
    response, body = ask(server, "/", Host=host.format(port=server.server_port))
    assert response.status == 421
    assert b"playground" not in body


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "127.0.0.1:{port}"])
def test_own_hosts(server: serving.Server, host: str) -> None:
    assert ask(server, "/", Host=host.format(port=server.server_port))[0].status == 200


def test_no_host(server: serving.Server) -> None:
    with socket.create_connection((serving.LOOPBACK, server.server_port), PATIENCE) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"421"


def test_body_of_a_refused_request_is_no_request(server: serving.Server) -> None:
    with socket.create_connection((serving.LOOPBACK, server.server_port), PATIENCE) as connection:
        inner = f"GET / HTTP/1.1\r\nHost: {serving.LOOPBACK}:{server.server_port}\r\n\r\n"
        connection.sendall(f"POST / HTTP/1.1\r\nContent-Length: 999\r\n\r\n{inner}".encode())
        assert connection.makefile("rb").read().count(b"HTTP/1.1") == 1


def test_only_this_machine_is_answered(server: serving.Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_policy_is_that_of_the_page() -> None:
    lines = re.findall(r'^  "([a-z-]+-(?:src|uri|action) .*)",$', CONFIG.read_text(), re.MULTILINE)
    assert "; ".join(lines) == serving.POLICY


def started(page: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(page), "serve", "--no-browser", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, process.stdout.readline()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_begins_and_ends(page: Path, number: int, code: int) -> None:
    process, url = started(page, "--port", "0")
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", url)
    assert match
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(match[1]))) as connection:
        connection.request("GET", "/")
        assert b"playground" in connection.getresponse().read()
    process.send_signal(number)
    out, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, said) == (code, "", "Ctrl-C stops it\n")


def test_a_port_that_is_taken(page: Path, server: serving.Server) -> None:
    process, url = started(page, "--port", str(server.server_port))
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, url) == (2, "")
    assert f"--port': expected a free port, got {server.server_port}: Address already" in said


def test_the_usual_port_taken(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: serving.Server,
) -> None:
    monkeypatch.setattr(serving, "read_assets", lambda: server.assets)
    monkeypatch.setattr(serve, "USUAL_PORT", server.server_port)
    with serve._listening(None) as other:
        assert other.server_port not in (0, server.server_port)
    said = f"port {server.server_port} cannot be used (Address already in use); another is used"
    assert capsys.readouterr() == ("", f"{said}\n")


def test_help_tells_the_exit_codes_that_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["serve", "--help-all"]) == 0
    codes = re.findall(r"^ +(\d+)  \w", capsys.readouterr().out, re.MULTILINE)
    assert codes == ["2", "3", "16", "70", "129", "130", "141", "143"]


def test_without_a_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: Any) -> None:
    read = serving.read_assets
    for root in (tmp_path, tmp_path / "none"):
        monkeypatch.setattr(serving, "read_assets", lambda root=root: read(root))
        assert "'make playground'" in fails(2, "serve", "--no-browser")


def test_the_start_screen_offers_the_page_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    for index, expected in ((tmp_path / "index.html", False), (Path(__file__), True)):
        monkeypatch.setattr(serving, "INDEX", index)
        assert cli.run([]) == 0
        said = capsys.readouterr().out.splitlines()
        assert len(said) == 5 + expected
        assert any("kpalette serve " in line for line in said) == expected


def exchange(server: serving.Server, asked: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes or waits."""
    with socket.create_connection((serving.LOOPBACK, server.server_port), PATIENCE) as connection:
        connection.sendall(asked)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_two_hosts_are_refused(server: serving.Server) -> None:
    own = f"Host: {serving.LOOPBACK}:{server.server_port}\r\n"
    for other in ("Host: evil.example\r\n", own):
        for hosts in (own + other, other + own):
            said = exchange(server, f"GET / HTTP/1.1\r\n{hosts}\r\n".encode())
            assert said.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("header", ["Content-Length: {}", "Transfer-Encoding: chunked"])
def test_a_body_is_not_the_next_request(server: serving.Server, header: str) -> None:
    host = f"Host: {serving.LOOPBACK}:{server.server_port}\r\n"
    body = f"GET /none HTTP/1.1\r\n{host}\r\n"
    length = header.format(len(body))
    said = exchange(server, f"GET / HTTP/1.1\r\n{host}{length}\r\n\r\n{body}".encode())
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in said
    both = exchange(server, f"GET / HTTP/1.1\r\n{host}\r\n{body}".encode())
    assert both.count(b"HTTP/1.1 ") == 2
