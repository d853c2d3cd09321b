"""Whatever bytes come, the readers answer; and what they accept is what was written. A longer run: `make fuzz`."""

from __future__ import annotations

import contextlib
import gzip
import io
import signal
import zipfile
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dap.submission import Reading
from dap.submission.archive import ReadError, open_archive
from dap.submission.child import Answer
from fuzz import targets
from fuzz.run import Hang, timed, tokens
from fuzz.targets import FIXED, LAYOUT, NAMES, TARGETS, examine, examine_packed
from tests.corpus.packed import book, old_book, packed, raw_book

_MODEST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Pieces that mean something to one reader or another, so that chance does not have to find them.
_PIECES = st.sampled_from(tokens())
_BYTES = st.lists(_PIECES | st.binary(max_size=6), max_size=40).map(b"".join)


@pytest.mark.parametrize("name", TARGETS)
@_MODEST
@given(data=_BYTES)
def test_no_bytes_break_a_reader(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_an_input_that_never_ends_is_stopped_by_its_processor_time_whatever_a_reader_catches() -> None:
    def endless(_data: bytes) -> None:
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))

    before = signal.getsignal(signal.SIGPROF)
    try:
        with pytest.raises(Hang):
            timed(endless, 0.05)(b"")
        timed(lambda data: None)(b"")
        assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    finally:
        signal.signal(signal.SIGPROF, before)


_CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
_TABLE = st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=1, max_size=5)


def _lines(answer: Any) -> list[list[str]]:
    """The rows of a sheet, without empty cells at their ends, and without empty rows."""
    assert isinstance(answer, Answer)
    assert answer.fatal == ""
    rows = [list(line.cells) for line in answer.lines]
    for row in rows:
        while row and not row[-1]:
            row.pop()
    return [row for row in rows if row]


def _trimmed(rows: list[tuple[str, ...]]) -> list[list[str]]:
    kept = [list(row) for row in rows]
    for row in kept:
        while row and not row[-1]:
            row.pop()
    return [row for row in kept if row]


@_MODEST
@given(table=_TABLE)
def test_texts_of_a_workbook_are_read_back_letter_for_letter(table: list[tuple[str, ...]]) -> None:
    def shown(cell: str) -> str:
        # XML has no letters for these two; Excel's own escape must not be met by chance.
        text = escape(cell.replace("_x", "_ x").replace("\ufffe", "").replace("\uffff", ""))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    rows = [
        tuple(cell.replace("_x", "_ x").replace("\ufffe", "").replace("\uffff", "") for cell in row) for row in table
    ]
    body = "".join(f"<row>{''.join(map(shown, row))}</row>" for row in rows)
    answer = examine_packed(raw_book(sheet=f"<worksheet><sheetData>{body}</sheetData></worksheet>"))
    assert _lines(answer) == _trimmed(rows)


@_MODEST
@given(values=st.lists(st.integers(-(10**9), 10**9) | st.booleans() | _CELL.filter(str.strip), min_size=1, max_size=8))
def test_what_openpyxl_writes_is_read_as_it_is_shown(values: list[Any]) -> None:
    def change(workbook: Any, sheet: Any) -> None:
        for place, value in enumerate(values, start=5):
            cell = sheet.cell(place, 1)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"

    try:
        content = book(change)()
    except Exception:  # openpyxl writes no workbook with such a letter
        return
    read = [line.cells[0] for line in examine_packed(content).lines[3:]]
    assert read == [str(value).upper() if isinstance(value, bool) else str(value) for value in values]


@_MODEST
@given(data=st.binary(max_size=200), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_an_archive_with_a_wrong_bit_gives_the_right_bytes_or_none(data: bytes, place: int, bit: int) -> None:
    whole = bytearray(packed({"a.csv": b"sasid\n" + data}))
    whole[place % len(whole)] ^= 1 << bit
    try:
        opened = open_archive(bytes(whole))
        contents = [opened.bytes_of(member) for member in opened.members]
    except ReadError:
        return
    assert contents == [b"sasid\n" + data]
    # Where we accept, Python's own reader finds the same.
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        assert [archive.read(each) for each in archive.infolist()] == contents


@_MODEST
@given(place=st.integers(0, 100_000), bit=st.integers(0, 7))
def test_a_workbook_or_gzip_with_a_wrong_bit_is_read_rightly_or_refused(place: int, bit: int) -> None:
    for right in (raw_book(), gzip.compress(b"sasid,last_name,grade\n1,2,3\n", mtime=0)):
        wrong = bytearray(right)
        wrong[place % len(wrong)] ^= 1 << bit
        before, after = examine(right), examine(bytes(wrong))
        if isinstance(after, Reading) or after.fatal:
            continue
        assert isinstance(before, Answer)
        assert (after.lines, after.content) == (before.lines, before.content)


@_MODEST
@given(place=st.integers(0, 100_000), data=st.binary(min_size=1, max_size=8))
def test_an_old_workbook_with_wrong_bytes_is_answered(place: int, data: bytes) -> None:
    targets.old_workbook((place % 65_536).to_bytes(2, "little") + data)


def test_an_old_workbook_is_read_like_a_new_one() -> None:
    old, new = examine_packed(old_book()()), examine_packed(book()())
    assert _lines(old) == _lines(new)


_FIELD = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs"]), max_size=9)


@_MODEST
@given(rows=st.lists(st.tuples(_FIELD, _FIELD, _FIELD), min_size=1, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_fields_of_fixed_width_are_read_back(rows: list[tuple[str, ...]], end: str) -> None:
    cut = [(a[:4], b[:6], c[:2]) for a, b, c in rows if a]
    text = "".join(f"{a:<4} {b:<6}{c:>2}{end}" for a, b, c in cut)
    reading = examine(text.encode(), FIXED)
    assert isinstance(reading, Reading)
    assert reading.rows == len(cut)
    assert reading.columns == (NAMES if cut else ())
    assert LAYOUT.positions == ()
