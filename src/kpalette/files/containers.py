"""How films begin: those that are read, by the demuxer that they are for, and others."""

from __future__ import annotations

#: Demuxers of ffmpeg, and how the files begin that they are for.
CONTAINERS = {
    "mov": rb".{4}(?:ftyp.{4}|moov|mdat|wide|free|skip|pnot)",
    "matroska": rb"\x1a\x45\xdf\xa3",
    "avi": rb"RIFF.{4}AVI ",
    "mpeg": rb"\0\0\x01\xba",
    "mpegts": rb"\x47.{187}\x47|.{4}\x47.{191}\x47",  # of cameras with a time before each packet
    "mpegvideo": rb"\0\0\x01\xb3",
}

#: Films that are not read, by name.
OTHERS = {
    "Flash video (FLV)": rb"FLV\x01",
    "Ogg": rb"OggS\0",
    "Windows Media (WMV, ASF)": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "MXF": rb".{0,200}?\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",
    "RealMedia": rb"\.RMF\0\0\0",
    "bare H.264 or H.265": rb"\0?\0\0\x01(?:\x09|[\x27\x47\x67]|\x40\x01|\x46\x01)",
    "DV": rb"\x1f\x07\0[\x3f\xbf]",
    "YUV4MPEG2 (Y4M)": rb"YUV4MPEG2 ",
    "IVF": rb"DKIF\0\0",
    "WTV": rb"\xb7\xd8\0\x20\x37\x49\xda\x11",
    "Flash (SWF)": rb"[FCZ]WS[\x01-\x32].{4}[\x08-\xff]",
}
