"""Decodes a text file in the one encoding its bytes prove or its layout declares."""

from __future__ import annotations

from collections.abc import Callable

from dap.plan import Layout
from dap.submission.archive import ReadError

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BLANK = b"\xef\xbb\xbf \t\r\n"


class RowError(ReadError):
    """The text cannot be read from some row on; 0 where no row is meant."""

    def __init__(self, kind: str, row: int = 0) -> None:
        super().__init__(kind)
        self.row = row


RowAt = Callable[[str], int]
"""Gives the number of the row that a text ends in."""


def decode(content: bytes, layout: Layout, row_at: RowAt) -> str:
    """The file's text, without a mark of the byte order.

    UTF-8 always; UTF-16 where such a mark proves it; Windows-1252 where the layout declares it and the bytes are no
    UTF-8. Raises RowError `empty`, `not_text` (a NUL) or `not_utf8`, with the row where `row_at` finds it.
    """
    if not content.strip(_BLANK):
        raise RowError("empty")
    if (encoding := _UTF16.get(content[:2])) and not content.startswith(b"\xff\xfe\x00\x00"):
        return _utf16(content[2:], encoding, row_at)
    if (nul := content.find(b"\0")) >= 0:
        raise RowError("not_text", row_at(_before(content[:nul])))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sound = error.start
    # Raised outside the handlers: a decoding error holds the whole content.
    if "windows-1252" in layout.encodings:
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError as error:
            sound = error.start
        raise RowError("not_utf8", row_at(content[:sound].decode("cp1252", "replace") + "x"))
    raise RowError("not_utf8", row_at(_before(content[:sound])))


def _utf16(content: bytes, encoding: str, row_at: RowAt) -> str:
    text: str | None = None
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        sound = error.start
    if text is None:
        raise RowError("not_utf8", row_at(content[:sound].decode(encoding, "replace") + "x"))
    if not text.strip("\ufeff \t\r\n"):
        raise RowError("empty")
    if (nul := text.find("\0")) >= 0:
        raise RowError("not_text", row_at(text[:nul] + "x"))
    return text


def _before(content: bytes) -> str:
    # One letter more stands for the byte itself: the text may end with a line end, or inside a quoted cell.
    return content.decode("utf-8-sig", errors="replace") + "x"
