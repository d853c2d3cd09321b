"""The steward's workbook: exported, edited, taken over into the catalog, or refused at the right place."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from dap.catalog import open_plan
from dap.cli import main
from dap.errors import CouldNotRun, RequestError
from dap.lint import lint
from dap.plan import Plan
from dap.spreadsheet import cells, export
from dap.spreadsheet.export import export_workbook, shown_row
from dap.spreadsheet.layout import BASE, LISTS, SPARE_ROWS
from dap.spreadsheet.sheets import SHEETS, faults_of, files_of
from dap.spreadsheet.taking import Proposal, propose
from tests.conftest import PLAN, ROSTER, NewPlan, edit, edit_text, field
from tests.test_districts import OBLIGATIONS, with_districts
from tests.test_topics import with_table


@pytest.fixture(autouse=True, scope="module")
def _few_rows_to_type_into() -> Iterator[None]:
    """A few empty rows under each table instead of the product's 200, which take most of the time of an export."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "SPARE_ROWS", 12)
        yield


class Workbook:
    """An exported workbook of a plan, to be edited by heading and entry as a person would."""

    def __init__(self, root: Path, exported: bytes | None = None) -> None:
        self.root, self.path = root, root.parent / "plan.xlsx"
        if exported is None:
            export_workbook(open_plan(root), self.path)
        else:
            self.path.write_bytes(exported)
        self.book = openpyxl.load_workbook(self.path)

    def cell(self, sheet: str, entry: str | int, title: str) -> Any:
        """The cell of an entry (or of a row number) under a heading."""
        page = self.book[sheet]
        row = entry if isinstance(entry, int) else self.row(sheet, entry)
        place = next(cell.column for cell in page[1] if cell.value == title)
        return page.cell(row, place)

    def row(self, sheet: str, entry: str) -> int:
        """The row number of an entry."""
        rows = self.book[sheet].iter_rows(min_row=2, values_only=True)
        return next(number for number, row in enumerate(rows, start=2) if row[0] == entry)

    def first_empty(self, sheet: str) -> int:
        """The first row under the table."""
        rows = self.book[sheet].iter_rows(min_row=2, values_only=True)
        return next(number for number, row in enumerate(rows, start=2) if not any(row))

    def add(self, sheet: str, **values: str) -> int:
        """Type a new row under the table, by heading (underscores for blanks); its row number."""
        row = self.first_empty(sheet)
        for title, value in values.items():
            self.cell(sheet, row, title.replace("_", " ")).value = value
        return row

    def proposal(self) -> Proposal:
        """Save, and compare with the plan as it is now."""
        self.book.save(self.path)
        return propose(open_plan(self.root), self.path)

    def faults(self) -> list[str]:
        """Save, and say what is wrong, place first."""
        return [str(each) for each in self.proposal().faults]

    def take_over(self) -> tuple[str, ...]:
        """Save, and take everything over; the files that were written."""
        proposal = self.proposal()
        assert proposal.faults == ()
        return proposal.write()


@pytest.fixture(scope="module")
def exported(_sound_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the small invented plan's workbook."""
    path = tmp_path_factory.mktemp("exported") / "plan.xlsx"
    export_workbook(open_plan(_sound_plan), path)
    return path.read_bytes()


@pytest.fixture
def book(new_plan: NewPlan, exported: bytes) -> Workbook:
    """The workbook of the small invented plan."""
    return Workbook(new_plan(), exported)


def _bytes(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_workbook_that_nobody_changed_changes_nothing(copy: Path) -> None:
    before = _bytes(copy)
    proposal = Workbook(copy).proposal()
    assert (proposal.edits, proposal.faults, proposal.write()) == ((), (), ())
    assert _bytes(copy) == before


def test_every_fact_of_the_plan_comes_back_from_its_cell_as_it_was(connecticut: Plan) -> None:
    files = files_of(connecticut)
    for sheet in SHEETS:
        for entry in sheet.entries(connecticut, files):
            row = dict(zip((each.name for each in sheet.columns), shown_row(sheet, entry), strict=True))
            for column in sheet.columns:
                fact = entry.facts.get(column.name)
                if column.role != "shown" and fact is not None:
                    assert cells.fits(column.form, fact, row), (entry.key, column.name)
                    assert faults_of(column, fact) == (), (entry.key, column.name)
    assert files.changed() == {}


def test_the_sheets_hold_every_entry_of_the_plan_once(connecticut: Plan) -> None:
    files = files_of(connecticut)
    counted = {sheet.name: len({entry.key for entry in sheet.entries(connecticut, files)}) for sheet in SHEETS}
    assert counted == {
        "collections": len(connecticut.all_collections),
        "elements": sum(1 for _ in connecticut.every_element()),
        "mandates": len(connecticut.all_mandates),
        "codes": sum(len(each.codes) for each in connecticut.all_code_lists),
        "windows": sum(len(each.windows) for each in connecticut.all_collections),
        "districts": len(connecticut.all_districts),
        "respondents": len(connecticut.all_respondents),
        "obligations": len(connecticut.all_obligations),
    }


_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).map(
    lambda text: " ".join(text.split()) or "x"
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": _words}, optional={"path": _words, "year": st.just("2025"), "confidence": _words}
        ),
        min_size=1,
    )
)
def test_sources_come_back_whatever_they_hold(sources: list[dict[str, str]]) -> None:
    assert cells.SOURCES.read(cells.SOURCES.show(sources), {}) == sources


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=4, max_size=4))
def test_whatever_the_facts_of_a_plan_hold_its_workbook_changes_nothing(new_plan: NewPlan, texts: list[str]) -> None:
    """What cannot come back whole from a cell is locked; and an unchanged cell is never read."""
    root = new_plan()

    def odd(descriptor: dict[str, Any]) -> None:
        descriptor["description"], descriptor["acquisition"]["uses"] = texts[0], texts[1:]
        field(descriptor, "grade")["description"] = texts[1]
        field(descriptor, "grade")["sources"][0].update(path=texts[2])

    edit(root, ROSTER, odd)
    before = _bytes(root)
    proposal = Workbook(root).proposal()
    assert (proposal.edits, proposal.faults, proposal.write()) == ((), (), ())
    assert _bytes(root) == before


