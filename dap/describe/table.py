"""Reads a file whose layout nobody knows: CSV with proven encoding and separator, or one sheet of a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from dap.errors import REJECTED, DapError, RequestError
from dap.identifiers import find_in_text
from dap.plan import SEPARATORS
from dap.rules import rule
from dap.submission import FATAL, split
from dap.submission.cell_text import ERROR, NO_FORMAT
from dap.submission.child import Answer, Line, read_apart
from dap.submission.kinds import kind_of
from dap.suites import READING_RULES

# The rule of each fault, whose sentences say what is wrong.
_RULES = {fault: id for id, fault in READING_RULES}
_PROBED = 200

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
    message = stated.message.removeprefix("{label}: ")
    place = f"{said_rows(rows)}: " if rows else ""
    return f"{place}{message[0].upper()}{message[1:]}  ({stated.id})"


def table_of(content: bytes, delimiter: str | None, sheet: str | None) -> Table:
    """The table in the bytes of a CSV file or a workbook (.xlsx, .xls, .ods).

    RequestError where an option does not fit the file; CannotDescribe where there is no table to be told for certain.
    """
    if kind_of(content) in ("zip", "ole"):
        if delimiter is not None:
            raise RequestError("--delimiter is for text files, and this is a workbook.")
        return _workbook(content, sheet)
    if sheet is not None:
        raise RequestError("--sheet is for Excel and OpenDocument workbooks, and this is none.")
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
        raise CannotDescribe("The file is neither text nor a workbook. Save it as CSV UTF-8.")
    note = f"The file was read as {name}, but the check wants UTF-8: compare column names that have accents."
    return text, note


def _as(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _proven_delimiter(text: str, guards: bool) -> str:
    """The only separator under which the first rows are as wide as the header; CannotDescribe where none or two are."""
    found = {each: list(islice(split(text, each, guards=guards), _PROBED)) for each in SEPARATORS}
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
    if not any(each in first for each in SEPARATORS):
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


_WORKBOOKS = ("xlsx", "xls", "ods")
_BAD_CELLS = {ERROR: "error_value", NO_FORMAT: "number_format"}


def _workbook(content: bytes, sheet: str | None) -> Table:
    """One sheet of a workbook, each cell as the check's own reader gives it; the first row is the header."""
    answer = _answer(content, "")
    names = [part.text for part in answer.hidden if part.place == "sheet name"]
    if wanted := _sheet(names, sheet):
        answer = _answer(content, wanted)
    lines = answer.lines
    if not lines or lines[0].number != 1:
        raise CannotDescribe("The sheet is empty, or its first row is. The first row must be the header.")
    if any(find_in_text(part.text) for part in answer.hidden):
        raise CannotDescribe(f"{rule('P109').message} {rule('P109').fix}  (P109)")
    header = _filled(lines[0].cells)
    faults = {kind: list(rows) for kind, rows in answer.faults if kind in _RULES}
    for line in lines:
        for kind in set(line.kinds) & _BAD_CELLS.keys():
            faults.setdefault(_BAD_CELLS[kind], []).append(line.number)
    note = "Numbers and dates of the workbook were read as the sheet shows them, as the check will read them."
    return Table(header, 1, _rows_of(lines[1:], len(header)), notes=[note], faults=faults)


def _answer(content: bytes, sheet: str) -> Answer:
    answer = read_apart(content, _WORKBOOKS, sheet)
    if answer.fatal in ("unpacks_too_large", "too_large"):
        raise CannotDescribe("The workbook unpacks to more than any honest one. Save the sheet as CSV UTF-8.")
    if answer.fatal == "encrypted":
        raise CannotDescribe(f"{rule('S132').message} {rule('S132').fix}  (S132)")
    if answer.fatal == "sheet_unclear":
        raise RequestError("That sheet is hidden: unhide it first (right-click a tab, Unhide).")
    if answer.fatal:
        raise CannotDescribe(
            "The workbook cannot be read: it is damaged, or no workbook. Open it in Excel and save it anew as .xlsx, "
            "or as CSV UTF-8."
        )
    return answer


def _sheet(names: Sequence[str], wanted: str | None) -> str:
    """The name of the sheet that is meant; empty where there is one only."""
    if wanted is None:
        if len(names) > 1:
            raise RequestError(f"The workbook has {len(names)} sheets: name one with --sheet, or its number from 1.")
        return ""
    if wanted in names:
        return wanted
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise RequestError(f"The workbook has no such sheet. It has {len(names)}: --sheet takes a name or a number from 1.")


def _rows_of(lines: Sequence[Line], width: int) -> Iterator[Record]:
    """The rows with those that the sheet leaves out, each filled up to the header's width."""
    number = 1
    for line in lines:
        for left_out in range(number + 1, line.number):
            yield left_out, (), ()
        cells, number = _filled(line.cells), line.number
        yield number, cells + ("",) * (width - len(cells)) if cells else (), ()


def _filled(cells: Sequence[str]) -> tuple[str, ...]:
    """The cells up to the last that holds anything."""
    width = len(cells)
    while width and not cells[width - 1]:
        width -= 1
    return tuple(cells[:width])
