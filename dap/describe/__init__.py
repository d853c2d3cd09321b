"""Drafts a collection's descriptor from a file: names, types, lengths, and no value but codes that many rows share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dap.describe.columns import Column, known, looks_like_data, proves_header
from dap.describe.table import CannotDescribe, Row, Table, said_rows, table_of
from dap.errors import RequestError
from dap.identifiers import find_in_column, find_in_text, names_ssn
from dap.plan import Element
from dap.rules import rule
from dap.submission.reading import same_name
from dap.suites import PROHIBITED

__all__ = ["ID", "CannotDescribe", "Draft", "describe"]

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The form of a collection's id."""

_DRAWS_NOTHING = re.compile(r"[\s\u00ad\u115f\u1160\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff]*")
_CHUNK = 20_000
_RULE_OF = {form: id for id, form in PROHIBITED.items()}


@dataclass(frozen=True)
class Draft:
    """A descriptor as it goes into `catalog/collections/<id>/datapackage.json`, from how many rows, and notes.

    The notes say what of the file `dap check` would refuse whatever the draft says, and what was assumed.
    """

    descriptor: dict[str, Any]
    rows: int
    notes: tuple[str, ...] = ()


def describe(
    content: bytes,
    id: str = "draft-collection",
    title: str | None = None,
    *,
    delimiter: str | None = None,
    sheet: str | None = None,
    header: bool = False,
    file_name: str = "",
    progress: Callable[[], None] = lambda: None,
) -> Draft:
    """Draft a descriptor from the bytes of a CSV file or a workbook (.xlsx, .xls, .ods).

    `header` asserts that the first row is one where the file does not prove it. `progress` is called after each part.
    Raises RequestError where an option is wrong and CannotDescribe where the file is no table, or holds what must not
    be drafted; neither error holds anything of the file.
    """
    if not ID.fullmatch(id):
        raise RequestError("The id must be lower-case letters and digits joined by hyphens, such as spring-roster.")
    if find_in_text(file_name):
        _refuse([f"{rule('P108').message}  (P108)"])
    table = table_of(content, delimiter, sheet)
    del content
    _demand_header(table.header)
    columns = [Column(each) for each in table.header]
    rows = _read(table, columns, progress)
    _demand_proof(table, columns, rows, asserted=header)
    return Draft(_descriptor(table, columns, id, title), rows, tuple(_notes(table, columns)))


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise CannotDescribe("The file cannot be described:\n" + "\n".join(f"  {each}" for each in faults))


def _demand_header(header: Sequence[str]) -> None:
    """Refuse, with every fault at once, a first row that cannot be, or may not be shown as, the names of columns."""
    faults: list[str] = []
    first: dict[str, int] = {}
    for position, cell in enumerate(header, start=1):
        if fault := _header_fault(cell):
            faults.append(f"column {position}: {fault}")
        elif (before := first.setdefault(same_name(cell), position)) != position:
            faults.append(f"column {position}: the header is that of column {before} too. Give each its own name.")
    if not faults:
        slugs: dict[str, int] = {}
        for position, cell in enumerate(header, start=1):
            slug = Element(cell, cell, "string", position).slug
            if (before := slugs.setdefault(slug, position)) != position:
                faults.append(
                    f"column {position}: its header differs from that of column {before} in signs, blanks or case "
                    "only, so reports could not tell them apart. Rename one.  (L120)"
                )
    _refuse(faults)


def _header_fault(cell: str) -> str:
    if _DRAWS_NOTHING.fullmatch(cell):
        return "it has no name in the header. Give it one, or remove the column."
    if find_in_text(cell):
        return f"the header: {rule('P101').message}  (P101)"
    if names_ssn(cell):
        return "the header is a name for a Social Security number, which no plan collects: remove the column.  (L140)"
    if not cell.isprintable():
        return "a line break or another control character is in the header. Remove it."
    if looks_like_data(cell):
        return "the first row looks like data here, not like a column's name. Put a header above the data."
    return ""


