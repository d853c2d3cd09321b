"""Reads delimited text strictly: a row is split in the one way its quotes allow, or the reader says there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from dap.plan import Layout
from dap.submission.fast import FROM_BYTES, Top, as_utf8, lines_of_top, read_fast
from dap.submission.limits import LIMITS
from dap.submission.reading import Fault, Reading, Submission
from dap.submission.table import (
    SEARCHED_FOR_HEADER,
    Faults,
    Record,
    build_table,
    header_elsewhere,
    known_names,
    looks_like_header,
    unreadable,
)
from dap.submission.text import RowError, beginning, decode

_HELD_ONCE = 100_000
_COUNTED_AT_ONCE = 4_000_000
# A quoted cell of the most letters, each of them a quotation mark or escaped: what is longer is not looked through.
_LONGEST_QUOTED = 2 * LIMITS.cell_characters + 1
_GUARD = re.compile(r'="((?:[^"]|"")*)"')


@dataclass(frozen=True)
class Dialect:
    """How a text is split: `quote` and `escape` are empty where the layout has none."""

    delimiter: str
    quote: str
    escape: str
    guards: bool

    @classmethod
    def of(cls, layout: Layout, delimiter: str) -> Dialect:
        """That of a layout, with this delimiter."""
        return cls(delimiter, layout.quote, layout.escape, layout.text_guards)


def read_delimited(content: bytes, layout: Layout, reading: Reading) -> Submission:
    """Read a delimited file by its layout. Never raises for what the file holds: faults go into the Reading."""
    if len(content) >= FROM_BYTES and (found := read_plain(content, layout, reading)) is not None:
        return found
    return read_exactly(content, layout, reading)


def read_plain(content: bytes, layout: Layout, reading: Reading) -> Submission | None:
    """What `read_exactly` gives, made by Polars; None where the bytes do not prove that they can be read so."""
    text = as_utf8(content, layout)
    top = None if text is None else top_of(text, layout)
    return None if text is None or top is None else read_fast(text, layout, reading, top)


def read_exactly(content: bytes, layout: Layout, reading: Reading) -> Submission:
    """Read a delimited file record by record: what it says is what the file holds."""
    try:
        text = decode(content, layout, lambda before: _row_at(before, layout))
        dialect = proven_dialect(text, layout)
        if (row := header_row_elsewhere(text, dialect, layout)) is not None:
            raise RowError("header_elsewhere", row)
        line_end = _line_end(text, dialect.quote)
        if _has_too_many_rows(text, dialect, line_end):
            raise RowError("too_large")
        look_for_lost = "\ufffd" in text
        records = _within_limits(records_of(text, dialect, line_end))
        # Once the records are made nobody needs the text, and a large one is as much again.
        del text
        return build_table(reading, records, layout, Faults(), look_for_lost=look_for_lost)
    except RowError as error:
        return unreadable(reading, _fault(error))


def top_of(content: bytes, layout: Layout) -> Top | None:
    """The records down to the header where the first lines alone tell them, and their delimiter; otherwise None."""
    lines = lines_of_top(content, layout)
    if lines is None:
        return None
    text, begin = lines
    for delimiter in dict.fromkeys((layout.delimiter, *layout.delimiters)):
        dialect = Dialect.of(layout, delimiter)
        try:
            records = tuple(_within_limits(records_of(text, dialect)))
        except RowError as error:
            if error.kind == "text_after_quote":
                continue
            # A quotation mark, for one, may be closed in another line.
            return None
        if len(records) != len(layout.title_lines) + 1 or any(record.faults for record in records):
            return None
        cells = records[-1].cells
        proven = known_names(cells, layout) if delimiter == layout.delimiter else looks_like_header(cells, layout)
        if proven:
            return Top(records, delimiter, begin)
    return None


def has_header(content: bytes, layout: Layout) -> bool:
    """Whether the layout's header stands where it should, or near: then the file is no file of fixed width."""
    try:
        text = decode(content[: 1 << 20], layout, lambda before: 0)
        for separator in layout.delimiters:
            records = records_of(text, Dialect.of(layout, separator))
            if any(looks_like_header(record.cells, layout) for record in islice(records, SEARCHED_FOR_HEADER)):
                return True
    except RowError:
        pass
    return False


