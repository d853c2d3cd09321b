"""Runs a GX suite over a submission's frame, and lets nothing of GX's results out but rule, place and count."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dap.engine.starting import shortest_way
from dap.errors import CouldNotRun, RequestError
from dap.submission.fast import FROM_BYTES
from dap.submission.reading import ATTRIBUTE, Columns, Pieces, Reading, Submission

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch

    from dap.engine.batch import PolarsBatchData

PANDAS = "pandas"
POLARS = "polars"
SPARK = "spark"
ENGINES = (PANDAS, POLARS)

# Values stand in GX's results at every other level: at BOOLEAN_ONLY a result is a success and nothing else.
VERDICT = {"result_format": "BOOLEAN_ONLY"}


@dataclass(frozen=True)
class Spot:
    """Where a rule does not hold: the element, the column from 1 (both None where neither applies), rows and count.

    `labels` says which kinds of prohibited identifier stand there; it is empty for all other rules.
    """

    field: str | None
    column: int | None
    rows: tuple[int, ...]
    count: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation: its own `meta`, whether it held or broke, and the spots where it failed."""

    meta: Mapping[str, Any]
    held: bool
    broke: bool
    spots: tuple[Spot, ...] = ()


def judge(
    suite: ExpectationSuite,
    table: pd.DataFrame | Submission,
    parameters: Mapping[str, Any],
    rows: int | None = 100,
    engine: str = PANDAS,
) -> list[Outcome]:
    """Run the suite: first for success alone, then for the places of what failed (the first `rows` rows, None for all).

    `table` is a submission, or a frame in pandas such as a submission's, with or without the Reading in its `attrs`.
    `engine` is one of ENGINES; the outcomes are the same with each. They come in the order of the suite. An expectation
    that raised is `broke`: neither held nor failed.
    """
    reading = table.reading if isinstance(table, Submission) else table.attrs.get(ATTRIBUTE)
    height = table.height if isinstance(table, Submission) else len(table)
    held: list[PolarsBatchData] = []
    try:
        return judged(_batch(table, engine, rows, held), suite, parameters, rows, height, reading)
    finally:
        # The parts of GX know each other in circles: without this the table stays until somebody looks for garbage.
        for data in held:
            data.release()


def judged(
    batch: Batch,
    suite: ExpectationSuite,
    parameters: Mapping[str, Any],
    rows: int | None,
    height: int,
    reading: Reading | None,
    before: Callable[[Mapping[str, Any]], object] = lambda result_format: None,
) -> list[Outcome]:
    """`judge` for a batch that is made: of so many rows, read in this way. `before` hears of each run beforehand."""
    before(VERDICT)
    first = _run(batch, suite, parameters, VERDICT)
    failed = [each for each in suite.expectations if not first[_key(each.meta)].success]
    failed = [each for each in failed if not raised(first[_key(each.meta)])]
    if failed:
        before({})
    details = _details(batch, suite, failed, parameters, height if rows is None else rows)
    outcomes = []
    for expectation in suite.expectations:
        key = _key(expectation.meta)
        result = details.get(key, first[key])
        broke = raised(first[key]) or raised(result)
        spots = () if broke or first[key].success else _spots(result, reading, rows)
        outcomes.append(Outcome(dict(expectation.meta or {}), bool(first[key].success) and not broke, broke, spots))
    return outcomes


def engine_for(size: int) -> str:
    """The faster engine for a file of so many bytes."""
    return POLARS if size >= FROM_BYTES else PANDAS


