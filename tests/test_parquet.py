"""Parquet files are read exactly where the layout names them, or refused; what reads them is an extra of its own.

Skipped where pyarrow is not installed, unless DAP_TEST_PARQUET=1 says that it must be: then that is a failure.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dap
from dap.submission import Submission, read
from dap.submission.child import read_apart
from dap.submission.parquet import head_of_parquet
from tests.conftest import ROSTER, NewPlan, edit, layout, rebuild
from tests.corpus.packed import packed
from tests.test_reading import _layout

if importlib.util.find_spec("pyarrow") is None:
    if os.environ.get("DAP_TEST_PARQUET") == "1":
        pytest.fail("DAP_TEST_PARQUET=1, but pyarrow is not installed: no test of Parquet can run.")
    pytest.skip("pyarrow is not installed (dap[parquet])", allow_module_level=True)

import pyarrow as pa
import pyarrow.parquet as pq

WITHOUT = _layout("sasid", "last_name", "grade")
LAYOUT = dataclasses.replace(WITHOUT, formats=("csv", "parquet", "zip"))
CANARY = "Qxzvjkw"


def _written(columns: Any, **how: Any) -> bytes:
    """The table as a Parquet file."""
    out = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), out, **how)
    return out.getvalue()


def _columns(**other: Any) -> dict[str, Any]:
    return {"sasid": ["0000000001", "0000000002"], "last_name": ["Example", "Peña"], "grade": ["05", None], **other}


def _cells(submission: Submission) -> list[list[str | None]]:
    return [list(row) for row in submission.frame.itertuples(index=False)]


def _faults(submission: Submission) -> dict[str, tuple[int, ...]]:
    return {fault.kind: fault.rows for fault in submission.reading.faults}


def test_texts_arrive_letter_for_letter_at_the_rows_a_spreadsheet_would_give_them() -> None:
    texts = ["007", " a ", "NA", "null", "1e5", "e\u0301", "é", "two\nlines", '"', "=1+1", "\U0001f600", "", None]
    names = [f"Example {number}" for number in range(len(texts))]
    submission = read(_written({"sasid": names, "last_name": names, "grade": texts}), LAYOUT)
    assert [row[2] for row in _cells(submission)] == [text or None for text in texts]
    assert submission.frame.index.tolist() == list(range(2, len(texts) + 2))
    assert _faults(submission) == {}
    assert (submission.reading.format, submission.reading.header_row) == ("parquet", 1)


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_how_it_is_packed_changes_nothing(compression: str, dictionary: bool) -> None:
    content = _written(_columns(), compression=compression, use_dictionary=dictionary, row_group_size=1)
    assert _cells(read(content, LAYOUT)) == [["0000000001", "Example", "05"], ["0000000002", "Peña", None]]


@pytest.mark.parametrize(
    ("values", "type", "said"),
    [
        (["05", "06"], pa.large_string(), ["05", "06"]),
        (["05", "05"], pa.dictionary(pa.int32(), pa.string()), ["05", "05"]),
        ([5, -6], pa.int64(), ["5", "-6"]),
        ([2**64 - 1, 0], pa.uint64(), ["18446744073709551615", "0"]),
        ([None, None], pa.null(), [None, None]),
        ([True, False], pa.bool_(), ["TRUE", "FALSE"]),
    ],
)
def test_what_has_one_text_only_is_read_as_that(values: Sequence[Any], type: Any, said: Sequence[str | None]) -> None:
    submission = read(_written(_columns(grade=pa.array(values, type))), LAYOUT)
    assert [row[2] for row in _cells(submission)] == list(said)
    assert _faults(submission) == {}


@pytest.mark.parametrize(
    ("values", "type", "kind"),
    [
        ([0, 1], pa.date32(), "date_from_code"),
        ([0.1, 5.0], pa.float64(), "number_format"),
        (["1.10", "2.20"], pa.decimal128(5, 2), "number_format"),
        ([0, 1], pa.timestamp("s"), "number_format"),
        ([b"05", b"06"], pa.binary(), "number_format"),
        ([["05"], []], pa.list_(pa.string()), "number_format"),
        ([{"a": "05"}, None], pa.struct([("a", pa.string())]), "number_format"),
    ],
)
def test_what_each_program_writes_in_another_way_is_told(values: Sequence[Any], type: Any, kind: str) -> None:
    import decimal

    made = [decimal.Decimal(each) for each in values] if pa.types.is_decimal(type) else values
    found = _faults(read(_written(_columns(grade=pa.array(made, type))), LAYOUT))
    assert set(found) == {kind}


def test_a_date_where_a_date_is_asked_has_one_text() -> None:
    asked = dataclasses.replace(
        LAYOUT, elements=(*LAYOUT.elements[:2], dataclasses.replace(LAYOUT.elements[2], type="date"))
    )
    submission = read(_written(_columns(grade=pa.array([0, 1], pa.date32()))), asked)
    assert [row[2] for row in _cells(submission)] == ["1970-01-01", "1970-01-02"]
    assert _faults(submission) == {}


def test_columns_that_repeat_or_are_not_the_layouts_are_no_elements() -> None:
    arrays = [pa.array(["1"])] * 5
    table = pa.table(arrays, names=["sasid", "last_name", "grade", "grade", "Grade"])
    assert read(_written(table), LAYOUT).reading.columns == ("sasid", "last_name", "grade", "#4", "#5")


def test_what_is_written_beside_the_table_is_screened() -> None:
    table = pa.table(_columns()).replace_schema_metadata({CANARY: "000-12-3456"})
    column = pa.field("grade", pa.string(), metadata={"note": "000-12-3457"})
    table = table.cast(pa.schema([*list(table.schema)[:2], column], metadata=table.schema.metadata))
    reading = read(_written(table), LAYOUT).reading
    texts = {part.text for part in reading.hidden}
    assert {CANARY, "000-12-3456", "000-12-3457"} <= texts
    assert CANARY not in repr(reading)
    assert [fault.kind for fault in reading.faults] == ["properties"]


@pytest.mark.parametrize(
    ("name", "value", "where", "refused"),
    [
        ("pandas", '{"columns": [], "attributes": {}}', "table", False),
        ("pandas", '{"columns": [], "attributes": {"note": "moved"}}', "table", True),
        ("pandas", '{"columns": [], "note": "moved"}', "table", True),
        ("pandas", "moved", "table", True),
        ("pandas", "[" * 100_000, "table", True),
        ("r", "A\n3\n262657\n", "table", False),
        ("r", "moved", "table", True),
        ("org.apache.spark.sql.parquet.row.metadata", "{}", "table", False),
        ("writer.model.name", "example", "table", False),
        ("PARQUET:field_id", "7", "column", False),
        ("note", "7", "table", True),
        ("note", "7", "column", True),
        ("pandas note", "{}", "table", True),
        ("organisation.apache.spark.version", "3", "table", True),
        ("R", "A\n3\n", "table", True),
    ],
)
def test_what_somebody_wrote_beside_the_table_is_refused_and_what_programs_write_is_not(
    name: str, value: str, where: str, refused: bool
) -> None:
    table = pa.table(_columns())
    if where == "table":
        table = table.replace_schema_metadata({name: value})
    else:
        column = pa.field("grade", pa.string(), metadata={name: value})
        table = table.cast(pa.schema([*list(table.schema)[:2], column]))
    content = _written(table)
    assert list(_faults(read(content, LAYOUT))) == (["properties"] if refused else [])
    found = head_of_parquet(io.BytesIO(content))
    assert found is not None and found[2] == (("properties",) if refused else ())


@pytest.mark.parametrize("note", [None, "moved"])
def test_a_frame_written_by_pandas_is_accepted_unless_somebody_noted_something_on_it(note: str | None) -> None:
    frame = pd.DataFrame(_columns(), dtype="string").astype(object)
    frame.attrs.update({"note": note} if note else {})
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), out)
    assert list(_faults(read(out.getvalue(), LAYOUT))) == (["properties"] if note else [])


def test_only_a_layout_that_names_it_takes_it_alone_or_in_an_archive() -> None:
    content = _written(_columns())
    assert list(_faults(read(content, WITHOUT))) == ["other_kind"]
    assert _faults(read(packed({"a.parquet": content}), LAYOUT)) == {}
    bare = dataclasses.replace(LAYOUT, formats=("csv", "zip"))
    assert list(_faults(read(packed({"a.parquet": content}), bare))) == ["other_kind"]


def test_what_is_damaged_encrypted_or_empty_is_no_table() -> None:
    content = _written(_columns())
    middle = len(content) // 2
    for broken in (content[:middle] + b"PAR1", content[:8] + b"PAR1", b"PAR1" + bytes(40) + b"PAR1", b"PAR1PAR1"):
        assert list(_faults(read(broken, LAYOUT))) == ["workbook_damaged"]
    assert list(_faults(read(b"PARE" + content[4:-4] + b"PARE", LAYOUT))) == ["encrypted"]
    assert set(_faults(read(_written(_columns(sasid=[], last_name=[], grade=[])), LAYOUT))) == {"no_rows"}
    # Any byte may be another: the child may die of it, the gate may not.
    for place in range(4, len(content) - 4, max(1, len(content) // 12)):
        changed = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        assert isinstance(read(changed, LAYOUT).reading.readable, bool)


def test_a_few_bytes_that_mean_a_great_many_letters_are_refused() -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 30_000]))
    answer = read_apart(_written({"sasid": long}), ("parquet",), "")
    assert answer.fatal in ("unpacks_too_large", "too_large", "unsafe")
    wide = {f"c{number}": ["x"] for number in range(2_001)}
    assert read_apart(_written(wide), ("parquet",), "").fatal == "too_wide"
    assert read_apart(_written({"sasid": ["x" * 32_768]}), ("parquet",), "").fatal == "cell_too_long"


def test_the_gate_gives_a_verdict_that_repeats_nothing(new_plan: NewPlan, tmp_path: Path) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: layout(d, "counts")["acquisition"].update(formats=["csv", "parquet"]))
    edit(root, ROSTER, lambda d: layout(d, "counts").pop("dialect"))
    edit(root, ROSTER, lambda d: layout(d, "counts")["acquisition"].pop("titleLines"))
    from tests.conftest import write_examples

    write_examples(root)
    rebuild(root)
    plan = dap.open_plan(root)
    right = {"district_code": ["0010011"], "grade": ["01"], "count": pa.array([3], pa.int64())}
    for columns, verdict in ((right, "accepted"), ({**right, "grade": [CANARY]}, "rejected")):
        file = tmp_path / "a.parquet"
        file.write_bytes(_written(columns))
        report = dap.check(file, "example-roster", resource="counts", plan=plan)
        assert report.verdict == verdict
        assert CANARY not in repr(report)
