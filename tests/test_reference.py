"""The catalog holds what the public reference holds, and beyond it only what a committed list names with its source."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dap.catalog import open_plan
from dap.gate import check
from tests.broken_rows import ROOT, with_rows

PLAN = open_plan(ROOT)
FOLDER = ROOT / "tests/data"


def _listed(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _ids(name: str) -> set[tuple[str, str]]:
    return {(row["kind"], row["id"]) for row in _listed(name)}


def _in_catalog() -> Iterator[tuple[str, str]]:
    yield from (("collection", each.id) for each in PLAN.all_collections)
    yield from (("element", f"{collection.id}/{element.name}") for collection, _, element in PLAN.every_element())
    yield from (("mandate", each.id) for each in PLAN.all_mandates)
    for code_list in PLAN.all_code_lists:
        yield "code-list", code_list.name
        yield from (("code", f"{code_list.name}/{each.code or each.label}") for each in code_list.codes)


def test_the_catalog_holds_every_id_of_the_reference_and_no_other_but_those_listed_with_their_source() -> None:
    reference, beyond, catalog = _ids("reference-ids.csv"), _ids("beyond-reference.csv"), set(_in_catalog())
    assert reference - catalog == set()
    assert catalog - reference == beyond
    assert all(row["source"].startswith("https://") for row in _listed("beyond-reference.csv"))


def test_the_reference_was_written_whole() -> None:
    kinds = Counter(row["kind"] for row in _listed("reference-ids.csv"))
    assert kinds == {"collection": 95, "element": 362, "mandate": 89, "code-list": 44, "code": 2030}


def test_a_collection_has_documented_elements_or_says_that_it_has_none() -> None:
    for collection in PLAN.all_collections:
        undocumented = any(question.about == "elements" for question in collection.open)
        assert undocumented == (not collection.layouts), collection.id


def test_mandates_are_federal_state_or_other() -> None:
    assert {each.jurisdiction for each in PLAN.all_mandates} <= {"federal", "state", "other"}


def test_a_code_without_a_value_stands_in_an_incomplete_list_that_says_so() -> None:
    without_value = [(each, code) for each in PLAN.all_code_lists for code in each.codes if not code.code]
    assert len(without_value) == 108
    for code_list, _ in without_value:
        assert not code_list.complete
    for code_list in PLAN.all_code_lists:
        assert code_list.complete or any(question.about == "codes" for question in code_list.open), code_list.name


@pytest.mark.parametrize("value", ["00", "07", "99", "Shelters", "whatever"])
def test_a_list_of_which_one_code_is_known_refuses_nothing(tmp_path: Path, value: str) -> None:
    assert [code.code for code in PLAN.code_list("psis-homeless").codes if code.code] == ["00"]
    example = (ROOT / "catalog/collections/psis-october/example.csv").read_text("utf-8")
    path = tmp_path / "submission.csv"
    path.write_text(with_rows(example, 0, {2: {"homeless": value}}), "utf-8")
    report = check(path, "psis-october", plan=PLAN)
    assert (report.verdict, report.findings) == ("accepted", ())


def test_what_is_read_with_low_confidence_or_left_empty_is_an_open_question() -> None:
    questions = PLAN.open_questions
    doubted = questions[questions["about"] == "confidence"]
    assert {"psis-january", "ed001r"} <= set(doubted["collection"])
    assert "studentDesignation" in set(doubted["element"])
    of_mandates = questions[questions["mandate"] != ""].groupby("mandate")["about"].agg(set).to_dict()
    assert of_mandates == {
        "esea-1111b2": {"source", "confidence"},
        "nces-f33": {"citation"},
        "rcsa-iep-form": {"citation"},
    }
