"""The command sweep: what it prints and draws, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import kpalette
from conftest import files_in
from kpalette import cli, curve
from kpalette.cli import loading

COMMAND = [sys.executable, "-m", "kpalette"]


def test_sweep_never_replaces_the_photo(photo: Path, fails: Any) -> None:
    before = photo.read_bytes()
    said = fails(15, "sweep", photo, "-k", "2", "-o", photo, "--force")
    assert "is one of the photos" in said
    assert photo.read_bytes() == before


def test_sweep_prints_a_table(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "4:16:4"]) == 0
    said = capsys.readouterr()
    found = kpalette.sweep(photo, [4, 8, 12, 16])
    without_times = [[*row[:5]] for row in found.rows()]
    head, *rows = [line.removesuffix("  <- elbow") for line in said.out.splitlines()]
    assert [row.split()[:5] for row in rows] == without_times
    assert head.split("  ")[-1].strip() == "ms"
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"{photo}: 64×48, 3,072 colours; k = 4 to 16 fitted in ")
    assert said.err.endswith(f"; elbow at k = {found.elbow}\n")


@pytest.mark.parametrize(("ks", "told"), [("1", "1"), ("2,4", "2 to 4"), ("8,16", "8 to 16")])
def test_sweep_of_fewer_than_three_tells_of_no_elbow(
    ks: str, told: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sweep", str(photo), "-k", ks]) == 0
    said = capsys.readouterr()
    assert "elbow" not in said.out + said.err
    assert said.err.startswith(f"{photo}: 64×48, 3,072 colours; k = {told} fitted in ")


def test_sweep_of_one_colour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "one.png"
    Image.new("RGB", (1, 1)).save(photo)
    assert cli.run(["sweep", str(photo)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert said.err.startswith(f"{photo}: 1×1, 1 colour; k = 2 fitted in ")
    assert said.err.endswith("; lossless from k = 1\n")
    assert "elbow" not in said.out + said.err


def test_sweep_tells_the_least_k_that_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "five.png"
    Image.frombytes("L", (5, 1), bytes(range(0, 250, 50))).save(photo)
    assert cli.run(["sweep", str(photo), "-k", "2:64:2"]) == 0
    said = capsys.readouterr().err
    assert "5 colours; k = 2 to 6 fitted in " in said
    assert said.endswith("; lossless from k = 5\n")


def test_sweep_prints_json(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "2,3072", "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    read = json.loads(said.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    expected = {"photo": str(photo), **kpalette.sweep(photo, [2, 3072]).to_dict()}
    for point in (*read["points"], *expected["points"]):
        assert point.pop("seconds") > 0
    assert read == expected


def test_sweep_without_file_sizes(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sweep", str(photo), "-k", "2,4", "--no-png", "--json"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [point["png_bytes"] for point in points] == [None, None]
    assert [point["mse"] for point in points] == kpalette.sweep(photo, [2, 4]).mse.tolist()


def test_sweep_from_stdin(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "curve.svg"
    done = subprocess.run(
        [*COMMAND, "sweep", "-", "-k", "3", "-o", str(out)],
        input=photo.read_bytes(),
        capture_output=True,
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[0] == b"3"
    assert done.stderr.startswith(b"stdin: ")
    assert done.stderr.decode().splitlines()[-1].endswith(f"; curve in {out}")
    assert out.read_bytes() == kpalette.sweep(photo, [3]).chart("svg")


@pytest.mark.parametrize(
    ("k", "ks"),
    [
        ("16", [16]),
        ("8,4,8", [4, 8]),
        ("2:5", [2, 3, 4, 5]),
        ("2:8:2", [2, 4, 6, 8]),
        ("2:9:3", [2, 5, 8]),
        ("7:7", [7]),
        ("1,300:302,65536", [1, 300, 301, 302, 65536]),
    ],
)
def test_sweep_ks(k: str, ks: list[int], photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seen = curve.sweep, {}

    def spy(pixels: Any, ks: list[int], **options: Any) -> Any:
        seen.update(options, ks=ks)
        return plain(pixels, ks[:1], **options)

    monkeypatch.setattr(curve, "sweep", spy)
    args = ["--space", "lab", "--effort", "fast", "--seed", "7", "--threads", "2"]
    assert cli.run(["sweep", str(photo), "-k", k, *args]) == 0
    assert seen == {"ks": ks, "space": "lab", "effort": "fast", "seed": 7, "threads": 2}


@pytest.mark.parametrize("good", ["", "2,"])
@pytest.mark.parametrize("bad", ["", "0", "-1", "65537", "1.5", "k", " 2", "1_6", "٨", "9" * 5000])
def test_sweep_bad_ks(good: str, bad: str, photo: Path, fails: Any) -> None:
    line = fails(2, "sweep", photo, "-k", good + bad)
    assert "'-k': expected numbers from 1 to 65536 as in 16 or 8,16,32, or a range" in line
    assert f"got {good + bad!r}" in line


@pytest.mark.parametrize("k", ["4:2", "2:8:0", "0:8", "2:", ":8", "2:4:6:8", "2:65537", "2:4:x"])
def test_sweep_bad_ranges(k: str, photo: Path, fails: Any) -> None:
    assert f"first:last:step as in 2:64:2, got {k!r}" in fails(2, "sweep", photo, "-k", k)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "PNG"])
def test_sweep_draws_a_chart(kind: str, photo: Path) -> None:
    out = photo.with_name(f"curve.{kind}")
    assert cli.run(["sweep", str(photo), "-k", "2,4", "-o", str(out), "--quiet"]) == 0
    assert out.read_bytes() == kpalette.sweep(photo, [2, 4]).chart(kind.lower())
    assert files_in(photo.parent) == {"photo.png", out.name}


def test_sweep_replaces_only_if_forced(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = photo.with_name("curve.png")
    out.write_bytes(b"precious")
    with monkeypatch.context() as patch:
        patch.setattr(loading, "read", lambda _: pytest.fail("work was done"))
        assert "curve.png exists; -f replaces it" in fails(15, "sweep", photo, "-o", out)
    assert out.read_bytes() == b"precious"
    assert cli.run(["sweep", str(photo), "-k", "2", "-o", str(out), "-f"]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_sweep_that_cannot_read_or_write(photo: Path, fails: Any) -> None:
    before = files_in(photo.parent)
    missing = photo.with_name("missing.png")
    assert f"{missing}: cannot be read: No such file" in fails(3, "sweep", missing)
    out = photo.parent / "missing" / "curve.png"
    assert f"{out} cannot be written: there is no directory" in fails(
        16, "sweep", photo, "-k", "2", "-o", out
    )
    assert files_in(photo.parent) == before