def quiet() -> None:
    """Keep GX from writing anything anywhere: logs and warnings may quote values, telemetry is off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    for name in [name for name in os.environ if name.startswith("GX_CLOUD_")]:
        del os.environ[name]
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)


def _details(
    batch: Batch, suite: ExpectationSuite, failed: list[Any], parameters: Mapping[str, Any], rows: int
) -> dict[tuple[str, str], ExpectationValidationResult]:
    if not failed:
        return {}
    from great_expectations import ExpectationSuite

    wanted = {
        "result_format": "SUMMARY",
        "exclude_unexpected_values": True,
        "include_unexpected_rows": False,
        "return_unexpected_index_query": False,
        "partial_unexpected_count": max(1, rows),
    }
    return _run(batch, ExpectationSuite(name=suite.name, expectations=failed), parameters, wanted)


def _batch(table: pd.DataFrame | Submission, engine: str, rows: int | None, held: list[PolarsBatchData]) -> Batch:
    """The table as a batch; what the Polars engine holds of it is added to `held`."""
    source: list[Any] = []

    def add(context: Any) -> Any:
        source.append(_source(context, engine))
        return source[0]

    def given() -> Any:
        if engine == POLARS:
            held.append(_converted(source[0], table, rows))
            return held[0]
        return table.frame if isinstance(table, Submission) else table

    return batch_of(add, given)


def batch_of(add: Callable[[Any], Any], table: Any) -> Batch:
    """One batch of a table, from a datasource that `add` adds to a context; a function makes the table after that."""
    quiet()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # A context of its own for each file: GX keeps the metrics of a datasource, and would answer with the last file's.
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = add(context)
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
    given = table() if callable(table) else table
    return definition.get_batch(batch_parameters={"dataframe": given})  # type: ignore[no-any-return]


def _converted(source: Any, table: pd.DataFrame | Submission, most: int | None) -> PolarsBatchData:
    """The table as the Polars engine takes it, made once: GX asks for the batch again with each of the two runs."""
    from dap.engine.batch import PolarsBatchData

    engine = source.get_execution_engine()
    if isinstance(table, Submission) and isinstance(table.table, Columns | Pieces):
        data = table.table.frame if isinstance(table.table, Columns) else table.table
        found = {ATTRIBUTE: table.reading}
        return PolarsBatchData(engine, data, table.table.rows, found, most, controls=table.table.controls)
    return PolarsBatchData(engine, table.frame if isinstance(table, Submission) else table)


def _source(context: Any, engine: str) -> Any:
    if engine == PANDAS:
        with shortest_way():
            from great_expectations.datasource.fluent import PandasDatasource  # noqa: F401  (it registers add_pandas)

        return context.data_sources.add_pandas("submission")
    if engine == POLARS:
        from dap.engine import datasource  # noqa: F401  (importing it makes add_polars available)

        return context.data_sources.add_polars("submission")
    raise RequestError(f"The engine is one of: {', '.join(ENGINES)}.")


def _run(
    batch: Batch, suite: ExpectationSuite, parameters: Mapping[str, Any], result_format: Mapping[str, Any]
) -> dict[tuple[str, str], ExpectationValidationResult]:
    failure = None
    try:
        validated = batch.validate(suite, result_format=dict(result_format), expectation_parameters=dict(parameters))
    except Exception as error:
        failure = type(error).__name__
    if failure is not None:
        raise CouldNotRun(f"Great Expectations could not run the suite ({failure}).")
    results = {_key(each.expectation_config.meta): each for each in validated.results if each.expectation_config}
    lacking = [each for each in suite.expectations if _key(each.meta) not in results]
    if lacking:
        raise CouldNotRun(f"Great Expectations gave no result for {len(lacking)} rules of the suite.")
    return results


def _key(meta: Mapping[str, Any] | None) -> tuple[str, str]:
    return (meta or {})["rule"], (meta or {})["name"]


def raised(result: ExpectationValidationResult) -> bool:
    """Whether evaluating it raised; `exception_info` is either one record or one record a metric."""
    info = result.exception_info or {}
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(each, Mapping) and each.get("raised_exception") for each in info.values())


def _spots(result: ExpectationValidationResult, reading: Reading | None, rows: int | None) -> tuple[Spot, ...]:
    """Rows and counts of a failed expectation; of a GX result nothing else is read."""
    found = result.result or {}
    places = (found.get("details") or {}).get("places")
    if places is not None:
        return tuple(
            Spot(each["field"], each["column"], _whole(each["rows"], rows), int(each["count"]), tuple(each["labels"]))
            for each in places
        )
    kwargs = result.expectation_config.kwargs if result.expectation_config else {}
    column = kwargs.get("column") or kwargs.get("column_A")
    position = reading.position(column) if reading is not None and column else None
    return (
        Spot(
            column,
            position,
            _whole(found.get("partial_unexpected_index_list") or (), rows),
            int(found.get("unexpected_count", 0)),
        ),
    )


def _whole(numbers: Iterable[Any], most: int | None) -> tuple[int, ...]:
    return tuple(int(number) for number in sorted(numbers)[:most])
