"""Each rule on prohibited identifiers refuses what it should, where it should, on the plan's own layouts."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import openpyxl
import pytest
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dap.report
from benchmarks.conformance import SEPARATORS, SSN_WORDS, ssns, uniform
from dap.catalog import open_plan
from dap.examples import example_text
from dap.expectations.identifiers import ExpectNoProhibitedIdentifiers, Form, around
from dap.gate import check
from dap.identifiers import FORMS, MASKED, find_in_column, find_in_sheets, find_in_text
from dap.plan import Layout, Plan
from dap.report import Finding, Report
from dap.rules import rules
from dap.submission import Opened, Submission
from dap.submission.reading import ATTRIBUTE, Content, HiddenText
from dap.suites import PROHIBITED, STATE_ID_FAULTS, build_suite
from tests.broken_rows import LAYOUTS, ROOT
from tests.conftest import ROSTER, NewPlan, edit, field, rebuild, write_examples

PLAN = open_plan(ROOT)
COLLECTION, LAYOUT, WIDTH = "psis-october", "october", 23
FORMS_OF = {"separated": "000-12-3456", "labelled": "SSN 000123456", "masked": "***-**-3456"}
_MARKS = st.text(SEPARATORS, min_size=1, max_size=4)
_GROUPS = ("000", "12", "3456")
# Every way to write each form: any separators, any word, any mask with a group or two visible.
WAYS: dict[str, st.SearchStrategy[str]] = {
    "separated": st.builds("000{}12{}3456".format, _MARKS, _MARKS),
    "labelled": st.builds("{} 000123456".format, st.sampled_from(SSN_WORDS)),
    "masked": st.builds(
        lambda symbol, shown, mark: mark.join(
            group if place in shown else symbol * len(group) for place, group in enumerate(_GROUPS)
        ),
        st.sampled_from("xX*#?\u2022"),
        st.sets(st.integers(0, 2), min_size=1, max_size=2),
        st.sampled_from(["-", "--", ".", "/", "-.", "\u2013"]),
    ),
}
RULE_OF = {form: id for id, form in PROHIBITED.items()}

Cells = list[list[str]]


def _example(collection: str, name: str, rows: int) -> Cells:
    owner = PLAN.collection(collection)
    text = example_text(PLAN, owner, owner.layout(name), rows, seed=3)
    return list(csv.reader(io.StringIO(text), delimiter=owner.layout(name).delimiter))


def _written(cells: Cells) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(cells)
    return out.getvalue()


def _judged(
    folder: Path, cells: Cells, collection: str = COLLECTION, name: str = LAYOUT, file: str = "x.csv"
) -> Report:
    path = folder / file
    path.write_text(_written(cells), "utf-8")
    return check(path, collection, resource=name, plan=PLAN, rows=None)


def _with_column(header: str, values: list[str]) -> Cells:
    """An accepted file with one more column."""
    cells = _example(COLLECTION, LAYOUT, len(values))
    return [[*row, more] for row, more in zip(cells, [header, *values], strict=True)]


def _prohibited(report: Report) -> list[tuple[str, int | None, tuple[int, ...]]]:
    return [(each.rule, each.column, each.rows) for each in report.findings if each.rule.startswith("P1")]


@dataclass(frozen=True)
class _Case:
    """A file that breaks one rule, and where that must be said."""

    cells: Cells
    column: int | None
    rows: tuple[int, ...]
    file: str = "x.csv"


def _in_first_cell(text: str) -> Cells:
    cells = _example(COLLECTION, LAYOUT, 4)
    cells[3][0] = text
    return cells


def _split() -> Cells:
    cells = _with_column("SSN 1", ["000"])
    return [[*row, *more] for row, more in zip(cells, [["SSN 2", "SSN 3"], ["12", "3456"]], strict=True)]


def _too_short() -> Cells:
    return [*_example(COLLECTION, LAYOUT, 2), ["000-12-3456", "too short"]]


_NEXT = WIDTH + 1
_CASES: dict[str, Callable[[], _Case]] = {
    "P101": lambda: _Case(_in_first_cell("000-12-3456"), 1, (4,)),
    "P102": lambda: _Case(_in_first_cell("SSN 000123456"), 1, (4,)),
    "P103": lambda: _Case(_with_column("SSN", ["000123456", "Y", "00123456.0"]), _NEXT, (2, 4)),
    "P104": lambda: _Case(_with_column("Local id", ssns(random.Random(1), 80)), _NEXT, tuple(range(2, 82))),
    "P105": lambda: _Case(_split(), _NEXT, (2,)),
    "P106": lambda: _Case(_in_first_cell("xxx-xx-3456"), 1, (4,)),
    "P107": lambda: _Case(_too_short(), None, (4,)),
    "P108": lambda: _Case(_example(COLLECTION, LAYOUT, 2), None, (), "000-12-3456.csv"),
    "P110": lambda: _Case(_with_column("Local id", ssns(random.Random(1), 40)), _NEXT, tuple(range(2, 42))),
    "P111": lambda: _Case(_with_column("Local id", ssns(random.Random(1), 12)), _NEXT, tuple(range(2, 14))),
}


@pytest.mark.parametrize("rule", _CASES)
def test_each_rule_finds_its_own_file_at_its_place_and_no_other_rule_does(tmp_path: Path, rule: str) -> None:
    case = _CASES[rule]()
    report = _judged(tmp_path, case.cells, file=case.file)
    assert _prohibited(report) == [(rule, case.column, case.rows)]
    assert report.verdict == "rejected"
    (found,) = (each for each in report.findings if each.rule == rule)
    assert found.severity == ("warning" if rule == "P111" else "error")
    assert set(found.labels) <= {"ssn", "ssn-shaped", "ssn-partial"}
    assert found.labels


def test_every_suite_asks_every_rule_and_every_rule_has_a_case() -> None:
    asked = {id for id in rules() if id.startswith("P1")}
    assert asked == set(PROHIBITED) == {*_CASES, "P109", "P112"}
    for collection, name in LAYOUTS:
        owner = PLAN.collection(collection)
        suite = build_suite(PLAN, owner, owner.layout(name))
        built = [each["meta"]["rule"] for each in suite["expectations"] if each["meta"]["rule"].startswith("P1")]
        assert built == [id for id in PROHIBITED if id != "P112"]


def test_an_educators_number_is_a_persons_whatever_its_column_is_called(tmp_path: Path) -> None:
    # By its header alone "ein" is an employer's; the plan's title says whose it is.
    def with_numbers(numbers: list[str]) -> list[tuple[str, str | None, str]]:
        cells = _example("tcs", "tcs", len(numbers))
        place = cells[0].index("ein")
        rows = [[*row[:place], number, *row[place + 1 :]] for row, number in zip(cells[1:], numbers, strict=True)]
        report = _judged(tmp_path, [cells[0], *rows], "tcs", "tcs")
        return [(each.rule, each.field, each.severity) for each in report.findings if each.rule.startswith("P1")]

    assert with_numbers(ssns(random.Random(2), 80)) == [("P104", "ein", "error")]
    assert with_numbers(ssns(random.Random(2), 40)) == [("P110", "ein", "error")]
    assert with_numbers(uniform(random.Random(2), 80)) == []


@pytest.mark.parametrize("place", ["comment", "sheet name", "archive member name"])
def test_hidden_parts_are_searched_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    hidden: tuple[HiddenText, ...] = ()
    read = Opened.read

    def with_hidden(self: Opened, layout: Layout) -> Submission:
        submission = read(self, layout)
        reading = replace(submission.reading, hidden=hidden, sheets=2, archive_members=3)
        submission.frame.attrs[ATTRIBUTE] = reading
        return Submission(submission.frame, reading)

    monkeypatch.setattr(Opened, "read", with_hidden)
    hidden = (
        HiddenText(place, "was 000-12-3456", 7),
        HiddenText(place, "***-**-3456"),
        HiddenText("comment", "Example"),
    )
    report = _judged(tmp_path, _example(COLLECTION, LAYOUT, 2))
    assert (report.verdict, _prohibited(report)) == ("rejected", [("P109", None, (7,))])
    hidden = (HiddenText(place, "Example"), HiddenText("comment", "Example 000123456"))
    report = _judged(tmp_path, _example(COLLECTION, LAYOUT, 2))
    assert (report.verdict, report.findings) == ("accepted", ())
    counted = (report.scanned.sheets, report.scanned.hidden_parts, report.scanned.archive_members)
    assert counted == (2, 2, 3)
    assert "hidden part" in dap.report.scanned_sentence(report)


def _workbook(sheets: dict[str, tuple[str, Cells]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, (state, cells) in sheets.items():
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for cell in cells:
            sheet.append(cell)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _more(header: list[str], rows: list[list[str]]) -> Cells:
    return [["Name", *header, "Room"], *(["Example", *row, "12"] for row in rows)]


_HIDDEN_SHEETS: dict[str, tuple[Cells, bool]] = {
    "header": (_more(["SSN"], [["000123456"]]), True),
    "header, another": (_more(["SSID"], [["000123456"]]), False),
    "title above": ([["Staff", "", ""], *_more(["SSN"], [["000123456"]])], True),
    "last four": (_more(["Last 4 SSN"], [["3456"]]), True),
    "last four of a card": (_more(["Last 4"], [["3456"]]), False),
    "statistics": (_more(["Local id"], [[each] for each in ssns(random.Random(1), 80)]), True),
    "statistics, a thing": (_more(["ZIP"], [[each] for each in ssns(random.Random(1), 80)]), False),
    "split": (_more(["SSN", "", ""], [["000", "12", "3456"]]), True),
    "split, not touching": (_more(["SSN", "", "", "", ""], [["000", "", "12", "", "3456"]]), False),
    "separated": (_more(["Note"], [["000-12-3456"]]), True),
    "a formula that is a text": (_more(["SSN"], [['="000123456"']]), True),
}


@pytest.mark.parametrize("state", ["hidden", "veryHidden", "visible"])
@pytest.mark.parametrize("case", _HIDDEN_SHEETS)
def test_a_sheet_that_is_not_the_table_is_searched_as_a_table(case: str, state: str) -> None:
    cells, found = _HIDDEN_SHEETS[case]
    content = _workbook({"Roster": ("visible", _example(COLLECTION, LAYOUT, 2)), "Staff": (state, cells)})
    layout = replace(PLAN.collection(COLLECTION).layout(LAYOUT), formats=("xlsx",))
    places = around(Opened(Content.of(content), "x.xlsx").read(layout).reading)["metadata"]
    assert bool(places) == found
    assert all(row >= 2 for place in places for row in place.rows)


def test_a_sheet_whose_cells_lie_far_apart_is_searched_column_by_column() -> None:
    far = [(1, row, 1 + row % 4_000, "x") for row in range(2, 4_000)]
    cells = [*far, (1, 1, 9_999, "SSN"), (1, 5_000, 9_999, "000123456")]
    assert [row for row, _ in find_in_sheets(cells)] == [5_000]


# Allowances and declared warnings.


def _allowing(root: Path, pattern: str, **collection: str) -> Plan:
    def change(descriptor: dict[str, object]) -> None:
        stated = field(descriptor, "note", "counts")
        stated["acquisition"] = (
            {"allows": {"pattern": pattern, "reason": "Example of a local number"}} if pattern else {}
        )
        descriptor["acquisition"].update(collection)  # type: ignore[attr-defined]

    edit(root, ROSTER, change)
    write_examples(root)
    rebuild(root)
    return open_plan(root)


def _counts(plan: Plan, folder: Path, values: list[str]) -> Report:
    owner = plan.collection("example-roster")
    stated = owner.layout("counts")
    above = len(stated.title_lines)
    text = example_text(plan, owner, stated, len(values))
    cells = list(csv.reader(io.StringIO(text), delimiter=stated.delimiter))
    place = cells[above].index("note")
    for row, value in zip(cells[above + 1 :], values, strict=True):
        row[place] = value
    path = folder / "x.csv"
    path.write_text(_written(cells), "utf-8")
    return check(path, "example-roster", resource="counts", plan=plan)


def _rules(report: Report) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in report.findings if each.rule.startswith("P1")]


def test_an_allowance_frees_bare_values_from_statistics_and_warns_where_they_look_like_ssns(
    new_plan: NewPlan, tmp_path: Path
) -> None:
    likely, unlikely = ssns(random.Random(2), 80), uniform(random.Random(2), 80)
    plan = _allowing(new_plan(), "")
    assert _rules(_counts(plan, tmp_path, likely)) == [("P104", "error")]
    assert _rules(_counts(plan, tmp_path, unlikely)) == []
    plan = _allowing(new_plan(), "[0-9]{9}")
    report = _counts(plan, tmp_path, likely)
    assert (report.verdict, _rules(report)) == ("accepted", [("P112", "warning")])
    report = _counts(plan, tmp_path, unlikely)
    assert (report.verdict, _rules(report)) == ("accepted", [])
    # What the pattern does not match is not free.
    plan = _allowing(new_plan(), "8[0-9]{8}")
    others = [each for each in likely if each[0] != "8"]
    assert _rules(_counts(plan, tmp_path, others)) == [("P104", "error")]
    # Nor is it lost among many that are.
    assert _rules(_counts(plan, tmp_path, [*others, *(f"8{each[1:]}" for each in uniform(random.Random(3), 200))])) == [
        ("P104", "error")
    ]


@pytest.mark.parametrize("form", FORMS_OF)
def test_an_allowance_frees_no_separated_labelled_or_masked_number(
    new_plan: NewPlan, tmp_path: Path, form: str
) -> None:
    plan = _allowing(new_plan(), ".*")
    report = _counts(plan, tmp_path, ["x", FORMS_OF[form]])
    assert (report.verdict, _rules(report)) == ("rejected", [(RULE_OF[form], "error")])


def test_a_collection_may_declare_a_warning_for_20_to_59_values_and_for_no_more(
    new_plan: NewPlan, tmp_path: Path
) -> None:
    declared = _allowing(new_plan(), "", fewNineDigits="warning")
    report = _counts(declared, tmp_path, ssns(random.Random(1), 40))
    assert (report.verdict, _rules(report)) == ("accepted", [("P110", "warning")])
    assert _counts(declared, tmp_path, ssns(random.Random(1), 80)).verdict == "rejected"
    assert _counts(_allowing(new_plan(), ""), tmp_path, ssns(random.Random(1), 40)).verdict == "rejected"


# A number anywhere in an accepted file.


@dataclass(frozen=True)
class _Put:
    """A file with something put into it, and where that must be told: the rule's form, column and rows."""

    collection: str
    name: str
    cells: Cells
    file: str
    place: tuple[str, int | None, tuple[int, ...]]


