"""The plan's records and tables say what the descriptors say, with inheritance resolved, and cannot be changed."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dap
from dap.catalog import open_plan
from dap.errors import RequestError
from dap.plan import Code, Condition, Element, Plan, Term
from tests.conftest import ROOT, ROSTER, NewPlan, edit, edit_text, field

# What notebooks and pages may rely on.
COLUMNS = {
    "collections": """
        collection title description form domain level respondents frequency certified_by dates_note mandates purpose
        uses steward retention status submitted_as successor recipient completeness layouts elements sources year
        confidence""",
    "elements": """
        collection layout element position title description domain type format required optional_column pattern
        max_length codes frequency mandates purpose uses sensitivity classification since status retention open sources
        year confidence""",
    "element_mandates": "collection layout element mandate obligation jurisdiction citation",
    "mandates": "id citation title jurisdiction summary since until source year confidence collections elements",
    "codes": "code_list code label since until source complete",
    "windows": "collection school_year window kind date",
    "open_questions": "collection layout element code_list mandate about why",
    "crosswalk": "collection element standard target match note source",
    "code_crosswalk": "code_list code standard target option match note source",
    "districts": "code name kind since until source",
    "respondents": "respondent owes kinds why source confidence",
    "obligations": "collection district owes since until why source",
}
MANDATES = "catalog/mandates.csv"
INHERITED = {
    "frequency": "frequency",
    "mandates": "mandate",
    "purpose": "purpose",
    "status": "status",
    "retention": "retention",
}


def _descriptors(root: Path = ROOT) -> list[dict[str, Any]]:
    paths = sorted(root.glob("catalog/collections/*/datapackage.json"))
    return [json.loads(path.read_text("utf-8")) for path in paths]


def _stated() -> list[tuple[dict[str, Any], dict[str, Any], int, dict[str, Any]]]:
    return [
        (package, resource, position, stated)
        for package in _descriptors()
        for resource in package["resources"]
        for position, stated in enumerate(resource["schema"]["fields"], start=1)
    ]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_has_the_columns_that_notebooks_rely_on(connecticut: Plan, name: str) -> None:
    assert list(getattr(connecticut, name).columns) == COLUMNS[name].split()


def test_every_table_of_the_plan_is_known_here_and_says_what_a_row_is() -> None:
    tables = {name: each for name, each in vars(Plan).items() if isinstance(each, cached_property)}
    assert set(tables) == set(COLUMNS)
    for name, each in tables.items():
        assert (inspect.getdoc(each) or "").startswith("One row a"), name


def test_tables_come_in_one_call_from_anywhere_inside_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "notebooks")
    plan = dap.open_plan()
    assert isinstance(plan, dap.Plan)
    assert plan.root == ROOT
    assert len(plan.elements) == len(_stated())


def test_there_is_one_row_for_each_thing(connecticut: Plan) -> None:
    packages = _descriptors()
    assert list(connecticut.collections["collection"]) == [package["name"] for package in packages]
    stated = [(p["name"], r["name"], f["name"]) for p, r, _, f in _stated()]
    elements = connecticut.elements
    assert list(zip(elements["collection"], elements["layout"], elements["element"], strict=True)) == stated
    assert len(set(stated)) == len(stated)
    assert len(connecticut.mandates) == len(_rows("mandates.csv"))
    assert connecticut.mandates["id"].is_unique
    assert len(connecticut.crosswalk) == len(_rows("crosswalk.csv"))
    assert len(connecticut.code_crosswalk) == len(_rows("code-crosswalk.csv"))
    files = sorted((ROOT / "catalog/code-lists").glob("*.csv"))
    assert len(connecticut.codes) == sum(len(_rows(f"code-lists/{path.name}")) for path in files)
    assert set(connecticut.codes["code_list"]) == {path.stem for path in files}


def test_the_facts_of_an_element_are_those_of_its_field(connecticut: Plan) -> None:
    elements = connecticut.elements.astype(object).where(connecticut.elements.notna(), None)
    for (package, resource, position, stated), row in zip(_stated(), elements.to_dict("records"), strict=True):
        own, rules = stated.get("acquisition", {}), stated.get("constraints", {})
        left_open = {question["about"] for question in own.get("open", [])}
        assert row["type"] == stated["type"]
        assert row["title"] == stated.get("title", stated["name"])
        assert row["description"] == stated.get("description", "")
        assert row["position"] == (None if "position" in left_open else position)
        assert row["pattern"] == rules.get("pattern", "")
        assert row["max_length"] == rules.get("maxLength")
        assert row["codes"] == own.get("codes", "")
        assert row["sensitivity"] == own.get("sensitivity", "")
        assert row["classification"] == "; ".join(own.get("classification", []))
        assert row["optional_column"] == (stated["name"] in resource["acquisition"].get("optional", []))
        assert row["sources"] == "; ".join(each.get("path", each["title"]) for each in stated["sources"])
        assert row["domain"] == package["acquisition"]["domain"]
        for fact, about in INHERITED.items():
            inherited = None if about in left_open else package["acquisition"].get(fact)
            expected = own.get(fact, inherited) or ""
            assert row[fact] == (expected if isinstance(expected, str) else "; ".join(each["id"] for each in expected))


def test_a_field_inherits_overrides_or_leaves_open(new_plan: NewPlan) -> None:
    elements = open_plan(new_plan()).elements.query("layout == 'students'").set_index("element")
    facts = ["frequency", "mandates", "purpose", "uses", "retention"]
    inherited = ["annual", "example-act", "Shows how a plan is written.", "counts; reports", ""]
    assert list(elements.loc["seat", facts]) == inherited
    assert list(elements.loc["absences", facts]) == ["monthly", *inherited[1:]]
    assert list(elements.loc["exit_reason", facts]) == ["annual", "example-rule", "", "counts; reports", ""]
    assert elements.loc["exit_reason", "open"] == "purpose"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, "example-act"),
        ({"mandates": [{"id": "example-rule"}]}, "example-rule"),
        ({"open": [{"about": "mandate", "why": "No source says."}]}, ""),
        ({"open": [{"about": "frequency", "why": "No source says."}]}, "example-act"),
    ],
)
def test_a_mandate_left_open_is_not_answered_by_the_collection(
    new_plan: NewPlan, own: dict[str, Any], expected: str
) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: field(d, "seat").update(acquisition=own))
    elements = open_plan(root).elements.set_index(["layout", "element"])
    assert elements.loc[("students", "seat"), "mandates"] == expected


def test_each_mandate_counts_the_collections_and_elements_that_rest_on_it(new_plan: NewPlan) -> None:
    mandates = open_plan(new_plan()).mandates.set_index("id")
    assert list(mandates.loc["example-act", ["collections", "elements"]]) == [1, 18]
    assert list(mandates.loc["example-rule", ["collections", "elements"]]) == [1, 1]


def test_an_element_has_one_row_for_each_of_its_mandates(connecticut: Plan) -> None:
    links = connecticut.element_mandates
    joined = links.groupby(["collection", "layout", "element"], sort=False)["mandate"].agg("; ".join)
    elements = connecticut.elements.query("mandates != ''").set_index(["collection", "layout", "element"])
    pd.testing.assert_series_equal(joined, elements["mandates"].rename("mandate"))
    assert set(links["mandate"]) <= set(connecticut.mandates["id"])
    assert list(links["citation"]) == [connecticut.mandate(id).citation for id in links["mandate"]]


def test_windows_give_one_row_for_each_date(new_plan: NewPlan) -> None:
    windows = open_plan(new_plan()).windows
    assert list(zip(windows["kind"], windows["date"], strict=True)) == [
        ("opens", "2025-10-01"),
        ("due", "2025-10-15"),
        ("accurate", "2025-11"),
        ("freeze F1", "2025-11-15"),
        ("freeze F2", "2025-12-15"),
    ]


def test_open_questions_name_the_whole_they_stand_on(new_plan: NewPlan) -> None:
    questions = open_plan(new_plan()).open_questions
    assert [tuple(row)[:6] for row in questions.itertuples(index=False)] == [
        ("example-roster", "", "", "", "", "retention"),
        ("example-roster", "students", "exit_reason", "", "", "purpose"),
        ("", "", "", "programs", "", "codes"),
    ]


def test_what_a_mandate_leaves_empty_or_was_read_with_low_confidence_is_an_open_question(new_plan: NewPlan) -> None:
    root = new_plan()
    edit_text(root, MANDATES, "Example Rule 2", "")
    edit_text(root, MANDATES, "https://example.org/rule,,medium", ",,low")
    edit(root, ROSTER, lambda d: field(d, "seat").update(sources=[{"title": "A form", "confidence": "low"}]))
    rows = open_plan(root).open_questions.to_dict("records")
    assert [(row["layout"], row["element"], row["why"]) for row in rows if row["about"] == "confidence"] == [
        ("students", "seat", "What was read is of low confidence: A form."),
        ("", "", "The reading is of low confidence."),
    ]
    assert [row["about"] for row in rows if row["mandate"] == "example-rule"] == ["citation", "source", "confidence"]


def test_an_element_is_read_whole(new_plan: NewPlan) -> None:
    students = open_plan(new_plan()).collection("example-roster").layout("students")
    reason = students.by_name["exit_reason"]
    assert reason.required_when == Condition((Term("exit_date", empty=False),))
    assert reason.forbidden_when == Condition((Term("exit_date", empty=True),))
    assert students.by_name["sponsor"].required_when == Condition((Term("program", ("10",)),), every=False)
    assert students.rules[1].when == Condition((Term("grade", ("K",), negated=True),))
    assert students.rules[0].compare == ("exit_date", ">=", "entry_date")
    absences = students.by_name["absences"]
    assert (absences.marks, absences.required, absences.position) == (("*",), False, 7)
    assert students.primary_key == ("sasid", "school_year")
    assert (students.period_field, students.district_field, students.valid_for) == ("school_year", "", ("2025-26",))
    assert students.required_columns == tuple(students.by_name)


def test_a_layout_says_how_its_file_looks(new_plan: NewPlan) -> None:
    counts = open_plan(new_plan()).collection("example-roster").layout("counts")
    assert [line.cells for line in counts.title_lines] == [("Example counts",), ("School year 2025-26",)]
    assert (counts.text_guards, counts.ordered, counts.skip_blank_rows) == (True, False, True)
    assert counts.required_columns == ("district_code", "grade", "count")
    assert counts.by_name["count"].marks == ("*",)


def test_without_the_empty_value_among_the_missing_ones_a_field_is_required() -> None:
    element = Element("count", "Count", "integer", 1)
    assert element.required


@pytest.mark.parametrize(
    ("name", "title", "slug"),
    [
        ("Exit date", "", "exit_date"),
        ("exitDate", "", "exit_date"),
        ("facilityCode1", "", "facility_code1"),
        ("SASID", "", "sasid"),
        ("% chronically absent", "", "chronically_absent"),
        ("%", "Rate", "rate"),
        ("%", "%", "column_3"),
    ],
)
def test_a_rule_name_spells_its_element_in_lower_case_and_underscores(name: str, title: str, slug: str) -> None:
    assert Element(name, title, "string", 3).slug == slug


@pytest.mark.parametrize(
    ("since", "until", "years", "holds"),
    [
        ("", "", (), True),
        ("", "", ("2018-19",), True),
        ("2019-20", "", (), True),
        ("2019-20", "", ("2018-19",), False),
        ("2019-20", "", ("2018-19", "2019-20"), True),
        ("", "2018-19", ("2018-19",), True),
        ("", "2018-19", ("2019-20",), False),
        ("2017-18", "2018-19", ("2016-17", "2019-20"), False),
        ("2017-18", "2018-19", ("2018-19",), True),
    ],
)
def test_a_code_holds_in_any_of_the_school_years_asked(
    since: str, until: str, years: tuple[str, ...], holds: bool
) -> None:
    assert Code("K", "Kindergarten", since, until).in_force(years) == holds


def test_what_does_not_exist_is_refused_with_the_nearest_name(new_plan: NewPlan) -> None:
    plan = open_plan(new_plan())
    collection = plan.collection("example-roster")
    refused: dict[str, Callable[[], object]] = {
        'There is no such collection. Did you mean "example-roster"?': lambda: plan.collection("example-rooster"),
        'There is no such layout of "example-roster". Did you mean "students"?': lambda: collection.layout("student"),
        'There is no such mandate. Did you mean "example-act"?': lambda: plan.mandate("Example-Act"),
        'There is no such code list. Did you mean "grades"?': lambda: plan.code_list("grade"),
        "There is no such code list.": lambda: plan.code_list("something else"),
    }
    for message, ask in refused.items():
        with pytest.raises(RequestError) as raised:
            ask()
        assert str(raised.value) == message
        assert raised.value.exit_code == 2


def test_a_plan_and_all_its_records_are_frozen(connecticut: Plan) -> None:
    collection, layout, element = next(connecticut.every_element())
    records = (connecticut, collection, layout, element, connecticut.all_mandates[0], connecticut.all_code_lists[0])
    for record in (*records, connecticut.promises[0], connecticut.all_crosswalk[0]):
        name = dataclasses.fields(record)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)


def test_the_same_folder_read_twice_gives_the_same_plan(connecticut: Plan) -> None:
    assert open_plan(ROOT) == connecticut


def test_the_plan_shows_itself_in_a_notebook_without_markup_of_its_own(connecticut: Plan) -> None:
    shown = dataclasses.replace(connecticut, title="<b>Example & more</b>")._repr_html_()
    assert "&lt;b&gt;Example &amp; more&lt;/b&gt;, version " in shown
    assert f'<th scope="row">Elements</th><td>{len(_stated())}</td>' in shown


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "catalog" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_without_rows_has_its_columns_all_the_same(tmp_path: Path, name: str) -> None:
    bare = Plan(tmp_path, "0.0.1", "Nothing yet", "Nobody", (), (), ())
    assert list(getattr(bare, name).columns) == COLUMNS[name].split()