def _read(table: Table, columns: Sequence[Column], progress: Callable[[], None]) -> int:
    """Show every value to its column and count the rows; refuse where Social Security numbers stand."""
    found: dict[tuple[int, str], list[int]] = {}
    rows = 0
    for part in _parts(table.rows()):
        rows += len(part)
        for place, column in enumerate(columns):
            values = Counter([cells[place] for _, cells in part])
            _find(part, place, list(values), column.header, found)
            column.add(values)
        progress()
    faults = [
        f"column {place + 1}, {said_rows(numbers)}: {rule(id).message} {rule(id).fix}  ({id})"
        for (place, id), numbers in sorted(found.items())
    ]
    if outside := [number for number, text in table.outside if any(map(find_in_text, text))]:
        faults.append(f"{said_rows(outside)}: {rule('P107').message} {rule('P107').fix}  (P107)")
    _refuse(faults)
    return rows


def _parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, _CHUNK)):
        yield part


def _find(
    part: Sequence[Row], place: int, values: list[str], header: str, found: dict[tuple[int, str], list[int]]
) -> None:
    hits = {(values[where], _RULE_OF[hit.form]) for where, hit in find_in_column(values, header)}
    for id in {id for _, id in hits}:
        wanted = {value for value, of in hits if of == id}
        found.setdefault((place, id), []).extend(number for number, cells in part if cells[place] in wanted)


def _demand_proof(table: Table, columns: Sequence[Column], rows: int, *, asserted: bool) -> None:
    """Refuse a table without rows, and a first row that may be data: a child's name must not be shown as a column's."""
    if not rows:
        faults = table.said_faults()
        _refuse([*faults, f"{rule('S108').message} Its types can only be told from rows.  (S108)"])
    again = [place for place, column in enumerate(columns, start=1) if column.has_header_again]
    _refuse(
        [
            f"column {place}: the text of the first row stands in the column again, so it is a value and not a name, "
            "or the header is repeated. Put one header above the data."
            for place in again
        ]
    )
    typed = any(column.type in ("integer", "number", "date") for column in columns)
    if not (asserted or typed or any(proves_header(column.header) for column in columns)):
        raise CannotDescribe(
            "Nothing proves that the first row is a header, and names of people must not become names of columns. "
            "If it is a header, say so with --header; otherwise put one above the data."
        )


def _descriptor(table: Table, columns: Sequence[Column], id: str, title: str | None) -> dict[str, Any]:
    texts = known()["draft"]
    source = {"title": texts["source"], "confidence": "low"}
    acquisition: dict[str, Any] = {"order": "fixed"}
    if table.guards:
        acquisition["textGuards"] = True
    resource: dict[str, Any] = {
        "name": "file",
        "type": "table",
        "title": "File",
        "description": "The columns of the file. The rows of the example are invented.",
        "path": "example.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }
    if table.delimiter != ",":
        resource["dialect"] = {"delimiter": table.delimiter}
    resource["schema"] = {"fields": [column.field(source) for column in columns], "fieldsMatch": "exact"}
    resource["acquisition"] = acquisition | {"open": texts["layout"]}
    return {
        "$schema": "../../../schemas/collection.schema.json",
        "name": id,
        "title": title if title is not None else texts["title"],
        "description": texts["description"],
        "sources": [source],
        "acquisition": {"domain": "student", "level": "individual", "open": texts["open"]},
        "resources": [resource],
    }


def _notes(table: Table, columns: Sequence[Column]) -> Iterator[str]:
    yield from table.notes
    yield from (f"left out, and refused by dap check: {each}" for each in table.said_faults())
    for place, column in enumerate(columns, start=1):
        if column.unclean:
            what = "of only blanks or with control characters, which dap check may refuse"
            yield f"column {place}: cells {what}: {column.unclean}."
        if not column.filled:
            yield f"column {place}: every cell is empty, so it was taken for text."
