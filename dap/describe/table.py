"""Reads a file whose layout nobody knows: CSV with proven encoding and separator, or one sheet of an Excel workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from dap.errors import REJECTED, DapError, RequestError
from dap.rules import rule
from dap.submission import FATAL, split

# The rule of each fault of a record, whose sentences say what is wrong.
_RULES = {
    "quote_not_closed": "S104",
    "text_after_quote": "S105",
    "bare_quote": "S106",
    "row_too_short": "S107",
    "stray_line_end": "S110",
    "empty_line": "S111",
    "empty_row": "S112",
    "extra_cells": "P203",
}
DELIMITERS = (",", ";", "\t", "|")
_PROBED = 200
# An honest sheet of a million rows unpacks to less; what unpacks to more is there to fill the memory.
_MOST_UNPACKED, _MOST_PARTS, _MOST_RATIO, _SMALL = 1_000_000_000, 5_000, 250, 10_000_000

Row = tuple[int, tuple[str, ...]]
Record = tuple[int, tuple[str, ...], tuple[str, ...]]
"""A record's number, cells and kinds of faults."""


class CannotDescribe(DapError):
    """The file cannot be described; the message says where and why, and holds nothing of the file."""

    exit_code = REJECTED


@dataclass
class Table:
    """One table: its header, and its rows of the header's width, to be read once, with their numbers.

    `faults` has the rows of each kind of fault (complete once the rows are read), `outside` the rows of another width.
    """

    header: tuple[str, ...] = field(repr=False)
    header_row: int
    records: Iterator[Record] = field(repr=False)
    delimiter: str = ","
    guards: bool = False
    excel: bool = False
    notes: list[str] = field(default_factory=list)
    faults: dict[str, list[int]] = field(default_factory=dict)
    outside: list[tuple[int, tuple[str, ...]]] = field(default_factory=list, repr=False)

    def rows(self) -> Iterator[Row]:
        """The rows of the header's width. What is wrong with the others goes to `faults`, their text to `outside`."""
        width, empty = len(self.header), []
        for number, cells, faults in self.records:
            if fatal := [fault for fault in faults if fault in FATAL]:
                raise CannotDescribe(_said(fatal[0], [number]))
            if not cells:
                empty.append(number)
                continue
            # Empty lines at the end are no fault.
            if empty:
                self.faults.setdefault("empty_line", []).extend(empty)
                empty = []
            for fault in faults:
                self.faults.setdefault(fault, []).append(number)
            if not any(cells):
                self.faults.setdefault("empty_row", []).append(number)
            elif len(cells) == width:
                yield number, cells
            else:
                self.faults.setdefault("row_too_short" if len(cells) < width else "extra_cells", []).append(number)
                self.outside.append((number, cells))

    def said_faults(self) -> list[str]:
        """What the check would find wrong with the file's shape, one sentence a kind."""
        return [_said(kind, rows) for kind, rows in self.faults.items()]


def said_rows(rows: Sequence[int], most: int = 10) -> str:
    """Row numbers as a person reads them: `rows 4, 9 and 12 more`."""
    shown = ", ".join(map(str, rows[:most]))
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"


def _said(kind: str, rows: Sequence[int]) -> str:
    stated = rule(_RULES[kind])
    return f"{said_rows(rows)}: {stated.message}  ({stated.id})"


def table_of(content: bytes, delimiter: str | None, sheet: str | None) -> Table:
    """The table in the bytes of a CSV file or an .xlsx workbook.

    RequestError where an option does not fit the file; CannotDescribe where there is no table to be told for certain.
    """
    if content.startswith(b"PK\x03\x04"):
        if delimiter is not None:
            raise RequestError("--delimiter is for text files, and this is an Excel workbook.")
        return _excel(content, sheet)
    if sheet is not None:
        raise RequestError("--sheet is for Excel workbooks (.xlsx), and this is none.")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise CannotDescribe(
            "The file is an Excel workbook of the old kind (.xls) or one with a password. "
            "Save it in Excel as .xlsx without a password, or as CSV UTF-8."
        )
    return _delimited(content, delimiter)


def _delimited(content: bytes, delimiter: str | None) -> Table:
    text, note = _decoded(content)
    del content
    guards = '="' in text
    chosen = delimiter if delimiter is not None else _proven_delimiter(text, guards)
    records = split(text, chosen, guards=guards)
    header = next(records)
    if fatal := [fault for fault in header[2] if fault in FATAL]:
        raise CannotDescribe(_said(fatal[0], [header[0]]))
    if not header[1]:
        raise CannotDescribe("row 1: the line is empty. The first row must be the header: remove what is above it.")
    return Table(header[1], header[0], records, chosen, guards, notes=[note] if note else [])


