"""A Great Expectations execution engine on Polars: conditions fused into one pass, row numbers only for what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
import polars as pl
from great_expectations.constants import MAX_RESULT_RECORDS
from great_expectations.core.batch import BatchMarkers
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration

from dap.engine.batch import Piece, PolarsBatchData
from dap.engine.conditions import ALL, FEW, Asked, Unique, goes_by_text, judges_missing, known
from dap.engine.domains import StockOnlyError, columns_of, condition_columns, rows_of

_CONDITION = ".condition"
_LENGTHS = "column_values.value_length.map"

Metrics = dict[Any, Any]
Details = Callable[["Deferred", Mapping[str, Any]], Any]


class Tally(Protocol):
    """A number that is counted piece by piece."""

    def counting(self, piece: Piece) -> pl.Expr:
        """The expression that counts in one piece."""
        ...

    def add(self, piece: Piece, found: Any) -> None:
        """Take what it gave."""
        ...

    def total(self) -> int:
        """The number, after the last piece."""
        ...


@dataclass(eq=False)
class Rows:
    """How many rows a metric is about."""

    rows: pl.Expr
    found: int = 0

    def counting(self, piece: Piece) -> pl.Expr:
        """How many of this piece."""
        return self.rows.sum()

    def add(self, piece: Piece, found: Any) -> None:
        """Add those of one piece."""
        self.found += int(found)

    def total(self) -> int:
        """Those of all pieces."""
        return self.found


@dataclass(eq=False)
class Deferred:
    """A condition that is not computed yet: which rows are asked about, and which of them are unexpected.

    `rows` None stands for all. `unexpected` gives the expression for a piece; it is None for a condition on uniqueness,
    which no piece can answer alone. `stock` computes what the stock metric on pandas gives, for whoever needs it.
    `swept` says that each piece was asked, so that `total` can tell. `by_text` says that it goes by the different texts
    of its columns (`goes_by_text`), which a piece finds for all conditions at once.
    """

    batch: PolarsBatchData = field(repr=False)
    columns: tuple[str, ...]
    rows: pl.Expr | None = field(repr=False)
    unexpected: Callable[[Piece], pl.Expr] | None = field(repr=False)
    stock: Callable[[], Any] = field(repr=False)
    pair: bool = False
    by_text: str = ""
    count: int | None = None
    swept: bool = False
    _counts: dict[int, int] = field(default_factory=dict, repr=False)
    _hashes: list[pl.Series] = field(default_factory=list, repr=False)
    _positions: np.ndarray[Any, Any] | None = field(default=None, repr=False)
    _whole: bool = False

    def counting(self, piece: Piece) -> pl.Expr:
        """How many rows are unexpected; for uniqueness, how many have values that stand before, or hashes of all."""
        if self.unexpected is not None:
            return self.unexpected(piece).sum()
        values = self._values()
        if not self.batch.in_memory:
            return (values if self.rows is None else values.filter(self.rows)).hash().implode()
        if self.rows is None:
            return pl.len() - values.n_unique()
        return self.rows.sum() - values.filter(self.rows).n_unique()

    def forget(self) -> None:
        """Forget what was counted in a pass that could not be ended."""
        self._counts, self._hashes = {}, []

    def add(self, piece: Piece, found: Any) -> None:
        """Take what `counting` gave for a piece."""
        if isinstance(found, pl.Series):
            self._hashes.append(found)
        else:
            self._counts[piece.number] = int(found)

    def total(self) -> int:
        """How many rows are unexpected; where values repeat, all rows that have them are found for it."""
        if self.count is None:
            self.count = sum(self._counts.values()) if self.unexpected is not None else self._repeated()
        return self.count

    def _repeated(self) -> int:
        if self.batch.in_memory:
            self._positions = self._find_repeated() if any(self._counts.values()) else np.empty(0, dtype=np.int64)
        else:
            hashes = pl.concat(self._hashes) if self._hashes else pl.Series(dtype=pl.UInt64)
            self._hashes = []
            # Different hashes are of different values. Alike are few, as a rule, and their values are looked at.
            alike = hashes.filter(hashes.is_duplicated()).unique()
            self._positions = self._find_repeated(alike) if len(alike) else np.empty(0, dtype=np.int64)
        self._whole = True
        return len(self._positions)

    def _find_repeated(self, alike: pl.Series | None = None) -> np.ndarray[Any, Any]:
        """The places of the rows whose values stand in another row too; `alike` are the hashes of their values."""
        rows = pl.lit(True) if self.rows is None else self.rows
        values = self._values()
        asked = []
        for piece in self.batch.pieces(None if self.batch.in_memory else self._needed()):
            place = pl.int_range(pl.len(), dtype=pl.Int64) + piece.offset
            found = piece.frame.select(
                rows.alias("asked").fill_null(False), values.alias("values"), place.alias("place")
            )
            found = found.filter("asked")
            if alike is not None:
                found = found.filter(pl.col("values").hash().is_in(alike.implode()))
            asked.append(found.select("place", "values"))
        together = pl.concat(asked)
        return together.filter(pl.col("values").is_duplicated())["place"].to_numpy()

    def _needed(self) -> set[str]:
        return {*self.columns, *(self.rows.meta.root_names() if self.rows is not None else ())}

    def _values(self) -> pl.Expr:
        return pl.col(self.columns[0]) if len(self.columns) == 1 else pl.struct(self.columns)

    def positions(self, most: int | None) -> np.ndarray[Any, Any]:
        """The places of the first unexpected rows, from 0; nothing is computed where there is none."""
        seek([(self, most)])
        return np.empty(0, dtype=np.int64) if self._positions is None else self._positions[:most]

    def lacks(self, most: int | None) -> bool:
        """Whether so many places are still to be found."""
        known = self._positions is not None and (self._whole or (most is not None and len(self._positions) >= most))
        return bool(self.count) and not known and most != 0

    def where(self, most: int | None) -> dict[int, int]:
        """The pieces that hold the first unexpected rows, and how many of each are wanted."""
        wanted: dict[int, int] = {}
        left = self.count or 0 if most is None else most
        for number, count in sorted(self._counts.items()):
            if count and left > 0:
                wanted[number] = min(count, left)
                left -= count
        return wanted

    def sought(self, places: np.ndarray[Any, Any], most: int | None) -> None:
        """Take the places that were found."""
        self._positions = places
        self._whole = most is None or len(places) < most


def seek(asked: list[tuple[Deferred, int | None]]) -> None:
    """Find the first places of several conditions of one batch, in one pass over the pieces that hold them."""
    asked = [(each, most) for each, most in asked if each.lacks(most) and each.unexpected is not None]
    if not asked:
        return
    wanted = [each.where(most) for each, most in asked]
    found: list[list[np.ndarray[Any, Any]]] = [[] for _ in asked]
    for piece in asked[0][0].batch.pieces(None, sorted(set().union(*wanted))):
        named = []
        for place, (each, _) in enumerate(asked):
            if piece.number in wanted[place] and each.unexpected is not None:
                places = pl.arg_where(each.unexpected(piece)).head(wanted[place][piece.number])
                named.append(places.implode().alias(str(place)))
        row = piece.frame.lazy().select(named).collect()
        for name in row.columns:
            found[int(name)].append(row[name][0].to_numpy().astype(np.int64) + piece.offset)
    for (each, most), parts in zip(asked, found, strict=True):
        each.sought(np.concatenate(parts) if parts else np.empty(0, dtype=np.int64), most)


class PolarsExecutionEngine(PandasExecutionEngine):
    """Runs suites on Polars frames: what it knows in one pass a level, everything else as the pandas engine does.

    A metric that fails takes none of its level down: the others keep their results, and it is not computed again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._broken: dict[Any, Exception] = {}
        # The metrics that pandas computed, by name, in order: what a suite pays for that goes beyond this engine.
        self.fallbacks: list[str] = []
        super().__init__(*args, **kwargs)

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        """Take the data of a batch: a PolarsBatchData, or a frame of Polars or pandas.

        What was computed is forgotten when other data comes under an id: GX gives each frame of an asset the same.
        """
        if isinstance(batch_data, pl.DataFrame | pd.DataFrame):
            batch_data = PolarsBatchData(self, batch_data)
        if self.batch_manager.batch_data_cache.get(batch_id) is not batch_data:
            self._metric_cache = {} if self._caching else self._metric_cache
        self._broken.clear()
        super().load_batch_data(batch_id, batch_data)

    def get_batch_data_and_markers(self, batch_spec: Any) -> tuple[Any, BatchMarkers]:
        """The batch's data from a frame of Polars or pandas, without a fingerprint of each cell; others as stock."""
        if isinstance(batch_spec, RuntimeDataBatchSpec) and not isinstance(batch_spec.batch_data, str):
            data = batch_spec.batch_data
            batch_spec.batch_data = type(data).__name__
            if not isinstance(data, PolarsBatchData):
                data = PolarsBatchData(self, data)
            return data, BatchMarkers({"ge_load_time": pd.Timestamp.now("UTC").strftime("%Y%m%dT%H%M%S.%fZ")})
        data, markers = super().get_batch_data_and_markers(batch_spec)
        return PolarsBatchData(self, data.dataframe), markers

    def get_compute_domain(
        self, domain_kwargs: Any, domain_type: Any, accessor_keys: Iterable[str] | None = None
    ) -> tuple[pd.DataFrame, Any, Any]:
        """The rows a metric is about, in pandas; for metrics on columns with no more columns than they name."""
        batch = self.batch(domain_kwargs)
        named = columns_of(domain_kwargs)
        also = condition_columns(domain_kwargs.get("row_condition"))
        if (
            MetricDomainTypes(domain_type) is MetricDomainTypes.TABLE
            or batch is None
            or also is None
            or not {*named, *also} <= set(batch.columns)
        ):
            return super().get_compute_domain(domain_kwargs, domain_type, accessor_keys)
        narrow = PandasExecutionEngine(batch_data_dict={"narrow": batch.narrow({*named, *also})})
        data, compute, accessor = narrow.get_compute_domain({**domain_kwargs, "batch_id": None}, domain_type)
        return data, {**compute, "batch_id": domain_kwargs.get("batch_id")}, accessor

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: Metrics | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> Metrics:
        """Compute a level of the graph.

        Those that fail are named in a MetricResolutionError; the results of the others are in `metrics` by then.
        """
        if not metrics_to_resolve:
            return metrics or {}
        level = _Level(self, {} if metrics is None else metrics, runtime_configuration)
        level.resolve_all(list(metrics_to_resolve))
        if self._caching:
            self._metric_cache.update(level.resolved)
        if level.failed:
            if metrics is not None:
                metrics.update(level.resolved)
            self._broken |= {metric.id: error for metric, error in level.failed}
            # GX gives one message to all that an error names: those with another one follow when it asks again.
            first = level.failed[0][1]
            raise MetricResolutionError(
                message=str(first),
                failed_metrics=tuple(metric for metric, error in level.failed if str(error) == str(first)),
            ) from first
        return level.resolved

    def batch(self, domain: Mapping[str, Any]) -> PolarsBatchData | None:
        """The batch a metric is about; None where the stock engine would refuse to say."""
        manager = self.batch_manager
        id = domain.get("batch_id")
        data = manager.active_batch_data if id is None else manager.batch_data_cache.get(id)
        return data if isinstance(data, PolarsBatchData) else None


