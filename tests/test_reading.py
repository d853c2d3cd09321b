"""A submission is read in the one way its bytes allow: nothing lost, nothing invented, every row at its own number."""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import os
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dap.errors import RequestError
from dap.expectations.reading import FaultKind
from dap.plan import Element, Layout, Position, TitleLine
from dap.submission import FATAL, Fault, Reading, Submission, header_of, load, read
from dap.submission.reading import ATTRIBUTE, FIXED_FAULTS, foreign_faults

NAMES = ("id", "last name", "grade")
DELIMITERS = (",", ";", "\t", "|")
CANARY = "Canary-Example"


def _layout(*names: str, **facts: Any) -> Layout:
    elements = tuple(Element(name, name, "string", place) for place, name in enumerate(names or NAMES, start=1))
    return Layout(name="register", title="Register", collection="example", elements=elements, **facts)


TITLED = _layout(title_lines=(TitleLine(("Register", "2025-26")), TitleLine(("made",), pattern=r"made [0-9]{4}")))
GUARDED = _layout(text_guards=True)


def _read(text: str, layout: Layout | None = None) -> Submission:
    return read(text.encode("utf-8"), layout or _layout())


def _rows(submission: Submission) -> dict[int, list[str | None]]:
    """The frame's cells by row number."""
    return {int(number): list(cells) for number, *cells in submission.frame.itertuples(name=None)}


def _faults(submission: Submission) -> dict[str, tuple[int, ...]]:
    return {fault.kind: fault.rows for fault in submission.reading.faults}


def _outside(reading: Reading) -> list[tuple[int, str]]:
    """The texts outside the table, each as often as it stands there."""
    return [(row, each.text) for each in reading.outside for row in each.rows]


# What was written is what is read.

_AWKWARD = [
    "", " ", "a ", " a", "007", "0010011", "NA", "null", "None", "1e5", "nan", "TRUE", "2001-01-01", '"', '""', "\t",
    "|", ",", ";", "\n", "\r", "\r\n", '"\n"', "=1+1", '="007"', "é", "e\u0301", "Peña", "\ufeff", "\u200b", "\u2028",
    "\x85", "\x0b", "\x1c", "\U0001f600", "#2",
]  # fmt: skip
_CELL = st.sampled_from(_AWKWARD) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd"), max_size=6
)
_TABLE = st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=6)


def _written(rows: list[tuple[str, ...]], delimiter: str, line_end: str, quoting: Any) -> str:
    """The rows as csv.writer writes them, with the line end it is told."""
    lines = []
    for row in rows:
        line = io.StringIO()
        # Told CRLF, it quotes both of its letters; told one of them, Python 3.11 leaves the other bare in a cell.
        csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(row)
        lines.append(line.getvalue().removesuffix("\r\n"))
    return "".join(line + line_end for line in lines)


