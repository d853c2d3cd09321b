"""State student numbers that say nothing: neither counted up, nor dates, nor made of the child's own data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Literal

import pandas as pd
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.expectations.reading import columns_of_table, reading_of
from dap.identifiers.sasid import poor_numbers
from dap.values import as_date

_METRIC = "table.dap_poor_state_ids"


class PoorStateIds(TableMetricProvider):
    """The rows of a column of state student numbers that show each fault; computed once for all of its rules."""

    metric_name = _METRIC
    value_keys = ("column", "births", "names")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, Place]:
        column = metric_value_kwargs["column"]
        wanted = (column, *metric_value_kwargs["births"], *metric_value_kwargs["names"])
        frame = columns_of_table(execution_engine, metric_domain_kwargs, wanted)
        reading = reading_of(frame)
        births = [
            read_births(_texts(frame, name), form)
            for name, form in metric_value_kwargs["births"].items()
            if name in frame.columns
        ]
        names = [_texts(frame, name) for name in metric_value_kwargs["names"] if name in frame.columns]
        rows = [int(row) for row in frame.index]
        return {
            fault: Place(column, reading.position(column) if reading else None, tuple(rows[place] for place in places))
            for fault, places in poor_numbers(_texts(frame, column), births, names).items()
        }


def _texts(frame: pd.DataFrame, name: str) -> list[str | None]:
    return [value if value is None else str(value) for value in frame[name].tolist()]


def read_births(texts: Sequence[str | None], form: str) -> list[date | None]:
    """The day that each text of a column writes; None where it writes none."""
    # A file has far more rows than birthdays.
    days = {text: as_date(text, form) for text in set(texts) if text}
    return [days[text] if text else None for text in texts]


class ExpectStateIdsToBeOpaque(BatchExpectation):
    """Expect a column of ten-digit state student numbers to show none of one fault.

    `births` gives the date format of each column with a birth date, `names` the columns with a name. Columns that the
    file lacks are left out. All rules on one column have the same, so that the numbers are looked at once.
    """

    column: str
    fault: Literal["regular", "date_like", "derived", "like_ssn"]
    births: dict[str, str] = {}  # noqa: RUF012 (a field of a pydantic model, copied for each instance)
    names: list[str] = []  # noqa: RUF012

    metric_dependencies = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "fault", "births", "names")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "fault", "births", "names")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        found = metrics[_METRIC].get(self.fault)
        return result([] if found is None else [found])
