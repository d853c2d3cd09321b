"""Our own metrics for Spark: map conditions for any Spark DataFrame, table metrics on the blocks of a SparkTable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import pandas as pd
import polars as pl
from great_expectations.execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from pyspark.sql import functions
from pyspark.sql.types import BooleanType

from dap.engine.spark.execution import SparkTableExecutionEngine
from dap.engine.spark.table import Outside, SparkTable
from dap.engine.texts import TextColumn
from dap.expectations import identifiers, state_ids, values
from dap.expectations.places import Place
from dap.identifiers import DOUBTS, FORMS, find_in_text
from dap.identifiers.sasid import StateIds
from dap.identifiers.spread import Asked, Part, asked_of, screen_part, screen_parts
from dap.submission import Reading


def _by_row(condition: Callable[..., pd.Series], columns: Iterable[Any]) -> Any:
    """A pandas condition as a Spark column: null where any of the columns is, as stock Spark conditions are."""
    return functions.pandas_udf(condition, BooleanType())(*columns)


class SparkDates(ColumnMapMetricProvider):
    """`column_values.dap_date` on any Spark DataFrame."""

    condition_metric_name = values.ColumnValuesAreDates.condition_metric_name
    condition_value_keys = values.ColumnValuesAreDates.condition_value_keys

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Any, date_format: str, also: list[str] | None = None, **kwargs: Any) -> Any:
        marks = frozenset(also or ())

        def holds(texts: pd.Series) -> pd.Series:
            days = values.read_texts(texts, "date", date_format)
            return pd.Series([text in marks or day is not None for text, day in zip(texts, days, strict=True)])

        return _by_row(holds, [column])


class SparkBounds(ColumnMapMetricProvider):
    """`column_values.dap_bounds` on any Spark DataFrame."""

    condition_metric_name = values.ColumnValuesInBounds.condition_metric_name
    condition_value_keys = values.ColumnValuesInBounds.condition_value_keys

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(
        cls,
        column: Any,
        kind: str,
        date_format: str = "",
        minimum: str | None = None,
        maximum: str | None = None,
        **kwargs: Any,
    ) -> Any:
        low, high = (values.read_bound(each, kind, date_format) for each in (minimum, maximum))

        def holds(texts: pd.Series) -> pd.Series:
            read = values.read_texts(texts, kind, date_format)
            return pd.Series(
                [each is None or ((low is None or each >= low) and (high is None or each <= high)) for each in read]
            )

        return _by_row(holds, [column])


class SparkCompare(ColumnPairMapMetricProvider):
    """`column_pair_values.dap_compare` on any Spark DataFrame."""

    condition_metric_name = values.ColumnPairValuesCompare.condition_metric_name
    condition_domain_keys = values.ColumnPairValuesCompare.condition_domain_keys
    condition_value_keys = values.ColumnPairValuesCompare.condition_value_keys

    @column_pair_condition_partial(  # type: ignore[untyped-decorator]
        engine=SparkDFExecutionEngine
    )
    def _spark(
        cls,
        column_A: Any,
        column_B: Any,
        comparison: str,
        kind: str,
        format_A: str = "",
        format_B: str = "",
        **kwargs: Any,
    ) -> Any:
        def holds(first: pd.Series, second: pd.Series) -> pd.Series:
            compare = values.COMPARISONS[comparison]
            pairs = zip(
                values.read_texts(first, kind, format_A), values.read_texts(second, kind, format_B), strict=True
            )
            return pd.Series([a is None or b is None or compare(a, b) for a, b in pairs])

        return _by_row(holds, [column_A, column_B])


class _OnTable(TableMetricProvider):
    """A table metric that is asked of a SparkTable; a plain DataFrame has no rows that could be named."""

    @classmethod
    def table(cls, engine: SparkTableExecutionEngine, domain: dict[str, Any]) -> SparkTable:
        """The table; TypeError for a batch that is none."""
        table = engine.table(domain)
        if table is None:
            raise TypeError("this rule is asked of a SparkTable")
        return table


class SparkReading(_OnTable):
    """The Reading of the batch, or None."""

    metric_name = "table.dap_reading"

    @metric_value(engine=SparkTableExecutionEngine)
    def _spark(
        cls,
        execution_engine: SparkTableExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Reading | None:
        return _OnTable.table(execution_engine, metric_domain_kwargs).reading


class SparkHeader(_OnTable):
    """The header's cells, and the row it stands in."""

    metric_name = "table.dap_header"

    @metric_value(engine=SparkTableExecutionEngine)
    def _spark(
        cls,
        execution_engine: SparkTableExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[tuple[str, ...], int]:
        table = _OnTable.table(execution_engine, metric_domain_kwargs)
        return (table.reading.header, table.reading.header_row) if table.reading else (table.columns, 1)


class SparkIdentifiers(_OnTable):
    """Every place where a prohibited identifier stands, by form."""

    metric_name = identifiers.ProhibitedIdentifiers.metric_name
    value_keys = identifiers.ProhibitedIdentifiers.value_keys

    @metric_value(engine=SparkTableExecutionEngine)
    def _spark(
        cls,
        execution_engine: SparkTableExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Any:
        table = _OnTable.table(execution_engine, metric_domain_kwargs)
        reading, names = table.reading, table.columns
        known = identifiers.known_of(metric_value_kwargs)
        places = {name: position for position, name in enumerate(names, start=1)}
        allowed = {places[name]: pattern for name, pattern in known.allows.items() if name in places}
        persons = {places[name] for name in known.persons if name in places}
        header = reading.header if reading else names
        headers = [header[at] if at < len(header) else "" for at in range(len(names))]
        asked = asked_of(headers, table.samples, allowed, persons)

        def all_of(parts: list[tuple[Part, list[tuple[int, tuple[str, ...]]]]]) -> dict[str, list[Place]]:
            screen = screen_parts([part for part, _ in parts], asked, reading.header_row if reading else 1)
            found: dict[str, list[Place]] = {form: [] for form in (*FORMS, *DOUBTS)}
            for place in (*screen.places, *screen.doubts):
                name = names[place.column - 1]
                field = None if name.startswith("#") else name
                found[place.form].append(Place(field, place.column, place.rows, labels=place.labels))
            above = _labelled((row, each.text) for each in table.above for row in each.rows)
            beside = sorted(chain(above, *(hits for _, hits in parts)))
            return found | identifiers.around(reading) | {"outside_table": _outside(beside)}

        return execution_engine.late(_Screen(asked), all_of)


class _Screen:
    """The screen of one block: its table, and the texts beside it by row with the labels of what they hold."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def __call__(self, frame: pl.DataFrame, rows: list[int], outside: Outside) -> Any:
        part = screen_part([TextColumn(column) for column in frame.get_columns()], rows, self._asked)
        return part, _labelled(outside)


def _labelled(outside: Iterable[tuple[int, str]]) -> list[tuple[int, tuple[str, ...]]]:
    """The rows of the texts in which something is found, and what."""
    found = ((row, tuple(sorted({hit.label for hit in find_in_text(text)}))) for row, text in outside)
    return [(row, labels) for row, labels in found if labels]


def _outside(found: list[tuple[int, tuple[str, ...]]]) -> list[Place]:
    if not found:
        return []
    rows = tuple(dict.fromkeys(row for row, _ in found))
    labels = tuple(sorted(set(chain.from_iterable(labels for _, labels in found))))
    return [Place(rows=rows, count=len(rows), labels=labels)]


class SparkControlCharacters(_OnTable):
    """Of every column that has any: the rows whose cell holds a control character, and those with a line break."""

    metric_name = values.ControlCharacters.metric_name

    @metric_value(engine=SparkTableExecutionEngine)
    def _spark(
        cls,
        execution_engine: SparkTableExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Any:
        table = _OnTable.table(execution_engine, metric_domain_kwargs)

        def all_of(parts: list[dict[str, tuple[list[int], list[int]]]]) -> dict[str, tuple[Place, Place]]:
            found = {}
            for at, name in enumerate(table.columns, start=1):
                position = table.reading.position(name) if table.reading else at
                rows = [
                    tuple(chain.from_iterable(part[name][side] for part in parts if name in part)) for side in (0, 1)
                ]
                if any(rows):
                    found[name] = Place(name, position, rows[0]), Place(name, position, rows[1])
            return found

        return execution_engine.late(_control_characters, all_of)


def _control_characters(
    frame: pl.DataFrame, rows: list[int], outside: Outside
) -> dict[str, tuple[list[int], list[int]]]:
    numbers = pl.Series(rows, dtype=pl.Int64)
    found = {}
    for column in frame.get_columns():
        listed = [
            numbers.filter(column.str.contains(form).fill_null(False)).to_list()
            for form in (values.CONTROL_CHARACTERS, values.LINE_BREAKS)
        ]
        if any(listed):
            found[column.name] = listed[0], listed[1]
    return found


class SparkStateIds(_OnTable):
    """The rows of a column of state student numbers that show each fault."""

    metric_name = state_ids.PoorStateIds.metric_name
    value_keys = state_ids.PoorStateIds.value_keys

    @metric_value(engine=SparkTableExecutionEngine)
    def _spark(
        cls,
        execution_engine: SparkTableExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Any:
        table = _OnTable.table(execution_engine, metric_domain_kwargs)
        column = metric_value_kwargs["column"]
        position = table.reading.position(column) if table.reading else None

        def all_of(parts: list[StateIds]) -> dict[str, Place]:
            whole = StateIds()
            for part in parts:
                whole.join(part, _SAME)
            return {fault: Place(column, position, tuple(rows)) for fault, rows in whole.poor().items()}

        work = _StateIds(column, metric_value_kwargs["births"], metric_value_kwargs["names"])
        return execution_engine.late(work, all_of)


class _Same(Sequence[int]):
    """Each number by itself: of places that are row numbers already."""

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, place: Any) -> Any:
        return place


_SAME = _Same()


class _StateIds:
    """What the state student numbers of one block show, by row number."""

    def __init__(self, column: str, births: dict[str, str], names: list[str]) -> None:
        self._column, self._births, self._names = column, births, names

    def __call__(self, frame: pl.DataFrame, rows: list[int], outside: Outside) -> StateIds:
        births = [
            state_ids.read_births(frame[name].to_list(), form)
            for name, form in self._births.items()
            if name in frame.columns
        ]
        names = [frame[name].to_list() for name in self._names if name in frame.columns]
        part, by_row = StateIds(), StateIds()
        part.see(frame[self._column].to_list(), births, names)
        by_row.join(part, rows)
        return by_row
