"""Packages that need not be installed: imported where they are needed, named where missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

#: Names of packages, and what installs them, by the names that they are imported by.
PACKAGES = {
    "matplotlib": ("Matplotlib", "'kpalette[learn]'"),
    "oxipng": ("oxipng", "'kpalette[optimize]'"),
    "skimage": ("scikit-image", "scikit-image"),
    "sklearn": ("scikit-learn", "'kpalette[learn]'"),
    "zopfli": ("zopfli", "'kpalette[optimize]'"),
}


class MissingPackageError(ImportError):
    """A package is not installed; the message says what needs it, and what installs it."""


def required(module: str, what: str) -> ModuleType:
    """Import a module of a package that need not be installed.

    Parameters
    ----------
    module : str
        Such as ``"matplotlib.figure"``; its package is one of `PACKAGES`.
    what : str
        What needs it: the subject of the message.

    Raises
    ------
    MissingPackageError
        If the package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # something that the package itself needs
        name, install = PACKAGES[package]
        raise MissingPackageError(
            f"{what}: {name} is not installed; pip install {install}"
        ) from None
