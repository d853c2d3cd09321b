"""Reads an old Excel workbook (.xls, Excel 97 to 2003): one sheet exactly, the rest as what must not be there.

xlrd gives cells, styles and what is hidden; formulas, links, objects and unused texts it passes over, so the records
are walked once more for them. Source: MS-XLS (records by number), MS-OLEPS (properties).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from dap.submission.archive import ReadError
from dap.submission.cell_text import BOOLEAN, BUILT_IN, ERROR, INVISIBLE, TEXT, literals, shown_number, text_is_hidden
from dap.submission.found import Found, is_typed_property, readable_runs, whole
from dap.submission.limits import LIMITS
from dap.submission.xlsx import header_words

_ORDINARY_STREAMS = frozenset(
    {
        "root entry",
        "workbook",
        "book",
        "\x05summaryinformation",
        "\x05documentsummaryinformation",
        "\x01compobj",
        "\x01ole",
    }
)
_FORMULA, _NOTE, _LINK, _OBJECT, _TEXT_OBJECT, _CONTINUE = 0x06, 0x1C, 0x1B8, 0x5D, 0x1B6, 0x3C
_BOOK_LINK, _QUERY, _PASSWORD, _SHARED_TEXT, _VALIDATION = 0x1AE, 0x1AD, 0x2F, 0xFD, 0x1BE
_HEADER, _FOOTER, _SHEET, _PIVOT, _SCENARIO = 0x14, 0x15, 0x85, 0xB0, 0xAF
_BEGIN, _END = 0x809, 0x0A
# Objects that are no content of their own: the boxes of comments, the arrows of a filter.
_ORDINARY_OBJECTS = frozenset({0x19, 0x14})
# Properties of the summary that somebody typed (MS-OLEPS 2.25.1, MS-OSHARED 2.3.3.2.2.1).
_TYPED_SUMMARY = frozenset({2, 3, 5, 6})
_TYPED_DOCUMENT = frozenset({2, 14})


def read_xls(content: bytes, sheet: str, found: Found) -> None:
    """Read a workbook: the rows of one sheet go to `found`, and so does everything else in it.

    `sheet` is the name of the sheet that holds the table; empty for the first visible one with content. Raises
    ReadError where it is no workbook, is encrypted, or cannot be read.
    """
    silence = io.StringIO()
    with redirect_stdout(silence), redirect_stderr(silence):
        try:
            _read(content, sheet, found)
        except (ReadError, MemoryError):
            raise
        except Exception:
            # xlrd raises whatever a damaged file leads it to, and its words may quote the file.
            raise ReadError("workbook_damaged") from None


def _read(content: bytes, wanted: str, found: Found) -> None:
    import xlrd
    from xlrd.compdoc import CompDoc

    package = CompDoc(content, logfile=io.StringIO())
    streams = {node.name.lower(): node.name for node in package.dirlist if node.name}
    if "encryptedpackage" in streams or "encryptioninfo" in streams:
        raise ReadError("encrypted")
    name = next((streams[each] for each in ("workbook", "book") if each in streams), None)
    if name is None:
        raise ReadError("other_kind")
    if len([node for node in package.dirlist if node.name and node.name.lower() in ("workbook", "book")]) > 1:
        raise ReadError("workbook_damaged")
    base, start, length = package.locate_named_stream(name)
    records = _Records(base[start : start + length])
    if records.encrypted:
        raise ReadError("encrypted")
    _streams(package, streams, found)
    book = xlrd.open_workbook(
        file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO(), on_demand=True
    )
    _sheets(book, records, wanted, found)
    _names(book, found)
    for place, text in enumerate(book._sharedstrings or ()):
        if place not in records.used_texts:
            found.hide("unused text", text)
    for format in book.format_list:
        for text in literals(format.format_str):
            found.hide("number format", text)
    if records.links_elsewhere:
        found.fault("links")
    if records.pivots:
        found.fault("embedded")
    if records.scenarios:
        found.fault("properties")
    for text in records.texts:
        found.hide("comment", text)


class _Records:
    """What the records of a workbook stream say that xlrd does not tell; rows are counted from 1."""

    def __init__(self, stream: bytes) -> None:
        self.encrypted = self.links_elsewhere = self.pivots = self.scenarios = False
        self.kinds: list[int] = []
        """Of each sheet in order: 0 a worksheet, 1 a sheet of macros, 2 a chart, 6 a module of code."""
        self.formulas: dict[int, list[int]] = {}
        self.notes: dict[int, list[int]] = {}
        self.links: dict[int, list[int]] = {}
        self.objects: set[int] = set()
        self.headers: dict[int, list[str]] = {}
        self.used_texts: set[int] = set()
        self.texts: list[str] = []
        self._starts: dict[int, int] = {}
        self._walk(stream)

    def _walk(self, stream: bytes) -> None:
        sheet, depth, last = -1, 0, 0
        for place, kind, data in _records(stream):
            if kind == _BEGIN:
                if depth == 0:
                    sheet = self._starts.get(place, -1)
                depth += 1
            elif kind == _END:
                depth = max(0, depth - 1)
            elif kind == _SHEET:
                self._starts[struct.unpack_from("<L", data)[0]] = len(self.kinds)
                self.kinds.append(data[5])
            elif depth <= 1:
                self._take(kind, data, sheet, last)
            elif kind == _CONTINUE and last == _TEXT_OBJECT:
                self.texts += readable_runs(data)
            last = kind if kind != _CONTINUE else last

    def _take(self, kind: int, data: bytes, sheet: int, last: int) -> None:
        rows = {_FORMULA: self.formulas, _NOTE: self.notes, _LINK: self.links}.get(kind)
        if rows is not None:
            rows.setdefault(sheet, []).append(struct.unpack_from("<H", data)[0] + 1)
        if kind == _PASSWORD:
            self.encrypted = True
        elif kind == _OBJECT and len(data) >= 6:
            if struct.unpack_from("<H", data, 4)[0] not in _ORDINARY_OBJECTS:
                self.objects.add(sheet)
        elif kind == _SHARED_TEXT:
            self.used_texts.add(struct.unpack_from("<L", data, 6)[0])
        elif kind == _BOOK_LINK:
            # Four bytes and this mark are the workbook itself.
            self.links_elsewhere |= not (len(data) == 4 and data[2:4] in (b"\x01\x04", b"\x01\x3a"))
        elif kind == _QUERY:
            self.links_elsewhere = True
        elif kind == _PIVOT:
            self.pivots = True
        elif kind == _SCENARIO:
            self.scenarios = True
        elif kind in (_HEADER, _FOOTER) and data:
            self.headers.setdefault(sheet, []).append(_text(data))
        if kind in (_LINK, _VALIDATION, _NOTE, _SCENARIO) or (kind == _CONTINUE and last == _TEXT_OBJECT):
            self.texts += readable_runs(data)


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The records of the stream: where each begins, its number, its data."""
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if kind == 0 and length == 0:
            return
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _text(data: bytes) -> str:
    """A text as BIFF8 writes it: its length, whether its letters have two bytes, its letters."""
    if len(data) < 3:
        return ""
    return data[3:].decode("utf-16-le" if data[2] & 1 else "latin-1", "replace")


