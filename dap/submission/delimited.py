"""Reads delimited text strictly: a row is split in the one way its quotes allow, or the reader says there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from dap.plan import Layout, TitleLine
from dap.submission.reading import ATTRIBUTE, Fault, Outside, Reading, Submission, digest, same_name

# First bytes of what is most often sent in place of a CSV file: zip (and .xlsx), old Excel, PDF, gzip.
_OTHER_FORMATS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SEARCHED_FOR_HEADER = 50
_GUARD = re.compile(r'="((?:[^"]|"")*)"')
_QUOTED_OR_LINE_FEED = re.compile(r'"[^"]*"|\n')


@dataclass(frozen=True)
class _Record:
    """One line of the table as the file has it: its number, its cells (none for an empty line), its faults."""

    number: int
    cells: tuple[str, ...]
    faults: tuple[str, ...] = ()


class _UnreadableError(Exception):
    """From here on the text can be split in more than one way."""

    def __init__(self, kind: str, row: int) -> None:
        super().__init__(kind)
        self.fault = Fault(kind, (row,) if row else ())


def read(content: bytes, layout: Layout, file_name: str = "") -> Submission:
    """Read a delimited file by its layout. Never raises for what the file holds: faults go into the Reading."""
    reading = Reading(file_name=file_name, bytes=len(content), sha256=digest(content))
    try:
        text = _decode(content, layout)
        delimiter = _proven_delimiter(text, layout)
        if (row := _header_elsewhere(text, delimiter, layout)) is not None:
            raise _UnreadableError("header_elsewhere", row)
        records = list(_records(text, delimiter, layout.text_guards))
    except _UnreadableError as error:
        return _submission({}, [], _with(reading, faults=(error.fault,)))
    above = len(layout.title_lines)
    if len(records) <= above or not any(record.cells for record in records):
        return _submission({}, [], _with(reading, faults=(Fault("empty"),)))
    return _table(reading, records[:above], records[above], records[above + 1 :], layout)


def header_of(content: bytes, layout: Layout) -> tuple[str, ...]:
    """The cells of the line where this layout has its header; none where the file is not so long or not readable."""
    try:
        text = _decode(content, layout)
        delimiter = _proven_delimiter(text, layout)
        return _header(text, delimiter, layout)
    except _UnreadableError:
        return ()


def _decode(content: bytes, layout: Layout) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise _UnreadableError("empty", 0)
    if content.startswith(_UTF16):
        raise _UnreadableError("not_utf8", 0)
    if content.startswith(_OTHER_FORMATS):
        raise _UnreadableError("not_text", 0)
    if (nul := content.find(b"\0")) >= 0:
        raise _UnreadableError("not_text", _row_at(content[:nul], layout))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sound = error.start
    # Raised outside the handler: the decoding error holds the whole content.
    raise _UnreadableError("not_utf8", _row_at(content[:sound], layout))


def _row_at(before: bytes, layout: Layout) -> int:
    """The number of the record in which a byte stands, from the bytes before it."""
    # One letter more stands for the byte itself: the text may end with a line end, or inside a quoted cell.
    text = before.decode("utf-8-sig", errors="replace") + "x"
    row = 0
    try:
        for record in _records(text, _proven_delimiter(text, layout), layout.text_guards):
            row = record.number
    except _UnreadableError as error:
        return error.fault.rows[0]
    return row


def _proven_delimiter(text: str, layout: Layout) -> str:
    """The layout's own delimiter, or another permitted one under which every header cell is an element's name."""
    names = {same_name(element.name) for element in layout.elements}
    own = _header_or_nothing(text, layout.delimiter, layout)
    if any(same_name(cell) in names for cell in own):
        return layout.delimiter
    for delimiter in layout.delimiters:
        cells = _header_or_nothing(text, delimiter, layout)
        if len(cells) > 1 and sum(same_name(cell) in names for cell in cells) * 2 > len(cells):
            return delimiter
    return layout.delimiter


def _header_elsewhere(text: str, delimiter: str, layout: Layout) -> int | None:
    """The row that holds the header where the header's own row holds no name of an element, but another one does."""
    if _known(_header_or_nothing(text, delimiter, layout), layout):
        return None
    for separator in layout.delimiters:
        try:
            for record in islice(_records(text, separator, layout.text_guards), _SEARCHED_FOR_HEADER):
                known = _known(record.cells, layout)
                if known > 1 and known * 2 > len(record.cells):
                    return record.number
        except _UnreadableError:
            continue
    return None


