"""What is read at the speed of memory is what the exact reader reads, cell for cell, or is left to it."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dap.engine import judge
from dap.engine import texts as engine_texts
from dap.engine.batch import PolarsBatchData
from dap.engine.texts import TextColumn
from dap.expectations import applicable, load_suite
from dap.expectations.values import CONTROL_CHARACTERS, LINE_BREAKS
from dap.identifiers import columns, find_in_text, prefilter, screen_table
from dap.plan import Element, Layout, Plan, TitleLine
from dap.submission import Content, Opened, Reading, Submission
from dap.submission.delimited import read_delimited, read_exactly, read_plain
from dap.submission.limits import LIMITS
from dap.submission.reading import ATTRIBUTE, Columns
from dap.submission.streamed import read_in_pieces
from dap.suites import suite_path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("id", "last name", "grade")
READING = Reading("file", 0, "")


def _layout(**facts: Any) -> Layout:
    elements = tuple(Element(name, name, "string", place) for place, name in enumerate(NAMES, start=1))
    return Layout(name="register", title="Register", collection="example", elements=elements, **facts)


PLAIN = _layout()
TITLED = _layout(title_lines=(TitleLine(("Register", "2025-26")),))
GUARDED = _layout(text_guards=True)
ESCAPED = _layout(escape="\\")
UNQUOTED = _layout(quote="")
LAYOUTS = (PLAIN, TITLED, GUARDED, ESCAPED, UNQUOTED)

# What the proofs are about, and what resembles it.
PIECES = [
    ",", ";", "\t", "|", "\n", "\r", "\r\n", '"', '""', '","', '"\n"', '="', "\\", '\\"', " ", "", "\ufeff", "\u2028",
    "\x85", "\x0b", "\x1c", "\0", "\ufffd", "é", "e\u0301", "\U0001f600", "Peña", "id", "last name", "grade",
    "id,last name,grade", "007", "NA", "null", "nan", "#1", "a", " a", "'", "Register", "2025-26", "\n\n", ",,",
    "\n,,\n", "x" * 40,
]  # fmt: skip


_CONTROL = re.compile(f"{CONTROL_CHARACTERS}|{LINE_BREAKS}")
CONTROLS = [each for each in map(chr, range(0x2100)) if _CONTROL.fullmatch(each) and each not in "\0\n\r"]


def _same(content: bytes, layout: Layout) -> bool:
    """Whether the fast reader answers; where it does, its answer is the exact reader's."""
    fast = read_plain(content, layout, READING)
    if fast is None:
        return False
    exact = read_exactly(content, layout, READING)
    pd.testing.assert_frame_equal(fast.frame, exact.frame, check_exact=True)
    for name in exact.frame.columns:
        # What is missing is None in both, not NaN in one of them.
        assert fast.frame[name].tolist() == exact.frame[name].tolist()
    assert astuple(fast.reading) == astuple(exact.reading)
    assert isinstance(fast.table, Columns)
    if not fast.table.controls:
        assert not any(_CONTROL.search(cell) for name in fast.frame.columns for cell in fast.frame[name] if cell)
    assert fast.frame.attrs[ATTRIBUTE] is fast.reading
    assert fast.height == len(exact.frame)
    return True


