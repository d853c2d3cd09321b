"""Writes the plan as a workbook that a steward edits in Excel: five sheets with drop-downs, notes and locked ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dap.errors import CouldNotRun
from dap.plan import Plan
from dap.spreadsheet import cells
from dap.spreadsheet.layout import BASE, ENTRY, FIRST_ROW, HEADER_ROW, LISTS, READ_ME, REMOVE, SPARE_ROWS, VERSION
from dap.spreadsheet.sheets import SHEETS, Column, Entry, Sheet, choices, entry_name, files_of, plan_name

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_LOCKED_FILL, _HEADER_FILL = "EEEEEE", "1F3A5F"
_WIDTHS = {
    cells.TEXT: 18,
    cells.LIST: 28,
    cells.LINKS: 26,
    cells.SOURCES: 50,
    cells.QUESTIONS: 50,
    cells.YES_NO: 10,
    cells.YES: 10,
}
_WIDE = {"title": 34, "description": 60, "purpose": 50, "summary": 60, "datesNote": 40, "label": 44, "source": 44}
_PLACES = ("list", "collection", "layout", "element")
_NOTE_WIDTH, _NOTE_LINE = 320, 18  # pixels
# Of a row: points a line, and the most it shows at once. Without a height, a row may show its first line only.
_LINE, _MOST_LINES = 15, 3


def export_workbook(plan: Plan, path: Path) -> None:
    """Write the plan to an .xlsx file, which is written over; CouldNotRun where it cannot be written."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    files = files_of(plan)
    entries = {sheet.name: list(sheet.entries(plan, files)) for sheet in SHEETS}
    _read_me(book, plan, entries)
    _add_styles(book)
    lists = _lists(book, plan)
    for sheet in SHEETS:
        _write(book.create_sheet(sheet.name), sheet, entries[sheet.name], lists)
    _base(book, plan_name(files), entries)
    # Only now, so that these two stand last.
    book.move_sheet(LISTS, len(book.sheetnames))
    book.properties.title, book.properties.creator = plan.title, "dap"
    beside = path.with_name(f".{path.name}.new")
    try:
        book.save(beside)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise CouldNotRun("the workbook could not be written.") from None


def shown_row(sheet: Sheet, entry: Entry) -> list[str]:
    """What the cells of an entry's row hold, without the first and the last column."""
    return [cells.shown(column.form, entry.facts.get(column.name)) for column in sheet.columns]


def _read_me(book: Workbook, plan: Plan, entries: dict[str, list[Entry]]) -> None:
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(READ_ME)
    lines = [
        (f"{plan.title}, version {plan.version}", True),
        ("", False),
        ("How to work with this file", True),
        (
            "1. Change cells, or add entries in the empty rows under a table, with their first cell left empty.",
            False,
        ),
        ("2. Save, and have it shown what would change: dap import FILE.xlsx", False),
        ("3. Say yes. Then dap build and dap lint.", False),
        ("", False),
        ("What to know", True),
        (
            "Grey cells are locked: ids, which other files refer to, and facts that follow from others.",
            False,
        ),
        (
            "Rest the pointer on a heading to read what belongs below it. Where a cell offers a list, choose from it.",
            False,
        ),
        ("An empty cell is a fact that is not known. If it should be known, say so under Open questions.", False),
        ("To remove an entry, write yes in the last column. A row that is only deleted is asked about.", False),
        ("Layouts, rules between elements and new code lists are made in the descriptors, not here.", False),
        ("", False),
        ("The sheets", True),
        *((f"{each.name}: {len(entries[each.name]):,} rows. {each.about}", False) for each in SHEETS),
    ]
    for number, (text, strong) in enumerate(lines, start=1):
        cell = sheet.cell(number, 1)
        _set_text(cell, text)
        cell.font = Font(bold=strong, size=14 if number == 1 else 11)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[number].height = 24 if number == 1 else _LINE * _lines_of(text, 100)
    sheet.column_dimensions["A"].width = 110
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True


def _lists(book: Workbook, plan: Plan) -> dict[str, str]:
    """Write what drop-downs offer where it is too long for the cell's own rule; the range of each list."""
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "veryHidden"
    ranges: dict[str, str] = {}
    for place, name in enumerate(("collections", "code lists"), start=1):
        values = choices(plan, name)
        for number, value in enumerate(values, start=1):
            _set_text(sheet.cell(number, place), value)
        letter = "AB"[place - 1]
        ranges[name] = f"'{LISTS}'!${letter}$1:${letter}${max(1, len(values))}"
    return ranges


def _base(book: Workbook, plan_name: str, entries: dict[str, list[Entry]]) -> None:
    """Keep what each cell held, so that import can tell what the steward changed from what others changed since."""
    sheet = book.create_sheet(BASE)
    sheet.sheet_state = "veryHidden"
    for place, text in enumerate((VERSION, plan_name), start=1):
        _set_text(sheet.cell(1, place), text)
    number = 1
    for each in SHEETS:
        names = [column.name for column in each.columns]
        for row, entry in enumerate(entries[each.name], start=FIRST_ROW):
            number += 1
            held = dict(zip(names, shown_row(each, entry), strict=True))
            record = {"sheet": each.name, "row": row, "key": entry.key, "cells": {n: t for n, t in held.items() if t}}
            # Without the beginning of _x0041_, which not every spreadsheet program writes as it read it.
            text = json.dumps(record, ensure_ascii=False).replace("_x", "\\u005fx")
            # A cell ends at 32,767 characters; a record may take several.
            for place, begin in enumerate(range(0, len(text), 30_000), start=1):
                _set_text(sheet.cell(number, place), text[begin : begin + 30_000])


