"""The documentation: what it shows runs, and prints that; what is public is in the reference.

Snippets are blocks of `python`, `shell` (commands, of which nothing is shown) and `console`
(commands after "$ ", each with all that it prints). A `text` block right after a `python` block is
what that prints. In what is shown, … stands for anything, and seconds may differ. A page's snippets
run from top to bottom, in one folder with the same pictures for all pages. A line before a block,
<!-- not run: the reason -->, leaves it out.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import os
import re
import runpy
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from benchmarks import pictures
from matplotlib import cbook
from matplotlib import pyplot as plt
from PIL import Image

import kpalette
from kpalette import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
#: What benchmarks write has commands that take hours.
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in DOCS.rglob("*.md") if DOCS / "benchmarks" not in path.parents),
]
SNIPPETS = ("python", "shell", "console")
#: Blocks that are no commands: results, files, and what Sphinx reads.
OTHERS = r"css|js|text|yaml|toml|\{[a-z-]+\}.*"
FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+) -->\n\n?)?^```(?P<language>.*)\n(?P<body>(?:.*\n)*?)^```$",
    re.MULTILINE,
)
#: What cannot run in a test: builds, servers, clusters, programs that are not there.
MOST_NOT_RUN = 10
SECONDS = 120
MAX_PICTURES = 1_500_000


@dataclass(frozen=True)
class Snippet:
    line: int
    language: str
    body: str
    prints: str | None = None  # of python
    not_run: str | None = None


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text()
    found: list[Snippet] = []
    end = 0
    for match in FENCE.finditer(text):
        language, body = match["language"], match["body"]
        line = text.count("\n", 0, match.start("body")) + 1
        if language in SNIPPETS:
            found.append(Snippet(line, language, body, not_run=match["reason"]))
        elif language == "text" and found and not text[end : match.start()].strip():
            last = found[-1]
            if last.language == "python":
                found[-1] = Snippet(last.line, "python", last.body, body, last.not_run)
        end = match.end()
    return found


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def assert_shows(printed: str, shown: str, where: str) -> None:
    def steady(text: str) -> str:
        text = re.sub(r"\b\d+(\.\d+)? (m?s)\b", r"_ \2", text)
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = re.escape(steady(shown)).replace("…", ".*?")
    assert re.fullmatch(pattern, steady(printed), re.DOTALL), (
        f"{where} shows\n{shown}\nand prints\n{printed}"
    )


def run_shell(command: str, folder: Path, where: str) -> str:
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{where}: {command} ends with {done.returncode}\n{done.stdout}"
    assert "Traceback" not in done.stdout
    return done.stdout


def run_console(body: str, folder: Path, where: str) -> None:
    assert body.startswith("$ "), f"{where}: expected a command after '$ '"
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        assert_shows(run_shell(command, folder, where), shown, f"{where}: {command}")


def run_python(snippet: Snippet, page: Path, names: dict[str, Any], where: str) -> None:
    # Tracebacks name the page's own lines.
    code = compile("\n" * (snippet.line - 1) + snippet.body, page, "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    plt.close("all")
    if snippet.prints is not None:
        assert_shows(printed.getvalue(), snippet.prints, where)


def moving(n: int = 12) -> list[Image.Image]:
    """Make frames of a disc that goes over a gradient."""
    ground, disc = Image.fromarray(pictures.ramp(96, 72)), Image.fromarray(pictures.disc(24))
    frames = [ground.copy() for _ in range(n)]
    for place, frame in enumerate(frames):
        frame.paste(disc, (6 * place, 24))
    return frames


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of pictures, under the names that all pages use."""
    folder = tmp_path_factory.mktemp("pages") / "samples"
    (folder / "photos" / "trip").mkdir(parents=True)
    (folder / "frames").mkdir()
    shutil.copy(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False), folder / "photo.jpg")
    with Image.open(folder / "photo.jpg") as photo:
        red, green, blue = photo.split()
        Image.merge("RGB", (blue, red, green)).resize((256, 300)).save(folder / "other.jpg")
        for name, left in (("a.jpg", 0), ("b.png", 120), ("trip/c.jpg", 260)):
            photo.crop((left, 60, left + 200, 210)).save(folder / "photos" / name)
        wide = photo.resize((1024, 768))
    tifffile.imwrite(folder / "slide.tif", np.asarray(wide), tile=(256, 256), photometric="rgb")
    Image.fromarray(pictures.logo()).save(folder / "logo.png")
    Image.fromarray(pictures.shadow()).save(folder / "shadow.png")
    Image.radial_gradient("L").resize((512, 600)).save(folder / "mask.png")
    frames = moving()
    frames[0].save(folder / "clip.gif", save_all=True, append_images=frames[1:], duration=40)
    for number, frame in enumerate(frames[:4], 1):
        frame.save(folder / "frames" / f"{number:03}.png")
    (folder / "film.rgb").write_bytes(b"".join(frame.tobytes() for frame in frames))
    if ffmpeg := shutil.which("ffmpeg"):
        raw = ["-stream_loop", "9", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x72", "-i"]
        command = [ffmpeg, "-v", "error", *raw, "film.rgb", "-c:v", "mpeg4", "film.mp4"]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    return folder


def needs_ffmpeg() -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=page_id)
def test_snippets_run(
    page: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any("optimize" in snippet.body for snippet in snippets(page)):
        pytest.importorskip("oxipng")
    if any("film.mp4" in snippet.body for snippet in snippets(page) if not snippet.not_run):
        needs_ffmpeg()
    folder = tmp_path / "here"
    shutil.copytree(samples, folder)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    for snippet in snippets(page):
        where = f"{page_id(page)}:{snippet.line}"
        if snippet.not_run:
            continue
        if snippet.language == "python":
            run_python(snippet, page, names, where)
        elif snippet.language == "shell":
            run_shell(snippet.body, folder, where)
        else:
            run_console(snippet.body, folder, where)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_blocks_are_of_known_kinds(page: Path) -> None:
    text = page.read_text()
    found = list(FENCE.finditer(text))
    assert 2 * len(found) == len(re.findall(r"^\s*```", text, re.MULTILINE))
    for match in found:
        assert re.fullmatch("|".join((*SNIPPETS, OTHERS)), match["language"]), match["language"]
    reasons = len(re.findall("<!-- not run", text))
    assert reasons == sum(snippet.not_run is not None for snippet in snippets(page))


def test_few_snippets_are_not_run() -> None:
    every = [(page_id(page), snippet) for page in PAGES for snippet in snippets(page)]
    left_out = [f"{name}:{s.line}: {s.not_run}" for name, s in every if s.not_run]
    print(f"{len(every) - len(left_out)} snippets run; not run are", *left_out, sep="\n")
    assert len(left_out) <= MOST_NOT_RUN


#: CSS properties, and an option of benchmarks, by how they begin.
NOT_OURS = ("--brand-", "--cover-", "--photo-", "--purpose")


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_and_options_exist(page: Path) -> None:
    commands = cli.commands.commands
    options = {"--help", "--help-all", "--version"}
    for command in commands.values():
        options |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    text = page.read_text()
    for body in re.findall(r"^```(?:shell|console)\n.*?^```$|`[^`\n]+`", text, re.M | re.S):
        ours = re.sub("^.*(?:make bench|python -m benchmarks).*$", "", body, flags=re.M)
        for name in re.findall(r"(?<![\w-])--[a-z][\w-]*", ours):
            assert name in options or name.startswith(NOT_OURS), body
        for name in re.findall(r"(?:^|`|\$ )kpalette ([a-z]+)(?![\w.])", body, re.M):
            assert name in commands, body


def test_readme_leads_to_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    places = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)
    assert places
    for place in places:
        assert (ROOT / place).exists(), place