def _sheets(book: Any, records: _Records, wanted: str, found: Found) -> None:
    for kind in records.kinds:
        if kind in (1, 6):
            found.fault("macros")
        elif kind == 2:
            found.fault("embedded")
    # xlrd lists worksheets only; the records list every sheet.
    numbers = [number for number, kind in enumerate(records.kinds) if kind == 0]
    if len(numbers) != book.nsheets:
        raise ReadError("workbook_damaged")
    chosen = False
    for number, sheet in zip(numbers, book.sheets(), strict=True):
        found.sheets += 1
        found.hide("sheet name", sheet.name)
        visible = sheet.visibility == 0
        if not chosen and visible and wanted in ("", sheet.name):
            chosen = _table(book, sheet, records, number, found) or bool(wanted)
            continue
        has_content = False
        for row, cells, _ in _rows(book, sheet):
            has_content = True
            found.hide_row("other sheet" if visible else "hidden sheet", row, cells)
        if not visible:
            found.fault("hidden_sheet")
        elif has_content:
            found.fault("extra_sheet")
    if wanted and not chosen:
        raise ReadError("sheet_unclear")


def _table(book: Any, sheet: Any, records: _Records, number: int, found: Found) -> bool:
    used: set[int] = set()
    hidden_rows: list[int] = []
    for row, cells, kinds in _rows(book, sheet):
        found.row(row, cells, kinds)
        used.update(place for place, text in enumerate(cells) if text)
        info = sheet.rowinfo_map.get(row - 1)
        if (info is not None and (info.hidden or info.height == 0)) or INVISIBLE in kinds:
            hidden_rows.append(row)
    columns = [place for place, info in sheet.colinfo_map.items() if info.hidden or info.width == 0]
    if hidden_rows or used.intersection(columns):
        found.fault("hidden_cells", *hidden_rows)
    for kind, rows in (
        ("formulas", records.formulas.get(number, [])),
        ("comments", records.notes.get(number, [])),
        ("links", records.links.get(number, [])),
        ("merged_cells", [first + 1 for first, *_ in sheet.merged_cells]),
    ):
        if rows:
            found.fault(kind, *rows)
    if number in records.objects:
        found.fault("embedded")
    for text in records.headers.get(number, []):
        _header(text, found)
    return bool(used)


