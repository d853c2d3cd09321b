"""Only authorised fields: the header as the file has it, against the fields of the layout, one question at a time."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from dap.expectations.places import Place, result
from dap.expectations.reading import columns_of_table, reading_of, table_of
from dap.submission.reading import same_name

_MOST = 100

Check = Literal["unauthorised", "look_alike", "blank", "duplicate", "missing", "order"]


class SubmissionHeader(TableMetricProvider):
    """The header's cells as the file has them, and the row it stands in."""

    metric_name = "table.dap_header"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[tuple[str, ...], int]:
        reading = reading_of(columns_of_table(execution_engine, metric_domain_kwargs, ()))
        if reading is None:
            frame = table_of(execution_engine, metric_domain_kwargs)
            return tuple(str(column) for column in frame.columns), 1
        return reading.header, reading.header_row


class ExpectHeaderToBeAuthorised(BatchExpectation):
    """Expect the header to pass one check against the fields of a layout.

    `fields` are the fields the check is about: all of the layout for `unauthorised`, `look_alike` and `duplicate`,
    those no file may lack for `missing`, those with a known place, in their order, for `order`.
    """

    check: Check
    fields: list[str]

    metric_dependencies = ("table.dap_header",)
    success_keys: ClassVar[tuple[str, ...]] = ("check", "fields")
    args_keys: ClassVar[tuple[str, ...]] = ("check", "fields")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        header, row = metrics["table.dap_header"]
        return result(check_header(self.check, header, row, self.fields))


def check_header(check: Check, header: Sequence[str], row: int, fields: Sequence[str]) -> list[Place]:
    """Where the header fails one check: a field is named only where the plan knows it, otherwise the position."""
    cells = [same_name(cell) for cell in header]
    if check == "order":
        return _misplaced(cells, row, fields)
    known = {same_name(field): field for field in fields}
    looks = {_skeleton(field): field for field in reversed(fields)}
    if check == "missing":
        present = {known[cell] if cell in known else _like(cell, looks) for cell in cells}
        return [Place(field=field, rows=(row,)) for field in fields if field not in present]
    found = []
    seen: set[str] = set()
    for position, cell in enumerate(cells, start=1):
        blank, authorised, again = not cell.strip(), cell in known, cell in seen
        seen.add(cell)
        alike = None if blank or authorised else _like(cell, looks)
        faulty = {
            "blank": blank,
            "duplicate": authorised and again,
            "look_alike": alike is not None,
            "unauthorised": not (blank or authorised or alike),
        }
        if faulty[check]:
            found.append(Place(field=known.get(cell) or alike, column=position, rows=(row,)))
    # Whoever sent the wrong file needs to be told once, not for each of ten thousand columns.
    return found if len(found) <= _MOST else [Place(column=found[0].column, rows=(row,), count=len(found))]


def _misplaced(cells: Sequence[str], row: int, fields: Sequence[str]) -> list[Place]:
    """The fewest columns that have to move: those outside the longest run that is in the layout's order."""
    order = {same_name(field): (place, field) for place, field in enumerate(fields)}
    first = {cell: position for position, cell in reversed(list(enumerate(cells, start=1)))}
    present = [
        (position, *order[cell])
        for position, cell in enumerate(cells, start=1)
        if cell in order and first[cell] == position
    ]
    tails: list[int] = []
    lengths: list[int] = []
    for _, place, _ in present:
        length = bisect_left(tails, place)
        tails[length : length + 1] = [place]
        lengths.append(length)
    kept: set[int] = set()
    wanted = len(tails) - 1
    for (position, _, _), length in reversed(list(zip(present, lengths, strict=True))):
        if length == wanted:
            kept.add(position)
            wanted -= 1
    return [Place(field=field, column=position, rows=(row,)) for position, _, field in present if position not in kept]


def _like(cell: str, looks: Mapping[str, str]) -> str | None:
    """The field that a cell which is none looks like; None where it looks like none. `looks`: fields by skeleton."""
    return looks.get(_skeleton(cell))


def _skeleton(text: str) -> str:
    """What the eye sees: compatibility forms folded, invisible marks dropped, look-alikes of other alphabets replaced.

    After UTS 39 (confusables); case, blanks, underscores and hyphens do not count.
    """
    folded = "".join(_seen(character) for character in unicodedata.normalize("NFKD", text))
    kept = "".join(each for each in folded.casefold() if each.isalnum() or each in "%#")
    return kept or "".join(folded.split())


def _seen(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.category(character) in ("Cf", "Cc", "Mn", "Me"):
        return ""
    from confusable_homoglyphs.confusables import confusables_data

    twins = (each["c"] for each in confusables_data.get(character, []))
    return next((twin for twin in twins if twin.isascii()), character)