def _decoded(content: bytes) -> tuple[str, str]:
    """The text, and a note where it is not UTF-8 as the check wants it; CannotDescribe where no encoding is proven."""
    if not content.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise CannotDescribe("The file is empty: there is nothing to describe.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, name = _as(content, "utf-16"), "UTF-16"
    elif b"\0" in content or content.startswith((b"%PDF", b"\x1f\x8b")):
        text, name = None, ""
    elif (text := _as(content, "utf-8-sig")) is not None:
        return text, ""
    else:
        # No UTF-8, and none of the five bytes that Windows-1252 leaves undefined: taken for it, and the note says so.
        text, name = _as(content, "cp1252"), "Windows-1252"
    if text is None:
        raise CannotDescribe("The file is neither text nor an Excel workbook (.xlsx). Save it as CSV UTF-8.")
    note = f"The file was read as {name}, but the check wants UTF-8: compare column names that have accents."
    return text, note


def _as(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _proven_delimiter(text: str, guards: bool) -> str:
    """The only separator under which the first rows are as wide as the header; CannotDescribe where none or two are."""
    found = {each: list(islice(split(text, each, guards=guards), _PROBED)) for each in DELIMITERS}
    shares = {each: _share_as_wide(records) for each, records in found.items()}
    for least in (1.0, 0.5):
        proven = [each for each, share in shares.items() if share >= least]
        if len(proven) == 1:
            return proven[0]
        if proven:
            raise CannotDescribe("The separator cannot be told: more than one would do. Name it with --delimiter.")
    widest = max(found.values(), key=lambda records: len(records[0][1]))
    number, _, faults = widest[-1]
    if fatal := [fault for fault in faults if fault in FATAL]:
        raise CannotDescribe(_said(fatal[0], [number]))
    first = text.partition("\n")[0].partition("\r")[0]
    if not any(each in first for each in DELIMITERS):
        return ","
    raise CannotDescribe(
        "Most rows are not as wide as row 1, whatever the separator. Row 1 must be the header: remove the lines above "
        "it. If it is the header, name the separator with --delimiter."
    )


def _share_as_wide(found: Sequence[Record]) -> float:
    """The share of filled rows that are as wide as the first one; 0 where that has one cell or none."""
    if any(fault in FATAL for _, _, faults in found for fault in faults):
        return 0.0
    widths = [len(cells) for _, cells, _ in found if cells]
    if len(widths) < 1 or widths[0] < 2:
        return 0.0
    return sum(width == widths[0] for width in widths[1:]) / (len(widths) - 1) if len(widths) > 1 else 1.0


def _excel(content: bytes, sheet: str | None) -> Table:
    """One sheet of a workbook, every cell as text; the first row is the header."""
    _demand_harmless(content)
    import openpyxl

    try:
        book: Any = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        names = [each.title for each in book.worksheets]
    except Exception:
        # openpyxl raises whatever the broken part makes it raise, and its words may quote the part.
        raise _broken() from None
    chosen = book.worksheets[_sheet(names, sheet)]
    rows = _excel_rows(chosen)
    header = next(rows, (1, (), ()))
    if not any(header[1]):
        raise CannotDescribe("The sheet is empty, or its first row is. The first row must be the header.")
    note = "Excel keeps no written form of numbers and dates: compare the draft with the file that districts send."
    return Table(header[1], header[0], _padded(rows, len(header[1])), excel=True, notes=[note])


def _broken() -> CannotDescribe:
    return CannotDescribe(
        "The Excel workbook cannot be read: it is damaged, or no .xlsx. Open it in Excel and save it anew."
    )


def _demand_harmless(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            sizes = [(each.file_size, each.compress_size) for each in parts]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _broken() from None
    swollen = any(size > _SMALL and size > _MOST_RATIO * max(packed, 1) for size, packed in sizes)
    if swollen or len(parts) > _MOST_PARTS or sum(size for size, _ in sizes) > _MOST_UNPACKED:
        raise CannotDescribe("The Excel workbook unpacks to more than any honest one. Save the sheet as CSV UTF-8.")
    if not any(each.filename == "xl/workbook.xml" for each in parts):
        raise _broken()


def _sheet(names: Sequence[str], wanted: str | None) -> int:
    """The place of the sheet that is meant, from 0."""
    if not names:
        raise CannotDescribe("The workbook has no sheet with cells.")
    if wanted is None:
        if len(names) > 1:
            raise RequestError(f"The workbook has {len(names)} sheets: name one with --sheet, or its number from 1.")
        return 0
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise RequestError(f"The workbook has no such sheet. It has {len(names)}: --sheet takes a name or a number from 1.")


def _excel_rows(sheet: Any) -> Iterator[Record]:
    try:
        # What a workbook says of its own size may be wrong.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = [_excel_text(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            yield number, tuple(cells), ()
    except Exception:
        raise _broken() from None


def _padded(rows: Iterator[Record], width: int) -> Iterator[Record]:
    for number, cells, faults in rows:
        yield number, cells + ("",) * (width - len(cells)) if cells else (), faults


def _excel_text(value: object) -> str:
    """A cell's value as Excel would save it to CSV, with dates as YYYY-MM-DD."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)
