"""Our own metrics on Polars: dates, numbers, comparisons and control characters, as `dap.expectations` defines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
import polars as pl
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.engine.batch import Piece, PolarsBatchData
from dap.engine.conditions import ALL, Answer, Asked, condition
from dap.engine.execution import PolarsExecutionEngine
from dap.engine.texts import TextColumn
from dap.expectations.identifiers import Known, ProhibitedIdentifiers, found_places, known_of, table_screen
from dap.expectations.places import Place
from dap.expectations.reading import reading_of
from dap.expectations.state_ids import PoorStateIds, read_births
from dap.expectations.values import (
    COMPARISONS,
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    ControlCharacters,
    read_bound,
    read_texts,
)
from dap.identifiers.prefilter import holds_nothing
from dap.identifiers.sasid import StateIds
from dap.submission import Reading


@condition("column_values.dap_date", by_text=ALL)
def _dates(asked: Asked) -> Answer:
    marks = frozenset(asked.arguments.get("also") or ())
    texts = _texts(asked, 0)
    days = _read(asked, 0, "date", asked.arguments["date_format"])
    return _none_of(asked, [text for text, day in zip(texts, days, strict=True) if day is None and text not in marks])


@condition("column_values.dap_bounds", by_text=ALL)
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


@condition("column_pair_values.dap_compare", by_text=ALL)
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


def _in_pieces(engine: PolarsExecutionEngine, domain: dict[str, Any]) -> PolarsBatchData | None:
    """The batch whose pieces a table metric can go through; None where the metric on pandas has to answer."""
    batch = engine.batch(domain)
    asked_whole = batch is not None and batch.labels is not None and not domain.get("row_condition")
    return batch if batch is not None and asked_whole and all(map(batch.is_text, batch.columns)) else None


class PolarsControlCharacters(TableMetricProvider):
    """Of each asked column that has any: the rows whose cell holds a control character, and those with a line break."""

    metric_name = ControlCharacters.metric_name
    value_keys = ControlCharacters.value_keys

    @metric_value(engine=PolarsExecutionEngine)
    def _polars(
        cls,
        execution_engine: PolarsExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Mapping[str, Any]:
        batch = _in_pieces(execution_engine, metric_domain_kwargs)
        if batch is None:
            stock: Any = ControlCharacters._pandas
            return stock(  # type: ignore[no-any-return]
                cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration
            )
        return _Controls(batch, metric_value_kwargs.get("columns"))


class _Later(Mapping[str, Any]):
    """The answer of a table metric, known after the next pass over the batch: whoever asks before it starts one."""

    def __init__(self, batch: PolarsBatchData) -> None:
        self._batch = batch
        # A batch whose rows have no numbers is left to pandas.
        self._rows = _Numbers(np.arange(batch.height) if batch.labels is None else batch.labels)
        self._answer: Mapping[str, Any] | None = None
        self._error: Exception | None = None
        batch.wait(self._look)

    def _look(self, piece: Piece) -> None:
        if self._error is None:
            try:
                self.see(piece)
            except Exception as error:
                # Whoever asks is told; the counts that go through the same pieces are not lost by it.
                self._error = error

    @property
    def reading(self) -> Reading | None:
        """The Reading that the batch carries."""
        return reading_of(self._batch.narrow([]))

    def see(self, piece: Piece) -> None:
        """Take a piece."""
        raise NotImplementedError

    def answer(self) -> Mapping[str, Any]:
        """What was found, after the last piece."""
        raise NotImplementedError

    def _found(self) -> Mapping[str, Any]:
        if self._answer is None:
            self._batch.sweep_for(self._look)
            if self._error is not None:
                raise self._error
            self._answer = self.answer()
        return self._answer

    def __getitem__(self, name: str) -> Any:
        return self._found()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())


_EITHER = f"{CONTROL_CHARACTERS[:-1]}{LINE_BREAKS[1:]}"


class _Controls(_Later):
    def __init__(self, batch: PolarsBatchData, columns: Sequence[str] | None) -> None:
        super().__init__(batch)
        asked = batch.columns if batch.controls else ()
        self._names = [name for name in asked if columns is None or name in columns]
        self._places: dict[str, tuple[list[int], list[int]]] = {}

    def see(self, piece: Piece) -> None:
        if not self._names:
            return
        holds = piece.frame.lazy().select(pl.col(name).str.contains(_EITHER).any() for name in self._names).collect()
        for name, found in holds.row(0, named=True).items():
            if found:
                listed_of = self._places.setdefault(name, ([], []))
                for listed, form in zip(listed_of, (CONTROL_CHARACTERS, LINE_BREAKS), strict=True):
                    places = piece.frame[name].str.contains(form).arg_true().to_list()
                    listed += [self._rows[piece.offset + place] for place in places]

    def answer(self) -> Mapping[str, tuple[Place, Place]]:
        reading = self.reading
        found = {}
        for name, (controls, breaks) in self._places.items():
            position = reading.position(name) if reading else self._batch.columns.index(name) + 1
            found[name] = Place(name, position, tuple(controls)), Place(name, position, tuple(breaks))
        return found


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
    ) -> Mapping[str, Any]:
        batch = _in_pieces(execution_engine, metric_domain_kwargs)
        if batch is None:
            stock: Any = ProhibitedIdentifiers._pandas
            return stock(  # type: ignore[no-any-return]
                cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration
            )
        return _Identifiers(batch, known_of(metric_value_kwargs))


class _Identifiers(_Later):
    def __init__(self, batch: PolarsBatchData, known: Known) -> None:
        super().__init__(batch)
        self._screen = table_screen(batch.columns, self.reading, known, batch.most)

    def see(self, piece: Piece) -> None:
        names, apart = self._batch.columns, not self._batch.controls
        known = {name: texts for name in names if (texts := piece.known_texts(name)) is not None}
        quiet = {name for name, texts in known.items() if holds_nothing(TextColumn(texts, apart=apart))}
        self._screen.see(TextColumn.all_of(piece.frame.select(names), apart=apart, quiet=quiet))

    def answer(self) -> Mapping[str, list[Place]]:
        names = self._batch.columns
        if wanted := self._screen.asks_again():
            for piece in self._batch.pieces([names[place] for place in wanted]):
                self._screen.look_again({place: TextColumn(piece.frame[names[place]]) for place in wanted})
        return found_places(names, self._screen, self._rows, self.reading)


class PolarsPoorStateIds(TableMetricProvider):
    """The rows of a column of state student numbers that show each fault, gathered piece by piece."""

    metric_name = PoorStateIds.metric_name
    value_keys = PoorStateIds.value_keys

    @metric_value(engine=PolarsExecutionEngine)
    def _polars(
        cls,
        execution_engine: PolarsExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Mapping[str, Place]:
        batch = _in_pieces(execution_engine, metric_domain_kwargs)
        if batch is None or metric_value_kwargs["column"] not in batch.schema:
            stock: Any = PoorStateIds._pandas
            return stock(  # type: ignore[no-any-return]
                cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration
            )
        return _StateIds(batch, **metric_value_kwargs)


class _StateIds(_Later):
    def __init__(self, batch: PolarsBatchData, column: str, births: Mapping[str, str], names: Sequence[str]) -> None:
        super().__init__(batch)
        self._column = column
        self._births = {name: form for name, form in births.items() if name in batch.schema}
        self._names = [name for name in names if name in batch.schema]
        self._ids = StateIds()

    def see(self, piece: Piece) -> None:
        births = [read_births(piece.frame[name].to_list(), form) for name, form in self._births.items()]
        names = [piece.frame[name].to_list() for name in self._names]
        self._ids.see(piece.frame[self._column].to_list(), births, names)

    def answer(self) -> Mapping[str, Place]:
        reading = self.reading
        position = reading.position(self._column) if reading else None
        return {
            fault: Place(
                self._column, position, tuple(self._rows[place] for place in places[: self._batch.most]), len(places)
            )
            for fault, places in self._ids.poor().items()
        }


class _Numbers(Sequence[int]):
    """Row numbers as whole numbers of Python, made as they are asked for."""

    def __init__(self, labels: np.ndarray[Any, Any]) -> None:
        self._labels = labels

    def __len__(self) -> int:
        return len(self._labels)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        return self._labels[place].tolist()  # type: ignore[no-any-return]