def header_of_delimited(content: bytes, layout: Layout) -> tuple[str, ...]:
    """The cells of the line where this layout has its header; none where the file is not so long or not readable."""
    try:
        text = decode(beginning(content), layout, lambda before: 0)
        return _header(text, proven_dialect(text, layout), layout)
    except RowError:
        return ()


def _fault(error: RowError) -> Fault:
    return Fault(error.kind, (error.row,) if error.row else ())


def _row_at(before: str, layout: Layout) -> int:
    """The number of the record in which a text ends."""
    row = 0
    try:
        for record in records_of(before, proven_dialect(before, layout)):
            row = record.number
    except RowError as error:
        return error.row
    return row


def proven_dialect(text: str, layout: Layout) -> Dialect:
    """With the layout's own delimiter, or another permitted one under which every header cell is an element's name."""
    own = Dialect.of(layout, layout.delimiter)
    if known_names(_header_or_nothing(text, own, layout), layout):
        return own
    for delimiter in layout.delimiters:
        other = replace(own, delimiter=delimiter)
        if looks_like_header(_header_or_nothing(text, other, layout), layout):
            return other
    return own


def header_row_elsewhere(text: str, dialect: Dialect, layout: Layout) -> int | None:
    """The row that holds the header where the header's own row holds no name of an element, but another one does."""
    if known_names(_header_or_nothing(text, dialect, layout), layout):
        return None
    for separator in layout.delimiters:
        try:
            row = header_elsewhere(records_of(text, replace(dialect, delimiter=separator)), layout)
        except RowError:
            continue
        if row is not None:
            return row
    return None


def _header(text: str, dialect: Dialect, layout: Layout) -> tuple[str, ...]:
    above = len(layout.title_lines)
    found = next(islice(records_of(text, dialect), above, above + 1), None)
    return found.cells if found else ()


def _header_or_nothing(text: str, dialect: Dialect, layout: Layout) -> tuple[str, ...]:
    try:
        return _header(text, dialect, layout)
    except RowError:
        return ()


def _has_too_many_rows(text: str, dialect: Dialect, line_end: str) -> bool:
    """Whether the line ends outside quotation marks are more than the rows that are taken.

    It is asked before rows are made one by one: millions of short ones take half a minute. False proves nothing.
    """
    if dialect.escape or text.count(line_end) <= LIMITS.rows:
        return False
    if not dialect.quote or dialect.quote not in text:
        return True
    import numpy as np

    ends, inside = 0, np.uint8(0)
    for place in range(0, len(text), _COUNTED_AT_ONCE):
        letters = np.frombuffer(text[place : place + _COUNTED_AT_ONCE].encode("utf-32-le", "surrogatepass"), "<u4")
        # Quotation marks are counted modulo 256: what matters is whether their number is odd.
        odd = (np.cumsum(letters == ord(dialect.quote), dtype=np.uint8) + inside) & 1
        ends += int(np.count_nonzero((letters == ord(line_end)) & (odd == 0)))
        inside = odd[-1]
    return ends > LIMITS.rows


def _within_limits(records: Iterable[Record]) -> Iterator[Record]:
    """The records, unless there is more of anything than is taken; texts that repeat are held once."""
    most_rows, most_cells, columns, longest = LIMITS.rows, LIMITS.cells, LIMITS.columns, LIMITS.cell_characters
    seen = 0
    texts: dict[str, str] = {}
    known = texts.setdefault
    for record in records:
        cells = record.cells
        seen += len(cells)
        if record.number > most_rows or seen > most_cells:
            raise RowError("too_large")
        if len(cells) > columns:
            raise RowError("too_wide", record.number)
        if cells and max(map(len, cells)) > longest:
            raise RowError("cell_too_long", record.number)
        if len(texts) > _HELD_ONCE:
            known = texts.get  # A column of ids has no end of different ones.
        record.cells = tuple(map(known, cells, cells))
        yield record