class _Level:
    """One level of the graph: conditions deferred, then every count in one pass, then what is asked of the counted."""

    def __init__(self, engine: PolarsExecutionEngine, metrics: Metrics, runtime: dict[str, Any] | None) -> None:
        self.engine, self.metrics, self.runtime = engine, metrics, runtime
        self.resolved: Metrics = {}
        self.failed: list[tuple[MetricConfiguration, Exception]] = []
        self._counts: list[tuple[MetricConfiguration, PolarsBatchData, Tally]] = []
        self._details: list[tuple[MetricConfiguration, Deferred, Details]] = []

    def resolve_all(self, level: list[MetricConfiguration]) -> None:
        """Resolve each metric or name it as failed.

        Whatever else was raised would end GX's run quietly, and it takes an expectation without counts for one that
        holds.
        """
        try:
            self._resolve_all(level)
        except Exception as error:
            named = {metric.id for metric, _ in self.failed}
            self.failed += [(each, error) for each in level if each.id not in self.resolved and each.id not in named]

    def _resolve_all(self, level: list[MetricConfiguration]) -> None:
        self._find_texts(level)
        kept = self.engine._metric_cache
        cache = kept if isinstance(kept, dict) else {}
        for metric in level:
            if metric.id in self.engine._broken:
                self.failed.append((metric, self.engine._broken[metric.id]))
            elif metric.id in cache:
                self.resolved[metric.id] = cache[metric.id]
            else:
                self._resolve(metric)
        for batch in {id(each[1]): each[1] for each in self._counts}.values():
            self._count([each for each in self._counts if each[1] is batch])
        self._seek()
        for metric, condition, details in self._details:
            self._detail(metric, condition, details)

    def _find_texts(self, level: list[MetricConfiguration]) -> None:
        """Some conditions go by the different texts of their columns: all are found in one pass."""
        wanted: dict[int, tuple[PolarsBatchData, dict[str, list[str]]]] = {}
        for metric in level:
            batch = self.engine.batch(metric.metric_domain_kwargs)
            when = goes_by_text(metric.metric_name.removesuffix(_CONDITION))
            if batch is not None and when:
                names = wanted.setdefault(id(batch), (batch, {ALL: [], FEW: []}))[1][when]
                names.extend(columns_of(metric.metric_domain_kwargs))
        for batch, asked in wanted.values():
            if batch.in_memory:
                batch.probe.distinct(asked[ALL], asked[FEW])

    def _resolve(self, metric: MetricConfiguration) -> None:
        name, domain = metric.metric_name, metric.metric_domain_kwargs
        batch = self.engine.batch(domain)
        try:
            if batch is None:
                raise StockOnlyError
            if _is_condition(name):
                self.resolved[metric.id] = self._deferred(metric, batch)
            elif name == "table.row_count":
                self._count_rows(metric, batch)
            elif name == "table.columns":
                self.resolved[metric.id] = list(batch.columns)
            elif name == "table.column_types":
                self.resolved[metric.id] = [{"name": each, "type": dtype} for each, dtype in batch.dtypes().items()]
            else:
                self._after_condition(metric)
        except Exception:
            # What raises here for the suite's sake raises in the stock metric too, and in its words.
            self._stock(metric)

    def _deferred(self, metric: MetricConfiguration, batch: PolarsBatchData) -> Deferred:
        name = metric.metric_name.removesuffix(_CONDITION)
        domain = metric.metric_domain_kwargs
        columns = columns_of(domain)
        rows = rows_of(batch, domain)
        stock = _Stock(self, metric)
        if name == _LENGTHS:
            # Whoever asks for the lengths themselves gets them from pandas; conditions on them need none.
            if not batch.is_text(columns[0]):
                raise StockOnlyError
            return Deferred(batch, columns, rows, lambda piece: pl.lit(False), stock)
        function = known(name)
        if function is None or not columns:
            raise StockOnlyError
        arguments = metric.metric_value_kwargs
        answer = function(Asked(batch.probe, columns, arguments))
        if "column" in domain and not judges_missing(name):
            there = pl.col(columns[0]).is_not_null()
            rows = there if rows is None else rows & there
        unexpected: Callable[[Piece], pl.Expr] | None = None
        if not isinstance(answer, Unique):
            first = batch.probe.number, _unexpected(answer, rows, columns)

            def unexpected(piece: Piece) -> pl.Expr:
                if piece.number == first[0]:
                    return first[1]
                again = function(Asked(piece, columns, arguments))
                if isinstance(again, Unique):
                    raise TypeError("a condition has to answer for a piece as for any other")
                return _unexpected(again, rows, columns)

        return Deferred(batch, columns, rows, unexpected, stock, pair="column_A" in domain, by_text=goes_by_text(name))

    def _count_rows(self, metric: MetricConfiguration, batch: PolarsBatchData) -> None:
        rows = rows_of(batch, {"row_condition": metric.metric_domain_kwargs.get("row_condition")})
        if rows is None:
            self.resolved[metric.id] = batch.height
        else:
            self._counts.append((metric, batch, Rows(rows)))

    def _after_condition(self, metric: MetricConfiguration) -> None:
        """A metric on what a deferred condition found."""
        needed = self.engine._get_computed_metric_evaluation_dependencies_by_metric_name(
            metric_to_resolve=metric, metrics=self.metrics
        )
        condition = needed.get("unexpected_condition")
        if not isinstance(condition, Deferred):
            raise StockOnlyError
        ending = metric.metric_name.rpartition(".")[2]
        if ending == "unexpected_count":
            self._counts.append((metric, condition.batch, condition))
        elif ending == "filtered_row_count":
            if condition.rows is None:
                self.resolved[metric.id] = condition.batch.height
            else:
                self._counts.append((metric, condition.batch, Rows(condition.rows)))
        elif ending in _DETAILS:
            self._details.append((metric, condition, _DETAILS[ending]))
        else:
            raise StockOnlyError

    def _count(self, asked: list[tuple[MetricConfiguration, PolarsBatchData, Tally]]) -> None:
        tallies = {id(tally): tally for _, _, tally in asked}.values()
        uncounted = [each for each in tallies if not isinstance(each, Deferred) or not each.swept]
        batch = asked[0][1]
        rows_alone = all(isinstance(each, Rows) for each in uncounted)
        if not rows_alone:
            uncounted += self._soon_asked(batch, uncounted)
        broken = count(batch, uncounted, of_rows(uncounted) if rows_alone else None) if uncounted else set()
        for metric, _, tally in asked:
            if id(tally) in broken:
                self._stock(metric)
            else:
                self.resolved[metric.id] = tally.total()

    def _soon_asked(self, batch: PolarsBatchData, uncounted: Sequence[Tally]) -> list[Deferred]:
        """The level's conditions, which the next level counts: where a pass reads pieces, they are counted along."""
        new = [each for each in self.resolved.values() if isinstance(each, Deferred) and each.batch is batch]
        return [] if batch.in_memory else [each for each in new if not each.swept and each not in uncounted]

    def _seek(self) -> None:
        """Find the places that the level's details ask for, in one pass."""
        wanted: dict[int, tuple[Deferred, int | None]] = {}
        for metric, condition, details in self._details:
            result_format = metric.metric_value_kwargs["result_format"]
            if condition.swept and condition.total() and details is _index_list:
                wanted[id(condition)] = condition, _most(result_format, limited=False)
        for batch in {id(each.batch): each.batch for each, _ in wanted.values()}.values():
            # What cannot be found together is sought one by one, and for one alone pandas answers.
            with suppress(pl.exceptions.PolarsError):
                seek([(each, most) for each, most in wanted.values() if each.batch is batch])

    def _detail(self, metric: MetricConfiguration, condition: Deferred, details: Details) -> None:
        try:
            if not condition.swept and count(condition.batch, [condition]):
                raise StockOnlyError
            condition.total()
            self.resolved[metric.id] = details(condition, metric.metric_value_kwargs["result_format"])
        except Exception:
            self._stock(metric)

    def _stock(self, metric: MetricConfiguration) -> None:
        try:
            self.resolved[metric.id] = self.stock(metric)
        except Exception as error:
            self.failed.append((metric, error))

    def stock(self, metric: MetricConfiguration) -> Any:
        """What the stock metric on pandas gives, its deferred conditions computed in the same way."""
        direct, _ = self.engine._build_direct_and_bundled_metric_computation_configurations(
            [metric], self.metrics, self.runtime
        )
        function: Any = direct[0].metric_fn
        if not issubclass(getattr(function, "metric_engine", PandasExecutionEngine), PolarsExecutionEngine):
            self.engine.fallbacks.append(metric.metric_name)
        kwargs = direct[0].metric_provider_kwargs
        kwargs["metrics"] = {
            name: value.stock() if isinstance(value, Deferred) else value for name, value in kwargs["metrics"].items()
        }
        return function(**kwargs)