def test_a_code_a_window_and_an_element_make_three_changes_and_no_other(copy: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    subprocess.run(["git", "add", "."], cwd=copy, check=True)
    book = Workbook(copy)
    source = "Example handbook | https://example.org/handbook | 2026 | high"
    book.add("codes", Code_list="psis-lunch", Code="Z", Label="Invented", Since="2026-27", Source="https://example.org")
    book.add("windows", Collection="ed166-discipline", School_year="2026-27", Due="2027-07-15")
    book.add(
        "elements",
        Collection="ed166-discipline",
        Layout="discipline",
        Element="invented_element",
        Type="string",
        Maximum_length="4",
        May_be_left_out="yes",
        Sources=source,
    )
    written = book.take_over()
    assert written == (
        "catalog/code-lists/psis-lunch.csv",
        "catalog/collections/ed166-discipline/datapackage.json",
    )
    difference = subprocess.run(["git", "diff", "-U0"], cwd=copy, check=True, capture_output=True, text=True).stdout
    added = [
        line[1:].strip() for line in difference.splitlines() if line.startswith("+") and not line.startswith("+++")
    ]
    removed = [line[1:].strip() for line in difference.splitlines() if line.startswith("-") and line[:3] != "---"]
    assert "Z,Invented,2026-27,,https://example.org" in added
    assert '"name": "invented_element",' in added
    assert '"schoolYear": "2026-27",' in added
    # Commas and brackets that now end otherwise, and nothing else.
    assert {line.rstrip(",") for line in removed} <= {line.rstrip(",") for line in added}
    plan = open_plan(copy)
    assert plan.collection("ed166-discipline").layouts[0].elements[-1].constraints == {"maxLength": 4}
    assert [each.rule for each in lint(copy, examples=False) if each.rule != "L172"] == []


def test_a_changed_fact_is_shown_before_it_is_written_and_only_it_changes(book: Workbook) -> None:
    before = _bytes(book.root)
    book.cell("elements", "example-roster/students/absences", "Frequency").value = "weekly"
    proposal = book.proposal()
    (changed,) = proposal.edits
    assert [(each.column.title, each.before, each.after) for each in changed.changes] == [
        ("Frequency", "monthly", "weekly")
    ]
    assert _bytes(book.root) == before
    proposal.write()
    after = _bytes(book.root)
    (path,) = [path for path in after if after[path] != before[path]]
    assert after[path] == before[path].replace(b'"monthly"', b'"weekly"')


def _set(sheet: str, entry: str, title: str, value: Any) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book.cell(sheet, entry, title).value = value

    return change


_MANDATES = ("example-act", "example-rule")


@pytest.mark.parametrize(
    ("sheet", "entry", "title", "value", "fact"),
    [
        ("collections", "example-roster", "Frequency", "twice a year", ("acquisition", "frequency", "twice a year")),
        ("collections", "example-roster", "Steward", "Example Office", ("acquisition", "steward", "Example Office")),
        ("collections", "example-roster", "Uses", "counts\nmaps", ("acquisition", "uses", ["counts", "maps"])),
        ("collections", "example-roster", "Uses", None, ("acquisition", "uses", None)),
        (
            "collections",
            "example-roster",
            "Mandates",
            "example-act\nexample-rule (voluntary)",
            ("acquisition", "mandates", [{"id": "example-act"}, {"id": "example-rule", "obligation": "voluntary"}]),
        ),
        (
            "collections",
            "example-roster",
            "Sources",
            "One | https://example.org/1 | 2024\nTwo",
            ("sources", [{"title": "One", "path": "https://example.org/1", "year": "2024"}, {"title": "Two"}]),
        ),
        (
            "collections",
            "example-roster",
            "Open questions",
            "steward: The handbook does not say.",
            ("acquisition", "open", [{"about": "steward", "why": "The handbook does not say."}]),
        ),
    ],
)
def test_a_cell_of_a_collection_becomes_its_property(
    book: Workbook, sheet: str, entry: str, title: str, value: str | None, fact: tuple[Any, ...]
) -> None:
    book.cell(sheet, entry, title).value = value
    book.take_over()
    found: Any = json.loads((book.root / ROSTER).read_text("utf-8"))
    for step in fact[:-1]:
        found = found.get(step)
    assert found == fact[-1]


def test_an_elements_cells_become_properties_of_its_field(book: Workbook) -> None:
    entry = "example-roster/students/"
    for name, title, value in [
        ("days_enrolled", "Maximum", "181"),
        ("rate", "Maximum", "99.5"),
        ("exit_date", "Minimum", "2002-02-02"),
        ("last_name", "Required", "no"),
        ("sponsor", "Maximum length", 41),
        ("homeless", "Sensitivity", None),
        ("homeless", "Classification", "student-record\nstudent-information"),
        ("exit_reason", "Open questions", None),
    ]:
        book.cell("elements", entry + name, title).value = value
    book.take_over()
    roster = json.loads((book.root / ROSTER).read_text("utf-8"))
    assert field(roster, "days_enrolled")["constraints"]["maximum"] == 181
    assert field(roster, "rate")["constraints"]["maximum"] == 99.5
    assert field(roster, "exit_date")["constraints"]["minimum"] == "2002-02-02"
    assert field(roster, "last_name")["constraints"]["required"] is False
    assert field(roster, "sponsor")["constraints"]["maxLength"] == 41
    assert field(roster, "homeless")["acquisition"] == {"classification": ["student-record", "student-information"]}
    assert "open" not in field(roster, "exit_reason")["acquisition"]


def test_a_column_that_may_be_left_out_is_one_of_its_layouts_optional_columns(book: Workbook) -> None:
    book.cell("elements", "example-roster/students/sponsor", "May be left out").value = "yes"
    book.cell("elements", "example-roster/counts/note", "May be left out").value = None
    book.take_over()
    students, counts = json.loads((book.root / ROSTER).read_text("utf-8"))["resources"]
    assert (students["acquisition"]["optional"], students["schema"]["fieldsMatch"]) == (["sponsor"], "superset")
    assert ("optional" in counts["acquisition"], counts["schema"]["fieldsMatch"]) == (False, "equal")


def test_codes_can_change_places_with_each_other(book: Workbook) -> None:
    book.cell("codes", "grades/K", "Code").value = "01"
    book.cell("codes", "grades/01", "Code").value = "K"
    book.take_over()
    rows = list(csv.reader((book.root / "catalog/code-lists/grades.csv").open(newline="")))
    assert [row[:2] for row in rows[1:3]] == [["01", "Kindergarten"], ["K", "First grade"]]


def test_a_label_gets_the_code_that_was_not_known(book: Workbook) -> None:
    book.cell("codes", "programs/Chess", "Code").value = "20"
    book.cell("codes", "programs/Chess", "Label").value = "Chess club"
    book.take_over()
    assert (
        "20,Chess club,,,https://example.org/programs\n" in (book.root / "catalog/code-lists/programs.csv").read_text()
    )


def test_a_new_collection_has_a_descriptor_without_layouts_and_the_same_workbook_can_give_it_a_window(
    book: Workbook,
) -> None:
    book.add(
        "collections",
        Id="example-count",
        Title="Example count",
        Domain="student",
        Level="school",
        Submitted_as="form",
        Sources="Example handbook",
    )
    book.add("windows", Collection="example-count", School_year="2026-27", Opens="2026-10")
    assert book.take_over() == ("catalog/collections/example-count/datapackage.json",)
    made = open_plan(book.root).collection("example-count")
    assert (made.title, made.layouts, made.windows[0].opens) == ("Example count", (), "2026-10")
    document = json.loads((book.root / "catalog/collections/example-count/datapackage.json").read_text("utf-8"))
    assert list(document) == ["$schema", "name", "title", "sources", "acquisition", "resources"]


def test_a_new_mandate_can_be_named_in_the_same_workbook(book: Workbook) -> None:
    book.add("mandates", Id="example-law", Title="Example Law", Jurisdiction="federal", Since="1974")
    book.cell("elements", "example-roster/students/rate", "Mandates").value = "example-law (mandatory)"
    book.take_over()
    assert open_plan(book.root).mandate("example-law").title == "Example Law"


@pytest.mark.parametrize(
    ("sheet", "entry", "gone"),
    [
        ("windows", "example-roster/2025-26", lambda plan: not plan.all_collections[0].windows),
        ("codes", "programs/Chess", lambda plan: len(plan.code_list("programs").codes) == 1),
        ("elements", "example-roster/counts/note", lambda plan: len(plan.all_collections[0].layouts[1].elements) == 3),
    ],
)
def test_an_entry_is_removed_where_its_last_cell_says_yes(
    book: Workbook, sheet: str, entry: str, gone: Callable[[Plan], bool]
) -> None:
    book.cell(sheet, entry, "Remove").value = "yes"
    book.take_over()
    assert gone(open_plan(book.root))


def test_a_layout_that_is_no_file_repeats_the_names_of_its_fields(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, _as_form)
    book = Workbook(root)
    book.add(
        "elements", Collection="example-roster", Layout="counts", Element="more", Type="string", Sources="Handbook"
    )
    book.cell("elements", "example-roster/counts/note", "Remove").value = "yes"
    book.take_over()
    assert json.loads((root / ROSTER).read_text("utf-8"))["resources"][1]["data"] == [
        ["district_code", "grade", "count", "more"]
    ]


def test_what_others_changed_in_the_catalog_since_the_export_stays(book: Workbook) -> None:
    edit(book.root, ROSTER, lambda d: d["acquisition"].update(purpose="Another purpose."))
    book.cell("collections", "example-roster", "Frequency").value = "weekly"
    book.take_over()
    acquisition = json.loads((book.root / ROSTER).read_text("utf-8"))["acquisition"]
    assert (acquisition["purpose"], acquisition["frequency"]) == ("Another purpose.", "weekly")


def test_a_workbook_taken_over_once_has_nothing_more_to_change(book: Workbook) -> None:
    book.cell("collections", "example-roster", "Frequency").value = "weekly"
    book.take_over()
    assert book.proposal().edits == ()


def _new(sheet: str, **values: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book.add(sheet, **values)

    return change


def _delete(sheet: str, entry: str) -> Callable[[Workbook], None]:
    return lambda book: book.book[sheet].delete_rows(book.row(sheet, entry))


def _heading(sheet: str, old: str, new: str | None) -> Callable[[Workbook], None]:
    return lambda book: setattr(book.cell(sheet, 1, old), "value", new)


def _date_cell(sheet: str, entry: str, title: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        cell = book.cell(sheet, entry, title)
        cell.value, cell.number_format = datetime(2026, 10, 1), "mmm-yy"

    return change


def _beside(book: Workbook) -> None:
    page = book.book["mandates"]
    page.cell(3, page.max_column + 2).value = "to do"


def _twice(book: Workbook) -> None:
    row = book.first_empty("codes")
    for place, cell in enumerate(book.book["codes"][book.row("codes", "grades/K")], start=1):
        book.book["codes"].cell(row, place).value = cell.value


def _both(*changes: Callable[[Workbook], None]) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        for each in changes:
            each(book)

    return change


def _percent(book: Workbook) -> None:
    cell = book.cell("codes", "grades/01", "Label")
    cell.value, cell.number_format = 0.5, "0%"


def _as_form(descriptor: dict[str, Any]) -> None:
    fields = descriptor["resources"][1]["schema"]["fields"]
    names = [each["name"] for each in fields]
    descriptor["resources"][1] = {"name": "counts", "data": [names], "schema": {"fields": fields}, "acquisition": {}}
    descriptor["acquisition"]["submittedAs"] = "form"


def _form_element(book: Workbook) -> None:
    edit(book.root, ROSTER, _as_form)
    book.cell("elements", "example-roster/counts/count", "May be left out").value = "yes"


_SOURCE = "Example handbook"
_ABSENCES = "example-roster/students/absences"

# What was done to the workbook; where it must be said; and a piece of what must be said.
BAD = {
    "a word that is none of the choices": (
        _set("collections", "example-roster", "Domain", "pupil"),
        ("sheet collections", 2, "Domain", "is none of"),
    ),
    "a choice spelt otherwise": (
        _set("elements", _ABSENCES, "Type", "integr"),
        ("sheet elements", 8, "Type", 'Did you mean "integer"?'),
    ),
    "a mandate that does not exist": (
        _set("elements", _ABSENCES, "Mandates", "example-akt"),
        ("sheet elements", 8, "Mandates", 'Did you mean "example-act"?'),
    ),
    "an obligation that is none": (
        _set("collections", "example-roster", "Mandates", "example-act (perhaps)"),
        ("sheet collections", 2, "Mandates", "is none of"),
    ),
    "two mandates on one line": (
        _set("collections", "example-roster", "Mandates", "example-act, example-rule"),
        ("sheet collections", 2, "Mandates", "One on each line"),
    ),
    "a code list that does not exist": (
        _set("elements", "example-roster/students/program", "Code list", "programmes"),
        ("sheet elements", 7, "Code list", 'Did you mean "programs"?'),
    ),
    "a successor that does not exist": (
        _set("collections", "example-roster", "Successor", "example-register"),
        ("sheet collections", 2, "Successor", "no collection"),
    ),
    "a day that does not exist": (
        _set("windows", "example-roster/2025-26", "Due", "2025-02-30"),
        ("sheet windows", 2, "Due", "no date that exists"),
    ),
    "a date written in another order": (
        _set("windows", "example-roster/2025-26", "Due", "10/15/2025"),
        ("sheet windows", 2, "Due", "A day such as 2026-10-01"),
    ),
    "a window that is due before it opens": (
        _set("windows", "example-roster/2025-26", "Due", "2025-09-30"),
        ("sheet windows", 2, "Due", "opens is after due"),
    ),
    "a school year that is none": (
        _new("windows", Collection="example-roster", School_year="2026-28"),
        ("sheet windows", 3, "School year", "is no school year"),
    ),
    "a window of an unknown collection": (
        _new("windows", Collection="exampel-roster", School_year="2026-27"),
        ("sheet windows", 3, "Collection", 'Did you mean "example-roster"?'),
    ),
    "a window that is there already": (
        _new("windows", Collection="example-roster", School_year="2025-26"),
        ("sheet windows", 3, "Name", "has such an entry already"),
    ),
    "an id that was changed": (
        _set("elements", _ABSENCES, "Element", "absence"),
        ("sheet elements", 8, "Element", "cannot be changed here"),
    ),
    "an entry that was renamed": (
        _set("mandates", "example-act", "Entry", "example-law"),
        ("sheet mandates", 2, "Entry", "no entry of the export"),
    ),
    "a row copied with its entry": (_twice, ("sheet codes", 8, "Entry", "row 2 shows this entry already")),
    "a row that was deleted": (_delete("mandates", "example-rule"), ("sheet mandates", 3, "Entry", "is gone")),
    "a title that was emptied": (
        _set("collections", "example-roster", "Title", None),
        ("sheet collections", 2, "Title", "must not be empty"),
    ),
    "a formula": (
        _set("collections", "example-roster", "Purpose", '="Shows " & A1'),
        ("sheet collections", 2, "Purpose", "formula"),
    ),
    "a code that became a number": (
        _set("codes", "grades/01", "Code", 1),
        ("sheet codes", 3, "Code", "may have dropped zeros"),
    ),
    "a date that became a number": (
        _set("windows", "example-roster/2025-26", "Due", 46325),
        ("sheet windows", 2, "Due", "made a number of the date"),
    ),
    "a text that became a date": (
        _date_cell("collections", "example-roster", "Form number"),
        ("sheet collections", 2, "Form number", "made a date of it"),
    ),
    "a pattern that not every engine knows": (
        _set("elements", "example-roster/students/seat", "Pattern", r"\d+"),
        ("sheet elements", 5, "Pattern", "does not mean the same"),
    ),
    "a text that became true": (
        _set("codes", "grades/01", "Label", True),
        ("sheet codes", 3, "Label", "true or false"),
    ),
    "a code that became true": (_set("codes", "grades/01", "Code", True), ("sheet codes", 3, "Code", "true or false")),
    "a text that became a percentage": (_percent, ("sheet codes", 3, "Label", "a percentage")),
    "a text that became a length of time": (
        _set("codes", "grades/01", "Label", timedelta(hours=30)),
        ("sheet codes", 3, "Label", "made a time of it"),
    ),
    "two cells made one": (
        lambda book: book.book["codes"].merge_cells("D2:D3"),
        ("sheet codes", 3, "Label", "merged with others"),
    ),
    "a column left out of what is no file's": (
        _form_element,
        ("sheet elements", 19, "May be left out", "only a file's column"),
    ),
    "a row to be removed with another's id pasted in": (
        _both(_set("elements", _ABSENCES, "Element", "rate"), _set("elements", _ABSENCES, "Remove", "yes")),
        ("sheet elements", 8, "Element", "not what the row's first cell says"),
    ),
    "the last code of a complete list emptied": (
        _set("codes", "grades/03", "Code", None),
        ("sheet codes", 5, "Code", "called complete"),
    ),
    "a length that is no number": (
        _set("elements", "example-roster/students/sponsor", "Maximum length", "forty"),
        ("sheet elements", 16, "Maximum length", "a whole number"),
    ),
    "a bound that does not fit the type": (
        _set("elements", "example-roster/students/absences", "Maximum", "many"),
        ("sheet elements", 8, "Maximum", "write a number in digits"),
    ),
    "bounds the wrong way round": (
        _set("elements", "example-roster/students/absences", "Maximum", "-1"),
        ("sheet elements", 8, "Maximum", "minimum is greater than maximum"),
    ),
    "an element called like a Social Security number": (
        _new("elements", Collection="example-roster", Layout="students", Element="ssn", Type="string", Sources=_SOURCE),
        ("sheet elements", 21, "Element", "Social Security number"),
    ),
    "an element without a source": (
        _new("elements", Collection="example-roster", Layout="students", Element="more", Type="string"),
        ("sheet elements", 21, "Sources", "must not be empty"),
    ),
    "an element of an unknown layout": (
        _new("elements", Collection="example-roster", Layout="pupils", Element="more", Type="string", Sources=_SOURCE),
        ("sheet elements", 21, "Layout", "no layout"),
    ),
    "a fact both stated and open": (
        _set("collections", "example-roster", "Open questions", "frequency: Nobody knows."),
        ("sheet collections", 2, "Open questions", "frequency is stated"),
    ),
    "an open question about nothing known": (
        _set("collections", "example-roster", "Open questions", "colour: Nobody knows."),
        ("sheet collections", 2, "Open questions", "is none of"),
    ),
    "a complete list with a code twice": (
        _new("codes", Code_list="grades", Code="K", Label="Kindergarten", Source="https://example.org"),
        ("sheet codes", 8, "Code", "has such an entry already"),
    ),
    "a code of an unknown list": (
        _new("codes", Code_list="grade", Code="K", Label="Kindergarten", Source="https://example.org"),
        ("sheet codes", 8, "Code list", 'Did you mean "grades"?'),
    ),
    "a code that ends before it begins": (
        _set("codes", "grades/02", "Until", "1999-00"),
        ("sheet codes", 4, "Until", "since is after until"),
    ),
    "a mandate of no jurisdiction": (
        _set("mandates", "example-act", "Jurisdiction", "town"),
        ("sheet mandates", 2, "Jurisdiction", "is none of"),
    ),
    "two mandates of one citation": (
        _set("mandates", "example-rule", "Citation", "Example Act 1"),
        ("sheet mandates", 3, "Citation", "is the citation of"),
    ),
    "a mandate removed that is still used": (
        _set("mandates", "example-act", "Remove", "yes"),
        ("sheet mandates", 2, "Remove", "still used in catalog/collections/example-roster/datapackage.json"),
    ),
    "an element removed that a rule still uses": (
        _set("elements", "example-roster/students/exit_date", "Remove", "yes"),
        ("sheet elements", 14, "Remove", 'no field "exit_date"'),
    ),
    "an element removed that the crosswalk still maps": (
        _set("elements", "example-roster/students/sasid", "Remove", "yes"),
        ("sheet elements", 2, "Remove", "still used in catalog/crosswalk.csv"),
    ),
    "a collection removed": (
        _set("collections", "example-roster", "Remove", "yes"),
        ("sheet collections", 2, "Remove", "set its status to ended"),
    ),
    "an answer that is neither yes nor empty": (
        _set("windows", "example-roster/2025-26", "Remove", "perhaps"),
        ("sheet windows", 2, "Remove", "write yes"),
    ),
    "a heading changed": (
        _heading("windows", "Due", "Deadline"),
        ("sheet windows", 1, "", "no column is headed like this"),
    ),
    "a heading cleared": (_heading("codes", "Label", None), ("sheet codes", 1, "", 'the column "Label" is missing')),
    "a heading twice": (_heading("codes", "Label", "Code"), ("sheet codes", 1, "", "the heading stands twice")),
    "a sheet removed": (lambda book: book.book.remove(book.book["windows"]), ("sheet windows", None, "", "missing")),
    "a cell beside the table": (_beside, ("sheet mandates", 3, "", "no heading above it")),
    "a shown fact changed": (
        _set("elements", _ABSENCES, "Frequency in effect", "daily"),
        ("sheet elements", 8, "Frequency in effect", "follows from other cells"),
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_edit_is_refused_at_its_place_and_nothing_is_written(book: Workbook, kind: str) -> None:
    change, (sheet, row, title, said) = BAD[kind]
    change(book)
    before = _bytes(book.root)
    proposal = book.proposal()
    hits = [
        each
        for each in proposal.faults
        if (each.sheet, each.row) == (sheet, row) and title in each.column and said in each.message
    ]
    assert hits, [str(each) for each in proposal.faults]
    assert not title or hits[0].column.startswith(f"column {_letter_of(book, sheet, title)} (")
    assert proposal.write() == ()
    assert _bytes(book.root) == before


def _letter_of(book: Workbook, sheet: str, title: str) -> str:
    page = book.book[sheet.removeprefix("sheet ")]
    return get_column_letter(next(cell.column for cell in page[1] if cell.value == title))


@pytest.mark.parametrize(
    "conflict",
    [
        _set("collections", "example-roster", "Frequency", "weekly"),
        _set("windows", "example-roster/2025-26", "Due", "2025-10-20"),
        _set("mandates", "example-act", "Title", "Another title"),
        _set("codes", "grades/K", "Label", "Another label"),
    ],
)
def test_what_was_changed_on_both_sides_is_a_conflict(book: Workbook, conflict: Callable[[Workbook], None]) -> None:
    edit(book.root, ROSTER, lambda d: d["acquisition"].update(frequency="daily"))
    edit(book.root, ROSTER, lambda d: d["acquisition"]["windows"][0].update(due="2025-10-25"))
    edit_text(book.root, "catalog/mandates.csv", "Example Act,federal", "A third title,federal")
    edit_text(book.root, "catalog/code-lists/grades.csv", "K,Kindergarten", "K,A third label")
    conflict(book)
    (fault,) = book.faults()
    assert ", row 2, column " in fault
    assert "changed in the catalog too after the export" in fault


def test_an_entry_that_was_removed_from_the_catalog_since_is_a_conflict(book: Workbook) -> None:
    edit(book.root, ROSTER, lambda d: d["acquisition"].pop("windows"))
    book.cell("windows", "example-roster/2025-26", "Due").value = "2025-10-20"
    assert ["removed from the catalog after the export" in each for each in book.faults()] == [True]


def test_a_code_that_its_elements_refuse_is_told_at_the_code(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: field(d, "grade")["constraints"].update(maxLength=2))
    book = Workbook(root)
    book.add("codes", Code_list="grades", Code="K-2", Label="All of it", Source="https://example.org")
    (fault,) = book.faults()
    assert fault.startswith("sheet codes, row 8, column C (Code): ")
    assert 'field "grade"' in fault


def test_all_faults_are_told_at_once_in_the_order_of_the_sheets(book: Workbook) -> None:
    wanted = [
        "a word that is none of the choices",
        "a mandate that does not exist",
        "a formula",
        "a row copied with its entry",
    ]
    for kind in wanted:
        BAD[kind][0](book)
    found = [(each.sheet, each.row) for each in book.proposal().faults]
    assert found == [("sheet collections", 2), ("sheet collections", 2), ("sheet elements", 8), ("sheet codes", 8)]


@pytest.mark.parametrize("broken", ["text", "zip", "stranger", "base", "version"])
def test_what_is_no_workbook_of_ours_is_said_and_never_read(book: Workbook, broken: str) -> None:
    if broken == "text":
        book.path.write_text("id,title\n", "utf-8")
    elif broken == "zip":
        book.path.write_bytes(book.path.read_bytes()[:5000])
    elif broken == "stranger":
        openpyxl.Workbook().save(book.path)
    else:
        if broken == "base":
            book.book.remove(book.book[BASE])
        else:
            book.book[BASE]["A1"].value = "0"
        book.book.save(book.path)
    proposal = propose(open_plan(book.root), book.path)
    assert len(proposal.faults) == 1
    assert proposal.edits == ()


def test_sorted_and_filtered_rows_and_moved_columns_change_nothing(book: Workbook) -> None:
    page = book.book["codes"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=1, max_row=7)]
    moved = [rows[0], *reversed(rows[1:])]
    for number, row in enumerate(moved, start=1):
        for place, value in enumerate(reversed(row), start=1):
            page.cell(number, place).value = value
    page.row_dimensions[3].hidden = True
    proposal = book.proposal()
    assert (proposal.edits, proposal.faults) == ((), ())


def test_ids_are_locked_and_new_rows_are_free(book: Workbook) -> None:
    page = book.book["elements"]
    assert page.protection.sheet
    assert book.cell("elements", _ABSENCES, "Element").protection.locked
    assert book.cell("elements", _ABSENCES, "Entry").protection.locked
    assert not book.cell("elements", _ABSENCES, "Frequency").protection.locked
    empty = book.first_empty("elements")
    assert not book.cell("elements", empty, "Element").protection.locked
    assert book.book[LISTS].sheet_state == book.book[BASE].sheet_state == "veryHidden"


def test_under_every_table_as_many_rows_as_promised_wait_to_be_typed_into(
    new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "SPARE_ROWS", SPARE_ROWS)
    book = Workbook(new_plan())
    for sheet in SHEETS:
        last = book.first_empty(sheet.name) + SPARE_ROWS - 1
        typed = [each for each in sheet.columns if each.role != "shown"]
        assert all(not book.cell(sheet.name, last, each.title).protection.locked for each in typed)
        assert all(book.cell(sheet.name, last + 1, each.title).protection.locked for each in typed)


def test_every_heading_has_a_note_and_every_choice_a_drop_down(book: Workbook) -> None:
    for sheet in SHEETS:
        page = book.book[sheet.name]
        assert all(cell.comment and cell.comment.text for cell in page[1])
        offered = {next(iter(rule.sqref.ranges)).min_col for rule in page.data_validations.dataValidation}
        wanted = {place for place, each in enumerate(sheet.columns, start=2) if each.choices or each.choose_from}
        assert wanted <= offered
        assert len({cell.value for cell in page[1]}) == len(page[1])


def test_nothing_in_the_plan_becomes_a_formula(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: d["acquisition"].update(purpose="=1+1", steward="+1", datesNote="@x"))
    book = Workbook(root)
    assert all(cell.data_type != "f" for page in book.book.worksheets for row in page.iter_rows() for cell in row)
    proposal = book.proposal()
    assert (proposal.edits, proposal.faults) == ((), ())


def test_a_fact_too_long_for_a_cell_is_locked_and_stays(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: d.update(description="long " * 8000))
    book = Workbook(root)
    assert book.cell("collections", "example-roster", "Description").protection.locked
    book.cell("collections", "example-roster", "Description").value = "short"
    assert "change it in the descriptor" in book.faults()[0]


def test_a_descriptor_keeps_its_own_manner_of_writing(new_plan: NewPlan) -> None:
    root = new_plan()
    document = json.loads((root / ROSTER).read_text("utf-8"))
    document["description"] = "Café"
    (root / ROSTER).write_text(json.dumps(document, indent=4, ensure_ascii=True), "utf-8")
    before = (root / ROSTER).read_text("utf-8")
    book = Workbook(root)
    book.cell("elements", _ABSENCES, "Frequency").value = "weekly"
    book.take_over()
    assert (root / ROSTER).read_text("utf-8") == before.replace('"monthly"', '"weekly"')


def test_a_tables_other_rows_keep_their_bytes(new_plan: NewPlan) -> None:
    root = new_plan()
    path = root / "catalog/code-lists/grades.csv"
    text = path.read_text("utf-8").replace("\n", "\r\n").replace("First grade", '"First grade"').removesuffix("\r\n")
    path.write_bytes(text.encode())
    book = Workbook(root)
    book.cell("codes", "grades/K", "Label").value = "Kindergarten, full day"
    book.add("codes", Code_list="grades", Code="04", Label="Fourth grade", Source="https://example.org")
    book.take_over()
    wanted = (
        text.replace("K,Kindergarten", 'K,"Kindergarten, full day"') + "\r\n04,Fourth grade,,,https://example.org\r\n"
    )
    assert path.read_bytes().decode() == wanted


def test_a_disk_that_fails_in_the_middle_leaves_every_file_as_it_was(
    book: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.cell("collections", "example-roster", "Frequency").value = "weekly"
    book.cell("codes", "grades/K", "Label").value = "Kindergarten year"
    book.add(
        "collections",
        Id="new-one",
        Title="New one",
        Domain="staff",
        Level="school",
        Submitted_as="form",
        Sources="x y z",
    )
    proposal = book.proposal()
    assert proposal.faults == ()
    before, real, done = _bytes(book.root), Path.replace, list[Path]()

    def failing(self: Path, target: Path) -> Path:
        if len(done) == 2:
            raise OSError
        done.append(target)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(CouldNotRun):
        proposal.write()
    assert len(done) == 2
    assert _bytes(book.root) == before
    assert not (book.root / "catalog/collections/new-one").exists()


def test_a_catalog_that_changed_meanwhile_is_not_written_over(book: Workbook) -> None:
    book.cell("collections", "example-roster", "Frequency").value = "weekly"
    proposal = book.proposal()
    edit(book.root, ROSTER, lambda d: d["acquisition"].update(purpose="Another purpose."))
    with pytest.raises(RequestError):
        proposal.write()


def test_the_command_shows_first_and_writes_when_told(
    new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = new_plan()
    monkeypatch.chdir(root.parent)

    def dap(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--plan", str(root)])
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().out

    assert dap("export", "plan.xlsx")[0] == 0
    assert dap("export", "plan.xlsx")[0] == 2
    assert dap("export", "plan.xlsx", "--force")[0] == 0
    code, said = dap("import", "plan.xlsx")
    assert (code, "nothing to change" in said) == (0, True)
    path = root.parent / "plan.xlsx"
    book = openpyxl.load_workbook(path)
    page = book["mandates"]
    page["D2"].value = "Another title"
    book.save(path)
    before = _bytes(root)
    code, said = dap("import", "plan.xlsx")
    assert (code, _bytes(root)) == (0, before)
    assert "mandates, row 2, example-act: changed" in said
    assert "Title: Example Act → Another title" in said
    code, said = dap("import", "plan.xlsx", "--yes")
    assert (code, "written: catalog/mandates.csv" in said) == (0, True)
    page["E2"].value = "town"
    book.save(path)
    code, said = dap("import", "plan.xlsx", "--yes")
    assert (code, "sheet mandates, row 2, column E (Jurisdiction)" in said) == (1, True)
    assert dap("import", "other.xlsx")[0] == 2
    assert dap("import", "plan.csv")[0] == 2


@pytest.mark.parametrize(
    "row",
    ["10,Drums", ",Chess", "Chess,Board", '"20 ",Choir', '"\u00a021",Choir', ',"Two\r\nlines"', "_x0041_,_x000D_"],
)
def test_entries_named_alike_or_with_odd_blanks_come_back_and_can_be_changed(new_plan: NewPlan, row: str) -> None:
    root = new_plan()
    path = root / "catalog/code-lists/programs.csv"
    path.write_bytes(path.read_bytes() + f"{row},,,https://example.org/programs\n".encode())
    before = path.read_bytes()
    book = Workbook(root)
    unchanged = book.proposal()
    assert (unchanged.edits, unchanged.faults) == ((), ())
    book.cell("codes", 8, "Since").value = "2024-25"
    book.take_over()
    assert path.read_bytes().splitlines()[:3] == before.splitlines()[:3]
    assert path.read_bytes().endswith(b",2024-25,,https://example.org/programs\n")


def test_of_two_windows_named_alike_the_right_one_is_changed_and_removed(new_plan: NewPlan) -> None:
    root = new_plan()
    window = {"schoolYear": "2025-26", "opens": "2025-10-01"}
    edit(root, ROSTER, lambda d: d["acquisition"].update(windows=[window, {**window, "due": "2025-10-20"}, window]))
    book = Workbook(root)
    book.cell("windows", 2, "Remove").value = "yes"
    book.cell("windows", 3, "Due").value = "2025-10-21"
    book.cell("windows", 4, "Remove").value = "yes"
    book.take_over()
    acquisition = json.loads((root / ROSTER).read_text("utf-8"))["acquisition"]
    assert acquisition["windows"] == [{**window, "due": "2025-10-21"}]


@pytest.mark.parametrize(
    ("sheet", "entry", "title", "value"),
    [
        ("elements", "example-roster/students/last_name", "Required", "YES"),
        ("elements", "example-roster/students/last_name", "May be left out", "no"),
        ("collections", "example-roster", "Sources", "\n Example handbook |https://example.org/handbook| 2025|high \n"),
    ],
)
def test_what_says_the_same_in_other_words_is_no_change(
    book: Workbook, sheet: str, entry: str, title: str, value: str
) -> None:
    """What is shown as a change is written, so what would write nothing is not shown."""
    book.cell(sheet, entry, title).value = value
    proposal = book.proposal()
    assert (proposal.edits, proposal.faults) == ((), ())


@pytest.mark.parametrize(
    ("before", "after", "more"), [("string", "integer", {"Maximum length": None}), ("integer", "string", {})]
)
def test_an_example_follows_its_elements_new_type(
    new_plan: NewPlan, before: str, after: str, more: dict[str, Any]
) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: field(d, "sponsor").update(type=before, example="5" if before == "string" else 5))
    if before == "integer":
        edit(root, ROSTER, lambda d: field(d, "sponsor").pop("constraints"))
    book = Workbook(root)
    for title, value in {"Type": after, **more}.items():
        book.cell("elements", "example-roster/students/sponsor", title).value = value
    book.take_over()
    found = field(json.loads((root / ROSTER).read_text("utf-8")), "sponsor")["example"]
    assert (found, type(found)) == ((5, int) if after == "integer" else ("5", str))


def test_pasted_carriage_returns_are_line_breaks(book: Workbook) -> None:
    page = book.cell("collections", "example-roster", "Purpose")
    page.value = "One line_x000D_\nand another"  # as Excel writes them
    book.take_over()
    assert json.loads((book.root / ROSTER).read_text("utf-8"))["acquisition"]["purpose"] == "One line\nand another"


def test_new_rows_and_swapped_codes_taken_over_once_are_no_news(book: Workbook) -> None:
    book.add("codes", Code_list="grades", Code="04", Label="Fourth grade", Source="https://example.org")
    book.add("windows", Collection="example-roster", School_year="2026-27", Due="2026-10-15")
    book.cell("codes", "grades/K", "Code").value = "01"
    book.cell("codes", "grades/01", "Code").value = "K"
    book.take_over()
    again = book.proposal()
    assert (again.edits, again.faults) == ((), ())


def test_an_entry_that_others_added_with_other_facts_is_a_conflict(book: Workbook) -> None:
    path = book.root / "catalog/code-lists/grades.csv"
    path.write_text(path.read_text("utf-8") + "04,Grade four,,,https://example.org/grades\n", "utf-8")
    book.add("codes", Code_list="grades", Code="04", Label="Fourth grade", Source="https://example.org")
    (fault,) = book.faults()
    assert fault.startswith("sheet codes, row 8, column C (Code): such an entry was added to the catalog")


def test_a_workbook_of_another_plan_is_refused(book: Workbook) -> None:
    edit(book.root, PLAN, lambda d: d.update(name="another-plan"))
    book.cell("collections", "example-roster", "Frequency").value = "weekly"
    proposal = book.proposal()
    assert ["from another plan" in str(each) for each in proposal.faults] == [True]
    assert proposal.edits == ()


@pytest.mark.parametrize("id", ["../x", "..", "con", "Example", "example/count", "example-count"])
def test_a_new_collection_with_a_fault_is_told_once_and_its_windows_wait(book: Workbook, id: str) -> None:
    book.add("collections", Id=id, Title="Count", Domain="pupil", Level="school", Submitted_as="form", Sources="Hand")
    book.add("windows", Collection=id, School_year="2026-27")
    proposal = book.proposal()
    assert {(each.sheet, each.row) for each in proposal.faults} == {("sheet collections", 3)}
    assert any("column B (Id)" in each.column for each in proposal.faults) == (id != "example-count")
    assert proposal.write() == ()


def test_one_stray_cell_at_the_end_of_a_sheet_is_told_and_costs_nothing(book: Workbook) -> None:
    book.book["codes"]["XFD1048576"].value = "stray"
    (fault,) = book.faults()
    assert fault.startswith("sheet codes, row 1048576, column XFD: the cell has no heading above it")


def test_a_code_that_a_rule_still_names_is_told_at_the_code_that_was_changed(book: Workbook) -> None:
    book.cell("codes", "grades/K", "Code").value = "KG"
    assert {each.partition(" (")[0] for each in book.faults()} == {"sheet codes, row 2, column C"}


def test_an_elements_type_that_a_rule_cannot_compare_is_told_at_the_type(book: Workbook) -> None:
    for title, value in {"Type": "string", "Minimum": None, "Maximum": None}.items():
        book.cell("elements", _ABSENCES, title).value = value
    (fault,) = book.faults()
    assert fault.startswith("sheet elements, row 8, column G (Type): ")


def test_files_of_any_manner_keep_all_but_what_was_edited(new_plan: NewPlan) -> None:
    root = new_plan()
    path, table = root / ROSTER, root / "catalog/code-lists/grades.csv"
    text = json.dumps(json.loads(path.read_text("utf-8")), indent=3).replace("\n", "\r\n") + "\r\n\r\n"
    path.write_bytes(text.encode())
    path.chmod(0o640)
    rows = [[f'"{cell}"' for cell in line.split(",")] for line in table.read_text("utf-8").splitlines()]
    quoted = "\ufeff" + "\r".join(",".join(row) for row in rows)
    table.write_bytes(quoted.encode())
    book = Workbook(root)
    book.cell("elements", _ABSENCES, "Frequency").value = "weekly"
    book.cell("codes", "grades/01", "Label").value = "First"
    book.take_over()
    assert path.read_bytes().decode() == text.replace('"monthly"', '"weekly"')
    assert path.stat().st_mode & 0o777 == 0o640
    assert table.read_bytes().decode() == quoted.replace('"First grade"', '"First"')


def test_a_district_is_added_changed_and_removed_in_the_workbook(new_plan: NewPlan) -> None:
    book = Workbook(with_districts(new_plan(), ["districts", "all", "town", "All.", "", "high"]))
    book.cell("districts", "001", "Name").value = "Example Town Schools"
    book.cell("districts", "002", "Remove").value = "yes"
    book.add("districts", Code="003", Name="Example Village", Kind="town", Source="https://example.org/list")
    assert book.take_over() == ("catalog/districts.csv",)
    districts = [(each.code, each.name) for each in open_plan(book.root).all_districts]
    assert districts == [("001", "Example Town Schools"), ("003", "Example Village")]


def test_an_obligation_of_a_district_that_does_not_exist_is_told_at_its_row(new_plan: NewPlan) -> None:
    root = with_districts(new_plan(), ["districts", "all", "town; charter", "All.", "", "high"])
    book = Workbook(with_table(root, "obligations", OBLIGATIONS))
    row = book.add("obligations", Collection="example-roster", District="999", Owes="no", Why="It has no pupils.")
    (fault,) = book.faults()
    assert fault.startswith(f"sheet obligations, row {row}")
    assert 'no district "999"' in fault


def test_a_plan_without_districts_takes_none_from_a_workbook(book: Workbook) -> None:
    row = book.add("districts", Code="001", Name="Example", Kind="town", Source="https://example.org/list")
    said = "the plan has no table of districts: it is made in catalog/datapackage.json."
    assert book.faults() == [f"sheet districts, row {row}, column B (Code): {said}"]
