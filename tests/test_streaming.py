"""A file larger than memory is judged piece by piece, and the report is that of the file in memory."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dap
import dap.submission.cells
import dap.submission.delimited
import dap.submission.fast
import dap.submission.opened
import dap.submission.reading
import dap.submission.streamed
from dap.engine import batch as batches
from dap.engine import judge
from dap.engine.batch import PolarsBatchData
from dap.errors import CouldNotRun, RequestError
from dap.expectations import applicable, load_suite
from dap.gate import check
from dap.identifiers import TableScreen, screen_table
from dap.plan import Plan
from dap.submission import Content, Opened, Reading, Submission, load, load_stream
from dap.submission.delimited import read_exactly
from dap.submission.limits import LIMITS
from dap.submission.reading import Pieces
from dap.suites import suite_path

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    dap.submission.reading,
    dap.submission.streamed,
    dap.submission.fast,
    dap.submission.delimited,
    dap.submission.opened,
)
COLLECTIONS = {
    "psis-october": "october",
    "psis-monthly-attendance": "monthly-attendance",
    "edsight-chronic-absenteeism": "year",
    "tcs": "tcs",
}


@contextmanager
def limited(**limits: int) -> Iterator[None]:
    """Limits so small that a file of a few lines is too large for memory."""
    with pytest.MonkeyPatch.context() as patch:
        for module in MODULES:
            patch.setattr(module, "LIMITS", replace(LIMITS, **limits))
        yield


def streamed(path: Path, collection: str, plan: Plan, piece: int = 4_000, **limits: int) -> dict[str, Any]:
    """The report on a file that is read in pieces of so many bytes."""
    with limited(file_bytes=10, piece_bytes=piece, **limits):
        return check(path, collection, resource=COLLECTIONS[collection], plan=plan).as_dict()


def in_memory(path: Path, collection: str, plan: Plan) -> dict[str, Any]:
    """The report on a file that is read whole."""
    resource = COLLECTIONS[collection]
    return check(path, collection, resource=resource, plan=plan, engine="polars").as_dict()


def rows_of(collection: str, rows: int, seed: int = 1) -> list[list[str]]:
    """The lines down to the header, and so many invented rows, made of those of the layout's example."""
    folder = ROOT / "catalog/collections" / collection
    several = folder / f"example-{COLLECTIONS[collection]}.csv"
    path = several if several.exists() else folder / "example.csv"
    example = list(csv.reader(path.read_text("utf-8").splitlines()))
    source, above = random.Random(seed), header_of(example) + 1
    made = [list(source.choice(example[above:])) for _ in range(rows)]
    for place, row in enumerate(made, start=1):
        if collection == "tcs":
            # Numbers of which something can be told: those of the example are nearly all noughts.
            row[0] = f"19850{source.randrange(10**5):05}"
        elif example[0][0] == "SASID":
            row[0] = f"{place:010}"
    return [*example[:above], *made]


def header_of(rows: list[list[str]]) -> int:
    """The place of the header: the first line as wide as the rows."""
    return next(place for place, row in enumerate(rows) if len(row) == len(rows[-1]) and all(row))


def text_of(rows: list[list[str]], end: str = "\n", *, last: bool = True) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator=end).writerows(rows)
    return written.getvalue() if last else written.getvalue().removesuffix(end)


FORMS = (
    "000-12-3456",
    "Peña",
    "*****3456",
    "x\x01y",
    "SSN 000123456",
    "12/31/2001",
    "1e5",
    "",
    " ",
    "ﬀ",
    "-1",
    "99999",
)


