"""The crosswalks to national standards: the tables themselves, how they are read, and what lint says of bad rows."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from dap.catalog import examine, open_plan
from dap.explain import explain
from dap.lint import lint
from tests.broken_rows import ROOT

ELEMENTS = ("collection", "element", "standard", "target", "match", "note", "source")
CODES = ("code_list", "code", "standard", "target", "option", "match", "note", "source")
GOOD_ELEMENT = ("tcs", "date_of_birth", "CEDS", "000033", "exact", "Birthdate", "compared")
GOOD_CODE = ("psis-grade", "01", "CEDS", "000100", "01", "exact", "Entry Grade Level, First grade", "compared")


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "catalog" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    for folder in ("catalog", "expectations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    _write(tmp_path)
    return tmp_path


def _write(
    plan: Path,
    elements: tuple[tuple[str, ...], ...] = (GOOD_ELEMENT,),
    codes: tuple[tuple[str, ...], ...] = (GOOD_CODE,),
) -> None:
    for name, header, rows in (("crosswalk", ELEMENTS, elements), ("code-crosswalk", CODES, codes)):
        with (plan / "catalog" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _said(plan: Path) -> list[tuple[str, str]]:
    problems = lint(plan, examples=False)
    return [(each.rule, f"{each.place}: {each.message}") for each in problems if "crosswalk.csv" in each.file]


def test_the_tables_are_sorted_and_hold_no_row_twice() -> None:
    elements = [(row["collection"], row["element"], row["standard"], row["target"]) for row in _rows("crosswalk.csv")]
    codes = [
        (row["code_list"], row["code"], row["standard"], row["target"], row["option"])
        for row in _rows("code-crosswalk.csv")
    ]
    assert elements == sorted(set(elements))
    assert codes == sorted(set(codes))


def test_what_is_not_exact_says_what_differs_and_what_is_missing_what_was_looked_for() -> None:
    for row in _rows("crosswalk.csv"):
        if row["match"] == "none":
            assert row["note"].startswith("Looked for: "), row
        else:
            assert (": " in row["note"]) == (row["match"] != "exact"), row
    for row in _rows("code-crosswalk.csv"):
        assert row["match"] == "exact" or ": " in row["note"], row


def test_a_file_is_fed_only_by_an_element_that_is_exact_or_close_to_one_the_file_needs() -> None:
    rows = _rows("crosswalk.csv")
    near = {(row["collection"], row["element"], row["target"]) for row in rows if row["match"] in ("exact", "close")}
    for row in (row for row in rows if row["standard"] == "EDFacts"):
        needed = re.search("needs CEDS ([0-9]{6})", row["note"])
        assert needed is not None and (row["collection"], row["element"], needed[1]) in near, row


def test_an_id_has_one_name_and_the_notice_names_its_standard() -> None:
    names: dict[str, set[str]] = {}
    for row in _rows("crosswalk.csv"):
        if row["standard"] == "CEDS" and row["target"]:
            names.setdefault(row["target"], set()).add(row["note"].split(": ")[0])
    assert {id: held for id, held in names.items() if len(held) > 1} == {}
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for said in ("Common Education Data Standards", "13.0.0.0", "14.0.0.0", "Apache License, Version 2.0"):
        assert said in notice


def test_both_tables_are_read_into_the_plan(plan: Path) -> None:
    _write(plan, codes=(GOOD_CODE, ("psis-homeless", "Doubled up", "CEDS", "000146", "DoubledUp", "exact", "", "x")))
    read = open_plan(plan)
    assert list(read.crosswalk.columns) == list(ELEMENTS)
    assert list(read.code_crosswalk.columns) == list(CODES)
    assert read.all_code_crosswalk[1].option == "DoubledUp"
    assert "`Doubled up`: CEDS 000146 `DoubledUp` (exact match)" in explain(read, "psis-homeless")


def test_a_plan_without_a_crosswalk_of_codes_is_a_plan(plan: Path) -> None:
    path = plan / "catalog/datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    package["resources"] = [each for each in package["resources"] if each["name"] != "code-crosswalk"]
    path.write_text(json.dumps(package), "utf-8")
    assert open_plan(plan).all_code_crosswalk == ()


def test_a_code_list_that_cannot_be_read_is_not_told_again_for_each_row_that_names_it(plan: Path) -> None:
    (plan / "catalog/code-lists/psis-grade.csv").write_bytes(b"\xff")
    assert [(each.rule, each.file) for each in examine(plan)[1]] == [("L101", "catalog/code-lists/psis-grade.csv")]


def test_no_counterpart_and_a_file_are_explained_in_words(plan: Path) -> None:
    none = ("tcs", "membership", "CEDS", "", "none", "Looked for: days enrolled", "searched")
    _write(plan, (GOOD_ELEMENT, none, ("tcs", "date_of_birth", "EDFacts", "FS002", "close", "Children", "read")))
    assert _said(plan) == []
    read = open_plan(plan)
    assert "CEDS: no counterpart. Looked for: days enrolled" in explain(read, "tcs/membership")
    born = explain(read, "tcs/date_of_birth")
    assert "CEDS 000033 (exact match) Birthdate" in born
    assert "EDFacts FS002 (fed by this element) Children" in born


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        (("tcs", "date_of_brith", "CEDS", "000033", "exact", "", "x"), "L113", 'no element "date_of_brith"'),
        (("tcs", "sasid", "CEDS", "1071", "broader", "", "x"), "L115", '"1071" does not have the form of CEDS'),
        (("tcs", "sasid", "EDFacts", "052", "close", "", "x"), "L115", '"052" does not have the form of EDFacts'),
        (("tcs", "sasid", "EDFacts", "FS052", "broader", "", "x"), "L115", "broader says nothing about a file"),
        (("tcs", "sasid", "CEDS", "001071", "none", "y", "x"), "L115", 'the match is none, but "001071" is given'),
        (("tcs", "sasid", "CEDS", "", "none", "", "x"), "L115", "no note says what was looked for"),
        (("tcs", "sasid", "CEDS", "", "close", "y", "x"), "L115", "nothing is given that it matches"),
        (("tcs", "date_of_birth", "CEDS", "", "none", "y", "x"), "L115", "no counterpart in CEDS, and one in another"),
        (("tcs", "date_of_birth", "CEDS", "000033", "close", "", "x"), "L120", "stand more than once"),
        (("tcs", "sasid", "CEDS", "001071", "same", "", "x"), "L103", '"same" is none of: exact'),
    ],
)
def test_a_bad_row_of_elements_is_told_with_its_place(plan: Path, row: tuple[str, ...], rule: str, said: str) -> None:
    _write(plan, (GOOD_ELEMENT, row))
    assert [found for found in _said(plan) if found[0] == rule and found[1].startswith("row 3") and said in found[1]]
    assert {found[0] for found in _said(plan)} == {rule}


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        (("psis-grad", "01", "CEDS", "000100", "01", "exact", "", "x"), "L113", 'Did you mean "psis-grade"'),
        (("psis-grade", "1", "CEDS", "000100", "01", "exact", "", "x"), "L113", 'no code "1" in "psis-grade"'),
        (("psis-grade", "02", "CEDS", "100", "02", "exact", "", "x"), "L115", '"100" does not have the form of CEDS'),
        (("psis-grade", "02", "CEDS", "000100", "", "exact", "", "x"), "L115", "nothing is given that it matches"),
        (("psis-grade", "02", "CEDS", "000100", "02", "none", "y", "x"), "L115", 'none, but "02" is given'),
        (("psis-grade", "01", "CEDS", "000100", "01", "close", "", "x"), "L120", "stand more than once"),
    ],
)
def test_a_bad_row_of_codes_is_told_with_its_place(plan: Path, row: tuple[str, ...], rule: str, said: str) -> None:
    _write(plan, codes=(GOOD_CODE, row))
    assert [found for found in _said(plan) if found[0] == rule and found[1].startswith("row 3") and said in found[1]]
    assert {found[0] for found in _said(plan)} == {rule}