def _put(data: st.DataObject, form: str, what: str) -> tuple[_Put, Cells]:
    """An accepted file of any layout with a text put anywhere, alone or set off by blanks; and the file without it."""
    collection, name = data.draw(st.sampled_from(LAYOUTS))
    stated = PLAN.collection(collection).layout(name)
    cells = _example(collection, name, 3)
    above = len(stated.title_lines)
    where = data.draw(st.sampled_from(["cell", "header", "file name", *(["title line"] if above else [])]))
    around = data.draw(st.sampled_from(["{form}", "{cell} {form}", "{form} {cell}", "{cell} {form} {cell}"]))
    row = {"cell": above + data.draw(st.integers(1, 3)), "header": above, "title line": 0, "file name": 0}[where]
    place = data.draw(st.integers(0, len(cells[row]) - 1))
    changed = [list(each) for each in cells]
    file = "x.csv"
    if where == "file name":
        # What a file's name cannot hold on every system becomes another way to write the same form.
        mark = "x" if form == "masked" else "-"
        other = {} if form == "labelled" else {ord("*"): mark, ord("?"): mark, ord("/"): "-", ord(":"): "-"}
        sayable = what.translate(other)
        file = f"{around.format(form=sayable, cell='x')}.csv"
    else:
        changed[row][place] = around.format(form=what, cell=cells[row][place])
    told = {
        "cell": (form, place + 1, (row + 1,)),
        "header": (form, place + 1, (row + 1,)),
        "title line": ("outside_table", None, (row + 1,)),
        "file name": ("file_name", None, ()),
    }[where]
    return _Put(collection, name, changed, file, told), cells


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), form=st.sampled_from(list(FORMS_OF)))
def test_a_form_anywhere_in_an_accepted_file_refuses_it_there_and_taking_it_out_restores_it(
    tmp_path: Path, data: st.DataObject, form: str
) -> None:
    put, cells = _put(data, form, data.draw(WAYS[form].filter(lambda text: "/" not in text)))
    report = _judged(tmp_path, put.cells, put.collection, put.name, put.file)
    told, column, rows = put.place
    assert report.verdict == "rejected"
    assert (RULE_OF[told], column, rows) in _prohibited(report)
    restored = _judged(tmp_path, cells, put.collection, put.name)
    assert (restored.verdict, restored.findings) == ("accepted", ())