def corrupt(rows: list[list[str]], source: random.Random, faults: int) -> None:
    """Put faults into some cells, and rows that stand twice."""
    first = header_of(rows) + 1
    for _ in range(faults):
        row = source.randrange(first, len(rows))
        if source.random() < 0.2:
            rows[row] = list(rows[source.randrange(first, len(rows))])
        else:
            rows[row][source.randrange(len(rows[-1]))] = source.choice(FORMS)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_report_on_a_file_in_pieces_is_that_on_the_file_in_memory(
    collection: str, connecticut: Plan, tmp_path: Path
) -> None:
    source, path = random.Random(7), tmp_path / "file.csv"
    rows = rows_of(collection, 250)
    for faults in (0, 60):
        corrupt(rows, source, faults)
        path.write_text(text_of(rows), "utf-8")
        whole = in_memory(path, collection, connecticut)
        assert streamed(path, collection, connecticut, 1_500) == whole
        # As if the pieces were long enough for it, and whatever the different texts of their columns are.
        with patch.multiple(batches, _SAMPLE=1, _WORTH=1, _ROWS_A_TEXT=0):
            assert streamed(path, collection, connecticut, 1_500) == whole
        assert bool(whole["findings"]) or not faults


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(500, 3_000), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_wherever_a_file_is_cut_the_report_is_the_same(
    connecticut: Plan, tmp_path: Path, seed: int, piece: int, end: str, last: bool, marked: bool
) -> None:
    source, path = random.Random(seed), tmp_path / "file.csv"
    rows = rows_of("edsight-chronic-absenteeism", 40, seed)
    corrupt(rows, source, source.randrange(20))
    path.write_bytes((("\ufeff" if marked else "") + text_of(rows, end, last=last)).encode())
    whole = in_memory(path, "edsight-chronic-absenteeism", connecticut)
    assert streamed(path, "edsight-chronic-absenteeism", connecticut, piece) == whole


# What the reader makes of a file, whatever the pieces.


def read(content: bytes, plan: Plan, tmp_path: Path, piece: int, collection: str = "psis-october") -> Submission:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    layout = next(each for each in plan.collection(collection).file_layouts if each.name == COLLECTIONS[collection])
    with limited(file_bytes=10, piece_bytes=piece):
        found = Opened(load(path, "file 1", in_parts=True), "file.csv").read(layout)
        if isinstance(found.table, Pieces):
            assert found.frame is not None
        return found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end", "ends"])