@settings(max_examples=300, deadline=None)
@given(
    table=_TABLE,
    delimiter=st.sampled_from(DELIMITERS),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.booleans(),
    titled=st.booleans(),
    ended=st.booleans(),
)
def test_what_csv_wrote_is_read_back_cell_for_cell_at_its_row(
    table: list[tuple[str, ...]], delimiter: str, line_end: str, quoting: Any, bom: bool, titled: bool, ended: bool
) -> None:
    layout = TITLED if titled else _layout()
    above: list[tuple[str, ...]] = [("Register", "2025-26"), ("made 2001", "")] if titled else []
    text = _written([*above, NAMES, *table], delimiter, line_end, quoting)
    text = text if ended else text.removesuffix(line_end)
    submission = read((b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8"), layout)
    first = len(above) + 2
    numbered = dict(enumerate(table, start=first))
    assert _rows(submission) == {number: [cell or None for cell in row] for number, row in numbered.items() if any(row)}
    empty = tuple(number for number, row in numbered.items() if not any(row))
    expected = ({"empty_row": empty} if empty else {}) | ({"no_rows": ()} if len(empty) == len(table) else {})
    assert _faults(submission) == expected
    reading = submission.reading
    assert (reading.header, reading.columns, reading.header_row) == (NAMES, NAMES, first - 1)
    assert reading.rows == len(submission.frame)
    assert [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)][first - 1 :] == [
        list(row) for row in table
    ]


def test_a_line_break_in_quotes_starts_no_row_and_an_empty_line_is_one() -> None:
    submission = _read('id,last name,grade\n1,"Ex\nam\r\nple",05\n\n2,Example,06\n')
    assert _rows(submission) == {2: ["1", "Ex\nam\r\nple", "05"], 4: ["2", "Example", "06"]}


@pytest.mark.parametrize("last", ["3", '"3"'])
def test_an_empty_line_counts_whatever_ends_the_lines(last: str) -> None:
    for line_end in ("\n", "\r\n", "\r"):
        text = f"id,last name,grade\n1,2,{last}\n\n4,5,6\n".replace("\n", line_end)
        submission = _read(text)
        assert list(submission.frame.index) == [2, 4]
        assert _faults(submission) == {"empty_line": (3,)}


def test_line_feeds_in_quotes_do_not_hide_that_lines_end_with_a_carriage_return() -> None:
    submission = _read('id,last name,grade\r1,"two\nlines",05\r2,Example,06\r')
    assert (_rows(submission)[2], _faults(submission)) == (["1", "two\nlines", "05"], {})


# The separator.


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("own", DELIMITERS)
def test_the_separator_is_the_one_under_which_the_header_names_the_elements(delimiter: str, own: str) -> None:
    text = delimiter.join(NAMES) + "\n" + delimiter.join(("1", "a,b;c|d".replace(delimiter, ""), "05")) + "\n"
    submission = _read(text, _layout(delimiter=own))
    assert submission.reading.columns == NAMES
    assert _rows(submission)[2] == ["1", "a,b;c|d".replace(delimiter, ""), "05"]
    assert header_of(text.encode(), _layout(delimiter=own)) == NAMES


@pytest.mark.parametrize("header", ["a;b;c", "id;b;c", "last name ;grade ;x", "1;2;3", "a"])
def test_a_header_that_proves_nothing_is_read_by_the_layouts_own_separator(header: str) -> None:
    submission = _read(header + "\n1;2;3\n")
    assert submission.reading.header == (header,)
    assert submission.reading.columns == ("#1",)


def test_the_layouts_own_separator_is_taken_where_it_finds_any_element() -> None:
    assert _read("id,a;grade;last name\n1,2\n").reading.header == ("id", "a;grade;last name")


def test_a_header_without_the_separator_does_not_prove_it() -> None:
    assert _read("last, name\n1\n", _layout("last, name")).reading.header == ("last", " name")


def test_a_separator_the_layout_does_not_permit_is_never_taken() -> None:
    submission = _read("id;last name;grade\n1;2;3\n", _layout(delimiters=(",", "\t")))
    assert submission.reading.columns == ("#1",)


# Faults: the smallest file that has one, the rows where, and its twin without.

_HEAD = b"id,last name,grade\n"
_GOOD = _HEAD + b"1,Example,05\n"
_TITLES = b"Register,2025-26\nmade 2001\n"
_CP1252 = _layout(encodings=("utf-8", "windows-1252"))
_FIXED = _layout(
    formats=("csv", "fixed"), positions=(Position("id", 1, 1), Position("last name", 3, 10), Position("grade", 13, 2))
)
_FAULTS: dict[str, list[tuple[Layout, bytes, tuple[int, ...], bytes]]] = {
    "not_utf8": [
        (_layout(), _HEAD + b"1,Ex\xe9,05\n", (2,), _HEAD + "1,Exé,05\n".encode()),
        (_layout(), _HEAD + b'1,"two\nlines",05\n2,Ex\xe9,05\n', (3,), _GOOD),
        (_layout(), _HEAD + b'1,"two\nlines \xe9",05\n', (2,), _GOOD),
        (_layout(), b"\xe9" + _GOOD, (1,), _GOOD),
        (_layout(), _GOOD.replace(b"\n", b"\r") + b"\xe9", (3,), _GOOD.replace(b"\n", b"\r")),
        (_layout(), _GOOD.decode().encode("utf-16") + b"1", (3,), _GOOD.decode().encode("utf-16")),
        (_layout(), b"\xfe\xff" + _GOOD.decode().encode("utf-16-be") + b"\xd8\x00", (3,), b"\xef\xbb\xbf" + _GOOD),
        (_CP1252, _HEAD + b"1,Ex\x81,05\n", (2,), _HEAD + b"1,Ex\xe9,05\n"),
    ],
    "empty": [
        (_layout(), b"", (), _GOOD),
        (_layout(), b"\xef\xbb\xbf \r\n\t\n", (), _GOOD),
        (TITLED, _TITLES, (), _TITLES + _GOOD),
    ],
    "not_text": [
        (_layout(), _HEAD + b"1,\0,05\n", (2,), _GOOD),
        (_layout(), _HEAD + b'1,"two\nlines",05\n2,\0,05\n', (3,), _GOOD),
        (_layout(), "id".encode("utf-16-le"), (1,), _GOOD),
        (_layout(), "id,\0".encode("utf-16"), (1,), _GOOD),
    ],
    "other_kind": [
        (_layout(), b"%PDF-1.7\n" + _GOOD, (), b"%" + _GOOD.replace(b"id", b",id", 1)),
        (_layout(), b"<html><table>" + _GOOD, (), _GOOD),
        (_layout(), b"\x89PNG\r\n" + _GOOD, (), _GOOD),
    ],
    "too_wide": [(_layout(), b"id" + b"," * 2_000 + b"\n", (1,), _GOOD)],
    "cell_too_long": [
        (_layout(), _GOOD + b"2," + b"x" * 32_768 + b",05\n", (3,), _GOOD + b"2," + b"x" * 32_767 + b",05\n"),
    ],
    "header_repeated": [
        (_layout(), _GOOD + _HEAD + b"2,Example,05\n", (3,), _GOOD + b"id,Example,05\n"),
        (_layout(), _GOOD + b"\ngrade,id\n05,1\n", (4,), _GOOD),
    ],
    "letters_lost": [(_layout(), _HEAD + "1,Ex\ufffd,05\n".encode(), (2,), _GOOD)],
    "line_too_short": [(_FIXED, b"1 Example   05\n2 Example   0\n", (2,), b"1 Example   05\r\n2 Example    6\r\n")],
    "beyond_layout": [
        (_FIXED, b"1 Example   05 call home\n", (1,), b"1 Example   05   \n"),
        (_FIXED, b"1xExample   05\n", (1,), b"1 Example   05"),
    ],
    "quote_not_closed": [
        (_layout(), _HEAD + b'1,"Example,05\n2,Example,05\n', (2,), _HEAD + b'1,"Example",05\n'),
        (_layout(), _HEAD + b'1,Example,"', (2,), _HEAD + b'1,Example,""'),
        (_layout(), _HEAD + b'1,Example,"""', (2,), _HEAD + b'1,Example,""""'),
    ],
    "text_after_quote": [
        (_layout(), _HEAD + b'1,"Example" Jr.,05\n', (2,), _HEAD + b'1,"Example Jr.",05\n'),
        (_layout(), _HEAD + b'1,"Example" ,05\n', (2,), _HEAD + b'1,"Example",05\n'),
        (_layout(), b'"id"x,last name,grade\n', (1,), b'"id","last name",grade\n1,2,3'),
    ],
    "bare_quote": [
        (_layout(), _HEAD + b'1,Example "Max",05\n', (2,), _HEAD + b'1,"Example ""Max""",05\n'),
        (_layout(), _HEAD + b'1, "Example",05\n', (2,), _HEAD + b'1," Example",05\n'),
        (GUARDED, _HEAD + b'="1"x,Example,05\n', (2,), _HEAD + b'="1",Example,05\n'),
        (_layout(), b'id,last name,gra"de\n1,2,3\n', (1,), _GOOD),
    ],
    "row_too_short": [
        (_layout(), _GOOD + b"2,Example\n3,Example,05\n4\n", (3, 5), _GOOD + b"2,Example,\n"),
    ],
    "extra_cells": [
        (_layout(), _GOOD + b"2,Example,05,\n", (3,), _GOOD + b"2,Example,05\n"),
        (_layout(), _GOOD + b"2,Exam,ple,05\n", (3,), _GOOD + b'2,"Exam,ple",05\n'),
    ],
    "no_rows": [
        (_layout(), _HEAD, (), _GOOD),
        (_layout(), _HEAD + b"\n\n", (), _GOOD + b"\n\n"),
    ],
    "title_lines": [
        (TITLED, b"Register,2024-25\nmade 2001\n" + _GOOD, (1,), _TITLES + _GOOD),
        (TITLED, b"Register,2025-26\nmade 20011\n" + _GOOD, (2,), b'"Register",2025-26,,\n,made 2001\n' + _GOOD),
        (TITLED, _GOOD * 2, (1, 2), _TITLES + _GOOD),
    ],
    "stray_line_end": [
        (_layout(), _HEAD + b"1,Exam\rple,05\n", (2,), _HEAD + b'1,"Exam\rple",05\n'),
        (_layout(), _HEAD + b'1,Exam\rple,"05"\n', (2,), _HEAD + b'1,Example,"05"\r\n'),
        (_layout(), _HEAD + b"1,Example,05\r\r\n", (2,), _HEAD + b"1,Example,05\r\n"),
    ],
    "empty_line": [
        (_layout(), _HEAD + b"\n1,Example,05\n  \r\n\n2,Example,05\n", (2, 4, 5), _GOOD + b"\n \n\n"),
        (_layout(), _HEAD + b"\n1,Example,05\n", (2,), _GOOD),
    ],
    "empty_row": [
        (_layout(), _GOOD + b",,\n2,Example,05\n", (3,), _GOOD + b", ,\n"),
        (_layout(), _GOOD + b',"",\n,,\n', (3, 4), _GOOD),
    ],
    "header_elsewhere": [(_layout(), b"Our register\n\n" + _GOOD, (3,), _GOOD)],
}  # fmt: skip


def test_every_kind_of_fault_has_a_file_that_has_it() -> None:
    # A file that is too large for a test, and what only a workbook or an archive can have, stand in the corpus.
    elsewhere = (foreign_faults("csv") - FIXED_FAULTS) | {"too_large"}
    assert set(_FAULTS) == set(get_args(FaultKind)) - elsewhere
    assert set(get_args(FaultKind)) > FATAL


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, place) for kind, cases in _FAULTS.items() for place in range(len(cases))]
)
def test_a_fault_is_found_at_its_rows_and_not_in_the_files_twin(kind: str, case: int) -> None:
    layout, faulty, rows, twin = _FAULTS[kind][case]
    submission = read(faulty, layout)
    assert submission.reading.rows_of(kind) == rows
    assert submission.reading.readable == (kind not in FATAL)
    if kind in FATAL:
        assert _faults(submission) == {kind: rows}
        assert submission.frame.shape == (0, 0)
        assert (submission.reading.header, submission.reading.columns, submission.reading.rows) == ((), (), 0)
    passed = read(twin, layout)
    assert passed.reading.rows_of(kind) is None
    assert passed.reading.readable


