"""Our own metrics on Polars: dates, numbers, comparisons and control characters, as `dap.expectations` defines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import polars as pl
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.engine.batch import PolarsBatchData
from dap.engine.conditions import Answer, Asked, condition
from dap.engine.execution import PolarsExecutionEngine
from dap.expectations.identifiers import ProhibitedIdentifiers, find_identifiers, known_of
from dap.expectations.places import Place
from dap.expectations.reading import reading_of
from dap.expectations.values import (
    COMPARISONS,
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    ControlCharacters,
    read_bound,
    read_texts,
)
from dap.identifiers.prefilter import SHORTEST


@condition("column_values.dap_date", by_text=True)
def _dates(asked: Asked) -> Answer:
    marks = frozenset(asked.arguments.get("also") or ())
    texts = _texts(asked, 0)
    days = _read(asked, 0, "date", asked.arguments["date_format"])
    return _none_of(asked, [text for text, day in zip(texts, days, strict=True) if day is None and text not in marks])


@condition("column_values.dap_bounds", by_text=True)
def _bounds(asked: Asked) -> Answer:
    kind, date_format = asked.arguments["kind"], asked.arguments.get("date_format") or ""
    low = read_bound(asked.arguments.get("minimum"), kind, date_format)
    high = read_bound(asked.arguments.get("maximum"), kind, date_format)
    texts = _texts(asked, 0)
    values = zip(texts, _read(asked, 0, kind, date_format), strict=True)
    return _none_of(
        asked,
        [
            text
            for text, value in values
            if value is not None and ((low is not None and value < low) or (high is not None and value > high))
        ],
    )


@condition("column_pair_values.dap_compare", by_text=True)
def _compare(asked: Asked) -> Answer:
    """Compares the places of both values among all that either column holds: exact, whatever their size or digits."""
    kind = asked.arguments["kind"]
    compare = COMPARISONS[asked.arguments["comparison"]]
    texts = _texts(asked, 0), _texts(asked, 1)
    formats = asked.arguments.get("format_A") or "", asked.arguments.get("format_B") or ""
    read = [_read(asked, side, kind, formats[side]) for side in (0, 1)]
    order = {
        value: place for place, value in enumerate(sorted({v for values in read for v in values if v is not None}))
    }
    first, second = (
        _place(asked.columns[side], texts[side], [order.get(value) for value in read[side]]) for side in (0, 1)
    )
    holds: pl.Expr = compare(first, second)
    return holds.fill_null(True)


def _place(column: str, texts: Sequence[str], places: Sequence[int | None]) -> pl.Expr:
    known = {text: place for text, place in zip(texts, places, strict=True) if place is not None}
    if not known:
        return pl.lit(None, dtype=pl.Int64)
    return pl.col(column).replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.Int64)


def _texts(asked: Asked, place: int) -> list[str]:
    asked.text(place)
    return asked.batch.texts_of(asked.columns[place])


def _read(asked: Asked, place: int, kind: str, form: str) -> list[Any]:
    return asked.batch.read(asked.columns[place], (kind, form), lambda texts: read_texts(texts, kind, form))


def _none_of(asked: Asked, faulty: list[str]) -> pl.Expr:
    return ~asked.text().is_in(faulty) if faulty else pl.lit(True)


class PolarsControlCharacters(TableMetricProvider):
    """Of every column that has any: the rows whose cell holds a control character, and those with a line break."""

    metric_name = ControlCharacters.metric_name

    @metric_value(engine=PolarsExecutionEngine)
    def _polars(
        cls,
        execution_engine: PolarsExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Mapping[str, tuple[Place, Place]]:
        batch = execution_engine.batch(metric_domain_kwargs)
        if batch is None or batch.labels is None or not all(map(batch.is_text, batch.columns)):
            stock: Any = ControlCharacters._pandas
            return stock(  # type: ignore[no-any-return]
                cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration
            )
        return _Found(batch)


_EITHER = f"{CONTROL_CHARACTERS[:-1]}{LINE_BREAKS[1:]}"


class _Found(Mapping[str, tuple[Place, Place]]):
    """The columns that hold control characters or line breaks, each searched when it is asked about.

    Most columns of a suite have a pattern or a list that admits none, and nobody asks.
    """

    def __init__(self, batch: PolarsBatchData) -> None:
        self._batch = batch
        self._places: dict[str, tuple[Place, Place] | None] = {}

    def __getitem__(self, name: str) -> tuple[Place, Place]:
        if name not in self._places:
            self._places[name] = self._searched(name)
        found = self._places[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._batch.columns if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _searched(self, name: str) -> tuple[Place, Place] | None:
        batch = self._batch
        if name not in batch.frame.columns or not batch.frame[name].str.contains(_EITHER).any():
            return None
        reading = reading_of(batch.narrow([]))
        position = reading.position(name) if reading else batch.columns.index(name) + 1
        labels = batch.labels
        controls, breaks = (
            tuple(labels[batch.frame[name].str.contains(form).arg_true().to_numpy()].tolist())
            if labels is not None
            else ()
            for form in (CONTROL_CHARACTERS, LINE_BREAKS)
        )
        return Place(name, position, controls), Place(name, position, breaks)


class PolarsProhibitedIdentifiers(TableMetricProvider):
    """Every place of the batch where a prohibited identifier stands, by form, without a text for each cell."""

    metric_name = ProhibitedIdentifiers.metric_name
    value_keys = ProhibitedIdentifiers.value_keys

    @metric_value(engine=PolarsExecutionEngine)
    def _polars(
        cls,
        execution_engine: PolarsExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, list[Place]]:
        batch = execution_engine.batch(metric_domain_kwargs)
        if batch is None or batch.labels is None or not all(map(batch.is_text, batch.columns)):
            stock: Any = ProhibitedIdentifiers._pandas
            return stock(  # type: ignore[no-any-return]
                cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration
            )
        return find_identifiers(
            batch.columns,
            [TextColumn(batch.frame[name]) for name in batch.columns],
            batch.labels.tolist(),
            reading_of(batch.narrow([])),
            known_of(metric_value_kwargs),
        )


class TextColumn(Sequence[str | None]):
    """A column of text whose cells are made only when they are asked for."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series
        self._asked = 0

    @cached_property
    def _list(self) -> list[str | None]:
        return self._series.to_list()

    def __len__(self) -> int:
        return self._series.len()

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[str | None]: ...
    def __getitem__(self, place: int | slice) -> str | list[str | None] | None:
        if isinstance(place, slice):
            return self._series[place].to_list()
        # One cell of many is looked up; from some on a list of all is the quicker way.
        self._asked += 1
        return self._list[place] if self._asked > _MANY_CELLS else self._series[place]

    def __iter__(self) -> Iterator[str | None]:
        return iter(self._list)

    def joined(self) -> bytes:
        """The cells in UTF-8, with a NUL before the first, between each two and behind the last.

        Of a column of short codes none is there, only the NULs: no identifier is so short.
        """
        if not len(self):
            return b"\0\0"
        longest = self._series.str.len_bytes().max()
        if not isinstance(longest, int) or longest < SHORTEST:
            return b"\0" * (len(self) + 1)
        cells = self._series.fill_null("").str.join("\0")
        whole: bytes = ("\0" + cells + "\0").cast(pl.Binary)[0]
        return whole


_MANY_CELLS = 1_000
