"""Text is a number or a date only where it is written exactly so, and is compared as what it says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap import engine
from dap.expectations.places import Place
from dap.expectations.values import (
    ExpectColumnPairValuesToCompare,
    ExpectColumnsToHoldNoControlCharacters,
    ExpectColumnValuesToBeDates,
    ExpectColumnValuesToBeDatesBetween,
    ExpectColumnValuesToBeNumbersBetween,
)
from dap.values import as_date, as_number

FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%m%d%Y", "%Y%m%d", "%m/%d/%y", "%d.%m.%Y")

# Numbers.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"), ("007", "7"), ("-1", "-1"), ("+1", "1"), ("1.5", "1.5"), ("1.", "1"), (".5", "0.5"),
        ("-.5", "-0.5"), ("1.50", "1.5"), ("-0", "0"), ("9" * 60, "9" * 60), ("0.1", "0.1"),
    ],
)  # fmt: skip
def test_a_number_is_ascii_digits_a_sign_and_a_point(text: str, number: str) -> None:
    assert as_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "-", "+-1", "--1", "1e5", "1E5", "nan", "NaN", "inf", "-Infinity", "1_000", "1,000", "1,5", " 1",
        "1 ", "1\n", "\t1", "1.2.3", "0x10", "\u0661", "\uff11", "\u00b2", "\u0967.5", "\u22121",
        "1\u200b", "$1", "1%", "*", "(1)", "one",
    ],
    ids=ascii,
)  # fmt: skip
def test_any_other_text_is_no_number(text: str) -> None:
    assert as_number(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_every_number_written_out_is_read_exactly(number: Decimal) -> None:
    assert as_number(f"{number:f}") == number


@given(st.text(max_size=8))
def test_no_text_at_all_breaks_the_reading_of_numbers_and_dates(text: str) -> None:
    number = as_number(text)
    assert number is None or (text.isascii() and any(letter.isdigit() for letter in text))
    for form in (*FORMATS, "any"):
        day = as_date(text, form)
        assert day is None or text.isascii()


# Dates.

_DAYS = st.dates(min_value=date(1000, 1, 1)) | st.sampled_from(
    [date(2000, 2, 29), date(2001, 1, 1), date(1999, 12, 31)]
)


@given(_DAYS, st.sampled_from([each for each in FORMATS if "%y" not in each]))
def test_every_day_written_in_the_format_is_read(day: date, date_format: str) -> None:
    assert as_date(day.strftime(date_format), date_format) == day
    assert as_date(day.strftime(date_format) + "\n", date_format) is None
    assert as_date(" " + day.strftime(date_format), date_format) is None


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("2001-1-1", "%Y-%m-%d"),
        ("2001-01-1", "%Y-%m-%d"),
        ("1/01/2001", "%m/%d/%Y"),
        ("2001-13-01", "%Y-%m-%d"),
        ("2001-00-01", "%Y-%m-%d"),
        ("2001-02-29", "%Y-%m-%d"),
        ("2001-04-31", "%Y-%m-%d"),
        ("0000-01-01", "%Y-%m-%d"),
        ("2001-01-01\n", "%Y-%m-%d"),
        ("2001-01-01 ", "%Y-%m-%d"),
        (" 2001-01-01", "%Y-%m-%d"),
        ("2001-01-01T00:00:00", "%Y-%m-%d"),
        ("2001/01/01", "%Y-%m-%d"),
        ("01/01/2001", "%Y-%m-%d"),
        ("01/01/01", "%m/%d/%Y"),
        ("01/01/2001", "%m/%d/%y"),
        ("20010101", "%m%d%Y"),
        ("1012001", "%m%d%Y"),
        ("2001-\u0660\u0661-01", "%Y-%m-%d"),
        ("\uff12001-01-01", "%Y-%m-%d"),
        ("2001\u201101\u201101", "%Y-%m-%d"),
        ("12001-01-01", "%Y-%m-%d"),
        ("20240131%", "%Y%m%d%"),
        ("%\n20240201", "%\n%Y%m%d"),
        ("20240201%", "%Y%m%d%%%"),
        ("now", "%Y-%m-%d"),
        ("today", "any"),
        ("", "%Y-%m-%d"),
        ("36892", "%Y-%m-%d"),
    ],
    ids=ascii,
)
def test_any_other_text_is_no_date(text: str, date_format: str) -> None:
    assert as_date(text, date_format) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2001-02-03", date(2001, 2, 3)),
        ("2001-2-3", date(2001, 2, 3)),
        ("02/03/2001", date(2001, 2, 3)),
        ("2/3/2001", date(2001, 2, 3)),
        ("2-3-2001", date(2001, 2, 3)),
        ("2/3/01", date(2001, 2, 3)),
        ("02032001", date(2001, 2, 3)),
        ("20010203", date(2001, 2, 3)),
        ("12312001", date(2001, 12, 31)),
        ("13/01/2001", None),
        ("2001-02-30", None),
        ("20010230", None),
        ("20112001", None),
        ("2001-02-03\n", None),
        ("2001.02.03", None),
        ("3 Feb 2001", None),
        ("2032001", None),
        ("\u0662/3/2001", None),
        ("37000", None),
        ("", None),
    ],
    ids=ascii,
)
def test_where_no_format_is_known_the_usual_ones_are_read(text: str, day: date | None) -> None:
    assert as_date(text, "any") == day


# Within bounds, and beside each other, as Great Expectations rules.


def _judge(rules: list[Any], **columns: list[str | None]) -> list[tuple[bool, bool, tuple[int, ...]]]:
    """For each rule: whether it held, whether it broke, and the rows it found."""
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns, index=range(2, size + 2), dtype=object)
    for place, rule in enumerate(rules):
        rule.meta = {"rule": "V100", "name": str(place)}
    outcomes = engine.judge(gx.ExpectationSuite(name="example", expectations=rules), frame, {}, None)
    return [(each.held, each.broke, tuple(row for spot in each.spots for row in spot.rows)) for each in outcomes]


def test_bounds_are_included_and_what_is_no_number_is_left_to_another_rule() -> None:
    values: list[str | None] = ["1", "0.99", "10.0", "10.01", "-5", "007", None, "x", "1e5", ""]
    between = ExpectColumnValuesToBeNumbersBetween
    found = _judge(
        [
            between(column="number", minimum="1", maximum="10"),
            between(column="number", minimum="1"),
            between(column="number", maximum="10"),
            between(column="number"),
        ],
        number=values,
    )
    assert [rows for _, _, rows in found] == [(3, 5, 6), (3, 6), (5,), ()]
    assert [(held, broke) for held, broke, _ in found] == [(False, False)] * 3 + [(True, False)]


def test_dates_are_bounded_as_days_and_not_as_text() -> None:
    rule = ExpectColumnValuesToBeDatesBetween(
        column="day", date_format="%m/%d/%Y", minimum="12/31/2000", maximum="02/01/2001"
    )
    values: list[str | None] = ["01/01/2001", "12/31/2000", "12/30/2000", "02/02/2001", "1/1/1900", None]
    assert _judge([rule], day=values) == [(False, False, (4, 5))]


def test_a_bound_that_cannot_be_read_breaks_its_rule_instead_of_binding_nothing() -> None:
    rules = [
        ExpectColumnValuesToBeNumbersBetween(column="number", minimum="1e5"),
        ExpectColumnValuesToBeDatesBetween(column="day", date_format="%m/%d/%Y", maximum="2001-01-01"),
    ]
    found = _judge(rules, number=["1"], day=["01/01/2001"])
    assert [(held, broke) for held, broke, _ in found] == [(False, True), (False, True)]


def test_dates_and_the_marks_beside_them_pass_and_nothing_else() -> None:
    rule = ExpectColumnValuesToBeDates(column="day", date_format="%Y-%m-%d", also=["*"])
    values: list[str | None] = ["2001-01-01", "*", "2001-1-1", None, "**", "2001-02-29", "2001-01-01\n"]
    assert _judge([rule], day=values) == [(False, False, (4, 6, 7, 8))]


_ORDERED = {"<": (True, False, False), "<=": (True, True, False), "=": (False, True, False)}
_ORDERED |= {">=": (False, True, True), ">": (False, False, True), "!=": (True, False, True)}


def test_two_columns_compare_as_numbers_or_days_and_rows_that_lack_either_pass() -> None:
    rules, expected = [], []
    for kind, formats in (("number", {}), ("date", {"format_A": "%m/%d/%Y", "format_B": "%Y-%m-%d"})):
        for comparison, holds in _ORDERED.items():
            a, b = ("a", "b") if kind == "number" else ("from", "to")
            rule = {"column_A": a, "column_B": b, "comparison": comparison, "kind": kind, **formats}
            rules.append(ExpectColumnPairValuesToCompare(**rule))  # type: ignore[arg-type]
            expected.append(tuple(row for row, held in enumerate(holds, start=2) if not held))
    found = _judge(
        rules,
        # As text, 9 would come after 10, and 12/31/2000 after 2001.
        **{
            "a": ["9", "1.0", "10", None, "1", "x", "1"],
            "b": ["10", "01", "9", "1", None, "1", "1e5"],
            "from": ["12/31/2000", "01/01/2001", "01/02/2001", None, "01/01/2001", "x", "1/1/2001"],
            "to": ["2001-01-01", "2001-01-01", "2001-01-01", "2001-01-01", None, "2001-01-01", "2000-01-01"],
        },
    )
    assert [rows for _, _, rows in found] == expected
    assert not any(broke for _, broke, _ in found)


def test_control_characters_and_line_breaks_are_found_in_the_columns_asked_about() -> None:
    values: list[str | None] = [
        "x",
        "x\n",
        "x\ty",
        "x\x7f",
        "\x85x",
        "x\u2028",
        "x\u2029",
        "x\r",
        "x\x00",
        "é \u00a0",
        None,
    ]
    rules = [ExpectColumnsToHoldNoControlCharacters(columns=each) for each in (["a"], ["b"], ["a", "b", "absent"])]
    rules.append(ExpectColumnsToHoldNoControlCharacters(columns=["a"], multiline=["a"]))
    found = _judge(rules, a=values, b=["x"] * len(values))
    assert found == [
        (False, False, tuple(range(3, 11))),
        (True, False, ()),
        (False, False, tuple(range(3, 11))),
        (False, False, (4, 5, 10)),
    ]


def test_a_place_counts_its_rows_and_one_where_it_has_none() -> None:
    assert Place("grade", 3, (2, 5)).as_dict() == {
        "field": "grade",
        "column": 3,
        "rows": [2, 5],
        "count": 2,
        "labels": [],
    }
    assert Place().as_dict() == {"field": None, "column": None, "rows": [], "count": 1, "labels": []}


@settings(max_examples=100)
@given(_DAYS, st.integers(-400, 400))
def test_days_keep_their_order_when_read(day: date, apart: int) -> None:
    other = min(max(day.toordinal() + apart, date(1000, 1, 1).toordinal()), date.max.toordinal())
    later = date.min + timedelta(days=other - 1)
    for date_format in ("%m/%d/%Y", "%Y%m%d", "any"):
        written = "%m/%d/%Y" if date_format == "any" else date_format
        left, right = as_date(day.strftime(written), date_format), as_date(later.strftime(written), date_format)
        assert left is not None
        assert right is not None
        assert (left < right, left == right) == (day < later, day == later)