def _known(cells: Sequence[str], layout: Layout) -> int:
    names = {same_name(element.name) for element in layout.elements}
    return sum(same_name(cell) in names for cell in cells)


def _header(text: str, delimiter: str, layout: Layout) -> tuple[str, ...]:
    above = len(layout.title_lines)
    found = next(islice(_records(text, delimiter, layout.text_guards), above, above + 1), None)
    return found.cells if found else ()


def _header_or_nothing(text: str, delimiter: str, layout: Layout) -> tuple[str, ...]:
    try:
        return _header(text, delimiter, layout)
    except _UnreadableError:
        return ()


def _records(text: str, delimiter: str, guards: bool) -> Iterator[_Record]:
    """Split the text into records, numbered from 1 as a spreadsheet numbers them."""
    line_end = _line_end(text)
    stray = "\r" if line_end == "\n" else "\n"
    position, number, length = 0, 0, len(text)
    cell_end = re.compile(f"[{re.escape(delimiter)}{line_end}]")
    while position < length:
        number += 1
        end = text.find(line_end, position)
        end = length if end < 0 else end
        line = text[position:end]
        if '"' in line:
            cells, faults, position = _quoted_record(text, position, number, delimiter, line_end, cell_end, guards)
            yield _Record(number, cells, faults)
            continue
        position = end + 1
        line = line.removesuffix("\r")
        faults = ("stray_line_end",) if stray in line else ()
        yield _Record(number, tuple(line.split(delimiter)) if line.strip(" ") else (), faults)


def _line_end(text: str) -> str:
    """The line feed, unless the text has carriage returns and no line feed but inside quotes."""
    if "\r" not in text or any(found.group() == "\n" for found in _QUOTED_OR_LINE_FEED.finditer(text)):
        return "\n"
    return "\r"


def _quoted_record(
    text: str, position: int, number: int, delimiter: str, line_end: str, cell_end: re.Pattern[str], guards: bool
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """One record that holds a quotation mark: its cells, its faults and where the next record begins."""
    cells: list[str] = []
    faults: set[str] = set()
    length = len(text)
    stray = "\r" if line_end == "\n" else "\n"
    while True:
        if text.startswith('"', position):
            closing = _closing_quote(text, position, number)
            cell = text[position + 1 : closing].replace('""', '"')
            position = closing + 1
            if line_end == "\n" and text.startswith("\r\n", position):
                position += 1
            if position < length and text[position] not in (delimiter, line_end):
                if text[position] == "\r" and position + 1 == length:
                    position += 1
                else:
                    raise _UnreadableError("text_after_quote", number)
        else:
            found = cell_end.search(text, position)
            end = found.start() if found else length
            cell = text[position:end]
            position = end
            if end == length or text[end] == line_end:
                cell = cell.removesuffix("\r")
            if stray in cell:
                faults.add("stray_line_end")
            if '"' in cell and not (guards and _GUARD.fullmatch(cell)):
                faults.add("bare_quote")
        cells.append(_unguarded(cell) if guards else cell)
        if position >= length or text[position] == line_end:
            return tuple(cells), tuple(sorted(faults)), position + 1
        position += 1


def _closing_quote(text: str, opening: int, number: int) -> int:
    position = text.find('"', opening + 1)
    while position >= 0 and text.startswith('"', position + 1):
        position = text.find('"', position + 2)
    if position < 0:
        raise _UnreadableError("quote_not_closed", number)
    return position


def _unguarded(cell: str) -> str:
    """The cell without a spreadsheet's text guard, as in `="0010011"`."""
    guarded = _GUARD.fullmatch(cell)
    return guarded.group(1).replace('""', '"') if guarded else cell


class _Faults:
    """Collects the rows of each kind of fault."""

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}

    def add(self, kind: str, *rows: int) -> None:
        self._rows.setdefault(kind, []).extend(rows)

    def all(self) -> tuple[Fault, ...]:
        return tuple(Fault(kind, tuple(rows)) for kind, rows in self._rows.items())