def test_a_faulty_row_leaves_the_rest_of_the_table_as_it_is_and_its_text_outside() -> None:
    submission = _read("id,last name,grade\n1,A,05\n2,B\n3,C,05,more\n4,D,06\n")
    assert _rows(submission) == {2: ["1", "A", "05"], 5: ["4", "D", "06"]}
    assert _faults(submission) == {"row_too_short": (3,), "extra_cells": (4,)}
    assert _outside(submission.reading) == [
        (3, "2"), (3, "B"), (4, "3"), (4, "C"), (4, "05"), (4, "more"),
    ]  # fmt: skip


def test_a_text_outside_the_table_is_kept_once_with_all_its_rows() -> None:
    header = "id,last name,grade\n"
    reading = _read(header + "1,A,05\n" + header * 1_000 + "2,000-12-3456\n3,000-12-3456\n").reading
    assert [(each.rows[0], len(each.rows), each.text) for each in reading.outside] == [
        *((3, 1_000, name) for name in NAMES),
        *((1_003, 1, "2"), (1_003, 2, "000-12-3456"), (1_004, 1, "3")),
    ]


def test_a_layout_may_allow_empty_lines_between_rows() -> None:
    submission = _read("id,last name,grade\n\n1,A,05\n\n2,B,05\n", _layout(skip_blank_rows=True))
    assert (list(submission.frame.index), _faults(submission)) == ([3, 5], {})


