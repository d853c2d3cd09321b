"""Decodes a text file in the one encoding its bytes prove or its layout declares."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from dap.plan import Layout
from dap.submission.archive import ReadError
from dap.submission.limits import LIMITS

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BLANK = b"\xef\xbb\xbf \t\r\n"
_STEP = 1 << 22
_BEGINNING = 1 << 20


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
        return _utf16(memoryview(content)[2:], encoding, row_at)
    if (nul := content.find(b"\0")) >= 0:
        raise RowError("not_text", row_at(_before(content[:nul])))
    sound = not_utf8_at(content)
    if sound is None:
        _demand_room(content)
        return content.decode("utf-8-sig")
    if "windows-1252" in layout.encodings:
        _demand_room(content, western=True)
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError as error:
            sound = error.start
        # Raised outside the handler: a decoding error holds the whole content.
        raise RowError("not_utf8", row_at(content[:sound].decode("cp1252", "replace") + "x"))
    _demand_room(content[:sound])
    raise RowError("not_utf8", row_at(_before(content[:sound])))


def beginning(content: bytes) -> bytes:
    """The whole lines among the first bytes, in whichever encoding; all of a content that is short or has no lines."""
    if len(content) <= _BEGINNING:
        return content
    head, encoding = content[:_BEGINNING], _UTF16.get(content[:2])
    if not encoding:
        end = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1
    else:
        import numpy as np

        units = np.frombuffer(head, "<u2" if encoding == "utf-16-le" else ">u2")
        ends = np.flatnonzero((units == ord("\n")) | (units == ord("\r")))
        end = 2 * (int(ends[-1]) + 1) if len(ends) else 0
    return head[:end] if end else content


def in_utf8(content: bytes, layout: Layout) -> bytes | None:
    """The text that `decode` gives, in UTF-8 and made part by part; None where the content is UTF-8, or no text."""
    encoding, begin = _UTF16.get(content[:2]), 2
    if content.startswith(b"\xff\xfe\x00\x00") or not encoding:
        if "windows-1252" not in layout.encodings or is_utf8(content):
            return None
        encoding, begin = "cp1252", 0
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(content)
    try:
        places = range(begin, len(content), _STEP)
        made = b"".join([decoder.decode(view[at : at + _STEP], at + _STEP >= len(content)).encode() for at in places])
    except UnicodeDecodeError:
        return None
    return None if b"\0" in made else made


def is_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8 from their first to their last."""
    return not_utf8_at(content) is None


def not_utf8_at(content: bytes) -> int | None:
    """Where the first byte stands that is no part of a letter in UTF-8; None where all are."""
    if content.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    for place in range(0, len(content), _STEP):
        part = view[place : place + _STEP]
        try:
            decoder.decode(part, place + _STEP >= len(content))
        except UnicodeDecodeError as error:
            # What the last part ended with, where that was half a letter, stands before this one.
            return place + len(part) - len(error.object) + error.start
    return None


def _demand_room(content: bytes, *, western: bool = False) -> None:
    """RowError where the text would take more memory than a text may: as much for each letter as the widest takes.

    `western` says that each byte is a letter of Windows-1252.
    """
    if 4 * len(content) > LIMITS.text_bytes and _memory_of(content, western) > LIMITS.text_bytes:
        raise RowError("too_large")


def _memory_of(content: bytes, western: bool) -> int:
    if content.isascii():
        return len(content)
    import numpy as np

    letters = widest = 0
    for place in range(0, len(content), _STEP):
        octets = np.frombuffer(content, np.uint8, min(_STEP, len(content) - place), place)
        if western:
            # What Windows put where Latin-1 has control characters takes two bytes, such as the euro sign.
            letters += len(octets)
            widest = max(widest, 2 if bool(((octets & 0xE0) == 0x80).any()) else 1)
            continue
        letters += int(np.count_nonzero((octets & 0xC0) != 0x80))
        top = octets.max()
        widest = max(widest, 4 if top >= 0xF0 else 2 if top >= 0xC4 else 1)
    return letters * widest


def _utf16(content: memoryview, encoding: str, row_at: RowAt) -> str:
    # Two bytes are a letter, which takes as many in memory, or four where there is one of four bytes.
    room = LIMITS.text_bytes
    if len(content) > room or (2 * len(content) > room and _holds_pairs(content, encoding)):
        raise RowError("too_large")
    text: str | None = None
    try:
        text = str(content, encoding)
    except UnicodeDecodeError as error:
        sound = error.start
    if text is None:
        raise RowError("not_utf8", row_at(str(content[:sound], encoding, "replace") + "x"))
    if not text.strip("\ufeff \t\r\n"):
        raise RowError("empty")
    if (nul := text.find("\0")) >= 0:
        raise RowError("not_text", row_at(text[:nul] + "x"))
    return text


def _holds_pairs(content: memoryview, encoding: str) -> bool:
    """Whether a letter in UTF-16 takes two units, as an emoji does."""
    import numpy as np

    units = np.frombuffer(content[: len(content) // 2 * 2], "<u2" if encoding == "utf-16-le" else ">u2")
    return any(bool(((part & 0xF800) == 0xD800).any()) for part in np.array_split(units, len(units) // _STEP + 1))


def _before(content: bytes) -> str:
    # One letter more stands for the byte itself: the text may end with a line end, or inside a quoted cell.
    return content.decode("utf-8-sig", errors="replace") + "x"