def records_of(text: str, dialect: Dialect, line_end: str = "") -> Iterator[Record]:
    """Split the text into records, numbered from 1 as a spreadsheet numbers them.

    A line ends with `line_end`; without one, with what the text itself says. Raises RowError where there is more than
    one way to split it.
    """
    delimiter, quote = dialect.delimiter, dialect.quote
    line_end = line_end or _line_end(text, quote)
    stray = "\r" if line_end == "\n" else "\n"
    position, number, length = 0, 0, len(text)
    splitter = _Splitter(text, dialect, line_end)
    special = quote or dialect.escape
    while position < length:
        number += 1
        end = text.find(line_end, position)
        end = length if end < 0 else end
        line = text[position:end]
        if special and (special in line or (dialect.escape and dialect.escape in line)):
            whole = splitter.whole(line)
            cells, faults, position = (whole, (), end + 1) if whole else splitter.record(position, number)
            yield Record(number, cells, faults)
            continue
        position = end + 1
        line = line.removesuffix("\r")
        if len(line) >= LIMITS.columns and line.count(delimiter) >= LIMITS.columns:
            raise RowError("too_wide", number)
        faults = ("stray_line_end",) if stray in line else ()
        yield Record(number, tuple(line.split(delimiter)) if line.strip(" ") else (), faults)


def _line_end(text: str, quote: str) -> str:
    """The line feed, unless the text has carriage returns and no line feed but inside quotes."""
    if "\r" not in text:
        return "\n"
    # One match over the whole text: a search that stops at every quoted cell takes ten times as long.
    pattern = rf"(?:[^{quote}\n]++|{quote}[^{quote}]*+{quote}|{quote})*+\n" if quote else r"[^\n]*+\n"
    return "\n" if re.match(pattern, text) else "\r"