@pytest.mark.parametrize(
    "content",
    [
        "id,last name,grade\n1,Example,05\n2,,06\n",
        "id,last name,grade\n1,Example,05\n2,,06",
        "id,last name,grade\r\n1,Example,\r\n2,,06\r\n",
        "\ufeffid,last name,grade\n1,Peña,05\n",
        "id;last name;grade\n1;Example;05\n",
        "id\tlast name\tgrade\n1\tExample\t05\n\n\n",
        '"id","last name","grade"\n"1","Example, Made","05"\n"2","","06"\n',
        'id,last name,grade\r\n1,"Example ""Made""",05\r\n2,"",\r\n',
        "grade,id,unknown\n1,2,3\n",
        "id,id,last name\n1,2,3\n",
        "id,last name,grade\nid,2,3\n",
        "id,last name,grade\n1,NA,null\nnan,\u2028,\x0b\n",
        # Begins as a packed file does.
        "x^,id,grade\n1,2,3\n",
        "x\x01,id,grade\n1,2,3\n",
        "(a),id,grade\n1,2,3\n",
    ],
)
def test_an_ordinary_file_is_read_fast_and_as_the_exact_reader_reads_it(content: str) -> None:
    layout = replace(PLAIN, delimiters=(",", ";", "\t", "|"))
    assert _same(content.encode(), layout)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_file_read_fast_says_whether_a_cell_may_hold_a_control_character(delimiter: str, quoted: bool) -> None:
    layout = replace(PLAIN, delimiters=(delimiter,))

    def controls(cell: str) -> bool | None:
        rows = [list(NAMES), *(["1", "Peña", "05"] for _ in range(300)), ["2", f'"{cell}"' if quoted else cell, "06"]]
        content = "".join(delimiter.join(row) + "\n" for row in rows).encode()
        assert _same(content, layout) or (delimiter in cell and not quoted)
        fast = read_plain(content, layout, READING)
        return fast.table.controls if fast is not None and isinstance(fast.table, Columns) else None

    # A tab between quotation marks may be a cell's as well as the table's.
    assert controls("Example") is (quoted and delimiter == "\t")
    assert len(CONTROLS) == 33
    for each in CONTROLS:
        # A tab that no mark encloses ends its cell.
        assert controls(f"Made{each}") is (None if each == delimiter and not quoted else True), ascii(each)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_file_in_another_encoding_is_read_fast(encoding: str) -> None:
    text = "id,last name,grade\r\n1,Peña,05\r\n2,Example–Made,\r\n"
    assert _same(text.encode(encoding), replace(PLAIN, encodings=("utf-8", "windows-1252")))


def test_a_file_with_its_title_line_is_read_fast() -> None:
    assert _same(b"Register,2025-26\nid,last name,grade\n1,Example,05\n", TITLED)
    assert _same(b"Canary\nid,last name,grade\n1,Example,05\n", TITLED)


def test_a_file_as_wide_as_a_file_may_be_is_read_fast_in_little_memory() -> None:
    width = LIMITS.columns
    header = ",".join(["id", *(f"made {place}" for place in range(1, width))])
    assert _same("\n".join([header, *[",".join(["1"] * width)] * 3]).encode(), PLAIN)
    code = (
        "import resource, numpy, pandas, polars\n"
        "from dap.plan import Element, Layout; from dap.submission import Reading\n"
        "from dap.submission.delimited import read_plain\n"
        "layout = Layout('register', 'Register', 'example', (Element('id', 'id', 'string', 1),))\n"
        f"header = ','.join(['id', *(f'made {{place}}' for place in range(1, {width}))])\n"
        f"content = '\\n'.join([header, *[','.join(['1'] * {width})] * 3]).encode()\n"
        "peaks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]\n"
        "assert read_plain(content, layout, Reading('file', 0, '')) is not None\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peaks[0])\n"
    )
    pytest.importorskip("resource")
    took = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    # One expression over all columns took 1.6 GB for it.
    assert int(took) < 300_000


