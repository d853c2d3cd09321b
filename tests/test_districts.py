"""Districts, words for respondents and single obligations are tables of the plan, and fit each other."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from dap.catalog import examine, open_plan
from dap.lint import lint
from dap.plan import District, Obligation, Plan
from tests.conftest import PLAN, ROSTER, NewPlan, edit
from tests.test_topics import with_table

DISTRICTS = ["code", "name", "kind", "since", "until", "source"]
RESPONDENTS = ["respondent", "owes", "kinds", "why", "source", "confidence"]
OBLIGATIONS = ["collection", "district", "owes", "since", "until", "why", "source"]
ADDRESS = "https://example.org/list"


def with_districts(root: Path, *respondents: list[str]) -> Path:
    """An invented plan with two districts, whose roster is asked of the words given."""
    with_table(
        root,
        "districts",
        DISTRICTS,
        ["001", "Example Town", "town", "", "", ADDRESS],
        ["002", "Example Charter", "charter", "2020-21", "2022-23", ADDRESS],
    )
    edit(root, ROSTER, lambda package: package["acquisition"].update(respondents=["districts"]))
    return with_table(root, "respondents", RESPONDENTS, *respondents)


def _said(root: Path, *rules: str) -> list[str]:
    return [str(each) for each in lint(root, examples=False) if each.rule in rules]


def test_a_plan_without_districts_is_a_plan(new_plan: NewPlan) -> None:
    plan = open_plan(new_plan())
    assert (plan.all_districts, plan.all_respondents, plan.all_obligations) == ((), (), ())


def test_a_district_reports_from_its_first_year_to_its_last() -> None:
    district = District("002", "Example", "town", "2020-21", "2022-23")
    years = ("2019-20", "2020-21", "2022-23", "2023-24")
    assert [district.reports_in(year) for year in years] == [False, True, True, False]
    assert District("001", "Example", "town").reports_in("1999-00")
    single = Obligation("a", "001", "yes", since="2021-22")
    assert [single.holds_in(year) for year in ("2020-21", "2021-22")] == [False, True]


def test_a_sound_table_of_respondents_has_nothing_wrong(new_plan: NewPlan) -> None:
    root = with_districts(new_plan(), ["districts", "all", "town; charter", "All.", "", "high"])
    assert _said(root, "L103", "L116", "L117") == []


def test_a_word_that_nobody_explains_is_told(new_plan: NewPlan) -> None:
    root = with_districts(new_plan(), ["district", "all", "twon", "All.", "", "high"])
    assert _said(root, "L116") == [
        f'{ROSTER}, acquisition, respondents: no row of respondents.csv says who "districts" are. '
        'Did you mean "district"?  (L116)',
        'catalog/respondents.csv, row 2: no collection has such respondents. Did you mean "districts"?  (L116)',
        'catalog/respondents.csv, row 2: no district is a "twon". Did you mean "town"?  (L116)',
    ]


def test_kinds_and_what_they_owe_do_not_contradict_each_other(new_plan: NewPlan) -> None:
    root = with_districts(new_plan(), ["districts", "none", "town", "None.", "", "high"])
    assert _said(root, "L116") == ["catalog/respondents.csv, row 2: kinds are given, but none owes it  (L116)"]
    root = with_districts(new_plan(), ["districts", "some", "", "Some.", "", "high"])
    assert _said(root, "L116") == ["catalog/respondents.csv, row 2: owes some, but no kind is given  (L116)"]


def test_a_single_obligation_names_what_exists_and_once(new_plan: NewPlan) -> None:
    root = with_districts(new_plan(), ["districts", "all", "town", "All.", "", "high"])
    rows = [
        ["example-rooster", "001", "no", "", "", "No such grade.", ""],
        ["example-roster", "009", "no", "", "", "No such grade.", ""],
        ["example-roster", "001", "no", "", "2024-25", "No such grade.", ""],
        ["example-roster", "001", "yes", "2024-25", "", "It has the grade.", ""],
        ["example-roster", "002", "yes", "2025-26", "2024-25", "It has the grade.", ""],
    ]
    with_table(root, "obligations", OBLIGATIONS, *rows)
    assert [str(each) for each in examine(root)[1]] == [
        'catalog/obligations.csv, row 2: no collection "example-rooster". Did you mean "example-roster"?  (L113)',
        'catalog/obligations.csv, row 3: no district "009". Did you mean "002"?  (L113)',
    ]
    assert _said(root, "L120", "L160") == [
        "catalog/obligations.csv, row 5: another row says what this district owes in the same school year  (L120)",
        "catalog/obligations.csv, row 6: since is after until  (L160)",
    ]


def test_a_district_must_be_among_the_codes_its_files_hold(copy: Path) -> None:
    with (copy / "catalog/districts.csv").open("a", encoding="utf-8") as file:
        file.write("998,Example District,town-board,,,https://example.org/list\n")
    assert _said(copy, "L117") == []  # Half a list is no rule.

    def complete(package: dict[str, Any]) -> None:
        (found,) = (each for each in package["resources"] if each["name"] == "psis-reporting-district")
        found["acquisition"]["complete"] = True

    edit(copy, PLAN, complete)
    (problem, *_) = _said(copy, "L117")
    assert "lacks districts of the plan: 998  (L117)" in problem


def test_connecticut_names_its_districts_as_its_code_lists_do(connecticut: Plan) -> None:
    labels = {each.code: each.label for each in connecticut.code_list("psis-reporting-district").codes}
    assert {each.code: each.name for each in connecticut.all_districts} == labels
    suffixes = {each.code[:3]: each.code[5:] for each in connecticut.code_list("ct-organization").codes}
    kinds = {(suffixes[each.code], each.kind) for each in connecticut.all_districts}
    assert len(kinds) == len({kind for _, kind in kinds}) == 7


def test_the_description_counts_the_districts_that_are_there(connecticut: Plan) -> None:
    text = (connecticut.root / "catalog/datapackage.json").read_text("utf-8")
    found = re.search(r"The ([0-9]+) organizations that report", text)
    assert found is not None
    with (connecticut.root / "catalog/districts.csv").open(encoding="utf-8", newline="") as file:
        assert int(found[1]) == len(list(csv.DictReader(file))) == len(connecticut.all_districts)