def test_empty_lines_at_the_end_are_nobodys_fault() -> None:
    submission = _read("id,last name,grade\r\n1,A,05\r\n\r\n  \r\n")
    assert (list(submission.frame.index), _faults(submission)) == ([2], {})


@pytest.mark.parametrize("last", ["05", '"05"'])
def test_a_last_line_that_ends_with_half_a_line_end_is_read(last: str) -> None:
    submission = _read(f"id,last name,grade\r\n1,A,{last}\r")
    assert (_rows(submission), _faults(submission)) == ({2: ["1", "A", "05"]}, {})


def test_a_header_in_another_row_than_the_layouts_is_told_and_nothing_else_is_guessed() -> None:
    for above in ("", "A title", "A title,with,cells\nand another\n", "\n" * 40):
        submission = _read(f"{above}\nid,last name,grade\n1,A,05\n")
        assert _faults(submission) == {"header_elsewhere": (above.count("\n") + 2,)}
        assert (submission.reading.header, submission.frame.empty) == ((), True)


def test_a_header_that_is_an_empty_line_names_no_column() -> None:
    submission = _read("\nname,class\n1,A\n")
    assert (submission.reading.header, submission.reading.header_row) == ((), 1)
    assert _faults(submission) == {"extra_cells": (2, 3), "no_rows": ()}


