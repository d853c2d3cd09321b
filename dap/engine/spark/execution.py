"""A Great Expectations execution engine on Spark that answers a whole suite within two jobs.

Conditions are deferred, as on Polars; one job counts all of them and searches for what our own table expectations ask,
a second one counts repeated keys where a suite has any. Rows are sought for what failed only. What the engine does not
know, the stock Spark engine computes on the same table, a job for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from great_expectations.core.batch import BatchMarkers
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import SparkDFExecutionEngine
from great_expectations.execution_engine.sparkdf_batch_data import SparkDFBatchData
from great_expectations.validator.metric_configuration import MetricConfiguration
from pyspark.sql import types

from dap.engine import own  # noqa: F401  (its conditions are asked for by name)
from dap.engine.batch import PolarsBatchData
from dap.engine.conditions import Asked, Unique, judges_missing, known
from dap.engine.domains import columns_of, rows_of
from dap.engine.execution import PolarsExecutionEngine
from dap.engine.spark.table import Outside, SparkTable
from dap.submission.cells import unpacked

_CONDITION = ".condition"
_PARTIAL = ".aggregate_fn"
_COUNT, _FILTERED = "unexpected_count", "filtered_row_count"

Metrics = dict[Any, Any]
Request = tuple[str, dict[str, Any], dict[str, Any]]
"""A metric as a worker is told of it: its name, domain and arguments."""
Sum = tuple[MetricConfiguration, SparkTable, Request]


@dataclass(frozen=True)
class Failed:
    """What was raised where a metric was computed, by type: a message may hold a value."""

    kind: str


class SparkTableBatchData(SparkDFBatchData):
    """The data of one batch: a SparkTable, and the same as a Spark DataFrame, planned only when asked for."""

    def __init__(self, execution_engine: SparkDFExecutionEngine, table: SparkTable) -> None:
        super().__init__(execution_engine=execution_engine, dataframe=None)
        self.table = table

    @property
    def dataframe(self) -> Any:
        """The table as a Spark DataFrame."""
        return self.table.dataframe


@dataclass(eq=False)
class _Deferred:
    """A condition that no job has computed yet; `unique` if no row can answer it alone."""

    request: Request
    columns: tuple[str, ...]
    unique: bool
    stock: Callable[[], Any] = field(repr=False)


@dataclass(eq=False)
class _LateCount:
    """How many rows a condition is asked of: counted with everything else, in the next job."""

    stock: Callable[[], Any] = field(repr=False)


class Late(Mapping[str, Any]):
    """What a table metric answers, once the job is run in which the whole level is computed."""

    def __init__(self, engine: SparkTableExecutionEngine, work: Any, together: Callable[[list[Any]], Any]) -> None:
        self._engine, self.work, self._together = engine, work, together
        self._value: Any = None

    def fulfil(self, parts: list[Any]) -> None:
        """Take what the work gave of each block, or the failure of any."""
        failed = next((each for each in parts if isinstance(each, Failed)), None)
        self._value = failed or self._together(parts)

    def _answer(self) -> Mapping[str, Any]:
        if self._value is None:
            self._engine.run([])
        if isinstance(self._value, Failed):
            raise RuntimeError(self._value.kind)
        return self._value  # type: ignore[no-any-return]

    def __getitem__(self, name: str) -> Any:
        return self._answer()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._answer())

    def __len__(self) -> int:
        return len(self._answer())


class SparkTableExecutionEngine(SparkDFExecutionEngine):
    """Runs suites on a SparkTable. `jobs` counts the Spark jobs of its own, `fallbacks` names the stock metrics."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.pending: list[Late] = []
        self.counts: list[Sum] = []
        self.fallbacks: list[str] = []
        super().__init__(*args, **kwargs)

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        """Take the data of a batch: a SparkTable, or what the stock engine takes."""
        if isinstance(batch_data, SparkTable):
            batch_data = SparkTableBatchData(self, batch_data)
        if isinstance(batch_data, SparkTableBatchData):
            # The blocks are held already; the parent would have Spark hold the DataFrame too.
            self._batch_manager.save_batch_data(batch_id=batch_id, batch_data=batch_data)
            return
        super().load_batch_data(batch_id, batch_data)

    def get_batch_data_and_markers(self, batch_spec: Any) -> tuple[Any, BatchMarkers]:
        """The batch's data from a SparkTable; others as the stock engine does."""
        if isinstance(batch_spec, RuntimeDataBatchSpec) and isinstance(batch_spec.batch_data, SparkTable):
            data = SparkTableBatchData(self, batch_spec.batch_data)
            batch_spec.batch_data = "SparkTable"
            return data, BatchMarkers({"ge_load_time": pd.Timestamp.now("UTC").strftime("%Y%m%dT%H%M%S.%fZ")})
        return super().get_batch_data_and_markers(batch_spec)

    def table(self, domain: Mapping[str, Any]) -> SparkTable | None:
        """The table a metric is about; None for a batch that is a plain DataFrame."""
        id = domain.get("batch_id")
        manager = self.batch_manager
        data = manager.active_batch_data if id is None else manager.batch_data_cache.get(id)
        return data.table if isinstance(data, SparkTableBatchData) else None

    def late(self, work: Any, together: Callable[[list[Any]], Any]) -> Late:
        """An answer that the next job gives: `work` of each block, then `together` of them all, in order."""
        late = Late(self, work, together)
        self.pending.append(late)
        return late

    def run(self, requests: list[Request], table: SparkTable | None = None) -> list[Any]:
        """One job: the sum of each request over all blocks, or its failure; and whatever was put off until now."""
        table = table or self.table({})
        if table is None:
            raise RuntimeError("no table is loaded")
        late, self.pending = self.pending, []
        answers = table.each(_Together([each.work for each in late], requests))
        for place, each in enumerate(late):
            each.fulfil([answer[0][place] for answer in answers])
        return [_joined([answer[1][place] for answer in answers]) for place in range(len(requests))]

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: Metrics | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> Metrics:
        """Compute a level of the graph; those that fail are named in a MetricResolutionError."""
        level = _Level(self, {} if metrics is None else metrics, runtime_configuration)
        return level.resolve(list(metrics_to_resolve))


