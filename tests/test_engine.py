"""The Polars engine answers as the pandas engine does, whatever the suite asks and whatever the data holds."""

from __future__ import annotations

import importlib
import random
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import polars as pl
import pytest
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.row_conditions import Column, PassThroughCondition
from hypothesis import given, settings
from hypothesis import strategies as st

import dap.expectations as own
import dap.expectations.values
from dap.engine import ENGINES, conditions, judge, quiet, raised
from dap.engine import batch as batches
from dap.engine.batch import Memo, Piece, PolarsBatchData
from dap.engine.datasource import PolarsDatasource
from dap.engine.execution import PolarsExecutionEngine
from dap.engine.patterns import translated
from dap.engine.starting import without_grammar
from dap.errors import RequestError
from dap.examples import example_text
from dap.expectations import applicable, load_suite
from dap.gate import check
from dap.plan import Plan
from dap.submission import read
from dap.suites import suite_path
from tests.broken_rows import LAYOUTS, ROOT

SUMMARY = {"result_format": "SUMMARY", "partial_unexpected_count": 5}
COMPLETE = {"result_format": "COMPLETE"}
BOOLEAN_ONLY = {"result_format": "BOOLEAN_ONLY"}


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    quiet()
    with warnings.catch_warnings():
        # pandas tells that a pattern has groups; that is the suite's business.
        warnings.simplefilter("ignore", UserWarning)
        yield


def _batch(data: Any, engine: str) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    sources = context.data_sources
    source = sources.add_pandas("source") if engine == "pandas" else sources.add_polars("source")
    assert engine == "pandas" or isinstance(source, PolarsDatasource)
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
    return definition.get_batch(batch_parameters={"dataframe": data})


def _validated(data: Any, expectations: list[Any], engine: str, result_format: Any) -> tuple[list[Any], list[str]]:
    """What became of each expectation, in the order asked, and the metrics that pandas computed."""
    batch = _batch(data, engine)
    named = [each.model_copy() if hasattr(each, "model_copy") else each.copy() for each in expectations]
    for place, each in enumerate(named):
        each.meta = {"place": place}
    results = batch.validate(gx.ExpectationSuite(name="suite", expectations=named), result_format=result_format).results
    placed: dict[int, Any] = {each.expectation_config.meta["place"]: _plain(each) for each in results}
    return [placed[place] for place in range(len(named))], getattr(batch.data.execution_engine, "fallbacks", [])


def _plain(result: ExpectationValidationResult) -> dict[str, Any]:
    """Success, counts, values, rows and whether it raised: of several metrics that do GX names the first it meets."""
    described = result.to_json_dict()
    return {"success": described["success"], "result": described["result"], "raised": raised(result)}


def _agree(data: pd.DataFrame, expectations: list[Any], result_format: Any) -> list[str]:
    """Both engines say the same of each expectation; the metrics for which Polars had to ask pandas."""
    stock, _ = _validated(data, expectations, "pandas", result_format)
    fast, fallbacks = _validated(data, expectations, "polars", result_format)
    for expectation, wanted, got in zip(expectations, stock, fast, strict=True):
        assert got == wanted, expectation.configuration.to_json_dict()
    return fallbacks


