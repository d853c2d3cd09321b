"""What a reader found in a submission: the table, and everything about it that a suite has to judge."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
import threading
import unicodedata
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dap.errors import RequestError
from dap.submission.limits import LIMITS

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

ARCHIVE_FAULTS = frozenset({"archive_members", "archive_damaged", "unpacks_too_large"})
"""The faults that only an archive, or what is packed like one, can have."""

WORKBOOK_FAULTS = frozenset(
    {
        "sheet_unclear",
        "workbook_damaged",
        "number_format",
        "error_value",
        "merged_cells",
        "zeros_lost",
        "digits_lost",
        "date_from_code",
        "shown_rounded",
        "extra_sheet",
        "hidden_sheet",
        "hidden_cells",
        "comments",
        "defined_names",
        "properties",
        "formulas",
        "embedded",
        "links",
        "macros",
        "header_footer",
    }
)
"""The faults that only a workbook can have."""

FIXED_FAULTS = frozenset({"line_too_short", "beyond_layout"})
"""The faults that only a file of fixed width can have."""

WORKBOOKS = frozenset({"xlsx", "xls", "ods", "parquet"})
"""The formats that are read as a grid of cells."""


def foreign_faults(format: str) -> frozenset[str]:
    """The faults that a file of this format cannot have."""
    if format in WORKBOOKS:
        return FIXED_FAULTS
    if format in ("zip", "gzip"):
        # A comment on the archive is one of them too.
        return WORKBOOK_FAULTS - FATAL - {"properties"}
    if format not in ("csv", "fixed", "other"):
        return frozenset()
    # Text is read in this very process.
    own = FIXED_FAULTS if format == "fixed" else frozenset()
    return (ARCHIVE_FAULTS | WORKBOOK_FAULTS | FIXED_FAULTS | {"encrypted", "unsafe"}) - own


FATAL = frozenset(
    {
        "not_utf8",
        "empty",
        "not_text",
        "quote_not_closed",
        "text_after_quote",
        "header_elsewhere",
        "too_large",
        "too_wide",
        "cell_too_long",
        "other_kind",
        "unsafe",
        "encrypted",
        "sheet_unclear",
        "workbook_damaged",
        *ARCHIVE_FAULTS,
    }
)
"""The faults after which there is no table: the file is unreadable."""

NOT_INSTALLED = "not_installed"
"""What a child answers in place of a fault where the library that reads this format is not there: no file's fault."""

ATTRIBUTE = "dap_reading"
"""The key under which a frame's `attrs` carry the Reading into the batch."""


@dataclass(frozen=True)
class Fault:
    """One way in which the bytes are not the table they should be: the rows, and the column from 1 if it is one's.

    A kind has one fault without a column, or one for each column that has it.
    """

    kind: str
    rows: tuple[int, ...] = ()
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """Text of the file that is in no cell of the table: a title line, a cell of a row of the wrong width. Never leaves.

    `rows` has a number for each time that it is met, in their order.
    """

    rows: Sequence[int]
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Text of the file that is not in the table, where nobody looks: `place` says where, in fixed words. Never leaves.

    Places: `sheet name`, `other sheet`, `hidden sheet`, `comment`, `document property`, `defined name`, `formula`,
    `header or footer`, `number format`, `hyperlink`, `validation list`, `embedded object`, `unused text`,
    `archive member name`, `archive comment`, `beyond the layout`. A cell of another or a hidden sheet has a `row` and
    a `column`, from 1, and the number of its `sheet`, so that the sheet can be searched as the table it is.
    """

    place: str
    text: str = field(repr=False)
    row: int | None = None
    column: int | None = None
    sheet: int | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What the reader found beside the cells themselves.

    `header` and `columns` have one entry a column of the file: the text of the header as it stands there, and the
    name the column has in the frame: the element's where the header is exactly an element's, otherwise `#` and the
    position, because a header the plan does not know may be a value. A file of fixed width has no header: its columns
    are the layout's, and `header_row` is 0. `format` is what the content is (`csv`, `fixed`, `xlsx`, ...), whatever
    the name says; `sha256` is empty where the file was refused by its size alone.
    """

    file_name: str = field(repr=False)
    bytes: int
    sha256: str
    header: tuple[str, ...] = field(default=(), repr=False)
    header_row: int = 0
    columns: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    outside: Sequence[Outside] = ()
    rows: int = 0
    hidden: tuple[HiddenText, ...] = ()
    format: str = "csv"
    sheets: int = 0
    archive_members: int = 0

    @property
    def readable(self) -> bool:
        """Whether there is a table to judge."""
        return not any(fault.kind in FATAL for fault in self.faults)

    def of_kind(self, kind: str) -> tuple[Fault, ...]:
        """The faults of one kind: none, one, or one a column."""
        return tuple(fault for fault in self.faults if fault.kind == kind)

    def rows_of(self, kind: str) -> tuple[int, ...] | None:
        """The rows where a fault of that kind stands; None where there is none, empty where it has no row."""
        return next((fault.rows for fault in self.of_kind(kind)), None)

    def position(self, column: str) -> int | None:
        """The position in the file, from 1, of a column of the frame; None where the file lacks it."""
        return self.columns.index(column) + 1 if column in self.columns else None

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        # pandas copies `attrs` deeply with every frame it derives; GX derives hundreds.
        return self


