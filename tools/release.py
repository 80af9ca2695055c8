"""Tell what keeps this tree from being released, or print what is said of the release.

    python tools/release.py                # does every place name the same version?
    python tools/release.py v0.2.0 dist/*  # may these files be published as this tag's?
    python tools/release.py --notes        # the newest release's section of the changelog

The version stands in `src/kpalette/__init__.py`, from where both packages take theirs. The
changelog names it again, and so does what people cite or see.
"""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: What a release has wheels for: Python 3.11, all later ones, and those without the GIL.
ABIS = ("cp311", "abi3", "cp314t")
SYSTEMS = (
    r"manylinux_\d+_\d+_x86_64",
    r"manylinux_\d+_\d+_aarch64",
    r"musllinux_\d+_\d+_x86_64",
    r"musllinux_\d+_\d+_aarch64",
    r"macosx_\d+_\d+_x86_64",
    r"macosx_\d+_\d+_arm64",
    "win_amd64",
)


def told(pattern: str, path: Path) -> str:
    """Return the pattern's group, which a file must have once."""
    found = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    if len(found) != 1:
        raise SystemExit(f"{path}: expected {pattern} once, found it {len(found)} times")
    return str(found[0])


def version_of(root: Path) -> str:
    return told(r'^__version__ = "(.+)"$', root / "src/kpalette/__init__.py")


def changes(root: Path) -> dict[str, str]:
    """Return the changelog's sections by their headings, the newest first."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return {parts[i]: parts[i + 1].strip() for i in range(1, len(parts), 2)}


def newest_release(root: Path) -> tuple[str, str]:
    """Return the changelog's newest heading with a version."""
    for heading in changes(root):
        if found := re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", heading):
            return found[1], found[2]
    raise SystemExit("CHANGELOG.md: expected a heading such as ## 1.2.3 - 2026-01-31, found none")


def disagreements(root: Path) -> list[str]:
    """Return the places that name another version than the package, or another day."""
    version, day = newest_release(root)
    citation = root / "CITATION.cff"
    wanted, own = version_of(root), "src/kpalette/__init__.py"
    rows = [
        (own, wanted, "CHANGELOG.md", version),
        (own, wanted, "CITATION.cff", told(r"^version: (.+)$", citation)),
        (own, wanted, "docs/commands.md", told(r"^kpalette (\d.*)$", root / "docs/commands.md")),
        ("CHANGELOG.md", day, "CITATION.cff", told(r"^date-released: (.+)$", citation)),
    ]
    return [f"{file}: expected {a} as in {of}, got {b}" for of, a, file, b in rows if a != b]


def unpublishable(root: Path, tag: str, files: list[Path]) -> list[str]:
    """Return what keeps files from being published as those of a tag."""
    from packaging.utils import parse_sdist_filename, parse_wheel_filename  # only needed here

    version = version_of(root)
    wrong = [] if tag == f"v{version}" else [f"the tag: expected v{version}, got {tag}"]
    if changes(root).get("Unreleased"):
        wrong.append("CHANGELOG.md: expected nothing under Unreleased")
    wheels = [parse_wheel_filename(file.name) for file in files if file.suffix == ".whl"]
    tags = {(tag.abi, tag.platform) for *_, tags in wheels for tag in tags}
    for abi, system in product(ABIS, SYSTEMS):
        if not any(abi == other and re.fullmatch(system, name) for other, name in tags):
            wrong.append(f"the files: expected a wheel for {abi} and {system}, found none")
    versions = {str(version) for _, version, *_ in wheels}
    versions |= {str(parse_sdist_filename(f.name)[1]) for f in files if f.name.endswith(".tar.gz")}
    versions |= {f.stem.removeprefix("kpalette-") for f in files if f.suffix == ".tgz"}
    wrong += [f"the files: expected {version}, got {other}" for other in versions - {version}]
    for ending in (".tar.gz", ".tgz"):
        if (count := sum(file.name.endswith(ending) for file in files)) != 1:
            wrong.append(f"the files: expected one with {ending}, found {count}")
    return wrong


def main(words: list[str]) -> None:
    if words == ["--notes"]:
        print(changes(ROOT)[" - ".join(newest_release(ROOT))])
        return
    wrong = disagreements(ROOT)
    if words:
        wrong += unpublishable(ROOT, words[0], [Path(word) for word in words[1:]])
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"kpalette {version_of(ROOT)}: {'may be published' if words else 'named everywhere'}")


if __name__ == "__main__":
    main(sys.argv[1:])
