"""The command line as a whole: help, streams, wrong options, signals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

import kpalette
from conftest import files_in, gradient
from kpalette import cli, curve, pipeline, still

COMMAND = [sys.executable, "-m", "kpalette"]


def printing(photo: Path) -> list[list[str]]:
    name = str(photo)
    return [["quantize", name, "-o", "-"], ["sweep", name], ["theme", name], ["--help"]]


def test_full_stdout(photo: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    for args in printing(photo):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([*COMMAND, *args], stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 16
        assert b"stdout cannot be written: No space left" in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_broken_pipe_is_silent(photo: Path) -> None:
    for args in printing(photo):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([*COMMAND, *args], stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        assert done.returncode == 141
        assert done.stderr == b""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["quantise"], "No such command 'quantise'"),
        ([""], "expected a command or a photo, got ''; see 'kpalette --help'"),
        (["quantize"], "expected a photo, got none"),
        (["quantize", "--nonsense", "3", "a"], "no option --nonsense; did you mean"),
        (["quantize", "--effort", "max", "a"], "'max' is not one of 'fast', 'balanced', 'best'"),
        (["quantize", "--seed", "-1", "a"], "from 0 to 2**64 - 1, got '-1'"),
        (["quantize", "--threads", "0", "a"], "from 1 to 256, got '0'"),
        (["quantize", "--threads", "99999", "a"], "from 1 to 256, got '99999'"),
        (["quantize", "a", "-"], "stdin (-) must be the only photo"),
        (["quantize", "a", "b", "-o", "c.png"], "expected a directory for 2 photos"),
        (["quantize", "a", "b", "-o", "-"], "expected a directory for 2 photos"),
        (["quantize", "a", "-o", "b.jpg"], "a name that ends in '.png'"),
        (["quantize", "a", "-o", ""], "a name that ends in '.png'"),
        (["quantize", "a.png", "a.jpg"], "'a.png' and 'a.jpg' would both be written to"),
        (["quantize", "a\nb.png", "a\nb.jpg"], r"'a\nb.png' and"),
        (["sweep"], "Missing argument 'PHOTO'"),
        (["sweep", "a", "b"], "unexpected extra argument"),
        (["sweep", "a", "-o", "b.jpg"], "ends in '.png', '.svg' or '.pdf', got 'b.jpg'"),
        (["sweep", "a", "-o", "-"], "ends in '.png', '.svg' or '.pdf', got '-'"),
        (["sweep", "a", "-o", ""], "ends in '.png', '.svg' or '.pdf', got ''"),
        (["palette"], "Missing argument 'PHOTO...'"),
        (["palette", "a", "-k", "65537"], "from 1 to 65536, got '65537'"),
        (["palette", "a", "-o", "brand.txt"], "one of '.act', '.ase', '.css', "),
        (["palette", "a", "-o", "brand"], "got 'brand'"),
        (["palette", "a", "--format", "aco"], "'aco' is not one of 'act', "),
        (["palette", "a", "--sort", "size"], "'size' is not one of 'share', "),
        (["palette", "a", "--json", "--format", "gpl"], "would both go to stdout"),
        (["palette", "a", "--json", "-o", "-"], "would both go to stdout"),
        (["palette", "a", "-"], "stdin (-) must be the only photo"),
        (["remap", "a"], "Missing option '--palette'"),
        (["remap", "a", "--palette", "b.txt"], "--palette: expected a name that ends in one of"),
        (["remap", "a", "--palette", "b.gpl", "-o", "c.jpg"], "a name that ends in '.png'"),
        (["remap", "a", "b", "--palette", "b.gpl", "-o", "-"], "a directory for 2 photos"),
        (["compare", "a"], "Missing argument 'B'"),
        (["compare", "-", "-"], "stdin (-) can be only one"),
        (["compare", "a", "b", "-o", "c.jpg"], "ends in '.png', '.svg' or '.pdf', got 'c.jpg'"),
        (["demo", "what"], "unexpected extra argument"),
        (["completion"], "Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish; see"),
        (["quantize", "a", "--dither-strength", "1"], "--dither-strength needs --dither"),
        (["remap", "a", "--palette", "b.gpl", "--dither-strength", "0"], "strength needs --dither"),
        (
            ["quantize", "a", "--dither", "none", "--dither-strength", "0.5", "--smaller", "1"],
            "--dither none and --dither-strength exclude each other",
        ),
        (
            ["remap", "a", "--palette", "b.gpl", "--dither", "none", "--dither-strength", "1"],
            "--dither none and --dither-strength exclude each other",
        ),
        (
            ["quantize", "a", "--nofs", "--dither-strength", "1"],
            "--nofs and --dither-strength",
        ),
        (["quantize", "a", "--map", "b.gpl", "-k", "4"], "--map and -k exclude each other"),
        (["quantize", "4", "a", "--map", "b.gpl"], "--map and -k exclude each other"),
    ],
)
def test_wrong_command_lines(
    args: list[str], message: str, fails: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = fails(2, *args)
    assert message in line
    assert "--help'" in line
    assert files_in(tmp_path) == set()


def test_closed_stdout_is_no_success(photo: Path) -> None:
    command = f"{sys.executable} -m kpalette sweep {photo} -k 2 >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 16
    assert b"stdout cannot be written: it is closed" in done.stderr


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """A command under nohup, or in the background, is not for Ctrl-C to end."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from kpalette import cli; cli.sys.argv[1:] = ['--version'];"
        "cli.run = lambda _: int(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN);"
        "cli.main()"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_internal_errors_are_one_line(
    photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def boom(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom\nbang")

    monkeypatch.setattr(pipeline, "quantize", boom)
    monkeypatch.setattr(still, "quantize", boom)
    assert "RuntimeError: boom" in fails(70, "quantize", photo, "--alpha", "flatten:#fff")
    line = fails(70, "quantize", photo)
    assert line == rf"kpalette: {photo}: internal error: RuntimeError: boom\nbang" + "\n"
    monkeypatch.setattr(curve, "sweep", boom)
    assert "RuntimeError: boom" in fails(70, "sweep", photo)
    assert fails(70, "demo", "-o", photo.parent).startswith("kpalette: internal error: ")
    monkeypatch.setenv("KPALETTE_DEBUG", "1")
    assert cli.run(["quantize", str(photo)]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_lack_of_memory_is_told(photo: Path, fails: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "quantize", greedy)
    monkeypatch.setattr(still, "quantize", greedy)
    assert fails(71, "quantize", photo, "--saliency").endswith(": there is not enough memory\n")
    assert fails(71, "quantize", photo) == f"kpalette: {photo}: there is not enough memory\n"


def test_a_directory_that_is_gone(tmp_path: Path, fails: Any, monkeypatch: Any) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert fails(3, "quantize", "photo.png") == "kpalette: the current directory is gone\n"


def test_all_help_tells_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    others = [command for command in cli.commands.commands if command != "serve"]  # has its own
    for args in (["--help-all"], *([command, "--help-all"] for command in others)):
        assert cli.run(args) == 0
        out = capsys.readouterr().out
        for code, meaning in cli.EXIT_CODES.items():
            assert f"{code}  {meaning}" in out


@pytest.mark.parametrize("command", cli.NAMES)
def test_help_is_ten_lines(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run([command, "--help"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(lines) <= 10
    assert lines[0].startswith(f"Usage: kpalette {command} ")
    assert lines[2].startswith(f"  kpalette {command} ")  # an example
    assert lines[-1].split()[0] == "--help-all"
    assert max(map(len, lines)) <= 80
    assert not any("..." in line for line in lines[1:])


@pytest.mark.parametrize("command", cli.NAMES)
def test_all_help_has_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help-all"]) == 0
    words = re.findall(r"--?[a-zA-Z][a-z-]*", capsys.readouterr().out)
    for parameter in cli.commands.commands[command].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert {*parameter.opts, *parameter.secondary_opts} <= set(words)


def test_help_lists_every_command_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 20
    start = lines.index("Commands:") + 1
    listed = dict(line.split(maxsplit=1) for line in lines[start : start + len(cli.NAMES)])
    assert [*listed] == [*cli.NAMES]
    for name, summary in listed.items():
        assert summary == cli.commands.commands[name].summary


def test_a_welcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") <= 7
    assert "  kpalette --help " in said.out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"kpalette {kpalette.__version__}\n"


def test_help_does_not_wait_for_numpy() -> None:
    code = "import sys; from kpalette import cli;cli.run(['--help']); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("good", [True, False])
def test_full_stderr_changes_no_exit_code(tmp_path: Path, good: bool) -> None:
    photo = tmp_path / "a.png"
    if good:
        Image.fromarray(gradient(8, 8)).save(photo)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "quantize", str(photo), "-k", "4"], stderr=full)
    assert done.returncode == (0 if good else 3)


def test_an_instruction_set_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KPALETTE_ISA", "mmx")
    assert cli.run(["quantize", "a.png"]) == 2
    assert "KPALETTE_ISA: expected one of" in capsys.readouterr().err


def test_a_missing_value_points_to_the_commands_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "a.png", "-k"]) == 2
    assert "see 'kpalette quantize --help'" in capsys.readouterr().err


@pytest.mark.parametrize("k", ["1_6", "٨", " 8", "+8", "1" * 5000])
def test_only_plain_digits_are_numbers(k: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "a.png", "-k", k]) == 2
    assert "expected a whole number from 1 to 256" in capsys.readouterr().err


def test_short_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["quantize", "-h"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_KPALETTE_COMPLETE={shell}_complete" in script
    environment = {
        **os.environ,
        "_KPALETTE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "kpalette quantize --shared",
        "COMP_CWORD": "--shared" if shell == "fish" else "2",
    }
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True)
    assert "--shared-palette" in done.stdout


def completed(*words: str) -> str:
    """Return the completions that bash gets for the last of the words after the program's name."""
    asked = {"_KPALETTE_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words))}
    environment = {**os.environ, **asked, "COMP_WORDS": " ".join(["kpalette", *words])}
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    return done.stdout


def test_completion_of_files() -> None:
    for command in ("quantize", "palette", "remap", "sweep", "compare"):
        assert completed(command, "ph") == "file,ph\n"


@pytest.mark.parametrize(
    ("command", "option"),
    [("quantize", "--map"), ("quantize", "--out-dir"), ("palette", "-o"), ("remap", "--palette")],
)
def test_completion_of_files_for_options(command: str, option: str) -> None:
    assert completed(command, option, "ph") == "file,ph\n"


def test_every_option_has_help() -> None:
    for name, command in cli.commands.commands.items():
        for parameter in command.params:
            if parameter.param_type_name == "option" and not parameter.hidden:
                assert parameter.help, (name, parameter.name)
        assert "kpalette" in command.help, name  # an example


def test_nothing_is_left_behind(photo: Path, tmp_path: Path) -> None:
    """Matplotlib makes a folder for a while where it cannot write to its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "MPLCONFIGDIR": "/dev/null/none"}
    chart = tmp_path / "chart.svg"
    command = [*COMMAND, "sweep", str(photo), "-k", "2,3", "-o", str(chart)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert chart.exists()
    assert files_in(temporary) == set()