def _header(text: str, found: Found) -> None:
    words, typed = header_words(text)
    found.hide("header or footer", words)
    if typed:
        found.fault("header_footer")


def _rows(book: Any, sheet: Any) -> Iterator[tuple[int, list[str], str]]:
    """The rows of a sheet that hold anything: number, texts, what each cell holds."""
    import xlrd

    if sheet.nrows > LIMITS.rows:
        raise ReadError("too_large")
    for place in range(sheet.nrows):
        cells, kinds = [], []
        for cell in sheet.row(place):
            code = _code(book, cell.xf_index)
            text, kind = "", TEXT
            if cell.ctype == xlrd.XL_CELL_TEXT:
                text, kind = whole(cell.value), INVISIBLE if text_is_hidden(code) else TEXT
            elif cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                shown = shown_number(repr(float(cell.value)), code, from_1904=bool(book.datemode))
                text, kind = shown.text, shown.kind
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                text, kind = "TRUE" if cell.value else "FALSE", BOOLEAN
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                text, kind = xlrd.error_text_from_code.get(cell.value, "#ERROR"), ERROR
            cells.append(text)
            kinds.append(kind)
        if any(cells):
            yield place + 1, cells, "".join(kinds)


def _code(book: Any, style: int | None) -> str:
    """The number format of a cell: what Excel in English shows for the numbered ones, else as it is written."""
    if style is None:
        return "General"
    key = book.xf_list[style].format_key
    own: Mapping[int, Any] = book.format_map
    if key < 164 and key in BUILT_IN:
        return BUILT_IN[key]
    return str(own[key].format_str) if key in own else "?"


def _names(book: Any, found: Found) -> None:
    for name in book.name_obj_list:
        found.hide("defined name", name.name)
        for text in readable_runs(name.raw_formula or b""):
            found.hide("defined name", text)
        # Built-in names of one letter: 6 is the print area, 7 its titles, 13 the range of a filter.
        if not (name.builtin and name.name in ("Print_Area", "Print_Titles", "_FilterDatabase", "\x06", "\x07", "\r")):
            found.fault("defined_names")


def _streams(package: Any, streams: Mapping[str, str], found: Found) -> None:
    for folded, name in streams.items():
        if folded in ("\x05summaryinformation", "\x05documentsummaryinformation"):
            base, start, length = package.locate_named_stream(name)
            data = base[start : start + length]
            for text in readable_runs(data):
                found.hide("document property", text)
            typed = _TYPED_SUMMARY if folded == "\x05summaryinformation" else _TYPED_DOCUMENT
            if _holds(data, typed):
                found.fault("properties")
        elif folded not in _ORDINARY_STREAMS:
            macros = "vba" in folded or folded in ("macros", "project", "projectwm", "dir")
            found.fault("macros" if macros else "embedded")
            found.hide("embedded object", name)


def _holds(data: bytes, typed: frozenset[int]) -> bool:
    """Whether a property set has a text under one of these ids, or a set of somebody's own behind it."""
    if len(data) < 48:
        return False
    sets = struct.unpack_from("<L", data, 24)[0]
    start = struct.unpack_from("<L", data, 44)[0]
    _, count = struct.unpack_from("<LL", data, start)
    for place in range(min(count, 100)):
        id, offset = struct.unpack_from("<LL", data, start + 8 + 8 * place)
        kind, length = struct.unpack_from("<LL", data, start + offset)
        text = data[start + offset + 8 : start + offset + 8 + min(length, 500)]
        if id in typed and kind in (30, 31) and text.strip(b"\0 "):
            return True
    return bool(sets > 1) and any(map(is_typed_property, _own_names(data)))


def _own_names(data: bytes) -> Iterator[str]:
    """The names of the properties of one's own: the dictionary of the second set (MS-OLEPS 2.16)."""
    start = struct.unpack_from("<L", data, 64)[0]
    _, count = struct.unpack_from("<LL", data, start)
    for place in range(min(count, 100)):
        id, offset = struct.unpack_from("<LL", data, start + 8 + 8 * place)
        if id != 0:
            continue
        at = start + offset + 4
        for _ in range(min(struct.unpack_from("<L", data, start + offset)[0], 1_000)):
            _, length = struct.unpack_from("<LL", data, at)
            yield data[at + 8 : at + 8 + length].rstrip(b"\0").decode("latin-1")
            at += 8 + length
