"""No prohibited identifier anywhere in the submission: columns, header, file name, beside the table, hidden parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Literal

from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.expectations.reading import reading_of, table_of
from dap.identifiers import DOUBTS, FORMS, Hit, TableScreen, find_in_sheets, find_in_texts
from dap.submission import Reading
from dap.submission.beside import in_blocks
from dap.submission.reading import HiddenText

Form = Literal[
    "separated",
    "labelled",
    "header",
    "statistics",
    "statistics_few",
    "split",
    "masked",
    "outside_table",
    "metadata",
    "file_name",
    "too_few",
    "allowed",
]

_METRIC = "table.dap_prohibited_identifiers"


class ProhibitedIdentifiers(TableMetricProvider):
    """Every place of the batch where a prohibited identifier stands, by form; computed once for all rules."""

    metric_name = _METRIC
    value_keys = ("allows", "persons")

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
        names = [str(column) for column in frame.columns]
        columns = [_texts(frame.iloc[:, place].tolist()) for place in range(frame.shape[1])]
        known = known_of(metric_value_kwargs)
        return find_identifiers(names, columns, frame.index.tolist(), reading_of(frame), known)


@dataclass(frozen=True)
class Known:
    """What the plan says of columns by name: the pattern of legitimate nine-digit values, and which are persons'."""

    allows: Mapping[str, str]
    persons: Collection[str] = ()


def known_of(kwargs: Mapping[str, Any]) -> Known:
    """What the plan says of columns, from the arguments of the rules."""
    return Known(kwargs.get("allows") or {}, kwargs.get("persons") or ())


def find_identifiers(
    names: Sequence[str],
    columns: Sequence[Sequence[str | None]],
    rows: Sequence[int],
    reading: Reading | None,
    known: Known,
) -> dict[str, list[Place]]:
    """Every place of a table, and of what stands beside it, where a prohibited identifier stands, by form.

    `columns` has the cells of each of the columns `names`, `rows` the numbers of their rows.
    """
    screen = table_screen(names, reading, known)
    screen.see(columns)
    if wanted := screen.asks_again():
        screen.look_again({place: columns[place] for place in wanted})
    return found_places(names, screen, rows, reading)


def table_screen(names: Sequence[str], reading: Reading | None, known: Known, most: int | None = None) -> TableScreen:
    """The screen for a table with these columns, headed as the file heads them."""
    header = reading.header if reading else tuple(names)
    # More columns than the header has cells can only come from a frame that no reader made.
    headed = [header[place] if place < len(header) else "" for place in range(len(names))]
    places = {name: position for position, name in enumerate(names, start=1)}
    allowed = {places[name]: pattern for name, pattern in known.allows.items() if name in places}
    persons = {places[name] for name in known.persons if name in places}
    return TableScreen(headed, allowed, persons, most=most)


def found_places(
    names: Sequence[str], screen: TableScreen, rows: Sequence[int], reading: Reading | None
) -> dict[str, list[Place]]:
    """What a screen found in the table, and what is found beside it, by form; `rows` as for `find_identifiers`."""
    result = screen.result(rows, reading.header_row if reading else 1)
    found: dict[str, list[Place]] = {form: [] for form in (*FORMS, *DOUBTS)}
    for place in (*result.places, *result.doubts):
        name = names[place.column - 1]
        field = None if name.startswith("#") else name
        found[place.form].append(Place(field, place.column, place.rows, place.count, place.labels))
    return found | around(reading)


def _texts(values: list[Any]) -> list[str | None]:
    return [value if value is None or isinstance(value, str) else str(value) for value in values]


def around(reading: Reading | None) -> dict[str, list[Place]]:
    """What stands beside the table: lines above it and rows of another width, hidden parts, the file's name."""
    if reading is None:
        return {"outside_table": [], "metadata": [], "file_name": []}
    hidden: dict[str, list[HiddenText]] = {}
    for part in reading.hidden:
        hidden.setdefault(part.place, []).append(part)
    return {
        "outside_table": _in_texts(in_blocks(reading.outside)),
        "metadata": [place for listed in hidden.values() for place in _in_hidden(listed)],
        "file_name": _in_texts([([reading.file_name], [()])]),
    }


def _in_hidden(parts: Sequence[HiddenText]) -> list[Place]:
    """The texts of one kind of place, and what those among them that are cells of a sheet tell together."""
    cells = [(part.sheet, part.row, part.column, part.text) for part in parts if part.row and part.column]
    rows = [(part.row,) if part.row else () for part in parts]
    return _in_texts([([part.text for part in parts], rows)], find_in_sheets(cells))


def _in_texts(
    blocks: Iterable[tuple[Sequence[str], Sequence[Sequence[int]]]],
    further: Iterable[tuple[int, tuple[Hit, ...]]] = (),
) -> list[Place]:
    """One place for all texts in which something is found, with the rows that are known and how many texts.

    Each block has texts and the rows of each; `further` is what was found otherwise: row and hits.
    """
    of_texts = ((rows[place], hits) for texts, rows in blocks for place, hits in find_in_texts(texts))
    found, rows_found, labels = 0, set[int](), set[str]()
    for numbers, hits in chain(of_texts, (((row,), hits) for row, hits in further if hits)):
        found += 1
        rows_found.update(numbers)
        labels.update(hit.label for hit in hits)
    if not found:
        return []
    return [Place(rows=tuple(sorted(rows_found)), count=len(rows_found) or found, labels=tuple(sorted(labels)))]


class ExpectNoProhibitedIdentifiers(BatchExpectation):
    """Expect no Social Security number, ITIN or ATIN of one form anywhere in the submission.

    `allows` gives the pattern of legitimate nine-digit values by column. It frees them from what the header says and
    from statistics, and from nothing else. `persons` are the columns whose numbers are persons', though their header
    seems to name a thing. All rules of a suite have the same of both, so that the search is made once.
    """

    form: Form
    allows: dict[str, str] = {}  # noqa: RUF012 (a field of a pydantic model, copied for each instance)
    persons: list[str] = []  # noqa: RUF012

    metric_dependencies = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("form", "allows", "persons")
    args_keys: ClassVar[tuple[str, ...]] = ("form", "allows", "persons")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        return result(metrics[_METRIC][self.form])
