"""What Windows allows as the name of a file. Only there is this imported."""

from __future__ import annotations

import ntpath

#: Devices, whatever ending follows their names.
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"}
DEVICES |= {f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"}
#: Characters that no name has; a colon would name a hidden part of another file.
FORBIDDEN = frozenset('<>:"|?*')
#: Characters of a whole path, and of that of a folder, where long paths are not enabled.
MOST, MOST_OF_FOLDER = 259, 247


def why_refused(path: str) -> str:
    r"""Return why Windows keeps no file of that path as it is called; "" if it does.

    Examples
    --------
    >>> why_refused(r"C:\photos\photo.png")
    ''
    >>> why_refused("photos/con.png")
    "Windows keeps the name 'con' for a device"
    >>> why_refused("16:9.png")
    "a name on Windows has no ':', got '16:9.png'"
    """
    for name in ntpath.splitdrive(path)[1].replace("/", "\\").split("\\"):
        device = name.partition(".")[0].rstrip(" ")
        bad = next((c for c in name if c in FORBIDDEN or c < " "), None)
        if bad is not None:
            shell = "; a backslash takes away a quotation mark behind it" if bad == '"' else ""
            return f"a name on Windows has no {bad!r}, got {name!r}{shell}"
        if device.lower() in DEVICES and path.lower() != "nul":  # where what is written is lost
            return f"Windows keeps the name {device!r} for a device"
        if name.strip(".") and name[-1] in ". ":
            return f"a name on Windows does not end in {name[-1]!r}, got {name!r}"
    return ""


def why_too_long(path: str) -> str:
    """Return that a path is too long where long paths are not enabled; "" if it is not.

    Examples
    --------
    >>> why_too_long("C:/" + 260 * "a")
    'the path has 263 characters; Windows allows 259 unless long paths are enabled'
    """
    whole = path if ntpath.isabs(path) else ntpath.abspath(path)
    for found, most in ((whole, MOST), (ntpath.dirname(whole), MOST_OF_FOLDER)):
        if len(found) > most and not whole.startswith("\\\\?\\"):
            kind = "path" if found is whole else "folder's path"
            return (
                f"the {kind} has {len(found)} characters; Windows allows {most} "
                "unless long paths are enabled"
            )
    return ""