def _unmet(
    cells: Cells, collection: str, name: str, file: str = "x.csv"
) -> set[tuple[str, int | None, tuple[int, ...]]]:
    """Where the suite's expectations on identifiers that refuse a file are not met: form, column, rows.

    The file is read as the gate reads it and GX's own engine computes the metric; only GX's run of a whole suite, which
    takes a hundred times as long, is left out.
    """
    content = _written(cells).encode()
    layout = PLAN.collection(collection).layout(name)
    frame = Opened(Content(content, len(content)), file).read(layout).frame
    engine = PandasExecutionEngine()
    engine.load_batch_data("batch", frame)
    asked = MetricConfiguration(
        "table.dap_prohibited_identifiers", {"batch_id": "batch", "table": None}, {"allows": {}}
    )
    (places,) = engine.resolve_metrics([asked]).values()
    found: set[tuple[str, int | None, tuple[int, ...]]] = set()
    for rule, form in PROHIBITED.items():
        if rules()[rule].severity == "error":
            met = ExpectNoProhibitedIdentifiers(form=cast(Form, form))._validate({asked.metric_name: places})["success"]
            assert met == (not places[form])
            found |= {(form, each.column, tuple(each.rows)) for each in places[form]}
    return found


_BUILT = settings(max_examples=250, deadline=None)


