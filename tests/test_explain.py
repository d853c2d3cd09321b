"""`dap explain` says of each thing what the plan knows: what, how often, which law, who answers, codes and rules."""

from __future__ import annotations

import pytest

from dap.catalog import open_plan
from dap.errors import RequestError
from dap.explain import explain
from tests.broken_rows import ROOT

PLAN = open_plan(ROOT)


def test_an_element_is_explained_with_law_frequency_codes_rules_and_sources() -> None:
    text = explain(PLAN, "psis-october/englishLearner")
    for said in ("C.G.S. 10-10i", "How often: annual", "`Y` Yes", "V110 ", "confidence medium", "Who must answer: "):
        assert said in text
    open_question = explain(PLAN, "nexusDistrict")
    assert "## Not known yet" in open_question
    assert "not known to be complete, so it is no rule" in open_question


def test_an_elements_name_explains_each_element_so_called() -> None:
    text = explain(PLAN, "sasid")
    so_called = [f"(`{each.id}/sasid`)" for each, _, element in PLAN.every_element() if element.name == "sasid"]
    titles = [line for line in text.splitlines() if line.startswith("# ")]
    assert [title.rpartition(" ")[2] for title in titles] == so_called
    assert "# State Assigned Student ID (SASID) (`tcs/sasid`)" in titles


def test_a_collection_names_every_element_and_date() -> None:
    collection = PLAN.collection("tcs")
    text = explain(PLAN, "tcs")
    assert all(f"`{element.name}`" in text for element in collection.layouts[0].elements)
    assert "2024-25: due 2025-07-09" in text


def test_a_mandate_names_what_rests_on_it() -> None:
    text = explain(PLAN, "cgs-10-10i")
    assert text.startswith("# C.G.S. 10-10i: ")
    assert "`psis-october/gradeCode`" in text


def test_a_code_list_names_its_codes_and_who_uses_it() -> None:
    text = explain(PLAN, "psis-homeless")
    assert "`00` Not homeless" in text
    assert "Doubled up (code not known)" in text
    assert "`psis-october/homeless`" in text


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(RequestError, match='Did you mean "psis-october"'):
        explain(PLAN, "psis-octobr")
