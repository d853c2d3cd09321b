"""Takes a steward's workbook over into the catalog: all of it, or nothing where anything in it is wrong."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dap.catalog import CATALOG, Problem
from dap.editing import Files
from dap.lint import lint
from dap.plan import Plan
from dap.rules import rule
from dap.spreadsheet.changes import Change, Edit, compare
from dap.spreadsheet.layout import ENTRY, REMOVE
from dap.spreadsheet.sheets import SHEETS, Codes, Sheet, entry_name, files_of, plan_name
from dap.spreadsheet.workbook import Fault, Found, read_workbook

# Which column a rule of the plan is about, where the problem's own words do not say.
_COLUMN_OF = {
    "L110": "mandates",
    "L111": "codes",
    "L114": "successor",
    "L116": "respondents",
    "L130": "frequency",
    "L131": "mandates",
    "L132": "sources",
    "L133": "open",
    "L134": "submittedAs",
    "L141": "pattern",
    "L151": "codes",
    "L152": "pattern",
    "L155": "code",
}


@dataclass(frozen=True)
class Proposal:
    """What a workbook would make of the plan: its edits in the order of the sheets, or the faults that forbid it."""

    edits: tuple[Edit, ...]
    faults: tuple[Fault, ...]
    files: Files

    def write(self) -> tuple[str, ...]:
        """Write the catalog's files that change, and say which; nothing is written while there are faults."""
        return () if self.faults else self.files.write()


def propose(plan: Plan, path: Path) -> Proposal:
    """Compare the workbook with the plan, and try its edits on a copy of the catalog."""
    files = files_of(plan)
    book, faults = read_workbook(path, plan_name(files))
    edits, more = compare(plan, files, book)
    # Of entries that are named alike, the last goes first, so that the others keep their numbers.
    gone = sorted((each for each in edits if each.removed), key=lambda each: each.key, reverse=True)
    for edit in [
        *(each for each in edits if not each.removed and not each.new),
        *gone,
        *(each for each in edits if each.new),
    ]:
        _apply(files, edit)
    found = [*faults, *more]
    if edits:
        found += _faults_of_plan(plan, files, book, edits, {(each.sheet, each.row) for each in found})
    return Proposal(edits, tuple(_in_order(dict.fromkeys(found))), files)


def _in_order(faults: Mapping[Fault, None]) -> list[Fault]:
    names = ["", *(f"sheet {sheet.name}" for sheet in SHEETS)]
    return sorted(faults, key=lambda each: (names.index(each.sheet), each.row or 0))


def _apply(files: Files, edit: Edit) -> None:
    if edit.removed:
        edit.sheet.remove(files, edit.key)
    elif edit.new:
        edit.sheet.add(files, edit.facts)
    else:
        edit.sheet.change(files, edit.key, [(each.column, each.fact) for each in edit.changes])


def _faults_of_plan(
    plan: Plan, files: Files, book: Mapping[str, Found], edits: tuple[Edit, ...], faulty: set[tuple[str, int | None]]
) -> Iterator[Fault]:
    """What `dap lint` would say of the changed catalog and not of the present one, at the cells that cause it."""
    before = Counter(_without_rows(each) for each in lint(plan.root, examples=False) if not _is_of_build(each))
    for problem in _problems_after(plan, files):
        same = _without_rows(problem)
        if before[same]:
            before[same] -= 1
            continue
        fault = _placed(problem, files, book, edits)
        # What is missing because a faulty row was left out is no news.
        if (fault.sheet, fault.row) not in faulty:
            yield fault


def _is_of_build(problem: Problem) -> bool:
    """Whether it only says what is to follow: that suites are to be built anew, or the version to be raised."""
    return problem.rule == "L173" or (problem.rule == "L172" and problem.message == rule("L172").message)


def _without_rows(problem: Problem) -> tuple[str, str, str, str]:
    return problem.rule, problem.file, re.sub("row [0-9]+", "row", problem.place), problem.message


def _problems_after(plan: Plan, files: Files) -> list[Problem]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(plan.root / CATALOG, root / CATALOG)
        for path, content in files.changed().items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return [each for each in lint(root, examples=False) if not _is_of_build(each)]


def _placed(problem: Problem, files: Files, book: Mapping[str, Found], edits: tuple[Edit, ...]) -> Fault:
    """A problem of the catalog as a fault of the workbook: the row of its entry, and the column it is about."""
    found = [(sheet, key) for sheet in SHEETS if sheet.name in book and (key := sheet.key_of(problem, files))]
    sheet, key = found[-1] if found else (None, ())  # a collection is what is left where it is no element and no window
    edit = next((each for each in edits if each.sheet is sheet and _key_after(each) == key), None)
    if sheet is not None and edit is not None:
        return Fault(f"sheet {sheet.name}", edit.row, _column(problem, sheet, book[sheet.name], edit), problem.message)
    # What a row that nobody touched suffers from was done elsewhere: to the code, mandate or element that it names.
    cause = next((each for each in edits if _is_cause(each, problem)), None)
    if cause is not None:
        column = (
            book[cause.sheet.name].place(REMOVE)
            if cause.removed
            else _column(problem, cause.sheet, book[cause.sheet.name], cause)
        )
        message = f"{problem.file}, {problem.place}: {problem.message}"
        message = f"still used in {message}" if cause.removed else message
        return Fault(f"sheet {cause.sheet.name}", cause.row, column, message)
    row = None if sheet is None else _row_of(book[sheet.name], key)
    if sheet is None or row is None:
        return Fault("", None, "", str(problem))
    message = f"{problem.place}: {problem.message}" if problem.place else problem.message
    return Fault(f"sheet {sheet.name}", row, _column(problem, sheet, book[sheet.name], None), message)


def _key_after(edit: Edit) -> tuple[str, ...]:
    return edit.key if edit.removed else edit.sheet.key_of_new(edit.facts)


def _is_cause(edit: Edit, problem: Problem) -> bool:
    """Whether the problem names what the edit was about, as it was or as it is: in its words, its rule or its table."""
    names = {edit.key[-1], _key_after(edit)[-1]}
    if any(f'"{name}"' in problem.message or f'rule "{name}.' in problem.place for name in names if name):
        return True
    return isinstance(edit.sheet, Codes) and problem.place == f'resource "{edit.key[0]}"'


def _row_of(found: Found, key: tuple[str, ...]) -> int | None:
    return next((row.number for row in found.rows if row.entry == entry_name(key)), None)


def _column(problem: Problem, sheet: Sheet, found: Found, edit: Edit | None) -> str:
    """The column a problem is about: the only one that changed, the one its words name, or the one of its rule."""
    changes: tuple[Change, ...] = edit.changes if edit else ()
    touched = [each.column.name for each in changes]
    words = problem.message.casefold()
    said = re.findall("[A-Za-z]+", f"{problem.place.rpartition('field')[2]} {problem.message}")
    named = [
        column.name
        for column in sheet.columns
        if column.name in touched
        and ((column.path and column.path[-1] in said) or (" " in column.title and column.title.casefold() in words))
    ]
    ruled = (
        [_COLUMN_OF[problem.rule]] if _COLUMN_OF.get(problem.rule) in {column.name for column in sheet.columns} else []
    )
    alone = touched if len(touched) == 1 else []
    first = next(iter([*alone, *named, *(each for each in ruled if each in touched), *ruled, *touched]), ENTRY)
    return found.place(first)