def _joined(answers: list[Any]) -> Any:
    failed = next((each for each in answers if isinstance(each, Failed)), None)
    if failed is not None:
        return failed
    return [row for each in answers for row in each] if answers and isinstance(answers[0], list) else sum(answers)


class _Level:
    """One level of the graph: conditions deferred; counts once nothing else is left to resolve, all in one job."""

    def __init__(self, engine: SparkTableExecutionEngine, metrics: Metrics, runtime: dict[str, Any] | None) -> None:
        self.engine, self.metrics, self.runtime = engine, metrics, runtime
        self.resolved: Metrics = {}
        self.failed: list[MetricConfiguration] = []
        self.kind = ""
        self._cache = engine._metric_cache if isinstance(engine._metric_cache, dict) else {}
        self._sums: list[Sum] = []
        self._row_counts: list[Sum] = []
        self._unique: list[tuple[MetricConfiguration, SparkTable, _Deferred]] = []

    def resolve(self, level: list[MetricConfiguration]) -> Metrics:
        """Resolve each metric, or raise for those that cannot be; the others are in `metrics` by then."""
        for metric in level:
            if metric.id in self._cache:
                self.resolved[metric.id] = self._cache[metric.id]
            else:
                self._resolve(metric)
        # What is neither resolved nor failed, GX asks again with the next level: that way the counts of all levels,
        # which stand at several depths of the graph, are taken in one job.
        if not self.resolved and not self.failed:
            self._compute()
        if self.engine._caching:
            self.engine._metric_cache.update(self.resolved)
        if self.failed:
            self.metrics.update(self.resolved)
            raise MetricResolutionError(message=self.kind, failed_metrics=tuple(self.failed))
        return self.resolved

    def _compute(self) -> None:
        """Everything that can be, unless there are rows to count that further conditions wait for."""
        if self._row_counts and (self._sums or self._unique):
            for metric, table, request in self._row_counts:
                self.resolved[metric.id] = _LateCount(partial(_counted, self.engine, table, request))
            # What else is asked for is asked again, so that these are counted then.
            self.engine.counts += self._row_counts
            return
        self._sums += self._row_counts
        self._sum()
        self._repeated()

    def _fail(self, metric: MetricConfiguration, kind: str) -> None:
        if not self.failed or kind == self.kind:
            self.kind = kind
            self.failed.append(metric)

    def _resolve(self, metric: MetricConfiguration) -> None:
        name, domain = metric.metric_name, metric.metric_domain_kwargs
        table = self.engine.table(domain)
        if table is None:
            self._stock(metric)
        elif name == "table.columns":
            self.resolved[metric.id] = list(table.columns)
        elif name == "table.column_types":
            self.resolved[metric.id] = [{"name": each, "type": types.StringType()} for each in table.columns]
        elif name == "table.row_count" and not domain.get("row_condition"):
            self.resolved[metric.id] = table.height
        elif name == "table.row_count":
            self._row_counts.append((metric, table, _request(metric)))
        elif name == "column_values.value_length.map":
            # Conditions on lengths need none themselves.
            self.resolved[metric.id] = None
        elif name.endswith(_CONDITION) and known(name.removesuffix(_CONDITION)) is not None:
            self._defer(metric)
        elif name == f"table.row_count{_PARTIAL}":
            self.resolved[metric.id] = None
        elif (condition := self._condition_of(metric)) is not None:
            self._after(metric, table, condition)
        else:
            self._stock(metric)

    def _defer(self, metric: MetricConfiguration) -> None:
        columns = columns_of(metric.metric_domain_kwargs)
        self.resolved[metric.id] = _Deferred(
            _request(metric), columns, metric.metric_name.endswith(".unique.condition"), lambda: self._direct(metric)
        )

    def _condition_of(self, metric: MetricConfiguration) -> _Deferred | None:
        needed = self.engine._get_computed_metric_evaluation_dependencies_by_metric_name(
            metric_to_resolve=metric, metrics=self.metrics
        )
        return next((value for value in needed.values() if isinstance(value, _Deferred)), None)

    def _after(self, metric: MetricConfiguration, table: SparkTable, condition: _Deferred) -> None:
        ending = metric.metric_name.rpartition(".")[2]
        result_format = metric.metric_value_kwargs.get("result_format") or {}
        if metric.metric_name.endswith(_PARTIAL):
            # Stock Spark would have a function here that counts; what depends on it finds the condition instead.
            self.resolved[metric.id] = replace(condition, stock=lambda: self._direct(metric))
        elif ending == "unexpected_values" and result_format.get("exclude_unexpected_values"):
            self.resolved[metric.id] = []
        elif ending == "unexpected_index_query" and result_format.get("return_unexpected_index_query") is False:
            self.resolved[metric.id] = None
        elif ending in (_COUNT, "unexpected_index_list") and condition.unique:
            self._unique.append((metric, table, condition))
        elif ending in (_COUNT, _FILTERED, "unexpected_index_list"):
            self._sums.append((metric, table, _request(metric)))
        else:
            self._stock(metric)

    def _sum(self) -> None:
        """Every count and every list of rows of the level, in one job for each table."""
        late, self.engine.counts = self.engine.counts, []
        for table in {id(each[1]): each[1] for each in (*self._sums, *late)}.values():
            asked = [each for each in (*self._sums, *late) if each[1] is table]
            answers = self.engine.run([request for _, _, request in asked], table)
            for (metric, _, _), answer in zip(asked, answers, strict=True):
                if isinstance(answer, Failed):
                    for known_before in (self.metrics, self._cache):
                        known_before.pop(metric.id, None)
                    self._fail(metric, answer.kind)
                    continue
                self.resolved[metric.id] = answer[: _most(metric)] if isinstance(answer, list) else int(answer)

    def _repeated(self) -> None:
        """What repeats, counted for all keys in one job; and in another the rows, where they are asked for."""
        for rows in (False, True):
            asked = [each for each in self._unique if each[0].metric_name.endswith("unexpected_index_list") is rows]
            for table in {id(each[1]): each[1] for each in asked}.values():
                of_table = [each for each in asked if each[1] is table]
                requests = [condition.request for _, _, condition in of_table]
                found: dict[int, Any] = dict(repeated_rows(table, requests) if rows else repeated(table, requests))
                for place, (metric, _, _) in enumerate(of_table):
                    answer = found.get(place, [] if rows else 0)
                    self.resolved[metric.id] = answer[: _most(metric)] if rows else answer

    def _stock(self, metric: MetricConfiguration) -> None:
        try:
            self.resolved[metric.id] = self._direct(metric)
        except Exception as error:
            self._fail(metric, type(error).__name__)

    def _direct(self, metric: MetricConfiguration) -> Any:
        """What the metric's own function gives; its deferred conditions are made Spark's."""
        needed = {each.id for each in (metric.metric_dependencies or {}).values()}
        metrics = {
            id: value.stock() if id in needed and isinstance(value, _Deferred | _LateCount) else value
            for id, value in self.metrics.items()
        }
        direct, bundled = self.engine._build_direct_and_bundled_metric_computation_configurations(
            [metric], metrics, self.runtime
        )
        if not metric.metric_name.startswith("table.dap_"):
            self.engine.fallbacks.append(metric.metric_name)
        return self.engine._process_direct_and_bundled_metric_computation_configurations(direct, bundled)[metric.id]