# Title lines and text guards.


def test_title_lines_stand_outside_the_table_and_count_as_rows() -> None:
    submission = read(_TITLES + _GOOD, TITLED)
    assert (submission.reading.header_row, list(submission.frame.index)) == (3, [4])
    assert _outside(submission.reading) == [(1, "Register 2025-26"), (2, "made 2001")]


@pytest.mark.parametrize("line", ['1,="0010011",05', '1,"=""0010011""",05'])
def test_a_text_guard_comes_off_where_the_layout_declares_it_and_only_there(line: str) -> None:
    text = f"id,last name,grade\n{line}\n"
    assert (_rows(_read(text, GUARDED))[2], _faults(_read(text, GUARDED))) == (["1", "0010011", "05"], {})
    bare = _read(text)
    assert _rows(bare)[2] == ["1", '="0010011"', "05"]
    assert set(_faults(bare)) == ({"bare_quote"} if '"=' not in line else set())


@pytest.mark.parametrize(("cell", "read_as"), [('=""', None), ('="a""b"', 'a"b'), ("=1", "=1"), ('"=""a"" "', '="a" ')])
def test_only_a_whole_cell_in_a_text_guard_loses_it(cell: str, read_as: str | None) -> None:
    assert _rows(_read(f"id,last name,grade\n1,{cell},05\n", GUARDED))[2] == ["1", read_as, "05"]


def test_a_guarded_header_names_its_element() -> None:
    assert _read('="id",="last name",="grade"\n1,2,3\n', GUARDED).reading.columns == NAMES