@_BUILT
@given(data=st.data(), form=st.sampled_from(list(FORMS_OF)))
def test_the_rules_find_a_form_anywhere_in_any_layout_at_its_place_and_nothing_without_it(
    data: st.DataObject, form: str
) -> None:
    put, cells = _put(data, form, data.draw(WAYS[form]))
    assert put.place in _unmet(put.cells, put.collection, put.name, put.file)
    assert _unmet(cells, put.collection, put.name) == set()


@_BUILT
@given(data=st.data(), said=st.sampled_from(["", "Ref", "SSN", "Seguro Social", "SSN given, ZIP", "EIN", "TIN/EIN"]))
def test_nine_bare_digits_anywhere_refuse_a_file_exactly_where_a_word_for_the_number_stands_before_them(
    data: st.DataObject, said: str
) -> None:
    put, _ = _put(data, "labelled", f"{said} 000123456".strip())
    found = _unmet(put.cells, put.collection, put.name, put.file)
    evidence = said in ("SSN", "Seguro Social", "TIN/EIN")
    assert (put.place in found) == evidence
    # A header in which such a word stands names its column too, whatever else it says: findings of other rows.
    assert evidence or {each for each in found if each[2] == put.place[2]} == set()


@_BUILT
@given(
    data=st.data(),
    header=st.sampled_from(
        ["SSN", "n\u00famero de seguro social", "Local id", "x", "EIN", "ZIP", "SSID", "Social studies"]
    ),
    values=st.lists(
        st.sampled_from(["000123456", "00123456", "0123456", "000123456.0", "", "Y", "0000000001"]),
        min_size=3,
        max_size=3,
    ),
)
def test_nine_bare_digits_of_a_further_column_refuse_a_file_exactly_under_a_header_that_names_the_number(
    data: st.DataObject, header: str, values: list[str]
) -> None:
    collection, name = data.draw(st.sampled_from(LAYOUTS))
    cells = _example(collection, name, 3)
    above = len(PLAN.collection(collection).layout(name).title_lines)
    width = len(cells[above])
    for row, more in zip(cells[above:], [header, *values], strict=True):
        row.append(more)
    names = header in ("SSN", "n\u00famero de seguro social")
    rows = tuple(above + 2 + place for place, value in enumerate(values) if "123456" in value)
    expected = {("header", width + 1, rows)} if names and rows else set()
    assert _unmet(cells, collection, name) == expected


_ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@settings(max_examples=400, deadline=None)
@given(before=_ANY, after=_ANY, form=st.sampled_from(list(WAYS)), header=_ANY, data=st.data())
def test_a_form_set_off_by_blanks_is_found_in_any_text_under_any_header(
    before: str, after: str, form: str, header: str, data: st.DataObject
) -> None:
    text = f"{before} {data.draw(WAYS[form])} {after}"
    assert form in {hit.form for hit in find_in_text(text)}
    assert form in {hit.form for _, hit in find_in_column([text], header)}


@pytest.mark.parametrize(
    ("header", "values", "form"),
    [
        ("SSN", ["000123456"], "header"),
        ("Comment", ["SSN 000123456"], "labelled"),
        ("Local id", ssns(random.Random(4), 60), "statistics"),
        ("Local id", ssns(random.Random(4), 30), "statistics_few"),
        ("Local id", ssns(random.Random(4), 19), None),
        ("Local id", ["000123456"], None),
        ("ZIP", ssns(random.Random(4), 60), None),
        ("SASID", ["0000000001"], None),
        ("Comment", ["SSN on file, ZIP 000123456"], None),
    ],
)
def test_nine_bare_digits_are_found_exactly_where_there_is_evidence(
    header: str, values: list[str], form: str | None
) -> None:
    assert {hit.form for _, hit in find_in_column(values, header)} == ({form} if form else set())


