"""Tables to download: CSV, archives and workbooks, the same bytes from the same plan."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from dap.plan import Collection, Element, Layout, Plan
from dap.publish.words import Words

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

# Zip keeps no earlier day; the plan's own date is in every table's package.
_STAMP = (1980, 1, 1, 0, 0, 0)
_MOST_ROWS = 1000


def plan_tables(plan: Plan) -> dict[str, pd.DataFrame]:
    """The plan's tables by name, as they are published."""
    return {
        "collections": plan.collections,
        "elements": plan.elements,
        "mandates": plan.mandates,
        "element_mandates": plan.element_mandates,
        "codes": plan.codes,
        "windows": plan.windows,
        "open_questions": plan.open_questions,
        "crosswalk": plan.crosswalk,
        "code_crosswalk": plan.code_crosswalk,
        "districts": plan.districts,
        "respondents": plan.respondents,
        "obligations": plan.obligations,
    }


def as_csv(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files in one ZIP archive, in their order and without the time it was made at."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(_member(name), content)
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _STAMP)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def plan_workbook(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """The tables as one workbook, a sheet each, the header frozen."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, table in tables.items():
        sheet = book.create_sheet(name[:31])
        sheet.freeze_panes = "A2"
        sheet.append([str(column) for column in table.columns])
        for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
            sheet.append([_cell(value) for value in row])
    return _saved(book)


def _cell(value: object) -> object:
    # A text that begins with = would be a formula.
    if isinstance(value, str) and value.startswith("="):
        return "'" + value
    return value


def template_csv(layout: Layout) -> bytes:
    """An empty file of the layout: title lines and header, and no row."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=layout.delimiter, lineterminator="\n")
    writer.writerows([*(line.cells for line in layout.title_lines), [each.name for each in layout.elements]])
    return out.getvalue().encode()


def template_workbook(plan: Plan, collection: Collection, layout: Layout, words: Words) -> bytes:
    """A workbook to fill in: the layout's sheet with drop-down lists, one of the elements, one of the codes.

    The columns' names and the codes are those of the file in every language; what explains them is in that of `words`.

    Every cell is text, for a spreadsheet would drop leading zeros. A complete code list refuses other values; one that
    may not be complete only offers its own. The file that is sent is the first sheet, saved as CSV.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # a new workbook has one
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", layout.name)[:31]
    for line in layout.title_lines:
        sheet.append(list(line.cells))
    sheet.append([each.name for each in layout.elements])
    first = len(layout.title_lines) + 2
    sheet.freeze_panes = f"A{first}"
    lists = _code_sheet(book, plan, layout, words)
    for number, element in enumerate(layout.elements, start=1):
        _column(sheet, number, first, element, lists.get(element.name), words)
    _about_sheet(book, plan, collection, layout, words)
    return _saved(book)


def _column(
    sheet: Worksheet, number: int, first: int, element: Element, codes: tuple[str, bool] | None, words: Words
) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = get_column_letter(number)
    sheet.column_dimensions[letter].width = max(12, min(40, len(element.name) + 2))
    sheet.column_dimensions[letter].number_format = "@"
    for row in range(first, first + 100):
        sheet.cell(row=row, column=number).number_format = "@"
    if codes is None:
        return
    formula, complete = codes
    offered = DataValidation(type="list", formula1=formula, allow_blank=not element.required, showErrorMessage=complete)
    offered.errorTitle = words.say("Not a permitted value")
    offered.error = words.say("Choose a value from the list.")
    sheet.add_data_validation(offered)
    offered.add(f"{letter}{first}:{letter}{first + _MOST_ROWS - 1}")


def _code_sheet(book: Workbook, plan: Plan, layout: Layout, words: Words) -> dict[str, tuple[str, bool]]:
    """Write the permitted values, two columns an element; the range of each element, and whether it is complete."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(words.say("Codes"))
    found: dict[str, tuple[str, bool]] = {}
    for element in layout.elements:
        values, complete = _offered(plan, layout, element)
        if not values:
            continue
        column = 2 * len(found) + 1
        sheet.cell(row=1, column=column, value=element.name)
        sheet.cell(row=1, column=column + 1, value=words.say("Meaning"))
        for row, (code, label) in enumerate(values, start=2):
            sheet.cell(row=row, column=column, value=code).number_format = "@"
            sheet.cell(row=row, column=column + 1, value=words.translated(label) or label)
        letter = get_column_letter(column)
        found[element.name] = (f"'{sheet.title}'!${letter}$2:${letter}${len(values) + 1}", complete)
    return found


def _offered(plan: Plan, layout: Layout, element: Element) -> tuple[list[tuple[str, str]], bool]:
    """The values an element may have, with their labels, and whether there are no others."""
    marks = [(each.value, each.label) for each in element.missing if each.value]
    if "enum" in element.constraints:
        return [*((str(each), "") for each in element.constraints["enum"]), *marks], True
    if element.codes:
        code_list = plan.code_list(element.codes)
        labels: dict[str, str] = {}
        for each in code_list.codes:
            if each.code and each.in_force(layout.valid_for):
                labels.setdefault(each.code, each.label)
        return ([*labels.items(), *marks] if labels else []), code_list.complete
    if element.type == "boolean":
        return [*((each, "") for each in (*element.true_values, *element.false_values)), *marks], True
    return [], False


def _about_sheet(book: Workbook, plan: Plan, collection: Collection, layout: Layout, words: Words) -> None:
    _ = words.say
    sheet = book.create_sheet(_("About"))

    def plain(text: str) -> str:
        return words.translated(text) or text

    sheet.append([plain(collection.title), f"{plain(plan.title)} {plan.version}"])
    sheet.append([_("Fill in the first sheet and save that sheet as CSV UTF-8. Only the CSV file is sent.")])
    sheet.append([])
    sheet.append([_("Column"), _("Title"), _("Must be filled?"), _("Meaning"), _("Example")])
    for element in layout.elements:
        filled = _("yes") if element.required else _("under a condition") if element.required_when else _("no")
        sheet.append([element.name, plain(element.title), filled, plain(element.description), element.example])


def _saved(book: Workbook) -> bytes:
    """The workbook's bytes, without the time it was made at: in its properties and in the archive that it is."""
    out = io.BytesIO()
    book.save(out)
    files = {}
    with zipfile.ZipFile(out) as made:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", b"", content)
            files[name] = content
    return archive(files)