TEXTS = st.sampled_from(
    [
        *(None, "", "a", "b", "ab", "A", "01", "1", "12", "012", "-3", "+3", "3.50", "3.5", ".5", "1e3", "9" * 20),
        *("2025-10-01", "2025-02-30", "10/01/2025", "2024-02-29", "20251001", " ", " a", "a\n", "1\n", "a\r\nb"),
        *("\x00", "é", "１２", "\u2028", "a,b", "nan", "None", "N", "Y", "000", "\u00a0", "𝟙", "x" * 40),
    ]
)
PATTERNS = st.sampled_from(
    [
        "^[0-9]+$",
        r"^\d{2}$",
        "^(?:[A-Z]|a)$",
        r"\w",
        r"^\s",
        "a|b$",
        "(?i)^A$",
        r"(?=a)",
        r"\ba",
        "^.$",
        "^$",
        "",
        "[^a]",
        "x{3,}",
    ]
)
CONDITIONS = st.sampled_from(
    [
        None,
        Column("c") == "Y",
        Column("c") != "Y",
        Column("c").is_in(["Y", "N"]),
        Column("c").is_not_in(["Y", "a"]),
        Column("c").is_null(),
        Column("c").is_not_null() & (Column("b") != "a"),
        (Column("c") == "Y") | (Column("b").is_null()),
        Column("n") > 2,
        Column("c") > "A",
        Column("nowhere") == "Y",
        PassThroughCondition(pass_through_filter="n > 1"),
    ]
)
SETS = st.lists(st.sampled_from(["a", "b", "01", "1", "Y", "", "a\n"]), max_size=4)
BOUNDS = st.sampled_from([("-5", "3"), ("0", None), (None, "3.50"), ("1", "99999999999999999999"), ("x", None)])
DAYS = st.sampled_from([("2025-01-01", None), (None, "2025-06-30"), ("2024-01-01", "2025-12-31")])
FORMATS = st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%Y%m%d", "any"])
TEXT_COLUMNS = st.sampled_from(["a", "b", "c"])
ANY_COLUMN = st.sampled_from(["a", "b", "c", "n", "f", "nowhere"])
MOSTLY = st.sampled_from([1, 0.5, 0.9])

IGNORE_PAIR = st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])
IGNORE_LIST = st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])


def _column(type_: Any, column: Any = TEXT_COLUMNS, **arguments: Any) -> st.SearchStrategy[Any]:
    return st.builds(type_, column=column, row_condition=CONDITIONS, mostly=MOSTLY, **arguments)


def _pair(type_: Any, **arguments: Any) -> st.SearchStrategy[Any]:
    return st.permutations("abc").flatmap(
        lambda names: st.builds(
            type_, column_A=st.just(names[0]), column_B=st.just(names[1]), row_condition=CONDITIONS, **arguments
        )
    )


NUMBERS = st.sampled_from([(1, 3), (None, 2), (2.5, None), (3, 1)])