# The columns' names.


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("id,id,grade", ("id", "#2", "grade")),
        ("id,shoe size,grade", ("id", "#2", "grade")),
        ("id,,grade", ("id", "#2", "grade")),
        ("grade,id,last name", ("grade", "id", "last name")),
        ("id,Last name,grade", ("id", "#2", "grade")),
        ("id,last name ,grade", ("id", "#2", "grade")),
        ("id,last\u200b name,grade", ("id", "#2", "grade")),
        ("id,last\u00a0name,grade", ("id", "#2", "grade")),
        ("id,\uff47rade,grade", ("id", "#2", "grade")),
        ("id,#3,grade", ("id", "#2", "grade")),
        ("x,grade,grade,grade", ("#1", "grade", "#3", "#4")),
    ],
)
def test_a_column_has_an_elements_name_only_where_its_header_is_exactly_that(
    header: str, columns: tuple[str, ...]
) -> None:
    submission = _read(header + "\n" + ",".join("1" * len(columns)) + "\n")
    assert submission.reading.columns == tuple(submission.frame.columns) == columns
    assert submission.reading.header == tuple(header.split(","))


def test_a_decomposed_accent_is_the_same_name() -> None:
    submission = _read("an\u0303o,grade\n1,2\n", _layout("a\u00f1o", "grade"))
    assert submission.reading.columns == ("a\u00f1o", "grade")


def test_a_column_is_found_by_name_at_its_position() -> None:
    reading = _read("x,grade\n1,2\n").reading
    assert [reading.position(name) for name in ("grade", "#1", "id")] == [2, 1, None]


# What is carried along, and what never shows.


def test_the_reading_travels_with_every_frame_made_from_the_batch() -> None:
    submission = _read("id,last name,grade\n1,A,05\n2,B,06\n")
    frame = submission.frame
    derived = [frame.copy(), frame[frame["grade"] == "05"], frame[["id"]], frame.dropna(), copy.deepcopy(frame)]
    assert all(each.attrs[ATTRIBUTE] is submission.reading for each in derived)
    assert all(isinstance(each, pd.DataFrame) for each in derived)


def test_nothing_printed_of_a_submission_shows_text_of_the_file() -> None:
    texts = [
        f"{CANARY},id,grade\n1,2,3\n",
        f"id,last name,grade\n1,{CANARY},05\n2,{CANARY}\n",
        f"{CANARY}\n{CANARY}\nid,last name,grade\n1,2,3\n",
        f'id,last name,grade\n1,"{CANARY}"x,05\n',
        f'id,last name,grade\n1,"{CANARY}',
    ]
    for text in texts:
        for layout in (_layout(), TITLED):
            submission = read(text.encode(), layout, f"{CANARY}.csv")
            for thing in (submission, submission.reading, submission.reading.outside, submission.reading.faults):
                assert CANARY not in f"{thing!r} {thing!s}"


def test_a_reading_tells_the_files_size_and_hash() -> None:
    reading = read(b"id\n1\n", _layout("id")).reading
    assert reading.bytes == 5
    assert reading.sha256 == hashlib.sha256(b"id\n1\n").hexdigest()
    assert Reading("", 0, "", faults=(Fault("empty"),)).readable is False


# From the disk.


def _refusal(path: Path) -> str:
    with pytest.raises(RequestError) as raised:
        load(path, "file 1")
    shown = "".join(traceback.format_exception(raised.value))
    assert CANARY not in f"{raised.value} {raised.value!r} {shown}"
    assert "file 1" in str(raised.value)
    return str(raised.value)


def test_a_file_is_loaded_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(b"a\r\n\x1a\0\xff")
    assert load(path, "file 1").data == b"a\r\n\x1a\0\xff"


def test_what_cannot_be_loaded_is_refused_without_its_name(tmp_path: Path) -> None:
    (tmp_path / f"{CANARY}.folder").mkdir()
    assert "no such file" in _refusal(tmp_path / f"{CANARY}.csv")
    assert "not a regular file" in _refusal(tmp_path / f"{CANARY}.folder")
    for name in (f"{CANARY}\0", CANARY * 100, f"{CANARY}\ud800\0", f"{CANARY}.csv/x"):
        _refusal(tmp_path / name)


