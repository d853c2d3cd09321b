"""No prohibited identifier anywhere in the submission: any column, the header, the file's name, beside the table."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.expectations.reading import reading_of, table_of
from dap.identifiers import LABELLED, SEPARATED, find_in_table, find_in_text

Form = Literal["separated", "labelled", "outside_table", "file_name"]


class ProhibitedIdentifiers(TableMetricProvider):
    """Every place of the batch where a prohibited identifier stands, by form; computed once for all rules."""

    metric_name = "table.dap_prohibited_identifiers"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, list[Place]]:
        frame = table_of(execution_engine, metric_domain_kwargs)
        reading = reading_of(frame)
        names = [str(column) for column in frame.columns]
        header = reading.header if reading else tuple(names)
        # More columns than the header has cells can only come from a frame that no reader made.
        columns = [
            (header[place] if place < len(header) else "", frame.iloc[:, place].tolist())
            for place in range(frame.shape[1])
        ]
        texts = [(text, [value if value is None else str(value) for value in values]) for text, values in columns]
        found: dict[str, list[Place]] = {SEPARATED: [], LABELLED: [], "outside_table": [], "file_name": []}
        for place in find_in_table(texts, frame.index.tolist(), reading.header_row if reading else 1):
            name = names[place.column - 1]
            found[place.form].append(Place(None if name.startswith("#") else name, place.column, place.rows))
        if reading is not None:
            rows = tuple(dict.fromkeys(each.row for each in reading.outside if find_in_text(each.text)))
            found["outside_table"] += [Place(rows=rows)] if rows else []
            found["file_name"] += [Place()] if find_in_text(reading.file_name) else []
        return found


class ExpectNoProhibitedIdentifiers(BatchExpectation):
    """Expect no Social Security number, ITIN or ATIN of one form anywhere in the submission."""

    form: Form

    metric_dependencies = ("table.dap_prohibited_identifiers",)
    success_keys: ClassVar[tuple[str, ...]] = ("form",)
    args_keys: ClassVar[tuple[str, ...]] = ("form",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        return result(metrics["table.dap_prohibited_identifiers"][self.form])