@pytest.mark.parametrize("name", ["*", "^b$", "^.*$"])
def test_a_name_that_polars_takes_for_a_pattern_is_a_name(name: str) -> None:
    elements = tuple(Element(each, each, "string", place) for place, each in enumerate(("b", name), start=1))
    layout = replace(PLAIN, elements=elements)
    assert _same(f"b,{name}\n1,2\n".encode(), layout)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,last name,grade",
        b"id,last name,grade\n",
        b"id,last name,grade\n1,2\n3,4,5\n",
        b"id,last name,grade\n1,2,3,4\n",
        b"id,last name,grade\n1,2,3\n\n4,5,6\n",
        b"id,last name,grade\n1,2,3\n \n",
        b"id,last name,grade\n1,2,3\n\t\n",
        b"id,last name,grade\n,,\n1,2,3\n",
        b"id,last name,grade\n1,2\n3,4,5,6\n",
        b"id,last name,grade\nid,last name,grade\n",
        b"id,last name,grade\n1,2\r3,3\n",
        b"id,last name,grade\r1,2,3\r",
        b'id,last name,grade\n1,a"b,3\n',
        b'id,last name,grade\n1,"a"b,3\n',
        b'id,last name,grade\n1,"a\nb",3\n',
        b'id,last name,grade\n1,"a,3\n',
        b"id,last name,grade\n1,\xff,3\n",
        b"id,last name,grade\n1,\xed\xa0\x80,3\n",
        b"id,last name,grade\n1,\0,3\n",
        b"id,last\0 name,grade\n1,2,3\n",
        "id,last name,grade\n1,\ufffd,3\n".encode(),
        b"id,last name,grade\n1," + b"x" * 32_768 + b",3\n",
        b"1,2,3\nid,last name,grade\n",
        "\ufeffid,last name,grade\n1,2,3\n".encode("utf-16"),
        "id,last name,grade\n1,\ufffd,3\n".encode("utf-16"),
        "id,last name,grade\n1,2,3\n".encode("utf-16") + b"x",
    ],
)
def test_what_is_not_plain_is_left_to_the_exact_reader(content: bytes) -> None:
    assert read_plain(content, PLAIN, READING) is None
    assert read_in_pieces(content, PLAIN, READING) is None


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(LAYOUTS),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_no_cell_makes_the_two_readers_differ(
    layout: Layout, end: str, rows: list[list[str]], quoted: bool, final: bool, marked: bool
) -> None:
    lines = [["Register", "2025-26"]] if layout is TITLED else []
    cells = [*lines, list(NAMES), *([*row, *["1"] * 3][:3] for row in rows)]
    written = [",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if quoted else cell for cell in row) for row in cells]
    _same((("\ufeff" if marked else "") + end.join(written) + (end if final else "")).encode(), layout)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LAYOUTS), st.sampled_from(["\n", "\r\n"]), st.data())
def test_no_change_to_a_good_file_makes_the_two_readers_differ(layout: Layout, end: str, data: st.DataObject) -> None:
    title = f"Register,2025-26{end}" if layout is TITLED else ""
    good = data.draw(st.sampled_from(["1,Example,05", '"1","Exam,ple","05"', "1,,", '2,"a ""b""",']))
    text = f"{title}id,last name,grade{end}{end.join([good] * 3)}{end}"
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.sampled_from(PIECES)) + text[place + data.draw(st.integers(0, 2)) :]
    _same(text.encode(), layout)


def test_a_large_file_is_read_fast_in_the_form_that_the_engine_takes() -> None:
    line = b"1,Example,05\n"
    content = b"id,last name,grade\n" + line * (1_000_000 // len(line) + 1)
    found = read_delimited(content, PLAIN, READING)
    assert isinstance(found.table, Columns)
    assert found.table.frame.height == found.reading.rows == content.count(b"\n") - 1
    small = read_delimited(content[: 20 * len(line)], PLAIN, READING)
    assert not isinstance(small.table, Columns)


# Identifiers: a column of Polars is screened as a list of its cells is.

CELLS = [
    None, "", "0000000001", "2025-01-31", "000-12-3456", "000 12 3456", "900001234", "000123456", "***-**-1234",
    "SSN 000123456", "Peña", "12 Invented Street", "Peña 000-12-3456", "000\u201112\u20113456", "%30", "&#48;",
    "x\x01y",
    "l4ssn1234", "0000123", "12", "123", "1234", "０００-１２-３４５６",
]  # fmt: skip

SHORT = ["ssn", "nss", "ss#", "s.s", "tin", "l4", "last4", "social", "itin", "12", "1234", "\u2488", "\u247d", "\u2121"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(*[st.sampled_from(CELLS)] * 3), max_size=30),
    st.lists(st.sampled_from(["id", "ssn", "zip", "notes", "ssn last four"]), min_size=3, max_size=3),
    st.sampled_from([None, "[0-9]{9}"]),
)
def test_a_column_of_polars_is_screened_as_the_list_of_its_cells(
    rows: list[tuple[str | None, ...]], headers: list[str], allows: str | None
) -> None:
    lists = [[row[place] for row in rows] for place in range(3)]
    frame = pl.DataFrame({str(place): pl.Series(cells, dtype=pl.String) for place, cells in enumerate(lists)})
    numbers, allowed = list(range(2, len(rows) + 2)), {1: allows} if allows else {}
    apart = not any(cell and "\0" in cell for cells in lists for cell in cells)
    texts = {name: TextColumn(frame[name].drop_nulls().unique(), apart=apart) for name in frame.columns}
    quiet = {name for name, different in texts.items() if prefilter.holds_nothing(different)}
    plain, fast, proven, known = (
        screen_table(list(zip(headers, each, strict=True)), numbers, 1, allowed)
        for each in (
            lists,
            TextColumn.all_of(frame),
            TextColumn.all_of(frame, apart=apart),
            TextColumn.all_of(frame, apart=apart, quiet=quiet),
        )
    )
    assert plain == fast == proven == known