def test_readme_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


#: Modules with names for users; of those without __all__, what has its own docstring's example.
PUBLIC = ("kpalette", "kpalette.image", "kpalette.model", "kpalette.distributed")


def documented() -> set[str]:
    pages = "\n".join(path.read_text() for path in (DOCS / "api").glob("*.md"))
    return set(re.findall(r"^\.\. auto(?:class|exception|function):: (\S+)$", pages, re.MULTILINE))


def test_every_public_name_is_in_the_reference() -> None:
    public = {
        f"{module}.{name}"
        for module in PUBLIC
        for name in importlib.import_module(module).__all__
        if not inspect.ismodule(getattr(importlib.import_module(module), name))
    }
    metrics = vars(kpalette.metrics)
    public |= {
        f"kpalette.metrics.{name}"
        for name, value in metrics.items()
        if getattr(value, "__module__", "") == "kpalette.metrics"
        and "Examples\n" in (inspect.getdoc(value) or "")
    }
    assert len(public) > 25
    assert public - documented() == set()


def test_reference_names_what_exists() -> None:
    for name in documented():
        module, _, attribute = name.rpartition(".")
        assert inspect.getdoc(getattr(importlib.import_module(module), attribute)), name


def test_pictures_are_small_used_and_made_by_the_script(tmp_path: Path) -> None:
    runpy.run_path(str(DOCS / "pictures.py"))["main"](tmp_path)
    committed = {path.name for path in (DOCS / "pictures").iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == committed
    text = "\n".join(page.read_text() for page in PAGES)
    for name in committed:
        assert f"pictures/{name}" in text, f"{name} is on no page"
        with Image.open(DOCS / "pictures" / name) as picture:
            assert max(picture.size) <= 1600
    pictures_of_pages = [*DOCS.glob("*.webp"), *DOCS.glob("pictures/*")]
    assert sum(path.stat().st_size for path in pictures_of_pages) < MAX_PICTURES