def _table(
    reading: Reading, above: Sequence[_Record], header: _Record, body: Sequence[_Record], layout: Layout
) -> Submission:
    faults = _Faults()
    outside = [Outside(record.number, " ".join(record.cells)) for record in above if record.cells]
    for record, wanted in zip(above, layout.title_lines, strict=True):
        if not _is_title(record, wanted):
            faults.add("title_lines", record.number)
    columns = _column_names(header.cells, layout)
    for record in (*above, header):
        for kind in record.faults:
            faults.add(kind, record.number)
    kept = _kept_rows(body, len(columns), layout, faults, outside)
    if not kept:
        faults.add("no_rows")
    found = _with(
        reading,
        header=header.cells,
        header_row=header.number,
        columns=columns,
        faults=faults.all(),
        outside=tuple(outside),
        rows=len(kept),
    )
    by_column = {name: [record.cells[place] for record in kept] for place, name in enumerate(columns)}
    return _submission(by_column, [record.number for record in kept], found)


def _is_title(record: _Record, wanted: TitleLine) -> bool:
    cells = [cell for cell in record.cells if cell]
    if wanted.pattern:
        return re.fullmatch(wanted.pattern, " ".join(cells)) is not None
    return _without_trailing_blanks(record.cells) == _without_trailing_blanks(wanted.cells)


def _without_trailing_blanks(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _column_names(header: Sequence[str], layout: Layout) -> tuple[str, ...]:
    known = {same_name(element.name): element.name for element in layout.elements}
    names: dict[str, None] = {}
    for position, cell in enumerate(header, start=1):
        name = known.get(same_name(cell))
        names[name if name and name not in names else f"#{position}"] = None
    return tuple(names)


def _kept_rows(
    body: Sequence[_Record], width: int, layout: Layout, faults: _Faults, outside: list[Outside]
) -> list[_Record]:
    """The records of the table's width; what is wrong with the others goes to the faults, their text to `outside`."""
    kept: list[_Record] = []
    empty: list[int] = []
    for record in body:
        if not record.cells:
            empty.append(record.number)
            continue
        if empty and not layout.skip_blank_rows:
            faults.add("empty_line", *empty)
        empty.clear()
        for kind in record.faults:
            faults.add(kind, record.number)
        if not any(record.cells):
            faults.add("empty_row", record.number)
        elif len(record.cells) == width:
            kept.append(record)
        else:
            faults.add("row_too_short" if len(record.cells) < width else "extra_cells", record.number)
            outside.extend(Outside(record.number, cell) for cell in record.cells if cell)
    return kept


def _with(reading: Reading, **changes: object) -> Reading:
    from dataclasses import replace

    return replace(reading, **changes)  # type: ignore[arg-type]


def _submission(by_column: Mapping[str, Sequence[str]], rows: list[int], reading: Reading) -> Submission:
    import pandas as pd

    # Without a name: GX would list a named index as records that repeat the column's values.
    index = pd.Index(rows, dtype="int64")
    columns = {name: [cell or None for cell in cells] for name, cells in by_column.items()}
    frame = pd.DataFrame(columns, index=index, columns=list(by_column), dtype=object)
    frame.attrs[ATTRIBUTE] = reading
    return Submission(frame, reading)


def split(text: str, delimiter: str, *, guards: bool = False) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Split a text whose layout nobody knows: each record's number, cells (none for an empty line) and kinds of faults.

    Where the text can be split in more than one way, the last record has no cells and one fault, which is of FATAL.
    """
    try:
        yield from ((record.number, record.cells, record.faults) for record in _records(text, delimiter, guards))
    except _UnreadableError as error:
        yield error.fault.rows[0], (), (error.fault.kind,)