def test_every_length_of_a_piece_gives_the_same_table(connecticut: Plan, tmp_path: Path, end: str, last: str) -> None:
    rows = rows_of("psis-october", 6)
    rows[3][8] = "Peña\U0001f600é"
    rows[4][8] = 'an "invented", text'
    content = (text_of(rows, end, last=False) + {"": "", "end": end, "ends": end * 3}[last]).encode()
    layout = connecticut.collection("psis-october").file_layouts[0]
    exact = Opened(dap.submission.Content.of(content), "file.csv").read(layout)
    longest = max(map(len, content.split(b"\n")[1:])) + 1
    for piece in range(longest, longest + 150, 7):
        found = read(content, connecticut, tmp_path, piece)
        assert isinstance(found.table, Pieces)
        assert len(found.table.heights) > 1
        assert found.frame.equals(exact.frame)
        assert found.reading.sha256 == exact.reading.sha256
        assert (found.reading.rows, found.reading.header, found.reading.columns) == (
            exact.reading.rows, exact.reading.header, exact.reading.columns,
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b",N,", b',"N\n",', 1),
        lambda text: text.replace(b",N,", b',N"N,', 1),
        lambda text: text.replace(b",N,", b",N,,", 1),
        lambda text: text + b"\n" + text,
        lambda text: text + b"," * 22 + b"\n",
        lambda text: text + b"\nx",
        lambda text: text.replace(b",N,", b",\xff,", 1),
        lambda text: text.replace(b",N,", b",\0,", 1),
        lambda text: text.replace(b",N,", b",\r,", 1),
        lambda text: text.replace(b",N,", ",\ufffd,".encode(), 1),
        lambda text: text.decode().encode("utf-16"),
        lambda text: text[: text.index(b"\n") + 1],
        lambda text: text + b"\n\r",
        lambda text: b"PK\x03\x04" + text,
        lambda text: text.replace(b"SASID", b"", 1),
        lambda text: text.replace(b",N,", b"," + b"N" * 5_000 + b",", 1),
    ],
)
def test_a_large_file_that_is_not_plain_is_refused_and_told_what_to_do(
    change: Callable[[bytes], bytes], connecticut: Plan, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(change(text_of(rows_of("psis-october", 30)).encode()))
    report = streamed(path, "psis-october", connecticut, 1_000)
    assert report["verdict"] == "unreadable"
    assert [finding["rule"] for finding in report["findings"]] == ["S114"]
    assert "line break" in report["findings"][0]["fix"]


@pytest.mark.parametrize("odd", [b"x", b"", b'"a\nb"' + b"," * 22, b"\xff" + b"," * 22, b"," * 23])
@pytest.mark.parametrize("row", [2, 3, 17, 31, 32])
def test_a_large_file_that_is_not_plain_is_told_the_first_row_that_is_not(
    row: int, odd: bytes, connecticut: Plan, tmp_path: Path
) -> None:
    lines = text_of(rows_of("psis-october", 30)).encode().splitlines()
    lines.insert(row - 1, odd)
    lines.append(b"y")
    found = read(b"\r\n".join(lines), connecticut, tmp_path, 1_000)
    assert [(fault.kind, fault.rows) for fault in found.reading.faults] == [("too_large", (row,))]


@contextmanager
def in_pieces_from(monkeypatch: pytest.MonkeyPatch, **limits: int) -> Iterator[list[int]]:
    """Files that are in memory are large from their first byte on; how many pieces each has that is judged so."""
    read, made = dap.submission.streamed.read_in_pieces, []

    def noted(*known: Any) -> Submission | None:
        found = read(*known)
        made.append(len(found.table.heights) if found is not None and isinstance(found.table, Pieces) else 0)
        return found

    with limited(piece_bytes=2_000, **limits):
        monkeypatch.setattr(dap.submission.opened, "read_in_pieces", noted)
        monkeypatch.setattr(dap.submission.opened, "FROM_BYTES", 1)
        yield made


@pytest.mark.parametrize("change", [None, "N,N,", "\r,", '"', '"N\nN",', "\x0b,"])
def test_a_large_file_in_memory_is_judged_in_pieces_or_exactly_with_the_same_report(
    change: str | None, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.csv"
    text = text_of(rows_of("psis-october", 60))
    path.write_text(text if change is None else change.join(text.rsplit("N,", 2)), "utf-8", newline="")
    whole = in_memory(path, "psis-october", connecticut)
    with in_pieces_from(monkeypatch, pieces_from=1) as made:
        assert in_memory(path, "psis-october", connecticut) == whole
        assert (made[0] > 1) == (change not in ("N,N,", "\r,", '"', '"N\nN",'))
        made.clear()
        by_pandas = check(path, "psis-october", resource="october", plan=connecticut, engine="pandas").as_dict()
        assert (by_pandas["findings"], made) == (whole["findings"], [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252"])
def test_a_large_file_in_another_encoding_is_judged_in_pieces_too(
    encoding: str, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = connecticut.collection("psis-october").file_layouts[0]
    text = text_of(rows_of("psis-october", 60)).replace(",N,", ",\u20ac\xe9,", 1)
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    content = mark + text.encode(encoding)
    reading = Reading("file.csv", len(content), hashlib.sha256(content).hexdigest())
    chosen = replace(layout, encodings=("utf-8", "utf-16", "windows-1252"))
    exact = read_exactly(content, chosen, reading)
    with in_pieces_from(monkeypatch, pieces_from=1) as made:
        found = Opened(Content.of(content), "file.csv").plain(chosen)
    assert found is not None and made[0] == 0 and made[1] > 1
    assert astuple(found.reading) == astuple(exact.reading)
    pd.testing.assert_frame_equal(found.frame, exact.frame)


@pytest.mark.parametrize("change", ["N,N,", "\r,", '"N\nN",', "\x0b,", "\n\n"])
@pytest.mark.parametrize(("at_once", "packed_from"), [(50, 100), (1, 1)])
def test_a_large_table_that_is_not_plain_is_judged_packed_with_the_same_report(
    at_once: int, packed_from: int, change: str, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.csv"
    text = change.join(text_of(rows_of("psis-october", 60)).rsplit("N,", 3))
    path.write_text(text + "\n" + text.splitlines()[3] + "\n", "utf-8", newline="")
    whole = in_memory(path, "psis-october", connecticut)
    monkeypatch.setattr(dap.submission.cells, "_AT_ONCE", at_once)
    monkeypatch.setattr(dap.submission.cells, "LIMITS", replace(LIMITS, packed_from=packed_from))
    opened = Opened(Content.of(path.read_bytes()), "file.csv")
    layout = connecticut.collection("psis-october").layout("october")
    assert layout is not None
    table = opened.read(layout).table
    assert isinstance(table, Pieces) and len(table.heights) > 1
    assert in_memory(path, "psis-october", connecticut) == whole
    by_pandas = check(path, "psis-october", resource="october", plan=connecticut, engine="pandas").as_dict()
    assert (by_pandas["engine"], by_pandas["findings"]) == ("pandas", whole["findings"])


@pytest.mark.parametrize("row", [1, 2, 15, 30])
def test_a_mark_of_the_byte_order_before_a_cell_is_a_letter_wherever_a_piece_begins(
    row: int, connecticut: Plan, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    rows = rows_of("psis-october", 30)
    rows[row][0] = "\ufeff" + rows[row][0]
    path.write_text(text_of(rows), "utf-8")
    whole = in_memory(path, "psis-october", connecticut)
    assert "V120" in {each["rule"] for each in whole["findings"]}
    for piece in (200, 1_000, 4_000):
        assert streamed(path, "psis-october", connecticut, piece) == whole


@pytest.mark.parametrize("limit", ["rows", "cells"])
def test_a_plain_file_of_more_rows_or_cells_than_a_table_may_have_is_judged_in_pieces(
    limit: str, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.csv"
    text = text_of(rows_of("psis-october", 60))
    path.write_text(text, "utf-8")
    whole = in_memory(path, "psis-october", connecticut)
    with in_pieces_from(monkeypatch, **{limit: 40}) as made:
        assert in_memory(path, "psis-october", connecticut) == whole
        assert made and made[0] > 1
        with pytest.raises(RequestError, match="--engine"):
            check(path, "psis-october", resource="october", plan=connecticut, engine="pandas")
        path.write_text(text + "x\n", "utf-8")
        assert [each["rule"] for each in in_memory(path, "psis-october", connecticut)["findings"]] == ["S114"]


@pytest.mark.parametrize("limit", ["streamed_bytes", "streamed_rows", "streamed_cells"])
def test_more_than_is_streamed_is_refused(limit: str, connecticut: Plan, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text_of(rows_of("psis-october", 30)), "utf-8")
    report = streamed(path, "psis-october", connecticut, 1_000, **{limit: 25})
    assert (report["verdict"], [each["rule"] for each in report["findings"]]) == ("unreadable", ["S114"])


def test_a_cell_longer_than_a_cell_may_be_is_refused_in_a_piece_too(connecticut: Plan, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    rows = rows_of("psis-october", 30)
    for length, refused in ((100, False), (101, True)):
        rows[20][8] = "N" * length
        path.write_text(text_of(rows), "utf-8")
        report = streamed(path, "psis-october", connecticut, 4_000, cell_characters=100)
        assert ("S114" in {finding["rule"] for finding in report["findings"]}) == refused


@pytest.mark.parametrize("collection", ["psis-october", "psis-monthly-attendance", "tcs"])
def test_each_piece_of_an_accepted_file_is_split_whole_only_once(
    collection: str, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text_of(rows_of(collection, 120)), "utf-8")
    whole: list[bytes] = []
    split = dap.submission.fast.split

    def noted(content: bytes, *known: Any) -> Any:
        whole.extend([content] if known[-1] is None else [])
        return split(content, *known)

    monkeypatch.setattr(dap.submission.streamed, "split", noted)
    assert streamed(path, collection, connecticut, 1_000)["verdict"] == "accepted"
    assert len(whole) > 2
    assert len(whole) == len(set(whole))


def test_a_file_that_changes_while_it_is_judged_gets_no_verdict(connecticut: Plan, tmp_path: Path) -> None:
    found = read(text_of(rows_of("psis-october", 30)).encode(), connecticut, tmp_path, 1_000)
    assert isinstance(found.table, Pieces)
    with (tmp_path / "file.csv").open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"0")
    assert found.table.load(0, None).height
    with pytest.raises(CouldNotRun, match="changed"):
        found.table.load(len(found.table.heights) - 1, None)


def test_a_stream_too_large_for_memory_is_judged_and_leaves_nothing(
    connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text_of(rows_of("psis-october", 30))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with limited(file_bytes=10, piece_bytes=1_000):
        content = load_stream(io.BytesIO(text.encode()), "file 1", in_parts=True)
        assert list(tmp_path.iterdir()) == []
        layout = connecticut.collection("psis-october").file_layouts[0]
        found = Opened(content).read(layout)
        assert isinstance(found.table, Pieces)
        assert found.table.height == 30
        (tmp_path / "file.csv").write_text(text, "utf-8")
        with (tmp_path / "file.csv").open("rb") as file:
            assert load_stream(file, "file 1", in_parts=True).is_streamed
        assert not load_stream(io.BytesIO(text.encode()), "file 1").is_streamed


def test_pandas_cannot_judge_what_is_too_large_for_memory(connecticut: Plan, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text_of(rows_of("psis-october", 30)), "utf-8")
    with limited(file_bytes=10, piece_bytes=1_000), pytest.raises(RequestError, match="--engine"):
        check(path, "psis-october", plan=connecticut, engine="pandas")


# The engine and the screen, piece by piece.


def test_no_rule_of_a_suite_needs_the_whole_table(connecticut: Plan, tmp_path: Path) -> None:
    rows = rows_of("tcs", 120)
    corrupt(rows, random.Random(3), 40)
    found = read(text_of(rows).encode(), connecticut, tmp_path, 4_000, "tcs")
    made: list[PolarsBatchData] = []
    wait = PolarsBatchData.wait

    def noted(self: PolarsBatchData, visit: Any) -> None:
        made.append(self)
        wait(self, visit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PolarsBatchData, "pandas_column", lambda self, name: pytest.fail("a whole column was made"))
        patch.setattr(PolarsBatchData, "wait", noted)
        suite, _ = applicable(load_suite(suite_path(ROOT, "tcs", "tcs")), found.reading.columns)
        outcomes = judge(suite, found, {"district": ["001"], "period": ["2025-26"]}, 5, "polars")
    assert made
    assert not any(outcome.broke for outcome in outcomes)
    fallbacks = made[0].execution_engine.fallbacks
    assert set(fallbacks) == {"table.dap_reading", "table.dap_header"}


CELLS = st.sampled_from(
    [None, "", "0000000001", "000-12-3456", "000123456", "00123456", "***-**-1234", "Peña 000-12-3456", "000", "12",
     "3456", "1234567", "12345678", "０００１２３４５６", "x", "SSN"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[CELLS] * 3), max_size=30),
    st.lists(st.sampled_from(["id", "ssn", "zip", "notes", "area", "ssn last four", "kind"]), min_size=3, max_size=3),
    st.lists(st.integers(0, 30), max_size=4).map(sorted),
    st.integers(0, 2**32),
)
def test_a_table_screened_piece_by_piece_is_screened_as_a_whole(
    rows: list[tuple[str | None, ...]], headers: list[str], cuts: list[int], seed: int
) -> None:
    source = random.Random(seed)
    # Bare numbers that together are like SSNs, in one column, and split over three; made at run time.
    for _ in range(seed % 80):
        digits = f"{source.choice(range(1, 600)):03}{source.randrange(1, 100):02}{source.randrange(1, 10_000):04}"
        split = (digits[:3], digits[3:5], digits[5:])
        rows = [*rows, split if seed % 2 else (digits, source.choice([None, digits[2:]]), "x")]
    numbers = list(range(2, len(rows) + 2))
    columns = [[row[place] for row in rows] for place in range(3)]
    whole = screen_table(list(zip(headers, columns, strict=True)), numbers, 1, {1: "1[0-9]{8}"})
    screen, most = TableScreen(headers, {1: "1[0-9]{8}"}), TableScreen(headers, {1: "1[0-9]{8}"}, most=2)
    bounds = [0, *(cut for cut in cuts if cut < len(rows)), len(rows)]
    pieces = [[column[begin:end] for column in columns] for begin, end in pairwise(bounds)]
    for each in (screen, most):
        for piece in pieces:
            each.see(piece)
        if wanted := each.asks_again():
            for piece in pieces:
                each.look_again({place: piece[place] for place in wanted})
    assert screen.result(numbers, 1) == whole
    for few, place in zip(most.result(numbers, 1).places, whole.places, strict=True):
        assert few.rows == place.rows[:2]
        assert (few.count or len(few.rows)) == len(place.rows)
        assert few.labels == place.labels


def test_a_batch_in_pieces_answers_a_rule_that_only_pandas_knows() -> None:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    import dap.engine.datasource  # noqa: F401

    frame = pl.DataFrame({"a": ["1", "2", "2", None, "3"], "b": ["x", "y", "y", "z", None]})
    pieces = Pieces(("a", "b"), range(5), (2, 0, 3), lambda number, names: _cut(frame, number, names))
    expectations = [
        gxe.ExpectColumnMostCommonValueToBeInSet(column="a", value_set=["2"]),
        gxe.ExpectColumnValuesToMatchRegex(column="b", regex="(?i)^[XY]$"),
        gxe.ExpectColumnValuesToBeUnique(column="a"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["a", "b"]),
        gxe.ExpectColumnValuesToBeInSet(column="a", value_set=["1"]),
    ]
    answers = []
    for data in (frame, pieces):
        source = gx.get_context(mode="ephemeral").data_sources.add_polars("s")
        taken = PolarsBatchData(source.get_execution_engine(), data)
        batch = (
            source.add_dataframe_asset("a").add_batch_definition_whole_dataframe("w").get_batch({"dataframe": taken})
        )
        found = batch.validate(gx.ExpectationSuite(name="s", expectations=expectations), result_format="COMPLETE")
        answers.append([(each.success, each.result) for each in found.results])
    assert answers[0] == answers[1]
    assert [success for success, _ in answers[0]] == [True, False, False, False, False]


def _cut(frame: pl.DataFrame, number: int, names: Any) -> pl.DataFrame:
    piece = [frame[:2], frame[2:2], frame[2:]][number]
    return piece if names is None else piece.select(names)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    code = (
        "import sys, re; from pathlib import Path; from dataclasses import replace\n"
        "import dap.submission.reading as r, dap.submission.streamed as s\n"
        "from dap.submission import Opened, load; from dap.submission.limits import LIMITS\n"
        "from dap.catalog import open_plan\n"
        "import resource, polars\n"
        "for module in (r, s): module.LIMITS = replace(LIMITS, file_bytes=10, piece_bytes=1_000_000)\n"
        "layout = open_plan(Path(sys.argv[2])).collection('psis-october').file_layouts[0]\n"
        "found = Opened(load(Path(sys.argv[1]), 'file 1', in_parts=True)).read(layout)\n"
        "print(found.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    pytest.importorskip("resource")
    line = text_of(rows_of("psis-october", 1)).splitlines()
    peaks = []
    for rows in (20_000, 400_000):
        path = tmp_path / f"{rows}.csv"
        path.write_text(line[0] + "\n" + (line[1] + "\n") * rows, "utf-8")
        asked = [sys.executable, "-c", code, str(path), str(ROOT)]
        height, peak = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
        assert int(height) == rows
        peaks.append(int(peak))
    # In memory the larger file is 30 MB of bytes and 150 MB of cells more.
    assert peaks[1] - peaks[0] < 60_000
    assert re.fullmatch("[0-9]+", str(peaks[0]))
