"""Runs a suite over a SparkTable as `dap.engine.judge` runs it over a frame: first the verdict, then what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dap.engine import VERDICT, Outcome, batch_of, judged
from dap.engine.spark import datasource  # noqa: F401  (importing it makes add_spark_table available)
from dap.engine.spark.table import SparkTable

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


def judge_table(
    suite: ExpectationSuite, table: SparkTable, parameters: Mapping[str, Any], rows: int | None = 100
) -> list[Outcome]:
    """What became of each expectation, in the suite's order; the Spark jobs are under `verdict` and `details`."""
    context = table.blocks.sparkSession.sparkContext
    batch = batch_of(lambda context: context.data_sources.add_spark_table("submission"), table)

    def named(result_format: Mapping[str, Any]) -> None:
        name = "verdict" if result_format is VERDICT else "details"
        context.setJobGroup(name, name)

    return judged(batch, suite, parameters, rows, table.height, table.reading, before=named)
