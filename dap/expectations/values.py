"""Values of text columns as numbers and dates, within bounds and beside each other; stock `between` raises on text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

import pandas as pd
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.expectations.reading import reading_of, table_of
from dap.values import as_date, as_number

Comparison = Literal["<", "<=", "=", ">=", ">", "!="]
Kind = Literal["number", "date"]

# The breaks of Unicode are what web pages and documents hand over with a text of several lines.
LINE_BREAKS = "[\n\r\x85\u2028\u2029]"
CONTROL_CHARACTERS = "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]"
_LINE_BREAK, _CONTROL = re.compile(LINE_BREAKS), re.compile(CONTROL_CHARACTERS)
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "!=": lambda a, b: a != b,
}


def read_texts(texts: Iterable[Any], kind: str, date_format: str) -> list[Any]:
    """What each text writes; a text is read once a column, and no longer kept than that: it is a value of the file."""
    listed = list(texts)
    read = {
        text: as_number(text) if kind == "number" else as_date(text, date_format)
        for text in {each for each in listed if isinstance(each, str)}
    }
    return [read.get(text) for text in listed]


def read_bound(text: str | None, kind: str, date_format: str) -> Any:
    """The bound as a value; ValueError where it writes none, for a bound that cannot be read would bind nothing."""
    value = None if text is None else read_texts([text], kind, date_format)[0]
    if text is not None and value is None:
        raise ValueError("a bound of the suite is not written as its rule's values are")
    return value


class ColumnValuesAreDates(ColumnMapMetricProvider):
    """True where the text is a date in the format."""

    condition_metric_name = "column_values.dap_date"
    condition_value_keys = ("date_format", "also")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, date_format: str, also: list[str] | None = None, **kwargs: Any) -> pd.Series:
        marks = frozenset(also or ())
        days = read_texts(column, "date", date_format)
        holds = [text in marks or day is not None for text, day in zip(column, days, strict=True)]
        return pd.Series(holds, index=column.index, dtype=bool)


class ExpectColumnValuesToBeDates(ColumnMapExpectation):
    """Expect every value to be an existing day in the format (strptime's letters, zeros written), or one of `also`."""

    date_format: str
    also: list[str] = []  # noqa: RUF012

    map_metric = "column_values.dap_date"
    success_keys: ClassVar[tuple[str, ...]] = ("date_format", "also", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "date_format", "also")


class ColumnValuesInBounds(ColumnMapMetricProvider):
    """True where the value lies within the bounds, and where it is no number or date at all: another rule says that."""

    condition_metric_name = "column_values.dap_bounds"
    condition_value_keys = ("kind", "date_format", "minimum", "maximum")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        column: pd.Series,
        kind: str,
        date_format: str = "",
        minimum: str | None = None,
        maximum: str | None = None,
        **kwargs: Any,
    ) -> pd.Series:
        low, high = read_bound(minimum, kind, date_format), read_bound(maximum, kind, date_format)
        holds = [
            value is None or ((low is None or value >= low) and (high is None or value <= high))
            for value in read_texts(column, kind, date_format)
        ]
        return pd.Series(holds, index=column.index, dtype=bool)


class ExpectColumnValuesToBeNumbersBetween(ColumnMapExpectation):
    """Expect every number to lie within the bounds, both included, given as text; what is no number passes."""

    minimum: str | None = None
    maximum: str | None = None
    kind: Literal["number"] = "number"

    map_metric = "column_values.dap_bounds"
    success_keys: ClassVar[tuple[str, ...]] = ("kind", "minimum", "maximum", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "minimum", "maximum")


class ExpectColumnValuesToBeDatesBetween(ColumnMapExpectation):
    """Expect every date to lie within the bounds, both included and in the same format; what is no date passes."""

    date_format: str
    minimum: str | None = None
    maximum: str | None = None
    kind: Literal["date"] = "date"

    map_metric = "column_values.dap_bounds"
    success_keys: ClassVar[tuple[str, ...]] = ("kind", "date_format", "minimum", "maximum", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "date_format", "minimum", "maximum")


class ColumnPairValuesCompare(ColumnPairMapMetricProvider):
    """True where both values compare as asked, and where either cannot be read: another rule says that."""

    condition_metric_name = "column_pair_values.dap_compare"
    condition_domain_keys = (
        "batch_id",
        "table",
        "column_A",
        "column_B",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )
    condition_value_keys = ("comparison", "kind", "format_A", "format_B")

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        column_A: pd.Series,
        column_B: pd.Series,
        comparison: str,
        kind: str,
        format_A: str = "",
        format_B: str = "",
        **kwargs: Any,
    ) -> pd.Series:
        compare = COMPARISONS[comparison]
        pairs = zip(read_texts(column_A, kind, format_A), read_texts(column_B, kind, format_B), strict=True)
        holds = [a is None or b is None or compare(a, b) for a, b in pairs]
        return pd.Series(holds, index=column_A.index, dtype=bool)


class ExpectColumnPairValuesToCompare(ColumnPairMapExpectation):
    """Expect column A to compare with column B as asked, as numbers or dates; rows lacking either pass."""

    comparison: Comparison
    kind: Kind
    format_A: str = ""
    format_B: str = ""
    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    map_metric = "column_pair_values.dap_compare"
    success_keys: ClassVar[tuple[str, ...]] = (
        "column_A",
        "column_B",
        "comparison",
        "kind",
        "format_A",
        "format_B",
        "ignore_row_if",
        "mostly",
    )
    args_keys: ClassVar[tuple[str, ...]] = ("column_A", "column_B", "comparison", "kind")


class ControlCharacters(TableMetricProvider):
    """Of each asked column that has any: the rows whose cell holds a control character, and those with a line break."""

    metric_name = "table.dap_control_characters"
    value_keys = ("columns",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, tuple[Place, Place]]:
        frame = table_of(execution_engine, metric_domain_kwargs)
        reading = reading_of(frame)
        found = {}
        asked = metric_value_kwargs.get("columns")
        for place, name in enumerate(map(str, frame.columns)):
            if asked is not None and name not in asked:
                continue
            position = reading.position(name) if reading else place + 1
            texts = [
                (row, text) for row, text in zip(frame.index, frame.iloc[:, place], strict=True) if text is not None
            ]
            controls, breaks = (
                tuple(int(row) for row, text in texts if form.search(str(text))) for form in (_CONTROL, _LINE_BREAK)
            )
            if controls or breaks:
                found[name] = Place(name, position, controls), Place(name, position, breaks)
        return found


class ExpectColumnsToHoldNoControlCharacters(BatchExpectation):
    """Expect no cell of the columns to hold a control character, nor, but for `multiline`, a line break.

    A pattern's end lets a final line break pass on some engines; this rule is what makes the patterns exact on all.
    """

    columns: list[str]
    multiline: list[str] = []  # noqa: RUF012

    metric_dependencies = ("table.dap_control_characters",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "multiline")
    args_keys: ClassVar[tuple[str, ...]] = ("columns", "multiline")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        found = metrics["table.dap_control_characters"]
        places = []
        for name in (each for each in self.columns if each in found):
            controls, breaks = found[name]
            rows = controls.rows if name in self.multiline else tuple(sorted({*controls.rows, *breaks.rows}))
            places += [Place(name, controls.column, rows)] if rows else []
        return result(places)
