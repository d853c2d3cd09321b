"""The submission is a well-formed table: what the reader found is judged here, one kind of fault at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import pandas as pd
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.submission import Fault, Reading
from dap.submission.reading import ATTRIBUTE

FaultKind = Literal[
    "not_utf8",
    "empty",
    "not_text",
    "quote_not_closed",
    "text_after_quote",
    "bare_quote",
    "row_too_short",
    "extra_cells",
    "no_rows",
    "title_lines",
    "stray_line_end",
    "empty_line",
    "empty_row",
    "header_elsewhere",
    "too_large",
    "too_wide",
    "cell_too_long",
    "other_kind",
    "unsafe",
    "header_repeated",
    "letters_lost",
    "archive_members",
    "archive_damaged",
    "encrypted",
    "unpacks_too_large",
    "sheet_unclear",
    "workbook_damaged",
    "number_format",
    "error_value",
    "merged_cells",
    "zeros_lost",
    "digits_lost",
    "date_from_code",
    "shown_rounded",
    "line_too_short",
    "beyond_layout",
    "extra_sheet",
    "hidden_sheet",
    "hidden_cells",
    "comments",
    "defined_names",
    "properties",
    "formulas",
    "embedded",
    "links",
    "macros",
    "header_footer",
]


def table_of(execution_engine: PandasExecutionEngine, metric_domain_kwargs: dict[str, Any]) -> pd.DataFrame:
    """The batch's whole frame, as a metric gets it."""
    frame, _, _ = execution_engine.get_compute_domain(
        domain_kwargs=metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
    )
    return frame


def columns_of_table(
    execution_engine: PandasExecutionEngine, metric_domain_kwargs: dict[str, Any], wanted: Iterable[str]
) -> pd.DataFrame:
    """All rows of those of the wanted columns that the batch has; an engine that can makes no other column."""
    batch = execution_engine.batch(metric_domain_kwargs) if hasattr(execution_engine, "batch") else None
    if batch is None or metric_domain_kwargs.get("row_condition"):
        frame = table_of(execution_engine, metric_domain_kwargs)
        chosen = set(wanted)
        return frame[[name for name in frame.columns if name in chosen]]
    narrow: pd.DataFrame = batch.narrow(wanted)
    return narrow


def reading_of(frame: pd.DataFrame) -> Reading | None:
    """The Reading that the frame carries; None where it came from somewhere else."""
    reading = frame.attrs.get(ATTRIBUTE)
    return reading if isinstance(reading, Reading) else None


class SubmissionReading(TableMetricProvider):
    """The Reading of the batch, or None."""

    metric_name = "table.dap_reading"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Reading | None:
        return reading_of(columns_of_table(execution_engine, metric_domain_kwargs, ()))


class ExpectSubmissionToBeWellFormed(BatchExpectation):
    """Expect the reader to have met no fault of one kind; a batch that no reader made fails."""

    fault: FaultKind

    metric_dependencies = ("table.dap_reading",)
    success_keys: ClassVar[tuple[str, ...]] = ("fault",)
    args_keys: ClassVar[tuple[str, ...]] = ("fault",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        reading: Reading | None = metrics["table.dap_reading"]
        if reading is None:
            return result([Place()])
        return result([_place(reading, fault) for fault in reading.of_kind(self.fault)])


def _place(reading: Reading, fault: Fault) -> Place:
    """Where a fault is; its column is called by name only where the plan knows it."""
    if fault.column is None:
        return Place(rows=fault.rows)
    name = reading.columns[fault.column - 1]
    return Place(None if name.startswith("#") else name, fault.column, fault.rows)