def _counted(engine: SparkTableExecutionEngine, table: SparkTable, request: Request) -> int:
    answer = engine.run([request], table)[0]
    if isinstance(answer, Failed):
        raise RuntimeError(answer.kind)
    return int(answer)


def _request(metric: MetricConfiguration) -> Request:
    domain = {name: _plain(value) for name, value in metric.metric_domain_kwargs.items() if name != "batch_id"}
    return metric.metric_name, domain, {name: _plain(value) for name, value in metric.metric_value_kwargs.items()}


def _plain(value: Any) -> Any:
    """Row conditions as GX writes them; the rest of a metric's arguments are plain already."""
    return value.dict() if hasattr(value, "dict") else value


def _most(metric: MetricConfiguration) -> int | None:
    result_format = metric.metric_value_kwargs["result_format"]
    complete = result_format["result_format"] == "COMPLETE"
    return None if complete else int(result_format["partial_unexpected_count"])


class _Together:
    """All that is computed of a block in one go."""

    def __init__(self, works: list[Any], requests: list[Request]) -> None:
        self._works, self._requests = works, requests

    def __call__(self, frame: pl.DataFrame, rows: list[int], outside: Outside) -> tuple[list[Any], list[Any]]:
        done = [_guarded(work, frame, rows, outside) for work in self._works]
        return done, evaluated(frame, rows, self._requests) if self._requests else []