@given(st.lists(st.sampled_from(CELLS), max_size=20))
def test_a_column_of_polars_is_joined_as_the_list_of_its_cells(cells: list[str | None]) -> None:
    column = TextColumn(pl.Series("", cells, dtype=pl.String))
    kept = cells if any(len((cell or "").encode()) >= prefilter.SHORTEST for cell in cells) else [None] * len(cells)
    assert prefilter.joined(column) == prefilter.joined(kept)
    assert (len(column), list(column), column[:3]) == (len(cells), cells, cells[:3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_texts, "_MANY_CELLS", 2)
        patch.setattr(engine_texts, "_AT_ONCE", 3)
        order = [*range(len(cells)), *range(-len(cells), 0), *reversed(range(len(cells)))]
        assert [column[place] for place in order] == [cells[place] for place in order]
        assert list(column) == cells
        with pytest.raises(IndexError):
            column[len(cells)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*SHORT, *"0123456789- .*xX#4&%;"]), max_size=7).map("".join))
def test_no_text_shorter_than_the_shortest_holds_an_identifier(text: str) -> None:
    short = text.encode()[: prefilter.SHORTEST - 1].decode(errors="ignore")
    assert find_in_text(short) == ()
    assert not prefilter.holds_nine(prefilter.joined([short]))


def test_a_column_with_more_numbers_than_are_looked_up_one_by_one_is_screened_the_same() -> None:
    cells: list[str | None] = [f"Peña {place:04}" for place in range(1_500)]
    cells[1_200] = "Peña 000-12-3456"
    column = TextColumn(pl.Series("", cells, dtype=pl.String))
    assert list(columns.find_in_column(column, "notes")) == list(columns.find_in_column(cells, "notes")) != []


@pytest.mark.parametrize("apart", [False, True])
def test_texts_hold_nothing_only_where_none_is_worth_a_look(apart: bool) -> None:
    for harmful in ("000-12-3456", "000123456", "***-**-1234", "Peña 000123456", "l4ssn1234", "\x07"):
        for place in (0, 1, 2):
            texts = ["Invented 5", "Peña", "05"]
            assert prefilter.holds_nothing(TextColumn(pl.Series("", texts), apart=apart))
            texts.insert(place, harmful)
            assert not prefilter.holds_nothing(TextColumn(pl.Series("", texts), apart=apart))


def test_of_a_column_with_few_texts_that_hold_nothing_no_cell_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, "joined", lambda values: pytest.fail("it is searched"))
    column = TextColumn(pl.Series("", ["000-12-3456"]), quiet=True)
    assert columns.ColumnScreen("notes").see(column) == []


@pytest.mark.parametrize("apart", [False, True])
def test_where_a_columns_bytes_show_that_it_holds_nothing_no_cell_of_it_is_made(apart: bool) -> None:
    harmless = [f"Invented {place}" for place in range(50)]
    for cells, stops in (
        (harmless, apart),
        (["05", None, "short"], True),
        ([*harmless, "000-12-3456"], False),
        ([*harmless, "000123456"], False),
        ([*harmless, "Peña"], False),
    ):
        column = TextColumn(pl.Series("", cells, dtype=pl.String), apart=apart)
        assert prefilter.stops_here(column, prefilter.joined(column)) is stops


