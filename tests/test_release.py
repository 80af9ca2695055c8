"""Every place names one version, and a release is refused where something is amiss."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest
from tools import release

ROOT = Path(__file__).parents[1]

NAMED = ("src/kpalette/__init__.py", "CHANGELOG.md", "CITATION.cff", "docs/commands.md")

SYSTEMS = (
    "manylinux_2_27_x86_64.manylinux_2_28_x86_64",
    "manylinux_2_27_aarch64.manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_11_0_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files that name the version, without what is not released yet."""
    for name in NAMED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changelog = tmp_path / "CHANGELOG.md"
    head, _, rest = changelog.read_text().partition("## Unreleased\n")
    if rest:
        changelog.write_text(head + rest[rest.index("\n## ") :])
    return tmp_path


@pytest.fixture
def files() -> list[Path]:
    version = release.version_of(ROOT)
    tags = product(("cp311-cp311", "cp312-abi3", "cp314-cp314t"), SYSTEMS)
    wheels = [f"{python}-{system}.whl" for python, system in tags]
    sources = [Path(f"kpalette-{version}.tar.gz"), Path(f"kpalette-{version}.tgz")]
    return [*(Path(f"kpalette-{version}-{name}") for name in wheels), *sources]


def test_the_tree_names_one_version() -> None:
    assert release.disagreements(ROOT) == []


@pytest.mark.parametrize("name", NAMED)
def test_another_version_is_told(tree: Path, name: str) -> None:
    path = tree / name
    path.write_text(path.read_text().replace(release.version_of(tree), "99.0.0"))
    said = release.disagreements(tree)
    assert said
    assert all("99.0.0" in one for one in said)


def test_another_day_is_told(tree: Path) -> None:
    _, day = release.newest_release(tree)
    path = tree / "CITATION.cff"
    path.write_text(path.read_text().replace(day, "1999-12-31"))
    (said,) = release.disagreements(tree)
    assert said == f"CITATION.cff: expected {day} as in CHANGELOG.md, got 1999-12-31"


def test_a_release_may_be_published(tree: Path, files: list[Path]) -> None:
    assert release.unpublishable(tree, f"v{release.version_of(tree)}", files) == []


def test_a_wrong_tag_is_told(tree: Path, files: list[Path]) -> None:
    (said,) = release.unpublishable(tree, "v99.0.0", files)
    assert said.startswith("the tag: expected v")


def test_unreleased_changes_are_told(tree: Path, files: list[Path]) -> None:
    path = tree / "CHANGELOG.md"
    path.write_text(path.read_text().replace("\n## ", "\n## Unreleased\n\n- One.\n\n## ", 1))
    (said,) = release.unpublishable(tree, f"v{release.version_of(tree)}", files)
    assert "nothing under Unreleased" in said


def test_each_missing_file_is_told(tree: Path, files: list[Path]) -> None:
    tag = f"v{release.version_of(tree)}"
    for left_out in files:
        (said,) = release.unpublishable(tree, tag, [file for file in files if file != left_out])
        assert said.startswith("the files: expected"), left_out


def test_files_of_another_version_are_told(tree: Path, files: list[Path]) -> None:
    tag = f"v{release.version_of(tree)}"
    for other in ("kpalette-99.0.0.tar.gz", "kpalette-99.0.0-cp311-cp311-win_amd64.whl"):
        said = release.unpublishable(tree, tag, [*files, Path(other)])
        assert f"the files: expected {release.version_of(tree)}, got 99.0.0" in said
