"""Bring Python for arm64, and what kpalette needs of PyPI, to a folder.

    python tools/elsewhere/arm64.py build/arm64

`python` below it is the root of a Debian system with Python, for ``qemu-aarch64 -L``, and `site`
has the packages. Nothing is installed on this machine: apt keeps its lists in the folder as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CONFIGURATION = """\
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
"""
DEBIAN = ("libpython3-dev", "libstdc++6", "python3")
PACKAGES = ("click", "deflate", "hypothesis", "numpy", "pillow", "pytest")


def apt(folder: Path, *words: str) -> None:
    """Run apt-get as on an arm64 machine on which nothing is installed."""
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    subprocess.run(["apt-get", "-qq", "--yes", *words], check=True, env=environment)


def bring_debian(folder: Path, root: Path) -> None:
    """Unpack Python and all that it needs."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(CONFIGURATION.format(folder=folder.resolve()))
    apt(folder, "update")
    apt(folder, "install", "--download-only", *DEBIAN)
    root.mkdir(exist_ok=True)
    for name in ("bin", "lib"):  # as in Debian's own package base-files
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(root / name):
            (root / name).symlink_to(f"usr/{name}")
    for package in sorted((folder / "archives").glob("*.deb")):
        # Not by dpkg -x, which puts a folder in the place of a link.
        unpacked = subprocess.Popen(["dpkg", "--fsys-tarfile", package], stdout=subprocess.PIPE)
        with unpacked:
            subprocess.run(
                ["tar", "-x", "--keep-directory-symlink", "-C", root],
                check=True,
                stdin=unpacked.stdout,
            )
    shutil.rmtree(folder)


def main() -> None:
    folder = Path(sys.argv[1])
    root = folder / "python"
    bring_debian(folder / "debian", root)
    (headers,) = (root / "usr/include").glob("python3.*")
    shutil.copytree(headers, root / "include", dirs_exist_ok=True)
    # The one beside the others only includes it, by a path among the C library's headers.
    own = root / "usr/include/aarch64-linux-gnu" / headers.name / "pyconfig.h"
    shutil.copy(own, root / "include")
    version = headers.name.removeprefix("python")
    pip = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    kinds = [f"--platform=manylinux{kind}_aarch64" for kind in ("2014", "_2_17", "_2_28")]
    wheels = [*kinds, "--python-version", version, "--only-binary", ":all:"]
    subprocess.run(
        [*pip, "install", "--upgrade", "--target", folder / "site", *wheels, *PACKAGES], check=True
    )


if __name__ == "__main__":
    main()
