"""Name what the system lacks to build the package, in one line, before anything is tried.

    python3 tools/prerequisites.py [PROGRAM...]

make calls this before it makes .venv, so it needs nothing but some Python 3. A few commands need
programs besides, which they name.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig

LEAST = (3, 11)
#: Programs that some commands need, and Debian's packages that have them.
PACKAGES = {"apt-get": "apt", "mvn": "maven", "qemu-aarch64": "qemu-user", "wine": "wine"}
INCLUDE = sysconfig.get_path("include")


def missing(version=sys.version_info, include=INCLUDE, programs=()):
    """Return what this machine lacks, as pairs of its name and of Debian's package.

    Parameters
    ----------
    version : tuple of int
        Python's.
    include : str
        Where its headers are.
    programs : sequence of str
        Others that are needed, of `PACKAGES`.
    """
    needs = {
        (f"Python {LEAST[0]}.{LEAST[1]} or newer", "python3"): version[:2] >= LEAST,
        ("Python's headers", "python3-dev"): os.path.exists(os.path.join(include, "Python.h")),
        ("Python's venv", "python3-venv"): all(
            importlib.util.find_spec(name) for name in ("venv", "ensurepip")
        ),
        ("a C++20 compiler", "g++"): any(
            shutil.which(name)
            for name in ((os.environ.get("CXX") or "c++").split()[0], "g++", "clang++")
        ),
    }
    needs |= {(name, PACKAGES[name]): bool(shutil.which(name)) for name in programs}
    return [need for need, is_there in needs.items() if not is_there]


def main():
    """Exit with a line about what this machine lacks, or in silence."""
    found = missing(programs=sys.argv[1:])
    if found:
        names = ", ".join(name for name, _ in found)
        packages = " ".join(package for _, package in found)
        sys.exit(f"kpalette needs {names}; on Debian or Ubuntu: apt install {packages}")


if __name__ == "__main__":
    main()
