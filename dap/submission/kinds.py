"""What a file is, told from its content: the name says nothing, for anybody can change it."""

from __future__ import annotations

# First bytes of what is most often sent in place of a table.
_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF-", "other"),
    (b"{\\rtf", "other"),
    (b"\x89PNG\r\n", "other"),
    (b"\xff\xd8\xff", "other"),
    (b"GIF87a", "other"),
    (b"GIF89a", "other"),
    (b"II*\x00", "other"),
    (b"MM\x00*", "other"),
    (b"7z\xbc\xaf\x27\x1c", "other"),
    (b"Rar!\x1a\x07", "other"),
    (b"\xfd7zXZ\x00", "other"),
    (b"\x28\xb5\x2f\xfd", "other"),
    (b"\x04\x22\x4d\x18", "other"),
    (b"LZIP\x01", "other"),
    (b"\x1f\x9d", "other"),
    (b"$FL2@(#)", "other"),
    (b"<stata_dta>", "other"),
    (b"SQLite format 3\x00", "other"),
    (b"MZ\x90\x00", "other"),
    (b"\x7fELF", "other"),
    (b"\x00\x01\x00\x00Standard", "other"),
)
# Old and new Excel can open these, and some student systems give them the ending .xls.
_MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<head", b"<body", b"<meta")

PACKED = frozenset({"zip", "gzip", "ole", "parquet"})
"""The kinds that are read in a process of their own."""


def kind_of(content: bytes) -> str:
    """What the content is.

    One of `zip`, `gzip`, `ole` (old Office files and encrypted ones), `parquet`, `other` for what holds no table, and
    `text` for the rest.
    """
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    # Letters alone may begin a table as well: here the end, or what follows, has to agree.
    if content.startswith((b"PAR1", b"PARE")) and content.endswith((b"PAR1", b"PARE")):
        return "parquet"
    if content.startswith(b"BZh") and content[4:10] == b"1AY&SY":
        return "other"
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "other" if start.startswith(_MARKUP) else "text"