def test_every_form_has_a_rule() -> None:
    assert {*FORMS, "outside_table", "metadata", "file_name", "too_few", "allowed"} == set(PROHIBITED.values())
    assert PROHIBITED["P106"] == MASKED


# State student numbers.


def _with_sasids(numbers: list[str]) -> Cells:
    cells = _example("psis-registration", "registration", len(numbers))
    place = cells[0].index("sasid")
    return [
        cells[0],
        *([*row[:place], number, *row[place + 1 :]] for row, number in zip(cells[1:], numbers, strict=True)),
    ]


def _born(cells: Cells) -> list[str]:
    place = cells[0].index("date_of_birth")
    return [f"{row[place][4:]}{row[place][:4]}{number:02}" for number, row in enumerate(cells[1:])]


_POOR: dict[str, Callable[[], list[str]]] = {
    "Q102": lambda: [f"54321{number:05}" for number in range(100, 140)],
    "Q103": lambda: [f"{number:02}2001{number % 12 + 1:02}{number % 28 + 1:02}" for number in range(10, 50)],
    "Q104": lambda: _born(_example("psis-registration", "registration", 40)),
    "Q105": lambda: [f"1{number}" for number in ssns(random.Random(6), 40)],
}


def test_every_fault_of_state_student_numbers_has_a_case() -> None:
    assert set(_POOR) == set(STATE_ID_FAULTS)


@pytest.mark.parametrize("rule", _POOR)
def test_poor_state_student_numbers_are_a_warning_and_refuse_nothing(tmp_path: Path, rule: str) -> None:
    report = _judged(tmp_path, _with_sasids(_POOR[rule]()), "psis-registration", "registration")
    found: list[Finding] = [each for each in report.findings if each.rule == rule]
    assert [(each.severity, each.field) for each in found] == [("warning", "sasid")]
    assert found[0].column == 1 + _example("psis-registration", "registration", 1)[0].index("sasid")


@pytest.mark.parametrize("make", ["random", "invented"])
def test_good_and_invented_state_student_numbers_pass(tmp_path: Path, make: str) -> None:
    chance = random.Random(9)
    numbers = [
        f"{chance.randint(10**9, 10**10 - 1)}" if make == "random" else f"{place:010}" for place in range(9_900, 10_100)
    ]
    report = _judged(tmp_path, _with_sasids(numbers), "psis-registration", "registration")
    assert [each.rule for each in report.findings if each.rule in STATE_ID_FAULTS] == []
