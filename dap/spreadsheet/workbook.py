"""Reads a workbook that export wrote and a steward changed into the text of its cells, each fault at its place."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap.errors import nearest
from dap.spreadsheet import cells
from dap.spreadsheet.layout import BASE, ENTRY, FIRST_ROW, HEADER_ROW, REMOVE, VERSION
from dap.spreadsheet.sheets import SHEETS, Column, Key, Sheet, entry_name

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

# A workbook of the plan has a few megabytes; what unpacks to more was not made by export.
_MOST_BYTES = 60_000_000
# A number above it under a date is a spreadsheet's count of days, and not a year.
_LAST_YEAR = 2200


@dataclass(frozen=True)
class Fault:
    """One thing that keeps a workbook from being taken over: sheet, row, column (letter and heading), and what."""

    sheet: str
    row: int | None
    column: str
    message: str

    def __str__(self) -> str:
        row = f"row {self.row}" if self.row else ""
        where = ", ".join(filter(None, (self.sheet, row, self.column)))
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True)
class Row:
    """One row as it was found: the text by column name, `entry` as its first cell gives it, `removed` where it says so.

    A cell in `unread` could not be taken as text and has its fault already.
    """

    number: int
    entry: str
    cells: Mapping[str, str]
    removed: bool
    unread: frozenset[str]


@dataclass(frozen=True)
class Held:
    """What a row held when it was exported."""

    row: int
    key: Key
    cells: Mapping[str, str]

    @property
    def entry(self) -> str:
        """What its first cell held."""
        return entry_name(self.key)


@dataclass(frozen=True)
class Found:
    """One sheet of the workbook: its rows, where each column stands, and what it held when it was exported."""

    rows: tuple[Row, ...]
    places: Mapping[str, str]
    held: tuple[Held, ...]

    def place(self, column: Column | str) -> str:
        """A column's letter and heading, as messages say them."""
        return self.places.get(column if isinstance(column, str) else column.name, "")


def read_workbook(path: Path, plan_name: str) -> tuple[dict[str, Found], tuple[Fault, ...]]:
    """The sheets of the workbook by name, and what is wrong with it as a workbook; none where it is not this plan's."""
    faults: list[Fault] = []
    book = _opened(path, faults)
    if book is None:
        return {}, tuple(faults)
    held = _held(book, plan_name, faults)
    if held is None:
        return {}, tuple(faults)
    found: dict[str, Found] = {}
    for sheet in SHEETS:
        if sheet.name not in book.sheetnames:
            hint = nearest(sheet.name, book.sheetnames)
            faults.append(Fault(f"sheet {sheet.name}", None, "", f"it is missing from the workbook.{hint}"))
            continue
        read = _sheet(book[sheet.name], sheet, held[sheet.name], faults)
        if read is not None:
            found[sheet.name] = read
    return found, tuple(faults)


def _opened(path: Path, faults: list[Fault]) -> Workbook | None:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST_BYTES:
                faults.append(Fault("", None, "", "the workbook is far larger than a plan: it was not read."))
                return None
        return load_workbook(path)
    # Whatever a broken workbook makes the library raise, it is the same news to its reader.
    except Exception:
        message = "this is no workbook that can be read. Save it as an Excel workbook (.xlsx), without a password."
        faults.append(Fault("", None, "", message))
        return None


def _held(book: Workbook, plan_name: str, faults: list[Fault]) -> dict[str, list[Held]] | None:
    """What the workbook says it held when it was exported; None where it does not say so whole."""
    held: dict[str, list[Held]] = {sheet.name: [] for sheet in SHEETS}
    try:
        rows = list(book[BASE].iter_rows(values_only=True))
        if rows[0][0] != VERSION:
            faults.append(Fault("", None, "", "the workbook was exported by another version of dap: export it anew."))
            return None
        if rows[0][1] != plan_name:
            faults.append(
                Fault("", None, "", "the workbook was exported from another plan, so it cannot be read here.")
            )
            return None
        for row in rows[1:]:
            record = json.loads("".join(str(each) for each in row if each is not None))
            held[record["sheet"]].append(Held(record["row"], tuple(record["key"]), record["cells"]))
    except (KeyError, IndexError, ValueError, TypeError):
        message = (
            "the workbook no longer holds what dap export put into it to tell your changes from others'. "
            "Export the plan anew, and make the changes there."
        )
        faults.append(Fault("", None, "", message))
        return None
    return held


