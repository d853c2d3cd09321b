"""A Great Expectations datasource for SparkTables: `context.data_sources.add_spark_table(name)`."""

from __future__ import annotations

import builtins
from typing import Any, ClassVar, Literal, TypeGuard

from great_expectations.datasource.fluent import SparkDatasource
from great_expectations.datasource.fluent.interfaces import DataAsset
from great_expectations.datasource.fluent.spark_datasource import DataFrameAsset

from dap.engine.spark import metrics
from dap.engine.spark.execution import SparkTableExecutionEngine
from dap.engine.spark.table import SparkTable

__all__ = ["SparkTableAsset", "SparkTableDatasource", "metrics"]


class SparkTableAsset(DataFrameAsset):  # type: ignore[type-arg]
    """Tables that the caller has: `batch_parameters={"dataframe": table}`, or a Spark DataFrame."""

    @staticmethod
    def is_spark_data_frame(df: Any) -> TypeGuard[Any]:
        """Whether it is a SparkTable, or what the stock asset takes."""
        return isinstance(df, SparkTable) or DataFrameAsset.is_spark_data_frame(df)


class SparkTableDatasource(SparkDatasource):
    """Tables judged by the bundling Spark engine. Importing this module makes `add_spark_table` available."""

    asset_types: ClassVar[list[type[DataAsset[Any, Any]]]] = [SparkTableAsset]

    type: Literal["spark_table"] = "spark_table"  # type: ignore[assignment]
    assets: list[Any] = []  # noqa: RUF012

    @property
    def execution_engine_type(self) -> builtins.type[SparkTableExecutionEngine]:
        """The engine that computes the metrics."""
        return SparkTableExecutionEngine

    def add_dataframe_asset(self, name: str, batch_metadata: dict[str, Any] | None = None) -> SparkTableAsset:
        """Add an asset for tables that come with each run."""
        return self._add_asset(SparkTableAsset(name=name, batch_metadata=batch_metadata or {}))  # type: ignore[no-any-return]
