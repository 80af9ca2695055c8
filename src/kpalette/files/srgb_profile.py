"""ICC profiles that say sRGB, told without LittleCMS, which takes 20 ms to say the same.

International Color Consortium (2022). Specification ICC.1:2022 (profile version 4.4).
"""

from __future__ import annotations

#: What holds a profile's colours, its number of tags, and each of these.
_HEADER, _COUNT, _TAG = 128, 4, 12
#: LittleCMS reads no more of them.
_MOST_TAGS = 100
#: Red, green and blue in XYZ under D50, and by how much profiles that mean sRGB may differ.
_PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_PRIMARIES_WITHIN = 0.0003
#: The curve of IEC 61966-2-1: (a x + b)**g from d on, below c x.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CURVE_WITHIN = 0.0001


def is_srgb(profile: bytes) -> bool:
    """Return whether a profile says sRGB by its primaries and curves, in a plain way.

    False may be said of others that LittleCMS finds to change no colour.
    """
    if len(profile) < _HEADER + _COUNT or _number(profile, 0) != len(profile):
        return False
    if profile[12:24] != b"mntrRGB XYZ " or profile[36:40] != b"acsp":
        return False
    tags = _tags(profile)
    if tags is None or any(tag[:3] in (b"A2B", b"D2B") for tag in tags):
        return False
    for tag, expected in _PRIMARIES.items():
        held = tags.get(tag, b"")
        if held[:4] != b"XYZ " or len(held) < 20:
            return False
        found = (_fixed(held, at) for at in (8, 12, 16))
        if any(abs(f - e) > _PRIMARIES_WITHIN for f, e in zip(found, expected, strict=True)):
            return False
    curves = {tags.get(tag, b"") for tag in (b"rTRC", b"gTRC", b"bTRC")}
    return all(_is_curve(curve) for curve in curves)


def _tags(profile: bytes) -> dict[bytes, bytes] | None:
    count = _number(profile, _HEADER)
    end = _HEADER + _COUNT + _TAG * count
    if count > _MOST_TAGS or end > len(profile):
        return None
    tags: dict[bytes, bytes] = {}
    for at in range(_HEADER + _COUNT, end, _TAG):
        start, size = _number(profile, at + 4), _number(profile, at + 8)
        tag = profile[at : at + 4]
        if start + size > len(profile) or tag in tags:
            return None
        tags[tag] = profile[start : start + size]
    return tags


def _is_curve(curve: bytes) -> bool:
    """Return whether a curve, as a formula or as a table, is that of sRGB."""
    if curve[:4] == b"para" and curve[8:10] == b"\0\3" and len(curve) >= 32:
        found = (_fixed(curve, at) for at in range(12, 32, 4))
        return all(abs(f - e) <= _CURVE_WITHIN for f, e in zip(found, _CURVE, strict=True))
    if curve[:4] != b"curv" or len(curve) < 12:
        return False
    count = _number(curve, 8)
    if not 256 <= count <= 4096 or len(curve) < 12 + 2 * count:
        return False
    power, scale, shift, slope, low = _CURVE
    for i in range(count):
        x = i / (count - 1)
        expected = slope * x if x < low else (scale * x + shift) ** power
        level = int.from_bytes(curve[12 + 2 * i : 14 + 2 * i], "big") / 65535
        if abs(level - expected) > _CURVE_WITHIN:
            return False
    return True


def _number(profile: bytes, at: int) -> int:
    return int.from_bytes(profile[at : at + 4], "big")


def _fixed(profile: bytes, at: int) -> float:
    return int.from_bytes(profile[at : at + 4], "big", signed=True) / 65536