@dataclass(frozen=True, eq=False)
class Columns:
    """A table as Polars has it: columns of text with null for an empty cell; `rows` are the numbers of its rows.

    `controls` is False only where the bytes of the file show that no cell holds a control character or a line break, so
    that nobody need search for one.
    """

    frame: pl.DataFrame = field(repr=False)
    rows: Sequence[int] = field(repr=False)
    controls: bool = True


@dataclass(frozen=True, eq=False)
class Pieces:
    """A table that is never unpacked as a whole: columns of text like those of Columns, a piece at a time.

    `names` are the columns, `rows` the numbers of all rows, `heights` how many of them each piece has.
    `load(number, names)` reads those columns of a piece (all for None), counted from 0; CouldNotRun where its bytes are
    no longer those that were proven. `controls` is as in Columns. `held` says that the pieces are in memory, packed.
    """

    names: tuple[str, ...]
    rows: Sequence[int] = field(repr=False)
    heights: tuple[int, ...]
    load: Callable[[int, Sequence[str] | None], pl.DataFrame] = field(repr=False)
    controls: bool = True
    held: bool = False

    @property
    def height(self) -> int:
        """How many rows all pieces have."""
        return sum(self.heights)


@dataclass(frozen=True, eq=False)
class Submission:
    """A file as the suite meets it: a table of text in the form in which a reader made it, and the Reading."""

    table: pd.DataFrame | Columns | Pieces = field(repr=False)
    reading: Reading

    @property
    def height(self) -> int:
        """How many rows the table has."""
        if isinstance(self.table, Columns):
            return self.table.frame.height
        return self.table.height if isinstance(self.table, Pieces) else len(self.table)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table in pandas, the Reading in its `attrs`: None for an empty cell, rows by number.

        Of a table in pieces it holds all of them.
        """
        if not isinstance(self.table, Columns | Pieces):
            return self.table
        import numpy as np
        import pandas as pd

        text = _whole(self.table)
        # Without a name: GX would list a named index as records that repeat the column's values.
        index = pd.Index(np.asarray(self.table.rows), dtype="int64")
        made = pd.DataFrame({name: text[name].to_list() for name in text.columns}, index=index, dtype=object)
        made.attrs[ATTRIBUTE] = self.reading
        return made


def _whole(table: Columns | Pieces) -> pl.DataFrame:
    if isinstance(table, Columns):
        return table.frame
    import polars as pl

    return pl.concat([table.load(number, None) for number in range(len(table.heights))])


class Source:
    """A file that is read in parts, through a descriptor of its own that is closed with the object."""

    def __init__(self, handle: int, size: int) -> None:
        self.size = size
        self._handle = handle
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, handle)

    @classmethod
    def of(cls, handle: int, size: int) -> Source:
        """The file behind a descriptor, which stays the caller's."""
        return cls(os.dup(handle), size)

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` to before `end`; fewer where the file has been cut off since. OSError as of any."""
        parts: list[bytes] = []
        with self._lock:
            os.lseek(self._handle, begin, os.SEEK_SET)
            while begin < end and (part := os.read(self._handle, end - begin)):
                parts.append(part)
                begin += len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]


@dataclass(frozen=True, eq=False)
class Content:
    """A file's bytes; where there are more than are held in memory, what reads parts of them; or only their number.

    `data` is empty then, and `source` None for a file that is larger than any that is taken.
    """

    data: bytes = field(repr=False)
    size: int
    source: Source | None = field(default=None, repr=False)

    @property
    def refused(self) -> bool:
        """Whether the file is too large to be read."""
        return self.size > LIMITS.file_bytes and self.source is None

    @property
    def is_streamed(self) -> bool:
        """Whether the file is too large to be held in memory, and can be read in parts."""
        return self.source is not None

    @classmethod
    def of(cls, data: bytes) -> Content:
        """The content of bytes that are in memory already."""
        return cls(data if len(data) <= LIMITS.file_bytes else b"", len(data))


def load(path: Path, label: str, *, in_parts: bool = False) -> Content:
    """The file's content; RequestError, calling it `label` and never by its name, where it cannot be read.

    `in_parts` says that the caller can take a file that is too large for memory (`Content.source`).

    Only a regular file is opened, and no symbolic link: what it points to may be another's, and change meanwhile.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    # Asked before it is opened: to open a pipe or a device can itself do something.
    demand_regular(path, label)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise RequestError(f"{label}: there is no such file.") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RequestError(f"{label}: a link to a file. Name the file itself.") from None
        raise RequestError(f"{label}: the file cannot be opened.") from None
    except ValueError:
        raise RequestError(f"{label}: the file cannot be opened.") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise RequestError(f"{label}: not a regular file.")
        if found.st_size > LIMITS.file_bytes:
            return _in_parts(handle, found.st_size) if in_parts else Content(b"", found.st_size)
        return Content.of(_read(file, label, found.st_size + 1))


def demand_regular(path: Path, label: str) -> None:
    """RequestError, calling it `label`, unless there is a regular file, and no link, at the path."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        raise RequestError(f"{label}: there is no such file.") from None
    except (OSError, ValueError):
        raise RequestError(f"{label}: the file cannot be opened.") from None
    if stat.S_ISLNK(mode):
        raise RequestError(f"{label}: a link to a file. Name the file itself.")
    if not stat.S_ISREG(mode):
        raise RequestError(f"{label}: not a regular file.")


def load_stream(stream: BinaryIO, label: str, *, in_parts: bool = False) -> Content:
    """The content of a stream such as standard input, read to its end or to the limit; `in_parts` is as for `load`.

    What is then too large for memory and is no file goes through a temporary one without a name, which nobody else can
    open and which is gone with this process, however it ends.
    """
    found = _file_of(stream) if in_parts else None
    if found is not None and found[1] > LIMITS.file_bytes:
        return _in_parts(*found)
    begun = _read(stream, label)
    return _kept(begun, stream, label) if in_parts and len(begun) > LIMITS.file_bytes else Content.of(begun)


def _in_parts(handle: int, size: int) -> Content:
    return Content(b"", size, Source.of(handle, size) if size <= LIMITS.streamed_bytes else None)


def _file_of(stream: BinaryIO) -> tuple[int, int] | None:
    """The descriptor and the size of the regular file that a stream is at the beginning of; None for any other."""
    try:
        handle = stream.fileno()
        found = os.fstat(handle)
        return (handle, found.st_size) if stat.S_ISREG(found.st_mode) and stream.tell() == 0 else None
    except (OSError, AttributeError, ValueError):
        return None


def _kept(begun: bytes, stream: BinaryIO, label: str) -> Content:
    """The rest of a stream, in a temporary file behind what was read of it."""
    size = len(begun)
    try:
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(begun)
            while size <= LIMITS.streamed_bytes and (part := stream.read(_STEP)):
                file.write(part)
                size += len(part)
            return _in_parts(file.fileno(), size)
    except OSError:
        raise RequestError(f"{label}: the file cannot be read, or there is no room for it on the disk.") from None


_STEP = 1 << 20


def _read(stream: BinaryIO, label: str, step: int = _STEP) -> bytes:
    """The bytes, read in pieces of so many: in one, where the size is known, they are not held twice.

    Of more than the limit only so many are read that it shows.
    """
    parts: list[bytes] = []
    size = 0
    try:
        # One byte more than the limit says that there is more; a file may grow while it is read.
        while size <= LIMITS.file_bytes and (part := stream.read(min(step, LIMITS.file_bytes + 1 - size))):
            parts.append(part)
            size += len(part)
    except OSError:
        raise RequestError(f"{label}: the file cannot be read.") from None
    return b"".join(parts)


def digest(content: bytes) -> str:
    """The SHA-256 of the file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def same_name(text: str) -> str:
    """The text in the form in which headers are compared: NFC, nothing else changed."""
    return unicodedata.normalize("NFC", text)