def _guarded(work: Any, *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except Exception as error:
        return Failed(type(error).__name__)


def evaluated(frame: pl.DataFrame, rows: list[int], requests: list[Request]) -> list[Any]:
    """What the Polars engine answers to each request for one block: a number, a list of rows, or a failure."""
    engine = PolarsExecutionEngine()
    engine.load_batch_data("block", PolarsBatchData(engine, frame, rows))
    conditions: dict[Any, MetricConfiguration] = {}
    asked: list[MetricConfiguration] = []
    for name, domain, arguments in requests:
        base, _, ending = name.rpartition(".")
        domain = {**domain, "batch_id": "block"}
        metric = MetricConfiguration(name, domain, arguments)
        if ending in (_COUNT, _FILTERED, "unexpected_index_list"):
            kept = {key: value for key, value in arguments.items() if key != "result_format"}
            condition = MetricConfiguration(base + _CONDITION, domain, kept)
            conditions.setdefault(condition.id, condition)
            metric.metric_dependencies = {"unexpected_condition": conditions[condition.id]}
        asked.append(metric)
    known_: dict[Any, Any] = {}
    failures = _resolved(engine, list(conditions.values()), known_)
    ready, missing = list[MetricConfiguration](), dict[Any, Failed]()
    for metric in asked:
        broken = [failures[each.id] for each in (metric.metric_dependencies or {}).values() if each.id in failures]
        if broken:
            missing[metric.id] = broken[0]
        else:
            ready.append(metric)
    missing |= _resolved(engine, ready, known_)
    return [missing.get(metric.id, known_.get(metric.id, Failed("KeyError"))) for metric in asked]


def _resolved(
    engine: PolarsExecutionEngine, wanted: list[MetricConfiguration], into: dict[Any, Any]
) -> dict[Any, Failed]:
    """Resolve what can be into `into`, and name the failures."""
    failures: dict[Any, Failed] = {}
    while wanted:
        try:
            into.update(engine.resolve_metrics(wanted, into))
            break
        except MetricResolutionError as error:
            cause = type(error.__cause__ or error).__name__
            failures |= {metric.id: Failed(cause) for metric in error.failed_metrics}
            wanted = [each for each in wanted if each.id not in failures and each.id not in into]
    return failures


class _Keys:
    """The keys of each condition on uniqueness: which one it is, the key as one text, and the row."""

    schema = pa.schema([("asked", pa.int32()), ("key", pa.string()), ("row", pa.int64())])

    def __init__(self, requests: list[Request], offsets: dict[int, int]) -> None:
        self._requests, self._offsets = requests, offsets

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:

        from dap.submission.parts import ROW

        for each in batches:
            for row in each.to_pylist():
                frame = unpacked(row["body"])
                rows = (frame[ROW] + self._offsets[row["part"]]).to_list()
                for place, request in enumerate(self._requests):
                    yield self._keys(frame.drop(ROW), rows, place, request)

    def _keys(self, frame: pl.DataFrame, rows: list[int], place: int, request: Request) -> pa.RecordBatch:
        name, domain, arguments = request
        name = name.removesuffix(_CONDITION)
        batch = PolarsBatchData(PolarsExecutionEngine(), frame, rows)
        columns = columns_of(domain)
        function = known(name)
        if function is None or not isinstance(function(Asked(batch.probe, columns, arguments)), Unique):
            raise RuntimeError("a condition that is none on uniqueness")
        asked = rows_of(batch, {**domain, "batch_id": "block"})
        if "column" in domain and not judges_missing(name):
            there = pl.col(columns[0]).is_not_null()
            asked = there if asked is None else asked & there
        # Each value with its length before it, so that no two rows of values are one text.
        written = [
            pl.concat_str(pl.col(each).str.len_bytes(), pl.lit(":"), pl.col(each)).fill_null("-") for each in columns
        ]
        keys = frame.select(pl.concat_str(written).alias("key"), pl.Series("row", rows, dtype=pl.Int64))
        if asked is not None:
            keys = keys.filter(frame.select(asked.alias("asked"))["asked"])
        arrays = [
            pa.array([place] * keys.height, pa.int32()),
            pa.array(keys["key"].to_list(), pa.string()),
            pa.array(keys["row"].to_list(), pa.int64()),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _keys(table: SparkTable, requests: list[Request]) -> Any:
    return table.blocks.mapInArrow(_Keys(requests, dict(table.offsets)), "asked int, key string, row long")


def repeated(table: SparkTable, requests: list[Request]) -> dict[int, int]:
    """For each request how many rows have a key that stands in another row too, unless none has: one job."""
    counts = _keys(table, requests).groupBy("asked", "key").count().where("count > 1")
    return {
        row["asked"]: int(row["total"])
        for row in counts.groupBy("asked").agg({"count": "sum"}).toDF("asked", "total").collect()
    }


def repeated_rows(table: SparkTable, requests: list[Request]) -> dict[int, list[int]]:
    """For each request the rows whose key stands in another row too, in order: one job."""
    keys = _keys(table, requests)
    twice = keys.groupBy("asked", "key").count().where("count > 1").select("asked", "key")
    found: dict[int, list[int]] = {}
    for row in keys.join(twice, ["asked", "key"]).select("asked", "row").collect():
        found.setdefault(row["asked"], []).append(int(row["row"]))
    return {place: sorted(rows) for place, rows in found.items()}