def _write(worksheet: Worksheet, sheet: Sheet, entries: Sequence[Entry], lists: dict[str, str]) -> None:
    from openpyxl.utils import get_column_letter

    last = FIRST_ROW + len(entries) + SPARE_ROWS - 1
    _headings(worksheet, sheet)
    _rows(worksheet, sheet, entries, last)
    _drop_downs(worksheet, sheet, lists, last)
    ids = sum(column.role == "id" for column in sheet.columns)
    worksheet.freeze_panes = f"{get_column_letter(2 + ids)}{FIRST_ROW}"
    worksheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(sheet.columns) + 2)}{last}"
    protection = worksheet.protection
    protection.sheet = True
    protection.formatColumns = protection.formatRows = protection.autoFilter = protection.sort = False


def _headings(worksheet: Worksheet, sheet: Sheet) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    which = "Which entry the row shows. Leave it as it is; leave it empty in a new row."
    away = f"Write yes to take the entry out of the plan. {sheet.why_not_removed}".strip()
    titles = [
        (ENTRY, which, 12),
        *((each.title, each.note, _width(each)) for each in sheet.columns),
        (REMOVE, away, 10),
    ]
    for place, (heading, note, width) in enumerate(titles, start=1):
        cell = worksheet.cell(HEADER_ROW, place)
        _set_text(cell, heading)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=_HEADER_FILL)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        cell.comment = Comment(note, "dap", height=_NOTE_LINE * (2 + len(note) // 45), width=_NOTE_WIDTH)
        worksheet.column_dimensions[get_column_letter(place)].width = width
    worksheet.row_dimensions[HEADER_ROW].height = 32


def _width(column: Column) -> int:
    return _WIDE.get(column.name, 26 if column.name in _PLACES else _WIDTHS.get(column.form, 14))


def _style(*, locked: bool, fact: bool) -> str:
    return f"Plan {'fact' if fact else 'row'}, {'locked' if locked else 'free'}"


def _add_styles(book: Workbook) -> None:
    """The four kinds of cells by name: a style put together cell by cell takes half of an export's time."""
    from openpyxl.styles import Alignment, NamedStyle, PatternFill, Protection

    for locked in (True, False):
        for fact in (True, False):
            style = NamedStyle(_style(locked=locked, fact=fact))
            # Text, so that a spreadsheet makes neither a date of 2026-10 nor a number of 01.
            style.number_format = "@"
            style.alignment = Alignment(vertical="top", wrap_text=fact)
            style.protection = Protection(locked=locked)
            if locked:
                style.fill = PatternFill("solid", fgColor=_LOCKED_FILL)
            book.add_named_style(style)


def _rows(worksheet: Worksheet, sheet: Sheet, entries: Sequence[Entry], last: int) -> None:
    for number in range(FIRST_ROW, last + 1):
        entry = entries[number - FIRST_ROW] if number - FIRST_ROW < len(entries) else None
        texts = shown_row(sheet, entry) if entry else [""] * len(sheet.columns)
        key = entry_name(entry.key) if entry else ""
        row = dict(zip((each.name for each in sheet.columns), texts, strict=True))
        for place, text in enumerate((key, *texts, ""), start=1):
            column = sheet.columns[place - 2] if 1 < place < len(texts) + 2 else None
            locked = _is_locked(column, entry, row, first=place == 1)
            cell = worksheet.cell(number, place)
            _set_text(cell, text)
            cell.style = _style(locked=locked, fact=column is not None)
        lines = [_lines_of(text, _width(column)) for text, column in zip(texts, sheet.columns, strict=True)]
        worksheet.row_dimensions[number].height = _LINE * min(max(lines), _MOST_LINES)


def _lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a column so many characters wide."""
    return sum(1 + len(line) // width for line in text.split("\n"))


def _is_locked(column: Column | None, entry: Entry | None, row: dict[str, str], *, first: bool) -> bool:
    if column is None:
        return first and entry is not None
    if column.role == "shown" or entry is None:
        return column.role == "shown"
    return column.role == "id" or not cells.fits(column.form, entry.facts.get(column.name), row)


def _drop_downs(worksheet: Worksheet, sheet: Sheet, lists: dict[str, str], last: int) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    offered: list[tuple[int, str]] = []
    for place, column in enumerate(sheet.columns, start=2):
        words = ("yes", "no") if column.form is cells.YES_NO and not column.choices else column.choices
        if column.choose_from:
            offered.append((place, lists[column.choose_from]))
        elif words:
            offered.append((place, f'"{",".join(words)}"'))
    offered.append((len(sheet.columns) + 2, '"yes"'))
    for place, formula in offered:
        letter = get_column_letter(place)
        rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
        rule.errorTitle, rule.error = "Not in the list", "Choose one of the list, or leave the cell empty."
        worksheet.add_data_validation(rule)
        rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")


def _set_text(cell: Cell | MergedCell, text: str) -> None:
    """Put a text into a cell as text, whatever it begins with: nothing in the plan is a formula."""
    if text:
        cell.value = cells.escaped(cells.as_cell(text))
        cell.data_type = "s"
