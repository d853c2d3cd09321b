"""A file read and screened in parts, wherever it is cut, is what one process makes of the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dap.identifiers import screen_table
from dap.identifiers.sasid import StateIds, poor_numbers
from dap.identifiers.spread import Sample, asked_of, screen_part, screen_parts
from dap.plan import Layout
from dap.submission import Reading, read
from dap.submission.parts import ROW, PartReader, RowReader, Scan, Told, begin, join, starts
from dap.submission.table import Faults, Record, build_table, read_head
from dap.submission.text import RowError
from tests.test_reading import _layout

HEADER = "sasid,last_name,grade"
PLAIN = f"{HEADER}\n" + "".join(f"00000000{number:02},Example,0{number % 9}\n" for number in range(1, 25))
LAYOUT = _layout("sasid", "last_name", "grade")


def _at(place: int, change: Callable[[str], str], text: str = PLAIN) -> str:
    lines = text.split("\n")
    lines[place] = change(lines[place])
    return "\n".join(lines)


QUOTED = "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()) + "\n"
SHAPES: dict[str, str | bytes] = {
    "plain": PLAIN,
    "short rows": _at(3, lambda line: "a,b", _at(14, lambda line: "a,b")),
    "long rows": _at(9, lambda line: f"{line},more,000-12-3456"),
    "empty lines, some at the end": _at(8, lambda line: f"\n\n{line}") + "\n\n",
    "rows of nothing": _at(5, lambda line: ",,"),
    "carriage returns": PLAIN.replace("\n", "\r\n"),
    "a carriage return inside a row": _at(12, lambda line: line.replace(",", ",\r", 1)),
    "carriage returns alone": PLAIN.replace("\n", "\r"),
    "a mark of the byte order": "\ufeff" + PLAIN,
    "no line end at the end": PLAIN.removesuffix("\n"),
    "every cell in quotation marks": QUOTED,
    "quotation marks and carriage returns": QUOTED.replace("\n", "\r\n"),
    "line breaks in cells": PLAIN.replace("Example", '"a\nExample, ""one""\nc"'),
    "a cell longer than a part": _at(7, lambda line: line.replace("Example", '"' + "Example\n" * 12 + '"')),
    "a bare quotation mark": _at(10, lambda line: line.replace(",", '",', 1)),
    "bare quotation marks in turn with good ones": PLAIN.replace("Example", 'Exa"mple', 3).replace("05", '"0\n5"'),
    "a quotation mark that nothing closes": _at(10, lambda line: '"' + line),
    "text after a quotation mark": _at(11, lambda line: '"a"b' + line),
    "the header again": PLAIN + HEADER + "\n",
    "letters lost": _at(6, lambda line: "\ufffd" + line),
    "a control character": _at(6, lambda line: "\x07" + line),
    "NUL": _at(6, lambda line: "\0" + line),
    "a header of other fields": _at(0, lambda line: line.replace(",", ",ssn,", 1)),
    "the header in another row": f"Example\nInvented\n{PLAIN}",
    "another delimiter": PLAIN.replace(",", ";"),
    "a cell that is too long": _at(9, lambda line: line.replace("Example", "x" * 32_768)),
    "a row that begins as a packed file does": _at(5, lambda line: f"x^{line}"),
    "no rows": f"{HEADER}\n",
    "one line": HEADER,
    "line ends": "\n\n\n",
    "UTF-16": PLAIN.encode("utf-16"),
    "no UTF-8": PLAIN.encode("utf-8").replace(b"\n", b"\n\xff", 3),
}
LAYOUTS: dict[str, Layout] = {
    "empty lines do not count": dataclasses.replace(LAYOUT, skip_blank_rows=True),
    "text guards": dataclasses.replace(LAYOUT, text_guards=True),
    "backslashes before quotation marks": dataclasses.replace(LAYOUT, escape="\\"),
}
ONLY_WHOLE = {"carriage returns alone", "NUL", "line ends", "UTF-16", "no UTF-8"}
"""What no run of lines can tell; those that a quotation mark runs through depend on where they are cut."""


@dataclasses.dataclass
class _Read:
    """What the parts gave: all rows of the table by number, the texts beside it, the Reading."""

    rows: dict[int, list[str | None]]
    beside: list[tuple[int, str]]
    reading: Reading


def _in_parts(content: bytes, layout: Layout, cuts: Sequence[int], step: int, first: int | None = None) -> _Read | None:
    """The file cut before these lines and read `step` lines at a time; None where it has to be read in one piece."""
    lines = content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")
    runs = [lines[start:end] for start, end in pairwise([0, *sorted(cuts), len(lines)]) if start < end]
    scans = [Scan() for _ in runs]
    for scan, run in zip(scans, runs, strict=True):
        for start in range(0, len(run), step):
            scan.take(run[start : start + step], layout.quote.encode())
    reading = Reading("", len(content), "", format="csv")
    try:
        begun = begin(scans, content[:first], layout, whole=first is None)
    except RowError as error:
        fault = dataclasses.replace(read(b"", layout).reading.faults[0], kind=error.kind, rows=(error.row,))
        return _Read({}, [], dataclasses.replace(reading, faults=(fault,)))
    if begun is None:
        return None
    head, beginnings = begun
    told: list[Told] = []
    blocks = []
    for place, (run, begins) in enumerate(zip(runs, beginnings, strict=True)):
        reader = PartReader(head, layout, place == 0)
        own = [*run[begins.skipped :], *begins.added]
        read_blocks = [reader.take(own[at : at + step]) for at in range(0, len(own), step)]
        faults: dict[str, list[int]] = {}
        for block in read_blocks:
            for kind, rows in block.faults.items():
                faults.setdefault(kind, []).extend(rows)
        kept, beside = (
            sum(map(len, each)) for each in ([b.frame for b in read_blocks], [b.outside for b in read_blocks])
        )
        told.append(Told(faults, kept, beside, reader.end()))
        blocks.append(read_blocks)
    joined = join(told, head.top, head.faults, layout, reading)
    if joined is None:
        return None
    outside = [(row, each.text) for each in joined.reading.outside for row in each.rows]
    table: dict[int, list[str | None]] = {}
    for offset, listed in zip(joined.offsets, blocks, strict=False):
        for block in listed:
            frame = block.frame
            cells = frame.drop(ROW).rows()
            table |= {row + offset: list(each) for row, each in zip(frame[ROW].to_list(), cells, strict=True)}
            outside += [(row + offset, text) for row, text in block.outside]
    assert joined.outside == len(outside)
    return _Read(table, outside, joined.reading)


def _demand_same(found: _Read, content: bytes, layout: Layout) -> None:
    whole = read(content, layout)
    cells = whole.frame.to_numpy().tolist()
    assert found.rows == dict(zip(whole.frame.index.tolist(), cells, strict=True))
    assert sorted(found.beside) == sorted((row, each.text) for each in whole.reading.outside for row in each.rows)
    assert _plainly(found.reading) == _plainly(whole.reading)


def _plainly(reading: Reading) -> Any:
    faults = sorted((fault.kind, fault.rows) for fault in reading.faults)
    return dataclasses.asdict(dataclasses.replace(reading, faults=(), outside=(), sha256="")), faults


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_any_shape_is_read_in_parts_as_in_one_piece(shape: str) -> None:
    content = _bytes(SHAPES[shape])
    found = [
        _in_parts(content, layout, cuts, step)
        for layout in (LAYOUT, *LAYOUTS.values())
        for cuts, step in (((), 99), ((5, 12), 4), (range(1, 20), 1))
    ]
    for each, layout in zip(found, [each for each in (LAYOUT, *LAYOUTS.values()) for _ in range(3)], strict=True):
        if each is not None:
            _demand_same(each, content, layout)
    assert (found[0] is None) == (shape in ONLY_WHOLE), "what can be read in parts is; nothing else"


ROWS = st.sampled_from(
    [
        *("a,b,c", "", " ", ",,", "a,b", "a,b,c,d", '"a",b,c', 'a,"b\nb",c', 'a,"\n\n",c', '"', 'a"a,b,c', '"a"a,b,c'),
        *('a,"b""b",c', '"a,b,c', HEADER, "sasid,b,c", "a,b,c\r", "a,\rb,c", "\ufffd,b,c", "é,b,c", "\\,b,c"),
        *('a,"b\\"b",c', '="001",b,c', "a,b\\,c,d", "\r", 'a,b,"c"\r'),
    ]
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS, max_size=14),
    cuts=st.lists(st.integers(1, 14), max_size=4, unique=True),
    step=st.integers(1, 6),
    layout=st.sampled_from([LAYOUT, *LAYOUTS.values()]),
    ended=st.booleans(),
)
def test_wherever_a_file_is_cut_it_is_read_as_in_one_piece(
    rows: list[str], cuts: list[int], step: int, layout: Layout, ended: bool
) -> None:
    content = ("\n".join([HEADER, *rows]) + "\n" * ended).encode("utf-8")
    found = _in_parts(content, layout, cuts, step)
    if found is not None:
        _demand_same(found, content, layout)


CELLS_OF_ROWS = st.sampled_from([None, "", "a", " ", "sasid", "last_name", "grade", "\ufffd", "x\ny", "é"])


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(*[CELLS_OF_ROWS] * 3), max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=3, unique=True),
)
def test_rows_that_come_in_parts_are_the_table_that_they_are_together(
    rows: list[tuple[str | None, ...]], cuts: list[int]
) -> None:
    header = Record(1, tuple(HEADER.split(",")))
    reading = Reading("", 0, "", format="parquet")
    records = [
        header,
        *(Record(at, tuple(cell or "" for cell in row), (), "ttt") for at, row in enumerate(rows, start=2)),
    ]
    whole = build_table(reading, records, LAYOUT, Faults(), grid=True)
    faults = Faults()
    top = read_head([header], LAYOUT, faults, grid=True)
    told, blocks = [], []
    for start, end in pairwise([0, *sorted(cuts), 12]):
        reader = RowReader(top, LAYOUT)
        frame = pl.DataFrame(rows[start:end], schema=dict.fromkeys(header.cells, pl.String), orient="row")
        block = reader.take(frame)
        told.append(Told(block.faults, len(block.frame), len(block.outside), reader.end()))
        blocks.append(block)
    joined = join(told, top, faults.all(), LAYOUT, reading, offset=1)
    assert joined is not None
    found: dict[int, Any] = {}
    for offset, block in zip(joined.offsets, blocks, strict=True):
        numbers = (block.frame[ROW] + offset).to_list()
        found |= dict(zip(numbers, block.frame.drop(ROW).rows(), strict=True))
    assert found == dict(zip(whole.frame.index, whole.frame.itertuples(index=False, name=None), strict=True))
    assert _plainly(joined.reading) == _plainly(whole.reading)
    assert joined.outside == sum(len(each.rows) for each in whole.reading.outside)


def test_a_cell_that_is_too_long_ends_the_reading_of_rows() -> None:
    top = read_head([Record(1, tuple(HEADER.split(",")))], LAYOUT, Faults(), grid=True)
    reader = RowReader(top, LAYOUT)
    long = pl.DataFrame([("a", "x" * 32_768, "c")], schema=dict.fromkeys(HEADER.split(","), pl.String), orient="row")
    assert reader.take(long).frame.height == 0
    joined = join([Told({}, 0, 0, reader.end())], top, (), LAYOUT, Reading("", 0, ""), offset=1)
    assert joined is not None
    assert [fault.kind for fault in joined.reading.faults] == ["cell_too_long"]


def test_the_head_is_read_from_the_first_bytes_of_a_large_file() -> None:
    found = _in_parts(PLAIN.encode(), LAYOUT, [3, 9], 5, first=60)
    assert found is not None
    _demand_same(found, PLAIN.encode(), LAYOUT)
    assert _in_parts(PLAIN.encode(), LAYOUT, [3, 9], 5, first=10) is None, "the header does not end there"


def test_a_part_inside_a_quoted_cell_begins_behind_it() -> None:
    scans = [Scan(), Scan(), Scan()]
    for scan, lines in zip(scans, ([b'a,"b'], [b"c", b"d"], [b'e",f', b"g,h"]), strict=True):
        scan.take(lines, b'"')
    found = starts(scans)
    assert found is not None
    assert [(each.skipped, each.added) for each in found] == [(0, (b"c", b"d", b'e",f')), (2, ()), (1, ())]


def test_where_a_bare_quotation_mark_hides_that_a_part_begins_inside_a_cell_the_whole_is_read() -> None:
    content = f'{HEADER}\na"a,b,c\na,"\n\n",c'.encode()
    assert _in_parts(content, LAYOUT, [4], 9) is None


def test_a_cell_that_runs_through_more_than_a_megabyte_of_another_part_is_left_to_the_whole() -> None:
    scans = [Scan(), Scan()]
    scans[0].take([b'a,"b'], b'"')
    scans[1].take([b"c" * 700_000] * 2 + [b'd",e'], b'"')
    assert starts(scans) is None


CELLS = st.sampled_from(
    [
        None,
        "",
        "a",
        "SSN",
        "123456789",
        "012345678",
        "040123456",
        "12345678",
        "000-12-3456",
        "1234567",
        "9" * 12,
        "*****6789",
    ]
) | st.integers(10_000_000, 899_999_999).map(lambda number: f"{number:09}")
HEADERS = st.sampled_from(["badge", "SSN", "zip", "ssn last 4", "area", "notes"])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), height=st.integers(0, 90), headers=st.lists(HEADERS, min_size=1, max_size=3))
def test_parts_screened_apart_show_what_the_whole_table_shows(data: Any, height: int, headers: list[str]) -> None:
    columns = [data.draw(st.lists(CELLS, min_size=height, max_size=height)) for _ in headers]
    rows = list(range(2, height + 2))
    allows = data.draw(st.sampled_from([{}, {1: "[0-9]{9}"}]))
    persons = data.draw(st.sampled_from([(), (1, 2)]))
    cuts = sorted({0, height, *data.draw(st.lists(st.integers(0, height), max_size=3))})
    runs = list(pairwise(cuts)) or [(0, 0)]
    samples = [Sample.of([column[start:end] for column in columns]) for start, end in runs]
    asked = asked_of(headers, samples, allows, persons)
    parts = [screen_part([column[start:end] for column in columns], rows[start:end], asked) for start, end in runs]
    whole = screen_table(list(zip(headers, columns, strict=True)), rows, 1, allows, persons)
    together_ = screen_parts(parts, asked, 1)
    assert _told(together_.places) == _told(whole.places)
    assert _told(together_.doubts) == _told(whole.doubts)


def _told(places: Any) -> set[Any]:
    return {(each.form, each.column, each.rows, each.labels, each.width) for each in places}


@settings(max_examples=40, deadline=None)
@given(
    cut=st.integers(0, 60),
    numbers=st.lists(st.integers(1_000_000_000, 9_999_999_999).map(str), min_size=25, max_size=60)
    | st.integers(25, 60).map(lambda many: [str(5_000_000_000 + each) for each in range(many)]),
    named=st.booleans(),
)
def test_state_numbers_looked_at_in_parts_show_what_the_whole_column_shows(
    cut: int, numbers: list[str], named: bool
) -> None:
    names: list[str | None] = ["Example" if named else None] * len(numbers)
    # A name as the keys of a telephone.
    numbers = ["3926" + number[4:] for number in numbers] if named else numbers
    rows = range(2, len(numbers) + 2)
    whole = StateIds()
    for part in (slice(0, cut), slice(cut, None)):
        seen = StateIds()
        seen.see(numbers[part], (), [names[part]])
        whole.join(seen, rows[part])
    found = {fault: [row - 2 for row in listed] for fault, listed in whole.poor().items()}
    assert found == {fault: list(places) for fault, places in poor_numbers(numbers, (), [names]).items()}
    assert not named or len(set(numbers)) < 30 or "derived" in found
