"""What is often typed in place of an option or a photo: each error says what to type."""

from __future__ import annotations

import re
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

from kpalette import cli
from kpalette.cli import mistaken

# A command line, and what the error says.
MISTAKES = [
    (["quantize", "a.png", "--colors", "16"], "no option --colors; use -k, as in -k 16; see"),
    (["quantize", "a.png", "--colours=16"], "no option --colours; use -k"),
    (["quantize", "a.png", "--num-colors", "16"], "no option --num-colors; use -k"),
    (["quantize", "a.png", "--ncolors", "16"], "no option --ncolors; use -k"),
    (["quantize", "a.png", "-c", "16"], "no option -c; use -k"),
    (["palette", "a.png", "-n", "16"], "no option -n; use -k"),
    (["sweep", "a.png", "--colors", "16"], "no option --colors; use -k"),
    (["palette", "a.png", "--output", "a.gpl"], "no option --output; use -o"),
    (["quantize", "a.png", "--output-dir", "b"], "no option --output-dir; use --out-dir"),
    (["quantize", "a.png", "--max-size", "9k"], "no option --max-size; use --max-bytes, as in"),
    (["quantize", "a.png", "--no-dither"], "no option --no-dither; use --dither none"),
    (["quantize", "a.png", "--overwrite"], "no option --overwrite; use --force"),
    (["remap", "a.png", "--palette", "b.gpl", "--colors", "3"], "no option --colors; did you mean"),
    (["quantize", "a.png", "--effor", "fast"], "--effor; did you mean --effort, --force or"),
    (["quantize", "a.png", "--recursiv"], "did you mean --preserve or --recursive? See"),
    (["quantize", "a.png", "--zzz"], "no option --zzz; see 'kpalette quantize --help'"),
    (["quantize", "https://x.org/a.png"], "curl -L https://x.org/a.png | kpalette quantize - …"),
    (["quantize", "HTTP://x/a?b&c"], "curl -L 'HTTP://x/a?b&c' | kpalette quantize - …"),
    (["palette", "ftp://x/a.png"], "expected a file, got a URL; download it first: curl"),
    (["remap", "http://x/a.png", "--palette", "b.gpl"], "http://x/a.png | kpalette remap - …"),
    (["sweep", "http://x/a.png"], "http://x/a.png | kpalette sweep - …"),
    (["compare", "http://x/a.png", "b.png"], "http://x/a.png | kpalette compare - …"),
    (["theme", "s3://x/a.png"], "expected a file, got a URL; copy it to this machine first; see"),
    (["sweep", "s3://x/a.tif"], "expected a file, got a URL; copy it to this machine first; see"),
    (["compare", "a.png", "s3://x/a.png"], "expected a file, got a URL; copy it to this machine"),
    (["remap", "gs://x/a.png", "--palette", "b.gpl"], "expected a file, got a URL; copy it to"),
]


@pytest.mark.parametrize(("args", "line"), MISTAKES)
def test_the_error_says_what_to_type(
    args: list[str], line: str, fails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mistaken, "find_spec", lambda name: None)
    assert line in fails(2, *args)


def test_without_a_command_as_well(fails: Any) -> None:
    assert "use -k" in fails(4, "--colors", "16", "a.png")
    assert "| kpalette quantize - …" in fails(4, "https://x.org/a.png")


def test_what_is_advised_is_no_mistake() -> None:
    known = {
        name
        for command in cli.commands.commands.values()
        for parameter in command.params
        for name in parameter.opts
    }
    for ours, (advice, others) in mistaken.OTHER_NAMES.items():
        assert advice.split()[1].rstrip(",") in known, ours
        names = others.split()
        assert len({*names}) == len(names)
        # Each is an option of no command, or at least not of quantize.
        quantize = cli.commands.commands["quantize"]
        assert all(mistaken.correction(name, click.Command("x")) is None for name in names)
        assert {*names}.isdisjoint(
            {name for parameter in quantize.params for name in parameter.opts} - {"--output"}
        )


def test_urls_are_read_by_what_can(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("https://x/a.zarr/", "https://x/a.TIF", "s3://x/a.png", "https:a.png"):
        assert mistaken.PHOTO_OR_TILES.convert(url, None, None) == url
    monkeypatch.setattr(mistaken, "find_spec", lambda name: ModuleSpec(name, None))
    assert mistaken.PHOTO_ANYWHERE.convert("https://x/a.png", None, None)
    with pytest.raises(click.UsageError):
        mistaken.PHOTO_OR_TILES.convert("https://x/a.png", None, None)


def test_a_file_may_be_called_as_a_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "https:" / "a").mkdir(parents=True)
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / "https:" / "a" / "photo.png")
    assert cli.run(["sweep", "https://a/photo.png", "-k", "2"]) == 0


def test_a_file_may_be_called_as_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("L", (3, 4)).save("-x y.png")
    for args in (["quantize", "-x y.png"], ["sweep", "-x y.png"]):
        assert "no option -x; the file is './-x y.png'; see" in fails(2, *args)
    assert "no option -x; see" in fails(2, "sweep", "-x", "--", "-x y.png")
    assert cli.run(["quantize", "./-x y.png", "-q"]) == 0
    assert cli.run(["quantize", "-qf", "--", "-x y.png"]) == 0


def test_an_empty_name_is_seen(fails: Any) -> None:
    for args in (["quantize", ""], ["palette", ""], ["sweep", ""]):
        assert fails(3, *args).startswith("kpalette: '': cannot be read: No such file")


def test_help_of_a_command_line_without_a_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run(["photo.jpg", "--help"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0] == "Usage: kpalette [OPTIONS] [K] PHOTO..."
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 80
    assert {"--quality", "--nofs", "--ext"} <= {*re.findall(r"--\w+", " ".join(lines))}
    assert lines[-1].split()[0] == "--help-all"