def _sheet(worksheet: Worksheet, sheet: Sheet, held: Sequence[Held], faults: list[Fault]) -> Found | None:
    titles = {ENTRY: "", REMOVE: "", **{column.title: column.name for column in sheet.columns}}
    where: dict[str, int] = {}
    wrong = len(faults)
    for number, value in enumerate(next(worksheet.iter_rows(max_row=HEADER_ROW, values_only=True), ()), start=1):
        title = "" if value is None else str(value).strip()
        place = f"column {_letter(number)}"
        if title in where:
            faults.append(Fault(_called(sheet), HEADER_ROW, place, "the heading stands twice."))
        elif title in titles:
            where[title] = number
        elif title:
            message = f"no column is headed like this.{nearest(title, titles)} Put the heading back."
            faults.append(Fault(_called(sheet), HEADER_ROW, place, message))
    for title in titles:
        if title not in where:
            faults.append(Fault(_called(sheet), HEADER_ROW, "", f'the column "{title}" is missing. Put it back.'))
    if len(faults) > wrong:
        return None
    places = {name: f"column {_letter(where[title])} ({title})" for title, name in titles.items() if name}
    places |= {title: f"column {_letter(where[title])} ({title})" for title in (ENTRY, REMOVE)}
    return Found(tuple(_rows(worksheet, sheet, where, places, faults)), places, tuple(held))


def _called(sheet: Sheet) -> str:
    return f"sheet {sheet.name}"


def _letter(place: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(place))


def _rows(
    worksheet: Worksheet, sheet: Sheet, where: Mapping[str, int], places: Mapping[str, str], faults: list[Fault]
) -> Iterator[Row]:
    for number, found in _filled(worksheet):
        texts: dict[str, str] = {}
        unread: set[str] = set()
        for column in sheet.columns:
            text, fault = _text(found.get(where[column.title]), column)
            texts[column.name] = text
            if fault:
                unread.add(column.name)
                faults.append(Fault(_called(sheet), number, places[column.name], fault))
        entry, _ = _text(found.get(where[ENTRY]), None)
        answer, fault = _text(found.get(where[REMOVE]), None)
        if fault or answer.casefold() not in ("", "no", "yes"):
            message = "write yes to take the entry out of the plan, or leave it empty."
            faults.append(Fault(_called(sheet), number, places[REMOVE], message))
        for place, cell in found.items():
            if place not in where.values() and cell.value is not None:
                message = "the cell has no heading above it: nothing is read from there. Move or clear it."
                faults.append(Fault(_called(sheet), number, f"column {_letter(place)}", message))
        if entry or answer or unread or any(texts.values()):
            yield Row(number, entry, texts, answer.casefold() == "yes", frozenset(unread))


def _filled(worksheet: Worksheet) -> Iterator[tuple[int, dict[int, Any]]]:
    """The rows under the headings that hold anything, with their cells by column number, in order."""
    rows: dict[int, dict[int, Any]] = {}
    # Not iter_rows, which makes every cell up to the last one: one stray cell at the sheet's end makes millions.
    for (number, place), cell in sorted(worksheet._cells.items()):
        if number >= FIRST_ROW:
            rows.setdefault(number, {})[place] = cell
    for number, found in rows.items():
        if any(cell.value is not None for cell in found.values()):
            yield number, found


def _text(cell: Any, column: Column | None) -> tuple[str, str]:
    """The text of a cell, and what is wrong where the spreadsheet holds something else than the text that was typed."""
    if isinstance(cell, _merged()):
        return "", "the cell is merged with others, so only one of them holds a fact. Take them apart, fill each."
    value = None if cell is None else cell.value
    if value is None:
        return "", ""
    if cell.data_type == "f" or not isinstance(value, str | bool | int | float | date | time | timedelta):
        return "", "the cell holds a formula. Type what it shows instead."
    if cell.data_type == "e":
        return "", "the cell holds an error of the spreadsheet. Type the fact instead."
    if isinstance(value, str):
        # No blank at either end means anything in the plan, and most come from copying.
        return cells.as_cell(cells.unescaped(value)).strip(), ""
    if isinstance(value, bool):
        if column is not None and column.form not in (cells.YES_NO, cells.YES):
            return "", "the spreadsheet made a true or false of it. Format the cell as Text and type it again."
        return ("yes" if value else "no"), ""
    if isinstance(value, datetime | date):
        return _day(value, str(cell.number_format), column)
    if isinstance(value, time | timedelta):
        return "", "the spreadsheet made a time of it. Format the cell as Text and type it again."
    return _number(value, str(cell.number_format), column)


def _merged() -> type:
    from openpyxl.cell import MergedCell

    return MergedCell


def _number(value: float, number_format: str, column: Column | None) -> tuple[str, str]:
    if column is not None and column.form is cells.DAY and value > _LAST_YEAR:
        return "", "the spreadsheet made a number of the date. Format the cell as Text and type it again."
    if column is not None and column.digits:
        return (
            "",
            "the spreadsheet made a number of the code, and may have dropped zeros. Format it as Text, type it again.",
        )
    if "%" in number_format:
        return "", "the spreadsheet made a percentage of it. Format the cell as Text and type it again."
    return (str(int(value)) if value == int(value) else repr(value)), ""


def _day(value: date, number_format: str, column: Column | None) -> tuple[str, str]:
    if column is None or column.form not in (cells.DAY, cells.FREEZES):
        return "", "the spreadsheet made a date of it. Format the cell as Text and type it again."
    # A format's language and colour, in brackets, say nothing of the day: [$-de-DE]mmm yyyy.
    shown = re.sub(r"\[[^]]*\]", "", number_format).casefold()
    return value.strftime("%Y-%m-%d" if "d" in shown else "%Y-%m"), ""
