"""The plan's objects show themselves in a notebook: captioned, whole, escaped, and a report without a value."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dap.errors import RequestError
from dap.plan import Plan
from dap.report import Finding, Report, Scanned
from dap.suites import suite


def test_a_collection_shows_its_dates_laws_layouts_and_open_questions(connecticut: Plan) -> None:
    collection = connecticut.collection("psis-october")
    shown = collection._repr_html_()
    assert shown.count("<caption") == 1 and shown.count('scope="row"') == shown.count("<th ")
    assert collection.layouts[0].elements[0].name in shown and collection.mandates[0].id in shown
    assert all(window.due in shown for window in collection.windows)
    assert shown.count("Not known: ") == len(collection.open)


def test_an_element_shows_its_law_sensitivity_and_constraints(connecticut: Plan) -> None:
    element = connecticut.collection("psis-october").layouts[0].by_name["SASID"]
    shown = element._repr_html_()
    assert element.sensitivity in shown and element.constraints["pattern"] in shown
    assert all(link.id in shown for link in element.mandates)


def test_a_mandate_shows_its_citation_and_what_it_says(connecticut: Plan) -> None:
    mandate = connecticut.mandate("idea-618")
    assert mandate.citation in mandate._repr_html_() and mandate.source in mandate._repr_html_()


def test_a_suite_shows_every_rule_with_its_element(connecticut: Plan) -> None:
    shown = suite(connecticut, "psis-october")
    table = shown._repr_html_()
    assert table.count("<tr>") == len(shown.rules) + 1 == len(shown.content["expectations"]) + 1
    assert f"{len(shown.rules)} rules" in shown._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize(("collection", "layout"), [("ct-seds-iep", ""), ("ct-seds-iep", "ct-seds-iep")])
def test_what_no_file_is_submitted_for_has_no_suite_to_show(connecticut: Plan, collection: str, layout: str) -> None:
    with pytest.raises(RequestError, match="no suite"):
        suite(connecticut, collection, layout)


def test_no_text_of_the_plan_becomes_markup(connecticut: Plan) -> None:
    trick = '<img src="x" onerror="alert(1)">'
    collection = connecticut.collection("psis-october")
    element = collection.layouts[0].elements[0]
    for thing in (
        replace(collection, title=trick, dates_note=trick),
        replace(element, title=trick, description=trick, constraints={trick: trick}),
        replace(connecticut.all_mandates[0], title=trick, summary=trick),
    ):
        shown = thing._repr_mimebundle_()["text/html"]
        assert "<img" not in shown and "&lt;img" in shown


def test_a_report_says_verdict_and_places_and_is_a_table(connecticut: Plan) -> None:
    finding = Finding("V110", "a.b", "error", "Grade: <not> a code.", "Correct it.", field="gradeCode", rows=(3,))
    report = Report("rejected", "file 1", 9, "0" * 64, 1, 1, "c", "r", "1", "0", "pandas", "1", Scanned(1), (finding,))
    shown = report._repr_mimebundle_()
    assert shown["text/plain"].startswith("Rejected. 1 error.")
    assert "row 3" in shown["text/html"] and "&lt;not&gt;" in shown["text/html"]
    assert re.findall("<(?!/?(?:table|caption|thead|tbody|tr|th|td)\\b)", shown["text/html"]) == []
