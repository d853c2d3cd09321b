"""What a reader found in a submission: the table, and everything about it that a suite has to judge."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap.errors import RequestError

if TYPE_CHECKING:
    import pandas as pd

FATAL = frozenset({"not_utf8", "empty", "not_text", "quote_not_closed", "text_after_quote", "header_elsewhere"})
"""The faults after which there is no table: the file is unreadable."""

ATTRIBUTE = "dap_reading"
"""The key under which a frame's `attrs` carry the Reading into the batch."""


@dataclass(frozen=True)
class Fault:
    """One way in which the bytes are not the table they should be, and the rows where."""

    kind: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outside:
    """Text of the file that is in no cell of the table: a title line, a row of the wrong width. Never leaves."""

    row: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class HiddenText:
    """Text of a part that no table shows, such as a comment or a sheet's name. Never leaves.

    `place` is a fixed word for the kind of part: "sheet name", "comment", "document property", "archive member name".
    """

    place: str
    text: str = field(repr=False)
    row: int | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What the reader found beside the cells themselves.

    `header` and `columns` have one entry a column of the file: the text of the header as it stands there, and the
    name the column has in the frame: the element's where the header is exactly an element's, otherwise `#` and the
    position, because a header the plan does not know may be a value.
    """

    file_name: str = field(repr=False)
    bytes: int
    sha256: str
    header: tuple[str, ...] = field(default=(), repr=False)
    header_row: int = 0
    columns: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    outside: tuple[Outside, ...] = ()
    rows: int = 0
    hidden: tuple[HiddenText, ...] = ()
    sheets: int = 0
    archive_members: int = 0

    @property
    def readable(self) -> bool:
        """Whether there is a table to judge."""
        return not any(fault.kind in FATAL for fault in self.faults)

    def rows_of(self, kind: str) -> tuple[int, ...] | None:
        """The rows where a fault of that kind stands; None where there is none, empty where it has no row."""
        return next((fault.rows for fault in self.faults if fault.kind == kind), None)

    def position(self, column: str) -> int | None:
        """The position in the file, from 1, of a column of the frame; None where the file lacks it."""
        return self.columns.index(column) + 1 if column in self.columns else None

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        # pandas copies `attrs` deeply with every frame it derives; GX derives hundreds.
        return self


@dataclass(frozen=True, eq=False)
class Submission:
    """A file as the suite meets it: a frame of text (None for an empty cell, rows by number), and the Reading."""

    frame: pd.DataFrame = field(repr=False)
    reading: Reading


def load(path: Path, label: str) -> bytes:
    """The file's bytes; RequestError, calling it `label` and never by its name, where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise RequestError(f"{label}: there is no such file.") from None
    except (OSError, ValueError):
        raise RequestError(f"{label}: the file cannot be opened.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RequestError(f"{label}: not a regular file.")
    with os.fdopen(handle, "rb") as file:
        try:
            return file.read()
        except OSError:
            raise RequestError(f"{label}: the file cannot be read.") from None


def digest(content: bytes) -> str:
    """The SHA-256 of the file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def same_name(text: str) -> str:
    """The text in the form in which headers are compared: NFC, nothing else changed."""
    return unicodedata.normalize("NFC", text)
