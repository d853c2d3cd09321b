"""Compares a steward's workbook with the catalog: what would change, fact by fact, and what stands in its way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dap.editing import Files
from dap.plan import Plan
from dap.spreadsheet import cells
from dap.spreadsheet.cells import CellError
from dap.spreadsheet.layout import ENTRY, REMOVE
from dap.spreadsheet.sheets import SHEETS, Column, Entry, Key, Sheet, entry_name, faults_of
from dap.spreadsheet.workbook import Fault, Found, Held, Row


@dataclass(frozen=True)
class Change:
    """One fact that would become another: `before` is empty for a fact that is new, `after` for one that goes."""

    column: Column
    before: str
    after: str
    fact: Any


@dataclass(frozen=True)
class Edit:
    """What one row asks for: a changed entry, a new one, or one to be removed."""

    sheet: Sheet
    row: int
    key: Key
    changes: tuple[Change, ...] = ()
    new: bool = False
    removed: bool = False
    # Every fact of a new or changed entry as it will be, by column.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> str:
        """The entry as the workbook names it."""
        return entry_name(self.key)


@dataclass
class _Sheet:
    """What comparing one sheet needs at every step."""

    plan: Plan
    sheet: Sheet
    found: Found
    now: dict[Key, Entry]
    faults: list[Fault]
    new_collections: frozenset[str]
    # Those of the new ones that have a fault, so that nothing can be put into them.
    faulty_collections: frozenset[str]

    def fault(self, row: int | None, column: str, message: str) -> None:
        """Note what is wrong, at its place."""
        self.faults.append(Fault(f"sheet {self.sheet.name}", row, self.found.place(column), f"{message.rstrip('.')}."))


def compare(plan: Plan, files: Files, book: Mapping[str, Found]) -> tuple[tuple[Edit, ...], tuple[Fault, ...]]:
    """Every edit of the workbook against the catalog as it is now, and every fault of its rows."""
    edits: list[Edit] = []
    faults: list[Fault] = []
    rows = book["collections"].rows if "collections" in book else ()
    new = frozenset(row.cells["id"] for row in rows if not row.entry and row.cells["id"])
    made: set[str] = set()
    for sheet in SHEETS:
        if sheet.name in book:
            now = {entry.key: entry for entry in sheet.entries(plan, files)}
            at_hand = _Sheet(plan, sheet, book[sheet.name], now, faults, new, frozenset(new - made))
            edits += _edits(at_hand)
        if sheet.name == "collections":
            made = {each.key[0] for each in edits if each.new}
    return tuple(edits), tuple(faults)


def _edits(at: _Sheet) -> Iterator[Edit]:
    held = {each.entry: each for each in at.found.held}
    seen: dict[str, int] = {}
    added: dict[Key, int] = {}
    for row in at.found.rows:
        if not row.entry:
            edit = _new(at, row, added)
        elif row.entry not in held:
            at.fault(row.number, ENTRY, "no entry of the export is called so; the cell is empty in a new row")
            continue
        elif row.entry in seen:
            message = f"row {seen[row.entry]} shows this entry already; the cell is empty in a new row"
            at.fault(row.number, ENTRY, message)
            continue
        else:
            seen[row.entry] = row.number
            edit = _changed(at, row, held[row.entry])
        if edit is not None:
            yield edit
    for each in at.found.held:
        if each.entry not in seen and each.key in at.now:
            message = f'the row of "{each.entry}" is gone; to remove an entry, write yes in its last cell'
            at.fault(each.row, ENTRY, message)


def _changed(at: _Sheet, row: Row, held: Held) -> Edit | None:
    """The edit of a row that was exported; None where it asks for nothing, or for what cannot be."""
    touched = [
        column
        for column in at.sheet.columns
        if column.name not in row.unread and row.cells[column.name] != held.cells.get(column.name, "").strip()
    ]
    if _is_taken_over(at, row, held):
        return None
    entry = at.now.get(held.key)
    if entry is None:
        if touched and not row.removed:
            at.fault(row.number, ENTRY, "the entry was removed from the catalog after the export; export anew")
        return None
    pasted = [each for each in touched if each.role == "id"]
    if row.removed and pasted:
        at.fault(row.number, pasted[0].name, "is not what the row's first cell says, so what to remove is not clear")
        return None
    if row.removed:
        if at.sheet.why_not_removed:
            at.fault(row.number, REMOVE, at.sheet.why_not_removed)
            return None
        if any(_now(entry, each) != held.cells.get(each.name, "") for each in at.sheet.columns if each.role == "fact"):
            at.fault(row.number, REMOVE, "the entry was changed in the catalog after the export; export anew")
            return None
        return Edit(at.sheet, row.number, held.key, removed=True)
    if any(each.name == "type" for each in touched):
        # What is a number of one type is a text of the other, though its cell looks the same.
        touched += [each for each in at.sheet.columns if each.form is cells.TYPED and each not in touched]
    changes = [change for column in touched if (change := _change(at, row, held, entry, column)) is not None]
    if not changes:
        return None
    facts = {**entry.facts, **{each.column.name: each.fact for each in changes}}
    return Edit(at.sheet, row.number, held.key, tuple(changes), facts=facts)


def _is_taken_over(at: _Sheet, row: Row, held: Held) -> bool:
    """Whether the row was given another key, and the catalog has had it since: the workbook is imported once more."""
    key = at.sheet.key_of_new(row.cells)
    entry = at.now.get(key)
    if row.removed or row.unread or entry is None or key == held.key or at.sheet.key_of_new(held.cells) == key:
        return False
    then = next((each.cells for each in at.found.held if each.key == key), {})
    return _shows(at, entry, row.cells) and not _shows(at, entry, then)


def _shows(at: _Sheet, entry: Entry, row: Mapping[str, str]) -> bool:
    """Whether a row's cells hold what the catalog's entry holds."""
    return all(
        _now(entry, each).strip() == row.get(each.name, "").strip() for each in at.sheet.columns if each.role != "shown"
    )


def _now(entry: Entry, column: Column) -> str:
    return cells.shown(column.form, entry.facts.get(column.name))


def _change(at: _Sheet, row: Row, held: Held, entry: Entry, column: Column) -> Change | None:
    text, now = row.cells[column.name], _now(entry, column)
    if column.role != "fact":
        why = "it says which entry this is" if column.role == "id" else "it follows from other cells"
        at.fault(row.number, column.name, f"cannot be changed here, because {why}; put it back")
        return None
    retyped = column.form is cells.TYPED and text == held.cells.get(column.name, "").strip()
    if text == now.strip() and not retyped:
        return None
    if now != held.cells.get(column.name, ""):
        at.fault(row.number, column.name, "changed in the catalog too after the export; export anew and decide there")
        return None
    # A bound is read by the type that the row names now.
    shown = {each.name: _now(entry, each) for each in at.sheet.columns}
    if not cells.fits(column.form, entry.facts.get(column.name), shown):
        at.fault(row.number, column.name, "what stands there cannot be written in a cell; change it in the descriptor")
        return None
    fact, fault = _read(column, text, row.cells)
    fault = fault or at.sheet.refused(at.plan, held.key, column, fact)
    if fault:
        at.fault(row.number, column.name, fault)
        return None
    # YES for yes and a blank more between two lines say what stood there already.
    same = (type(fact), fact) == (type(entry.facts.get(column.name)), entry.facts.get(column.name))
    return None if same else Change(column, now, text, fact)


def _read(column: Column, text: str, row: Mapping[str, str]) -> tuple[Any, str]:
    """The fact that a cell's text gives, and what is wrong with it."""
    if not text:
        return None, "must not be empty" if column.needed else ""
    try:
        fact = column.form.read(text, row)
    except CellError as error:
        return None, f"{error}. {column.form.how}".strip()
    faults = faults_of(column, fact)
    if not faults:
        return fact, ""
    # A regular expression says nothing to a steward; the column's note does.
    said = re.sub(r" does not have the form .*", " is not written as it should be", faults[0]).rstrip(".")
    return None, f"{said}. {column.note}".strip()


