"""The targets of fuzzing: each takes bytes, makes a file of them and has it read, and asserts what must never be."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from unittest.mock import patch

from dap.plan import Element, Layout, Position
from dap.submission import FATAL, Reading, Submission, read, streamed
from dap.submission.archive import ReadError, open_archive
from dap.submission.child import Answer, checked_answer
from dap.submission.delimited import read_exactly, read_plain
from dap.submission.kinds import PACKED, kind_of
from dap.submission.limits import LIMITS
from dap.submission.reading import Columns, Pieces
from dap.submission.streamed import read_in_pieces
from dap.submission.worker import answer_to
from tests.corpus.case import CANARY
from tests.corpus.packed import old_book, packed, raw_book

NAMES = ("sasid", "last_name", "grade")
FORMATS = ("csv", "xlsx", "xls", "ods", "zip", "gzip")
_ELEMENTS = tuple(Element(name, name, "string", place) for place, name in enumerate(NAMES, start=1))
LAYOUT = Layout("register", "Register", "example", _ELEMENTS, formats=FORMATS)
_PLACES = (Position("sasid", 1, 4), Position("last_name", 6, 6), Position("grade", 12, 2, "right"))
FIXED = Layout("register", "Register", "example", _ELEMENTS, formats=("csv", "fixed"), positions=_PLACES)
QUOTED = Layout("register", "Register", "example", _ELEMENTS, quote="'")
ESCAPED = Layout("register", "Register", "example", _ELEMENTS, escape="\\", quote="'", text_guards=True)

# The parts of a workbook that a piece of fuzzed bytes takes the place of.
_PARTS = (
    "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "_rels/.rels",
    "docProps/core.xml", "docProps/custom.xml", "xl/comments1.xml", "xl/styles.xml", "xl/sharedStrings.xml",
)  # fmt: skip
_RELATIONS = (
    '<Relationships><Relationship Id="r1" Type="a/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="r2" Type="a/styles" Target="styles.xml"/>'
    '<Relationship Id="r3" Type="a/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)


def examine(content: bytes, layout: Layout = LAYOUT) -> Reading | Answer:
    """Read a file as the gate does, but in this process; AssertionError where the answer is none there may be."""
    if kind_of(content) in PACKED:
        return examine_packed(content)
    reading = read(content, layout, CANARY).reading
    assert CANARY not in repr(reading)
    assert len(reading.header) == len(reading.columns)
    assert reading.readable or reading.rows == 0
    for fault in reading.faults:
        assert all(type(row) is int and row > 0 for row in fault.rows)
    return reading


def examine_packed(content: bytes) -> Answer:
    """Have the worker answer, and hold its answer against what the parent believes."""
    out = io.BytesIO()
    answer_to(content, {"formats": FORMATS, "sheet": ""}, out)
    out.seek(0)
    answer = checked_answer(out)
    assert answer.fatal in ("", *FATAL)
    # Nothing that a well-behaved worker says is more than the parent can take.
    assert answer.fatal != "unsafe"
    return answer


def delimited(data: bytes) -> None:
    """Any bytes, and the same below a header."""
    examine(data)
    examine(b"sasid,last_name,grade\n" + data)
    examine(b"sasid,last_name,grade\r\n1,2,3\r\n" + data, ESCAPED)


def plain(data: bytes) -> None:
    """Any bytes below a header: where they can be read by Polars, whole or in pieces, all three tables are the same."""
    for header, layout in ((b"sasid,last_name,grade\n", LAYOUT), (b"'sasid',last_name,grade\r\n", QUOTED)):
        content, reading = header + data, Reading(CANARY, 0, "")
        exact = read_exactly(content, layout, reading)
        with patch.object(streamed, "LIMITS", replace(LIMITS, piece_bytes=48)):
            for found in (read_plain(content, layout, reading), read_in_pieces(content, layout, reading)):
                if found is not None:
                    _same(found, exact)


def _same(found: Submission, exact: Submission) -> None:
    said = replace(found.reading, sha256="")
    assert repr(said) == repr(exact.reading) and said.header == exact.reading.header
    assert [(each.rows, each.text) for each in said.outside] == [(e.rows, e.text) for e in exact.reading.outside]
    assert list(found.frame.columns) == list(exact.frame.columns)
    assert list(found.frame.index) == list(exact.frame.index)
    cells = [exact.frame[name].tolist() for name in exact.frame.columns]
    assert [found.frame[name].tolist() for name in found.frame.columns] == cells
    assert isinstance(found.table, Columns | Pieces)
    if not found.table.controls:
        assert not any(_CONTROL.search(cell) for column in cells for cell in column if cell)


_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")


def fixed_width(data: bytes) -> None:
    """Any bytes as lines of fixed width."""
    examine(data, FIXED)


def archive(data: bytes) -> None:
    """Any bytes as an archive, as the one file of one, and in the middle of one."""
    for content in (b"PK\x03\x04" + data, b"\x1f\x8b\x08\x00" + data, packed({"a.csv": data})):
        examine(content)
    whole = packed({"a.csv": b"sasid\n1\n"})
    place = data[0] % len(whole) if data else 0
    try:
        opened = open_archive(whole[:place] + data[1:] + whole[place + len(data[1:]) :])
        for member in opened.members:
            opened.bytes_of(member)
    except ReadError:
        pass


def workbook(data: bytes) -> None:
    """Any bytes as a part of a workbook, whose sums are right again."""
    part = _PARTS[data[0] % len(_PARTS)] if data else _PARTS[0]
    parts = {
        "xl/_rels/workbook.xml.rels": _RELATIONS,
        "xl/styles.xml": "<styleSheet/>",
        "xl/sharedStrings.xml": "<sst/>",
    }
    examine_packed(raw_book({**parts, part: data[1:].decode("utf-8", "replace")}))


def sheet(data: bytes) -> None:
    """Cells of a workbook made of bytes: kind, style, value and what stands around them."""
    cells = []
    for place in range(0, len(data) - 3, 4):
        kind = ("s", "str", "inlineStr", "b", "e", "d", "n", "z")[data[place] % 8]
        text = data[place + 1 : place + 4].decode("latin-1").translate(_NO_MARKUP)
        end = "</row><row>" if data[place] & 0x40 else ""
        inner = f"<is><t>{text}</t></is>" if kind == "inlineStr" else f"<v>{text}</v>"
        cells.append(f'<c t="{kind}" s="{data[place + 1] % 4}">{inner}</c>{end}')
    code = data[:12].decode("latin-1").translate(_NO_MARKUP)
    styles = f'<styleSheet><numFmts><numFmt numFmtId="164" formatCode="{code}"/></numFmts><cellXfs>'
    styles += '<xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    body = f"<worksheet><sheetData><row>{''.join(cells)}</row></sheetData></worksheet>"
    parts = {"xl/_rels/workbook.xml.rels": _RELATIONS, "xl/styles.xml": styles, "xl/sharedStrings.xml": "<sst/>"}
    examine_packed(raw_book(parts, sheet=body))


_NO_MARKUP = {**dict.fromkeys(range(32), "x"), ord("<"): "x", ord("&"): "x", ord('"'): "x"}


def old_workbook(data: bytes) -> None:
    """Any bytes in an old workbook, over a piece of a right one."""
    whole = _old_workbook()
    place = int.from_bytes(data[:2], "little") % len(whole)
    examine_packed(whole[:place] + data[2:] + whole[place + len(data[2:]) :])


@cache
def _old_workbook() -> bytes:
    return old_book()()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "delimited": delimited,
    "plain": plain,
    "fixed": fixed_width,
    "archive": archive,
    "workbook": workbook,
    "sheet": sheet,
    "xls": old_workbook,
}