# What suites of ours hold, and what those of others hold most.
EXPECTATIONS: dict[str, st.SearchStrategy[Any]] = {
    "not null": _column(gxe.ExpectColumnValuesToNotBeNull, ANY_COLUMN),
    "null": _column(gxe.ExpectColumnValuesToBeNull, ANY_COLUMN),
    "unique": _column(gxe.ExpectColumnValuesToBeUnique, ANY_COLUMN),
    "regex": _column(gxe.ExpectColumnValuesToMatchRegex, regex=PATTERNS),
    "no regex": _column(gxe.ExpectColumnValuesToNotMatchRegex, regex=PATTERNS),
    "regex list": _column(
        gxe.ExpectColumnValuesToMatchRegexList,
        regex_list=st.lists(PATTERNS, min_size=1, max_size=3),
        match_on=st.sampled_from(["any", "all"]),
    ),
    "no regex list": _column(
        gxe.ExpectColumnValuesToNotMatchRegexList, regex_list=st.lists(PATTERNS, min_size=1, max_size=3)
    ),
    "in set": _column(gxe.ExpectColumnValuesToBeInSet, ANY_COLUMN, value_set=SETS),
    "not in set": _column(gxe.ExpectColumnValuesToNotBeInSet, ANY_COLUMN, value_set=SETS),
    "lengths": NUMBERS.flatmap(
        lambda pair: _column(
            gxe.ExpectColumnValueLengthsToBeBetween, min_value=st.just(pair[0]), max_value=st.just(pair[1])
        )
    ),
    "length": _column(gxe.ExpectColumnValueLengthsToEqual, value=st.integers(0, 4)),
    "between": NUMBERS.flatmap(
        lambda pair: _column(
            gxe.ExpectColumnValuesToBeBetween,
            ANY_COLUMN,
            min_value=st.just(pair[0]),
            max_value=st.just(pair[1]),
            strict_min=st.booleans(),
        )
    ),
    "pair equal": _pair(gxe.ExpectColumnPairValuesToBeEqual, ignore_row_if=IGNORE_PAIR),
    "pair greater": _pair(
        gxe.ExpectColumnPairValuesAToBeGreaterThanB, ignore_row_if=IGNORE_PAIR, or_equal=st.booleans()
    ),
    "compound": st.builds(
        gxe.ExpectCompoundColumnsToBeUnique,
        column_list=st.sampled_from([["a", "b"], ["a", "b", "c"], ["a", "n"], ["a", "nowhere"]]),
        ignore_row_if=IGNORE_LIST,
        row_condition=CONDITIONS,
    ),
    "dates": _column(
        own.ExpectColumnValuesToBeDates, date_format=FORMATS, also=st.lists(st.sampled_from(["", "a"]), max_size=1)
    ),
    "dates between": DAYS.flatmap(
        lambda pair: _column(
            own.ExpectColumnValuesToBeDatesBetween,
            date_format=st.just("%Y-%m-%d"),
            minimum=st.just(pair[0]),
            maximum=st.just(pair[1]),
        )
    ),
    "numbers between": BOUNDS.flatmap(
        lambda pair: _column(
            own.ExpectColumnValuesToBeNumbersBetween, minimum=st.just(pair[0]), maximum=st.just(pair[1])
        )
    ),
    "compare": _pair(
        own.ExpectColumnPairValuesToCompare,
        comparison=st.sampled_from(["<", "<=", "=", ">=", ">", "!="]),
        kind=st.just("number"),
    ),
    "compare dates": _pair(
        own.ExpectColumnPairValuesToCompare,
        comparison=st.sampled_from(["<", ">="]),
        kind=st.just("date"),
        format_A=FORMATS,
        format_B=FORMATS,
    ),
    "control characters": st.builds(
        own.ExpectColumnsToHoldNoControlCharacters,
        columns=st.just(["a", "b", "c"]),
        multiline=st.sampled_from([[], ["a"]]),
    ),
    "identifiers": st.builds(own.ExpectNoProhibitedIdentifiers, form=st.sampled_from(["separated", "labelled"])),
    "strftime": _column(gxe.ExpectColumnValuesToMatchStrftimeFormat, strftime_format=st.just("%Y-%m-%d")),
    "row count": st.builds(gxe.ExpectTableRowCountToBeBetween, min_value=st.integers(0, 9)),
    "columns": st.builds(gxe.ExpectTableColumnsToMatchSet, column_set=st.just(["a", "b"])),
    "type": st.builds(gxe.ExpectColumnValuesToBeOfType, column=ANY_COLUMN, type_=st.sampled_from(["str", "int64"])),
    "mean": st.builds(gxe.ExpectColumnMeanToBeBetween, column=st.sampled_from(["n", "a"]), min_value=st.just(1)),
    "distinct": st.builds(gxe.ExpectColumnDistinctValuesToBeInSet, column=TEXT_COLUMNS, value_set=st.just(["a"])),
}


@st.composite
def _frames(draw: st.DrawFn) -> pd.DataFrame:
    height = draw(st.integers(0, 12))
    texts = {name: draw(st.lists(TEXTS, min_size=height, max_size=height)) for name in "abc"}
    first = draw(st.sampled_from([0, 2, 6]))
    frame = pd.DataFrame(texts, index=pd.RangeIndex(first, first + height), dtype=object)
    if draw(st.booleans()):
        frame = frame.astype("str")
    frame["n"] = np.array(draw(st.lists(st.integers(0, 5), min_size=height, max_size=height)), dtype=np.int64)
    floats = st.sampled_from([float("nan"), 0.5, 2.5, 3.0])
    frame["f"] = np.array(draw(st.lists(floats, min_size=height, max_size=height)), dtype=np.float64)
    return frame