def _new(at: _Sheet, row: Row, added: dict[Key, int]) -> Edit | None:
    if row.removed:
        at.fault(row.number, REMOVE, "the row is new, so there is nothing to remove; clear the row instead")
        return None
    before = len(at.faults)
    missing = at.sheet.missing(at.plan, row.cells, at.new_collections)
    if missing is not None and missing[0] not in row.unread:
        at.fault(row.number, *missing)
    facts: dict[str, Any] = {}
    for column in at.sheet.columns:
        if column.name in row.unread or (missing is not None and column.name == missing[0]):
            continue
        if column.role == "shown":
            if row.cells[column.name]:
                at.fault(row.number, column.name, "follows from other cells; leave it empty")
            continue
        facts[column.name], fault = _read(column, row.cells[column.name], row.cells)
        if not fault and missing is None:
            fault = at.sheet.refused(at.plan, at.sheet.key_of_new(row.cells), column, facts[column.name])
        if fault:
            at.fault(row.number, column.name, fault)
    if row.unread or len(at.faults) > before:
        return None
    if facts.get("collection") in at.faulty_collections:
        return None
    key = at.sheet.key_of_new(facts)
    where = _said_twice(at.sheet)
    if key in at.now and not any(each.key == key for each in at.found.held):
        if not _shows(at, at.now[key], row.cells):
            message = "such an entry was added to the catalog after the export, with other facts; export anew"
            at.fault(row.number, where, message)
    elif key in at.now:
        at.fault(row.number, where, "the plan has such an entry already; change that row instead")
    elif key in added:
        at.fault(row.number, where, f"row {added[key]} adds the same entry")
    else:
        added[key] = row.number
        changes = tuple(
            Change(column, "", row.cells[column.name], facts[column.name])
            for column in at.sheet.columns
            if row.cells[column.name]
        )
        return Edit(at.sheet, row.number, key, changes, new=True, facts=facts)
    return None


def _said_twice(sheet: Sheet) -> str:
    """The column to look at where a new row's entry is there already: the last that tells entries apart."""
    return "code" if sheet.name == "codes" else [each.name for each in sheet.columns if each.role == "id"][-1]


def counted(edits: tuple[Edit, ...]) -> Counter[str]:
    """How many entries would be changed, new and removed."""
    return Counter("new" if edit.new else "removed" if edit.removed else "changed" for edit in edits)