class _Stock:
    """What the stock metric gives, computed once and only when asked for."""

    def __init__(self, level: _Level, metric: MetricConfiguration) -> None:
        self._level, self._metric = level, metric
        self._value: Any = None

    def __call__(self) -> Any:
        if self._value is None:
            self._value = self._level.stock(self._metric)
        return self._value


def _is_condition(name: str) -> bool:
    return name.endswith(_CONDITION) or name == _LENGTHS


def _unexpected(answer: pl.Expr, rows: pl.Expr | None, columns: tuple[str, ...]) -> pl.Expr:
    """True for the rows asked about where the condition does not hold; as long as the frame, whatever it is made of."""
    if rows is None and not answer.meta.root_names():
        rows = pl.col(columns[0]).is_null() | pl.lit(True)
    unexpected = ~answer.fill_null(False)
    return unexpected if rows is None else rows & unexpected


def of_rows(tallies: Iterable[Tally]) -> set[str]:
    """The columns by which rows are counted."""
    return {name for each in tallies if isinstance(each, Rows) for name in each.rows.meta.root_names()}


def count(batch: PolarsBatchData, tallies: Sequence[Tally], names: set[str] | None = None) -> set[int]:
    """Count them all in one pass over the batch; the ids of those that Polars cannot compute are the answer.

    Where the columns they need are named, no others are read, and whoever waits for a pass waits on.
    """
    broken: set[int] = set()
    always, perhaps = (
        [name for each in tallies if isinstance(each, Deferred) and each.by_text == when for name in each.columns]
        for when in (ALL, FEW)
    )
    for tally in tallies:
        if isinstance(tally, Deferred):
            tally.forget()

    def find_texts(piece: Piece) -> None:
        piece.distinct(always, perhaps)

    def visit(piece: Piece) -> None:
        find_texts(piece)
        expressions = []
        for tally in tallies:
            if id(tally) not in broken:
                try:
                    expressions.append((tally, tally.counting(piece)))
                except Exception:
                    broken.add(id(tally))
        for tally, found in _computed(piece, expressions):
            if found is None:
                broken.add(id(tally))
            else:
                tally.add(piece, found)

    if names:
        batch.show(visit, names)
    else:
        batch.sweep(visit, before=find_texts)
    for tally in tallies:
        if isinstance(tally, Deferred):
            tally.swept = id(tally) not in broken
    return broken


