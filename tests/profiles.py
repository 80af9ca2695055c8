"""ICC profiles made by the tests, and what they stand for."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

D50_FROM_P3 = np.array(  # columns: the primaries' XYZ under D50, which is what a profile holds
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
D50_FROM_SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def icc_profile(space: bytes, gamma: float, matrix: np.ndarray[Any, Any]) -> bytes:
    """Make an ICC version 2 display profile of a matrix and one gamma (ICC.1:2001-04)."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(column: np.ndarray[Any, Any]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(number(v) for v in column)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"Test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(79),
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz(np.array([0.9642, 1.0, 0.8249])),
    }
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for letter, column in zip("rgb", matrix.T, strict=True):
            tags[f"{letter}XYZ".encode()] = xyz(column)
            tags[f"{letter}TRC".encode()] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        content += bytes(-len(content) % 4)
        table += tag + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content
    header = struct.pack(">I4x4s4s4s4s12x4s", 0x80 + len(table + body), b"\x02\x10\0\0", b"mntr",
                         space, b"XYZ ", b"acsp")  # fmt: skip
    header = header.ljust(68, b"\0") + b"".join(map(number, (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\0") + table + body


def srgb_from_linear(linear: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """IEC 61966-2-1."""
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