@pytest.mark.parametrize("kind", EXPECTATIONS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_both_engines_say_the_same_of_every_kind_of_expectation(kind: str, data: st.DataObject) -> None:
    frame = data.draw(_frames())
    asked = data.draw(st.lists(EXPECTATIONS[kind], min_size=1, max_size=3))
    _agree(frame, asked, data.draw(st.sampled_from([SUMMARY, COMPLETE, BOOLEAN_ONLY])))


# Frames of a test are too short for it to be worth the sample: from one row on it is, and says yes.
BY_TEXT: dict[str, Any] = {"_SAMPLE": 1, "_WORTH": 1, "_ROWS_A_TEXT": 0}


@pytest.mark.parametrize(
    "kind", ["regex", "no regex", "regex list", "no regex list", "in set", "not in set", "length", "identifiers"]
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_conditions_on_texts_answer_as_pandas_does_by_the_different_texts_too(kind: str, data: st.DataObject) -> None:
    frame = data.draw(_frames())
    # A pattern has the texts of its column found, and whoever asks about that column goes by them.
    asked = [gxe.ExpectColumnValuesToMatchRegex(column=name, regex="[0-9]") for name in "abc"]
    asked += data.draw(st.lists(EXPECTATIONS[kind] | EXPECTATIONS["lengths"], min_size=1, max_size=3))
    with patch.multiple(batches, **BY_TEXT):
        _agree(frame, asked, data.draw(st.sampled_from([SUMMARY, COMPLETE, BOOLEAN_ONLY])))


def test_the_different_texts_are_found_of_columns_that_have_few() -> None:
    rows = 30_000
    frame = pl.DataFrame(
        {
            "few": [f"made {each % 50}" if each % 7 else None for each in range(rows)],
            "many": [f"made {each}" for each in range(rows)],
            # The beginning shows few, and most rows do: what is met once says how many there are.
            "later": ["made"] * 9_000 + [f"made {each}" for each in range(9_000, rows)],
            "seldom": [f"made {each}" if each % 3 == 0 else "made" for each in range(rows)],
            "numbers": range(rows),
        }
    )
    piece = Piece(frame, 0, 0, Memo())
    piece.distinct([], frame.columns)
    known = {name: piece.known_texts(name) for name in frame.columns}
    assert {name for name, texts in known.items() if texts is not None} == {"few"}
    assert sorted(piece.texts_of("few")) == sorted({f"made {each}" for each in range(50)})
    short = Piece(frame.head(5_000), 0, 0, Memo())
    short.distinct(["many"], ["few"])
    assert short.known_texts("few") is short.known_texts("many") is None
    assert len(short.texts_of("many")) == 5_000


def test_a_column_whose_name_polars_takes_for_a_pattern_is_left_to_pandas() -> None:
    names = {"^b$": "1", "*": "2", "b": "made", "^.*$": "3"}
    frame = pd.DataFrame({name: [text] * 10_000 for name, text in names.items()}, dtype=object)
    asked: list[Any] = [gxe.ExpectColumnValuesToMatchRegex(column=name, regex="^[0-9]$") for name in names]
    asked += [gxe.ExpectColumnValuesToNotBeNull(column=name) for name in names]
    assert _agree(frame, asked, SUMMARY).count("column_values.match_regex.condition") == 3


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_polars_frame_is_judged_as_its_pandas_form_is(data: st.DataObject) -> None:
    frame = pl.DataFrame(
        {"a": data.draw(st.lists(TEXTS, min_size=6, max_size=6)), "b": ["a", "b", None, "a", "1", "12"]},
        schema={"a": pl.String, "b": pl.String},
    ).with_columns(c=pl.col("b"), n=pl.Series([1, None, 3, 4, 5, 5]), f=pl.Series([float("nan"), 1, 2, None, 3, 3]))
    asked = [
        data.draw(EXPECTATIONS[kind]) for kind in data.draw(st.lists(st.sampled_from(sorted(EXPECTATIONS)), max_size=6))
    ]
    pandas_form = _batch(frame, "polars").data.dataframe
    stock, _ = _validated(pandas_form, asked, "pandas", SUMMARY)
    fast, _ = _validated(frame, asked, "polars", SUMMARY)
    assert fast == stock


@pytest.mark.parametrize("size", [1, 2, 6, 7, 40])
def test_few_texts_and_many_are_looked_for_alike(size: int) -> None:
    texts = [f"made {number}" for number in range(size)]
    frame = pd.DataFrame({"a": [*texts, *texts[:1], None, "other", "", "made"]}, dtype=object)
    asked = [
        gxe.ExpectColumnValuesToBeInSet(column="a", value_set=[*texts, texts[0]]),
        gxe.ExpectColumnValuesToNotBeInSet(column="a", value_set=texts[::-1]),
    ]
    assert _agree(frame, asked, "COMPLETE") == []


def test_a_column_that_holds_other_things_beside_texts_is_left_to_pandas() -> None:
    frame = pd.DataFrame({"a": ["1", 2, None, "2", 3], "b": ["x", "y", "z", "z", None]}, dtype=object)
    asked = [
        gxe.ExpectColumnValuesToMatchRegex(column="a", regex="^[0-9]$"),
        gxe.ExpectColumnValuesToBeInSet(column="a", value_set=["1", "2"]),
        gxe.ExpectColumnValuesToNotBeNull(column="a"),
        gxe.ExpectColumnValuesToBeUnique(column="b"),
        own.ExpectColumnsToHoldNoControlCharacters(columns=["a", "b"]),
    ]
    assert "column_values.match_regex.condition" in _agree(frame, asked, SUMMARY)


def test_frames_with_named_rows_or_the_same_column_twice_are_judged_as_pandas_does() -> None:
    named = pd.DataFrame({"a": ["1", None, "x"]}, index=["first", "second", "third"], dtype=object)
    keyed = pd.DataFrame({"a": ["1", None, "x"]}, index=pd.Index([7, 8, 9], name="key"), dtype=object)
    twice = pd.DataFrame([["1", "2"], [None, "2"]], columns=["a", "a"], dtype=object)
    asked = [gxe.ExpectColumnValuesToMatchRegex(column="a", regex="^[0-9]$"), gxe.ExpectTableRowCountToEqual(value=3)]
    for frame in (named, keyed):
        _agree(frame, asked, COMPLETE)
    _agree(twice, asked[1:], COMPLETE)


def test_a_row_is_named_by_other_columns_where_the_result_format_asks_for_them() -> None:
    frame = pd.DataFrame({"a": ["1", "y", "x"], "key": ["k1", "k2", "k3"]}, dtype=object)
    asked = [gxe.ExpectColumnValuesToMatchRegex(column="a", regex="^[0-9]$")]
    for more in ({"unexpected_index_column_names": ["key"]}, {"include_unexpected_rows": True}):
        stock, _ = _validated(frame, asked, "pandas", SUMMARY | more)
        fast, _ = _validated(frame, asked, "polars", SUMMARY | more)
        assert str(fast) == str(stock)


def test_each_frame_of_an_asset_gets_its_own_answers() -> None:
    context = gx.get_context(mode="ephemeral")
    definition = (
        context.data_sources.add_polars("source").add_dataframe_asset("table").add_batch_definition_whole_dataframe("w")
    )
    asked = gxe.ExpectColumnValuesToBeInSet(column="a", value_set=["x"])
    for values, success in ((["x"], True), (["y"], False), (["x", None], True)):
        batch = definition.get_batch(batch_parameters={"dataframe": pl.DataFrame({"a": values})})
        assert batch.validate(asked).success is success


def test_a_delimited_file_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    path.write_text("code;name\n001;Example\n;Example\n", "utf-8")
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_polars("source").add_csv_asset("schools", path, separator=";")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch()
    suite = gx.ExpectationSuite(
        name="schools",
        expectations=[
            gxe.ExpectColumnValuesToMatchRegex(column="code", regex="^[0-9]{3}$"),
            gxe.ExpectColumnValuesToNotBeNull(column="code"),
        ],
    )
    found = {each.expectation_config.type: each.success for each in batch.validate(suite).results}
    assert found == {"expect_column_values_to_match_regex": True, "expect_column_values_to_not_be_null": False}
    path.write_text("code;name\n001;Example\n002;Another example\n", "utf-8")
    assert all(each.success for each in batch.validate(suite).results)


def test_one_rule_that_breaks_takes_no_other_down_and_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def breaking(*arguments: Any) -> Any:
        calls.append("called")
        raise ValueError("broken")

    monkeypatch.setattr(dap.expectations.values, "as_date", breaking)
    frame = pd.DataFrame({"a": ["2025-10-01", "x"], "b": ["1", "2"]}, dtype=object)
    asked = [
        own.ExpectColumnValuesToBeDates(column="a", date_format="%Y-%m-%d"),
        gxe.ExpectColumnValuesToBeInSet(column="b", value_set=["1"]),
        gxe.ExpectColumnValuesToBeBetween(column="b", min_value=1, max_value=2),
        gxe.ExpectColumnValuesToNotBeNull(column="a"),
    ]
    found, _ = _validated(frame, asked, "polars", SUMMARY)
    assert [each["raised"] for each in found] == [True, False, True, False]
    assert [each["success"] for each in found] == [False, False, False, True]
    assert len(calls) == 2, "by its texts, then by pandas; never again"


def test_a_fault_of_the_engine_itself_passes_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("dap.engine.execution._Level._count", failing)
    frame = pd.DataFrame({"a": ["1"]}, dtype=object)
    asked = [
        gxe.ExpectColumnValuesToNotBeNull(column="a"),
        gxe.ExpectColumnValuesToBeInSet(column="a", value_set=["2"]),
    ]
    found, _ = _validated(frame, asked, "polars", BOOLEAN_ONLY)
    assert [each["raised"] for each in found] == [True, True]


def test_nothing_of_a_deferred_condition_is_shown() -> None:
    batch = _batch(pd.DataFrame({"a": ["canary", "2025-01-01"]}, dtype=object), "polars")
    asked = own.ExpectColumnValuesToBeDates(column="a", date_format="%Y-%m-%d")
    found = batch.validate(asked, result_format=SUMMARY | {"exclude_unexpected_values": True})
    assert found.result["partial_unexpected_index_list"] == [0]
    assert "canary" not in str(found)
    shown = repr(batch.data.execution_engine._metric_cache)
    assert "Deferred" in shown
    assert "canary" not in shown


NOISE = [
    "",
    " ",
    "x",
    "0",
    "-1",
    "99999",
    "2025-02-30",
    "N/A",
    "a\u00a0b",
    "line\nbreak",
    "\x07",
    "１２",
    "*",
    "000-12-3456",
]
BY_PANDAS = {"table.dap_reading", "table.dap_header"}


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
@pytest.mark.parametrize(("share", "by_text"), [(0.0, False), (0.3, False), (0.3, True)])
def test_both_engines_find_the_same_in_every_layout_clean_or_corrupted(
    connecticut: Plan, collection: str, name: str, share: float, by_text: bool
) -> None:
    layout = connecticut.collection(collection).layout(name)
    text = example_text(connecticut, connecticut.collection(collection), layout, rows=25, seed=3)
    submission = read(text.encode("utf-8"), layout)
    frame, chance = submission.frame, random.Random(f"{name} {share}")
    for column in frame.columns:
        corrupted = [chance.choice([*NOISE, None]) if chance.random() < share else each for each in frame[column]]
        frame[column] = pd.Series([each or None for each in corrupted], index=frame.index, dtype=object)
    suite, _ = applicable(load_suite(suite_path(ROOT, collection, name)), submission.reading.columns)
    parameters = {"district": ["001"], "period": ["2025-26"]}
    with patch.multiple(batches, **BY_TEXT if by_text else {"_WORTH": 10_000}):
        stock, fast = (judge(suite, frame, parameters, None, engine) for engine in ENGINES)
    assert fast == stock
    assert share == 0 or any(not each.held for each in fast)


def test_a_check_runs_on_polars_from_the_size_where_that_is_faster(
    connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "submission.csv"
    text = (ROOT / "catalog/collections/psis-october/example.csv").read_text("utf-8").replace("\n00000", "\n0000")
    path.write_text(text, "utf-8")
    small = check(path, "psis-october", plan=connecticut)
    monkeypatch.setattr("dap.engine.FROM_BYTES", len(text))
    large = check(path, "psis-october", plan=connecticut)
    assert (small.engine, large.engine) == ("pandas", "polars")
    assert large.findings == small.findings != ()
    with pytest.raises(RequestError):
        check(path, "psis-october", plan=connecticut, engine="canary")


def test_a_suite_of_ours_asks_pandas_for_nothing_that_goes_by_rows(connecticut: Plan) -> None:
    asked: set[str] = set()
    for collection, name in LAYOUTS:
        layout = connecticut.collection(collection).layout(name)
        text = example_text(connecticut, connecticut.collection(collection), layout, rows=5, seed=3)
        submission = read(text.encode("utf-8"), layout)
        suite, _ = applicable(load_suite(suite_path(ROOT, collection, name)), submission.reading.columns)
        batch = _batch(submission.frame, "polars")
        batch.validate(
            suite, expectation_parameters={"district": ["001"], "period": ["2025-26"]}, result_format=BOOLEAN_ONLY
        )
        asked |= set(batch.data.execution_engine.fallbacks)
    assert asked == BY_PANDAS


def test_the_example_of_the_page_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/engine.md").read_text("utf-8")
    code, printed = (page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "text"))
    assert len([line for line in code.splitlines() if line]) <= 21
    exec(compile(code, "docs/engine.md", "exec"), {})
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(printed.splitlines())


def test_a_condition_of_ones_own_is_computed_on_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dap.engine.conditions._CONDITIONS", dict(conditions._CONDITIONS))

    @conditions.condition("column_values.match_strftime_format")
    def _even(asked: conditions.Asked) -> conditions.Answer:
        return asked.text().str.len_chars() % 2 == 0

    asked = [gxe.ExpectColumnValuesToMatchStrftimeFormat(column="a", strftime_format="%Y")]
    found, fallbacks = _validated(pl.DataFrame({"a": ["2025", "123", None]}), asked, "polars", SUMMARY)
    assert (found[0]["result"]["partial_unexpected_index_list"], fallbacks) == ([1], [])


def test_whoever_starts_a_check_waits_for_no_statistics_and_no_charts(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from dap.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "finally:\n"
        "    heavy = ('scipy.stats._stats_py', 'altair.vegalite', 'rfc3987_syntax', 'sqlalchemy')\n"
        "    print([name for name in heavy if name in sys.modules])\n"
    )
    example = ROOT / "catalog/collections/tcs/example.csv"
    words = ("check", str(example), "--collection", "tcs", "--engine", "polars", "--plan", str(ROOT))
    finished = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert finished.stdout.splitlines()[-1] == "[]"


def test_what_is_deferred_is_there_when_it_is_touched() -> None:
    code = (
        "from dap.engine.starting import defer_unused_imports\n"
        "defer_unused_imports()\n"
        "defer_unused_imports()\n"
        "import great_expectations, scipy.stats, altair, sys\n"
        "from scipy import special\n"
        "print(scipy.stats.norm.cdf(0), special.gamma(3), altair.Chart.__name__)\n"
        "print(sum(type(each).__name__ == '_Deferring' for each in sys.meta_path))\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == ["0.5 2.0 Chart", "1"]


@pytest.mark.parametrize(
    ("own", "held"), [("", "[False, True, True]"), ("starting.own_process()\n", "[True, True, False]")]
)
def test_only_the_commands_own_process_starts_without_databases_and_search_for_garbage(own: str, held: str) -> None:
    code = (
        "import gc, sys\nfrom dap.engine import starting\n"
        f"{own}starting.import_gx()\nstarting.import_gx()\n"
        "loaded = 'sqlalchemy' in sys.modules\n"
        "import sqlalchemy\n"
        "print([gc.get_freeze_count() > 0, gc.isenabled(), loaded])\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == [held]


def test_a_grammar_nothing_asks_for_is_left_out_only_while_charts_are_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "rfc3987_syntax", raising=False)
    with without_grammar(), pytest.raises(ModuleNotFoundError, match="left out"):
        importlib.import_module("rfc3987_syntax")
    assert not any(type(each).__name__ == "_LeavingOut" for each in sys.meta_path)


@given(
    pattern=st.text(alphabet="ab1.[]^$()|?*+{}-\\dws,", max_size=8),
    text=st.text(alphabet="ab1.- \n\u0661é", max_size=6),
)
def test_a_translated_pattern_finds_what_python_finds(pattern: str, text: str) -> None:
    rust = translated(pattern)
    if rust is not None:
        assert pl.Series([text]).str.contains(rust).to_list() == [re.search(pattern, text) is not None]


def test_whoever_waits_for_a_pass_sees_a_piece_at_the_same_time() -> None:
    together = threading.Barrier(3)
    batch = PolarsBatchData(PolarsExecutionEngine(), pl.DataFrame({"grade": ["05", "06"]}))
    seen: list[int] = []

    def look(piece: Piece) -> None:
        together.wait(30)
        seen.append(piece.frame.height)

    for _ in range(2):
        batch.wait(look)
    batch.sweep(look)
    assert seen == [2, 2, 2]


def test_a_look_that_raises_ends_the_pass_when_the_others_have_ended() -> None:
    batch = PolarsBatchData(PolarsExecutionEngine(), pl.DataFrame({"grade": ["05", "06"]}))
    seen: list[int] = []
    batch.wait(lambda piece: seen.append(piece.frame.height))

    def broken(piece: Piece) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        batch.sweep(broken)
    assert seen == [2]