def test_both_engines_find_the_same_in_a_file_that_was_read_fast(connecticut: Plan) -> None:
    layout = connecticut.collection("psis-october").file_layouts[0]
    text = (ROOT / "catalog/collections/psis-october/example.csv").read_text("utf-8").replace("\n00000", "\n0000")
    text = text.replace(",N,", ",000-12-3456,", 1)
    fast = read_plain(text.encode(), layout, READING)
    exact = read_exactly(text.encode(), layout, READING)
    assert isinstance(fast, Submission)
    suite, _ = applicable(load_suite(suite_path(ROOT, "psis-october", layout.name)), exact.reading.columns)
    parameters = {"district": ["001"], "period": ["2025-26"]}
    found = [
        judge(suite, table, parameters, None, engine)
        for table, engine in ((exact.frame, "pandas"), (fast, "pandas"), (fast, "polars"))
    ]
    assert found[0] == found[1] == found[2]
    assert any(spot.labels for outcome in found[0] for spot in outcome.spots)


def test_what_gx_keeps_of_a_batch_that_was_judged_is_not_the_table(connecticut: Plan) -> None:
    layout = connecticut.collection("psis-october").file_layouts[0]
    content = (ROOT / "catalog/collections/psis-october/example.csv").read_bytes()
    suite = load_suite(suite_path(ROOT, "psis-october", layout.name))
    parameters = {"district": ["999"], "period": ["2025-26"]}
    gc.collect()
    gc.disable()
    try:
        for changed in (content, content.replace(b",999,", b",XXX,")):
            fast = read_plain(changed, layout, READING)
            assert fast is not None
            judge(applicable(suite, fast.reading.columns)[0], fast, parameters, None, "polars")
        kept = [each for each in gc.get_objects() if isinstance(each, PolarsBatchData)]
    finally:
        gc.enable()
    assert kept
    assert all(each.columns and each.probe.frame.is_empty() and each.narrow([]).empty for each in kept)
    assert not any(isinstance(each, pl.DataFrame) and each.height for one in kept for each in vars(one).values())


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_frame_that_was_changed_after_it_was_read_is_searched_again(engine: str, connecticut: Plan) -> None:
    layout = connecticut.collection("psis-october").file_layouts[0]
    content = (ROOT / "catalog/collections/psis-october/example.csv").read_bytes()
    fast = read_plain(content, layout, READING)
    assert fast is not None and isinstance(fast.table, Columns) and not fast.table.controls
    suite, _ = applicable(load_suite(suite_path(ROOT, "psis-october", layout.name)), fast.reading.columns)
    changed = fast.frame.copy()
    name = changed.columns[1]
    changed.loc[changed.index[0], name] = "Made\x07"
    parameters = {"district": ["001"], "period": ["2025-26"]}
    before, after = (judge(suite, table, parameters, None, engine) for table in (fast, changed))
    rules = [
        {spot.field for each in found if each.meta["rule"] == "V105" for spot in each.spots}
        for found in (before, after)
    ]
    assert rules == [set(), {name}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_what_was_found_not_to_be_plain_is_not_looked_at_again(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def proven(content: bytes, layout: Layout, top: Any, end: int) -> None:
        asked.append(content)

    monkeypatch.setattr("dap.submission.fast.prove", proven)
    monkeypatch.setattr("dap.submission.opened.FROM_BYTES", 1)
    monkeypatch.setattr("dap.submission.delimited.FROM_BYTES", 1)
    layout = replace(PLAIN, encodings=("utf-8", "utf-16"))
    opened = Opened(Content.of("id,last name,grade\n1,Example,05\n".encode(encoding)), "file.csv")
    assert opened.plain(layout) is None
    # Without its mark UTF-16 is found out by the reader only, so that it is asked there.
    assert len(asked) == (encoding == "utf-8")
    assert opened.read(layout).frame["last name"].tolist() == ["Example"]
    assert len(asked) == 1