def _computed(piece: Piece, asked: list[tuple[Tally, pl.Expr]]) -> Iterator[tuple[Tally, Any]]:
    """What each expression gives; None for one that cannot be computed."""
    named = [expression.alias(str(place)) for place, (_, expression) in enumerate(asked)]
    try:
        row = piece.frame.lazy().select(named).collect()
        found = [row[str(place)][0] for place in range(len(asked))]
    except pl.exceptions.PolarsError:
        # One of them cannot be computed: find it, and let pandas answer for it.
        found = [_alone(piece, each) for each in named]
    yield from zip((tally for tally, _ in asked), found, strict=True)


def _alone(piece: Piece, expression: pl.Expr) -> Any:
    try:
        return piece.frame.select(expression).to_series()[0]
    except pl.exceptions.PolarsError:
        return None


def _most(result_format: Mapping[str, Any], *, limited: bool) -> int | None:
    complete = result_format["result_format"] == "COMPLETE"
    if complete:
        return MAX_RESULT_RECORDS if limited else None
    wanted = int(result_format["partial_unexpected_count"])
    return min(wanted, MAX_RESULT_RECORDS) if limited else wanted


def _values(condition: Deferred, result_format: Mapping[str, Any]) -> list[Any]:
    """The unexpected values as the stock metric lists them; none where the result would not hold them anyway."""
    if result_format.get("exclude_unexpected_values"):
        return []
    positions = condition.positions(_most(result_format, limited=True))
    columns = [condition.batch.values(name, positions) for name in condition.columns]
    if len(columns) == 1:
        return columns[0]
    together = list(zip(*columns, strict=True))
    return together if condition.pair else [dict(zip(condition.columns, each, strict=True)) for each in together]


def _index_list(condition: Deferred, result_format: Mapping[str, Any]) -> list[int]:
    if condition.batch.labels is None or result_format.get("unexpected_index_column_names"):
        raise StockOnlyError
    return condition.batch.labels[condition.positions(_most(result_format, limited=False))].tolist()  # type: ignore[no-any-return]


def _index_query(condition: Deferred, result_format: Mapping[str, Any]) -> str | None:
    if result_format.get("return_unexpected_index_query") is False:
        return None
    if condition.batch.labels is None:
        raise StockOnlyError
    return f"df.filter(items={condition.batch.labels[condition.positions(None)].tolist()}, axis=0)"


_DETAILS: dict[str, Details] = {
    "unexpected_values": _values,
    "unexpected_index_list": _index_list,
    "unexpected_index_query": _index_query,
}