def test_a_file_that_may_not_be_opened_is_refused_without_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / f"{CANARY}.csv"
    path.write_bytes(_GOOD)
    monkeypatch.setattr(os, "open", denied)
    assert "cannot be opened" in _refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once_instead_of_waiting_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / f"{CANARY}.csv"
    os.mkfifo(path)
    reader = threading.Thread(target=_refusal, args=(path,), daemon=True)
    reader.start()
    reader.join(timeout=10)
    assert not reader.is_alive()


def test_a_refused_folder_leaves_no_handle_open(tmp_path: Path) -> None:
    handles = Path("/proc/self/fd")
    if not handles.exists():
        pytest.skip("this system does not list open files")
    before = len(list(handles.iterdir()))
    for _ in range(5):
        with pytest.raises(RequestError):
            load(tmp_path, "file 1")
    assert len(list(handles.iterdir())) == before


# Any bytes at all.

_PIECES = [
    b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b'="', b" ", b"id", b"grade", b"PK\x03\x04", "\u2028".encode(), "e\u0301".encode(), b"",
]  # fmt: skip


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from([_GOOD + b'2,"Exam""ple\n",06\n', _TITLES + _GOOD, _GOOD.replace(b",", b";") * 2]))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(content)))
        cut = draw(st.integers(0, 3))
        content = content[:place] + draw(st.sampled_from(_PIECES)) + content[place + cut :]
    return content


_LAYOUTS = st.sampled_from([_layout(), TITLED, GUARDED, _layout("id"), _layout(delimiter=";", skip_blank_rows=True)])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=200) | st.lists(st.sampled_from(_PIECES)).map(b"".join) | _mutated(), layout=_LAYOUTS)
def test_any_bytes_give_a_table_or_a_reason_why_there_is_none(content: bytes, layout: Layout) -> None:
    submission = read(content, layout)
    frame, reading = submission.frame, submission.reading
    assert {fault.kind for fault in reading.faults} <= set(get_args(FaultKind))
    if not reading.readable:
        assert (frame.shape, len(reading.faults)) == ((0, 0), 1)
        return
    assert header_of(content, layout) == reading.header
    assert tuple(frame.columns) == reading.columns
    assert len(set(reading.columns)) == len(reading.columns) == len(reading.header)
    assert len(frame) == reading.rows
    numbers = list(frame.index)
    assert numbers == sorted(set(numbers))
    assert all(number > reading.header_row for number in numbers)
    cells = [cell for column in frame for cell in frame[column]]
    assert all(cell is None or (isinstance(cell, str) and cell) for cell in cells)
    assert frame.attrs[ATTRIBUTE] is reading
    held = Counter("".join([*reading.header, *(text for _, text in _outside(reading)), *filter(None, cells)]))
    written = Counter(content.decode("utf-8-sig"))
    for letter in set(written) - set('",;\t|\r\n =\ufeff'):
        assert held[letter] == written[letter], "a letter of the file is neither in the table nor beside it"


_HOSTILE = {
    "quotes": _HEAD + b'"' * 1_000_000,
    "quotes and separators": _HEAD + b'"",' * 300_000,
    "one open quote": _HEAD + b'1,"' + b"a,b\n" * 250_000,
    "an open quote in the header": b'"' + _GOOD * 30_000,
    "a bare quote in every line": _HEAD + b'a"\n' * 100_000,
    "separators in a row": _HEAD + b"," * 1_000_000,
    "separators in the header": b"," * 50_000,
    "one name in the header again and again": b"x," * 50_000 + b"id," * 50_000,
    "empty lines": _HEAD + b"\n" * 300_000,
    "carriage returns": _HEAD.replace(b"\n", b"\r") + b'"\n"\r' * 200_000,
    "a NUL at the end": _GOOD * 30_000 + b"\0",
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_hostile_megabyte_is_read_in_seconds(name: str) -> None:
    started = time.monotonic()
    submission = read(_HOSTILE[name], _layout())
    # A reader that looks at each byte more than a few times needs minutes.
    assert time.monotonic() - started < 30
    assert submission.reading.faults