class _Splitter:
    """Splits the records that hold a quotation mark or an escape."""

    def __init__(self, text: str, dialect: Dialect, line_end: str) -> None:
        self._text, self._dialect, self._line_end = text, dialect, line_end
        self._stray = "\r" if line_end == "\n" else "\n"
        escape = re.escape(dialect.escape)
        self._guards, self._between = dialect.guards, f"{dialect.quote}{dialect.delimiter}{dialect.quote}"
        self._usual: re.Pattern[str] | None = None
        if dialect.quote and not escape:
            quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
            cell = f"{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}|[^{quote}{delimiter}]*+"
            self._usual = re.compile(f"(?:{cell})(?:{delimiter}(?:{cell}))*+")
            self._usual_cell = re.compile(f"({cell}){delimiter}")
        self._cell_end = re.compile(f"[{re.escape(dialect.delimiter)}{line_end}]")
        self._escaped = re.compile(rf"{escape}(.)", re.DOTALL) if escape else None
        self._plain_end = (
            re.compile(rf"(?:[^{re.escape(dialect.delimiter)}{line_end}{escape}]|{escape}.)*", re.DOTALL)
            if escape
            else None
        )

    def whole(self, line: str) -> tuple[str, ...] | None:
        """The cells of a line that is a record in the usual form; None where it may be none, or has a fault."""
        quote, delimiter = self._dialect.quote, self._dialect.delimiter
        if self._usual is None or (marks := line.count(quote)) % 2 or len(line) > _LONGEST_QUOTED:
            return None
        line = line.removesuffix("\r")
        if self._stray in line or (self._guards and "=" in line) or line.count(delimiter) >= LIMITS.columns:
            return None
        # Most often all cells are quoted, and none holds a quotation mark.
        if line[0] == line[-1] == quote and marks == 2 * len(cells := line[1:-1].split(self._between)):
            return tuple(cells)
        if not self._usual.fullmatch(line):
            return None
        found: list[str] = self._usual_cell.findall(line + delimiter)
        twice = quote * 2
        return tuple([each[1:-1].replace(twice, quote) if each[:1] == quote else each for each in found])

    def record(self, position: int, number: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """One record: its cells, its faults and where the next record begins."""
        cells: list[str] = []
        faults: set[str] = set()
        text, dialect, line_end = self._text, self._dialect, self._line_end
        length = len(text)
        while True:
            if dialect.quote and text.startswith(dialect.quote, position):
                cell, position = self._quoted(position, number)
            else:
                cell, position = self._plain(position, number, faults)
            cells.append(_unguarded(cell) if dialect.guards else cell)
            if len(cells) > LIMITS.columns:
                raise RowError("too_wide", number)
            if position >= length or text[position] == line_end:
                return tuple(cells), tuple(sorted(faults)), position + 1
            position += 1

    def _quoted(self, position: int, number: int) -> tuple[str, int]:
        """A cell in quotation marks, and where it ends: at a delimiter, a line end or the text's end."""
        text, quote, line_end = self._text, self._dialect.quote, self._line_end
        closing = self._closing(position, number)
        cell = text[position + 1 : closing]
        cell = self._escaped.sub(r"\1", cell) if self._escaped else cell.replace(quote * 2, quote)
        position, length = closing + 1, len(text)
        if line_end == "\n" and text.startswith("\r\n", position):
            position += 1
        if position < length and text[position] not in (self._dialect.delimiter, line_end):
            if text[position] != "\r" or position + 1 != length:
                raise RowError("text_after_quote", number)
            position += 1
        return cell, position

    def _plain(self, position: int, number: int, faults: set[str]) -> tuple[str, int]:
        text, dialect = self._text, self._dialect
        if self._plain_end is not None:
            found = self._plain_end.match(text, position)
            end = found.end() if found else position
            if end < len(text) and text[end] == dialect.escape:
                raise RowError("quote_not_closed", number)
        else:
            at = self._cell_end.search(text, position)
            end = at.start() if at else len(text)
        cell = text[position:end]
        if end == len(text) or text[end] == self._line_end:
            cell = cell.removesuffix("\r")
        if self._stray in cell:
            faults.add("stray_line_end")
        if self._escaped is not None:
            bare = self._escaped.sub("", cell)
            cell = self._escaped.sub(r"\1", cell)
        else:
            bare = cell
        if dialect.quote and dialect.quote in bare and not (dialect.guards and _GUARD.fullmatch(bare)):
            faults.add("bare_quote")
        return cell, end

    def _closing(self, opening: int, number: int) -> int:
        """Where the quotation mark stands that closes the one at `opening`."""
        text, quote, escape = self._text, self._dialect.quote, self._dialect.escape
        position = text.find(quote, opening + 1)
        while position >= 0:
            if position - opening > _LONGEST_QUOTED:
                raise RowError("cell_too_long", number)
            if escape:
                before = position
                while before > opening + 1 and text[before - 1] == escape:
                    before -= 1
                if (position - before) % 2 == 0:
                    break
                position = text.find(quote, position + 1)
            elif text.startswith(quote, position + 1):
                position = text.find(quote, position + 2)
            else:
                break
        if position < 0:
            raise RowError("quote_not_closed", number)
        return position


def _unguarded(cell: str) -> str:
    """The cell without a spreadsheet's text guard, as in `="0010011"`."""
    guarded = _GUARD.fullmatch(cell)
    return guarded.group(1).replace('""', '"') if guarded else cell


def split(text: str, delimiter: str, *, guards: bool = False) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Split a text whose layout nobody knows: each record's number, cells (none for an empty line) and kinds of faults.

    Where the text can be split in more than one way, the last record has no cells and one fault, which is of FATAL.
    """
    try:
        records = records_of(text, Dialect(delimiter, '"', "", guards))
        yield from ((record.number, record.cells, record.faults) for record in records)
    except RowError as error:
        yield error.row, (), (error.kind,)
